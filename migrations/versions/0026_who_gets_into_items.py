"""who gets into items

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """When an item is open to students in the LMS, and what keeps some of them out."""
    with op.batch_alter_table("content_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "limits",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                server_default="[]",
                nullable=False,
            )
        )
    for name in ("opens", "closes"):
        op.create_index(
            op.f(f"content_item_by_course_id_{name}_at"),
            "content_item",
            ["organisation_id", "course_id", f"{name}_at"],
            postgresql_where=sa.text(f"{name}_at IS NOT NULL"),
            sqlite_where=sa.text(f"{name}_at IS NOT NULL"),
        )


def downgrade() -> None:
    """Take it back."""
    for name in ("closes", "opens"):
        op.drop_index(op.f(f"content_item_by_course_id_{name}_at"), table_name="content_item")
    with op.batch_alter_table("content_item", schema=None) as batch_op:
        batch_op.drop_column("limits")
        batch_op.drop_column("closes_at")
        batch_op.drop_column("opens_at")
