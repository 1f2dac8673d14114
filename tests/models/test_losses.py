import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import ShapeError
from assent.models.losses import bce_loss, soft_dice_loss


@st.composite
def batches(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (draw(st.integers(1, 3)), 1, draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    return rng.normal(0, 3, shape), (rng.random(shape) < draw(st.sampled_from([0.0, 0.3, 1.0])))


@settings(max_examples=30, deadline=None)
@given(batches())
def test_cross_entropy_follows_its_formula(batch):
    logits, masks = batch
    p = 1 / (1 + np.exp(-logits))
    expected = -np.log(np.where(masks, p, 1 - p)).mean()
    found = bce_loss(torch.tensor(logits), torch.tensor(masks)).item()
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(batches())
def test_soft_dice_is_the_mean_over_items(batch):
    logits, masks = batch
    expected = []
    for item, mask in zip(logits, masks, strict=True):
        p = 1 / (1 + np.exp(-item))
        expected.append(1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1))
    found = soft_dice_loss(torch.tensor(logits), torch.tensor(masks)).item()
    assert found == pytest.approx(np.mean(expected), rel=1e-4, abs=1e-6)


def test_a_perfect_prediction_costs_nothing_even_when_empty():
    for mask in (torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)):
        logits = 60.0 * (2 * mask - 1)
        for loss in (soft_dice_loss, bce_loss):
            assert loss(logits, mask).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("loss", [soft_dice_loss, bce_loss])
def test_losses_have_finite_gradients_far_out_and_refuse_other_shapes(loss):
    logits = torch.tensor([[[[-80.0, 0.0, 80.0]]]], requires_grad=True)
    loss(logits, torch.tensor([[[[1.0, 0.0, 0.0]]]])).backward()
    assert torch.isfinite(logits.grad).all()
    with pytest.raises(ShapeError):
        loss(torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4))
