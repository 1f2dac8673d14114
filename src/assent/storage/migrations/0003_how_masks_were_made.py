"""Masks say who or what accepted them, and how they were made."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBERS = ("predicted_dice", "threshold", "risk")

FILLED = (
    # Earlier versions told a rule's masks by a reserved name; for whom they were predicted they
    # did not keep.
    "UPDATE masks SET origin = 'rule', person = ''"
    " WHERE session_id IS NULL AND person = 'automatic'",
    # A person who confirmed such a mask got one with the same voxels.
    "UPDATE masks SET origin = 'person' WHERE session_id IS NOT NULL OR (origin <> 'rule' AND"
    " EXISTS (SELECT 1 FROM masks AS seen WHERE seen.task_id = masks.task_id"
    " AND seen.blob = masks.blob AND seen.id < masks.id AND seen.origin = 'rule'))",
    "UPDATE masks SET settings_digest ="
    " (SELECT settings_digest FROM sessions WHERE sessions.id = masks.session_id)"
    " WHERE session_id IS NOT NULL",
)


def upgrade() -> None:
    """Add what is to be known of a mask, and fill in what is known already."""
    for name, value in (("origin", "import"), ("settings_digest", "")):
        column = sa.Column(name, sa.Text, nullable=False, server_default=value)
        op.add_column("masks", column)
    for table in ("masks", "audit"):
        for name in NUMBERS:
            op.add_column(table, sa.Column(name, sa.Float))
    for statement in FILLED:
        op.execute(statement)


def downgrade() -> None:
    """Give masks of a rule the reserved name again, and forget the rest."""
    op.execute("UPDATE masks SET person = 'automatic' WHERE origin = 'rule'")
    # In place: a copied audit would have lost its triggers.
    for table, names in (("masks", ("origin", "settings_digest", *NUMBERS)), ("audit", NUMBERS)):
        for name in names:
            op.drop_column(table, name)
