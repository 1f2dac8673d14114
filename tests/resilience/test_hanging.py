"""A call that hangs costs its own answer and a restart: nobody waits for it for ever."""

import pytest
from fastapi.testclient import TestClient

from assent.client import Client
from assent.core.feedback import Correct, Pick, to_json
from assent.core.prompts import Click
from assent.interfaces.rest.app import create_app
from assent.services.worker import Worker
from assent.services.workspace import Workspace
from assent.storage.store import open_store
from interfaces.small_files import disc, write_picture
from resilience.hanging import CORNER, HangingSpec

HERE = "http://127.0.0.1:8642"
LIMIT_S = 2.0


@pytest.fixture
def worker(tmp_path):
    return Worker(HangingSpec("hanging", str(tmp_path / "blobs")), limit_s=LIMIT_S)


@pytest.fixture
def http(tmp_path, worker):
    """A server whose process computes with a method that may hang."""
    write_picture(tmp_path / "images" / "a.png", disc(9))
    workspace = Workspace(
        open_store(tmp_path / "assent.db", tmp_path / "blobs"),
        worker,
        method="hanging",
        folder=tmp_path / "images",
        exports=tmp_path / "exports",
    )
    with TestClient(create_app(workspace), base_url=HERE) as http:
        workspace.open_folder(target="disc")
        workspace.jobs.settle()
        yield http


def test_a_call_that_hangs_is_ended_with_a_sentence_and_the_session_survives(http, worker):
    client = Client(http=http)
    shown = client.open(client.images(1)[0].id, "disc")
    shown = client.answer(shown.session, Pick(0, 0))
    starts = worker.starts
    hangs = to_json(Correct((Click(CORNER),), 1))
    reply = http.post(f"/api/v1/sessions/{shown.session}/feedback", json=hangs)
    assert (reply.status_code, reply.json()["code"]) == (503, "worker"), reply.text
    assert "took longer than 2 seconds and was ended" in reply.json()["detail"]
    again = client.see(shown.session)
    assert again == shown
    assert (again.recommended == shown.recommended).all()
    assert client.answer(shown.session, Correct((Click((0, 24, 24)),), 1)).round == 2
    assert worker.starts == starts + 1
