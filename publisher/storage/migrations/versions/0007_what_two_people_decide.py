"""What one of two people wants done, until the other agrees."""

import sqlalchemy as sa
from alembic import op

from publisher.storage.schema import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add, so that a program of the version before goes on working beside it."""
    op.create_table(
        "consents",
        sa.Column("issue", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("issue", "did", "channel", "lang", name=op.f("pk_consents")),
    )
