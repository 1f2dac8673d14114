"""Projects, their images, and the queue of what is to be segmented."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, bindparam, func, select, update

from assent.core.errors import InputError, NotFoundError
from assent.storage.database import Database, check_known, insert, unknown
from assent.storage.records import FoundImage, Project, StoredImage, StoredTask, TaskState
from assent.storage.tables import images, masks, projects, sessions, tasks

REMOVED = "removed"
"""State of a task whose target was a mistake: it is as if it were not there."""


class Projects:
    """Which images there are, and in which order they come."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, root: str) -> Project:
        """Begin a project.

        Args:
            name: By which people know it.
            root: Folder of the originals.

        Raises:
            InputError: If the name is taken.
        """
        values = {"name": name, "root": root, "created_at": datetime.now(UTC)}
        with self._database.writing() as connection:
            made = insert(connection, projects).values(values).on_conflict_do_nothing()
            row = connection.execute(made.returning(*projects.c)).one_or_none()
        if row is None:
            raise InputError(
                f"There is a project named {name!r} already. Open it, or choose another name."
            )
        return Project(**row._mapping)

    def all(self) -> tuple[Project, ...]:
        """Every project, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(projects).order_by(projects.c.id))
            return tuple(Project(**row._mapping) for row in rows)

    def get(self, project_id: int) -> Project:
        """A project.

        Raises:
            NotFoundError: If there is none.
        """
        with self._database.reading() as connection:
            row = _one(connection, projects, project_id, "project")
            return Project(**row._mapping)

    def image(self, image_id: int) -> StoredImage:
        """An image, whether it lies in the folder now, was replaced or was removed.

        Raises:
            NotFoundError: If there is none.
        """
        with self._database.reading() as connection:
            return to_image(_one(connection, images, image_id, "image"))

    def task(self, task_id: int) -> StoredTask:
        """A task.

        Raises:
            NotFoundError: If there is none, or its target was removed.
        """
        with self._database.reading() as connection:
            row = _one(connection, tasks, task_id, "task")
            if row.state == REMOVED:
                raise unknown(connection, tasks, task_id, "task")
            return StoredTask(**row._mapping)

    def task_of(self, image_id: int, target: str) -> StoredTask | None:
        """The task of a target in an image, if the image is in that target's queue."""
        of_target = and_(tasks.c.target == target, tasks.c.state != REMOVED)
        found = select(tasks).where(tasks.c.image_id == image_id, of_target)
        with self._database.reading() as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else StoredTask(**row._mapping)

    def targets(self, project_id: int) -> tuple[str, ...]:
        """What is to be segmented in a project, the first queue first."""
        with self._database.reading() as connection:
            return _targets(connection, project_id)

    def remove_target(self, project_id: int, target: str) -> None:
        """Take a target that was a mistake out of a project; adding it again brings it back.

        Raises:
            NotFoundError: If there is no such project or target.
            InputError: If it is the only one, or anybody worked on it.
        """
        of_project = select(images.c.id).where(images.c.project_id == project_id)
        chosen = and_(tasks.c.image_id.in_(of_project), tasks.c.target == target)
        with self._database.writing() as connection:
            check_known(connection, projects, [project_id], "project")
            known = _targets(connection, project_id)
            if target not in known:
                raise NotFoundError("target", target, known=known)
            if len(known) == 1:
                raise InputError(
                    f"{target!r} is the only target of this project. Add the right one first, and"
                    " remove this one then."
                )
            _check_untouched(connection, select(tasks.c.id).where(chosen), f"The target {target!r}")
            connection.execute(update(tasks).where(chosen).values(state=REMOVED))

    def add_images(self, project_id: int, found: Sequence[FoundImage]) -> None:
        """Take in what was found on disk; what is known already stays as it is.

        A path whose content changed gets a new image; the old one, with all that was done on
        it, is kept and no longer listed.

        Raises:
            NotFoundError: If there is no such project.
            InputError: If a path is not below the project's root.
        """
        rows = [
            {
                "project_id": project_id,
                "path": _checked(image.path),
                "digest": image.digest,
                "shape_dhw": list(image.shape_dhw),
                "kind": image.kind,
                "is_current": True,
            }
            for image in found
        ]
        with self._database.writing() as connection:
            check_known(connection, projects, [project_id], "project")
            if rows:
                same_path = and_(
                    images.c.project_id == project_id, images.c.path == bindparam("at")
                )
                connection.execute(
                    update(images).where(same_path).values(is_current=False),
                    [{"at": row["path"]} for row in rows],
                )
                connection.execute(
                    insert(connection, images).on_conflict_do_update(
                        index_elements=["project_id", "path", "digest"], set_={"is_current": True}
                    ),
                    rows,
                )

    def move_image(self, image_id: int, path: str) -> bool:
        """Let an image, with all that was done on it, follow its file to another path.

        Returns:
            Whether it did: not where its content was known at that path before.

        Raises:
            NotFoundError: If there is no such image.
            InputError: If the path is not below the project's root.
        """
        with self._database.writing() as connection:
            image = _one(connection, images, image_id, "image")
            there = and_(images.c.project_id == image.project_id, images.c.path == _checked(path))
            known = select(images.c.id).where(there, images.c.digest == image.digest)
            if connection.execute(known).first():
                return False
            connection.execute(update(images).where(there).values(is_current=False))
            connection.execute(update(images).where(images.c.id == image_id).values(path=path))
        return True

    def images(self, project_id: int) -> tuple[StoredImage, ...]:
        """The images that lie in a project's folder now, by path."""
        of_project = and_(images.c.project_id == project_id, images.c.is_current)
        with self._database.reading() as connection:
            rows = connection.execute(select(images).where(of_project).order_by(images.c.path))
            return tuple(map(to_image, rows))

    def remove_image(self, image_id: int) -> None:
        """List an image no more and forget its name; its row stays, so that ids are never reused.

        Raises:
            NotFoundError: If there is no such image, or it is not listed any more.
            InputError: If anybody worked on it.
        """
        with self._database.writing() as connection:
            image = _one(connection, images, image_id, "image")
            if not image.is_current:
                raise unknown(connection, images, image_id, "image")
            path = PurePosixPath(image.path)
            of_image = select(tasks.c.id).where(tasks.c.image_id == image_id)
            _check_untouched(connection, of_image, path.name)
            gone = {"is_current": False, "path": str(path.with_name(str(image_id)))}
            connection.execute(update(images).where(images.c.id == image_id).values(gone))

    def add_tasks(self, image_ids: Sequence[int], target: str) -> None:
        """Put images into the queue of a target, in this order; those that are in it stay.

        Raises:
            NotFoundError: If there is no such image.
        """
        with self._database.writing() as connection:
            check_known(connection, images, image_ids, "image")
            if image_ids:
                connection.execute(
                    insert(connection, tasks).on_conflict_do_update(
                        index_elements=["image_id", "target"],
                        set_={"state": "open"},
                        where=tasks.c.state == REMOVED,
                    ),
                    [
                        {
                            "image_id": image_id,
                            "target": target,
                            "state": "open",
                            "queue_order": float(place),
                        }
                        for place, image_id in enumerate(image_ids)
                    ],
                )

    def queue(
        self, project_id: int, target: str, *, state: TaskState = "open", limit: int | None = None
    ) -> tuple[StoredTask, ...]:
        """What is in that state, the next one first; only images that lie in the folder now.

        Args:
            project_id: Of which project.
            target: What is to be segmented.
            state: Which tasks.
            limit: How many at most.
        """
        listed = (
            _of_queue(select(tasks), project_id, target)
            .where(tasks.c.state == state)
            .order_by(tasks.c.queue_order, tasks.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple(StoredTask(**row._mapping) for row in connection.execute(listed))

    def progress(self, project_id: int, target: str) -> dict[TaskState, int]:
        """How many tasks are in which state; states without any are left out."""
        counted = _of_queue(
            select(tasks.c.state, func.count().label("number")), project_id, target
        ).where(tasks.c.state != REMOVED)
        with self._database.reading() as connection:
            rows = connection.execute(counted.group_by(tasks.c.state)).all()
        return {row.state: row.number for row in rows}

    def rank(self, ranks: Mapping[int, tuple[float | None, float]]) -> None:
        """Say what is expected of tasks and when they come.

        Args:
            ranks: Predicted Dice and queue order (lowest first) by task id.

        Raises:
            NotFoundError: If there is no such task.
        """
        changed = (
            update(tasks)
            .where(tasks.c.id == bindparam("task"))
            .values(predicted_dice=bindparam("dice"), queue_order=bindparam("order"))
        )
        with self._database.writing() as connection:
            check_known(connection, tasks, list(ranks), "task")
            if ranks:
                connection.execute(
                    changed,
                    [{"task": id_, "dice": d, "order": o} for id_, (d, o) in ranks.items()],
                )

    def skip(self, task_ids: Iterable[int], *, back: bool = False) -> None:
        """Leave open tasks out of the queue, or put skipped ones back into it."""
        before, after = ("skipped", "open") if back else ("open", "skipped")
        chosen = and_(tasks.c.id == bindparam("task"), tasks.c.state == before)
        if rows := [{"task": id_} for id_ in task_ids]:
            with self._database.writing() as connection:
                connection.execute(update(tasks).where(chosen).values(state=after), rows)


def _targets(connection: Connection, project_id: int) -> tuple[str, ...]:
    listed = (
        select(tasks.c.target)
        .join_from(tasks, images)
        .where(images.c.project_id == project_id, tasks.c.state != REMOVED)
        .group_by(tasks.c.target)
        .order_by(func.min(tasks.c.id))
    )
    return tuple(connection.scalars(listed))


def _check_untouched(connection: Connection, chosen: Select[tuple[int]], what: str) -> None:
    """Refuse if one of these tasks has a mask that holds, or answers that were not taken back."""
    # Locked where the database does that: an answer on its way is counted, or comes too late.
    begun = select(sessions.c.round).where(sessions.c.task_id.in_(chosen)).with_for_update()
    holds = and_(masks.c.task_id.in_(chosen), masks.c.withdrawn_at.is_(None))
    is_answered = any(connection.scalars(begun).all())
    if is_answered or connection.execute(select(masks.c.id).where(holds).limit(1)).first():
        raise InputError(
            f"{what} has answers or an accepted mask already, and is not removed. Take these back"
            " first, or skip what you do not need."
        )


def to_image(row: Row[Any]) -> StoredImage:
    """The image in a row that may hold more."""
    value = row._mapping
    return StoredImage(
        id=value[images.c.id],
        project_id=value[images.c.project_id],
        is_current=value[images.c.is_current],
        path=value[images.c.path],
        digest=value[images.c.digest],
        shape_dhw=tuple(value[images.c.shape_dhw]),
        kind=value[images.c.kind],
    )


def _one(connection: Connection, table: Table, id_: int, kind: str) -> Row[Any]:
    row = connection.execute(select(table).where(table.c.id == id_)).one_or_none()
    if row is None:
        raise unknown(connection, table, id_, kind)
    return row


def _of_queue(statement: Select[Any], project_id: int, target: str) -> Select[Any]:
    return statement.join(images).where(
        images.c.project_id == project_id, images.c.is_current, tasks.c.target == target
    )


def _checked(path: str) -> str:
    """A path that stays below the root and that every database can hold."""
    pure = PurePosixPath(path)
    is_below = bool(pure.name) and not pure.is_absolute() and ".." not in pure.parts
    is_text = path.isprintable()  # bytes of a name that is no UTF-8 are not
    if not is_below or not is_text or "\\" in path:
        raise InputError(
            "The path of an image must lead from the project's root downwards, with forward"
            f" slashes and in characters that can be printed; got {path!r}. Rename the file, or"
            " import it from inside the project's folder."
        )
    return path
