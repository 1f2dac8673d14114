"""Finished examples teach how a person draws, unless that is switched off."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from assent.core.context import ContextEntry
from assent.core.errors import FileFormatError, InputError
from assent.core.feedback import Accept
from assent.core.image import from_array
from assent.methods import registry
from assent.services.profile import ProfileChoice, begin_task
from assent.services.propagate import PropagateRequest, propagate
from assent.services.segment import SegmentRequest, segment
from assent.testing.methods import ThresholdMethod


def disc(radius):
    y, x = np.ogrid[:32, :32]
    return (y - 16) ** 2 + (x - 16) ** 2 <= radius**2


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(array.astype(np.uint8)).save(path)


class Drawer(ThresholdMethod):
    """Learns a low level from wide drawings, and says so."""

    weights = ""
    has_profile = True

    @property
    def capabilities(self):
        return replace(super().capabilities, profile=Drawer.has_profile)

    @property
    def weights_digest(self):
        return Drawer.weights

    def update(self, embedding, state, feedback):
        new = super().update(embedding, state, feedback)
        if not isinstance(feedback, Accept) or feedback.edited is None:
            return new
        return replace(new, threshold=0.25 if feedback.edited.sum() > 300 else 0.75)

    def learn(self, states):
        return {**super().learn(states), "says": f"drew {len(states)}"}


@pytest.fixture(autouse=True)
def method(monkeypatch):
    monkeypatch.setattr(registry, "build", lambda name, **_: Drawer())
    monkeypatch.setattr(Drawer, "weights", "")
    monkeypatch.setattr(Drawer, "has_profile", True)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Three finished images that somebody drew wide, and two new ones."""
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write(tmp_path / "finished" / "images" / f"{number}.png", 60 + 120 * disc(8 + number))
        write(tmp_path / "finished" / "masks" / f"{number}.png", 255 * disc(11 + number))
    for number in range(2):
        write(tmp_path / "new" / f"{number}.png", 70 + 120 * disc(9 + number))
    return tmp_path


def run(place, *, use="on", out=None, **changes):
    folders = {"context": place / "finished", "images": place / "new", "out": place / "out"}
    profile = ProfileChoice(use, out)
    return propagate(PropagateRequest(**{**folders, "profile": profile, **changes}))


def area(place, name="0.png"):
    return int(np.asarray(Pillow.open(place / "out" / "masks" / name)).astype(bool).sum())


def test_wide_drawings_make_the_next_masks_wide(place):
    on = run(place)
    wide = area(place)
    off = run(place, use="off")
    assert wide > area(place)
    assert (on.profile, off.profile) == ("drew 3", "")
    assert on.to_json()["profile"] == "drew 3"
    assert not any(row.is_kept for row in off.rows), "masks under another profile were kept"
    assert all(row.is_kept for row in run(place, use="off").rows)


def test_one_image_is_segmented_with_the_profile_of_its_context(place):
    wanted = {"image": place / "new" / "0.png", "context": place / "finished"}
    on = segment(SegmentRequest(**wanted, out=place / "on.png"))
    choice = ProfileChoice("off")
    off = segment(SegmentRequest(**wanted, out=place / "off.png", profile=choice))
    assert on.proposal.recommended.sum() > off.proposal.recommended.sum()
    assert (on.profile, off.profile) == ("drew 3", "")
    assert segment(SegmentRequest(image=place / "new" / "0.png")).profile == ""


def test_a_profile_that_was_written_can_be_used_again(place):
    file = place / "profiles" / "me.json"
    run(place, out=file)
    wide = area(place)
    assert json.loads(file.read_text())["profile"]["threshold"] == 0.25
    for number in range(3):
        write(place / "finished" / "masks" / f"{number}.png", 255 * disc(6))
    narrow = run(place, out=place / "other.json")
    assert area(place) < wide
    again = run(place, use=str(file))
    assert again.profile == narrow.profile == "drew 3"
    assert area(place) == wide
    alone = segment(SegmentRequest(image=place / "new" / "0.png", profile=ProfileChoice(str(file))))
    assert alone.proposal.recommended.sum() == wide


def test_calibration_predicts_each_example_without_its_own_lesson(place, monkeypatch):
    said = []
    monkeypatch.setattr(
        "assent.services.propagate.best_proposal",
        lambda session, embedding: said.append(session.prior["says"]) or session.propose(),
    )
    run(place, auto_accept_risk=0.3)
    assert said == ["drew 2"] * 3 + ["drew 3"] * 2


@pytest.mark.parametrize(("depth", "taught"), [(1, 16), (2, 4)])
def test_many_examples_teach_by_a_few_spread_over_all(depth, taught):
    mask = np.stack([np.eye(8, dtype=bool)] * depth)
    entries = [ContextEntry(f"{n}", from_array(np.full(mask.shape, n)), mask) for n in range(40)]
    lessons = []

    class Listener(Drawer):
        def learn(self, states):
            lessons.append([float(state.probability.size) for state in states])
            return {"threshold": 0.5}

    task = begin_task(Listener(), entries, ProfileChoice())
    assert task.prior is not None
    assert len(task.context) == 40
    assert len(lessons[-1]) == taught
    # The first and the last drawing both count.
    assert task.open(entries[0].image).prior is not None
    assert task.open(entries[-1].image).prior is not None
    assert [len(lesson) for lesson in lessons] == [taught, taught - 1, taught - 1]


def damaged(text):
    def spoil(file):
        file.write_text(text)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "error", "named"),
    [
        (lambda file: file.unlink(), InputError, "on, off"),
        (damaged(""), FileFormatError, "me.json"),
        (damaged("[1]"), FileFormatError, "me.json"),
        (damaged('{"method": "x"}'), FileFormatError, "me.json"),
        (
            damaged('{"method": "other", "weights": "", "profile": {}}'),
            InputError,
            "the method 'other'",
        ),
        (lambda file: setattr(Drawer, "weights", "b"), InputError, "other weights"),
        (lambda file: setattr(Drawer, "has_profile", False), InputError, "learns no profile"),
    ],
    ids=["missing", "empty", "list", "lacking", "other method", "other weights", "no profile"],
)
def test_a_profile_that_does_not_fit_is_refused(place, spoil, error, named):
    file = place / "me.json"
    run(place, out=file)
    spoil(file)
    with pytest.raises(error, match=named):
        run(place, use=str(file))


def test_nothing_to_learn_from_is_nothing_to_write(place):
    image, out = place / "new" / "0.png", place / "me.json"
    with pytest.raises(InputError, match=r"me.json.*--context"):
        segment(SegmentRequest(image=image, profile=ProfileChoice(out=out)))
    with pytest.raises(InputError, match=r"me.json"):
        run(place, use="off", out=out)
    assert not out.exists()
    assert not (place / "out").exists()
