import itertools
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from assent.core.errors import ConfigError, InputError, NotFoundError
from assent.core.feedback import Pick
from assent.core.image import from_array
from assent.core.metrics import dice
from assent.io.formats import read_image, read_mask
from assent.services.demo import DemoConfig, play_samples, run_demo
from assent.services.samples import (
    Rule,
    Sample,
    carried_samples,
    folder_samples,
    phantom_samples,
    series_of,
)
from assent.testing.methods import ThresholdMethod


def disc(radius, row=24, column=24):
    y, x = np.ogrid[:48, :48]
    return (y - row) ** 2 + (x - column) ** 2 <= radius**2


def picture_of(mask, seed=0):
    noise = np.random.default_rng(seed).normal(0, 4, mask.shape)
    return np.clip(60 + 120 * mask + noise, 0, 255).astype(np.uint8)


def sample_of(name, mask, series="s"):
    image = from_array(picture_of(mask), spacing_zyx_mm=(1, 1, 1), name=name)
    return Sample(name, series, "a disc (synthetic)", "disc", lambda: image, lambda _: mask[None])


def write_folder(root, radii, *, masks=True):
    for number, radius in enumerate(radii):
        mask = disc(radius)
        for kind, array in (("images", picture_of(mask)), ("masks", mask.astype(np.uint8) * 255)):
            (root / kind).mkdir(parents=True, exist_ok=True)
            if kind == "images" or masks:
                Pillow.fromarray(array).save(root / kind / f"{number:03d}.png")
    if not masks:
        (root / "masks").rmdir()
    return root


def test_a_played_folder_holds_masks_sheets_plots_and_pages(tmp_path):
    samples = [
        sample_of("one", disc(9)),
        sample_of("two", disc(12)),
        sample_of("big", disc(15), "t"),
    ]
    seen = []
    result = play_samples(ThresholdMethod(), samples, DemoConfig(out=tmp_path), seen.append)
    assert [one.id for one in result.played] == ["one", "two", "big"]
    for one in result.played:
        image = next(s for s in samples if s.id == one.id).read()
        mask = read_mask(tmp_path / one.mask, like=image)
        reference = next(s for s in samples if s.id == one.id).read_reference(image)
        assert one.accepted_dice == pytest.approx(dice(mask, reference))
        assert one.accepted_dice >= one.dice[-1]
        with Pillow.open(tmp_path / one.sheet) as sheet:
            assert sheet.width <= 1600
    for name in ("effort.png", "series.png", "index.md", "index.html"):
        assert (tmp_path / name).stat().st_size > 500
    done = [step.done for step in seen]
    assert all(before <= after for before, after in itertools.pairwise(done))
    assert done[-1] == 1.0
    assert "synthetic" in (tmp_path / "index.md").read_text()


def test_the_person_stops_when_content_and_at_the_last_round(tmp_path):
    easy = [sample_of("one", disc(9))]
    content = play_samples(ThresholdMethod(), easy, DemoConfig(out=tmp_path, target_dice=0.5))
    assert content.played[0].answers == 0
    hidden = [replace(easy[0], read_reference=lambda _: disc(4, 10, 36)[None])]
    tired = play_samples(
        ThresholdMethod(), hidden, DemoConfig(out=tmp_path, rounds=2, target_dice=1)
    )
    assert tired.played[0].answers == 2
    assert len(tired.played[0].dice) == 3


def test_an_image_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path):
    def fail():
        raise InputError("bad.png is empty. Export it again.")

    bad = replace(sample_of("bad", disc(9)), read=fail)
    result = play_samples(
        ThresholdMethod(), [bad, sample_of("good", disc(9))], DemoConfig(out=tmp_path)
    )
    assert result.passed_over == (("bad", "bad.png is empty. Export it again."),)
    assert [one.id for one in result.played] == ["good"]
    assert "bad.png is empty" in (tmp_path / "index.html").read_text()


