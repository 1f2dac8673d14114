"""Finished examples that inform the next image."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import InputError
from assent.core.image import Image


@dataclass(frozen=True, eq=False)
class ContextEntry:
    """An image with a mask that a person accepted.

    Attributes:
        id: Stable name, by which it can be removed again.
        image: The image.
        mask: ``(D, H, W)`` bool on the image's grid.
        confidence: In (0, 1]; 1 for a mask that a person verified.
    """

    id: str
    image: Image
    mask: NDArray[np.bool_] = field(repr=False)
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if self.mask.shape != self.image.shape_dhw:
            raise InputError(
                f"The mask of context entry {self.id} has (D, H, W) = {self.mask.shape}, its"
                f" image {self.image.shape_dhw}. Use the mask that belongs to this image."
            )
