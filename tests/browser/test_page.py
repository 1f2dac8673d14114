"""The page as a person uses it. Scenarios are in ``scenarios``, one file each."""

import gzip
import json
import re
import subprocess

import pytest

from assent.interfaces.rest.app import create_app
from assent.services.hosting import Hosting, open_workspace
from browser.conftest import DIST, ROOT

ENTRY_BYTES = 450_000
INTERACTIVE_MS = 2000


def test_a_picture_is_chosen_corrected_undone_accepted_and_the_next_opens(play):
    play("flat")


def test_a_volume_is_looked_through_chosen_and_accepted(play):
    play("volume")


def test_a_killed_server_loses_nothing_and_gets_what_waited_once(play):
    play("killed")


def test_a_second_window_sees_the_first_ones_answer_and_never_overwrites_it(play):
    play("tabs")


def test_first_run_help_themes_tablets_and_hostile_names(play):
    said = play("looks")
    took = next(line["interactive_ms"] for line in said if "interactive_ms" in line)
    assert took < INTERACTIVE_MS


def test_what_the_page_loads_first_is_small():
    index = (DIST / "index.html").read_text(encoding="utf-8")
    first = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', index)
    assert any(name.endswith(".js") for name in first)
    assert not any("Planes" in name for name in first)
    assert sum(len(gzip.compress((DIST / name).read_bytes())) for name in first) <= ENTRY_BYTES


@pytest.fixture
def document(tmp_path):
    """The server's OpenAPI document, as a file."""
    (tmp_path / "images").mkdir()
    workspace = open_workspace(
        Hosting(
            folder=tmp_path / "images",
            method="geodesic",
            database=str(tmp_path / "assent.db"),
            blobs=str(tmp_path / "blobs"),
        )
    )
    path = tmp_path / "openapi.json"
    try:
        path.write_text(json.dumps(create_app(workspace).openapi()), encoding="utf-8")
    finally:
        workspace.close()
    return path


def test_types_of_the_page_are_those_of_the_server(document, tmp_path):
    made = tmp_path / "types.gen.ts"
    subprocess.run(
        ["node", "scripts/types.mjs", str(document), str(made)], cwd=ROOT / "web", check=True
    )
    kept = ROOT / "web" / "src" / "api" / "types.gen.ts"
    assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), (
        "The server's types changed. Run: npm run types, in web/, while assent serve runs."
    )
