"""Appeals grow up: kinds, deadlines, history, files, known failures"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeal_events",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("appeal_id", sa.String(length=16), nullable=False),
        sa.Column("at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_events")),
    )
    with op.batch_alter_table("appeal_events", schema=None) as batch_op:
        batch_op.create_index("ix_appeal_events_appeal_id", ["appeal_id", "at"], unique=False)
        batch_op.create_index("ix_appeal_events_at", ["at"], unique=False)

    op.create_table(
        "appeal_posts",
        sa.Column(
            "outbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("appeal_id", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=16), nullable=True),
        sa.Column("chat_id", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_appeal_posts")),
    )
    with op.batch_alter_table("appeal_posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_posts_appeal_id"), ["appeal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeal_posts_message_id"), ["message_id"], unique=False)

    op.create_table(
        "files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_created_at"), ["created_at"], unique=False)

    op.create_table(
        "outages",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("since", core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("staff", sa.String(length=120), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    with op.batch_alter_table("outages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outages_ended_at"), ["ended_at"], unique=False)

    with op.batch_alter_table("appeal_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staff_id", sa.String(length=16), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_appeal_messages_blob"), ["blob"], unique=False)

    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("fields", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("assignee", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("sent_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("due_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("warn_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("missed", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("answered_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("settled_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closing_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closing_warn_at", core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reopened", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("rating", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("rating_words", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.create_index("ix_appeals_account_number", ["account_number"], unique=False)
        batch_op.create_index("ix_appeals_closing_at", ["closing_at"], unique=False)
        batch_op.create_index("ix_appeals_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_appeals_status", ["status", "due_at"], unique=False)
        batch_op.create_index("ix_appeals_updated_at", ["updated_at"], unique=False)
        batch_op.create_index("ix_appeals_warn_at", ["warn_at"], unique=False)

    # Requests of before: they were sent when they were made, and a decision of then can be returned to work no more.
    op.execute("UPDATE appeals SET sent_at = created_at WHERE status <> 'draft'")
    op.execute("UPDATE appeals SET settled_at = updated_at WHERE status IN ('resolved', 'rejected', 'closed')")


def downgrade() -> None:
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.drop_index("ix_appeals_warn_at")
        batch_op.drop_index("ix_appeals_updated_at")
        batch_op.drop_index("ix_appeals_status")
        batch_op.drop_index("ix_appeals_due_at")
        batch_op.drop_index("ix_appeals_closing_at")
        batch_op.drop_index("ix_appeals_account_number")
        batch_op.drop_column("version")
        batch_op.drop_column("rating_words")
        batch_op.drop_column("rating")
        batch_op.drop_column("reopened")
        batch_op.drop_column("closing_warn_at")
        batch_op.drop_column("closing_at")
        batch_op.drop_column("settled_at")
        batch_op.drop_column("answered_at")
        batch_op.drop_column("missed")
        batch_op.drop_column("warn_at")
        batch_op.drop_column("due_at")
        batch_op.drop_column("sent_at")
        batch_op.drop_column("assignee")
        batch_op.drop_column("reason")
        batch_op.drop_column("fields")
        batch_op.drop_column("region")

    with op.batch_alter_table("appeal_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeal_messages_blob"))
        batch_op.drop_column("staff_id")

    with op.batch_alter_table("outages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outages_ended_at"))

    op.drop_table("outages")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_created_at"))

    op.drop_table("files")
    with op.batch_alter_table("appeal_posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeal_posts_message_id"))
        batch_op.drop_index(batch_op.f("ix_appeal_posts_appeal_id"))

    op.drop_table("appeal_posts")
    with op.batch_alter_table("appeal_events", schema=None) as batch_op:
        batch_op.drop_index("ix_appeal_events_at")
        batch_op.drop_index("ix_appeal_events_appeal_id")

    op.drop_table("appeal_events")
