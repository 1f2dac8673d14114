import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.image import from_array
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.posterior.grid import WorkingGrid, draw_marks, marked_slices, working_planes
from assent.methods.posterior.network import STRIDE

sizes = st.tuples(st.integers(1, 400), st.integers(1, 400))


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@given(sizes, st.sampled_from([32, 48, 100, 256]))
@settings(max_examples=50, deadline=None)
def test_a_grid_reduces_pads_and_never_enlarges(native, side):
    grid = WorkingGrid.of(native, side)
    for n, inner, padded in zip(native, grid.inner_hw, grid.padded_hw, strict=True):
        assert 1 <= inner <= min(n, side) <= n
        assert inner <= padded < inner + STRIDE
        assert padded % STRIDE == 0
    if max(native) <= side:
        assert grid.inner_hw == native


@given(sizes, st.sampled_from([32, 100, 256]))
@settings(max_examples=25, deadline=None)
def test_planes_come_back_on_the_native_grid(native, side):
    grid = WorkingGrid.of(native, side)
    rows = torch.linspace(0, 1, native[0])[:, None]
    ramp = (rows + torch.linspace(0, 1, native[1]))[None, None] / 2
    reduced = grid.reduce(ramp)
    assert reduced.shape == (1, 1, *grid.padded_hw)
    back = grid.restore(reduced)
    assert back.shape == ramp.shape
    if grid.inner_hw == native:
        assert torch.equal(back, ramp)
    elif min(grid.inner_hw) >= 16:
        assert (back - ramp).abs().max() < 0.1


def test_padding_repeats_the_edge():
    grid = WorkingGrid.of((9, 17), 256)
    planes = torch.rand(1, 3, 9, 17)
    padded = grid.reduce(planes)
    assert padded.shape == (1, 3, 16, 32)
    assert torch.equal(padded[..., 9:, :17], planes[..., 8:, :].expand(-1, -1, 7, -1))
    assert torch.equal(padded[..., :9, 17:], planes[..., 16:].expand(-1, -1, -1, 15))


@given(sizes, st.sampled_from([32, 100, 256]), st.data())
@settings(max_examples=50, deadline=None)
def test_a_point_lands_where_its_pixel_lies(native, side, data):
    grid = WorkingGrid.of(native, side)
    row = data.draw(st.integers(0, native[0] - 1))
    column = data.draw(st.integers(0, native[1] - 1))
    found = grid.point(row, column)
    for place, at, n, inner in zip((row, column), found, native, grid.inner_hw, strict=True):
        assert 0 <= at < inner
        assert abs((at + 0.5) / inner - (place + 0.5) / n) <= 0.5 / inner + 1e-9


@pytest.mark.parametrize("native", [(333, 251), (512, 300), (77, 410)])
def test_a_click_lands_on_the_object_after_reduction(native):
    rng = np.random.default_rng(0)
    grid = WorkingGrid.of(native, 64)
    for _ in range(20):
        row, column = int(rng.integers(native[0])), int(rng.integers(native[1]))
        plane = torch.zeros(1, 1, *native)
        plane[..., max(0, row - 12) : row + 13, max(0, column - 12) : column + 13] = 1.0
        assert grid.reduce(plane)[(0, 0, *grid.point(row, column))] > 0.5


def test_gray_and_colour_become_three_channels_in_unit_range():
    rng = np.random.default_rng(0)
    for array in (rng.random((20, 30)) * 900, rng.random((20, 30, 3)), rng.random((18, 20, 30))):
        image = from_array(array.astype(np.float32))
        planes = working_planes(image, WorkingGrid.of((20, 30), 256))
        assert planes.shape == (image.shape_dhw[0], 3, 32, 32)
        assert planes.dtype == torch.float32
        assert planes.min() >= 0
        assert planes.max() <= 1


def test_marked_slices_are_named_once_and_in_order():
    prompts = (
        Click((7, 1, 1)),
        Scribble(((3, 1, 1), (4, 1, 2), (3, 2, 2)), False),
        BoundingBox((4, 0, 0), (6, 5, 5)),
    )
    assert marked_slices(prompts) == (3, 4, 5, 7)
    assert marked_slices(()) == ()


GRID = WorkingGrid.of((40, 52), 64)


