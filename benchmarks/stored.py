"""Whether a database holds what people were told it holds."""

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from ledger import Known, Sitting, digest, faults
from sqlalchemy import select

from assent.core.errors import AssentError
from assent.core.feedback import to_json
from assent.io.formats import read_image
from assent.methods.protocol import Method
from assent.services.annotate import record_of
from assent.sessions.session import Session, replay
from assent.storage.records import AuditEvent, StoredSession
from assent.storage.store import Store
from assent.storage.tables import sessions


def check(store: Store, method: Method, sittings: Mapping[int, Sitting]) -> Counter[str]:
    """What is lost, doubled or differs among all sessions of a store.

    Args:
        store: Of a server that is gone.
        method: That it computed with; without context.
        sittings: What people know, by session.
    """
    found: Counter[str] = Counter()
    events: dict[int | None, list[AuditEvent]] = defaultdict(list)
    for event in store.audit.events():
        events[event.session_id].append(event)
    with store.database.reading() as connection:
        ids = set(connection.scalars(select(sessions.c.id)))
    found["lost"] += sum(len(sittings[id_].known.answers) for id_ in sittings.keys() - ids)
    for id_ in sorted(ids):
        session = store.sessions.get(id_)
        stored = Known(
            tuple(map(to_json, (*session.history, *session.undone))),
            session.round,
            tuple(event.event for event in events[id_]),
        )
        if id_ not in sittings:  # its opening was never acknowledged
            found["doubled"] += len(stored.answers)
            continue
        found.update(faults(stored, sittings[id_].known))
        try:
            replayed = _replayed(store, method, session)
            found["differs"] += not _is_same(store, replayed, sittings[id_], events[id_])
        except AssentError as error:
            print(f"session {id_} cannot be replayed: {error}", file=sys.stderr)
            found["differs"] += 1
    return found


def _replayed(store: Store, method: Method, session: StoredSession) -> Session:
    image = store.projects.image(store.projects.task(session.task_id).image_id)
    root = Path(store.projects.get(image.project_id).root)
    return replay(record_of(session), method, read_image(root / image.path))


def _is_same(
    store: Store, replayed: Session, sitting: Sitting, events: Sequence[AuditEvent]
) -> bool:
    """Whether replay, stored masks and acknowledged ones are bit for bit the same."""
    masks = [digest(store.masks.read(e.blob)[0]) for e in events if e.event == "accepted"]
    if masks != sitting.accepted:
        return False
    if replayed.accepted is not None and [digest(replayed.accepted[0])] != masks[-1:]:
        return False
    shown = sitting.shown
    return shown.is_empty or digest(replayed.propose().recommended[0]) == digest(shown.recommended)
