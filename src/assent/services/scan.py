"""Take in the images of a folder: read each once, remember its content, change nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assent.core.errors import AssentError, ForbiddenError
from assent.datasets.layout import IMAGE_FOLDERS
from assent.io.formats import list_images
from assent.services.jobs import Step, Tell, at_once
from assent.services.originals import Original, Originals, inside
from assent.storage.records import FoundImage, Project
from assent.storage.store import Store

BATCH = 16
"""Images that are noted together: a queue fills while a long scan goes on."""

UNPRINTABLE = (
    "The path of this file holds characters that cannot be printed, such as a line break. Rename"
    " it, and scan again."
)


@dataclass(frozen=True)
class Problem:
    """A file that cannot be used, and why."""

    path: str
    detail: str


def scan(
    store: Store,
    originals: Originals,
    project: Project,
    target: str,
    tell: Tell,
    step: Step = at_once,
) -> list[Problem]:
    """Read every image of a project's folder and put it into the queue; the rest goes on.

    Args:
        store: Where images are noted.
        originals: Reads them.
        project: Its folder is scanned: the images directly in it, or in ``images/``.
        target: Into whose queue they go, besides those of the project's other targets.
        tell: Told how far it is.
        step: Reads each image, once.

    Returns:
        What could not be used.

    Raises:
        InputError: If the folder is missing or holds no image.
        StorageError: If nothing can be noted.
    """
    root = Path(project.root)
    places = list_images(_folder_of(root))
    targets = list(dict.fromkeys([*store.projects.targets(project.id), target]))
    problems: list[Problem] = []
    batch: list[FoundImage] = []
    for number, place in enumerate(places):
        path = place.relative_to(root).as_posix()
        tell(number / len(places), _shown(place.name))
        if path != _shown(path):
            problems.append(Problem(_shown(path), UNPRINTABLE))
            continue
        read = step(path, partial(_read, originals, project.root, path))
        if "problem" in read:
            problems.append(Problem(path, read["problem"]))
        else:
            batch.append(FoundImage(**{**read, "shape_dhw": tuple(read["shape_dhw"])}))
        if len(batch) == BATCH:
            _take_in(store, project.id, batch, targets)
            batch = []
    _take_in(store, project.id, batch, targets)
    return problems


def open_project(store: Store, folder: Path, name: str | None = None) -> tuple[Project, bool]:
    """The project of a folder, begun if there is none yet, and whether it was begun now.

    Raises:
        ForbiddenError: If there is no such folder.
        InputError: If the name is taken.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise ForbiddenError(
            f"There is no folder {root.name!r} at that place. Name a folder with images."
        )
    for project in store.projects.all():
        if Path(project.root) == root:
            return project, False
    free = name or next(_names(root.name or "images", {p.name for p in store.projects.all()}))
    return store.projects.add(free, str(root)), True


def _shown(path: str) -> str:
    """A path as every reader of JSON can show it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path)


def _take_in(store: Store, project_id: int, batch: list[FoundImage], targets: list[str]) -> None:
    store.projects.add_images(project_id, batch)
    paths = {found.path for found in batch}
    ids = [image.id for image in store.projects.images(project_id) if image.path in paths]
    for target in targets:
        store.projects.add_tasks(ids, target)


def _read(originals: Originals, root: str, path: str) -> dict[str, Any]:
    """What is noted of an image, or the problem with it."""
    try:
        image = originals.read(Original(root, path))
        place = inside(Path(root), path)
    except AssentError as error:
        return {"problem": str(error)}
    kind = "dicom-series" if place.is_dir() else place.suffix.lower().lstrip(".") or "file"
    digest, shape = image.content_id, list(image.shape_dhw)
    return {"path": path, "digest": digest, "shape_dhw": shape, "kind": kind}


def _folder_of(root: Path) -> Path:
    """The folder itself, or the images of a dataset folder."""
    below = (root / name for name in IMAGE_FOLDERS)
    return next((folder for folder in below if folder.is_dir()), root)


def _names(name: str, taken: set[str]) -> Iterator[str]:
    number = 1
    while True:
        candidate = name if number == 1 else f"{name} {number}"
        if candidate not in taken:
            yield candidate
        number += 1
