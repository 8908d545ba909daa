"""The sandbox LMS's own tables. They know nothing of the tool's and live in a file of their own.

Ids are small whole numbers as in Canvas (its REST API shows them in addresses); what the LTI messages show of a person or
a course is a separate opaque id. Times are UTC. JSON columns say in their table's docstring what they hold.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

PERSON_KINDS = ("teacher", "assistant", "student", "observer", "administrator")
COURSE_ROLES = ("teacher", "assistant", "student", "test_student", "observer")
ITEM_TYPES = ("Page", "Quiz", "Assignment", "Discussion", "File", "ExternalUrl", "ExternalTool", "SubHeader")
SUBMISSION_STATES = ("unsubmitted", "submitted", "pending_review", "graded")
ACTIVITY_PROGRESS = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING_PROGRESS = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
PRIVACY_LEVELS = ("public", "name_only", "anonymous")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone; this puts it back, and refuses a moment that has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC, without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: with its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The sandbox's own declarative base; its metadata holds these tables and no others."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute.


def known_values(column: str, values: tuple[str, ...]) -> CheckConstraint:
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_is_known")


def course_key() -> Mapped[int]:
    return mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)


class Person(Base):
    """Somebody who can sign in. ``lti_id`` is the opaque ``sub`` a tool sees; ``id`` is the number of the REST API.

    ``kind`` says how the sign-in page introduces the person; what they may do follows from their enrolments, except that
    an administrator may see every course. The sandbox knows no e-mail addresses.
    """

    __tablename__ = "person"
    __table_args__ = (known_values("kind", PERSON_KINDS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(100), unique=True)
    lti_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    sortable_name: Mapped[str] = mapped_column(String(200), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(20), default="en")
    time_zone: Mapped[str] = mapped_column(String(50), default="Europe/London")
    created_at: Mapped[datetime]


class Course(Base):
    """A course. ``context_id`` (40 hexadecimal digits, as on Canvas) is what LTI messages show; ``id`` is for the REST API.

    ``source`` names the cartridge file the course was read from, or is None for the sample course.
    """

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    context_id: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    code: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]

    modules: Mapped[list["Module"]] = relationship(
        lazy="raise", order_by="Module.position, Module.id", passive_deletes=True
    )


class Enrolment(Base):
    """A person's role in a course. An inactive one keeps its grades and is left out of rosters."""

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("course_id", "person_id"), known_values("role", COURSE_ROLES))

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise")
    course: Mapped[Course] = relationship(lazy="raise")


