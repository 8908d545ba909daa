"""options that the LMS counts as completed

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """When the LMS counted what a student chose as completed."""
    op.add_column("menu_choice", sa.Column("completed_in_lms_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("menu_choice", schema=None) as batch_op:
        batch_op.drop_column("completed_in_lms_at")
