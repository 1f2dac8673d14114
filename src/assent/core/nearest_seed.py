"""Nearest seed: how far a pixel is from the closest seed in colour, and a little in place."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FAR = np.float32(2.0)
"""Distance where no seed exists; no two colours are further apart."""

_CHUNK = 256
"""Pixels compared with all seeds at once: their distances stay within the cache."""


def colour_and_place(
    image: NDArray[np.float32], *, smoothing_px: float, place_weight: float
) -> NDArray[np.float32]:
    """What pixels are compared by: CIE Lab colour in hundredths, and weighted place.

    In Lab equal distances look about equally different; a gray image uses lightness alone.

    Args:
        image: ``(C, H, W)`` float32 in [0, 1], gray or RGB.
        smoothing_px: Standard deviation of the blur of the colours.
        place_weight: Crossing the longer side counts as much as this share of the way from
            black to white.

    Returns:
        ``(H, W, F)`` float32.
    """
    from skimage.color import rgb2lab  # noqa: PLC0415 - a slow import

    colour = rgb2lab(np.moveaxis(np.broadcast_to(image, (3, *image.shape[1:])), 0, -1)) / 100.0
    if len(image) == 1:
        colour = colour[..., :1]
    blurred = ndimage.gaussian_filter(colour, (smoothing_px, smoothing_px, 0))
    height, width = image.shape[1:]
    place = np.moveaxis(np.mgrid[:height, :width], 0, -1) / max(height, width)
    features = np.concatenate([blurred, place_weight * place], axis=-1)
    return np.asarray(features, np.float32)


def nearest_distance(
    features: NDArray[np.float32], seeds: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Distance of every pixel to the seed that is nearest by its features.

    Args:
        features: ``(H, W, F)`` float32.
        seeds: ``(H, W)`` bool.

    Returns:
        ``(H, W)`` float32, in units of the features; ``FAR`` everywhere without seeds.
    """
    if not seeds.any():
        return np.full(seeds.shape, FAR)
    every = features.reshape(-1, features.shape[-1])
    known = features[seeds]
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab: for some hundred seeds faster than a tree.
    doubled, own = -2.0 * known, np.square(known).sum(1)[:, None]
    squared = np.square(every).sum(1)
    for start in range(0, len(every), _CHUNK):
        part = slice(start, start + _CHUNK)
        squared[part] += (doubled @ every[part].T + own).min(0)
    distance = np.sqrt(np.maximum(squared, 0.0))
    return np.asarray(distance.reshape(seeds.shape), np.float32)
