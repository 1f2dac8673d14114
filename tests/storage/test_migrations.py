"""From no tables to these, back, and what is said about tables of a later version."""

import shutil
import threading

import pytest
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from assent.core.errors import InputError, OtherStoreError
from assent.core.feedback import Accept
from assent.storage.database import Database
from assent.storage.jobs import Jobs
from assent.storage.migrate import MIGRATIONS, downgrade, upgrade
from assent.storage.store import open_store
from assent.storage.tables import audit, masks, metadata
from storage.work import answer, begin, grounds, queue_up, some_mask, start

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade():
    with op.batch_alter_table("sessions") as batch:
        batch.alter_column("person", new_column_name="annotator")
        batch.add_column(sa.Column("note", sa.Text, nullable=False, server_default="none"))


def downgrade():
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("note")
        batch.alter_column("annotator", new_column_name="person")
"""


@pytest.fixture
def base(database):
    opened = Database(database)
    yield opened
    opened.close()


@pytest.fixture
def later(tmp_path):
    """The migrations of a version to come."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "9999_later.py").write_text(LATER.format(newest=newest_in(folder)))
    return folder


def newest_in(folder):
    return max(folder.glob("[0-9]*.py")).name.partition("_")[0]


def tables_of(base):
    with base.reading() as connection:
        return set(inspect(connection).get_table_names())


def columns_of(base, table):
    with base.reading() as connection:
        return {column["name"] for column in inspect(connection).get_columns(table)}


def test_migrations_make_exactly_the_tables_of_the_schema(base):
    upgrade(base)
    with base.reading() as connection:
        context = MigrationContext.configure(connection)
        missing = produce_migrations(context, metadata).upgrade_ops
        assert missing.is_empty(), render_python_code(missing, render_as_batch=True)
    assert tables_of(base) == {*metadata.tables, "alembic_version"}


def test_down_to_nothing_and_up_again(base):
    upgrade(base)
    downgrade(base, "base")
    assert tables_of(base) == {"alembic_version"}
    upgrade(base)
    assert tables_of(base) == {*metadata.tables, "alembic_version"}


def test_opening_again_writes_nothing(store, base):
    job, before = store.jobs.add("scan", {}), tables_of(base)
    with base.writing() as connection:
        # A second writer would wait for this one, in vain.
        connection.execute(metadata.tables["jobs"].update().values(progress=0.25))
        upgrade(base)
    assert store.jobs.get(job.id).progress == 0.25
    assert tables_of(base) == before


def test_a_database_of_a_later_version_gets_one_sentence(store, base, later, database, tmp_path):
    upgrade(base, later)
    store.close()
    with pytest.raises(InputError, match=r"newer version of assent: .* revision 9999") as told:
        open_store(database, tmp_path / "blobs")
    assert f"up to {newest_in(MIGRATIONS)}." in str(told.value)
    with pytest.raises(InputError, match="newer version"):
        downgrade(base, "base")
    assert "annotator" in columns_of(base, "sessions")


def test_a_table_that_others_refer_to_is_rebuilt_without_losing_their_rows(store, base, later):
    session = begin(store)
    store.sessions.give(session.id, answer(0))
    upgrade(base, later)
    assert {"annotator", "note"} <= columns_of(base, "sessions")
    assert "person" not in columns_of(base, "sessions")
    downgrade(base, "0001", later)
    assert store.sessions.get(session.id).history == (answer(0),)
    assert store.sessions.get(session.id).person == "ada"


def test_a_migration_that_fails_leaves_the_tables_as_they_were(store, base, later):
    broken = later / "9999_later.py"
    broken.write_text(
        broken.read_text().replace("\n\n\ndef downgrade", "\n    1 / 0\n\n\ndef downgrade")
    )
    with pytest.raises(ZeroDivisionError):
        upgrade(base, later)
    assert "person" in columns_of(base, "sessions")
    upgrade(base)
    assert begin(store).person == "ada"


def test_many_may_open_a_new_database_at_once(database, tmp_path):
    failed = []

    def open_it():
        try:
            open_store(database, tmp_path / "blobs").close()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert failed == []


