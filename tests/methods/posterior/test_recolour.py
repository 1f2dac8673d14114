import numpy as np
import pytest
import torch

from assent.methods.posterior.recolour import KNOTS, Look, draw_look, recolour

STILL = {"grain": 0.0}


def image(seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random((3, 24, 24), dtype=np.float32))


def seen(look, given=None):
    return recolour(image() if given is None else given, look, np.random.default_rng(0))


def test_nothing_changes_unless_asked_for():
    assert torch.equal(seen(Look(**STILL)), image())
    looks = [draw_look(np.random.default_rng(seed), 0.0) for seed in range(30)]
    assert all(torch.equal(seen(look), image()) for look in looks)
    assert {look.flip for look in looks} == {(a, b) for a in (False, True) for b in (False, True)}
    assert {look.turn for look in looks} == {False, True}, "orientation still changes"


def test_every_change_is_drawn_and_keeps_the_image_in_range():
    looks = [draw_look(np.random.default_rng(seed), 1.0) for seed in range(80)]
    for name, usual in (("mix", None), ("map", None), ("gamma", 1.0), ("coarse", 1.0)):
        changed = [
            look
            for look in looks
            if getattr(look, name) is not usual and getattr(look, name) != usual
        ]
        assert 0 < len(changed) < len(looks)
    for number, look in enumerate(looks):
        found = recolour(image(), look, np.random.default_rng(number))
        assert found.shape == (3, 24, 24)
        assert found.min() >= 0
        assert found.max() <= 1
        assert torch.isfinite(found).all()


def test_inverting_makes_bright_dark():
    assert torch.allclose(seen(Look(invert=True, **STILL)), 1 - image())


def test_a_colour_map_gives_equal_grays_equal_colours():
    levels = torch.linspace(0, 1, 24).expand(3, 24, 24)
    colours = torch.rand(3, KNOTS, generator=torch.Generator().manual_seed(0))
    found = seen(Look(map=colours, **STILL), levels)
    assert torch.allclose(found[:, 0, 0], colours[:, 0])
    assert torch.allclose(found[:, 0, -1], colours[:, -1])
    assert torch.equal(found[:, 0], found[:, 5])
    for seed in range(20):
        drawn = draw_look(np.random.default_rng(seed), 9.0).map
        rising = (drawn.diff(dim=1) > 0).all(1)
        assert rising.any(), "no two gray levels become one"


def test_mixing_keeps_what_is_the_same_in_all_channels():
    gray = image().mean(0, keepdim=True).expand(3, -1, -1)
    mix = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.0, 0.5, 0.5]])
    assert torch.allclose(seen(Look(mix=mix, **STILL), gray), gray, atol=1e-6)
    assert not torch.allclose(seen(Look(mix=mix, **STILL)), image(), atol=0.05)


def test_gamma_darkens_or_brightens_and_coarse_takes_detail():
    assert seen(Look(gamma=2.0, **STILL)).mean() < image().mean() - 0.1
    assert seen(Look(gamma=0.5, **STILL)).mean() > image().mean() + 0.1
    coarse = seen(Look(coarse=0.4, **STILL))
    assert coarse.shape == (3, 24, 24)
    assert coarse.std() < 0.8 * image().std()


@pytest.mark.parametrize("seed", range(3))
def test_images_of_one_machine_differ_a_little(seed):
    rng = np.random.default_rng(seed)
    found = [recolour(image(), Look(), rng) for _ in range(4)]
    assert any(not torch.equal(found[0], other) for other in found[1:])
