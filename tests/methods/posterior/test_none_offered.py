"""Where "none of these" is no answer, only the masks on offer share the probability."""

import numpy as np
import pytest

from assent.methods.posterior.choice import answer_probabilities
from assent.methods.posterior.choose import information_bits
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import PackedMasks, PickAnswer, log_likelihood
from methods.posterior.posterior_toy import toy_bases

DICE = np.array([[0.9, 0.2], [0.3, 0.8]])
HALVES = np.array([0.5, 0.5])


@pytest.mark.parametrize(("offered", "share"), [(True, 1 / 3), (False, 1 / 2)])
def test_a_careless_answer_is_any_of_those_that_can_be_given(offered, share):
    config = PosteriorConfig(lapse=0.6, beta=200, none_at=0.5)
    answers = answer_probabilities(DICE, config, none_offered=offered)
    assert np.allclose(answers.min(axis=1), 0.6 * share)
    assert np.allclose(answers.max(axis=1), 0.4 + 0.6 * share)


def test_without_it_a_bad_mask_is_taken_if_the_other_is_worse():
    config = PosteriorConfig(lapse=0.0, beta=20, none_at=0.7)
    poor = np.array([[0.4, 0.1]])
    with_none, without = (
        answer_probabilities(poor, config, none_offered=offered)[0] for offered in (True, False)
    )
    assert with_none[0] < 0.01
    assert without[0] > 0.99


def test_a_single_mask_tells_something_only_if_it_can_be_refused():
    config = PosteriorConfig(lapse=0.0, beta=50)
    alone = DICE[:, :1]
    assert information_bits(alone, HALVES, config, none_offered=False) == pytest.approx(0.0)
    assert information_bits(alone, HALVES, config, none_offered=True) > 0.9


@pytest.mark.parametrize("offered", [True, False])
def test_the_evidence_knows_what_could_be_answered(offered):
    config, bases = PosteriorConfig(), toy_bases()
    z = np.random.default_rng(0).standard_normal((6, bases.latent))
    masks = np.random.default_rng(1).random((2, bases.mean.size)) > 0.5
    answer = PickAnswer(PackedMasks.of(masks), 1, none_offered=offered)
    wanted = answer_probabilities(bases.dice(z, masks), config, none_offered=offered)[:, 1]
    assert np.allclose(log_likelihood(bases, [answer], z, config), np.log(wanted), atol=1e-5)
