"""A teacher's pages of checks: making, writing, ordering, setting, opening, putting away; who may not."""

import re
import uuid

import httpx
import pytest

from lti_tool.checks.models import (
    BankQuestion,
    Check,
    CheckQuestion,
    CheckStatus,
    Feedback,
    QuestionBank,
    QuestionCompetency,
    Selection,
)
from lti_tool.clock import ManualClock
from lti_tool.content.models import ContentItem
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from tests.checks.check_site import Site, Visitor, a_check_site, an_answer, rows
from tests.pairs import on_postgresql
from tests.playlists import seed

WRITTEN = "What is half of 8?\n- 2\n* 4\n\nWhat is 1 + 1?\n= 2"
GETS = ["/new", "/{c}", "/{c}/settings", "/{c}/write", "/{c}/pick", "/{c}/questions/new", "/{c}/questions/{q}"]
GETS += [
    "/{c}/preview",
    "/banks/{b}/remove",
    "/{c}/competencies",
    "/{c}/results",
    "/banks",
    "/banks/{b}",
    "/banks/{b}/questions/new",
]
GETS += ["/banks/{b}/questions/{q}", "/banks/{b}/competencies"]
POSTS = [
    "/{c}/results/{p}/attempt",
    "/new",
    "/{c}/order",
    "/{c}/remove",
    "/{c}/status",
    "/{c}/settings",
    "/{c}/write",
    "/{c}/pick",
]
POSTS += ["/{c}/questions/new", "/{c}/questions/{q}", "/{c}/competencies", "/banks", "/banks/{b}/check"]
POSTS += ["/banks/{b}/retire", "/banks/{b}/remove", "/banks/{b}/questions/new", "/banks/{b}/questions/{q}"]
POSTS += ["/banks/{b}/competencies"]


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_check_site(database, clock)


async def make(site: Site, several: str = WRITTEN, title: str = "Halves") -> tuple[Visitor, Check]:
    """A teacher who has made a check."""
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/checks/new")
    made_id = re.search(r'name="check_id" value="([^"]+)"', page.text)
    assert made_id is not None
    page = await teacher.post(f"{site.course}/checks/new", title=title, several=several, check_id=made_id[1])
    assert page.status_code == 200, page.text
    check = next(one for one in await rows(site, Check) if str(one.id) == made_id[1])
    return teacher, check


async def the_check(site: Site) -> Check:
    (check,) = await rows(site, Check)
    return check


async def item_of(site: Site, check: Check) -> ContentItem:
    return next(one for one in await rows(site, ContentItem) if one.id == check.content_item_id)


async def asked(site: Site) -> list[BankQuestion]:
    """What the check asks, in order."""
    by_id = {row.id: row for row in await rows(site, BankQuestion)}
    places = sorted(await rows(site, CheckQuestion), key=lambda row: row.position)
    return [by_id[row.question_id] for row in places]


def address(site: Site, check: Check, more: str = "") -> str:
    return f"{site.course}/checks/{check.id}{more}"


async def test_a_first_check_in_one_form(site: Site) -> None:
    teacher, check = await make(site)
    assert [row.kind.value for row in await asked(site)] == ["choice", "number"]
    item = await item_of(site, check)
    assert (item.title, item.points_possible, item.published) == ("Halves", 2.0, False)
    page = await teacher.get(address(site, check))
    assert "What is half of 8?" in page.text
    assert "Open to students" in page.text
    listed = await teacher.get(f"{site.course}/checks")
    assert "Halves" in listed.text
    assert "2 questions" in listed.text


async def test_a_form_sent_twice_makes_one_check(site: Site) -> None:
    teacher, check = await make(site, several="")
    await teacher.post(f"{site.course}/checks/new", title="Halves", several="", check_id=str(check.id))
    assert len(await rows(site, Check)) == 1


