"""A school with a course, a teacher, students and content, put straight into the database."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.organisation import Organisation
from lti_tool.ids import new_id
from lti_tool.lti.models import Deployment, Family, Registration, Role

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
SCOPES = [
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
]


@dataclass
class School:
    """What a test needs to find again."""

    organisation: Organisation
    registration: Registration
    course: Course
    teacher: Person
    students: list[Person]
    items: dict[str, ContentItem] = field(default_factory=dict)

    @property
    def id(self) -> uuid.UUID:
        return self.organisation.id


def person(registration: Registration, organisation: Organisation, sub: str, name: str) -> Person:
    given, family = name.split()
    return Person(
        organisation_id=organisation.id,
        registration_id=registration.id,
        sub=sub,
        name=name,
        sort_name=f"{family}, {given}",
        created_at=NOW,
    )


def member(course: Course, who: Person, role: Role = Role.STUDENT) -> Membership:
    return Membership(organisation_id=course.organisation_id, course_id=course.id, person_id=who.id, role=role)


async def school(session: AsyncSession, name: str = "Oak School", students: int = 3) -> School:
    """A school of its own: platform, course, one teacher, students, a page, a quiz and an assignment."""
    organisation = Organisation(name=name, created_at=NOW)
    session.add(organisation)
    await session.flush()
    registration = Registration(
        organisation_id=organisation.id,
        name=f"{name}'s LMS",
        issuer=f"https://lms.example/{organisation.id}",
        client_id="client",
        auth_login_url="https://lms.example/auth",
        token_url="https://lms.example/token",
        jwks_url="https://lms.example/jwks",
        lms=Family.CANVAS,
        created_at=NOW,
    )
    session.add(registration)
    await session.flush()
    deployment = Deployment(
        organisation_id=organisation.id, registration_id=registration.id, deployment_id="1", created_at=NOW
    )
    session.add(deployment)
    await session.flush()
    course = Course(
        organisation_id=organisation.id,
        registration_id=registration.id,
        deployment_id=deployment.id,
        context_id=str(new_id()),
        title="Fractions",
        line_items_url="https://lms.example/lineitems",
        ags_scopes=SCOPES,
        created_at=NOW,
    )
    session.add(course)
    names = ["Ada Ash", "Ben Birch", "Cem Cedar", "Dua Dogwood", "Eli Elm"]
    people = [person(registration, organisation, f"student-{n}", names[n]) for n in range(students)]
    teacher = person(registration, organisation, "teacher", "Tea Teak")
    session.add_all([*people, teacher])
    await session.flush()
    session.add_all([*(member(course, one) for one in people), member(course, teacher, Role.TEACHER)])
    items = {
        key: ContentItem(
            organisation_id=organisation.id,
            course_id=course.id,
            external_id=f"canvas:{key}",
            kind=kind,
            title=title,
            url=f"https://lms.example/{key}",
            position=position,
            result_key=result_key,
            seen_at=NOW,
        )
        for position, (key, kind, title, result_key) in enumerate(
            [
                ("page", ItemKind.PAGE, "What a fraction is", None),
                ("quiz", ItemKind.QUIZ, "Quiz on halves", "17"),
                ("essay", ItemKind.ASSIGNMENT, "Draw a fraction", "18"),
                ("heading", ItemKind.HEADING, "Week 1", None),
            ]
        )
    }
    session.add_all(items.values())
    await session.flush()
    return School(organisation, registration, course, teacher, people, items)
