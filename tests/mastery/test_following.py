"""Levels follow a map that was rearranged: in the background, once for many changes, and to what a recomputation gives."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lti_tool.clock import ManualClock
from lti_tool.competencies import map_editing, map_queries, maps
from lti_tool.competencies.models import Competency, Framework
from lti_tool.competencies.ports import LEVELS_FOLLOW, follow_key
from lti_tool.db.session import Database
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.mastery import following, jobs, queries, recomputing
from lti_tool.mastery import settings as level_settings
from lti_tool.mastery.rules import AtLeast, InARow, LowestChild
from tests.mastery.test_parents import ABOVE, TREE, a_tree, levels
from tests.mastery.test_service import picture
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW

LATER = NOW + 40 * DAY


def the_work(database: Database, clock: ManualClock) -> Any:
    return jobs.work(database, clock)


async def revision(database: Database, made: World) -> int:
    async with database.reading() as session:
        found = await map_queries.course_map(session, made.id, made.course.id)
    assert found is not None
    return found.revision


async def take_out(database: Database, made: World, *codes: str, at: datetime = LATER) -> None:
    at_revision = await revision(database, made)
    async with database.writing() as session:
        ids = [made.competencies[code].id for code in codes]
        await maps.take_out(session, made.course, ids, at_revision, at, None)


async def pick(database: Database, made: World, *codes: str) -> None:
    async with database.writing() as session:
        await maps.pick(session, made.course, [made.competencies[code].id for code in codes], LATER, None)


async def test_a_parent_follows_when_a_child_is_taken_out_and_when_it_comes_back(database: Database) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D.2.a", "1", NOW, True), made.entry("D.1", "1", NOW, True))
    assert (await levels(database, made))["D"] == ("developing", True)
    runner = RecordingRunner(the_work(database, ManualClock(LATER)).tasks)
    attach(database, runner)
    await take_out(database, made, "D.2.b")
    assert runner.nudges == [(LEVELS_FOLLOW, follow_key(made.id, made.course.id))]
    await runner.settled()
    # Of D.2 only a is left, and it is Secure.
    assert await levels(database, made) == {
        "D.1": ("secure", False),
        "D.2.a": ("secure", False),
        "D.2": ("secure", True),
        "D": ("secure", True),
    }
    runner = RecordingRunner(the_work(database, ManualClock(LATER)).tasks)
    attach(database, runner)
    await pick(database, made, "D.2.b")
    await runner.settled()
    assert (await levels(database, made))["D"] == ("developing", True)


async def test_a_parent_that_lost_all_its_children_says_what_its_own_evidence_says_or_nothing(
    database: Database,
) -> None:
    made = await a_tree(database, rules={"D": LowestChild().to_json()})
    await append(database, made, made.entry("D", "exam", NOW, True), made.entry("D.2.a", "1", NOW, True))
    assert (await levels(database, made))["D"] == ("started", True)
    await take_out(database, made, "D.1", "D.2", "D.2.a", "D.2.b")
    assert await following.follow(database, made.id, made.course.id, LATER) == 1
    async with database.reading() as session:
        states = await queries.states_of_person(session, made.id, made.course.id, made.ada.id)
    codes = {one.id: code for code, one in made.competencies.items()}
    # D.2 had nothing but its children's levels; D has the exam, and its review is due.
    assert {codes[state.competency_id]: (state.standing.value, state.rolled_up) for state in states} == {
        "D": ("secure", False),
        "D.2.a": ("secure", False),
    }
    [top] = [state for state in states if codes[state.competency_id] == "D"]
    assert top.review_due_at == NOW + DAY


async def test_a_parents_rule_holds_at_once_for_who_has_begun(database: Database) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D.1", "1", NOW, True))
    assert (await levels(database, made))["D"] == ("developing", True)
    runner = RecordingRunner(the_work(database, ManualClock(LATER)).tasks)
    attach(database, runner)
    at_revision = await revision(database, made)
    async with database.writing() as session:
        await level_settings.set_rule(
            session,
            made.course,
            at_revision,
            AtLeast(1),
            None,
            LATER,
            competency_id=made.competencies["D"].id,
        )
    await runner.settled()
    assert (await levels(database, made))["D"] == ("secure", True)


async def test_reviews_follow_a_prerequisite_that_is_drawn_or_taken_away(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session, ("A", "B"), rule=InARow(n=1))
    await append(database, made, made.entry("A", "1", NOW, True))
    await append(database, made, made.entry("B", "1", NOW + 4 * DAY, True))
    edge = (made.competencies["A"].id, made.competencies["B"].id)

    async def due() -> tuple[datetime | None, Any]:
        async with database.reading() as session:
            found = await queries.state(session, made.id, made.course.id, made.ada.id, edge[0])
            [row] = await queries.board(session, made.id, made.course.id)
        assert found is not None
        return found.review_due_at, row.standings["1"][2]

    before = await due()
    assert before[0] == NOW + DAY
    runner = RecordingRunner(the_work(database, ManualClock(LATER)).tasks)
    attach(database, runner)
    at_revision = await revision(database, made)
    async with database.writing() as session:
        await map_editing.draw(session, made.course, edge, at_revision, LATER, None)
    await runner.settled()
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    assert await due() == (midnight + 5 * DAY, (midnight + 5 * DAY).timestamp() // 86_400)
    async with database.writing() as session:
        await map_editing.take_away(session, made.course, edge, at_revision + 1, LATER, None)
    assert await following.follow(database, made.id, made.course.id, LATER) == 1
    assert await due() == before
    # Nothing has changed since, and nobody is written.
    assert await following.follow(database, made.id, made.course.id, LATER) == 0


async def test_many_changes_are_followed_once_and_a_lost_nudge_is_found_by_the_sweep(database: Database) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D.2.a", "1", NOW, True))
    clock = ManualClock(LATER)
    work = the_work(database, clock)
    runner = RecordingRunner(work.tasks)
    attach(database, runner)
    key = follow_key(made.id, made.course.id)
    for code in ("D.1", "D.2.b"):
        await take_out(database, made, code)
        await runner.settled()
    # The second came within ten seconds of the first, and waits.
    assert [one[:2] for one in runner.later] == [(LEVELS_FOLLOW, key)]
    assert (await levels(database, made))["D.2"] == ("developing", True)
    clock.move(timedelta(seconds=10))
    await work.tasks[LEVELS_FOLLOW](key)
    assert (await levels(database, made))["D.2"] == ("secure", True)
    async with database.reading() as session:
        assert (made.id, made.course.id) not in await following.to_follow(session)
    attach(database, RecordingRunner())
    await take_out(database, made, "D.2.a", at=clock.now() + timedelta(seconds=1))
    async with database.reading() as session:
        assert (made.id, made.course.id) in await following.to_follow(session)
    clock.move(timedelta(hours=1))
    sweep = next(one for one in work.periodic if one.name == "mastery.follow-sweep")
    await sweep.run()
    assert "D.2" not in await levels(database, made)


async def test_a_framework_that_changed_makes_the_courses_that_use_it_due(database: Database) -> None:
    made = await a_tree(database)
    await following.follow(database, made.id, made.course.id, LATER)
    async with database.writing() as session:
        found = await session.get(Competency, (made.id, made.competencies["D"].id))
        assert found is not None
        one = await session.get(Framework, (made.id, found.framework_id))
        assert one is not None
        one.changed_at = LATER + DAY
        session.add(one)
    async with database.reading() as session:
        assert (made.id, made.course.id) in await following.to_follow(session)


few = settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@few
@given(
    answers=st.lists(st.tuples(st.sampled_from(TREE), st.integers(0, 600), st.booleans()), min_size=1, max_size=8),
    out=st.sets(st.sampled_from(TREE), max_size=3),
    stated=st.sampled_from([None, LowestChild]),
    drawn=st.sampled_from([(), (("D.1", "D.2.a"), ("D.2.a", "D.2.b")), tuple(itertools.pairwise(TREE))]),
)
async def test_following_gives_what_a_recomputation_gives(
    database: Database, answers: Any, out: set[str], stated: Callable[[], Any] | None, drawn: Any
) -> None:
    rules = {} if stated is None else {"D": stated().to_json()}
    async with database.writing() as session:
        made = await world(session, TREE, parents=ABOVE, rule=InARow(n=1), rules=rules, before=drawn)
    for number, (code, hours, right) in enumerate(answers):
        person = made.school.students[number % 2].id
        entry = made.entry(code, f"p:{number}", NOW + hours * DAY / 24, right, person_id=person)
        await append(database, made, entry, now=LATER)
    await take_out(database, made, *sorted(out))
    await following.follow(database, made.id, made.course.id, LATER)
    found = await picture(database, made)
    await recomputing.recompute_course(database, made.id, made.course.id, LATER)
    assert found == await picture(database, made)


@pytest.mark.parametrize("codes", [("D.2",), ("D",)])
async def test_a_parent_that_is_taken_out_says_nothing_any_more(database: Database, codes: tuple[str, ...]) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D.2.a", "1", NOW, True))
    await take_out(database, made, *codes)
    await following.follow(database, made.id, made.course.id, LATER)
    found = await levels(database, made)
    assert not found.keys() & set(codes)
    # The children of what is gone stand in what is above it.
    if codes == ("D.2",):
        assert found["D"] == ("developing", True)
