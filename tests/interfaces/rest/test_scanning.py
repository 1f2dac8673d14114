"""Folders that change between starts, folders beside the served one, and what is passed over."""

import os
import shutil

import nibabel
import numpy as np
import pytest

from assent.core.errors import InputError
from assent.services.originals import Originals
from interfaces.rest.serving import API, TARGET, problem_of, serving
from interfaces.small_files import disc, recorded, write_picture


@pytest.fixture
def read(monkeypatch):
    """Names of the files that are read as originals, in order."""
    names, original_read = [], Originals.read

    def noted(self, original):
        if not original.digest:  # a scan does not know yet what it will find
            names.append(original.name)
        return original_read(self, original)

    monkeypatch.setattr(Originals, "read", noted)
    return names


def problems(served, project=1):
    told = served.get(f"/projects/{project}/problems").json()
    return {each["path"]: each["detail"] for each in told}


def paths(served, project=1):
    return [image["path"] for image in served.get(f"/projects/{project}/images").json()]


def test_the_next_start_finds_what_is_new_reads_only_that_and_keeps_the_answers(
    folder, tmp_path, read
):
    with serving(folder, tmp_path / "home") as served:
        done = served.open()
        served.post(f"/sessions/{done['session']}/accept", {"round": done["round"]})
        assert read == ["a.png", "b.png", "c.png"]
    write_picture(folder / "bb.png", disc(6))
    write_picture(folder / "c.png", disc(11))
    (folder / "broken.png").write_bytes(b"no image")
    read.clear()
    with serving(folder, tmp_path / "home") as served:
        assert read == ["bb.png", "broken.png", "c.png"]
        assert paths(served) == ["a.png", "b.png", "bb.png", "c.png"]
        assert list(problems(served)) == ["broken.png"]
        queue = served.get("/projects/1/tasks", target=TARGET).json()
        assert queue["counts"] == {"open": 3, "accepted": 1, "skipped": 0}
        assert served.open(done["image"]["id"])["is_accepted"]


def test_a_file_of_the_same_size_and_time_is_read_again_where_nothing_is_kept_of_it(
    folder, tmp_path, read
):
    with serving(folder, tmp_path / "home"):
        pass
    (kept,) = (tmp_path / "home" / "scanned").iterdir()
    kept.write_text("cut sho")
    read.clear()
    with serving(folder, tmp_path / "home") as served:
        assert read == ["a.png", "b.png", "c.png"]
        assert [image["id"] for image in served.images()] == [1, 2, 3]


def test_a_folder_that_was_empty_is_filled_and_says_what_to_do_meanwhile(tmp_path):
    (tmp_path / "images").mkdir()
    with serving(tmp_path / "images", tmp_path / "home") as served:
        assert (paths(served), served.get("/jobs/1").json()["state"]) == ([], "done")
        assert "Put image files into it" in problems(served)[""]
    write_picture(tmp_path / "images" / "a.png", disc(9))
    with serving(tmp_path / "images", tmp_path / "home") as served:
        assert paths(served) == ["a.png"]
        assert problems(served) == {}


