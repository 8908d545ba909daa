"""files between preview and confirmation

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """files between preview and confirmation"""
    op.create_table(
        "upload_draft",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("upload_draft_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("upload_draft_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("upload_draft_is_known_by_its_id")),
    )
    with op.batch_alter_table("upload_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("upload_draft_by_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("upload_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("upload_draft_by_expires_at"))

    op.drop_table("upload_draft")
