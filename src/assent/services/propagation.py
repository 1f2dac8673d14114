"""Predict what is left of a queue, order it, and accept what keeps a stated risk."""

from collections.abc import Callable
from dataclasses import dataclass

from assent.core.errors import AssentError, StorageError, WorkerError
from assent.core.risk import accept_threshold, images_needed
from assent.services.annotate import Annotate
from assent.services.engine import Work
from assent.services.shown import Shown
from assent.services.worker import Computes
from assent.storage.records import StoredTask
from assent.storage.store import Store

Tell = Callable[[float, str], None]

AUTOMATIC = "automatic"
"""In place of a person, for masks that nobody looked at."""


@dataclass(frozen=True)
class Rest:
    """What is left of a queue, and for whom it is predicted."""

    project_id: int
    target: str
    person: str
    risk: float | None = None


def propagate(store: Store, worker: Computes, annotate: Annotate, rest: Rest, tell: Tell) -> str:
    """Predict every open task; with a risk, accept those that keep it.

    The least sure come first in the queue. Accepted masks hold, but inform no other image: no
    person saw them.

    Args:
        store: Where the queue is.
        worker: Computes.
        annotate: Knows what a session would begin with.
        rest: What is left, and the share of all images that may be accepted and bad.
        tell: Told how far it is.

    Returns:
        One sentence about what came of it.

    Raises:
        StorageError: If nothing can be stored.
        WorkerError: If the process that computes stopped.
    """
    tasks = store.projects.queue(rest.project_id, rest.target)
    threshold, remark = _threshold(store, worker, annotate, rest, tell)
    images = {image.id: image for image in store.projects.images(rest.project_id)}
    accepted = failed = 0
    for number, task in enumerate(tasks):
        image = images[task.image_id]
        tell(0.3 + 0.7 * number / len(tasks), image.path)
        try:
            work = annotate.fresh_work(task, image, rest.person)
            shown: Shown = worker.call("see", work, 0)
        except (StorageError, WorkerError):
            raise
        except AssentError:
            failed += 1
            continue
        sure = 0.0 if shown.is_empty else shown.predicted_dice
        store.projects.rank({task.id: (sure, sure)})
        if threshold is not None and not shown.is_empty and sure >= threshold:
            accepted += _accept(store, task, shown)
    told = f"{len(tasks) - failed} images predicted, {accepted} accepted"
    return f"{told}{f', {failed} could not be read' if failed else ''}. {remark}"


def _accept(store: Store, task: StoredTask, shown: Shown) -> int:
    """Accept a mask for a task, unless a person did so in the meantime."""
    if store.projects.task(task.id).state != "open":
        return 0
    store.masks.add(task.id, shown.recommended.whole(), person=AUTOMATIC, teaches=False)
    return 1


def _threshold(
    store: Store, worker: Computes, annotate: Annotate, rest: Rest, tell: Tell
) -> tuple[float | None, str]:
    """From which predicted Dice on masks are accepted, and a sentence about it."""
    if rest.risk is None:
        return None, "Nothing is accepted automatically without a risk."
    needed = images_needed(rest.risk)
    works = _finished(store, annotate, rest)
    predicted, achieved = [], []
    for number, work in enumerate(works):
        tell(0.3 * number / len(works), f"calibrating on {work.original.name}")
        try:
            guess = worker.call("first_guess", work)
        except (StorageError, WorkerError):
            raise
        except AssentError:
            continue
        if guess is not None:
            predicted.append(guess[0])
            achieved.append(guess[1])
    if len(predicted) < needed:
        return None, (
            f"Nothing is accepted automatically: a risk of {rest.risk:g} takes {needed} finished"
            f" images that were proposed with context, and there are {len(predicted)}."
        )
    threshold = accept_threshold(predicted, achieved, risk=rest.risk)
    return threshold, (
        f"Accepted from a predicted Dice of {threshold or 1.0:.3f} on, so that at most"
        f" {rest.risk:g} of all images are accepted and bad; calibrated on {len(predicted)}."
    )


def _finished(store: Store, annotate: Annotate, rest: Rest) -> list[Work]:
    """Finished sessions of this project and target, made with the method in use."""
    works = []
    for task in store.projects.queue(rest.project_id, rest.target, state="accepted"):
        mask = store.masks.holding(task.id)
        if mask is not None and mask.session_id is not None:
            session = store.sessions.get(mask.session_id)
            if session.is_accepted and annotate.is_ours(session):
                works.append(annotate.work(session))
    return works
