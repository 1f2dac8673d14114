"""Who is let in, what is refused, and how it is said."""

import os

import pytest

from assent.core.errors import ConfigError
from assent.interfaces.rest import guard
from assent.services.hosting import token_for
from interfaces.rest.serving import API, TARGET, problem_of, serving
from interfaces.small_files import disc, write_picture

TOKEN = "a long secret"


def test_only_loopback_is_served_without_a_token(monkeypatch):
    monkeypatch.delenv("ASSENT_TOKEN", raising=False)
    assert token_for("127.0.0.1", None) is None
    with pytest.raises(ConfigError, match=r"Serving on 0\.0\.0\.0 .* --token"):
        token_for("0.0.0.0", None)
    with pytest.raises(ConfigError, match="fewer than 8"):
        token_for("127.0.0.1", "short")
    for unfit in ("passwörter", " " * 8, "two\nlines of it"):
        with pytest.raises(ConfigError, match="not every program can send"):
            token_for("127.0.0.1", unfit)
    monkeypatch.setenv("ASSENT_TOKEN", TOKEN)
    assert token_for("0.0.0.0", None) == TOKEN


def test_a_token_is_asked_of_everything_but_health_and_page(folder, tmp_path):
    with serving(folder, tmp_path / "home", token=TOKEN) as served:
        get = served.client.get
        problem_of(get(f"{API}/projects"), 401, "token")
        for wrong in ("Bearer wrong", f"Basic {TOKEN}", "Bearer"):
            reply = get(f"{API}/projects", headers={"Authorization": wrong})
            problem_of(reply, 401, "token")
        problem_of(get("/metrics"), 401, "token")
        assert get(f"{API}/projects", headers={"Authorization": f"Bearer {TOKEN}"}).is_success
        assert get("/health").is_success
        assert get("/").is_success


def test_a_browser_keeps_a_cookie_in_place_of_the_token(folder, tmp_path):
    with serving(folder, tmp_path / "home", token=TOKEN) as served:
        problem_of(served.post("/login", {"token": "wrong wrong"}), 401, "token")
        reply = served.post("/login", {"token": TOKEN})
        assert reply.status_code == 204
        assert TOKEN not in reply.headers["set-cookie"]
        assert "HttpOnly" in reply.headers["set-cookie"]
        assert "SameSite=strict" in reply.headers["set-cookie"]
        assert served.get("/projects").is_success
        assert served.post("/logout").status_code == 204
        problem_of(served.get("/projects"), 401, "token")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1234"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
    ],
)
def test_posts_from_other_sites_and_names_are_refused(served, headers):
    image = served.images()[0]["id"]
    body = {"image": image, "target": TARGET}
    reply = served.client.post(f"{API}/sessions", json=body, headers=headers)
    problem_of(reply, 403, "forbidden")
    assert served.workspace.store.sessions.latest(1, "me") is None
    ours = {"Origin": "http://127.0.0.1:8642", "Sec-Fetch-Site": "same-origin"}
    assert served.client.post(f"{API}/sessions", json=body, headers=ours).status_code == 201


@pytest.mark.parametrize("path", ["..", "../home", "/etc", "a/../../home", "out"])
def test_no_path_leads_out_of_the_folder(served, folder, tmp_path, path):
    os.symlink(tmp_path / "home", folder / "out")
    problem_of(served.post("/projects", {"folder": path}), 403, "forbidden")
    assert len(served.get("/projects").json()) == 1


def test_an_image_that_is_a_link_to_elsewhere_is_not_read(served, folder, tmp_path):
    write_picture(tmp_path / "secret.png", disc(4))
    os.symlink(tmp_path / "secret.png", folder / "link.png")
    served.post("/projects/1/scan")
    served.workspace.jobs.settle()
    assert [image["path"] for image in served.images()] == ["a.png", "b.png", "c.png"]
    (told,) = served.get("/projects/1/problems").json()
    assert told["path"] == "link.png"
    assert "leads out of the folder" in told["detail"]


def test_an_image_replaced_by_a_link_to_elsewhere_is_not_shown(served, folder, tmp_path):
    image = served.images()[0]
    write_picture(tmp_path / "secret.png", disc(4))
    (folder / image["path"]).unlink()
    os.symlink(tmp_path / "secret.png", folder / image["path"])
    problem_of(served.get(f"/images/{image['id']}/thumbnail", size=32), 403, "forbidden")


def test_bodies_that_are_too_large_are_refused_with_and_without_a_length(served, monkeypatch):
    monkeypatch.setattr(guard, "MOST_BYTES", 1000)
    large = b'{"target": "' + b"x" * 2000 + b'"}'
    headers = {"Content-Type": "application/json"}
    address = f"{API}/projects/1/targets"
    stated = served.client.post(address, content=large, headers=headers)
    problem_of(stated, 413, "too_large")
    unstated = served.client.post(address, content=iter([large]), headers=headers)
    problem_of(unstated, 413, "too_large")


def test_requests_that_misstate_something_are_told_where(served):
    shown = served.open()
    for body in (
        {"kind": "pick", "round": -1, "candidate": 0},
        {"kind": "dance", "round": 0},
        {"kind": "pick", "round": 0, "candidate": 0, "more": 1},
        {"kind": "correct", "round": 0, "prompts": [{"kind": "click", "at_zyx": [0, 1]}]},
    ):
        reply = served.post(f"/sessions/{shown['session']}/feedback", body)
        problem_of(reply, 422, "shape")
        assert reply.json()["errors"][0]["at"][0] == "body"
    outside = [{"kind": "click", "at_zyx": [0, 500, 1]}]
    reply = served.answer(shown, "correct", prompts=outside)
    assert "outside the image" in problem_of(reply, 400, "input")
    problem_of(served.get("/sessions/99"), 404, "not_found")
    problem_of(served.get("/nowhere"), 404, "not_found")
    assert served.open()["round"] == 0


def test_a_mistake_of_ours_tells_nothing_about_itself(served, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret of a patient")

    monkeypatch.setattr(served.worker.engine, "see", fail)
    body = {"image": served.images()[0]["id"], "target": TARGET}
    reply = served.post("/sessions", body)
    assert "secret" not in problem_of(reply, 500, "bug")
    assert {name: reply.headers.get(name) for name in guard.HEADERS} == guard.HEADERS


def test_names_that_hold_a_script_stay_text(served, folder):
    write_picture(folder / "<img src=x onerror=alert(1)>.png", disc(6))
    served.post("/projects/1/scan")
    served.workspace.jobs.settle()
    reply = served.get("/projects/1/images")
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in reply.headers["content-security-policy"]
    assert any("onerror" in image["name"] for image in reply.json())


def test_a_file_that_is_no_image_does_not_hinder_the_others(served, folder):
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    write_picture(folder / "d.png", disc(6))
    served.post("/projects/1/scan")
    served.workspace.jobs.settle()
    assert [image["name"] for image in served.images()] == ["a.png", "b.png", "c.png", "d.png"]
    assert [told["path"] for told in served.get("/projects/1/problems").json()] == ["broken.png"]
