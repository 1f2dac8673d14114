"""Logits of every slice for any z: the network's answer to image, prompts and context.

Slices that were told where the object is are segmented from their prompts. From there the object
is followed slice by slice: each slice sees its neighbour's mask as the previous mask, seeds that
this mask lends, and its own prompts where they only say what is outside. With finished images as
context every slice is read from them first, and following replaces only what it reaches.

A slice that is pointed at a little beyond where the object was lost is bounded by the mask that
is nearest to it.

A round starts from the one before: segmented again are slices with new prompts, and their
neighbours for as long as masks change.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from assent.core.progress import Glimpse, report, show, watched
from assent.core.prompts import BoundingBox, Prompt
from assent.methods.posterior.channels import Marks
from assent.methods.posterior.follow import (
    LEAST_OVERLAP,
    LEAST_PIXELS,
    Looks,
    bounded,
    carried,
    is_gone,
)
from assent.methods.posterior.grid import WorkingGrid, draw_marks, marked_slices
from assent.methods.posterior.window import Window

ABSENT = -8.0
"""Mean logit where there is no object."""

LOST_WITHIN = 3
"""Slices beyond the end of an object on which a click most likely means the same object."""

SETTLED = 0.99
"""A mask this alike (Dice) to that of the round before changes nothing on the next slice."""


@dataclass(frozen=True, eq=False)
class Field:
    """Low-rank logits on the working grid.

    Attributes:
        mean: ``(D, h, w)`` float32; ``ABSENT`` with directions of zero where nothing was looked
            for.
        directions: ``(d, D, h, w)`` float16 for volumes, float32 for single slices.
        reached: Slices that prompts or following reached. The others hold what context reads
            in them, or nothing.
    """

    mean: NDArray[np.float32] = field(repr=False)
    directions: NDArray[np.floating] = field(repr=False)
    reached: frozenset[int] = field(default=frozenset(), repr=False)

    @property
    def latent(self) -> int:
        """Number of directions."""
        return int(self.directions.shape[0])

    def extent(self, index: int) -> tuple[slice, slice]:
        """The rectangle of one slice beyond which there is no object for any z."""
        looked = self.mean[index] != ABSENT
        spans = []
        for axis in (1, 0):
            used = np.flatnonzero(looked.any(axis))
            spans.append(slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0))
        return spans[0], spans[1]

    def logits(self, z: NDArray[np.float64], index: int) -> NDArray[np.float32]:
        """Logits of particles ``(S, d)`` on one slice, ``(S, h, w)``."""
        values = np.full((len(z), *self.mean.shape[1:]), ABSENT, np.float32)
        rows, columns = self.extent(index)
        mean = self.mean[index, rows, columns]
        flat = self.directions[:, index, rows, columns].reshape(self.latent, -1)
        inner = np.asarray(z, np.float32) @ flat.astype(np.float32) + mean.reshape(-1)
        values[:, rows, columns] = inner.reshape(len(z), *mean.shape)
        return values


Plane = NDArray[np.float32]

Solver = Callable[[int, Marks, Plane | None], tuple[Plane, Plane]]
"""(slice, marks, previous probability) to mean ``(h, w)`` and directions ``(d, h, w)``."""


@dataclass(frozen=True, eq=False)
class Look:
    """What slices are segmented with, the same in all rounds.

    Attributes:
        planes: ``(D, 3, h, w)`` working planes.
        grid: The working grid.
        solver: Segments whole slices.
        part: Makes a solver of a plane of its own ``(1, 3, h', w')``, to which that is slice 0.
        side: Longest side of planes handed to ``part``.
        latent: Number of directions.
        has_context: Whether the solvers know finished images.
    """

    planes: Tensor
    grid: WorkingGrid
    solver: Solver
    part: Callable[[Tensor], Solver]
    side: int
    latent: int
    has_context: bool


@dataclass(frozen=True, eq=False)
class Earlier:
    """The round before.

    Attributes:
        field: Its logits.
        fresh: Slices that prompts were drawn on since; None when some were taken back, after
            which no slice is what it was.
        probability: Of the object on a slice ``(h, w)``, as it was shown.
    """

    field: Field
    fresh: Collection[int] | None
    probability: Callable[[int], Plane]


def unprompted(look: Look) -> Field:
    """The field before any prompt: what context reads in every slice; of a volume without, none."""
    shape = (len(look.planes), *look.planes.shape[2:])
    depth = shape[0]
    directions = np.zeros((look.latent, *shape), np.float32 if depth == 1 else np.float16)
    blank = Field(np.full(shape, ABSENT, np.float32), directions)
    draft = _Draft.of(look, blank, (), None)
    for index in range(depth if depth == 1 or look.has_context else 0):
        report(index / depth, "reading slices")
        draft.put_alone(index)
    return Field(draft.mean, draft.directions)


def solve_field(
    look: Look, prompts: Sequence[Prompt], base: Field, earlier: Earlier | None = None
) -> Field:
    """Logits of all slices under all prompts.

    Args:
        look: What slices are segmented with.
        prompts: All prompts that hold.
        base: The field without prompts.
        earlier: The round before, or None in a first one.
    """
    depth = len(look.planes)
    draft = _Draft.of(look, base, prompts, earlier)
    told = _told(draft.marks, prompts, look.has_context)
    for index in told:
        if index in draft.fresh or index not in draft.reached:
            draft.put_told(index)
    bounds = [_bounds(prompts, index, depth) for index in told]
    paths = _paths(told, depth, bounds, draft.lent)
    draft.drop(draft.reached - {k for path in paths for k in path})
    for path in paths:
        draft.follow(path)
    if look.has_context:
        draft.read_marked()
    return Field(draft.mean, draft.directions, frozenset(draft.reached))


def _told(marks: Mapping[int, Marks], prompts: Sequence[Prompt], has_context: bool) -> list[int]:
    """Slices from which the object is followed.

    Where only the outside was marked, what is inside must come from a neighbour or the context;
    without either, from the slice itself.
    """
    middles = {_middle(prompt) for prompt in prompts if isinstance(prompt, BoundingBox)}
    told = [k for k in marks if marks[k].positive.any() or k in middles]
    return told if told or has_context else list(marks)


def _middle(box: BoundingBox) -> int:
    """The slice on which the object fills a box; towards its ends the object is smaller."""
    return (box.low_zyx[0] + box.high_zyx[0] - 1) // 2


def _bounds(prompts: Iterable[Prompt], index: int, depth: int) -> tuple[int, int]:
    """First slice and the one beyond the last to which an object is followed from a slice.

    A box over several slices says where the object ends; one on a single slice does not.
    """
    low, high = 0, depth
    for prompt in prompts:
        if isinstance(prompt, BoundingBox):
            first, beyond = prompt.low_zyx[0], prompt.high_zyx[0]
            if first <= index < beyond and beyond - first > 1:
                low, high = max(low, first), min(high, beyond)
    return low, high


def _paths(
    told: Sequence[int],
    depth: int,
    bounds: Sequence[tuple[int, int]],
    lent: Mapping[int, int],
) -> list[range]:
    """From each told slice up and down, to the border with the next one or where it is bound."""
    paths = []
    borders = [_border(*pair, lent) for pair in pairwise(told)]
    for place, index in enumerate(told):
        low, high = bounds[place]
        below = borders[place - 1] + 1 if place else 0
        above = borders[place] + 1 if place < len(borders) else depth
        paths.append(range(index, min(above, high)))
        paths.append(range(index, max(below, low) - 1, -1))
    return paths


def _border(low: int, high: int, lent: Mapping[int, int]) -> int:
    """The last slice that is followed from the lower of two told ones.

    Half way, but what a slice was lent by is not followed back from there: where an object was
    lost in one direction, it would be lost in the other.
    """
    if low <= lent.get(high, -1) < high:
        return lent[high]
    if low < lent.get(low, -1) <= high:
        return lent[low] - 1
    return (low + high) // 2


def _marks_of(prompts: Sequence[Prompt], index: int, grid: WorkingGrid) -> Marks:
    """What is drawn on a slice; a box is filled on its middle slice, elsewhere it only bounds."""
    marks = draw_marks(prompts, index, grid)
    boxes = [p for p in prompts if isinstance(p, BoundingBox)]
    if not marks.box.any() or any(_middle(box) == index for box in boxes):
        return marks
    return Marks(marks.positive, marks.outside & ~marks.positive, np.zeros_like(marks.box))


@dataclass(eq=False)
class _Draft:
    """The field of one round in the making.

    Attributes:
        look: What slices are segmented with.
        base: The field without prompts.
        earlier: The round before, or None.
        marks: What is drawn, by slice.
        fresh: Slices on which that changed.
        mean: As in ``Field``; so are directions and reached.
        lent: Slices beyond a lost end, and the slice of that end, which bounds them.
        moved: Slices whose mask is no longer that of the round before.
        dropped: Slices that were reached and are no longer.
    """

    look: Look
    base: Field
    earlier: Earlier | None
    marks: Mapping[int, Marks]
    fresh: Collection[int]
    mean: NDArray[np.float32]
    directions: NDArray[np.floating]
    reached: set[int]
    lent: dict[int, int] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    @classmethod
    def of(
        cls, look: Look, base: Field, prompts: Sequence[Prompt], earlier: Earlier | None
    ) -> "_Draft":
        """The draft with which a round begins."""
        marks = {k: _marks_of(prompts, k, look.grid) for k in marked_slices(prompts)}
        start, fresh = base, set(marks)
        if earlier is not None and earlier.fresh is not None:
            start, fresh = earlier.field, set(earlier.fresh)
        mean, directions = start.mean.copy(), _copy_of_directions(start)
        return cls(look, base, earlier, marks, fresh, mean, directions, set(start.reached))

    def put_alone(self, index: int) -> None:
        """Segment a slice from its own prompts and the context."""
        before = None
        # A slice that nobody looked at has no previous mask, which is not an empty one.
        if self.earlier is not None and (
            self.look.has_context or index in self.earlier.field.reached
        ):
            before = self.earlier.probability(index)
        marks = self.marks.get(index) or draw_marks((), index, self.look.grid)
        self.mean[index], self.directions[:, index] = self.look.solver(index, marks, before)

    def put_told(self, index: int) -> None:
        """Segment a slice from which the object is followed."""
        old = self._shown(index)
        if not self._put_bounded(index):
            self.put_alone(index)
        self._note(index, old)

    def _put_bounded(self, index: int) -> bool:
        """Segment a slice on which the object was lost beside the mask of its end, if it was.

        Alone, one click on it says little of how large the object is. With context the slice was
        read, and that is what the person saw and corrects.
        """
        near, drawn = self._end_near(index), self.marks.get(index)
        if near is None or drawn is None:
            return False
        before = self.mean[near] > 0
        marks = bounded(before, drawn) if before.sum() >= LEAST_PIXELS else None
        if marks is None:
            return False
        window = Window.around(before, self.look.side)
        solve = self.look.part(window.cut(self.look.planes[index : index + 1]))
        found = solve(0, window.cut_marks(marks), self._seen_through(window, near))
        self._put(index, window, *found)
        self.lent[index] = near
        return True

    def _end_near(self, index: int) -> int | None:
        """The slice of the round before where an object ended that is nearest to a slice."""
        if self.earlier is None or self.earlier.fresh is None or self.look.has_context:
            return None
        reached = self.earlier.field.reached & self.reached
        near = min(reached, key=lambda k: (abs(k - index), k), default=index)
        return near if 0 < abs(near - index) <= LOST_WITHIN else None

    def follow(self, path: range) -> None:
        """Segment slice after slice, for as long as masks change and the object lasts."""
        start = self._start(path[0])
        for place, (near, index) in enumerate(pairwise(path), start=1):
            is_new = near in self.moved or index in self.fresh
            if not is_new and index not in self.reached:
                return
            if not is_new:
                continue
            report(place / len(path), "following the object")
            if not self._step(near, index, start):
                self.drop(path[place:])
                return

    def drop(self, indices: Iterable[int]) -> None:
        """Take slices that were reached back to what they are without prompts."""
        for index in self.reached.intersection(indices):
            self.mean[index] = self.base.mean[index]
            self.directions[:, index] = self.base.directions[:, index]
            self.reached.discard(index)
            self.dropped.add(index)

    def read_marked(self) -> None:
        """With context: slices on which only the outside is marked and to which nothing led."""
        for index in self.marks:
            if index not in self.reached and (index in self.fresh or index in self.dropped):
                self.put_alone(index)

    def _start(self, index: int) -> tuple[Looks | None, int]:
        """Colours and size of the object on the slice from which it is followed."""
        mask = self.mean[index] > 0
        if not mask.any():
            return None, 0
        return Looks.of(self.look.planes[index].numpy(), carried(mask, None)), int(mask.sum())

    def _step(self, near: int, index: int, start: tuple[Looks | None, int]) -> bool:
        """Segment a slice with what its neighbour lends; False where the object has ended."""
        before = self.mean[near] > 0
        if before.sum() < LEAST_PIXELS:
            return False
        window = Window.around(before, self.look.side)
        planes = window.cut(self.look.planes[[near, index]])
        previous = self._seen_through(window, near)
        if not (previous > 0.5).any():
            return False
        drawn = self.marks.get(index)
        marks = carried(previous > 0.5, None if drawn is None else window.cut_marks(drawn))
        there, here = (Looks.of(plane.numpy(), marks) for plane in planes)
        looks, size = start
        if is_gone(here, there, looks, int(before.sum()) / max(1, size)):
            return False
        old = self._shown(index)
        mean, directions = self.look.part(planes[1:])(0, marks, previous)
        self._put(index, window, mean, directions)
        self._note(index, old)
        return _dice(self.mean[index] > 0, before) >= LEAST_OVERLAP

    def _seen_through(self, window: Window, index: int) -> Plane:
        """Probability on a slice, as a window shows it."""
        seen = torch.sigmoid(window.cut(torch.from_numpy(self.mean[index])[None, None]))
        return np.asarray(seen[0, 0].numpy(), np.float32)

    def _put(self, index: int, window: Window, mean: Plane, directions: Plane) -> None:
        both = torch.from_numpy(np.concatenate([mean[None], directions]))[None]
        spread = window.spread(both)[0].numpy()
        if _holds(self.mean[index]):
            self.mean[index], self.directions[:, index] = ABSENT, 0.0
        self.mean[index, window.rows, window.columns] = spread[0]
        self.directions[:, index, window.rows, window.columns] = spread[1:]

    def _shown(self, index: int) -> NDArray[np.bool_] | None:
        return self.mean[index] > 0 if index in self.reached else None

    def _note(self, index: int, old: NDArray[np.bool_] | None) -> None:
        if old is None or _dice(self.mean[index] > 0, old) < SETTLED:
            self.moved.add(index)
        self.reached.add(index)
        if index == watched():
            plane = torch.from_numpy(self.mean[index])[None, None]
            mask = self.look.grid.restore(plane)[0].numpy() > 0
            show(Glimpse(index, mask, is_final=False))


def _holds(mean: Plane) -> bool:
    """Whether anything was looked for on a slice."""
    return bool((mean != ABSENT).any())


def _copy_of_directions(field_: Field) -> NDArray[np.floating]:
    """Memory that is never written to is never taken: most slices of a volume hold nothing."""
    directions = np.zeros(field_.directions.shape, field_.directions.dtype)
    for index, mean in enumerate(field_.mean):
        if _holds(mean):
            directions[:, index] = field_.directions[:, index]
    return directions


def _dice(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    both = int(mask.sum()) + int(other.sum())
    return 2.0 * int((mask & other).sum()) / both if both else 1.0
