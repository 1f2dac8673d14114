import numpy as np
import pytest
import torch

from assent.core.context import ContextEntry
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior.state import answers_of
from assent.sessions.session import Session, replay
from assent.testing.same import check_same
from methods.posterior.posterior_tiny import ball, scene, with_network, without_network


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["network", "fallback"])
def method(request):
    return with_network() if request.param == "network" else without_network()


def test_one_z_speaks_for_all_slices(method):
    image, _ = ball(reach=2.4)
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    for feedback in (Correct((Click((2, 19, 21)),), 0), Pick(None, 1)):
        state = method.update(embedding, state, feedback)
        assert state.particles.z.shape == (method.config.particles_volume, state.bases.latent)
        assert state.bases.shape[0] == len(state.slices) == 6
        assert state.solved.directions.shape[:2] == (state.bases.latent, 6)


def test_slices_far_from_the_object_stay_empty():
    image, mask = ball()
    method = without_network()
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    state = method.update(embedding, state, Correct((Click((2, 19, 21)),), 0))
    far = ~mask.any((1, 2))
    for page in range(2):
        proposal = method.propose(embedding, state, page=page)
        assert not proposal.recommended[far].any()
        assert not proposal.alternatives[:, far].any()
        assert proposal.probability[far].max() < 0.01
    assert dice(method.propose(embedding, state).recommended, mask) > 0.8


def test_a_volume_without_prompts_is_empty_and_says_so(method):
    image, _ = ball()
    embedding = method.embed(image)
    proposal = method.propose(embedding, method.begin(embedding, memory=(), prior=None, seed=0))
    assert not proposal.recommended.any()
    assert len(proposal.alternatives) == 0
    assert proposal.predicted_dice < 0.5


def test_context_speaks_where_no_prompt_does():
    method = with_network()
    image, mask = ball()
    entry = method.remember(ContextEntry("done", image, mask))
    embedding = method.embed(image)
    blind = method.begin(embedding, memory=(), prior=None, seed=0)
    told = method.begin(embedding, memory=[entry], prior=None, seed=0)
    assert (blind.solved.mean < 0).all()
    assert not np.array_equal(blind.solved.mean, told.solved.mean)
    assert np.ptp(told.solved.mean, axis=(1, 2)).min() > 0, "every slice was read"


def test_prompts_on_two_slices(method):
    image, mask = ball(at=(2.5, 19, 21), reach=3.0)
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    state = method.update(embedding, state, Correct((Click((1, 19, 21)),), 0))
    stroke = Scribble(tuple((4, 19, x) for x in range(18, 25)))
    state = method.update(embedding, state, Correct((stroke, Click((4, 2, 2), False)), 1))
    proposal = method.propose(embedding, state)
    assert proposal.recommended[1, 19, 21]
    assert proposal.recommended[4, 19, 18:25].mean() > 0.7
    assert not proposal.recommended[4, 2, 2]
    if not method.capabilities.context:
        assert dice(proposal.recommended, mask) > 0.8


def test_a_volume_replays_exactly(method):
    image, mask = ball(reach=2.4)
    answers = (
        lambda p: Correct((Click((2, 19, 21)),), p.round),
        lambda p: Pick(0 if len(p.alternatives) else None, p.round),
        lambda p: Judge("better", p.round) if len(p.alternatives) else Pick(None, p.round),
        lambda p: Correct((BoundingBox((1, 8, 9), (4, 32, 34)),), p.round),
        lambda p: Correct((Click((3, 2, 2), False),), p.round, removed=(1,)),
        lambda p: Accept("edited", p.round, edited=mask),
    )
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=4)
    given, shown = [], []
    for answer in answers:
        given.append(answer(method.propose(embedding, state)))
        state = method.update(embedding, state, given[-1])
        shown.append(method.propose(embedding, state))
    again = method.embed(image)
    state = method.begin(again, memory=(), prior=None, seed=4)
    for feedback, expected in zip(given, shown, strict=True):
        state = method.update(again, state, feedback)
        check_same(expected, method.propose(again, state), "the proposal of a replay")
    prior = method.learn([state])
    assert prior["n"] == 1


