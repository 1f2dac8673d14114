"""What is kept of a file that was sent, and what is not."""

import gzip
import os
import tarfile
from threading import Barrier, Thread

import nibabel
import numpy as np
import pytest

from assent.core.errors import ForbiddenError, InputError, NotFoundError, StorageError
from assent.io.formats import read_image
from assent.io.sniff import suffix_of_content
from assent.services import decoding
from assent.services import uploads as module
from assent.services.decoding import Decoded
from assent.services.naming import shown_name
from assent.services.originals import Originals
from assent.services.uploads import TooLargeError, Uploads
from assent.storage.records import FoundImage
from assent.storage.store import open_store
from interfaces.small_files import archive_of, disc, everything_in, recorded, write_picture

PICTURE = Decoded("digest of the pixels", (1, 48, 48))


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "assent.db", tmp_path / "blobs") as opened:
        opened.projects.add("study", str(tmp_path))
        yield opened


@pytest.fixture
def uploads(store, tmp_path):
    return Uploads(store, tmp_path / "sent", most_bytes=10_000, decode=lambda *_: PICTURE)


@pytest.fixture
def content(tmp_path):
    return write_picture(tmp_path / "a.png", disc(9)).read_bytes()


def send(uploads, content, name="a.png", **more):
    with uploads.receiving(1) as incoming:
        for start in range(0, len(content), 100):
            incoming.write(content[start : start + 100])
        return uploads.take_in(1, name, incoming, **more)


def send_series(uploads, content, name="study", **more):
    with uploads.receiving(1) as incoming:
        incoming.write(content)
        return uploads.take_in_series(1, name, incoming, **more)


def left(tmp_path):
    return sorted(p.name for p in (tmp_path / "sent").rglob("*") if p.is_file())


def test_a_file_is_kept_under_its_digest_and_once(uploads, store, content, tmp_path):
    image, is_new = send(uploads, content, "../b\n.exe", target="disc")
    again, is_new_again = send(uploads, content, "c.png", target="ring")
    assert (is_new, is_new_again, again) == (True, False, image)
    (file,) = left(tmp_path)
    assert (len(file), file[-4:]) == (64 + 4, ".png")
    assert (tmp_path / "sent" / file).read_bytes() == content
    assert image.path == f".uploads/{file}/.. b .exe.png"
    assert (image.kind, image.shape_dhw) == ("png", (1, 48, 48))
    assert store.projects.targets(1) == ("disc", "ring")


def test_two_who_send_the_same_at_once_add_it_once(uploads, store, content, tmp_path):
    barrier, found = Barrier(2), []

    def one():
        barrier.wait()
        found.append(send(uploads, content))

    threads = [Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_new for _, is_new in found) == [False, True]
    assert len(store.projects.images(1)) == len(left(tmp_path)) == 1


def test_nothing_is_left_of_what_cannot_be_used(uploads, store, content, tmp_path):
    for bad in (b"", b"%PDF-1.7", b"PK\3\4" + bytes(500), b"<svg>", gzip.compress(b"text")):
        with pytest.raises(InputError, match=r"a\.png is not an image that can be read"):
            send(uploads, bad)
    with pytest.raises(TooLargeError, match="most that one upload may have"):
        send(uploads, content + bytes(10_000))
    with pytest.raises(NotFoundError), uploads.receiving(2):
        pass
    assert left(tmp_path) == []
    assert store.projects.images(1) == ()


