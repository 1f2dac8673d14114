"""What finished images teach: the profile of a person, kept up to date behind the scenes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assent.core.errors import AssentError, WorkerError
from assent.services.annotate import Annotate
from assent.services.engine import Work
from assent.services.worker import Computes
from assent.storage.store import Store

TEACHING = 16
"""The newest finished images that teach a profile."""


@dataclass(frozen=True)
class Profile:
    """How a person draws.

    Attributes:
        person: Whose.
        method: Which method learned it.
        says: In words; "" before anything was learned.
        images: How many finished images taught it.
        numbers: What the method learned; None before.
        saved_at: When it last changed; None before.
    """

    person: str
    method: str
    says: str
    images: int
    numbers: dict[str, Any] | None
    saved_at: datetime | None


class Learning:
    """Profiles of the method in use."""

    def __init__(self, store: Store, worker: Computes, annotate: Annotate) -> None:
        self._store, self._worker, self._annotate = store, worker, annotate
        self._given_up: set[int] = set()

    def profile(self, person: str) -> Profile:
        """What is known of a person."""
        method = self._annotate.facts.method
        stored = self._store.profiles.get(person, method.name, method.weights)
        if stored is None:
            return Profile(person, method.name, "", 0, None, None)
        prior = stored.numbers["prior"]
        says = str((prior or {}).get("says", ""))
        images = int(stored.numbers["images"])
        return Profile(person, method.name, says, images, prior, stored.saved_at)

    def reset(self, person: str) -> None:
        """Forget a person: what was finished up to now teaches no longer."""
        method = self._annotate.facts.method
        done = self._store.sessions.finished(person, method.name, method.weights, limit=TEACHING)
        newest = max((session.id for session in done), default=0)
        self._save(person, None, 0, newest)

    def catch_up(self) -> None:
        """Learn what was finished before the server ended and not learned by then.

        Raises:
            WorkerError: If the process that computes stopped.
            StorageError: If it cannot be stored.
        """
        method = self._annotate.facts.method
        for person in self._store.profiles.behind(method.name, method.weights):
            self.refresh(person)

    def refresh(self, person: str) -> None:
        """Learn a person's profile again from what is finished.

        Raises:
            WorkerError: If the process that computes stopped.
            StorageError: If it cannot be stored.
        """
        method = self._annotate.facts.method
        if not method.profile:
            return
        stored = self._store.profiles.get(person, method.name, method.weights)
        after = 0 if stored is None else int(stored.numbers["after"])
        finished = self._store.sessions.finished(
            person, method.name, method.weights, after=after, limit=TEACHING
        )
        works = []
        for session in reversed(finished):
            if self._annotate.is_ours(session):
                work = self._annotate.work(session)
                if self._can_recall(work):
                    works.append(work)
        prior = self._worker.call("learn", works, is_patient=True)
        self._save(person, prior, len(works), after)

    def _can_recall(self, work: Work) -> bool:
        """Do a session again; one by one, so that a person who waits has a turn in between."""
        if work.session in self._given_up:
            return False
        try:
            self._worker.call("recall", work, is_patient=True)
        except WorkerError:
            # Everybody waited for this one, or for the restart after it: not again and again.
            self._given_up.add(work.session)
            return False
        except AssentError:
            return False
        return True

    def _save(self, person: str, prior: Any, images: int, after: int) -> None:
        method = self._annotate.facts.method
        numbers = {"prior": prior, "images": images, "after": after}
        self._store.profiles.save(person, method.name, method.weights, numbers)
