"""Two teachers who change what one student has, at the same time."""

import asyncio
import uuid

from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import Conflict
from lti_tool.learners import supports
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.learners.rules import Supports
from lti_tool.mastery.models import LearnerModification
from tests.insight.site import a_map
from tests.playlists import seed, watching


async def test_a_support_that_both_give_is_there_once(own_database: Database, clock: ManualClock) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
    here = watching.visiting(school)

    async def give() -> None:
        async with own_database.writing() as session:
            wanted = Supports(frozenset({Support.READ_ALOUD}))
            await supports.give(session, here, school.students[0].id, wanted, clock.now())

    await asyncio.gather(*(give() for _ in range(4)))
    async with own_database.reading() as session:
        assert len((await session.exec(scoped(LearnerSupport, school.id))).all()) == 1


async def test_two_modifications_do_not_come_round_to_each_other(own_database: Database, clock: ManualClock) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        first, second, third, *_ = [one.id for one in await a_map(session, school)]
    here = watching.visiting(school)

    async def modify(competency_id: uuid.UUID, instead_id: uuid.UUID) -> bool:
        try:
            async with own_database.writing() as session:
                await supports.modify(
                    session, here, school.students[0].id, competency_id, clock.now(), instead_id=instead_id
                )
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(modify(first, second), modify(second, first))) == [False, True]
    assert await modify(third, first)


async def test_a_circle_that_is_there_already_holds_nobody_up(own_database: Database, clock: ManualClock) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        first, second, third, *_ = [one.id for one in await a_map(session, school)]
        session.add_all(
            LearnerModification(
                organisation_id=school.id,
                course_id=school.course.id,
                person_id=school.students[0].id,
                competency_id=one,
                instead_id=other,
                created_at=clock.now(),
            )
            for one, other in ((first, second), (second, first))
        )
    async with own_database.writing() as session:
        made = await supports.modify(
            session, watching.visiting(school), school.students[0].id, third, clock.now(), instead_id=first
        )
    assert made.instead_id == first
