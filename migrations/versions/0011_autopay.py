"""Auto-payment: saved means of payment, rules, charges; orders that save a means or charge one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.database

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MOMENT = core.database.UtcDateTime(timezone=True)
_LIVING = sa.text("status IN ('announced', 'charging')")
_CHARGING = sa.text("status = 'charging'")
_NOT_OFF = sa.text("status <> 'off'")
_LOOKED_AT = sa.text("look_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("payment_orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("saves", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.add_column(sa.Column("means", sa.String(length=16), server_default="", nullable=False))
    op.create_table(
        "payment_means",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subscriber_id", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_means")),
    )
    op.create_index("ix_payment_means_subscriber_id", "payment_means", ["subscriber_id"], unique=False)
    op.create_index("uq_payment_means_order_id", "payment_means", ["order_id"], unique=True)
    op.create_table(
        "autopay_rules",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subscriber_id", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.String(length=120), nullable=False),
        sa.Column("means_id", sa.String(length=16), server_default="", nullable=False),
        sa.Column("order_id", sa.String(length=16), server_default="", nullable=False),
        sa.Column("trigger", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Integer(), server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("threshold", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("topup", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("month_limit", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("look_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autopay_rules")),
    )
    op.create_index("ix_autopay_rules_subscriber_id", "autopay_rules", ["subscriber_id"], unique=False)
    op.create_index("ix_autopay_rules_order_id", "autopay_rules", ["order_id"], unique=False)
    op.create_index(
        "uq_autopay_rules_living",
        "autopay_rules",
        ["subscriber_id", "account"],
        unique=True,
        sqlite_where=_NOT_OFF,
        postgresql_where=_NOT_OFF,
    )
    op.create_index(
        "ix_autopay_rules_look_at",
        "autopay_rules",
        ["look_at"],
        unique=False,
        sqlite_where=_LOOKED_AT,
        postgresql_where=_LOOKED_AT,
    )
    op.create_table(
        "autopay_charges",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("rule_id", sa.String(length=16), nullable=False),
        sa.Column("occurrence", sa.String(length=20), nullable=False),
        sa.Column("subscriber_id", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=True),
        sa.Column("month", sa.String(length=7), server_default="", nullable=False),
        sa.Column("charge_at", _MOMENT, nullable=False),
        sa.Column("look_at", _MOMENT, nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), server_default="", nullable=False),
        sa.Column("order_id", sa.String(length=16), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["autopay_rules.id"], name=op.f("fk_autopay_charges_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autopay_charges")),
    )
    op.create_index("uq_autopay_charges_occurrence", "autopay_charges", ["rule_id", "occurrence"], unique=True)
    op.create_index(
        "uq_autopay_charges_living",
        "autopay_charges",
        ["rule_id"],
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    )
    op.create_index(
        "uq_autopay_charges_account",
        "autopay_charges",
        ["account"],
        unique=True,
        sqlite_where=_CHARGING,
        postgresql_where=_CHARGING,
    )
    op.create_index("ix_autopay_charges_order_id", "autopay_charges", ["order_id"], unique=False)
    op.create_index("ix_autopay_charges_month", "autopay_charges", ["subscriber_id", "account", "month"], unique=False)
    op.create_index(
        "ix_autopay_charges_look_at",
        "autopay_charges",
        ["look_at"],
        unique=False,
        sqlite_where=_LOOKED_AT,
        postgresql_where=_LOOKED_AT,
    )


def downgrade() -> None:
    for table in ("autopay_charges", "autopay_rules", "payment_means"):
        op.drop_table(table)
    with op.batch_alter_table("payment_orders", schema=None) as batch_op:
        batch_op.drop_column("means")
        batch_op.drop_column("saves")
