"""The crash runs find what they look for: answers lost, doubled and changed."""

from collections import Counter
from dataclasses import replace

import pytest
from ledger import Act, Known, Sitting
from sqlalchemy import text
from stored import check

from assent.client import Client
from assent.core.feedback import Accept, Correct, Pick
from assent.core.prompts import Click
from assent.methods import registry
from assent.services.engine import Engine
from assent.storage.store import open_store
from interfaces.rest.serving import TARGET, InlineWorker, serving
from interfaces.small_files import disc, write_picture

METHOD = registry.build("geodesic")
ANSWERS = (Correct((Click((0, 24, 24)),), 0), Pick(0, 1), Pick(1, 2), Accept("recommended", 3))
TOLD = (
    "at, person, event, image_digest, target, session_id, blob, method, weights_digest,"
    " settings_digest"
)


@pytest.fixture
def client(tmp_path):
    write_picture(tmp_path / "images" / "a.png", disc(9))
    with serving(tmp_path / "images", tmp_path / "home", method=METHOD) as served:
        yield Client(http=served.client)


@pytest.fixture
def sitting(client):
    """A session of four answers, of which the last accepts."""
    sitting = Sitting(client.open(client.images(1)[0].id, TARGET))
    for answer in ANSWERS:
        sitting.ask(client, Act("answer", answer))
    return sitting


def counted(tmp_path, sitting, *statements):
    """What is found in the database after somebody changed it."""
    home = tmp_path / "home"
    worker = InlineWorker(Engine(METHOD, str(home / "blobs")))
    with open_store(home / "assent.db", home / "blobs") as store:
        with store.database.writing() as connection:
            for statement in statements:
                connection.execute(text(statement))
        return +check(store, worker, {sitting.shown.session: sitting})


def test_a_sound_database_has_no_fault_whatever_was_undone_and_reopened(client, sitting, tmp_path):
    for act in ("reopen", "undo", "redo"):
        sitting.ask(client, Act(act))
    sitting.ask(client, Act("answer", Accept(1, 3)))
    assert sitting.known.events == ("accepted", "reopened", "accepted")
    assert len(set(sitting.accepted)) == 2
    assert not counted(tmp_path, sitting)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM feedback WHERE round = 3", "lost"),
        ("DELETE FROM feedback WHERE round = 1", "lost"),
        ("INSERT INTO feedback SELECT session_id, 4, answer, given_at FROM feedback"
         " WHERE round = 3", "doubled"),
        ("UPDATE sessions SET round = 3", "differs"),
        (f"INSERT INTO audit (id, {TOLD}) SELECT id + 1, {TOLD} FROM audit", "doubled"),
    ],
)  # fmt: skip
def test_what_a_database_lost_doubled_or_changed_is_counted(sitting, tmp_path, statement, found):
    assert counted(tmp_path, sitting, statement)[found] == 1


def test_a_mask_that_is_not_the_acknowledged_one_is_counted(sitting, tmp_path):
    sitting.accepted = ["another"]
    assert counted(tmp_path, sitting) == {"differs": 1}


def test_an_image_that_replays_to_another_mask_is_counted(sitting, tmp_path):
    sitting.shown = replace(sitting.shown, recommended=~sitting.shown.recommended)
    assert counted(tmp_path, sitting) == {"differs": 1}


def test_answers_of_nobody_and_sessions_that_are_gone_are_counted(sitting, tmp_path):
    other = Sitting(replace(sitting.shown, session=99), sitting.known)
    assert counted(tmp_path, other) == {"lost": 4, "doubled": 4}


@pytest.mark.parametrize("is_stored", [False, True])
def test_what_was_under_way_counts_once_when_it_is_asked_for_again(client, sitting, is_stored):
    sitting.ask(client, Act("reopen"))
    sitting.pending = Act("answer", Pick(2, 3))
    if is_stored:
        client.answer(sitting.shown.session, sitting.pending.answer)
    tally = Counter()
    sitting.look(client, tally)
    assert +tally == Counter(acknowledged=1, resent=1, stored_before=int(is_stored)) + Counter()
    assert (sitting.shown.round, sitting.pending) == (4, None)


def test_a_server_that_shows_less_or_other_than_was_acknowledged_is_counted(client, sitting):
    told = sitting.known
    sitting.known = Known((*told.answers, {"kind": "pick", "round": 4}), 5, told.events)
    tally = Counter()
    sitting.look(client, tally)
    assert tally["lost"] == 1
    sitting.known, tally = told, Counter()
    client.reopen(sitting.shown.session)
    sitting.look(client, tally)
    assert (tally["lost"], tally["differs"]) == (1, 1)
