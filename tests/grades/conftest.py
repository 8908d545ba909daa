"""A school with a course, students and a deliverer that talks to the model of an LMS."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.grades import service
from lti_tool.grades.comparing import Compared, Comparer
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.models import LineItem, Score, ScoreAttempt
from lti_tool.grades.ports import AgsFactory
from lti_tool.grades.service import ScoreStanding
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.lti.models import Deployment, Family, Registration, Role
from tests.grades.lms import FakeLms, FakeQuirks

LINE_ITEMS = "https://lms.example/line_items"


@dataclass
class School:
    """Everything a test of grades needs, in few words."""

    database: Database
    clock: ManualClock
    lms: FakeLms
    quirks: FakeQuirks
    course: Course
    people: Sequence[Person]
    runner: RecordingRunner = field(default_factory=RecordingRunner)
    scopes: frozenset[str] = frozenset()

    @property
    def registration_id(self) -> uuid.UUID:
        return self.course.registration_id

    def worker(
        self,
        *,
        at_once: int = 4,
        lms: FakeLms | None = None,
        database: Database | None = None,
        comparer: Comparer | None = None,
    ) -> Deliverer:
        return Deliverer(
            database or self.database,
            self.clock,
            self.client_of(lms or self.lms),
            lambda _family: self.quirks,
            at_once=at_once,
            chance=lambda: 0.5,
            comparer=comparer,
        )

    def comparer(self) -> Comparer:
        return Comparer(self.database, self.clock, self.client_of(self.lms), lambda _family: self.quirks)

    async def compare(self) -> Compared:
        column = await self.line_item()
        return await self.comparer().compare(column.organisation_id, column.id)

    def client_of(self, lms: FakeLms) -> AgsFactory:
        """The fake, whatever the registration; ``scopes`` keeps what it was made with."""

        def make(_registration: Registration, scopes: Collection[str]) -> FakeLms:
            self.scopes = frozenset(scopes)
            return lms

        return make

    async def column(
        self,
        resource_id: str = "playlist:1",
        maximum: float = 100,
        *,
        label: str = "Fractions",
        end_at: datetime | None = None,
    ) -> LineItem:
        async with self.database.writing() as session:
            return await service.want_column(
                session,
                course=self.course,
                resource_id=resource_id,
                label=label,
                score_maximum=maximum,
                end_at=end_at,
                now=self.clock.now(),
            )

    async def owe(
        self,
        given: float,
        person: int = 0,
        *,
        maximum: float = 100,
        comment: str | None = None,
        column: LineItem | None = None,
    ) -> Score:
        line_item = column or await self.column()
        async with self.database.writing() as session:
            return await service.owe(
                session,
                line_item=line_item,
                person_id=self.people[person].id,
                given=given,
                maximum=maximum,
                now=self.clock.now(),
                comment=comment,
            )

    async def leave(self, person: int, *, active: bool = False) -> None:
        """A student is not in the course any more; or is back."""
        async with self.database.writing() as session:
            await session.exec(
                update(Membership)
                .where(
                    col(Membership.organisation_id) == self.course.organisation_id,
                    col(Membership.person_id) == self.people[person].id,
                )
                .values(active=active)
            )

    async def deliver(self) -> None:
        await self.worker().deliver(self.registration_id)

    async def later(self, **by: float) -> None:
        """Move the clock and deliver."""
        self.clock.move(timedelta(**by))
        await self.deliver()

    async def scores(self) -> list[Score]:
        async with self.database.reading() as session:
            statement = scoped(Score, self.course.organisation_id).order_by(col(Score.id))
            return list((await session.exec(statement)).all())

    async def score(self) -> Score:
        (score,) = await self.scores()
        return score

    async def line_item(self) -> LineItem:
        async with self.database.reading() as session:
            return (await session.exec(scoped(LineItem, self.course.organisation_id))).one()

    async def attempts(self) -> list[ScoreAttempt]:
        async with self.database.reading() as session:
            statement = scoped(ScoreAttempt, self.course.organisation_id).order_by(col(ScoreAttempt.id))
            return list((await session.exec(statement)).all())

    async def standing(self) -> list[ScoreStanding]:
        line_item = await self.line_item()
        async with self.database.reading() as session:
            return await service.standing(session, line_item.organisation_id, line_item.id)

    async def change_column(self, **values: object) -> None:
        async with self.database.writing() as session:
            await session.exec(
                update(LineItem).where(col(LineItem.organisation_id) == self.course.organisation_id).values(**values)
            )


async def make_school(
    database: Database,
    clock: ManualClock,
    *,
    students: int = 3,
    lms: FakeLms | None = None,
    step: timedelta | None = None,
    family: Family = Family.OTHER,
    line_items: str = LINE_ITEMS,
) -> School:
    start = datetime(2026, 8, 1, tzinfo=UTC)
    organisation = Organisation(name="Hillside", created_at=start)
    registration = Registration(
        organisation_id=organisation.id,
        name="LMS",
        issuer=f"https://{uuid.uuid4()}.example",
        client_id="1",
        auth_login_url="https://lms.example/auth",
        token_url="https://lms.example/token",
        jwks_url="https://lms.example/jwks",
        lms=family,
        created_at=start,
    )
    deployment = Deployment(
        organisation_id=organisation.id, registration_id=registration.id, deployment_id="1", created_at=start
    )
    course = Course(
        organisation_id=organisation.id,
        registration_id=registration.id,
        deployment_id=deployment.id,
        context_id="c1",
        line_items_url=line_items,
        created_at=start,
    )
    people = [
        Person(
            organisation_id=organisation.id,
            registration_id=registration.id,
            sub=f"s{number}",
            name=f"Student {number}",
            sort_name=f"{number:04}",
            created_at=start,
        )
        for number in range(students)
    ]
    async with database.writing() as session:
        for rows in ([organisation], [registration], [deployment], [course], people):
            session.add_all(rows)  # type: ignore[arg-type]
            await session.flush()
        session.add_all(
            Membership(organisation_id=organisation.id, course_id=course.id, person_id=person.id, role=Role.STUDENT)
            for person in people
        )
    step = step or timedelta(milliseconds=1)
    school = School(database, clock, lms or FakeLms(step), FakeQuirks(step), course, people)
    attach(database, school.runner)
    return school


@pytest.fixture
async def school(database: Database, clock: ManualClock) -> School:
    """A school on a database that is rolled back."""
    return await make_school(database, clock)


@pytest.fixture
async def own_school(own_database: Database, clock: ManualClock) -> School:
    """A school on a database with real commits and many connections."""
    return await make_school(own_database, clock)
