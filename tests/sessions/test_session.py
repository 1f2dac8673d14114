"""A session: undo, redo, replay, and answers that do not fit."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assent.core.candidates import Proposal
from assent.core.errors import InputError, StaleError
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.prompts import Click
from assent.sessions.record import SessionRecord
from assent.sessions.session import VOLUME_STATES, Session, replay
from assent.testing import ThresholdMethod
from assent.testing.data import ANSWERS, Example, answer, blob

OPEN_ANSWERS = tuple(kind for kind in ANSWERS if kind not in {"remove", "accept"})
FAST = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@cache
def example(depth: int = 1) -> Example:
    return blob((depth, 21, 25))


def open_session(depth: int = 1, **kwargs) -> Session:
    return Session(ThresholdMethod(), example(depth).image, **kwargs)


def give(session: Session, kind: str) -> Proposal:
    return session.give(
        answer(kind, session.propose(), example(session.image.shape_dhw[0]).reference)
    )


def is_same(a: Proposal, b: Proposal) -> bool:
    return (
        np.array_equal(a.recommended, b.recommended)
        and np.array_equal(a.alternatives, b.alternatives)
        and np.array_equal(a.probability, b.probability)
        and (a.round, a.page, a.tags, a.scores) == (b.round, b.page, b.tags, b.scores)
    )


class Annotating(RuleBasedStateMachine):
    """Any order of answers, undo, redo and jumps, against a list of what was shown."""

    depth = 1

    def __init__(self) -> None:
        super().__init__()
        self.session = open_session(self.depth)
        self.seen = [self.session.propose()]
        self.at = 0

    @precondition(lambda self: not self.session.is_accepted)
    @rule(kind=st.sampled_from((*OPEN_ANSWERS, "accept")))
    def give(self, kind: str) -> None:
        shown = give(self.session, kind)
        self.at += 1
        self.seen[self.at :] = [shown]

    @rule()
    def undo(self) -> None:
        self.session.undo()
        self.at = max(self.at - 1, 0)

    @rule()
    def redo(self) -> None:
        self.session.redo()
        self.at = min(self.at + 1, len(self.seen) - 1)

    @rule(share=st.floats(0, 1))
    def go_to(self, share: float) -> None:
        self.at = round(share * (len(self.seen) - 1))
        self.session.go_to(self.at)

    @rule()
    def reopen(self) -> None:
        stored = json.dumps(self.session.record().to_json())
        record = SessionRecord.from_json(json.loads(stored))
        self.session = replay(record, ThresholdMethod(), example(self.depth).image)

    @invariant()
    def shows_exactly_what_it_showed(self) -> None:
        assert self.session.round == self.at == len(self.session.history)
        assert is_same(self.session.propose(), self.seen[self.at])

    @invariant()
    def keeps_few_states_of_a_volume(self) -> None:
        assert self.depth == 1 or len(self.session._states) <= VOLUME_STATES


class AnnotatingVolume(Annotating):
    depth = 3


TestSlice = Annotating.TestCase
TestSlice.settings = FAST
TestVolume = AnnotatingVolume.TestCase
TestVolume.settings = settings(FAST, max_examples=10)


@settings(max_examples=20, deadline=None)
@given(kinds=st.lists(st.sampled_from(OPEN_ANSWERS), max_size=5))
def test_deep_undo_equals_a_session_that_never_went_further(kinds):
    long, short = open_session(3), open_session(3)
    for kind in kinds:
        give(long, kind)
    for kind in kinds[:1]:
        give(short, kind)
    long.go_to(short.round)
    assert is_same(long.propose(), short.propose())
    assert is_same(long.propose(1), short.propose(1))


def test_an_answer_after_undo_cuts_what_was_undone():
    session = open_session()
    give(session, "pick")
    give(session, "click")
    session.undo()
    assert len(session.undone) == 1
    give(session, "judge")
    assert session.undone == ()
    before = session.propose()
    assert session.redo() is before


def test_undo_on_a_fresh_session_does_nothing():
    session = open_session()
    assert session.undo() is session.propose()
    assert session.round == 0


@pytest.mark.parametrize("choice", ["recommended", 1, "edited"])
def test_accept_closes_and_undo_reopens(choice):
    session = open_session()
    shown = session.propose()
    assert session.accepted is None
    painted = ~shown.recommended if choice == "edited" else None
    wanted = {"recommended": shown.recommended, 1: shown.alternatives[1], "edited": painted}[choice]
    closed = session.give(Accept(choice, 0, painted))
    assert np.array_equal(session.accepted, wanted)
    assert len(closed.alternatives) == 0
    with pytest.raises(InputError, match="accepted already"):
        session.give(Pick(None, 1))
    assert is_same(session.undo(), shown)
    assert session.accepted is None
    session.redo()
    assert np.array_equal(session.accepted, wanted)


def test_an_alternative_of_a_further_page_can_be_accepted():
    session = Session(ThresholdMethod(choices=1), example().image)
    further = session.propose(1).alternatives[0]
    session.give(Accept(0, 0, page=1))
    assert np.array_equal(session.accepted, further)


def test_a_wrong_round_is_stale():
    session = open_session()
    give(session, "pick")
    with pytest.raises(StaleError, match="round 0"):
        session.give(Pick(None, 0))
    with pytest.raises(StaleError):
        session.give(Pick(None, 2))


@pytest.mark.parametrize(
    "bad",
    [
        Pick(99, 1),
        Accept(99, 1),
        Accept("edited", 1, np.zeros((1, 2, 2), np.bool_)),
        Correct((Click((0, 500, 0)),), 1),
        Correct((), 1, removed=(0,)),
        Pick(0, 1, page=-1),
    ],
    ids=str,
)
def test_a_refused_answer_leaves_everything_as_it_was(bad):
    session = open_session()
    give(session, "pick")
    before, state = session.propose(), session.state
    with pytest.raises(InputError):
        session.give(bad)
    assert session.propose() is before
    assert session.state is state
    assert session.round == 1


class Failing(ThresholdMethod):
    """Raises from the given verb once armed."""

    armed = ""

    def propose(self, embedding, state, *, page=0):
        if self.armed == "propose":
            raise RuntimeError("out of memory")
        return super().propose(embedding, state, page=page)

    def update(self, embedding, state, feedback):
        if self.armed == "update":
            raise RuntimeError("out of memory")
        return super().update(embedding, state, feedback)


@pytest.mark.parametrize("verb", ["propose", "update"])
def test_a_method_that_raises_leaves_the_session_whole(verb):
    method = Failing()
    session = Session(method, example().image)
    give(session, "pick")
    give(session, "click")
    session.undo()
    before = session.record().to_json()
    shown = session.propose()
    next_answer = answer("pick", shown, example().reference)
    method.armed = verb
    with pytest.raises(RuntimeError):
        session.give(next_answer)
    method.armed = ""
    assert session.record().to_json() == before
    assert is_same(session.propose(), shown)
    assert session.redo().round == 2


def test_a_failed_undo_leaves_the_session_where_it_was():
    method = Failing()
    session = Session(method, example().image)
    give(session, "pick")
    method.armed = "propose"
    with pytest.raises(RuntimeError):
        session.undo()
    assert session.round == 1


def test_a_round_that_never_was_is_refused():
    with pytest.raises(InputError, match="Round 3"):
        open_session().go_to(3)


class Deaf(ThresholdMethod):
    """Hears picks only, not even acceptance, and one slice at a time."""

    capabilities = replace(
        ThresholdMethod.capabilities,
        feedback=frozenset({"pick"}),
        volumes=False,
        context=False,
        profile=False,
    )

    def remember(self, entry):
        raise AssertionError("a method without context is never asked to remember")


class Undecided(ThresholdMethod):
    """Shows alternatives, and puts none of them up for better or worse."""

    def propose(self, embedding, state, *, page=0):
        return replace(super().propose(embedding, state, page=page), challenger=None)


def test_a_judgement_of_nothing_put_up_is_refused():
    session = Session(Undecided(), example().image)
    assert len(session.propose().alternatives) > 0
    with pytest.raises(InputError, match="No alternative on page 0 of this round was put up"):
        session.give(Judge("better", 0))
    assert session.round == 0


def test_a_kind_of_answer_the_method_does_not_hear_is_refused():
    session = Session(Deaf(), example().image)
    with pytest.raises(InputError, match="does not listen to a click; it listens to: pick"):
        give(session, "click")


def test_a_method_deaf_to_acceptance_can_be_accepted():
    session = Session(Deaf(), example().image)
    state = session.state
    give(session, "accept")
    assert session.state is state
    assert session.accepted is not None


def test_a_volume_needs_a_method_for_volumes():
    with pytest.raises(InputError, match="segments single slices"):
        Session(Deaf(), example(3).image)


def test_memory_must_fit_the_context():
    with pytest.raises(InputError, match="1 memories for 0"):
        open_session(memory=[None])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"image_id": "0" * 64}, "image"),
        ({"method": "posterior"}, "method"),
        ({"weights_digest": "ff"}, "weights digest"),
        ({"settings_digest": "ff"}, "settings digest"),
        ({"context_ids": ("a",)}, "context"),
    ],
)
def test_replay_says_what_differs(change, named):
    record = replace(open_session().record(), **change)
    with pytest.raises(InputError, match=f"replayed: {named} "):
        replay(record, ThresholdMethod(), example().image)


def test_replay_refuses_a_history_with_a_gap():
    record = replace(open_session().record(), history=(Judge("better", 1),))
    with pytest.raises(InputError, match="follow one another"):
        replay(record, ThresholdMethod(), example().image)


def test_prior_survives_the_record():
    prior = ThresholdMethod().learn([])
    session = open_session(prior={**prior, "threshold": 0.25}, seed=7)
    stored = json.loads(json.dumps(session.record().to_json()))
    again = replay(SessionRecord.from_json(stored), ThresholdMethod(), example().image)
    assert is_same(again.propose(), session.propose())
    assert not is_same(again.propose(), open_session().propose())
    assert again.seed == 7


@pytest.mark.parametrize("broken", [{"version": 99}, {"version": 1}, {"version": 1, "seed": "x"}])
def test_a_damaged_record_is_refused(broken):
    with pytest.raises(InputError):
        SessionRecord.from_json(broken)
