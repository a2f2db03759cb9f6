"""Hooks that were heard, and looks that were asked for."""

import sqlalchemy as sa
from alembic import op

from publisher.storage.schema import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add, so that a program of the version before goes on working beside it."""
    op.create_table(
        "heard_hooks",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("heard_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", "mark", name=op.f("pk_heard_hooks")),
    )
    op.create_index("ix_heard_hooks_heard_at", "heard_hooks", ["source", "heard_at"])
    op.create_table(
        "asked_looks",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_asked_looks")),
    )
