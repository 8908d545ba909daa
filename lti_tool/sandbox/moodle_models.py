"""Tables of what Moodle's web services show beside the course itself: the service and its account, competencies and ratings.

They stand beside those in ``models.py`` and refer to them, so that a store made before they existed goes on working.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.sandbox.models import Base, course_key


class WebService(Base):
    """The one external service, and how the site stands to it.

    JSON: ``without`` are functions that are not in it, ``withheld`` rights that its account lacks, ``switched_off`` some of
    ``web_services``, ``completion`` and ``competencies``.
    """

    __tablename__ = "web_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32))
    without: Mapped[list[str]]
    withheld: Mapped[list[str]]
    switched_off: Mapped[list[str]]
    by_administrator: Mapped[bool] = mapped_column(default=False)


class CompetencyFramework(Base):
    """Competencies that belong together, rated on a scale: JSON ``scale`` are the names of its values, the lowest first, and
    ``proficient_from`` is the first that is enough, counted from 1.
    """

    __tablename__ = "competency_framework"

    id: Mapped[int] = mapped_column(primary_key=True)
    short_name: Mapped[str] = mapped_column(String(100))
    id_number: Mapped[str] = mapped_column(String(100), unique=True)
    scale: Mapped[list[str]]
    proficient_from: Mapped[int]
    created_at: Mapped[datetime]


class CourseCompetency(Base):
    """A competency that a course is said to teach. (Moodle keeps the competency and its use apart; here they are one.)"""

    __tablename__ = "course_competency"
    __table_args__ = (UniqueConstraint("course_id", "id_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("competency_framework.id", ondelete="CASCADE"), index=True)
    course_id: Mapped[int] = course_key()
    short_name: Mapped[str] = mapped_column(String(100))
    id_number: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class CompetencyModule(Base):
    """That a course module belongs to a competency."""

    __tablename__ = "competency_module"

    competency_id: Mapped[int] = mapped_column(ForeignKey("course_competency.id", ondelete="CASCADE"), primary_key=True)
    module_item_id: Mapped[int] = mapped_column(ForeignKey("module_item.id", ondelete="CASCADE"), primary_key=True)


class CompetencyRating(Base):
    """How a student was rated in the course: ``grade`` is the position on the framework's scale, None where nobody rated yet."""

    __tablename__ = "competency_rating"
    __table_args__ = (UniqueConstraint("competency_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(ForeignKey("course_competency.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    grade: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
