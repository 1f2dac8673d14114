import pytest
import torch

from assent.core.prompts import Click
from assent.methods.posterior.grid import WorkingGrid, draw_marks, working_planes
from assent.methods.posterior.solvers import classifier_solver
from methods.posterior.posterior_tiny import disk, scene


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def segmented(image, *clicks):
    """What the fallback finds on a single slice, ``(H, W)`` bool."""
    height, width = image.shape_dhw[1:]
    grid = WorkingGrid.of((height, width), 256)
    marks = draw_marks(clicks, 0, grid)
    logits, _ = classifier_solver(working_planes(image, grid), 8)(0, marks, None)
    return logits[:height, :width] > 0


def overlap(mask, other):
    return 2 * (mask & other).sum() / (mask.sum() + other.sum())


def test_a_click_whose_disk_crosses_the_border_does_not_let_the_object_out():
    image, mask = scene(at=(18, 24), radius=9)
    inside, rim = Click((0, 18, 24)), Click((0, 18, 32))
    assert not mask[0, 18, 33], "the disk of the second click reaches over the border"
    assert overlap(segmented(image, inside, rim), mask[0]) > 0.9


def test_a_negative_click_beside_the_border_leaves_the_object_whole():
    image, mask = scene(at=(18, 24), radius=9)
    clicks = Click((0, 18, 24)), Click((0, 18, 34), positive=False)
    assert overlap(segmented(image, *clicks), mask[0]) > 0.9


def test_a_negative_click_takes_away_what_looks_alike_and_keeps_the_rest():
    image, mask = scene(at=(18, 14), radius=8)
    other = disk(at=(18, 38), radius=8)
    voxels = image.voxels.copy()
    voxels[0, 0][other] += 120
    both = type(image)(voxels, image.geometry)
    found = segmented(both, Click((0, 18, 14)), Click((0, 18, 38), positive=False))
    assert overlap(found, mask[0]) > 0.9
    assert not (found & other).any()
