"""What is put before the annotator in one round."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from assent.core.shapes import check_shape


@dataclass(frozen=True, eq=False)
class Proposal:
    """One recommended mask, a few clearly different alternatives, and how sure we are.

    Attributes:
        recommended: ``(D, H, W)`` bool.
        alternatives: ``(K, D, H, W)`` bool; K may be 0 when nothing else is plausible.
        tags: K short descriptions of how each alternative differs, as in "looser, +2.1 mm".
        probability: ``(D, H, W)`` float32, posterior probability of the object.
        uncertainty: ``(D, H, W)`` float32 in [0, 1], posterior entropy in bits.
        predicted_dice: Expected Dice of ``recommended``, in [0, 1].
        scores: ``(K,)`` expected Dice of each alternative, in [0, 1].
        round: How many answers were given before this proposal.
        page: 0 for the first set of alternatives; "more options" counts up.
        challenger: Index of the alternative to judge against ``recommended`` (the incumbent)
            with better or worse, or None when there is none.
    """

    recommended: NDArray[np.bool_] = field(repr=False)
    alternatives: NDArray[np.bool_] = field(repr=False)
    tags: tuple[str, ...]
    probability: NDArray[np.float32] = field(repr=False)
    uncertainty: NDArray[np.float32] = field(repr=False)
    predicted_dice: float
    scores: tuple[float, ...]
    round: int
    page: int = 0
    challenger: int | None = None

    def __post_init__(self) -> None:
        sizes = check_shape("recommended", self.recommended, "D H W")
        sizes = check_shape("alternatives", self.alternatives, "K D H W", **sizes)
        check_shape("probability", self.probability, "D H W", **sizes)
        check_shape("uncertainty", self.uncertainty, "D H W", **sizes)
        check_shape("scores", np.array(self.scores), "K", **sizes)
        check_shape("tags", np.array(self.tags, dtype=object), "K", **sizes)

    def blanked(self) -> "Proposal":
        """The same round with nothing on screen, as before anybody said which object is meant."""
        nothing = np.zeros_like(self.recommended)
        certain = np.zeros(nothing.shape, np.float32)
        return replace(
            self,
            recommended=nothing,
            alternatives=np.zeros((0, *nothing.shape), np.bool_),
            tags=(),
            probability=certain,
            uncertainty=certain,
            predicted_dice=0.0,
            scores=(),
            challenger=None,
        )
