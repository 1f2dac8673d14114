"""A file is there whole or not at all."""

import json
import os

import pytest

from assent.core.errors import InputError
from assent.io.atomic import check_writable, replacing, write_bytes, write_json, write_text


def test_what_is_written_is_read(tmp_path):
    write_bytes(tmp_path / "new" / "a.bin", b"\0\1")
    write_text(tmp_path / "a.txt", "zwei\nZeilen: ä")
    write_json(tmp_path / "a.json", {"ml": 1.5, "names": ["ä"]})
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"\0\1"
    assert (tmp_path / "a.txt").read_bytes() == "zwei\nZeilen: ä".encode()
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"ml": 1.5, "names": ["ä"]}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "a.txt", "new"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interruption_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"old")

    def interrupted():
        with replacing(path) as temporary:
            assert temporary.name.endswith(".nii.gz")
            assert temporary.name.startswith(".")
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_numbers_that_json_lacks_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"dice": float("nan")})
    assert not list(tmp_path.iterdir())


def test_unwritable_folders_get_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"a\.txt cannot be written into the folder 'file'"):
        write_text(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(
        InputError, match="output folder 'below' cannot be written: a file has that name"
    ):
        check_writable(tmp_path / "file" / "below")
    check_writable(tmp_path / "fresh" / "deep")
    assert not list((tmp_path / "fresh" / "deep").iterdir())


def test_full_disk_gets_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_text(tmp_path / "a.txt", "x")
    assert not list(tmp_path.iterdir())
