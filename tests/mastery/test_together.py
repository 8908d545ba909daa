"""Several at once, on both databases, each with its own connection: nothing is lost, nobody waits in a circle."""

import asyncio
import random
from typing import Any

from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.mastery import queries, recomputing, service, versions
from lti_tool.mastery.models import Evidence, FrozenCriterion, LearnerMastery, MasteryState, Standing
from tests.mastery.test_service import picture
from tests.mastery.world import DAY, World, world
from tests.playlists.seed import NOW

WRITERS = 8
LATER = NOW + 30 * DAY


async def a_world(database: Database) -> World:
    async with database.writing() as session:
        return await world(session, ("F", "F.1", "F.2"), parents={"F.1": "F", "F.2": "F"}, students=4)


async def test_two_writers_of_one_learner_lose_nothing(own_database: Database) -> None:
    made = await a_world(own_database)

    async def write(number: int) -> None:
        what = made.entry("F.1", f"c:{number}", NOW + number * DAY, True, item=f"q{number}")
        async with own_database.writing() as session:
            await service.append(session, made.course, [what], LATER)

    await asyncio.gather(*(write(number) for number in range(12)))
    async with own_database.reading() as session:
        [state] = [
            one
            for one in (await session.exec(scoped(MasteryState, made.id))).all()
            if one.competency_id == made.competencies["F.1"].id
        ]
        [learner] = (await session.exec(scoped(LearnerMastery, made.id))).all()
    assert (state.count, state.standing) == (12, Standing.MASTERED)
    assert learner.predicting["state"]["all"][1] == 12
    assert learner.standings["2"][0] == 4


async def test_the_same_evidence_from_many_at_once_is_there_once(own_database: Database) -> None:
    made = await a_world(own_database)
    sheet = [
        made.entry(code, "c:1", NOW, True, person_id=student.id)
        for student in made.school.students
        for code in ("F.1", "F.2")
    ]

    async def write() -> None:
        async with own_database.writing() as session:
            await service.append(session, made.course, sheet, LATER)

    await asyncio.gather(*(write() for _ in range(WRITERS)))
    async with own_database.reading() as session:
        rows = (await session.exec(scoped(Evidence, made.id))).all()
        criteria = (await session.exec(scoped(FrozenCriterion, made.id))).all()
        learners = (await session.exec(scoped(LearnerMastery, made.id))).all()
    assert len(rows) == len(sheet)
    assert {row.revision for row in rows} == {1}
    assert len(criteria) == 1
    assert len(learners) == 4


async def test_writers_who_take_learners_in_other_orders_do_not_wait_in_a_circle(own_database: Database) -> None:
    """Batches over the same learners, shuffled, beside voids, a recomputation and new difficulties; all of it ends."""
    made = await a_world(own_database)
    chance = random.Random(7)

    def batch(writer: int) -> list[Any]:
        entries = [
            made.entry(code, f"c:{writer}:{code}", NOW + writer * DAY, writer % 3 > 0, person_id=student.id, item="q")
            for student in made.school.students
            for code in ("F.1", "F.2")
        ]
        chance.shuffle(entries)
        return entries

    async def write(entries: list[Any]) -> None:
        async with own_database.writing() as session:
            await service.append(session, made.course, entries, LATER)

    async def void() -> None:
        async with own_database.reading() as session:
            rows = await queries.evidence_of(session, made.id, made.course.id, made.ada.id, voided=False)
        async with own_database.writing() as session:
            await service.void(session, made.course, [row.id for row in rows[:2]], "mistake", LATER)

    await write(batch(100 - 90))
    await asyncio.gather(
        *(write(batch(writer)) for writer in range(WRITERS)),
        void(),
        recomputing.recompute_course(own_database, made.id, made.course.id, LATER),
        versions.learn(own_database, made.id, made.course.id, LATER, anyway=True),
        versions.learn(own_database, made.id, made.course.id, LATER, anyway=True),
    )
    await versions.learn(own_database, made.id, made.course.id, LATER)
    before = await picture(own_database, made)
    async with own_database.reading() as session:
        live = [row for row in (await session.exec(scoped(Evidence, made.id))).all() if row.voided_at is None]
    assert len(live) == 4 * 2 * (WRITERS + 1) - 2
    done = await recomputing.recompute_course(own_database, made.id, made.course.id, LATER)
    assert done.changed == 0
    assert await picture(own_database, made) == before
