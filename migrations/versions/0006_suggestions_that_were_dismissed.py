"""suggestions that were dismissed

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """suggestions that were dismissed"""
    op.create_table(
        "alignment_dismissal",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("alignment_dismissal_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("alignment_dismissal_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("alignment_dismissal_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("alignment_dismissal_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("alignment_dismissal_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "content_item_id",
            "competency_id",
            name=op.f("alignment_dismissal_is_unique_by_item_competency"),
        ),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("alignment_dismissal")
