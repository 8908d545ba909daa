"""people who come, and test students

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_CAME = sa.text("came_at IS NOT NULL")


def upgrade() -> None:
    """Who has come as a student is noted until what follows from it is done; test students of an LMS are known."""
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_test", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("came_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            batch_op.f("membership_by_came_at"),
            ["came_at"],
            unique=False,
            postgresql_where=_CAME,
            sqlite_where=_CAME,
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("membership_by_came_at"), postgresql_where=_CAME, sqlite_where=_CAME)
        batch_op.drop_column("came_at")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("is_test")
