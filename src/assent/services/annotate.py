"""The work on one image: open, look, answer, undo, accept; what was acknowledged is stored."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from assent.core.errors import InputError, NotFoundError, StaleError
from assent.core.feedback import Accept, Feedback, to_json
from assent.methods.protocol import Prior
from assent.services.engine import Example, Facts, Work
from assent.services.originals import UPLOADED, Original, Originals
from assent.services.recent import Recent
from assent.services.shown import Shown
from assent.services.worker import Computes
from assent.sessions.record import SessionRecord
from assent.storage.records import (
    SessionStart,
    StoredExample,
    StoredImage,
    StoredSession,
    StoredTask,
)
from assent.storage.store import Store

KEPT_BYTES = 256e6
"""Of proposals that stay at hand for their slices and pictures."""

MOST_EXAMPLES = 256
"""The newest examples that a session begins with; methods recall the most fitting of them."""


@dataclass(frozen=True, eq=False)
class View:
    """A session as a person sees it now."""

    session: StoredSession
    task: StoredTask
    image: StoredImage
    shown: Shown

    @property
    def rounds(self) -> int:
        """All answers, taken back ones included."""
        return len(self.session.history) + len(self.session.undone)


class StaleViewError(StaleError):
    """An answer to a round that is not shown; ``view`` is what is."""

    def __init__(self, message: str, view: View) -> None:
        super().__init__(message)
        self.view = view


class OtherMethodError(InputError):
    """A session cannot go on: it was begun with another method, weights or settings."""


class Annotate:
    """Sessions of all persons; each changes by one request at a time."""

    def __init__(
        self,
        store: Store,
        worker: Computes,
        originals: Originals,
        *,
        seed: int = 0,
        accepted: Callable[[StoredSession], None] = lambda session: None,
    ) -> None:
        """Begin.

        Args:
            store: Where answers go.
            worker: Computes proposals.
            originals: Reads images.
            seed: Of every random draw.
            accepted: Told each session that was accepted, after it is stored.
        """
        self._store, self._worker, self._originals = store, worker, originals
        self._seed, self._accepted = seed, accepted
        self._shown = Recent[tuple[int, int, int, str], Shown](KEPT_BYTES, lambda s: s.nbytes)
        self._locks: dict[int, Lock] = {}
        self._opening: dict[tuple[int, str], Lock] = {}
        self._roots: dict[int, str] = {}
        self._facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        """Which method this is."""
        if self._facts is None:
            self._facts = self._worker.call("facts")
        return self._facts

    def open(
        self,
        image_id: int,
        target: str,
        person: str,
        *,
        use_profile: bool = True,
        new: bool = False,
    ) -> tuple[View, bool]:
        """A person's work on an image; it goes on where it was, unless ``new`` begins again.

        Work that was done with another method or other weights is kept, and a new session begins.

        Returns:
            What is shown, and whether the session was begun now.

        Raises:
            NotFoundError: If there is no such image, or it was removed.
            ChangedError: If its file is not what it was.
            WorkerError: If the process that computes stopped.
        """
        image = self.image(image_id)
        self._originals.check(self.original(image))
        self._store.projects.add_tasks([image_id], target)
        task = self._store.projects.task_of(image_id, target)
        assert task is not None
        # Two tabs at once get one session; others do not wait until this one was computed.
        with self._opening.setdefault((task.id, person), Lock()):
            last = None if new else self._store.sessions.latest(task.id, person)
            is_new = last is None or not self.is_ours(last)
            if last is None or is_new:
                start = self._start(task, image, person, use_profile=use_profile)
                last = self._store.sessions.open(start)
        return self._view(last), is_new

    def see(self, session_id: int, page: int = 0) -> View:
        """What a session shows now; further pages hold more alternatives.

        Raises:
            NotFoundError: If there is no such session.
            ChangedError: If the image is not what it was.
            OtherMethodError: If it was begun with another method, weights or settings.
            WorkerError: If the process that computes stopped.
        """
        return self._view(self._store.sessions.get(session_id), page)

    def seen(self, session_id: int, round_: int, page: int = 0) -> View:
        """What a session shows, if that is the round that is meant.

        Raises:
            StaleViewError: If another round is shown.
        """
        session = self._store.sessions.get(session_id)
        if session.round != round_:
            raise self._stale(session, round_)
        return self._view(session, page)

    def answer(self, session_id: int, feedback: Feedback) -> View:
        """Take an answer; when this returns it is stored. A repeated one changes nothing.

        Raises:
            NotFoundError: If there is no such session.
            StaleViewError: If it answers a round that is not shown.
            InputError: If it does not fit what is shown.
            StorageError: If it cannot be stored; then nothing has changed.
            WorkerError: If the process that computes stopped; then nothing has changed.
        """
        with self._turn(session_id):
            session = self._store.sessions.get(session_id)
            if feedback.round != session.round:
                if _answered(session, feedback):
                    return self._view(session)
                raise self._stale(session, feedback.round)
            self._check_ours(session)
            image = self._image_of(session)
            self._originals.check(self.original(image))
            shown: Shown = self._worker.call("answer", self.work(session), feedback)
            is_accept = isinstance(feedback, Accept)
            mask = shown.recommended.whole() if is_accept else None
            try:
                self._store.sessions.give(session_id, feedback, mask=mask)
            except StaleError as error:  # another server was faster
                raise self._stale(self._store.sessions.get(session_id), feedback.round) from error
            session = self._store.sessions.get(session_id)
            self._keep(session, shown)
        if is_accept:
            self._accepted(session)
        return self._seen_as(session, shown)

    def undo(self, session_id: int, round_: int) -> View:
        """Take the last answer back; in round 0, or when it was taken back already, do nothing.

        Raises:
            StaleViewError: If another round is shown.
            AssentError: As ``see``; then nothing has changed.
        """
        return self._step(session_id, round_, max(round_ - 1, 0))

    def redo(self, session_id: int, round_: int) -> View:
        """Give the answer again that was taken back last; without one, do nothing.

        Raises:
            StaleViewError: If another round is shown.
            AssentError: As ``see``; then nothing has changed.
        """
        return self._step(session_id, round_, round_ + 1)

    def go_to(self, session_id: int, round_: int) -> View:
        """Undo or redo up to a round.

        Raises:
            InputError: If the history never reached it.
            AssentError: As ``see``; then nothing has changed.
        """
        with self._turn(session_id):
            return self._moved(self._store.sessions.get(session_id), round_)

    def reopen(self, session_id: int) -> View:
        """Take the acceptance back; an open session stays as it is.

        Raises:
            AssentError: As ``see``; then nothing has changed.
        """
        with self._turn(session_id):
            session = self._store.sessions.get(session_id)
            return self._moved(session, session.round - session.is_accepted)

    def image(self, image_id: int) -> StoredImage:
        """An image that can be asked for, whether it lies in the folder now or was replaced.

        Raises:
            NotFoundError: If there is none, or it was sent and removed.
        """
        image = self._store.projects.image(image_id)
        if not image.is_current and image.path.startswith(f"{UPLOADED}/"):
            raise NotFoundError("image", str(image_id), known=())
        return image

    def original(self, image: StoredImage) -> Original:
        """Where an image lies."""
        project = image.project_id
        if project not in self._roots:
            self._roots[project] = self._store.projects.get(project).root
        return self._originals.of(self._roots[project], image)

    def work(self, session: StoredSession) -> Work:
        """All that is needed to do a session again."""
        record = record_of(session)
        examples = self._store.masks.examples(session.context_ids)
        original = self.original(self._image_of(session))
        return Work(session.id, original, record, self.examples(examples))

    def fresh_work(self, task: StoredTask, image: StoredImage, person: str) -> Work:
        """What a session that this person begins now would be; nothing is stored."""
        start = self._start(task, image, person, use_profile=True, is_patient=True)
        return self._work_of_start(start, image)

    def examples(self, stored: Sequence[StoredExample]) -> tuple[Example, ...]:
        """Finished images as the engine takes them."""
        return tuple(Example(each.id, self.original(each.image), each.blob) for each in stored)

    def prior(self, person: str) -> Prior | None:
        """With what a person's next session begins."""
        facts = self.facts
        if not facts.method.profile:
            return None
        weights = facts.method.weights
        stored = self._store.profiles.get(person, facts.method.name, weights)
        return None if stored is None else stored.numbers.get("prior")

    def _start(
        self,
        task: StoredTask,
        image: StoredImage,
        person: str,
        *,
        use_profile: bool,
        is_patient: bool = False,
    ) -> SessionStart:
        facts = self.facts
        context: tuple[int, ...] = ()
        if facts.method.context:
            newest = self._store.masks.context(image.project_id, task.target)[-MOST_EXAMPLES:]
            others = [each for each in newest if each.image.digest != image.digest]
            context = self._worker.call(
                "usable", self.original(image), self.examples(others), is_patient=is_patient
            )
        return SessionStart(
            task_id=task.id,
            person=person,
            method=facts.method.name,
            weights_digest=facts.method.weights,
            settings_digest=facts.settings_digest,
            seed=self._seed,
            context_ids=context,
            prior=self.prior(person) if use_profile else None,
        )

    def _work_of_start(self, start: SessionStart, image: StoredImage) -> Work:
        examples = self.examples(self._store.masks.examples(start.context_ids))
        return Work(0, self.original(image), _record(start, image.digest), examples)

    def _step(self, session_id: int, shown: int, wanted: int) -> View:
        with self._turn(session_id):
            session = self._store.sessions.get(session_id)
            if session.round == shown:
                count = len(session.history) + len(session.undone)
                return self._moved(session, min(wanted, count))
            if session.round != wanted:
                raise self._stale(session, shown)
        return self._view(session)

    def _moved(self, session: StoredSession, round_: int) -> View:
        """Go to a round, if that can be shown; the session stays where it is otherwise."""
        self._check_ours(session)
        answers = (*session.history, *session.undone)
        shown = self._look(replace(session, history=answers[:round_], undone=answers[round_:]))
        try:
            self._store.sessions.go_to(session.id, round_, since=session.round)
        except StaleError as error:  # another server was faster
            raise self._stale(self._store.sessions.get(session.id), session.round) from error
        return self._seen_as(self._store.sessions.get(session.id), shown)

    def _view(self, session: StoredSession, page: int = 0) -> View:
        return self._seen_as(session, self._look(session, page))

    def _seen_as(self, session: StoredSession, shown: Shown) -> View:
        """What is known of a session beside what it shows; what was stored is not refused here."""
        task = self._store.projects.task(session.task_id)
        return View(session, task, self._store.projects.image(task.image_id), shown)

    def _look(self, session: StoredSession, page: int = 0) -> Shown:
        key = (session.id, session.round, page, _last(session))
        shown = self._shown.get(key)
        if shown is None:
            self._check_ours(session)
            shown = self._worker.call("see", self.work(session), page)
            self._shown.put(key, shown)
        else:
            self._originals.check(self.original(self._image_of(session)))
        return shown

    def _keep(self, session: StoredSession, shown: Shown) -> None:
        self._shown.put((session.id, session.round, shown.page, _last(session)), shown)

    def _stale(self, session: StoredSession, round_: int) -> StaleViewError:
        message = (
            f"The answer belongs to round {round_}, but round {session.round} is shown."
            " Look at the current proposal and answer that."
        )
        return StaleViewError(message, self._view(session))

    def image_of(self, session_id: int) -> StoredImage:
        """On which image a session works.

        Raises:
            NotFoundError: If there is no such session.
        """
        return self._image_of(self._store.sessions.get(session_id))

    def _image_of(self, session: StoredSession) -> StoredImage:
        task = self._store.projects.task(session.task_id)
        return self.image(task.image_id)

    def is_ours(self, session: StoredSession) -> bool:
        """Whether the method in use can do the session again."""
        mine = (self.facts.method.name, self.facts.method.weights, self.facts.settings_digest)
        return mine == (session.method, session.weights_digest, session.settings_digest)

    def _check_ours(self, session: StoredSession) -> None:
        if not self.is_ours(session):
            raise OtherMethodError(
                f"This session was made with the method {session.method!r}, other weights or other"
                " settings than those in use. Its mask is kept; open the image again to begin anew."
            )

    def _turn(self, session_id: int) -> Lock:
        return self._locks.setdefault(session_id, Lock())


def record_of(session: StoredSession) -> SessionRecord:
    """A session as it is stored."""
    begun = _record(session, session.image_digest)
    return replace(begun, history=session.history, undone=session.undone)


def _record(start: SessionStart, image_digest: str) -> SessionRecord:
    """A session as it begins."""
    return SessionRecord(
        image_id=image_digest,
        method=start.method,
        weights_digest=start.weights_digest,
        settings_digest=start.settings_digest,
        seed=start.seed,
        context_ids=tuple(map(str, start.context_ids)),
        prior=start.prior,
    )


def _answered(session: StoredSession, feedback: Feedback) -> bool:
    """Whether this very answer holds already for its round."""
    return feedback.round < session.round and (
        to_json(session.history[feedback.round]) == to_json(feedback)
    )


def _last(session: StoredSession) -> str:
    """What tells two histories of one length apart."""
    told = json.dumps([to_json(answer) for answer in session.history])
    return hashlib.sha256(told.encode()).hexdigest()
