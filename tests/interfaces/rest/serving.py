"""A server in this process, on a small folder, with a method without weights."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import event

from assent.core.errors import WorkerError
from assent.interfaces.rest.app import create_app
from assent.interfaces.rest.schemas import Rle
from assent.services.engine import Engine
from assent.services.uploads import AS_SENT
from assent.services.workspace import Workspace
from assent.storage.store import open_store
from assent.testing.methods import ThresholdMethod

HERE = "http://127.0.0.1:8642"
API = "/api/v1"
TARGET = "disc"


class InlineWorker:
    """Computes in this process, and dies when told to."""

    def __init__(self, engine):
        self.engine, self.state, self.starts, self.is_dying = engine, "ready", 1, False
        self.calls = []

    def call(self, verb, *arguments, is_patient=False):
        self.calls.append(verb)
        if self.is_dying:
            raise WorkerError("The process that computes stopped. Ask again in a few seconds.")
        return getattr(self.engine, verb)(*arguments)

    def close(self):
        self.state = "stopped"


@dataclass
class Served:
    """A running server."""

    client: TestClient
    workspace: Workspace
    worker: InlineWorker

    def get(self, path, **query):
        return self.client.get(API + path, params=query)

    def post(self, path, body=None):
        return self.client.post(API + path, json=body or {})

    def images(self):
        reply = self.get("/projects/1/images")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def open(self, image=None, **more):
        body = {"image": image or self.images()[0]["id"], "target": TARGET, **more}
        reply = self.post("/sessions", body)
        assert reply.status_code in {200, 201}, reply.text
        return reply.json()

    def answer(self, proposal, kind, **more):
        body = {"kind": kind, "round": proposal["round"], **more}
        return self.post(f"/sessions/{proposal['session']}/feedback", body)

    def send(self, content, name="new.png", **headers):
        """Add a file to the project."""
        address = f"{API}/projects/1/images"
        return self.client.post(address, params={"name": name}, content=content, headers=headers)


@contextmanager
def serving(
    folder: Path,
    home: Path,
    *,
    token=None,
    method=None,
    worker=None,
    database="assent.db",
    sending=AS_SENT,
):
    """Serve a folder; work is kept in ``home``, so that a second server goes on with it."""
    home.mkdir(exist_ok=True)
    store = open_store(home / database, home / "blobs")
    worker = worker or InlineWorker(Engine(method or ThresholdMethod(), str(home / "blobs")))
    workspace = Workspace(
        store,
        worker,
        method="threshold",
        folder=folder,
        exports=home / "exports",
        sending=sending,
    )
    app = create_app(workspace, token=token)
    with TestClient(_outspoken(app), base_url=HERE, raise_server_exceptions=False) as client:
        workspace.open_folder(target=TARGET)
        workspace.jobs.settle()
        # The first request builds the routes with some warnings off, which no other thread may
        # turn on again at that time.
        workspace.backstage.settle()
        yield Served(client, workspace, worker)


def _outspoken(app):
    """The same, telling the log what the reply to a mistake of ours keeps to itself."""

    async def told(scope, receive, send):
        try:
            await app(scope, receive, send)
        except Exception:
            logging.getLogger(__name__).exception("a mistake of the server")
            raise

    return told


@contextmanager
def read_only(database):
    """Every new connection refuses to write, as on a disk that was mounted read-only."""

    def refuse(connection, _):
        connection.execute("PRAGMA query_only = ON")

    event.listen(database._engine, "connect", refuse)
    database.close()
    try:
        yield
    finally:
        event.remove(database._engine, "connect", refuse)
        database.close()


def problem_of(reply, status, code):
    """The sentence of a refusal, after a look at all that goes with it."""
    assert (reply.status_code, reply.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), reply.text
    told = reply.json()
    assert (told["status"], told["code"], told["type"]) == (status, code, "about:blank")
    return told["detail"]


def mask_of(rle):
    """The slice that run lengths describe."""
    told = Rle(**rle)
    values = np.arange(len(told.runs)) % 2 == 1
    return np.repeat(values, told.runs).reshape(told.shape)
