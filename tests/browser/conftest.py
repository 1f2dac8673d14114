"""The built page in a real browser, against a real server on a small folder of images."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
DIST = ROOT / "src" / "assent" / "interfaces" / "web" / "dist"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
HOSTILE = "<img src=x onerror=alert(1)>.png"
SCENARIO_S = 300
PICTURES = Path(os.environ.get("ASSENT_SCREENSHOTS") or ROOT / "build" / "screenshots").resolve()
"""Where screenshots of the main states are kept, to be looked at."""
TAKEN = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = _missing()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason=missing))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.stash.get(TAKEN, False):
        terminalreporter.write_line(f"Screenshots of the page are in {PICTURES}.")


def _missing() -> str:
    if BROWSER is None:
        return "there is no chromium; install Debian's package of that name"
    if shutil.which("node") is None:
        return "there is no node"
    if not (ROOT / "web" / "node_modules" / "playwright-core").is_dir():
        return "the page's packages are not installed; run npm ci in web/"
    return "" if (DIST / "index.html").is_file() else "the page is not built; run make web"


class Server:
    """``assent serve`` as a process of its own, which can be killed and started again."""

    def __init__(self, work: Path, *words: str) -> None:
        self.work = work
        self.words = words
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assent", "serve", *self.words, "--port", str(self.port)],
            cwd=self.work,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        self.port = int(found[1])

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def swap(self) -> None:
        database = ("--database", "other.db")
        others = self.words[: -len(database)]
        self.words = others if self.words[len(others) :] == database else self.words + database


@pytest.fixture(scope="session")
def pictures(pytestconfig: pytest.Config) -> Path:
    """The folder of the screenshots, without the failure of an earlier run."""
    pytestconfig.stash[TAKEN] = True
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "failure.png").unlink(missing_ok=True)
    return PICTURES


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """On three pictures of a disc, one of them with a hostile name, and a volume."""
    images = tmp_path / "images"
    images.mkdir()
    running = Server(tmp_path, "images", "--target", "disc")
    _write(images)
    running.start()
    yield running
    running.kill()


def _write(images: Path) -> None:
    rng = np.random.default_rng(5)
    z, y, x = np.mgrid[:16, :96, :96]
    noise = rng.normal(0, 9, (16, 96, 96))
    ball = (z - 8) ** 2 * 9 + (y - 48) ** 2 + (x - 48) ** 2 < 22**2
    # A halo makes the border a matter of opinion, so that there is something to choose.
    halo = (z - 8) ** 2 * 9 + (y - 48) ** 2 + (x - 52) ** 2 < 30**2
    voxels = 70 + 50 * halo + 80 * ball + noise
    flat = np.clip(voxels[8], 0, 255).astype(np.uint8)
    for name, shift in (("a.png", 0), ("b.png", 5), (HOSTILE, -5)):
        Image.fromarray(np.roll(flat, shift, axis=1)).save(images / name)
    volume = np.ascontiguousarray(voxels.transpose(2, 1, 0)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([1.0, 1.0, 3.0, 1.0])), images / "c.nii.gz")


@pytest.fixture
def play(server: Server, pictures: Path):
    """Run a scenario in node; returns what it printed as JSON. It may ask for the server's end.

    After "swap" it starts with another database on the same images, after a second one with the
    first again.
    """

    def run(scenario: str, *more: object) -> list[dict[str, object]]:
        script = HERE / "scenarios" / f"{scenario}.mjs"
        words = ["node", str(script), server.address, str(pictures), str(BROWSER), *map(str, more)]
        said: list[dict[str, object]] = []
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as node:
            assert node.stdin is not None
            assert node.stdout is not None
            assert node.stderr is not None
            for line in node.stdout:
                said.append(json.loads(line))
                wish = said[-1].get("ask")
                if wish:
                    do = {"kill": server.kill, "start": server.start, "swap": server.swap}
                    do[str(wish)]()
                    node.stdin.write("done\n")
                    node.stdin.flush()
            complaint = node.stderr.read()
            node.wait(SCENARIO_S)
        assert node.returncode == 0, complaint
        return said

    return run
