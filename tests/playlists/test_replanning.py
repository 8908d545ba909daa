"""Planning copies from the database and back, on both databases."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ItemKind
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.playlists import personal_editing, replanning, service, ways
from lti_tool.playlists.models import (
    DoneRule,
    PersonalPlaylist,
    PersonalStep,
    PlaylistStep,
    StepOrigin,
    StepRole,
    StepState,
)
from lti_tool.playlists.path_models import PathRuling, RulingKind
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings
from tests.mastery.world import append
from tests.playlists import path_world
from tests.playlists.path_world import PathWorld
from tests.playlists.seed import NOW
from tests.playlists.test_asking import here as in_course

LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def made(database: Database) -> PathWorld:
    """A course with a personal playlist that nobody has begun."""
    async with database.writing() as session:
        found = await path_world.path_world(session)
        await path_world.personal(session, found)
    return found


async def steps(database: Database, made: PathWorld, person: uuid.UUID | None = None) -> list[PlaylistStep]:
    """A student's own steps that are on the path, in order."""
    async with database.reading() as session:
        return await _steps(session, made, person)


async def _steps(session: AsyncSession, made: PathWorld, person: uuid.UUID | None = None) -> list[PlaylistStep]:
    copy = made.copies[person or made.world.ada.id]
    statement = (
        scoped(PlaylistStep, made.id)
        .where(PlaylistStep.personal_playlist_id == copy.id, col(PlaylistStep.removed_at).is_(None))
        .order_by(col(PlaylistStep.position))
    )
    return list((await session.exec(statement)).all())


async def plan(database: Database, made: PathWorld, now=LATER, person: uuid.UUID | None = None) -> replanning.Report:
    return await replanning.up_to_date(database, made.world.course, person or made.world.ada.id, now)


async def secure(database: Database, made: PathWorld, code: str, now=LATER) -> None:
    """A teacher's judgement that Ada is Secure in something."""
    entry = made.world.entry(
        code, f"judged:{code}", NOW, source=EvidenceSource.OVERRIDE, judged=Standing.SECURE, note="seen"
    )
    await append(database, made.world, entry, now=now)


async def begin(database: Database, made: PathWorld, step: PlaylistStep, state=StepState.OPENED, at=LATER) -> None:
    async with database.writing() as session:
        session.add(
            PersonalStep(
                organisation_id=made.id,
                personal_playlist_id=made.copies[made.world.ada.id].id,
                step_id=step.id,
                state=state,
                opened_at=at,
                done_at=at if state is StepState.DONE else None,
                done_by="student" if state is StepState.DONE else None,
            )
        )
        copy = await session.get(PersonalPlaylist, (made.id, made.copies[made.world.ada.id].id))
        assert copy is not None
        copy.moved_at = at
        session.add(copy)


async def test_a_first_plan_has_steps_with_reasons_and_rules(database: Database, made: PathWorld) -> None:
    report = await plan(database, made)
    found = await steps(database, made)
    assert report == replanning.Report(planned=1, changed=1)
    assert found
    assert [step.position for step in found] == list(range(len(found)))
    assert found[0].competency_id == made.world.competencies["F.1"].id
    assert {step.origin for step in found} == {StepOrigin.TOOL}
    assert all(step.why and step.role for step in found)
    quiz = next(step for step in found if step.content_item_id == made.items["quiz F.1"].id)
    assert (quiz.done_rule, quiz.pass_percent, quiz.role) == (DoneRule.RESULT, 80.0, StepRole.ASSESS)
    page = next(step for step in found if step.content_item_id == made.items["page F.1"].id)
    assert page.done_rule is DoneRule.MARKED