def test_jobs_of_a_version_that_did_not_keep_what_was_asked_for_are_failed(base):
    upgrade(base)
    downgrade(base, "0001")
    assert columns_of(base, "jobs") & {"arguments", "is_cancelled", "attempts"} == set()
    moments = {"created_at": "2026-01-01 00:00:00", "changed_at": "2026-01-01 00:00:00"}
    rows = [
        {"kind": "scan", "state": state, "progress": 0.5, "detail": "a.png", **moments}
        for state in ("running", "done")
    ]
    with base.writing() as connection:
        columns = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        connection.execute(text(f"INSERT INTO jobs ({columns}) VALUES ({values})"), rows)
    upgrade(base)
    left, done = Jobs(base).get(1), Jobs(base).get(2)
    assert (left.state, "Start this again" in left.detail) == ("failed", True)
    assert (done.state, done.detail) == ("done", "a.png")
    assert Jobs(base).take("me") == ()


def test_every_database_has_an_id_of_its_own_and_keeps_it(store, base, database, tmp_path):
    with (
        open_store(database, tmp_path / "blobs") as again,
        open_store(f"sqlite:///{tmp_path}/other.db", tmp_path / "others") as other,
    ):
        assert again.id == store.id != other.id
        assert len(store.id) == 32
    store.check(store.id)
    with pytest.raises(OtherStoreError, match="another database"):
        store.check(other.id)
    downgrade(base, "0003")
    assert "identity" not in tables_of(base)
    upgrade(base)
    with open_store(database, tmp_path / "blobs") as anew:
        assert anew.id not in {"", store.id}


def masks_of(base, *columns):
    with base.reading() as connection:
        chosen = [masks.c[name] for name in columns]
        return [tuple(row) for row in connection.execute(select(*chosen).order_by(masks.c.id))]


def test_masks_of_a_version_that_knew_a_rule_by_its_name_get_their_origin(store, base):
    kept, confirmed, brought, accepted = queue_up(store, *"abcd")
    store.masks.accept_by_rule(kept.id, some_mask(1), grounds())
    ruled = store.masks.accept_by_rule(confirmed.id, some_mask(2), grounds())
    store.masks.vouch(ruled, person="bob")
    for person in ("ada", "eve"):
        store.masks.add(brought.id, some_mask(3), person=person)
    session = store.sessions.open(start(accepted.id, person="automatic"))
    store.sessions.give(session.id, Accept("recommended", 0), mask=some_mask(4))
    before = masks_of(base, "origin", "settings_digest")
    downgrade(base, "0002")
    names = {"origin", "settings_digest", "predicted_dice", "threshold", "risk"}
    assert (columns_of(base, "masks") & names, columns_of(base, "audit") & names) == (
        set(),
        {"settings_digest"},
    )
    whose = [("automatic",), ("automatic",), ("bob",), ("ada",), ("eve",), ("automatic",)]
    assert masks_of(base, "person") == whose
    upgrade(base)
    filled = masks_of(base, "origin", "person", "settings_digest", "predicted_dice")
    assert filled == [
        ("rule", "", "", None),
        ("rule", "", "", None),
        ("person", "bob", "", None),
        ("import", "ada", "", None),
        ("import", "eve", "", None),
        ("person", "automatic", "s1", None),
    ]
    assert [row[0] for row in before] == [row[0] for row in filled]


def test_the_database_refuses_the_same_after_its_tables_were_altered(store, base):
    (task,) = queue_up(store, "one")
    store.masks.accept_by_rule(task.id, some_mask(1), grounds())
    store.masks.add(task.id, some_mask(2), person="ada")
    downgrade(base, "0002")
    for _ in range(2):
        with pytest.raises(DatabaseError, match="append-only"), base._engine.begin() as connection:
            connection.execute(audit.update().values(person="eve"))
        with pytest.raises(IntegrityError), base.writing() as connection:
            connection.execute(masks.update().values(withdrawn_at=None))
        upgrade(base)
