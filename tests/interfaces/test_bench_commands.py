"""What the commands that measure hand on, and what they say."""

import json

import pytest

from assent.bench import suite
from assent.interfaces.cli import bench_suite
from interfaces.small_files import disc, write_drawing, write_set

SUITE = """
title = "Orders"
[defaults]
data = "synthetic:cells2d"
label = "nucleus"
images = 1
rounds = 1
splits = []
annotator = "click"
[[run]]
name = "{method}"
method = "geodesic"
seed = [0, 1, 2]
[[run]]
name = "{method}"
method = "unet"
weights = "unet-{label}"
rounds = 0
"""


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(suite, "load", lambda name: suite.parse(name, SUITE))


@pytest.mark.parametrize("how", [["--orders", "2"], ["--set", "bench-suite.orders=2"]])
def test_orders_are_an_option_and_a_setting(cli, tmp_path, tiny, how):
    assert cli("bench", "suite", "tiny", "--out", "o", *how).code == 0
    assert len(list((tmp_path / "o" / "runs").iterdir())) == 2


def test_a_part_of_a_suite_is_run_alone(cli, tmp_path, tiny):
    found = cli("bench", "suite", "tiny", "--only", "geo", "--orders", "1", "--out", "o", "--json")
    assert (found.code, json.loads(found.out)["not_run"]) == (0, {})
    assert [p.name for p in (tmp_path / "o" / "runs").iterdir()] == ["geodesic-seed0.jsonl"]
    nothing = cli("bench", "suite", "tiny", "--only", "walker", "--out", "p")
    assert (nothing.code, (tmp_path / "p").exists()) == (2, False)
    assert "no row of the suite 'tiny' is named so" in nothing.err


def test_what_people_drew_on_the_images_of_a_folder_is_an_answer(cli, tmp_path):
    folder = write_set(tmp_path / "mine", 3)
    how = ["--method", "geodesic", "--annotator", "hand", "--split", "all", "--rounds", "1"]
    refused = cli("bench", "--data", "mine", *how, "--out", "r.jsonl")
    assert refused.code == 2
    assert "holds no scribbles drawn by hand" in refused.err
    write_drawing(folder / "scribbles" / "ann" / "pos" / "001.png", disc(2))
    assert cli("bench", "--data", "mine", *how, "--out", "r.jsonl").code == 0
    before, after = [
        r for r in map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines()) if "round" in r
    ]
    assert (before["case"], before["rater"], after["actions"]) == ("001", "ann", {"scribble": 1})
    assert before["dice"] == 0.0 < after["dice"]


def test_a_sequence_is_a_setting(cli, tmp_path):
    how = ["--data", "synthetic:cells2d", "--label", "nucleus", "--split", "all", "--images", "3"]
    also = ["--set", "bench.sequence=true", "--set", "bench.images_seed=1"]
    clicks = ["--method", "geodesic", "--annotator", "click", "--rounds", "1", "--out", "r.jsonl"]
    assert cli("bench", *how, *also, *clicks).code == 0
    records = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [r["place"] for r in records if r.get("round") == 0] == [0, 1, 2]


def test_weights_of_a_suite_come_from_a_folder(cli, tmp_path, tiny):
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "unet-nucleus.safetensors").write_bytes(b"not weights")
    without = cli("bench", "suite", "tiny", "--orders", "1", "--out", "o")
    assert without.code == 0
    assert "unet-nucleus.safetensors, which does not ship and is not given" in without.err
    damaged = cli(
        "bench", "suite", "tiny", "--orders", "1", "--weights", "trained", "--out", "o", "--json"
    )
    assert "does not ship" not in json.loads(damaged.out)["not_run"]["unet"]
    missing = cli("bench", "suite", "tiny", "--weights", "nowhere", "--out", "p")
    assert (missing.code, (tmp_path / "p").exists()) == (2, False)
    assert "no folder of weights 'nowhere'" in missing.err


def test_progress_of_a_suite_names_the_run(cli, tiny, monkeypatch):
    told = []
    real = bench_suite.bench_suite

    def noting(request, report):
        return real(request, lambda run, done: told.append(run) or report(run, done))

    monkeypatch.setattr(bench_suite, "bench_suite", noting)
    cli("bench", "suite", "tiny", "--orders", "1", "--out", "o")
    assert told == ["geodesic"]


@pytest.mark.parametrize("rounds", ["0", "-1"])
@pytest.mark.parametrize("how", [["--rounds", "{}"], ["--set", "bench.rounds={}"]])
def test_a_run_without_rounds_is_refused_in_one_sentence(cli, tmp_path, rounds, how):
    words = ["bench", "--method", "geodesic", "--data", "synthetic:raters2d", "--out", "r.jsonl"]
    ran = cli(*words, *(word.format(rounds) for word in how))
    assert (ran.code, ran.out, (tmp_path / "r.jsonl").exists()) == (2, "", False)
    (sentence,) = ran.err.splitlines()
    assert f"--rounds is {rounds}, but must be 1 or more" in sentence
    assert "round 0, before any answer, is always measured" in sentence


def test_settings_reach_the_rows_of_a_suite_and_wrong_ones_are_refused_before_it_starts(
    cli, tmp_path, tiny
):
    words = ("bench", "suite", "tiny", "--orders", "1", "--out")
    for out, more in (("o", ()), ("p", ("--set", "geodesic.contrast=7.0"))):
        assert cli(*words, out, *more).code == 0
    assert "With other settings: geodesic.contrast = 7.0." in (tmp_path / "p/report.md").read_text()
    first = [
        json.loads((tmp_path / out / "runs/geodesic-seed0.jsonl").read_text().split("\n")[0])
        for out in "op"
    ]
    assert first[0]["settings"]["bench"] == first[1]["settings"]["bench"]
    assert first[0]["settings"]["method_settings"] != first[1]["settings"]["method_settings"]
    wrong = cli(*words, "q", "--set", "geodesic.colour=7")
    assert (wrong.code, (tmp_path / "q").exists()) == (2, False)
    assert "colour" in wrong.err


def test_a_kind_of_scribble_is_measured_as_asked(cli, tmp_path):
    words = ["bench", "--method", "geodesic", "--data", "synthetic:raters2d", "--images", "1"]
    words += ["--annotator", "scribble", "--rounds", "1", "--out", "r.jsonl"]
    assert cli(*words, "--scribble-kind", "contour").code == 0
    settings = json.loads((tmp_path / "r.jsonl").read_text().split("\n")[0])["settings"]
    assert settings["bench"]["scribble_kind"] == "contour"
