import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.render import overlay

planes = arrays(bool, (9, 11))
pictures = arrays(np.uint8, (9, 11, 3))


def test_gray_and_colour_become_rgb_in_the_same_scale():
    gray = np.array([[[0.0, 0.5], [1.0, 2.0]]], np.float32)
    assert overlay.to_rgb(gray)[..., 1].tolist() == [[0, 128], [255, 255]]
    assert (overlay.to_rgb(np.repeat(gray, 3, 0)) == overlay.to_rgb(gray)).all()


@settings(max_examples=30)
@given(pictures, planes)
def test_filling_changes_nothing_outside_the_mask_and_leaves_the_input(rgb, mask):
    before = rgb.copy()
    painted = overlay.fill(rgb, mask, overlay.OBJECT)
    assert (rgb == before).all()
    assert (painted[~mask] == rgb[~mask]).all()
    assert (overlay.fill(rgb, mask, overlay.OBJECT, opacity=1.0)[mask] == overlay.OBJECT).all()


@settings(max_examples=30)
@given(pictures, planes, planes)
def test_a_difference_shows_added_and_removed_and_nothing_where_masks_agree(rgb, mask, base):
    painted = overlay.difference(rgb, mask, base, opacity=1.0)
    assert (painted[mask & ~base] == overlay.ADDED).all()
    assert (painted[base & ~mask] == overlay.REMOVED).all()
    assert (painted[mask == base] == rgb[mask == base]).all()


@settings(max_examples=30)
@given(planes, st.integers(1, 3))
def test_an_outline_lies_in_its_mask(mask, width):
    assert not (overlay.outline(mask, width=width) & ~mask).any()


def test_the_edge_of_the_picture_is_no_border():
    assert not overlay.outline(np.ones((5, 5), bool)).any()


def test_a_contour_is_visible_on_white_and_on_black():
    mask = np.zeros((9, 9), bool)
    mask[3:6, 3:6] = True
    for level in (0, 255):
        page = np.full((9, 9, 3), level, np.uint8)
        assert (overlay.contour(page, mask) != page).any()
