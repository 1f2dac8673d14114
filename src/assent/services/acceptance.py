"""Who accepted what holds: a person, or the rule that a propagation keeps."""

from typing import Literal

from assent.core.errors import InputError
from assent.storage.records import StoredMask
from assent.storage.store import Store

AcceptedBy = Literal["person", "rule"]


def accepted_by(mask: StoredMask | None) -> AcceptedBy | None:
    """Who accepted the mask that holds for a task; None where none holds."""
    if mask is None:
        return None
    return "rule" if mask.origin == "rule" else "person"


def confirm(store: Store, task_id: int, person: str) -> bool:
    """Let a person vouch for what a rule accepted; what a person accepted stays as it is.

    Returns:
        Whether this changed anything.

    Raises:
        NotFoundError: If there is no such task.
        InputError: If nothing is accepted.
        StaleError: If the mask was replaced at this moment.
        StorageError: If it cannot be stored; then nothing has changed.
    """
    mask = _holding(store, task_id)
    if mask is None:
        raise InputError(
            "No mask of this image is accepted, so that there is nothing to confirm. Open the"
            " image and accept one."
        )
    if accepted_by(mask) == "person":
        return False
    store.masks.vouch(mask, person=person)
    return True


def reopen(store: Store, task_id: int, person: str) -> None:
    """Put a task back into the queue that was accepted in no session; an open one stays.

    Raises:
        NotFoundError: If there is no such task.
        InputError: If it was accepted in a session, which keeps the answers that led there.
        StaleError: If the mask was replaced at this moment.
        StorageError: If it cannot be stored; then nothing has changed.
    """
    mask = _holding(store, task_id)
    if mask is None:
        return
    if mask.session_id is not None:
        raise InputError(
            f"This mask was accepted in session {mask.session_id}. Reopen that session, so that its"
            " answers stay."
        )
    store.masks.withdraw(mask, person=person)


def _holding(store: Store, task_id: int) -> StoredMask | None:
    store.projects.task(task_id)
    return store.masks.holding(task_id)