def test_before_a_scan_nothing_is_claimed_and_looking_again_finds_what_came(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        served.workspace._problems.clear()
        assert "not looked through yet" in problems(served)[""]
        (folder / "a.png").unlink()
        served.post("/projects/1/scan")
        served.workspace.jobs.settle()
        assert (list(problems(served)), len(paths(served))) == (["a.png"], 3)
        assert "put it back" in problems(served)["a.png"]
        (folder / "b.png").write_bytes(b"no image")
        (folder / "d.png").write_bytes(b"no image")
        served.post("/projects/1/scan")
        served.workspace.jobs.settle()
        told = served.get("/projects/1/problems").json()
        # Which of them are in the queue nonetheless.
        assert {each["path"]: each["image"] for each in told} == {
            "a.png": 1,
            "b.png": 2,
            "d.png": None,
        }


def test_folders_and_links_that_are_passed_over_are_named(tmp_path):
    study = tmp_path / "study"
    for patient in ("p2", "p10"):
        write_picture(study / patient / "scan" / "a.png", disc(9))
    write_picture(study / "masks" / "a.png", disc(9))
    (study / "away").symlink_to(tmp_path)
    with serving(study, tmp_path / "home") as served:
        told = problems(served)
        assert list(told) == ["", "away/", "p2/", "p10/"]
        assert "may be some in away, p2, p10. Start" in told[""]
        assert told["p2/"].startswith("It holds 1 image that is not taken in")
        assert told["away/"].startswith("It is a link")
        write_picture(tmp_path / "outside.png", disc(9))
        (study / "z.png").symlink_to(tmp_path / "outside.png")
        write_picture(study / "a.png", disc(9))
        served.post("/projects/1/scan")
        served.workspace.jobs.settle()
        assert paths(served) == ["a.png"]
        told = problems(served)
        assert list(told) == ["away/", "p2/", "p10/", "z.png"]
        assert "leads out of the folder" in told["z.png"]
        assert served.get("/jobs/2").json()["detail"] == "1 image. 1 file could not be read."


@pytest.mark.parametrize("name", ["link", "images"])
def test_what_a_link_to_a_folder_leads_to_is_neither_taken_in_nor_named(tmp_path, name):
    series, study = recorded("98892001"), tmp_path / "study"
    shutil.copytree(series, tmp_path / "private" / "ward")
    shutil.copytree(series, study / "ct")
    (study / name).symlink_to(tmp_path / "private")
    (study / "up").symlink_to(study)
    with serving(study, tmp_path / "home") as served:
        found = {*paths(served), *problems(served)}
        assert {path for path in found if path.partition("/")[0] != "ct"} == {f"{name}/", "up/"}
        assert any(path.startswith("ct/") for path in paths(served))
        told = problems(served)
        assert told[f"{name}/"] == told["up/"]
        assert told["up/"].startswith("It is a link to a folder, and such links are not followed")


def test_a_folder_whose_name_cannot_be_stored_is_refused_in_a_sentence(tmp_path):
    for path in (b"\xff\xfe", b"\xff\xfe/study"):
        folder = tmp_path / os.fsdecode(path)
        folder.mkdir()
        with (
            pytest.raises(InputError, match="holds bytes that are not UTF-8") as refused,
            serving(folder, tmp_path / "home"),
        ):
            pass
        assert str(refused.value).isprintable()


def test_a_project_is_not_named_with_what_cannot_be_printed(tmp_path):
    study = tmp_path / "new\nline\x1b"
    write_picture(study / "a.png", disc(9))
    with serving(study, tmp_path / "home") as served:
        (project,) = served.get("/projects").json()
        assert project["name"] == "new\N{REPLACEMENT CHARACTER}line\N{REPLACEMENT CHARACTER}"
        assert paths(served) == ["a.png"]


def test_work_follows_a_file_that_was_renamed(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        done = served.open()
        done = served.answer(done, "accept", choice="recommended").json()
        (folder / "a.png").rename(folder / "b.png")
        look_again(served)
        assert {image["path"]: image["id"] for image in served.images()} == {"b.png": 1, "c.png": 3}
        assert problems(served) == {}
        again = served.open(1)
        assert (again["session"], again["is_accepted"]) == (done["session"], True)
        queue = served.get("/projects/1/tasks", target=TARGET).json()
        assert queue["counts"] == {"open": 1, "accepted": 1, "skipped": 0}


def test_work_stays_where_several_files_may_be_the_renamed_one(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        shutil.copy(folder / "a.png", folder / "d.png")
        (folder / "a.png").rename(folder / "e.png")
        look_again(served)
        found = {image["path"]: image["id"] for image in served.images()}
        assert found == {"a.png": 1, "b.png": 2, "c.png": 3, "d.png": 4, "e.png": 5}
        assert list(problems(served)) == ["a.png"]
        (folder / "d.png").unlink()
        (folder / "e.png").rename(folder / "a.png")  # where this content is known already
        look_again(served)
        assert served.open(1)["round"] == 0
        assert set(problems(served)) == {"d.png", "e.png"}


def look_again(served):
    served.post("/projects/1/scan")
    served.workspace.jobs.settle()


def test_a_long_folder_comes_in_its_own_order(tmp_path):
    names = [f"{number}.png" for number in range(1, 21)]
    for name in names:
        write_picture(tmp_path / "images" / name, disc(3)[:8, :8])
    with serving(tmp_path / "images", tmp_path / "home") as served:
        tasks = served.workspace.store.projects.queue(1, TARGET)
        store = served.workspace.store.projects
        unseen = [store.image(t.image_id).path for t in tasks if t.predicted_dice is None]
        assert unseen == [name for name in names if name in unseen]
        assert len(unseen) > 16


def test_a_nifti_file_is_of_the_same_kind_however_it_came(tmp_path, folder):
    volume = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4))
    nibabel.save(volume, folder / "d.nii.gz")
    with serving(folder, tmp_path / "home") as served:
        assert [image["kind"] for image in served.images()] == ["png", "png", "png", "nii.gz"]


def test_projects_of_other_folders_are_neither_shown_nor_reachable(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        shown = served.open()
        served.post(f"/sessions/{shown['session']}/accept", {"round": shown["round"]})
        (entry,) = served.get("/projects/1/context", target=TARGET).json()
        export = served.post("/projects/1/exports", {"target": TARGET}).json()
        served.workspace.jobs.settle()
        task, image, session = shown["task"], shown["image"]["id"], shown["session"]
        left = served.workspace.store.jobs.add("export", {"project_id": 1, "target": TARGET})
    other = tmp_path / "other"
    write_picture(other / "x.png", disc(9))
    with serving(other, tmp_path / "home") as served:
        assert [each["name"] for each in served.get("/projects").json()] == ["other"]
        for path in (
            "/projects/1",
            f"/projects/1/tasks?target={TARGET}",
            f"/images/{image}",
            f"/tasks/{task}/mask",
            f"/sessions/{session}",
            f"/jobs/{export['id']}",
            f"/jobs/{left.id}",
            f"/exports/{export['id']}",
        ):
            problem_of(served.client.get(API + path), 404, "not_found")
        for path in (f"/projects/1/targets?target={TARGET}", f"/context/{entry['id']}"):
            problem_of(served.client.delete(API + path), 404, "not_found")
        begun = {"image": image, "target": "another"}
        problem_of(served.post("/sessions", begun), 404, "not_found")
        problem_of(served.post(f"/sessions/{session}/undo", {"round": 1}), 404, "not_found")
        assert [job["kind"] for job in served.get("/jobs").json()] == ["scan"]
        assert served.get("/projects/2/images").json()[0]["path"] == "x.png"
    with serving(folder, tmp_path / "home") as served:
        assert served.get(f"/jobs/{left.id}").json()["state"] == "done"
        assert served.get("/projects/1").json()["targets"] == [TARGET]
        assert served.open(image)["is_accepted"]


def test_a_folder_above_serves_all_and_what_it_was_started_on_comes_first(folder, tmp_path):
    with serving(folder, tmp_path / "home"):
        pass
    with serving(tmp_path, tmp_path / "home") as served:
        assert [each["id"] for each in served.get("/projects").json()] == [2, 1]


def test_what_a_scan_keeps_does_not_follow_a_file_that_was_put_in_its_place(folder, tmp_path, read):
    with serving(folder, tmp_path / "home"):
        pass
    before = (folder / "a.png").stat()
    write_picture(folder / "a.png", disc(4))
    os.utime(folder / "a.png", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    read.clear()
    with serving(folder, tmp_path / "home") as served:
        assert read == ["a.png"]
        assert served.images()[0]["id"] == 4
