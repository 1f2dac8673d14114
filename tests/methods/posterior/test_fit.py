from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from assent.core.context import ContextEntry
from assent.core.feedback import Correct, Judge, Pick
from assent.core.prompts import Click
from assent.datasets.synthetic import open_synthetic
from assent.methods.posterior import fit as fitting
from assent.methods.posterior import sittings as sitting_module
from assent.methods.posterior import train as training
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.decide import calibrate
from assent.methods.posterior.fit import Steps, calibrated, fit, fit_choice, fit_refit, within_of
from assent.methods.posterior.method import Posterior
from assent.methods.posterior.shipped import Constants, load
from assent.methods.posterior.sittings import Sitting, Work, work
from assent.methods.posterior.tasks import read_tasks
from assent.methods.protocol import TrainConfig
from assent.models.weights import read_weights, save_weights
from methods.posterior.posterior_tiny import (
    FEW,
    SHAPE,
    disk,
    scene,
    tiny_network,
    with_network,
    without_network,
)

IN_SILENCE = Steps(lambda done: None, 1)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def person(method, image, radius, *, rater="a", seed=0, near=0.0):
    """Somebody who sees the disk of ``scene`` with another radius."""
    height, width = image.shape_dhw[1:]
    wanted = disk(height, width, radius=radius)[None]
    return Sitting(rater, method.embed(image), (wanted,), wanted, near, (seed,))


def left(rater, mean):
    return Work(rater, [(0.5, 0.5)], np.asarray(mean))


def test_w_is_the_spread_of_a_person_not_between_persons():
    rng = np.random.default_rng(0)
    root = np.array([[0.6, 0.0, 0.0], [0.3, 0.4, 0.0], [0.0, -0.2, 0.1]])
    works = []
    for rater in range(60):
        habit = rng.normal(0, 3, 3)
        works += [left(str(rater), habit + root @ rng.standard_normal(3)) for _ in range(5)]
    rng.shuffle(works)
    assert np.allclose(within_of(works), root @ root.T, atol=0.06)


def test_w_needs_somebody_with_two_images():
    assert within_of([]) == ()
    assert within_of([left("a", [0.0, 1.0]), left("b", [2.0, 0.0])]) == ()
    once = left("c", [9.0, 9.0])
    assert np.allclose(within_of([left("a", [0.0, 1.0]), left("a", [2.0, 1.0]), once])[0], [2, 0])


def test_who_wavers_between_images_has_more_spread(monkeypatch):
    # Corrections would move the mean towards the person, and leave z less to explain.
    monkeypatch.setattr(sitting_module, "CORRECTING", ("click", "pick", "pick"))
    monkeypatch.setattr(sitting_module, "CHOOSING", ("click", "pick", "pick"))
    method = without_network()
    traces = []
    for radii in ((9, 9, 9, 9), (6.5, 11.5, 6.5, 11.5)):
        works = [
            work(method, person(method, scene(seed=k)[0], radius, seed=k))
            for k, radius in enumerate(radii)
        ]
        traces.append(np.trace(within_of(works)))
    assert traces[1] > 2 * traces[0]


def overconfident(seeds):
    """People who want something narrower than what the image shows."""
    method = without_network()
    pairs = []
    for seed in seeds:
        image, _ = scene(seed=seed)
        pairs += work(method, person(method, image, 7.0 + 0.3 * (seed % 3), seed=seed)).pairs
    return pairs


def test_calibration_brings_predictions_nearer_to_what_is_achieved():
    constants = calibrated(Constants(), overconfident(range(6)), [])
    expected, achieved = np.array(overconfident(range(6, 12))).T
    before = np.abs(expected - achieved).mean()
    after = np.abs([calibrate(e, constants.calibration) for e in expected] - achieved).mean()
    assert before > 0.05
    assert after < 0.7 * before


def test_each_calibration_comes_from_its_own_images():
    rng = np.random.default_rng(0)
    expected = rng.uniform(0.6, 0.95, 60)
    told = [(e, e) for e in expected]
    alone = [(e, e - 0.4) for e in expected]
    constants = calibrated(Constants(choice=(("beta", 9.0),)), told, alone)
    assert calibrate(0.8, constants.calibration) == pytest.approx(0.8, abs=0.02)
    assert calibrate(0.8, constants.context_calibration) == pytest.approx(0.4, abs=0.05)
    assert constants.choice == (("beta", 9.0),)
    assert calibrated(Constants(), told, []).context_calibration == constants.calibration
    assert calibrated(Constants(), [], []) == Constants()


