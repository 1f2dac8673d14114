"""Scribbles that people drew by hand on the images of a dataset folder.

They lie in ``scribbles/PERSON/pos`` (inside) and ``scribbles/PERSON/neg`` (outside), one mask per
image, named like the image. Every person is played as a rater of their own, whose reference is
the one that the dataset has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from assent.core.case import Case, Split, TaskSource
from assent.core.errors import InputError
from assent.core.image import Image
from assent.core.prompts import Scribble
from assent.datasets.layout import files_by_id
from assent.io.formats import read_mask

FOLDER = "scribbles"
SIGNS = {"pos": True, "neg": False}
"""Folders of a person, and whether what is drawn there is inside."""


@dataclass(frozen=True)
class StrokeCase(Case):
    """A case with its reference once for each person who drew on the image.

    Attributes:
        strokes: Reads what a person drew, at most one scribble of each sign.
    """

    strokes: Mapping[str, Callable[[], tuple[Scribble, ...]]] = field(
        default_factory=dict, repr=False, compare=False
    )


@dataclass(frozen=True)
class Stroked:
    """A dataset whose raters are the people who drew on its images; a ``TaskSource``."""

    name: str
    use: str
    modality: str
    has_raters: bool
    _cases: tuple[StrokeCase, ...] = field(repr=False)

    def cases(self, *splits: Split) -> Sequence[Case]:
        """Cases that somebody drew on."""
        return [case for case in self._cases if not splits or case.split in splits]


def with_strokes(source: TaskSource, folder: Path | None) -> Stroked:
    """The cases of a dataset that people drew on, with what they drew.

    Args:
        source: The dataset, with one reference per target.
        folder: Where its files are; None for a dataset that is not read from files.

    Raises:
        InputError: If nobody drew on any of its images.
    """
    drawn = {} if folder is None else _drawn(folder / FOLDER)
    cases = tuple(_case(case, drawn[case.id]) for case in source.cases() if case.id in drawn)
    if not cases:
        raise InputError(
            f"{source.name} holds no scribbles drawn by hand; expected {FOLDER}/PERSON/pos and"
            f" {FOLDER}/PERSON/neg with masks named like the images. Choose another annotator."
        )
    return Stroked(source.name, source.use, source.modality, True, cases)


def strokes_of(case: Case, person: str) -> tuple[Scribble, ...]:
    """What a person drew on an image; nothing where that is not known.

    Raises:
        InputError: If the file does not fit its image.
        FileFormatError: If it is damaged.
    """
    if isinstance(case, StrokeCase) and person in case.strokes:
        return case.strokes[person]()
    return ()


def _drawn(root: Path) -> dict[str, dict[str, dict[str, Path]]]:
    """Files by image, person and sign."""
    found: dict[str, dict[str, dict[str, Path]]] = {}
    people = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for person in people:
        for sign in SIGNS:
            for case_id, path in files_by_id(person / sign).items():
                found.setdefault(case_id, {}).setdefault(person.name, {})[sign] = path
    return found


def _case(case: Case, drawn: Mapping[str, Mapping[str, Path]]) -> StrokeCase:
    return StrokeCase(
        case.id,
        case.dataset,
        case.group,
        case.split,
        case.read_image,
        tuple(replace(r, rater=person) for person in drawn for r in case.references),
        {person: partial(_read, files, case.read_image) for person, files in drawn.items()},
    )


def _read(files: Mapping[str, Path], read_image: Callable[[], Image]) -> tuple[Scribble, ...]:
    image = read_image()
    strokes = []
    for sign, path in files.items():
        z_y_x = np.argwhere(read_mask(path, like=image))
        if len(z_y_x):
            points = tuple((int(z), int(y), int(x)) for z, y, x in z_y_x)
            strokes.append(Scribble(points, SIGNS[sign]))
    return tuple(strokes)
