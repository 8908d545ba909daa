"""A course's map, on both databases: picking, taking out, what holds, two teachers at once."""

import asyncio
import uuid

import pytest

from lti_tool.competencies import map_queries, maps
from lti_tool.competencies.models import MapPrerequisite
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict
from tests.competencies import map_seed
from tests.courses.school import NOW
from tests.playlists.seed import School, school


@pytest.fixture
async def oak(database: Database) -> School:
    async with database.writing() as session:
        return await school(session)


async def view(database: Database, course: Course) -> maps.CourseMapView:
    async with database.reading() as session:
        found = await maps.the_map(session, course.organisation_id, course.id)
    assert found is not None
    return found


def codes(found: maps.CourseMapView) -> list[str]:
    return [one.code for one in found.competencies]


async def test_there_is_no_map_until_something_is_picked(database: Database, oak: School) -> None:
    async with database.reading() as session:
        assert await maps.the_map(session, oak.id, oak.course.id) is None


async def test_picked_competencies_come_in_their_frameworks_order(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "ABCD", [("A", "B"), ("B", "C")])
        picked = await maps.pick(session, oak.course, [made["C"].id, made["A"].id], NOW, None)
    assert [made["A"].id, made["C"].id] == list(picked.added)
    found = await view(database, oak.course)
    assert codes(found) == ["A", "C"]
    assert [one.number for one in found.competencies] == [1, 2]
    assert found.direct == ()
    assert found.indirect == ((made["A"].id, made["C"].id),)
    first = found.competencies[0]
    assert [parent.title for parent in first.parents] == ["Grade 4", "Letters"]
    assert (first.grade, first.domain, first.grades) == ("Grade 4", "Letters", ("04",))
    assert (first.framework, first.own, first.name) == ("Arithmetic", False, "A")


async def test_picking_again_adds_nothing(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "AB")
        await maps.pick(session, oak.course, [made["A"].id], NOW, None)
        again = await maps.pick(session, oak.course, [made["A"].id, made["B"].id], NOW, None)
    assert (again.added, again.already, again.refused) == ((made["B"].id,), 1, 0)


async def test_what_a_course_may_not_use_is_refused(database: Database, oak: School) -> None:
    async with database.writing() as session:
        other = await school(session, "Elm School")
        theirs = await map_seed.letters(session, other.id, "A")
        elsewhere = Course(**oak.course.model_dump(exclude={"id", "context_id"}), context_id="another")
        session.add(elsewhere)
        await session.flush()
        private = await map_seed.letters(session, oak.id, "B", course_id=elsewhere.id)
        retired = await map_seed.letters(session, oak.id, "C")
        retired["C"].retired_at = NOW
        session.add(retired["C"])
        await session.flush()
        wanted = [theirs["A"].id, private["B"].id, retired["C"].id, uuid.uuid4()]
        picked = await maps.pick(session, oak.course, wanted, NOW, None)
        mine = await maps.pick(session, elsewhere, [private["B"].id], NOW, None)
    assert (picked.added, picked.refused) == ((), 4)
    assert len(mine.added) == 1


async def test_what_was_taken_out_comes_back_with_its_number_and_place(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "ABC", [("A", "B"), ("B", "C")])
        ids = {code: one.id for code, one in made.items()}
        await maps.pick(session, oak.course, ids.values(), NOW, None)
    found = await view(database, oak.course)
    async with database.writing() as session:
        out = await maps.take_out(session, oak.course, [ids["B"], uuid.uuid4()], found.revision, NOW, None)
    assert out == (ids["B"],)
    found = await view(database, oak.course)
    assert codes(found) == ["A", "C"]
    assert found.indirect == ((ids["A"], ids["C"]),)
    async with database.writing() as session:
        await maps.pick(session, oak.course, [ids["B"]], NOW, None)
    found = await view(database, oak.course)
    assert [(one.code, one.number) for one in found.competencies] == [("A", 1), ("B", 2), ("C", 3)]
    assert (found.direct, found.indirect) == (((ids["A"], ids["B"]), (ids["B"], ids["C"])), ())


