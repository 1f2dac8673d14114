"""Ctrl-C in the terminal of ``assent serve``: one sentence, and nothing is left running."""

import os
import re
import signal
import subprocess
import sys

import pytest

from assent.client import Client
from interfaces.small_files import disc, write_picture

# A shell that starts this in the background has Ctrl-C ignored; a terminal has not.
RUN = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from assent.interfaces.cli.main import main; main(sys.argv[1:])"
)


@pytest.fixture
def terminal(tmp_path):
    """``assent serve`` with everything it starts, as a terminal sees them: one group."""
    write_picture(tmp_path / "images" / "a.png", disc(9))
    words = ["serve", "images", "--port", "0", "--method", "geodesic"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *words],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_server_ends_the_computing_process_in_order(terminal):
    line = terminal.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert address, line
    with Client(address[0]) as client:
        assert client.projects()
    # The computing process is about to start, or starting: it must not hear this.
    os.killpg(terminal.pid, signal.SIGINT)
    # Ends when the last process that could say something is gone.
    _, told = terminal.communicate(timeout=120)
    assert terminal.returncode == 130, told
    assert told.startswith("Stopped."), told
    assert len(told.splitlines()) == 1, told
