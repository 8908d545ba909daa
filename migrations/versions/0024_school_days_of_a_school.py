"""school days of a school

A course's week of Monday to Friday was written with its first day off, whether or not anybody chose it. It becomes "as the
school", which is the same while the school says nothing. Code of before reads an empty week as one without school: until it is
replaced, it flags nobody of these courses for standing still.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_course_calendar = sa.table("course_calendar", sa.column("weekdays", sa.String(7)))


def upgrade() -> None:
    """What a school says of its days."""
    op.create_table(
        "school_calendar",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("days_off", sa.String(length=4000), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("school_calendar_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("school_calendar_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", name=op.f("school_calendar_is_unique_by_organisation_id")),
    )
    op.execute(_course_calendar.update().where(_course_calendar.c.weekdays == "12345").values(weekdays=""))


def downgrade() -> None:
    """Take it back; a week that was the school's is Monday to Friday again."""
    op.execute(_course_calendar.update().where(_course_calendar.c.weekdays == "").values(weekdays="12345"))
    op.drop_table("school_calendar")
