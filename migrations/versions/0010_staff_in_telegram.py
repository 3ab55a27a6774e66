"""Staff in Telegram: who is who there, the codes that prove it, and where their group is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.database

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_groups",
        sa.Column("chat", sa.String(length=32), nullable=False),
        sa.Column("moved_to", sa.String(length=32), server_default="", nullable=False),
        sa.Column("told_at", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_id", sa.String(length=16), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("chat", name=op.f("pk_staff_groups")),
    )
    op.create_table(
        "staff_codes",
        sa.Column("staff_id", sa.String(length=16), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_codes_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_staff_codes_code_hash")),
    )
    op.create_table(
        "staff_telegram",
        sa.Column("telegram_id", sa.String(length=20), nullable=False),
        sa.Column("staff_id", sa.String(length=16), nullable=False),
        sa.Column("bound_at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_telegram_staff_id_staff")),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_staff_telegram")),
    )
    with op.batch_alter_table("staff_telegram", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_telegram_staff_id"), ["staff_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("staff_telegram", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_telegram_staff_id"))

    op.drop_table("staff_telegram")
    op.drop_table("staff_codes")
    op.drop_table("staff_groups")
