"""Tables of what Schoology's REST API shows beside the course itself: consent, exceptions, tags.

They stand beside those in ``models.py`` and refer to them; no column of those changes, so that a store made before these
tables existed goes on working.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.sandbox.models import Base, course_key, known_values

REQUEST, ACCESS = "request", "access"
EXCUSED, INCOMPLETE, MISSING = 1, 2, 3


class OAuthToken(Base):
    """A token of OAuth 1.0a. A request token waits for a person (``person_id``) to allow it, and becomes an access token once.

    ``callback`` is where the person is led back to, as it was told when the token was asked for.
    """

    __tablename__ = "oauth_token"
    __table_args__ = (known_values("kind", (REQUEST, ACCESS)),)

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    callback: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime] = mapped_column(index=True)


class GradeException(Base):
    """That a student is excused from an assignment, or that their work is incomplete or missing; the grade is then none."""

    __tablename__ = "grade_exception"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    exception: Mapped[int]
    at: Mapped[datetime]


class ContentTag(Base):
    """A standard or learning objective that an item is tagged with. ``number`` is the tag's own, the same for all its items."""

    __tablename__ = "content_tag"

    number: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("module_item.id", ondelete="CASCADE"), primary_key=True)
    course_id: Mapped[int] = course_key()
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
