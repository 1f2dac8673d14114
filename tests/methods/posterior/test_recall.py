import numpy as np
import pytest
import torch

from assent.core.context import ContextEntry
from assent.core.errors import InputError
from assent.core.image import from_array
from assent.methods.posterior.recall import Remembered, joined, look_of, recall, remember
from assent.models.device import choose_compute
from assent.models.memory import Tokens
from methods.posterior.posterior_tiny import ball, scene, tiny_network

COMPUTE = choose_compute("cpu")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pointing(*angles):
    """Entries that look in directions of a plane."""
    blank = Tokens(torch.zeros(1, 1, 2), torch.zeros(1, 1, 2), torch.ones(1, 1))
    looks = [np.array([np.cos(a), np.sin(a)], np.float32) for a in np.deg2rad(angles)]
    return [Remembered(str(a), 1, blank, look) for a, look in zip(angles, looks, strict=True)]


def ids(entries):
    return [entry.id for entry in entries]


FORWARD = np.array([1.0, 0.0], np.float32)


def test_the_most_similar_comes_first():
    assert ids(recall(pointing(170, 80, 5, 60), FORWARD, 1)) == ["5"]


def test_of_equals_the_different_one_helps_more():
    assert ids(recall(pointing(30, 31, 33, -34), FORWARD, 2)) == ["30", "-34"]


@pytest.mark.parametrize("most", [0, 1, 3, 5, 9])
def test_never_more_than_asked_and_never_twice(most):
    entries = pointing(10, 20, 30, 40, 50)
    found = ids(recall(entries, FORWARD, most))
    assert len(found) == len(set(found)) == min(most, 5)
    assert found == ids(recall(entries, FORWARD, most))


def test_recall_does_not_depend_on_the_order_of_finished_images():
    entries = pointing(10, 25, 40, 70, 100, 140)
    first = set(ids(recall(entries, FORWARD, 3)))
    assert first == set(ids(recall(entries[::-1], FORWARD, 3)))


def test_an_entry_is_encoded_once_and_into_few_tokens():
    network = tiny_network()
    image, mask = scene()
    one = remember(ContextEntry("a", image, mask), network, COMPUTE, 48)
    assert one.id == "a"
    assert one.channels == 1
    assert one.tokens.keys.shape[1] == 50
    assert np.linalg.norm(one.look) == pytest.approx(1, abs=1e-5)
    again = remember(ContextEntry("a", image, mask), network, COMPUTE, 48)
    assert torch.equal(one.tokens.keys, again.tokens.keys)
    assert torch.equal(one.tokens.weight, again.tokens.weight)
    large, large_mask = scene(height=400, width=300, at=(100, 100), radius=50)
    other = remember(ContextEntry("b", large, large_mask), network, COMPUTE, 48)
    assert other.tokens.keys.shape == one.tokens.keys.shape


def test_a_volume_is_remembered_by_slices_that_show_the_object():
    network = tiny_network()
    image, mask = ball(depth=12, at=(5, 19, 21), reach=4.5)
    volume = remember(ContextEntry("v", image, mask), network, COMPUTE, 48)
    assert volume.tokens.keys.shape[1] == 6 * 50
    single, plane = scene()
    slice_ = remember(ContextEntry("s", single, plane), network, COMPUTE, 48)
    total, one = float(volume.tokens.weight.sum()), float(slice_.tokens.weight.sum())
    assert total == pytest.approx(one, rel=0.05), "a volume counts as much as a slice"


def test_trust_scales_the_weight_of_an_entry():
    network = tiny_network()
    image, mask = scene()
    full = remember(ContextEntry("a", image, mask), network, COMPUTE, 48)
    half = remember(ContextEntry("a", image, mask, confidence=0.5), network, COMPUTE, 48)
    assert torch.allclose(half.tokens.weight, full.tokens.weight / 2)
    assert torch.equal(half.tokens.keys, full.tokens.keys)


def test_empty_and_full_masks_are_refused_by_name():
    image, mask = scene()
    for wrong, word in ((np.zeros_like(mask), "empty"), (np.ones_like(mask), "full")):
        with pytest.raises(InputError, match=f"entry odd is {word}"):
            remember(ContextEntry("odd", image, wrong), tiny_network(), COMPUTE, 48)


def test_a_volume_that_is_full_on_some_slices_is_taken():
    image, _ = ball()
    mask = np.zeros(image.shape_dhw, bool)
    mask[2] = True
    entry = remember(ContextEntry("v", image, mask), tiny_network(), COMPUTE, 48)
    assert torch.isfinite(entry.tokens.keys).all()


def test_colour_is_known_as_colour():
    image, mask = scene(colour=True)
    entry = remember(ContextEntry("c", image, mask), tiny_network(), COMPUTE, 48)
    assert entry.channels == 3


def test_entries_side_by_side():
    network = tiny_network()
    image, mask = scene()
    one = remember(ContextEntry("a", image, mask), network, COMPUTE, 48)
    assert joined([]) is None
    both = joined([one, one])
    assert both.keys.shape[1] == 100
    assert both.keys.shape[0] == 1


def test_a_constant_image_has_a_look():
    flat = from_array(np.full((20, 20), 7.0))
    mask = np.zeros((1, 20, 20), bool)
    mask[:, 4:9, 4:9] = True
    entry = remember(ContextEntry("flat", flat, mask), tiny_network(), COMPUTE, 48)
    assert np.isfinite(entry.look).all()
    assert np.isfinite(look_of(torch.zeros(1, 64, 2, 2))).all()
