"""A database says which one it is."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Give it a name that no other has; a copy keeps it."""
    made = op.create_table(
        "identity",
        sa.Column("store", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("store", name="pk_identity"),
    )
    op.bulk_insert(made, [{"store": uuid4().hex}])


def downgrade() -> None:
    """Forget it; what was meant for it is taken for another one's from now on."""
    op.drop_table("identity")
