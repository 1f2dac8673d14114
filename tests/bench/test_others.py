"""The largest part of a mask, and what the other raters would have said."""

import numpy as np
import pytest
from scipy import ndimage

from assent.bench.config import BenchConfig
from assent.bench.run import run
from assent.bench.summarise import summarise
from assent.bench.table import columns, row
from assent.bench.trials import look, majority, plan
from assent.core.case import Reference
from assent.core.metrics import dice
from assent.testing import ThresholdMethod
from bench.small import Blobs


def config(**settings):
    return BenchConfig(**{"method": "threshold", "rounds": 1, "splits": (), **settings})


def play(source, **settings):
    return list(run([source], ThresholdMethod(), config(**settings)))


def test_a_majority_is_more_than_half():
    masks = [np.array([[[True, True, True, False]]]), np.array([[[True, True, False, False]]])]
    assert majority(masks).tolist() == [[[True, True, False, False]]]
    masks.append(np.array([[[False, False, True, False]]]))
    assert majority(masks).tolist() == [[[True, True, True, False]]]


def test_others_are_everybody_but_oneself():
    three = Blobs(images=2, raters=("tight", "wide", "third"))
    records = play(three)
    case = plan(three, config()).cases[0]
    drawn = look(case, "blob", config()).drawn
    opened = {r.rater: r.others_dice for r in records if r.case == case.id and r.round == 0}
    # "tight" and "third" drew the same, so that "wide" stands against both of them.
    assert opened["wide"] == pytest.approx(dice(drawn["tight"], drawn["wide"]))
    assert opened["tight"] == pytest.approx(dice(drawn["third"] & drawn["wide"], drawn["tight"]))
    assert opened["tight"] == 1.0
    assert opened["wide"] < 1.0
    assert {r.others_dice for r in records if r.round} == {None}


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (Blobs(images=2, raters=("tight",)), {}),
        (Blobs(images=2), {"raters": "fused"}),
        (Blobs(images=1, empty=frozenset({"00"})), {"label": "wide"}),
    ],
)
def test_there_are_no_others_beside_one_or_all(source, settings):
    records = play(source, **settings)
    assert records
    assert {r.others_dice for r in records} == {None}
    assert "others_dice" not in summarise(records, config())


def test_the_majority_of_others_stands_in_the_table():
    records = play(Blobs(images=3))
    summary = summarise(records, config())
    wanted = np.mean([r.others_dice for r in records if r.round == 0])
    assert summary["others_dice"] == pytest.approx(wanted)
    place = columns(summary).index("other raters' majority")
    assert row("x", summary)[place].startswith(f"{100 * wanted:.1f} [")


class Scattered(Blobs):
    """Every mask has a second part, smaller than the first."""

    def _case(self, number):
        case = super()._case(number)
        references = tuple(
            Reference(r.target, r.rater, lambda r=r: self._with_speck(r.read()))
            for r in case.references
        )
        return type(case)(
            case.id, case.dataset, case.group, case.split, case.read_image, references
        )

    def _with_speck(self, mask):
        speckled = mask.copy()
        speckled[0, 0, :2] = True
        return speckled


def test_only_the_largest_part_is_wanted_where_that_is_asked_for():
    source = Scattered(images=2)
    case = source.cases()[0]
    whole = look(case, "blob", config())
    part = look(case, "blob", config(largest_component=True))
    for rater in ("tight", "wide"):
        labels, count = ndimage.label(whole.masks[rater])
        assert count == 2
        sizes = np.bincount(labels.ravel())[1:]
        assert part.masks[rater].sum() == sizes.max() < whole.masks[rater].sum()
    assert len(part.everyone) == 2
    assert all(ndimage.label(mask)[1] == 1 for mask in part.everyone)
