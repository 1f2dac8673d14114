import csv
import errno
from dataclasses import asdict, replace
from datetime import timedelta

import numpy as np
import pytest
import torch

from assent.core.errors import ConfigError, InputError, WeightsError
from assent.core.feedback import Correct
from assent.core.prompts import Click
from assent.datasets.synthetic import open_synthetic
from assent.methods import registry
from assent.methods.posterior import checkpoints
from assent.methods.posterior import train as training
from assent.methods.posterior.network import PosteriorNetwork
from assent.methods.posterior.shipped import Constants, load
from assent.methods.protocol import TrainConfig
from assent.models.weights import check_shippable, info, read_weights, save_weights
from methods.posterior.posterior_tiny import FEW, SHAPE, scene, tiny_network

FAST = {"sizes": [[1.0, 32]], "episodes": 1, "rounds": 1}


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    """One thread, a tiny network, one episode a step, little validation."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(
        training, "PosteriorNetwork", lambda shape=None: PosteriorNetwork(shape or SHAPE)
    )
    monkeypatch.setattr(training.PosteriorTraining, "episodes_at", lambda self, side: 1)
    monkeypatch.setattr(training, "VALIDATION_BATCHES", 1)
    monkeypatch.setattr(training, "BANK_SIDE", 64)
    yield
    torch.set_num_threads(before)


def config(out, **changes):
    given = {"steps": 3, "device": "cpu", "seed": 7, "command": "a command", "settings": FAST}
    return TrainConfig(out=out, **(given | changes))


def sources(images=3):
    """Three images are all for training; the fourth would be held out."""
    return [open_synthetic("raters2d", images=images)]


def quiet(progress):
    pass


def rows(path):
    with path.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_a_run_leaves_weights_curve_and_checkpoint(tmp_path):
    seen = []
    out = training.train(sources(4), config(tmp_path / "w.safetensors"), seen.append, None)
    assert [p.step for p in seen] == [1, 2, 3]
    assert [p.done for p in seen] == pytest.approx([1 / 3, 2 / 3, 1])
    assert all(np.isfinite(v) for p in seen for v in p.figures.values())
    curve = rows(tmp_path / "w.csv")
    assert [int(row["step"]) for row in curve] == [1, 2, 3]
    assert {"loss", "dice_0", "dice_z", "side", "rate", "waited", "val_loss"} <= set(curve[0])
    facts = info(out)
    assert facts["architecture"] == "posterior"
    assert facts["steps"] == 3
    assert facts["sets"] == [{"name": "synthetic-raters2d", "use": "train"}]
    assert facts["tasks"] == ["synthetic-raters2d/lesion"]
    assert facts["command"] == "a command"
    assert facts["licence"] == "Apache-2.0"
    assert "val_dice_z" in facts["figures"]
    assert facts["dtypes"] == ["F16"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "w.checkpoint.safetensors",
        "w.csv",
        "w.safetensors",
    ]


def test_what_was_trained_can_be_worked_with(tmp_path):
    out = training.train(sources(), config(tmp_path / "w.safetensors", steps=2), quiet, None)
    network, constants, digest = load(out)
    assert network.shape == SHAPE
    assert not network.training
    assert constants == Constants()
    assert len(digest) == 64
    method = registry.build("posterior", settings=FEW, weights=out)
    assert method.weights_digest == digest
    image, _ = scene()
    embedding = method.embed(image)
    state = method.begin(embedding, memory=(), prior=None, seed=0)
    state = method.update(embedding, state, Correct((Click((0, 18, 24)),), 0))
    assert method.propose(embedding, state).recommended.shape == image.shape_dhw


def test_training_repeats_from_its_seed(tmp_path):
    paths = [
        training.train(sources(), config(tmp_path / f"{k}.safetensors", seed=s), quiet, None)
        for k, s in enumerate((1, 1, 2))
    ]
    tensors = [read_weights(path)[0] for path in paths]
    name = "down.0.first.weight"
    assert torch.equal(tensors[0][name], tensors[1][name])
    assert not torch.equal(tensors[0][name], tensors[2][name])


def run_of(out, resume):
    settings = training.PosteriorTraining.from_settings(FAST)
    return training._start(settings, 7, training.choose_compute("cpu"), resume)


def test_a_checkpoint_restores_everything_exactly(tmp_path):
    out = tmp_path / "w.safetensors"
    training.train(sources(), config(out, steps=2), quiet, None)
    checkpoint = tmp_path / "w.checkpoint.safetensors"
    tensors, facts = read_weights(checkpoint)
    run = run_of(out, checkpoint)
    assert run.step == 2 == facts["step"]
    assert run.seconds == facts["seconds"]
    for name, value in run.network.state_dict().items():
        assert torch.equal(value, tensors[f"network.{name}"])
        assert torch.equal(run.average[name], tensors[f"average.{name}"])
    moments = run.optimiser.state_dict()["state"]
    assert len(moments) == len(list(run.network.parameters()))
    for index, state in moments.items():
        assert float(state["step"]) == 2
        for key in ("exp_avg", "exp_avg_sq"):
            assert torch.equal(state[key], tensors[f"adam.{index}.{key}"])
    again = tmp_path / "again.safetensors"
    training._checkpoint(run, config(again))
    copied, _ = read_weights(tmp_path / "again.checkpoint.safetensors")
    assert copied.keys() == tensors.keys()
    assert all(torch.equal(copied[name], tensors[name]) for name in tensors)


def test_a_step_after_resuming_is_the_step_that_would_have_come(tmp_path):
    """Given the same batch, a restored run and the run itself take the same step."""
    out = tmp_path / "w.safetensors"
    training.train(sources(), config(out, steps=2), quiet, None)
    checkpoint = tmp_path / "w.checkpoint.safetensors"
    compute = training.choose_compute("cpu")
    settings = training.PosteriorTraining.from_settings(FAST)
    tasks = training.read_tasks(sources(), "train", side=64)
    ends = []
    for _ in range(2):
        run = run_of(out, checkpoint)
        sampler = training.EpisodeSampler(tasks, training.EpisodeMix(), seed=[0])
        rng = np.random.default_rng(0)
        training._step(run, sampler, settings, compute, rng, 0.5, 1)
        ends.append(run)
    for a, b in zip(ends[0].network.parameters(), ends[1].network.parameters(), strict=True):
        assert torch.equal(a, b)


def stepped(settings, steps):
    """A run after so many steps, and the weights before and after each."""
    tasks = training.read_tasks(sources(), "train", side=64)
    compute = training.choose_compute("cpu")
    run = training._start(settings, 7, compute, None)
    sampler = training.EpisodeSampler(tasks, training.EpisodeMix(), seed=[0])
    seen = [{k: v.clone() for k, v in run.network.state_dict().items()}]
    for _ in range(steps):
        training._step(run, sampler, settings, compute, np.random.default_rng(0), 0.1, 1)
        seen.append({k: v.clone() for k, v in run.network.state_dict().items()})
    return run, seen


@pytest.mark.parametrize(("most", "decays"), [(0.998, (1 / 51, 2 / 52)), (0.03, (1 / 51, 0.03))])
def test_the_average_follows_quickly_at_first_and_then_as_set(most, decays):
    settings = training.PosteriorTraining.from_settings(FAST | {"average": most})
    run, (start, first, second) = stepped(settings, 2)
    for name, found in run.average.items():
        if not found.is_floating_point():
            continue
        wanted = decays[0] * start[name] + (1 - decays[0]) * first[name]
        wanted = decays[1] * wanted + (1 - decays[1]) * second[name]
        assert torch.allclose(found, wanted, atol=1e-6)
    name = "down.0.first.weight"
    assert not torch.allclose(run.average[name], second[name], atol=1e-6)


def test_what_is_saved_is_the_average(tmp_path):
    out = training.train(sources(), config(tmp_path / "w.safetensors"), quiet, None)
    saved, _ = read_weights(out)
    kept, _ = read_weights(tmp_path / "w.checkpoint.safetensors")
    differs = False
    for name, value in saved.items():
        assert torch.equal(value, kept[f"average.{name}"].to(value.dtype))
        differs |= not torch.equal(value, kept[f"network.{name}"].to(value.dtype))
    assert differs


def test_resuming_goes_on_at_the_right_step(tmp_path):
    out = tmp_path / "w.safetensors"
    training.train(sources(), config(out, steps=2), quiet, None)
    seen = []
    checkpoint = tmp_path / "w.checkpoint.safetensors"
    training.train(sources(), config(out, steps=4), seen.append, checkpoint)
    assert [p.step for p in seen] == [3, 4]
    assert [int(row["step"]) for row in rows(tmp_path / "w.csv")] == [1, 2, 3, 4]
    assert info(out)["steps"] == 4
    training.train(sources(), config(out, steps=4), pytest.fail, checkpoint)


def test_interrupting_leaves_a_checkpoint_to_go_on_from(tmp_path):
    out = tmp_path / "w.safetensors"

    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(sources(), config(out, steps=9), stop, None)
    assert not out.exists(), "half a training is no weights"
    seen = []
    checkpoint = tmp_path / "w.checkpoint.safetensors"
    training.train(sources(), config(out, steps=3), seen.append, checkpoint)
    assert [p.step for p in seen] == [3]
    assert out.exists()


def test_time_is_a_budget_too(tmp_path):
    out = tmp_path / "w.safetensors"
    seen = []
    training.train(sources(), config(out, steps=None, minutes=1e-4), seen.append, None)
    assert len(seen) >= 1
    assert seen[-1].done >= 1
    training.train(sources(), config(out, steps=None, minutes=0.0), pytest.fail, None)


def test_what_weights_were_trained_on_is_never_forgotten(tmp_path):
    first = training.train(sources(), config(tmp_path / "a.safetensors", steps=1), quiet, None)
    cells = [open_synthetic("cells2d", images=3)]
    second = training.train(cells, config(tmp_path / "b.safetensors", steps=1), quiet, first)
    third = training.train(cells, config(tmp_path / "c.safetensors", steps=1), quiet, second)
    found = info(third)
    assert [item["name"] for item in found["sets"]] == [cells[0].name, sources()[0].name]
    assert all(item["use"] == "train" for item in found["sets"])
    assert found["origin"]["sha256"] == info(second)["sha256"]
    assert found["origin"]["origin"]["sha256"] == info(first)["sha256"]
    assert found["origin"]["origin"]["origin"] == {}
    assert found["steps"] == 1, "the clock starts again"
    checkpoint = tmp_path / "b.checkpoint.safetensors"
    fourth = training.train(cells, config(tmp_path / "d.safetensors", steps=2), quiet, checkpoint)
    assert info(fourth)["sets"] == found["sets"]
    assert info(fourth)["origin"] == info(second)["origin"]


@pytest.fixture
def two_checkpoints(tmp_path):
    """A run that stopped after its second checkpoint."""

    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    given = config(tmp_path / "w.safetensors", steps=9, checkpoint_minutes=0.0)
    with pytest.raises(KeyboardInterrupt):
        training.train(sources(), given, stop, None)
    return tmp_path / "w.checkpoint.safetensors"


def test_a_checkpoint_that_is_cut_short_is_replaced_by_the_one_before(two_checkpoints, tmp_path):
    previous = tmp_path / "w.checkpoint.previous.safetensors"
    assert read_weights(two_checkpoints)[1]["step"] == 2
    assert read_weights(previous)[1]["step"] == 1
    two_checkpoints.write_bytes(two_checkpoints.read_bytes()[:-100])
    seen = []
    given = config(tmp_path / "w.safetensors", steps=3)
    training.train(sources(), given, seen.append, two_checkpoints)
    assert seen[0].note == (
        "w.checkpoint.safetensors is cut short; training goes on from"
        " w.checkpoint.previous.safetensors."
    )
    assert [p.step for p in seen] == [1, 2, 3]
    assert not previous.exists(), "what is finished needs no spare"
    two_checkpoints.rename(previous)
    training.train(sources(), given, seen.append, two_checkpoints)
    two_checkpoints.unlink()
    with pytest.raises(WeightsError, match="no weights file"):
        training.train(sources(), given, quiet, two_checkpoints)


def test_a_full_disk_stops_training_and_spares_the_last_checkpoint(
    two_checkpoints, tmp_path, monkeypatch
):
    def full(path, *rest, **options):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_weights", full)
    given = config(tmp_path / "w.safetensors", steps=9, checkpoint_minutes=0.0)
    wanted = r"w cannot be written: No space left on device\..*--resume w\.checkpoint\.safetensors"
    with pytest.raises(InputError, match=wanted):
        training.train(sources(), given, quiet, two_checkpoints)
    monkeypatch.undo()
    assert read_weights(two_checkpoints)[1]["step"] == 2
    run = training._start(
        training.PosteriorTraining(), 7, training.choose_compute("cpu"), two_checkpoints
    )
    assert run.step == 2


def test_a_curve_that_cannot_be_written_stops_training_too(tmp_path, monkeypatch):
    def full(curve, step, seconds, figures):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training._Curve, "write", full)
    with pytest.raises(InputError, match="No space left on device"):
        training.train(sources(), config(tmp_path / "w.safetensors"), quiet, None)
    assert read_weights(tmp_path / "w.checkpoint.safetensors")[1]["step"] == 1


class Spoiled:
    """Phantoms, the second and third of whose masks were left empty."""

    def __init__(self, spoiled):
        self.given, self.spoiled = open_synthetic("cells2d", images=4), spoiled
        self.name, self.use, self.modality, self.has_raters = "mine", "", "", False

    def cases(self, *splits):
        def empty():
            return np.zeros((1, 160, 160), bool)

        def spoil(case):
            if case.id not in self.spoiled:
                return replace(case, dataset="mine")
            references = tuple(replace(r, read=empty) for r in case.references)
            return replace(case, dataset="mine", references=references)

        return [spoil(case) for case in self.given.cases(*splits)]


def test_empty_masks_are_named_and_training_goes_on(tmp_path):
    seen = []
    given = config(tmp_path / "w.safetensors", steps=1)
    out = training.train([Spoiled({"001", "002"})], given, seen.append, None)
    assert seen[0].note == (
        "Left out of mine: 001/nucleus, 001/cell, 002/nucleus, 002/cell, as the mask is empty."
    )
    assert seen[-1].step == 1
    facts = info(out)
    assert "mine/001/nucleus: the mask is empty" in facts["left_out"]
    assert len(facts["left_out"]) == 4
    assert facts["sets"] == [{"name": "mine", "use": ""}], "any folder may be trained on"
    with pytest.raises(WeightsError, match="'mine' cannot be shipped"):
        check_shippable(facts)


def test_a_set_of_nothing_but_empty_masks_is_refused(tmp_path):
    spoiled = Spoiled({"000", "001", "002", "003"})
    with pytest.raises(InputError, match=r"all 6 images or masks .* 000/nucleus of mine: the mask"):
        training.train([spoiled], config(tmp_path / "w.safetensors"), quiet, None)


def test_the_network_can_be_chosen_and_is_kept_when_a_run_goes_on(tmp_path):
    shape = {"widths": [8, 8, 16, 16, 16], "latent": 9, "key": 8, "value": 8}
    chosen = {"network": shape | {"film": True, "without": ["path", "memory"]}}
    out = tmp_path / "w.safetensors"
    first = config(out, steps=1, settings=FAST | chosen)
    assert load(training.train(sources(), first, quiet, None))[0].shape.latent == 9
    checkpoint = tmp_path / "w.checkpoint.safetensors"
    training.train(sources(), config(out, steps=2), quiet, checkpoint)
    network, _, _ = load(out)
    assert network.shape.film
    assert network.shape.without == ("path", "memory")
    other = config(out, steps=3, settings=FAST | {"network": shape})
    with pytest.raises(WeightsError, match=r"the same \[training.network\]"):
        training.train(sources(), other, quiet, checkpoint)


def test_weights_from_before_a_size_could_be_chosen_still_start_a_run(tmp_path):
    old = {k: v for k, v in asdict(SHAPE).items() if k not in {"film", "without"}}
    facts = {"architecture": "posterior", "shape": old, "minutes": 1.0}
    start = tmp_path / "old.safetensors"
    save_weights(start, tiny_network().state_dict(), facts, half=True)
    run = run_of(tmp_path / "w.safetensors", start)
    name = "down.0.first.weight"
    assert torch.allclose(
        run.network.state_dict()[name], tiny_network().state_dict()[name], atol=1e-3
    )
    assert load(start)[0].shape == SHAPE


def test_checkpoints_of_something_else_are_refused(tmp_path):
    other = tmp_path / "other.safetensors"
    save_weights(other, {"weight": torch.zeros(3)}, {"architecture": "unet"})
    with pytest.raises(WeightsError, match=r"other\.safetensors does not fit this network"):
        training.train(sources(), config(tmp_path / "w.safetensors"), quiet, other)
    facts = {"architecture": "posterior", "shape": asdict(SHAPE), "minutes": 1.0}
    save_weights(other, {"weight": torch.zeros(3)}, facts)
    with pytest.raises(WeightsError, match=r"other\.safetensors does not fit this network"):
        training.train(sources(), config(tmp_path / "w.safetensors"), quiet, other)
    with pytest.raises(WeightsError, match="no weights file"):
        training.train(sources(), config(tmp_path / "v.safetensors"), quiet, tmp_path / "nowhere")


def test_weights_of_another_architecture_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    state = tiny_network().state_dict()
    facts = {"architecture": "posterior", "shape": asdict(SHAPE)}
    save_weights(path, state, facts)
    load(path)
    save_weights(path, state, facts | {"architecture": "unet"})
    with pytest.raises(WeightsError, match="holds weights of 'unet'; expected 'posterior'"):
        load(path)
    save_weights(path, state, facts | {"shape": asdict(SHAPE) | {"latent": 9}})
    with pytest.raises(WeightsError, match="does not fit PosteriorNetwork"):
        load(path)
    for damaged in ({}, {"shape": {"depth": 3}}, {"shape": asdict(SHAPE) | {"widths": [7] * 5}}):
        save_weights(path, state, {"architecture": "posterior"} | damaged)
        with pytest.raises(WeightsError, match="does not state its sizes"):
            load(path)
    with pytest.raises(WeightsError):
        load(tmp_path / "w.checkpoint.safetensors")


def test_nothing_to_train_on_and_unknown_settings_are_refused(tmp_path):
    with pytest.raises(InputError, match="no training cases"):
        training.train([], config(tmp_path / "w.safetensors"), quiet, None)
    wrong = config(tmp_path / "w.safetensors", settings={"tempo": 1})
    with pytest.raises(ConfigError, match="Unknown training setting 'tempo'"):
        training.train(sources(), wrong, quiet, None)
    assert list(tmp_path.iterdir()) == []


def _work(rank, folder):
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),
    )
    linear = torch.nn.Linear(3, 2)
    for parameter in linear.parameters():
        parameter.grad = torch.full_like(parameter, float(rank + 1))
    training._average_gradients(linear, 2)
    agreed = training._agreed(0.25 + rank, 2, training.choose_compute("cpu"))
    found = {float(v) for p in linear.parameters() for v in p.grad.flatten()}
    told = (training.join_processes(), found, agreed)
    torch.save((told, *_two_steps(rank)), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def _two_steps(rank):
    """Loss of the first step on this process's own images, and the weights after two."""
    settings = training.PosteriorTraining.from_settings(FAST)
    tasks = training.read_tasks(sources(), "train", side=32)
    network = tiny_network().train()
    average = {k: v.clone() for k, v in network.state_dict().items()}
    run = training._Run(network, average, torch.optim.SGD(network.parameters(), lr=0.1))
    sampler = training.EpisodeSampler(tasks, training.EpisodeMix(), seed=[rank])
    rng = np.random.default_rng(rank)
    compute = training.choose_compute("cpu", mixed=False)
    losses = [
        training._step(run, sampler, settings, compute, rng, 0.1, 2)["loss"] for _ in range(2)
    ]
    weights = torch.cat([p.detach().flatten() for p in network.parameters()])
    return losses[0], weights.numpy()


def test_several_processes_average_gradients_and_stop_together(tmp_path):
    assert training.join_processes() == (0, 1)
    assert training._agreed(0.5, 1, training.choose_compute("cpu")) == 0.5
    # One that fails raises here and takes the other along; one that hangs is killed.
    workers = torch.multiprocessing.spawn(_work, (tmp_path,), nprocs=2, join=False, daemon=True)
    try:
        assert any(workers.join(timeout=120) for _ in range(2)), "both end"
    finally:
        for worker in workers.processes:
            worker.kill()
    results = [torch.load(tmp_path / f"{k}.pt", weights_only=False) for k in range(2)]
    (told, one, after), (other_told, other, same) = results
    assert [told, other_told] == [((k, 2), {1.5}, 0.25) for k in range(2)]
    assert one != other, "each process draws its own images"
    assert np.array_equal(after, same), "and all take the same step"
    before = torch.cat([p.detach().flatten() for p in tiny_network().parameters()])
    assert not np.array_equal(before.numpy(), after)
