import numpy as np
import pytest
from scipy import ndimage

from assent.core.errors import ShapeError
from assent.methods.posterior.tags import tags

MM = (1.0, 0.5, 0.5)
Y, X = np.mgrid[:96, :96]


def disk(radius, y=48, x=48):
    return (np.hypot(Y - y, X - x) <= radius)[None]


BODY = disk(20)


def say(alternative, recommended=BODY, spacing=MM, calibrated=True):
    return tags(alternative[None], recommended, spacing, calibrated=calibrated)[0]


def test_width_is_said_in_millimetres_with_its_sign():
    assert say(disk(24)) == "looser, +1.9 mm"
    assert say(disk(16)) == "tighter, -2.0 mm"


def test_width_is_said_in_pixels_without_a_physical_size():
    assert say(disk(24), spacing=(1, 1, 1), calibrated=False) == "looser, +3.8 px"


def test_width_is_that_of_the_pixels_as_they_are():
    def ball(radius_mm, dy, dx):
        return (np.hypot(dy * (Y - 48), dx * (X - 48)) <= radius_mm)[None]

    words = say(ball(24, 2.0, 0.6), ball(20, 2.0, 0.6), spacing=(5.0, 2.0, 0.6))
    assert words.startswith("looser, +")
    assert float(words.split()[1]) == pytest.approx(4.0, abs=0.4)
    assert say(disk(24), spacing=(1.0, 0.012, 0.012)) == "looser, +45 µm"
    assert say(disk(24), spacing=(1.0, 0.0005, 0.0005)) == "looser, +1.90 µm"


def test_a_satellite_is_not_width():
    speck, satellite, large = disk(3, 10, 10), disk(9, 10, 10), disk(16, 16, 16)
    assert say(disk(24) | speck) == "looser, +1.9 mm", "a satellite that hardly counts"
    assert say(disk(24) | satellite) == "looser, +1.9 mm, with the satellite"
    assert say(disk(24) | large) == "with the satellite, +1.9 mm"
    assert say(disk(16), BODY | satellite) == "tighter, -2.0 mm, without the satellite"


def test_a_hole_is_not_width():
    ring = BODY & ~disk(10)
    assert say(disk(24), ring) == "looser, +1.9 mm, without the hole"
    assert say(disk(24) & ~disk(10), ring) == "looser, +1.9 mm"


def test_an_object_falls_apart_or_together():
    pair = disk(14, 48, 30) | disk(14, 48, 66)
    bridge = pair.copy()
    bridge[0, 46:51, 30:66] = True
    assert say(pair, bridge) == "split"
    assert say(bridge, pair) == "joined"
    crumb = disk(20) | disk(2, 48, 70)
    assert say(crumb, crumb | disk(3, 48, 68)) != "split", "a crumb is no part"


def test_satellites_come_and_go():
    one, two = disk(5, 10, 10), disk(5, 80, 80)
    assert say(BODY | one) == "with the satellite"
    assert say(BODY | one | two) == "with the satellites"
    assert say(BODY, BODY | one) == "without the satellite"
    speck = np.zeros_like(BODY)
    speck[0, 90, 3] = True
    assert say(BODY | one | speck) == "with the satellite"


def test_another_object_is_no_satellite():
    assert say(disk(8, 12, 12), disk(8, 80, 80)) == "somewhere else"


def test_holes_are_filled_and_left():
    ring = BODY & ~disk(8)
    assert say(BODY, ring) == "without the hole"
    assert say(ring, BODY) == "with a hole"


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
    assert say(BODY, empty) == "an object"
    assert say(BODY) == "the same"
    assert say(empty, empty) == "the same"


def test_where_the_object_lies_does_not_matter():
    for shift in ((0, -20), (17, 20)):
        moved = [np.roll(m, shift, (1, 2)) for m in (disk(24), BODY)]
        assert say(*moved) == "looser, +1.9 mm"
    corner = say(disk(6, 0, 0), disk(12, 0, 0))
    assert corner.startswith(("tighter", "smaller"))


def test_the_edge_of_the_image_is_no_border():
    at_edge = page(disk(24, 0), disk(16, 0), recommended=disk(20, 0))
    lengths = [float(text.split()[-2]) for text in at_edge]
    assert lengths == pytest.approx([1.95, -1.95], abs=0.1)


def test_volumes_are_measured_at_a_reduced_size():
    z, y, x = np.mgrid[:60, :240, :240]
    r = np.sqrt(((z - 30) * 4.0) ** 2 + (y - 120.0) ** 2 + (x - 120.0) ** 2)
    words = say(r <= 110, r <= 100, spacing=(4.0, 1.0, 1.0))
    assert words.startswith("looser, +")
    assert float(words.split()[1]) == pytest.approx(10, abs=1.5)
    late = (r <= 100) | ((z > 40) & (r <= 118))
    assert say(late, r <= 100, spacing=(4.0, 1.0, 1.0)) == "larger in the last slices"


def page(*alternatives, recommended=BODY, spacing=MM, calibrated=True):
    return tags(np.stack(alternatives), recommended, spacing, calibrated=calibrated)


def test_cards_that_differ_anyway_get_no_more_words():
    assert page(disk(24), disk(16), BODY | disk(5, 10, 10)) == (
        "looser, +1.9 mm",
        "tighter, -2.0 mm",
        "with the satellite",
    )


def test_two_cards_never_say_the_same():
    left, right = disk(5, 48, 8), disk(5, 48, 88)
    assert page(BODY | left, BODY | right) == (
        "with the satellite, on the left",
        "with the satellite, on the right",
    )
    assert page(BODY | left, disk(22) | disk(12, 48, 8)) == (
        "with the satellite",
        "with the satellite, +1.0 mm",
    )
    large, small = BODY | disk(12, 28, 48), BODY | disk(9, 28, 48)
    words = page(large, small)
    assert [text.split(", ")[0] for text in words] == ["larger at the top"] * 2
    assert len(set(words)) == 2
    assert page(disk(24), disk(24), disk(16)) == (
        "looser, +1.9 mm (1)",
        "looser, +1.9 mm (2)",
        "tighter, -2.0 mm",
    )


def test_without_a_recommendation_objects_differ_by_their_size():
    empty = np.zeros_like(BODY)
    words = page(disk(10), disk(20), recommended=empty, calibrated=False, spacing=(1, 1, 1))
    assert words[0].startswith("an object, 20.")
    assert words[1].startswith("an object, 40.")
    assert words[0].endswith("px across")


@pytest.mark.parametrize("shape", [(1, 24, 31), (5, 16, 18), (3, 1, 20), (1, 1, 1)])
def test_any_page_has_short_distinct_words(shape):
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(size=(5, *shape))
        masks = ndimage.gaussian_filter(noise, (0, 0.5, 2, 2)) > 0.05
        words = tags(masks[1:], masks[0], (3.0, 0.7, 0.4), calibrated=bool(seed % 2))
        assert len(set(words)) == 4
        assert all(0 < len(text) <= 60 for text in words)


def test_one_slice_of_a_volume_is_described_like_an_image():
    volume = np.zeros((2, 7, 96, 96), bool)
    volume[0, 3], volume[1, 3] = disk(24)[0], BODY[0]
    assert say(volume[0], volume[1]) == say(disk(24))


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="recommended"):
        say(BODY, BODY[:, :50])
