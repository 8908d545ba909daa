"""menus whose changes are undone, options that the LMS completes

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """When the LMS counted what a student chose as completed; how a menu was before each change."""
    op.add_column("menu_choice", sa.Column("completed_in_lms_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "menu_edit",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("menu_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("after", _JSON, nullable=True),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "menu_id"],
            ["menu.organisation_id", "menu.id"],
            name=op.f("menu_edit_names_its_menu"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("menu_edit_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_edit_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "menu_id", "revision", name=op.f("menu_edit_is_unique_by_menu_id_revision")
        ),
    )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("menu_choice", schema=None) as batch_op:
        batch_op.drop_column("completed_in_lms_at")
    op.drop_table("menu_edit")
