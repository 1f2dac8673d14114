"""What is kept of a file that was sent, and what is not."""

import gzip
import os
from threading import Barrier, Thread

import nibabel
import numpy as np
import pytest

from assent.core.errors import InputError, NotFoundError, StorageError
from assent.io.sniff import suffix_of_content
from assent.services import uploads as module
from assent.services.decoding import Decoded
from assent.services.uploads import TooLargeError, Uploads, shown_name
from assent.storage.store import open_store
from interfaces.small_files import disc, write_picture

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
