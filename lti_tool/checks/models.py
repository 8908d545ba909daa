"""Tables of checks: banks of questions, what a check asks, and each student's attempts and answers."""

import uuid
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.checks.questions import QuestionKind
from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import Exact, UtcDateTime, json_type, one_of, words


class CheckStatus(StrEnum):
    """A check's life: being written; open to students; put away, with what was answered kept."""

    DRAFT = "draft"
    OPEN = "open"
    ARCHIVED = "archived"


class Selection(StrEnum):
    """Which of its questions a check asks: all; so many at random; or the next one by what the answers so far say."""

    ALL = "all"
    RANDOM = "random"
    ADAPTIVE = "adaptive"


class Feedback(StrEnum):
    """When a student learns what was right: after each question; after the whole check; or never, only the result."""

    EACH = "each"
    END = "end"
    RESULT = "result"


class AttemptState(StrEnum):
    """Whether a student can still answer."""

    OPEN = "open"
    FINISHED = "finished"


class QuestionBank(TenantRow, table=True):
    """Questions of one course under a name."""

    __tablename__ = "question_bank"
    __table_args__ = (belongs_to("course", "course_id"), Index(None, "organisation_id", "course_id"))

    course_id: uuid.UUID
    title: str = Field(max_length=200)
    imported_from: str = Field(default="", max_length=255, description="The file's name, where it came from one.")
    copied_from_id: uuid.UUID | None = Field(default=None, description="The bank of an earlier course.")
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BankQuestion(TenantRow, table=True):
    """One question. Once somebody has answered it, a change makes a new row, and this one is retired: answers keep meaning."""

    __tablename__ = "bank_question"
    __table_args__ = (
        belongs_to("question_bank", "bank_id"),
        one_of("kind", QuestionKind),
        Index(None, "organisation_id", "bank_id"),
    )

    bank_id: uuid.UUID
    position: int = 0
    kind: QuestionKind = Field(sa_type=words(QuestionKind))
    content: dict[str, Any] = Field(sa_type=json_type(), description="checks.questions.Question as JSON.")
    external_id: str = Field(
        default="", max_length=255, description="Its id in the file, so that importing again updates."
    )
    replaces_id: uuid.UUID | None = Field(default=None, description="The row this one took the place of.")
    difficulty: float = Field(
        default=0.0,
        sa_column_kwargs={"server_default": "0"},
        description="Learned from answers, in logits; 0 at first.",
    )
    answers: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}, description="First answers it was learned from."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class QuestionPicture(TenantRow, table=True):
    """A picture that questions of a school show; kept once, however many do."""

    __tablename__ = "question_picture"
    __table_args__ = (UniqueConstraint("organisation_id", "digest"), Index(None, "created_at"))

    digest: str = Field(max_length=64, description="SHA-256 of its bytes, in hexadecimal; its address ends in it.")
    media_type: str = Field(max_length=64, description="As its bytes show: PNG, JPEG, GIF or WebP.")
    size: int = Field(description="Bytes.")
    content: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


class PictureOfQuestion(TenantRow, table=True):
    """That a question shows a picture: who may see the one may see the other."""

    __tablename__ = "picture_of_question"
    __table_args__ = (
        UniqueConstraint("organisation_id", "question_id", "picture_id"),
        belongs_to("bank_question", "question_id"),
        belongs_to("question_picture", "picture_id"),
        Index(None, "organisation_id", "picture_id"),
    )

    question_id: uuid.UUID
    picture_id: uuid.UUID


class QuestionCompetency(TenantRow, table=True):
    """That a question is about a competency. One without is about what its check assesses."""

    __tablename__ = "question_competency"
    __table_args__ = (
        UniqueConstraint("organisation_id", "question_id", "competency_id"),
        belongs_to("bank_question", "question_id"),
        belongs_to("competency", "competency_id"),
        Index(None, "organisation_id", "competency_id"),
    )

    question_id: uuid.UUID
    competency_id: uuid.UUID


