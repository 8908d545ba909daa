"""registrations grow

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """registrations grow"""
    op.create_table(
        "owner_link",
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code_digest", name=op.f("owner_link_is_known_by_its_id")),
    )
    with op.batch_alter_table("owner_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("owner_link_by_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "owner_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("owner_session_is_known_by_its_id")),
        sa.UniqueConstraint("token_digest", name=op.f("owner_session_is_unique_by_token_digest")),
    )
    op.create_table(
        "registration_invite",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("lms", sa.String(32), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "lms IN ('canvas', 'moodle', 'schoology', 'blackboard', 'brightspace', 'sakai', 'openedx', 'other')",
            name=op.f("registration_invite_lms_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("registration_invite_names_its_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("registration_invite_names_its_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("registration_invite_is_known_by_its_id")),
        sa.UniqueConstraint("code_digest", name=op.f("registration_invite_is_unique_by_code_digest")),
    )
    with op.batch_alter_table("registration_invite", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("registration_invite_by_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "course_group",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("tag", sa.String(255), nullable=True),
        sa.Column("set_id", sa.String(255), nullable=True),
        sa.Column("set_name", sa.String(500), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_group_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_group_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_group_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "group_id", name=op.f("course_group_is_unique_by_course_id_group_id")
        ),
    )
    op.create_table(
        "course_origin",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('asked', 'carried', 'fresh')", name=op.f("course_origin_decision_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_origin_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_origin_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_origin_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "context_id", name=op.f("course_origin_is_unique_by_course_id_context_id")
        ),
    )
    op.create_table(
        "deep_linking_request",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("return_url", sa.String(4000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("deep_linking_request_names_its_deployment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("deep_linking_request_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("deep_linking_request_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("deep_linking_request_names_its_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("deep_linking_request_names_its_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("deep_linking_request_is_known_by_its_id")),
    )
    with op.batch_alter_table("deep_linking_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("deep_linking_request_by_course_id"), ["organisation_id", "course_id"], unique=False
        )

    op.create_table(
        "course_group_member",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["course_group.organisation_id", "course_group.id"],
            name=op.f("course_group_member_names_its_course_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("course_group_member_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_group_member_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_group_member_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "group_id", "person_id", name=op.f("course_group_member_is_unique_by_group_id_person_id")
        ),
    )
    with op.batch_alter_table("course_group_member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("course_group_member_by_person_id"), ["organisation_id", "person_id"], unique=False
        )

    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.add_column(sa.Column("groups_url", sa.String(2000), nullable=True))
        batch_op.add_column(sa.Column("group_sets_url", sa.String(2000), nullable=True))
        batch_op.add_column(sa.Column("groups_read_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("described", sa.String(300), nullable=True))
        batch_op.add_column(sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("notices_url", sa.String(2000), nullable=True))
        batch_op.add_column(sa.Column("notices_asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("organisation_id", existing_type=sa.Uuid(), nullable=True)

    with op.batch_alter_table("playlist", schema=None) as batch_op:
        batch_op.add_column(sa.Column("copied_from_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.add_column(sa.Column("registered_by", sa.String(32), server_default="hand", nullable=False))
        batch_op.add_column(sa.Column("deployment_policy", sa.String(32), server_default="hold", nullable=False))
        # Autogenerate does not see check constraints.
        batch_op.create_check_constraint(
            batch_op.f("registration_registered_by_is_known"), "registered_by IN ('hand', 'dynamic')"
        )
        batch_op.create_check_constraint(
            batch_op.f("registration_deployment_policy_is_known"), "deployment_policy IN ('hold', 'first')"
        )
        batch_op.add_column(
            sa.Column(
                "role_overrides",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "own_frame_origins",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="[]",
                nullable=False,
            )
        )

    with op.batch_alter_table("resource_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opens", sa.String(80), nullable=True))
        batch_op.add_column(
            sa.Column(
                "history", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default="[]", nullable=False
            )
        )

    with op.batch_alter_table("tool_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("document_target", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("time_zone", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("high_contrast", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("masquerading", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("administers", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(
            sa.Column(
                "roles_received",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="[]",
                nullable=False,
            )
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("tool_session", schema=None) as batch_op:
        batch_op.drop_column("roles_received")
        batch_op.drop_column("administers")
        batch_op.drop_column("masquerading")
        batch_op.drop_column("high_contrast")
        batch_op.drop_column("time_zone")
        batch_op.drop_column("document_target")

    with op.batch_alter_table("resource_link", schema=None) as batch_op:
        batch_op.drop_column("history")
        batch_op.drop_column("opens")

    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("registration_deployment_policy_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("registration_registered_by_is_known"), type_="check")
        batch_op.drop_column("own_frame_origins")
        batch_op.drop_column("role_overrides")
        batch_op.drop_column("deployment_policy")
        batch_op.drop_column("registered_by")

    with op.batch_alter_table("playlist", schema=None) as batch_op:
        batch_op.drop_column("copied_from_id")

    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.alter_column("organisation_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("notices_asked_at")
        batch_op.drop_column("notices_url")
        batch_op.drop_column("launched_at")
        batch_op.drop_column("described")

    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.drop_column("groups_read_at")
        batch_op.drop_column("group_sets_url")
        batch_op.drop_column("groups_url")

    with op.batch_alter_table("course_group_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("course_group_member_by_person_id"))

    op.drop_table("course_group_member")
    with op.batch_alter_table("deep_linking_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("deep_linking_request_by_course_id"))

    op.drop_table("deep_linking_request")
    op.drop_table("course_origin")
    op.drop_table("course_group")
    with op.batch_alter_table("registration_invite", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("registration_invite_by_organisation_id"))

    op.drop_table("registration_invite")
    op.drop_table("owner_session")
    with op.batch_alter_table("owner_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("owner_link_by_expires_at"))

    op.drop_table("owner_link")
