"""Tables of what makes the sandbox a test bench: registrations, picking content, groups, copies of courses, notices.

They stand beside those in ``models.py`` and refer to them; no column of those changes, so that a store made before these
tables existed goes on working.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.sandbox.models import Base, course_key, known_values

ACTIVE, PENDING, OFF = "active", "pending", "off"
TOOL_STATES = (ACTIVE, PENDING, OFF)


class ToolRegistration(Base):
    """How a tool came here and whether it may be used. A tool without a row was added by hand and is active.

    ``sent`` is the registration as the tool sent it (Dynamic Registration 1.0, section 3.2), empty for one added by hand;
    ``proposed`` is a later one that waits for the administrator.
    """

    __tablename__ = "tool_registration"
    __table_args__ = (known_values("state", TOOL_STATES),)

    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    sent: Mapped[dict[str, Any]]
    proposed: Mapped[dict[str, Any] | None]
    changed_at: Mapped[datetime]

    @property
    def by_link(self) -> bool:
        """Whether the tool registered itself."""
        return bool(self.sent)


class RegistrationAttempt(Base):
    """An administrator who opened a tool's registration link. ``id`` stands in the address of the page that frames it.

    ``digest`` is that of the token the tool gets, new each time the page is opened. ``tool_id`` is the tool that is brought up
    to date, or the one that came of it; ``used_at`` says that the token did its work.
    """

    __tablename__ = "registration_attempt"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    link: Mapped[str] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    tool_id: Mapped[int | None] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PickRequest(Base):
    """A request to pick content (Deep Linking 2.0). ``id`` stands in the address that the answer is posted to.

    ``module_item_id`` is the item that is chosen anew, None where items are added to the module. ``data`` must come back as
    it was sent. ``came_of`` is what the person was told, None as long as there was no answer.
    """

    __tablename__ = "pick_request"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    course_id: Mapped[int] = course_key()
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id", ondelete="CASCADE"))
    module_item_id: Mapped[int | None] = mapped_column(ForeignKey("module_item.id", ondelete="CASCADE"))
    data: Mapped[str] = mapped_column(Text)
    accept_types: Mapped[list[str]]
    came_of: Mapped[str | None] = mapped_column(Text)
    log: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class TicketMore(Base):
    """What a launch ticket of another message than a resource link's carries: the picking, or the work under review."""

    __tablename__ = "ticket_more"

    ticket_id: Mapped[str] = mapped_column(ForeignKey("launch_ticket.id", ondelete="CASCADE"), primary_key=True)
    pick_id: Mapped[str | None] = mapped_column(ForeignKey("pick_request.id", ondelete="CASCADE"))
    line_item_id: Mapped[int | None] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"))
    for_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))


class LinkMore(Base):
    """What is known of a resource link beside its own row: ``history`` lists the links it was copied from, latest first."""

    __tablename__ = "link_more"

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id", ondelete="CASCADE"), primary_key=True)
    history: Mapped[list[str]]
    icon_url: Mapped[str | None] = mapped_column(Text)


class LineItemReview(Base):
    """How a tool's column lets teachers look at work (Submission Review 1.0, section 3.3), as the tool sent it."""

    __tablename__ = "line_item_review"

    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[str | None] = mapped_column(String(300))
    url: Mapped[str | None] = mapped_column(Text)
    custom: Mapped[dict[str, Any]]


class CourseHistory(Base):
    """The courses a course was copied from, by their ``context_id``, the latest first (``$Context.id.history``)."""

    __tablename__ = "course_history"

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), primary_key=True)
    context_ids: Mapped[list[str]]


class GroupSet(Base):
    """A set of groups of a course, such as its project teams. ``lti_id`` is what the service shows."""

    __tablename__ = "group_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    lti_id: Mapped[str] = mapped_column(String(36), unique=True)
    course_id: Mapped[int] = course_key()
    name: Mapped[str] = mapped_column(String(200))


class CourseGroup(Base):
    """A group of a course, in a set or in none."""

    __tablename__ = "course_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    lti_id: Mapped[str] = mapped_column(String(36), unique=True)
    course_id: Mapped[int] = course_key()
    set_id: Mapped[int | None] = mapped_column(ForeignKey("group_set.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    tag: Mapped[str | None] = mapped_column(String(100))


class GroupMember(Base):
    """A person in a group."""

    __tablename__ = "group_member"

    group_id: Mapped[int] = mapped_column(ForeignKey("course_group.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)


class NoticeHandler(Base):
    """Where a tool wants notices of a type sent (Platform Notification Service 1.0, section 4)."""

    __tablename__ = "notice_handler"

    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True)
    notice_type: Mapped[str] = mapped_column(String(100), primary_key=True)
    handler: Mapped[str] = mapped_column(Text)
    max_batch_size: Mapped[int | None]


class SentNotice(Base):
    """A notice that was sent, with the status of the answer; None where nobody answered. It is not sent again."""

    __tablename__ = "sent_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"), index=True)
    notice_type: Mapped[str] = mapped_column(String(100))
    handler: Mapped[str] = mapped_column(Text)
    claims: Mapped[dict[str, Any]]
    status: Mapped[int | None]
    sent_at: Mapped[datetime]


class UsedToolNonce(Base):
    """The nonce of a tool's own message that was taken; the same message again is refused."""

    __tablename__ = "used_tool_nonce"
    __table_args__ = (UniqueConstraint("tool_id", "nonce"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    nonce: Mapped[str] = mapped_column(String(300))
    expires_at: Mapped[datetime] = mapped_column(index=True)
