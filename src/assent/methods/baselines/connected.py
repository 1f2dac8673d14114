"""From distances to a probability whose level sets hang together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.methods.baselines.seeds import Seeds, sides


def share_of_distance(
    to_inside: NDArray[np.floating[Any]], to_outside: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """Probability of the object from the distances to the two kinds of seeds.

    1 at a positive seed, 0 at a negative one, 0.5 where both are equally far. Any one shape.
    """
    total = to_inside + to_outside
    share = np.divide(to_outside, total, out=np.full(total.shape, 0.5), where=total > 0)
    return np.asarray(share, dtype=np.float32)


def keep_connected(probability: NDArray[np.float32], seeds: Seeds) -> NDArray[np.float32]:
    """Drop islands without a positive seed and fill holes without a negative one.

    Grey reconstruction (Vincent, IEEE Transactions on Image Processing 1993) does it for the
    level sets of all thresholds at once. ``probability`` and the result: ``(H, W)``.
    """
    from skimage.morphology import reconstruction  # noqa: PLC0415 - a slow import

    faces = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    marked = np.where(seeds.inside, 1.0, np.where(seeds.outside, 0.0, probability))
    joined = reconstruction(
        np.where(seeds.inside, marked, 0.0), marked, method="dilation", footprint=faces
    )
    basins = np.where(seeds.outside, joined, 1.0)
    for side in sides():
        basins[side] = joined[side]
    return np.asarray(
        reconstruction(basins, joined, method="erosion", footprint=faces), dtype=np.float32
    )
