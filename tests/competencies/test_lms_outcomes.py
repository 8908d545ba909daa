"""What the LMS says of outcomes is kept and offered, on both databases; the teacher decides."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.competencies import alignments, lms_deciding, lms_page, maps
from lti_tool.competencies.alignment_rules import Change, Changed
from lti_tool.competencies.alignments import NotInTheMap
from lti_tool.competencies.lms_models import LmsAlignmentState
from lti_tool.competencies.lms_page import LmsPage
from lti_tool.competencies.models import Alignment, AlignmentOrigin, AlignmentRole, Competency
from lti_tool.content.ports import NativeAlignment, NativeOutcome, NativeOutcomes
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from tests.competencies import lms_told
from tests.competencies.aligned import Mapped, a_map
from tests.competencies.lms_told import (
    COMPARE,
    COMPARING,
    EQUIVALENCE,
    QUIZ,
    REASONING,
    TEST,
    USUAL,
    WALLS,
    aligned,
    take,
)
from tests.playlists import seed
from tests.playlists.seed import NOW

LATER = NOW + timedelta(hours=1)
ASSESSES, TEACHES = AlignmentRole.ASSESSES, AlignmentRole.TEACHES


@pytest.fixture
async def mapped(database: Database) -> Mapped:
    async with database.writing() as session:
        return await a_map(session)


async def page(database: Database, mapped: Mapped) -> LmsPage:
    async with database.reading() as session:
        return await lms_page.page(session, mapped.course)


async def offered(database: Database, mapped: Mapped) -> dict[tuple[str, str], tuple[uuid.UUID, AlignmentRole]]:
    found = await page(database, mapped)
    return {(one.item.title, one.meant.code): (one.id, one.role) for one in found.offered}


async def accept(database: Database, mapped: Mapped, **roles: AlignmentRole) -> Changed:
    """Accept everything that is offered, with its usual role."""
    wanted = dict((await offered(database, mapped)).values())
    async with database.writing() as session:
        return await lms_deciding.accept(session, mapped.course, wanted, mapped.school.teacher.id, NOW)


async def here(database: Database, mapped: Mapped) -> dict[tuple[str, str], Alignment]:
    titles = {item.id: title for title, item in mapped.items.items()}
    async with database.reading() as session:
        rows = (await session.exec(scoped(Alignment, mapped.school.id))).all()
        codes = {one.id: one.code for one in (await session.exec(scoped(Competency, mapped.school.id))).all()}
        session.expunge_all()
        return {(titles[row.content_item_id], codes[row.competency_id]): row for row in rows}


# --- Taking over


async def test_outcomes_are_recognised_by_identifiers_and_codes_and_never_by_titles(
    database: Database, mapped: Mapped
) -> None:
    titled = NativeOutcome("14", "Multiply a fraction by a whole number")
    assert await take(database, mapped, replace(USUAL, outcomes=(*USUAL.outcomes, titled))) == frozenset()
    rows = await lms_told.outcomes(database, mapped)
    assert rows["11"].competency_id == mapped.one("4.NF.A.1")
    assert rows["12"].competency_id == mapped.one("4.NF.A.2")
    assert (rows["13"].competency_id, rows["14"].competency_id) == (None, None)
    assert all(row.chosen_by is None for row in rows.values())
    found = await page(database, mapped)
    suggested = {view.row.outcome_id: view.suggested for view in found.outcomes}
    assert suggested["14"] == mapped.one("4.NF.B.4")
    assert found.unknown == 2


async def test_what_the_lms_aligns_is_offered_and_nothing_is_aligned_by_it(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    assert await here(database, mapped) == {}
    assert {key: role for key, (_, role) in (await offered(database, mapped)).items()} == {
        (QUIZ, "4.NF.A.1"): ASSESSES,
        (WALLS, "4.NF.A.1"): TEACHES,
        (COMPARING, "4.NF.A.2"): ASSESSES,
    }
    # An item that the course was not read with, and an outcome that is not told of, are left out.
    strange = (NativeAlignment("11", "canvas:module-item:99"), NativeAlignment("77", "canvas:module-item:1"))
    await take(database, mapped, replace(USUAL, alignments=(*USUAL.alignments, *strange)), LATER)
    assert len(await lms_told.alignments(database, mapped)) == 4


async def test_twice_is_once_and_writes_nothing(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    before = await lms_told.outcomes(database, mapped)
    await take(database, mapped, USUAL, LATER)
    after = await lms_told.outcomes(database, mapped)
    assert {row.seen_at for row in after.values()} == {NOW}
    assert {key: row.id for key, row in before.items()} == {key: row.id for key, row in after.items()}
    await take(database, mapped, USUAL, NOW + timedelta(days=2))
    assert {row.seen_at for row in (await lms_told.outcomes(database, mapped)).values()} == {NOW + timedelta(days=2)}


async def test_a_new_title_and_a_late_identifier_are_taken_over(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    known = replace(REASONING, title="Reasoning", identifiers=("ID OF 4.MD.A.1",))
    await take(database, mapped, replace(USUAL, outcomes=(EQUIVALENCE, COMPARE, known)), LATER)
    row = (await lms_told.outcomes(database, mapped))["13"]
    assert (row.title, row.competency_id) == ("Reasoning", mapped.one("4.MD.A.1"))


async def test_what_is_gone_is_marked_and_comes_back_as_the_same(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    before = await lms_told.alignments(database, mapped)
    await take(database, mapped, NativeOutcomes((COMPARE,), ()), LATER)
    gone = await lms_told.outcomes(database, mapped)
    assert {key: row.gone_at for key, row in gone.items()} == {"11": LATER, "12": None, "13": LATER}
    assert all(row.gone_at == LATER for row in (await lms_told.alignments(database, mapped)).values())
    assert await offered(database, mapped) == {}
    await take(database, mapped, USUAL, LATER)
    after = await lms_told.alignments(database, mapped)
    assert {key: row.id for key, row in after.items()} == {key: row.id for key, row in before.items()}
    assert all(row.gone_at is None for row in after.values())


async def test_a_competency_of_the_schools_frameworks_is_picked_when_it_is_accepted(
    database: Database, mapped: Mapped
) -> None:
    async with database.writing() as session:
        extra = Competency(
            organisation_id=mapped.school.id,
            framework_id=mapped.framework.id,
            identifier="6b9e4d2a-7c1f-11e8-a4d6-0242ac120003",
            code="4.G.A.1",
            statement="Draw points, lines and angles",
            position=50,
            changed_at=NOW,
            created_at=NOW,
        )
        session.add(extra)
    lines = NativeOutcome("20", "Lines", identifiers=("{6B9E4D2A-7C1F-11E8-A4D6-0242AC120003}",))
    await take(database, mapped, NativeOutcomes((lines,), (aligned(lines, TEST),)))
    [one] = (await page(database, mapped)).offered
    assert (one.meant.code, one.meant.in_map) == ("4.G.A.1", False)
    assert (await accept(database, mapped)).added == 1
    async with database.reading() as session:
        found = await maps.the_map(session, mapped.school.id, mapped.course.id)
    assert found is not None
    assert "4.G.A.1" in {competency.code for competency in found.competencies}
    assert (TEST, "4.G.A.1") in await here(database, mapped)


async def test_other_schools_and_courses_see_nothing_of_it(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    async with database.writing() as session:
        other = await a_map(session, await seed.school(session, "Elm School"))
    found = await page(database, other)
    assert (found.outcomes, found.offered) == ((), ())
    row = (await lms_told.outcomes(database, mapped))["13"]
    with pytest.raises(NotFound):
        async with database.writing() as session:
            await lms_deciding.say(session, other.course, row.id, other.one("4.NF.A.1"), None)
    ids = [one.id for one in (await lms_told.alignments(database, mapped)).values()]
    async with database.writing() as session:
        done = await lms_deciding.accept(session, other.course, dict.fromkeys(ids, ASSESSES), None, NOW)
    assert not done.any
    # The same outcome of another school is recognised among its own competencies.
    await take(database, other, NativeOutcomes((EQUIVALENCE,), ()))
    assert (await lms_told.outcomes(database, other))["11"].competency_id == other.one("4.NF.A.1")


async def test_strange_ids_and_long_texts_break_nothing(database: Database, mapped: Mapped) -> None:
    long = NativeOutcome("x" * 255, "T" * 900, "C" * 300, "D" * 9000, ("i" * 900, "", "i" * 900))
    await take(database, mapped, NativeOutcomes((long, NativeOutcome("y" * 256, "No"), NativeOutcome("", "No")), ()))
    [row] = (await lms_told.outcomes(database, mapped)).values()
    assert (len(row.title), len(row.code), len(row.description)) == (500, 100, 4000)
    assert row.identifiers == ["i" * 500]


# --- Alignments


async def test_accepting_makes_alignments_that_came_from_the_lms_and_twice_is_once(
    database: Database, mapped: Mapped
) -> None:
    await take(database, mapped)
    wanted = dict((await offered(database, mapped)).values())
    for added in (3, 0):
        async with database.writing() as session:
            done = await lms_deciding.accept(session, mapped.course, wanted, mapped.school.teacher.id, NOW)
        assert done.added == added
    rows = await here(database, mapped)
    assert {key: row.role for key, row in rows.items()} == {
        (QUIZ, "4.NF.A.1"): ASSESSES,
        (WALLS, "4.NF.A.1"): TEACHES,
        (COMPARING, "4.NF.A.2"): ASSESSES,
    }
    assert {row.origin for row in rows.values()} == {AlignmentOrigin.LMS}
    assert {row.created_by for row in rows.values()} == {mapped.school.teacher.id}
    assert await offered(database, mapped) == {}
    assert (await page(database, mapped)).same == 3


async def test_the_teacher_says_what_an_item_does(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    (row_id, _) = (await offered(database, mapped))[QUIZ, "4.NF.A.1"]
    async with database.writing() as session:
        await lms_deciding.accept(session, mapped.course, {row_id: AlignmentRole.PRACTISES}, None, NOW)
    assert {key: row.role for key, row in (await here(database, mapped)).items()} == {
        (QUIZ, "4.NF.A.1"): AlignmentRole.PRACTISES
    }


async def test_what_a_teacher_aligned_before_stays_as_they_did_it(database: Database, mapped: Mapped) -> None:
    async with database.writing() as session:
        change = Change(mapped.item(QUIZ), mapped.one("4.NF.A.1"), TEACHES)
        await alignments.change(session, mapped.course, [change], {}, by=None, now=NOW)
    await take(database, mapped)
    assert (QUIZ, "4.NF.A.1") not in await offered(database, mapped)
    assert (await accept(database, mapped)).added == 2
    row = (await here(database, mapped))[QUIZ, "4.NF.A.1"]
    assert (row.role, row.origin) == (TEACHES, AlignmentOrigin.TEACHER)


async def test_what_is_dismissed_or_taken_away_again_is_offered_on_request(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    (row_id, _) = (await offered(database, mapped))[QUIZ, "4.NF.A.1"]
    async with database.writing() as session:
        await lms_deciding.dismiss(session, mapped.course, [row_id], None)
    await accept(database, mapped)
    async with database.writing() as session:
        away = Change(mapped.item(WALLS), mapped.one("4.NF.A.1"), None)
        await alignments.change(session, mapped.course, [away], {}, by=None, now=NOW)
    await take(database, mapped, USUAL, NOW + timedelta(days=2))
    found = await page(database, mapped)
    assert (found.offered, found.set_aside, found.same) == ((), 2, 1)
    async with database.writing() as session:
        await lms_deciding.offer_again(session, mapped.course)
    assert set(await offered(database, mapped)) == {(QUIZ, "4.NF.A.1"), (WALLS, "4.NF.A.1")}


async def test_what_the_lms_has_no_more_is_said_and_stays_until_the_teacher_takes_it_away(
    database: Database, mapped: Mapped
) -> None:
    await take(database, mapped)
    await accept(database, mapped)
    await take(database, mapped, replace(USUAL, alignments=(aligned(COMPARE, COMPARING),)), LATER)
    found = await page(database, mapped)
    assert {(one.item.title, one.meant.code) for one in found.withdrawn} == {(QUIZ, "4.NF.A.1"), (WALLS, "4.NF.A.1")}
    assert len(await here(database, mapped)) == 3
    by_title = {one.item.title: one.id for one in found.withdrawn}
    async with database.writing() as session:
        await lms_deciding.dismiss(session, mapped.course, [by_title[WALLS]], None)
        done = await lms_deciding.take_away(session, mapped.course, by_title[QUIZ], None, LATER)
        assert done.removed == 1
    assert set(await here(database, mapped)) == {(WALLS, "4.NF.A.1"), (COMPARING, "4.NF.A.2")}
    assert (await page(database, mapped)).withdrawn == ()
    # The LMS has it again: it is offered again.
    await take(database, mapped, USUAL, LATER)
    assert set(await offered(database, mapped)) == {(QUIZ, "4.NF.A.1")}
    states = {key: row.state for key, row in (await lms_told.alignments(database, mapped)).items()}
    assert states["11", QUIZ] is LmsAlignmentState.OFFERED
    still = await lms_told.alignments(database, mapped)
    with pytest.raises(NotFound):
        async with database.writing() as session:
            await lms_deciding.take_away(session, mapped.course, still["12", COMPARING].id, None, LATER)


async def test_an_item_that_is_gone_is_not_offered(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    wanted = dict((await offered(database, mapped)).values())
    async with database.writing() as session:
        item = mapped.items[QUIZ]
        item.deleted_at = NOW
        session.add(item)
    assert (QUIZ, "4.NF.A.1") not in await offered(database, mapped)
    async with database.writing() as session:
        done = await lms_deciding.accept(session, mapped.course, wanted, None, NOW)
    assert done.added == 2


# --- Outcomes


async def test_the_teacher_says_which_competency_it_is_and_their_word_stands(
    database: Database, mapped: Mapped
) -> None:
    await take(database, mapped)
    rows = await lms_told.outcomes(database, mapped)
    async with database.writing() as session:
        await lms_deciding.say(session, mapped.course, rows["13"].id, mapped.one("4.MD.A.1"), mapped.school.teacher.id)
        await lms_deciding.say(session, mapped.course, rows["11"].id, None, None)
    assert (TEST, "4.MD.A.1") in await offered(database, mapped)
    assert (QUIZ, "4.NF.A.1") not in await offered(database, mapped)
    await take(database, mapped, USUAL, NOW + timedelta(days=2))
    rows = await lms_told.outcomes(database, mapped)
    assert (rows["13"].competency_id, rows["13"].chosen_by) == (mapped.one("4.MD.A.1"), mapped.school.teacher.id)
    assert rows["11"].competency_id is None
    with pytest.raises(NotInTheMap):
        async with database.writing() as session:
            await lms_deciding.say(session, mapped.course, rows["12"].id, new_id(), None)


async def test_an_outcome_becomes_one_of_the_courses_own_with_one_press(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    row = (await lms_told.outcomes(database, mapped))["13"]
    for _ in range(2):
        async with database.writing() as session:
            await lms_deciding.add_own(session, mapped.course, row.id, "Own", mapped.school.teacher.id, NOW)
    async with database.reading() as session:
        found = await maps.the_map(session, mapped.school.id, mapped.course.id)
    assert found is not None
    own = [one for one in found.competencies if one.own]
    assert [(one.code, one.statement) for one in own] == [("", "Mathematical reasoning")]
    assert (await lms_told.outcomes(database, mapped))["13"].competency_id == own[0].id
    assert (TEST, "") in await offered(database, mapped)


async def test_ratings_are_wanted_where_the_teacher_says_so(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    rows = await lms_told.outcomes(database, mapped)
    teacher = mapped.school.teacher.id
    with pytest.raises(NotInTheMap):
        async with database.writing() as session:
            await lms_deciding.ratings(session, mapped.course, rows["13"].id, teacher, NOW, count=True)
    for _ in range(2):
        async with database.writing() as session:
            await lms_deciding.ratings(session, mapped.course, rows["11"].id, teacher, NOW, count=True)
    assert await take(database, mapped) == {"11"}
    async with database.reading() as session:
        said = select(AuditEntry).where(AuditEntry.organisation_id == mapped.school.id)
        actions = [entry.action for entry in (await session.exec(said)).all()]
    assert actions == ["map.ratings-count"]
    # An outcome that is gone, or is another competency now, gives none.
    assert await take(database, mapped, NativeOutcomes((COMPARE,), ()), LATER) == frozenset()
    assert await take(database, mapped, USUAL, LATER) == {"11"}
    async with database.writing() as session:
        await lms_deciding.say(session, mapped.course, rows["11"].id, mapped.one("4.MD.A.1"), teacher)
    assert await take(database, mapped, USUAL, LATER) == frozenset()


async def test_ratings_that_would_count_twice_are_named(database: Database, mapped: Mapped) -> None:
    await take(database, mapped)
    await accept(database, mapped)
    found = {view.row.outcome_id: view for view in (await page(database, mapped)).outcomes}
    # The quiz assesses it; the page that teaches it gives no evidence.
    assert [item.title for item in found["11"].doubled] == [QUIZ]
    assert found["13"].doubled == ()
