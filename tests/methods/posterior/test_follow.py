from itertools import pairwise

import numpy as np
import pytest
import torch

from assent.methods.posterior.channels import Marks, empty_marks
from assent.methods.posterior.follow import Looks, bounded, carried, is_gone
from assent.methods.posterior.window import Window
from methods.posterior.posterior_tiny import disk


def looks(inside, around):
    return Looks(np.full(3, inside), np.full(3, around))


def test_a_neighbour_lends_its_core_and_its_far_outside():
    for mask in (disk(48, 48, at=(20, 20), radius=9), disk(48, 48, at=(0, 47), radius=12)):
        marks = carried(mask, None)
        assert marks.positive.any()
        assert (marks.positive[0] <= mask).all()
        assert marks.negative.any()
        assert not (marks.negative[0] & mask).any()


def test_a_thin_neighbour_lends_seeds_too():
    line = np.zeros((48, 48), bool)
    line[10:12, 5:30] = True
    assert carried(line, None).positive.any()


def test_what_is_drawn_on_a_slice_counts_more_than_what_is_lent():
    mask = disk(48, 48, at=(20, 20), radius=9)
    drawn = empty_marks(1, 48, 48)
    drawn.negative[0, 20, 20] = True
    marks = carried(mask, drawn)
    assert marks.negative[0, 20, 20]
    assert not marks.positive[0, 20, 20]
    assert marks.positive.any()
    assert (marks.positive[0] <= mask).all()


def test_where_an_object_was_lost_a_neighbour_lends_its_far_outside_alone():
    mask = disk(48, 48, at=(20, 20), radius=9)
    drawn = empty_marks(1, 48, 48)
    drawn.positive[0, 19:22, 19:22] = True
    drawn.negative[0, 24, 24] = True
    marks = bounded(mask, drawn)
    assert np.array_equal(marks.positive, drawn.positive)
    frame = carried(mask, None).negative
    assert np.array_equal(marks.negative, frame | drawn.negative)
    assert not marks.box.any()


def test_a_mark_beyond_what_a_neighbour_calls_outside_means_something_else():
    mask = disk(48, 48, at=(20, 20), radius=5)
    drawn = empty_marks(1, 48, 48)
    assert bounded(mask, drawn) is None, "nothing is drawn inside"
    drawn.positive[0, 20, 20] = True
    assert bounded(mask, drawn) is not None
    boxed = Marks(drawn.positive, drawn.negative, drawn.positive)
    assert bounded(mask, boxed) is None, "a box says itself how large the object is"
    drawn.positive[0, 40, 40] = True
    assert bounded(mask, drawn) is None


def test_an_object_is_gone_where_its_core_looks_like_its_surroundings():
    there = looks(0.8, 0.2)
    assert is_gone(looks(0.25, 0.2), there, there, 1.0)
    assert not is_gone(looks(0.7, 0.2), there, there, 1.0)
    assert not is_gone(looks(0.25, 0.2), looks(0.25, 0.23), None, 1.0), "no contrast, no verdict"
    assert not is_gone(None, there, there, 1.0)


def test_an_object_that_fades_is_gone_when_half_of_it_is():
    start = looks(0.8, 0.2)
    shades = [0.8, 0.72, 0.64, 0.56, 0.52, 0.48, 0.44]
    gone = [
        is_gone(looks(here, 0.2), looks(there, 0.2), start, 1.0) for there, here in pairwise(shades)
    ]
    assert gone == [False, False, False, False, True, True]


def test_what_is_left_of_an_object_and_looks_like_its_surroundings_is_not_followed():
    """Muscle above a tumour: the same shade inside and around, a little darker than the tumour."""
    start, here, there = looks(0.7, 0.4), looks(0.62, 0.58), looks(0.64, 0.58)
    assert is_gone(here, there, start, 0.3)
    assert not is_gone(here, there, start, 0.9), "where it is large, something else may be beside"
    assert not is_gone(looks(0.66, 0.52), there, start, 0.3)


def test_an_object_ends_at_its_tip_whatever_its_colours():
    flat = looks(0.5, 0.5)
    assert is_gone(flat, flat, flat, 0.09)
    assert is_gone(None, None, None, 0.09)
    assert not is_gone(flat, flat, flat, 0.11)


def test_an_object_whose_surroundings_change_is_still_there():
    """The liver beside fat, further down beside muscle."""
    assert not is_gone(looks(0.8, 0.6), looks(0.8, 0.5), looks(0.8, 0.1), 0.9)


@pytest.mark.parametrize("radius", [3, 12, 45, 90])
@pytest.mark.parametrize("at", [(100, 80), (3, 155)])
def test_a_window_holds_the_object_and_its_surroundings(radius, at):
    mask = disk(192, 160, at=at, radius=radius)
    window = Window.around(mask, 96)
    rows, columns = window.rows, window.columns
    assert 0 <= rows.start < rows.stop <= 192
    assert 0 <= columns.start < columns.stop <= 160
    assert mask[rows, columns].sum() == mask.sum()
    assert max(window.size_hw) <= 96
    assert all(side % 16 == 0 for side in window.size_hw)
    frame = carried(mask, None).negative[0]
    assert frame[rows, columns].sum() == frame.sum(), "the lent outside lies within"
    shapes = [r.stop - r.start for r in (rows, columns)]
    assert all(small <= large for small, large in zip(window.size_hw, shapes, strict=True))
    assert (list(window.size_hw) == shapes) == (radius < 45)


def test_a_window_there_and_back():
    mask = disk(192, 160, at=(90, 80), radius=40)
    plane = torch.from_numpy(mask.astype(np.float32))[None, None]
    for side in (32, 64, 192):
        window = Window.around(mask, side)
        there = window.cut(plane)
        assert there.shape[2:] == window.size_hw
        back = window.spread(there)[0, 0].numpy() > 0.5
        inside = mask[window.rows, window.columns]
        assert back.shape == inside.shape
        assert 2 * (back & inside).sum() / (back.sum() + inside.sum()) > 0.93
    small = Window.around(disk(192, 160, at=(90, 80), radius=5), 96)
    exact = plane[..., small.rows, small.columns]
    assert torch.equal(small.spread(small.cut(plane)), exact), "small objects are not reduced"


def test_thin_marks_survive_a_reduced_window():
    window = Window.around(disk(192, 160, at=(90, 80), radius=60), 64)
    drawn = np.zeros((1, 192, 160), bool)
    drawn[0, 91, 40:120] = True
    crossing = np.zeros_like(drawn)
    crossing[0, 60:130, 81] = True
    blank = np.zeros_like(drawn)
    cut = window.cut_marks(Marks(drawn, crossing, blank))
    assert cut.positive.any(2)[0].sum() >= 1
    assert cut.positive[0].any(0).sum() >= 20
    assert cut.negative.any()
    assert not (cut.positive & cut.negative).any()