def test_equal_seeds_give_equal_masks(tmp_path):
    for name in ("a", "b"):
        config = DemoConfig(out=tmp_path / name, rounds=3)
        play_samples(ThresholdMethod(), [sample_of("one", disc(9))], config)
    names = ("masks/one.nii.gz", "sheets/one.png")
    assert all(
        (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        for name in names
    )


def test_a_folder_with_masks_is_played_and_images_without_are_only_proposed(tmp_path):
    root = write_folder(tmp_path / "mine", [8, 10, 12])
    (root / "masks" / "002.png").unlink()
    samples = folder_samples(root)
    assert [(s.id, s.read_reference is None) for s in samples] == [
        ("000", False),
        ("001", False),
        ("002", True),
    ]
    result = play_samples(ThresholdMethod(), samples, DemoConfig(out=tmp_path / "out"))
    assert result.played[2].mask.parts[0] == "proposals"
    assert result.played[2].accepted_dice is None
    assert "proposal only" in (tmp_path / "out" / "index.md").read_text()
    assert result.has_bare
    assert not replace(result, played=result.played[:2]).has_bare


def test_a_method_that_must_be_told_the_object_leaves_no_empty_mask(tmp_path):
    root = write_folder(tmp_path / "mine", [8], masks=False)
    config = DemoConfig(out=tmp_path / "out", method="geodesic", folder=root)
    (one,) = run_demo(config).played
    assert one.mask is None
    assert one.predicted_dice is None
    assert not (tmp_path / "out" / "proposals").exists()
    assert "until somebody points" in (tmp_path / "out" / "index.html").read_text()
    for page in ("index.html", "index.md"):
        assert "`assent serve FOLDER`" in (tmp_path / "out" / page).read_text()


class Guessing(ThresholdMethod):
    """Must be told which object is meant, and guesses all the same."""

    @property
    def capabilities(self):
        return replace(super().capabilities, needs_first_prompt=True)


def test_before_anybody_points_nothing_is_on_screen(tmp_path, monkeypatch):
    rows = []
    monkeypatch.setattr(
        "assent.services.demo.contact_sheet", lambda image, given, **_: rows.extend(given) or b""
    )
    result = play_samples(Guessing(), [sample_of("one", disc(9))], DemoConfig(out=tmp_path))
    assert result.played[0].dice[0] == 0.0
    assert not rows[0].proposal.recommended.any()
    assert not rows[0].proposal.uncertainty.any()
    assert rows[0].answer.prompts[0].at_zyx == (0, 24, 24)
    assert rows[1].proposal.recommended.any()
    # With a finished example the object is known, and the first proposal counts.
    rows.clear()
    two = [sample_of("one", disc(9)), sample_of("two", disc(12))]
    assert play_samples(Guessing(), two, DemoConfig(out=tmp_path)).played[1].dice[0] > 0.5


def test_a_guess_that_nobody_asked_for_is_not_written(tmp_path):
    bare = replace(sample_of("one", disc(9)), read_reference=None)
    empty = replace(sample_of("two", disc(9), "t"), read_reference=lambda _: disc(9)[None] & False)
    result = play_samples(Guessing(), [bare, empty], DemoConfig(out=tmp_path))
    assert [one.mask for one in result.played] == [None, None]
    assert result.played[1].accepted_dice == 1.0
    assert play_samples(ThresholdMethod(), [bare], DemoConfig(out=tmp_path)).played[0].mask


def test_masks_of_the_folder_are_never_replaced(tmp_path):
    root = write_folder(tmp_path / "mine", [8])
    before = (root / "masks" / "000.png").read_bytes()
    with pytest.raises(InputError, match=r"mine.*would be replaced"):
        run_demo(DemoConfig(out=tmp_path / "mine" / ".", method="geodesic", folder=root))
    assert (root / "masks" / "000.png").read_bytes() == before


def test_a_folder_of_plain_images_gets_proposals_only(tmp_path):
    root = write_folder(tmp_path / "mine", [8], masks=False)
    (sample,) = folder_samples(root)
    assert sample.read_reference is None
    assert [s.id for s in folder_samples(root / "images")] == ["000"]
    with pytest.raises(NotFoundError, match="lesion"):
        folder_samples(root, label="lesion")
    with pytest.raises(InputError, match="no folder"):
        folder_samples(tmp_path / "absent")


def test_an_unknown_method_is_refused_and_none_takes_its_place(tmp_path):
    with pytest.raises(NotFoundError, match="no-such"):
        run_demo(DemoConfig(out=tmp_path, method="no-such"))


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"images": 0}, {"target_dice": 0.0}])
def test_numbers_out_of_range_are_refused(tmp_path, wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        DemoConfig(out=tmp_path, **wrong)


def test_real_samples_are_objects_of_reasonable_size_that_say_how_they_were_made():
    samples = carried_samples()
    assert {s.id for s in samples} == {"ct-vertebra", "mr-tissue", "mr-ventricles"}
    for sample in samples:
        image = sample.read()
        mask = sample.read_reference(image)
        assert mask.shape == image.shape_dhw
        assert 0.01 < mask.mean() < 0.3
        assert "rule: largest region" in sample.wish
        assert sample.origin.startswith("real")


def test_phantoms_are_called_phantoms_and_one_person_reads_the_series():
    grouped = series_of(phantom_samples(seed=3, images=3))
    assert [s.id for s in grouped["phantom-lesion"]] == [f"phantom-lesion-00{n}" for n in range(3)]
    for sample in itertools.chain(*grouped.values()):
        assert "phantom" in sample.origin
        assert "synthetic" in sample.origin


def test_a_rule_takes_the_largest_region_and_fills_its_holes():
    mask = disc(9)
    picture = picture_of(mask & ~disc(3) | disc(2, 4, 4))
    found = Rule(120, above=True, smoothing_mm=0.5)(from_array(picture))
    assert dice(found[0], mask) > 0.97
    assert not found[0, 4, 4]


def test_masks_keep_the_geometry_of_their_image(tmp_path):
    sample = next(s for s in carried_samples() if s.id == "mr-ventricles")
    config = DemoConfig(out=tmp_path, rounds=1)
    (one,) = play_samples(ThresholdMethod(), [sample], config).played
    written = read_image(tmp_path / one.mask)
    assert written.geometry.is_close(sample.read().geometry)


def test_the_person_points_when_a_pick_brought_nothing(tmp_path):
    class Deaf(ThresholdMethod):
        """Counts answers, and changes nothing for a pick."""

        def update(self, embedding, state, feedback):
            heard = super().update(embedding, state, feedback)
            if isinstance(feedback, Pick):
                return replace(state, round=heard.round)
            return heard

    y, x = np.mgrid[:48, :48]
    image = from_array(255 - 5 * np.hypot(y - 24, x - 24), name="slope")
    sample = Sample("slope", "s", "a slope", "more", lambda: image, lambda _: disc(15)[None])
    config = DemoConfig(out=tmp_path, rounds=4, target_dice=1.0)
    (one,) = play_samples(Deaf(), [sample], config).played
    assert one.actions["pick"] >= 1
    assert one.actions["click"] >= 1
