import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from assent.core.context import ContextEntry
from assent.core.errors import InputError
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.image import from_array
from assent.core.metrics import dice
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.core.simulate import consensus_click
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior import present
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.draw import draw
from assent.methods.posterior.method import Posterior
from assent.methods.posterior.shipped import Constants
from assent.testing import contract
from assent.testing.data import blob
from assent.testing.same import check_same
from methods.posterior.posterior_tiny import scene, tiny_network, with_network, without_network

STATE = ("seed", "round", "given", "removed", "shown", "solved", "bases", "particles", "accepted")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["network", "fallback"])
def method(request):
    return with_network() if request.param == "network" else without_network()


def begin(method, image, *prompts, memory=(), prior=None, seed=0):
    embedding = method.embed(image)
    state = method.begin(embedding, memory=memory, prior=prior, seed=seed)
    if prompts:
        state = method.update(embedding, state, Correct(prompts, 0))
    return embedding, state


def history(mask):
    """One answer of every kind, in an order in which each is possible."""
    stroke = tuple((0, 18, x) for x in range(20, 28))
    return (
        lambda p: Correct((Click((0, 18, 24)),), p.round),
        lambda p: Pick(len(p.alternatives) - 1 if len(p.alternatives) else None, p.round),
        lambda p: Judge("worse", p.round) if len(p.alternatives) else Pick(None, p.round),
        lambda p: Pick(None, p.round),
        lambda p: Correct((BoundingBox((0, 8, 13), (1, 29, 36)),), p.round),
        lambda p: Correct((Click((0, 2, 3), False), Scribble(stroke)), p.round),
        lambda p: Judge("cannot_tell", p.round) if len(p.alternatives) else Pick(None, p.round),
        lambda p: Correct((), p.round, removed=(0, 2)),
        lambda p: Accept("edited", p.round, edited=mask),
    )


def test_replay_equals_the_work_itself_and_old_states_stay(method):
    image, mask = scene()
    embedding, state = begin(method, image, seed=11)
    states, given, shown = [state], [], [method.propose(embedding, state)]
    for answer in history(mask):
        given.append(answer(shown[-1]))
        states.append(method.update(embedding, states[-1], given[-1]))
        shown.append(method.propose(embedding, states[-1]))
    again = method.embed(image)
    state = method.begin(again, memory=(), prior=None, seed=11)
    for feedback, expected, proposal in zip(given, states[1:], shown[1:], strict=True):
        # Replayed without looking at any proposal in between.
        state = method.update(again, state, feedback)
        for name in STATE:
            check_same(getattr(expected, name), getattr(state, name), f"{name} of a replay")
        check_same(proposal, method.propose(again, state), "the proposal of a replay")
    for state, proposal in zip(states, shown, strict=True):
        check_same(proposal, method.propose(embedding, state), "an old state's proposal")
    back = method.update(embedding, states[3], given[3])
    check_same(shown[4], method.propose(embedding, back), "the proposal after undo and redo")


def test_another_seed_is_another_sample(method):
    image, _ = scene()
    proposals = []
    for seed in (0, 1):
        embedding, state = begin(method, image, Click((0, 18, 24)), seed=seed)
        proposals.append(method.propose(embedding, state))
    assert not np.array_equal(proposals[0].probability, proposals[1].probability)
    assert dice(proposals[0].recommended, proposals[1].recommended) > 0.85


def test_cannot_tell_changes_nothing_but_the_round(method):
    image, _ = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)))
    before = method.propose(embedding, state)
    if not len(before.alternatives):
        pytest.skip("nothing to judge")
    state = method.update(embedding, state, Judge("cannot_tell", 1))
    after = method.propose(embedding, state)
    assert after.round == before.round + 1
    for name in ("recommended", "alternatives", "probability", "tags", "predicted_dice", "scores"):
        check_same(getattr(before, name), getattr(after, name), name)


def agreement(state):
    """Expected Dice of what the person has in mind with each mask last shown."""
    return state.particles.weights @ state.bases.dice(
        state.particles.z, state.shown[-1].masks.unpack()
    )


def test_a_judgement_moves_the_posterior_towards_the_better_mask(method):
    image, _ = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)))
    gain = {}
    for answer in ("better", "cannot_tell", "worse"):
        incumbent, challenger = agreement(method.update(embedding, state, Judge(answer, 1)))
        gain[answer] = challenger - incumbent
    assert gain["better"] > gain["cannot_tell"] > gain["worse"]


