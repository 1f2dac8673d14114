"""Take in the images of a folder: read each once, remember its content, change nothing."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from assent.core.errors import AssentError, ForbiddenError, InputError
from assent.datasets.layout import IMAGE_FOLDERS
from assent.io.formats import list_images, natural_key, stem_of
from assent.io.guard import check_folder
from assent.services.deeper import nothing_here, passed_over
from assent.services.jobs import Step, Tell, at_once
from assent.services.originals import UPLOADED, Original, Originals, stamp_of
from assent.services.stamps import Found, Stamps
from assent.storage.records import FoundImage, Project, StoredImage
from assent.storage.store import Store

T = TypeVar("T")
BATCH = 16
"""Images that are noted together: a queue fills while a long scan goes on."""

UNPRINTABLE = (
    "The path of this file holds characters that cannot be printed, such as a line break. Rename"
    " it, and scan again."
)
LINKED_AWAY = (
    "It is a link that leads out of the folder, and only what lies in it is served. Copy the file"
    " itself into the folder, or serve the folder that it lies in."
)
GONE = (
    "It is not in the folder any more. What was done on it is kept: put it back to go on with it,"
    " or skip it."
)
CHANGED = (
    "The file was changed after its mask was accepted. The mask is kept, but belongs to the earlier"
    " file: put that one back and look again, or segment the new one."
)


@dataclass(frozen=True)
class Problem:
    """A file that cannot be used, or whose finished work cannot, and why.

    Attributes:
        path: From the project's root; of a folder that was passed over with a slash at its end,
            and "" where the whole folder is meant.
        detail: One sentence or two.
        image: The one in the queues that cannot be opened for it; None where there is none.
    """

    path: str
    detail: str
    image: int | None = None


def scan(
    store: Store,
    originals: Originals,
    project: Project,
    target: str,
    tell: Tell,
    step: Step = at_once,
    stamps: Stamps | None = None,
) -> list[Problem]:
    """Read every image of a project's folder and put it into the queue; the rest goes on.

    What is known already stays as it is, with all that was done on it, also under a new name: an
    image whose file is gone follows its content to the one new path that holds it. A file that
    looks untouched since it was read last, by its time of change and size, is not read again.

    Args:
        store: Where images are noted.
        originals: Reads them.
        project: Its folder is scanned: the images directly in it, or in ``images/``.
        target: Into whose queue they go, besides those of the project's other targets.
        tell: Told how far it is.
        step: Reads each image, once.
        stamps: What earlier scans found; None reads everything.

    Returns:
        What could not be used, what was passed over, and whose finished work is of an earlier file.

    Raises:
        InputError: If the folder is missing or cannot be looked through.
        StorageError: If nothing can be noted.
    """
    places, problems = _listed(Path(project.root))
    stamps = stamps or Stamps()
    before, found = stamps.read(project.root), dict[str, Found]()
    listed = {place.relative_to(project.root).as_posix() for place in places}
    taken = _Taken(store, project.id, target, listed)
    paths = set[str]()
    for number, place in enumerate(places):
        path = place.relative_to(project.root).as_posix()
        tell(number / len(places), _shown(place.name))
        if path != _shown(path):
            problems.append(Problem(_shown(path), UNPRINTABLE))
            continue
        paths.add(path)
        original = Original(project.root, path)
        known = before.get(path)
        if known is None or known["stamp"] != _stamp(original):
            known = step(path, partial(_read, originals, original))
        if "problem" in known:
            problems.append(Problem(path, known["problem"]))
        else:
            found[path] = known
            taken.add(number, known)
    taken.finish()
    stamps.keep(project.root, found)
    outdated = {path for path, _ in store.masks.outdated(project.id)} & paths
    changed = [Problem(path, CHANGED) for path in sorted(outdated, key=natural_key)]
    images = store.projects.images(project.id)
    ids = {image.path: image.id for image in images}
    unread = [replace(problem, image=ids.get(problem.path)) for problem in problems]
    return [*unread, *_gone(images, paths), *changed]


def open_project(store: Store, folder: Path, name: str | None = None) -> tuple[Project, bool]:
    """The project of a folder, begun if there is none yet, and whether it was begun now.

    Raises:
        ForbiddenError: If there is no such folder.
        InputError: If the name is taken, or the folder's path cannot be stored.
    """
    root = folder.resolve()
    shown = _shown(root.name)
    if not root.is_dir():
        raise ForbiddenError(
            f"There is no folder {shown!r} at that place. Name a folder with images."
        )
    if os.fsencode(root).decode(errors="replace") != str(root):
        raise InputError(
            f"The path of the folder {shown!r} holds bytes that are not UTF-8, which no database"
            " can store. Rename that part of the path, and serve the folder again."
        )
    for project in store.projects.all():
        if Path(project.root) == root:
            return project, False
    free = name or next(_names(shown or "images", {p.name for p in store.projects.all()}))
    return store.projects.add(free, str(root)), True


class _Taken:
    """Notes what is found, a batch at a time, and puts it into the queues in the folder's order."""

    def __init__(self, store: Store, project_id: int, target: str, listed: set[str]) -> None:
        self._projects, self._id = store.projects, project_id
        self._targets = list(dict.fromkeys([*store.projects.targets(project_id), target]))
        images = store.projects.images(project_id)
        self._known = {(i.path, i.digest) for i in images}
        self._gone = _by_digest((i.digest, i) for i in images if _is_gone(i, listed))
        self._elsewhere: list[tuple[int, FoundImage]] = []
        self._batch: list[tuple[int, FoundImage]] = []

    def add(self, number: int, read: Found) -> None:
        """Note an image that has a place in the folder's order, unless it is known."""
        if (read["path"], read["digest"]) in self._known:
            return
        facts = {name: read[name] for name in ("path", "digest", "kind")}
        image = FoundImage(**facts, shape_dhw=tuple(read["shape_dhw"]))
        into = self._elsewhere if image.digest in self._gone else self._batch
        into.append((number, image))
        if len(self._batch) == BATCH:
            self._flush()

    def finish(self) -> None:
        """Note the last ones, and put into each queue what is missing in it."""
        self._batch.extend(self._left())
        self._flush()
        images = self._projects.images(self._id)
        ids = [image.id for image in sorted(images, key=lambda image: natural_key(image.path))]
        for target in self._targets:
            if sum(self._projects.progress(self._id, target).values()) < len(ids):
                self._projects.add_tasks(ids, target)

    def _left(self) -> Iterator[tuple[int, FoundImage]]:
        """What has the content of an image that is gone, but cannot be known to be that one."""
        new = _by_digest((image.digest, (number, image)) for number, image in self._elsewhere)
        for digest, found in new.items():
            gone = self._gone[digest]
            is_one = len(gone) == len(found) == 1
            if not is_one or not self._projects.move_image(gone[0].id, found[0][1].path):
                yield from found

    def _flush(self) -> None:
        self._projects.add_images(self._id, [image for _, image in self._batch])
        numbers = {(image.path, image.digest): number for number, image in self._batch}
        images = self._projects.images(self._id)
        places = {i.id: numbers[key] for i in images if (key := (i.path, i.digest)) in numbers}
        for target in self._targets:
            self._projects.add_tasks(list(places), target)
            tasks = [(self._projects.task_of(image, target), n) for image, n in places.items()]
            # A batch of its own begins at the front; what is predicted already has a place.
            order = {
                task.id: (None, float(number))
                for task, number in tasks
                if task is not None and task.predicted_dice is None
            }
            self._projects.rank(order)
        self._batch = []


