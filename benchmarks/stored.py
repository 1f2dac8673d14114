"""Whether a database holds what people were told it holds."""

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from ledger import Known, Sitting, digest, faults
from sqlalchemy import select

from assent.core.errors import AssentError
from assent.core.feedback import to_json
from assent.services.annotate import Annotate, View
from assent.services.originals import Originals
from assent.services.worker import Computes
from assent.storage.records import AuditEvent
from assent.storage.store import Store
from assent.storage.tables import sessions


def check(store: Store, worker: Computes, sittings: Mapping[int, Sitting]) -> Counter[str]:
    """What is lost, doubled or differs among all sessions of a store.

    Sessions that began with finished images or with a profile are counted, too.

    Args:
        store: Of a server that is gone.
        worker: Computes as that server did, with as many threads, and knows none of its sessions.
        sittings: What people know, by session.
    """
    annotate = Annotate(store, worker, Originals())
    found: Counter[str] = Counter()
    events: dict[int | None, list[AuditEvent]] = defaultdict(list)
    for event in store.audit.events():
        events[event.session_id].append(event)
    with store.database.reading() as connection:
        ids = set(connection.scalars(select(sessions.c.id)))
    found["lost"] += sum(len(sittings[id_].known.answers) for id_ in sittings.keys() - ids)
    for id_ in sorted(ids):
        session = store.sessions.get(id_)
        found["with_context"] += bool(session.context_ids)
        found["with_profile"] += session.prior is not None
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
            replayed = annotate.see(id_)
            found["differs"] += not _is_same(store, replayed, sittings[id_], events[id_])
        except AssentError as error:
            print(f"session {id_} cannot be replayed: {error}", file=sys.stderr)
            found["differs"] += 1
    return found


def _is_same(store: Store, replayed: View, sitting: Sitting, events: Sequence[AuditEvent]) -> bool:
    """Whether replay, stored masks and acknowledged ones are bit for bit the same."""
    masks = [digest(store.masks.read(e.blob)[0]) for e in events if e.event == "accepted"]
    if masks != sitting.accepted:
        return False
    recommended = digest(replayed.shown.recommended.plane(0))
    if replayed.session.is_accepted and [recommended] != masks[-1:]:
        return False
    return sitting.shown.is_empty or recommended == digest(sitting.shown.recommended)
