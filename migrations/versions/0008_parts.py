"""How far a message of several parts has come"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("progress", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "progress")