async def test_nothing_is_planned_twice(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    before = await steps(database, made)
    assert await plan(database, made, LATER + timedelta(minutes=5)) == replanning.Report()
    assert [step.id for step in await steps(database, made)] == [step.id for step in before]


async def test_evidence_moves_the_path_on(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    await secure(database, made, "F.1")
    assert (await plan(database, made, LATER)).planned == 1
    found = await steps(database, made)
    assert found[0].competency_id == made.world.competencies["F.2"].id
    assert made.items["page F.1"].id not in {step.content_item_id for step in found}


async def test_what_was_begun_stays_whatever_the_plan_says(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    first = (await steps(database, made))[0]
    await begin(database, made, first)
    await secure(database, made, "F.1")
    await plan(database, made)
    assert first.id in {step.id for step in await steps(database, made)}


async def test_what_is_done_stays_before_what_comes(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    second = (await steps(database, made))[1]
    await begin(database, made, second, StepState.DONE)
    await plan(database, made, LATER + timedelta(minutes=1))
    found = await steps(database, made)
    assert found[0].id == second.id
    assert second.content_item_id not in {step.content_item_id for step in found[1:]}


async def test_a_plan_that_says_the_same_writes_no_step(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    before = await steps(database, made)
    async with database.writing() as session:
        copy = await session.get(PersonalPlaylist, (made.id, made.copies[made.world.ada.id].id))
        assert copy is not None
        copy.moved_at = LATER
        session.add(copy)
    assert await plan(database, made, LATER + timedelta(minutes=1)) == replanning.Report(planned=1, changed=0)
    after = await steps(database, made)
    assert [(step.id, step.position, step.why) for step in after] == [
        (step.id, step.position, step.why) for step in before
    ]


async def test_a_changed_alignment_is_noticed(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    async with database.writing() as session:
        item = await path_world.add_item(session, made, "video F.1", ItemKind.PAGE, 1)
        change = Change(item.id, made.world.competencies["F.1"].id, AlignmentRole.TEACHES)
        await alignments.change(session, made.world.course, [change], {}, by=None, now=NOW)
    report = await plan(database, made)
    assert report.planned == 1
    assert made.items["video F.1"].id in {step.content_item_id for step in await steps(database, made)}


async def test_rulings_hold_for_all_or_for_one(database: Database, made: PathWorld) -> None:
    ada, ben = made.world.school.students[:2]
    async with database.writing() as session:
        for kind, person, item in [
            (RulingKind.BAN, None, "page F.1"),
            (RulingKind.PIN, ada.id, "quiz F.3"),
        ]:
            session.add(
                PathRuling(
                    organisation_id=made.id,
                    playlist_id=made.playlist.id,
                    person_id=person,
                    kind=kind,
                    content_item_id=made.items[item].id,
                    created_at=NOW,
                )
            )
    for person in (ada, ben):
        await plan(database, made, person=person.id)
    of_ada = {step.content_item_id for step in await steps(database, made, ada.id)}
    of_ben = {step.content_item_id for step in await steps(database, made, ben.id)}
    assert made.items["page F.1"].id not in of_ada | of_ben
    assert made.items["quiz F.3"].id in of_ada
    assert made.items["quiz F.3"].id not in of_ben


async def test_a_copy_that_moved_meanwhile_is_left_for_the_next_look(database: Database, made: PathWorld) -> None:
    async with database.reading() as session:
        course = made.world.course
        copies = await replanning.queries.copies(session, made.id, course.id, [made.world.ada.id])
        book = await replanning.personal.book(session, made.id, course.id, LATER)
        facts = await replanning._read(session, course, book, copies, LATER)
    draft = replanning._drawn(facts[0], replanning.seen(book.times, copies[0]), LATER.date())
    async with database.writing() as session:
        copy = await session.get(PersonalPlaylist, (made.id, copies[0].id))
        assert copy is not None
        copy.moved_at = LATER
        session.add(copy)
    async with database.writing() as session:
        assert await replanning.write(session, course, [draft], LATER) == 0
    assert await steps(database, made) == []
    assert (await plan(database, made, LATER)).planned == 1


async def test_steps_wait_for_approval_where_the_teacher_wants_that(database: Database) -> None:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made, PathSettings(base.Settings(unit=frozenset({1})), approve=True))
    await plan(database, made)
    found = await steps(database, made)
    assert found
    assert all(step.proposed for step in found)


async def test_a_class_is_planned_together(database: Database, made: PathWorld) -> None:
    report = await replanning.plan_course(database, made.world.course, LATER)
    assert report.planned == 3
    ways = [
        [step.content_item_id for step in await steps(database, made, person.id)]
        for person in made.world.school.students
    ]
    assert ways[0] == ways[1] == ways[2] != []


async def test_what_is_offered_in_a_steps_place_is_what_the_next_plan_keeps(
    database: Database, made: PathWorld
) -> None:
    """Of the pages that teach F.1 as well one is also for F.3, which has to wait: it is another way, begun at once."""
    ada = made.world.ada.id
    async with database.writing() as session:
        for position, name in enumerate(("video F.1", "reader F.1", "both F.1"), 60):
            item = await path_world.add_item(session, made, name, ItemKind.PAGE, position)
            await path_world.align(session, made, item, "F.1", AlignmentRole.TEACHES)
        await path_world.align(session, made, made.items["both F.1"], "F.3", AlignmentRole.TEACHES)
    await plan(database, made)
    first = (await steps(database, made))[0]
    assert first.content_item_id == made.items["page F.1"].id
    copy_id = made.copies[ada].id
    here = in_course(made.world.school)
    async with database.writing() as session:
        path = await service.path_of_person(session, made.world.course, ada, copy_id, LATER)
        found = (await ways.finder(session, made.world.course, path)).of(first)
        assert {one.title for one in found.equals} == {"video F.1", "reader F.1"}
        assert {one.title for one in found.others} == {"both F.1"}
        for way in found.equals:
            await ways.choose(session, here, copy_id, first.id, way.item_id, LATER)
    await plan(database, made, LATER + timedelta(minutes=1))
    again = (await steps(database, made))[0]
    assert (again.id, again.title) == (first.id, "reader F.1")


async def test_a_talk_that_led_to_nothing_is_offered_again_a_week_later(database: Database, made: PathWorld) -> None:
    """Nothing else happens to Ada in that week; the day alone makes the plan another."""
    now = LATER
    for code in ("F.1", "F.2", "F.3"):
        async with database.writing() as session:
            await personal_editing.rule(
                session,
                made.world.course,
                made.playlist_id,
                personal_editing.Wish(RulingKind.BAN, item_id=made.items[f"quiz {code}"].id),
                None,
                now,
            )
    while titles := [step for step in await _planned(database, made, now) if step.role is StepRole.TEACH]:
        await begin(database, made, titles[0], StepState.DONE, now)
        now += timedelta(minutes=1)
    while talks := [step for step in await _planned(database, made, now) if step.role is StepRole.TALK]:
        await begin(database, made, talks[0], StepState.DONE, now)
        now += timedelta(minutes=1)
    assert await _planned(database, made, now + timedelta(days=6)) == []
    assert [step.role for step in await _planned(database, made, now + timedelta(days=7))][:1] == [StepRole.TALK]


async def _planned(database: Database, made: PathWorld, now: datetime) -> list[PlaylistStep]:
    """What is still to do once the path is up to date."""
    await plan(database, made, now)
    async with database.reading() as session:
        rows = (await session.exec(scoped(PersonalStep, made.id))).all()
    done = {row.step_id for row in rows}
    return [step for step in await steps(database, made) if step.id not in done]
