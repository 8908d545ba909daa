"""attempts that one student has more

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Attempts at a check that one student has beyond everybody's."""
    op.create_table(
        "check_allowance",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attempts > 0", name=op.f("check_allowance_gives_some")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "check_id"],
            ["course_check.organisation_id", "course_check.id"],
            name=op.f("check_allowance_names_its_course_check"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("check_allowance_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("check_allowance_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("check_allowance_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "check_id", "person_id", name=op.f("check_allowance_is_unique_by_check_id_person_id")
        ),
    )
    with op.batch_alter_table("check_allowance", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("check_allowance_by_person_id"), ["organisation_id", "person_id"], unique=False
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("check_allowance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("check_allowance_by_person_id"))

    op.drop_table("check_allowance")
