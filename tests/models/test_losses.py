import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import ShapeError
from assent.models.losses import bce_loss, focal_loss, soft_dice_loss


@st.composite
def batches(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (draw(st.integers(1, 3)), 1, draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    return rng.normal(0, 3, shape), (rng.random(shape) < draw(st.sampled_from([0.0, 0.3, 1.0])))


def naive(logits, masks, gamma):
    total = 0.0
    for value, mask in zip(logits.ravel(), masks.ravel(), strict=True):
        p = 1 / (1 + np.exp(-value))
        right = p if mask else 1 - p
        total += -((1 - right) ** gamma) * np.log(right)
    return total / logits.size


@settings(max_examples=30, deadline=None)
@given(batches(), st.sampled_from([0.0, 1.0, 2.0, 5.0]))
def test_focal_and_cross_entropy_follow_their_formulas(batch, gamma):
    logits, masks = batch
    tensors = torch.tensor(logits), torch.tensor(masks)
    assert focal_loss(*tensors, gamma=gamma).item() == pytest.approx(
        naive(logits, masks, gamma), rel=1e-4, abs=1e-6
    )
    assert bce_loss(*tensors).item() == pytest.approx(naive(logits, masks, 0), rel=1e-4)


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
        for loss in (soft_dice_loss, bce_loss, focal_loss):
            assert loss(logits, mask).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("loss", [soft_dice_loss, bce_loss, focal_loss])
def test_losses_have_finite_gradients_far_out_and_refuse_other_shapes(loss):
    logits = torch.tensor([[[[-80.0, 0.0, 80.0]]]], requires_grad=True)
    loss(logits, torch.tensor([[[[1.0, 0.0, 0.0]]]])).backward()
    assert torch.isfinite(logits.grad).all()
    with pytest.raises(ShapeError):
        loss(torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4))
