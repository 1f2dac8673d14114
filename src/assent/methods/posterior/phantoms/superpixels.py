"""Targets found in real images without anybody's mask: superpixels, and what has one colour."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import felzenszwalb, slic

from assent.methods.posterior.tasks import Example, Task, signed_distance

LONGEST = 160
"""Images are halved above this side: segments need no more detail."""

COLOURS = (3, 6)
"""Least and most colours of a task that wants all of one colour."""


def superpixel_task(examples: tuple[Example, ...], count: int, rng: np.random.Generator) -> Task:
    """``count`` images with a target of one kind.

    Either a superpixel of one image, copied ``count`` times, variety coming from strong
    augmentation (MultiverSeg, section "synthetic tasks"); or, where several images of a set are
    given, all that has one colour in each of them, which is a target that context can explain.

    Args:
        examples: Images of one set, at least one.
        count: How many images.
        rng: Of every choice.
    """
    chosen = examples[int(rng.integers(len(examples)))]
    if len(examples) > 1 and rng.random() < 0.5:
        some = rng.permutation(len(examples))[:count]
        return _colour_task([examples[k] for k in some], count, rng)
    pixels = _reduced(chosen)
    mask = _merged(_segments(pixels, rng), rng)
    copy = Example(np.moveaxis(pixels, -1, 0), {"": signed_distance(mask)})
    return Task("superpixels", "segment", False, (copy,) * count)


def _reduced(example: Example) -> NDArray[np.uint8]:
    """``(h, w, 3)``, each side halved for a large image."""
    step = 2 if max(example.image.shape) > LONGEST else 1
    return np.moveaxis(example.image[:, ::step, ::step], 0, -1)


def _segments(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.int64]:
    """Superpixels of one scale: ragged ones that follow colour, or compact ones."""
    if rng.random() < 0.6:
        scale = float(np.exp(rng.uniform(np.log(20), np.log(500))))
        return np.asarray(felzenszwalb(pixels, scale=scale, sigma=0.8, min_size=48), np.int64)
    count = int(np.exp(rng.uniform(np.log(8), np.log(80))))
    compact = float(np.exp(rng.uniform(np.log(3), np.log(30))))
    labels = slic(pixels, count, compactness=compact, max_num_iter=4, sigma=1.0, start_label=0)
    return np.asarray(labels, np.int64)


def _merged(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A segment of middling size, half of the time with up to three of its neighbours."""
    areas = np.bincount(labels.ravel())
    good = np.flatnonzero((areas >= 48) & (areas <= 0.5 * labels.size))
    mask = labels == (int(rng.choice(good)) if len(good) else int(areas.argmax()))
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.5 else 0):
        beside = np.unique(labels[ndimage.binary_dilation(mask) & ~mask])
        if len(beside):
            mask = mask | (labels == int(rng.choice(beside)))
    if mask.mean() > 0.6:
        mask = labels == int(areas.argmax())
    return np.asarray(ndimage.binary_fill_holes(mask))


def _colour_task(examples: list[Example], count: int, rng: np.random.Generator) -> Task:
    """What is nearest to one of a few colours, in every image."""
    planes = [
        ndimage.gaussian_filter(_reduced(e).astype(np.float32), (1.5, 1.5, 0)) for e in examples
    ]
    pool = np.concatenate([plane[::4, ::4].reshape(-1, 3) for plane in planes])
    centres = _centres(pool, int(rng.integers(*COLOURS)), rng)
    wanted = int(rng.integers(len(centres)))
    found = []
    for example, plane in zip(examples, planes, strict=True):
        mask = ((plane[..., None, :] - centres) ** 2).sum(-1).argmin(-1) == wanted
        mask = ndimage.median_filter(mask, 5)
        if 0.005 < mask.mean() < 0.8:
            found.append(
                Example(np.moveaxis(_reduced(example), -1, 0), {"": signed_distance(mask)})
            )
    if not found:
        pixels = _reduced(examples[0])
        mask = _merged(_segments(pixels, rng), rng)
        found = [Example(np.moveaxis(pixels, -1, 0), {"": signed_distance(mask)})]
    return Task("superpixels", "colour", False, tuple(found[k % len(found)] for k in range(count)))


def _centres(
    pool: NDArray[np.float32], count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A few rounds of k-means; a centre that loses all its colours stays where it is."""
    pool = pool[rng.permutation(len(pool))[:2000]]
    centres = pool[:count].copy()
    for _ in range(6):
        nearest = ((pool[:, None] - centres) ** 2).sum(-1).argmin(-1)
        for k in range(len(centres)):
            if (nearest == k).any():
                centres[k] = pool[nearest == k].mean(0)
    return centres
