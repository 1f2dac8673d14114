import io

import numpy as np
from PIL import Image as Pillow

from assent.core.image import from_array
from assent.core.prompts import Click
from assent.render import overlay
from assent.render.cases import Moment, ShownCase, case_strip

Y, X = np.ogrid[:60, :80]
WANTED = ((Y - 30) ** 2 + (X - 40) ** 2 <= 14**2)[None]
SMALL = ((Y - 30) ** 2 + (X - 40) ** 2 <= 6**2)[None]


def case(*moments, reference=WANTED):
    image = from_array(np.full(reference.shape, 0.2, np.float32), name="x")
    return ShownCase("best: case 3", image, reference, moments)


def opened(png):
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB")).astype(int)


def amount(page, colour):
    """Pixels of a colour above the legend."""
    return int((np.abs(page[:-34] - colour).sum(-1) < 40).sum())


def test_every_case_and_moment_has_its_place():
    few, many = Moment(SMALL, (), "one"), Moment(WANTED, (), "two")
    one = opened(case_strip([case(few)], title="t"))
    two = opened(case_strip([case(few, many), case(few, many)], title="t"))
    six = opened(case_strip([case(few, many)] * 3, title="t"))
    assert one.shape[0] == two.shape[0] == six.shape[0]
    assert one.shape[1] < two.shape[1] < six.shape[1] < 1500


def test_the_reference_is_yellow_and_marks_are_drawn():
    plain = opened(case_strip([case(Moment(SMALL, (), ""))], title="t"))
    assert amount(plain, overlay.REFERENCE) > 200
    assert amount(plain, overlay.NEGATIVE) == 0
    marks = (Click((0, 30, 40)), Click((0, 20, 25), False))
    marked = opened(case_strip([case(Moment(SMALL, marks, ""))], title="t"))
    assert amount(marked, overlay.NEGATIVE) > 20


def test_what_was_recommended_is_what_is_filled():
    small = opened(case_strip([case(Moment(SMALL, (), ""), Moment(WANTED, (), ""))], title="t"))
    left, right = small[84:292, 24:232], small[84:292, 240:448]
    greener = [int((part[..., 1] - part[..., 0] > 15).sum()) for part in (left, right)]
    assert 0 < greener[0] < 0.5 * greener[1]


def test_a_volume_is_shown_where_the_reference_is_largest():
    deep = np.concatenate([SMALL, WANTED, SMALL & False])
    shown = case_strip([case(Moment(deep, (), ""), reference=deep)], title="t")
    flat = case_strip([case(Moment(WANTED, (), ""))], title="t")
    assert shown == flat
