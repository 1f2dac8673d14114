"""Many images, one target: finished images become context, finished work a profile."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assent.core.context import ContextEntry
from assent.core.errors import InputError
from assent.core.feedback import Accept, Correct
from assent.core.image import Image
from assent.core.simulate import first_click
from assent.methods.protocol import Embedding, Memory, Method, Prior, State
from assent.sessions.session import Session


@dataclass(frozen=True, eq=False)
class _Finished:
    """An accepted image: the example, how the method remembers it, and how the work ended."""

    entry: ContextEntry
    memory: Memory
    state: State | None


class Task:
    """One person's work on the same target in many images.

    What is finished informs what is opened next; sessions that are open already keep the
    context and the profile they began with, so that their history replays.
    """

    def __init__(
        self,
        method: Method,
        *,
        context: Sequence[ContextEntry] = (),
        prior: Prior | None = None,
        seed: int = 0,
    ) -> None:
        """Begin a task.

        Args:
            method: Segments all images of the task.
            context: Examples that are finished already.
            prior: A profile from earlier work, used until this task has finished images.
            seed: Of every random draw.
        """
        self.method = method
        self.seed = seed
        self._given_prior = prior
        self._learned: Prior | None = None
        self._finished: dict[str, _Finished] = {}
        for entry in context:
            self.add(entry)

    @property
    def context(self) -> tuple[ContextEntry, ...]:
        """Finished examples, oldest first."""
        return tuple(done.entry for done in self._finished.values())

    @property
    def prior(self) -> Prior | None:
        """The profile with which the next image begins; None if there is none."""
        if self._learned is None:
            self._learned = self._learn(list(self._finished.values()))
        return self._learned

    def open(self, image: Image, *, embedding: Embedding | None = None) -> Session:
        """A session on the next image, with everything that was finished before as context.

        The image itself, if it was finished before, is left out of its own context and profile.

        Raises:
            InputError: If the method cannot segment this image.
        """
        others = [
            d for d in self._finished.values() if d.entry.image.content_id != image.content_id
        ]
        is_new = len(others) == len(self._finished)
        return Session(
            self.method,
            image,
            context=[done.entry for done in others],
            memory=[done.memory for done in others] if self.method.capabilities.context else None,
            embedding=embedding,
            prior=self.prior if is_new else self._learn(others),
            seed=self.seed,
        )

    def finish(self, session: Session, *, id: str | None = None) -> ContextEntry:  # noqa: A002
        """Take an accepted image into the context and the profile.

        The same image finished again replaces its earlier result.

        Args:
            session: A session of this task's method.
            id: Name of the context entry; by default the image's content id.

        Returns:
            The new context entry.

        Raises:
            InputError: If the session is not accepted, or belongs to another method.
        """
        mask = session.accepted
        if mask is None:
            raise InputError(
                f"{session.image.name} is not accepted yet, so it cannot inform other images."
                " Accept it first."
            )
        if session.method is not self.method:
            raise InputError(
                f"This session was made with {session.method.name!r}, the task uses"
                f" {self.method.name!r}. Open the image from the task."
            )
        entry = ContextEntry(id or session.image.content_id, session.image, mask)
        self._put(entry, session.state)
        return entry

    def add(self, entry: ContextEntry, *, teaches: bool = False) -> None:
        """Take an example from elsewhere into the context.

        Args:
            entry: The example.
            teaches: Whether this person drew it, so that its mask enters the profile as if it
                had been accepted here.
        """
        learns = teaches and self.method.capabilities.profile
        self._put(entry, self._as_accepted(entry) if learns else None)

    def _learn(self, finished: Sequence[_Finished]) -> Prior | None:
        if not self.method.capabilities.profile:
            return None
        states = [done.state for done in finished if done.state is not None]
        return self.method.learn(states) if states else self._given_prior

    def _as_accepted(self, entry: ContextEntry) -> State:
        """The state of someone who was shown the object, without context, and drew this mask."""
        method, can = self.method, self.method.capabilities
        embedding = method.embed(entry.image)
        state = method.begin(embedding, memory=(), prior=None, seed=self.seed)
        click, told = None, 0
        if can.needs_first_prompt and "click" in can.feedback:
            click = first_click(entry.mask, rng=np.random.default_rng(self.seed))
        if click is not None:
            state, told = method.update(embedding, state, Correct((click,), 0)), 1
        return method.update(embedding, state, Accept("edited", told, edited=entry.mask))

    def _put(self, entry: ContextEntry, state: State | None) -> None:
        memory = self.method.remember(entry) if self.method.capabilities.context else None
        self._finished.pop(entry.id, None)
        self._finished[entry.id] = _Finished(entry, memory, state)
        self._learned = None
