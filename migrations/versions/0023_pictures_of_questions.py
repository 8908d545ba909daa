"""pictures of questions

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Pictures that questions show, and which show which."""
    op.create_table(
        "question_picture",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("question_picture_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("question_picture_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", "digest", name=op.f("question_picture_is_unique_by_digest")),
    )
    with op.batch_alter_table("question_picture", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("question_picture_by_created_at"), ["created_at"], unique=False)
    op.create_table(
        "picture_of_question",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("picture_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "question_id"],
            ["bank_question.organisation_id", "bank_question.id"],
            name=op.f("picture_of_question_names_its_bank_question"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "picture_id"],
            ["question_picture.organisation_id", "question_picture.id"],
            name=op.f("picture_of_question_names_its_question_picture"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("picture_of_question_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("picture_of_question_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "question_id",
            "picture_id",
            name=op.f("picture_of_question_is_unique_by_question_id_picture_id"),
        ),
    )
    with op.batch_alter_table("picture_of_question", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("picture_of_question_by_picture_id"), ["organisation_id", "picture_id"], unique=False
        )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("picture_of_question")
    op.drop_table("question_picture")
