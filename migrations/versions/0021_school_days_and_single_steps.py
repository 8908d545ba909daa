"""school days, sections' names, steps of one student, titles that follow

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A school has a time zone, sections have names, a step can be out for one student, titles follow, undo can be redone."""
    op.create_table(
        "course_section",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("called", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_section_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_section_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_section_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "section_id",
            name=op.f("course_section_is_unique_by_course_id_section_id"),
        ),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(length=64), nullable=True))
    with op.batch_alter_table("personal_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("left_out_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("playlist_edit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True))
    with op.batch_alter_table("playlist_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("follows_item", sa.Boolean(), server_default=sa.false(), nullable=False))
    # A step that is called as its item is was never given a title of its own.
    op.execute(
        """
        UPDATE playlist_step SET follows_item = true WHERE content_item_id IS NOT NULL AND title = (
            SELECT content_item.title FROM content_item
            WHERE content_item.organisation_id = playlist_step.organisation_id
            AND content_item.id = playlist_step.content_item_id
        )
        """
    )


def downgrade() -> None:
    """Take away what was added."""
    with op.batch_alter_table("playlist_step", schema=None) as batch_op:
        batch_op.drop_column("follows_item")
    with op.batch_alter_table("playlist_edit", schema=None) as batch_op:
        batch_op.drop_column("after")
        batch_op.drop_column("undone_at")
    with op.batch_alter_table("personal_step", schema=None) as batch_op:
        batch_op.drop_column("left_out_at")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_column("time_zone")
    op.drop_table("course_section")
