import json
from dataclasses import replace

import numpy as np
import pytest

from assent.core.errors import ConfigError, InputError
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import AcceptAnswer, PackedMasks
from assent.methods.posterior.particles import LatentPrior, infer
from assent.methods.posterior.profile import (
    Finished,
    describe,
    finish,
    learn,
    prior_from,
    width_direction,
    within_person,
)
from methods.posterior.posterior_toy import CONFIG, toy_bases

BASES = toy_bases()
WITHIN = 0.2 * np.eye(4)
NOBODY = LatentPrior.standard(4)
HABIT = np.array([1.5, 0.5, 0, 0])


def finished_image(true_z, seed, *, prior=NOBODY, spacing=(1.0, "pixels")):
    particles = infer(BASES, (), prior, seed=seed, round=0, config=CONFIG)
    accepted = AcceptAnswer(PackedMasks.of(BASES.masks(true_z[None])))
    return finish(
        BASES,
        (),
        accepted,
        seed=seed,
        config=CONFIG,
        previous=particles,
        spacing=spacing,
    )


def test_an_accepted_mask_moves_the_posterior_to_its_habit():
    done = finished_image(HABIT, 0)
    assert np.linalg.norm(done.mean - HABIT) < 0.85 * np.linalg.norm(HABIT)
    assert np.trace(done.covariance) < 4


def test_a_mask_that_no_reading_comes_near_still_tells_which_comes_nearest():
    particles = infer(BASES, (), NOBODY, seed=0, round=0, config=CONFIG)
    mask = BASES.masks(HABIT[None])
    mask.reshape(BASES.shape)[0, :9] = True  # a part where no z draws anything
    assert BASES.dice(particles.z, mask).max() < 0.85
    accepted = AcceptAnswer(PackedMasks.of(mask))
    options = {"seed": 0, "config": CONFIG, "previous": particles, "spacing": (1.0, "pixels")}
    assert finish(BASES, (), accepted, **options).mean[0] > 0.3
    nowhere = AcceptAnswer(PackedMasks.of(np.zeros_like(mask)))
    assert np.abs(finish(BASES, (), nowhere, **options).mean).max() < 0.1


def test_a_profile_does_not_confirm_itself():
    convinced = LatentPrior(-2 * HABIT, 0.2 * np.eye(4), 0.9)
    under, without = (
        np.mean([finished_image(HABIT, seed, prior=p).mean for seed in range(4)], axis=0)
        for p in (convinced, NOBODY)
    )
    assert np.allclose(under, without, atol=0.4)
    assert under[0] > 0


def test_the_prior_follows_the_formula_and_gains_trust_with_each_image():
    finished = [finished_image(HABIT, seed) for seed in range(6)]
    for count in (1, 3, 6):
        profile = learn(finished[:count], WITHIN)
        means = np.array([one.mean for one in finished[:count]])
        total = np.mean([one.covariance for one in finished[:count]], 0)
        total = total + np.cov(means.T, bias=True)
        trust = count / (count + 3)
        prior = prior_from(profile, 4, CONFIG)
        assert prior.share == 0.9
        assert np.allclose(prior.mean, trust * means.mean(0))
        wanted = trust * (total + WITHIN) + (1 - trust) * np.eye(4)
        assert np.allclose(prior.covariance, wanted, atol=1e-3)


def test_carrying_a_profile_over_brings_the_next_image_closer():
    profile = learn([finished_image(HABIT, seed) for seed in range(8)], WITHIN)
    prior = prior_from(profile, 4, CONFIG)
    assert prior.log_density(HABIT[None])[0] > LatentPrior.standard(4).log_density(HABIT[None])[0]


def test_nobody_in_particular_is_the_standard_prior():
    for profile in (None, learn([], WITHIN)):
        prior = prior_from(profile, 4, CONFIG)
        assert prior.share == 0
        assert (prior.covariance == np.eye(4)).all()


def test_a_profile_survives_json():
    profile = learn([finished_image(HABIT, 1)], WITHIN)
    again = json.loads(json.dumps(profile))
    assert again == profile
    assert np.array_equal(prior_from(again, 4, CONFIG).mean, prior_from(profile, 4, CONFIG).mean)


@pytest.mark.parametrize(
    "damage",
    [{"mean": [0.0]}, {"n": "many"}, {"covariance": (-np.eye(4)).tolist()}, {"within": None}],
)
def test_a_damaged_profile_is_refused(damage):
    profile = learn([finished_image(HABIT, 1)], WITHIN)
    with pytest.raises(InputError, match="profile"):
        prior_from(profile | damage, 4, CONFIG)
    with pytest.raises(InputError, match="profile"):
        prior_from({}, 4, CONFIG)


