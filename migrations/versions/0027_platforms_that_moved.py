"""platforms that moved

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a platform was called before it moved."""
    op.create_table(
        "moved_issuer",
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("moved_issuer_names_its_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "client_id", name=op.f("moved_issuer_is_known_by_its_id")),
    )
    with op.batch_alter_table("moved_issuer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("moved_issuer_by_registration_id"), ["registration_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("moved_issuer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("moved_issuer_by_registration_id"))
    op.drop_table("moved_issuer")
