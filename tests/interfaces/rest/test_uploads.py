"""Files that are sent: real images become part of the project, the rest leaves nothing behind."""

import gzip
import os
import struct
import zlib
from pathlib import Path
from stat import S_ISDIR

import nibabel
import numpy as np
import pytest

from assent.services import decoding
from assent.services.hosting import export_kept
from interfaces.rest.serving import API, TARGET, problem_of, serving
from interfaces.small_files import (
    archive_of,
    disc,
    everything_in,
    png_bomb,
    recorded,
    write_picture,
)


@pytest.fixture
def content(tmp_path):
    return write_picture(tmp_path / "elsewhere" / "new.png", disc(11)).read_bytes()


def refused(served, tmp_path, reply, status, code):
    """The sentence of a refusal, after which nothing is left of what was sent."""
    said = problem_of(reply, status, code)
    assert [image["path"] for image in served.images()] == ["a.png", "b.png", "c.png"]
    assert everything_in(tmp_path / "home" / ".uploads") == {}
    return said


def nifti_header(shape_xyz, code, bits):
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.uint8)
    told = bytearray(header.binaryblock)
    struct.pack_into("<8h", told, 40, 3, *shape_xyz, 1, 1, 1, 1)
    struct.pack_into("<2h", told, 70, code, bits)
    struct.pack_into("<4f", told, 76, 1, 1, 1, 1)
    struct.pack_into("<f", told, 108, 352)
    told[344:348] = b"n+1\0"
    return bytes(told) + bytes(4)


def test_a_sent_image_is_worked_on_like_any_other(folder, tmp_path, content):
    before = everything_in(folder)
    with serving(folder, tmp_path / "home") as served:
        reply = served.send(content, "leber\n<b>肝臓</b>.png")
        assert reply.status_code == 201
        image = reply.json()
        assert (image["name"], image["kind"]) == ("leber <b>肝臓< b>.png", "png")
        again = served.send(content, "other.png")
        assert (again.status_code, again.json()) == (200, image)
        queue = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
        assert image["id"] in [task["image"]["id"] for task in queue]
        assert served.get(f"/images/{image['id']}/slices/0").headers["etag"]
        shown = served.answer(served.open(image["id"]), "pick", candidate=1).json()
        served.post("/projects/1/scan")
        served.workspace.jobs.settle()
        assert image in served.images()
    with serving(folder, tmp_path / "home") as served:
        assert served.open(image["id"]) == shown
        served.answer(shown, "accept", choice="recommended")
        job = served.post("/projects/1/exports", {"target": TARGET}).json()
        served.workspace.jobs.settle()
        assert served.get(f"/jobs/{job['id']}").json()["detail"] == "1 mask written."
    kept = (str(tmp_path / "home" / "assent.db"), str(tmp_path / "home" / "blobs"))
    told = export_kept(kept, None, None, tmp_path / "out", lambda *_: None)
    assert (len(told.masks), told.problems) == (1, ())
    assert everything_in(folder) == before


@pytest.mark.parametrize("is_series", [False, True])
def test_what_was_sent_is_on_disk_before_it_is_listed(
    served, tmp_path, content, monkeypatch, is_series
):
    happened, projects = [], served.workspace.store.projects
    fsync, replace, add = os.fsync, os.replace, projects.add_images

    def synced(handle):
        fsync(handle)
        told = os.fstat(handle)
        happened.append(("sync", told.st_ino, None if S_ISDIR(told.st_mode) else told.st_size))

    def moved(place, to):
        replace(place, to)
        happened.append(("move", Path(to)))

    def listed(*given):
        happened.append(("list",))
        return add(*given)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", moved)
    monkeypatch.setattr(projects, "add_images", listed)
    if is_series:
        reply = send_series(served, archive_of(recorded("98892001")))
    else:
        reply = served.send(content)
    assert reply.status_code == 201, reply.text
    folder = tmp_path / "home" / ".uploads" / served.workspace.store.id
    moves = (told[1] for told in happened if told[0] == "move")
    (kept,) = (place for place in moves if place.parent == folder and place.exists())
    files = list(kept.iterdir()) if is_series else [kept]
    at = happened.index(("move", kept))
    for file in files:  # all of its bytes, before it gets its name
        assert ("sync", file.stat().st_ino, file.stat().st_size) in happened[:at]
    if is_series:
        assert ("sync", kept.stat().st_ino, None) in happened[:at]
    assert ("sync", folder.stat().st_ino, None) in happened[at : happened.index(("list",))]


