"""Level sets that hang together: no island without a seed, no hole without one."""

import numpy as np
from numpy.typing import NDArray


def keep_connected(
    level: NDArray[np.float32], inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Drop islands without a positive seed and fill holes without a negative one.

    Grey reconstruction (Vincent, IEEE Transactions on Image Processing 1993) does it for the
    level sets of all thresholds at once. Seeds take the extreme levels.

    Args:
        level: ``(H, W)``, larger where the object is likelier; of any range.
        inside: ``(H, W)`` bool, known to be the object.
        outside: ``(H, W)`` bool, known to be background.

    Returns:
        ``(H, W)`` float32 within the range of ``level``.
    """
    from skimage.morphology import reconstruction  # noqa: PLC0415 - a slow import

    low, high = level.min(), level.max()
    faces = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    marked = np.where(inside, high, np.where(outside, low, level))
    joined = reconstruction(
        np.where(inside, marked, low), marked, method="dilation", footprint=faces
    )
    basins = np.where(outside, joined, high)
    for side in (0, -1):
        basins[side], basins[:, side] = joined[side], joined[:, side]
    return np.asarray(
        reconstruction(basins, joined, method="erosion", footprint=faces), dtype=np.float32
    )
