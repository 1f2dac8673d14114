"""What is played: which cases, whose view of which target, and what may serve as context."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.bench.chance import rng_of
from assent.bench.config import BenchConfig
from assent.bench.strokes import strokes_of
from assent.core.case import Case, TaskSource
from assent.core.errors import InputError, NotFoundError
from assent.core.image import Image
from assent.core.mask import largest_component
from assent.core.prompts import Scribble
from assent.datasets.slices import axial_slice_case

FUSED = "fused"
"""Name of the rater that stands for a majority of several."""


@dataclass(frozen=True, eq=False)
class View:
    """An image and how every rater sees one target in it.

    Attributes:
        image: A 2D image or a volume.
        masks: ``(D, H, W)`` bool by rater, in the dataset's order; ``FUSED`` among them in
            fused runs. Empty masks are left out: there is no object to find.
        drawn: The masks of all raters that drew something, whoever is played.
        group: What a volume belongs to (a patient, say), where that is not the case itself; ""
            for a 2D image.
        strokes: What a rater drew by hand to say what is meant, where such drawings are known.
    """

    image: Image
    masks: Mapping[str, NDArray[np.bool_]] = field(repr=False)
    drawn: Mapping[str, NDArray[np.bool_]] = field(repr=False)
    group: str = ""
    strokes: Mapping[str, tuple[Scribble, ...]] = field(default_factory=dict, repr=False)

    @property
    def everyone(self) -> tuple[NDArray[np.bool_], ...]:
        """The masks of all raters that drew something."""
        return tuple(self.drawn.values())

    def others(self, rater: str) -> tuple[NDArray[np.bool_], ...]:
        """The masks of all raters but one.

        There are none beside ``FUSED``, who is made of all, and none beside people who drew
        strokes for one and the same mask.
        """
        if rater not in self.drawn or self.strokes.get(rater):
            return ()
        return tuple(mask for who, mask in self.drawn.items() if who != rater)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is played of one dataset.

    Attributes:
        source: The dataset.
        cases: Evaluated cases, in the order they are played.
        pool: Cases whose references may be given as context; none shares a group with an
            evaluated one.
    """

    source: TaskSource
    cases: tuple[Case, ...]
    pool: tuple[Case, ...]


def plan(source: TaskSource, config: BenchConfig) -> Plan:
    """The first N cases of a permutation seeded by the run, and the others as context.

    With a seed for the images, this one draws them and that of the run puts them in order.

    Context comes from the splits that are not evaluated; where all are, from the cases beyond
    the first N.

    Raises:
        NotFoundError: If no case has the label.
        InputError: If the splits hold no such case, or context is on and nothing is left for it.
    """
    known = {name for c in source.cases() for r in c.references for name in (r.target, r.rater)}
    if config.label is not None and config.label not in known:
        raise NotFoundError("label", config.label, known=known - {""})
    everything = [c for c in source.cases() if c.id not in config.leave_out]
    wanted = [c for c in everything if not config.splits or c.split in config.splits]
    cases = [c for c in wanted if targets_of(c, config)]
    if not cases:
        raise InputError(
            f"{source.name} has no case with {config.label or 'any target'} in the split"
            f" {' + '.join(config.splits) or 'all'}. Choose another split, or all."
        )
    ordered = _shuffled(cases, config.seed if config.images_seed is None else config.images_seed)
    evaluated = ordered[: config.images]
    if config.images_seed is not None:
        evaluated = _shuffled(evaluated, config.seed)
    groups = {c.group for c in evaluated}
    elsewhere = [c for c in everything if config.splits and c.split not in config.splits]
    rest = elsewhere or ordered[len(evaluated) :]
    pool = tuple(c for c in rest if c.group not in groups)
    if config.context and not pool:
        raise InputError(
            f"{source.name}: all images are evaluated, so none is left to serve as context."
            " Choose fewer images, or evaluate some splits only."
        )
    return Plan(source, tuple(evaluated), pool)


def _shuffled(cases: Sequence[Case], seed: int) -> list[Case]:
    return [cases[int(i)] for i in np.random.default_rng(seed).permutation(len(cases))]


def targets_of(case: Case, config: BenchConfig) -> dict[str, tuple[str, ...]]:
    """Raters that are played, by target; ``FUSED`` alone where several are fused.

    >>> from assent.core.case import Reference
    >>> drawn = tuple(Reference("cell", who, lambda: None) for who in ("ann", "bob"))
    >>> case = Case("1", "ds", "1", "test", lambda: None, drawn)
    >>> targets_of(case, BenchConfig(method="m", label="bob"))
    {'cell': ('bob',)}
    >>> targets_of(case, BenchConfig(method="m", raters="fused"))
    {'cell': ('fused',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for reference in case.references:
        if config.label in {None, reference.target, reference.rater}:
            found[reference.target] = (*found.get(reference.target, ()), reference.rater)
    if config.raters == "fused":
        return {t: (FUSED,) if any(raters) else raters for t, raters in found.items()}
    return found


def look(case: Case, target: str, config: BenchConfig) -> View:
    """Read a case for one target; a volume as its largest axial slice unless asked otherwise.

    Raises:
        InputError: If a file cannot be used.
    """
    if not config.volume:
        case = axial_slice_case(case, target)
    drawn = {r.rater: r.read() for r in case.references if r.target == target}
    drawn = {rater: mask for rater, mask in drawn.items() if mask.any()}
    if config.largest_component:
        drawn = {rater: largest_component(mask) for rater, mask in drawn.items()}
    wanted = targets_of(case, config).get(target, ())
    masks = {rater: drawn[rater] for rater in wanted if rater in drawn}
    if FUSED in wanted and FUSED not in drawn and drawn:
        rng = rng_of(config.seed, "fuse", case.dataset, case.id, target)
        fused = fuse(list(drawn.values()), rng)
        masks = {FUSED: fused} if fused.any() else {}
    image = case.read_image()
    group = case.group if image.is_volume and case.group != case.id else ""
    strokes = {rater: strokes_of(case, rater) for rater in masks}
    return View(image, masks, drawn, group, strokes)


def fuse(masks: Sequence[NDArray[np.bool_]], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Strict majority vote of a random non-empty subset, each equally likely (SPA's protocol).

    Args:
        masks: R masks ``(D, H, W)`` bool.
        rng: Draws the subset.
    """
    chosen = np.zeros(len(masks), np.bool_)
    while not chosen.any():
        chosen = rng.random(len(masks)) < 0.5
    return majority([mask for mask, is_in in zip(masks, chosen, strict=True) if is_in])


def majority(masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """What more than half of some masks ``(D, H, W)`` bool hold.

    >>> drawn = [np.array([[[True, True, False]]]), np.array([[[True, False, False]]])]
    >>> majority(drawn).tolist()
    [[[True, False, False]]]
    """
    return np.asarray(2 * np.sum(masks, axis=0) > len(masks))


def context_cases(
    pool: Sequence[Case], target: str, rater: str, config: BenchConfig
) -> Iterator[Case]:
    """Cases of the pool that show a target to a rater, in an order seeded by the run."""
    rng = rng_of(config.seed, "context", target, rater)
    for index in rng.permutation(len(pool)):
        case = pool[int(index)]
        if rater in targets_of(case, config).get(target, ()):
            yield case
