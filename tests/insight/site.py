"""The pages about mastery in an application of their own, with a school that has a map and evidence."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.competencies.models import (
    Competency,
    CourseMap,
    Framework,
    FrameworkSource,
    MapCompetency,
    MapPrerequisite,
)
from lti_tool.courses.models import CourseGroup, CourseGroupMember
from lti_tool.db.session import Database
from lti_tool.insight import routes
from lti_tool.mastery import queries as mastery_queries
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerMastery
from lti_tool.web.routing import add_router
from tests.playlists import site as playlists
from tests.playlists.seed import NOW, School

LEVELS = ["", "started", "developing", "secure", "mastered"]
STATEMENTS = [
    ("N.1", "Understand a fraction as a part of a whole"),
    ("N.2", "Find fractions that are <equal> & compare them"),
    ("N.3", "Add fractions"),
    ("N.4", "Multiply fractions"),
]


@dataclass
class Site(playlists.Site):
    """The application under test, its school, and the map of its course."""

    competencies: list[Competency] = field(default_factory=list)

    @property
    def mastery(self) -> str:
        """The class board."""
        return f"{self.course}/mastery"

    async def holds(self, place: int, *ranks: int, due: int | None = None) -> None:
        """Put levels of a student into the board, by rank, in the map's order; ``due`` is the day of the first one's review."""
        async with self.database.writing() as session:
            session.add(standings(self.school, self.school.students[place].id, ranks, due))

    async def shown(self, place: int, competency: int, *rights: bool, days_ago: int = 20) -> None:
        """Real evidence: answers of a student to questions of the quiz, one a day."""
        start = self.clock.now() - timedelta(days=days_ago)
        entries = [
            Entry(
                self.school.students[place].id,
                self.competencies[competency].id,
                EvidenceSource.LMS,
                presentation=f"quiz:{competency}:{number}",
                observed_at=start + timedelta(days=number),
                earned=Decimal(int(right)),
                possible=Decimal(1),
                passing_percent=80,
                content_item_id=self.school.items["quiz"].id,
                item=f"q{number}",
            )
            for number, right in enumerate(rights)
        ]
        async with self.database.writing() as session:
            await mastery.append(session, self.school.course, entries, self.clock.now())

    async def evidence(self, place: int) -> list[Evidence]:
        """Everything there is of a student, the latest first."""
        async with self.database.reading() as session:
            found = await mastery_queries.evidence_of(
                session, self.school.id, self.school.course.id, self.school.students[place].id
            )
            session.expunge_all()
            return found

    async def traces(self, action: str) -> list[AuditEntry]:
        """What the audit log has of an action."""
        async with self.database.reading() as session:
            statement = select(AuditEntry).where(
                AuditEntry.organisation_id == self.school.id, AuditEntry.action == action
            )
            return list((await session.exec(statement)).all())


def standings(school: School, person_id: uuid.UUID, ranks: Any, due: int | None = None) -> LearnerMastery:
    """One learner's row of the board."""
    held = {
        str(number): [rank, LEVELS[rank], due if number == 1 else None] for number, rank in enumerate(ranks, 1) if rank
    }
    return LearnerMastery(
        organisation_id=school.id, course_id=school.course.id, person_id=person_id, standings=held, changed_at=NOW
    )


async def a_map(session: AsyncSession, school: School, statements: Any = STATEMENTS) -> list[Competency]:
    """A framework with a domain, its competencies on the course's map, each the prerequisite of the next."""
    framework = Framework(
        organisation_id=school.id,
        identifier=f"own-{school.course.id}",
        source=FrameworkSource.OWN,
        course_id=school.course.id,
        title="Fractions",
        changed_at=NOW,
        created_at=NOW,
    )
    session.add(framework)
    await session.flush()
    domain = Competency(
        organisation_id=school.id,
        framework_id=framework.id,
        identifier="NF",
        code="NF",
        statement="Number and fractions",
        kind="Domain",
        changed_at=NOW,
        created_at=NOW,
    )
    session.add(domain)
    await session.flush()
    made = [
        Competency(
            organisation_id=school.id,
            framework_id=framework.id,
            identifier=code,
            code=code,
            statement=statement,
            kind="Standard",
            parent_id=domain.id,
            position=place,
            depth=1,
            changed_at=NOW,
            created_at=NOW,
        )
        for place, (code, statement) in enumerate(statements, 1)
    ]
    session.add_all(made)
    session.add(
        CourseMap(
            organisation_id=school.id,
            course_id=school.course.id,
            next_number=len(made) + 1,
            changed_at=NOW,
            created_at=NOW,
        )
    )
    await session.flush()
    session.add_all(
        MapCompetency(
            organisation_id=school.id,
            course_id=school.course.id,
            competency_id=one.id,
            number=number,
            position=number,
            created_at=NOW,
        )
        for number, one in enumerate(made, 1)
    )
    session.add_all(
        MapPrerequisite(
            organisation_id=school.id,
            course_id=school.course.id,
            before_id=before.id,
            after_id=after.id,
            created_at=NOW + timedelta(seconds=place),
        )
        for place, (before, after) in enumerate(pairwise(made))
    )
    await session.flush()
    return made


async def a_group(session: AsyncSession, school: School, name: str, *places: int) -> CourseGroup:
    """A group of the course with some of its students."""
    group = CourseGroup(organisation_id=school.id, course_id=school.course.id, group_id=name, name=name, created_at=NOW)
    session.add(group)
    await session.flush()
    session.add_all(
        CourseGroupMember(organisation_id=school.id, group_id=group.id, person_id=school.students[place].id)
        for place in places
    )
    return group


async def a_site(database: Database, clock: ManualClock) -> Site:
    """The application with the pages of playlists and of mastery, and a school with a map."""
    base = await playlists.a_site(database, clock)
    add_router(base.app, routes.router)
    async with database.writing() as session:
        competencies = await a_map(session, base.school)
    return Site(base.app, database, clock, base.lms, base.school, competencies)
