"""practice counts

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """practice counts"""
    with op.batch_alter_table("course_map", schema=None) as batch_op:
        batch_op.add_column(sa.Column("practice_counts", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("course_map", schema=None) as batch_op:
        batch_op.drop_column("practice_counts")
