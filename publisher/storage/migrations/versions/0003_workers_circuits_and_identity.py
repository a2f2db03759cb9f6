"""Signs of life, circuits of channels, and which store this is."""

import sqlalchemy as sa
from alembic import op

from publisher.storage.schema import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add, so that a program of the version before goes on working beside it."""
    failures = sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    op.add_column("channels", failures)
    op.add_column("channels", sa.Column("open_until", Moment(), nullable=True))
    held = sa.text("state = 'held'")
    op.create_index(
        "ix_deliveries_held", "deliveries", ["post_id"], sqlite_where=held, postgresql_where=held
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("beat_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("home", sa.String(), nullable=False),
        sa.Column("age", sa.BigInteger(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("fenced_at", Moment(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("forgot_since", Moment(), nullable=True),
        sa.Column("adopted_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
