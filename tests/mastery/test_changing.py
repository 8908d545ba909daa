"""Another rule: for who begins, and, after a look at who would change, for all; on both databases."""

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.competencies import map_queries
from lti_tool.db.session import Database
from lti_tool.errors import Conflict
from lti_tool.mastery import changing, parts, queries, recomputing, service, settings
from lti_tool.mastery.models import Standing
from lti_tool.mastery.rule_words import AnyRule
from lti_tool.mastery.rules import AtLeast, DefaultLadder, InARow
from lti_tool.mastery.settings import Move, Preview
from tests.mastery.test_service import picture
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


async def choose(database: Database, made: World, rule: AnyRule | None, code: str | None = None) -> int:
    """A rule for one competency, or for the course; the map's revision afterwards."""
    async with database.writing() as session:
        found = await map_queries.course_map(session, made.id, made.course.id)
        assert found is not None
        one = None if code is None else made.competencies[code].id
        await settings.set_rule(
            session, made.course, found.revision, rule, made.school.teacher.id, NOW, competency_id=one
        )
        return found.revision


async def look(database: Database, made: World) -> Preview:
    """What applying the rules of today would do."""
    async with database.reading() as session:
        found = await settings.preview(session, made.id, made.course.id, NOW + 3 * DAY, rule=None)
    assert found is not None
    return found


async def test_a_new_rule_holds_for_who_begins_and_after_a_look_for_all(database: Database) -> None:
    made = await a_class(database)
    one = made.competencies["F.1"].id
    assert (await look(database, made)).moves == ()
    before = await levels(database, made)
    revision = await choose(database, made, InARow(n=2), "F.1")
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
    assert (await look(database, made)).moves == (Move(made.ada.id, one, Standing.DEVELOPING, Standing.SECURE),)
    by = made.school.teacher.id
    with pytest.raises(Conflict):
        await changing.apply_to_all(database, made.course, [one], NOW + 3 * DAY, by, revision=revision - 1)
    assert await levels(database, made) == now
    done = await changing.apply_to_all(database, made.course, [one], NOW + 3 * DAY, by, revision=revision)
    # Ada, and what stands above for her.
    assert done.changed == 2
    assert (await look(database, made)).moves == ()
    now = await levels(database, made)
    assert (now[0, "F.1"], now[1, "F.1"], now[0, "F.2"]) == ("secure", "started", "started")
    # From now on the new criterion is the frozen one.
    await append(database, made, made.entry("F.1", "4", NOW + 4 * DAY, True, person_id=made.school.students[1].id))
    await append(database, made, made.entry("F.1", "5", NOW + 5 * DAY, True, person_id=made.school.students[1].id))
    assert (await levels(database, made))[1, "F.1"] == "secure"
    async with database.reading() as session:
        traces = (await session.exec(select(AuditEntry).where(AuditEntry.organisation_id == made.id))).all()
    assert [(trace.action, trace.detail, trace.actor) for trace in traces if trace.action != "mastery.observed"] == [
        ("map.rules-changed", "one competency", str(by)),
        ("mastery.rules-applied", "1 competencies", str(by)),
    ]


async def test_the_courses_rule_is_for_those_competencies_that_name_none(database: Database) -> None:
    made = await a_class(database)
    await choose(database, made, DefaultLadder(), "F.1")
    await choose(database, made, InARow(n=1))
    assert {move.competency_id for move in (await look(database, made)).moves} == {made.competencies["F.2"].id}
    await changing.apply_to_all(database, made.course, None, NOW + 2 * DAY, None)
    now = await levels(database, made)
    assert (now[0, "F.1"], now[0, "F.2"], now[0, "F"]) == ("developing", "secure", "developing")
    expected = await picture(database, made)
    await recomputing.recompute_course(database, made.id, made.course.id, NOW + 2 * DAY)
    assert await picture(database, made) == expected


async def test_a_rule_for_parents_is_one_competencys_and_never_frozen(database: Database) -> None:
    made = await a_class(database)
    await choose(database, made, AtLeast(1), "F")
    two = made.competencies["F.2"].id
    async with database.writing() as session:
        await service.override(session, made.course, made.ada.id, two, Standing.SECURE, "x", None, NOW + DAY, None)
    assert (await levels(database, made))[0, "F"] == "secure"
    assert (await look(database, made)).moves == ()
    await changing.apply_to_all(database, made.course, None, NOW + 2 * DAY, None)
    assert (await levels(database, made))[0, "F"] == "secure"


async def test_several_processes_apply_the_rules_as_one_does(own_database: Database) -> None:
    made = await a_class(own_database)
    await choose(own_database, made, InARow(n=1))
    done = await changing.apply_to_all(own_database, made.course, None, NOW + 2 * DAY, None, processes=2)
    assert done.changed == 3
    assert (await levels(own_database, made))[0, "F.2"] == "secure"
    assert (await parts.recompute(own_database, made.id, made.course.id, NOW + 2 * DAY, 2)).changed == 0
