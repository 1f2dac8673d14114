"""A folder of images to try the product on: real ones that libraries carry, and phantoms.

Real images are copied as they are when somebody asks for them, under the licences of the libraries
they come with. What a computer drew is called synthetic in the name of its folder, and phantom in
that of each file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from assent.core.image import Image
from assent.datasets.layout import DESCRIPTION
from assent.datasets.synthetic import open_synthetic
from assent.io.atomic import check_writable, write_bytes, write_json, write_text
from assent.io.masks import write_mask
from assent.io.nifti import nifti_bytes
from assent.services.homes import OWN, make_private
from assent.services.pictures import png
from assent.services.samples import carried_file

FOLDER = Path("samples")
"""Where samples are written unless told otherwise."""

NOTE = (
    "Folders whose name ends in -synthetic hold phantoms, drawn by a computer; those in -real hold"
    " recorded images, copied from installed libraries and under their licences."
)
_README = "README.txt"
_BRIGHT = (0, 4, 5, 7, 10, 11, 12, 13, 16, 20, 21, 22)
"""Of the first lesions those brighter than what is around them: a queue of one sort."""


@dataclass(frozen=True)
class SampleSet:
    """One data folder of samples.

    Attributes:
        name: Of the folder; they are numbered in the order in which they are best looked at.
        labels: What can be segmented, the first by default.
        about: What it shows, for people.
        fill: Writes images and masks into the folder, and returns what else its description says.
    """

    name: str
    labels: tuple[str, ...]
    about: str
    fill: Callable[[Path], dict[str, object]] = field(repr=False, compare=False)


def write_samples(folder: Path) -> list[SampleSet]:
    """Write every set that is not there yet, and a place of its own for the work on them.

    A set that is there stays as it is.

    Args:
        folder: Made if it is missing.

    Returns:
        All sets in the folder, those written earlier included. Real images that the installed
        libraries do not carry are left out.

    Raises:
        InputError: If the folder cannot be written.
    """
    check_writable(folder)
    make_private(folder / OWN)
    sets = sample_sets()
    for each in sets:
        root = folder / each.name
        # The description comes last: where it is, the set is whole.
        if not (root / DESCRIPTION).is_file():
            said = {"name": each.name, "labels": list(each.labels), **each.fill(root)}
            write_json(root / DESCRIPTION, said)
    if not (folder / _README).is_file():
        lines = [f"{each.name}: {each.labels[0]}. {each.about}" for each in sets]
        write_text(folder / _README, "\n".join([NOTE, "", *lines, ""]))
    return sets


def sample_sets() -> list[SampleSet]:
    """Every set that can be written here, in order."""
    ct, mr = "data/test_files/CT_small.dcm", "data/test_files/MR_small.dcm"
    abdomen, brain = "data/test_files/examples_overlay.dcm", "tests/data/anatomical.nii"
    lesions = "Lesions whose border fades on one side; four readers drew each, differently."
    cells = "Blood smears in colour."
    volumes = "Abdominal CT volumes; three readers drew each."
    sets = (
        _drawn("1-lesions-synthetic", ("lesion",), ("raters2d", _BRIGHT), lesions),
        _carried("2-spine-ct-real", "vertebra", "CT", ("pydicom", ct)),
        _carried("3-abdomen-mr-real", "liver lesion", "MR", ("pydicom", abdomen)),
        _carried("4-brain-mr-real", "ventricles", "MR volume", ("nibabel", brain)),
        _carried("5-tissue-mr-real", "bright tissue", "MR", ("pydicom", mr)),
        _drawn("6-cells-synthetic", ("nucleus", "cell"), ("cells2d", range(8)), cells),
        _drawn("7-abdomen-ct-synthetic", ("organ",), ("volume3d", range(3)), volumes),
    )
    return [each for each in sets if each is not None]


def _carried(name: str, label: str, modality: str, source: tuple[str, str]) -> SampleSet | None:
    """A set of one file of an installed package, if that package carries it."""
    file = carried_file(*source)
    if file is None:
        return None
    about = f"A real {modality} carried by {source[0]} ({file.name})."
    return SampleSet(name, (label,), about, partial(_copy, file, modality))


def _copy(file: Path, modality: str, root: Path) -> dict[str, object]:
    write_bytes(root / "images" / file.name, file.read_bytes())
    return {"modality": modality}


def _drawn(
    name: str, labels: tuple[str, ...], kind: tuple[str, Sequence[int]], about: str
) -> SampleSet:
    return SampleSet(name, labels, f"Synthetic. {about}", partial(_draw, kind, labels))


def _draw(
    kind: tuple[str, Sequence[int]], labels: tuple[str, ...], root: Path
) -> dict[str, object]:
    """Phantoms with a mask folder for each reader, or for each label where there is one truth."""
    name, numbers = kind
    source = open_synthetic(name, images=max(numbers) + 1)
    for case in (source.cases()[number] for number in numbers):
        image = case.read_image()
        stem = f"phantom-{case.id}"
        suffix = _write_image(root / "images" / stem, image)
        for reference in case.references:
            if reference.target in labels:
                place = root / "masks" / (reference.rater or reference.target) / f"{stem}{suffix}"
                write_mask(place, reference.read(), image.geometry)
    return {
        "use": source.use,
        "modality": source.modality,
        "mask_folders": list(source.raters or labels),
        "mask_folders_are": "raters" if source.has_raters else "labels",
    }


def _write_image(place: Path, image: Image) -> str:
    """Write a phantom, a picture as PNG and a volume as NIfTI; returns the suffix of its masks."""
    if image.shape_dhw[0] > 1:
        voxels = image.voxels[0].astype(np.int16)
        write_bytes(place.with_suffix(".nii"), nifti_bytes(voxels, image.geometry))
        return ".nii.gz"
    plane = image.voxels[:, 0].astype(np.uint8)
    pixels = plane[0] if len(plane) == 1 else np.moveaxis(plane, 0, -1)
    write_bytes(place.with_suffix(".png"), png(pixels))
    return ".png"