async def test_what_is_not_finished_comes_back_with_what_was_typed(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/checks/new")
    page = await teacher.post(f"{site.course}/checks/new", title="", several="What?\n- a\n- b")
    assert page.status_code == 422
    assert "Please give the check a title." in page.text
    assert "Put a star (*) in front of the right answer." in page.text
    assert "What?" in page.text
    assert not await rows(site, Check)


@pytest.mark.parametrize(
    ("kind", "prompt", "lines"),
    [
        ("choice", "?", "* a\nb"),
        ("response", "?", "* a\n* b\nc"),
        ("number", "?", "3 ± 1"),
        ("text", "?", "Paris"),
        ("order", "?", "a\nb"),
        ("match", "?", "a => b\nc => d"),
        ("gaps", "Two is [[2|two]]", ""),
    ],
)
async def test_one_question_of_each_kind(site: Site, kind: str, prompt: str, lines: str) -> None:
    teacher, check = await make(site, several="")
    page = await teacher.get(address(site, check, f"/questions/new?kind={kind}"))
    assert page.status_code == 200
    question_id = re.search(r'name="question_id" value="([^"]+)"', page.text)
    assert question_id is not None
    fields = {"kind": kind, "prompt": prompt, "lines": lines, "points": "2,5", "question_id": question_id[1]}
    for _ in range(2):
        page = await teacher.post(address(site, check, "/questions/new"), **fields)
        assert "Added." in page.text
    (row,) = await asked(site)
    assert (row.kind.value, row.content["points"]) == (kind, "2.5")
    page = await teacher.get(address(site, check, f"/questions/{row.id}"))
    assert page.status_code == 200
    await teacher.post(address(site, check, f"/questions/{row.id}"), **(fields | {"points": "3"}))
    (row,) = await asked(site)
    assert row.content["points"] == "3"
    assert (await item_of(site, check)).points_possible == 3.0


async def test_a_question_that_says_nothing_comes_back(site: Site) -> None:
    teacher, check = await make(site, several="")
    page = await teacher.post(
        address(site, check, "/questions/new"), kind="choice", prompt="Kept?", lines="a\nb", points="x"
    )
    assert page.status_code == 422
    assert "Put a star (*) in front of the right answer." in page.text
    assert "Please enter points above 0" in page.text
    assert "Kept?" in page.text
    assert await asked(site) == []


async def test_an_answered_question_is_replaced(site: Site) -> None:
    teacher, check = await make(site)
    first, second = await asked(site)
    await an_answer(site, check, first.id)
    page = await teacher.get(address(site, check, f"/questions/{first.id}"))
    assert "Somebody has answered this question." in page.text
    page = await teacher.post(
        address(site, check, f"/questions/{first.id}"), kind="choice", prompt="Half of 10?", lines="* 5\n4", points="1"
    )
    assert "so it is a new one from now on" in page.text
    now = await asked(site)
    assert [row.replaces_id for row in now] == [first.id, None]
    assert now[1].id == second.id
    old = next(row for row in await rows(site, BankQuestion) if row.id == first.id)
    assert old.retired_at is not None
    assert old.content == first.content
    assert (await teacher.get(address(site, check, f"/questions/{first.id}"))).status_code == 404


async def test_order_by_buttons_and_by_dragging(site: Site) -> None:
    teacher, check = await make(site)
    one, two = [row.id for row in await asked(site)]
    revision = str((await the_check(site)).revision)
    page = await teacher.post(address(site, check, "/order"), item=str(two), move="up", revision=revision)
    assert "Moved." in page.text
    assert [row.id for row in await asked(site)] == [two, one]
    page = await teacher.post(address(site, check, "/order"), item=str(two), move="down", revision=revision)
    assert page.status_code == 409
    assert [row.id for row in await asked(site)] == [two, one]
    revision = str((await the_check(site)).revision)
    answer = await teacher.by_script(address(site, check, "/order"), order=f"{one},{two}", revision=revision)
    assert answer.status_code == 303
    assert [row.id for row in await asked(site)] == [one, two]
    revision = str((await the_check(site)).revision)
    answer = await teacher.by_script(address(site, check, "/order"), order=str(uuid.uuid4()), revision=revision)
    assert answer.status_code == 404


async def test_a_question_is_taken_out_and_found_in_the_bank(site: Site) -> None:
    teacher, check = await make(site)
    first, second = await asked(site)
    await teacher.post(address(site, check, "/remove"), question=str(first.id))
    assert [row.id for row in await asked(site)] == [second.id]
    assert (await item_of(site, check)).points_possible == 1.0
    (bank,) = await rows(site, QuestionBank)
    page = await teacher.get(address(site, check, f"/pick?bank={bank.id}"))
    assert "(asked already)" in page.text
    await teacher.post(address(site, check, "/pick"), question=[str(first.id), str(second.id)])
    assert [row.id for row in await asked(site)] == [second.id, first.id]
    page = await teacher.post(address(site, check, "/pick"))
    assert "Nothing was ticked" in page.text


async def test_opening_closing_and_putting_away(site: Site) -> None:
    teacher, check = await make(site, several="")
    page = await teacher.post(address(site, check, "/status"), status="open")
    assert page.status_code == 400
    assert "This check asks nothing yet" in page.text
    await teacher.post(address(site, check, "/write"), several=WRITTEN)
    page = await teacher.post(address(site, check, "/status"), status="open")
    assert "Open. Students can take it now" in page.text
    item = await item_of(site, check)
    assert (item.published, item.deleted_at) == (True, None)
    await teacher.post(address(site, check, "/status"), status="draft")
    assert not (await item_of(site, check)).published
    page = await teacher.post(address(site, check, "/status"), status="archived")
    assert "Put away." in page.text
    assert (await item_of(site, check)).deleted_at is not None
    assert "Halves" not in (await teacher.get(f"{site.course}/checks")).text
    assert "Halves" in (await teacher.get(f"{site.course}/checks?archived=true")).text
    page = await teacher.post(address(site, check, "/status"), status="draft")
    assert "Here it is again" in page.text
    assert (await item_of(site, check)).deleted_at is None
    assert (await the_check(site)).status is CheckStatus.DRAFT


SETTINGS = {
    "title": "Quarters",
    "introduction": "Think.",
    "selection": "random",
    "count": "1",
    "shuffled": "yes",
    "feedback": "end",
    "shows_right": "yes",
    "attempts": "3",
    "wait_minutes": "10",
    "tries": "2",
    "minutes": "20",
    "pass_percent": "75",
    "opens_at": "2026-09-02T08:00",
    "due_at": "2026-09-09T08:00",
    "time_zone": "UTC",
}


async def test_settings(site: Site) -> None:
    teacher, check = await make(site)
    page = await teacher.get(address(site, check, "/settings"))
    assert 'value="Halves"' in page.text
    revision = str((await the_check(site)).revision)
    page = await teacher.post(address(site, check, "/settings"), revision=revision, **SETTINGS)
    assert "Saved." in page.text
    now = await the_check(site)
    assert (now.title, now.selection, now.count, now.feedback) == ("Quarters", Selection.RANDOM, 1, Feedback.END)
    assert (now.attempts, now.wait_minutes, now.tries, now.minutes, now.pass_percent) == (3, 10, 2, 20, 75.0)
    item = await item_of(site, now)
    assert (item.title, item.points_possible, item.due_at) == ("Quarters", 1.0, now.due_at)
    page = await teacher.post(address(site, check, "/settings"), revision=revision, **SETTINGS)
    assert page.status_code == 409
    assert 'value="Quarters"' in page.text


@on_postgresql
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "Please give the check a title."),
        ({"count": ""}, "Say how many questions"),
        ({"attempts": "0"}, "Please enter a whole number from 1 to 1000."),
        ({"attempts": "1.5"}, "Please enter a whole number from 1 to 1000."),
        ({"pass_percent": "101"}, "Please enter a percentage from 0 to 100."),
        ({"opens_at": "2026-09-10T08:00"}, "It has to open before it is due."),
        ({"selection": "adaptive"}, "This check has too few questions to choose from"),
    ],
)
async def test_settings_that_cannot_be(site: Site, change: dict[str, str], words: str) -> None:
    teacher, check = await make(site)
    revision = str((await the_check(site)).revision)
    page = await teacher.post(address(site, check, "/settings"), revision=revision, **(SETTINGS | change))
    assert page.status_code in (400, 422)
    assert words in page.text
    assert (await the_check(site)).title == "Halves"


