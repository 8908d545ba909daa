"""frozen criteria, and sections

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Criteria get rows of their own. States are computed: they are made again from the evidence."""
    op.create_table(
        "frozen_criterion",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("frozen_criterion_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("frozen_criterion_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("frozen_criterion_is_known_by_its_id")),
    )
    with op.batch_alter_table("frozen_criterion", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("frozen_criterion_by_course_id"), ["organisation_id", "course_id"], unique=False
        )

    op.drop_table("mastery_state")
    op.create_table(
        "mastery_state",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("criterion_id", sa.Uuid(), nullable=False),
        sa.Column("running", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("standing", sa.String(32), nullable=False),
        sa.Column("level", sa.String(64), nullable=False),
        sa.Column("rolled_up", sa.Boolean(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.Column("because", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_key", sa.String(64), nullable=False),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("override_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "standing IN ('not-started', 'started', 'developing', 'secure', 'mastered')",
            name=op.f("mastery_state_standing_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("mastery_state_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("mastery_state_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "criterion_id"],
            ["frozen_criterion.organisation_id", "frozen_criterion.id"],
            name=op.f("mastery_state_names_its_frozen_criterion"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("mastery_state_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("mastery_state_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("mastery_state_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "person_id",
            "competency_id",
            name=op.f("mastery_state_is_unique_by_course_id_person_id_competency_id"),
        ),
    )
    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("mastery_state_by_course_id_competency_id"),
            ["organisation_id", "course_id", "competency_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("mastery_state_by_override_until"),
            ["override_until"],
            unique=False,
            postgresql_where=sa.text("override_until IS NOT NULL"),
            sqlite_where=sa.text("override_until IS NOT NULL"),
        )

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sections", sa.String(2000), nullable=True))
        batch_op.add_column(sa.Column("section_restricted", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("section_restricted")
        batch_op.drop_column("sections")

    op.drop_table("mastery_state")
    op.drop_table("frozen_criterion")
    op.create_table(
        "mastery_state",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("running", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("standing", sa.String(32), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.Column("because", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_key", sa.String(64), nullable=False),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("override_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "standing IN ('not-started', 'started', 'developing', 'secure', 'mastered')",
            name=op.f("mastery_state_standing_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("mastery_state_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("mastery_state_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("mastery_state_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("mastery_state_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("mastery_state_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "person_id",
            "competency_id",
            name=op.f("mastery_state_is_unique_by_course_id_person_id_competency_id"),
        ),
    )
    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("mastery_state_by_course_id_competency_id"),
            ["organisation_id", "course_id", "competency_id"],
            unique=False,
        )
