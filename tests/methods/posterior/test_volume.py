import numpy as np
import pytest
import torch

from assent.core.context import ContextEntry
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.testing.same import check_same
from methods.posterior.posterior_tiny import ball, with_network, without_network


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
