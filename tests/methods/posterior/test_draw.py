import numpy as np
import pytest
import torch

from assent.core.feedback import Correct
from assent.core.progress import listening, watching
from assent.core.prompts import Click
from assent.core.uncertainty import entropy_bits
from assent.methods.posterior.draw import draw
from assent.methods.posterior.offer import make_offer, mean_on_grid, working_logits
from methods.posterior.posterior_tiny import ball, scene, with_network, without_network


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def drawn(method, image, click):
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    state = method.update(embedding, state, Correct((click,), 0))
    offer = make_offer(state, embedding.grid, 0, method.config)
    return draw(state, offer, embedding.grid), state, offer, embedding.grid


@pytest.mark.parametrize("make", [with_network, without_network])
@pytest.mark.parametrize("side", [48, 32], ids=["as it is", "reduced"])
def test_every_slice_is_drawn_as_if_all_of_it_were(make, side):
    """Leaving out what holds nothing changes nothing that is shown."""
    image, mask = ball(reach=1.4)
    method = make(working_side=side, particle_side=side, choose_side=side)
    found, state, offer, grid = drawn(method, image, Click((2, 19, 21)))
    assert found.masks.shape == (1 + len(offer.choices), *image.shape_dhw)
    assert len(offer.choices) >= 1
    for index in range(len(mask)):
        planes = torch.from_numpy(working_logits(state, offer, index))[None]
        assert np.array_equal(found.masks[:, index], grid.restore(planes)[0].numpy() > 0)
    whole = grid.restore(torch.from_numpy(mean_on_grid(state))[:, None])[:, 0].numpy()
    assert np.allclose(found.probability, whole, atol=1e-6)
    assert np.allclose(found.uncertainty, entropy_bits(whole), atol=1e-5)
    assert found.uncertainty.max() > 0.5
    empty = ~(state.solved.mean > -8).any((1, 2))
    assert empty.any()
    assert not found.masks[:, empty].any()
    assert found.uncertainty[empty].max() < 0.01


def test_an_object_at_the_edge_is_drawn_to_the_edge():
    image, mask = scene(at=(3, 2), radius=9)
    found, *_ = drawn(without_network(), image, Click((0, 3, 2)))
    assert found.masks[0, 0, 0, 0]
    both = found.masks[0] & mask
    assert 2 * both.sum() / (found.masks[0].sum() + mask.sum()) > 0.85


def test_the_share_drawn_is_told_to_whoever_listens():
    image, _ = ball(reach=1.4)
    method = without_network()
    _, state, offer, grid = drawn(method, image, Click((2, 19, 21)))
    heard = []
    with listening(lambda done, text: heard.append((done, text))):
        draw(state, offer, grid)
    assert len(heard) == image.shape_dhw[0]
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert {text for _, text in heard} == {"drawing masks"}


def test_the_slice_that_somebody_watches_is_drawn_first_and_changes_nothing():
    image, _ = ball(reach=1.4)
    whole, state, offer, grid = drawn(without_network(), image, Click((2, 19, 21)))
    seen, told = [], []
    with listening(lambda done, text: told.append(len(seen))), watching(3, seen.append):
        again = draw(state, offer, grid)
    (shown,) = seen
    assert shown.index == 3
    assert shown.is_final
    assert shown.masks.any()
    assert np.array_equal(shown.masks, whole.masks[:, 3])
    assert told == [0] + [1] * (image.shape_dhw[0] - 1)
    for name in ("masks", "probability", "uncertainty"):
        assert np.array_equal(getattr(again, name), getattr(whole, name))


def test_a_click_shows_its_slice_before_the_object_is_followed():
    image, mask = ball(depth=8, at=(3.5, 19, 21), reach=3.4)
    method = without_network()
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    click = Correct((Click((3, 19, 21)),), 0)
    seen, told = [], []
    with listening(lambda done, text: told.append(len(seen))), watching(3, seen.append):
        watched = method.update(embedding, state, click)
        whole = method.propose(embedding, watched)
    first, last = seen
    assert told[0] == 1, "before any other slice was looked at"
    assert not first.is_final
    assert first.masks.shape == (1, *image.shape_dhw[1:])
    assert 2 * (first.masks[0] & mask[3]).sum() / (first.masks[0].sum() + mask[3].sum()) > 0.8
    assert last.is_final
    assert np.array_equal(last.masks[0], whole.recommended[3])
    assert np.array_equal(last.masks[1:], whole.alternatives[:, 3])
    alone = method.update(embedding, state, click)
    assert np.array_equal(alone.solved.mean, watched.solved.mean)
    assert np.array_equal(alone.particles.z, watched.particles.z)
