"""personal playlists

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """personal playlists"""
    op.create_table(
        "course_calendar",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("weekdays", sa.String(7), nullable=False),
        sa.Column("days_off", sa.String(4000), nullable=False),
        sa.Column("quiet_after", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_calendar_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_calendar_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_calendar_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", "course_id", name=op.f("course_calendar_is_unique_by_course_id")),
    )
    op.create_table(
        "learner_support",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("support", sa.String(32), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("factor", sa.Float(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "support IN ('read-aloud', 'simpler-text', 'language', 'extended-time', 'fewer-at-once', 'alternative-format')",
            name=op.f("learner_support_support_is_known"),
        ),
        sa.CheckConstraint("factor IS NULL OR factor >= 1", name=op.f("learner_support_gives_more_time")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("learner_support_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("learner_support_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("learner_support_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("learner_support_is_known_by_its_id")),
    )
    with op.batch_alter_table("learner_support", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("learner_support_by_course_id_person_id"),
            ["organisation_id", "course_id", "person_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("learner_support_by_person_id"), ["organisation_id", "person_id"], unique=False
        )

    op.create_table(
        "item_trait",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("topics", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("variant_of_id", sa.Uuid(), nullable=True),
        sa.Column("serves", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name=op.f("item_trait_takes_some_time")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("item_trait_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("item_trait_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "variant_of_id"],
            ["content_item.organisation_id", "content_item.id"],
            name="item_trait_names_the_item_it_is_a_form_of",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("item_trait_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("item_trait_is_known_by_its_id")),
        sa.UniqueConstraint("organisation_id", "content_item_id", name=op.f("item_trait_is_unique_by_content_item_id")),
    )
    with op.batch_alter_table("item_trait", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("item_trait_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "playlist_audience",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("section", sa.String(255), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('course', 'group', 'section', 'student')", name=op.f("playlist_audience_kind_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["course_group.organisation_id", "course_group.id"],
            name=op.f("playlist_audience_names_its_course_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("playlist_audience_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "playlist_id"],
            ["playlist.organisation_id", "playlist.id"],
            name=op.f("playlist_audience_names_its_playlist"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("playlist_audience_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("playlist_audience_is_known_by_its_id")),
    )
    with op.batch_alter_table("playlist_audience", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("playlist_audience_by_playlist_id"), ["organisation_id", "playlist_id"], unique=False
        )

    op.create_table(
        "playlist_edit",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "playlist_id"],
            ["playlist.organisation_id", "playlist.id"],
            name=op.f("playlist_edit_names_its_playlist"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("playlist_edit_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("playlist_edit_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "playlist_id", "revision", name=op.f("playlist_edit_is_unique_by_playlist_id_revision")
        ),
    )
    op.create_table(
        "playlist_section",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("needed IS NULL OR needed > 0", name=op.f("playlist_section_asks_for_some")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "playlist_id"],
            ["playlist.organisation_id", "playlist.id"],
            name=op.f("playlist_section_names_its_playlist"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("playlist_section_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("playlist_section_is_known_by_its_id")),
    )
    with op.batch_alter_table("playlist_section", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("playlist_section_by_playlist_id"), ["organisation_id", "playlist_id"], unique=False
        )

    op.create_table(
        "learner_modification",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.Column("instead_id", sa.Uuid(), nullable=True),
        sa.Column("passing_percent", sa.Float(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "passing_percent IS NULL OR passing_percent BETWEEN 0 AND 100",
            name=op.f("learner_modification_passes_between_0_and_100"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("learner_modification_names_its_competency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("learner_modification_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "instead_id"],
            ["competency.organisation_id", "competency.id"],
            name="learner_modification_names_the_competency_instead",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("learner_modification_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("learner_modification_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("learner_modification_is_known_by_its_id")),
    )
    with op.batch_alter_table("learner_modification", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("learner_modification_by_course_id_person_id"),
            ["organisation_id", "course_id", "person_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("learner_modification_by_person_id"), ["organisation_id", "person_id"], unique=False
        )

    op.create_table(
        "learner_profile",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("goal_competency_id", sa.Uuid(), nullable=True),
        sa.Column("goal_set_by", sa.Uuid(), nullable=True),
        sa.Column("interests", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("weekly_minutes", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weekly_minutes IS NULL OR weekly_minutes > 0", name=op.f("learner_profile_has_some_time")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("learner_profile_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "goal_competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("learner_profile_names_its_competency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("learner_profile_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("learner_profile_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("learner_profile_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "course_id", "person_id", name=op.f("learner_profile_is_unique_by_course_id_person_id")
        ),
    )
    with op.batch_alter_table("learner_profile", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("learner_profile_by_person_id"), ["organisation_id", "person_id"], unique=False
        )

    op.create_table(
        "path_ruling",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=True),
        sa.Column("competency_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('pin', 'ban', 'known')", name=op.f("path_ruling_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("path_ruling_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("path_ruling_names_its_content_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("path_ruling_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "playlist_id"],
            ["playlist.organisation_id", "playlist.id"],
            name=op.f("path_ruling_names_its_playlist"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("path_ruling_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("path_ruling_is_known_by_its_id")),
    )
    with op.batch_alter_table("path_ruling", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("path_ruling_by_person_id"), ["organisation_id", "person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("path_ruling_by_playlist_id"), ["organisation_id", "playlist_id"], unique=False
        )

    op.create_table(
        "path_request",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("personal_playlist_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.CheckConstraint(
            "kind IN ('help', 'sign-off', 'retake', 'conference')", name=op.f("path_request_kind_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "personal_playlist_id"],
            ["personal_playlist.organisation_id", "personal_playlist.id"],
            name=op.f("path_request_names_its_personal_playlist"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "step_id"],
            ["playlist_step.organisation_id", "playlist_step.id"],
            name=op.f("path_request_names_its_playlist_step"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("path_request_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("path_request_is_known_by_its_id")),
    )
    with op.batch_alter_table("path_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("path_request_by_personal_playlist_id"),
            ["organisation_id", "personal_playlist_id"],
            unique=False,
        )

    op.create_table(
        "path_word",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("personal_playlist_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('nudge', 'comment')", name=op.f("path_word_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "personal_playlist_id"],
            ["personal_playlist.organisation_id", "personal_playlist.id"],
            name=op.f("path_word_names_its_personal_playlist"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "step_id"],
            ["playlist_step.organisation_id", "playlist_step.id"],
            name=op.f("path_word_names_its_playlist_step"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("path_word_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("path_word_is_known_by_its_id")),
    )
    with op.batch_alter_table("path_word", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("path_word_by_personal_playlist_id"), ["organisation_id", "personal_playlist_id"], unique=False
        )

    op.create_table(
        "step_variant",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("support", sa.String(32), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("pass_percent", sa.Float(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('accommodation', 'modification')", name=op.f("step_variant_kind_is_known")),
        sa.CheckConstraint(
            "pass_percent IS NULL OR pass_percent BETWEEN 0 AND 100", name=op.f("step_variant_passes_between_0_and_100")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("step_variant_names_its_content_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "step_id"],
            ["playlist_step.organisation_id", "playlist_step.id"],
            name=op.f("step_variant_names_its_playlist_step"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("step_variant_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("step_variant_is_known_by_its_id")),
    )
    with op.batch_alter_table("step_variant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("step_variant_by_step_id"), ["organisation_id", "step_id"], unique=False)

    op.create_table(
        "step_variant_learner",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("step_variant_learner_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "variant_id"],
            ["step_variant.organisation_id", "step_variant.id"],
            name=op.f("step_variant_learner_names_its_step_variant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("step_variant_learner_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("step_variant_learner_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "variant_id",
            "person_id",
            name=op.f("step_variant_learner_is_unique_by_variant_id_person_id"),
        ),
    )
    with op.batch_alter_table("step_variant_learner", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("step_variant_learner_by_person_id"), ["organisation_id", "person_id"], unique=False
        )

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sees_supports", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("personal_playlist", schema=None) as batch_op:
        batch_op.add_column(sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("planned", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True)
        )
        batch_op.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("personal_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("words", sa.String(4000), server_default="", nullable=False))
        batch_op.add_column(sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("variant_id", sa.Uuid(), nullable=True))
        batch_op.drop_constraint(batch_op.f("personal_step_done_by_is_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("personal_step_done_by_is_known"),
            "done_by IN ('student', 'lms', 'teacher', 'mastery', 'tested-out')",
        )
        batch_op.create_foreign_key(
            batch_op.f("personal_step_names_its_step_variant"),
            "step_variant",
            ["organisation_id", "variant_id"],
            ["organisation_id", "id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("playlist", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(32), server_default="template", nullable=False))
        batch_op.add_column(
            sa.Column("working", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "settings",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.create_check_constraint(batch_op.f("playlist_kind_is_known"), "kind IN ('template', 'personal')")

    with op.batch_alter_table("playlist_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("personal_playlist_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("section_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("kind", sa.String(32), server_default="item", nullable=False))
        batch_op.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("after_step_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("after_competency_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("competency_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("is_precheck", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("origin", sa.String(32), server_default="teacher", nullable=False))
        batch_op.add_column(sa.Column("role", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("why", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True))
        batch_op.add_column(sa.Column("expected", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("proposed", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.drop_constraint(batch_op.f("playlist_step_done_rule_is_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("playlist_step_done_rule_is_known"),
            "done_rule IN ('opened', 'marked', 'result', 'mastery', 'signed-off', 'written')",
        )
        batch_op.create_check_constraint(
            batch_op.f("playlist_step_kind_is_known"), "kind IN ('item', 'task', 'reflection', 'conference')"
        )
        batch_op.create_check_constraint(
            batch_op.f("playlist_step_origin_is_known"), "origin IN ('teacher', 'tool', 'student')"
        )
        batch_op.create_check_constraint(
            batch_op.f("playlist_step_role_is_known"),
            "role IN ('teach', 'practise', 'assess', 'review', 'place', 'talk')",
        )
        batch_op.create_index(
            batch_op.f("playlist_step_by_personal_playlist_id"),
            ["organisation_id", "personal_playlist_id"],
            unique=False,
        )
        batch_op.create_foreign_key(
            "playlist_step_names_the_competency_that_comes_before",
            "competency",
            ["organisation_id", "after_competency_id"],
            ["organisation_id", "id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            batch_op.f("playlist_step_names_its_personal_playlist"),
            "personal_playlist",
            ["organisation_id", "personal_playlist_id"],
            ["organisation_id", "id"],
            ondelete="CASCADE",
        )
        batch_op.create_foreign_key(
            batch_op.f("playlist_step_names_its_playlist_section"),
            "playlist_section",
            ["organisation_id", "section_id"],
            ["organisation_id", "id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            batch_op.f("playlist_step_names_its_competency"),
            "competency",
            ["organisation_id", "competency_id"],
            ["organisation_id", "id"],
            ondelete="RESTRICT",
        )

    # What leads nowhere was something to do away from the screen.
    op.execute("UPDATE playlist_step SET kind = 'task' WHERE content_item_id IS NULL AND url IS NULL")


def downgrade() -> None:
    """Take it back: personal playlists and steps of one student go, newer rules become the student's mark."""
    op.execute("DELETE FROM playlist_step WHERE personal_playlist_id IS NOT NULL")
    op.execute("DELETE FROM playlist WHERE kind = 'personal'")
    op.execute("UPDATE playlist_step SET done_rule = 'marked' WHERE done_rule IN ('mastery', 'signed-off', 'written')")
    op.execute("UPDATE personal_step SET done_by = 'teacher' WHERE done_by IN ('mastery', 'tested-out')")
    with op.batch_alter_table("playlist_step", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("playlist_step_role_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("playlist_step_origin_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("playlist_step_kind_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("playlist_step_done_rule_is_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("playlist_step_done_rule_is_known"), "done_rule IN ('opened', 'marked', 'result')"
        )
        batch_op.drop_constraint(batch_op.f("playlist_step_names_its_competency"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("playlist_step_names_its_playlist_section"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("playlist_step_names_its_personal_playlist"), type_="foreignkey")
        batch_op.drop_constraint("playlist_step_names_the_competency_that_comes_before", type_="foreignkey")
        batch_op.drop_index(batch_op.f("playlist_step_by_personal_playlist_id"))
        batch_op.drop_column("proposed")
        batch_op.drop_column("expected")
        batch_op.drop_column("why")
        batch_op.drop_column("role")
        batch_op.drop_column("origin")
        batch_op.drop_column("is_precheck")
        batch_op.drop_column("competency_id")
        batch_op.drop_column("after_competency_id")
        batch_op.drop_column("after_step_id")
        batch_op.drop_column("due_at")
        batch_op.drop_column("opens_at")
        batch_op.drop_column("kind")
        batch_op.drop_column("section_id")
        batch_op.drop_column("personal_playlist_id")

    with op.batch_alter_table("playlist", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("playlist_kind_is_known"), type_="check")
        batch_op.drop_column("settings")
        batch_op.drop_column("working")
        batch_op.drop_column("kind")

    with op.batch_alter_table("personal_step", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("personal_step_done_by_is_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("personal_step_done_by_is_known"), "done_by IN ('student', 'lms', 'teacher')"
        )
        batch_op.drop_constraint(batch_op.f("personal_step_names_its_step_variant"), type_="foreignkey")
        batch_op.drop_column("variant_id")
        batch_op.drop_column("skipped_at")
        batch_op.drop_column("words")

    with op.batch_alter_table("personal_playlist", schema=None) as batch_op:
        batch_op.drop_column("left_at")
        batch_op.drop_column("planned")
        batch_op.drop_column("planned_at")

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("sees_supports")

    with op.batch_alter_table("step_variant_learner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("step_variant_learner_by_person_id"))

    op.drop_table("step_variant_learner")
    with op.batch_alter_table("step_variant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("step_variant_by_step_id"))

    op.drop_table("step_variant")
    with op.batch_alter_table("path_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("path_word_by_personal_playlist_id"))

    op.drop_table("path_word")
    with op.batch_alter_table("path_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("path_request_by_personal_playlist_id"))

    op.drop_table("path_request")
    with op.batch_alter_table("path_ruling", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("path_ruling_by_playlist_id"))
        batch_op.drop_index(batch_op.f("path_ruling_by_person_id"))

    op.drop_table("path_ruling")
    with op.batch_alter_table("learner_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("learner_profile_by_person_id"))

    op.drop_table("learner_profile")
    with op.batch_alter_table("learner_modification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("learner_modification_by_person_id"))
        batch_op.drop_index(batch_op.f("learner_modification_by_course_id_person_id"))

    op.drop_table("learner_modification")
    with op.batch_alter_table("playlist_section", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("playlist_section_by_playlist_id"))

    op.drop_table("playlist_section")
    op.drop_table("playlist_edit")
    with op.batch_alter_table("playlist_audience", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("playlist_audience_by_playlist_id"))

    op.drop_table("playlist_audience")
    with op.batch_alter_table("item_trait", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("item_trait_by_course_id"))

    op.drop_table("item_trait")
    with op.batch_alter_table("learner_support", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("learner_support_by_person_id"))
        batch_op.drop_index(batch_op.f("learner_support_by_course_id_person_id"))

    op.drop_table("learner_support")
    op.drop_table("course_calendar")
