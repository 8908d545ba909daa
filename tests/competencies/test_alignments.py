"""Items are aligned to the competencies of a course's map, on both databases."""

import asyncio
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlmodel import select

from lti_tool.competencies import alignment_rules as rules
from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import Change, Changed
from lti_tool.competencies.alignments import AlignmentsChanged, NotInTheMap
from lti_tool.competencies.models import Alignment, AlignmentOrigin, AlignmentRole, MapCompetency
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest
from tests.competencies.aligned import Mapped, a_map
from tests.playlists import seed
from tests.playlists.seed import NOW

TEACHES, PRACTISES, ASSESSES = AlignmentRole.TEACHES, AlignmentRole.PRACTISES, AlignmentRole.ASSESSES
QUIZ, WALLS, TEST = "Quiz 4.NF.1", "Fraction walls", "Unit test"


@pytest.fixture
async def mapped(database: Database) -> Mapped:
    async with database.writing() as session:
        return await a_map(session)


async def change(database: Database, mapped: Mapped, *changes: Change, **more: object) -> Changed:
    seen = more.pop("seen", {})
    async with database.writing() as session:
        return await alignments.change(
            session, mapped.course, changes, seen, by=mapped.school.teacher.id, now=NOW, **more
        )  # type: ignore[arg-type]


async def of_course(database: Database, mapped: Mapped) -> list[rules.AlignmentView]:
    async with database.reading() as session:
        return await alignments.of_course(session, mapped.school.id, mapped.course.id)


async def test_an_item_is_aligned_with_what_is_usual(database: Database, mapped: Mapped) -> None:
    made = await change(database, mapped, Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES))
    assert made == Changed(added=1)
    assert made.any
    (view,) = await of_course(database, mapped)
    assert (view.content_item_id, view.competency_id, view.number) == (mapped.item(QUIZ), mapped.one("4.NF.A.1"), 1)
    assert (view.role, view.weight, view.passing_percent) == (ASSESSES, Decimal(1), 80.0)
    assert not view.mixed
    assert not view.shared
    assert view.gives_evidence


async def test_saying_it_again_changes_nothing(database: Database, mapped: Mapped) -> None:
    one = Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES, Decimal("0.5"), 70.0, mixed=True)
    await change(database, mapped, one)
    (before,) = await of_course(database, mapped)
    again = await change(database, mapped, replace(one, weight=None, passing_percent=None, mixed=None))
    assert again == Changed(unchanged=1)
    assert not again.any
    assert await of_course(database, mapped) == [before]


async def test_an_alignment_is_changed_and_keeps_the_rest(database: Database, mapped: Mapped) -> None:
    one = Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES, Decimal("0.5"), 70.0, mixed=True)
    await change(database, mapped, one)
    (before,) = await of_course(database, mapped)
    made = await change(database, mapped, Change(one.item_id, one.competency_id, PRACTISES, passing_percent=60))
    assert made == Changed(changed=1)
    (after,) = await of_course(database, mapped)
    assert after == replace(before, role=PRACTISES, passing_percent=60.0)


async def test_an_alignment_is_taken_away_and_twice_is_harmless(database: Database, mapped: Mapped) -> None:
    one = Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES)
    await change(database, mapped, one)
    assert await change(database, mapped, replace(one, role=None)) == Changed(removed=1)
    assert await change(database, mapped, replace(one, role=None)) == Changed()
    assert await of_course(database, mapped) == []


async def test_one_score_for_several_competencies_is_shared(database: Database, mapped: Mapped) -> None:
    test, quiz = mapped.item(TEST), mapped.item(QUIZ)
    await change(
        database,
        mapped,
        Change(test, mapped.one("4.NF.A.1"), ASSESSES),
        Change(test, mapped.one("4.NF.A.2"), ASSESSES),
        Change(test, mapped.one("4.MD.A.1"), PRACTISES),
        Change(quiz, mapped.one("4.NF.A.1"), ASSESSES),
        Change(quiz, mapped.one("4.NF.A.2"), TEACHES),
    )
    shared = {(view.content_item_id, view.competency_id) for view in await of_course(database, mapped) if view.shared}
    assert shared == {(test, mapped.one("4.NF.A.1")), (test, mapped.one("4.NF.A.2"))}
    async with database.reading() as session:
        some = await alignments.of_items(session, mapped.school.id, mapped.course.id, {quiz, uuid.uuid4()})
    assert set(some) == {quiz}
    assert [view.number for view in some[quiz]] == [1, 2]


async def test_what_is_taken_out_of_the_map_is_out_of_sight_and_comes_back(database: Database, mapped: Mapped) -> None:
    test = mapped.item(TEST)
    both = [Change(test, mapped.one(code), ASSESSES) for code in ("4.NF.A.1", "4.NF.A.2")]
    await change(database, mapped, *both)
    await take_out(database, mapped, "4.NF.A.2", out=True)
    (left,) = await of_course(database, mapped)
    assert left.competency_id == mapped.one("4.NF.A.1")
    assert not left.shared
    await take_out(database, mapped, "4.NF.A.2", out=False)
    assert len(await of_course(database, mapped)) == 2


async def take_out(database: Database, mapped: Mapped, code: str, *, out: bool) -> None:
    async with database.writing() as session:
        statement = scoped(MapCompetency, mapped.school.id).where(MapCompetency.competency_id == mapped.one(code))
        place = (await session.exec(statement)).one()
        place.removed_at = NOW if out else None
        session.add(place)


