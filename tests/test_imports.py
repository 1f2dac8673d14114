import json
import subprocess
import sys

import pytest

HEAVY = {
    *("torch", "monai", "matplotlib", "scipy", "skimage", "sklearn", "SimpleITK", "nibabel"),
    *("sqlalchemy", "alembic", "obstore"),
}
REPORT = (
    "; import json, sys; json.dump(sorted({m.partition('.')[0] for m in sys.modules}), sys.stderr)"
)


def loaded_by(code):
    """Top-level modules that are loaded after running some code in a fresh interpreter."""
    command = [sys.executable, "-c", code + REPORT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return set(json.loads(done.stderr))


def call(*words):
    return f"from assent.interfaces.cli.main import run; run({list(words)!r})"


@pytest.mark.parametrize("code", ["import assent", call("--help"), call("--version")])
def test_a_bare_import_and_the_overview_load_nothing_heavy(code):
    assert loaded_by(code) & HEAVY == set()


@pytest.mark.parametrize("command", ["segment", "bench", "train", "propagate", "weights info"])
def test_help_of_a_command_loads_no_network_library(command):
    assert loaded_by(call(*command.split(), "--help")) & {"torch", "monai"} == set()


@pytest.mark.parametrize("words", [("list",), ("info", "posterior")])
def test_what_weights_say_is_read_without_a_network_library(words):
    assert loaded_by(call("weights", *words)) & {"torch", "monai"} == set()
