"""The samples: whole, readable, called what they are, and never at the cost of anybody's files."""

import hashlib
import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from assent.core.errors import InputError
from assent.core.metrics import dice
from assent.datasets.folder import open_folder
from assent.datasets.layout import described_target
from assent.io.formats import list_images, read_image
from assent.services import sample_folder
from assent.services.sample_folder import NOTE, sample_sets, write_samples
from assent.services.samples import folder_samples
from interfaces.small_files import everything_in

LIBRARIES = (Path(pydicom.__file__).parent / "data", Path(nibabel.__file__).parent / "tests")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The samples, and what was said of them."""
    folder = tmp_path_factory.mktemp("home") / "samples"
    before = [stamps(library) for library in LIBRARIES]
    sets = write_samples(folder)
    assert [stamps(library) for library in LIBRARIES] == before
    return folder, sets


def stamps(folder):
    """Time of change and size of every file."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc")
    return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in files}


def test_every_set_can_be_read_and_says_what_is_to_be_segmented(written):
    folder, sets = written
    assert len(sets) == 7
    for each in sets:
        assert described_target(folder / each.name) == each.labels[0]
        images = [read_image(path) for path in list_images(folder / each.name / "images")]
        assert all(np.ptp(image.voxels) > 0 for image in images)


def test_real_images_are_the_libraries_own_files(written):
    folder, sets = written
    carried = {digest(p) for library in LIBRARIES for p in library.rglob("*") if p.is_file()}
    real = [each for each in sets if each.name.endswith("-real")]
    assert len(real) == 4
    for each in real:
        (file,) = (folder / each.name / "images").iterdir()
        assert digest(file) in carried
        assert file.name in each.about


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_a_computer_drew_is_called_so_in_folder_file_and_text(written):
    folder, sets = written
    drawn = [each for each in sets if not each.name.endswith("-real")]
    for each in drawn:
        assert each.name.endswith("-synthetic")
        assert each.about.startswith("Synthetic.")
        assert all(p.name.startswith("phantom-") for p in (folder / each.name / "images").iterdir())
    text = (folder / "README.txt").read_text()
    assert text.startswith(NOTE)
    assert all(each.name in text for each in sets)


def test_readers_of_the_lesions_disagree_and_each_has_a_habit(written):
    source = open_folder(written[0] / "1-lesions-synthetic")
    assert source.raters == ("careful", "wide", "smooth", "satellite")
    assert source.targets == ("lesion",)
    for case in source.cases():
        drawn = {reference.rater: reference.read() for reference in case.references}
        assert drawn["wide"].sum() > 1.1 * drawn["careful"].sum()
        assert dice(drawn["wide"], drawn["careful"]) < 0.95
        voxels = case.read_image().voxels[0]
        assert voxels[drawn["careful"]].mean() > voxels[~drawn["wide"]].mean() + 20


def test_masks_fit_their_images_in_every_synthetic_set(written):
    counted = {}
    for name in ("1-lesions-synthetic", "6-cells-synthetic", "7-abdomen-ct-synthetic"):
        source = open_folder(written[0] / name)
        for case in source.cases():
            for reference in case.references:
                assert reference.read().shape == case.read_image().shape_dhw
        counted[name] = len(source.cases())
    assert list(counted.values()) == [12, 8, 3]
    volume = open_folder(written[0] / "7-abdomen-ct-synthetic").cases()[0].read_image()
    assert volume.geometry.spacing_zyx_mm == pytest.approx((5, 3, 3))
    assert volume.voxels.min() < -900


def test_the_demonstration_plays_a_synthetic_set_and_leaves_no_image_over(written):
    samples = folder_samples(written[0] / "1-lesions-synthetic", label="wide")
    assert len({sample.id for sample in samples}) == len(samples) == 12
    assert all(sample.read_reference and "synthetic" in sample.origin for sample in samples)


def test_what_is_there_stays_as_it_is_and_what_was_not_finished_is(written, tmp_path, monkeypatch):
    small = [each for each in sample_sets() if each.name.startswith(("2", "4"))]
    monkeypatch.setattr(sample_folder, "sample_sets", lambda: small)
    write_samples(tmp_path)
    image = next((tmp_path / small[0].name / "images").iterdir())
    image.write_bytes(b"changed by its owner")
    (tmp_path / "README.txt").write_text("mine")
    cut_short = tmp_path / small[1].name
    kept = everything_in(tmp_path)
    (cut_short / "dataset.json").unlink()
    next((cut_short / "images").iterdir()).write_bytes(b"half")
    write_samples(tmp_path)
    assert everything_in(tmp_path) == kept
    assert json.loads((cut_short / "dataset.json").read_text())["labels"] == ["ventricles"]


def test_a_real_image_that_no_library_carries_is_left_out(monkeypatch):
    monkeypatch.setattr(sample_folder, "carried_file", lambda package, place: None)
    assert [each.name[0] for each in sample_sets()] == ["1", "6", "7"]


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path):
    (tmp_path / "samples").write_bytes(b"a file")
    with pytest.raises(InputError, match=r"'samples' cannot be written: .*\. Choose a folder"):
        write_samples(tmp_path / "samples")