async def test_a_second_editor_of_the_same_item_is_told(database: Database, mapped: Mapped) -> None:
    quiz, walls = mapped.item(QUIZ), mapped.item(WALLS)
    untouched = rules.seen(())
    first = Change(quiz, mapped.one("4.NF.A.1"), ASSESSES)
    await change(database, mapped, first, seen={quiz: untouched})
    with pytest.raises(AlignmentsChanged):
        await change(
            database,
            mapped,
            Change(walls, mapped.one("4.NF.A.1"), TEACHES),
            Change(quiz, mapped.one("4.NF.A.2"), ASSESSES),
            seen={walls: untouched, quiz: untouched},
        )
    # Nothing at all was changed; and who works on another item is not disturbed.
    assert len(await of_course(database, mapped)) == 1
    await change(database, mapped, Change(walls, mapped.one("4.NF.A.1"), TEACHES), seen={walls: untouched})
    (quizzed,) = [view for view in await of_course(database, mapped) if view.content_item_id == quiz]
    await change(database, mapped, Change(quiz, mapped.one("4.NF.A.2"), ASSESSES), seen={quiz: rules.seen([quizzed])})
    assert len(await of_course(database, mapped)) == 3


async def test_only_what_is_in_the_course_can_be_aligned(database: Database, mapped: Mapped) -> None:
    quiz, one = mapped.item(QUIZ), mapped.one("4.NF.A.1")
    async with database.writing() as session:
        elsewhere = await a_map(session, await seed.school(session, "Elm School"))
    await take_out(database, mapped, "4.NF.A.2", out=True)
    for wrong in (
        Change(uuid.uuid4(), one, ASSESSES),
        Change(mapped.item("Week 1"), one, ASSESSES),
        Change(elsewhere.item(QUIZ), one, ASSESSES),
        Change(quiz, elsewhere.one("4.NF.A.1"), ASSESSES),
        Change(quiz, mapped.one("4.NF.A.2"), ASSESSES),
    ):
        with pytest.raises(NotInTheMap):
            await change(database, mapped, Change(quiz, one, ASSESSES), wrong)
    assert await of_course(database, mapped) == []


async def test_a_course_without_a_map_has_nothing_to_align_to(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        with pytest.raises(NotInTheMap):
            await alignments.change(
                session,
                school.course,
                [Change(school.items["quiz"].id, uuid.uuid4(), ASSESSES)],
                {},
                by=None,
                now=NOW,
            )
        board = await alignments.board(session, school.id, school.course.id)
    assert board.competencies == ()
    assert [item.title for item in board.items] == ["What a fraction is", "Quiz on halves", "Draw a fraction"]
    assert board.passing_percent == 80.0
    assert board.aligned == 0


async def test_too_much_at_once_is_refused(database: Database, mapped: Mapped) -> None:
    one = Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES)
    with pytest.raises(BadRequest):
        await change(database, mapped, *[one] * (alignments.MOST_AT_ONCE + 1))


async def test_who_aligned_it_and_how_is_kept(database: Database, mapped: Mapped) -> None:
    one = Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES)
    await change(database, mapped, one, origin=AlignmentOrigin.SUGGESTION)
    await change(database, mapped, replace(one, role=PRACTISES))
    async with database.reading() as session:
        row = (await session.exec(select(Alignment).where(Alignment.organisation_id == mapped.school.id))).one()
    assert (row.origin, row.created_by) == (AlignmentOrigin.SUGGESTION, mapped.school.teacher.id)
    assert row.role is PRACTISES


async def test_another_school_sees_nothing_of_it(database: Database, mapped: Mapped) -> None:
    await change(database, mapped, Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), ASSESSES))
    async with database.writing() as session:
        other = await seed.school(session, "Elm School")
        assert await alignments.of_course(session, other.id, mapped.course.id) == []
        assert await alignments.of_items(session, other.id, mapped.course.id, [mapped.item(QUIZ)]) == {}


async def test_of_two_who_align_the_same_item_at_once_one_is_told(own_database: Database) -> None:
    async with own_database.writing() as session:
        mapped = await a_map(session)
    untouched = {mapped.item(QUIZ): rules.seen(())}
    codes = ("4.NF.A.1", "4.NF.A.2", "4.NF.B.3")
    done = await asyncio.gather(
        *(
            change(own_database, mapped, Change(mapped.item(QUIZ), mapped.one(code), ASSESSES), seen=untouched)
            for code in codes
        ),
        return_exceptions=True,
    )
    assert [one for one in done if isinstance(one, Changed)] == [Changed(added=1)]
    assert sum(isinstance(one, AlignmentsChanged) for one in done) == 2
    assert len(await of_course(own_database, mapped)) == 1
    # Who works on different items at once is not disturbed.
    others = [title for title in mapped.items if title not in {QUIZ, "Week 1"}]
    await asyncio.gather(
        *(
            change(
                own_database,
                mapped,
                Change(mapped.item(title), mapped.one("4.NF.B.4"), ASSESSES),
                seen={mapped.item(title): rules.seen(())},
            )
            for title in others
        )
    )
    assert len(await of_course(own_database, mapped)) == 1 + len(others)
