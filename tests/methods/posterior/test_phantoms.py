import numpy as np
import pytest

from assent.methods.posterior.phantoms import bodies, invent, phantom_task, superpixel_task, tissues
from assent.methods.posterior.phantoms.grains import fibres, grain
from assent.methods.posterior.phantoms.looks import LOOKS, Look, look_of
from assent.methods.posterior.phantoms.outlines import canvas
from assent.methods.posterior.tasks import Example, signed_distance
from methods.posterior.posterior_tiny import disk

KINDS = sorted({*bodies.KINDS, *tissues.KINDS}, key=lambda kind: kind.__name__)
SIDE = 64


def inside(example):
    return next(iter(example.distances.values())) < 0


def task_with(monkeypatch, kind, seed, count=2):
    monkeypatch.setattr(invent, "KINDS", (kind,))
    return phantom_task(count, SIDE, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(6))
def test_invented_tasks_are_drawn_from_their_seed(seed):
    first, second = (phantom_task(3, SIDE, np.random.default_rng(seed)) for _ in range(2))
    assert first.target == second.target
    assert len(first.examples) == 3
    for a, b in zip(first.examples, second.examples, strict=True):
        assert a.image.shape == (3, SIDE, SIDE)
        assert a.image.dtype == np.uint8
        assert np.array_equal(a.image, b.image)
        assert a.distances.keys() == b.distances.keys()
        assert all(np.array_equal(a.distances[r], b.distances[r]) for r in a.distances)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_images_of_one_family_differ_and_nearly_all_show_an_object(kind, monkeypatch):
    shares = []
    for seed in range(6):
        one, other = task_with(monkeypatch, kind, seed).examples
        assert not np.array_equal(one.image, other.image)
        shares += [inside(one).mean(), inside(other).mean()]
    assert np.mean([0.001 < share < 0.75 for share in shares]) > 0.8


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_an_object_can_be_seen_whatever_it_is_looked_at_with(name, monkeypatch):
    """Inside and outside differ in brightness in most tasks."""
    monkeypatch.setattr(invent, "look_of", lambda family, rng: (name, LOOKS[name](family, rng)))
    gaps = []
    for seed in range(8):
        example = task_with(monkeypatch, bodies.mass, seed, 1).examples[0]
        within = inside(example)
        if within.any():
            pixels = example.image.reshape(3, -1).astype(float)
            means = [pixels[:, side.ravel()].mean(1) for side in (within, ~within)]
            gaps.append(np.abs(means[0] - means[1]).max())
    assert np.median(gaps) > 6


def test_invented_raters_have_habits_that_hold_for_a_whole_task(monkeypatch):
    found = [task_with(monkeypatch, bodies.mass, seed) for seed in range(12)]
    several = [task for task in found if task.has_raters]
    assert several
    assert len(several) < len(found)
    generous = False
    for task in several:
        for example in task.examples:
            areas = {r: int((d < 0).sum()) for r, d in example.distances.items()}
            assert areas["wide"] > areas["careful"] > 0
            assert areas.get("tight", 0) <= areas["careful"]
            if "generous" in areas:
                generous = True
                assert areas["generous"] > areas["careful"]
    assert generous, "somebody counts the satellites in"


def test_one_of_many_is_a_part_of_all(monkeypatch):
    parts = 0
    for seed in range(6):
        for example in task_with(monkeypatch, tissues.cells, seed).examples:
            for part in example.parts:
                parts += 1
                assert 0 < (part < 0).sum() < inside(example).sum()
                assert not ((part < 0) & ~(example.distances.get("careful", part) < 0)).any()
    assert parts > 4


def test_nothing_is_wanted_that_the_machine_does_not_see(monkeypatch):
    def left_half(family, rng):
        def field(side):
            return np.repeat(np.arange(side)[None] < side // 2, side, 0).astype(np.float32)

        return "half", Look(LOOKS["plain"](family, rng).paint, field)

    monkeypatch.setattr(invent, "look_of", left_half)
    monkeypatch.setattr(invent, "RATERS", 0.0)
    for kind in (bodies.chest, tissues.cells):
        for example in task_with(monkeypatch, kind, 0, 3).examples:
            assert inside(example).any()
            assert not inside(example)[:, SIDE // 2 :].any()


def test_a_family_looks_as_it_does_anywhere_but_now_and_then(monkeypatch):
    family = bodies.spine(np.random.default_rng(0))
    names = [look_of(family, np.random.default_rng(seed))[0] for seed in range(60)]
    assert 0.7 < np.mean([name in family.looks for name in names]) < 1


def test_noise_has_the_grain_that_was_asked_for():
    rng = np.random.default_rng(0)
    fine, coarse = grain(rng, 256, 0.0), grain(rng, 256, 6.0)
    for field in (fine, coarse):
        assert field.shape == (256, 256)
        assert field.std() == pytest.approx(1, abs=0.25)

    def change(field, axis):
        return np.abs(np.diff(field, axis=axis)).mean()

    assert change(coarse, 0) < 0.3 * change(fine, 0)
    upright = fibres(rng, 256, 2.0, upright=True)
    assert change(upright, 0) < 0.5 * change(upright, 1)
    lying = fibres(rng, 256, 2.0, upright=False)
    assert change(lying, 1) < 0.5 * change(lying, 0)


def test_a_window_holds_the_whole_ellipse():
    plane = canvas(np.random.default_rng(0), 80, 0.0, 0.1)
    at, radii = np.array([0.3, 0.8]), (0.1, 0.25)
    whole = plane.gap(at, radii, 0.7) < 1
    part = plane.window(at, max(radii))
    cut = plane.empty()
    cut[part] = plane.gap_in(part, at, radii, 0.7) < 1
    assert whole.any()
    assert np.array_equal(cut, whole)


def example_of(mask, bright=150):
    pixels = np.repeat((50 + bright * mask)[None], 3, 0).astype(np.uint8)
    return Example(pixels, {"": signed_distance(mask)})


@pytest.mark.parametrize("size", [(80, 100), (200, 180)])
@pytest.mark.parametrize("seed", range(4))
def test_a_superpixel_is_a_region_of_one_image(size, seed):
    example = example_of(disk(*size, at=(40, 50), radius=20))
    task = superpixel_task((example,), 5, np.random.default_rng(seed))
    assert len(task.examples) == 5
    assert all(e is task.examples[0] for e in task.examples)
    copy = task.examples[0]
    assert copy.image.shape[1:] == copy.distances[""].shape
    assert 0 < inside(copy).sum() < copy.distances[""].size
    again = superpixel_task((example,), 5, np.random.default_rng(seed))
    assert np.array_equal(again.examples[0].distances[""], copy.distances[""])


def test_what_has_one_colour_is_the_same_thing_in_every_image():
    places = [(30, 40), (50, 30), (40, 55)]
    masks = [disk(80, 90, at=at, radius=18) for at in places]
    examples = tuple(example_of(mask) for mask in masks)
    seen = 0
    for seed in range(10):
        task = superpixel_task(examples, 3, np.random.default_rng(seed))
        if task.target == "colour" and len({id(e) for e in task.examples}) == 3:
            seen += 1
            bright = [float(e.image[0][inside(e)].mean()) for e in task.examples]
            assert max(bright) - min(bright) < 40
    assert seen


def test_a_constant_image_still_gives_a_superpixel_task():
    blank = Example(np.full((3, 64, 64), 90, np.uint8), {"": np.full((64, 64), 127, np.int8)})
    for seed in range(4):
        task = superpixel_task((blank, blank), 2, np.random.default_rng(seed))
        assert task.examples[0].distances[""].shape == (64, 64)
