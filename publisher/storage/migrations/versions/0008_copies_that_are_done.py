"""An index to count copies by, and the revision that two people released."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DONE = sa.text("state NOT IN ('pending', 'sending', 'unsure', 'held')")


def upgrade() -> None:
    """Only add, so that a program of the version before goes on working beside it."""
    op.create_index(
        "ix_deliveries_done",
        "deliveries",
        ["post_id", "state", "changed_at", "attempts", "id"],
        sqlite_where=DONE,
        postgresql_where=DONE,
    )
    op.add_column("releases", sa.Column("agreed", sa.String(), nullable=False, server_default=""))
