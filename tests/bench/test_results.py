"""Results files: round trip, resume, summaries and tables."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.bench import results, table
from assent.bench.config import BenchConfig
from assent.bench.folder_digest import folder_digest
from assent.bench.measure import measure
from assent.bench.record import Record
from assent.bench.summarise import summarise
from assent.core.errors import FileFormatError, InputError
from assent.testing import ThresholdMethod
from bench.small import Blobs, Noting

CONFIG = BenchConfig(method="threshold", rounds=2, splits=(), target_dice=0.9)


def record(case="1", number=0, dice=0.5, **kwargs):
    return Record(
        **{
            "dataset": "ds",
            "case": case,
            "target": "cell",
            "rater": "ann",
            "method": "threshold",
            "weights": "",
            "annotator": "click",
            "round": number,
            "dice": dice,
            "hd95_mm": 1.0,
            "actions": {"click": number},
            "seconds_modelled": 1.6 * number,
            "latency_ms": 5.0 if number else None,
            "context_size": 0,
            "seed": 0,
            **kwargs,
        }
    )


def trial(case, *dices, **kwargs):
    return [record(case, r, d, **kwargs) for r, d in enumerate(dices)]


@settings(max_examples=50, deadline=None)
@given(
    dice=st.floats(0, 1),
    far=st.none() | st.floats(0, 1e4),
    actions=st.dictionaries(st.sampled_from(["pick", "click", "box"]), st.integers(0, 99)),
    text=st.text(),
    distance=st.none() | st.floats(0, 2),
)
def test_a_record_survives_json(dice, far, actions, text, distance):
    before = record(
        dice=dice,
        hd95_mm=far,
        assd_mm=far,
        nsd=dice,
        iou=dice,
        actions=actions,
        error=text,
        group=text,
        energy_distance=distance,
    )
    assert Record.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_a_record_has_the_fields_of_the_format():
    assert list(record().to_json()) == [
        "dataset",
        "case",
        "target",
        "rater",
        "method",
        "weights",
        "annotator",
        "round",
        "dice",
        "hd95_mm",
        "actions",
        "seconds_modelled",
        "latency_ms",
        "context_size",
        "seed",
    ]
    more = {"error": "broken", "group": "ann", "energy_distance": 0.5}
    assert list(record(**more).to_json())[-4:] == ["seed", *more]
    measures = {"assd_mm": 0.4, "nsd": 0.9, "iou": 0.3}
    assert list(record(**measures).to_json())[8:13] == ["dice", "hd95_mm", *measures]
    with pytest.raises(InputError, match="lacks"):
        Record.from_json({"dice": 0.5})


def test_a_file_begins_with_settings_and_ends_with_the_summary(tmp_path):
    path = tmp_path / "new" / "results.jsonl"
    records = measure([Blobs()], ThresholdMethod(), CONFIG, path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["settings"]["bench"] == json.loads(json.dumps(CONFIG.to_json()))
    assert lines[-1]["summary"]["trials"] == 12
    assert len(lines) == len(records) + 2
    stored = results.read(path)
    assert list(stored.records) == records
    assert stored.summary == json.loads(json.dumps(summarise(records, CONFIG)))


@pytest.mark.parametrize("kept_lines", [0, 1, 2, 9, 10, 20, 37, 38])
def test_an_interrupted_run_resumes_to_the_same_end(tmp_path, kept_lines):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    wanted = measure([Blobs()], ThresholdMethod(), CONFIG, whole)
    lines = whole.read_text().splitlines(keepends=True)
    if kept_lines:
        torn = lines[kept_lines][:20] if kept_lines < len(lines) else ""
        cut.write_text("".join(lines[:kept_lines]) + torn)
    found = measure([Blobs()], ThresholdMethod(), CONFIG, cut, resume=True)
    key = lambda r: (*r.key, r.round, r.dice)  # noqa: E731
    assert sorted(map(key, found)) == sorted(map(key, wanted))
    assert results.read(cut).summary["dice_at"] == results.read(whole).summary["dice_at"]
    assert len(cut.read_text().splitlines()) == len(lines)


def test_failed_cases_are_played_again_on_resume(tmp_path):
    path = tmp_path / "results.jsonl"
    broken = Blobs(broken=frozenset({"02"}))
    first = measure([broken], ThresholdMethod(), CONFIG, path)
    assert sum(bool(r.error) for r in first) == 2
    again = measure([Blobs()], ThresholdMethod(), CONFIG, path, resume=True)
    assert not any(r.error for r in again)
    assert results.read(path).summary["trials"] == 12


def test_of_a_run_that_came_to_its_end_nothing_is_played_again(tmp_path):
    path = tmp_path / "results.jsonl"
    carried = BenchConfig(method="threshold", rounds=1, splits=(), carry_over=True)
    wanted = measure([Blobs()], ThresholdMethod(), carried, path)
    before, method = path.read_bytes(), Noting()
    assert measure([Blobs()], method, carried, path, resume=True) == wanted
    assert (path.read_bytes(), method.calls["embed"]) == (before, 0)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))  # it was stopped before the summary
    measure([Blobs()], method, carried, path, resume=True)
    assert (path.read_bytes(), method.calls["embed"]) == (before, 6)


def test_resume_refuses_other_settings(tmp_path):
    path = tmp_path / "results.jsonl"
    measure([Blobs()], ThresholdMethod(), CONFIG, path)
    before = path.read_bytes()
    other = BenchConfig(method="threshold", rounds=2, splits=(), target_dice=0.9, lapse=0.2)
    with pytest.raises(InputError, match=r"lapse: 0.0 there, 0.2 now"):
        measure([Blobs()], ThresholdMethod(), other, path, resume=True)
    with pytest.raises(InputError, match="method_settings"):
        measure([Blobs()], ThresholdMethod(choices=2), CONFIG, path, resume=True)
    assert path.read_bytes() == before


def test_resume_refuses_a_folder_that_was_changed(tmp_path):
    path = tmp_path / "results.jsonl"
    folder = write_folder(tmp_path / "blobs")
    digests = {"blobs": folder_digest(folder)}
    wanted = measure([Blobs()], ThresholdMethod(), CONFIG, path, digests=digests)
    before = path.read_bytes()
    assert measure([Blobs()], ThresholdMethod(), CONFIG, path, digests=digests, resume=True) == (
        wanted
    )
    (folder / "images" / "c.png").write_bytes(b"another")
    changed = {"blobs": folder_digest(folder)}
    with pytest.raises(InputError, match=r"files of blobs are not those .* results\.jsonl"):
        measure([Blobs()], ThresholdMethod(), CONFIG, path, digests=changed, resume=True)
    assert path.read_bytes()[: len(before) // 2] == before[: len(before) // 2]
    other = Blobs(name="other")
    with pytest.raises(InputError, match="datasets"):
        measure([other], ThresholdMethod(), CONFIG, path, resume=True)


def write_folder(root):
    for place in ("images", "masks"):
        (root / place).mkdir(parents=True)
        for name in ("a.png", "b.png"):
            (root / place / name).write_bytes(b"some bytes")
    return root


@pytest.mark.parametrize(
    ("file", "bytes_"),
    [
        ("images/c.png", b"some bytes"),
        ("images/a.png", b"other length"),
        ("masks/a.png", None),
        ("dataset.json", b'{"name": "blobs"}'),
    ],
)
def test_a_folder_is_known_by_names_sizes_and_description(tmp_path, file, bytes_):
    folder = write_folder(tmp_path / "blobs")
    before = folder_digest(folder)
    assert folder_digest(write_folder(tmp_path / "elsewhere" / "blobs")) == before
    (folder / "notes.txt").write_text("of no matter")
    assert folder_digest(folder) == before
    if bytes_ is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(bytes_)
    assert folder_digest(folder) != before


def test_a_description_of_the_same_length_is_another_one(tmp_path):
    folder = write_folder(tmp_path / "blobs")
    digests = set()
    for name in ("ann", "bob"):
        (folder / "dataset.json").write_text(json.dumps({"name": name}))
        digests.add(folder_digest(folder))
    assert len(digests) == 2


@pytest.mark.parametrize("text", ["", "not json\nx\n", '{"round": 1}\n', "[]\n"])
def test_another_file_is_not_taken_for_results(tmp_path, text):
    path = tmp_path / "other.jsonl"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=r"other\.jsonl"):
        results.read(path)


def test_summary_counts_failures_as_all_rounds():
    config = BenchConfig(method="threshold", annotator="click", rounds=2, target_dice=0.9)
    records = [*trial("1", 0.2, 0.95, 0.95), *trial("2", 0.1, 0.2, 0.3)]
    summary = summarise([*records, record("3", error="broken")], config)
    assert summary["dice_at"] == pytest.approx([0.15, 0.575, 0.625])
    assert summary["noc"] == summary["noc90"] == 1.5
    assert summary["failure_rate"] == 0.5
    assert summary["total_actions"] == 4
    assert summary["errors"] == 1
    assert summary["latency_ms_median"] == 5.0
    low, high = summary["dice_at_ci"][2]
    assert low < 0.625 < high
    json.dumps(summary, allow_nan=False)


def test_noc90_is_there_for_its_target_only():
    config = BenchConfig(method="threshold", rounds=1, target_dice=0.8)
    summary = summarise(trial("1", 0.2, 0.95), config)
    assert "noc90" not in summary
    assert "noc" in summary
    assert "noc" not in summarise(trial("1", 0.2, 0.9), BenchConfig(method="m", rounds=1))


def test_on_the_way_to_90_percent_answers_to_80_are_counted_too():
    config = BenchConfig(method="threshold", rounds=3, target_dice=0.9)
    records = [*trial("1", 0.2, 0.82, 0.84, 0.95), *trial("2", 0.1, 0.2, 0.81, 0.9)]
    summary = summarise(records, config)
    assert (summary["noc90"], summary["noc80"]) == (3.0, 1.5)
    place = table.columns(summary).index("NoC@80% (Dice)")
    assert table.row("x", summary)[place].startswith("1.50 [1.00, 2.00]")
    other = BenchConfig(method="threshold", rounds=3, target_dice=0.85)
    assert "noc80" not in summarise(records, other)


def test_intervals_draw_whole_cases():
    many_raters = [r for n in range(50) for r in trial("1", 0.2, rater=str(n))]
    many_raters += [r for n in range(50) for r in trial("2", 0.8, rater=str(n))]
    summary = summarise(many_raters, BenchConfig(method="m", rounds=1))
    assert summary["dice_at_ci"][0] == pytest.approx([0.2, 0.8])


def test_targets_and_seeds_are_kept_apart():
    records = [*trial("1", 0.2, 0.4), *trial("1", 0.6, 0.8, target="nucleus")]
    records += trial("1", 0.4, 0.6, seed=1)
    summary = summarise(records, BenchConfig(method="m", rounds=1))
    assert summary["trials"] == 3
    assert summary["targets"]["ds cell"]["dice_at"] == pytest.approx([0.3, 0.5])
    assert summary["targets"]["ds nucleus"]["dice_at"] == pytest.approx([0.6, 0.8])


def test_a_run_without_any_case_has_an_empty_summary():
    summary = summarise([record("3", error="broken")], CONFIG)
    assert summary["trials"] == 0
    assert summary["dice_at"] == []
    assert table.row("x", summary)[0] == "x"
    json.dumps(summary, allow_nan=False)


def test_a_table_row_has_a_cell_for_every_column():
    for rounds, target in [(2, None), (20, 0.9)]:
        config = BenchConfig(method="m", rounds=rounds, target_dice=target)
        summary = summarise([*trial("1", 0.2, 0.4), *trial("1", 0.3, 0.9, target="b")], config)
        heads = table.columns(summary)
        lines = table.rows("run", summary)
        assert [len(line) for line in lines] == [len(heads)] * 3
        assert ("NoC@90% (Dice)" in heads) == (target is not None)