async def test_banks(site: Site) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/checks/banks")
    assert "No banks yet" in page.text
    page = await teacher.post(f"{site.course}/checks/banks", title="")
    assert "Please give the bank a title." in page.text
    await teacher.post(f"{site.course}/checks/banks", title="Fractions")
    (bank,) = await rows(site, QuestionBank)
    here = f"{site.course}/checks/banks/{bank.id}"
    await teacher.post(f"{here}/questions/new", kind="text", prompt="Half?", lines="1/2", points="1")
    (row,) = await rows(site, BankQuestion)
    page = await teacher.post(f"{here}/questions/{row.id}", kind="text", prompt="A half?", lines="1/2", points="1")
    assert "A half?" in page.text
    page = await teacher.post(f"{here}/check", check_id=str(uuid.uuid4()))
    assert "Draft" in page.text
    assert [one.id for one in await asked(site)] == [row.id]
    await teacher.post(f"{here}/retire", question=str(row.id))
    assert await asked(site) == []
    assert (await item_of(site, await the_check(site))).points_possible is None
    page = await teacher.post(f"{here}/remove")
    assert "No banks yet" in page.text
    assert (await teacher.get(here)).status_code == 404


async def test_banks_are_for_their_own_questions(site: Site) -> None:
    teacher, check = await make(site)
    await teacher.post(f"{site.course}/checks/banks", title="Other")
    other = next(one for one in await rows(site, QuestionBank) if one.title == "Other")
    first, _ = await asked(site)
    assert (await teacher.get(f"{site.course}/checks/banks/{other.id}/questions/{first.id}")).status_code == 404
    _, second = await make(site, several="", title="Second")
    assert (await teacher.get(address(site, second, f"/questions/{first.id}"))).status_code == 404


