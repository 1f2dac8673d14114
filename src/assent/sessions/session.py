"""One annotator, one image, one method: propose, give, undo, redo, accept, replay."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.errors import InputError
from assent.core.feedback import Accept, Correct, Feedback, Judge
from assent.core.image import Image
from assent.core.progress import may_stop
from assent.methods.answers import check_answer
from assent.methods.protocol import Embedding, Memory, Method, Prior, State
from assent.sessions.kinds import check_listens
from assent.sessions.record import SessionRecord

VOLUME_STATES = 3
"""States kept of a volume: one may take more than 100 MB. Older ones are replayed."""


class Session:
    """The work of one annotator on one image.

    The only mutable object below services. It changes as a whole or not at all: when a
    method raises, round, history and proposal are what they were.
    """

    def __init__(
        self,
        method: Method,
        image: Image,
        *,
        context: Sequence[ContextEntry] = (),
        memory: Sequence[Memory] | None = None,
        embedding: Embedding | None = None,
        prior: Prior | None = None,
        seed: int = 0,
    ) -> None:
        """Open an image.

        Args:
            method: Turns answers into proposals.
            image: What is segmented.
            context: Finished examples; ignored by a method without context.
            memory: ``method.remember`` of each context entry, in order, where it is known.
            embedding: ``method.embed(image)`` where it is known.
            prior: The person's profile; ignored by a method without profile.
            seed: Of every random draw.

        Raises:
            InputError: If the method cannot segment volumes, or the memory does not fit the
                context.
        """
        can = method.capabilities
        if image.is_volume and not can.volumes:
            raise InputError(
                f"The method {method.name!r} segments single slices, but {image.name} has"
                f" {image.shape_dhw[0]}. Choose a slice, or a method for volumes."
            )
        if memory is not None and len(memory) != len(context):
            raise InputError(
                f"There are {len(memory)} memories for {len(context)} context entries;"
                " expected one each, in the same order."
            )
        self.method = method
        self.image = image
        self.context = tuple(context)
        self.prior = prior
        self.seed = seed
        if not can.context:
            memory = ()
        elif memory is None:
            memory = [method.remember(entry) for entry in context]
        self._memory = tuple(memory)
        self._embedding = method.embed(image) if embedding is None else embedding
        self._answers: list[Feedback] = []
        self._round = 0
        self._states: dict[int, State] = {}
        self._shown: dict[int, Proposal] = {}

    @property
    def round(self) -> int:
        """How many answers hold."""
        return self._round

    @property
    def history(self) -> tuple[Feedback, ...]:
        """The answers that hold, oldest first."""
        return tuple(self._answers[: self._round])

    @property
    def undone(self) -> tuple[Feedback, ...]:
        """Answers taken back that ``redo`` would bring again, next first."""
        return tuple(self._answers[self._round :])

    @property
    def state(self) -> State:
        """What the method knows now; opaque."""
        return self._state_at(self._round)

    @property
    def is_accepted(self) -> bool:
        """Whether the work is done; ``undo`` reopens it."""
        return self._round > 0 and isinstance(self._answers[self._round - 1], Accept)

    @property
    def accepted(self) -> NDArray[np.bool_] | None:
        """The accepted mask ``(D, H, W)``, or None while the image is open."""
        return self.propose().recommended if self.is_accepted else None

    def propose(self, page: int = 0) -> Proposal:
        """What to show now; further pages hold more alternatives.

        After acceptance the recommendation is the accepted mask and nothing else is on offer.

        Raises:
            InputError: If the page is negative.
        """
        if page < 0:
            raise InputError(f"There is no page {page} of alternatives; pages count from 0.")
        if self.is_accepted:
            page = 0
        if page not in self._shown:
            self._shown[page] = self._proposal_at(self._round, page)
        return self._shown[page]

    def give(self, feedback: Feedback) -> Proposal:
        """Take an answer and return the next proposal; answers taken back before are dropped.

        Raises:
            StaleError: If it answers another round than the one shown.
            InputError: If the image is accepted already, or the answer does not fit what is
                on screen.
        """
        self._check(feedback)
        state = self._after(self.state, feedback)
        if isinstance(feedback, Accept):
            proposal = _closed(self.propose(feedback.page), feedback)
        else:
            proposal = self._shown_by(state, self._round + 1)
        # Nothing may raise below: up to here the session is as it was.
        self._answers[self._round :] = [feedback]
        self._states = {r: s for r, s in self._states.items() if r <= self._round}
        self._round += 1
        self._keep(self._round, state)
        self._shown = {0: proposal}
        return proposal

    def undo(self) -> Proposal:
        """Take the last answer back; on a fresh session, do nothing."""
        return self.go_to(max(self._round - 1, 0))

    def redo(self) -> Proposal:
        """Give the answer again that was taken back last; without one, do nothing."""
        return self.go_to(min(self._round + 1, len(self._answers)))

    def go_to(self, round: int) -> Proposal:  # noqa: A002 - the word of the interface
        """Undo or redo up to a round.

        Raises:
            InputError: If the history never reached that round.
        """
        if not 0 <= round <= len(self._answers):
            raise InputError(
                f"Round {round} does not exist: the history has rounds 0 to {len(self._answers)}."
            )
        if round != self._round:
            proposal = self._proposal_at(round, 0)
            self._round, self._shown = round, {0: proposal}
        return self.propose()

    def record(self) -> SessionRecord:
        """All that is needed to do this session again."""
        return SessionRecord(
            image_id=self.image.content_id,
            method=self.method.name,
            weights_digest=self.method.weights_digest,
            settings_digest=self.method.settings_digest,
            seed=self.seed,
            context_ids=tuple(entry.id for entry in self.context),
            prior=self.prior,
            history=self.history,
            undone=self.undone,
        )

    def _check(self, feedback: Feedback) -> None:
        if self.is_accepted:
            raise InputError(
                "This image is accepted already. Undo the acceptance to go on working on it."
            )
        check_listens(self.method, feedback)
        check_answer(
            self._round,
            feedback,
            lambda page: len(self.propose(page).alternatives),
            self.image.shape_dhw,
            prompts_given=sum(len(f.prompts) for f in self.history if isinstance(f, Correct)),
        )
        if isinstance(feedback, Judge) and self.propose(feedback.page).challenger is None:
            raise InputError(
                f"No alternative on page {feedback.page} of this round was put up for better or"
                " worse. Pick one, accept the recommendation, or place a click."
            )

    def _after(self, state: State, feedback: Feedback) -> State:
        heard = self.method.capabilities.feedback
        if isinstance(feedback, Accept) and "accept" not in heard:
            return state
        return self.method.update(self._embedding, state, feedback)

    def _state_at(self, round_: int) -> State:
        """The state after that many answers: kept, or replayed from the nearest earlier one."""
        start = max((r for r in self._states if r <= round_), default=None)
        if start is None:
            prior = self.prior if self.method.capabilities.profile else None
            state = self.method.begin(
                self._embedding, memory=self._memory, prior=prior, seed=self.seed
            )
            start = 0
            self._keep(0, state)
        else:
            state = self._states[start]
        for index in range(start, round_):
            may_stop()
            state = self._after(state, self._answers[index])
            self._keep(index + 1, state)
        return state

    def _keep(self, round_: int, state: State) -> None:
        self._states[round_] = state
        if self.image.is_volume:
            near = sorted(self._states, key=lambda r: abs(r - round_))
            for far in near[VOLUME_STATES:]:
                del self._states[far]

    def _proposal_at(self, round_: int, page: int) -> Proposal:
        last = self._answers[round_ - 1] if round_ else None
        if isinstance(last, Accept):
            return _closed(self._proposal_at(round_ - 1, last.page), last)
        return self._shown_by(self._state_at(round_), round_, page)

    def _shown_by(self, state: State, round_: int, page: int = 0) -> Proposal:
        proposal = self.method.propose(self._embedding, state, page=page)
        return proposal if proposal.round == round_ else replace(proposal, round=round_)


def replay(
    record: SessionRecord,
    method: Method,
    image: Image,
    context: Sequence[ContextEntry] = (),
    *,
    memory: Sequence[Memory] | None = None,
    embedding: Embedding | None = None,
) -> Session:
    """Do a stored session again; on one machine the result is the same bit for bit.

    Args:
        record: The stored session.
        method: The method it was made with.
        image: The image it was made on.
        context: Its context entries, in the stored order.
        memory: As for ``Session``.
        embedding: As for ``Session``.

    Raises:
        InputError: If image, method, weights, settings or context are not those of the record
            (the message says which differs), or its answers do not follow one another.
    """
    given = SessionRecord(
        image_id=image.content_id,
        method=method.name,
        weights_digest=method.weights_digest,
        settings_digest=method.settings_digest,
        seed=record.seed,
        context_ids=tuple(entry.id for entry in context),
    )
    if wrong := record.differences(given):
        raise InputError(
            f"This session cannot be replayed: {'; '.join(wrong)}."
            " Use what it was made with, or start a new session."
        )
    answers = [*record.history, *record.undone]
    if [answer.round for answer in answers] != list(range(len(answers))):
        raise InputError("The stored answers do not follow one another: rounds must count from 0.")
    session = Session(
        method,
        image,
        context=context,
        memory=memory,
        embedding=embedding,
        prior=record.prior,
        seed=record.seed,
    )
    session._answers = answers
    session.go_to(len(record.history))
    return session


def _closed(shown: Proposal, accept: Accept) -> Proposal:
    """What an accepted image shows: the accepted mask, and nothing else to choose."""
    if accept.edited is not None:
        mask, expected = accept.edited, shown.predicted_dice
    elif isinstance(accept.choice, int):
        mask, expected = shown.alternatives[accept.choice], shown.scores[accept.choice]
    else:
        mask, expected = shown.recommended, shown.predicted_dice
    return replace(
        shown,
        recommended=mask,
        alternatives=np.zeros((0, *mask.shape), dtype=np.bool_),
        tags=(),
        scores=(),
        predicted_dice=expected,
        round=shown.round + 1,
        page=0,
        challenger=None,
    )
