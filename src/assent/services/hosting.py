"""What a server of the annotation app is made of: which folder, method, database and blobs."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from assent.core.errors import ConfigError, InputError, NotFoundError
from assent.datasets.layout import PLAIN_TARGET, data_folders, described_target
from assent.io.atomic import check_writable
from assent.io.guard import check_folder
from assent.services.export import Exported, export_masks, find_project
from assent.services.jobs import Tell
from assent.services.methods import method_names
from assent.services.originals import UPLOADED, Originals
from assent.services.uploads import MOST_BYTES
from assent.services.worker import EngineSpec, Worker
from assent.services.workspace import Workspace
from assent.storage.store import Store, open_store

HOME = Path("assent-work")
"""Where work is kept unless told otherwise, in the folder in which the server is started."""

DATABASE, BLOBS = str(HOME / "assent.db"), str(HOME / "blobs")
TOKEN = "ASSENT_TOKEN"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """What is served.

    Attributes:
        folder: Images, or data folders that describe themselves; only read.
        target: What is to be segmented in a folder that is new; None for what it says itself.
        method: Name of the method.
        settings: Of the method.
        weights: A weights file, or None for the shipped ones.
        database: File or URL.
        blobs: Folder or URL.
        seed: Of every random draw.
        upload_bytes: The most that one file may have that is sent.
    """

    folder: Path
    target: str | None = None
    method: str = "posterior"
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None
    database: str = DATABASE
    blobs: str = BLOBS
    seed: int = 0
    upload_bytes: int = MOST_BYTES


def open_kept(database: str, blobs: str) -> Store:
    """What was kept, or a beginning; a missing folder of a database file is made.

    Raises:
        InputError: If one of them cannot be opened.
    """
    file = _file_of(database)
    if file is not None:
        check_writable(file.parent)
    return open_store(database, blobs)


def open_workspace(hosting: Hosting) -> Workspace:
    """Everything that a server needs; the folder's project is opened, and scanned if it is new.

    A folder of data folders that each have a ``dataset.json`` is a project for each of them.

    Raises:
        InputError: If the folder is missing, or database or blobs cannot be opened.
        FileFormatError: If a ``dataset.json`` cannot be read.
        NotFoundError: If there is no such method.
    """
    check_folder(hosting.folder)
    if hosting.method not in method_names():
        raise NotFoundError("method", hosting.method, known=method_names())
    store = open_kept(hosting.database, hosting.blobs)
    spec = EngineSpec(hosting.method, hosting.blobs, hosting.settings, hosting.weights)
    with _deaf_to_ctrl_c():
        workspace = Workspace(
            store,
            Worker(spec),
            method=hosting.method,
            folder=hosting.folder,
            exports=_home_of(hosting.database) / "exports",
            seed=hosting.seed,
            upload_bytes=hosting.upload_bytes,
        )
    try:
        for root in data_folders(hosting.folder):
            target = hosting.target or described_target(root) or PLAIN_TARGET
            workspace.open_folder(str(root.relative_to(hosting.folder)), target=target)
    except BaseException:
        workspace.close()
        raise
    return workspace


def route_to(workspace: Workspace) -> str:
    """What follows the server's address where the page shall open the folder that is served.

    Empty where it does so anyway: by itself it opens the oldest project that is kept.
    """
    served = str(data_folders(workspace.folder)[0].resolve())
    oldest, *others = workspace.store.projects.all()
    if oldest.root == served:
        return ""
    return next((f"/#/{project.id}" for project in others if project.root == served), "")


def export_kept(
    hosted: tuple[str, str], project: str | None, target: str | None, out: Path, tell: Tell
) -> Exported:
    """Write finished masks without a server.

    Args:
        hosted: Database and blob store, which must be there.
        project: Its name; None where there is one.
        target: What the masks show; None where there is one.
        out: Folder for them.
        tell: Told how far it is.

    Raises:
        InputError: If there is no such database, project or target, no finished mask, or the
            folder cannot be written.
    """
    file = _file_of(hosted[0])
    if file is not None and not file.is_file():
        raise InputError(
            f"There is no database {file.name!r} at that place. Name the one that assent serve"
            " wrote, with --database and --store."
        )
    check_writable(out)
    with open_kept(*hosted) as store:
        project_id = find_project(store, project)
        targets = store.projects.targets(project_id)
        if target is None and len(targets) != 1:
            raise InputError(
                f"Which target is meant? Known: {', '.join(targets) or 'none'}."
                " Name one of them with --target."
            )
        chosen = target or targets[0]
        originals = Originals(_home_of(hosted[0]) / UPLOADED)
        return export_masks(store, originals, project_id, chosen, out, tell)


def token_for(host: str, given: str | None) -> str | None:
    """The token to ask for: as given, or of the environment, or none on loopback.

    Raises:
        ConfigError: If the address is not loopback and there is no token, or it is a short one.
    """
    token = given or os.environ.get(TOKEN) or None
    if token is not None and len(token) < 8:
        raise ConfigError("The token has fewer than 8 characters; expected a longer one.")
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


def _home_of(database: str) -> Path:
    """The folder of what is kept beside the database."""
    file = _file_of(database)
    return HOME if file is None else file.parent


def _file_of(database: str) -> Path | None:
    """The file of a database, or None where a server keeps it."""
    kind, _, rest = database.rpartition("://")
    return Path(rest.removeprefix("/") if kind else rest) if kind in {"", "sqlite"} else None
