"""Bringing questions in: the preview, the confirmation, the same file again, and what an answer keeps."""

import uuid
from pathlib import Path

import pytest

from lti_tool.checks.models import BankQuestion, Check, CheckQuestion, CheckStatus, QuestionBank, Selection
from lti_tool.clock import ManualClock
from lti_tool.content.models import ContentItem, UploadDraft
from lti_tool.content.ports import NativeItem
from lti_tool.content.service import take_over
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from tests.checks.check_site import Site, a_check_site, an_answer, bring, rows, upload
from tests.checks.question_files import (
    equals,
    gives,
    labels,
    moodle,
    moodle_answer,
    moodle_category,
    moodle_question,
    qti1,
    qti1_item,
    said,
)
from tests.playlists import seed

TWO = moodle(
    moodle_category("$course$/top/Fractions"),
    moodle_question("truefalse", moodle_answer("true", "100") + moodle_answer("false", "0"), name="Half"),
    moodle_question("shortanswer", moodle_answer("1/4", "100"), name="Quarter"),
    moodle_question("essay", "", name="Explain"),
)


def quiz(*titles: str) -> bytes:
    """A quiz of QTI 1.2 with a question of each title."""
    answers = (("a", "yes"), ("b", "no"))
    items = (qti1_item(said(one) + labels(*answers), gives(equals("a")), ident=one[:2]) for one in titles)
    return qti1("".join(items), title="Halves").encode()


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_check_site(database, clock)


async def nothing_is_kept(site: Site) -> bool:
    return not any([await rows(site, table) for table in (UploadDraft, QuestionBank, Check, BankQuestion)])


async def test_a_preview_says_what_comes_and_what_does_not(site: Site) -> None:
    teacher = await site.teacher()
    answer = await upload(teacher, TWO.encode())
    page = await teacher.get(answer.headers["location"])
    assert "Fractions" in page.text
    assert "2 questions · 1 left out" in page.text
    assert "A person has to read its answers" in page.text
    assert "Explain" in page.text
    assert not await rows(site, BankQuestion)
    done = await teacher.post(answer.headers["location"], answer="cancel")
    assert "Nothing was brought in." in done.text
    assert await nothing_is_kept(site)


async def test_a_bank_and_a_check_of_it(site: Site) -> None:
    teacher = await site.teacher()
    page = await bring(teacher, TWO.encode())
    assert "1 check is new, as a draft" in page.text
    assert "2 questions are new" in page.text
    assert "1 question was left out" in page.text
    (bank,) = await rows(site, QuestionBank)
    assert (bank.title, bank.imported_from) == ("Fractions", "questions.xml")
    (check,) = await rows(site, Check)
    assert (check.title, check.status, check.selection) == ("Fractions", CheckStatus.DRAFT, Selection.ALL)
    item = next(one for one in await rows(site, ContentItem) if one.id == check.content_item_id)
    assert (item.external_id, item.title, item.section) == (f"check:{check.id.hex}", "Fractions", "Checks")
    assert (item.url, item.points_possible, item.published) == (f"{site.course}/my/checks/{check.id}", 2, False)
    assert not await rows(site, UploadDraft)


async def test_the_same_file_again_changes_nothing(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, TWO.encode())
    before = sorted((row.id, row.position) for row in await rows(site, BankQuestion))
    page = await bring(teacher, TWO.encode(), "another name.xml")
    assert "2 questions stayed as they were" in page.text
    assert sorted((row.id, row.position) for row in await rows(site, BankQuestion)) == before
    assert len(await rows(site, Check)) == len(await rows(site, QuestionBank)) == 1


async def test_a_newer_file_updates_and_an_answered_question_is_replaced(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, quiz("A one", "B two", "C three"))
    (check,) = await rows(site, Check)
    held = {row.external_id: row for row in await rows(site, BankQuestion)}
    await an_answer(site, check, held["A "].id)
    answer = await upload(teacher, quiz("A one!", "B two", "D four"))
    page = await teacher.get(answer.headers["location"])
    assert "Take over the file’s version of 1 question that differs" in page.text
    assert "here already: it gets what is new and keeps its settings" in page.text
    assert "<li>A one!</li>" in page.text
    await bring(teacher, quiz("A one!", "B two", "D four"))
    now = {row.external_id: row for row in await rows(site, BankQuestion) if row.retired_at is None}
    assert set(now) == {"A ", "B ", "C ", "D "}
    assert now["A "].replaces_id == held["A "].id
    assert now["B "].id == held["B "].id
    old = next(row for row in await rows(site, BankQuestion) if row.id == held["A "].id)
    assert old.content == held["A "].content
    asked = [row.question_id for row in sorted(await rows(site, CheckQuestion), key=lambda one: one.position)]
    assert asked == [now[key].id for key in ("A ", "B ", "C ", "D ")]
    assert len(await rows(site, Check)) == 1


