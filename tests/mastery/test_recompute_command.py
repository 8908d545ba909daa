"""``lti-tool mastery recompute``, and its processes."""

import asyncio
import re

import pytest
from sqlalchemy import update
from sqlmodel import col

from lti_tool.db.session import Database
from lti_tool.mastery import parts
from lti_tool.mastery.models import LearnerMastery
from tests.mastery.test_service import picture
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW
from tests.test_cli import Tool, tool

__all__ = ["tool"]

LATER = NOW + 30 * DAY


async def a_class(database: Database) -> World:
    async with database.writing() as session:
        made = await world(session, students=5, before=[("F.1", "F.2")])
        session.expunge_all()
    for number, student in enumerate(made.school.students):
        entries = [
            made.entry(code, f"c:{day}", NOW + day * DAY, (number + day) % 4 != 0, person_id=student.id)
            for code in ("F.1", "F.2")
            for day in range(6)
        ]
        await append(database, made, *entries)
    return made


async def spoil(database: Database, made: World) -> None:
    async with database.writing() as session:
        mine = col(LearnerMastery.organisation_id) == made.id
        await session.exec(update(LearnerMastery).where(mine).values(standings={"1": [4, "mastered", None]}))


async def test_several_processes_compute_what_one_does(own_database: Database) -> None:
    made = await a_class(own_database)
    expected = await picture(own_database, made)
    await spoil(own_database, made)
    done = await parts.recompute(own_database, made.id, made.course.id, LATER, 2)
    assert (done.learners, done.states, done.changed) == (5, 10, 0)
    assert await picture(own_database, made) == expected
    assert parts.usual(own_database) == 1 or not own_database.is_sqlite


def test_the_command_computes_a_course_again_and_says_what_it_did(tool: Tool) -> None:
    assert tool("db", "upgrade").returncode == 0

    async def make() -> tuple[World, object]:
        database = Database.at(tool.environment["LTI_TOOL_DATABASE_URL"])
        try:
            made = await a_class(database)
            before = await picture(database, made)
            await spoil(database, made)
            return made, before
        finally:
            await database.close()

    async def look(made: World) -> object:
        database = Database.at(tool.environment["LTI_TOOL_DATABASE_URL"])
        try:
            return await picture(database, made)
        finally:
            await database.close()

    made, before = asyncio.run(make())
    done = tool("mastery", "recompute", "--course", str(made.course.id))
    assert done.returncode == 0, done.stderr
    said = r"computed again: 5 learners, 10 levels, 0 of them are others now; \d+\.\d s in \d+ process(es)?\n"
    assert re.fullmatch(said, done.stdout)
    assert asyncio.run(look(made)) == before


@pytest.mark.parametrize("wanted", ["no-such-course", "7b2f7f0e-2f4f-4b8e-8c38-9f0e9b1f6a10"])
def test_a_course_that_is_not_there_is_said_in_one_line(tool: Tool, wanted: str) -> None:
    assert tool("db", "upgrade").returncode == 0
    done = tool("mastery", "recompute", "--course", wanted)
    assert (done.returncode, done.stdout) == (1, "")
    assert wanted in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_wrong_usage_is_told_apart(tool: Tool) -> None:
    assert tool("mastery", "recompute").returncode == 2
    assert tool("mastery", "recompute", "--course", "x", "--processes", "0").returncode == 2
