"""How far other readers agree with the mask of an image that holds."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from assent.core.metrics import dice
from assent.services.acceptance import accepted_by
from assent.storage.records import StoredMask
from assent.storage.store import Store


@dataclass(frozen=True)
class Reader:
    """Another person's mask of the same image.

    Attributes:
        person: Whose.
        accepted_at: When.
        dice: With the mask that holds, in [0, 1].
        voxels: How many are foreground.
        difference: By which share it is larger than the mask that holds; negative if it is
            smaller, None where that one is empty.
    """

    person: str
    accepted_at: datetime
    dice: float
    voxels: int
    difference: float | None


@dataclass(frozen=True)
class Readers:
    """The mask that holds and those of others.

    Attributes:
        current: The mask that holds; None while none does, and then nothing is compared.
        voxels: Of it.
        others: Oldest first.
    """

    current: StoredMask | None = None
    voxels: int = 0
    others: tuple[Reader, ...] = ()

    @property
    def median_difference(self) -> float | None:
        """The median of the differences; None without any."""
        known = [other.difference for other in self.others if other.difference is not None]
        return median(known) if known else None


def readers_of(store: Store, image_id: int, target: str) -> Readers:
    """Compare the newest mask of each other person with the one that holds.

    Masks that their person took back do not count, nor do those that nobody looked at.

    Raises:
        NotFoundError: If there is no such image.
        StorageError: If a mask cannot be read.
    """
    store.projects.image(image_id)
    task = store.projects.task_of(image_id, target)
    current = None if task is None else store.masks.holding(task.id)
    if task is None or current is None:
        return Readers()
    mine = store.masks.read(current.blob)
    size = int(mine.sum())
    whose = current.person if accepted_by(current) == "person" else None
    others = []
    for mask in store.masks.newest(task.id):
        if mask.person == whose:
            continue
        theirs = store.masks.read(mask.blob)
        voxels = int(theirs.sum())
        others.append(
            Reader(
                person=mask.person,
                accepted_at=mask.made_at,
                dice=float(dice(theirs, mine)),
                voxels=voxels,
                difference=voxels / size - 1 if size else None,
            )
        )
    return Readers(current, size, tuple(others))
