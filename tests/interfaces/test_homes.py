"""Where work is kept, who can read it, and what a start says of it."""

import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest

from assent.core.errors import InputError
from assent.interfaces.rest import running
from assent.services import hosting
from assent.services.engine import Engine
from assent.services.homes import HOME, OWN
from assent.services.hosting import Hosting, open_workspace, places_of
from assent.storage.database import Database
from assent.storage.migrate import downgrade
from assent.storage.store import open_store
from assent.testing.methods import ThresholdMethod
from interfaces.rest.serving import InlineWorker
from interfaces.small_files import check_refused, disc, everything_in, write_picture


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a server on a folder once; returns its queues by project, and what it said."""
    monkeypatch.chdir(tmp_path)
    engine = Engine(ThresholdMethod(), str(tmp_path / "blobs"))
    monkeypatch.setattr(hosting, "Worker", lambda spec: InlineWorker(engine))

    def run(folder, **more):
        said = []
        workspace = open_workspace(Hosting(folder=folder, method="geodesic", **more), said.append)
        try:
            workspace.warm_up()
            workspace.jobs.settle()
            store = workspace.store.projects
            return {
                p.name: {t: len(store.queue(p.id, t)) for t in store.targets(p.id)}
                for p in workspace.projects()
            }, said
        finally:
            workspace.close()

    return run


@pytest.fixture
def study(tmp_path):
    write_picture(tmp_path / "study" / "a.png", disc(9))
    return tmp_path / "study"


def test_work_is_kept_beside_you_for_you_alone_and_that_is_said(tmp_path, study, start):
    queues, said = start(study)
    assert queues == {"study": {"object": 1}}
    home = tmp_path / HOME
    assert said == [f"Answers are kept in {home / 'assent.db'}"]
    kept = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.iterdir())}
    assert (kept["assent-work"], kept["blobs"], kept["assent.db"]) == (0o700, 0o700, 0o600)
    assert [path.name for path in study.iterdir()] == ["a.png"]


def test_a_folder_with_a_place_of_its_own_keeps_its_work_there(tmp_path, study, start):
    (study / OWN).mkdir()
    _, said = start(study)
    assert said == [f"Answers are kept in {study / OWN / 'assent.db'}"]
    assert not (tmp_path / HOME).exists()


def test_work_that_was_begun_at_the_old_place_goes_on_there(tmp_path, study, start):
    start(study)
    (study / OWN).mkdir()
    _, said = start(study)
    assert said == [f"Answers are kept in {tmp_path / HOME / 'assent.db'}"]
    other = tmp_path / "other"
    write_picture(other / "x.png", disc(9))
    (other / OWN).mkdir()
    assert start(other)[1] == [f"Answers are kept in {other / OWN / 'assent.db'}"]


def test_a_target_is_added_to_a_known_folder_and_that_is_said(study, start):
    start(study, target="nucleus")
    write_picture(study / "b.png", disc(7))
    queues, said = start(study, target="cell")
    assert queues == {"study": {"nucleus": 2, "cell": 2}}
    assert said[0] == "study: cell is to be segmented now beside nucleus."
    assert start(study, target="cell") == ({"study": {"nucleus": 2, "cell": 2}}, said[1:])
    assert start(study)[0] == {"study": {"nucleus": 2, "cell": 2}}


def finish(database, blobs):
    """Accept a mask of everything on the first task of a database."""
    with open_store(database, blobs) as store:
        task = store.projects.queue(1, "object")[0]
        store.masks.add(task.id, disc(9)[None], person="ada")


def test_blobs_lie_beside_a_database_that_is_named(tmp_path, study, start, cli):
    start(study, database="x/a.db")
    assert {path.name for path in (tmp_path / "x").iterdir()} >= {"a.db", "blobs"}
    assert not (tmp_path / HOME).exists()
    finish("x/a.db", "x/blobs")
    ran = cli("export", "--database", "x/a.db", "--out", "out")
    assert (ran.code, ran.out) == (0, "1 mask written. They are in out.\n")


def test_masks_that_were_put_into_the_home_go_on_there(tmp_path, study, start, cli):
    start(study, database="x/a.db", blobs=str(HOME / "blobs"))
    finish("x/a.db", HOME / "blobs")
    start(study, database="x/b.db")  # beside the other: now there are blobs here, too
    assert places_of("x/a.db", None) == ("x/a.db", str(HOME / "blobs"))
    assert places_of("x/b.db", None) == ("x/b.db", str(Path("x", "blobs")))
    ran = cli("export", "--database", "x/a.db", "--out", "out")
    assert (ran.code, ran.out) == (0, "1 mask written. They are in out.\n")
    shutil.copytree(tmp_path / HOME / "blobs", tmp_path / "x" / "blobs", dirs_exist_ok=True)
    assert places_of("x/a.db", None) == ("x/a.db", str(Path("x", "blobs")))


@pytest.fixture
def read_only(tmp_path, monkeypatch):
    """Makes a home with a mask one that cannot be written; root would be let in by any other."""

    def make(revision=None):
        finish(HOME / "assent.db", HOME / "blobs")
        if revision:
            with closing(Database(HOME / "assent.db")) as database:
                downgrade(database, revision)
        monkeypatch.setattr(hosting, "_may_write", lambda path: HOME.name not in path.parts)
        return everything_in(tmp_path / HOME)

    return make


def test_a_backup_that_cannot_be_written_is_exported_and_stays_as_it_is(
    tmp_path, study, start, cli, read_only
):
    start(study)
    before = read_only()
    ran = cli("export", "--out", "out")
    assert (ran.code, ran.out) == (0, "1 mask written. They are in out.\n")
    assert everything_in(tmp_path / HOME) == before
    (tmp_path / HOME / "assent.db-wal").write_bytes(b"answers")
    check_refused(cli("export", "--out", "out"), "assent.db-wal", "Copy the folder")


def test_a_backup_of_an_earlier_version_says_so(tmp_path, study, start, cli, read_only):
    start(study)
    before = read_only(revision="0004")
    check_refused(cli("export", "--out", "out"), "assent.db", "earlier version", "Copy it")
    assert everything_in(tmp_path / HOME) == before


def test_a_home_that_cannot_be_written_is_named_with_what_to_do(study, start, cli, read_only):
    start(study)
    read_only()
    check_refused(cli("serve", "study", "--method", "geodesic"), "'assent-work'", "--database")


def describe(folder, said='{"labels": ["nucleus"]}'):
    write_picture(folder / "images" / "a.png", disc(9))
    (folder / "dataset.json").write_text(said)


def test_a_data_folder_that_cannot_be_used_does_not_hinder_the_others(tmp_path, start):
    for name in ("one", "two"):
        describe(tmp_path / "all" / name)
    describe(tmp_path / "all" / "broken", "{")
    describe(tmp_path / "elsewhere")
    (tmp_path / "all" / "linked").symlink_to(tmp_path / "elsewhere")
    queues, said = start(tmp_path / "all")
    assert queues == {"one": {"nucleus": 1}, "two": {"nucleus": 1}}
    broken, linked, _ = said
    assert broken.startswith("The folder 'broken' is not served: dataset.json cannot be read")
    assert linked.startswith("The folder 'linked' is not served: The path 'linked' leads out")


def test_where_nothing_can_be_served_the_folder_at_fault_is_named(tmp_path, start):
    describe(tmp_path / "alone", "{")
    with pytest.raises(InputError, match=r"The folder 'alone' is not served: dataset\.json"):
        start(tmp_path / "alone")


@pytest.mark.parametrize(
    ("host", "named"),
    [("0.0.0.0", "http://127.0.0.1:"), ("127.0.0.1", "http://127.0.0.1:"), ("::", "http://[::1]:")],
)
def test_the_address_that_is_said_can_be_opened(monkeypatch, host, named):
    class Listened:
        def run(self, sockets):
            pass

    said = []
    monkeypatch.setattr(running, "create_app", lambda workspace, token: None)
    monkeypatch.setattr(running.uvicorn, "Config", lambda *_, **__: None)
    monkeypatch.setattr(running.uvicorn, "Server", lambda config: Listened())
    try:
        running.run(None, host, 0, token=None, tell=said.append)
    except AttributeError:  # without IPv6 there is no such address to listen on
        assert host == "::"
        return
    assert said[0].startswith(named)
