"""Tables of menus: the board with its options, what each student chose and handed in, and rubrics with their marks."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import false as sa_false
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words
from lti_tool.menus.rules.choosing import BoardKind


class MenuStatus(StrEnum):
    """A board's life."""

    DRAFT = "draft"
    ASSIGNED = "assigned"
    ARCHIVED = "archived"


class ChangeRule(StrEnum):
    """How long a student may choose something else: as long as it is not handed in; until they commit; only with the teacher."""

    UNTIL_HANDED_IN = "until-handed-in"
    UNTIL_COMMITTED = "until-committed"
    ASK = "ask"


class OptionKind(StrEnum):
    """What an option asks for: an item of the course (a check among them), an address, or a task of the teacher's own."""

    ITEM = "item"
    LINK = "link"
    TASK = "task"


class OptionDone(StrEnum):
    """What counts as done: the student's mark; a result of at least ``pass_percent``; or what was handed in and accepted."""

    MARKED = "marked"
    RESULT = "result"
    ACCEPTED = "accepted"


class ChoiceState(StrEnum):
    """Where a student stands with what they chose."""

    CHOSEN = "chosen"
    HANDED_IN = "handed-in"
    RETURNED = "returned"
    DONE = "done"


class PersonalState(StrEnum):
    """Where a student stands with the board: choosing; waiting for the teacher's yes; working; finished."""

    CHOOSING = "choosing"
    WAITING = "waiting"
    WORKING = "working"
    FINISHED = "finished"


class MenuAudienceKind(StrEnum):
    """Whom a board, or an option of it, is for."""

    COURSE = "course"
    GROUP = "group"
    SECTION = "section"
    STUDENT = "student"
    LANGUAGE = "language"
    INTEREST = "interest"


class WorkKind(StrEnum):
    """What was handed in."""

    FILE = "file"
    LINK = "link"
    WORDS = "words"


class Rubric(TenantRow, table=True):
    """What work is marked by: criteria with levels. It belongs to a course; marks keep the levels they were given by."""

    __tablename__ = "rubric"
    __table_args__ = (belongs_to("course", "course_id"), Index(None, "organisation_id", "course_id"))

    course_id: uuid.UUID
    title: str = Field(max_length=200)
    copied_from_id: uuid.UUID | None = None
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RubricCriterion(TenantRow, table=True):
    """One row of a rubric. Where it names a competency, a mark on it is evidence of that."""

    __tablename__ = "rubric_criterion"
    __table_args__ = (
        belongs_to("rubric", "rubric_id"),
        belongs_to("competency", "competency_id", on_delete="RESTRICT"),
        CheckConstraint("meets >= 0", name="is_met_at_a_level"),
        Index(None, "organisation_id", "rubric_id"),
    )

    rubric_id: uuid.UUID
    position: int = 0
    title: str = Field(max_length=200)
    competency_id: uuid.UUID | None = None
    levels: list[dict[str, Any]] = Field(
        sa_type=json_type(),
        description="menus.rules.rubrics.Level as JSON, least first: title, description, points (text of a decimal).",
    )
    meets: int = Field(description="The place, from 0, of the least level that meets the criterion.")
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Menu(TenantRow, table=True):
    """A choice board in one course."""

    __tablename__ = "menu"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("rubric", "rubric_id", on_delete="RESTRICT"),
        one_of("kind", BoardKind),
        one_of("status", MenuStatus),
        one_of("change_rule", ChangeRule),
        CheckConstraint("points > 0", name="is_out_of_something"),
        Index(None, "organisation_id", "course_id"),
    )

    course_id: uuid.UUID
    copied_from_id: uuid.UUID | None = None
    playlist_id: uuid.UUID | None = Field(default=None, description="The playlist whose may-dos it was made from.")
    kind: BoardKind = Field(sa_type=words(BoardKind))
    rule: dict[str, Any] = Field(sa_type=json_type(), description="menus.rules.choosing.Rule as JSON.")
    title: str = Field(max_length=200)
    introduction: str = Field(default="", max_length=2000)
    status: MenuStatus = Field(default=MenuStatus.DRAFT, sa_type=words(MenuStatus))
    change_rule: ChangeRule = Field(default=ChangeRule.UNTIL_HANDED_IN, sa_type=words(ChangeRule))
    needs_approval: bool = Field(default=False, description="The teacher says yes to a choice before work begins.")
    contract: str = Field(default="", max_length=4000, description="What a student signs; empty: nothing is signed.")
    rubric_id: uuid.UUID | None = Field(default=None, description="What handed-in work is marked by.")
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    has_column: bool = Field(default=False, description="Whether the LMS's gradebook has a column for it.")
    points: float = Field(default=100.0, description="The column's maximum.")
    revision: int = Field(default=1, description="Counts changes, so that two editors notice each other.")
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class MenuEdit(TenantRow, table=True):
    """How a menu was before a change, so that the change can be undone. The latest fifty are kept."""

    __tablename__ = "menu_edit"
    __table_args__ = (
        UniqueConstraint("organisation_id", "menu_id", "revision"),
        belongs_to("menu", "menu_id"),
    )

    menu_id: uuid.UUID
    revision: int = Field(description="The revision before the change.")
    before: dict[str, Any] = Field(sa_type=json_type(), description="menus.board_states.State as JSON.")
    undone_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When the change was taken back; it can be made again."
    )
    after: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="Of a change that was taken back: how the menu was after it."
    )
    what: str = Field(max_length=64, description="What was changed: menus.board_states.What.")
    changed_by: uuid.UUID | None = None
    changed_at: datetime = Field(sa_type=UtcDateTime)


