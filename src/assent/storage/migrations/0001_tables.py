"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)

APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER audit_keeps_updates BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
        "CREATE TRIGGER audit_keeps_deletes BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " EXECUTE FUNCTION audit_keeps()",
    ),
}


def upgrade() -> None:
    """Make every table, and keep the audit from being changed."""
    _make_queue()
    _make_sessions()
    _make_masks()
    _make_rest()
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop every table; those that refer go before those that are referred to."""
    for table in (
        *("audit", "jobs", "profiles", "context_entries", "masks", "feedback"),
        *("sessions", "tasks", "images", "projects"),
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_keeps()")


def _make_queue() -> None:
    op.create_table(
        "projects",
        *_key("projects"),
        *_texts("name", "root"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )
    op.create_table(
        "images",
        *_key("images"),
        *_reference("images", "project_id", "projects.id"),
        *_texts("path", "digest"),
        sa.Column("shape_dhw", sa.JSON, nullable=False),
        *_texts("kind"),
        sa.Column("is_current", sa.Boolean, nullable=False),
        sa.UniqueConstraint(
            "project_id", "path", "digest", name="uq_images_project_id_path_digest"
        ),
    )
    op.create_table(
        "tasks",
        *_key("tasks"),
        *_reference("tasks", "image_id", "images.id"),
        *_texts("target", "state"),
        sa.Column("predicted_dice", sa.Float),
        sa.Column("queue_order", sa.Float, nullable=False),
        sa.UniqueConstraint("image_id", "target", name="uq_tasks_image_id_target"),
    )
    op.create_index(
        "ix_tasks_target_state_queue_order", "tasks", ["target", "state", "queue_order"]
    )


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        *_key("sessions"),
        *_reference("sessions", "task_id", "tasks.id"),
        *_texts("person", "method", "weights_digest", "settings_digest"),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("context_ids", sa.JSON, nullable=False),
        sa.Column("prior", sa.JSON),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
    )
    op.create_index("ix_sessions_task_id", "sessions", ["task_id"])
    op.create_table(
        "feedback",
        *_reference("feedback", "session_id", "sessions.id"),
        sa.Column("round", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "round", name="pk_feedback"),
    )


def _make_masks() -> None:
    op.create_table(
        "masks",
        *_key("masks"),
        *_reference("masks", "task_id", "tasks.id"),
        *_reference("masks", "session_id", "sessions.id", nullable=True),
        sa.Column("round", sa.Integer),
        *_texts("blob", "person", "method", "weights_digest"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT),
    )
    op.create_index("ix_masks_task_id", "masks", ["task_id"])
    op.create_index("ix_masks_session_id_round", "masks", ["session_id", "round"])
    holds = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "uq_masks_holding",
        "masks",
        ["task_id"],
        unique=True,
        sqlite_where=holds,
        postgresql_where=holds,
    )
    op.create_table(
        "context_entries",
        *_key("context_entries"),
        *_reference("context_entries", "mask_id", "masks.id"),
        sa.Column("removed_at", MOMENT),
        sa.UniqueConstraint("mask_id", name="uq_context_entries_mask_id"),
    )


def _make_rest() -> None:
    op.create_table(
        "profiles",
        *_texts("person", "method", "weights_digest"),
        sa.Column("numbers", sa.JSON, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person", "method", "weights_digest", name="pk_profiles"),
    )
    op.create_table(
        "jobs",
        *_key("jobs"),
        *_texts("kind", "state"),
        sa.Column("progress", sa.Float, nullable=False),
        *_texts("detail"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_table(
        "audit",
        *_key("audit"),
        sa.Column("at", MOMENT, nullable=False),
        *_texts("person", "event", "image_digest", "target"),
        sa.Column("session_id", sa.Integer),
        *_texts("blob", "method", "weights_digest", "settings_digest"),
    )


def _key(table: str) -> tuple[sa.Column[int], sa.Constraint]:
    return sa.Column("id", sa.Integer, nullable=False), sa.PrimaryKeyConstraint(
        "id", name=f"pk_{table}"
    )


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def _reference(
    table: str, column: str, to: str, *, nullable: bool = False
) -> tuple[sa.Column[int], sa.Constraint]:
    return sa.Column(column, sa.Integer, nullable=nullable), sa.ForeignKeyConstraint(
        [column], [to], name=f"fk_{table}_{column}"
    )