async def places_of(site: Site, check: Check) -> dict[str, str]:
    (bank,) = await rows(site, QuestionBank)
    first, _ = await asked(site)
    ada = site.school.students[0]
    return {"{c}": str(check.id), "{b}": str(bank.id), "{q}": str(first.id), "{p}": str(ada.id)}


def filled(pattern: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        pattern = pattern.replace(name, value)
    return pattern


async def test_every_page_opens_for_the_teacher_and_for_nobody_else(site: Site) -> None:
    teacher, check = await make(site)
    places = await places_of(site, check)
    async with site.database.writing() as session:
        school = await seed.school(session, "Elm School")
    student = await site.student()
    await student.get(f"{site.course}/my")
    observer = await site.sign_in(site.school.students[0], Role.OBSERVER)
    stranger = await site.sign_in(school.teacher, Role.TEACHER, school=school)
    await stranger.get(f"/courses/{school.course.id}/checks")
    before = await rows(site, Check), await rows(site, CheckQuestion), await rows(site, BankQuestion)
    for pattern in GETS:
        path = f"/checks{filled(pattern, places)}"
        page = await teacher.get(site.course + path)
        assert page.status_code == 200, (path, page.text)
        async with site.client() as client:
            assert (await client.get(site.course + path)).status_code == 401
        assert (await student.get(site.course + path)).status_code == 403
        assert (await observer.get(site.course + path)).status_code == 403
        assert (await stranger.get(site.course + path)).status_code == 404
        if "{" in pattern:
            assert (await stranger.get(f"/courses/{school.course.id}{path}")).status_code == 404, path
    await stranger.get(f"/courses/{school.course.id}/checks")
    for pattern in POSTS:
        path = f"/checks{filled(pattern, places)}"
        async with site.client() as client:
            assert (await client.post(site.course + path)).status_code in (401, 403)
        assert (await student.post(site.course + path)).status_code == 403
        assert (await stranger.post(site.course + path)).status_code == 404
        if "{" in pattern:
            answer: httpx.Response = await stranger.post(
                f"/courses/{school.course.id}{path}", **_needed(pattern, places)
            )
            assert answer.status_code == 404, path
    assert before == (await rows(site, Check), await rows(site, CheckQuestion), await rows(site, BankQuestion))
    assert not await rows(site, QuestionCompetency)


def _needed(pattern: str, places: dict[str, str]) -> dict[str, str]:
    """What a form has to hold to get as far as looking for the check."""
    fields = {"revision": "1", "item": places["{q}"], "move": "up", "question": places["{q}"], "several": WRITTEN}
    fields |= {"kind": "choice", "prompt": "?", "lines": "* a\nb", "points": "1"}
    return fields | SETTINGS if pattern.endswith("/settings") else fields
