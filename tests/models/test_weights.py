import json
import os
import shutil

import pytest
import torch
from torch import nn

from assent.core.errors import NotFoundError, WeightsError
from assent.models import weights

METADATA = {
    "architecture": "line",
    "licence": "Apache-2.0",
    "sets": [{"name": "circles", "use": "train"}],
    "split": "train",
    "command": "assent train line",
    "figures": {"dice": 0.5},
}


def line(inputs=3):
    torch.manual_seed(inputs)
    return nn.Sequential(nn.Linear(inputs, 2), nn.BatchNorm1d(2))


@pytest.fixture
def saved(tmp_path):
    module, path = line(), tmp_path / "new" / "line.safetensors"
    weights.save_weights(path, module.state_dict(), METADATA)
    return module, path


def test_weights_come_back_exactly_with_their_metadata(saved):
    module, path = saved
    other = line(inputs=3)
    nn.init.zeros_(other[0].weight)
    assert weights.load_weights(other, path) == METADATA
    for name, tensor in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


@pytest.mark.parametrize("hidden", [0o022, 0o077])
def test_other_people_may_read_weights_as_far_as_this_person_lets_them(saved, tmp_path, hidden):
    module, _ = saved
    path, plain = tmp_path / "theirs.safetensors", tmp_path / "plain.txt"
    before = os.umask(hidden)
    try:
        weights.save_weights(path, module.state_dict(), METADATA)
        plain.write_text("")
    finally:
        os.umask(before)
    assert path.stat().st_mode == plain.stat().st_mode


def test_half_precision_is_smaller_and_widened_on_loading(tmp_path):
    module = nn.Linear(100, 100)
    for half in (False, True):
        path = tmp_path / f"{half}.safetensors"
        weights.save_weights(path, module.state_dict(), {}, half=half)
    full, small = (weights.info(tmp_path / f"{half}.safetensors") for half in (False, True))
    assert small["bytes"] < 0.6 * full["bytes"]
    assert small["dtypes"] == ["F16"]
    other = nn.Linear(100, 100)
    weights.load_weights(other, tmp_path / "True.safetensors")
    assert other.weight.dtype == torch.float32
    assert torch.allclose(other.weight, module.weight, atol=1e-3)


def test_equal_weights_have_equal_digests(saved, tmp_path):
    module, path = saved
    again = tmp_path / "again.safetensors"
    weights.save_weights(again, module.state_dict(), METADATA)
    assert weights.digest(again) == weights.digest(path)


def test_a_misfit_names_missing_unexpected_and_wrong_shapes(saved):
    _, path = saved
    other = nn.Sequential(nn.Linear(4, 2), nn.Identity(), nn.Linear(2, 1))
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        weights.load_weights(other, path)
    sentence = str(caught.value)
    assert "missing 2.bias, 2.weight" in sentence
    assert "unexpected 1.bias, 1.num_batches_tracked, 1.running_mean and 2 more" in sentence
    assert "0.weight is (2, 3) instead of (2, 4)" in sentence
    for name, tensor in other.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "missing", "folder"])
def test_a_damaged_file_is_a_weights_error(saved, damage):
    module, path = saved
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "garbage":
            path.write_bytes(b"not weights at all" * 20)
        case "empty":
            path.write_bytes(b"")
        case "folder":
            path.mkdir()
    for read in (lambda: weights.load_weights(module, path), lambda: weights.info(path)):
        with pytest.raises(WeightsError, match=r"not a whole safetensors|There is no weights"):
            read()


def test_a_wrong_digest_is_refused(saved):
    _, path = saved
    weights.check_digest(path, weights.digest(path))
    with pytest.raises(WeightsError, match="digest"):
        weights.check_digest(path, "0" * 64)


def test_a_failed_write_leaves_the_old_file_and_no_litter(saved, monkeypatch):
    _, path = saved
    before = path.read_bytes()

    def fail(*_args):
        raise OSError("disk full")

    monkeypatch.setattr(weights.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        weights.save_weights(path, line().state_dict(), {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_info_counts_parameters(saved):
    _, path = saved
    found = weights.info(path)
    assert found["parameters"] == 3 * 2 + 2 + 4 * 2 + 1
    assert found["architecture"] == "line"


def folder_with(tmp_path, path):
    shutil.copy(path, tmp_path / "line.safetensors")
    entry = {"file": "line.safetensors", "sha256": weights.digest(path)}
    (tmp_path / "manifest.json").write_text(json.dumps({"line": entry}))
    return tmp_path


def test_shipped_weights_are_verified(saved, tmp_path):
    folder = folder_with(tmp_path, saved[1])
    assert weights.shipped("line", folder) == folder / "line.safetensors"
    with pytest.raises(NotFoundError, match=r"'curve'.*Known: line"):
        weights.shipped("curve", folder)
    with (folder / "line.safetensors").open("ab") as opened:
        opened.write(b"x")
    with pytest.raises(WeightsError, match="digest"):
        weights.shipped("line", folder)
    (folder / "line.safetensors").unlink()
    with pytest.raises(WeightsError, match="no weights file"):
        weights.shipped("line", folder)


def test_a_missing_manifest_is_a_weights_error(tmp_path):
    with pytest.raises(WeightsError, match="manifest"):
        weights.manifest(tmp_path)


def test_only_training_sets_may_be_shipped():
    weights.check_shippable(METADATA)
    for use in ("unseen", ""):
        sets = [{"name": "circles", "use": "train"}, {"name": "squares", "use": use}]
        with pytest.raises(WeightsError, match="squares"):
            weights.check_shippable(METADATA | {"sets": sets})
    with pytest.raises(WeightsError, match="licence"):
        weights.check_shippable({k: v for k, v in METADATA.items() if k != "licence"})
    with pytest.raises(WeightsError, match="naming a training set"):
        weights.check_shippable(METADATA | {"sets": []})


def test_everything_in_the_package_is_what_the_manifest_says():
    for name, entry in weights.manifest().items():
        found = weights.info(weights.shipped(name))
        weights.check_shippable(entry)
        weights.check_shippable(found)
        for fact in ("bytes", "sha256", "licence", "sets", "split", "command", "figures"):
            assert entry[fact] == found[fact]
        assert found["bytes"] <= 20_000_000
