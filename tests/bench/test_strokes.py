"""Scribbles drawn by hand: whose they are, and that they come as one answer."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from assent.bench import suite
from assent.bench.config import BenchConfig
from assent.bench.run import run
from assent.bench.strokes import StrokeCase, strokes_of, with_strokes
from assent.bench.suite import open_source
from assent.bench.suite_run import run_suite
from assent.bench.summarise import summarise
from assent.core.errors import InputError
from assent.core.feedback import Correct
from assent.datasets.folder import open_folder
from assent.testing import ThresholdMethod
from bench.small import Blobs, Noting, Shy
from interfaces.small_files import write_set

CONFIG = BenchConfig(method="threshold", annotator="hand", rounds=1, splits=())


def draw(folder, person, sign, name, *pixels):
    plane = np.zeros((48, 48), np.uint8)
    for y, x in pixels:
        plane[y, x] = 255
    (folder / "scribbles" / person / sign).mkdir(parents=True, exist_ok=True)
    Image.fromarray(plane).save(folder / "scribbles" / person / sign / f"{name}.png")


@pytest.fixture
def drawn(tmp_path):
    folder = write_set(tmp_path / "mine", 3)
    first, second, _ = sorted(path.stem for path in (folder / "images").iterdir())
    draw(folder, "ann", "pos", first, (24, 24), (24, 25))
    draw(folder, "ann", "neg", first, (0, 1))
    draw(folder, "bob", "pos", first, (23, 24))
    draw(folder, "bob", "neg", first)
    draw(folder, "ann", "pos", second, (24, 23))
    return folder


def test_every_person_is_played_with_what_they_drew(drawn):
    source = with_strokes(open_folder(drawn), drawn)
    first, second = source.cases()
    assert {r.rater for r in first.references} == {"ann", "bob"}
    assert {r.rater for r in second.references} == {"ann"}
    inside, outside = strokes_of(first, "ann")
    assert (inside.points_zyx, inside.positive) == (((0, 24, 24), (0, 24, 25)), True)
    assert (outside.points_zyx, outside.positive) == (((0, 0, 1),), False)
    assert [s.positive for s in strokes_of(first, "bob")] == [True]
    assert strokes_of(open_folder(drawn).cases()[0], "ann") == ()
    assert source.cases("train", "val", "test") == source.cases()


def test_what_was_drawn_is_one_answer(drawn):
    method = Noting()
    records = list(run([with_strokes(open_folder(drawn), drawn)], method, CONFIG))
    assert all(isinstance(answer, Correct) for answer in method.given)
    targets = len(open_folder(drawn).targets)
    people = [("ann", 2), ("bob", 1), ("ann", 1)]
    wanted = sorted(len_ for _, len_ in people for _ in range(targets))
    assert sorted(len(answer.prompts) for answer in method.given) == wanted
    done = [r for r in records if r.round == 1]
    assert {tuple(r.actions.items()) for r in done} == {(("scribble", 1),)}
    assert {(r.annotator, r.others_dice) for r in records} == {("hand", None)}


def test_before_the_strokes_nothing_is_on_screen_and_after_them_nothing_follows(drawn):
    source = with_strokes(open_folder(drawn), drawn)
    records = list(run([source], Shy(), replace(CONFIG, rounds=3)))
    assert {r.dice for r in records if r.round == 0} == {0.0}
    assert any(r.dice > 0.0 for r in records if r.round == 1)
    assert {r.actions["scribble"] for r in records if r.round == 3} == {1}


def test_every_person_has_a_line(drawn):
    records = list(run([with_strokes(open_folder(drawn), drawn)], ThresholdMethod(), CONFIG))
    parts = summarise(records, CONFIG)["targets"]
    assert {name.split()[-1] for name in parts} == {"ann", "bob"}
    ann = next(name for name in parts if name.endswith("ann"))
    mine = [r.dice for r in records if r.round == 1 and f"{r.target} {r.rater}" in ann]
    assert parts[ann]["dice_at"][1] == pytest.approx(np.mean(mine))


def test_a_suite_opens_the_strokes_of_a_folder(drawn):
    source = open_source("mine", drawn.parent, by_hand=True)
    assert source.has_raters
    assert all(isinstance(case, StrokeCase) for case in source.cases())
    assert not open_source("mine", drawn.parent).has_raters


def test_a_suite_plays_people_and_clicks_on_the_same_folder(drawn, tmp_path):
    text = """
    title = "Both"
    [defaults]
    data = "mine"
    method = "threshold"
    rounds = 1
    splits = []
    [[run]]
    name = "{annotator}"
    annotator = ["hand", "click"]
    """
    parsed = suite.parse("both", text)
    outcome = run_suite(parsed, drawn.parent, tmp_path / "out", build=lambda run: ThresholdMethod())
    assert {r.rater for r in outcome.rows["hand"].records} == {"ann", "bob"}
    assert {r.rater for r in outcome.rows["click"].records} == {""}


@pytest.mark.parametrize("place", [None, "here"])
def test_a_folder_without_strokes_is_refused(tmp_path, place):
    folder = None if place is None else write_set(tmp_path / "mine", 2)
    source = Blobs() if folder is None else open_folder(folder)
    with pytest.raises(InputError, match="holds no scribbles drawn by hand"):
        with_strokes(source, folder)
