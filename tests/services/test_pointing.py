import json

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from assent.core.errors import InputError
from assent.core.image import from_array
from assent.core.prompts import BoundingBox, Click, Scribble, to_json
from assent.services.pointing import read_box, read_click, read_scribble

SLICE = from_array(np.zeros((6, 8)))
VOLUME = from_array(np.zeros((4, 6, 8)))
inside = st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 7))


@given(inside, st.booleans())
def test_a_click_says_what_was_typed(index, positive):
    text = f"{', '.join(map(str, index))},{'+' if positive else '-'}"
    assert read_click(text, VOLUME) == Click(index, positive)


@given(inside, st.booleans())
def test_one_slice_needs_no_z(index, positive):
    sign = "+" if positive else "-"
    short = read_click(f"{index[1]},{index[2]},{sign}", SLICE)
    assert short == read_click(f"0,{index[1]},{index[2]},{sign}", SLICE)


@given(inside, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 8)))
def test_a_box_is_read_or_refused_with_a_sentence(low, high):
    text = ",".join(map(str, (*low, *high)))
    if all(a < b for a, b in zip(low, high, strict=True)):
        assert read_box(text, VOLUME) == BoundingBox(low, high)
    else:
        with pytest.raises(InputError):
            read_box(text, VOLUME)


def test_a_flat_box_covers_the_one_slice():
    assert read_box("1,2,3,5", SLICE) == BoundingBox((0, 1, 2), (1, 3, 5))
    with pytest.raises(InputError):
        read_box("1,2,3,5", VOLUME)


@given(st.text(max_size=12).filter(lambda text: not any(c.isdigit() for c in text)))
def test_any_other_text_is_refused_with_a_sentence(text):
    for read in (read_click, read_box):
        with pytest.raises(InputError, match=r"\.$"):
            read(text, VOLUME)


def test_a_drawing_holds_both_signs(tmp_path):
    drawing = np.zeros((4, 6, 8), np.uint8)
    drawing[1, 2, 3:6], drawing[3, 0, 0] = 1, 2
    tifffile.imwrite(tmp_path / "d.tif", drawing, photometric="minisblack")
    found = read_scribble(tmp_path / "d.tif", VOLUME)
    line = Scribble(((1, 2, 3), (1, 2, 4), (1, 2, 5)), positive=True)
    assert found == (line, Scribble(((3, 0, 0),), positive=False))


def test_a_list_of_prompts_is_read_as_it_was_written(tmp_path):
    given_ = (Click((1, 2, 3)), Scribble(((0, 0, 1),), positive=False))
    (tmp_path / "p.json").write_text(json.dumps([to_json(prompt) for prompt in given_]))
    assert read_scribble(tmp_path / "p.json", VOLUME) == given_
    (tmp_path / "p.json").write_text(json.dumps([to_json(Click((9, 2, 3)))]))
    with pytest.raises(InputError, match="outside"):
        read_scribble(tmp_path / "p.json", VOLUME)
