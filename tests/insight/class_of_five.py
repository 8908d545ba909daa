"""A class of five with a map, aligned items and real evidence, worked in by the mastery service itself."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentRole, Competency
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource, Standing
from tests.insight.site import a_group, a_map
from tests.playlists import seed
from tests.playlists.seed import NOW, School


async def align(session: AsyncSession, school: School, item: str, competency: Competency, role: AlignmentRole) -> None:
    """Say that an item of the school belongs to a competency."""
    session.add(
        Alignment(
            organisation_id=school.id,
            course_id=school.course.id,
            content_item_id=school.items[item].id,
            competency_id=competency.id,
            role=role,
            passing_percent=80,
            created_at=NOW,
        )
    )
    await session.flush()


def answer(school: School, place: int, competency: Competency, attempt: int, right: bool, at: datetime) -> Entry:
    """One answer of a student to one question of the quiz."""
    return Entry(
        school.students[place].id,
        competency.id,
        EvidenceSource.LMS,
        presentation=f"quiz:{attempt}",
        observed_at=at,
        earned=Decimal(int(right)),
        possible=Decimal(1),
        passing_percent=80,
        content_item_id=school.items["quiz"].id,
        item=f"q{attempt}",
    )


async def a_class(session: AsyncSession) -> tuple[School, list[Competency]]:
    """Ada is secure in the first two, Ben has begun, Cem has a level set by the teacher, the others have nothing yet."""
    school = await seed.school(session, students=5)
    made = await a_map(session, school)
    await a_group(session, school, "Group Red", 0, 1)
    await align(session, school, "page", made[0], AlignmentRole.TEACHES)
    await align(session, school, "quiz", made[0], AlignmentRole.ASSESSES)
    await align(session, school, "essay", made[1], AlignmentRole.ASSESSES)
    long_ago = NOW - timedelta(days=30)
    entries = []
    for competency in made[:2]:
        entries += [
            answer(school, 0, competency, number, number != 1, long_ago + timedelta(days=number)) for number in range(6)
        ]
    entries += [answer(school, 1, made[0], number, number % 2 == 0, long_ago) for number in range(3)]
    await mastery.append(session, school.course, entries, NOW)
    await mastery.override(
        session,
        school.course,
        school.students[2].id,
        made[0].id,
        Standing.SECURE,
        "Explained it to the whole class",
        NOW + timedelta(days=60),
        NOW,
        school.teacher.id,
    )
    return school, made
