import csv
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from assent.core.case import Case, Reference
from assent.core.errors import ConfigError, InputError, NotFoundError, WeightsError
from assent.core.metrics import dice
from assent.methods import registry
from assent.methods.baselines.unet_augment import Augmentation, augment
from assent.methods.baselines.unet_samples import read_samples
from assent.methods.protocol import Trainable, TrainConfig
from assent.models.weights import info, read_weights
from assent.testing.data import blob

TINY = {"channels": [2, 2, 4, 4, 4], "working_size": 32}


@dataclass
class Blobs:
    """A dataset of blobs; two thirds train, one third val."""

    shape: tuple = (1, 24, 30)
    targets: tuple = ("blob",)
    raters: tuple = ("",)
    count: int = 9
    name: str = "blobs"
    use: str = "train"
    modality: str = "phantom"
    has_raters: bool = False
    read: list = field(default_factory=list)

    def cases(self, *splits):
        made = []
        for i in range(self.count):
            split = "val" if i % 3 == 0 else "train"
            if not splits or split in splits:
                example = blob(self.shape, seed=i)
                references = tuple(
                    Reference(target, rater, lambda e=example: e.reference)
                    for target in self.targets
                    for rater in self.raters
                )
                image = example.image
                made.append(Case(str(i), self.name, str(i), split, lambda m=image: m, references))
        return made


def train(out, *, steps=4, resume=None, stop_at=None, sources=None, **settings):
    lines = []

    def report(progress):
        lines.append(progress)
        if progress.step == stop_at:
            raise KeyboardInterrupt

    options = {"batch": 2, "validate_steps": 2, **settings}
    config = TrainConfig(out=out, steps=steps, device="cpu", seed=3, command="x", settings=options)
    path = registry.build("unet", settings=TINY).train(sources or [Blobs()], config, report, resume)
    return path, lines


def curve_of(path):
    with path.with_suffix(".csv").open(newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_training_learns_a_clear_object_and_writes_down_how(tmp_path):
    path, lines = train(
        tmp_path / "unet.safetensors", steps=60, validate_steps=20, batch=4, learning_rate=0.01
    )
    facts = info(path)
    assert facts["architecture"] == "unet"
    assert facts["sets"] == [{"name": "blobs", "use": "train"}]
    assert facts["command"] == "x"
    assert facts["dtypes"] == ["F16"]
    assert lines[-1].done == 1.0
    best = max(line.figures["val_dice"] for line in lines if "val_dice" in line.figures)
    assert facts["figures"]["val_dice"] == pytest.approx(best, abs=1e-4)
    rows = curve_of(path)
    assert [int(row["step"]) for row in rows] == list(range(1, 61))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    method, unseen = registry.build("unet", weights=path), blob((1, 33, 41), seed=100)
    embedding = method.embed(unseen.image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    assert dice(method.propose(embedding, state).recommended, unseen.reference) > 0.7


def test_a_stopped_and_resumed_run_ends_on_the_same_weights(tmp_path):
    straight, _ = train(tmp_path / "straight.safetensors", steps=6)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "stopped.safetensors", steps=6, stop_at=3)
    checkpoint = tmp_path / "stopped.checkpoint.safetensors"
    assert not (tmp_path / "stopped.safetensors").exists()
    resumed, lines = train(tmp_path / "stopped.safetensors", steps=6, resume=checkpoint)
    assert [line.step for line in lines] == [4, 5, 6]
    expected, found = read_weights(straight)[0], read_weights(resumed)[0]
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    rows = curve_of(resumed)
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4, 5, 6]


def test_a_budget_of_minutes_ends_too(tmp_path):
    config = TrainConfig(out=tmp_path / "a.safetensors", minutes=1e-4, settings={"batch": 1})
    method = registry.build("unet", settings=TINY)
    assert isinstance(method, Trainable)
    assert method.train([Blobs()], config, lambda _: None, None).is_file()


def test_without_a_validation_split_the_last_weights_are_kept(tmp_path):
    path, _ = train(tmp_path / "a.safetensors", sources=[OnlyTrain()])
    assert info(path)["figures"] == {}


class OnlyTrain(Blobs):
    def cases(self, *splits):
        return [] if splits == ("val",) else super().cases(*splits)


def test_weights_of_another_kind_are_refused(tmp_path):
    path, _ = train(tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="holds weights of something else"):
        registry.build("unet", weights=tmp_path / "a.checkpoint.safetensors")
    with pytest.raises(WeightsError, match="does not fit"):
        registry.build("unet", settings={"channels": [2, 2, 4, 4, 8]}, weights=path)
    with pytest.raises(WeightsError, match="not a checkpoint"):
        train(tmp_path / "b.safetensors", resume=path)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"label": "heart"}, NotFoundError, "label named 'heart'"),
        ({"batch": 0}, ConfigError, "batch"),
        ({"learning_rate": 0.0}, ConfigError, "learning_rate"),
        ({"rate": 1.0}, ConfigError, "no setting 'rate'"),
        ({"sources": [Blobs(targets=("a", "b"))]}, ConfigError, r"several labels: a, b.*label="),
        ({"sources": [Blobs(count=0)]}, InputError, "nothing to train on"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path, options, error, says):
    with pytest.raises(error, match=says):
        train(tmp_path / "a.safetensors", **options)


def test_samples_carry_one_label_and_all_its_raters():
    several = Blobs(targets=("a", "b"), raters=("x", "y"))
    for label, raters in [("a", 2), ("x", 2)]:
        samples = read_samples([several], "train", label=label, size=32)
        assert len(samples) == 6
        assert samples[0].masks.shape == (raters, 32, 32)
        assert samples[0].image.shape == (3, 32, 32)


def test_a_volume_gives_slices_that_show_the_object_and_some_that_do_not():
    volume = Blobs(shape=(40, 20, 24), count=2)
    samples = read_samples([volume], "train", label="", size=32)
    shown = [bool(sample.masks.any()) for sample in samples]
    assert 0 < sum(shown) <= 16
    assert 0 < len(shown) - sum(shown) <= 3


def test_image_and_mask_move_together():
    example = blob((1, 64, 64), seed=1)
    image = torch.from_numpy(example.reference).float().expand(1, 3, 64, 64)
    mask = torch.from_numpy(example.reference).float()[None]
    plain = Augmentation(gamma=0.0, brightness=0.0, noise=0.0)
    moved = 0
    for seed in range(10):
        images, masks = augment(image, mask, plain, torch.Generator().manual_seed(seed))
        assert torch.equal((images[:, :1] > 0.5).float(), masks)
        moved += not torch.equal(masks, mask)
    assert moved == 10


def test_no_strength_but_flips_keeps_every_intensity():
    none = Augmentation(rotation=0, scaling=0, shift=0, gamma=0, brightness=0, noise=0)
    image = torch.rand(4, 3, 16, 16)
    images, _ = augment(image, image[:, :1], none, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(
        images.flatten(1).sort().values, image.flatten(1).sort().values, atol=1e-4
    )


@pytest.mark.parametrize("given", ["4,8,8", "[4, 8, 8]", [4, 8, 8], (4.0, 8.0, 8.0)])
def test_channels_may_come_from_a_file_or_a_command_line(given):
    assert registry.build("unet", settings={"channels": given}).config.channels == (4, 8, 8)
    with pytest.raises(ConfigError, match="channels"):
        registry.build("unet", settings={"channels": "wide"})
