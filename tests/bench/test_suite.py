"""Suites: what the package ships can be read, runs, and reports claims."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from assent.bench import suite
from assent.bench.config import BenchConfig
from assent.bench.suite_run import build_installed, run_suite
from assent.core.errors import ConfigError, InputError, NotFoundError, WeightsError
from assent.datasets.folds import in_fold
from assent.datasets.synthetic import open_synthetic
from assent.methods import registry
from assent.testing import ThresholdMethod

TEXT = """
title = "Try"
[defaults]
data = "synthetic:raters2d"
images = 1
rounds = 1
splits = []
label = "careful"
[[run]]
name = "{method}, lapse {lapse}"
method = "threshold"
lapse = [0.0, 1.0]
[[run]]
name = "orders"
method = "threshold"
seed = [0, 1]
[[run]]
name = "elsewhere"
method = "missing"
[[check]]
check = "at least something"
run = "threshold, lapse 0.0"
round = 1
at_least = 0.01
[[check]]
check = "a difference"
run = "threshold, lapse 0.0"
minus = "threshold, lapse 1.0"
round = 0
at_most = 0.0
[[check]]
check = "needs what is not there"
run = "elsewhere"
at_least = 0.0
"""


def build(run):
    if run.config.method == "missing":
        raise WeightsError("The weights of missing are not here.")
    return ThresholdMethod(**run.settings)


@pytest.mark.parametrize("name", suite.names())
def test_shipped_suites_can_be_read(name):
    loaded = suite.load(name)
    assert loaded.runs
    assert len({(r.name, r.config.seed, r.config.fold) for r in loaded.runs}) == len(loaded.runs)


def test_the_promised_suites_are_there():
    assert {"preference", "clicks", "generalisation", "smoke"} <= set(suite.names())
    with pytest.raises(NotFoundError, match="clicks"):
        suite.load("nonsense")


def test_lists_become_runs_and_names_their_values():
    runs = suite.parse("try", TEXT).runs
    assert [r.name for r in runs] == [
        "threshold, lapse 0.0",
        "threshold, lapse 1.0",
        "orders",
        "orders",
        "elsewhere",
    ]
    assert runs[1].config == BenchConfig(
        method="threshold", images=1, rounds=1, splits=(), label="careful", lapse=1.0
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("rounds = 1", "rounds = -1", "rounds"),
        ("rounds = 1", "turns = 1", "unknown field 'turns'"),
        ("title", "titel", "title"),
        ("[[run]]", "[[run", "cannot be read"),
        ('run = "elsewhere"', 'run = "nowhere"', "nowhere"),
        ("at_least = 0.01", "", "either at_least or at_most"),
        ("round = 0", 'metric = "hd95_mm"', "expected one of: dice_at, noc"),
        ("round = 0", "round = 2", "asks for 2 answers, but .* has 1 rounds"),
        ("round = 0", "minus_round = -1", "asks for -1 answers"),
        ("round = 0", 'metric = "noc"', "counts answers to a target"),
        (", lapse {lapse}", "", "Several runs are named 'threshold' and have the seed 0"),
        ("orders", "THRESHOLD lapse 0.0", "could not be told apart"),
        ('minus = "threshold, lapse 1.0"', 'minus = ["orders", "nowhere"]', "nowhere"),
        ('run = "elsewhere"', 'run = "{over}"\nover = ["orders", "nowhere"]', "nowhere"),
        ("round = 0", 'minus_metric = "hd95_mm"', "asks for 'hd95_mm'"),
        ('run = "elsewhere"', 'run = "elsewhere"\nrelative = true', "relative to nothing"),
        ('run = "elsewhere"', 'run = "elsewhere"\nevery = ["a"]', "cannot be read"),
        ("seed = [0, 1]", "seed = [0, 1]\nleave = ['a']", "unknown field 'leave'"),
    ],
)
def test_a_damaged_suite_is_refused(old, new, sentence):
    with pytest.raises((ConfigError, NotFoundError), match=sentence):
        suite.parse("try", TEXT.replace(old, new, 1))


def test_one_row_or_several_can_be_subtracted():
    several = TEXT.replace('minus = "threshold, lapse 1.0"', 'minus = ["orders", "elsewhere"]')
    assert suite.parse("try", TEXT).checks[1].minus == ("threshold, lapse 1.0",)
    assert suite.parse("try", several).checks[1].minus == ("orders", "elsewhere")


def test_each_stands_for_a_check_of_its_own():
    text = """
    [[check]]
    check = "{each} is fine"
    each = ["orders", "elsewhere"]
    run = "{each}"
    minus = ["threshold, lapse 0.0", "{each}"]
    at_least = 0.0
    """
    first, second = suite.parse("try", TEXT + text).checks[3:]
    assert (first.check, first.run) == ("orders is fine", "orders")
    assert (second.check, second.minus) == (
        "elsewhere is fine",
        ("threshold, lapse 0.0", "elsewhere"),
    )


def test_lists_of_ids_do_not_become_runs():
    text = TEXT.replace("seed = [0, 1]", 'seed = [0, 1]\nleave_out = ["03", "04"]')
    runs = [run for run in suite.parse("try", text).runs if run.name == "orders"]
    assert [run.config.leave_out for run in runs] == [("03", "04")] * 2


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("lapse", ["threshold, lapse 0.0", "threshold, lapse 1.0"]),
        ("thr*1.0", ["threshold, lapse 1.0"]),
        ("lapse 0", ["threshold, lapse 0.0"]),
        ("orders", ["orders"]),
        ("e", ["threshold, lapse 0.0", "threshold, lapse 1.0", "orders", "elsewhere"]),
    ],
)
def test_a_part_of_a_suite_is_its_rows_and_the_checks_of_these_alone(pattern, names):
    whole = suite.parse("try", TEXT)
    part = suite.with_only(whole, pattern)
    assert list(dict.fromkeys(run.name for run in part.runs)) == names
    one, two, other = (check.check for check in whole.checks)
    kept = {1: [one] if "threshold, lapse 0.0" in names else [], 2: [one, two]}
    assert [c.check for c in part.checks] == kept.get(len(names), [one, two, other])
    assert f"*{pattern}*" in part.about
    with pytest.raises(ConfigError, match=r"no row of the suite 'try' is named so\..*'orders'"):
        suite.with_only(whole, "nothing")


def test_fewer_orders_leave_the_first_seeds_of_a_row_and_say_so():
    whole = suite.parse("try", TEXT)
    quick = suite.with_orders(whole, 1)
    assert [r.name for r in quick.runs] == [r.name for r in whole.runs if r.config.seed == 0]
    assert "at most 1 orders" in quick.about
    assert suite.with_orders(whole, 2) == whole
    with pytest.raises(ConfigError, match="orders is 0"):
        suite.with_orders(whole, 0)


def test_given_settings_win_in_every_row_of_their_method_and_are_told():
    text = TEXT.replace("lapse = [0.0, 1.0]", "lapse = [0.0, 1.0]\nsettings = {a = 1, b = 2}")
    whole = suite.parse("try", text)
    given = {"threshold": {"b": 3}, "missing": {}}
    changed = suite.with_settings(whole, given.__getitem__)
    first, second, third, fourth, elsewhere = (run.settings for run in changed.runs)
    assert first == second == {"a": 1, "b": 3}
    assert third == fourth == {"b": 3}
    assert elsewhere == {}
    assert changed.about == "With other settings: threshold.b = 3."
    assert suite.with_settings(whole, lambda method: {}) == whole


WEIGHTED = """
title = "Weights"
[defaults]
data = "synthetic:raters2d"
label = "careful"
[[run]]
name = "{method}, {label}"
method = "unet"
weights = "{method}-{label}"
[[run]]
name = "plain"
method = "geodesic"
annotator = "click"
"""


def test_a_row_gets_the_weights_it_names(tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr(registry, "build", lambda name, **kwargs: built.append((name, kwargs)))
    unet, plain = suite.parse("try", WEIGHTED).runs
    with pytest.raises(
        WeightsError, match=r"unet-careful\.safetensors, .* is not given\..*--weights"
    ):
        build_installed(unet)
    with pytest.raises(WeightsError, match=rf"is not in {tmp_path.name}\."):
        build_installed(unet, tmp_path)
    build_installed(plain, tmp_path)
    (tmp_path / "unet-careful.safetensors").touch()
    (tmp_path / "geodesic.safetensors").touch()
    build_installed(unet, tmp_path)
    build_installed(plain, tmp_path)
    assert [(name, kwargs["weights"]) for name, kwargs in built] == [
        ("geodesic", None),
        ("unet", tmp_path / "unet-careful.safetensors"),
        ("geodesic", tmp_path / "geodesic.safetensors"),
    ]


def test_rows_of_suites_that_need_weights_are_listed_as_not_run(tmp_path):
    text = WEIGHTED.replace('method = "geodesic"', 'method = "geodesic"\nimages = 1\nrounds = 1')
    outcome = run_suite(suite.parse("try", text), None, tmp_path)
    assert list(outcome.rows) == ["plain"]
    assert "does not ship" in outcome.not_run["unet, careful"]


PICTURED = TEXT.replace('title = "Try"', 'title = "Try"\npictures = "thr*0.0"')


def test_the_cases_of_some_rows_are_drawn(tmp_path):
    text = PICTURED.replace("images = 1", "images = 3")
    outcome = run_suite(suite.parse("try", text), None, tmp_path, build=build)
    assert outcome.pictures == {"threshold, lapse 0.0": "pictures/threshold-lapse-0.0-seed0.png"}
    page = (tmp_path / "pictures.md").read_text()
    assert "](pictures/threshold-lapse-0.0-seed0.png)" in page
    assert "[pictures](pictures.md)" in (tmp_path / "report.md").read_text()
    with Image.open(tmp_path / "pictures" / "threshold-lapse-0.0-seed0.png") as picture:
        assert picture.size[0] > 480
    run_suite(suite.parse("try", TEXT), None, tmp_path / "plain", build=build)
    assert not (tmp_path / "plain" / "pictures.md").exists()


def test_what_depends_on_earlier_images_is_not_drawn():
    for switch in ("carry_over", "sequence"):
        text = PICTURED.replace("lapse = [0.0, 1.0]", f"lapse = [0.0, 1.0]\n{switch} = true")
        with pytest.raises(ConfigError, match=r"include 'threshold, lapse 0\.0'"):
            suite.parse("try", text)


def test_the_summary_of_every_row_is_kept(tmp_path):
    outcome = run_suite(suite.parse("try", TEXT), None, tmp_path, build=build)
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert list(rows) == list(outcome.rows)
    assert rows["orders"]["dice_at"] == outcome.rows["orders"].summary["dice_at"]


def test_the_suite_of_unseen_sets_keeps_to_what_was_promised():
    loaded = suite.load("generalisation")
    clicks = [run for run in loaded.runs if run.config.annotator == "click" and run.config.rounds]
    assert {run.config.rounds for run in clicks} == {20}
    assert {run.config.target_dice for run in clicks} == {0.9}
    assert not any(run.config.context for run in clicks)
    scribbled = [run for run in loaded.runs if run.data == "medscribble"]
    assert {run.config.leave_out for run in scribbled} == {("044", "045", "046")}
    trained_on = {"sunnybrook_lv", "msd_liver_ct2d"}
    for run in loaded.runs:
        assert (run.weights == f"posterior-without-{run.data}") is (run.data in trained_on)
    for kind in ("sequence", "carry_over", "auto_accept_risk"):
        rows = [run for run in loaded.runs if getattr(run.config, kind)]
        assert len({run.config.seed for run in rows}) == 20


@pytest.mark.parametrize("name", ["clicks", "preference"])
def test_the_published_suites_measure_a_plain_unet_where_it_is_given(name):
    rows = [run for run in suite.load(name).runs if run.config.method == "unet"]
    assert rows
    assert {run.config.rounds for run in rows} == {0}
    assert all(run.weights.startswith("unet-") for run in rows)
    assert len({run.weights for run in rows}) == len(rows)


def test_profiles_are_carried_over_in_twenty_orders():
    rows = [run for run in suite.load("preference").runs if run.config.carry_over]
    assert len({run.config.seed for run in rows}) == 20
    assert len(rows) == 3 * 20


def test_a_suite_writes_its_report(tmp_path):
    told = []
    outcome = run_suite(
        suite.parse("try", TEXT),
        None,
        tmp_path,
        build=build,
        report=lambda name, done: told.append((name, done.done)),
    )
    claims = json.loads((tmp_path / "summary.json").read_text())
    assert [list(c) for c in claims] == [["check", "value", "low", "high", "target", "pass"]] * 3
    assert [c["pass"] for c in claims] == [True, True, False]
    assert claims[1]["value"] == 0.0
    assert claims[2]["value"] is None
    report = (tmp_path / "report.md").read_text()
    assert "# Try" in report
    assert "- elsewhere: The weights of missing are not here." in report
    lines = list(csv.DictReader((tmp_path / "report.csv").read_text().splitlines()))
    assert len(lines) == 3 * 2
    assert (tmp_path / "curves.png").stat().st_size > 1000
    assert outcome.rows["orders"].summary["trials"] == 2
    assert len(list((tmp_path / "runs").iterdir())) == 4
    assert told == [
        (r, 1) for r in ("threshold, lapse 0.0", "threshold, lapse 1.0", "orders", "orders")
    ]


def test_a_suite_resumes(tmp_path):
    parsed = suite.parse("try", TEXT)
    run_suite(parsed, None, tmp_path, build=build)
    before = (tmp_path / "report.csv").read_text()
    run_suite(parsed, None, tmp_path, build=build, resume=True)
    assert (tmp_path / "report.csv").read_text() == before


def test_a_suite_refuses_to_resume_with_another_folder(tmp_path):
    data = tmp_path / "data"
    for number, case in enumerate(open_synthetic("raters2d", images=3, label="careful").cases()):
        for place, array in (
            ("images", case.read_image().voxels[0, 0]),
            ("masks", 255 * case.references[0].read()[0]),
        ):
            (data / "mine" / place).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array.astype(np.uint8)).save(data / "mine" / place / f"{number}.png")
    text = TEXT.replace("synthetic:raters2d", "mine").replace('label = "careful"', "")
    parsed = suite.parse("try", text)
    run_suite(parsed, data, tmp_path / "out", build=build)
    run_suite(parsed, data, tmp_path / "out", build=build, resume=True)
    (data / "mine" / "masks" / "0.png").unlink()
    with pytest.raises(InputError, match="The files of mine are not those"):
        run_suite(parsed, data, tmp_path / "out", build=build, resume=True)


def test_a_missing_dataset_stops_a_suite_before_it_starts(tmp_path):
    parsed = suite.parse("try", TEXT.replace("synthetic:raters2d", "bubil_ds1"))
    for root in (None, tmp_path):
        with pytest.raises(InputError, match="bubil_ds1 was not found"):
            run_suite(parsed, root, tmp_path / "out", build=build)
    assert not (tmp_path / "out").exists()


def test_folds_of_one_row_are_played_apart_and_summarised_together(tmp_path):
    text = TEXT.replace("seed = [0, 1]", "seed = 0\nfold = [0, 3]").replace("images = 1\n", "")
    text = text.replace("splits = []", 'splits = ["test"]')
    outcome = run_suite(suite.parse("try", text), None, tmp_path, build=build)
    files = sorted(path.name for path in (tmp_path / "runs").glob("orders*"))
    assert files == ["orders-fold3-seed0.jsonl", "orders-seed0.jsonl"]
    played = {record.case for record in outcome.rows["orders"].records}
    source = open_synthetic("raters2d")
    tested = {case.id for n in (0, 3) for case in in_fold(source, n).cases("test")}
    assert played == tested
    assert played != {case.id for case in source.cases("test")}
