"""Phantoms as a dataset: drawn from a seed, with raters whose habits never change.

Nothing here was recorded from a patient. Every name says so: datasets are called
"synthetic-…", the modality begins with "phantom".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assent.core.case import Case, Reference, Split
from assent.core.errors import InputError, NotFoundError
from assent.core.image import Image
from assent.datasets.habits import Habit, draw
from assent.datasets.phantom_ct import draw_abdomen
from assent.datasets.phantoms import Phantom, draw_lesion, draw_smear, draw_vessels


@dataclass(frozen=True)
class Kind:
    """One kind of phantom.

    Attributes:
        modality: For people.
        targets: What is segmented.
        habits: Who draws; a single rater without a name where there is one truth.
        draw: Draws one phantom from a generator and a name.
    """

    modality: str
    targets: tuple[str, ...]
    habits: tuple[Habit, ...]
    draw: Callable[[np.random.Generator, str], Phantom] = field(repr=False)


SPLITS: tuple[Split, ...] = ("train", "train", "train", "val", "test")
"""Repeated over the images: the usual shares, and no split empty from five images on."""

KINDS = {
    "raters2d": Kind(
        "phantom: gray lesion with a border that fades on one side, and satellites",
        ("lesion",),
        (
            Habit("careful"),
            Habit("wide", margin_mm=1.6),
            Habit("smooth", smoothing_mm=5.0),
            Habit("satellite", extras=True),
        ),
        draw_lesion,
    ),
    "cells2d": Kind(
        "phantom: stained blood smear in colour", ("nucleus", "cell"), (Habit(""),), draw_smear
    ),
    "tubes2d": Kind(
        "phantom: vessels",
        ("vessel",),
        (
            Habit("trunk", hand_px=0.2),
            Habit("fine", extras=True, hand_px=0.2),
            Habit("wide", margin_mm=0.25, extras=True, hand_px=0.2),
        ),
        draw_vessels,
    ),
    "volume3d": Kind(
        "phantom: abdominal CT with thick slices",
        ("organ", "lesion"),
        (
            Habit("careful", hand_px=0.4),
            Habit("wide", margin_mm=3.5, hand_px=0.4),
            Habit("satellite", extras=True, hand_px=0.4),
        ),
        draw_abdomen,
    ),
}
"""Every kind of phantom, by the name ``open_synthetic`` takes."""


@dataclass(frozen=True)
class SyntheticSource:
    """Phantoms of one kind; a ``TaskSource``.

    Attributes:
        name: "synthetic-" and the kind.
        use: "train": weights may be trained on phantoms.
        modality: What is drawn, for people.
        has_raters: Whether several raters drew each target.
        targets: Names of what is segmented.
        raters: Names of the raters; empty where there is one truth.
    """

    name: str
    use: str
    modality: str
    has_raters: bool
    targets: tuple[str, ...]
    raters: tuple[str, ...]
    _cases: tuple[Case, ...] = field(repr=False)

    def cases(self, *splits: Split) -> Sequence[Case]:
        """Cases of the given splits, all when none is given, in a fixed order."""
        return [case for case in self._cases if not splits or case.split in splits]


def open_synthetic(
    name: str = "raters2d", *, images: int = 12, seed: int = 0, label: str | None = None
) -> SyntheticSource:
    """Phantoms of one kind. Nothing is drawn before it is read.

    The first n images of a seed are the same however many are asked for, and so are their
    splits.

    Args:
        name: "raters2d" (4 raters), "cells2d" (RGB), "tubes2d" (3 raters) or "volume3d" (3D,
            3 raters).
        images: How many.
        seed: Other seeds give other images by raters of the same habits.
        label: One target or one rater instead of all.

    Raises:
        NotFoundError: If there is no such kind, target or rater.
        InputError: If fewer than one image is asked for.
    """
    if name not in KINDS:
        raise NotFoundError("synthetic dataset", name, known=KINDS)
    if images < 1:
        raise InputError(f"At least one synthetic image is needed; got images = {images}.")
    kind = _restrict(KINDS[name], label)
    dataset = f"synthetic-{name}"
    cases = []
    for number in range(images):
        case_id = f"{number:03d}"
        read_image = partial(_read_image, name, seed, number)
        references = tuple(
            Reference(target, habit.rater, partial(_read_mask, name, seed, number, target, habit))
            for target in kind.targets
            for habit in kind.habits
        )
        split = SPLITS[number % len(SPLITS)]
        cases.append(Case(case_id, dataset, case_id, split, read_image, references))
    raters = tuple(habit.rater for habit in kind.habits if habit.rater)
    return SyntheticSource(
        dataset, "train", kind.modality, bool(raters), kind.targets, raters, tuple(cases)
    )


def _restrict(kind: Kind, label: str | None) -> Kind:
    """The kind with one target or one rater only."""
    if label is None:
        return kind
    targets = tuple(target for target in kind.targets if target == label)
    habits = tuple(habit for habit in kind.habits if habit.rater == label)
    if targets:
        return replace(kind, targets=targets)
    if label and habits:
        return replace(kind, habits=habits)
    known = {*kind.targets, *(habit.rater for habit in kind.habits)} - {""}
    raise NotFoundError("label", label, known=known)


def _seeds(name: str, seed: int, number: int, *more: str) -> list[int]:
    """Entropy that differs by kind, seed, image and whatever else is named."""
    return [seed, number, *(crc32(text.encode()) for text in (name, *more))]


@lru_cache(maxsize=8)
def _phantom(name: str, seed: int, number: int) -> Phantom:
    rng = np.random.default_rng(_seeds(name, seed, number))
    return KINDS[name].draw(rng, f"phantom {name} {number:03d}")


def _read_image(name: str, seed: int, number: int) -> Image:
    return _phantom(name, seed, number).image


def _read_mask(name: str, seed: int, number: int, target: str, habit: Habit) -> NDArray[np.bool_]:
    phantom = _phantom(name, seed, number)
    core, extras = phantom.objects[target]
    if not habit.rater:
        return core.copy()
    rng = np.random.default_rng(_seeds(name, seed, number, target, habit.rater))
    spacing = phantom.image.geometry.spacing_zyx_mm
    return draw(habit, core, extras, spacing_zyx_mm=spacing, rng=rng)
