"""What questions are about, many at once and by their codes; and how a class did."""

import re
import uuid
from decimal import Decimal

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.checks import making as checks
from lti_tool.checks import own_bank, writing
from lti_tool.checks.making import Settings
from lti_tool.checks.models import (
    AttemptState,
    BankQuestion,
    Check,
    CheckAnswer,
    CheckAttempt,
    QuestionBank,
    QuestionCompetency,
)
from lti_tool.clock import ManualClock
from lti_tool.competencies import maps
from lti_tool.db.session import Database
from tests.checks.check_site import Site, a_check_site, rows
from tests.competencies.map_seed import letters

WRITTEN = "What is half of 8? (4.NF.1)\n- 2\n* 4\n\nA quarter of 8?\n= 2\n\nHalf of 2 (4.NF.2)?\n= 1"


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_check_site(database, clock)


async def a_check(site: Site, title: str = "Halves") -> tuple[Check, list[BankQuestion]]:
    now = site.clock.now()
    async with site.database.writing() as session:
        check = await checks.make(session, site.school.course, Settings(title), "Checks", None, now)
        asked = await own_bank.put(session, site.school.course, check, writing.several(WRITTEN).questions, None, now)
        session.expunge_all()
    return check, asked


async def a_map(site: Site) -> dict[str, uuid.UUID]:
    async with site.database.writing() as session:
        found = await letters(session, site.school.id, ["4.NF.1", "4.NF.2"])
        ids = {code: one.id for code, one in found.items()}
        await maps.pick(session, site.school.course, list(ids.values()), site.clock.now(), None)
    return ids


async def tags(site: Site) -> set[tuple[uuid.UUID, uuid.UUID]]:
    return {(row.question_id, row.competency_id) for row in await rows(site, QuestionCompetency)}


async def test_codes_in_questions_are_suggested_and_accepted(site: Site) -> None:
    ids = await a_map(site)
    check, asked = await a_check(site)
    teacher = await site.teacher()
    address = f"{site.course}/checks/{check.id}/competencies"
    page = await teacher.get(address)
    pairs = re.findall(r'name="pair" value="([^"]+)"', page.text)
    assert pairs == [f"{asked[0].id}.{ids['4.NF.1']}", f"{asked[2].id}.{ids['4.NF.2']}"]
    page = await teacher.post(address, do="accept", pair=pairs)
    assert "Answers from now on are evidence of it." in page.text
    assert await tags(site) == {(asked[0].id, ids["4.NF.1"]), (asked[2].id, ids["4.NF.2"])}
    assert 'name="pair"' not in (await teacher.get(address)).text
    page = await teacher.get(f"{site.course}/checks/{check.id}")
    assert "1 question is about no competency" in page.text


async def test_a_code_in_the_title_is_suggested_for_what_has_none(site: Site) -> None:
    ids = await a_map(site)
    check, asked = await a_check(site, "Check 4.NF.2")
    page = await (await site.teacher()).get(f"{site.course}/checks/{check.id}/competencies")
    assert f'value="{asked[1].id}.{ids["4.NF.2"]}"' in page.text


async def test_many_at_once_and_away_again(site: Site) -> None:
    ids = await a_map(site)
    _, asked = await a_check(site)
    (bank,) = await rows(site, QuestionBank)
    teacher = await site.teacher()
    address = f"{site.course}/checks/banks/{bank.id}/competencies"
    await teacher.get(address)
    both = [str(asked[0].id), str(asked[1].id)]
    chosen = str(ids["4.NF.1"])
    for _ in range(2):
        await teacher.post(address, do="tag", question=both, competency=chosen)
    assert await tags(site) == {(row.id, ids["4.NF.1"]) for row in asked[:2]}
    page = await teacher.post(address, do="take-away", question=both[:1], competency=chosen)
    assert "Evidence that is there stays." in page.text
    assert await tags(site) == {(asked[1].id, ids["4.NF.1"])}
    assert "Nothing was ticked" in (await teacher.post(address, do="tag", competency=chosen)).text
    other = await teacher.post(address, do="tag", question=both, competency=str(uuid.uuid4()))
    assert other.status_code == 404
    other = await teacher.post(address, do="tag", question=str(uuid.uuid4()), competency=chosen)
    assert other.status_code == 404
    assert len(await tags(site)) == 1


