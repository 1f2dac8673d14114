import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.models.latent import LatentHead, draw_latent, solve_latent


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def problem(latent=3, pixels=400, batch=1, seed=0, strength=1.0):
    made = torch.Generator().manual_seed(seed)
    mean = torch.randn(batch, pixels, generator=made)
    directions = strength * torch.randn(batch, latent, pixels, generator=made)
    return mean, directions


def loss_of(mean, directions, target, evidence):
    """The negative log posterior that ``solve_latent`` minimises, in float64."""
    m, d, y = mean[0].double(), directions[0].double(), target[0].double()

    def loss(z):
        logits = m + z @ d
        fit = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="mean")
        return evidence * fit + 0.5 * z.square().sum()

    return loss


@pytest.mark.parametrize("is_untrained", [True, False])
def test_the_mean_weighs_the_experts_in(is_untrained):
    torch.manual_seed(0)
    head = LatentHead(4, latent=3, experts=2)
    if not is_untrained:
        torch.nn.init.normal_(head.out.weight)
    features, experts = torch.randn(2, 4, 5, 7), torch.randn(2, 2, 5, 7)
    mean, directions = head(features, experts)
    assert mean.shape == (2, 1, 5, 7)
    assert directions.shape == (2, 3, 5, 7)
    if is_untrained:
        assert torch.allclose(mean[:, 0], experts.sum(1), atol=1e-6)
    raised, same = head(features, experts + torch.tensor([1.0, 0.0])[:, None, None])
    gate = raised - mean
    assert ((gate > 0) & (gate < 2)).all()
    assert torch.equal(directions, same)


def test_gradients_reach_every_parameter_of_the_head():
    torch.manual_seed(0)
    head = LatentHead(4, latent=3, experts=2)
    mean, directions = head(torch.randn(1, 4, 6, 6), torch.randn(1, 2, 6, 6))
    (mean.square().sum() + directions.square().sum()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_the_z_behind_a_mask_is_found_up_to_the_prior(seed, latent):
    mean, directions = problem(latent, seed=seed)
    truth = torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, (1, latent)))
    target = torch.sigmoid(mean + torch.einsum("bz,bzp->bp", truth.float(), directions))
    firm, _ = solve_latent(mean, directions, target, evidence=20_000.0, steps=12)
    assert torch.allclose(firm.double(), truth, atol=0.03)
    loose, _ = solve_latent(mean, directions, target, evidence=1.0, steps=12)
    # The prior is N(0, I): little evidence is drawn towards the average reader.
    assert loose.norm() <= firm.norm() + 1e-3


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_solution_is_stationary_and_its_precision_is_the_hessian(seed):
    mean, directions = problem(3, seed=seed, strength=0.7)
    truth = torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, (1, 3))).float()
    target = (mean + torch.einsum("bz,bzp->bp", truth, directions) > 0).float()
    z, root = solve_latent(mean, directions, target, evidence=30.0, steps=12)
    loss = loss_of(mean, directions, target, 30.0)
    at = z[0].double().requires_grad_()
    slope = torch.autograd.grad(loss(at), at)[0]
    assert slope.abs().max() < 2e-2
    hessian = torch.autograd.functional.hessian(loss, z[0].double())
    precision = (root @ root.mT)[0].double()
    assert (torch.linalg.eigvalsh(precision) >= 1 - 1e-4).all()
    assert torch.allclose(precision, precision.T)
    # Nearly certain pixels keep a little curvature so that the steps stay bounded.
    assert torch.allclose(precision, hessian, rtol=0.05, atol=0.1)


def test_the_precision_is_positive_definite_even_where_everything_is_certain():
    mean, directions = torch.full((1, 50), 60.0), torch.randn(1, 4, 50)
    z, root = solve_latent(mean, directions, torch.zeros(1, 50))
    assert torch.isfinite(z).all()
    assert (z.abs() <= 4).all()
    assert (torch.diagonal(root[0]) >= 1 - 1e-5).all()


def test_items_of_a_batch_are_solved_apart():
    mean, directions = problem(2, batch=3, seed=4)
    target = (torch.rand(3, 400, generator=torch.Generator().manual_seed(1)) > 0.5).float()
    together, roots = solve_latent(mean, directions, target)
    for k in range(3):
        alone, root = solve_latent(mean[k : k + 1], directions[k : k + 1], target[k : k + 1])
        assert torch.allclose(together[k], alone[0], atol=1e-5)
        assert torch.allclose(roots[k], root[0], atol=1e-4)


def test_images_of_one_rater_laid_end_to_end_share_one_z():
    mean, directions = problem(2, batch=2, seed=6)
    truth = torch.tensor([[0.8, -0.6]])
    target = torch.sigmoid(mean + torch.einsum("bz,bzp->bp", truth.expand(2, 2), directions))
    both, _ = solve_latent(
        mean.reshape(1, -1),
        directions.permute(1, 0, 2).reshape(1, 2, -1),
        target.reshape(1, -1),
        evidence=5000.0,
        steps=10,
    )
    assert torch.allclose(both, truth, atol=0.05)


def test_draws_have_the_laplace_mean_and_covariance():
    mean, directions = problem(3, seed=2)
    target = (mean > 0).float()
    z, root = solve_latent(mean, directions, target, evidence=20.0)
    count = 40_000
    noise = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    drawn = draw_latent(z.expand(count, 3), root.expand(count, 3, 3), noise)
    covariance = torch.linalg.inv((root @ root.mT)[0])
    assert torch.allclose(drawn.mean(0), z[0], atol=0.02)
    assert torch.allclose(torch.cov(drawn.T), covariance, rtol=0.05, atol=0.005)
    assert torch.equal(draw_latent(z, root, torch.zeros(1, 3)), z)
    # Whitened by the root, the draws are the noise again.
    back = torch.einsum("zy,bz->by", root[0], drawn - z)
    assert torch.allclose(back, noise, atol=1e-3)


def test_mixed_precision_outside_does_not_reach_the_solver():
    mean, directions = problem(2, seed=3)
    target = (mean > 0).float()
    plain, plain_root = solve_latent(mean, directions, target)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed, mixed_root = solve_latent(mean, directions, target)
        drawn = draw_latent(mixed, mixed_root, torch.ones(1, 2))
    assert torch.equal(plain, mixed)
    assert torch.equal(plain_root, mixed_root)
    assert drawn.dtype == torch.float32
