"""What is poured out of an archive, and what is not."""

import io
import shutil
import tarfile
import zipfile

import pytest

from assent.core.errors import FileFormatError, InputError
from assent.io import archive
from assent.io.archive import unpack
from interfaces.small_files import archive_of, everything_in, recorded

DICOM = bytes(128) + b"DICM"


@pytest.fixture
def pour(tmp_path):
    """Unpack bytes; returns contents by the name that they had."""

    def run(content, most_bytes=10**6):
        path, into = tmp_path / "sent", tmp_path / "out"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        path.write_bytes(content)
        names = unpack(path, into, most_bytes=most_bytes)
        found = {str(path): content for path, content in everything_in(into).items()}
        assert set(found) == set(names)
        return {theirs: found[ours] for ours, theirs in names.items()}

    yield run
    assert {path.name for path in tmp_path.iterdir()} <= {"sent", "out"}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_dicom_files_come_out_whole_and_others_stay_in(pour, kind):
    folder = recorded("98892001/CT5N")
    files = {f"a/b/{path}": content for path, content in everything_in(folder).items()}
    others = {
        "README": b"text",
        "a/scan.png": b"\x89PNG",
        "a/.hidden": DICOM,
        "__MACOSX/._1": DICOM,
    }
    found = pour(archive_of(files | others, kind))
    assert found == {str(path): content for path, content in everything_in(folder).items()}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_lead_nowhere(pour, kind):
    names = ["../../up", "/etc/passwd", "x/..", "C:\\windows\\x", "a\nb"]
    found = pour(archive_of({name: DICOM + name.encode() for name in names}, kind))
    assert {name.rpartition("\\")[2] for name in found} == {"up", "passwd", "x", "a\nb"}


def test_links_and_devices_of_a_tar_file_are_passed_over(pour):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            about = tarfile.TarInfo("1.dcm")
            about.type, about.linkname = kind, "/etc/passwd"
            made.addfile(about)
    assert pour(buffer.getvalue()) == {}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_unpacks_to_too_much_is_refused(pour, kind):
    files = {"1": DICOM + bytes(400), "2": DICOM + bytes(400)}
    assert len(pour(archive_of(files, kind), most_bytes=2 * 532)) == 2
    with pytest.raises(InputError, match="larger together than one upload may be"):
        pour(archive_of(files, kind), most_bytes=2 * 532 - 1)


def test_too_many_files_are_refused(pour, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    assert len(pour(archive_of({"1": DICOM, "2": DICOM}))) == 2
    with pytest.raises(InputError, match="holds more than 2 files"):
        pour(archive_of({"1": b"x", "2": b"x", "3": b"x"}, "zip"))


def test_an_empty_slice_is_not_passed_over(pour):
    with pytest.raises(FileFormatError, match=r"'IM3' in sent is empty \(0 bytes\)"):
        pour(archive_of({"IM1": DICOM, "a/IM3": b""}))


def test_damage_is_told(pour):
    whole = archive_of(recorded("98892001/CT5N"), "zip")
    for content in (whole[:-30], whole[:200] + bytes(300) + whole[500:]):
        with pytest.raises(FileFormatError, match="cannot be read as a ZIP or TAR archive"):
            pour(content)


def test_a_tar_file_that_was_cut_or_damaged_anywhere_is_refused(pour):
    whole = archive_of({"1": DICOM + bytes(1500), "2": DICOM + bytes(1500)})
    member = 512 + 2048
    damaged = bytearray(whole)
    damaged[member + 10] ^= 1  # in the header of the second file
    for content in (
        *(whole[:at] for at in (512, 900, member, member + 100, member + 512, 2 * member)),
        bytes(damaged),
    ):
        with pytest.raises(FileFormatError, match="cannot be read as a ZIP or TAR archive"):
            pour(content)
    assert len(pour(whole[: 2 * member + 1024])) == 2


def test_what_is_no_archive_or_locked_is_refused(pour):
    for content in (b"", b"\x89PNG", b"\x1f\x8b" + bytes(600)):
        with pytest.raises(InputError, match="is no archive; expected a ZIP or TAR file"):
            pour(content)
    locked = bytearray(archive_of({"1": DICOM}, "zip"))
    with zipfile.ZipFile(io.BytesIO(locked)) as made:
        at = made.start_dir
    locked[at + 8] |= 1
    with pytest.raises(InputError, match="locked with a password"):
        pour(bytes(locked))
