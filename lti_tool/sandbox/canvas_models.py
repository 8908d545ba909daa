"""Tables of what Canvas's REST API shows beside the course itself: keys and tokens, sections, completion, dates of single
students, outcomes, rubrics, and more about assignments and submissions.

They stand beside those in ``models.py`` and refer to them; no column of those changes, so that a store made before these
tables existed goes on working.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.sandbox.models import Base, course_key, known_values

KEY_STATES = ("on", "off")
REQUIREMENTS = ("must_view", "must_mark_done", "must_submit", "must_contribute", "min_score", "min_percentage")
DEEDS = ("viewed", "done", "contributed")
OVERRIDE_SETS = ("ADHOC", "CourseSection", "Group")


def assignment_key(**more: Any) -> Mapped[int]:
    return mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"), **more)


def person_key(**more: Any) -> Mapped[int]:
    return mapped_column(ForeignKey("person.id", ondelete="CASCADE"), **more)


# --- Keys and tokens ---------------------------------------------------------------------------------------------------


class DeveloperKey(Base):
    """An API key: ``id`` is the client id. Unless it ``enforces_scopes`` a token may do what its person may.

    ``allows_includes`` is the box *Allow include parameters*. JSON: ``redirect_uris`` and ``scopes`` are lists of strings.
    """

    __tablename__ = "developer_key"
    __table_args__ = (known_values("state", KEY_STATES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    secret: Mapped[str] = mapped_column(String(100))
    redirect_uris: Mapped[list[str]]
    enforces_scopes: Mapped[bool] = mapped_column(default=True)
    scopes: Mapped[list[str]]
    allows_includes: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="on")
    tool_id: Mapped[int | None] = mapped_column(ForeignKey("tool.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class ConsentRequest(Base):
    """A person who was sent here by a tool and looks at what it asks for. ``code_challenge`` is PKCE's, S256 (RFC 7636)."""

    __tablename__ = "consent_request"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("developer_key.id", ondelete="CASCADE"))
    person_id: Mapped[int] = person_key()
    redirect_uri: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]]
    state: Mapped[str | None] = mapped_column(Text)
    code_challenge: Mapped[str | None] = mapped_column(String(200))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ConsentCode(Base):
    """A code that waits to be exchanged, once; only its SHA-256 is kept."""

    __tablename__ = "consent_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("developer_key.id", ondelete="CASCADE"))
    person_id: Mapped[int] = person_key()
    scopes: Mapped[list[str]]
    code_challenge: Mapped[str | None] = mapped_column(String(200))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PersonToken(Base):
    """A person's token. Refreshing puts another access token in the place of the first; the refresh token stays."""

    __tablename__ = "person_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("developer_key.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = person_key(index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    refresh_digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


# --- Sections ----------------------------------------------------------------------------------------------------------


class CourseSection(Base):
    """A section of a course. Every course has one from the start; who is placed in none is in the first."""

    __tablename__ = "course_section"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    name: Mapped[str] = mapped_column(String(300))


class SectionPlace(Base):
    """That an enrolment is in a section."""

    __tablename__ = "section_place"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("course_section.id", ondelete="CASCADE"), index=True)


# --- Completion --------------------------------------------------------------------------------------------------------


