"""A server of its own, to be measured or killed: its pictures, its process, its memory."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx
import numpy as np
import psutil
from PIL import Image as Pillow

from assent.client import Client

TARGET = "disc"
PATIENCE_S = 120.0
"""How long a start may take on a machine that is busy."""


class NotStartedError(Exception):
    """The process left before it said where it is, or could not take the folder in."""


class Server:
    """``assent serve`` on ``images/`` of a folder, with all that is kept beside it."""

    def __init__(self, home: Path, *words: str) -> None:
        """Begin; nothing is started yet.

        Args:
            home: Where ``images/`` lies, and where work is kept.
            words: Further options of ``assent serve``.
        """
        self._home = home
        self._words = ["serve", "images", "--port", "0", "--target", TARGET, *words]
        self._process: subprocess.Popen[str] | None = None

    def launch(self) -> None:
        """Start the process, and wait for nothing."""
        log = (self._home / "server.log").open("a")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "assent", *self._words],
                cwd=self._home,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def address(self) -> str:
        """Where it listens, as soon as it does.

        Raises:
            NotStartedError: If it left before.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                return found[0]
        raise NotStartedError((self._home / "server.log").read_text(encoding="utf-8")[-2000:])

    def start(self) -> str:
        """Start it; returns its address when the process that computes is ready, too."""
        self.launch()
        address = self.address()
        wait_until_ready(address)
        return address

    def kill(self) -> None:
        """End it at once, as a power cut would; without a process, do nothing."""
        if self._process is not None:
            assert self._process.stdout is not None
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def memory_mb(self) -> tuple[float, float]:
        """Resident memory of the server and of its processes, in MB (1e6 bytes)."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        others = sum(child.memory_info().rss for child in server.children(recursive=True))
        return server.memory_info().rss / 1e6, others / 1e6

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def wait_until_ready(address: str) -> None:
    """Return when the process that computes can be asked.

    Raises:
        TimeoutError: If it takes more than ``PATIENCE_S``.
    """
    until = time.monotonic() + PATIENCE_S
    while httpx.get(f"{address}/health", timeout=PATIENCE_S).json()["worker"] != "ready":
        if time.monotonic() > until:
            raise TimeoutError(f"The server is not ready after {PATIENCE_S:g} s.")
        time.sleep(0.02)


def follow_scan(client: Client) -> None:
    """Return when the first job, which takes the folder in, is done.

    Raises:
        NotStartedError: If it failed.
    """
    *_, job = client.follow(1)
    if job.state != "done":
        raise NotStartedError(f"The scan is {job.state}: {job.detail}")


def write_pictures(folder: Path, count: int, side: int) -> None:
    """Bright discs with a halo in noise, so that their borders are a matter of opinion."""
    folder.mkdir(parents=True)
    y, x = np.ogrid[tuple(slice(-1, 1, complex(0, side)) for _ in range(2))]
    for number in range(count):
        rng = np.random.default_rng(number)
        row, column, size = rng.uniform((-0.2, -0.2, 0.3), (0.2, 0.2, 0.5))
        disc = np.hypot(y - row, x - column) < size
        halo = np.hypot(y - row, x - column - 0.1) < 1.35 * size
        gray = 60 + 50 * halo + 70 * disc + rng.normal(0, 9, (side, side))
        pixels = np.clip(gray, 0, 255).astype(np.uint8)
        Pillow.fromarray(pixels).save(folder / f"{number:04d}.png")