async def test_a_teacher_can_keep_what_differs(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, quiz("A one"))
    answer = await upload(teacher, quiz("A other"))
    await teacher.get(answer.headers["location"])
    await teacher.post(answer.headers["location"], answer="bring-in", quiz="quiz1")
    (row,) = await rows(site, BankQuestion)
    assert row.content["prompt"] == "A one"


async def test_nothing_ticked_is_said_and_nothing_happens(site: Site) -> None:
    teacher = await site.teacher()
    answer = await upload(teacher, TWO.encode())
    await teacher.get(answer.headers["location"])
    page = await teacher.post(answer.headers["location"], answer="bring-in")
    assert page.status_code == 422
    assert "Nothing was ticked" in page.text
    assert not await rows(site, QuestionBank)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 400, "This file could not be read"),
        (b"hello", 400, "There are no questions in this file"),
        (b'<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>', 400, "This file is not safe to read"),
        (TWO.encode()[:-30], 400, "This file could not be read"),
    ],
)
async def test_what_cannot_be_read_is_said_and_leaves_nothing(
    site: Site, content: bytes, status: int, words: str
) -> None:
    teacher = await site.teacher()
    page = await upload(teacher, content)
    assert page.status_code == status
    assert words in page.text
    assert await nothing_is_kept(site)


async def test_a_draft_is_for_who_chose_it_in_its_course(site: Site) -> None:
    teacher = await site.teacher()
    address = (await upload(teacher, TWO.encode())).headers["location"]
    other = await site.sign_in(site.school.students[0], Role.TEACHER)
    await other.get(f"{site.course}/checks")
    assert (await other.get(address)).status_code == 404
    assert (await other.post(address, answer="bring-in", bank="x")).status_code == 404
    async with site.database.writing() as session:
        school = await seed.school(session, "Elm School")
    stranger = await site.sign_in(school.teacher, Role.TEACHER, school=school)
    assert (await stranger.get(address)).status_code == 404
    assert (await stranger.get(address.replace(site.course, f"/courses/{school.course.id}"))).status_code == 404


@pytest.mark.parametrize("path", ["", "/import", f"/import/{uuid.UUID(int=7)}"])
async def test_the_pages_are_for_those_who_teach(site: Site, path: str) -> None:
    async with site.client() as client:
        assert (await client.get(f"{site.course}/checks{path}")).status_code == 401
    for role in (Role.STUDENT, Role.OBSERVER):
        visitor = await site.sign_in(site.school.students[0], role)
        assert (await visitor.get(f"{site.course}/checks{path}")).status_code == 403


async def test_uploading_is_for_those_who_teach(site: Site) -> None:
    student = await site.student()
    await student.get(f"{site.course}/my")
    assert (await student.post(f"{site.course}/checks/import/upload")).status_code == 403
    assert (await student.post(f"{site.course}/checks/import/{uuid.uuid4()}")).status_code == 403
    assert await nothing_is_kept(site)


async def test_a_check_s_item_survives_a_reading_of_the_platform(site: Site) -> None:
    await bring(await site.teacher(), TWO.encode())
    (check,) = await rows(site, Check)
    found = [NativeItem("canvas:module-item:1", "page", "A page", "https://x.example/1", "Week 1", 0)]
    async with site.database.writing() as session:
        await take_over(session, site.school.course, "canvas:", found, site.clock.now())
    item = next(one for one in await rows(site, ContentItem) if one.id == check.content_item_id)
    assert (item.deleted_at, item.title) == (None, "Fractions")


async def test_a_real_export_becomes_seventeen_checks(site: Site, shared_data: Path) -> None:
    teacher = await site.teacher()
    content = (shared_data / "canvas-export.imscc").read_bytes()
    page = await bring(teacher, content, "canvas-export.imscc")
    assert "17 checks are new, as drafts" in page.text
    assert "356 questions are new" in page.text
    assert "17 questions were left out" in page.text
    checks = await rows(site, Check)
    assert len(checks) == 17
    assert len(await rows(site, CheckQuestion)) == 204 - 13
    assert len(await rows(site, QuestionBank)) == 16 + 16
    page = await bring(teacher, content, "canvas-export.imscc")
    assert "356 questions stayed as they were" in page.text
    assert len(await rows(site, Check)) == 17
