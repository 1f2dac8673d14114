import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from assent.core.candidates import Proposal
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.geometry import Geometry
from assent.core.image import Image, from_array
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.render import overlay
from assent.render.panel import panel_of
from assent.render.region import Region
from assent.render.sheet import SheetRow, answer_words, contact_sheet


def disc(shape_dhw, radius):
    z, y, x = np.ogrid[tuple(slice(n) for n in shape_dhw)]
    cz, cy, cx = (n // 2 for n in shape_dhw)
    return ((z - cz) * 4) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 <= radius**2


def proposal_of(shape_dhw, count, number=0, challenger=None):
    recommended = disc(shape_dhw, 8)
    masks = [disc(shape_dhw, 5 + 2 * k) for k in range(count)]
    alternatives = np.stack(masks) if masks else np.zeros((0, *shape_dhw), bool)
    doubt = np.full(shape_dhw, 0.4, np.float32)
    return Proposal(
        recommended,
        alternatives,
        tuple(f"a rather long description of difference number {k}" for k in range(count)),
        doubt,
        doubt,
        0.87,
        (0.8,) * count,
        number,
        challenger=challenger,
    )


def opened(png):
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("shape_dhw", [(1, 41, 63), (6, 40, 30)])
def test_a_sheet_of_any_shape_fits_its_width(shape_dhw, count):
    image = Image(
        np.random.default_rng(0).random((1, *shape_dhw), np.float32),
        Geometry.from_spacing(shape_dhw, (3.0, 0.7, 1.1)),
    )
    row = SheetRow(proposal_of(shape_dhw, count), Accept("recommended", 0), 0.9)
    page = opened(contact_sheet(image, [row], title="a title", subtitle="and more " * 60))
    assert page.shape[1] <= 1600
    assert (page[:, :24] == 255).all()


def amount(page, colour):
    return int((np.abs(page.astype(int) - colour).max(-1) <= 12).sum())


def test_added_removed_and_reference_appear_in_their_colours():
    image = from_array(np.zeros((60, 60), np.float32))
    row = SheetRow(proposal_of((1, 60, 60), 4), Pick(1, 0), 0.7)
    plain = opened(contact_sheet(image, [row], title="t"))
    known = opened(contact_sheet(image, [row], title="t", reference=disc((1, 60, 60), 9)))
    assert amount(plain, overlay.ADDED) > 200
    assert amount(plain, overlay.REMOVED) > 200
    assert amount(known, overlay.REFERENCE) > amount(plain, overlay.REFERENCE) + 100


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Pick(None, 0),
        Judge("better", 0),
        Accept(1, 0),
        Correct((Click((0, 20, 20)), Click((0, 2, 2), positive=False)), 0),
        Correct((Scribble(((0, 9, 9), (0, 10, 10))), BoundingBox((0, 5, 5), (1, 9, 9))), 0),
    ],
)
def test_every_answer_changes_the_sheet(answer):
    image = from_array(np.random.default_rng(1).random((40, 40, 3)))
    shown = proposal_of((1, 40, 40), 2, challenger=1)
    other = contact_sheet(image, [SheetRow(shown, Pick(0, 0))], title="t")
    assert contact_sheet(image, [SheetRow(shown, answer)], title="t") != other


def test_nothing_on_screen_is_drawn_as_nothing():
    image = from_array(np.full((40, 40), 0.5, np.float32))
    shown = proposal_of((1, 40, 40), 0)
    blank, full = (
        opened(contact_sheet(image, [SheetRow(p)], title="t")) for p in (shown.blanked(), shown)
    )
    right = np.s_[110:380, -300:-40]
    assert (blank[right] == 255).all(), "no uncertainty where nothing was asked"
    assert (full[right] != 255).any()


@pytest.fixture
def seen(monkeypatch):
    """Slice and region of every picture that is drawn."""
    found = []

    def note(image, slice_index, region, size):
        found.append((slice_index, region))
        return panel_of(image, slice_index, region, size)

    monkeypatch.setattr("assent.render.panel.panel_of", note)
    return found


