"""Whatever is sent, or lies in the folder: one sentence, and nothing half-written."""

import os
import resource
from contextlib import contextmanager
from threading import Barrier, Thread

import numpy as np
import pydicom
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assent.core.mask import to_rle
from assent.interfaces.rest import page
from interfaces.rest.serving import API, HERE, TARGET, mask_of, problem_of, read_only, serving
from interfaces.small_files import disc, everything_in, write_picture
from storage.work import grounds

SCRIPT = "<script>alert(1)</script>"
TOKEN = "a long secret"


def rescan(served):
    served.post("/projects/1/scan")
    served.workspace.jobs.settle()
    problems = served.get("/projects/1/problems").json()
    return [image["path"] for image in served.images()], {p["path"]: p["detail"] for p in problems}


@pytest.mark.parametrize("cookie", ['assent="é"', "assent=é", "assent", "assent=;;=", "a" * 5000])
def test_a_cookie_that_is_none_of_ours_lets_nobody_in(folder, tmp_path, cookie):
    with serving(folder, tmp_path / "home", token=TOKEN) as served:
        headers = {"Cookie": cookie.encode("latin-1")}
        problem_of(served.client.get(f"{API}/projects", headers=headers), 401, "token")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 100_000,
        b'{"image": ' + b"9" * 5000 + b', "target": "disc"}',
        b'{"image": NaN, "target": "disc"}',
        b'{"image": 1, "target": "\xff"}',
        b'{"image": 1, "target": "\\ud800"}',
        b'{"image": 1, "target": "a\\u0000b"}',
        b'{"image": 1, "target": "disc", "\\ud800": 1}',
    ],
)
def test_json_that_is_none_is_refused_with_a_sentence(served, body):
    headers = {"Content-Type": "application/json"}
    reply = served.client.post(f"{API}/sessions", content=body, headers=headers)
    assert reply.status_code in {400, 422}
    assert reply.json()["detail"].endswith(".")
    assert served.workspace.store.sessions.latest(1, "me") is None


def test_ten_gigabytes_are_refused_before_they_come(served):
    headers = {"Content-Length": str(10 * 10**9), "Content-Type": "application/json"}
    reply = served.client.post(f"{API}/sessions", content=iter(()), headers=headers)
    assert "64 MB" in problem_of(reply, 413, "too_large")


@pytest.mark.parametrize("folder_name", ["a\0b", "x" * 4000, "/" * 10 + "etc", "~root", "a.png"])
def test_a_folder_that_no_system_has_is_refused(served, folder_name):
    problem_of(served.post("/projects", {"folder": folder_name}), 403, "forbidden")
    assert len(served.get("/projects").json()) == 1


def test_files_with_names_that_cannot_be_shown_do_not_hinder_the_others(served, folder):
    picture = (folder / "a.png").read_bytes()
    for name in (b"new\nline.png", b"not utf \xff.png", b"\xe2\x80\xaegnp.exe.png"):
        (folder / os.fsdecode(name)).write_bytes(picture)
    write_picture(folder / "größe 肝臓 <b>.png", disc(4))
    images, problems = rescan(served)
    assert images == ["a.png", "b.png", "c.png", "größe 肝臓 <b>.png"]
    assert set(problems) == {"new�line.png", "not utf �.png", "�gnp.exe.png"}
    assert all("Rename it" in detail for detail in problems.values())


def test_no_file_of_a_series_and_no_header_leads_out_of_the_folder(served, folder, tmp_path):
    secret = tmp_path / "secret.dcm"
    pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm")).save_as(secret)
    (folder / "series").mkdir()
    for name in ("1.dcm", "2.dcm"):
        os.symlink(secret, folder / "series" / name)
    header = b"NDims = 2\nDimSize = 4 4\nElementType = MET_UCHAR\nElementDataFile = ../secret.dcm\n"
    (folder / "d.mhd").write_bytes(header)
    images, problems = rescan(served)
    assert images == ["a.png", "b.png", "c.png"]
    assert "does not lie beside it" in problems.pop("d.mhd")
    assert problems
    assert all("leads out of the folder" in detail for detail in problems.values())


@pytest.mark.parametrize("risk", [0, 1e-320, 1, -0.05])
def test_a_risk_that_no_number_of_images_keeps_is_refused(served, risk):
    reply = served.post("/projects/1/propagate", {"target": TARGET, "risk": risk})
    assert "risk" in problem_of(reply, 422, "shape")


def test_scripts_in_targets_and_persons_are_data(served):
    added = served.post("/projects/1/targets", {"target": SCRIPT})
    shown = served.post("/sessions", {"image": 1, "target": SCRIPT, "person": SCRIPT})
    refused = served.post("/sessions", {"image": 1, "target": TARGET, "method": SCRIPT})
    assert SCRIPT in added.json()["targets"]
    assert (shown.json()["target"], shown.json()["person"]) == (SCRIPT, SCRIPT)
    assert SCRIPT in problem_of(refused, 400, "input")
    for reply in (added, shown, refused):
        assert reply.headers["content-type"].partition(";")[0].endswith("json")
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self' 'wasm-unsafe-eval';" in reply.headers["content-security-policy"]


