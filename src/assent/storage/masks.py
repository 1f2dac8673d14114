"""Finished masks: which one holds, and which inform the next images."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, func, insert, or_, select, update

from assent.core.errors import ShapeError, StaleError
from assent.storage.audit import note
from assent.storage.blobs import Blobs
from assent.storage.database import Database, check_known, unknown
from assent.storage.packed import pack, unpack
from assent.storage.projects import to_image
from assent.storage.records import AuditKind, Origin, RuleAcceptance, StoredExample, StoredMask
from assent.storage.tables import context_entries, images, masks, sessions, tasks

EXAMPLES = (
    select(context_entries, masks.c.blob, tasks.c.target, images)
    .join_from(context_entries, masks)
    .join(tasks)
    .join(images)
)


class Masks:
    """Masks that were accepted or brought along, and the context they make."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def add(self, task_id: int, mask: NDArray[np.bool_], *, person: str) -> StoredMask:
        """Bring a finished mask along; from now on it holds for its task, and teaches.

        Args:
            task_id: Image and target.
            mask: ``(D, H, W)`` bool on the image's grid.
            person: Who drew it or vouches for it.

        Raises:
            NotFoundError: If there is no such task.
            ShapeError: If the mask is not on the image's grid.
            InputError: If it cannot be written; then nothing has changed.
        """
        made = {"method": "", "weights_digest": "", "settings_digest": ""}
        return self._keep(task_id, mask, "added", "import", {"person": person, **made})

    def accept_by_rule(
        self, task_id: int, mask: NDArray[np.bool_], grounds: RuleAcceptance
    ) -> StoredMask:
        """Let a mask hold that nobody looked at; it informs no other image.

        Args:
            task_id: Image and target.
            mask: ``(D, H, W)`` bool on the image's grid.
            grounds: How it was made, and why the rule accepts it.

        Raises:
            NotFoundError: If there is no such task.
            ShapeError: If the mask is not on the image's grid.
            StaleError: If the task is no longer open, or somebody has given answers on it; what a
                person decided or began stays.
            InputError: If it cannot be written; then nothing has changed.
        """
        return self._keep(task_id, mask, "accepted by rule", "rule", asdict(grounds))

    def _keep(
        self,
        task_id: int,
        mask: NDArray[np.bool_],
        event: AuditKind,
        origin: Origin,
        made: Mapping[str, Any],
    ) -> StoredMask:
        """Write a mask, let it hold, and note it."""
        facts = {**made, "blob": self._blobs.put(pack(mask))}
        with self._database.writing() as connection:
            check_grid(connection, task_id, mask.shape)
            if origin == "rule":
                _check_open(connection, task_id)
            note(connection, event, task_id, **facts)
            return record(connection, origin, {"task_id": task_id, **facts})

    def read(self, blob: str) -> NDArray[np.bool_]:
        """The voxels of a mask, ``(D, H, W)`` bool, exactly as they were accepted.

        Raises:
            InputError: If they are missing or cannot be read.
            FileFormatError: If they are damaged.
        """
        return unpack(self._blobs.get(blob))

    def newest_blob(self) -> str | None:
        """The key of the mask that was kept last; None while there is none."""
        with self._database.reading() as connection:
            return connection.scalar(select(masks.c.blob).order_by(masks.c.id.desc()).limit(1))

    def holding(self, task_id: int) -> StoredMask | None:
        """The mask that holds for a task; None while the task is open."""
        held = select(masks).where(masks.c.task_id == task_id, masks.c.withdrawn_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(held).one_or_none()
        return None if row is None else StoredMask(**row._mapping)

    def held(self, project_id: int, target: str) -> dict[int, StoredMask]:
        """The masks that hold in a queue, by task; of images that lie in the folder now."""
        listed = (
            select(masks)
            .join_from(masks, tasks)
            .join(images)
            .where(images.c.project_id == project_id, images.c.is_current)
            .where(tasks.c.target == target, masks.c.withdrawn_at.is_(None))
        )
        with self._database.reading() as connection:
            rows = connection.execute(listed).all()
        return {row.task_id: StoredMask(**row._mapping) for row in rows}

    def outdated(self, project_id: int) -> tuple[tuple[str, str], ...]:
        """Path and target of finished work whose file was replaced since, by path.

        Left out is what was finished again on the file that took its place.
        """
        finished = (
            select(images.c.path, tasks.c.target, images.c.is_current)
            .join_from(masks, tasks)
            .join(images)
            .where(images.c.project_id == project_id, masks.c.withdrawn_at.is_(None))
        )
        with self._database.reading() as connection:
            rows = connection.execute(finished).all()
        again = {(row.path, row.target) for row in rows if row.is_current}
        return tuple(sorted({(row.path, row.target) for row in rows} - again))

    def newest(self, task_id: int) -> tuple[StoredMask, ...]:
        """The newest mask of each person that this person did not take back, oldest first.

        What a rule accepted is nobody's.
        """
        stands = or_(masks.c.session_id.is_(None), sessions.c.round > masks.c.round)
        ids = (
            select(func.max(masks.c.id))
            .join_from(masks, sessions, isouter=True)
            .where(masks.c.task_id == task_id, masks.c.origin != "rule", stands)
            .group_by(masks.c.person)
        )
        listed = select(masks).where(masks.c.id.in_(ids)).order_by(masks.c.id)
        with self._database.reading() as connection:
            return tuple(StoredMask(**row._mapping) for row in connection.execute(listed))

    def vouch(self, mask: StoredMask, *, person: str) -> StoredMask:
        """Let a mask that holds be this person's, who saw it; from now on it teaches.

        Raises:
            StaleError: If it no longer holds; then nothing has changed.
            StorageError: If it cannot be written; then nothing has changed.
        """
        facts = {"person": person, **_made_with(mask)}
        with self._database.writing() as connection:
            _check_holds(connection, mask)
            note(connection, "accepted", mask.task_id, **facts)
            return record(connection, "person", {"task_id": mask.task_id, **facts})

    def withdraw(self, mask: StoredMask, *, person: str) -> None:
        """Open a task again whose mask was accepted in no session.

        Raises:
            StaleError: If it no longer holds; then nothing has changed.
            StorageError: If it cannot be written; then nothing has changed.
        """
        with self._database.writing() as connection:
            _check_holds(connection, mask)
            hold(connection, mask.task_id, None)
            note(connection, "reopened", mask.task_id, person=person, **_made_with(mask))

    def context(self, project_id: int, target: str) -> tuple[StoredExample, ...]:
        """The finished images that inform the next one, oldest first."""
        listed = EXAMPLES.where(
            images.c.project_id == project_id,
            tasks.c.target == target,
            context_entries.c.removed_at.is_(None),
        )
        with self._database.reading() as connection:
            rows = connection.execute(listed.order_by(context_entries.c.id))
            return tuple(map(_to_example, rows))

    def examples(self, entry_ids: Sequence[int]) -> tuple[StoredExample, ...]:
        """Context entries by id, in the order asked for, removed ones included.

        Raises:
            NotFoundError: If there is no such entry.
        """
        with self._database.reading() as connection:
            check_known(connection, context_entries, entry_ids, "context entry")
            rows = connection.execute(EXAMPLES.where(context_entries.c.id.in_(entry_ids)))
            by_id = {example.id: example for example in map(_to_example, rows)}
        return tuple(by_id[id_] for id_ in entry_ids)

    def remove_example(self, entry_id: int) -> None:
        """Let a finished image no longer inform the next ones; its mask goes on to hold.

        Raises:
            NotFoundError: If there is no such entry.
        """
        gone = update(context_entries).where(
            context_entries.c.id == entry_id, context_entries.c.removed_at.is_(None)
        )
        with self._database.writing() as connection:
            check_known(connection, context_entries, [entry_id], "context entry")
            connection.execute(gone.values(removed_at=datetime.now(UTC)))


def check_grid(connection: Connection, task_id: int, shape: tuple[int, ...]) -> None:
    """Refuse a mask that is not on the grid of its image.

    Raises:
        NotFoundError: If there is no such task.
        ShapeError: If the shapes differ.
    """
    of_task = select(images.c.shape_dhw).join_from(tasks, images).where(tasks.c.id == task_id)
    expected = connection.scalar(of_task)
    if expected is None:
        raise unknown(connection, tasks, task_id, "task")
    if shape != tuple(expected):
        raise ShapeError(
            f"The mask has (D, H, W) = {shape}, its image {tuple(expected)}. Send a mask on the"
            " grid of the image."
        )


def record(connection: Connection, origin: Origin, values: Mapping[str, Any]) -> StoredMask:
    """Write a mask that holds from now on; it informs the next images if a person saw it.

    Args:
        connection: Of a transaction that writes.
        origin: Who or what lets it hold.
        values: The other columns of ``masks``.
    """
    take_task(connection, values["task_id"])
    now = datetime.now(UTC)
    values = {**values, "origin": origin, "made_at": now, "withdrawn_at": now}
    mask_id = connection.execute(insert(masks).values(values).returning(masks.c.id)).scalar_one()
    if origin != "rule":
        connection.execute(insert(context_entries).values(mask_id=mask_id, removed_at=now))
    hold(connection, values["task_id"], mask_id)
    row = connection.execute(select(masks).where(masks.c.id == mask_id)).one()
    return StoredMask(**row._mapping)


def take_task(connection: Connection, task_id: int) -> Row[Any]:
    """A task's row; nobody else decides which mask holds for it until the transaction ends.

    Whoever also takes sessions takes them before the task, so that nobody waits in a circle.
    """
    # With the weaker of the two locks: inserting a mask shares the key of its task.
    its_row = select(tasks).where(tasks.c.id == task_id).with_for_update(key_share=True)
    return connection.execute(its_row).one()


def hold(connection: Connection, task_id: int, mask_id: int | None) -> None:
    """Let one mask of a task hold and inform the next images, or none.

    Args:
        connection: Of a transaction that writes, and has taken the task.
        task_id: Whose masks.
        mask_id: The one that holds; None opens the task again.
    """
    now = datetime.now(UTC)
    of_task = select(masks.c.id).where(masks.c.task_id == task_id)
    standing = update(masks).where(masks.c.task_id == task_id, masks.c.withdrawn_at.is_(None))
    teaching = update(context_entries).where(
        context_entries.c.mask_id.in_(of_task), context_entries.c.removed_at.is_(None)
    )
    connection.execute(standing.values(withdrawn_at=now))
    connection.execute(teaching.values(removed_at=now))
    if mask_id is not None:
        its_row, its_entry = masks.c.id == mask_id, context_entries.c.mask_id == mask_id
        connection.execute(update(masks).where(its_row).values(withdrawn_at=None))
        connection.execute(update(context_entries).where(its_entry).values(removed_at=None))
    state = "open" if mask_id is None else "accepted"
    connection.execute(update(tasks).where(tasks.c.id == task_id).values(state=state))


def _made_with(mask: StoredMask) -> dict[str, Any]:
    """What stays true of a mask, whoever decides on it; the grounds were those of a rule alone."""
    names = ("blob", "method", "weights_digest", "settings_digest", "predicted_dice")
    return {name: getattr(mask, name) for name in names}


def _check_open(connection: Connection, task_id: int) -> None:
    of_task = select(sessions.c.round).where(sessions.c.task_id == task_id)
    rounds = connection.scalars(of_task.order_by(sessions.c.id).with_for_update()).all()
    if take_task(connection, task_id).state != "open":
        raise StaleError("Somebody decided on this task in the meantime. That decision stays.")
    if any(rounds):
        raise StaleError("Somebody is working on this task. It is left to that person.")


def _check_holds(connection: Connection, mask: StoredMask) -> None:
    take_task(connection, mask.task_id)
    withdrawn_at = select(masks.c.withdrawn_at).where(masks.c.id == mask.id)
    if connection.scalar(withdrawn_at) is not None:
        raise StaleError(
            "Another mask took the place of this one, or the task was opened again. Look at it"
            " again before you decide."
        )


def _to_example(row: Row[Any]) -> StoredExample:
    return StoredExample(
        id=row._mapping[context_entries.c.id],
        image=to_image(row),
        target=row.target,
        mask_id=row.mask_id,
        blob=row.blob,
        removed_at=row.removed_at,
    )
