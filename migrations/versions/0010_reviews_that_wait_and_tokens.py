"""reviews that wait, levels that follow, tokens, and periodic work that one process does

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """reviews that wait, levels that follow, tokens, and periodic work that one process does"""
    op.create_table(
        "periodic_claim",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("periodic_claim_is_known_by_its_id")),
    )
    op.create_table(
        "api_token",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_on", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("api_token_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("api_token_is_known_by_its_id")),
        sa.UniqueConstraint("token_digest", name=op.f("api_token_is_unique_by_token_digest")),
    )
    with op.batch_alter_table("course_map", schema=None) as batch_op:
        batch_op.add_column(sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("learner_mastery", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "reviewing",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                nullable=True,
            )
        )

    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credited_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.drop_column("credited_at")

    with op.batch_alter_table("learner_mastery", schema=None) as batch_op:
        batch_op.drop_column("reviewing")

    with op.batch_alter_table("course_map", schema=None) as batch_op:
        batch_op.drop_column("followed_at")

    op.drop_table("api_token")
    op.drop_table("periodic_claim")
