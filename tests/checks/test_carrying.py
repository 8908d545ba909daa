"""Checks come along into the copy of a course, once, as drafts, without anything of students."""

import uuid

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import banks, carrying, importing, making, own_bank, recognising, writing
from lti_tool.checks.importing import Counts, Wish
from lti_tool.checks.making import Settings
from lti_tool.checks.models import (
    BankQuestion,
    Check,
    CheckAttempt,
    CheckQuestion,
    CheckStatus,
    QuestionBank,
    QuestionCompetency,
)
from lti_tool.checks.reading import Reading, read
from lti_tool.clock import ManualClock
from lti_tool.content import places
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from tests.checks.check_site import Site, a_check_site, an_answer, rows
from tests.checks.question_files import equals, gives, labels, qti1, qti1_item, said
from tests.competencies.map_seed import letters
from tests.playlists import seed

WRITTEN = writing.several("Half of 8?\n* 4\n- 2\n\nQuarter of 8?\n= 2").questions


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_check_site(database, clock)


async def a_copy(session: AsyncSession, site: Site, context_id: str = "the-copy") -> Course:
    original = site.school.course
    copy = Course(
        organisation_id=original.organisation_id,
        registration_id=original.registration_id,
        deployment_id=original.deployment_id,
        context_id=context_id,
        title="The same again",
        created_at=seed.NOW,
        last_seen_at=seed.NOW,
    )
    session.add(copy)
    await session.flush()
    return copy


async def test_checks_come_along_once_and_what_leads_to_them_finds_them(site: Site) -> None:
    now, original = site.clock.now(), site.school.course
    async with site.database.writing() as session:
        check = await making.make(session, original, Settings("Halves", due_at=now, attempts=2), "Checks", None, now)
        asked = await own_bank.put(session, original, check, WRITTEN, None, now)
        await making.open_or_close(session, original, check, CheckStatus.OPEN, now)
        away = await making.make(session, original, Settings("Away"), "", None, now)
        await making.open_or_close(session, original, away, CheckStatus.ARCHIVED, now)
        spare = await banks.make(session, original, "Spare", None, now)
        await banks.add(session, spare, WRITTEN[0], 0, now)
        known = (await letters(session, site.school.id, ["A"]))["A"].id
        await banks.put_tags(session, site.school.id, [asked[0].id], [known])
    await an_answer(site, check, asked[0].id)
    async with site.database.writing() as session:
        copy = await a_copy(session, site)
        assert await carrying.offered(session, original) == 1
        for came in (1, 0):
            assert await carrying.carry(session, copy, original, None, now) == came
            await carrying.tag(session, copy, original, {})
        both = await places.copied(session, copy, original)
        items = {one.id: one for one in await all_items(session, site)}
        found = places.matched(both, items.values())
        there = found[check.content_item_id]
        assert (there.course_id, there.title, there.section, there.published) == (copy.id, "Halves", "Checks", False)
        assert there.points_possible == 2.0
    made = next(one for one in await rows(site, Check) if one.course_id == copy.id)
    assert (made.status, made.due_at, made.attempts, made.copied_from_id) == (CheckStatus.DRAFT, None, 2, check.id)
    theirs = [one for one in await rows(site, QuestionBank) if one.course_id == copy.id]
    assert sorted(one.title for one in theirs) == ["Halves", "Spare"]
    questions = {one.id: one for one in await rows(site, BankQuestion) if one.bank_id in {bank.id for bank in theirs}}
    assert len(questions) == 3
    places_of = [one.question_id for one in await rows(site, CheckQuestion) if one.check_id == made.id]
    assert [questions[one].content["prompt"] for one in places_of] == ["Half of 8?", "Quarter of 8?"]
    tagged = [one for one in await rows(site, QuestionCompetency) if one.question_id in questions]
    assert [(one.question_id, one.competency_id) for one in tagged] == [(places_of[0], known)]
    assert {one.check_id for one in await rows(site, CheckAttempt)} == {check.id}


