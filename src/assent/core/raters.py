"""Several readers of one image: how far a method is from what they draw."""

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.metrics import iou_matrix


def generalised_energy_distance(masks: NDArray[np.bool_], references: NDArray[np.bool_]) -> float:
    """How far a set of masks is from the set of the raters' masks, as distributions.

    The squared distance 2 E d(S, Y) - E d(S, S') - E d(Y, Y') with d = 1 - IoU, as in Kohl et
    al., A Probabilistic U-Net (NeurIPS 2018), over all pairs, a mask with itself included. Two
    empty masks have d = 0.

    Args:
        masks: ``(N, ...)`` bool, samples S of a method.
        references: ``(R, ...)`` bool, the raters' masks Y.

    Returns:
        A value in [0, 2]; 0 if and only if both sets are the same distribution.

    Raises:
        InputError: If either set is empty.
        ShapeError: If the masks' axes differ.
    """
    for what, given in (("masks", masks), ("references", references)):
        if len(given) == 0:
            raise InputError(
                f"The energy distance of {what} needs at least 1 mask; got 0. Choose a target that"
                " somebody drew, and a method that proposes a mask."
            )
    between = iou_matrix(masks, references).mean()
    among_masks = iou_matrix(masks, masks).mean()
    among_references = iou_matrix(references, references).mean()
    return max(0.0, float(among_masks + among_references - 2.0 * between))
