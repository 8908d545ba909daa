"""What plans paths behind the pages, and what a planned step brings: nudges, the sweep, the ledger, other forms."""

from datetime import timedelta

import pytest
from sqlmodel import col

from lti_tool.clock import ManualClock
from lti_tool.content import traits
from lti_tool.content.service import ItemResult
from lti_tool.content.traits import Change
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import Score
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.mastery.models import EvidenceSource, LearnerModification
from lti_tool.playlists import jobs, replanning, service
from lti_tool.playlists.models import DoneRule, PlaylistStep, StepVariant, StepVariantLearner, VariantKind
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings
from tests.mastery.world import append
from tests.playlists import path_world
from tests.playlists.path_world import PathWorld
from tests.playlists.seed import NOW
from tests.playlists.test_replanning import plan, secure, steps

LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def made(database: Database) -> PathWorld:
    """A course with a personal playlist that has a column."""
    async with database.writing() as session:
        found = await path_world.path_world(session)
        settings = PathSettings(base.Settings(unit=frozenset({1, 2, 3})), target_steps=4)
        await path_world.personal(session, found, settings, has_column=True)
    return found


# --- Nudges -----------------------------------------------------------------------------------------------------------------


async def test_evidence_plans_by_a_nudge(database: Database, clock: ManualClock, made: PathWorld) -> None:
    work = jobs.work(database, clock)
    runner = RecordingRunner(work.tasks)
    attach(database, runner)
    clock.move(timedelta(hours=1))
    await secure(database, made, "F.1", clock.now())
    await runner.settled()
    found = await steps(database, made)
    assert found
    assert found[0].competency_id == made.world.competencies["F.2"].id
    others = await steps(database, made, made.world.school.students[1].id)
    assert others == []


async def test_a_burst_of_evidence_is_looked_at_once_in_a_while(
    database: Database, clock: ManualClock, made: PathWorld
) -> None:
    work = jobs.work(database, clock)
    runner = RecordingRunner(work.tasks)
    attach(database, runner)
    await secure(database, made, "F.1", clock.now())
    await runner.settled()
    await secure(database, made, "F.2", clock.now())
    await runner.settled()
    assert [task for task, _, _ in runner.later].count("evidence-moved") == 1


async def test_the_sweep_finds_whom_no_nudge_reached(database: Database, clock: ManualClock, made: PathWorld) -> None:
    sweep = next(one for one in jobs.work(database, clock).periodic if one.name == "playlists.plan-sweep")
    await sweep.run()
    for person in made.world.school.students:
        assert await steps(database, made, person.id)


async def test_a_course_without_personal_playlists_costs_nothing(database: Database, clock: ManualClock) -> None:
    async with database.writing() as session:
        bare = await path_world.path_world(session, name="Elm School")
    assert await replanning.plan_course(database, bare.world.course, clock.now()) == replanning.Report()


# --- The ledger -------------------------------------------------------------------------------------------------------------


async def scores(database: Database, made: PathWorld) -> list[tuple[float, float]]:
    async with database.reading() as session:
        rows = (await session.exec(scoped(Score, made.id).where(Score.person_id == made.world.ada.id))).all()
    return [(row.owed_given, row.owed_maximum) for row in rows]


async def test_a_share_is_steps_done_of_the_target_and_never_falls_by_planning(
    database: Database, made: PathWorld
) -> None:
    await plan(database, made)
    page = next(step for step in await steps(database, made) if step.done_rule is DoneRule.MARKED)
    ada, course = made.world.ada.id, made.world.course
    async with database.writing() as session:
        await service.open_step(session, course, ada, made.copies[ada].id, page.id, LATER)
        await service.mark_done(session, course, ada, made.copies[ada].id, page.id, LATER)
    assert await scores(database, made) == [(25.0, 100.0)]
    await secure(database, made, "F.1", LATER)
    await plan(database, made, LATER + timedelta(minutes=1))
    assert await scores(database, made) == [(25.0, 100.0)]
    quiz = next(step for step in await steps(database, made) if step.done_rule is DoneRule.RESULT)
    assert quiz.content_item_id is not None
    result = ItemResult(quiz.content_item_id, ada, 90.0, LATER + timedelta(minutes=2))
    async with database.writing() as session:
        assert await service.take_results(session, course, [result], LATER + timedelta(minutes=2)) == 1
    assert await scores(database, made) == [(50.0, 100.0)]