async def attempt(
    site: Site, check: Check, place: int, number: int, shares: dict[uuid.UUID, str], *, done: bool = True
) -> None:
    async with site.database.writing() as session:
        one = CheckAttempt(
            organisation_id=site.school.id,
            check_id=check.id,
            person_id=site.school.students[place].id,
            number=number,
            state=AttemptState.FINISHED if done else AttemptState.OPEN,
            seed=1,
            begun_at=site.clock.now(),
            finished_at=site.clock.now() if done else None,
            earned=sum((Decimal(share) for share in shares.values()), Decimal(0)) if done else None,
            possible=Decimal(len(shares)) if done else None,
        )
        session.add(one)
        await session.flush()
        session.add_all(
            CheckAnswer(
                organisation_id=site.school.id,
                attempt_id=one.id,
                question_id=question_id,
                response={"response": "x"},
                saved_at=site.clock.now(),
                given_at=site.clock.now(),
                first_share=Decimal(share),
                share=Decimal(share),
            )
            for question_id, share in shares.items()
        )


def cells(page: str, name: str) -> list[list[str]]:
    """The texts of the rows' cells of one of the tables, tags left out."""
    table = page.split(f'id="{name}"')[1].split("</table>", maxsplit=1)[0]
    found = []
    for row in table.split('<tr role="row"')[2:]:
        parts = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        found.append([" ".join(re.sub(r"<[^>]+>", " ", part).split()) for part in parts])
    return found


async def test_results_by_question_and_by_student(site: Site) -> None:
    check, asked = await a_check(site)
    ids = [row.id for row in asked]
    async with site.database.writing() as session:
        for row, difficulty in zip(asked, (1.4, -1.2, 0.0), strict=True):
            known = await session.get(BankQuestion, (site.school.id, row.id))
            assert known is not None
            known.difficulty, known.answers = difficulty, 9 if difficulty else 2
    teacher = await site.teacher()
    address = f"{site.course}/checks/{check.id}/results"
    page = await teacher.get(address)
    assert "Nobody has finished it yet" in page.text
    await attempt(site, check, 0, 1, dict(zip(ids, ("1", "0.5", "0"), strict=True)))
    await attempt(site, check, 0, 2, dict(zip(ids, ("1", "1", "1"), strict=True)))
    await attempt(site, check, 1, 1, dict(zip(ids, ("0", "1", "0"), strict=True)))
    await attempt(site, check, 2, 1, {}, done=False)
    page = await teacher.get(address)
    assert [row[1:] for row in cells(page.text, "by-question")] == [
        ["2", "50%", "hard for most"],
        ["2", "50%", "easy for most"],
        ["2", "0%", "too few answers to say"],
    ]
    assert cells(page.text, "by-student") == [
        ["Ada Ash", "2", "100%", "100%", "Passed", ""],
        ["Ben Birch", "1", "33%", "33%", "Not yet", ""],
        ["Cem Cedar", "1", "–", "–", "under way", ""],
    ]
    async with site.database.reading() as session:
        found = (await session.exec(select(AuditEntry).where(AuditEntry.action == "students.check-viewed"))).all()
    assert [(one.subject, one.actor) for one in found] == [(f"check:{check.id}", str(site.school.teacher.id))]


async def test_another_attempt_for_one_student(site: Site) -> None:
    check, asked = await a_check(site)
    async with site.database.writing() as session:
        row = await session.get(Check, (site.school.id, check.id))
        assert row is not None
        row.attempts = 1
    for place in (0, 1):
        await attempt(site, check, place, 1, {asked[0].id: "0"})
    teacher = await site.teacher()
    address = f"{site.course}/checks/{check.id}/results"
    page = await teacher.get(address)
    assert [row[-1] for row in cells(page.text, "by-student")] == [
        "Another attempt Ada Ash",
        "Another attempt Ben Birch",
        "",
    ]
    page = await teacher.post(f"{address}/{site.school.students[0].id}/attempt", follow=True)
    assert "One more attempt is given. It counts for this student alone." in page.text
    assert [row[-2:] for row in cells(page.text, "by-student")] == [
        ["Not yet has another attempt", ""],
        ["Not yet", "Another attempt Ben Birch"],
        ["not begun", ""],
    ]
    page = await teacher.post(f"{address}/{site.school.students[0].id}/attempt", follow=True)
    assert "This student can begin another attempt already" in page.text
    async with site.database.reading() as session:
        found = (await session.exec(select(AuditEntry).where(AuditEntry.action == "student.attempt-given"))).all()
    assert [one.subject for one in found] == [f"person:{site.school.students[0].id}"]
