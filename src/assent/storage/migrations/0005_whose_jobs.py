"""Jobs say which process works on them, and when it was last heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """What an earlier version left belongs to nobody."""
    op.add_column("jobs", sa.Column("owner", sa.Text, nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("heartbeat_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Forget it; an earlier version takes up every unfinished job."""
    with op.batch_alter_table("jobs") as batch:
        for name in ("owner", "heartbeat_at"):
            batch.drop_column(name)
