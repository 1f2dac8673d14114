from dataclasses import replace

import numpy as np
import pytest
import torch

from assent.core.feedback import Correct, Pick
from assent.core.image import from_array
from assent.core.mask import components
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior import offer as offering
from assent.methods.posterior.bases import Bases, dice_between
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.decide import mean_probability
from assent.methods.posterior.offer import (
    RENDERING,
    FromLevel,
    FromParticle,
    Offer,
    WithoutPart,
    _compared,
    _distinct,
    mean_of_slice,
    mean_on_grid,
    shown_masks,
    working_logits,
    working_masks,
)
from assent.methods.posterior.particles import Particles
from assent.methods.posterior.state import answers_of, block_of
from methods.posterior.posterior_tiny import ball, disk, scene, with_network, without_network


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def clicked(method, image, *prompts):
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=1)
    return embedding, method.update(embedding, state, Correct(prompts, 0))


@pytest.fixture(scope="module", params=["network", "fallback"])
def played(request):
    method = with_network() if request.param == "network" else without_network()
    image, _ = scene()
    embedding, state = clicked(method, image, Click((0, 18, 24)))
    return method, embedding, state


def test_the_recommendation_is_the_mean_cut_at_the_decision(played):
    method, embedding, state = played
    offer = method._offer(state, embedding, 0)
    mean = mean_on_grid(state)[0]
    recommended = working_masks(state, offer, 0)[0]
    assert np.array_equal(recommended, mean > offer.decision.threshold)


def test_every_alternative_is_rendered_from_its_source(played):
    method, embedding, state = played
    offer = method._offer(state, embedding, 0)
    assert offer.choices
    planes = working_logits(state, offer, 0)
    assert len(planes) == 1 + len(offer.choices) == 1 + len(offer.scores)
    mean = mean_on_grid(state)[0]
    for source, plane in zip(offer.choices, planes[1:], strict=True):
        match source:
            case FromParticle(z):
                assert np.array_equal(plane, state.solved.logits(z[None], 0)[0])
            case FromLevel(level):
                assert np.array_equal(plane > 0, mean > np.float32(level))
            case WithoutPart():
                assert (plane > 0).sum() < (planes[0] > 0).sum()
    assert all(0 <= score <= 1 for score in offer.scores)
    assert offer.judged_bits[offer.challenger] == max(offer.judged_bits)


def test_masks_shown_are_kept_on_the_particle_grid(played):
    method, embedding, state = played
    offer = method._offer(state, embedding, 0)
    kept = shown_masks(state, offer, embedding.grid, method.config)
    assert kept.shape == (1 + len(offer.choices), *state.bases.shape)
    assert (
        np.array_equal(kept[0].ravel(), offer.decision.mask)
        or dice(kept[0], offer.decision.mask.reshape(kept[0].shape)) > 0.95
    )


def test_the_mean_is_that_of_all_particles(played):
    _, _, state = played
    bases = Bases(
        state.solved.mean[0].ravel(),
        state.solved.directions[:, 0].reshape(state.solved.latent, -1),
        state.solved.mean.shape,
    )
    rng = np.random.default_rng(0)
    z = 0.5 + rng.normal(size=(256, state.solved.latent))
    for weights in (np.zeros(256), rng.normal(size=256), np.r_[60.0, np.zeros(255)]):
        particles = Particles.weighted(z, weights, np.zeros(256))
        exact = mean_probability(bases, particles).reshape(state.solved.mean.shape[1:])
        near = mean_of_slice(replace(state, particles=particles), 0)
        assert np.abs(near - exact).max() < 0.06
        assert np.abs(near - exact).mean() < 0.01


