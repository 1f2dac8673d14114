"""Training images of one label, held in memory at the size the network sees."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assent.core.case import Case, Split, TaskSource
from assent.core.errors import ConfigError, InputError, NotFoundError
from assent.core.intensity import to_rgb_unit

SLICES_PER_VOLUME = 16
"""Slices that show the object, evenly spaced; a fifth as many empty ones are added."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One slice on a square canvas.

    Attributes:
        image: ``(3, S, S)`` uint8; what the image does not cover is 0.
        masks: ``(R, S, S)`` uint8, 0 or 1, one per rater.
    """

    image: Tensor = field(repr=False)
    masks: Tensor = field(repr=False)


def read_samples(
    sources: Sequence[TaskSource], split: Split, *, label: str, size: int
) -> list[Sample]:
    """All slices of a split that carry the label.

    Args:
        sources: Where from.
        split: Which part.
        label: Name of a target or of a rater; "" where there is one target only.
        size: S, the longest side of an image in pixels.

    Raises:
        ConfigError: If there are several targets and none is named.
        NotFoundError: If no image carries the label.
        InputError: If two images of a case differ in size.
    """
    cases = [case for source in sources for case in source.cases(split)]
    everything = [case for source in sources for case in source.cases()]
    known = {ref.target for case in everything for ref in case.references}
    raters = {ref.rater for case in everything for ref in case.references} - {""}
    if not label and len(known) > 1:
        raise ConfigError(
            f"There are several labels: {', '.join(sorted(known))}. The plain U-Net learns one;"
            " name it with --set training.label=NAME."
        )
    if label and label not in known | raters:
        raise NotFoundError("label", label, known=known | raters)
    return [sample for case in cases for sample in _samples_of(case, label, size)]


def _samples_of(case: Case, label: str, size: int) -> list[Sample]:
    wanted = [ref for ref in case.references if label in {"", ref.target, ref.rater}]
    if not wanted:
        return []
    image = case.read_image()
    masks = np.stack([ref.read() for ref in wanted])
    if masks.shape[1:] != image.shape_dhw:
        raise InputError(
            f"A mask of {case.id} has (D, H, W) = {masks.shape[1:]}, its image {image.shape_dhw}."
            " Check the dataset with: assent data check DIR"
        )
    shown = np.flatnonzero(masks.any(axis=(0, 2, 3)))
    empty = np.setdiff1d(np.arange(image.shape_dhw[0]), shown)
    chosen = [*_spaced(shown, SLICES_PER_VOLUME), *_spaced(empty, SLICES_PER_VOLUME // 5)]
    unit = to_rgb_unit(image)
    return [
        Sample(
            _canvas(torch.from_numpy(unit[:, z].copy()) * 255.0, size).round().byte(),
            (_canvas(torch.from_numpy(masks[:, z]).float(), size) > 0.5).byte(),
        )
        for z in chosen
    ]


def _spaced(indices: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]", count: int) -> list[int]:
    if len(indices) <= count:
        return [int(i) for i in indices]
    return [int(i) for i in indices[np.linspace(0, len(indices) - 1, count).round().astype(int)]]


def _canvas(channels: Tensor, size: int) -> Tensor:
    """``(C, H, W)`` resized to a longest side of ``size`` and padded to a square at the end."""
    height, width = channels.shape[-2:]
    scale = size / max(height, width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    resized = functional.interpolate(channels[None], inner, mode="bilinear", antialias=True)[0]
    return functional.pad(resized, (0, size - inner[1], 0, size - inner[0]))