class ItemRequirement(Base):
    """What completes an item of a module; ``least`` are the points or the percentage to reach, where it is a score."""

    __tablename__ = "item_requirement"
    __table_args__ = (known_values("type", REQUIREMENTS),)

    item_id: Mapped[int] = mapped_column(ForeignKey("module_item.id", ondelete="CASCADE"), primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    least: Mapped[float | None]


class ItemDeed(Base):
    """What a student did with an item that no submission tells: looked at it, marked it as done, took part in it."""

    __tablename__ = "item_deed"
    __table_args__ = (known_values("deed", DEEDS),)

    item_id: Mapped[int] = mapped_column(ForeignKey("module_item.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = person_key(primary_key=True)
    deed: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime]


# --- Assignments and submissions ---------------------------------------------------------------------------------------


class AssignmentMore(Base):
    """What is known of an assignment beside its own row.

    ``new_quiz``: its quiz is one of New Quizzes, an assignment in a tool of Canvas's own. ``hides_grades``: grades are shown
    to students only when the teacher posts them.
    """

    __tablename__ = "assignment_more"

    assignment_id: Mapped[int] = assignment_key(primary_key=True)
    unlock_at: Mapped[datetime | None]
    lock_at: Mapped[datetime | None]
    new_quiz: Mapped[bool] = mapped_column(default=False)
    hides_grades: Mapped[bool] = mapped_column(default=False)
    rubric_id: Mapped[int | None] = mapped_column(ForeignKey("rubric.id", ondelete="SET NULL"))


class SubmissionMore(Base):
    """What is known of a student's standing beside the submission's own row.

    ``late_status`` is what a teacher set over what the dates say: ``late``, ``missing``, ``none``, or nothing. ``deducted``
    points were taken off the score for lateness. ``posted_at`` counts where grades are hidden until they are posted.
    ``rubric`` is JSON from criterion to ``{points, rating_id, comments}``.
    """

    __tablename__ = "submission_more"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = assignment_key(index=True)
    person_id: Mapped[int] = person_key()
    excused: Mapped[bool] = mapped_column(default=False)
    late_status: Mapped[str | None] = mapped_column(String(10))
    deducted: Mapped[float | None]
    posted_at: Mapped[datetime | None]
    rubric: Mapped[dict[str, Any] | None]


class Override(Base):
    """Other dates of an assignment for some. Of each date: whether it is another at all, and which (None takes it away)."""

    __tablename__ = "override"
    __table_args__ = (known_values("set_type", OVERRIDE_SETS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = assignment_key(index=True)
    set_type: Mapped[str] = mapped_column(String(20))
    set_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(300))
    due_at: Mapped[datetime | None]
    unlock_at: Mapped[datetime | None]
    lock_at: Mapped[datetime | None]
    overrides: Mapped[list[str]]


class OverrideStudent(Base):
    """A student whom an override names; in one of an assignment only."""

    __tablename__ = "override_student"

    assignment_id: Mapped[int] = assignment_key(primary_key=True)
    person_id: Mapped[int] = person_key(primary_key=True)
    override_id: Mapped[int] = mapped_column(ForeignKey("override.id", ondelete="CASCADE"), index=True)


# --- Outcomes and rubrics ----------------------------------------------------------------------------------------------


class Rubric(Base):
    """A rubric. ``criteria`` is a JSON list as the API shows it; a criterion's ``learning_outcome_id`` aligns the assignment."""

    __tablename__ = "rubric"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    title: Mapped[str] = mapped_column(String(300))
    criteria: Mapped[list[Any]]


class Outcome(Base):
    """A learning outcome of a course. ``ratings`` is a JSON list of ``{description, points}``, best first.

    ``guid`` is its name elsewhere (``vendor_guid``), such as a standard's code.
    """

    __tablename__ = "outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    title: Mapped[str] = mapped_column(String(300))
    display_name: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    guid: Mapped[str | None] = mapped_column(String(300))
    points_possible: Mapped[float]
    mastery_points: Mapped[float]
    ratings: Mapped[list[Any]]


class OutcomeAlignment(Base):
    """That an assignment (a quiz's, too) belongs to an outcome."""

    __tablename__ = "outcome_alignment"
    __table_args__ = (UniqueConstraint("outcome_id", "assignment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcome.id", ondelete="CASCADE"))
    assignment_id: Mapped[int] = assignment_key(index=True)


class OutcomeResult(Base):
    """How a student did on an outcome in one assignment; a later one takes its place. ``score`` is in the outcome's points."""

    __tablename__ = "outcome_result"
    __table_args__ = (UniqueConstraint("outcome_id", "assignment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcome.id", ondelete="CASCADE"))
    assignment_id: Mapped[int] = assignment_key()
    person_id: Mapped[int] = person_key(index=True)
    score: Mapped[float]
    possible: Mapped[float]
    at: Mapped[datetime]
