import json

import pytest
import torch
from ablation import BASE, CHOICES, Budget, Choice, carry_out, main, read_choices, table

from assent.core.errors import ConfigError
from assent.methods.posterior import fit as fitting
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.rehearse import PosteriorTraining
from assent.models.weights import info

TINY = """
[base]
method = { working_side = 48, particle_side = 48, choose_side = 48, particles = 32, heaviest = 16 }
[base.training]
episodes = 1
rounds = 1
sizes = [[1.0, 32]]
fit = false
network = { widths = [8, 8, 16, 16, 16], latent = 8, key = 8, value = 8 }
[[choice]]
name = "No memory!"
training.network.without = ["memory"]
"""


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def choices(tmp_path):
    path = tmp_path / "choices.toml"
    path.write_text(TINY)
    return path


def test_every_choice_in_the_file_is_one_of_training_and_method():
    choices = read_choices(CHOICES)
    assert len(choices) >= 11
    base = PosteriorTraining.from_settings(choices[0].training)
    for choice in choices[1:]:
        settings = PosteriorTraining.from_settings(choice.training)
        assert settings != base or choice.method != choices[0].method
        PosteriorConfig.from_settings(choice.method)


def test_a_choice_changes_what_it_names_and_keeps_the_rest(choices):
    base, other = read_choices(choices)
    assert base.name == BASE
    assert other.file == "no-memory"
    assert other.training["network"] == base.training["network"] | {"without": ["memory"]}
    assert other.training["episodes"] == 1
    assert other.method == base.method


def test_names_that_cannot_be_told_apart_are_refused(choices):
    choices.write_text(TINY + '[[choice]]\nname = "no memory"\n')
    with pytest.raises(ConfigError, match="several choices named 'no-memory'"):
        read_choices(choices)
    choices.write_text(TINY + '[[choice]]\nname = "fitted"\ncopies = "nobody"\n')
    with pytest.raises(ConfigError, match="copies 'nobody', which is not trained"):
        read_choices(choices)


def test_a_tiny_run_trains_scores_and_goes_on(choices, tmp_path, capsys):
    out = tmp_path / "runs"
    words = ["--data", "synthetic:raters2d", "--unseen", "synthetic:cells2d"]
    words += ["--out", str(out), "--choices", str(choices)]
    words += ["--images", "1", "--invented", "1", "--processes", "1", "--steps"]
    main([*words, "1"])
    printed = capsys.readouterr().out
    assert printed.strip() == (out / "ablation.md").read_text().strip()
    assert "## Validation images" in printed
    assert "## Sets that were not trained on" in printed
    assert "## Invented tasks, held out" in printed
    lines = [line for line in printed.splitlines() if line.startswith("| No memory! | 1 |")]
    assert len(lines) == 3
    weights = out / "no-memory.safetensors"
    assert info(weights)["shape"]["without"] == ["memory"]
    records = [json.loads(line) for line in (out / "base.jsonl").read_text().splitlines()]
    assert {record["kind"] for record in records} == {"seen", "unseen", "invented"}
    assert all(("cells2d" in r["set"]) == (r["kind"] == "unseen") for r in records)
    assert "cells2d" not in json.dumps(info(weights)["sets"])
    assert {"1 click", "3 clicks", "context, 0 clicks", "3 picks"} <= set(records[0]["dice"])
    assert all(0 <= value <= 1 for record in records for value in record["dice"].values())
    written = weights.stat().st_mtime_ns
    (out / "no-memory.jsonl").unlink()
    main([*words, "1"])
    assert weights.stat().st_mtime_ns == written, "what is trained is not trained again"
    assert (out / "no-memory.jsonl").exists()
    with pytest.raises(ConfigError, match="another budget"):
        main([*words, "2"])


def test_differences_are_paired_by_image(tmp_path):
    base, other = Choice(BASE), Choice("other")
    for choice, gain in ((base, 0.0), (other, 0.1)):
        lines = [
            {"set": f"s{k % 3}", "image": k, "kind": "seen", "dice": {"1 click": k / 10 + gain}}
            for k in range(6)
        ]
        extra = {"set": "s9", "image": 9, "kind": "seen", "dice": {"1 click": 0.0}}
        rows = [*lines, extra] if choice is other else lines
        (tmp_path / f"{choice.file}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    text = table([base, other], tmp_path)
    assert "| other | – | +10.0 (+10.0 to +10.0) | – |" in text
    assert "| base | – | 25.0 (" in text
    assert "6 images" in text


def test_a_budget_is_minutes_or_steps(choices, tmp_path):
    with pytest.raises(SystemExit):
        main(["--data", "synthetic:raters2d", "--out", str(tmp_path / "runs")])
    assert Budget(("a",), tmp_path).steps is None


def test_a_copy_takes_over_weights_and_fits_their_constants(tmp_path, monkeypatch):
    fitted = []
    monkeypatch.setattr(fitting, "fit", lambda path, sources: fitted.append(path.read_bytes()))
    (tmp_path / "base.safetensors").write_bytes(b"trained")
    (tmp_path / "fitted.jsonl").write_text("")
    budget = Budget(("synthetic:raters2d",), tmp_path, steps=1)
    carry_out(Choice("fitted", copies=BASE), budget)
    assert fitted == [b"trained"]
    assert (tmp_path / "fitted.safetensors").read_bytes() == b"trained"
    assert (tmp_path / "base.safetensors").read_bytes() == b"trained"
    carry_out(Choice("fitted", copies=BASE), budget)
    assert len(fitted) == 1, "what is done is not done again"