class MenuSection(TenantRow, table=True):
    """A part of a board under a heading: starters, mains; a row of three; two-point tasks."""

    __tablename__ = "menu_section"
    __table_args__ = (belongs_to("menu", "menu_id"), Index(None, "organisation_id", "menu_id"))

    menu_id: uuid.UUID
    position: int = Field(description="From 0.")
    title: str = Field(default="", max_length=200)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MenuOption(TenantRow, table=True):
    """Something to choose."""

    __tablename__ = "menu_option"
    __table_args__ = (
        belongs_to("menu", "menu_id"),
        belongs_to("menu_section", "section_id", on_delete="RESTRICT"),
        belongs_to("content_item", "content_item_id", on_delete="RESTRICT"),
        one_of("kind", OptionKind),
        one_of("done_rule", OptionDone),
        CheckConstraint("pass_percent IS NULL OR pass_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
        Index(None, "organisation_id", "menu_id"),
    )

    menu_id: uuid.UUID
    section_id: uuid.UUID | None = None
    position: int = Field(description="Place on the board, from 0; on a 3×3 board row by row.")
    kind: OptionKind = Field(default=OptionKind.TASK, sa_type=words(OptionKind))
    title: str = Field(default="", max_length=500, description="Empty: a place that is still to be filled.")
    note: str = Field(default="", max_length=2000)
    content_item_id: uuid.UUID | None = None
    url: str | None = Field(default=None, max_length=2000)
    done_rule: OptionDone = Field(default=OptionDone.MARKED, sa_type=words(OptionDone))
    pass_percent: float | None = None
    takes: list[str] = Field(
        default_factory=list, sa_type=json_type(), description="WorkKind: what can be handed in; empty: nothing."
    )
    points: int | None = Field(default=None, description="On a points menu: 2, 5, 8.")
    level: str = Field(default="", max_length=64, description="How demanding, in the teacher's words.")
    minutes: int | None = None
    udl: list[str] = Field(
        default_factory=list, sa_type=json_type(), description="engagement, representation, action-and-expression."
    )
    required: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="Everybody's choice contains it: the centre of many boards.",
    )
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def by_word(self) -> bool:
        """Whether the student's word is all that is asked for, so that the LMS's will do as well."""
        return self.done_rule is OptionDone.MARKED and not self.takes


class MenuOptionCompetency(TenantRow, table=True):
    """That an option is work on a competency."""

    __tablename__ = "menu_option_competency"
    __table_args__ = (
        UniqueConstraint("organisation_id", "option_id", "competency_id"),
        belongs_to("menu_option", "option_id"),
        belongs_to("competency", "competency_id"),
    )

    option_id: uuid.UUID
    competency_id: uuid.UUID


