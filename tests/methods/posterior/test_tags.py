import numpy as np
import pytest

from assent.core.errors import ShapeError
from assent.methods.posterior.tags import tag

MM = (1.0, 0.5, 0.5)
Y, X = np.mgrid[:96, :96]


def disk(radius, y=48, x=48):
    return (np.hypot(Y - y, X - x) <= radius)[None]


BODY = disk(20)


def say(alternative, recommended=BODY, spacing=MM, calibrated=True):
    return tag(alternative, recommended, spacing, calibrated)


def test_width_is_said_in_millimetres_with_its_sign():
    assert say(disk(24)) == "looser, +1.9 mm"
    assert say(disk(16)) == "tighter, -1.9 mm"


def test_width_is_said_in_pixels_without_a_physical_size():
    assert say(disk(24), spacing=(1, 1, 1), calibrated=False) == "looser, +3.8 px"


def test_satellites_come_and_go():
    one, two = disk(5, 10, 10), disk(5, 80, 80)
    assert say(BODY | one) == "with the satellite"
    assert say(BODY | one | two) == "with the satellites"
    assert say(BODY, BODY | one) == "without the satellite"
    speck = np.zeros_like(BODY)
    speck[0, 90, 3] = True
    assert say(BODY | one | speck) == "with the satellite"


def test_another_object_is_no_satellite():
    assert "satellite" not in say(disk(8, 12, 12), disk(8, 80, 80))


def test_holes_are_filled_and_left():
    ring = BODY & ~disk(8)
    assert say(BODY, ring) == "fills the hole"
    assert say(ring, BODY) == "leaves a hole"


@pytest.mark.parametrize(
    ("y", "x", "side"),
    [
        (48, 28, "on the left"),
        (48, 68, "on the right"),
        (28, 48, "at the top"),
        (68, 48, "at the bottom"),
    ],
)
def test_a_bulge_is_named_by_its_side(y, x, side):
    assert say(BODY | disk(10, y, x)) == f"larger {side}"
    assert say(BODY & ~disk(10, y, x)) == f"smaller {side}"


@pytest.mark.parametrize(
    ("y", "x", "way"), [(48, 43, "left"), (48, 53, "right"), (43, 48, "up"), (53, 48, "down")]
)
def test_a_shift_is_named_by_its_way(y, x, way):
    assert say(disk(20, y, x)) == f"shifted {way}"


def test_a_smoother_border_is_called_smoother():
    angle = np.arctan2(Y - 48, X - 48)
    rough = (np.hypot(Y - 48, X - 48) <= 20 + 2.5 * np.sin(14 * angle))[None]
    assert say(BODY, rough) == "smoother"
    assert say(rough, BODY) == "more detailed"


def test_empty_masks_and_equal_masks_have_words():
    empty = np.zeros_like(BODY)
    assert say(empty) == "nothing"
    assert say(BODY, empty) == "something here"
    assert say(BODY) == "the same"
    assert say(empty, empty) == "the same"


def test_where_the_object_lies_does_not_matter():
    for shift in ((0, -20), (17, 20)):
        moved = [np.roll(m, shift, (1, 2)) for m in (disk(24), BODY)]
        assert say(*moved) == "looser, +1.9 mm"
    corner = say(disk(6, 0, 0), disk(12, 0, 0))
    assert corner.startswith(("tighter", "smaller"))


def test_volumes_are_measured_at_a_reduced_size():
    z, y, x = np.mgrid[:60, :240, :240]
    r = np.sqrt(((z - 30) * 4.0) ** 2 + (y - 120.0) ** 2 + (x - 120.0) ** 2)
    words = say(r <= 110, r <= 100, spacing=(4.0, 1.0, 1.0))
    assert words.startswith("looser, +")
    assert float(words.split()[1]) == pytest.approx(10, abs=1.5)
    late = (r <= 100) | ((z > 40) & (r <= 118))
    assert say(late, r <= 100, spacing=(4.0, 1.0, 1.0)) == "larger in the last slices"


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="recommended"):
        say(BODY, BODY[:, :50])
