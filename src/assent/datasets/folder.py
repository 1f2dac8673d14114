"""A dataset folder as cases: images, every rater's reference, and the split of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assent.core.case import Case, Reference, Split
from assent.core.errors import AssentError, NotFoundError
from assent.datasets.layout import Layout, read_layout
from assent.datasets.splits import split_of
from assent.io.formats import read_image, read_mask


@dataclass(frozen=True)
class FolderSource:
    """A dataset folder; a ``TaskSource``.

    Attributes:
        name: Name of the dataset.
        use: "train", "unseen", or "" where the folder does not say.
        modality: What kind of image this is, for people.
        has_raters: Whether the references of a target are different people's views of it.
        targets: Names of what is segmented.
        raters: Names of the distinct raters; empty where mask folders are targets.
        copies: Rater folders left out, and the one each is identical to.
    """

    name: str
    use: str
    modality: str
    has_raters: bool
    targets: tuple[str, ...]
    raters: tuple[str, ...]
    copies: Mapping[str, str]
    _cases: tuple[Case, ...] = field(repr=False)

    def cases(self, *splits: Split) -> Sequence[Case]:
        """Annotated cases of the given splits, all when none is given, in natural order."""
        return [case for case in self._cases if not splits or case.split in splits]


def open_folder(path: Path | str, *, label: str | None = None) -> FolderSource:
    """The cases of a folder; images and masks are read when they are asked for.

    Images without any mask are left out: a missing file means not annotated. Folders named
    under ``not_a_rater`` are dropped, and identical rater folders count once.

    Args:
        path: A folder with ``dataset.json``, or a plain one with ``images/`` and ``masks/``.
        label: One mask folder (a target or a rater) instead of all.

    Raises:
        InputError: If the folder does not exist, or holds no images or masks.
        FileFormatError: If ``dataset.json`` cannot be read.
        NotFoundError: If the label is not one of the mask folders.
    """
    layout = read_layout(Path(path))
    masks, copies = dict(layout.masks), dict[str, str]()
    if label is not None and not (layout.has_raters and label == layout.target):
        if label not in masks:
            known = {*masks, layout.target} if layout.has_raters else set(masks)
            raise NotFoundError("label", label, known=known)
        masks = {label: masks[label]}
    elif layout.has_raters:
        copies = find_copies(masks)
        masks = {name: files for name, files in masks.items() if name not in copies}
    return FolderSource(
        name=layout.name,
        use=layout.use,
        modality=layout.modality,
        has_raters=layout.has_raters,
        targets=(layout.target,) if layout.has_raters else tuple(masks),
        raters=tuple(masks) if layout.has_raters else (),
        copies=copies,
        _cases=tuple(_cases(layout, masks)),
    )


def find_copies(masks: Mapping[str, Mapping[str, Path]]) -> dict[str, str]:
    """Mask folders that hold the same masks of the same images as an earlier one.

    Args:
        masks: Paths by id, for every mask folder.

    Returns:
        The name of each copy, and the name of the folder it repeats.
    """
    copies: dict[str, str] = {}
    for name, files in masks.items():
        for earlier in masks:
            if earlier == name:
                break
            if earlier not in copies and _is_same(files, masks[earlier]):
                copies[name] = earlier
                break
    return copies


def _is_same(files: Mapping[str, Path], others: Mapping[str, Path]) -> bool:
    if not files or files.keys() != others.keys():
        return False
    return all(_shows_same_mask(files[case_id], others[case_id]) for case_id in files)


def _shows_same_mask(path: Path, other: Path) -> bool:
    """Whether two files hold one mask; a file that cannot be read equals nothing else."""
    try:
        if path.is_file() and other.is_file() and path.read_bytes() == other.read_bytes():
            return True
        return np.array_equal(read_mask(path), read_mask(other))
    except (AssentError, OSError):
        return False


def _cases(layout: Layout, masks: Mapping[str, Mapping[str, Path]]) -> list[Case]:
    cases = []
    for case_id, image_path in layout.images.items():
        references = tuple(
            Reference(
                target=layout.target if layout.has_raters else name,
                rater=name if layout.has_raters else "",
                read=partial(_read_reference, files[case_id], image_path),
            )
            for name, files in masks.items()
            if case_id in files
        )
        if references:
            group = layout.group_of(case_id)
            split = split_of(layout.name, group)
            read = partial(read_image, image_path)
            cases.append(Case(case_id, layout.name, group, split, read, references))
    return cases


def _read_reference(path: Path, image_path: Path) -> NDArray[np.bool_]:
    """The mask on its image's grid; reading the image finds a mask of another size by name."""
    return read_mask(path, like=read_image(image_path))