def test_a_second_tab_sees_the_answers_of_the_first(served):
    first, second = served.open(), served.open()
    after = served.answer(first, "pick", candidate=1).json()
    late = served.answer(second, "judge", answer="worse")
    assert (problem_of(late, 409, "stale") != "", late.json()["current"]) == (True, after)
    assert served.open() == after


def test_of_two_answers_at_once_one_is_taken(served):
    shown = served.open()
    barrier, replies = Barrier(2), []

    def give(candidate):
        barrier.wait()
        replies.append(served.answer(shown, "pick", candidate=candidate))

    threads = [Thread(target=give, args=(candidate,)) for candidate in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken, refused = sorted(replies, key=lambda reply: reply.status_code)
    assert (taken.status_code, refused.status_code) == (200, 409)
    assert refused.json()["current"] == taken.json() == served.open()
    assert taken.json()["rounds"] == 1


@contextmanager
def full_disk(largest):
    """No file of this process grows beyond that: what a full disk answers to a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_full_disk_does_not_take_is_not_acknowledged(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        shown = served.open()
        mask = np.random.default_rng(0).random(shown["image"]["shape"]) > 0.5
        painted = {"round": 0, "choice": "edited", "edited": to_rle(mask)}
        address = f"/sessions/{shown['session']}"
        served.workspace.backstage.settle()
        with full_disk(100):
            for reply in (
                served.answer(shown, "pick", candidate=1),
                served.post(f"{address}/accept", painted),
                served.send((folder / "b.png").read_bytes() + bytes(2**21)),
            ):
                problem_of(reply, 503, "storage")
        assert everything_in(tmp_path / "home" / ".uploads") == {}
        assert served.get(address).json() == shown
        done = served.post(f"{address}/accept", painted).json()
        assert (mask_of(done["recommendation"]["rle"]) == mask[0]).all()
    with serving(folder, tmp_path / "home") as served:
        assert served.open() == done


def test_an_export_that_does_not_fit_on_the_disk_leaves_no_file(served, tmp_path):
    shown = served.open()
    served.post(f"/sessions/{shown['session']}/accept", {"round": 0})
    served.workspace.backstage.settle()
    whole = everything_in(tmp_path / "home" / "blobs")
    (tmp_path / "home" / "exports").write_text("in the way of the folder")
    job = served.post("/projects/1/exports", {"target": TARGET}).json()
    served.workspace.jobs.settle()
    told = served.get(f"/jobs/{job['id']}").json()
    assert (told["state"], told["result"]) == ("failed", None)
    assert "cannot be written" in told["detail"]
    problem_of(served.get(f"/exports/{job['id']}"), 400, "input")
    assert everything_in(tmp_path / "home" / "blobs") == whole


def state_of(served):
    """All that a reader sees of a project."""
    told = [
        served.get(address, target=TARGET).json()
        for address in ("/projects", "/projects/1/tasks", "/projects/1/context", "/jobs")
    ]
    return told, served.workspace.store.audit.events()


def test_no_route_acknowledges_what_a_read_only_database_does_not_take(served, folder, tmp_path):
    (folder / "sub").mkdir()
    first, second, _ = (task["id"] for task in state_of(served)[0][1]["tasks"])
    square = np.zeros((1, 48, 48), bool)
    square[0, 9:20, 9:20] = True
    served.workspace.store.masks.accept_by_rule(second, square, grounds())
    shown = served.open()
    address = f"/sessions/{shown['session']}"
    content = write_picture(tmp_path / "new.png", disc(11)).read_bytes()
    served.workspace.backstage.settle()
    before = state_of(served)
    with read_only(served.workspace.store.database):
        for reply in (
            served.post("/projects", {"folder": "sub"}),
            served.post("/projects/1/targets", {"target": "other"}),
            served.post("/projects/1/scan"),
            served.post("/projects/1/exports", {"target": TARGET}),
            served.post("/projects/1/propagate", {"target": TARGET}),
            served.post("/sessions", {"image": 1, "target": TARGET, "new": True}),
            served.post(f"{address}/feedback", {"kind": "pick", "round": 0, "candidate": 0}),
            served.post(f"{address}/accept", {"round": 0}),
            served.post(f"/tasks/{first}/skip"),
            served.post(f"/tasks/{second}/confirm"),
            served.post(f"/tasks/{second}/reopen"),
            served.send(content),
            served.client.delete(f"{API}/profiles/me"),
        ):
            said = problem_of(reply, 503, "storage")
            assert "Nothing was acknowledged" in said, reply.request.url
    assert state_of(served) == before
    assert everything_in(tmp_path / "home" / ".uploads") == {}
    assert served.get(address).json() == shown


@pytest.mark.parametrize(
    "path", ["/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd", "/./.."]
)
def test_no_address_leads_out_of_the_page(tmp_path, path):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("the page")
    (tmp_path / "secret.txt").write_text("secret")
    app = FastAPI()
    page.install(app, tmp_path / "dist")
    reply = TestClient(app, base_url=HERE).get(path)
    assert "secret" not in reply.text
    assert reply.status_code == 404 or reply.text == "the page"