def _listed(root: Path) -> tuple[list[Path], list[Problem]]:
    """The images of a folder in natural order, and what of it is passed over."""
    folder = _folder_of(root)
    check_folder(folder)
    try:
        try:
            places = list_images(folder)
        except InputError:
            places = []
        deeper = [
            Problem(f"{_shown(place.relative_to(root).as_posix())}/", said)
            for place, said in passed_over(folder, places)
        ]
    except OSError as error:
        name = Path(str(error.filename or folder)).name
        raise InputError(
            f"The folder {root.name!r} cannot be looked through: {error.strerror} at"
            f" {_shown(name)}. Ask for permission to read it, or move that away, and look again."
        ) from error
    if places:
        return places, deeper
    names = [problem.path.rstrip("/") for problem in deeper]
    return [], [Problem("", nothing_here(_shown(folder.name), names)), *deeper]


def _shown(path: str) -> str:
    """A path as every reader of JSON can show it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path)


def _stamp(original: Original) -> str | None:
    """What tells whether a file was touched; None if that cannot be told."""
    try:
        return stamp_of(original)
    except AssentError:
        return None


def _read(originals: Originals, original: Original) -> Found:
    """What is noted of an image, or the problem with it."""
    place = Path(original.root) / original.path
    try:
        stamp = stamp_of(original)  # before it is read: a change in between is noticed next time
        image = originals.read(original)
    except ForbiddenError as error:
        return {"problem": LINKED_AWAY if place.is_symlink() else str(error)}
    except AssentError as error:
        return {"problem": str(error)}
    facts: dict[str, Any] = {"path": original.path, "digest": image.content_id, "stamp": stamp}
    return {**facts, "shape_dhw": list(image.shape_dhw), "kind": _kind_of(place)}


def _kind_of(place: Path) -> str:
    """What kind of file it is, by the whole ending of its name."""
    if place.is_dir():
        return "dicom-series"
    ending = place.name[len(stem_of(place)) :] or place.suffix
    return ending.lower().lstrip(".") or "file"


def _gone(images: tuple[StoredImage, ...], paths: set[str]) -> list[Problem]:
    """Images of the folder that are not found in it."""
    return [Problem(image.path, GONE, image.id) for image in images if _is_gone(image, paths)]


def _is_gone(image: StoredImage, paths: set[str]) -> bool:
    """Whether it is not among these of the folder; what was sent lies elsewhere."""
    return image.path not in paths and not image.path.startswith(f"{UPLOADED}/")


def _by_digest(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for digest, value in pairs:
        found.setdefault(digest, []).append(value)
    return found


def _folder_of(root: Path) -> Path:
    """The folder itself, or the images of a dataset folder, unless that is a link to elsewhere."""
    below = (root / name for name in IMAGE_FOLDERS)
    own = (folder for folder in below if folder.resolve().is_relative_to(root.resolve()))
    return next((folder for folder in own if folder.is_dir()), root)


def _names(name: str, taken: set[str]) -> Iterator[str]:
    number = 1
    while True:
        candidate = name if number == 1 else f"{name} {number}"
        if candidate not in taken:
            yield candidate
        number += 1
