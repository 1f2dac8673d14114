"""The queue, pictures, jobs, profiles and what the server says of itself."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import nibabel
import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from pydicom.data import get_testdata_file

from assent.interfaces.rest import page
from assent.io.formats import read_image, read_mask
from interfaces.rest.serving import API, TARGET, mask_of, serving


def pixels(reply):
    assert reply.headers["content-type"] == "image/png", reply.text
    return np.asarray(Pillow.open(io.BytesIO(reply.content)))


def finish(served, image):
    shown = served.open(image)
    return served.post(f"/sessions/{shown['session']}/accept", {"round": shown["round"]}).json()


def events_of(reply):
    return [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: ")]


def test_a_slice_is_drawn_in_the_window_that_is_asked_for(served, folder):
    image = served.images()[0]
    voxels = read_image(folder / image["path"]).voxels[0, 0]
    drawn = pixels(served.get(f"/images/{image['id']}/slices/0", center=100, width=100))
    assert (drawn == np.rint(np.clip((voxels - 50) * 2.55, 0, 255))).all()
    assert served.get(f"/images/{image['id']}/slices/1").status_code == 400
    assert served.get(f"/images/{image['id']}/slices/0", center=1, width=0).status_code == 400
    line = pixels(served.get(f"/images/{image['id']}/slices/5", axis="y", center=100, width=100))
    assert (line[0] == drawn[5]).all()
    assert max(pixels(served.get(f"/images/{image['id']}/thumbnail", size=24)).shape) == 24


def test_a_picture_is_sent_once(served):
    address = f"{API}/images/{served.images()[0]['id']}/slices/0"
    tag = served.client.get(address).headers["etag"]
    assert served.client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_the_window_that_a_file_names_is_told_beside_that_of_its_intensities(tmp_path):
    (tmp_path / "images").mkdir()
    shutil.copy(get_testdata_file("MR_small.dcm", download=False), tmp_path / "images")
    with serving(tmp_path / "images", tmp_path / "home") as served:
        told = served.get(f"/images/{served.images()[0]['id']}").json()
    assert told["file_window"] == {"center": 600.0, "width": 1600.0}
    assert told["window"] != told["file_window"]


def test_volume_and_detail_agree_with_the_file(served, folder):
    image = served.images()[0]
    voxels = read_image(folder / image["path"]).voxels[0]
    told = served.get(f"/images/{image['id']}").json()
    assert (told["low"], told["high"], told["channels"]) == (voxels.min(), voxels.max(), 1)
    assert (told["spacing_mm"], told["is_calibrated"], told["file_window"]) == (None, False, None)
    content = served.get(f"/images/{image['id']}/volume").content
    volume = nibabel.Nifti1Image.from_bytes(content)
    assert (voxels == np.asarray(volume.dataobj).T).all()


def test_the_queue_passes_over_what_is_skipped_or_finished(served):
    first, second, third = served.images()
    finish(served, first["id"])
    served.workspace.backstage.settle()
    tasks = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    assert {task["image"]["id"] for task in tasks[:2]} == {second["id"], third["id"]}
    assert tasks[2]["image"]["id"] == first["id"]
    following = served.get("/projects/1/tasks/next", target=TARGET, after=tasks[0]["id"]).json()
    assert following == tasks[1]
    for task in tasks[:2]:
        assert served.post(f"/tasks/{task['id']}/skip").json()["state"] == "skipped"
    assert served.get("/projects/1/tasks/next", target=TARGET).status_code == 204
    assert served.post(f"/tasks/{tasks[0]['id']}/unskip").json()["state"] == "open"


def test_finished_images_inform_the_next_and_can_be_removed(served):
    first, second, third = (image["id"] for image in served.images())
    finish(served, first)
    assert served.open(second)["context"] == 1
    (entry,) = served.get("/projects/1/context", target=TARGET).json()
    assert entry["image"]["id"] == first
    assert served.client.delete(f"{API}/context/{entry['id']}").status_code == 204
    assert served.open(third)["context"] == 0
    assert served.open(second)["context"] == 1


def test_the_log_of_an_image_says_who_accepted_and_reopened_what(served):
    shown = served.open()
    image, session = shown["image"]["id"], shown["session"]
    assert served.get(f"/images/{image}/audit").json() == []
    served.answer(shown, "accept", choice="recommended")
    served.post(f"/sessions/{session}/reopen", {})
    told = served.get(f"/images/{image}/audit").json()
    assert [each["event"] for each in told] == ["accepted", "reopened"]
    for each in told:
        assert (each["person"], each["target"], each["session"]) == ("me", TARGET, session)
        assert (each["method"], len(each["blob"]), each["risk"]) == ("threshold", 64, None)
    other = next(each["id"] for each in served.images() if each["id"] != image)
    assert served.get(f"/images/{other}/audit").json() == []


def test_effort_counts_answers_but_not_the_acceptance(served):
    shown = served.answer(served.open(), "pick", candidate=1).json()
    click = [{"kind": "click", "at_zyx": [0, 24, 24]}]
    shown = served.answer(shown, "correct", prompts=click).json()
    served.answer(shown, "accept", choice="recommended")
    (effort,) = served.get("/projects/1/progress", target=TARGET).json()["effort"]
    assert (effort["answers"], effort["actions"]) == (2, {"pick": 1, "click": 1})


def test_a_profile_is_learned_used_switched_off_and_reset(served):
    first, second, third = (image["id"] for image in served.images())
    finish(served, first)
    served.workspace.backstage.settle()
    told = served.get("/profiles/me").json()
    assert (told["images"], told["numbers"] is not None) == (1, True)
    assert served.workspace.store.sessions.get(served.open(second)["session"]).prior
    off = served.open(third, use_profile=False)
    assert served.workspace.store.sessions.get(off["session"]).prior is None
    assert served.client.delete(f"{API}/profiles/me").status_code == 204
    assert served.get("/profiles/me").json()["numbers"] is None
    finish(served, second)
    served.workspace.backstage.settle()
    assert served.get("/profiles/me").json()["images"] == 1
    assert served.get("/profiles/you").json()["images"] == 0


def test_an_export_holds_the_accepted_masks_and_where_they_come_from(served, tmp_path):
    image = served.images()[0]
    done = finish(served, image["id"])
    job = served.post("/projects/1/exports", {"target": TARGET}).json()
    told = events_of(served.get(f"/jobs/{job['id']}/events"))
    assert (told[-1]["state"], told[-1]["progress"]) == ("done", 1.0)
    ended = served.get(f"/jobs/{job['id']}").json()
    assert (job["project"], job["target"]) == (1, TARGET)
    assert (job["result"], ended["result"]) == (None, {"href": f"{API}/exports/{job['id']}"})
    archive = zipfile.ZipFile(io.BytesIO(served.client.get(ended["result"]["href"]).content))
    archive.extractall(tmp_path / "out")
    (row,) = json.loads((tmp_path / "out" / "provenance.json").read_text())["masks"]
    assert (row["image"], row["person"], row["method"]) == (image["path"], "me", "threshold")
    mask = read_mask(tmp_path / "out" / row["mask"])
    assert (mask[0] == mask_of(done["recommendation"]["rle"])).all()


def test_an_export_of_nothing_fails_with_a_sentence(served):
    job = served.post("/projects/1/exports", {"target": TARGET}).json()
    served.workspace.jobs.settle()
    told = served.get(f"/jobs/{job['id']}").json()
    assert (told["state"], "Accept one" in told["detail"]) == ("failed", True)
    assert served.get(f"/exports/{job['id']}").status_code == 400


def test_propagation_predicts_the_rest_and_accepts_only_at_a_risk_it_can_keep(served):
    finish(served, served.images()[0]["id"])
    job = served.post("/projects/1/propagate", {"target": TARGET, "risk": 0.05}).json()
    served.workspace.jobs.settle()
    told = served.get(f"/jobs/{job['id']}").json()
    assert told["state"] == "done"
    assert "takes 19 finished images" in told["detail"]
    tasks = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    predicted = [task["predicted_dice"] for task in tasks if task["state"] == "open"]
    assert len(predicted) == 2
    assert predicted == sorted(predicted)


def test_a_cancelled_job_stops_and_says_so(served, monkeypatch):
    call, seen = served.worker.call, []

    def call_and_cancel(verb, *arguments, **more):
        if verb == "see":
            seen.append(served.get("/jobs").json()[0])
            reply = served.post(f"/jobs/{seen[0]['id']}/cancel").json()
            assert reply["state"] == "running"
        return call(verb, *arguments, **more)

    monkeypatch.setattr(served.worker, "call", call_and_cancel)
    job = served.post("/projects/1/propagate", {"target": TARGET}).json()
    served.workspace.jobs.settle()
    assert [told["id"] for told in seen] == [job["id"]]
    assert served.get(f"/jobs/{job['id']}").json()["state"] == "cancelled"


def test_jobs_that_a_stopped_server_left_are_gone_on_with(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        left = served.workspace.store.jobs.add("scan", {"project_id": 1, "target": "cell"})
    with serving(folder, tmp_path / "home") as served:
        told = served.get(f"/jobs/{left.id}").json()
        assert (told["state"], told["detail"]) == ("done", "3 images.")
        assert served.get("/projects/1").json()["targets"] == [TARGET, "cell"]


def test_the_server_says_what_it_is_and_counts_by_route(served):
    served.open()
    health = served.client.get("/health").json()
    assert (health["status"], health["method"], health["worker"]) == ("ok", "threshold", "ready")
    names = [method["name"] for method in served.get("/methods").json()]
    assert {"posterior", "geodesic"} <= set(names)
    told = served.client.get("/metrics").text
    assert 'assent_requests_total{method="POST",route="/sessions",status="201"} 1.0' in told
    served.client.request("INVENTED", f"{API}/projects")
    assert "INVENTED" not in served.client.get("/metrics").text
    assert "/sessions/1" not in told


def test_the_page_is_served_where_it_was_built_and_else_explained(tmp_path):
    bare, built = FastAPI(), FastAPI()
    page.install(bare, tmp_path / "nothing")
    assert "make web" in TestClient(bare).get("/").text
    (tmp_path / "index.html").write_text("<p>the page</p>")
    page.install(built, tmp_path)
    assert TestClient(built).get("/").text == "<p>the page</p>"


def test_every_route_is_in_the_contract(served):
    document = served.client.get(f"{API}/openapi.json").json()
    told = (Path(__file__).parents[3] / "docs" / "reference" / "rest.md").read_text()
    missing = [path for path in document["paths"] if path.removeprefix(API) not in told]
    assert document["paths"]
    assert missing == []