# --- Tries, traits and forms ------------------------------------------------------------------------------------------------


async def test_failed_tries_are_counted_from_evidence(database: Database, made: PathWorld) -> None:
    quiz = made.items["quiz F.1"]
    entries = [
        made.world.entry(
            "F.1",
            f"lms:{number}",
            NOW + timedelta(minutes=number),
            right=False,
            source=EvidenceSource.LMS,
            content_item_id=quiz.id,
            whole=True,
        )
        for number in range(4)
    ]
    await append(database, made.world, *entries, now=LATER)
    await plan(database, made, LATER)
    found = await steps(database, made)
    assert found[0].content_item_id != quiz.id
    assert (found[0].why or {}).get("reason") in {"another-way", "stuck"}


async def test_a_trait_is_noticed_and_says_how_long(database: Database, made: PathWorld) -> None:
    await plan(database, made)
    async with database.writing() as session:
        await traits.change(session, made.world.course, [made.items["page F.1"].id], Change(minutes=12), NOW)
    assert (await plan(database, made)).changed == 1
    page = next(step for step in await steps(database, made) if step.content_item_id == made.items["page F.1"].id)
    assert page.minutes == 12


async def _forms(database: Database, made: PathWorld, step: PlaylistStep) -> list[StepVariant]:
    async with database.reading() as session:
        statement = scoped(StepVariant, made.id).where(
            StepVariant.step_id == step.id, col(StepVariant.removed_at).is_(None)
        )
        return list((await session.exec(statement)).all())


async def test_supports_give_a_form_and_the_step_shows_everybodys_item(database: Database, made: PathWorld) -> None:
    ada = made.world.ada.id
    async with database.writing() as session:
        audio = await path_world.add_item(session, made, "listen to F.1", path_world.ItemKind.PAGE, 90)
        change = Change(variant_of=made.items["page F.1"].id, serves=frozenset({"read-aloud"}))
        await traits.change(session, made.world.course, [audio.id], change, NOW)
        session.add(
            LearnerSupport(
                organisation_id=made.id,
                course_id=made.world.course.id,
                person_id=ada,
                support=Support.READ_ALOUD,
                created_at=NOW,
            )
        )
    for person in made.world.school.students[:2]:
        await plan(database, made, person=person.id)
    mine = next(one for one in await steps(database, made) if one.content_item_id == made.items["page F.1"].id)
    assert mine.title == "page F.1"
    [form] = await _forms(database, made, mine)
    assert (form.content_item_id, form.kind) == (audio.id, VariantKind.ACCOMMODATION)
    async with database.reading() as session:
        shown = await service.paths_of_person(session, made.world.course, ada, LATER, as_student=True)
        seen = await service.paths_of_person(session, made.world.course, ada, LATER)
    assert shown[0].shown(shown[0].present[0]).title == "listen to F.1"
    assert seen[0].shown(seen[0].present[0]).title == "page F.1"
    ben = made.world.school.students[1].id
    for step in await steps(database, made, ben):
        assert await _forms(database, made, step) == []


async def test_another_passing_mark_is_kept_apart_from_the_step(database: Database, made: PathWorld) -> None:
    ada = made.world.ada.id
    async with database.writing() as session:
        session.add(
            LearnerModification(
                organisation_id=made.id,
                course_id=made.world.course.id,
                person_id=ada,
                competency_id=made.world.competencies["F.1"].id,
                passing_percent=50.0,
                created_at=NOW,
            )
        )
    await plan(database, made)
    quiz = next(one for one in await steps(database, made) if one.content_item_id == made.items["quiz F.1"].id)
    assert quiz.pass_percent == 80.0
    [form] = await _forms(database, made, quiz)
    assert (form.kind, form.pass_percent) == (VariantKind.MODIFICATION, 50.0)
    async with database.reading() as session:
        given = (await session.exec(scoped(StepVariantLearner, made.id))).all()
    assert [(one.variant_id, one.person_id) for one in given] == [(form.id, ada)]
    result = ItemResult(made.items["quiz F.1"].id, ada, 60.0, LATER)
    async with database.writing() as session:
        assert await service.take_results(session, made.world.course, [result], LATER) == 1
    assert await scores(database, made) == [(25.0, 100.0)]
