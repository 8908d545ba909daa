"""Another rule: for who begins, and, with a preview, for all; on both databases."""

import uuid
from typing import Any

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.mastery import changing, queries, service
from lti_tool.mastery.changing import BadRule, Move
from lti_tool.mastery.models import Standing
from lti_tool.mastery.rules import AtLeast, DefaultLadder, InARow
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW


async def a_class(database: Database) -> World:
    """Ada has two right answers to F.1, Ben two wrong ones, Cem none; Ada one right answer to F.2."""
    async with database.writing() as session:
        made = await world(session, ("F", "F.1", "F.2"), parents={"F.1": "F", "F.2": "F"})
    ben = made.school.students[1].id
    await append(
        database,
        made,
        made.entry("F.1", "1", NOW, True),
        made.entry("F.1", "2", NOW + DAY, True),
        made.entry("F.1", "1", NOW, False, person_id=ben),
        made.entry("F.1", "2", NOW + DAY, False, person_id=ben),
        made.entry("F.2", "1", NOW, True),
    )
    return made


async def levels(database: Database, made: World) -> dict[tuple[int, str], str]:
    people = {student.id: place for place, student in enumerate(made.school.students)}
    codes = {one.id: code for code, one in made.competencies.items()}
    async with database.reading() as session:
        return {
            (people[state.person_id], codes[state.competency_id]): state.standing.value
            for student in made.school.students
            for state in await queries.states_of_person(session, made.id, made.course.id, student.id)
        }


async def test_a_new_rule_holds_for_who_begins_and_after_a_look_for_all(database: Database) -> None:
    made = await a_class(database)
    one = made.competencies["F.1"].id
    rule = InARow(n=2).to_json()
    seen = await changing.preview(database, made.course, [one], rule, NOW + 2 * DAY)
    assert seen.moves == (Move(one, Standing.DEVELOPING, Standing.SECURE, 1),)
    assert (seen.unchanged, seen.up, seen.down) == (1, 1, 0)
    before = await levels(database, made)
    async with database.writing() as session:
        await changing.choose_rule(session, made.course, one, rule, NOW + 2 * DAY, made.school.teacher.id)
    assert await levels(database, made) == before
    cem = made.school.students[2].id
    await append(
        database,
        made,
        made.entry("F.1", "3", NOW + 2 * DAY, True),
        *(made.entry("F.1", str(n), NOW + n * DAY, True, person_id=cem) for n in (1, 2)),
    )
    now = await levels(database, made)
    assert (now[0, "F.1"], now[2, "F.1"]) == ("developing", "secure")
    again = await changing.preview(database, made.course, [one], None, NOW + 3 * DAY, chosen=True)
    assert again.moves == (Move(one, Standing.DEVELOPING, Standing.SECURE, 1),)
    done = await changing.apply_to_all(database, made.course, [one], NOW + 3 * DAY, made.school.teacher.id)
    # Ada, and what stands above for her.
    assert done.changed == 2
    now = await levels(database, made)
    assert (now[0, "F.1"], now[1, "F.1"], now[0, "F.2"]) == ("secure", "started", "started")
    # From now on the new criterion is the frozen one.
    await append(database, made, made.entry("F.1", "4", NOW + 4 * DAY, True, person_id=made.school.students[1].id))
    await append(database, made, made.entry("F.1", "5", NOW + 5 * DAY, True, person_id=made.school.students[1].id))
    assert (await levels(database, made))[1, "F.1"] == "secure"
    async with database.reading() as session:
        traces = (await session.exec(select(AuditEntry).where(AuditEntry.organisation_id == made.id))).all()
    assert [trace.detail for trace in traces if trace.action == "mastery.rule-changed"] == [
        "for who begins from now on",
        "for all, 1 competencies",
    ]


async def test_the_courses_rule_is_for_those_competencies_that_name_none(database: Database) -> None:
    made = await a_class(database)
    one = made.competencies["F.1"].id
    async with database.writing() as session:
        await changing.choose_rule(session, made.course, one, DefaultLadder().to_json(), NOW, None)
        await changing.choose_rule(session, made.course, None, InARow(n=1).to_json(), NOW, None)
    seen = await changing.preview(database, made.course, None, InARow(n=1).to_json(), NOW + 2 * DAY)
    assert {move.competency_id for move in seen.moves} == {made.competencies["F.2"].id}
    await changing.apply_to_all(database, made.course, None, NOW + 2 * DAY, None)
    now = await levels(database, made)
    assert (now[0, "F.1"], now[0, "F.2"], now[0, "F"]) == ("developing", "secure", "developing")


async def test_a_rule_for_parents_is_one_competencys_and_never_frozen(database: Database) -> None:
    made = await a_class(database)
    parent = made.competencies["F"].id
    async with database.writing() as session:
        with pytest.raises(BadRule):
            await changing.choose_rule(session, made.course, None, AtLeast(1).to_json(), NOW, None)
        await changing.choose_rule(session, made.course, parent, AtLeast(1).to_json(), NOW, None)
        two = made.competencies["F.2"].id
        await service.override(session, made.course, made.ada.id, two, Standing.SECURE, "x", None, NOW + DAY, None)
    assert (await levels(database, made))[0, "F"] == "secure"
    assert (await changing.preview(database, made.course, [parent], AtLeast(2).to_json(), NOW)).moves == ()


@pytest.mark.parametrize(
    "wrong",
    [{}, {"rule": "guess"}, {"rule": "n-of-m", "version": 1, "n": 9, "m": 5}, {"rule": "default", "version": 9}],
)
async def test_what_is_no_rule_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    async with database.writing() as session:
        made = await world(session)
        with pytest.raises(BadRule):
            await changing.choose_rule(session, made.course, None, wrong, NOW, None)
    with pytest.raises(BadRule):
        await changing.preview(database, made.course, None, wrong, NOW)


async def test_another_courses_competency_is_not_there(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        other = await world(session, name="Elm School")
        for strange in (other.competencies["F.1"].id, uuid.uuid4()):
            with pytest.raises(NotFound):
                await changing.choose_rule(session, made.course, strange, None, NOW, None)
