import json
import os
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does; it says nothing about the code.
# The same examples every time: what a test says changes with the code alone.
settings.register_profile("any machine", deadline=None, derandomize=True)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real images; tests that ask for it carry the marker ``data``."""
    return Path(os.environ["ASSENT_DATA"])


def pytest_runtest_setup(item: pytest.Item) -> None:
    reasons = {"data": _no_data, "weights": _no_weights}
    for marker, find_reason in reasons.items():
        if item.get_closest_marker(marker) and (reason := find_reason()):
            pytest.skip(reason)


def _no_data() -> str:
    named = os.environ.get("ASSENT_DATA", "")
    if not named:
        return "ASSENT_DATA names no folder of real images"
    return "" if Path(named).is_dir() else f"ASSENT_DATA names {named!r}, which is no folder"


def _no_weights() -> str:
    manifest = resources.files("assent.models") / "shipped" / "manifest.json"
    shipped = json.loads(manifest.read_text(encoding="utf-8"))
    return "" if shipped else "no weights are shipped with this version"
