import json

import numpy as np
import pytest
from PIL import Image as Pillow

from assent.core.errors import InputError
from assent.methods import registry
from assent.services.propagate import PropagateRequest, propagate
from assent.services.review import Propagated, Reviewed
from assent.testing.methods import ThresholdMethod


def disc(radius):
    y, x = np.ogrid[:32, :32]
    return (y - 16) ** 2 + (x - 16) ** 2 <= radius**2


def save(path, mask, seed=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    array = mask * np.uint8(255)
    if seed is not None:
        noise = np.random.default_rng(seed).normal(0, 4, mask.shape)
        array = np.clip(60 + 120 * mask + noise, 0, 255).astype(np.uint8)
    Pillow.fromarray(array).save(path)


class Counting(ThresholdMethod):
    """Counts proposals; its settings digest can be changed."""

    proposals = 0
    digest = "a"

    @property
    def settings_digest(self):
        return Counting.digest

    def propose(self, embedding, state, *, page=0):
        Counting.proposals += 1
        return super().propose(embedding, state, page=page)


@pytest.fixture(autouse=True)
def method(monkeypatch):
    Counting.proposals, Counting.digest = 0, "a"
    monkeypatch.setattr(registry, "build", lambda name, **_: Counting())


@pytest.fixture
def request_for(tmp_path):
    """A request on 20 finished and 3 new images, with changes."""
    for number in range(20):
        save(tmp_path / "finished" / "images" / f"{number}.png", disc(5 + number % 7), number)
        save(tmp_path / "finished" / "masks" / f"{number}.png", disc(5 + number % 7))
    for number in range(3):
        save(tmp_path / "new" / f"{number}.png", disc(6 + number), 90 + number)

    def make(**changes):
        folders = {"context": tmp_path / "finished", "images": tmp_path / "new"}
        return PropagateRequest(**{**folders, "out": tmp_path / "out", **changes})

    return make


def test_a_rerun_does_nothing_again(request_for):
    first = propagate(request_for())
    assert Counting.proposals == 3
    again = propagate(request_for())
    assert Counting.proposals == 3
    assert [row.is_kept for row in again.rows] == [True] * 3
    assert [r.predicted_dice for r in again.rows] == [r.predicted_dice for r in first.rows]


def test_other_settings_context_or_pixels_are_done_again(request_for, tmp_path):
    propagate(request_for())
    Counting.digest = "b"
    propagate(request_for())
    assert Counting.proposals == 6
    save(tmp_path / "new" / "1.png", disc(9), 7)
    propagate(request_for())
    assert Counting.proposals == 7
    (tmp_path / "finished" / "masks" / "0.png").unlink()
    propagate(request_for())
    assert Counting.proposals == 10


def test_a_mask_that_a_person_changed_stays(request_for, tmp_path):
    propagate(request_for())
    edited = tmp_path / "out" / "masks" / "1.png"
    save(edited, disc(3))
    content = edited.read_bytes()
    Counting.digest = "b"
    result = propagate(request_for())
    assert edited.read_bytes() == content
    assert [row.state for row in result.rows] == ["review", "edited", "review"]


def test_a_mask_that_was_there_before_is_never_replaced(request_for, tmp_path):
    foreign = tmp_path / "out" / "masks" / "1.png"
    save(foreign, disc(3))
    content = foreign.read_bytes()
    result = propagate(request_for())
    assert foreign.read_bytes() == content
    assert [row.state for row in result.rows] == ["review", "failed", "review"]
    assert "Move it away" in result.rows[1].error


def test_an_unfinished_or_damaged_note_is_done_again(request_for, tmp_path):
    propagate(request_for())
    (tmp_path / "out" / "masks" / "0.png").unlink()
    note = tmp_path / "out" / "notes" / "1.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "mask": ""}))
    result = propagate(request_for())
    assert [row.is_kept for row in result.rows] == [False, False, True]
    assert [row.state for row in result.rows] == ["review"] * 3


def test_nothing_is_accepted_unasked_or_with_too_few_examples(request_for):
    assert {row.state for row in propagate(request_for()).rows} == {"review"}
    few = propagate(request_for(auto_accept_risk=0.01))
    assert few.threshold is None
    assert "99 finished images, and there are 20" in few.remark
    assert {row.state for row in few.rows} == {"review"}


def test_the_stated_risk_is_calibrated_on_examples_that_are_left_out(request_for):
    result = propagate(request_for(auto_accept_risk=0.05))
    assert Counting.proposals == 20 + 3
    assert result.threshold is not None
    for row in result.rows:
        assert (row.state == "accepted") == (row.predicted_dice >= result.threshold)


def test_a_confidence_takes_more_examples_and_is_stricter(request_for):
    many = propagate(request_for(auto_accept_risk=0.05, auto_accept_confidence=0.95))
    assert many.threshold is None
    assert "with a confidence of 0.95 takes 59 finished images, and there are 20" in many.remark
    loose = propagate(request_for(auto_accept_risk=0.3))
    strict = propagate(request_for(auto_accept_risk=0.3, auto_accept_confidence=0.99))
    assert strict.threshold >= loose.threshold
    assert "with a confidence of 0.99 at most 0.3 of all images" in strict.remark


@pytest.mark.parametrize(("confidence", "risk"), [(0.0, 0.1), (1.0, 0.1), (0.95, None)])
def test_a_confidence_that_is_none_or_of_no_risk_is_refused(request_for, confidence, risk):
    with pytest.raises(InputError, match="--auto-accept-confidence"):
        request_for(auto_accept_risk=risk, auto_accept_confidence=confidence)


@pytest.mark.parametrize("risk", [0.0, 1.0, -1.0, 5.0])
def test_a_risk_that_is_none_is_refused_before_anything_happens(request_for, tmp_path, risk):
    with pytest.raises(InputError, match="risk"):
        propagate(request_for(auto_accept_risk=risk))
    assert not (tmp_path / "out").exists()


def test_images_of_a_dataset_folder_are_found(request_for, tmp_path):
    result = propagate(request_for(images=tmp_path / "finished"))
    assert len(result.rows) == 20


def test_progress_rises_to_the_last_image(request_for):
    told = []
    propagate(request_for(auto_accept_risk=0.05), lambda done, text: told.append(done))
    assert told == sorted(told)
    assert len(told) == 20 + 20 + 3
    assert 0.0 == told[0] < told[-1] < 1.0


def test_what_needs_a_person_most_comes_first():
    rows = (
        Reviewed("a", "a.png", 0.9, is_accepted=True),
        Reviewed("b", "b.png", 0.8),
        Reviewed("c", error="broken"),
        Reviewed("d", "d.png", 0.4),
        Reviewed("e", "e.png", 0.1, is_edited=True),
    )
    result = Propagated("m", "", 3, 5, rows)
    assert [row.image for row in result.to_review] == ["c", "d", "b", "e", "a"]
    assert result.count("review") == 2
