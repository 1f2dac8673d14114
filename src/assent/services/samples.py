"""Images to show the product on: real ones that installed libraries carry, phantoms, a folder.

The real ones come without anybody's mask. What the simulated person wants on them is made by a
stated rule, and every sample says so; what was drawn by a computer is called a phantom.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assent.core.case import Case, TaskSource
from assent.core.errors import NotFoundError
from assent.core.image import Image
from assent.core.mask import fill_holes, largest_component
from assent.datasets.folder import open_folder
from assent.datasets.layout import MASK_FOLDERS
from assent.datasets.synthetic import open_synthetic
from assent.io.formats import list_images, read_image, stem_of
from assent.io.guard import check_folder, name_of

ReadMask = Callable[[Image], NDArray[np.bool_]]


@dataclass(frozen=True)
class Sample:
    """One image, and what a simulated person wants on it.

    Attributes:
        id: Unique name, fit for a file.
        series: Samples of one series have one target and one person; context and profile pass
            from each to the next.
        origin: Where the image comes from, for people.
        wish: What the simulated person wants, for people; "" where nobody is simulated.
        read: Reads the image.
        read_reference: The person's ``(D, H, W)`` mask of that image; None where nobody knows.
        file: The image's file, where there is one.
    """

    id: str
    series: str
    origin: str
    wish: str
    read: Callable[[], Image] = field(repr=False, compare=False)
    read_reference: ReadMask | None = field(repr=False, compare=False)
    file: Path | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Rule:
    """The largest connected region above or below a value, smoothed first, holes filled.

    Attributes:
        threshold: In the unit of the file, HU in CT.
        above: Whether the region is brighter than the threshold, or darker.
        smoothing_mm: Standard deviation of a Gaussian.
        from_slice: Slices before this one are left out.
    """

    threshold: float
    above: bool
    smoothing_mm: float
    from_slice: int = 0

    def __call__(self, image: Image) -> NDArray[np.bool_]:
        """The region, ``(D, H, W)``."""
        widths = [
            self.smoothing_mm / step if size > 1 else 0.0
            for step, size in zip(image.geometry.spacing_zyx_mm, image.shape_dhw, strict=True)
        ]
        smooth = ndimage.gaussian_filter(image.voxels[0], widths)
        region = smooth > self.threshold if self.above else smooth < self.threshold
        region[: self.from_slice] = False
        return fill_holes(largest_component(region))

    def __str__(self) -> str:
        side = "brighter" if self.above else "darker"
        first = f" from slice {self.from_slice + 1} on" if self.from_slice else ""
        return (
            f"rule: largest region {side} than {self.threshold:g}"
            f" after {self.smoothing_mm:g} mm smoothing{first}"
        )


_CARRIED = (
    (
        "ct-vertebra",
        "pydicom",
        "data/test_files/CT_small.dcm",
        "real CT",
        "bone",
        Rule(130, True, 1.0),
    ),
    (
        "mr-tissue",
        "pydicom",
        "data/test_files/MR_small.dcm",
        "real MR",
        "bright tissue",
        Rule(1000, True, 0.4),
    ),
    (
        "mr-ventricles",
        "nibabel",
        "tests/data/anatomical.nii",
        "real brain MR volume",
        "lateral ventricles",
        Rule(4500, False, 1.0, from_slice=10),
    ),
)


def carried_samples() -> list[Sample]:
    """Real DICOM and NIfTI images that pydicom and nibabel bring along; none is downloaded."""
    samples = []
    for name, package, place, origin, target, rule in _CARRIED:
        path = carried_file(package, place)
        if path is not None:
            samples.append(
                Sample(
                    name,
                    name,
                    f"{origin} carried by {package} ({path.name})",
                    f"{target}; {rule}",
                    partial(read_image, path),
                    rule,
                    path,
                )
            )
    return samples


def phantom_samples(*, seed: int, images: int = 6) -> list[Sample]:
    """Phantoms: a series of lesions read by one person, a cell in colour, a volume.

    Args:
        seed: Of the phantoms.
        images: Length of the series of lesions.
    """
    lesions = open_synthetic("raters2d", images=images, seed=seed)
    cells = open_synthetic("cells2d", images=1, seed=seed)
    volumes = open_synthetic("volume3d", images=1, seed=seed)
    return [
        *_of_source(lesions, "lesion", "wide", "phantom-lesion"),
        *_of_source(cells, "nucleus", "", "phantom-cell"),
        *_of_source(volumes, "organ", "careful", "phantom-abdomen"),
    ]


def folder_samples(folder: Path, *, label: str | None = None) -> list[Sample]:
    """Images of a folder, with one person's masks where there are any.

    Where several people or targets are there, the first of each is played, unless ``label``
    names another. Images without a mask come last, as nobody knows what is wanted on them.

    Raises:
        InputError: If there is no such folder, or no image in it.
        NotFoundError: If there is no such label.
    """
    check_folder(folder)
    drawn: list[Sample] = []
    images = next((d for n in ("images", "volumes") if (d := folder / n).is_dir()), folder)
    if (folder / "dataset.json").is_file() or any((folder / n).is_dir() for n in MASK_FOLDERS):
        source = open_folder(folder, label=label)
        rater = source.raters[0] if source.raters else ""
        drawn = _of_source(source, source.targets[0], rater)
    elif label is not None:
        raise NotFoundError("label", label, known=())
    known = {sample.id for sample in drawn}
    series = drawn[0].series if drawn else name_of(folder)
    bare = [
        Sample(
            stem_of(path),
            series,
            f"your file {path.name}",
            "",
            partial(read_image, path),
            None,
            path,
        )
        for path in list_images(images)
        if stem_of(path) not in known
    ]
    return drawn + bare


def _of_source(source: TaskSource, target: str, rater: str, named: str = "") -> list[Sample]:
    """Samples of a source under their own ids, or numbered under a name."""
    is_drawn = source.modality.startswith("phantom")
    origin = (
        f"{source.modality} (synthetic)" if is_drawn else f"{source.name} {source.modality}".strip()
    )
    samples = []
    cases = source.cases()
    for case in cases:
        read_mask = _reader(case, target, rater)
        if read_mask is None:
            continue
        numbered = named if len(cases) == 1 else f"{named}-{case.id}"
        name = numbered if named else case.id
        wish = f"{target}, as {rater!r} draws it" if rater else target
        series = named or source.name
        samples.append(Sample(name, series, origin, wish, case.read_image, read_mask))
    return samples


def _reader(case: Case, target: str, rater: str) -> ReadMask | None:
    for reference in case.references:
        if reference.target == target and reference.rater == rater:
            read = reference.read
            return lambda _: read()
    return None


def carried_file(package: str, place: str) -> Path | None:
    """A file inside an installed package; None where the package does not carry it."""
    found = find_spec(package)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / place
    return path if path.is_file() else None


def series_of(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Samples by series, each in order."""
    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample.series, []).append(sample)
    return grouped
