"""A stack does not depend on the order of its slices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import InputError
from assent.io.slices import Plane, stack


def _planes(count, step, *, start=(0.0, 0.0, 0.0)):
    return [
        Plane(
            np.array(start) + z * np.array(step),
            np.array([1.0, 0, 0]),
            np.array([0, 1.0, 0]),
            (0.5, 0.25),
            (4, 6),
            f"slice{z}",
        )
        for z in range(count)
    ]


distance = st.floats(0.2, 10)
shear = st.floats(-2, 2)


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)), distance, shear, shear, st.sampled_from([1, -1]))
def test_any_order_gives_the_same_grid(order, dz, shear_x, shear_y, sign):
    planes = _planes(6, (shear_x, shear_y, sign * dz), start=(3, -4, 500))
    found, geometry = stack([planes[i] for i in order], "series")
    _, expected = stack(planes, "series")
    assert geometry.is_close(expected)
    for z, index in enumerate(found):
        corner = geometry.to_world_mm((z, 0, 0))
        assert np.allclose(corner, planes[order[index]].origin_mm, atol=1e-6)
        far = planes[order[index]].origin_mm + np.array([5 * 0.25, 3 * 0.5, 0])
        assert np.allclose(geometry.to_world_mm((z, 3, 5)), far, atol=1e-6)
    assert np.linalg.det(geometry.affine[:3, [2, 1, 0]]) > 0


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), distance)
def test_a_missing_slice_is_found_wherever_it_is(missing, dz):
    planes = _planes(8, (0, 0, dz))
    del planes[missing]
    with pytest.raises(
        InputError, match=rf"lacks a slice between slice{missing - 1} and slice{missing + 1}"
    ):
        stack(planes, "series")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-0.01, 0.01), min_size=6, max_size=6))
def test_rounded_positions_are_forgiven(noise):
    planes = _planes(6, (0, 0, 1.0))
    moved = [
        Plane(
            p.origin_mm + np.array([0, 0, e]),
            p.along_x,
            p.along_y,
            p.spacing_yx_mm,
            p.shape_hw,
            p.file,
        )
        for p, e in zip(planes, noise, strict=True)
    ]
    order, _ = stack(moved, "series")
    assert order == list(range(6))


def test_several_time_points_are_refused():
    with pytest.raises(InputError, match=r"slices at one position .*4 such pairs"):
        stack(_planes(4, (0, 0, 1)) * 2, "series")
    with pytest.raises(InputError, match="3 slices at one position"):
        stack(_planes(3, (0, 0, 0)), "series")
