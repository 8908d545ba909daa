"""grades that are compared

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the LMS has is compared with what was sent, columns follow renames and can be off, and each LMS has its own pace."""
    op.create_table(
        "send_run",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("line_item_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("send_run_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "line_item_id"],
            ["line_item.organisation_id", "line_item.id"],
            name=op.f("send_run_names_its_line_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("send_run_names_its_organisation")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("send_run_is_known_by_its_id")),
    )
    with op.batch_alter_table("send_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("send_run_by_course_id"), ["organisation_id", "course_id"], unique=False)

    with op.batch_alter_table("delivery_pace", schema=None) as batch_op:
        batch_op.add_column(sa.Column("open_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("at_once", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("quota", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("delivered", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("failed", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("line_item", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "settings",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("delivered_version", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("doubled", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("compare_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("takes_theirs", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.drop_constraint(batch_op.f("line_item_state_is_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("line_item_state_is_known"), "state IN ('wanted', 'made', 'refused', 'off')"
        )
    # The LMS has what these columns were made with.
    op.execute("UPDATE line_item SET delivered_version = 1 WHERE state = 'made'")

    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lms_given", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("lms_maximum", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("difference", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("choice", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("chosen_given", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("chosen_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("score_difference_is_known"), "difference IN ('overridden', 'missing', 'unsent')"
        )
        batch_op.create_check_constraint(batch_op.f("score_choice_is_known"), "choice IN ('theirs', 'ours')")


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("score_choice_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("score_difference_is_known"), type_="check")
        batch_op.drop_column("chosen_at")
        batch_op.drop_column("chosen_by")
        batch_op.drop_column("chosen_given")
        batch_op.drop_column("choice")
        batch_op.drop_column("difference")
        batch_op.drop_column("compared_at")
        batch_op.drop_column("lms_maximum")
        batch_op.drop_column("lms_given")

    op.execute("UPDATE line_item SET state = 'refused' WHERE state = 'off'")
    with op.batch_alter_table("line_item", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("line_item_state_is_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("line_item_state_is_known"), "state IN ('wanted', 'made', 'refused')"
        )
        batch_op.drop_column("takes_theirs")
        batch_op.drop_column("compare_at")
        batch_op.drop_column("compared_at")
        batch_op.drop_column("gone_at")
        batch_op.drop_column("doubled")
        batch_op.drop_column("delivered_version")
        batch_op.drop_column("version")
        batch_op.drop_column("settings")

    with op.batch_alter_table("delivery_pace", schema=None) as batch_op:
        batch_op.drop_column("answered_at")
        batch_op.drop_column("failed")
        batch_op.drop_column("delivered")
        batch_op.drop_column("quota")
        batch_op.drop_column("slowed_at")
        batch_op.drop_column("at_once")
        batch_op.drop_column("open_since")

    with op.batch_alter_table("send_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("send_run_by_course_id"))

    op.drop_table("send_run")
