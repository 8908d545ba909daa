"""competency maps and mastery

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """competency maps and mastery"""
    op.create_table(
        "framework",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identifier", sa.String(255), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("creator", sa.String(500), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("uri", sa.String(2000), nullable=True),
        sa.Column("source_address", sa.String(2000), nullable=True),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("extra", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('case', 'moodle', 'canvas', 'csv', 'own')", name=op.f("framework_source_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("framework_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("framework_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("framework_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", "identifier", name=op.f("framework_is_unique_by_identifier")),
    )
    with op.batch_alter_table("framework", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("framework_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "prediction_version",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("prediction_version_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("prediction_version_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("prediction_version_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "number", name=op.f("prediction_version_is_unique_by_course_id_number")
        ),
    )
    op.create_table(
        "scale",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("levels", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("scale_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("scale_names_its_organisation")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("scale_is_known_by_its_id")),
    )
    with op.batch_alter_table("scale", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("scale_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "competency",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("identifier", sa.String(255), nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("statement", sa.String(4000), nullable=False),
        sa.Column("short", sa.String(500), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("grades", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("uri", sa.String(2000), nullable=True),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("extra", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "framework_id"],
            ["framework.organisation_id", "framework.id"],
            name=op.f("competency_names_its_framework"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["competency.organisation_id", "competency.id"],
            name="competency_names_its_parent",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("competency_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("competency_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "framework_id",
            "identifier",
            name=op.f("competency_is_unique_by_framework_id_identifier"),
        ),
    )
    with op.batch_alter_table("competency", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("competency_by_framework_id_position"),
            ["organisation_id", "framework_id", "position"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("competency_by_parent_id"), ["organisation_id", "parent_id"], unique=False)

    op.create_table(
        "course_map",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("scale_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("passing_percent", sa.Float(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("passing_percent BETWEEN 0 AND 100", name=op.f("course_map_passes_between_0_and_100")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_map_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "scale_id"],
            ["scale.organisation_id", "scale.id"],
            name=op.f("course_map_names_its_scale"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_map_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_map_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", "course_id", name=op.f("course_map_is_unique_by_course_id")),
    )
    op.create_table(
        "difficulty",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("state", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "version_id"],
            ["prediction_version.organisation_id", "prediction_version.id"],
            name=op.f("difficulty_names_its_prediction_version"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("difficulty_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("difficulty_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "version_id", "key", name=op.f("difficulty_is_unique_by_version_id_key")
        ),
    )
    op.create_table(
        "learner_mastery",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("standings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("predicting", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("learner_mastery_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("learner_mastery_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "version_id"],
            ["prediction_version.organisation_id", "prediction_version.id"],
            name=op.f("learner_mastery_names_its_prediction_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("learner_mastery_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("learner_mastery_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "person_id", name=op.f("learner_mastery_is_unique_by_course_id_person_id")
        ),
    )
    op.create_table(
        "alignment",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("passing_percent", sa.Float(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "origin IN ('teacher', 'suggestion', 'csv', 'copy', 'lms')", name=op.f("alignment_origin_is_known")
        ),
        sa.CheckConstraint("role IN ('teaches', 'practises', 'assesses')", name=op.f("alignment_role_is_known")),
        sa.CheckConstraint("passing_percent BETWEEN 0 AND 100", name=op.f("alignment_passes_between_0_and_100")),
        sa.CheckConstraint("weight > 0", name=op.f("alignment_weighs_something")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("alignment_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("alignment_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("alignment_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("alignment_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("alignment_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "content_item_id",
            "competency_id",
            name="alignment_is_unique_by_item_competency",
        ),
    )
    with op.batch_alter_table("alignment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("alignment_by_competency_id"), ["organisation_id", "competency_id"], unique=False
        )

    op.create_table(
        "competency_link",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=False),
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("identifier", sa.String(255), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('precedes', 'related', 'peer', 'part', 'child', 'exact', "
            "'replaced', 'exemplar', 'skill-level', 'translation', 'other')",
            name=op.f("competency_link_kind_is_known"),
        ),
        sa.CheckConstraint("origin_id <> destination_id", name=op.f("competency_link_joins_two")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "destination_id"],
            ["competency.organisation_id", "competency.id"],
            name="competency_link_names_its_destination",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "framework_id"],
            ["framework.organisation_id", "framework.id"],
            name=op.f("competency_link_names_its_framework"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "origin_id"],
            ["competency.organisation_id", "competency.id"],
            name="competency_link_names_its_origin",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("competency_link_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("competency_link_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "origin_id",
            "destination_id",
            "kind",
            name=op.f("competency_link_is_unique_by_origin_id_destination_id_kind"),
        ),
    )
    with op.batch_alter_table("competency_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("competency_link_by_destination_id"), ["organisation_id", "destination_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("competency_link_by_framework_id"), ["organisation_id", "framework_id"], unique=False
        )

    op.create_table(
        "evidence",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("presentation", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=True),
        sa.Column("item", sa.String(255), nullable=True),
        sa.Column("earned", sa.BigInteger(), nullable=True),
        sa.Column("possible", sa.BigInteger(), nullable=True),
        sa.Column("passing_percent", sa.Float(), nullable=True),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("judged", sa.String(32), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.Uuid(), nullable=True),
        sa.Column("void_reason", sa.String(500), nullable=True),
        sa.CheckConstraint(
            "judged IN ('not-started', 'started', 'developing', 'secure', 'mastered')",
            name=op.f("evidence_judged_is_known"),
        ),
        sa.CheckConstraint(
            "source IN ('lms-result', 'check', 'menu', 'rubric', 'observation', 'csv', "
            "'self-assessment', 'credential', 'override')",
            name=op.f("evidence_source_is_known"),
        ),
        sa.CheckConstraint("(earned IS NULL) = (possible IS NULL)", name=op.f("evidence_has_both_points_or_none")),
        sa.CheckConstraint("earned IS NOT NULL OR judged IS NOT NULL", name=op.f("evidence_says_something")),
        sa.CheckConstraint("possible IS NULL OR possible > 0", name=op.f("evidence_is_out_of_something")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("evidence_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("evidence_names_its_content_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("evidence_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("evidence_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("evidence_names_its_organisation")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("evidence_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "person_id",
            "competency_id",
            "presentation",
            "revision",
            name="evidence_is_unique_by_presentation_revision",
        ),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("evidence_by_course_id_competency_id"),
            ["organisation_id", "course_id", "competency_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("evidence_by_person_id"), ["organisation_id", "person_id"], unique=False)

    op.create_table(
        "map_competency",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("map_competency_names_its_competency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("map_competency_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("map_competency_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("map_competency_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "competency_id",
            name=op.f("map_competency_is_unique_by_course_id_competency_id"),
        ),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "number", name=op.f("map_competency_is_unique_by_course_id_number")
        ),
    )
    op.create_table(
        "map_prerequisite",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("before_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("before_id <> after_id", name=op.f("map_prerequisite_joins_two")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "after_id"],
            ["competency.organisation_id", "competency.id"],
            name="map_prerequisite_names_what_comes_after",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "before_id"],
            ["competency.organisation_id", "competency.id"],
            name="map_prerequisite_names_what_comes_before",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("map_prerequisite_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("map_prerequisite_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("map_prerequisite_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "course_id",
            "before_id",
            "after_id",
            name=op.f("map_prerequisite_is_unique_by_course_id_before_id_after_id"),
        ),
    )
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

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shares_predictions", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_column("shares_predictions")

    with op.batch_alter_table("mastery_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("mastery_state_by_course_id_competency_id"))

    op.drop_table("mastery_state")
    op.drop_table("map_prerequisite")
    op.drop_table("map_competency")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("evidence_by_person_id"))
        batch_op.drop_index(batch_op.f("evidence_by_course_id_competency_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("competency_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("competency_link_by_framework_id"))
        batch_op.drop_index(batch_op.f("competency_link_by_destination_id"))

    op.drop_table("competency_link")
    with op.batch_alter_table("alignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("alignment_by_competency_id"))

    op.drop_table("alignment")
    op.drop_table("learner_mastery")
    op.drop_table("difficulty")
    op.drop_table("course_map")
    with op.batch_alter_table("competency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("competency_by_parent_id"))
        batch_op.drop_index(batch_op.f("competency_by_framework_id_position"))

    op.drop_table("competency")
    with op.batch_alter_table("scale", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("scale_by_course_id"))

    op.drop_table("scale")
    op.drop_table("prediction_version")
    with op.batch_alter_table("framework", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("framework_by_course_id"))

    op.drop_table("framework")
