"""answers to requests

Revision ID: 0015
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """How a request was answered, and who made it."""
    with op.batch_alter_table("path_request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outcome", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("origin", sa.String(32), server_default="student", nullable=False))
        batch_op.add_column(sa.Column("why", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("path_request_outcome_is_known"),
            "outcome IN ('signed', 'not-yet', 'answered', 'allowed', 'arranged', 'held')",
        )
        batch_op.create_check_constraint(
            batch_op.f("path_request_origin_is_known"), "origin IN ('teacher', 'tool', 'student')"
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("path_request", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("path_request_origin_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("path_request_outcome_is_known"), type_="check")
        batch_op.drop_column("why")
        batch_op.drop_column("origin")
        batch_op.drop_column("outcome")
