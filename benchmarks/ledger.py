"""What a person was told is stored, and whether it is.

The person asks for one thing at a time. What was acknowledged must be stored; what was asked for
and not acknowledged may be, and counts once when it is asked for again.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assent.client import Client
from assent.client.values import Proposal
from assent.core.feedback import Feedback, to_json

Answer = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """One thing that is asked of a session: an answer, or a step in its history."""

    kind: Literal["answer", "undo", "redo", "reopen"]
    answer: Feedback | None = None

    def send(self, client: Client, shown: Proposal) -> Proposal:
        """Ask for it; ``shown`` is what it was asked for."""
        if self.answer is not None:
            return client.answer(shown.session, self.answer)
        if self.kind == "reopen":
            return client.reopen(shown.session)
        return client.undo(shown) if self.kind == "undo" else client.redo(shown)


@dataclass(frozen=True)
class Known:
    """What a session holds.

    Attributes:
        answers: All, as JSON, taken back ones included.
        round: How many of them hold.
        events: Of the audit: what was accepted and reopened.
    """

    answers: tuple[Answer, ...] = ()
    round: int = 0
    events: tuple[str, ...] = ()

    def after(self, act: Act) -> "Known":
        """What it holds once this is done."""
        if act.answer is not None:
            answers = (*self.answers[: self.round], to_json(act.answer))
            return replace(self, answers=answers)._at(len(answers))
        return self._at(self.round + (1 if act.kind == "redo" else -1))

    def _at(self, round_: int) -> "Known":
        """The same at another round; passing an acceptance is noted."""
        passed = self.answers[min(round_, self.round) : max(round_, self.round)]
        word = "accepted" if round_ > self.round else "reopened"
        events = tuple(word for answer in passed if answer["kind"] == "accept")
        return Known(self.answers, round_, self.events + events)


def faults(stored: Known, known: Known) -> Counter[str]:
    """How what is stored differs from what was acknowledged; empty where it does not.

    >>> first, second = {"kind": "pick", "round": 0}, {"kind": "pick", "round": 1}
    >>> dict(faults(Known((first,), 1), Known((first, second), 2)))
    {'lost': 1}
    >>> dict(faults(Known((first, second, second), 3), Known((first, second), 2)))
    {'doubled': 1}
    """
    found: Counter[str] = Counter()
    kept = sum(answer in stored.answers for answer in known.answers)
    events = len(stored.events) - len(known.events)
    found["lost"] = len(known.answers) - kept + max(-events, 0)
    found["doubled"] = len(stored.answers) - kept + max(events, 0)
    if not found.total() and stored != known:
        found["differs"] = 1
    return +found


@dataclass(eq=False)
class Sitting:
    """A session as its person knows it.

    Attributes:
        shown: The last acknowledged reply.
        known: What was acknowledged.
        pending: What was asked for and not acknowledged.
        accepted: Digest of each mask that was accepted, oldest first.
    """

    shown: Proposal
    known: Known = Known()
    pending: Act | None = None
    accepted: list[str] = field(default_factory=list)

    def ask(self, client: Client, act: Act) -> None:
        """Ask for something, and note that it was acknowledged when it is."""
        self.pending = act
        reply = act.send(client, self.shown)
        before, self.known = self.known, self.known.after(act)
        self.pending, self.shown = None, reply
        if self.known.events[len(before.events) :] == ("accepted",):
            self.accepted.append(digest(reply.recommended))

    def look(self, client: Client, tally: Counter[str]) -> None:
        """Count how what a server shows differs from what was acknowledged.

        What is pending is asked for again, after which it must count once.
        """
        now = client.see(self.shown.session)
        if self.pending is None:
            tally.update(self._gap(now, self.known))
            tally["differs"] += not is_same(now, self.shown)
            return
        after = self.known.after(self.pending)
        was_stored = not self._gap(now, after)
        tally.update({} if was_stored else self._gap(now, self.known))
        self.ask(client, self.pending)
        tally.update(self._gap(self.shown, after))
        tally.update(acknowledged=1, resent=1, stored_before=int(was_stored))

    def _gap(self, reply: Proposal, known: Known) -> dict[str, int]:
        """How many answers a reply has too few or too many."""
        more = reply.rounds - len(known.answers) or reply.round - known.round
        return {"doubled" if more > 0 else "lost": abs(more)} if more else {}


def is_same(one: Proposal, other: Proposal) -> bool:
    """Whether two replies show the same masks and words."""
    return one == other and bool((one.recommended == other.recommended).all())


def digest(plane: NDArray[np.bool_]) -> str:
    """Tells masks of one image apart."""
    return sha256(np.packbits(plane).tobytes()).hexdigest()
