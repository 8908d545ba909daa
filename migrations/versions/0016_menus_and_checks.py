"""menus and checks

Revision ID: 0016
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Banks of questions, checks with their attempts; boards with their options, choices, work and marks."""
    op.create_table(
        "question_bank",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("imported_from", sa.String(255), nullable=False),
        sa.Column("copied_from_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("question_bank_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("question_bank_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("question_bank_is_known_by_its_id")),
    )
    with op.batch_alter_table("question_bank", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("question_bank_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "rubric",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("copied_from_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("rubric_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("rubric_names_its_organisation")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("rubric_is_known_by_its_id")),
    )
    with op.batch_alter_table("rubric", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("rubric_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "bank_question",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("difficulty", sa.Float(), server_default="0", nullable=False),
        sa.Column("answers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('choice', 'response', 'number', 'text', 'order', 'match', 'gaps')",
            name=op.f("bank_question_kind_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "bank_id"],
            ["question_bank.organisation_id", "question_bank.id"],
            name=op.f("bank_question_names_its_question_bank"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("bank_question_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("bank_question_is_known_by_its_id")),
    )
    with op.batch_alter_table("bank_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("bank_question_by_bank_id"), ["organisation_id", "bank_id"], unique=False)

    op.create_table(
        "course_check",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("introduction", sa.String(2000), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("selection", sa.String(32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("shuffled", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("wait_minutes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("feedback", sa.String(32), nullable=False),
        sa.Column("shows_right", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("pass_percent", sa.Float(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_from", sa.String(255), nullable=False),
        sa.Column("copied_from_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("feedback IN ('each', 'end', 'result')", name=op.f("course_check_feedback_is_known")),
        sa.CheckConstraint("selection IN ('all', 'random', 'adaptive')", name=op.f("course_check_selection_is_known")),
        sa.CheckConstraint("status IN ('draft', 'open', 'archived')", name=op.f("course_check_status_is_known")),
        sa.CheckConstraint("attempts IS NULL OR attempts > 0", name=op.f("course_check_can_be_tried")),
        sa.CheckConstraint("count IS NULL OR count > 0", name=op.f("course_check_asks_something")),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name=op.f("course_check_takes_some_time")),
        sa.CheckConstraint("pass_percent BETWEEN 0 AND 100", name=op.f("course_check_passes_between_0_and_100")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("course_check_names_its_content_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("course_check_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("course_check_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("course_check_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "content_item_id", name=op.f("course_check_is_unique_by_content_item_id")
        ),
    )
    with op.batch_alter_table("course_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("course_check_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "menu",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("copied_from_id", sa.Uuid(), nullable=True),
        sa.Column("playlist_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("introduction", sa.String(2000), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("change_rule", sa.String(32), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("contract", sa.String(4000), nullable=False),
        sa.Column("rubric_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("has_column", sa.Boolean(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "change_rule IN ('until-handed-in', 'until-committed', 'ask')", name=op.f("menu_change_rule_is_known")
        ),
        sa.CheckConstraint(
            "kind IN ('three-in-a-row', 'dinner', 'points', 'contract', 'list')", name=op.f("menu_kind_is_known")
        ),
        sa.CheckConstraint("status IN ('draft', 'assigned', 'archived')", name=op.f("menu_status_is_known")),
        sa.CheckConstraint("points > 0", name=op.f("menu_is_out_of_something")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "course_id"],
            ["course.organisation_id", "course.id"],
            name=op.f("menu_names_its_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "rubric_id"],
            ["rubric.organisation_id", "rubric.id"],
            name=op.f("menu_names_its_rubric"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("menu_names_its_organisation")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_is_known_by_its_id")),
    )
    with op.batch_alter_table("menu", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("menu_by_course_id"), ["organisation_id", "course_id"], unique=False)

    op.create_table(
        "check_attempt",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("asked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("earned", sa.BigInteger(), nullable=True),
        sa.Column("possible", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'finished')", name=op.f("check_attempt_state_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "check_id"],
            ["course_check.organisation_id", "course_check.id"],
            name=op.f("check_attempt_names_its_course_check"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("check_attempt_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("check_attempt_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("check_attempt_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "check_id",
            "person_id",
            "number",
            name=op.f("check_attempt_is_unique_by_check_id_person_id_number"),
        ),
    )
    with op.batch_alter_table("check_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("check_attempt_by_person_id"), ["organisation_id", "person_id"], unique=False)

    op.create_table(
        "check_question",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "check_id"],
            ["course_check.organisation_id", "course_check.id"],
            name=op.f("check_question_names_its_course_check"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "question_id"],
            ["bank_question.organisation_id", "bank_question.id"],
            name=op.f("check_question_names_its_bank_question"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("check_question_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("check_question_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "check_id", "question_id", name=op.f("check_question_is_unique_by_check_id_question_id")
        ),
    )
    op.create_table(
        "menu_section",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("menu_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "menu_id"],
            ["menu.organisation_id", "menu.id"],
            name=op.f("menu_section_names_its_menu"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("menu_section_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_section_is_known_by_its_id")),
    )
    with op.batch_alter_table("menu_section", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("menu_section_by_menu_id"), ["organisation_id", "menu_id"], unique=False)

    op.create_table(
        "personal_menu",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("menu_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed", sa.String(200), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("wants_change_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owed_share", sa.Float(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('choosing', 'waiting', 'working', 'finished')", name=op.f("personal_menu_state_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "menu_id"],
            ["menu.organisation_id", "menu.id"],
            name=op.f("personal_menu_names_its_menu"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("personal_menu_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("personal_menu_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("personal_menu_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "menu_id", "person_id", name=op.f("personal_menu_is_unique_by_menu_id_person_id")
        ),
    )
    with op.batch_alter_table("personal_menu", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("personal_menu_by_person_id"), ["organisation_id", "person_id"], unique=False)

    op.create_table(
        "question_competency",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("question_competency_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "question_id"],
            ["bank_question.organisation_id", "bank_question.id"],
            name=op.f("question_competency_names_its_bank_question"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("question_competency_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("question_competency_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "question_id",
            "competency_id",
            name=op.f("question_competency_is_unique_by_question_id_competency_id"),
        ),
    )
    with op.batch_alter_table("question_competency", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("question_competency_by_competency_id"), ["organisation_id", "competency_id"], unique=False
        )

    op.create_table(
        "rubric_criterion",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rubric_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=True),
        sa.Column("levels", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("meets", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("meets >= 0", name=op.f("rubric_criterion_is_met_at_a_level")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("rubric_criterion_names_its_competency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "rubric_id"],
            ["rubric.organisation_id", "rubric.id"],
            name=op.f("rubric_criterion_names_its_rubric"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("rubric_criterion_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("rubric_criterion_is_known_by_its_id")),
    )
    with op.batch_alter_table("rubric_criterion", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("rubric_criterion_by_rubric_id"), ["organisation_id", "rubric_id"], unique=False
        )

    op.create_table(
        "check_answer",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("response", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_number", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_share", sa.BigInteger(), nullable=True),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "attempt_id"],
            ["check_attempt.organisation_id", "check_attempt.id"],
            name=op.f("check_answer_names_its_check_attempt"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "question_id"],
            ["bank_question.organisation_id", "bank_question.id"],
            name=op.f("check_answer_names_its_bank_question"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("check_answer_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("check_answer_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "attempt_id",
            "question_id",
            name=op.f("check_answer_is_unique_by_attempt_id_question_id"),
        ),
    )
    op.create_table(
        "menu_option",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("menu_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("content_item_id", sa.Uuid(), nullable=True),
        sa.Column("url", sa.String(2000), nullable=True),
        sa.Column("done_rule", sa.String(32), nullable=False),
        sa.Column("pass_percent", sa.Float(), nullable=True),
        sa.Column("takes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("udl", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "done_rule IN ('marked', 'result', 'accepted')", name=op.f("menu_option_done_rule_is_known")
        ),
        sa.CheckConstraint("kind IN ('item', 'link', 'task')", name=op.f("menu_option_kind_is_known")),
        sa.CheckConstraint(
            "pass_percent IS NULL OR pass_percent BETWEEN 0 AND 100", name=op.f("menu_option_passes_between_0_and_100")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_item_id"],
            ["content_item.organisation_id", "content_item.id"],
            name=op.f("menu_option_names_its_content_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "menu_id"],
            ["menu.organisation_id", "menu.id"],
            name=op.f("menu_option_names_its_menu"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "section_id"],
            ["menu_section.organisation_id", "menu_section.id"],
            name=op.f("menu_option_names_its_menu_section"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("menu_option_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_option_is_known_by_its_id")),
    )
    with op.batch_alter_table("menu_option", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("menu_option_by_menu_id"), ["organisation_id", "menu_id"], unique=False)

    op.create_table(
        "menu_audience",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("menu_id", sa.Uuid(), nullable=False),
        sa.Column("option_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("word", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('course', 'group', 'section', 'student', 'language', 'interest')",
            name=op.f("menu_audience_kind_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["course_group.organisation_id", "course_group.id"],
            name=op.f("menu_audience_names_its_course_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "menu_id"],
            ["menu.organisation_id", "menu.id"],
            name=op.f("menu_audience_names_its_menu"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "option_id"],
            ["menu_option.organisation_id", "menu_option.id"],
            name=op.f("menu_audience_names_its_menu_option"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["person.organisation_id", "person.id"],
            name=op.f("menu_audience_names_its_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("menu_audience_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_audience_is_known_by_its_id")),
    )
    with op.batch_alter_table("menu_audience", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("menu_audience_by_menu_id"), ["organisation_id", "menu_id"], unique=False)

    op.create_table(
        "menu_choice",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("personal_menu_id", sa.Uuid(), nullable=False),
        sa.Column("option_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result_percent", sa.Float(), nullable=True),
        sa.Column("feedback", sa.String(4000), nullable=False),
        sa.Column("feedback_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('chosen', 'handed-in', 'returned', 'done')", name=op.f("menu_choice_state_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "option_id"],
            ["menu_option.organisation_id", "menu_option.id"],
            name=op.f("menu_choice_names_its_menu_option"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "personal_menu_id"],
            ["personal_menu.organisation_id", "personal_menu.id"],
            name=op.f("menu_choice_names_its_personal_menu"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("menu_choice_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_choice_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "personal_menu_id",
            "option_id",
            name=op.f("menu_choice_is_unique_by_personal_menu_id_option_id"),
        ),
    )
    with op.batch_alter_table("menu_choice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("menu_choice_by_option_id"), ["organisation_id", "option_id"], unique=False)

    op.create_table(
        "menu_option_competency",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("option_id", sa.Uuid(), nullable=False),
        sa.Column("competency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "competency_id"],
            ["competency.organisation_id", "competency.id"],
            name=op.f("menu_option_competency_names_its_competency"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "option_id"],
            ["menu_option.organisation_id", "menu_option.id"],
            name=op.f("menu_option_competency_names_its_menu_option"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("menu_option_competency_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("menu_option_competency_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "option_id",
            "competency_id",
            name=op.f("menu_option_competency_is_unique_by_option_id_competency_id"),
        ),
    )
    op.create_table(
        "handed_in",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("choice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.String(8000), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('file', 'link', 'words')", name=op.f("handed_in_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "choice_id"],
            ["menu_choice.organisation_id", "menu_choice.id"],
            name=op.f("handed_in_names_its_menu_choice"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("handed_in_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("handed_in_is_known_by_its_id")),
    )
    with op.batch_alter_table("handed_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("handed_in_by_choice_id"), ["organisation_id", "choice_id"], unique=False)

    op.create_table(
        "rubric_mark",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("choice_id", sa.Uuid(), nullable=False),
        sa.Column("criterion_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "choice_id"],
            ["menu_choice.organisation_id", "menu_choice.id"],
            name=op.f("rubric_mark_names_its_menu_choice"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "criterion_id"],
            ["rubric_criterion.organisation_id", "rubric_criterion.id"],
            name=op.f("rubric_mark_names_its_rubric_criterion"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("rubric_mark_names_its_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("rubric_mark_is_known_by_its_id")),
        sa.UniqueConstraint(
            "organisation_id", "choice_id", "criterion_id", name=op.f("rubric_mark_is_unique_by_choice_id_criterion_id")
        ),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("rubric_mark")
    with op.batch_alter_table("handed_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("handed_in_by_choice_id"))

    op.drop_table("handed_in")
    op.drop_table("menu_option_competency")
    with op.batch_alter_table("menu_choice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("menu_choice_by_option_id"))

    op.drop_table("menu_choice")
    with op.batch_alter_table("menu_audience", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("menu_audience_by_menu_id"))

    op.drop_table("menu_audience")
    with op.batch_alter_table("menu_option", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("menu_option_by_menu_id"))

    op.drop_table("menu_option")
    op.drop_table("check_answer")
    with op.batch_alter_table("rubric_criterion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("rubric_criterion_by_rubric_id"))

    op.drop_table("rubric_criterion")
    with op.batch_alter_table("question_competency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("question_competency_by_competency_id"))

    op.drop_table("question_competency")
    with op.batch_alter_table("personal_menu", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("personal_menu_by_person_id"))

    op.drop_table("personal_menu")
    with op.batch_alter_table("menu_section", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("menu_section_by_menu_id"))

    op.drop_table("menu_section")
    op.drop_table("check_question")
    with op.batch_alter_table("check_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("check_attempt_by_person_id"))

    op.drop_table("check_attempt")
    with op.batch_alter_table("menu", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("menu_by_course_id"))

    op.drop_table("menu")
    with op.batch_alter_table("course_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("course_check_by_course_id"))

    op.drop_table("course_check")
    with op.batch_alter_table("bank_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("bank_question_by_bank_id"))

    op.drop_table("bank_question")
    with op.batch_alter_table("rubric", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("rubric_by_course_id"))

    op.drop_table("rubric")
    with op.batch_alter_table("question_bank", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("question_bank_by_course_id"))

    op.drop_table("question_bank")
