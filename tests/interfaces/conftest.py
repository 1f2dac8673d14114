"""Run the command line in this process."""

from dataclasses import dataclass

import pytest

from assent.interfaces.cli.main import run
from assent.methods import registry
from assent.testing.methods import ThresholdMethod
from interfaces.small_files import disc, write_picture


@dataclass(frozen=True)
class Ran:
    """Exit code, and what was printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Runs ``assent`` with words, in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        capsys.readouterr()
        code = run([str(word) for word in words])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return call


class _Point:
    """An entry point of a method that is made here."""

    def __init__(self, factory):
        self.factory = factory

    def load(self):
        return self.factory


@pytest.fixture
def install(monkeypatch):
    """Registers a factory under a name, beside the installed methods."""

    def add(name, factory):
        installed = registry._installed()
        monkeypatch.setattr(registry, "_installed", lambda: {**installed, name: _Point(factory)})

    return add


@pytest.fixture
def threshold(install):
    """The method without weights that learns from context, under the name "threshold"."""
    install("threshold", lambda settings, weights: ThresholdMethod(**settings))
    return "threshold"


@pytest.fixture
def image(tmp_path):
    return write_picture(tmp_path / "image.png", disc(9))
