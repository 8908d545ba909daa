"""when content changed

Revision ID: 0013
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """when content changed"""
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.add_column(sa.Column("content_changed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.drop_column("content_changed_at")
