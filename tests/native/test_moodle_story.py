"""The tool beside a sandbox that plays Moodle: what launches call courses and people is what the web services call them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import select as of

from lti_tool.content import service
from lti_tool.content.sync import queries as sync_queries
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.lti.models import Registration
from lti_tool.sandbox import models
from lti_tool.sandbox.gradebook import record_submission
from lti_tool.sandbox.moodle_service import web_service
from lti_tool.sandbox.moodle_service_pages import change
from tests.likes import LMS, TOOL, Someone, World, a_world


@pytest.fixture
async def world(own_database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(own_database, tmp_path, "moodle") as world:
        yield world


async def connect(world: World) -> None:
    async with world.database.writing() as session:
        registration = (await session.exec(of(Registration))).one()
        await service.connect(
            session,
            registration,
            registration.organisation_id,
            LMS,
            (await web_service(world.platform)).token,
            world.clock.now(),
            secret_key=world.settings.secret_key,
        )


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_moodles_activities_are_shown_and_its_grades_find_their_students(world: World) -> None:
    teacher, student = Someone(world, "rivera"), Someone(world, "zoe")
    home = (await teacher.launch()).path.replace("/playlists", "")
    await student.launch()
    async with world.platform.store.writing() as session:
        items = {row.title: row for row in await session.scalars(select(models.ModuleItem))}
        item = items["Quiz 2: Equivalent ratios"]
        quiz = await session.get_one(models.Quiz, item.content_id)
        work = await session.get_one(models.Assignment, quiz.assignment_id)
        zoe = (await session.scalars(select(models.Person).where(models.Person.login == "zoe"))).one()
        await record_submission(session, work, zoe.id, world.clock.now(), score=work.points_possible)
    await connect(world)

    # The teacher sees the sections and activities, each at its own address in Moodle.
    page = await teacher.open(f"{home}/content")
    assert page.status == 200, page.words[:500]
    assert "2. Equivalent ratios" in page.words
    assert f"{LMS}/mod/quiz/view.php?id={item.id}" in page.text

    # The student's grade is theirs, by the number that launches and web services share.
    connectors = world.network.apps[TOOL].state.connectors
    async with world.database.reading() as session:
        school = (await session.exec(of(Registration))).one().organisation_id
        course = (await session.exec(of(Course).where(Course.organisation_id == school))).one()
        connected = await connectors.of(session, course)
    found = await connected.connector.read_results(connected.course_id, [str(item.id)], [zoe.lti_id])
    assert [(one.result_key, one.user_id, one.percent) for one in found.results] == [(str(item.id), zoe.lti_id, 100.0)]

    # The background has read it, with its groups and competencies. Nobody has a step that Moodle's word would do, so that it is
    # asked of nobody what is completed.
    async def has_been_read() -> bool:
        async with world.database.reading() as session:
            state = await sync_queries.state(session, course.organisation_id, course.id)
        read.update(state.report if state is not None else {})
        return "outcomes" in read

    read: dict[str, Any] = {}
    await world.until(has_been_read)
    told = {name: read[name] for name in ("items", "results", "outcomes", "groups")}
    # All that the course holds but the link to the tool itself.
    ours = [title for title, row in items.items() if row.resource_link_id is not None]
    assert len(ours) == 1
    assert told == {"items": len(items) - 1, "results": 1, "outcomes": 4, "groups": 4}
    assert "completions" not in read

    # What the service no longer has is said to be missing, and what was read stays.
    await change(world.platform, without=["core_course_get_contents"])
    again = await teacher.open(f"{home}/content")
    assert "2. Equivalent ratios" in again.words