def test_prompts_are_drawn_on_their_slice_only():
    prompts = (
        Click((1, 10, 12)),
        Scribble(((1, 30, 40), (2, 30, 41)), False),
        BoundingBox((1, 5, 6), (3, 20, 25)),
    )
    assert not draw_marks(prompts, 0, GRID).outside.any()
    first, second = (draw_marks(prompts, k, GRID) for k in (1, 2))
    assert first.positive[0, 10, 12]
    assert first.positive.sum() == 13
    assert not second.positive.any()
    assert first.negative.sum() == second.negative.sum() == 1
    assert first.negative[0, 30, 40]
    assert second.negative[0, 30, 41]
    assert np.array_equal(first.box, second.box)
    assert first.box[0, 5:20, 6:25].all()
    assert first.box.sum() == 15 * 19


def test_a_later_prompt_overrides_an_earlier_one_where_they_overlap():
    one, other = Click((0, 20, 20)), Click((0, 20, 22), False)
    marks = draw_marks((one, other), 0, GRID)
    assert not (marks.positive & marks.negative).any()
    assert marks.negative.sum() == 13
    assert 0 < marks.positive.sum() < 13
    swapped = draw_marks((other, one), 0, GRID)
    assert swapped.positive.sum() == 13
    assert 0 < swapped.negative.sum() < 13


def test_a_scribble_of_one_point_is_a_pixel_after_reduction():
    grid = WorkingGrid.of((400, 520), 64)
    marks = draw_marks((Scribble(((0, 399, 519),)),), 0, grid)
    assert marks.positive.sum() == 1
    assert marks.positive[(0, *(n - 1 for n in grid.inner_hw))]


@pytest.mark.parametrize(
    ("native", "side"), [((64, 96), 48), ((40, 52), 64), ((41, 53), 32), ((60, 40), 45)]
)
@pytest.mark.parametrize("extent", [(3, 9, 10, 14), (0, 6, 20, 48), (20, 24, 0, 2), (0, 64, 0, 64)])
def test_a_part_is_restored_as_the_whole_is(native, side, extent):
    grid = WorkingGrid.of(native, side)
    top, bottom, left, right = extent
    plane = torch.full((1, 2, *grid.padded_hw), -8.0)
    inside = plane[..., top:bottom, left:right]
    inside += torch.from_numpy(np.random.default_rng(0).normal(size=inside.shape)).float()
    part = grid.around((slice(top, bottom), slice(left, right)))
    rows, columns = part[1]
    whole = torch.full((1, 2, *native), -8.0)
    whole[..., rows, columns] = grid.restore(plane, part)
    assert torch.allclose(whole, grid.restore(plane), atol=1e-5)


def test_nothing_bears_upon_nothing_and_small_things_on_little():
    grid = WorkingGrid.of((512, 256), 128)
    nothing = grid.around((slice(5, 5), slice(0, 9)))
    assert nothing == ((slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0)))
    part = grid.around((slice(10, 20), slice(0, 4)))
    assert part == ((slice(9, 21), slice(0, 5)), (slice(36, 84), slice(0, 20)))
    beyond = WorkingGrid.of((50, 40), 64).around((slice(52, 60), slice(0, 9)))
    assert beyond[0] == (slice(0, 0), slice(0, 0)), "padding is nowhere on the image"


def test_a_small_slice_is_enlarged_to_the_working_side_and_a_tiny_one_only_so_far():
    assert WorkingGrid.of((49, 52), 256, enlarge=True).inner_hw == (241, 256)
    assert WorkingGrid.of((4, 6), 256, enlarge=True).inner_hw == (32, 48)
    assert WorkingGrid.of((400, 520), 256, enlarge=True) == WorkingGrid.of((400, 520), 256)
    assert WorkingGrid.of((49, 52), 256).inner_hw == (49, 52)


def test_on_an_enlarged_grid_marks_cover_the_pixels_that_were_meant():
    grid = WorkingGrid.of((20, 30), 120, enlarge=True)
    stroke = Scribble(tuple((0, 7, x) for x in range(5, 9)), positive=True)
    drawn = np.zeros((80, 120), bool)
    drawn[28:32, 20:36] = True
    assert np.array_equal(draw_marks([stroke], 0, grid).positive[0][:80, :120], drawn)
    box = draw_marks([BoundingBox((0, 2, 3), (1, 11, 21))], 0, grid).box[0]
    filled = np.zeros_like(box)
    filled[8:44, 12:84] = True
    assert np.array_equal(box, filled)


def test_what_is_enlarged_comes_back_where_it_was():
    grid = WorkingGrid.of((20, 30), 120, enlarge=True)
    rng = np.random.default_rng(0)
    plane = torch.from_numpy(rng.normal(size=(1, 1, 5, 6)).astype(np.float32))
    smooth = torch.nn.functional.interpolate(plane, size=(20, 30), mode="bicubic")
    assert (grid.restore(grid.reduce(smooth)) - smooth).abs().max() < 0.15 * smooth.std()
