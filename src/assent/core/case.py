"""What training and benchmarks are fed: cases, their references, and where they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from assent.core.image import Image

Split = Literal["train", "val", "test"]


@dataclass(frozen=True)
class Reference:
    """One rater's mask of one target, read when asked.

    Attributes:
        target: Name of what is segmented, as in "nucleus".
        rater: Who drew it; "" where the dataset has one mask per target.
        read: Reads ``(D, H, W)`` bool.
    """

    target: str
    rater: str
    read: Callable[[], NDArray[np.bool_]] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Case:
    """One image with all its references.

    Attributes:
        id: Unique within the dataset.
        group: What must stay together in one split: a patient, a volume, a scene.
        split: Decided by a hash of the group: 60 % train, 20 % val, 20 % test.
        read_image: Reads the image.
        references: Every mask that exists for it.
    """

    id: str
    dataset: str
    group: str
    split: Split
    read_image: Callable[[], Image] = field(repr=False, compare=False)
    references: tuple[Reference, ...] = field(repr=False)


class TaskSource(Protocol):
    """A dataset: cases by split, and what it may be used for."""

    @property
    def name(self) -> str:
        """Name of the dataset."""

    @property
    def use(self) -> str:
        """Either "train" or "unseen"; "" where the folder does not say."""

    @property
    def modality(self) -> str:
        """What kind of image this is, for people."""

    @property
    def has_raters(self) -> bool:
        """Whether the references of a target are different people's views of it."""

    def cases(self, *splits: Split) -> Sequence[Case]:
        """Cases of the given splits, all when none is given, in a fixed order."""