@pytest.mark.parametrize("make", [with_network, without_network])
def test_a_pick_brings_the_recommendation_nearer_to_what_was_picked(make):
    """Every alternative of three rounds; where it hardly differs, sampling may take a little."""
    method, kinds = make(), set()
    for seed in range(3):
        image, _ = scene(seed=seed)
        embedding, state = clicked(method, image, Click((0, 18, 24)))
        for number in range(3):
            offer = method._offer(state, embedding, 0)
            shown = shown_masks(state, offer, embedding.grid, method.config)
            kinds |= {type(source) for source in offer.choices}
            for k, mask in enumerate(shown[1:]):
                after = method.update(embedding, state, Pick(k, state.round))
                then = shown_masks(
                    after, method._offer(after, embedding, 0), embedding.grid, method.config
                )
                near = dice(shown[0], mask)
                gain = dice(then[0], mask) - near
                assert gain > (0.0 if near < 0.93 else -0.01)
            state = method.update(embedding, state, Pick(number % len(offer.choices), state.round))
    assert {FromParticle, FromLevel} <= kinds


def test_more_options_repeat_nothing_and_end(played):
    method, embedding, state = played
    height, width = embedding.grid.inner_hw
    seen, sizes = [], []
    for page in range(12):
        offer = method._offer(state, embedding, page)
        seen += list(working_masks(state, offer, 0)[1 if page else 0 :, :height, :width])
        sizes.append(len(offer.choices))
    assert sizes[1] > 0
    assert sizes[-1] == 0
    flat = np.array(seen).reshape(len(seen), -1)
    alike = dice_between(flat, flat)[np.triu_indices(len(flat), 1)]
    assert alike.max() <= method.config.max_similarity + RENDERING


def test_a_page_far_behind_the_last_is_empty_at_once(played, monkeypatch):
    method, embedding, state = played
    pages, real = [], offering._chosen

    def counted(state, page, config):
        pages.append(page)
        assert len(pages) < 20
        return real(state, page, config)

    monkeypatch.setattr(offering, "_chosen", counted)
    assert method._offer(replace(state, memo={}), embedding, 10_000).choices == ()


def test_a_later_page_is_the_same_whether_or_not_the_earlier_ones_were_seen(played):
    method, embedding, state = played
    fresh = replace(state, memo={})
    seen = method._offer(state, embedding, 2)
    alone = method._offer(fresh, embedding, 2)
    assert alone.scores == seen.scores
    assert np.array_equal(working_masks(fresh, alone, 0), working_masks(state, seen, 0))


def test_a_small_object_keeps_its_shape_where_alternatives_are_chosen():
    config = PosteriorConfig(choose_side=32)
    plane = np.zeros((2, 1, 128, 128), bool)
    plane[0, 0, 90:104, 33:49] = True
    plane[1, 0, 90:104, 33:48] = True
    flat = np.zeros(128 * 128, np.float32)
    bases = Bases(flat, flat[None], (1, 128, 128), np.ones(128 * 128, np.float32))
    masks, weight = _compared(plane.reshape(2, -1), bases, config)
    assert masks.shape[1] == weight.size <= 32**2
    assert dice_between(masks, masks, weight)[0, 1] == pytest.approx(2 * 15 / 31)
    empty, _ = _compared(np.zeros((3, 128 * 128), bool), bases, config)
    assert empty.shape == (3, 32**2)


def two_disks():
    """Two bright disks on one slice; a click in each."""
    both = disk(at=(20, 14), radius=8) | disk(at=(20, 39), radius=6)
    rng = np.random.default_rng(0)
    image = from_array((50 + 130 * both + rng.normal(0, 5, both.shape)).astype(np.float32))
    return image, both, (Click((0, 20, 14)), Click((0, 20, 39)))


def test_a_component_can_be_left_out():
    image, both, clicks = two_disks()
    method = without_network(working_side=52)
    embedding, state = clicked(method, image, *clicks)
    base = method._offer(state, embedding, 0)
    labels, count = components(base.decision.mask.reshape(state.bases.shape))
    assert count == 2
    for k in (1, 2):
        offer = Offer(base.decision, (WithoutPart(labels == k),), (0.5,), (0.1,))
        full, rest = working_masks(state, offer, 0)
        assert dice(full[None, :40, :52], both[None]) > 0.85
        labels_fine, parts = components(rest[None])
        assert parts == 1
        assert not (rest & ~full).any()
        assert 0.2 < rest.sum() / full.sum() < 0.8
        assert labels_fine.max() == 1


