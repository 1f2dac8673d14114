"""The contract every method must keep: one function per clause, for any method and image.

Each check raises AssertionError with what was broken. A plugin author runs them all::

    @pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(MyMethod(), blob())
"""

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from assent.core.context import ContextEntry
from assent.core.errors import InputError, StaleError
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.prompts import Click
from assent.methods.protocol import Embedding, Method, State
from assent.testing.data import Example, answer, prompt
from assent.testing.same import check_same

HISTORY = ("click", "pick", "judge", "none", "scribble", "box", "remove")
"""Kinds of answers that the checks give, in order."""

OVERLAP_LIMIT = 0.97
"""Alternatives and recommendation of a slice are at most this alike, in Dice."""

VOLUME_OVERLAP_LIMIT = 0.995
"""The same for a volume: methods may compare its masks on a coarser grid, and a small volume
leaves little of that grid."""


def same_state_gives_the_same_proposal(method: Method, example: Example) -> None:
    """Proposing twice, and from a fresh embedding, changes nothing."""
    embedding, states, _ = play(method, example)
    for state in states:
        first = method.propose(embedding, state)
        check_same(first, method.propose(embedding, state), "a second proposal")
        again = method.embed(example.image)
        check_same(first, method.propose(again, state), "the proposal of a second embedding")


def update_leaves_the_state_untouched(method: Method, example: Example) -> None:
    """An update returns a new state; the given one and its proposal stay as they were."""
    embedding = method.embed(example.image)
    state = fresh(method, embedding)
    for kind in HISTORY:
        proposal = method.propose(embedding, state)
        before = copy.deepcopy(state)
        following = method.update(embedding, state, answer(kind, proposal, example.reference))
        _claim(following is not state, f"an update by {kind} must return a new state")
        check_same(before, state, f"the state before an update by {kind}")
        check_same(proposal, method.propose(embedding, state), "the proposal of the old state")
        state = following


def proposals_fit_the_image(method: Method, example: Example) -> None:
    """Shapes, kinds and ranges of everything shown; the round counts the answers."""
    embedding, states, _ = play(method, example)
    for count, state in enumerate(states):
        proposal = method.propose(embedding, state)
        shape = example.image.shape_dhw
        _claim(proposal.recommended.shape == shape, "masks must lie on the grid of the image")
        _claim(proposal.recommended.dtype == np.bool_, "the recommended mask must be bool")
        _claim(proposal.alternatives.dtype == np.bool_, "alternatives must be bool")
        _claim(proposal.round == count, f"round {proposal.round} after {count} answers")
        _claim(proposal.page == 0, "the first page is 0")
        _check_unit("probability", proposal.probability)
        _check_unit("uncertainty", proposal.uncertainty)
        _check_unit("predicted_dice", np.array(proposal.predicted_dice))
        _check_unit("scores", np.array(proposal.scores))
        shown = proposal.challenger
        fits = shown is None or 0 <= shown < len(proposal.alternatives)
        _claim(fits, f"challenger {shown} is not among the alternatives")


def alternatives_differ(method: Method, example: Example) -> None:
    """No alternative repeats the recommendation or another one, on any page."""
    embedding, states, _ = play(method, example)
    limit = VOLUME_OVERLAP_LIMIT if example.image.is_volume else OVERLAP_LIMIT
    for state in (states[0], states[1], states[-1]):
        for page in range(2):
            proposal = method.propose(embedding, state, page=page)
            masks = [proposal.recommended, *proposal.alternatives]
            for i, mask in enumerate(masks):
                for other in masks[:i]:
                    alike = _dice(mask, other)
                    _claim(alike <= limit, f"two masks have Dice {alike:.3f}")


def history_replays(method: Method, example: Example) -> None:
    """A state is a fold over the answers: the same history gives the same proposals."""
    embedding, states, given = play(method, example)
    again = method.embed(example.image)
    state = fresh(method, again)
    for feedback, expected in zip(given, states[1:], strict=True):
        state = method.update(again, state, feedback)
        shown = method.propose(again, state)
        check_same(method.propose(embedding, expected), shown, "a replayed proposal")


