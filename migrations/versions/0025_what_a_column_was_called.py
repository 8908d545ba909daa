"""what a column was called

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the LMS calls a column until it has taken its new label."""
    with op.batch_alter_table("line_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("label_told", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("maximum_told", sa.Float(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("line_item", schema=None) as batch_op:
        batch_op.drop_column("maximum_told")
        batch_op.drop_column("label_told")
