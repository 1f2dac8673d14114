"""Listen until somebody stops it."""

import socket
from collections.abc import Callable

import uvicorn

from assent.core.errors import InputError
from assent.interfaces.rest.app import create_app
from assent.services.workspace import Workspace

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Addresses on which every network is listened to; none of them can be opened in a browser."""

LEAVE_S = 3
"""How long requests may take to end when the server is stopped."""


def run(
    workspace: Workspace, host: str, port: int, *, token: str | None, tell: Callable[[str], None]
) -> None:
    """Serve a workspace until Ctrl-C; it is closed then.

    Args:
        workspace: What is served.
        host: Address to listen on.
        port: To listen on; 0 takes a free one.
        token: Asked of every request, if there is one.
        tell: Told the address once it answers, as it can be opened on this machine.

    Raises:
        InputError: If the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        workspace.close()
        raise InputError(
            f"Port {port} of {host} cannot be used: {error.strerror}. Stop the server that has it,"
            " or choose another with --port."
        ) from error
    near = EVERYWHERE.get(host, host)
    name = f"[{near}]" if family == socket.AF_INET6 else near
    with listener:
        # Head and body of a reply are two packets: unless told so, the system holds the second back
        # until the first is confirmed, 40 ms later. Connections inherit this from their listener.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A connection waits in the listener's queue until the server takes it: none is refused.
        tell(f"http://{name}:{listener.getsockname()[1]}")
        app = create_app(workspace, token=token)
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=LEAVE_S, server_header=False
        )
        uvicorn.Server(config).run(sockets=[listener])
