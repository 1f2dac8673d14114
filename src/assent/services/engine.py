"""What computes: a method and what it knows of images, examples and sessions.

It runs in a process of its own (``worker.py``). Everything here can be computed again from what is
stored, so that the process may die at any moment: each request carries the whole ``Work``, and what
is kept between requests only saves time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assent.core.context import ContextEntry
from assent.core.errors import AssentError
from assent.core.feedback import Correct, Feedback, Pick, to_json
from assent.core.image import Image, from_array
from assent.core.metrics import dice
from assent.core.prompts import Click
from assent.methods.protocol import Embedding, Memory, Method, Prior
from assent.services.methods import MethodFacts, facts_of, list_methods
from assent.services.originals import Original, Originals
from assent.services.recent import Recent
from assent.services.shown import Shown, to_shown
from assent.sessions.record import SessionRecord
from assent.sessions.session import Session, replay
from assent.storage.blobs import Blobs
from assent.storage.packed import unpack

KEPT_VOXELS = 24e6
"""Voxels of images whose embeddings, and whose sessions, stay in memory."""

LEAST_VOXELS = 0.6e6
"""A session counts as at least this many: the states of a small image take 15 MB. So 40 people at
work at once find theirs in memory."""

_NOTHING = from_array(np.zeros((1, 1)))

KEPT_MEMORIES = 10_000
"""Examples that stay remembered; one takes some kilobytes."""


@dataclass(frozen=True)
class Example:
    """A finished image: its id, where it lies, and the file and key of its accepted mask."""

    id: int
    original: Original
    blob: str


@dataclass(frozen=True, eq=False)
class Work:
    """All that is needed to do a session again.

    Attributes:
        session: Its id; 0 for a look that is not stored.
        original: The image.
        record: Beginning and answers.
        examples: The context, in the order of ``record.context_ids``.
    """

    session: int
    original: Original
    record: SessionRecord
    examples: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """An example as the method remembers it; only those with as many channels inform an image.

    Attributes:
        entry: Names it where its memory is given: its voxels need not stay in memory.
        memory: What the method made of it.
        channels: Of its image.
    """

    entry: ContextEntry
    memory: Memory
    channels: int


@dataclass(frozen=True)
class Facts:
    """Which method this is."""

    method: MethodFacts
    settings_digest: str


class Engine:
    """One method at work on many sessions; called by one thread at a time."""

    def __init__(self, method: Method, blobs: str) -> None:
        """Begin.

        Args:
            method: Computes everything.
            blobs: The blob store in which accepted masks lie.
        """
        self._method = method
        self._blobs = Blobs(blobs)
        self._originals = Originals()
        self._embeddings = Recent[str, tuple[Embedding, float]](KEPT_VOXELS, lambda kept: kept[1])
        self._sessions = Recent[int, Session](KEPT_VOXELS, _size)
        # What teaches profiles must not push out the sessions of those who wait for an answer.
        self._finished = Recent[int, Session](KEPT_VOXELS / 3, _size)
        self._prepared = Recent[str, Session](KEPT_VOXELS / 4, _size)
        self._memories = Recent[int, Known](KEPT_MEMORIES, lambda _: 1)

    def facts(self) -> Facts:
        """Which method this is, and what it can do."""
        return Facts(facts_of(self._method), self._method.settings_digest)

    def methods(self) -> list[MethodFacts]:
        """All installed methods."""
        return list_methods()

    def rehearse(self) -> None:
        """Answer once on a small picture: what a library loads on its first call is loaded then."""
        y, x = np.ogrid[:64, :64]
        picture = from_array(100.0 * ((y - 32) ** 2 + (x - 32) ** 2 < 200))
        session = Session(self._method, picture)
        heard = self._method.capabilities.feedback
        if "click" in heard:
            session.give(Correct((Click((0, 32, 32)),), 0))
        if "pick" in heard and session.propose().alternatives.size:
            session.give(Pick(0, session.round))

    def begin(self, work: Work) -> None:
        """Do the longer half of ``prepare``, so that breaking off costs one half only.

        Raises:
            AssentError: As ``see``.
        """
        self._prepared.put(_beginning(work), self._session(work))

    def prepare(self, work: Work) -> float:
        """Do now what the first look at an image would wait for.

        Args:
            work: What a session would be that begins now.

        Returns:
            Predicted Dice; 0 where nobody could know yet which object is meant.

        Raises:
            AssentError: As ``see``.
        """
        session = self._session(work)
        guess = session.propose()
        self._prepared.put(_beginning(work), session)
        return 0.0 if _is_untold(session) else guess.predicted_dice

    def usable(self, original: Original, examples: Sequence[Example]) -> tuple[int, ...]:
        """Ids of the examples that can inform an image.

        Left out are the image itself, images of other channels, and those whose file is gone or
        whose mask says nothing.
        """
        if not self._method.capabilities.context:
            return ()
        image = self._originals.read(original)
        channels = image.voxels.shape[0]
        fits = []
        for example in examples:
            try:
                known = self._known(example)
            except AssentError:
                continue
            if known.channels == channels and example.original.digest != original.digest:
                fits.append(example.id)
        return tuple(fits)

    def see(self, work: Work, page: int) -> Shown:
        """What a session shows now.

        Raises:
            ChangedError: If an original is not what it was.
            InputError: If the session cannot be done again with this method.
        """
        return _seen(self._session(work), page)

    def answer(self, work: Work, feedback: Feedback) -> Shown:
        """What a session would show after one more answer.

        Raises:
            StaleError: If it answers another round.
            InputError: If the answer does not fit what is shown.
        """
        session = self._session(work)
        session.give(feedback)
        return _seen(session, 0)

    def recall(self, work: Work) -> None:
        """Do a session again, so that what is learned from it later is at hand.

        Raises:
            AssentError: As ``see``.
        """
        self._session(work, self._finished)

    def learn(self, finished: Sequence[Work]) -> Prior | None:
        """A profile from finished sessions; those that cannot be done again are passed over."""
        states = []
        for work in finished:
            try:
                states.append(self._session(work, self._finished).state)
            except AssentError:
                continue
        return self._method.learn(states) if states else None

    def first_guess(self, work: Work) -> tuple[float, float] | None:
        """Predicted Dice before the first answer, and its Dice to what was accepted in the end.

        None where nobody could know yet which object is meant, or nothing was accepted.
        """
        session = self._session(work)
        accepted = session.accepted
        start = replace(work, session=0, record=replace(work.record, history=(), undone=()))
        begun = self._session(start)
        if accepted is None or _is_untold(begun):
            return None
        guess = begun.propose()
        return guess.predicted_dice, float(dice(guess.recommended, accepted))

    def _session(self, work: Work, among: Recent[int, Session] | None = None) -> Session:
        """The session as it is stored, from memory where that is in step with the answers.

        One that is in memory nowhere is kept ``among`` others of its kind: by default, those that
        people work on.
        """
        wanted = work.record.history
        kept = self._sessions.get(work.session) or self._finished.get(work.session)
        among = among or self._sessions
        if kept is not None:
            self._originals.check(work.original)
            here = [*kept.history, *kept.undone][: len(wanted)]
            if len(here) == len(wanted) and all(map(_is_same, here, wanted)):
                kept.go_to(len(wanted))
                return kept
        session = self._begun(work) if not wanted and not work.record.undone else None
        session = session or self._replayed(work)
        if work.session:
            self._sessions.drop(work.session)  # out of step
            among.put(work.session, session)
        return session

    def _begun(self, work: Work) -> Session | None:
        """A session that was prepared; from now on it belongs to whoever opened the image."""
        beginning = _beginning(work)
        session = self._prepared.get(beginning)
        if session is not None:
            self._originals.check(work.original)
            if work.session:
                self._prepared.drop(beginning)
        return session

    def _replayed(self, work: Work) -> Session:
        image = self._originals.read(work.original)
        known = [self._known(example) for example in work.examples]
        return replay(
            work.record,
            self._method,
            image,
            [each.entry for each in known],
            memory=[each.memory for each in known],
            embedding=self._embedding(image),
        )

    def _embedding(self, image: Image) -> Embedding:
        kept = self._embeddings.get(image.content_id)
        if kept is None:
            kept = (self._method.embed(image), image.voxels.size)
            self._embeddings.put(image.content_id, kept)
        return kept[0]

    def _known(self, example: Example) -> Known:
        kept = self._memories.get(example.id)
        if kept is None:
            image = self._originals.read(example.original)
            entry = ContextEntry(str(example.id), image, unpack(self._blobs.get(example.blob)))
            stand_in = replace(entry, image=_NOTHING, mask=np.ones(_NOTHING.shape_dhw, bool))
            kept = Known(stand_in, self._method.remember(entry), image.voxels.shape[0])
            self._memories.put(example.id, kept)
        return kept


def _size(session: Session) -> float:
    return max(session.image.voxels.size, LEAST_VOXELS)


def _beginning(work: Work) -> str:
    """The same for two sessions that begin with the same."""
    told = replace(work.record, history=(), undone=()).to_json()
    return json.dumps([work.original.root, work.original.path, told], sort_keys=True)


def _seen(session: Session, page: int) -> Shown:
    return to_shown(session.propose(page), is_empty=_is_untold(session))


def _is_untold(session: Session) -> bool:
    """Whether nobody could know yet which object is meant."""
    must_be_told = session.method.capabilities.needs_first_prompt
    return must_be_told and session.round == 0 and not session.context


def _is_same(one: Feedback, other: Feedback) -> bool:
    return one is other or to_json(one) == to_json(other)