def test_the_within_person_covariance_ignores_differences_between_people():
    rng = np.random.default_rng(0)
    people = [
        [
            5 * centre + rng.multivariate_normal(np.zeros(2), [[1, 0.3], [0.3, 0.5]])
            for _ in range(40)
        ]
        for centre in rng.standard_normal((30, 2))
    ]
    found = within_person([*people, [np.full(2, 1e6)]])
    assert np.allclose(found, [[1, 0.3], [0.3, 0.5]], atol=0.15)
    with pytest.raises(InputError, match="two images"):
        within_person([[np.zeros(2)]])


def test_the_width_direction_predicts_the_shift_of_the_border():
    bases = toy_bases(side=96)
    width = width_direction(bases, 0.5)
    areas = bases.masks(np.array([[0.0, 0, 0, 0], [1.0, 0, 0, 0]])).sum(1)
    radii = np.sqrt(areas / np.pi) * 0.5
    assert width[0] == pytest.approx(radii[1] - radii[0], rel=0.15)
    assert np.abs(width[1:]).max() < 0.1 * width[0]


def said(*, shift=2.0, count=9, unit="pixels", doubt=1.0):
    """The words for someone whose border lies that far outside on every image."""
    one = Finished(np.array([shift, 0.0]), doubt**2 * np.eye(2), np.array([1.0, 0.3]), unit)
    return describe(learn([one] * count, np.eye(2)), CONFIG)


def test_a_profile_is_described_in_words():
    known = "than the average reader, known from 9 images"
    assert said() == f"draws 1.5 pixels wider {known}"
    assert said(shift=-2.0, unit="mm") == f"draws 1.5 mm narrower {known}"
    assert said(shift=0.3, unit="mm", doubt=0.1) == f"draws 0.2 mm wider {known}"
    assert "no image" in said(count=0)


def test_a_width_that_nobody_could_see_or_be_sure_of_is_not_told():
    even = "draws about as wide as the average reader, as far as"
    assert said(shift=0.0) == f"{even} 9 images can tell"
    assert said(shift=0.6, doubt=0.01) == f"{even} 9 images can tell"
    assert said(shift=0.12, unit="mm", doubt=0.01) == f"{even} 9 images can tell"
    # The same habit is beyond doubt only after more images, or surer ones.
    assert said(shift=2.5, count=1, doubt=1.5) == f"{even} 1 image can tell"
    assert "known from 1 image" in said(shift=2.5, count=1, doubt=0.5)
    assert "known from 9 images" in said(shift=2.5, doubt=1.5)


def test_widths_are_in_millimetres_where_an_image_has_a_size():
    sized, larger = (finished_image(HABIT, 0, spacing=(s, "mm")) for s in (0.5, 2.0))
    for others in ([], [finished_image(HABIT, 1)]):
        profile = learn([sized, *others], WITHIN)
        assert profile["unit"] == "mm"
        assert np.allclose(4 * np.array(profile["width"]), learn([larger], WITHIN)["width"])


def test_settings_understand_text_and_refuse_what_they_do_not_know():
    config = PosteriorConfig.from_settings(
        {"candidates": "6", "refine": "False", "beta": "12.5", "use_network": True}
    )
    assert (config.candidates, config.refine, config.beta) == (6, False, 12.5)
    with pytest.raises(ConfigError, match=r"'candidate'.*Known:.*candidates"):
        PosteriorConfig.from_settings({"candidate": 6})
    for bad in ({"candidates": "six"}, {"candidates": 2.5}, {"refine": "maybe"}, {"beta": True}):
        with pytest.raises(ConfigError, match="posterior"):
            PosteriorConfig.from_settings(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"latent": 7},
        {"lapse": 1.0},
        {"beta": float("nan")},
        {"choose_side": 128, "particle_side": 64},
        {"heaviest": 4},
        {"particles": 32},
    ],
)
def test_settings_out_of_range_are_refused_by_name(bad):
    with pytest.raises(ConfigError, match="posterior"):
        PosteriorConfig(**bad)


def test_the_digest_names_the_settings():
    assert PosteriorConfig().digest() == PosteriorConfig().digest()
    assert replace(PosteriorConfig(), lapse=0.2).digest() != PosteriorConfig().digest()