def leaking(shape):
    """A proposal one of whose alternatives covers a whole slice, and the reference elsewhere."""
    reference = np.zeros(shape, bool)
    reference[1, 90:110, 90:110] = reference[3, 95:100, 95:100] = True
    shown = proposal_of(shape, 2)
    shown.alternatives[0, 2] = True
    return shown, reference


def test_all_rounds_show_the_slice_and_the_surroundings_of_the_reference(seen):
    shape = (5, 200, 200)
    shown, reference = leaking(shape)
    rows = [SheetRow(shown, Pick(0, 0)), SheetRow(shown, Pick(1, 1)), SheetRow(shown)]
    contact_sheet(from_array(np.zeros(shape)), rows, title="t", reference=reference)
    assert seen == [(1, Region(78, 122, 78, 122))] * 3
    seen.clear()
    contact_sheet(from_array(np.zeros(shape)), rows, title="t")
    assert seen == [(2, Region(0, 200, 0, 200))] * 3, "without a reference all that is on offer"


def test_the_slice_of_the_first_mark_is_shown_and_the_others_are_named(seen, monkeypatch):
    shape = (5, 200, 200)
    shown, reference = leaking(shape)
    said = []
    monkeypatch.setattr(
        "assent.render.sheet.ImageDraw.ImageDraw.text", lambda *a, **k: said.append(a[2])
    )
    rows = [SheetRow(shown, Correct((Click((z, 97, 97)),), k)) for k, z in enumerate((3, 1))]
    contact_sheet(from_array(np.zeros(shape)), rows, title="t", reference=reference)
    assert [z for z, _ in seen] == [3, 3]
    assert "drawn on slice 2" in said
    assert "drawn on slice 4" not in said
    assert not any("outside this view" in words for words in said)


def test_what_a_panel_cannot_show_is_said(monkeypatch):
    shape = (5, 200, 200)
    shown, reference = leaking(shape)
    shown.recommended[1] = True
    shown.alternatives[:] = shown.recommended
    shown.alternatives[0, 4, :9] = True
    said = []
    monkeypatch.setattr(
        "assent.render.sheet.ImageDraw.ImageDraw.text", lambda *a, **k: said.append(a[2])
    )
    row = SheetRow(shown, Pick(0, 0))
    contact_sheet(from_array(np.zeros(shape)), [row], title="t", reference=reference)
    words = " ".join(said)
    assert "more of it outside this view" in said
    assert "on other slices" in words


def test_the_same_rounds_give_the_same_file():
    image = from_array(np.random.default_rng(1).random((40, 40)))
    rows = [SheetRow(proposal_of((1, 40, 40), 2), Pick(0, 0))]
    assert contact_sheet(image, rows, title="t") == contact_sheet(image, rows, title="t")


def test_answers_read_as_words():
    clicks = (Click((0, 1, 1)), Click((0, 2, 2)))
    assert answer_words(Correct(clicks, 0)) == "2 clicks"
    assert answer_words(Correct((), 0, removed=(0,))) == "1 mark removed"
    assert answer_words(Judge("cannot_tell", 0)) == "can't tell"
    assert answer_words(Accept(0, 0)) == "accepted 1"


def test_a_voxel_lands_where_its_mask_is_drawn():
    image = Image(
        np.zeros((1, 1, 20, 30), np.float32), Geometry.from_spacing((1, 20, 30), (1, 2, 1))
    )
    panel = panel_of(image, 0, Region(5, 15, 10, 25), 150)
    mask = np.zeros((1, 20, 30), bool)
    mask[0, 7, 12] = True
    rows, columns = np.nonzero(panel.place_mask(mask))
    x, y = panel.place_point(7, 12)
    assert abs(columns.mean() - x) < 2
    assert abs(rows.mean() - y) < 2


def test_importing_pictures_chooses_no_backend():
    source = Path(overlay.__file__).parent
    assert not any("pyplot" in path.read_text() for path in source.glob("*.py"))