def test_nothing_is_left_when_it_cannot_be_noted(uploads, store, content, tmp_path, monkeypatch):
    def fail(*_):
        raise StorageError("The database cannot be written: the disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(store.projects, "add_images", fail)
        with pytest.raises(StorageError):
            send(uploads, content)
    assert left(tmp_path) == []
    send(uploads, content)
    assert len(left(tmp_path)) == 1


def test_what_a_killed_server_left_behind_goes_after_a_day(uploads, content, tmp_path):
    new = tmp_path / "sent" / "new"
    new.mkdir(parents=True)
    for name, age in (("old", module.LEFT_S + 60), ("young", 60)):
        (new / name).write_bytes(b"half")
        then = module.time.time() - age
        os.utime(new / name, (then, then))
    send(uploads, content)
    assert [name for name in left(tmp_path) if len(name) < 10] == ["young"]


@pytest.fixture
def real(store, tmp_path):
    """As on a server: files are read for real."""
    return Uploads(store, tmp_path / "sent")


def test_the_files_of_a_series_become_one_image(real, store, tmp_path):
    folder = recorded("98892001/CT5N")
    taken = send_series(real, archive_of(folder), "abdomen\n.zip", target="liver")
    (image,) = taken.images
    assert (image.shape_dhw, image.kind, taken.is_new) == ((5, 16, 16), "dicom-series", True)
    assert taken.problems == ()
    assert image.path == f".uploads/{image.digest}.series/abdomen"
    assert image.digest == read_image(folder).content_id
    assert store.projects.targets(1) == ("liver",)
    read = Originals(tmp_path / "sent").read(Originals(tmp_path / "sent").of("elsewhere", image))
    assert read.geometry.is_close(read_image(folder).geometry, tolerance_mm=1e-6)
    kept = left(tmp_path)
    assert len(kept) == 5
    again = send_series(real, archive_of(folder, "zip"), target="ring")
    assert (again.images, again.is_new, left(tmp_path)) == (taken.images, False, kept)
    assert store.projects.targets(1) == ("liver", "ring")


def test_each_series_of_a_study_is_an_image_and_what_is_none_is_told(real, store, tmp_path):
    taken = send_series(real, archive_of(recorded("77654033")), "chest")
    names = [image.path.rpartition("/")[2] for image in taken.images]
    assert names == ["6154.dcm", "6247.dcm", "6278.dcm"]
    (problem,) = taken.problems
    assert problem.path == "chest"
    assert problem.detail.startswith("chest lacks 161 slices between 17106 and 17136")
    assert (len(store.projects.images(1)), len(left(tmp_path))) == (3, 3)
    localizer, slices = recorded("98892001/CT2N"), recorded("98892001/CT5N")
    both = {f"1/{p}": c for p, c in everything_in(localizer).items()}
    both |= {f"2/{p}": c for p, c in everything_in(slices).items()}
    taken = send_series(real, archive_of(both), "abdomen")
    assert [image.path.rpartition("/")[2] for image in taken.images] == ["abdomen, series 2"]
    assert [each.path for each in taken.problems] == ["abdomen, series 1"]


def test_nothing_is_left_of_an_archive_that_cannot_be_used(real, store, tmp_path, monkeypatch):
    slices = {str(p): c for p, c in everything_in(recorded("98892001/CT5N")).items()}
    cut, cut_early = ({**slices, "3353": slices["3353"][:size]} for size in (700, 300))
    gap = {name: content for name, content in slices.items() if name != "2693"}
    for content, said in (
        (archive_of({"a.png": b"\x89PNG"}), "study holds no DICOM image"),
        (archive_of(recorded("77654033/CT2")), "study lacks 161 slices"),
        (archive_of(gap), "study lacks"),
        (archive_of(cut), "3353"),
        (archive_of(cut_early), "3353"),
        (b"MZ" + bytes(600), "study is no archive"),
        (archive_of(slices)[:5000], "study cannot be read as a ZIP or TAR"),
    ):
        with pytest.raises(InputError, match=said):
            send_series(real, content)
        assert (left(tmp_path), store.projects.images(1)) == ([], ())

    def fail(*_):
        raise StorageError("The database cannot be written: the disk is full.")

    monkeypatch.setattr(store.projects, "add_images", fail)
    with pytest.raises(StorageError):
        send_series(real, archive_of(slices))
    assert [path.name for path in (tmp_path / "sent").iterdir()] == ["new"]
    assert list((tmp_path / "sent" / "new").iterdir()) == []


def test_a_hostile_archive_cannot_take_all_memory(real, tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "MEMORY_BYTES", 2**30)
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2**33
    with real.receiving(1) as incoming:
        incoming.write(header.tobuf(tarfile.GNU_FORMAT))
        incoming.file.truncate(2**31)
        with pytest.raises(InputError, match=r"study cannot be read"):
            real.take_in_series(1, "study", incoming)
    assert left(tmp_path) == []


def test_what_was_sent_is_taken_back_with_its_file(real, store, content, tmp_path):
    series = send_series(real, archive_of(recorded("98892001/CT5N"))).images[0]
    picture, _ = send(real, content, "Jane Doe.png")
    real.take_back(series.id)
    assert [image.id for image in store.projects.images(1)] == [picture.id]
    assert len(left(tmp_path)) == 1
    real.take_back(picture.id)
    assert left(tmp_path) == []
    assert "Jane" not in store.projects.image(picture.id).path
    with pytest.raises(NotFoundError):
        real.take_back(picture.id)
    again, is_new = send(real, content)
    assert is_new
    assert again.id not in {picture.id, series.id}
    assert store.projects.targets(1) == ("object",)


def test_a_file_that_another_project_shows_stays(uploads, store, content, tmp_path):
    store.projects.add("other", str(tmp_path / "other"))
    mine, _ = send(uploads, content)
    with uploads.receiving(2) as incoming:
        incoming.write(content)
        theirs, _ = uploads.take_in(2, "b.png", incoming)
    uploads.take_back(mine.id)
    assert len(left(tmp_path)) == 1
    uploads.take_back(theirs.id)
    assert left(tmp_path) == []


def test_a_series_of_two_projects_lies_there_once(real, store, tmp_path):
    store.projects.add("other", str(tmp_path / "other"))
    content = archive_of(recorded("98892001/CT5N"))
    mine = send_series(real, content).images[0]
    kept = everything_in(tmp_path / "sent")
    with real.receiving(2) as incoming:
        incoming.write(content)
        theirs = real.take_in_series(2, "again", incoming).images[0]
    assert everything_in(tmp_path / "sent") == kept
    real.take_back(mine.id)
    assert theirs.digest == mine.digest
    assert everything_in(tmp_path / "sent") == kept


def test_what_somebody_worked_on_or_lies_in_the_folder_stays(uploads, store, content, tmp_path):
    image, _ = send(uploads, content)
    task = store.projects.task_of(image.id, "object")
    mask = np.zeros((1, 48, 48), bool)
    store.masks.add(task.id, mask, person="ada")
    with pytest.raises(InputError, match=r"a\.png has answers or an accepted mask"):
        uploads.take_back(image.id)
    found = FoundImage(path="sub/own.png", digest="d", shape_dhw=(1, 4, 4), kind="png")
    store.projects.add_images(1, [found])
    own = next(each for each in store.projects.images(1) if each.path == "sub/own.png")
    with pytest.raises(ForbiddenError, match=r"own\.png lies in the project's folder"):
        uploads.take_back(own.id)
    assert len(store.projects.images(1)) == 2
    assert len(left(tmp_path)) == 1


def test_folders_of_a_killed_server_go_after_a_day_too(uploads, content, tmp_path):
    half = tmp_path / "sent" / "new" / "half-files"
    half.mkdir(parents=True)
    (half / "00000.dcm").write_bytes(b"half")
    then = module.time.time() - module.LEFT_S - 60
    os.utime(half, (then, then))
    send(uploads, content)
    assert not half.exists()


def test_kinds_follow_from_content(tmp_path):
    volume = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), np.eye(4)).to_bytes()
    meta = b"NDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\nElementDataFile = "
    nrrd = b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 2 2\nencoding: raw\n"
    kinds = {
        ".nii": volume,
        ".nii.gz": gzip.compress(volume),
        ".mha": meta + b"LOCAL\n\1\2\3\4",
        ".nrrd": nrrd + b"\n\1\2\3\4",
        ".bmp": b"BM" + bytes(60),
        ".dcm": bytes(128) + b"DICM",
    }
    path = tmp_path / "unnamed"
    for suffix, content in kinds.items():
        path.write_bytes(content)
        assert suffix_of_content(path, "scan") == suffix
    for elsewhere in (meta + b"/etc/passwd\n", nrrd + b"data file: ../secret.raw\n"):
        path.write_bytes(elsewhere)
        with pytest.raises(InputError, match="scan only describes an image"):
            suffix_of_content(path, "scan")


@pytest.mark.parametrize("name", ["..", "/", "\\", "\0\r\n", "\u202e", "..."])
def test_a_name_that_says_nothing_is_replaced(name):
    assert shown_name(name) == "image"


def test_names_in_any_script_stay_as_they_are():
    assert shown_name("Größe 肝臓 كبد.nii.gz") == "Größe 肝臓 كبد.nii.gz"
    assert len(shown_name("x" * 999)) == 200