def test_undo_far_back_and_forth_again_is_exact(method):
    """A session keeps few states of a volume; the others are replayed from its first."""
    image, _ = ball(depth=8, at=(3.5, 19, 21), reach=3.4)
    session = Session(method, image, seed=2)
    cut = Scribble(tuple((5, 19, x) for x in range(24, 40)), positive=False)
    corrections = [
        Correct((Click((2, 19, 21)),), 0),
        Correct((cut,), 1),
        Correct((Click((5, 19, 20)), BoundingBox((1, 6, 8), (7, 33, 35))), 2),
        Correct((Click((6, 2, 2), False),), 3, removed=(1,)),
        Correct((Click((4, 19, 21)),), 4),
    ]
    shown = [session.propose(), *map(session.give, corrections)]
    assert len(session._states) < len(shown)
    for round_ in (5, 0, 4, 2, 1, 3):
        check_same(shown[round_], session.go_to(round_), f"round {round_}")
    again = replay(session.record(), method, image)
    check_same(shown[3], again.propose(), "a replay")
    assert len({proposal.recommended.tobytes() for proposal in shown}) > 3


def test_a_round_asks_the_network_about_the_slices_that_it_changes_alone():
    image, mask = ball(depth=8, at=(3.5, 19, 21), reach=3.4)
    method = without_network()
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    state = method.update(embedding, state, Correct((Click((3, 19, 21)),), 0))
    first = state.solved
    assert first.reached == set(np.flatnonzero(mask.any((1, 2))))
    state = method.update(embedding, state, Correct((Click((4, 19, 21)),), 1))
    same = [np.array_equal(first.mean[k], state.solved.mean[k]) for k in range(8)]
    assert sum(same) >= 6
    assert state.solved.mean[3] is not first.mean[3], "the old round keeps its own"
    picked = method.update(embedding, state, Pick(None, 2))
    assert picked.solved is state.solved


def test_the_network_hears_of_a_previous_mask_once_there_is_one():
    image, _ = ball(reach=2.4)
    method = with_network()
    heard = []
    solver = method._solver

    def listen(embedding, context):
        solve = solver(embedding, context)

        def note(index, marks, before):
            whole = len(embedding.planes) > 1
            heard.append((index if whole else "part", before is not None))
            return solve(index, marks, before)

        return note

    method._solver = listen
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    assert heard == []
    state = method.update(embedding, state, Correct((Click((2, 19, 21)),), 0))
    assert heard[0] == (2, False)
    assert set(heard[1:]) == {("part", True)}
    heard.clear()
    method.update(embedding, state, Correct((Click((2, 3, 3), False),), 1))
    assert heard[0] == (2, True)


def test_a_first_click_in_an_image_has_no_previous_mask(method):
    """What is drawn before anybody said anything is no mask that a person saw and corrected."""
    image, _ = scene()
    heard = []
    solver = method._solver

    def listen(embedding, context):
        solve = solver(embedding, context)

        def note(index, marks, before):
            heard.append(before is not None)
            return solve(index, marks, before)

        return note

    method._solver = listen
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    for round_, at in enumerate([(0, 18, 24), (0, 2, 2), (0, 20, 25)]):
        click = Click(at, positive=at != (0, 2, 2))
        state = method.update(embedding, state, Correct((click,), round_))
    assert heard == [False, False, True, True]


def test_a_box_in_a_volume_says_where_the_object_ends():
    image, _ = ball(depth=9, at=(4, 19, 21), reach=3.4)
    method = without_network()
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    box = BoundingBox((2, 9, 11), (7, 30, 32))
    state = method.update(embedding, state, Correct((box,), 0))
    answers = answers_of(
        (), state.prompts, state.slices, state.bases, embedding.grid, method.config
    )
    (answer,) = answers
    place = {z: k for k, z in enumerate(state.slices)}
    held = [tuple(place[z] for z in end if z in place) for end in ((1, 2, 3), (5, 6, 7))]
    assert answer.ends == tuple(held)
    assert not method.propose(embedding, state).recommended[[0, 1, 7, 8]].any()
    one = BoundingBox((4, 9, 11), (5, 30, 32))
    alone = answers_of((), (one,), state.slices, state.bases, embedding.grid, method.config)[0]
    assert alone.ends is None
    assert alone.high_zyx[0] - alone.low_zyx[0] == 1


def test_only_the_disputed_slices_are_compared():
    image, mask = ball(depth=9, at=(4, 19, 21), reach=2.4)
    method = without_network(particle_slices=4)
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    state = method.update(embedding, state, Correct((Click((4, 19, 21)),), 0))
    assert len(state.slices) == 4
    assert 4 in state.slices
    assert all(mask[k].any() for k in state.slices)
    # A click on a slice that is not compared still changes the mask there.
    state = method.update(embedding, state, Correct((Click((0, 5, 5)),), 1))
    proposal = method.propose(embedding, state)
    assert proposal.recommended[0, 5, 5]
    assert proposal.alternatives.shape[1:] == image.shape_dhw
