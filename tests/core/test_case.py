"""Cases name their images and masks, and read them only when asked."""

from collections.abc import Callable

import numpy as np
import pytest

from assent.core.case import Case, Reference
from assent.core.image import Image, from_array


def refuse() -> np.ndarray:
    raise AssertionError("read without being asked")


def case(read_image: Callable[[], Image], *references: Reference) -> Case:
    return Case("c1", "phantoms", "patient 7", "test", read_image, references)


def test_nothing_is_read_until_asked():
    reference = Reference("nucleus", "A", refuse)
    one = case(refuse, reference)
    assert hash(one)
    assert "c1" in repr(one)
    with pytest.raises(AssertionError, match="without being asked"):
        one.references[0].read()


def test_two_readings_of_one_case_are_the_same_case():
    one = case(refuse, Reference("nucleus", "A", refuse))
    other = case(
        lambda: from_array(np.zeros((2, 2))),
        Reference("nucleus", "A", lambda: np.ones((1, 2, 2), np.bool_)),
    )
    assert one == other
    assert hash(one) == hash(other)
    assert other.read_image().shape_dhw == other.references[0].read().shape


@pytest.mark.parametrize("changed", [("cell", "A"), ("nucleus", "B")])
def test_targets_and_raters_tell_references_apart(changed):
    assert Reference("nucleus", "A", refuse) != Reference(*changed, refuse)