def test_a_pick_moves_the_posterior_towards_what_was_picked(method):
    image, _ = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)))
    count = len(method.propose(embedding, state).alternatives)
    assert count > 1
    shares = [agreement(method.update(embedding, state, Pick(k, 1))) for k in range(count)]
    for k in range(count):
        others = [share[k] for j, share in enumerate(shares) if j != k]
        assert shares[k][k] > np.mean(others)
        # Few particles: a neighbour beyond the one picked may speak for it as much.
        assert shares[k][k] > max(others) - 0.005


def test_taking_a_prompt_back_leaves_the_others(method):
    image, _ = scene()
    one, two = Click((0, 18, 24)), Click((0, 4, 4), False)
    embedding, state = begin(method, image, one)
    state = method.update(embedding, state, Correct((two,), 1))
    state = method.update(embedding, state, Correct((), 2, removed=(1,)))
    assert state.prompts == (one,)
    assert state.given == (one, two)
    again = method.update(embedding, state, Correct((two,), 3, removed=()))
    assert again.prompts == (one, two)
    with pytest.raises(InputError, match="Prompt 2 cannot be removed"):
        method.update(embedding, state, Correct((), 3, removed=(2,)))


def test_without_a_network_taking_a_prompt_back_restores_the_field_exactly():
    image, _ = scene()
    method = without_network()
    embedding, first = begin(method, image, Click((0, 18, 24)))
    state = method.update(embedding, first, Correct((Click((0, 4, 4), False),), 1))
    state = method.update(embedding, state, Correct((), 2, removed=(1,)))
    check_same(first.solved, state.solved, "the field")


def test_a_click_is_obeyed_and_taken_back(method):
    contract.prompts_are_obeyed(without_network(), blob((1, 33, 41)))
    image, _ = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)), Click((0, 1, 1), False))
    proposal = method.propose(embedding, state)
    assert proposal.recommended[0, 18, 24]
    assert not proposal.recommended[0, 1, 1]


def test_alternatives_differ_from_the_recommendation_and_each_other(method):
    image, _ = scene(width=48)  # Of the working side: resampling would smooth single pixels away.
    embedding, state = begin(method, image, Click((0, 18, 24)))
    seen = []
    for page in range(3):
        proposal = method.propose(embedding, state, page=page)
        masks = [proposal.recommended, *proposal.alternatives]
        for i, mask in enumerate(masks):
            for other in masks[:i]:
                assert dice(mask, other) <= 0.98
        for mask in proposal.alternatives:
            assert not any(np.array_equal(mask, other) for other in seen)
        seen += list(proposal.alternatives)
        assert len(proposal.tags) == len(proposal.scores) == len(proposal.alternatives) <= 3
    assert seen


def test_no_two_alternatives_of_a_page_have_the_same_words(method, monkeypatch):
    image, mask = scene()
    wider = np.stack([mask, *[scene(radius=14)[1]] * 2])

    def alike(state, offer, grid):
        return replace(draw(state, offer, grid), masks=wider)

    monkeypatch.setattr(present, "draw", alike)
    embedding, state = begin(method, image, Click((0, 18, 24)))
    tags = method.propose(embedding, state).tags
    assert len(tags) == len(set(tags)) == 2


CASES = {
    "colour": scene(colour=True)[0],
    "tall": scene(height=512, width=300, at=(240, 140), radius=80)[0],
    "tiny": from_array(np.random.default_rng(0).normal(size=(9, 17))),
    "constant": from_array(np.full((30, 41), 5.0)),
    "one pixel": from_array(np.zeros((1, 1))),
    "a line": from_array(np.random.default_rng(0).normal(size=(1, 200))),
    "volume": from_array(np.random.default_rng(0).normal(size=(3, 20, 24))),
}


