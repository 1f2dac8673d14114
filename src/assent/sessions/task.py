"""Many images, one target: finished images become context, finished work a profile."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.context import ContextEntry
from assent.core.errors import InputError, NotFoundError
from assent.core.image import Image
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
        use_profile: bool = True,
        seed: int = 0,
    ) -> None:
        """Begin a task.

        Args:
            method: Segments all images of the task.
            context: Examples that are finished already.
            prior: A profile from earlier work, used until this task has finished images.
            use_profile: Whether the next image begins with the person's profile.
            seed: Of every random draw.
        """
        self.method = method
        self.seed = seed
        self.use_profile = use_profile
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
        """The profile with which the next image begins; None if there is none or it is off."""
        if not self.use_profile or not self.method.capabilities.profile:
            return None
        states = [done.state for done in self._finished.values() if done.state is not None]
        if not states:
            return self._given_prior
        if self._learned is None:
            self._learned = self.method.learn(states)
        return self._learned

    def open(self, image: Image, *, embedding: Embedding | None = None) -> Session:
        """A session on the next image, with everything that was finished before as context.

        The image itself, if it was finished before, is left out of its own context.

        Raises:
            InputError: If the method cannot segment this image.
        """
        others = [
            d for d in self._finished.values() if d.entry.image.content_id != image.content_id
        ]
        return Session(
            self.method,
            image,
            context=[done.entry for done in others],
            memory=[done.memory for done in others] if self.method.capabilities.context else None,
            embedding=embedding,
            prior=self.prior,
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

    def add(self, entry: ContextEntry) -> None:
        """Take an example from elsewhere into the context; it says nothing about the person."""
        self._put(entry, None)

    def remove(self, id: str) -> None:  # noqa: A002 - the word of ContextEntry
        """Forget a finished image, in the context and in the profile.

        Raises:
            NotFoundError: If there is no such entry.
        """
        if id not in self._finished:
            raise NotFoundError("context entry", id, known=self._finished)
        del self._finished[id]
        self._learned = None

    def reset_profile(self) -> None:
        """Forget the person's habits; the context stays."""
        self._given_prior = self._learned = None
        self._finished = {
            key: _Finished(done.entry, done.memory, None) for key, done in self._finished.items()
        }

    def _put(self, entry: ContextEntry, state: State | None) -> None:
        memory = self.method.remember(entry) if self.method.capabilities.context else None
        self._finished.pop(entry.id, None)
        self._finished[entry.id] = _Finished(entry, memory, state)
        self._learned = None