class Check(TenantRow, table=True):
    """A short test. Its content item stands for it wherever items do: alignments, playlists, menus."""

    __tablename__ = "course_check"
    __table_args__ = (
        UniqueConstraint("organisation_id", "content_item_id"),
        belongs_to("course", "course_id"),
        belongs_to("content_item", "content_item_id", on_delete="RESTRICT"),
        one_of("status", CheckStatus),
        one_of("selection", Selection),
        one_of("feedback", Feedback),
        CheckConstraint("count IS NULL OR count > 0", name="asks_something"),
        CheckConstraint("attempts IS NULL OR attempts > 0", name="can_be_tried"),
        CheckConstraint("minutes IS NULL OR minutes > 0", name="takes_some_time"),
        CheckConstraint("pass_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
        Index(None, "organisation_id", "course_id"),
    )

    course_id: uuid.UUID
    content_item_id: uuid.UUID
    title: str = Field(max_length=200)
    introduction: str = Field(default="", max_length=2000)
    status: CheckStatus = Field(default=CheckStatus.DRAFT, sa_type=words(CheckStatus))
    selection: Selection = Field(default=Selection.ALL, sa_type=words(Selection))
    count: int | None = Field(default=None, description="So many are asked: exactly at random, at most adaptively.")
    shuffled: bool = Field(default=False, description="Each student has the questions in another order.")
    attempts: int | None = Field(
        default=None, description="How often a student may try; absent: as often as they like."
    )
    wait_minutes: int = Field(default=0, description="Between the end of one attempt and the next.")
    tries: int = Field(default=1, description="With feedback after each question: how often it may be answered.")
    feedback: Feedback = Field(default=Feedback.EACH, sa_type=words(Feedback))
    shows_right: bool = Field(default=True, description="With feedback, whether the right answer is shown at the end.")
    minutes: int | None = Field(default=None, description="A time limit; supports give more. Absent: none.")
    pass_percent: float = Field(default=80.0)
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    imported_from: str = Field(default="", max_length=255)
    copied_from_id: uuid.UUID | None = None
    revision: int = Field(default=1, description="Counts changes, so that two editors notice each other.")
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class CheckQuestion(TenantRow, table=True):
    """That a check asks a question."""

    __tablename__ = "check_question"
    __table_args__ = (
        UniqueConstraint("organisation_id", "check_id", "question_id"),
        belongs_to("course_check", "check_id"),
        belongs_to("bank_question", "question_id", on_delete="RESTRICT"),
    )

    check_id: uuid.UUID
    question_id: uuid.UUID
    position: int = 0


class CheckAttempt(TenantRow, table=True):
    """One student's attempt. ``asked`` fixes what was drawn, so that a reload or another device shows the same."""

    __tablename__ = "check_attempt"
    __table_args__ = (
        UniqueConstraint("organisation_id", "check_id", "person_id", "number"),
        belongs_to("course_check", "check_id"),
        belongs_to("person", "person_id"),
        one_of("state", AttemptState),
        Index(None, "organisation_id", "person_id"),
    )

    check_id: uuid.UUID
    person_id: uuid.UUID
    number: int = Field(description="From 1.")
    state: AttemptState = Field(default=AttemptState.OPEN, sa_type=words(AttemptState))
    seed: int = Field(description="Of the order of questions and choices.")
    asked: list[str] = Field(
        default_factory=list, sa_type=json_type(), description="Ids of questions in the order they are asked so far."
    )
    begun_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="Where there is a time limit.")
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    earned: Decimal | None = Field(default=None, sa_type=Exact)
    possible: Decimal | None = Field(default=None, sa_type=Exact)


class CheckAllowance(TenantRow, table=True):
    """Attempts that one student has beyond those of everybody, because a teacher gave them."""

    __tablename__ = "check_allowance"
    __table_args__ = (
        UniqueConstraint("organisation_id", "check_id", "person_id"),
        belongs_to("course_check", "check_id"),
        belongs_to("person", "person_id"),
        CheckConstraint("attempts > 0", name="gives_some"),
        Index(None, "organisation_id", "person_id"),
    )

    check_id: uuid.UUID
    person_id: uuid.UUID
    attempts: int
    given_by: uuid.UUID | None = None
    given_at: datetime = Field(sa_type=UtcDateTime)


class CheckAnswer(TenantRow, table=True):
    """What a student answered to one question, saved as it is given; ``given_at`` once it is final."""

    __tablename__ = "check_answer"
    __table_args__ = (
        UniqueConstraint("organisation_id", "attempt_id", "question_id"),
        belongs_to("check_attempt", "attempt_id"),
        belongs_to("bank_question", "question_id", on_delete="RESTRICT"),
    )

    attempt_id: uuid.UUID
    question_id: uuid.UUID
    response: dict[str, Any] = Field(
        sa_type=json_type(),
        description='{"response": …} as the question\'s kind has it; "given" beside it is the one that was given last.',
    )
    saved_at: datetime = Field(sa_type=UtcDateTime)
    saved_number: int = Field(
        default=0, description="Counts what the page has sent, so that what was late changes nothing."
    )
    tries: int = Field(default=0, description="How often it was given, with feedback after each question.")
    given_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_share: Decimal | None = Field(
        default=None, sa_type=Exact, description="What the first answer was worth, 0 to 1."
    )
    share: Decimal | None = Field(default=None, sa_type=Exact, description="What the answer is worth, 0 to 1.")
