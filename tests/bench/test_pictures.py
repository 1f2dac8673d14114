"""Which cases are drawn, and that they show what was recorded."""

from assent.bench import pictures
from assent.bench.config import BenchConfig
from assent.bench.pictures import draw_extremes, extremes
from assent.bench.run import replay, run
from assent.bench.suite import SuiteRun
from assent.core.metrics import dice
from assent.testing import ThresholdMethod
from bench.small import Blobs
from bench.test_results import trial

CONFIG = BenchConfig(
    method="threshold", annotator="click", rounds=4, splits=(), label="wide", target_dice=0.97
)


def test_the_best_the_middle_and_the_worst_by_what_every_answer_brought():
    records = [
        *trial("slow", 0.0, 0.1, 0.9),
        *trial("quick", 0.0, 0.9, 0.9),
        *trial("middle", 0.0, 0.5, 0.9),
        *trial("poor", 0.3, 0.3, 0.3),
        *trial("broken", 1.0, error="no"),
    ]
    config = BenchConfig(method="m", rounds=2)
    chosen = extremes(records, config)
    assert {word: key[1] for word, key in chosen.items()} == {
        "best": "quick",
        "median": "slow",
        "worst": "poor",
    }
    assert list(chosen) == ["best", "median", "worst"]
    two = [r for r in records if r.case in {"quick", "poor"}]
    assert list(extremes(two, config)) == ["best", "worst"]
    assert list(extremes(two[:3], config)) == ["best"]
    assert extremes([], config) == {}


def test_a_trial_that_is_played_again_is_the_same():
    source, method = Blobs(images=4), ThresholdMethod()
    records = [r for r in run([source], method, CONFIG) if r.case in {"01", "02"}]
    keys = tuple(dict.fromkeys(r.key for r in records))
    again = list(replay(source, method, CONFIG, keys))
    assert {key for key, *_ in again} == set(keys)
    for key, view, played in again:
        before = [r.dice for r in records if r.key == key]
        assert [r.dice for r in played.records] == before
        shown = [dice(mask, view.masks["wide"]) for mask in played.masks]
        assert shown == before[: len(shown)]
        assert len(played.masks) == len(played.answers) + 1


def test_every_case_is_shown_after_one_answer_and_after_the_last(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(
        pictures, "case_strip", lambda cases, *, title: drawn.append((cases, title)) or b"png"
    )
    source, method = Blobs(images=5), ThresholdMethod()
    records = list(run([source], method, CONFIG))
    row = SuiteRun(name="a row", data="blobs", config=CONFIG)
    assert draw_extremes(row, records, source, method, tmp_path / "p" / "a.png")
    assert (tmp_path / "p" / "a.png").read_bytes() == b"png"
    ((cases, title),) = drawn
    assert title == "a row"
    assert [case.words.split(":")[0] for case in cases] == ["best", "median", "worst"]
    for case in cases:
        name = case.words.split()[2]
        mine = {r.round: r for r in records if r.case == name}
        answers = mine[4].actions.get("click", 0)
        assert len(case.moments) == len({min(1, answers), answers})
        assert [len(moment.prompts) for moment in case.moments] == sorted(
            {min(1, answers), answers}
        )
        last = case.moments[-1]
        assert last.words.endswith(f"Dice {mine[4].dice:.2f}")
        assert dice(last.mask, case.reference) == mine[4].dice
    assert any(len(case.moments) == 2 for case in cases)


def test_without_a_view_there_is_nothing_to_draw(tmp_path):
    row = SuiteRun(name="a row", data="blobs", config=CONFIG)
    assert not draw_extremes(row, [], Blobs(), ThresholdMethod(), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
