"""An answer becomes durable: once, in its round, or not at all."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from assent.core.errors import InputError, StaleError
from assent.core.feedback import Accept, Feedback, from_json, to_json
from assent.storage.audit import note
from assent.storage.blobs import Blobs
from assent.storage.database import Database, check_known, unknown
from assent.storage.masks import check_grid, hold, record, take_task
from assent.storage.packed import pack
from assent.storage.records import AuditKind, SessionStart, StoredAnswer, StoredSession
from assent.storage.tables import context_entries, feedback, images, masks, sessions, tasks

KIND = feedback.c.answer["kind"].as_string()


class Sessions:
    """The work on single images, as answers that replay to the same state."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def open(self, start: SessionStart) -> StoredSession:
        """Begin a session.

        Raises:
            NotFoundError: If there is no such task or context entry.
        """
        values = {
            "task_id": start.task_id,
            "person": start.person,
            "method": start.method,
            "weights_digest": start.weights_digest,
            "settings_digest": start.settings_digest,
            "seed": start.seed,
            "context_ids": list(start.context_ids),
            "prior": None if start.prior is None else dict(start.prior),
        }
        with self._database.writing() as connection:
            check_known(connection, tasks, [start.task_id], "task")
            check_known(connection, context_entries, start.context_ids, "context entry")
            opened = insert(sessions).values(round=0, opened_at=datetime.now(UTC), **values)
            made = connection.execute(opened.returning(sessions.c.id)).scalar_one()
            return _read(connection, made)

    def get(self, session_id: int) -> StoredSession:
        """A session with its answers.

        Raises:
            NotFoundError: If there is none.
        """
        with self._database.reading() as connection:
            return _read(connection, session_id)

    def latest(self, task_id: int, person: str) -> StoredSession | None:
        """The session that a person opened last on a task, if any."""
        theirs = and_(sessions.c.task_id == task_id, sessions.c.person == person)
        with self._database.reading() as connection:
            found = connection.scalar(select(func.max(sessions.c.id)).where(theirs))
            return None if found is None else _read(connection, found)

    def finished(
        self, person: str, method: str, weights_digest: str, *, after: int = 0, limit: int
    ) -> tuple[StoredSession, ...]:
        """A person's newest sessions whose accepted mask holds, newest first.

        Args:
            person: Whose.
            method: Made with this method.
            weights_digest: And these weights.
            after: Only sessions with a higher id.
            limit: How many at most.
        """
        holds = masks.c.withdrawn_at.is_(None)
        theirs = and_(sessions.c.person == person, sessions.c.method == method)
        listed = (
            select(sessions.c.id)
            .join_from(sessions, masks)
            .where(holds, theirs, sessions.c.weights_digest == weights_digest)
            .where(sessions.c.id > after)
            .order_by(masks.c.id.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            found = connection.scalars(listed).all()
            return tuple(_read(connection, id_) for id_ in found)

    def give(
        self, session_id: int, answer: Feedback, *, mask: NDArray[np.bool_] | None = None
    ) -> StoredAnswer:
        """Keep an answer; when this returns it is on disk. Answers that were undone are dropped.

        The same answer to a round that it answered already changes nothing and returns what is
        stored. An acceptance also keeps its mask, which then holds for the task, informs the
        next images and stands in the audit: all of this together or none of it.

        Args:
            session_id: Which session.
            answer: To the round that is shown.
            mask: What is accepted, ``(D, H, W)`` bool; with ``Accept`` and only then.

        Raises:
            NotFoundError: If there is no such session.
            StaleError: If it answers another round than the current one, which is named.
            ShapeError: If the mask is not on the image's grid.
            InputError: If mask and answer do not belong together, or nothing can be written.
        """
        if isinstance(answer, Accept) != (mask is not None):
            raise InputError(
                "The accepted mask is stored with its acceptance, and with no other answer."
                " Send both together."
            )
        # Before the transaction: a row never names a blob that is not there.
        blob = None if mask is None else self._blobs.put(pack(mask))
        with self._database.writing() as connection:
            session = _take(connection, session_id)
            if answer.round != session.round:
                return _given_before(connection, session, answer)
            stored = _append(connection, session_id, answer)
            if mask is not None and blob is not None:
                check_grid(connection, session.task_id, mask.shape)
                _accept(connection, session, blob)
        return stored

    def go_to(
        self,
        session_id: int,
        round: int,  # noqa: A002 - as in sessions
        *,
        since: int | None = None,
    ) -> None:
        """Undo or redo up to a round; what was undone stays until another answer is given.

        Going back over an acceptance opens the task again and takes its mask out of the context
        of sessions to come; going forward over it undoes that.

        Args:
            session_id: Which session.
            round: Where to.
            since: The round from which that was decided; None from any.

        Raises:
            NotFoundError: If there is no such session.
            StaleError: If it is in another round than that since it was decided.
            InputError: If its answers never reached that round.
        """
        with self._database.writing() as connection:
            session = _take(connection, session_id)
            if since not in {None, session.round}:
                raise StaleError(
                    f"The session was in round {since}, but is in round {session.round} now. Look"
                    " at the current proposal and decide again."
                )
            of_session = feedback.c.session_id == session_id
            count = connection.scalar(select(func.count()).where(of_session)) or 0
            if not 0 <= round <= count:
                raise InputError(
                    f"Round {round} does not exist: the history has rounds 0 to {count}."
                )
            accepted = connection.scalar(
                select(feedback.c.round).where(of_session, KIND == "accept")
            )
            _set_round(connection, session_id, round)
            if accepted is not None and (round > accepted) != (session.round > accepted):
                _reconsider(connection, session, accepted, holds=round > accepted)


def _take(connection: Connection, session_id: int) -> Row[Any]:
    """A session's row; nobody else writes to the session until the transaction ends."""
    row = connection.execute(
        select(sessions).where(sessions.c.id == session_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise unknown(connection, sessions, session_id, "session")
    return row


def _given_before(connection: Connection, session: Row[Any], answer: Feedback) -> StoredAnswer:
    """What is stored for a round that this very answer answered already."""
    its_round = and_(feedback.c.session_id == session.id, feedback.c.round == answer.round)
    row = connection.execute(select(feedback).where(its_round)).one_or_none()
    if row is None or answer.round > session.round or row.answer != to_json(answer):
        raise StaleError(
            f"The answer belongs to round {answer.round}, but round {session.round} is shown."
            " Look at the current proposal and answer that."
        )
    return StoredAnswer(
        session_id=session.id, round=row.round, answer=answer, given_at=row.given_at
    )


def _append(connection: Connection, session_id: int, answer: Feedback) -> StoredAnswer:
    """Put an answer after those that hold, in place of any that were undone."""
    now = datetime.now(UTC)
    undone = and_(feedback.c.session_id == session_id, feedback.c.round >= answer.round)
    connection.execute(delete(feedback).where(undone))
    connection.execute(
        insert(feedback).values(
            session_id=session_id, round=answer.round, answer=to_json(answer), given_at=now
        )
    )
    _set_round(connection, session_id, answer.round + 1)
    return StoredAnswer(session_id=session_id, round=answer.round, answer=answer, given_at=now)


def _set_round(connection: Connection, session_id: int, round_: int) -> None:
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(round=round_))


def _accept(connection: Connection, session: Row[Any], blob: str) -> None:
    """Let a mask hold that the session's current round accepts."""
    made = {
        "task_id": session.task_id,
        "session_id": session.id,
        "round": session.round,
        "blob": blob,
        "person": session.person,
        "method": session.method,
        "weights_digest": session.weights_digest,
        "settings_digest": session.settings_digest,
    }
    record(connection, "person", made)
    _note(connection, "accepted", session, blob)


def _reconsider(connection: Connection, session: Row[Any], round_: int, *, holds: bool) -> None:
    """Take an acceptance back, or bring it again."""
    take_task(connection, session.task_id)
    its_masks = and_(masks.c.session_id == session.id, masks.c.round == round_)
    mask = connection.execute(
        select(masks).where(its_masks).order_by(masks.c.id.desc()).limit(1)
    ).one()
    if holds:
        hold(connection, session.task_id, mask.id)
    elif mask.withdrawn_at is None:  # else a later mask took its place, and goes on to hold
        hold(connection, session.task_id, None)
    _note(connection, "accepted" if holds else "reopened", session, mask.blob)


def _note(connection: Connection, event: AuditKind, session: Row[Any], blob: str) -> None:
    note(
        connection,
        event,
        session.task_id,
        person=session.person,
        session_id=session.id,
        blob=blob,
        method=session.method,
        weights_digest=session.weights_digest,
        settings_digest=session.settings_digest,
    )


def _read(connection: Connection, session_id: int) -> StoredSession:
    wanted = select(sessions, images.c.digest).join_from(sessions, tasks).join(images)
    row = connection.execute(wanted.where(sessions.c.id == session_id)).one_or_none()
    if row is None:
        raise unknown(connection, sessions, session_id, "session")
    of_session = feedback.c.session_id == session_id
    told = connection.scalars(
        select(feedback.c.answer).where(of_session).order_by(feedback.c.round)
    )
    answers = tuple(map(from_json, told))
    return StoredSession(
        id=row.id,
        task_id=row.task_id,
        person=row.person,
        method=row.method,
        weights_digest=row.weights_digest,
        settings_digest=row.settings_digest,
        seed=row.seed,
        context_ids=tuple(row.context_ids),
        prior=row.prior,
        image_digest=row.digest,
        opened_at=row.opened_at,
        history=answers[: row.round],
        undone=answers[row.round :],
    )
