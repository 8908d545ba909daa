"""A school with a course, its students, and a small competency map, put straight into the database."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import (
    Alignment,
    AlignmentRole,
    Competency,
    CourseMap,
    Framework,
    FrameworkSource,
    MapCompetency,
    MapPrerequisite,
)
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course, Person
from lti_tool.db.session import Database
from lti_tool.mastery import service
from lti_tool.mastery.entries import Changed, Entry
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.mastery.rules import Rule
from tests.playlists import seed
from tests.playlists.seed import NOW, School

DAY = timedelta(days=1)


@dataclass
class World:
    """What a test needs to find again. ``competencies`` by code."""

    school: School
    course_map: CourseMap
    competencies: dict[str, Competency] = field(default_factory=dict)

    @property
    def id(self) -> uuid.UUID:
        return self.school.id

    @property
    def course(self) -> Course:
        return self.school.course

    @property
    def ada(self) -> Person:
        return self.school.students[0]

    def item(self, key: str) -> ContentItem:
        return self.school.items[key]

    def entry(self, code: str, presentation: str, at: datetime = NOW, right: bool | None = None, **more: Any) -> Entry:
        """An entry of Ada's: right or wrong out of one point, or what ``more`` says."""
        given: dict[str, Any] = {"person_id": self.ada.id, "source": EvidenceSource.CHECK}
        if right is not None:
            given |= {"earned": Decimal(int(right)), "possible": Decimal(1), "passing_percent": 80.0}
        return Entry(
            competency_id=self.competencies[code].id, presentation=presentation, observed_at=at, **(given | more)
        )


async def world(
    session: AsyncSession,
    codes: tuple[str, ...] = ("F.1", "F.2", "F.3"),
    *,
    parents: dict[str, str] | None = None,
    rule: Rule | None = None,
    rules: dict[str, dict[str, Any]] | None = None,
    students: int = 3,
    name: str = "Oak School",
    before: Iterable[tuple[str, str]] = (),
) -> World:
    """A school whose course uses competencies with these codes; ``parents`` says what stands in what, ``before`` what comes
    before what.
    """
    school = await seed.school(session, name, students)
    organisation_id, course_id = school.id, school.course.id
    framework = Framework(
        organisation_id=organisation_id,
        identifier=f"own:{course_id}",
        source=FrameworkSource.OWN,
        course_id=course_id,
        title="Fractions",
        changed_at=NOW,
        created_at=NOW,
    )
    course_map = CourseMap(
        organisation_id=organisation_id,
        course_id=course_id,
        rule=None if rule is None else rule.to_json(),
        changed_at=NOW,
        created_at=NOW,
    )
    session.add_all([framework, course_map])
    await session.flush()
    made = World(school, course_map)
    for place, code in enumerate(codes, 1):
        parent = (parents or {}).get(code)
        competency = Competency(
            organisation_id=organisation_id,
            framework_id=framework.id,
            identifier=code,
            code=code,
            statement=f"I can do {code}",
            parent_id=None if parent is None else made.competencies[parent].id,
            position=place,
            changed_at=NOW,
            created_at=NOW,
        )
        session.add(competency)
        await session.flush()
        made.competencies[code] = competency
        session.add(
            MapCompetency(
                organisation_id=organisation_id,
                course_id=course_id,
                competency_id=competency.id,
                number=place,
                position=place,
                rule=(rules or {}).get(code),
                created_at=NOW,
            )
        )
    session.add_all(
        MapPrerequisite(
            organisation_id=organisation_id,
            course_id=course_id,
            before_id=made.competencies[one].id,
            after_id=made.competencies[other].id,
            created_at=NOW,
        )
        for one, other in before
    )
    await session.flush()
    return made


async def align(
    session: AsyncSession, made: World, item: str, code: str, role: AlignmentRole = AlignmentRole.ASSESSES, **more: Any
) -> Alignment:
    """Align an item of the school to a competency."""
    alignment = Alignment(
        organisation_id=made.id,
        course_id=made.course.id,
        content_item_id=made.item(item).id,
        competency_id=made.competencies[code].id,
        role=role,
        created_at=NOW,
        **({"passing_percent": 80.0} | more),
    )
    session.add(alignment)
    await session.flush()
    return alignment


async def append(database: Database, made: World, *entries: Entry, now: datetime | None = None) -> list[Changed]:
    """Append in a transaction of its own, a moment after the latest of the entries."""
    moment = now or max([NOW, *(entry.observed_at for entry in entries)])
    async with database.writing() as session:
        return await service.append(session, made.course, entries, moment)


def standings(changed: list[Changed]) -> list[Standing]:
    """Where they are now."""
    return [one.after for one in changed]
