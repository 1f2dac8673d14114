"""A proposal as it travels from the process that computes: packed bits, and how masks differ."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.metrics import dice

Bits = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Packed:
    """A mask whose slices can be unpacked one by one: a bit a voxel.

    Attributes:
        bits: ``(D, H, ceil(W / 8))`` uint8.
        width: W.
        voxels: How many are foreground.
    """

    bits: Bits = field(repr=False)
    width: int
    voxels: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> "Packed":
        """A mask ``(D, H, W)``, packed."""
        return cls(np.packbits(mask, axis=-1), mask.shape[-1], int(mask.sum()))

    def plane(self, index: int) -> NDArray[np.bool_]:
        """One slice, ``(H, W)`` bool."""
        return np.unpackbits(self.bits[index], axis=-1, count=self.width).view(np.bool_)

    def whole(self) -> NDArray[np.bool_]:
        """All of it, ``(D, H, W)`` bool."""
        return np.unpackbits(self.bits, axis=-1, count=self.width).view(np.bool_)


@dataclass(frozen=True, eq=False)
class Offered:
    """One alternative.

    Attributes:
        mask: Its voxels.
        tag: How it differs, in words.
        predicted_dice: Expected Dice, in [0, 1].
        dice: To the recommendation.
        slice: Where it differs most from the recommendation.
    """

    mask: Packed
    tag: str
    predicted_dice: float
    dice: float
    slice: int


@dataclass(frozen=True, eq=False)
class Shown:
    """What is put before a person in one round.

    Attributes:
        recommended: The recommendation.
        offered: The alternatives of this page.
        uncertainty: ``(D, H, W)`` uint8; 255 is one bit of entropy.
        predicted_dice: Expected Dice of the recommendation, in [0, 1].
        round: How many answers were given before.
        page: Which set of alternatives.
        challenger: Index of the alternative to judge, or None.
        is_empty: Whether nobody could know yet which object is meant.
        slice: To show first.
    """

    recommended: Packed
    offered: tuple[Offered, ...]
    uncertainty: Bits = field(repr=False)
    predicted_dice: float
    round: int
    page: int
    challenger: int | None
    is_empty: bool
    slice: int

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        masks = [self.recommended, *(each.mask for each in self.offered)]
        return self.uncertainty.nbytes + sum(mask.bits.nbytes for mask in masks)


def to_shown(proposal: Proposal, *, is_empty: bool) -> Shown:
    """A proposal, packed; one that is empty shows nothing.

    Args:
        proposal: What the method proposes.
        is_empty: Whether nobody could know yet which object is meant.
    """
    seen = proposal.blanked() if is_empty else proposal
    differs = [_by_slice(mask ^ seen.recommended) for mask in seen.alternatives]
    offered = tuple(
        Offered(Packed.of(mask), tag, score, dice(mask, seen.recommended), int(by_slice.argmax()))
        for mask, tag, score, by_slice in zip(
            seen.alternatives, seen.tags, seen.scores, differs, strict=True
        )
    )
    return Shown(
        recommended=Packed.of(seen.recommended),
        offered=offered,
        uncertainty=np.rint(seen.uncertainty * np.float32(255)).astype(np.uint8),
        predicted_dice=seen.predicted_dice,
        round=seen.round,
        page=seen.page,
        challenger=seen.challenger,
        is_empty=is_empty,
        slice=_first_look(seen.recommended, differs),
    )


def _first_look(recommended: NDArray[np.bool_], differs: list[NDArray[np.intp]]) -> int:
    """Where the alternatives differ most; else where most is foreground; else the middle."""
    for by_slice in (sum(differs), _by_slice(recommended)):
        if np.any(by_slice):
            return int(np.argmax(by_slice))
    return len(recommended) // 2


def _by_slice(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.asarray(np.count_nonzero(mask, axis=(1, 2)))