def test_the_content_says_what_kind_it_is(served):
    voxels = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    volume = nibabel.Nifti1Image(voxels.T, np.diag([2.0, 2.0, 3.0, 1.0])).to_bytes()
    image = served.send(gzip.compress(volume), "photo.jpg").json()
    assert (image["kind"], image["shape"], image["is_volume"]) == ("nii.gz", [3, 4, 5], True)
    assert image["name"] == "photo.jpg.nii.gz"
    content = served.get(f"/images/{image['id']}/volume").content
    assert np.array_equal(np.frombuffer(content, np.float32, offset=352), voxels.ravel())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an image"),
        (b"#!/bin/sh\nrm -rf /", "not an image"),
        (b"\x89PNG\r\n\x1a\n" + b"nothing", "scan.png cannot be read as a picture"),
        (b"NRRD0004\ndata file: /etc/passwd\n", "only describes an image"),
    ],
)
def test_a_file_that_is_no_image_is_refused(served, tmp_path, content, said):
    assert said in refused(served, tmp_path, served.send(content, "scan.png"), 400, "input")


def test_a_picture_that_would_unpack_to_gigabytes_is_refused(served, tmp_path):
    reply = served.send(png_bomb(60_000, zlib.compress(bytes(2**20))), "bomb.png")
    assert "bomb.png has" in refused(served, tmp_path, reply, 400, "input")


def test_a_volume_that_would_unpack_to_gigabytes_is_refused(served, tmp_path, monkeypatch):
    zeros = gzip.compress(bytes(2**24)) * 17  # 285 MB in 280 kB
    announced = gzip.compress(nifti_header((20_000, 20_000, 20_000), 16, 32)) + zeros
    reply = served.send(announced, "bomb.nii.gz")
    assert "bomb.nii.gz has 20000 x" in refused(served, tmp_path, reply, 400, "input")
    monkeypatch.setattr(decoding, "MEMORY_BYTES", 2**30)
    fits_the_count = gzip.compress(nifti_header((640, 640, 640), 2, 8)) + zeros
    reply = served.send(fits_the_count, "bomb.nii.gz")
    said = refused(served, tmp_path, reply, 400, "input")
    assert "bomb.nii.gz cannot be read" in said
    assert "more than 1 GB of memory" in said
    assert served.get("/projects").is_success


def test_too_many_bytes_are_refused_before_and_while_they_come(served, tmp_path, content):
    reply = served.send(iter(()), **{"Content-Length": str(10 * 10**9)})
    assert "larger than 2 GB" in refused(served, tmp_path, reply, 413, "too_large")
    address, much = f"{API}/projects/1/series", {"Content-Length": str(10 * 10**9)}
    reply = served.client.post(address, params={"name": "ct"}, content=iter(()), headers=much)
    assert "larger than 2 GB" in refused(served, tmp_path, reply, 413, "too_large")
    served.workspace.uploads.most_bytes = 1000
    said = refused(served, tmp_path, served.send(iter([content])), 413, "too_large")
    assert "most that one upload may have" in said
    served.workspace.uploads.most_bytes = 10**6
    assert served.send(content).status_code == 201


def test_only_those_who_may_send_files(served, tmp_path, content):
    reply = served.send(content, Origin="https://elsewhere.example")
    refused(served, tmp_path, reply, 403, "forbidden")
    address = f"{API}/projects/9/images"
    missing = served.client.post(address, params={"name": "a.png"}, content=content)
    problem_of(missing, 404, "not_found")
    unnamed = served.client.post(f"{API}/projects/1/images", content=content)
    problem_of(unnamed, 422, "shape")


def send_series(served, content, name="study"):
    address = f"{API}/projects/1/series"
    return served.client.post(address, params={"name": name}, content=content)


def remove(served, path, **query):
    return served.client.delete(API + path, params=query)


def test_a_sent_series_is_worked_on_like_any_other(folder, tmp_path):
    before = everything_in(folder)
    content = archive_of(recorded("98892001"), "zip")
    with serving(folder, tmp_path / "home") as served:
        reply = send_series(served, content, "abdomen.zip")
        assert reply.status_code == 201, reply.text
        (image,), (problem,) = reply.json()["images"], reply.json()["problems"]
        assert (image["name"], image["shape"]) == ("abdomen, series 2", [5, 16, 16])
        assert problem["path"] == "abdomen, series 1"
        assert "slices in different directions" in problem["detail"]
        again = send_series(served, content)
        assert (again.status_code, again.json()["images"]) == (200, [image])
        assert served.get(f"/images/{image['id']}").json()["modality"] == "CT"
        assert served.get(f"/images/{image['id']}/thumbnail").is_success
        shown = served.open(image["id"])
        served.answer(shown, "accept", choice="recommended")
    with serving(folder, tmp_path / "home") as served:
        job = served.post("/projects/1/exports", {"target": TARGET}).json()
        served.workspace.jobs.settle()
        assert served.get(f"/jobs/{job['id']}").json()["detail"] == "1 mask written."
    assert everything_in(folder) == before


