"""A home in which several databases lie, and one from before each had folders of its own."""

import io
import json
import os
import time
import zipfile

import pytest

from interfaces.rest.serving import TARGET, problem_of, serving
from interfaces.small_files import disc, everything_in, write_picture


@pytest.fixture
def content(tmp_path):
    return write_picture(tmp_path / "elsewhere" / "new.png", disc(11)).read_bytes()


def export(served, image):
    """Accept an image and export it; returns the number of the job."""
    shown = served.open(image["id"])
    reply = served.post(f"/sessions/{shown['session']}/accept", {"round": shown["round"]})
    assert reply.status_code == 200, reply.text
    job = served.post("/projects/1/exports", {"target": TARGET}).json()["id"]
    served.workspace.jobs.settle()
    return job


def exported(served, job):
    """The images whose masks an export holds."""
    archive = zipfile.ZipFile(io.BytesIO(served.get(f"/exports/{job}").content))
    return [row["image"] for row in json.loads(archive.read("provenance.json"))["masks"]]


def is_shown(served, image):
    return served.get(f"/images/{image['id']}/slices/0").status_code == 200


def test_databases_in_one_folder_have_their_own_exports_and_uploads(folder, tmp_path, content):
    home = tmp_path / "home"
    with serving(folder, home, database="a.db") as served:
        first = export(served, served.images()[0])
        sent = served.send(content).json()
    with serving(folder, home, database="b.db") as served:
        assert served.get(f"/exports/{first}").status_code == 404
        assert export(served, served.images()[1]) == first
        other = served.send(content).json()
        assert served.client.delete(f"/api/v1/images/{other['id']}").status_code == 204
    with serving(folder, home, database="a.db") as served:
        assert exported(served, first) == ["a.png"]
        assert is_shown(served, sent)


@pytest.fixture
def earlier(folder, tmp_path, content):
    """A home as it was when all databases wrote to one folder; its image, job and exported file."""
    home = tmp_path / "home"
    with serving(folder, home) as served:
        job = export(served, served.images()[0])
        sent = served.send(content).json()
        own = served.workspace.store.id
    for shared in (home / ".uploads", home / "exports"):
        for place in (shared / own).iterdir():
            place.rename(shared / place.name)
        (shared / own).rmdir()
    return sent, job, home / "exports" / f"export-{job}.zip"


def test_what_lies_at_the_earlier_place_is_found_and_never_deleted(folder, tmp_path, earlier):
    sent, job, _ = earlier
    kept = everything_in(tmp_path / "home" / ".uploads")
    with serving(folder, tmp_path / "home") as served:
        assert exported(served, job) == ["a.png"]
        assert is_shown(served, sent)
        assert served.client.delete(f"/api/v1/images/{sent['id']}").status_code == 204
    # Another database may show it, too.
    assert everything_in(tmp_path / "home" / ".uploads") == kept


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_earlier_export_of_another_time_is_another_databases(folder, tmp_path, earlier, hours):
    _, job, file = earlier
    then = file.stat().st_mtime + 3600 * hours
    os.utime(file, (then, then))
    with serving(folder, tmp_path / "home") as served:
        said = problem_of(served.get(f"/exports/{job}"), 400, "input")
    assert f"The file of export {job} is not here" in said
    assert file.exists()


def test_an_export_leaves_alone_what_another_server_is_writing(folder, tmp_path):
    home = tmp_path / "home"
    with serving(folder, home) as served:
        exports = home / "exports" / served.workspace.store.id
        for name, written_s_ago in (("running", 60), ("left", 2 * 86_400)):
            masks = exports / f"export-{name}.parts" / "masks"
            masks.mkdir(parents=True)
            then = time.time() - written_s_ago
            os.utime(masks, (then, then))
            os.utime(masks.parent, (then - 3600, then - 3600))
        job = export(served, served.images()[0])
        kept = {place.name for place in exports.iterdir()}
        assert kept == {"export-running.parts", f"export-{job}.zip"}


def test_what_was_sent_to_another_server_is_said_to_be_there(folder, tmp_path, content):
    home = tmp_path / "home"
    with serving(folder, home) as served:
        sent = served.send(content).json()
        job = export(served, served.images()[0])
    for place in (".uploads", "exports"):
        (home / place).rename(tmp_path / place)
    with serving(folder, home) as served:
        reply = served.post("/sessions", {"image": sent["id"], "target": TARGET})
        assert "sent to another server" in problem_of(reply, 409, "changed")
        said = problem_of(served.get(f"/exports/{job}"), 400, "input")
        assert "lies at another server" in said