async def test_one_check_alone_comes_with_what_it_asks(site: Site) -> None:
    now, original = site.clock.now(), site.school.course
    async with site.database.writing() as session:
        check = await making.make(session, original, Settings("Halves"), "Checks", None, now)
        await own_bank.put(session, original, check, WRITTEN[:1], None, now)
        other = await making.make(session, original, Settings("Other"), "Checks", None, now)
        await own_bank.put(session, original, other, WRITTEN[1:], None, now)
        copy = await a_copy(session, site)
        assert await carrying.carry(session, copy, original, None, now, only={check.content_item_id}) == 1
        assert await carrying.carry(session, copy, original, None, now, only={uuid.uuid4()}) == 0
    assert [one.title for one in await rows(site, Check) if one.course_id == copy.id] == ["Halves"]
    assert [one.title for one in await rows(site, QuestionBank) if one.course_id == copy.id] == ["Halves"]


async def all_items(session: AsyncSession, site: Site) -> list[ContentItem]:
    return list((await session.exec(scoped(ContentItem, site.school.id))).all())


# --- The same file again, in the copy ---------------------------------------------------------------------------------------


def read_quiz(*titles: str) -> Reading:
    """A quiz with a question of each title, whose ids are their places."""
    answers = (("a", "yes"), ("b", "no"))
    items = (
        qti1_item(said(one) + labels(*answers), gives(equals("a")), ident=f"q{place}")
        for place, one in enumerate(titles)
    )
    return read("quiz.xml", qti1("".join(items), title="Halves").encode())


async def brought(site: Site, course: Course, reading: Reading) -> Counts:
    async with site.database.writing() as session:
        return await importing.bring_in(
            session, course, reading, Wish.everything(reading), "quiz.xml", "", None, site.clock.now()
        )


async def test_the_file_that_the_original_was_made_from_is_recognised_in_the_copy_and_in_its_copy(site: Site) -> None:
    reading = read_quiz("Half of 8?", "Quarter of 8?")
    original = site.school.course
    first = await brought(site, original, reading)
    assert (first.added, first.checks_new) == (2, 1)
    async with site.database.writing() as session:
        copy = await a_copy(session, site)
        await carrying.carry(session, copy, original, None, site.clock.now())
    async with site.database.writing() as session:
        again = await a_copy(session, site, "the-copy-of-the-copy")
        await carrying.carry(session, again, copy, None, site.clock.now())
    for course in (copy, again):
        async with site.database.reading() as session:
            plan = await importing.plan(session, course, reading)
        assert (plan.same, plan.new, plan.changes) == (2, 0, 0)
        assert [one.is_new for one in plan.quizzes] == [False]
        counts = await brought(site, course, reading)
        assert (counts.added, counts.unchanged, counts.checks_new, counts.checks_known) == (0, 2, 0, 1)
    # A newer file updates what was carried; the original is another course's, and stays.
    newer = read_quiz("Half of eight?", "Quarter of 8?")
    counts = await brought(site, again, newer)
    assert (counts.added, counts.changed, counts.unchanged) == (0, 1, 1)
    async with site.database.reading() as session:
        assert (await importing.plan(session, original, reading)).same == 2


async def test_what_the_copy_imported_itself_goes_before_what_was_carried(site: Site) -> None:
    reading = read_quiz("Half of 8?")
    await brought(site, site.school.course, reading)
    async with site.database.writing() as session:
        copy = await a_copy(session, site)
    await brought(site, copy, reading)
    async with site.database.writing() as session:
        await carrying.carry(session, copy, site.school.course, None, site.clock.now())
    async with site.database.reading() as session:
        here = await recognising.recognised(session, copy, reading)
    assert here.bank(reading.banks[0]) == recognising.bank_id(copy.id, reading, reading.banks[0])