def test_a_component_of_a_volume_is_left_out_of_all_its_slices():
    z, y, x = np.mgrid[:5, :40, :64]
    near = (np.hypot(y - 20, x - 16) < 8) & (np.abs(z - 2) <= 1)
    far = (np.hypot(y - 20, x - 48) < 8) & (np.abs(z - 2) <= 1)
    rng = np.random.default_rng(0)
    image = from_array((50 + 130 * (near | far) + rng.normal(0, 4, z.shape)).astype(np.float32))
    method = without_network(working_side=64)
    embedding, state = clicked(method, image, Click((2, 20, 16)), Click((2, 20, 48)))
    base = method._offer(state, embedding, 0)
    labels, count = components(base.decision.mask.reshape(state.bases.shape))
    assert count == 2
    offer = Offer(base.decision, (WithoutPart(labels == labels[2, 5, 12]),), (0.5,), (0.1,))
    rest = np.stack([working_masks(state, offer, k)[1] for k in range(5)])[:, :40, :64]
    assert dice(rest, near) > 0.85
    assert not rest[far].any()


@pytest.mark.parametrize("sizes", [(48, 16, 16), (256, 208, 64), (64, 64, 13), (336, 80, 68)])
def test_a_particle_point_stands_for_a_whole_block(sizes):
    height, width, side = sizes
    step = -(-height // side)
    plane = (-(-height // step), -(-width // step))
    flat = np.zeros(plane[0] * plane[1], np.float32)
    assert block_of(Bases(flat, flat[None], (1, *plane)), (height, width)) == step


def test_a_volume_shows_the_same_masks_on_all_slices():
    method = with_network()
    image, _ = ball()
    embedding, state = clicked(method, image, Click((2, 19, 21)))
    offer = method._offer(state, embedding, 0)
    kept = shown_masks(state, offer, embedding.grid, method.config)
    assert kept.shape[:2] == (1 + len(offer.choices), 6)


def test_prompts_become_evidence_on_the_particle_grid():
    image, _ = scene(height=96, width=72)
    method = without_network(working_side=96, particle_side=48, choose_side=48, touch_px=8.0)
    embedding, state = clicked(method, image, Click((0, 50, 30)))
    assert state.bases.shape == (1, 48, 40)
    prompts = (
        Click((0, 95, 71)),
        Scribble(((0, 10, 20), (0, 10, 21), (0, 12, 20)), False),
        BoundingBox((0, 20, 10), (1, 60, 50)),
    )
    click, stroke, box = answers_of((), prompts, (0,), state.bases, embedding.grid, method.config)
    assert click.positive
    assert click.index.tolist() == [47 * 40 + 35]
    assert not stroke.positive
    assert stroke.index.tolist() == [5 * 40 + 10, 6 * 40 + 10], "two pixels share a point"
    assert box.low_zyx == (0, 10, 5)
    assert box.high_zyx == (1, 30, 25)
    assert box.reach_yx == (4.0, 4.0), "eight working pixels are four points"


def test_masks_that_look_alike_once_rendered_are_shown_once(played):
    method, embedding, state = played
    base = method._offer(state, embedding, 0)
    twice = Offer(
        base.decision,
        (*base.choices, base.choices[0]),
        (*base.scores, 0.5),
        (*base.judged_bits, 9.0),
    )
    kept = _distinct(state, twice, (), embedding.grid, method.config)
    assert kept.choices == base.choices
    assert kept.scores == base.scores
    assert kept.challenger == base.challenger, "a mask that is not shown cannot be judged"
    same = Offer(base.decision, (FromLevel(base.decision.threshold),), (0.5,), (0.1,))
    assert _distinct(state, same, (), embedding.grid, method.config).choices == ()
    assert _distinct(state, same, (), embedding.grid, method.config).challenger is None
