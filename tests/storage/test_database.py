"""What SQLite and PostgreSQL are asked for, and what is said when they cannot give it."""

import threading
import traceback

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from assent.core.errors import ConfigError, InputError, MissingExtraError
from assent.core.feedback import Correct
from assent.core.prompts import Click
from assent.storage import database as module
from assent.storage.database import Database
from assent.storage.store import open_store
from assent.storage.tables import audit, masks, sessions
from storage.work import TARGET, answer, begin, queue_up, some_mask


@pytest.fixture
def file_store(tmp_path):
    with open_store(tmp_path / "assent.db", tmp_path / "blobs") as opened:
        yield opened


def pragma(connection, name):
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_sqlite_syncs_every_commit_and_watches_references(file_store):
    with file_store.database.reading() as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2  # FULL
        assert pragma(connection, "foreign_keys") == 1
        assert pragma(connection, "busy_timeout") >= 5000


def test_references_lead_somewhere_and_values_are_there(store):
    begin(store)
    for table, changed in ((sessions, {"task_id": 99}), (sessions, {"method": None})):
        with store.database.reading() as connection:
            row = dict(connection.execute(table.select()).one()._mapping)
        with pytest.raises(IntegrityError), store.database.writing() as connection:
            connection.execute(insert(table).values(**{**row, "id": 50, **changed}))


def test_two_masks_cannot_hold_for_one_task(store):
    (task,) = queue_up(store, "one")
    for seed in (1, 2):
        store.masks.add(task.id, some_mask(seed), person="ada")
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        connection.execute(masks.update().values(withdrawn_at=None))


def test_the_audit_cannot_be_changed(store):
    (task,) = queue_up(store, "one")
    store.masks.add(task.id, some_mask(), person="ada")
    before = store.audit.events()
    for statement in (audit.update().values(person="eve"), audit.delete()):
        with pytest.raises(DatabaseError, match="append-only"), store.database._engine.begin() as c:
            c.execute(statement)
    assert store.audit.events() == before


def test_a_transaction_holds_as_a_whole_or_not_at_all(store):
    session = begin(store)

    def fail_after_writing():
        with store.database.writing() as connection:
            connection.execute(sessions.update().values(person="eve"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_after_writing()
    assert store.sessions.get(session.id).person == "ada"


def test_writers_wait_for_each_other_and_readers_for_nobody(store):
    session = begin(store)
    done = []

    def write():
        done.append(store.sessions.give(session.id, answer(0)))

    with store.database.writing() as connection:
        connection.execute(sessions.update().values(person="bob"))
        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        assert store.sessions.get(session.id).person == "ada"
        assert done == []
    writer.join(timeout=60)
    read = store.sessions.get(session.id)
    assert (read.person, read.history, len(done)) == ("bob", (answer(0),), 1)


def test_a_full_disk_gets_one_sentence_and_nothing_is_acknowledged(file_store):
    session = begin(file_store)
    with file_store.database.reading() as connection:
        pages = pragma(connection, "page_count")
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    given = []

    def answer_for_ever():
        while True:
            file_store.sessions.give(session.id, answer(len(given)))
            given.append(answer(len(given)))

    with pytest.raises(InputError, match=r"'assent.db' cannot be used: database or disk is full"):
        answer_for_ever()
    assert file_store.sessions.get(session.id).history == tuple(given)


def test_what_cannot_be_opened_gets_one_sentence(tmp_path):
    (tmp_path / "text.db").write_text("not a database " * 100)
    with pytest.raises(InputError, match=r"'text.db' cannot be used: file is not a database"):
        open_store(tmp_path / "text.db", tmp_path / "blobs")
    with pytest.raises(InputError, match="unable to open database file"):
        open_store(tmp_path / "nowhere" / "x.db", tmp_path / "blobs")


def test_a_broken_database_names_what_is_wrong_but_no_answer(store):
    session = begin(store)
    with store.database.writing() as connection:
        connection.execute(text("ALTER TABLE feedback RENAME COLUMN answer TO lost"))
    with pytest.raises((DatabaseError, InputError)) as told:
        store.sessions.give(session.id, Correct((Click((0, 4, 4)),), 0))
    trace = "".join(traceback.format_exception(told.value))
    assert "lost" in trace or "answer" in trace
    assert "at_zyx" not in trace


def test_urls_that_are_no_database_are_refused_without_repeating_them():
    for url in ("mysql://u:secret@host/x", "postgresql://u:secret@host:port/x"):
        with pytest.raises(ConfigError, match="postgresql://user@host/name") as told:
            Database(url)
        assert "secret" not in str(told.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_postgresql_needs_its_driver(monkeypatch, scheme):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'assent\[postgres\]'"):
        Database(f"{scheme}://user@host/name")


def test_an_unreachable_server_is_named_without_its_password(tmp_path):
    pytest.importorskip("psycopg", reason="no driver: pip install 'assent[postgres]'")
    url = f"postgresql://ada:secret@/study?host={tmp_path}"
    with pytest.raises(InputError, match=r"'study' cannot be used: connection .* failed") as told:
        open_store(url, tmp_path / "blobs")
    assert "secret" not in str(told.value)


def test_profiles_jobs_and_queue_survive_reopening(store, database, tmp_path):
    tasks = queue_up(store, "one", "two")
    store.profiles.save("ada", "posterior", "w1", {"mean": [0.1, 2 / 3]})
    store.profiles.save("ada", "posterior", "w2", {"mean": [9.0]})
    store.profiles.save("ada", "posterior", "w1", {"mean": [0.25]})
    asked = {"target": TARGET, "risk": None}
    waiting, running = store.jobs.add("propagate", asked), store.jobs.add("train", {})
    store.jobs.report(running.id, "running", 0.5, "half of it")
    store.close()
    with open_store(database, tmp_path / "blobs") as again:
        assert again.profiles.get("ada", "posterior", "w1").numbers == {"mean": [0.25]}
        again.profiles.reset("ada", "posterior", "w1")
        assert again.profiles.get("ada", "posterior", "w1") is None
        assert again.profiles.get("ada", "posterior", "w2").numbers == {"mean": [9.0]}
        assert again.profiles.get("bob", "posterior", "w2") is None
        read = again.jobs.get(running.id)
        assert (read.state, read.progress, read.detail) == ("running", 0.5, "half of it")
        assert again.jobs.all() == (read, waiting)
        assert [(left.job, left.arguments) for left in again.jobs.take("me")] == [
            (waiting, asked),
            (read, {}),
        ]
        assert list(again.projects.queue(1, TARGET)) == tasks