def test_the_calibration_that_applies_depends_on_whether_the_person_spoke():
    constants = Constants(calibration=(-1.0, 1.0), context_calibration=(-3.0, 1.0))
    fitted, plain = with_network(constants), with_network()
    image, _ = scene(seed=3)

    def shown(method, *answers):
        memory = [method.remember(ContextEntry("done", *scene(seed=1)))]
        embedding = method.embed(image)
        state = method.begin(embedding, memory=memory, seed=0)
        for answer in answers:
            state = method.update(embedding, state, answer)
        return method.propose(embedding, state)

    click = Correct((Click((0, 18, 24)),), 0)
    back = Correct((), 1, removed=(0,))
    cases = [
        ((), constants.context_calibration),
        ((click,), constants.calibration),
        ((click, back), constants.context_calibration),
        ((Pick(0, 0),), constants.calibration),
        ((Pick(None, 0),), constants.calibration),
        ((Judge("worse", 0),), constants.calibration),
        ((Judge("cannot_tell", 0),), constants.context_calibration),
    ]
    for answers, applied in cases:
        one, other = shown(fitted, *answers), shown(plain, *answers)
        assert one.predicted_dice == pytest.approx(calibrate(other.predicted_dice, applied))
        assert one.scores == pytest.approx([calibrate(s, applied) for s in other.scores])
        assert len(one.scores), "alternatives are there to be scored"


def picky(monkeypatch, reached, grid):
    """``fit_choice`` with people of whom ``reached`` says how far they get."""
    monkeypatch.setattr(fitting, "GRID", grid)

    def fake(method, sitting):
        return Work("a", [(0.0, reached(dict(method.choice), sitting))], np.zeros(2))

    monkeypatch.setattr(fitting, "work", fake)
    constants, works = fit_choice(lambda trial: trial, range(8), IN_SILENCE)
    choice = dict(constants.choice)
    assert choice.pop("refit_weight") == 0.5
    return choice, works


def test_of_equals_the_first_stays(monkeypatch):
    grid = {"beta": (20.0, 10.0, 40.0), "lapse": (0.1, 0.2)}
    chosen, works = picky(monkeypatch, lambda choice, who: 0.8, grid)
    assert chosen == {"beta": 20.0, "lapse": 0.1}
    assert [w.achieved for w in works] == [0.8] * 8


def test_a_difference_within_chance_changes_nothing(monkeypatch):
    def reached(choice, who):
        return 0.7 if choice["beta"] == 20.0 else 0.7 + (0.09 if who % 2 else -0.08)

    chosen, _ = picky(monkeypatch, reached, {"beta": (20.0, 10.0)})
    assert chosen == {"beta": 20.0}
    chosen, works = picky(
        monkeypatch,
        lambda choice, who: reached(choice, who) + 0.05 * (choice["beta"] != 20.0),
        {"beta": (20.0, 10.0)},
    )
    assert chosen == {"beta": 10.0}
    assert np.mean([w.achieved for w in works]) == pytest.approx(0.755)


def test_each_constant_is_chosen_under_those_before_it(monkeypatch):
    def reached(choice, who):
        best = {"beta": 40.0, "lapse": 0.2 if choice["beta"] == 40.0 else 0.3}
        return 0.5 + 0.1 * sum(choice[name] == value for name, value in best.items())

    grid = {"beta": (20.0, 10.0, 40.0), "lapse": (0.1, 0.3, 0.2)}
    chosen, _ = picky(monkeypatch, reached, grid)
    assert chosen == {"beta": 40.0, "lapse": 0.2}


@pytest.mark.parametrize("values", [(0.1, 60.0), (60.0, 0.1)])
def test_a_constant_that_is_clearly_best_is_chosen(monkeypatch, values):
    """People who draw wide are understood only by a method that minds what they pick."""
    monkeypatch.setattr(fitting, "GRID", {"beta": values})

    def build(trial):
        config = trial.configured(FEW | {"use_network": False, "particles": 64})
        return Posterior(config, None, trial, "")

    method = build(Constants())
    people = [person(method, scene(seed=k)[0], 12.5, seed=k) for k in range(5)]
    constants, works = fit_choice(build, people, IN_SILENCE)
    assert dict(constants.choice) == {"beta": 60.0, "refit_weight": 0.5}
    again = [work(build(constants), sitting).achieved for sitting in people]
    assert [w.achieved for w in works] == again


def test_nobody_to_ask_chooses_nothing():
    assert fit_choice(pytest.fail, [], IN_SILENCE) == (Constants(), [])
    told = Constants(choice=(("refit_weight", 1.0),))
    assert fit_choice(pytest.fail, [], IN_SILENCE, refit_weight=1.0) == (told, [])


