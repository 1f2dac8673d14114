"""Several readers of one image: their agreement, and what they draw together."""

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.metrics import dice_matrix, iou_matrix


def majority(references: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What more than half of the raters marked; a tie is background.

    Args:
        references: ``(R, ...)`` bool with R of at least 1.

    Returns:
        ``(...)`` bool.

    Raises:
        InputError: If there is no rater.
    """
    votes = _at_least("A majority", references, 1).sum(axis=0, dtype=np.int32)
    return np.asarray(2 * votes > len(references))


def soft_reference(references: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of the raters that marked each voxel.

    Args:
        references: ``(R, ...)`` bool with R of at least 1.

    Returns:
        ``(...)`` float32 in [0, 1].

    Raises:
        InputError: If there is no rater.
    """
    return np.asarray(_at_least("A soft reference", references, 1).mean(axis=0, dtype=np.float32))


def pairwise_agreement(references: NDArray[np.bool_]) -> float:
    """Mean Dice over all pairs of different raters.

    Args:
        references: ``(R, ...)`` bool with R of at least 2.

    Returns:
        A value in [0, 1]; two raters who both marked nothing agree fully.

    Raises:
        InputError: If there are fewer than two raters.
    """
    agreement = dice_matrix(_at_least("Agreement", references, 2), references)
    return float(agreement[np.triu_indices(len(references), k=1)].mean())


def generalised_energy_distance(
    masks: NDArray[np.bool_],
    references: NDArray[np.bool_],
    *,
    weights: NDArray[np.float64] | None = None,
) -> float:
    """How far a set of masks is from the set of the raters' masks, as distributions.

    The squared distance 2 E d(S, Y) - E d(S, S') - E d(Y, Y') with d = 1 - IoU, as in Kohl et
    al., A Probabilistic U-Net (NeurIPS 2018), over all pairs, a mask with itself included. Two
    empty masks have d = 0.

    Args:
        masks: ``(N, ...)`` bool, samples S of a method.
        references: ``(R, ...)`` bool, the raters' masks Y.
        weights: ``(N,)`` probabilities of the samples, 0 or more, normalised here; equal
            ones if None.

    Returns:
        A value in [0, 2]; 0 if and only if both sets are the same distribution.

    Raises:
        InputError: If either set is empty, or the weights are not N probabilities.
        ShapeError: If the masks' axes differ.
    """
    _at_least("The energy distance of masks", masks, 1)
    _at_least("The energy distance of references", references, 1)
    p = _probabilities(weights, len(masks))
    q = np.full(len(references), 1.0 / len(references))
    between = p @ (1.0 - iou_matrix(masks, references)) @ q
    among_masks = p @ (1.0 - iou_matrix(masks, masks)) @ p
    among_references = q @ (1.0 - iou_matrix(references, references)) @ q
    return max(0.0, float(2.0 * between - among_masks - among_references))


def _probabilities(weights: NDArray[np.float64] | None, count: int) -> NDArray[np.float64]:
    if weights is None:
        return np.full(count, 1.0 / count)
    values = np.asarray(weights, dtype=np.float64)
    total = values.sum()
    if values.shape != (count,) or not (values >= 0).all() or not 0 < total < np.inf:
        raise InputError(
            f"The weights of {count} masks must be {count} numbers of 0 or more with a positive"
            f" sum; got shape {values.shape} with sum {total:g}. Give one weight for each mask."
        )
    return np.asarray(values / total)


def _at_least(what: str, masks: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    if len(masks) < count:
        raise InputError(
            f"{what} needs at least {count} mask{'s' if count > 1 else ''}; got {len(masks)}."
            " Choose a target that was drawn by that many."
        )
    return masks
