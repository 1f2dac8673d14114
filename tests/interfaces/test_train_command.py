"""What a person sees while weights are trained, and which of several processes says it."""

from contextlib import contextmanager

import pytest

from assent.interfaces.cli import train as command
from assent.services.train import Progress

WORDS = (
    "train",
    "posterior",
    "--data",
    "synthetic:raters2d",
    "--steps",
    2,
    "--out",
    "w.safetensors",
)


@pytest.fixture
def shown(monkeypatch):
    """What the progress bar is told, of a training that does nothing."""
    told = []

    @contextmanager
    def bar(title, *, off):
        yield (lambda done, text: None) if off else (lambda done, text: told.append((done, text)))

    def run(request, report):
        report(Progress(1, 0.5, {"loss": 2.0, "dice": 0.25}))
        report(Progress(2, 1.0, {"loss": 1.0}))
        report(Progress(2, 0.3, {}, doing="fitting constants"))
        return request.out

    monkeypatch.setattr(command, "progress_bar", bar)
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(command, "weights_info", lambda name: {"bytes": 2**20, "parameters": 7})
    return told


def test_the_bar_says_what_happens_after_the_last_step(cli, shown):
    assert cli(*WORDS).code == 0
    assert shown == [
        (0.5, "step 1  loss 2.000  dice 0.250"),
        (1.0, "step 2  loss 1.000"),
        (0.3, "fitting constants"),
    ]


def test_of_several_processes_the_first_speaks(cli, shown, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    assert cli(*WORDS).out.startswith("w.safetensors  7 parameters")
    assert len(shown) == 3
    # The others may be done while the first still writes the file.
    monkeypatch.setattr(command, "weights_info", pytest.fail)
    monkeypatch.setenv("RANK", "1")
    ran = cli(*WORDS)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert len(shown) == 3