class MenuAudience(TenantRow, table=True):
    """Whom a board is for; with ``option_id``, whom that option is for. No row: everybody. A row may name nobody."""

    __tablename__ = "menu_audience"
    __table_args__ = (
        belongs_to("menu", "menu_id"),
        belongs_to("menu_option", "option_id"),
        belongs_to("course_group", "group_id"),
        belongs_to("person", "person_id"),
        one_of("kind", MenuAudienceKind),
        Index(None, "organisation_id", "menu_id"),
    )

    menu_id: uuid.UUID
    option_id: uuid.UUID | None = None
    kind: MenuAudienceKind = Field(sa_type=words(MenuAudienceKind))
    group_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    word: str = Field(default="", max_length=255, description="A section's id, a language (BCP 47) or an interest.")
    created_at: datetime = Field(sa_type=UtcDateTime)


class PersonalMenu(TenantRow, table=True):
    """A student's own board."""

    __tablename__ = "personal_menu"
    __table_args__ = (
        UniqueConstraint("organisation_id", "menu_id", "person_id"),
        belongs_to("menu", "menu_id"),
        belongs_to("person", "person_id"),
        one_of("state", PersonalState),
        Index(None, "organisation_id", "person_id"),
    )

    menu_id: uuid.UUID
    person_id: uuid.UUID
    state: PersonalState = Field(default=PersonalState.CHOOSING, sa_type=words(PersonalState))
    committed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed: str = Field(default="", max_length=200, description="What the student typed under the contract.")
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_by: uuid.UUID | None = None
    answer: str = Field(default="", max_length=1000, description="What the teacher said about the choice.")
    wants_change_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The student asks to choose again."
    )
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    moved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    owed_share: float | None = Field(default=None, description="The share, 0 to 1, last entered in the ledger.")
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = Field(default=1, description="Counts the student's changes, so that two tabs notice each other.")
    created_at: datetime = Field(sa_type=UtcDateTime)


class MenuChoice(TenantRow, table=True):
    """That a student chose an option, and what came of it."""

    __tablename__ = "menu_choice"
    __table_args__ = (
        UniqueConstraint("organisation_id", "personal_menu_id", "option_id"),
        belongs_to("personal_menu", "personal_menu_id"),
        belongs_to("menu_option", "option_id"),
        one_of("state", ChoiceState),
        Index(None, "organisation_id", "option_id"),
    )

    personal_menu_id: uuid.UUID
    option_id: uuid.UUID
    state: ChoiceState = Field(default=ChoiceState.CHOSEN, sa_type=words(ChoiceState))
    chosen_at: datetime = Field(sa_type=UtcDateTime)
    dropped_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The student changed their mind; chosen again it is absent."
    )
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handed_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    completed_in_lms_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="It is done because the LMS counted the item as completed."
    )
    result_percent: float | None = None
    feedback: str = Field(default="", max_length=4000, description="What the teacher said about the work.")
    feedback_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    marked_by: uuid.UUID | None = None


class HandedIn(TenantRow, table=True):
    """A piece of work: a file, an address or words. Files are compressed and encrypted."""

    __tablename__ = "handed_in"
    __table_args__ = (
        belongs_to("menu_choice", "choice_id"),
        one_of("kind", WorkKind),
        Index(None, "organisation_id", "choice_id"),
    )

    choice_id: uuid.UUID
    kind: WorkKind = Field(sa_type=words(WorkKind))
    name: str = Field(default="", max_length=255)
    media_type: str = Field(default="", max_length=255)
    size: int = Field(default=0, description="Bytes, before compression.")
    content: bytes | None = Field(default=None, description="Of a file alone; see content.secrets.")
    text: str = Field(default="", max_length=8000, description="The address, or the words.")
    added_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RubricMark(TenantRow, table=True):
    """The level that work reached on one criterion. Marked again, the row changes; its evidence is revised."""

    __tablename__ = "rubric_mark"
    __table_args__ = (
        UniqueConstraint("organisation_id", "choice_id", "criterion_id"),
        belongs_to("menu_choice", "choice_id"),
        belongs_to("rubric_criterion", "criterion_id", on_delete="RESTRICT"),
    )

    choice_id: uuid.UUID
    criterion_id: uuid.UUID
    level: int = Field(description="The place of the level, from 0.")
    note: str = Field(default="", max_length=1000)
    marked_by: uuid.UUID | None = None
    marked_at: datetime = Field(sa_type=UtcDateTime)