async def test_what_its_source_dropped_comes_back_where_it_was(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "AB")
        await maps.pick(session, oak.course, [one.id for one in made.values()], NOW, None)
        made["A"].retired_at = NOW
        session.add(made["A"])
    found = await view(database, oak.course)
    assert [(one.code, one.retired) for one in found.competencies] == [("A", True), ("B", False)]
    async with database.writing() as session:
        await maps.take_out(session, oak.course, [made["A"].id], found.revision, NOW, None)
        assert (await maps.pick(session, oak.course, [made["A"].id], NOW, None)).added == (made["A"].id,)
    assert codes(await view(database, oak.course)) == ["A", "B"]


async def test_a_number_is_never_given_twice(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "AB")
        await maps.pick(session, oak.course, [made["A"].id], NOW, None)
    found = await view(database, oak.course)
    async with database.writing() as session:
        await maps.take_out(session, oak.course, [made["A"].id], found.revision, NOW, None)
        await maps.pick(session, oak.course, [made["B"].id], NOW, None)
    found = await view(database, oak.course)
    assert [(one.code, one.number) for one in found.competencies] == [("B", 2)]


async def test_a_change_on_an_old_revision_changes_nothing(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "AB")
        await maps.pick(session, oak.course, [made["A"].id], NOW, None)
    found = await view(database, oak.course)
    async with database.writing() as session:
        await maps.pick(session, oak.course, [made["B"].id], NOW, None)
    with pytest.raises(Conflict) as refused:
        async with database.writing() as session:
            await maps.take_out(session, oak.course, [made["A"].id], found.revision, NOW, None)
    assert refused.value.code == "map-changed"
    assert codes(await view(database, oak.course)) == ["A", "B"]


async def test_a_map_has_a_limit(database: Database, oak: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MOST_COMPETENCIES", 2)
    with pytest.raises(BadRequest) as refused:
        async with database.writing() as session:
            made = await map_seed.letters(session, oak.id, "ABC")
            await maps.pick(session, oak.course, [one.id for one in made.values()], NOW, None)
    assert refused.value.code == "too-many-competencies"


async def test_what_a_teacher_changed_about_prerequisites_holds(database: Database, oak: School) -> None:
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "ABC", [("A", "B"), ("B", "C")])
        ids = {code: one.id for code, one in made.items()}
        await maps.pick(session, oak.course, ids.values(), NOW, None)
        for before, after, drawn in [("A", "B", False), ("A", "C", True), ("C", "A", True)]:
            session.add(
                MapPrerequisite(
                    organisation_id=oak.id,
                    course_id=oak.course.id,
                    before_id=ids[before],
                    after_id=ids[after],
                    drawn=drawn,
                    created_at=NOW,
                )
            )
            await session.flush()
    found = await view(database, oak.course)
    assert found.direct == ((ids["A"], ids["C"]), (ids["B"], ids["C"]))
    assert found.drawn == {(ids["A"], ids["C"])}
    assert found.taken_away == ((ids["A"], ids["B"]),)
    # Nothing of ours lets it come to that; a map that got there all the same has no cycle.
    assert found.set_aside == ((ids["C"], ids["A"]),)


async def test_two_teachers_who_pick_at_once_both_get_what_they_want(own_database: Database) -> None:
    async with own_database.writing() as session:
        oak = await school(session)
        made = await map_seed.letters(session, oak.id, "ABCDEF")

    async def pick(code: str) -> None:
        async with own_database.writing() as session:
            await maps.pick(session, oak.course, [made[code].id], NOW, None)

    await asyncio.gather(*(pick(code) for code in "ABCDEF"))
    found = await view(own_database, oak.course)
    assert sorted(codes(found)) == list("ABCDEF")
    assert sorted(one.number for one in found.competencies) == [1, 2, 3, 4, 5, 6]


async def test_no_query_reads_another_school(database: Database, oak: School) -> None:
    async with database.writing() as session:
        other = await school(session, "Elm School")
        theirs = await map_seed.letters(session, other.id, "AB", [("A", "B")])
        await maps.pick(session, other.course, [one.id for one in theirs.values()], NOW, None)
    async with database.reading() as session:
        assert await maps.the_map(session, oak.id, other.course.id) is None
        assert await map_queries.in_map(session, oak.id, other.course.id) == []
        assert await map_queries.published(session, oak.id, other.course.id, []) == []
