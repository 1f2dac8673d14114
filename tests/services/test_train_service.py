from dataclasses import replace

import pytest

from assent.core.errors import ConfigError, InputError
from assent.methods import registry
from assent.methods.protocol import Progress
from assent.services.train import TrainRequest, train
from assent.testing.methods import ThresholdMethod


class Learner(ThresholdMethod):
    """Pretends to train, and remembers with what."""

    capabilities = replace(ThresholdMethod.capabilities, trainable=True)
    seen = None

    def train(self, tasks, config, report, resume):
        Learner.seen = (tasks, config, resume)
        report(Progress(1, 1.0, {"loss": 0.5}))
        config.out.write_bytes(b"weights")
        return config.out


@pytest.fixture
def request_for(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "build", lambda name, **_: Learner())

    def make(**changes):
        given = {"method": "learner", "data": ("synthetic:cells2d", "synthetic:raters2d")}
        given |= {"out": tmp_path / "deep" / "w.safetensors", "steps": 3, **changes}
        return TrainRequest(**given)

    return make


def test_all_that_was_said_reaches_the_method(request_for, tmp_path):
    told = []
    checkpoint = tmp_path / "c.safetensors"
    checkpoint.write_bytes(b"half")
    request = request_for(resume=checkpoint, training={"rate": 0.1}, command="assent train learner")
    assert train(request, told.append) == request.out
    tasks, config, resume = Learner.seen
    assert [task.name for task in tasks] == ["synthetic-cells2d", "synthetic-raters2d"]
    assert (config.steps, config.minutes, config.device) == (3, None, "auto")
    assert (config.settings, config.command) == ({"rate": 0.1}, "assent train learner")
    assert resume == checkpoint
    assert told[0].figures == {"loss": 0.5}


def test_a_fold_trains_on_its_own_split_and_a_seed_is_handed_on(request_for):
    train(request_for(fold=2, seed=7, data=("synthetic:raters2d",)), print)
    (turned,), config, _ = Learner.seen
    assert (config.seed, config.fold) == (7, 2)
    train(request_for(data=("synthetic:raters2d",)), print)
    (usual,), config, _ = Learner.seen
    assert (config.seed, config.fold) == (0, 0)
    splits = {case.id: case.split for case in turned.cases()}
    assert splits.keys() == {case.id for case in usual.cases()}
    assert splits != {case.id: case.split for case in usual.cases()}
    with pytest.raises(ConfigError, match="no fold 5"):
        train(request_for(fold=5), print)


def test_a_method_without_weights_is_refused(request_for, monkeypatch):
    monkeypatch.setattr(registry, "build", lambda name, **_: ThresholdMethod())
    with pytest.raises(ConfigError, match="no weights"):
        train(request_for(), print)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": None},
        {"minutes": 3.0},
        {"steps": -1},
        {"steps": None, "minutes": 0.0},
        {"data": ()},
    ],
)
def test_a_request_that_says_nothing_is_refused(request_for, wrong):
    with pytest.raises(ConfigError):
        request_for(**wrong)


def test_datasets_of_one_name_are_refused(request_for):
    with pytest.raises(InputError, match="synthetic-cells2d"):
        train(request_for(data=("synthetic:cells2d", "synthetic:cells2d")), print)


def test_the_checkpoint_before_may_stand_alone(request_for, tmp_path):
    (tmp_path / "gone.previous.safetensors").write_bytes(b"whole")
    assert request_for(resume=tmp_path / "gone.safetensors").resume is not None


def test_a_missing_checkpoint_is_named(request_for, tmp_path):
    with pytest.raises(InputError, match=r"gone\.safetensors"):
        request_for(resume=tmp_path / "gone.safetensors")
