"""What a launch or a notice says a course was copied from, on both databases."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.courses import origins
from lti_tool.courses.models import CopyDecision, Course, CourseOrigin, ResourceLink
from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.lti.launch import LaunchContext, LaunchResourceLink
from lti_tool.lti.models import Deployment
from lti_tool.lti.notices_received import Notice

from .school import NOW, School, a_school, come_in
from .test_enter import rows, statements


def copied(*history: str, context: str = "c2") -> LaunchContext:
    return LaunchContext(context, "Physics 2026", "PHY", (), history)


async def noted(database: Database, school: School) -> list[tuple[str, int]]:
    found = sorted(await rows(database, school, CourseOrigin), key=lambda row: (row.position, row.context_id))
    return [(row.context_id, row.position) for row in found]


def a_notice(school: School, *ids: str, kind: str = "LtiContextCopyNotice", context: str = "c9") -> Notice:
    return Notice(
        registration=school.registration,
        deployment=school.deployment,
        type=kind,
        once=str(uuid.uuid4()),
        issued_at=datetime(2026, 9, 1, tzinfo=UTC),
        context=LaunchContext(context, "Copied", "C"),
        origins=ids,
    )


async def test_a_launch_notes_what_the_course_and_the_link_were_copied_from(database: Database) -> None:
    school = await a_school(database)
    link = LaunchResourceLink("link-2", "Mine", "", ("link-1", "link-0"))
    await come_in(database, school.launch(context=copied("c1", "c0"), resource_link=link))
    assert await noted(database, school) == [("c1", 0), ("c0", 1)]
    (kept,) = await rows(database, school, ResourceLink)
    assert kept.history == ["link-1", "link-0"]
    assert all(row.decision is CopyDecision.ASKED for row in await rows(database, school, CourseOrigin))


async def test_a_launch_of_a_copy_costs_no_more_than_any_other(database: Database) -> None:
    school = await a_school(database)
    link = LaunchResourceLink("link-2", "Mine", "", ("link-1",))
    launch = school.launch(context=copied("c1", "c0"), resource_link=link)
    await come_in(database, launch)
    with statements(database) as sent:
        await come_in(database, launch)
    assert len(sent) == 1
    # Also where the history has become shorter, or is left out by another placement.
    with statements(database) as sent:
        await come_in(database, school.launch(context=copied("c1"), resource_link=link))
        await come_in(database, school.launch(context=copied(), resource_link=LaunchResourceLink("link-2", "Mine")))
    assert len(sent) == 2
    assert await noted(database, school) == [("c1", 0), ("c0", 1)]


async def test_what_is_copied_in_later_is_noted_and_what_was_decided_stays_decided(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch(context=copied("c1")))
    async with database.writing() as session:
        (row,) = await rows(database, school, CourseOrigin)
        kept = await session.get(CourseOrigin, (row.organisation_id, row.id))
        assert kept is not None
        kept.decision = CopyDecision.FRESH
        session.add(kept)
    await come_in(database, school.launch(context=copied("c7", "c1")))
    assert await noted(database, school) == [("c7", 0), ("c1", 1)]
    decisions = {one.context_id: one.decision for one in await rows(database, school, CourseOrigin)}
    assert decisions == {"c7": CopyDecision.ASKED, "c1": CopyDecision.FRESH}


async def test_a_notice_is_about_a_course_that_nobody_has_opened_yet(database: Database) -> None:
    school = await a_school(database)
    for _ in range(2):
        async with database.writing() as session:
            await origins.take_notice(session, a_notice(school, "c1"), NOW)
    (course,) = await rows(database, school, Course)
    assert (course.context_id, course.title, course.registration_id) == ("c9", "Copied", school.registration.id)
    assert await noted(database, school) == [("c1", 0)]
    # The launch that follows finds the course, and adds what the notice did not say.
    entry = await come_in(database, school.launch(context=copied("c1", "c0", context="c9")))
    assert entry.course_id == course.id
    assert await noted(database, school) == [("c1", 0), ("c0", 1)]
    async with database.writing() as session:
        await origins.take_notice(session, a_notice(school, "c0"), NOW)
    assert await noted(database, school) == [("c1", 0), ("c0", 1)]


@pytest.mark.parametrize(
    "changes", [{"kind": "LtiHelloWorldNotice"}, {"ids": ()}, {"kind": "LtiAssetProcessorSubmissionNotice"}]
)
async def test_other_notices_change_nothing(database: Database, changes: dict[str, object]) -> None:
    school = await a_school(database)
    ids = changes.get("ids", ("c1",))
    kind = changes.get("kind", "LtiContextCopyNotice")
    assert isinstance(ids, tuple)
    assert isinstance(kind, str)
    async with database.writing() as session:
        await origins.take_notice(session, a_notice(school, *ids, kind=kind), NOW)
    assert await rows(database, school, Course) == []


async def test_the_original_is_found_through_any_deployment_of_the_registration_and_in_no_other_school(
    database: Database,
) -> None:
    school, other = await a_school(database), await a_school(database, "Other")
    async with database.writing() as session:
        second = Deployment(
            organisation_id=school.organisation.id,
            registration_id=school.registration.id,
            deployment_id="2",
            created_at=NOW,
        )
        session.add(second)
    await come_in(database, other.launch(context=LaunchContext("c1", "Theirs")))
    await come_in(database, school.launch(context=LaunchContext("c1", "Ours, once"), deployment=second))
    await come_in(database, school.launch(context=LaunchContext("c1", "Ours")), NOW + timedelta(hours=1))
    entry = await come_in(database, school.launch(context=copied("unknown", "c1")))
    assert entry.course_id is not None
    async with database.reading() as session:
        course = await session.get(Course, (school.organisation.id, entry.course_id))
        assert course is not None
        found = await origins.known_origins(session, course)
        assert [(origin.position, one.title) for origin, one in found] == [(1, "Ours"), (1, "Ours, once")]


async def test_a_decision_is_made_once_and_leaves_a_trace(database: Database) -> None:
    school = await a_school(database)
    entry = await come_in(database, school.launch(context=copied("c1", "c0")))
    course = next(one for one in await rows(database, school, Course) if one.id == entry.course_id)
    first, second = sorted(await rows(database, school, CourseOrigin), key=lambda row: row.position)
    async with database.writing() as session:
        await origins.postpone(session, course, entry.person_id, NOW)
    kept = await rows(database, school, CourseOrigin)
    assert origins.is_open(kept)
    assert origins.was_postponed(kept)
    async with database.writing() as session:
        assert await origins.decide(session, course, second.id, entry.person_id, NOW)
    async with database.writing() as session:
        assert not await origins.decide(session, course, second.id, entry.person_id, NOW)
        assert not await origins.decide(session, course, uuid.uuid4(), entry.person_id, NOW)
    kept = await rows(database, school, CourseOrigin)
    assert {row.id: row.decision for row in kept} == {first.id: CopyDecision.FRESH, second.id: CopyDecision.CARRIED}
    assert not origins.is_open(kept)
    async with database.reading() as session:
        traces = (await session.exec(select(AuditEntry).execution_options(**crossing("a test")))).all()
        assert [(trace.action, trace.detail) for trace in traces] == [("course.carried-over", "from context c0")]
