"""Notices of the operator, and whom they went to; planned works as a kind that can be switched off"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("until", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.String(length=16), server_default="", nullable=False),
        sa.Column("looked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("nobody", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_people",
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_id", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), server_default="", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("tried", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=20), server_default="", nullable=False),
        sa.Column("target", sa.String(length=120), server_default="", nullable=False),
        sa.Column("cost", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("message_id", sa.String(length=16), nullable=True),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.Column("queued_at", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_people_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "subscriber_id", name=op.f("pk_notice_people")),
    )
    with op.batch_alter_table("notice_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_people_message_id"), ["message_id"], unique=False)
        batch_op.create_index(
            "ix_notice_people_paid",
            ["queued_at"],
            unique=False,
            sqlite_where=sa.text("cost > 0"),
            postgresql_where=sa.text("cost > 0"),
        )
        batch_op.create_index(
            "ix_notice_people_planned",
            ["notice_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("status = 'planned'"),
            postgresql_where=sa.text("status = 'planned'"),
        )
        batch_op.create_index(
            "ix_notice_people_queued",
            ["queued_at"],
            unique=False,
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )
        batch_op.create_index("ix_notice_people_subscriber", ["subscriber_id"], unique=False)

    with op.batch_alter_table("reminder_prefs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("works", sa.Boolean(), server_default=sa.text("true"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("reminder_prefs", schema=None) as batch_op:
        batch_op.drop_column("works")

    with op.batch_alter_table("notice_people", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_people_subscriber")
        batch_op.drop_index(
            "ix_notice_people_queued",
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )
        batch_op.drop_index(
            "ix_notice_people_planned",
            sqlite_where=sa.text("status = 'planned'"),
            postgresql_where=sa.text("status = 'planned'"),
        )
        batch_op.drop_index(
            "ix_notice_people_paid", sqlite_where=sa.text("cost > 0"), postgresql_where=sa.text("cost > 0")
        )
        batch_op.drop_index(batch_op.f("ix_notice_people_message_id"))

    op.drop_table("notice_people")
    op.drop_table("notices")