@pytest.mark.parametrize(
    ("gains", "chosen"),
    [
        ({0.0: [0.1, 0.1], 1.0: [0.2, 0.2]}, 1.0),
        ({0.0: [0.2, 0.2], 1.0: [0.1, 0.1]}, 0.0),
        ({0.0: [-0.1, -0.1], 1.0: [0.3, -0.29]}, 0.5),
        ({0.0: [0.0, 0.0], 1.0: [0.0, 0.0]}, 0.5),
    ],
)
def test_the_classifier_adds_as_much_as_helps_clicks_beyond_chance(gains, chosen):
    def after_clicks(trial):
        ((_, weight),) = trial.choice
        extra = gains.get(weight, [0.0, 0.0])
        # What was predicted does not count, nor an image on which nobody could click.
        return [[(0.9, 0.5 + extra[0])], [], [(0.1, 0.4 + extra[1]), (0.2, 0.6 + extra[1])]]

    assert fit_refit(after_clicks) == chosen


def test_without_images_the_classifier_adds_what_it_does_by_default():
    assert fit_refit(lambda trial: []) == 0.5


def test_the_search_starts_at_the_settings_and_stays_within_their_limits():
    for name, values in fitting.GRID.items():
        assert values[0] == getattr(PosteriorConfig(), name)
        assert len(set(values)) == len(values)
        for value in values:
            assert getattr(Constants(choice=((name, value),)).configured({}), name) == value


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A tiny file, and little to do with it."""
    monkeypatch.setattr(fitting, "GRID", {"beta": (20.0, 0.1)})
    monkeypatch.setattr(fitting, "IMAGES", 2)
    monkeypatch.setattr(fitting, "RATERS", 2)
    monkeypatch.setattr(fitting, "CALIBRATED", 2)
    monkeypatch.setattr(fitting, "read_tasks", lambda *a, side: read_tasks(*a, side=min(side, 40)))
    configured = Constants.configured
    monkeypatch.setattr(Constants, "configured", lambda self, given: configured(self, FEW | given))
    path = tmp_path / "w.safetensors"
    facts = {"architecture": "posterior", "shape": asdict(SHAPE), "steps": 3}
    save_weights(path, tiny_network().state_dict(), facts)
    return path


def test_what_was_fitted_comes_with_the_weights(weights):
    before, facts = read_weights(weights)
    shares = []
    constants = fit(weights, [open_synthetic("raters2d", images=10)], shares.append)
    assert dict(constants.choice).keys() == {"beta", "refit_weight"}
    assert np.array(constants.within).shape == (SHAPE.latent, SHAPE.latent)
    assert Constants().calibration != constants.calibration != constants.context_calibration
    assert load(weights)[1] == constants
    after, told = read_weights(weights)
    assert told.keys() == facts.keys() | {"constants"}
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert shares == sorted(shares)
    assert len(set(shares)) > 8
    assert shares[-1] == 1.0
    assert fit(weights, [open_synthetic("raters2d", images=10)]) == constants


def test_training_ends_with_fitting_and_says_so(weights, monkeypatch):
    """The steps themselves are those of ``test_train``."""
    monkeypatch.setattr(training, "train", lambda tasks, config, report, resume: weights)
    told = []
    made = with_network().train(
        [open_synthetic("raters2d", images=4)],
        TrainConfig(out=weights, steps=3, settings={}),
        told.append,
        None,
    )
    assert made == weights
    assert load(made)[1] != Constants()
    assert {(p.step, p.doing) for p in told} == {(3, "fitting constants")}
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert told[-1].done == 1.0


def test_only_the_first_of_several_processes_fits(weights, monkeypatch):
    monkeypatch.setattr(training, "train", lambda tasks, config, report, resume: weights)
    monkeypatch.setattr("assent.methods.posterior.method.join_processes", lambda: (1, 2))
    config = TrainConfig(out=weights, steps=3, settings={})
    with_network().train([open_synthetic("raters2d", images=4)], config, pytest.fail, None)
    assert load(weights)[1] == Constants()


def test_without_images_for_validation_the_defaults_stay(weights):
    assert fit(weights, [open_synthetic("raters2d", images=3)], pytest.fail) == Constants()
    assert fit(weights, []) == Constants()
    assert load(weights)[1] == Constants()


def test_sets_without_raters_calibrate_and_choose_nothing(weights):
    constants = fit(weights, [open_synthetic("cells2d", images=10)])
    assert dict(constants.choice).keys() <= {"refit_weight"}
    assert constants.within == ()
    assert constants.calibration != Constants().calibration


def test_constants_survive_their_file_and_older_files_have_one_calibration():
    constants = Constants((0.5, 2.0), (-1.0, 0.5), ((1.0, 0.2), (0.2, 3.0)), (("beta", 9.0),))
    assert Constants.read({"constants": constants.facts()}) == constants
    assert Constants.read({}) == Constants()
    older = {name: v for name, v in constants.facts().items() if name != "context_calibration"}
    read = Constants.read({"constants": older})
    assert read == replace(constants, context_calibration=(0.5, 2.0))
    assert read.digest() != constants.digest()
