"""Readers' languages, lists and consent; bounces, suppressions, questions to confirm."""

import sqlalchemy as sa
from alembic import op

from publisher.storage.schema import Choice, Id, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _readers()
    _sending()
    op.create_table(
        "reader_log",
        sa.Column("id", Id, nullable=False),
        sa.Column("subscriber_id", Id, nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        _belongs("reader_log", "subscribers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_log")),
    )
    op.create_index(op.f("ix_reader_log_subscriber_id"), "reader_log", ["subscriber_id"])
    op.create_index(op.f("ix_reader_log_digest"), "reader_log", ["digest"])
    _record_what_is_known()
    op.create_table(
        "suppressions",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_suppressions")),
    )
    _asks()
    _bounces()
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tallies")),
    )
    op.create_table(
        "slow_domains",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "domain", name=op.f("pk_slow_domains")),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )


def _readers() -> None:
    with op.batch_alter_table("subscribers") as table:
        table.add_column(sa.Column("name", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("languages", Choice(), nullable=False, server_default=""))
        table.add_column(sa.Column("lists", Choice(), nullable=False, server_default=""))
    op.execute(
        "UPDATE subscribers SET languages = ' ' || language || ' '"
        " WHERE language IS NOT NULL AND language <> ''"
    )
    with op.batch_alter_table("subscribers") as table:
        table.drop_column("language")
        for name in ("name", "languages", "lists"):
            table.alter_column(name, server_default=None)


def _sending() -> None:
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("paused_at", Moment(), nullable=True))
        table.add_column(sa.Column("cancelled_at", Moment(), nullable=True))
    is_open = sa.text("state IN ('pending', 'sending', 'unsure')")
    op.drop_index("ix_deliveries_open", "deliveries")
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["state", "post_id", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _record_what_is_known() -> None:
    op.execute(
        "INSERT INTO reader_log (subscriber_id, digest, at, event, how, place, words)"
        " SELECT id, '', added_at, 'joined', origin, '', '' FROM subscribers"
    )
    op.execute(
        "INSERT INTO reader_log (subscriber_id, digest, at, event, how, place, words)"
        " SELECT id, '', changed_at, 'left', '', '', '' FROM subscribers WHERE state = 'left'"
    )


def _asks() -> None:
    op.create_table(
        "asks",
        sa.Column("id", Id, nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("languages", Choice(), nullable=False),
        sa.Column("lists", Choice(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("confirmed_at", Moment(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("hinted_at", Moment(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _belongs("asks", "subscribers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asks")),
        sa.UniqueConstraint("token", name=op.f("uq_asks_token")),
    )
    op.create_index(op.f("ix_asks_subscriber_id"), "asks", ["subscriber_id"])
    is_unsent = sa.text("state IN ('pending', 'sending')")
    op.create_index(
        "ix_asks_open",
        "asks",
        ["state", "id"],
        sqlite_where=is_unsent,
        postgresql_where=is_unsent,
    )


def _bounces() -> None:
    op.create_table(
        "bounces",
        sa.Column("id", Id, nullable=False),
        sa.Column("delivery_id", Id, nullable=True),
        sa.Column("subscriber_id", Id, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_bounces_delivery_id")
        ),
        _belongs("bounces", "subscribers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_bounces_fingerprint")),
    )
    op.create_index(op.f("ix_bounces_delivery_id"), "bounces", ["delivery_id"])
    op.create_index(op.f("ix_bounces_subscriber_id"), "bounces", ["subscriber_id"])
    is_open = sa.text("verdict = 'open'")
    op.create_index(
        "ix_bounces_open", "bounces", ["at"], sqlite_where=is_open, postgresql_where=is_open
    )


def _belongs(table: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_subscriber_id")
    return sa.ForeignKeyConstraint(["subscriber_id"], [f"{to}.id"], name=name)
