"""The listener that the server is given."""

import socket

import pytest
import uvicorn

from assent.interfaces.rest.running import run
from interfaces.rest.serving import serving


@pytest.fixture
def workspace(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        yield served.workspace


def test_no_packet_of_a_reply_is_held_back(workspace, monkeypatch):
    told = []

    def connect(server, sockets):
        (listener,) = sockets
        with socket.create_connection(listener.getsockname()):
            connection, _ = listener.accept()
            with connection:
                told.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(uvicorn.Server, "run", connect)
    run(workspace, "127.0.0.1", 0, token=None, tell=told.append)
    assert told[0].startswith("http://127.0.0.1:")
    assert told[1] == 1
