"""A small project to store: a few images, one target, one session."""

import numpy as np

from assent.core.feedback import Correct, Feedback, Judge, Pick
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.storage.records import (
    FoundImage,
    RuleAcceptance,
    SessionStart,
    StoredSession,
    StoredTask,
)
from assent.storage.store import Store

SHAPE = (1, 6, 5)
TARGET = "nucleus"


def found(*names: str) -> list[FoundImage]:
    return [
        FoundImage(path=f"a/{name}.png", digest=f"sha-{name}", shape_dhw=SHAPE, kind="png")
        for name in names
    ]


def queue_up(store: Store, *names: str) -> list[StoredTask]:
    """A project with these images in the queue."""
    project = store.projects.add("study", "/images")
    store.projects.add_images(project.id, found(*names))
    images = store.projects.images(project.id)
    store.projects.add_tasks([image.id for image in images], TARGET)
    return list(store.projects.queue(project.id, TARGET))


def start(task_id: int, **changes) -> SessionStart:
    given = {
        "task_id": task_id,
        "person": "ada",
        "method": "posterior",
        "weights_digest": "w1",
        "settings_digest": "s1",
        "seed": 2**62,
    }
    return SessionStart(**{**given, **changes})


def begin(store: Store, **changes) -> StoredSession:
    """A session on the only image of a new project."""
    (task,) = queue_up(store, "one")
    return store.sessions.open(start(task.id, **changes))


def grounds(**changes) -> RuleAcceptance:
    """Why a rule accepted a mask that was predicted for ada."""
    given = {
        "person": "ada",
        "method": "posterior",
        "weights_digest": "w1",
        "settings_digest": "s1",
        "predicted_dice": 0.93,
        "threshold": 0.91,
        "risk": 0.05,
    }
    return RuleAcceptance(**{**given, **changes})


def answer(round_: int) -> Feedback:
    """Some answer to a round; every kind comes in turn."""
    drawn = (
        Click((0, round_ % 6, 1)),
        Scribble(((0, 1, 1), (0, 2, 2)), positive=False),
        BoundingBox((0, 0, 0), (1, 3, 4)),
    )
    kinds = (
        Pick(round_ % 4, round_),
        Pick(None, round_, page=1),
        Judge("better", round_),
        Correct(drawn, round_, removed=(0,)),
    )
    return kinds[round_ % 4]


def some_mask(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE) < 0.5
