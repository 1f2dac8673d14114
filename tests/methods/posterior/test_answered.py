"""What the method keeps of an answer, and where its randomness comes from."""

import numpy as np
import pytest
import torch

from assent.core.context import ContextEntry
from assent.core.feedback import Correct, Judge, Pick
from assent.core.prompts import Click
from assent.methods.posterior import method as module
from assent.methods.posterior.channels import empty_marks
from assent.methods.posterior.recall import Reading, joined
from assent.methods.posterior.solvers import network_solver
from assent.models.device import choose_compute
from methods.posterior.posterior_tiny import ball, scene, with_network, without_network

# The working grid, the particle grid and the image have the same pixels.
EXACT = {"working_side": 64, "particle_side": 64, "choose_side": 64}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def kept(state, image):
    """The masks of the last answer, on the image's own grid."""
    height, width = image.shape_dhw[1:]
    masks = state.shown[-1].masks.unpack()
    return masks.reshape(len(masks), *state.bases.shape)[:, :, :height, :width]


def begun(method, image, seed):
    embedding = method.embed(image)
    state = method.begin(embedding, seed=seed)
    state = method.update(embedding, state, Correct((Click((0, 18, 24)),), 0))
    return embedding, state, method.propose(embedding, state)


def test_a_judgement_keeps_the_incumbent_first_and_then_the_challenger():
    method, seen = without_network(**EXACT), set()
    for seed in range(6):
        image, _ = scene(width=64, seed=seed)
        embedding, state, shown = begun(method, image, seed)
        answered = method.update(embedding, state, Judge("better", 1))
        first, second = kept(answered, image)
        assert np.array_equal(first, shown.recommended)
        assert np.array_equal(second, shown.alternatives[shown.challenger])
        assert answered.shown[-1].answer == "better"
        seen.add(shown.challenger)
    assert len(seen) > 1, "the challenger is not always the same place"


def test_a_pick_keeps_the_alternatives_as_shown_on_its_page():
    method = without_network(**EXACT | {"candidates": 2})
    image, _ = scene(width=64)
    embedding, state, _ = begun(method, image, 0)
    for page in (0, 1):
        shown = method.propose(embedding, state, page=page)
        answered = method.update(embedding, state, Pick(len(shown.alternatives) - 1, 1, page))
        assert np.array_equal(kept(answered, image), shown.alternatives)
        assert answered.shown[-1].answer == len(shown.alternatives) - 1


def test_random_numbers_come_from_the_seed_and_the_round(monkeypatch):
    asked = []
    infer = module.infer

    def spy(*args, **given):
        asked.append((given["seed"], given["round"]))
        return infer(*args, **given)

    monkeypatch.setattr(module, "infer", spy)
    method = without_network()
    image, _ = scene()
    embedding, state, _ = begun(method, image, 9)
    state = method.update(embedding, state, Pick(0, 1))
    state = method.update(embedding, state, Judge("worse", 2))
    method.update(embedding, state, Correct((Click((0, 2, 2), False),), 3))
    assert asked == [(9, 0), (9, 1), (9, 2), (9, 3), (9, 4)]


def test_the_features_of_a_volume_are_those_of_each_slice():
    method = with_network()
    image, _ = ball(depth=10, at=(5, 19, 21), reach=4.0)
    embedding = method.embed(image)
    network = method._network
    with torch.inference_mode():
        alone = torch.cat([network.memory.features(plane[None]) for plane in embedding.planes])
    assert torch.allclose(embedding.seen, alone, atol=1e-5)
    apart = (embedding.seen[1:] - embedding.seen[:-1]).abs().amax((1, 2, 3))
    assert (apart > 1e-3).all(), "the slices differ, or the test says nothing"


def test_each_slice_of_a_volume_reads_the_context_with_its_own_features():
    method = with_network()
    image, mask = ball(depth=4, at=(2, 19, 21), reach=1.6)
    tokens = joined([method.remember(ContextEntry("done", image, mask))])
    embedding = method.embed(image)
    compute = choose_compute("cpu")

    def solver(planes, seen):
        reading = Reading(tokens)
        return network_solver(method._network, planes, seen, reading, compute, refit_weight=0.0)

    blank = empty_marks(1, *embedding.planes.shape[2:])
    whole = solver(embedding.planes, embedding.seen)
    for k in range(4):
        alone = solver(embedding.planes[k : k + 1], embedding.seen[k : k + 1])
        assert np.allclose(whole(k, blank, None)[0], alone(0, blank, None)[0], atol=1e-4)
    swapped = solver(embedding.planes, embedding.seen.flip(0))
    assert not np.allclose(whole(0, blank, None)[0], swapped(0, blank, None)[0], atol=1e-3)