def refuses_a_pick_not_on_offer(method: Method, example: Example) -> None:
    """Indices beyond the page, negative ones and far pages are InputErrors."""
    embedding, states, _ = play(method, example)
    for state in (states[0], states[-1]):
        proposal = method.propose(embedding, state)
        count, shown = len(proposal.alternatives), proposal.round
        wrong = (Pick(count, shown), Pick(-1, shown), Pick(0, shown, page=10_000))
        for feedback in (*wrong, Accept(count, shown), Judge("better", shown, page=10_000)):
            _refuses(method, embedding, state, feedback, InputError)


def refuses_a_prompt_outside(method: Method, example: Example) -> None:
    """A click beyond any side of the image, or the removal of no prompt, is an InputError."""
    embedding = method.embed(example.image)
    state = fresh(method, embedding)
    depth, height, width = example.image.shape_dhw
    for at in ((0, -1, 0), (0, height, 0), (0, 0, width), (depth, 0, 0)):
        _refuses(method, embedding, state, Correct((Click(at),), 0), InputError)
    _refuses(method, embedding, state, Correct((), 0, removed=(0,)), InputError)


def refuses_a_stale_answer(method: Method, example: Example) -> None:
    """An answer to a round that is no longer, or not yet, shown is a StaleError."""
    embedding, states, given = play(method, example)
    _refuses(method, embedding, states[-1], given[0], StaleError)
    for later in (Pick(None, 1), Accept("recommended", 1), Correct((), 1), Judge("worse", 1)):
        _refuses(method, embedding, states[0], later, StaleError)


def refuses_an_edited_mask_of_another_size(method: Method, example: Example) -> None:
    """A hand-painted mask must lie on the grid of the image."""
    embedding = method.embed(example.image)
    other = np.zeros((1, 3, 3), np.bool_)
    _refuses(
        method, embedding, fresh(method, embedding), Accept("edited", 0, edited=other), InputError
    )


def pages_hold_other_alternatives(method: Method, example: Example) -> None:
    """A page keeps the recommendation, says its number, and can be picked from."""
    embedding, states, _ = play(method, example)
    state = states[-1]
    first, second = (method.propose(embedding, state, page=page) for page in (0, 1))
    check_same(first.recommended, second.recommended, "the recommendation of page 1")
    _claim(second.page == 1, f"page 1 says it is page {second.page}")
    for mask in second.alternatives:
        repeated = any(np.array_equal(mask, other) for other in first.alternatives)
        _claim(not repeated, "page 1 repeats an alternative of page 0")
    if len(second.alternatives):
        picked = method.update(embedding, state, Pick(0, second.round, page=1))
        following = method.propose(embedding, picked)
        _claim(following.round == second.round + 1, "a pick from page 1 must count")


def without_a_prompt_it_still_proposes(method: Method, example: Example) -> None:
    """Before any answer there is a proposal; a method that must be told keeps it honest."""
    embedding = method.embed(example.image)
    proposal = method.propose(embedding, fresh(method, embedding))
    _claim(proposal.round == 0, "the first round is 0")
    following = method.update(embedding, fresh(method, embedding), Pick(None, 0))
    _claim(method.propose(embedding, following).round == 1, "none of these is an answer")


def accepts_every_kind_of_choice(method: Method, example: Example) -> None:
    """Recommended, an alternative and an edited mask can be accepted, and learned from."""
    embedding, states, _ = play(method, example)
    state = states[-1]
    proposal = method.propose(embedding, state)
    choices: list[Feedback] = [
        Accept("recommended", proposal.round),
        Accept("edited", proposal.round, edited=example.reference),
    ]
    if len(proposal.alternatives):
        choices.append(Accept(0, proposal.round))
    finished = [method.update(embedding, state, choice) for choice in choices]
    prior = method.learn(finished)
    _claim(json.loads(json.dumps(prior)) == dict(prior), "a profile must survive JSON")
    begun = method.begin(embedding, memory=(), prior=prior, seed=0)
    check_same(
        method.propose(embedding, begun),
        method.propose(embedding, method.begin(embedding, memory=(), prior=prior, seed=0)),
        "the proposal under a profile",
    )