@pytest.mark.parametrize("name", CASES)
def test_any_image_can_be_worked_on(method, name):
    image = CASES[name]
    depth, height, width = image.shape_dhw
    embedding, state = begin(method, image)
    blind = method.propose(embedding, state)
    click = Click((depth // 2, height // 2, width // 2))
    state = method.update(embedding, state, Correct((click,), 0))
    told = method.propose(embedding, state)
    state = method.update(embedding, state, Pick(None, 1))
    state = method.update(embedding, state, Accept("recommended", 2))
    done = method.propose(embedding, state)
    assert np.array_equal(done.recommended, state.accepted)
    for proposal in (blind, told, done):
        assert proposal.recommended.shape == image.shape_dhw
        assert 0 <= proposal.predicted_dice <= 1
        assert all(0 <= s <= 1 for s in proposal.scores)
        for values in (proposal.probability, proposal.uncertainty):
            assert np.isfinite(values).all()
            assert values.min() >= 0
            assert values.max() <= 1


def test_an_empty_mask_that_nobody_asked_for_is_not_called_certain():
    image, _ = scene()
    method = without_network()
    embedding, state = begin(method, image)
    proposal = method.propose(embedding, state)
    assert not proposal.recommended.any()
    assert proposal.predicted_dice < 0.5
    told = method.update(embedding, state, Correct((Click((0, 18, 24)),), 0))
    assert method.propose(embedding, told).predicted_dice > 0.7


def test_a_box_alone_gives_a_mask_inside_it(method):
    image, mask = scene()
    embedding, state = begin(method, image, BoundingBox((0, 8, 14), (1, 29, 35)))
    proposal = method.propose(embedding, state)
    if method.capabilities.context:
        return  # What an untrained network makes of a box means nothing.
    assert dice(proposal.recommended, mask) > 0.8


def entry(name="one", **place):
    image, mask = scene(**place)
    return ContextEntry(name, image, mask)


def test_context_changes_the_proposal_and_one_entry_less_changes_it_back():
    method = with_network()
    image, _ = scene(seed=3)
    memory = [method.remember(entry(seed=1)), method.remember(entry("two", at=(20, 30), seed=2))]
    embedding = method.embed(image)
    shown = [
        method.propose(embedding, method.begin(embedding, memory=m, prior=None, seed=0))
        for m in ((), memory[:1], memory, memory[:1])
    ]
    assert np.abs(shown[0].probability - shown[1].probability).max() > 1e-3
    assert np.abs(shown[1].probability - shown[2].probability).max() > 1e-4
    check_same(shown[1], shown[3], "the proposal without the second entry")


def test_context_does_not_depend_on_its_order():
    method = with_network()
    image, _ = scene(seed=3)
    memory = [method.remember(entry(str(k), seed=k, at=(15 + k, 20 + k))) for k in range(4)]
    embedding = method.embed(image)
    first, second = (
        method.propose(embedding, method.begin(embedding, memory=m, prior=None, seed=0))
        for m in (memory, memory[::-1])
    )
    assert np.allclose(first.probability, second.probability, atol=1e-4)


def test_no_more_entries_are_used_than_set():
    method = with_network(memory_entries=2)
    image, _ = scene()
    memory = [method.remember(entry(str(k), seed=k)) for k in range(5)]
    state = method.begin(method.embed(image), memory=memory, prior=None, seed=0)
    assert len(state.context) == 2
    none = with_network(memory_entries=0)
    state = none.begin(none.embed(image), memory=memory, prior=None, seed=0)
    assert state.context == ()


def test_context_of_another_kind_is_refused_by_name():
    method = with_network()
    memory = [method.remember(entry("gray one"))]
    embedding = method.embed(scene(colour=True)[0])
    with pytest.raises(InputError, match="Context entry gray one is gray, but image is RGB"):
        method.begin(embedding, memory=memory, prior=None, seed=0)


def test_empty_and_full_context_is_refused_and_ignored_without_a_network():
    image, mask = scene()
    for wrong in (np.zeros_like(mask), np.ones_like(mask)):
        odd = ContextEntry("odd", image, wrong)
        with pytest.raises(InputError, match="context entry odd"):
            with_network().remember(odd)
        assert without_network().remember(odd) is None


def test_a_profile_is_learned_survives_json_and_is_used(method):
    image, _mask = scene()
    wide = scene(radius=12)[1]
    finished = []
    for _ in range(2):
        embedding, state = begin(method, image, Click((0, 18, 24)))
        finished.append(method.update(embedding, state, Accept("edited", 1, edited=wide)))
    prior = method.learn(finished)
    assert json.loads(json.dumps(prior)) == prior
    assert prior["n"] == 2
    assert "average reader" in prior["says"]
    embedding, plain = begin(method, image, Click((0, 18, 24)))
    _, personal = begin(method, image, Click((0, 18, 24)), prior=json.loads(json.dumps(prior)))
    shown, mine = (method.propose(embedding, s) for s in (plain, personal))
    assert not np.array_equal(shown.probability, mine.probability)
    assert mine.probability.sum() > shown.probability.sum()


def test_a_profile_needs_finished_images(method):
    image, _ = scene()
    _, state = begin(method, image, Click((0, 18, 24)))
    with pytest.raises(InputError, match="accept them first"):
        method.learn([state])
    nobody = method.learn([])
    assert nobody["n"] == 0
    begin(method, image, Click((0, 18, 24)), prior=nobody)


def test_a_profile_of_other_weights_is_refused():
    image, _ = scene()
    other = Posterior(with_network().config, tiny_network(1), Constants(), "another digest")
    with pytest.raises(InputError, match="other weights"):
        begin(with_network(), image, prior=other.learn([]))


def test_nothing_is_on_offer_beside_an_accepted_mask(method):
    image, _ = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)))
    state = method.update(embedding, state, Accept("recommended", 1))
    assert len(method.propose(embedding, state).alternatives) == 0
    for answer in (Pick(0, 2), Accept(0, 2), Judge("better", 2)):
        with pytest.raises(InputError):
            method.update(embedding, state, answer)