def test_an_archive_without_a_series_is_refused(served, tmp_path, content):
    said = refused(served, tmp_path, send_series(served, content), 400, "input")
    assert "study is no archive; expected a ZIP or TAR file" in said
    reply = send_series(served, archive_of({"a.png": content}))
    assert "study holds no DICOM image" in refused(served, tmp_path, reply, 400, "input")
    served.workspace.uploads.most_bytes = 1000
    reply = send_series(served, iter([archive_of(recorded("98892001"))]))
    assert "most that one upload may have" in refused(served, tmp_path, reply, 413, "too_large")
    served.workspace.uploads.most_bytes = 10_000  # packed it is smaller than that
    bomb = archive_of({str(n): bytes(128) + b"DICM" + bytes(6000) for n in range(2)}, "zip")
    assert len(bomb) < 1000
    reply = send_series(served, bomb)
    assert "larger together" in refused(served, tmp_path, reply, 400, "input")


def test_what_was_sent_is_prepared_before_anybody_opens_it(served, content):
    served.workspace.backstage.settle()
    served.worker.calls.clear()
    image = served.send(content).json()
    served.workspace.backstage.settle()
    assert "prepare" in served.worker.calls
    queue = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    (task,) = [task for task in queue if task["image"]["id"] == image["id"]]
    assert task["is_prefetched"]


def test_a_sent_image_can_be_removed_until_somebody_answered(served, folder, tmp_path, content):
    before = everything_in(folder)
    image = served.send(content).json()
    shown = served.open(image["id"])
    answered = served.answer(shown, "pick", candidate=0).json()
    said = problem_of(remove(served, f"/images/{image['id']}"), 400, "input")
    assert "new.png has answers or an accepted mask already" in said
    served.post(f"/sessions/{shown['session']}/undo", {"round": answered["round"]})
    assert remove(served, f"/images/{image['id']}").status_code == 204
    assert [each["path"] for each in served.images()] == ["a.png", "b.png", "c.png"]
    assert everything_in(tmp_path / "home" / ".uploads") == {}
    problem_of(remove(served, f"/images/{image['id']}"), 404, "not_found")
    for again in (None, content):
        anew = again and served.send(again).json()["id"]
        address = f"/sessions/{shown['session']}"
        for reply in (
            served.post("/sessions", {"image": image["id"], "target": TARGET}),
            served.get(address),
            served.post(f"{address}/redo", {"round": 0}),
            served.post(f"{address}/accept", {"round": 0}),
            served.post(f"/tasks/{shown['task']}/reopen"),
            served.get(f"/images/{image['id']}"),
            served.get(f"/images/{image['id']}/slices/0"),
        ):
            problem_of(reply, 404, "not_found")
    assert remove(served, f"/images/{anew}").status_code == 204
    own = served.images()[0]
    said = problem_of(remove(served, f"/images/{own['id']}"), 403, "forbidden")
    assert "a.png lies in the project's folder, which is only read" in said
    assert everything_in(folder) == before
    elsewhere = {"Origin": "https://elsewhere.example"}
    reply = served.client.delete(f"{API}/images/{own['id']}", headers=elsewhere)
    problem_of(reply, 403, "forbidden")


def test_a_misspelt_target_is_removed_unless_somebody_answered(served):
    image = served.images()[0]["id"]
    misspelt = served.post("/sessions", {"image": image, "target": "disk/α"}).json()
    assert served.get("/projects/1").json()["targets"] == [TARGET, "disk/α"]
    assert remove(served, "/projects/1/targets", target="disk/α").status_code == 204
    assert served.get("/projects/1").json()["targets"] == [TARGET]
    assert served.get("/projects/1/tasks", target="disk/α").json()["tasks"] == []
    # Whoever still has it open is told, and nothing is given that nobody would see.
    problem_of(served.answer(misspelt, "pick", candidate=0), 404, "not_found")
    said = problem_of(remove(served, "/projects/1/targets", target=TARGET), 400, "input")
    assert "'disc' is the only target of this project" in said
    served.post("/projects/1/targets", {"target": "disk"})
    served.answer(served.open(image), "pick", candidate=0)
    said = problem_of(remove(served, "/projects/1/targets", target=TARGET), 400, "input")
    assert "The target 'disc' has answers" in said
    problem_of(remove(served, "/projects/1/targets", target="none"), 404, "not_found")
