"""native content

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Consent to a platform's own API, readings of whole courses, outcomes of the LMS, and dates of single students."""
    op.create_table(
        "api_grant",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("secrets_encrypted", sa.String(8000), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=True),
        sa.Column("trouble", sa.String(64), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "connection_id"],
            ["api_connection.organisation_id", "api_connection.id"],
            name=op.f("api_grant_names_its_api_connection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("api_grant_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("api_grant_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("api_grant_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "connection_id", "holder", name=op.f("api_grant_is_unique_by_connection_id_holder")
        ),
    )
    op.create_table(
        "api_request",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_digest", sa.String(64), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("begun_by", sa.String(120), nullable=False),
        sa.Column("secret_encrypted", sa.String(2000), nullable=True),
        sa.Column("opened_digest", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "connection_id"],
            ["api_connection.organisation_id", "api_connection.id"],
            name=op.f("api_request_names_its_api_connection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("api_request_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("api_request_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("api_request_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("api_request_is_known_by_its_id")),
        sa.UniqueConstraint("state_digest", name=op.f("api_request_is_unique_by_state_digest")),
    )
    with op.batch_alter_table("api_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("api_request_by_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "course_sync",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("phase", sa.String(32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("results_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(64), nullable=True),
        sa.Column("report", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('idle', 'waiting', 'contents', 'groups', 'results', 'completion', 'outcomes')",
            name=op.f("course_sync_phase_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_sync_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_sync_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_sync_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", "course_id", name=op.f("course_sync_is_unique_by_course_id")),
    )
    with op.batch_alter_table("course_sync", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("course_sync_by_due_at"), ["due_at"], unique=False)

    op.create_table(
        "left_result",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("result_key", sa.String(255), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=True),
        sa.Column("possible", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("left_result_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("left_result_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("left_result_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("left_result_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("left_result_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "person_id",
            "content_item_id",
            "attempt",
            name="left_result_is_unique_by_person_item_and_attempt",
        ),
    )
    with op.batch_alter_table("left_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("left_result_by_person_id"), ["organisation_id", "person_id"], unique=False)

    op.create_table(
        "student_window",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("result_key", sa.String(255), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_by", sa.Uuid(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("student_window_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("student_window_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("student_window_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("student_window_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("student_window_is_known_by_its_id")),
    )
    with op.batch_alter_table("student_window", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("student_window_by_course_id_person_id"),
            ["organisation_id", "course_id", "person_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("student_window_by_person_id"), ["organisation_id", "person_id"], unique=False)

    op.create_table(
        "lms_outcome",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("outcome_id", sa.String(255), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("identifiers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=True),
        sa.Column("chosen_by", sa.Uuid(), nullable=True),
        sa.Column("ratings_count", sa.Boolean(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("lms_outcome_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("lms_outcome_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("lms_outcome_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("lms_outcome_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "outcome_id", name=op.f("lms_outcome_is_unique_by_course_id_outcome_id")
        ),
    )
    op.create_table(
        "lms_alignment",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("lms_outcome_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('offered', 'taken', 'dismissed')", name=op.f("lms_alignment_state_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("lms_alignment_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("lms_alignment_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "lms_outcome_id"],
            ["lms_outcome.organisation_id", "lms_outcome.id"],
            name=op.f("lms_alignment_names_its_lms_outcome"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("lms_alignment_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("lms_alignment_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "lms_outcome_id",
            "content_item_id",
            name=op.f("lms_alignment_is_unique_by_lms_outcome_id_content_item_id"),
        ),
    )
    with op.batch_alter_table("lms_alignment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("lms_alignment_by_content_item_id"), ["organisation_id", "content_item_id"], unique=False
        )
        batch_op.create_index(batch_op.f("lms_alignment_by_course_id"), ["organisation_id", "course_id"], unique=False)

    with op.batch_alter_table("api_connection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("site_url", sa.String(500), nullable=True))
        batch_op.add_column(sa.Column("auth", sa.String(32), server_default="token", nullable=False))
        batch_op.add_column(sa.Column("client_id", sa.String(255), nullable=True))
        batch_op.add_column(sa.Column("client_secret_encrypted", sa.String(4000), nullable=True))
        batch_op.add_column(sa.Column("by_teachers", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(
            sa.Column(
                "abilities",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "remarks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default="[]", nullable=False
            )
        )
        batch_op.add_column(sa.Column("version", sa.String(120), server_default="", nullable=False))
        batch_op.add_column(sa.Column("found_out_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("token_encrypted", existing_type=sa.VARCHAR(length=4000), nullable=True)
        batch_op.create_check_constraint(
            batch_op.f("api_connection_auth_is_known"), "auth IN ('token', 'oauth2', 'oauth1')"
        )

    with op.batch_alter_table("content_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("requirement", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("requirement_points", sa.Float(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("content_item_requirement_is_known"),
            "requirement IN ('view', 'submit', 'contribute', 'mark', 'score', 'other')",
        )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("content_item", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("content_item_requirement_is_known"), type_="check")
        batch_op.drop_column("requirement_points")
        batch_op.drop_column("requirement")

    # Who is let in by consent has no token of the kind that this revision's elder knows.
    op.execute("DELETE FROM api_grant")
    op.execute("DELETE FROM api_request")
    op.execute("DELETE FROM api_connection WHERE token_encrypted IS NULL")
    with op.batch_alter_table("api_connection", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("api_connection_auth_is_known"), type_="check")
        batch_op.alter_column("token_encrypted", existing_type=sa.VARCHAR(length=4000), nullable=False)
        batch_op.drop_column("found_out_at")
        batch_op.drop_column("version")
        batch_op.drop_column("remarks")
        batch_op.drop_column("abilities")
        batch_op.drop_column("by_teachers")
        batch_op.drop_column("client_secret_encrypted")
        batch_op.drop_column("client_id")
        batch_op.drop_column("auth")
        batch_op.drop_column("site_url")

    with op.batch_alter_table("lms_alignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("lms_alignment_by_course_id"))
        batch_op.drop_index(batch_op.f("lms_alignment_by_content_item_id"))

    op.drop_table("lms_alignment")
    op.drop_table("lms_outcome")
    with op.batch_alter_table("student_window", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("student_window_by_person_id"))
        batch_op.drop_index(batch_op.f("student_window_by_course_id_person_id"))

    op.drop_table("student_window")
    with op.batch_alter_table("left_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("left_result_by_person_id"))

    op.drop_table("left_result")
    with op.batch_alter_table("course_sync", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("course_sync_by_due_at"))

    op.drop_table("course_sync")
    with op.batch_alter_table("api_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("api_request_by_expires_at"))

    op.drop_table("api_request")
    op.drop_table("api_grant")
