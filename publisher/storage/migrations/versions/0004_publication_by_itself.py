"""Hooks that were heard, looks that were asked for, releases that wait, and corrections."""

import sqlalchemy as sa
from alembic import op

from publisher.storage.schema import Moment, Words

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
    open_ = sa.text("done_at IS NULL AND cancelled_at IS NULL")
    op.create_table(
        "releases",
        sa.Column("issue", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("dated", Moment()),
        sa.Column("live_at", Moment()),
        sa.Column("looks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_look_at", Moment()),
        sa.Column("trouble", Words(), nullable=False, server_default=""),
        sa.Column("held_at", Moment()),
        sa.Column("released_at", Moment()),
        sa.Column("cancelled_at", Moment()),
        sa.Column("done_at", Moment()),
        sa.PrimaryKeyConstraint("issue", "lang", name=op.f("pk_releases")),
    )
    op.create_index(
        "ix_releases_open",
        "releases",
        ["seen_at"],
        sqlite_where=open_,
        postgresql_where=open_,
    )
    op.create_table(
        "corrections",
        sa.Column("issue", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("asks", Words(), nullable=False, server_default=""),
        sa.Column("trouble", Words(), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("carried_at", Moment()),
        sa.PrimaryKeyConstraint("issue", "lang", name=op.f("pk_corrections")),
    )
    to_be_carried = sa.text("carried_at IS NULL")
    op.create_index(
        "ix_corrections_open",
        "corrections",
        ["next_at"],
        sqlite_where=to_be_carried,
        postgresql_where=to_be_carried,
    )
    op.create_table(
        "renames",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("named", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("issue", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", "named", "lang", name=op.f("pk_renames")),
    )
    op.add_column("sources", sa.Column("seen", sa.String(), nullable=False, server_default=""))
    _else_after()


def _else_after() -> None:
    """Readers who wait for their own language so many days, and what they got instead."""
    op.add_column("posts", sa.Column("stood_in_at", Moment()))
    op.add_column("deliveries", sa.Column("else_after", sa.Integer()))
    op.add_column("subscribers", sa.Column("else_after", sa.Integer()))
    op.add_column("subscribers", sa.Column("else_from", Moment()))
    chosen = sa.text("else_after IS NOT NULL")
    for name, table, column in (
        ("ix_deliveries_else_after", "deliveries", "post_id"),
        ("ix_subscribers_waiting_else_after", "subscribers", "else_after"),
        ("ix_subscribers_waiting_changed_at", "subscribers", "changed_at"),
    ):
        op.create_index(name, table, [column], sqlite_where=chosen, postgresql_where=chosen)
