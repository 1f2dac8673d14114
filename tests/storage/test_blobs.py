"""Blobs: the same promise in a folder and in a bucket."""

import hashlib
import os
import resource
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

import obstore
import pytest

from assent.core.errors import FileFormatError, InputError
from assent.core.feedback import Accept
from assent.storage import blobs as module
from assent.storage.blobs import Blobs
from storage.work import begin, some_mask

NOBODY = 65534


@pytest.fixture(scope="session")
def s3_server():
    """Variables that lead to an S3 server on loopback, in which a bucket is."""
    if find_spec("moto") is None or find_spec("flask") is None:
        pytest.skip("no S3 server to test with: pip install 'moto[server]'")
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - may be missing

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    with urlopen(Request(f"{url}/assent-tests", method="PUT"), timeout=60) as told:
        assert told.status == 200
    yield {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
    server.stop()


@pytest.fixture
def bucket(s3_server, monkeypatch):
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    return "s3://assent-tests/masks"


@pytest.fixture(params=["folder", "file url", "bucket"])
def place(request, tmp_path):
    if request.param == "bucket":
        return request.getfixturevalue("bucket")
    folder = tmp_path / "deep" / "blobs"
    return folder if request.param == "folder" else folder.as_uri()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def file_of(folder: Path, key: str) -> Path:
    return folder / key[:2] / key


def test_bytes_come_back_under_their_digest(place):
    blobs = Blobs(place)
    contents = [b"", b"mask", bytes(range(256)) * 5000]
    keys = [blobs.put(content) for content in contents]
    assert keys == [hashlib.sha256(content).hexdigest() for content in contents]
    assert [Blobs(place).get(key) for key in keys] == contents


def test_the_same_bytes_are_kept_once(tmp_path):
    blobs = Blobs(tmp_path)
    assert blobs.put(b"mask") == blobs.put(b"mask")
    assert files_in(tmp_path) == [file_of(tmp_path, blobs.put(b"mask"))]


def test_a_missing_blob_is_said_to_be_missing(place):
    with pytest.raises(InputError, match="blob 000000000000 is missing from"):
        Blobs(place).get("0" * 64)


@pytest.mark.parametrize("damage", [b"", b"maskmask", b"masK"])
def test_a_damaged_blob_is_noticed_and_healed_by_putting_it_again(tmp_path, damage):
    blobs = Blobs(tmp_path)
    key = blobs.put(b"mask")
    file_of(tmp_path, key).write_bytes(damage)
    with pytest.raises(FileFormatError, match=f"blob {key[:12]} in .* is damaged"):
        blobs.get(key)
    blobs.put(b"mask")
    assert blobs.get(key) == b"mask"


def test_a_damaged_object_in_a_bucket_is_noticed(bucket):
    blobs = Blobs(bucket)
    key = blobs.put(b"damage me")
    obstore.put(blobs._store, f"{key[:2]}/{key}", b"damaged")
    with pytest.raises(FileFormatError, match="is damaged"):
        blobs.get(key)


def test_a_bucket_that_is_not_there_is_named_with_its_cause(bucket):
    with pytest.raises(InputError, match=r"'s3://elsewhere' cannot be written: NoSuchBucket\."):
        Blobs("s3://elsewhere").put(b"mask")


def test_what_is_no_store_is_refused(tmp_path):
    with pytest.raises(InputError, match="'nope://x' cannot be opened"):
        Blobs("nope://x")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="'below' cannot be opened: Not a directory"):
        Blobs(tmp_path / "file" / "below")


def test_content_is_on_disk_before_its_name_and_its_name_before_the_promise(tmp_path, monkeypatch):
    steps = []
    real_rename = obstore.rename

    def sync(path):
        assert path.exists()
        steps.append(path.relative_to(tmp_path).parts[:1] or "root")

    def rename(store, source, target):
        steps.append("rename")
        real_rename(store, source, target)

    monkeypatch.setattr(module, "_sync", sync)
    monkeypatch.setattr(obstore, "rename", rename)
    key = Blobs(tmp_path).put(b"mask")
    assert steps == [("new",), "rename", (key[:2],), "root"]


@contextmanager
def no_room():
    """Files of more than 4 kB are refused by the system, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def no_right(folder: Path):
    """The folder may be read, not written, not even by root."""
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_without_room_one_sentence_is_said_and_nothing_is_left(tmp_path):
    blobs = Blobs(tmp_path)
    with no_room(), pytest.raises(InputError, match=r"cannot be written: File too large"):
        blobs.put(bytes(100_000))
    assert files_in(tmp_path) == []


def test_when_syncing_fails_nothing_is_acknowledged(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    blobs = Blobs(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        blobs.put(b"mask")
    assert files_in(tmp_path) == []


def test_a_folder_that_may_not_be_written_is_said_to_be_one(tmp_path):
    blobs = Blobs(tmp_path)
    with no_right(tmp_path), pytest.raises(InputError, match="cannot be written: Permission den"):
        blobs.put(b"mask")
    assert files_in(tmp_path) == []


def test_an_acceptance_whose_mask_cannot_be_written_is_no_acceptance(store, tmp_path):
    session = begin(store)
    given = Accept("recommended", 0)
    with (
        no_right(tmp_path / "blobs"),
        pytest.raises(InputError, match="Nothing was acknowledged"),
    ):
        store.sessions.give(session.id, given, mask=some_mask())
    assert store.sessions.get(session.id).history == ()
    store.sessions.give(session.id, given, mask=some_mask())
    assert store.sessions.get(session.id).is_accepted
