"""Other helpdesks: what each was told of which appeal, what was taken from it, what it called about"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.database

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeal_mirrors",
        sa.Column("desk", sa.String(length=20), nullable=False),
        sa.Column("appeal_id", sa.String(length=16), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=True),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("remote_status", sa.String(length=20), server_default="", nullable=False),
        sa.Column("remote_word", sa.String(length=100), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("-1"), nullable=False),
        sa.Column("followed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("busy_by", sa.String(length=16), nullable=True),
        sa.Column("busy_until", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("desk", "appeal_id", name=op.f("pk_appeal_mirrors")),
    )
    with op.batch_alter_table("appeal_mirrors", schema=None) as batch_op:
        batch_op.create_index("ix_appeal_mirrors_appeal_id", ["appeal_id"], unique=False)
        batch_op.create_index("ix_appeal_mirrors_remote", ["desk", "remote_id"], unique=False)

    op.create_table(
        "mirrored_messages",
        sa.Column("desk", sa.String(length=20), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.Column("appeal_id", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("desk", "remote_id", name=op.f("pk_mirrored_messages")),
    )
    with op.batch_alter_table("mirrored_messages", schema=None) as batch_op:
        batch_op.create_index("ix_mirrored_messages_appeal", ["appeal_id", "desk", "place"], unique=False)

    op.create_table(
        "helpdesk_calls",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("desk", sa.String(length=20), nullable=False),
        sa.Column("delivery", sa.String(length=100), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.Column("received_at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpdesk_calls")),
    )
    with op.batch_alter_table("helpdesk_calls", schema=None) as batch_op:
        batch_op.create_index("ix_helpdesk_calls_received_at", ["received_at"], unique=False)
        batch_op.create_index("uq_helpdesk_calls_delivery", ["desk", "delivery"], unique=True)

    op.create_table(
        "helpdesk_looks",
        sa.Column("desk", sa.String(length=20), nullable=False),
        sa.Column("seen_until", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("desk", name=op.f("pk_helpdesk_looks")),
    )


def downgrade() -> None:
    op.drop_table("helpdesk_looks")
    with op.batch_alter_table("helpdesk_calls", schema=None) as batch_op:
        batch_op.drop_index("uq_helpdesk_calls_delivery")
        batch_op.drop_index("ix_helpdesk_calls_received_at")

    op.drop_table("helpdesk_calls")
    with op.batch_alter_table("mirrored_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_mirrored_messages_appeal")

    op.drop_table("mirrored_messages")
    with op.batch_alter_table("appeal_mirrors", schema=None) as batch_op:
        batch_op.drop_index("ix_appeal_mirrors_remote")
        batch_op.drop_index("ix_appeal_mirrors_appeal_id")

    op.drop_table("appeal_mirrors")
