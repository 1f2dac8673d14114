"""Indices and millimetres agree in both directions, on every grid."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assent.core.errors import InputError
from assent.core.geometry import Geometry

edges = st.floats(1e-5, 50)
spacings = st.tuples(edges, edges, edges)
matrices = arrays(np.float64, (3, 3), elements=st.floats(-1, 1))


def _grid(matrix, spacing, origin=(0.0, 0.0, 0.0), shape=(4, 5, 6)):
    norms = np.linalg.norm(matrix, axis=0)
    assume((norms > 0.1).all())
    unit = matrix / norms
    assume(abs(np.linalg.det(unit)) > 0.05)
    affine = np.eye(4)
    affine[:3, :3] = unit * np.array(spacing)
    affine[:3, 3] = origin
    return Geometry(shape, affine)


@settings(max_examples=50, deadline=None)
@given(matrices, spacings, arrays(np.float64, (7, 3), elements=st.floats(-100, 100)))
def test_world_and_index_are_inverse(matrix, spacing, index):
    grid = _grid(matrix, spacing)
    assert np.allclose(grid.to_index_zyx(grid.to_world_mm(index)), index, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(matrices, spacings)
def test_spacing_is_the_distance_of_neighbours_and_the_volume_that_of_their_box(matrix, spacing):
    grid = _grid(matrix, spacing)
    corner = grid.to_world_mm((0, 0, 0))
    edges_mm = [grid.to_world_mm(step) - corner for step in np.eye(3)]
    assert np.allclose(grid.spacing_zyx_mm, [np.linalg.norm(e) for e in edges_mm], rtol=1e-6)
    box = abs(np.dot(np.cross(edges_mm[0], edges_mm[1]), edges_mm[2]))
    assert grid.voxel_ml == pytest.approx(box / 1000, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(matrices, spacings)
def test_orientation_names_three_different_axes(matrix, spacing):
    orientation = _grid(matrix, spacing).orientation
    axes = ["".join(sorted(pair)) for pair in ("LR", "AP", "IS")]
    assert sorted(next(a for a in axes if letter in a) for letter in orientation) == sorted(axes)


def test_orientation_of_known_grids():
    plain = Geometry.from_spacing((2, 3, 4))
    assert plain.orientation == "SPL"
    for axis, expected in [(0, "SPR"), (1, "SAL"), (2, "IPL")]:
        affine = np.array(plain.affine)
        affine[axis] *= -1
        assert Geometry((2, 3, 4), affine).orientation == expected
    assert Geometry((2, 3, 4), plain.affine[:, [2, 1, 0, 3]]).orientation == "LPS"


def test_x_is_the_last_index_and_the_first_coordinate():
    grid = Geometry.from_spacing((2, 3, 4), (5.0, 2.0, 0.5))
    assert grid.to_world_mm((1, 2, 3)).tolist() == [1.5, 4.0, 5.0]
    assert grid.spacing_zyx_mm == (5.0, 2.0, 0.5)
    assert grid.voxel_ml == pytest.approx(0.005)


def test_voxels_of_nanometres_are_voxels_and_flat_ones_are_not():
    assert Geometry.from_spacing((2, 2, 2), (5e-5, 5e-6, 5e-6)).spacing_zyx_mm[0] == 5e-5
    for spacing in [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0)]:
        with pytest.raises(InputError, match="singular"):
            Geometry.from_spacing((2, 2, 2), spacing)
    parallel = np.eye(4)
    parallel[:3, 1] = parallel[:3, 0]
    with pytest.raises(InputError, match="singular"):
        Geometry((2, 2, 2), parallel)
    for affine in (np.eye(3), np.full((4, 4), np.nan)):
        with pytest.raises(InputError, match="finite 4 x 4"):
            Geometry((2, 2, 2), affine)


def test_a_geometry_cannot_be_changed_from_outside():
    affine = np.eye(4)
    grid = Geometry((2, 2, 2), affine)
    affine[0, 3] = 99
    assert grid.affine[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 3] = 1


def test_close_grids_agree_at_every_corner():
    grid = Geometry.from_spacing((10, 20, 30), (2.0, 1.0, 1.0))
    turned = np.array(grid.affine)
    turned[0, 2] += 1e-3
    assert grid.is_close(Geometry((10, 20, 30), np.array(grid.affine)))
    assert not grid.is_close(Geometry((10, 20, 30), turned))
    assert grid.is_close(Geometry((10, 20, 30), turned), tolerance_mm=0.05)
    assert not grid.is_close(Geometry((10, 20, 31), np.array(grid.affine)))
