"""The page as a person uses it. Scenarios are in ``scenarios``, one file each."""

import gzip
import json
import re
import subprocess
from urllib.request import urlopen

import numpy as np
import pytest

from assent.interfaces.rest.app import create_app
from assent.services.hosting import Hosting, open_workspace
from assent.storage.store import open_store
from browser.conftest import DIST, ROOT
from interfaces.small_files import recorded
from storage.work import grounds

ENTRY_BYTES = 450_000
INTERACTIVE_MS = 2000


def test_a_picture_is_chosen_corrected_undone_accepted_and_the_next_opens(play):
    play("flat")


def test_a_volume_is_looked_through_chosen_and_accepted(play):
    play("volume")


def test_a_killed_server_loses_nothing_and_gets_what_waited_once(play):
    play("killed")


def test_an_answer_that_waits_is_never_applied_to_another_database(play):
    play("elsewhere")


def test_a_second_window_sees_the_first_ones_answer_and_never_overwrites_it(play):
    play("tabs")


def test_a_mask_is_painted_by_hand_undone_kept_over_a_reload_and_accepted(play):
    play("painting")


def test_scribbles_are_drawn_erased_undone_and_stored(play):
    play("scribble")


def test_images_series_and_folders_are_added_and_taken_back_and_what_is_none_says_so(play, server):
    play("upload", recorded("98892001"), server.work / "images")


def test_a_target_is_added_with_keys_worked_on_and_removed_where_it_was_misspelt(play):
    play("targets")


@pytest.fixture
def by_rule(server):
    """Two of the pictures, accepted by the rule before the page opens."""
    # The events of the first scan end when every image is known.
    urlopen(f"{server.address}/api/v1/jobs/1/events").read()
    (database,) = server.work.rglob("assent.db")
    disc = np.hypot(*np.mgrid[-48:48, -48:48]) < 22
    with open_store(database, database.parent / "blobs") as store:
        for task in store.projects.queue(1, "disc"):
            if store.projects.image(task.image_id).path in {"a.png", "b.png"}:
                store.projects.rank({task.id: (0.93, 0.93)})
                store.masks.accept_by_rule(task.id, disc[None], grounds())


def test_what_a_rule_accepted_is_confirmed_or_opened_again(by_rule, play):
    play("review")


def test_first_run_help_themes_tablets_and_hostile_names(play):
    said = play("looks")
    took = next(line["interactive_ms"] for line in said if "interactive_ms" in line)
    assert took < INTERACTIVE_MS


def test_on_a_tablet_nothing_is_too_small_for_a_finger(play):
    play("touch")


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
