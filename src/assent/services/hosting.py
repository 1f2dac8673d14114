"""What a server of the annotation app is made of: which folder, method, database and blobs."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from assent.core.errors import (
    ConfigError,
    FileFormatError,
    ForbiddenError,
    InputError,
    NotFoundError,
    StorageError,
)
from assent.datasets.layout import PLAIN_TARGET, data_folders, described_target
from assent.io.atomic import check_writable
from assent.io.guard import check_folder, name_of
from assent.services.export import Exported, export_masks, find_project
from assent.services.homes import (
    FILE,
    FILES,
    HOME,
    home_for,
    make_private,
    make_private_file,
    uploads_at,
)
from assent.services.jobs import Tell
from assent.services.methods import method_names
from assent.services.originals import Originals
from assent.services.uploads import AS_SENT, Rules
from assent.services.worker import EngineSpec, Worker
from assent.services.workspace import Workspace
from assent.storage.store import Store, open_store

LOG = logging.getLogger(__name__)
TOKEN = "ASSENT_TOKEN"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """What is served.

    Attributes:
        folder: Images, or data folders that describe themselves; only read.
        target: What is to be segmented: added where the folder is known already; None for what it
            says itself, where it is new.
        method: Name of the method.
        settings: Of the method.
        weights: A weights file, or None for the shipped ones.
        database: File or URL; None for the folder's home.
        blobs: Folder or URL; None for the folder of the database.
        seed: Of every random draw.
        sending: What holds for every file that is sent.
    """

    folder: Path
    target: str | None = None
    method: str = "posterior"
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None
    database: str | None = None
    blobs: str | None = None
    seed: int = 0
    sending: Rules = AS_SENT


def places_of(database: str | None, blobs: str | None, home: Path = HOME) -> tuple[str, str]:
    """Database and blob store: as they are named, else blobs beside the file of the database.

    An earlier version put blobs into the home though the database was elsewhere. Where that holds
    the masks of the database, it goes on there.

    Args:
        database: File or URL; None for the home.
        blobs: Folder or URL; None for what is said above.
        home: Where work is kept unless told otherwise.
    """
    database = database or str(home / FILE)
    file = _file_of(database)
    beside = (home if file is None else file.parent) / FILES
    if blobs is not None or file is None:
        return database, blobs or str(beside)
    earlier = home / FILES
    if earlier.absolute() == beside.absolute() or not earlier.is_dir() or not _has_content(file):
        return database, str(beside)
    for place in (beside, earlier):
        if place.is_dir() and _are_masks_in(database, str(place)):
            return database, str(place)
    return database, str(beside)


def open_kept(database: str, blobs: str) -> Store:
    """What was kept, or a beginning that nobody else can read; missing folders are made.

    Raises:
        InputError: If one of them cannot be opened.
    """
    file = _file_of(database)
    try:
        if "://" not in blobs:
            make_private(Path(blobs).parent)
            make_private(Path(blobs))
        if file is not None:
            make_private(file.parent)
            if not _may_write(file.parent):
                raise PermissionError(errno.EACCES, "it may only be read", file.parent)
            check_writable(file.parent)
            make_private_file(file)
    except OSError as error:
        raise StorageError(
            f"The place {Path(str(error.filename)).name!r} for what is kept cannot be made or"
            f" written: {error.strerror}. Name another with --database and --store."
        ) from error
    return open_store(database, blobs)


def open_to_read(database: str, blobs: str) -> Store:
    """What was kept, where that cannot be written, as in a backup: nothing there changes.

    Raises:
        InputError: If it cannot be opened, or is of an earlier version.
    """
    file = _file_of(database)
    if file is None or (_may_write(file.parent) and _may_write(file)):
        return open_kept(database, blobs)
    left = file.with_name(f"{file.name}-wal")
    if _has_content(left):
        raise InputError(
            f"The database {file.name!r} cannot be read where it cannot be written: {left.name}"
            " beside it holds what is not in it yet. Copy the folder to where you may write, and"
            " name that with --database."
        )
    return open_store(file, blobs, read_only=True)


def open_workspace(hosting: Hosting, tell: Callable[[str], None] = lambda line: None) -> Workspace:
    """Everything that a server needs; the folder's project is opened, and scanned if it is new.

    A folder of data folders that each have a ``dataset.json`` is a project for each of them. One
    that cannot be used is named, and the others are served.

    Args:
        hosting: What is served.
        tell: Told, in a sentence each, where work is kept, which targets were added and which
            folders are not served.

    Raises:
        InputError: If the folder is missing, nothing in it can be served, or database or blobs
            cannot be opened.
        NotFoundError: If there is no such method.
    """
    check_folder(hosting.folder)
    if hosting.method not in method_names():
        raise NotFoundError("method", hosting.method, known=method_names())
    database, blobs = places_of(hosting.database, hosting.blobs, home_for(hosting.folder))
    store = open_kept(database, blobs)
    spec = EngineSpec(hosting.method, blobs, hosting.settings, hosting.weights)
    with _deaf_to_ctrl_c():
        workspace = Workspace(
            store,
            Worker(spec),
            method=hosting.method,
            folder=hosting.folder,
            exports=_home_of(database) / "exports",
            seed=hosting.seed,
            sending=hosting.sending,
        )
    try:
        _open_folders(workspace, hosting, tell)
    except BaseException:
        workspace.close()
        raise
    file = _file_of(database)
    place = f"the database {store.database.name}" if file is None else file.absolute()
    tell(f"Answers are kept in {place}")
    return workspace


def _open_folders(workspace: Workspace, hosting: Hosting, tell: Callable[[str], None]) -> None:
    known = {project.id for project in workspace.projects()}
    roots = data_folders(hosting.folder)
    refused = list[str]()
    for root in roots:
        try:
            _open_folder(workspace, hosting, root, known, tell)
        except (FileFormatError, ForbiddenError) as error:
            refused.append(f"The folder {name_of(root)!r} is not served: {error}")
    if len(refused) == len(roots):
        raise InputError(refused[0])
    for line in refused:
        LOG.warning("%s", line)
        tell(line)


def _open_folder(
    workspace: Workspace,
    hosting: Hosting,
    root: Path,
    known: Container[int],
    tell: Callable[[str], None],
) -> None:
    target = hosting.target or described_target(root) or PLAIN_TARGET
    project = workspace.open_folder(str(root.relative_to(hosting.folder)), target=target)
    targets = workspace.store.projects.targets(project.id)
    if project.id in known and hosting.target and hosting.target not in targets:
        workspace.add_target(project.id, hosting.target)
        beside = f" beside {', '.join(targets)}" if targets else ""
        tell(f"{project.name}: {hosting.target} is to be segmented now{beside}.")


def export_kept(
    kept: tuple[str | None, str | None],
    project: str | None,
    target: str | None,
    out: Path,
    tell: Tell,
) -> Exported:
    """Write finished masks without a server.

    Args:
        kept: Database and blob store, which must be there; None as for a server.
        project: Its name; None where there is one.
        target: What the masks show; None where there is one.
        out: Folder for them.
        tell: Told how far it is.

    Raises:
        InputError: If there is no such database, project or target, no finished mask, or the
            folder cannot be written.
    """
    file = _file_of(kept[0] or str(HOME / FILE))
    if file is not None and not file.is_file():
        raise InputError(
            f"There is no database {file.name!r} at that place. Name the one that assent serve"
            " wrote, with --database and --store."
        )
    check_writable(out)
    database, blobs = places_of(*kept)
    with open_to_read(database, blobs) as store:
        project_id = find_project(store, project)
        targets = store.projects.targets(project_id)
        if target is None and len(targets) != 1:
            raise InputError(
                f"Which target is meant? Known: {', '.join(targets) or 'none'}."
                " Name one of them with --target."
            )
        chosen = target or targets[0]
        originals = Originals(uploads_at(_home_of(database), store.id))
        return export_masks(store, originals, project_id, chosen, out, tell)


def token_for(host: str, given: str | None) -> str | None:
    """The token to ask for: as given, or of the environment, or none on loopback.

    Raises:
        ConfigError: If the address is not loopback and there is no token, or it is a short one or
            one that cannot be sent in a header.
    """
    token = given or os.environ.get(TOKEN) or None
    if token is not None and len(token) < 8:
        raise ConfigError("The token has fewer than 8 characters; expected a longer one.")
    if token is not None and not (
        token.isascii() and token.isprintable() and token == token.strip()
    ):
        raise ConfigError(
            "The token holds a character that not every program can send, or begins or ends with a"
            " space; expected ASCII letters, digits and punctuation. Choose another one."
        )
    if token is None and host not in LOOPBACK:
        raise ConfigError(
            f"Serving on {host} would let everybody on the network in. Name a token with --token or"
            f" in {TOKEN}, or serve on 127.0.0.1."
        )
    return token


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Keep Ctrl-C from threads that begin in the block, and from processes that these start.

    A terminal sends it to all of them. Only the server shall hear it, and end the others in order:
    what the computing process is at is finished, and a job goes on with the next start.
    """
    if sys.platform == "win32":
        yield
        return
    # It starts with the first process otherwise, and lets Ctrl-C through again in that thread.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _has_content(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0


def _are_masks_in(database: str, blobs: str) -> bool:
    """Whether the last mask of a database lies among some blobs."""
    with open_to_read(database, blobs) as store:
        newest = store.masks.newest_blob()
        try:
            return newest is not None and store.masks.read(newest) is not None
        except StorageError:
            return False


def _home_of(database: str) -> Path:
    """The folder of what is kept beside the database."""
    file = _file_of(database)
    return HOME if file is None else file.parent


def _file_of(database: str) -> Path | None:
    """The file of a database, or None where a server keeps it."""
    kind, _, rest = database.rpartition("://")
    return Path(rest.removeprefix("/") if kind else rest) if kind in {"", "sqlite"} else None
