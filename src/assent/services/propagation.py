"""Predict what is left of a queue, order it, and accept what keeps a stated risk."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from assent.core.errors import AssentError, OverdueError, StaleError, StorageError, WorkerError
from assent.core.risk import accept_threshold, images_needed
from assent.services.acceptance import accepted_by
from assent.services.annotate import Annotate
from assent.services.engine import Work
from assent.services.jobs import Step, Tell, at_once
from assent.services.shown import Shown
from assent.services.worker import Computes
from assent.storage.records import RuleAcceptance, StoredImage, StoredSession, StoredTask
from assent.storage.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Rest:
    """What is left of a queue, and for whom it is predicted."""

    project_id: int
    target: str
    person: str
    risk: float | None = None


def propagate(
    store: Store,
    worker: Computes,
    annotate: Annotate,
    rest: Rest,
    tell: Tell,
    step: Step = at_once,
) -> str:
    """Predict every open task; with a risk, accept those that keep it.

    The least sure come first in the queue. Accepted masks hold, but inform no other image: no
    person saw them. What somebody has given answers on is left to that person. An image that takes
    too long, or at which the process that computes dies, fails alone.

    Args:
        store: Where the queue is.
        worker: Computes.
        annotate: Knows what a session would begin with.
        rest: What is left, and the share of all images that may be accepted and bad.
        tell: Told how far it is.
        step: Looks at each image, once for each method.

    Returns:
        One sentence about what came of it.

    Raises:
        StorageError: If nothing can be stored.
        WorkerError: If the process that computes died at two images in a row.
    """
    chosen: list[int] = step("chosen", lambda: _open_tasks(store, rest))
    facts = annotate.facts  # what another method saw does not count
    use = f"{facts.method.name} {facts.method.weights} {facts.settings_digest}"
    threshold, remark = step(
        f"threshold {use}", lambda: _threshold(store, worker, annotate, rest, tell, step)
    )
    ends: Counter[str] = Counter()
    end = ""
    for number, task_id in enumerate(chosen):
        task = store.projects.task(task_id)
        image = store.projects.image(task.image_id)
        tell(0.3 + 0.7 * number / len(chosen), image.path)
        look = partial(_look, store, worker, annotate, (task, image), rest, threshold)
        end = step(f"task {task_id} {use}", partial(_alone, look, end, overdue="slow", died="died"))
        ends[end] += 1
    predicted = ends["predicted"] + ends["accepted"] + ends["busy"]
    told = f"{predicted} images predicted, {ends['accepted']} accepted"
    if ends["busy"]:
        told += f", {ends['busy']} left, because somebody is working on them"
    left = f", {ends['failed']} could not be read" if ends["failed"] else ""
    lost = ends["slow"] + ends["died"]
    lacking = f", {lost} could not be computed" if lost else ""
    return f"{told}{left}{lacking}. {remark}"


def _alone(do: Callable[[], T], before: T, *, overdue: T, died: T) -> T:
    """What came of one image, which is at fault where the process ended at it.

    Args:
        do: Looks at it.
        before: What came of the image before it: when the process died there, too, it is the
            machine that is at fault.
        overdue: What came of it if it took too long.
        died: What came of it if the process died.

    Raises:
        WorkerError: If the process died twice in a row.
    """
    try:
        return do()
    except OverdueError:
        return overdue
    except WorkerError:
        if before == died:
            raise
        return died


def _open_tasks(store: Store, rest: Rest) -> list[int]:
    return [task.id for task in store.projects.queue(rest.project_id, rest.target)]


def _look(
    store: Store,
    worker: Computes,
    annotate: Annotate,
    at: tuple[StoredTask, StoredImage],
    rest: Rest,
    threshold: float | None,
) -> str:
    """Predict one task, rank it, and accept what is sure enough; returns what came of it."""
    task, image = at
    if task.state != "open":  # by a process that could not note it any more, or by a person
        held = store.masks.holding(task.id)
        return "accepted" if accepted_by(held) == "rule" else "left"
    try:
        work = annotate.fresh_work(task, image, rest.person)
        shown: Shown = worker.call("see", work, 0, is_patient=True)
    except (StorageError, WorkerError):
        raise
    except AssentError:
        return "failed"
    sure = 0.0 if shown.is_empty else shown.predicted_dice
    store.projects.rank({task.id: (sure, sure)})
    if rest.risk is None or threshold is None or shown.is_empty or sure < threshold:
        return "predicted"
    grounds = RuleAcceptance(
        person=rest.person,
        method=work.record.method,
        weights_digest=work.record.weights_digest,
        settings_digest=work.record.settings_digest,
        predicted_dice=sure,
        threshold=threshold,
        risk=rest.risk,
    )
    try:
        store.masks.accept_by_rule(task.id, shown.recommended.whole(), grounds)
    except StaleError:  # a person decided in the meantime, or has begun
        return "busy" if store.projects.task(task.id).state == "open" else "predicted"
    return "accepted"


def _threshold(
    store: Store, worker: Computes, annotate: Annotate, rest: Rest, tell: Tell, step: Step
) -> tuple[float | None, str]:
    """From which predicted Dice on masks are accepted, and a sentence about it."""
    if rest.risk is None:
        return None, "Nothing is accepted automatically without a risk."
    needed = images_needed(rest.risk)
    sessions = _finished(store, annotate, rest)
    guesses = []
    guess: list[float] | None = None
    for number, session in enumerate(sessions):
        work = annotate.work(session)
        tell(0.3 * number / len(sessions), f"calibrating on {work.original.name}")
        look = partial(_guess, worker, work)
        guess = step(f"guess {session.id}", partial(_alone, look, guess, overdue=None, died=[]))
        if guess:
            guesses.append(guess)
    if len(guesses) < needed:
        return None, (
            f"Nothing is accepted automatically: a risk of {rest.risk:g} takes {needed} finished"
            f" images that were proposed with context, and there are {len(guesses)}."
        )
    predicted, achieved = ([float(guess[i]) for guess in guesses] for i in (0, 1))
    threshold = accept_threshold(predicted, achieved, risk=rest.risk)
    return threshold, (
        f"Accepted from a predicted Dice of {threshold:.3f} on, so that at most"
        f" {rest.risk:g} of all images are accepted and bad; calibrated on {len(guesses)}."
    )


def _guess(worker: Computes, work: Work) -> list[float] | None:
    """Predicted and achieved Dice of a finished session; None where that says nothing."""
    try:
        guess = worker.call("first_guess", work, is_patient=True)
    except (StorageError, WorkerError):
        raise
    except AssentError:
        return None
    return None if guess is None else [float(value) for value in guess]


def _finished(store: Store, annotate: Annotate, rest: Rest) -> list[StoredSession]:
    """Finished sessions of this project and target, made with the method in use."""
    found = []
    for task in store.projects.queue(rest.project_id, rest.target, state="accepted"):
        mask = store.masks.holding(task.id)
        if mask is not None and mask.session_id is not None:
            session = store.sessions.get(mask.session_id)
            if session.is_accepted and annotate.is_ours(session):
                found.append(session)
    return found
