from dataclasses import asdict

import pytest
import torch
from threadpoolctl import threadpool_limits

from assent.methods import registry
from assent.methods.posterior.network import NetworkShape, PosteriorNetwork
from assent.models.unet import build_unet
from assent.models.weights import save_weights
from assent.testing import ThresholdMethod, contract
from assent.testing.data import blob
from assent.testing.same import check_same

GRIDS = {"working_side": 48, "particle_side": 48, "choose_side": 48}
FEW = {"particles": 32, "particles_volume": 16, "heaviest": 16, **GRIDS}
SMALL = {
    "nearest-seed": {"working_size": 32},
    "geodesic": {},
    "random-walker": {"working_size": 24},
    "unet": {},
    "posterior": FEW,
}
EVERY = ["threshold", "posterior without network", *SMALL]
IMAGES = {
    "gray": blob((1, 33, 41)),
    "colour": blob((1, 30, 27), colour=True, seed=1),
    "volume": blob((3, 21, 26), seed=2),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Networks this small only wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of the smallest networks that the methods allow."""
    folder = tmp_path_factory.mktemp("weights")
    shape = NetworkShape(widths=(8, 8, 8, 8, 8), key=4, value=4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet, posterior = build_unet((2, 2, 4, 4, 4)), PosteriorNetwork(shape)
    facts = {"architecture": "unet", "settings": {"channels": [2, 2, 4, 4, 4], "working_size": 32}}
    save_weights(folder / "unet.safetensors", unet.state_dict(), facts)
    facts = {"architecture": "posterior", "shape": asdict(shape)}
    save_weights(folder / "posterior.safetensors", posterior.state_dict(), facts)
    return folder


@pytest.fixture(scope="module")
def method(request, weights):
    if request.param == "threshold":
        return ThresholdMethod()
    if request.param == "posterior without network":
        return registry.build("posterior", settings=FEW | {"use_network": False})
    path = weights / f"{request.param}.safetensors"
    return registry.build(
        request.param, settings=SMALL[request.param], weights=path if path.exists() else None
    )


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "method", ["threshold", "posterior without network", *SMALL], indirect=True
)
def test_method_keeps_the_contract(method, check, image):
    if image == "volume" and not method.capabilities.volumes:
        pytest.skip("this method segments slices only")
    check(method, IMAGES[image])


def test_every_installed_method_is_under_contract():
    assert set(registry.names()) <= set(SMALL)


class Broken(ThresholdMethod):
    """Breaks one clause at a time, to see that the contract notices."""

    def __init__(self, fault):
        super().__init__()
        self.fault, self.calls = fault, 0

    def propose(self, embedding, state, *, page=0):
        self.calls += 1
        proposal = super().propose(embedding, state, page=0 if self.fault == "pages" else page)
        if self.fault == "unstable":
            object.__setattr__(proposal, "predicted_dice", 1.0 / self.calls)
        if self.fault == "far":
            object.__setattr__(proposal, "predicted_dice", 1.5)
        return proposal

    def update(self, embedding, state, feedback):
        if self.fault == "careless":
            object.__setattr__(feedback, "round", state.round)
        if self.fault == "mutates":
            object.__setattr__(state, "refused", state.refused + 1)
        return super().update(embedding, state, feedback)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("unstable", contract.same_state_gives_the_same_proposal),
        ("mutates", contract.update_leaves_the_state_untouched),
        ("pages", contract.pages_hold_other_alternatives),
        ("far", contract.proposals_fit_the_image),
        ("careless", contract.refuses_a_stale_answer),
    ],
)
def test_the_contract_notices_a_broken_method(fault, check):
    with pytest.raises(AssertionError):
        check(Broken(fault), blob())


def test_sameness_says_where_two_values_differ():
    first, second = ThresholdMethod(), ThresholdMethod()
    states = []
    for method, image in ((first, IMAGES["gray"]), (second, IMAGES["gray"])):
        _, played, _ = contract.play(method, image)
        states.append(played)
    check_same(states[0], states[1], "a replay")
    with pytest.raises(AssertionError, match=r"^the state differs.*\.round"):
        check_same({"a": [1, states[0][2]]}, {"a": [1, states[0][3]]}, "the state")
    with pytest.raises(AssertionError, match=r"\[1\] in length"):
        check_same([0, (1, 2)], [0, (1,)], "x")
    with pytest.raises(AssertionError, match="float is not int"):
        check_same({"k": 1.0}, {"k": 1}, "x")
    check_same(torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]), "x")
