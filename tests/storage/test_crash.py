"""Killed at any moment: every acknowledged answer is there, none twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from assent.core.feedback import to_json
from assent.storage.store import open_store
from assent.storage.tables import sessions
from storage import answering
from storage.work import TARGET, queue_up

KILLS = 10


def test_what_was_acknowledged_survives_ten_kills(database, tmp_path):
    place = tmp_path / "blobs"
    with open_store(database, place) as store:
        queue_up(store, "one")
    tests = Path(answering.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, answering.__file__, database, str(place), str(KILLS)],
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    acknowledged = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(acknowledged) >= KILLS
    with open_store(database, place) as store:
        kept = histories(store)
        for session, answer in acknowledged:
            assert kept[session][answer["round"]] == answer
        for history in kept.values():
            assert [answer["round"] for answer in history] == list(range(len(history)))
        check_acceptances(store, kept)
        # At most the answer of each killed child that it could no longer speak of.
        assert sum(map(len, kept.values())) - len(acknowledged) <= KILLS


def histories(store):
    with store.database.reading() as connection:
        ids = connection.scalars(select(sessions.c.id)).all()
    return {id_: [to_json(a) for a in store.sessions.get(id_).history] for id_ in ids}


def check_acceptances(store, kept):
    """Each acceptance has its mask and stands in the audit; the last one holds."""
    accepted = sorted(id_ for id_, history in kept.items() if len(history) == 5)
    assert accepted
    events = store.audit.events()
    assert [event.session_id for event in events] == accepted
    assert all(store.masks.read(event.blob).any() for event in events)
    assert store.masks.holding(1).session_id == accepted[-1]
    (entry,) = store.masks.context(1, TARGET)
    assert entry.blob == events[-1].blob
    assert store.projects.progress(1, TARGET) == {"accepted": 1}
