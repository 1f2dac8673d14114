"""The schema, on one page.

```text
projects ─< images ─< tasks ─< sessions ─< feedback
                        └───< masks ── context_entries
profiles   jobs ─< job_steps   audit (append-only, refers to nothing so that it outlives everything)
identity (one row)
```

Each fact is kept once. What a session shows follows from its answers and ``sessions.round``, the
number of them that hold: answers below it are the history, those from it on were taken back and
can be brought again. Rows are added or marked, not deleted, but for three: answers that another
answer replaced after an undo, a profile that a person resets, and the steps of a finished job.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say the zone that was left out, or use ours instead of the server's."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# Constraints need names: SQLite changes a table by copying it, and finds them by name.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _of(table: str, *, nullable: bool = False) -> Column[int]:
    """A reference to a row of another table, as in ``image_id``."""
    return Column(f"{table[:-1]}_id", ForeignKey(f"{table}.id"), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcTime, nullable=nullable)


def _made_with() -> tuple[Column[Any], ...]:
    """How a mask was made and, where a rule accepted it, on what grounds.

    Of a mask that a session accepted the words are those of the session, so that one row says all.
    """
    return (
        *map(_text, ("method", "weights_digest", "settings_digest")),  # "" where no method made it
        Column("predicted_dice", Float),  # before a rule accepted it
        Column("threshold", Float),  # of the predicted Dice; null without a rule
        Column("risk", Float),  # that the rule keeps
    )


projects = Table(
    "projects",
    metadata,
    _key(),
    Column("name", Text, nullable=False, unique=True),
    _text("root"),  # folder of the originals
    _moment("created_at"),
)

# A file whose content changes becomes another row: what was done on the old content stays true.
images = Table(
    "images",
    metadata,
    _key(),
    _of("projects"),
    _text("path"),  # from the project's root, with forward slashes
    _text("digest"),  # Image.content_id
    Column("shape_dhw", JSON, nullable=False),
    _text("kind"),  # of file, as in "dicom-series"
    Column("is_current", Boolean, nullable=False),  # whether the path holds this content now
    UniqueConstraint("project_id", "path", "digest"),
)

tasks = Table(
    "tasks",
    metadata,
    _key(),
    _of("images"),
    _text("target"),  # what is to be segmented, as in "nucleus"
    _text("state"),  # open, accepted or skipped; removed with its target
    Column("predicted_dice", Float),
    Column("queue_order", Float, nullable=False),  # lowest first
    UniqueConstraint("image_id", "target"),
    Index(None, "target", "state", "queue_order"),
)

sessions = Table(
    "sessions",
    metadata,
    _key(),
    _of("tasks"),
    _text("person"),
    _text("method"),
    _text("weights_digest"),
    _text("settings_digest"),
    Column("seed", BigInteger, nullable=False),
    Column("context_ids", JSON, nullable=False),  # context_entries.id, in order
    Column("prior", JSON(none_as_null=True)),
    Column("round", Integer, nullable=False),  # how many answers hold
    _moment("opened_at"),
    Index(None, "task_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("answer", JSON, nullable=False),  # core.feedback.to_json
    _moment("given_at"),
)

masks = Table(
    "masks",
    metadata,
    _key(),
    _of("tasks"),
    _of("sessions", nullable=True),  # null when it came from elsewhere
    Column("round", Integer),  # of the acceptance
    _text("blob"),
    _text("origin"),  # accepted by a person or a rule, or import
    _text("person"),  # who accepted or brought it; for whom a rule did
    *_made_with(),
    _moment("made_at"),
    _moment("withdrawn_at", nullable=True),
    Index(None, "task_id"),
    Index(None, "session_id", "round"),
)

# At most one mask of a task holds.
_holds = masks.c.withdrawn_at.is_(None)
Index(
    "uq_masks_holding", masks.c.task_id, unique=True, sqlite_where=_holds, postgresql_where=_holds
)

# Image and blob are those of the mask.
context_entries = Table(
    "context_entries",
    metadata,
    _key(),
    Column("mask_id", ForeignKey("masks.id"), nullable=False, unique=True),
    _moment("removed_at", nullable=True),
)

# Rows are numbered from 1 in every database: what is sent from elsewhere says which one it means.
identity = Table("identity", metadata, Column("store", Text, primary_key=True))

profiles = Table(
    "profiles",
    metadata,
    Column("person", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("weights_digest", Text, primary_key=True),
    Column("numbers", JSON, nullable=False),
    _moment("saved_at"),
)

jobs = Table(
    "jobs",
    metadata,
    _key(),
    _text("kind"),
    _text("state"),  # waiting, running, done, failed or cancelled
    Column("progress", Float, nullable=False),  # share done, in [0, 1]
    _text("detail"),  # one sentence for people
    _moment("created_at"),
    _moment("changed_at"),
    # With these a later process goes on with a job: what was asked for, whether its end was asked
    # for since, and how often it was begun without finishing a step.
    Column("arguments", JSON, nullable=False),
    Column("is_cancelled", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Which process works on it, "" for none, and when that was last heard of.
    _text("owner"),
    _moment("heartbeat_at", nullable=True),
)

# What an unfinished job need not do again.
job_steps = Table(
    "job_steps",
    metadata,
    Column("job_id", ForeignKey("jobs.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("result", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    _key(),
    _moment("at"),
    _text("person"),
    _text("event"),  # accepted, accepted by rule, reopened or added
    _text("image_digest"),
    _text("target"),
    Column("session_id", Integer),
    _text("blob"),
    *_made_with(),
)
