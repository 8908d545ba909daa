"""Checks come along into the copy of a course, once, as drafts, without anything of students."""

import uuid

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import banks, carrying, making, own_bank, writing
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
from lti_tool.clock import ManualClock
from lti_tool.content import places
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from tests.checks.check_site import Site, a_check_site, an_answer, rows
from tests.competencies.map_seed import letters
from tests.playlists import seed

WRITTEN = writing.several("Half of 8?\n* 4\n- 2\n\nQuarter of 8?\n= 2").questions


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_check_site(database, clock)


async def a_copy(session: AsyncSession, site: Site) -> Course:
    original = site.school.course
    copy = Course(
        organisation_id=original.organisation_id,
        registration_id=original.registration_id,
        deployment_id=original.deployment_id,
        context_id="the-copy",
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
