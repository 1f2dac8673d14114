"""Jobs that a later process can go on with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LEFT = (
    "UPDATE jobs SET state = 'failed', detail = 'The server stopped. Start this again.'"
    " WHERE state IN ('waiting', 'running')"
)
"""Of jobs that an earlier version left nobody knows what was asked for."""


def upgrade() -> None:
    """Keep what was asked for, and what is done of it."""
    for column in (
        sa.Column("arguments", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("is_cancelled", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)
    op.create_table(
        "job_steps",
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "name", name="pk_job_steps"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_steps_job_id"),
    )
    op.execute(LEFT)


def downgrade() -> None:
    """Forget it; an earlier version calls unfinished jobs failed by itself."""
    op.drop_table("job_steps")
    with op.batch_alter_table("jobs") as batch:
        for name in ("arguments", "is_cancelled", "attempts"):
            batch.drop_column(name)
