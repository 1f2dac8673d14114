"""Which files of a folder are images, and what is said about those that are none."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.errors import FileFormatError, InputError
from assent.core.geometry import Geometry
from assent.io.formats import list_images, natural_key, read_image, stem_of, stems_of

GRID = Geometry.from_spacing((3, 7, 9), (2.5, 0.7, 0.8))
VOXELS = np.zeros((3, 7, 9), np.int16)


def _png(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.zeros((4, 5), np.uint8)).save(path, "PNG")


def test_images_come_in_natural_order_without_junk(tmp_path):
    for name in ["img10.png", "img2.PNG", "img1.png", "._img1.png", ".hidden.png", "b.png"]:
        _png(tmp_path / name)
    for name in ["Thumbs.db", ".DS_Store", "notes.txt", "dataset.json", "desktop.ini", "README"]:
        (tmp_path / name).write_bytes(b"not an image")
    _png(tmp_path / "sub" / "other.png")
    names = [path.name for path in list_images(tmp_path)]
    assert names == ["b.png", "img1.png", "img2.PNG", "img10.png"]


def test_damaged_images_are_listed_so_that_somebody_hears_of_them(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.nii.gz").write_bytes(b"\x1f\x8b")
    assert [p.name for p in list_images(tmp_path)] == ["cut.nii.gz", "empty.png"]
    with pytest.raises(FileFormatError, match=r"empty\.png is empty \(0 bytes\)"):
        read_image(tmp_path / "empty.png")


def test_a_series_counts_once_wherever_it_lies(tmp_path, write_series, write_slice):
    write_series(tmp_path / "patient" / "study" / "series1", VOXELS, GRID)
    write_series(tmp_path / "patient" / "study" / "series2", VOXELS, GRID)
    _png(tmp_path / "a.png")
    found = [str(p.relative_to(tmp_path)) for p in list_images(tmp_path)]
    assert found == ["a.png", "patient/study/series1", "patient/study/series2"]
    folder = tmp_path / "patient" / "study" / "series1"
    assert list_images(folder) == [folder]
    assert read_image(folder).shape_dhw == (3, 7, 9)


def test_single_dicom_files_of_different_series_count_one_by_one(tmp_path, write_slice):
    for i in (1, 2, 10):
        write_slice(tmp_path / f"scan{i}", VOXELS[0], SeriesInstanceUID=f"1.2.{i}", SeriesNumber=i)
    assert [p.name for p in list_images(tmp_path)] == ["scan1", "scan2", "scan10"]


def test_folders_without_images_say_what_was_expected(tmp_path):
    with pytest.raises(InputError, match=r"holds no image; expected DICOM, PNG, .*NIfTI"):
        list_images(tmp_path)
    with pytest.raises(InputError, match="There is no folder 'gone'"):
        list_images(tmp_path / "gone")


def test_unknown_and_missing_files_show_their_name_and_no_path(tmp_path):
    (tmp_path / "a.xyz").write_bytes(b"abc")
    for name, message in [("a.xyz", "unknown kind; expected DICOM"), ("gone.png", "no file")]:
        with pytest.raises(InputError, match=message) as caught:
            read_image(tmp_path / name)
        assert name in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.png", "a"), ("a.b.nii.gz", "a.b"), ("A.NII.GZ", "A"), ("scan", "scan"), ("v1.2", "v1.2"),
     (".png", ".png")],
)  # fmt: skip
def test_stems(name, stem):
    assert stem_of(Path("somewhere") / name) == stem


def test_stem_of_a_folder_keeps_its_dots(tmp_path):
    (tmp_path / "series.png").mkdir()
    assert stem_of(tmp_path / "series.png") == "series.png"


@given(st.lists(st.sampled_from(["a.png", "a.jpg", "x/a.png", "y/a.png", "b.tif", "a_png.bmp"])))
def test_stems_never_collide(names):
    stems = stems_of([Path(name) for name in names])
    assert len(set(stems)) == len(names)
    assert all("/" not in stem for stem in stems)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=8), max_size=8))
def test_natural_order_sorts_anything(names):
    ordered = sorted(names, key=natural_key)
    assert sorted(ordered, key=natural_key) == ordered