class Observation(Base):
    """An observer watches a student in a course; launches of the observer carry it as ``role_scope_mentor``."""

    __tablename__ = "observation"
    __table_args__ = (UniqueConstraint("course_id", "observer_id", "student_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    observer_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    student_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class Module(Base):
    """A unit of a course; modules and their items are shown by ``position``, from 1."""

    __tablename__ = "module"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    name: Mapped[str] = mapped_column(String(500))
    position: Mapped[int]
    published: Mapped[bool] = mapped_column(default=True)

    items: Mapped[list["ModuleItem"]] = relationship(
        lazy="raise", order_by="ModuleItem.position, ModuleItem.id", passive_deletes=True
    )


class ModuleItem(Base):
    """One line of a module, of a type as in Canvas. What it leads to depends on the type:

    Page, Quiz, Assignment, Discussion, File: ``content_id`` is the id in that table. ExternalUrl: ``external_url``.
    ExternalTool: ``resource_link_id`` is the id of a :class:`ResourceLink` of a registered tool, or, for an LTI link of a
    cartridge whose tool is not registered here, None with the address it had in ``external_url``. SubHeader: nothing.
    """

    __tablename__ = "module_item"
    __table_args__ = (known_values("type", ITEM_TYPES), Index(None, "type", "content_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(500))
    position: Mapped[int]
    indent: Mapped[int] = mapped_column(default=0)
    published: Mapped[bool] = mapped_column(default=True)
    content_id: Mapped[int | None]
    external_url: Mapped[str | None] = mapped_column(Text)
    new_tab: Mapped[bool] = mapped_column(default=False)
    resource_link_id: Mapped[int | None] = mapped_column(ForeignKey("resource_link.id", ondelete="SET NULL"))


class Page(Base):
    """A page of content. ``slug`` is its place in addresses, unique in its course; ``html`` is already sanitised."""

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("course_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    slug: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(500))
    html: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]


class Discussion(Base):
    """A discussion's opening; the sandbox shows it and takes no replies."""

    __tablename__ = "discussion"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    title: Mapped[str] = mapped_column(String(500))
    html: Mapped[str] = mapped_column(Text)


class Assignment(Base):
    """Work with a place in the gradebook. Every quiz has one too, as in Canvas: ``submission_type`` is then ``online_quiz``.

    ``submission_type`` otherwise: ``online_text_entry``, ``online_url``, ``on_paper`` or ``none``. ``description`` is HTML,
    already sanitised.
    """

    __tablename__ = "assignment"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    name: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(Text, default="")
    points_possible: Mapped[float] = mapped_column(default=0.0)
    due_at: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=1)
    submission_type: Mapped[str] = mapped_column(String(30), default="online_text_entry")
    published: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Quiz(Base):
    """A quiz one can take. ``questions`` is a JSON list whose shape belongs to ``quizzes.py``.

    Its points and due date stand in its assignment. ``allowed_attempts`` -1 means any number; the best one counts.
    """

    __tablename__ = "quiz"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[Any]]
    allowed_attempts: Mapped[int] = mapped_column(default=-1)

    assignment: Mapped[Assignment] = relationship(lazy="raise")


class QuizAttempt(Base):
    """One go at a quiz: ``answers`` is JSON from question id to answer, ``score`` in the assignment's points."""

    __tablename__ = "quiz_attempt"
    __table_args__ = (UniqueConstraint("quiz_id", "person_id", "attempt"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quiz.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    attempt: Mapped[int]
    answers: Mapped[dict[str, Any]]
    score: Mapped[float | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Submission(Base):
    """Where a student stands with an assignment or quiz; one row each, made at the first submission or grade.

    ``score`` is in the assignment's points; ``grader_id`` is the teacher's id, or None where the quiz marked itself.
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"), known_values("workflow_state", SUBMISSION_STATES))

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    workflow_state: Mapped[str] = mapped_column(String(20), default="unsubmitted")
    attempt: Mapped[int] = mapped_column(default=0)
    body: Mapped[str] = mapped_column(Text, default="")
    score: Mapped[float | None]
    submitted_at: Mapped[datetime | None]
    graded_at: Mapped[datetime | None]
    grader_id: Mapped[int | None]


class FileEntry(Base):
    """A file of the course. ``path`` is its place in the cartridge, unique in its course. Load ``content`` only to send it."""

    __tablename__ = "file_entry"
    __table_args__ = (UniqueConstraint("course_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    path: Mapped[str] = mapped_column(String(1000))
    name: Mapped[str] = mapped_column(String(300))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)


class Tool(Base):
    """An LTI 1.3 tool the administrator registered, with its one deployment.

    JSON: ``redirect_uris`` and ``scopes`` lists of strings; ``custom`` from name to value, where values may be variables
    such as ``$Canvas.course.id``; ``placements`` a list of ``course_navigation`` and ``link_selection`` (module items).
    """

    __tablename__ = "tool"
    __table_args__ = (known_values("privacy_level", PRIVACY_LEVELS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(100), unique=True)
    deployment_id: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    login_url: Mapped[str] = mapped_column(Text)
    launch_url: Mapped[str] = mapped_column(Text)
    redirect_uris: Mapped[list[str]]
    jwks_url: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]]
    custom: Mapped[dict[str, Any]]
    placements: Mapped[list[str]]
    privacy_level: Mapped[str] = mapped_column(String(20), default="name_only")
    created_at: Mapped[datetime]


class ResourceLink(Base):
    """A link to a tool inside a course. ``lti_id`` is the ``resource_link.id`` of its launches; course navigation has no row."""

    __tablename__ = "resource_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    lti_id: Mapped[str] = mapped_column(String(36), unique=True)
    course_id: Mapped[int] = course_key()
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str | None] = mapped_column(Text)
    custom: Mapped[dict[str, Any]]


class LineItem(Base):
    """A gradebook column that belongs to a tool (LTI AGS 2.0, section 3.2). ``resource_link_id`` is the link's ``lti_id``."""

    __tablename__ = "line_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(500))
    score_maximum: Mapped[float]
    resource_id: Mapped[str | None] = mapped_column(String(300))
    tag: Mapped[str | None] = mapped_column(String(300))
    resource_link_id: Mapped[str | None] = mapped_column(String(36))
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Score(Base):
    """Every score that came in with a valid token, in order of arrival, as proof of what the tool sent.

    ``answer`` is the status it was answered with (409: not later than the one before). ``body`` is the JSON as it came.
    """

    __tablename__ = "score"
    __table_args__ = (Index(None, "line_item_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    timestamp: Mapped[datetime]
    activity_progress: Mapped[str] = mapped_column(String(20))
    grading_progress: Mapped[str] = mapped_column(String(20))
    score_given: Mapped[float | None]
    score_maximum: Mapped[float | None]
    comment: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[int]
    body: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]


class Result(Base):
    """What stands in the gradebook for a line item and a student (AGS 2.0, section 3.3), in the line item's own scale.

    ``score`` is None where it was cleared; ``timestamp`` is that of the newest score taken and never goes back, not even
    when the grade is cleared. ``graded_by`` is ``tool``, or ``teacher`` after somebody typed over it in the gradebook.
    """

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("line_item_id", "person_id"), known_values("graded_by", ("tool", "teacher")))

    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    score: Mapped[float | None]
    maximum: Mapped[float]
    comment: Mapped[str | None] = mapped_column(Text)
    activity_progress: Mapped[str] = mapped_column(String(20))
    grading_progress: Mapped[str] = mapped_column(String(20))
    graded_by: Mapped[str] = mapped_column(String(10), default="tool")
    timestamp: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class AccessToken(Base):
    """A service token given to a tool; only its SHA-256 is kept. ``scopes`` is a JSON list."""

    __tablename__ = "access_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UsedJti(Base):
    """The ``jti`` of a client assertion that was accepted; a second use before it has expired is refused."""

    __tablename__ = "used_jti"

    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True)
    jti: Mapped[str] = mapped_column(String(300), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LaunchTicket(Base):
    """What a login began with: ``id`` travels as ``lti_message_hint`` and comes back in the authorization request.

    ``module_item_id`` and ``resource_link_id`` are None for course navigation. ``uses`` counts answered requests.
    """

    __tablename__ = "launch_ticket"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    course_id: Mapped[int] = course_key()
    resource_link_id: Mapped[int | None] = mapped_column(ForeignKey("resource_link.id", ondelete="CASCADE"))
    module_item_id: Mapped[int | None] = mapped_column(ForeignKey("module_item.id", ondelete="CASCADE"))
    placement: Mapped[str] = mapped_column(String(40))
    message_type: Mapped[str] = mapped_column(String(60), default="LtiResourceLinkRequest")
    target_link_uri: Mapped[str] = mapped_column(Text)
    document_target: Mapped[str] = mapped_column(String(10), default="iframe")
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UsedNonce(Base):
    """A nonce that was answered with an id_token; a tool that sends it again is refused."""

    __tablename__ = "used_nonce"

    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(300), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class WebSession(Base):
    """A person signed in with a browser; the cookie's value is kept only as its SHA-256."""

    __tablename__ = "web_session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SigningKey(Base):
    """A key the sandbox signs id_tokens with. The newest without ``retired_at`` signs; all that are not retired are published."""

    __tablename__ = "signing_key"

    number: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_pem: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Secret(Base):
    """A named value made once at the first start, such as the REST API's token."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class ImportNote(Base):
    """Something of a cartridge that was not understood, said so that a teacher can read it; listed, never dropped in silence.

    ``identifier`` is the resource's or item's identifier in the manifest, where it has one.
    """

    __tablename__ = "import_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = course_key()
    kind: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(500))
    detail: Mapped[str] = mapped_column(Text, default="")
    identifier: Mapped[str | None] = mapped_column(String(300))
