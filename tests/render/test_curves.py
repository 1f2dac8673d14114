from itertools import pairwise

import pytest
from PIL import Image as Pillow

from assent.render.curves import _spread, effort_curves
from assent.render.save import save
from assent.render.table import markdown_table


def test_curves_of_unequal_length_with_bands_and_target_are_written(tmp_path):
    path = tmp_path / "new" / "effort.png"
    effort_curves(
        path,
        {"posterior": [0.8, 0.9], "geodesic": [0.1, 0.5, 0.9], "none": []},
        bands={"posterior": ([0.7, 0.85], [0.9, 0.95])},
        title="Effort",
        target=0.9,
    )
    with Pillow.open(path) as picture:
        assert picture.width >= 1000
    assert [p.name for p in path.parent.iterdir()] == ["effort.png"]


def test_labels_that_end_together_are_moved_apart():
    placed = _spread([0.9, 0.9, 0.91], 0.05, 1.0)
    assert all(high - low >= 0.0499 for low, high in pairwise(placed))
    assert max(_spread([0.97, 0.98, 0.99], 0.05, 1.0)) <= 1.0


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "page.md"
    save(path, "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("assent.render.save.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_bar_in_a_cell_does_not_split_the_table():
    table = markdown_table(["a|b", "c"], [["1|2", "3"]])
    assert table.splitlines()[2] == "| 1\\|2 |   3 |"
