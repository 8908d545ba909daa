"""Levels follow a map that was rearranged: what stands above others, and reviews that wait for harder work.

What learners' own evidence says stays as it is; only what the map decides is worked out again, from what is stored. Some
learners at a time, each time in a transaction of its own: evidence can come meanwhile, being cut off loses only the rest.
"""

import uuid
from datetime import datetime

from sqlalchemy import exists, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency, CourseMap, Framework, MapCompetency
from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.mastery import grading, looking, parents, working
from lti_tool.mastery.models import LearnerMastery

LEARNERS_AT_ONCE = 20
"""Learners in one transaction: whoever waits for it, or for the process, waits for a moment only."""


async def follow(database: Database, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> int:
    """Bring what a course's map decides up to the map as it stands; how many learners' levels or reviews are others now."""
    async with database.reading() as session:
        people = await _learners(session, organisation_id, course_id)
        tree = await parents.tree(session, organisation_id, course_id)
    changed = 0
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        async with database.writing() as session:
            some = people[start : start + LEARNERS_AT_ONCE]
            learners = await looking.lock(session, organisation_id, course_id, some, now)
            changed += await working.follow_map(session, organisation_id, course_id, learners, tree, now)
            # Of how many competencies a mean is, the map says, also where no level has changed.
            await grading.owe(session, organisation_id, course_id, learners.values(), now)
    async with database.writing() as session:
        # What changes from here on is later than this, and makes the course due again.
        mine = (col(CourseMap.organisation_id) == organisation_id) & (col(CourseMap.course_id) == course_id)
        await session.exec(update(CourseMap).where(mine).values(followed_at=now))
    return changed


async def _learners(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[uuid.UUID]:
    statement = (
        select(col(LearnerMastery.person_id))
        .where(col(LearnerMastery.organisation_id) == organisation_id, col(LearnerMastery.course_id) == course_id)
        .order_by(col(LearnerMastery.person_id))
    )
    return list((await session.exec(statement)).all())


async def to_follow(session: AsyncSession, *, most: int = 1000) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Organisation and course, of all schools, whose map or frameworks have changed since levels followed them last."""
    of_frameworks = exists().where(
        col(MapCompetency.organisation_id) == col(CourseMap.organisation_id),
        col(MapCompetency.course_id) == col(CourseMap.course_id),
        col(Competency.organisation_id) == col(MapCompetency.organisation_id),
        col(Competency.id) == col(MapCompetency.competency_id),
        col(Framework.organisation_id) == col(Competency.organisation_id),
        col(Framework.id) == col(Competency.framework_id),
        col(Framework.changed_at) > col(CourseMap.followed_at),
    )
    statement = (
        select(col(CourseMap.organisation_id), col(CourseMap.course_id))
        .where(
            or_(
                col(CourseMap.followed_at).is_(None),
                col(CourseMap.changed_at) > col(CourseMap.followed_at),
                of_frameworks,
            )
        )
        .order_by(col(CourseMap.changed_at))
        .limit(most)
        .execution_options(**crossing("the sweep looks at every school's maps, each course is then followed by itself"))
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]
