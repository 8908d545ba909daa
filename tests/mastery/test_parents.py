"""What stands above others follows from them, on both databases."""

import uuid
from typing import Any

from lti_tool.db.session import Database
from lti_tool.mastery import parents, queries, rules, service
from lti_tool.mastery.models import MasteryState, Standing
from lti_tool.mastery.rules import AtLeast, InARow, LowestChild
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW

TREE = ("D", "D.1", "D.2", "D.2.a", "D.2.b")
ABOVE = {"D.1": "D", "D.2": "D", "D.2.a": "D.2", "D.2.b": "D.2"}


async def a_tree(database: Database, **more: Any) -> World:
    async with database.writing() as session:
        return await world(session, TREE, parents=ABOVE, rule=InARow(n=1), **more)


async def levels(database: Database, made: World) -> dict[str, tuple[str, bool]]:
    codes = {one.id: code for code, one in made.competencies.items()}
    async with database.reading() as session:
        states = await queries.states_of_person(session, made.id, made.course.id, made.ada.id)
        [row] = await queries.board(session, made.id, made.course.id)
    numbers = {str(place): code for place, code in enumerate(TREE, 1)}
    brief = {numbers[number]: parents.LADDER[one[0]] for number, one in row.standings.items()}
    assert brief == {codes[state.competency_id]: state.standing for state in states}
    return {codes[state.competency_id]: (state.standing.value, state.rolled_up) for state in states}


async def test_parents_follow_their_children_up_and_down(database: Database) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D.2.a", "1", NOW, True))
    assert await levels(database, made) == {
        "D.2.a": ("secure", False),
        "D.2": ("developing", True),
        "D": ("started", True),
    }
    await append(database, made, made.entry("D.2.b", "1", NOW, True), made.entry("D.1", "1", NOW, True))
    assert await levels(database, made) == {
        "D.1": ("secure", False),
        "D.2.a": ("secure", False),
        "D.2.b": ("secure", False),
        "D.2": ("secure", True),
        "D": ("secure", True),
    }
    async with database.writing() as session:
        rows = await queries.evidence_of(session, made.id, made.course.id, made.ada.id, made.competencies["D.1"].id)
        session.expunge_all()
        changed = await service.void(session, made.course, [row.id for row in rows], "mistake", NOW + DAY)
    codes = {one.id: code for code, one in made.competencies.items()}
    assert {codes[one.competency_id]: one.after for one in changed} == {
        "D.1": Standing.NOT_STARTED,
        "D": Standing.DEVELOPING,
    }
    async with database.writing() as session:
        rows = await queries.evidence_of(session, made.id, made.course.id, made.ada.id, voided=False)
        session.expunge_all()
        await service.void(session, made.course, [row.id for row in rows], "mistake", NOW + DAY)
    async with database.reading() as session:
        assert await queries.states_of_person(session, made.id, made.course.id, made.ada.id) == []
        assert (await queries.board(session, made.id, made.course.id))[0].standings == {}


async def test_a_stated_rule_decides_and_says_why(database: Database) -> None:
    made = await a_tree(database, rules={"D": AtLeast(1).to_json(), "D.2": LowestChild().to_json()})
    await append(database, made, made.entry("D.2.a", "1", NOW, True), made.entry("D.1", "1", NOW, True))
    assert await levels(database, made) == {
        "D.1": ("secure", False),
        "D.2.a": ("secure", False),
        "D.2": ("started", True),
        "D": ("secure", True),
    }
    async with database.reading() as session:
        state = await the_state(session, made, "D")
    assert state.because == {"code": "parent.count", "values": {"secure": 1, "children": 2, "level": "Secure"}}
    assert (state.count, state.running) == (0, {})


async def the_state(session: Any, made: World, code: str) -> MasteryState:
    found = await queries.state(session, made.id, made.course.id, made.ada.id, made.competencies[code].id)
    assert found is not None
    return found


async def test_a_parents_own_evidence_counts_where_no_rule_is_stated(database: Database) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D", "exam", NOW, True))
    assert (await levels(database, made))["D"] == ("secure", False)
    await append(database, made, made.entry("D.1", "1", NOW + DAY, False))
    assert (await levels(database, made))["D"] == ("secure", False)
    stated = await a_tree(database, rules={"D": LowestChild().to_json()}, name="Stated")
    await append(database, stated, stated.entry("D", "exam", NOW, True))
    async with database.reading() as session:
        state = await the_state(session, stated, "D")
    assert (state.standing, state.rolled_up, state.count) == (Standing.NOT_STARTED, True, 1)
    await append(database, stated, stated.entry("D.1", "1", NOW, True), stated.entry("D.2.a", "1", NOW, True))
    assert (await levels(database, stated))["D"] == ("developing", True)


async def test_a_teachers_override_of_a_parent_holds_against_its_children(database: Database) -> None:
    made = await a_tree(database)
    await append(database, made, made.entry("D.1", "1", NOW, True))
    parent = made.competencies["D"].id
    until = NOW + 5 * DAY
    async with database.writing() as session:
        await service.override(session, made.course, made.ada.id, parent, Standing.MASTERED, "orally", until, NOW, None)
    assert (await levels(database, made))["D"] == ("mastered", False)
    await append(database, made, made.entry("D.2.a", "1", NOW + DAY, True))
    assert (await levels(database, made))["D"] == ("mastered", False)
    await service.end_overrides(database, until)
    assert (await levels(database, made))["D"] == ("developing", True)


def test_a_child_hangs_on_the_nearest_that_the_map_has_and_a_circle_ends() -> None:
    top, gone, low, odd, even = (uuid.UUID(int=n) for n in range(5))
    upper = {low: gone, gone: top, top: None, odd: even, even: odd}
    tree = parents.grown({top: 1, low: 2, odd: 3}, upper, {})
    assert tree.children == {top: (low,)}
    assert tree.concerned([low]) == [top]
    assert tree.concerned([odd]) == []
    assert tree.roll_up(top, {"2": [3, "secure", None]}, rules.default_scale()).standing is Standing.SECURE
