"""notes about learners

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """notes about learners"""
    op.create_table(
        "learner_note",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("learner_note_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("learner_note_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("learner_note_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("learner_note_is_known_by_its_id")),
    )
    with op.batch_alter_table("learner_note", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("learner_note_by_course_id_person_id"),
            ["organisation_id", "course_id", "person_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("learner_note_by_person_id"), ["organisation_id", "person_id"], unique=False)

    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("mastery_state_by_course_id_person_id_latest_at"),
            ["organisation_id", "course_id", "person_id", "latest_at"],
            unique=False,
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("mastery_state_by_course_id_person_id_latest_at"))

    with op.batch_alter_table("learner_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("learner_note_by_person_id"))
        batch_op.drop_index(batch_op.f("learner_note_by_course_id_person_id"))

    op.drop_table("learner_note")