def test_an_accepted_alternative_is_the_one_shown(method):
    image, _ = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)))
    for page in (0, 1):
        shown = method.propose(embedding, state, page=page)
        for k, mask in enumerate(shown.alternatives):
            done = method.update(embedding, state, Accept(k, 1, page=page))
            assert np.array_equal(method.propose(embedding, done).recommended, mask)


def test_an_accepted_mask_is_kept_even_if_the_given_array_changes(method):
    image, mask = scene()
    embedding, state = begin(method, image, Click((0, 18, 24)))
    given = mask.copy()
    done = method.update(embedding, state, Accept("edited", 1, edited=given))
    given[:] = False
    assert np.array_equal(method.propose(embedding, done).recommended, mask)


def test_fitted_constants_apply_where_the_person_named_nothing():
    fitted = Constants(choice=(("beta", 33.0), ("prompt_weight", 2.0)), calibration=(-1.0, 1.0))
    default = PosteriorConfig().beta
    config = fitted.configured({"beta": default})
    assert config.beta == default
    assert config.prompt_weight == 2.0
    method = Posterior(config, tiny_network(), fitted, "digest")
    plain = Posterior(config, tiny_network(), Constants(), "digest")
    assert method.settings_digest != plain.settings_digest
    image, _ = scene()
    lower, higher = (
        m.propose(*begin(m, image, Click((0, 18, 24)))).predicted_dice
        for m in (with_network(Constants(calibration=(-1.0, 1.0))), with_network())
    )
    assert 0 <= lower < higher <= 1


def carried_over(method, rater, images=6):
    """Mean Dice of what later images begin with, without and with what earlier ones taught."""
    scores = {"plain": [], "mine": []}
    finished = []
    for number, case in enumerate(open_synthetic("raters2d", images=images, seed=5).cases()):
        masks = {r.rater: r.read() for r in case.references}
        embedding = method.embed(case.read_image())
        click = consensus_click(list(masks.values()), rng=np.random.default_rng(number))
        for kind, reached in scores.items():
            prior = method.learn(finished) if kind == "mine" and finished else None
            state = method.begin(embedding, memory=(), prior=prior, seed=number)
            state = method.update(embedding, state, Correct((click,), 0))
            if finished:
                mask = method.propose(embedding, state).recommended
                reached.append(dice(mask, masks[rater]))
        accept = Accept("edited", state.round, edited=masks[rater])
        finished.append(method.update(embedding, state, accept))
    return np.mean(scores["plain"]), np.mean(scores["mine"])


def test_a_person_with_a_habit_gets_nearer_with_what_was_learned():
    method = without_network(
        particles=128, heaviest=48, working_side=96, particle_side=96, choose_side=48
    )
    plain, mine = carried_over(method, "wide")
    assert mine > plain + 0.005
