import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.methods.posterior.channels import (
    Marks,
    disk_radius,
    draw_disk,
    empty_marks,
    network_inputs,
)
from assent.methods.posterior.network import Channel

SIDE = 32


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def image(batch=1, seed=0):
    return torch.rand(batch, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 19), st.integers(0, 29), st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_a_disk_is_every_pixel_within_its_radius(row, column, radius):
    canvas = np.zeros((20, 30), bool)
    draw_disk(canvas, row, column, radius)
    rows, columns = np.mgrid[:20, :30]
    assert np.array_equal(canvas, (rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


def test_a_disk_keeps_what_was_drawn_before():
    canvas = np.zeros((20, 20), bool)
    draw_disk(canvas, 4, 4, 2)
    before = canvas.copy()
    draw_disk(canvas, 15, 15, 2)
    assert canvas[before].all()
    assert canvas.sum() == 2 * before.sum()


def test_disks_grow_with_the_grid():
    assert disk_radius(32) == disk_radius(128) == 2
    assert disk_radius(256) == 4


def test_the_rim_of_a_box_counts_as_outside():
    marks = empty_marks(1, SIDE, SIDE)
    marks.box[0, 8:20, 10:24] = True
    outside = marks.outside[0]
    assert outside[7, 10:24].all()
    assert outside[20, 10:24].all()
    assert outside[8:20, 9].all()
    assert outside[8:20, 24].all()
    assert not (outside & marks.box[0]).any()
    assert outside.sum() == 2 * (12 + 14)
    marks.box[0] = True
    assert not marks.outside.any(), "a box that fills the image has no outside"


def test_without_prompts_only_the_image_is_seen():
    inputs, found = network_inputs(image(), empty_marks(1, SIDE, SIDE), None)
    assert inputs.shape == (1, len(Channel), SIDE, SIDE)
    assert inputs.dtype == torch.float32
    assert torch.equal(inputs[:, :3], image())
    assert (inputs[:, 3:] == 0).all()
    assert (found.colour == 0).all()
    assert (found.path == 0).all()


def test_without_a_positive_seed_the_margins_are_zero():
    marks = empty_marks(2, SIDE, SIDE)
    draw_disk(marks.negative[0], 10, 10, 2)
    draw_disk(marks.positive[1], 10, 10, 2)
    inputs, found = network_inputs(image(2), marks, None)
    for channel in (Channel.COLOUR, Channel.PATH, Channel.NEAR_POSITIVE):
        assert (inputs[0, channel] == 0).all()
        assert inputs[1, channel].abs().sum() > 0
    assert (found.colour[0] == 0).all()
    assert (found.path[0] == 0).all()
    assert inputs[0, Channel.NEAR_NEGATIVE].max() == 1
    assert (inputs[1, Channel.NEAR_NEGATIVE] == 0).all(), "the border alone is no prompt"
    assert (inputs[:, Channel.PROMPTED] == 1).all()


def test_nearness_is_one_at_the_seeds_and_falls():
    marks = empty_marks(1, SIDE, SIDE)
    draw_disk(marks.positive[0], 16, 16, 2)
    draw_disk(marks.negative[0], 3, 3, 1)
    inputs, _ = network_inputs(image(), marks, None)
    for channel, drawn in (
        (Channel.NEAR_POSITIVE, marks.positive),
        (Channel.NEAR_NEGATIVE, marks.negative),
    ):
        near = inputs[0, channel].numpy()
        assert (near[drawn[0]] == 1).all()
        assert ((near >= 0) & (near <= 1)).all()
    positive = inputs[0, Channel.NEAR_POSITIVE].numpy()
    assert (positive[~marks.positive[0]] < 1).all()
    assert positive[16, 20] > positive[16, 28]
    assert inputs[0, Channel.NEAR_NEGATIVE, -1, -1] == 1, "the border stands beside the negatives"
    assert torch.equal(inputs[0, Channel.POSITIVE], torch.from_numpy(marks.positive[0]).float())
    assert torch.equal(inputs[0, Channel.NEGATIVE], torch.from_numpy(marks.negative[0]).float())


def test_the_previous_mask_is_seen_as_minus_one_to_one():
    previous = torch.rand(1, 1, SIDE, SIDE)
    inputs, _ = network_inputs(image(), empty_marks(1, SIDE, SIDE), previous)
    assert torch.allclose(inputs[:, Channel.PREVIOUS], 2 * previous[:, 0] - 1)


def test_items_of_a_batch_do_not_mix():
    marks = empty_marks(2, SIDE, SIDE)
    draw_disk(marks.positive[0], 8, 8, 2)
    draw_disk(marks.positive[1], 20, 22, 2)
    marks.box[1, 12:30, 12:30] = True
    both, _ = network_inputs(image(2), marks, None)
    for k in range(2):
        alone = Marks(*(m[k : k + 1] for m in (marks.positive, marks.negative, marks.box)))
        single, _ = network_inputs(image(2)[k : k + 1], alone, None)
        assert torch.allclose(both[k], single[0], atol=1e-5)
