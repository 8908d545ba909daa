"""A school whose course has a map of a few standards, and items in two modules to align to them."""

import uuid
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency, CourseMap, Framework, FrameworkSource, MapCompetency
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course
from tests.playlists import seed
from tests.playlists.seed import NOW, School

STANDARDS = (
    ("4.NF.A.1", "Explain why a fraction is equivalent to another by using visual fraction models"),
    ("4.NF.A.2", "Compare two fractions with different numerators and different denominators"),
    ("4.NF.B.3", "Add and subtract fractions with like denominators"),
    ("4.NF.B.4", "Multiply a fraction by a whole number"),
    ("4.MD.A.1", "Know relative sizes of measurement units such as kilometres and metres"),
)

ITEMS = (
    (ItemKind.HEADING, "Week 1", "Equivalence"),
    (ItemKind.PAGE, "Fraction walls", "Equivalence"),
    (ItemKind.QUIZ, "Quiz 4.NF.1", "Equivalence"),
    (ItemKind.ASSIGNMENT, "Comparing fractions", "Equivalence"),
    (ItemKind.QUIZ, "Adding and subtracting fractions", "Operations"),
    (ItemKind.ASSIGNMENT, "Fractions times whole numbers", "Operations"),
    (ItemKind.QUIZ, "Unit test", "Operations"),
)


@dataclass
class Mapped:
    """What a test needs to find again: competencies by code, items by title."""

    school: School
    framework: Framework
    competencies: dict[str, Competency] = field(default_factory=dict)
    items: dict[str, ContentItem] = field(default_factory=dict)

    @property
    def course(self) -> Course:
        return self.school.course

    def one(self, code: str) -> uuid.UUID:
        """A competency's id."""
        return self.competencies[code].id

    def item(self, title: str) -> uuid.UUID:
        """An item's id."""
        return self.items[title].id


async def a_map(session: AsyncSession, school: School | None = None, *, title: str = "Grade 4") -> Mapped:
    """A course with the map and the items above, in place of what the school had."""
    school = school or await seed.school(session)
    # The course's content was read, so that no page reads it again.
    school.course.content_read_at = NOW
    session.add(school.course)
    for old in school.items.values():
        await session.delete(old)
    await session.flush()
    framework = Framework(
        organisation_id=school.id,
        identifier=f"framework of {school.course.id}",
        source=FrameworkSource.CASE,
        title=title,
        changed_at=NOW,
        created_at=NOW,
    )
    session.add(framework)
    await session.flush()
    found = Mapped(school, framework)
    for position, (code, statement) in enumerate(STANDARDS):
        found.competencies[code] = Competency(
            organisation_id=school.id,
            framework_id=framework.id,
            identifier=f"id of {code}",
            code=code,
            statement=statement,
            position=position,
            changed_at=NOW,
            created_at=NOW,
        )
    session.add_all(found.competencies.values())
    session.add(
        CourseMap(
            organisation_id=school.id,
            course_id=school.course.id,
            next_number=len(STANDARDS) + 1,
            changed_at=NOW,
            created_at=NOW,
        )
    )
    await session.flush()
    for position, competency in enumerate(found.competencies.values()):
        session.add(
            MapCompetency(
                organisation_id=school.id,
                course_id=school.course.id,
                competency_id=competency.id,
                number=position + 1,
                position=position,
                created_at=NOW,
            )
        )
    for position, (kind, item_title, section) in enumerate(ITEMS):
        found.items[item_title] = ContentItem(
            organisation_id=school.id,
            course_id=school.course.id,
            external_id=f"canvas:module-item:{position}",
            kind=kind,
            title=item_title,
            url=f"https://lms.example/items/{position}",
            section=section,
            position=position,
            result_key=str(position) if kind in {ItemKind.QUIZ, ItemKind.ASSIGNMENT} else None,
            seen_at=NOW,
        )
    session.add_all(found.items.values())
    await session.flush()
    return found