def prompts_are_obeyed(method: Method, example: Example) -> None:
    """A method that listens to clicks shows the clicked voxel as asked, and takes it back."""
    if "click" not in method.capabilities.feedback:
        return
    embedding = method.embed(example.image)
    inside = prompt("click", example.reference)
    _claim(isinstance(inside, Click), "the example must offer a click")
    corner = (0, 0, 0)
    state = fresh(method, embedding)
    start = method.propose(embedding, state)
    state = method.update(embedding, state, Correct((inside, Click(corner, False)), 0))
    proposal = method.propose(embedding, state)
    _claim(bool(proposal.recommended[inside.at_zyx]), "a positive click must be inside")  # type: ignore[union-attr]
    _claim(not proposal.recommended[corner], "a negative click must be outside")
    state = method.update(embedding, state, Correct((), 1, removed=(0, 1)))
    taken_back = method.propose(embedding, state).recommended
    check_same(start.recommended, taken_back, "the mask after all prompts were removed")


def remembers_finished_images(method: Method, example: Example) -> None:
    """Context entries are encoded and taken, whether or not the method uses them."""
    entry = ContextEntry("one", example.image, example.reference)
    memory = [method.remember(entry), method.remember(entry)]
    embedding = method.embed(example.image)
    state = method.begin(embedding, memory=memory, prior=None, seed=0)
    with_context = method.propose(embedding, state)
    if not method.capabilities.context:
        without = method.propose(embedding, fresh(method, embedding))
        check_same(without, with_context, "the proposal of a method without context")


def says_who_it_is(method: Method, example: Example) -> None:
    """Name, digests and capabilities are there, and digests are stable."""
    _claim(bool(method.name), "a method has a name")
    _claim(isinstance(method.weights_digest, str), "weights_digest must be a string")
    _claim(method.settings_digest == method.settings_digest != "", "settings_digest must be stable")
    _claim("accept" in method.capabilities.feedback, "every method can be accepted")


CHECKS: tuple[Callable[[Method, Example], None], ...] = (
    same_state_gives_the_same_proposal,
    update_leaves_the_state_untouched,
    proposals_fit_the_image,
    alternatives_differ,
    history_replays,
    refuses_a_pick_not_on_offer,
    refuses_a_prompt_outside,
    refuses_a_stale_answer,
    refuses_an_edited_mask_of_another_size,
    pages_hold_other_alternatives,
    without_a_prompt_it_still_proposes,
    accepts_every_kind_of_choice,
    prompts_are_obeyed,
    remembers_finished_images,
    says_who_it_is,
)
"""All clauses."""


def fresh(method: Method, embedding: Embedding) -> State:
    """The state before any answer, without context or profile."""
    return method.begin(embedding, memory=(), prior=None, seed=0)


def play(
    method: Method, example: Example, kinds: Iterable[str] = HISTORY
) -> tuple[Embedding, list[State], list[Feedback]]:
    """Give one answer of each kind; returns the embedding, every state and every answer."""
    embedding = method.embed(example.image)
    states, given = [fresh(method, embedding)], list[Feedback]()
    for kind in kinds:
        proposal = method.propose(embedding, states[-1])
        given.append(answer(kind, proposal, example.reference))
        states.append(method.update(embedding, states[-1], given[-1]))
    return embedding, states, given


def _refuses(
    method: Method, embedding: Embedding, state: State, feedback: Feedback, kind: type[Exception]
) -> None:
    try:
        method.update(embedding, state, feedback)
    except kind:
        return
    _claim(False, f"{feedback} must be refused with {kind.__name__}")


def _check_unit(name: str, values: "np.ndarray[Any, Any]") -> None:
    inside = bool(np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all())
    _claim(inside, f"{name} must be finite and within [0, 1]")


def _dice(mask: Any, other: Any) -> float:
    total = int(mask.sum()) + int(other.sum())
    return 2.0 * int((mask & other).sum()) / total if total else 1.0


def _claim(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
