"""What the sandbox's own pages do with completion, dates, statuses and rubrics, where it plays Canvas."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from lti_tool.sandbox.canvas_models import OutcomeResult
from lti_tool.sandbox.course_copy import copy_course
from lti_tool.sandbox.models import Course
from tests.sandbox.canvas_course import BUY, ONE, RECIPE, TRIP, TWO, Box, boxed


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with boxed(tmp_path) as made:
        yield made


@asynccontextmanager
async def _browser(box: Box, login: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which somebody is signed in."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(box.app), base_url=box.platform.settings.base_url, follow_redirects=True
    ) as browser:
        await browser.post("/login", data={"login": login})
        yield browser


async def _ask(box: Box, path: str) -> object:
    async with box.http() as http:
        headers = {"Authorization": f"Bearer {await box.platform.api_token()}"}
        answer = await http.get(f"/api/v1/courses/{box.course.id}{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _completed(box: Box, title: str, login: str) -> bool:
    item = box.items[title]
    shown = await _ask(box, f"/modules/{item.module_id}/items/{item.id}?student_id={box.id(login)}")
    assert isinstance(shown, dict)
    return bool(shown["completion_requirement"]["completed"])


async def _submission(box: Box, title: str, login: str) -> dict[str, object]:
    shown = await _ask(box, f"/assignments/{box.key(title)}/submissions/{box.id(login)}?include[]=rubric_assessment")
    assert isinstance(shown, dict)
    return shown


async def test_a_student_completes_items_by_looking_marking_and_taking_a_quiz(box: Box) -> None:
    course = f"/courses/{box.course.id}"
    async with _browser(box, "layla") as browser:
        first, second = box.items["What is a ratio?"], box.items["Three ways to write a ratio"]
        assert not await _completed(box, first.title, "layla")
        page = await browser.get(f"{course}/modules/items/{first.id}")
        assert "To complete this: look at it" in page.text
        assert await _completed(box, first.title, "layla")
        page = await browser.get(f"{course}/modules/items/{second.id}")
        assert ("Mark as done" in page.text, await _completed(box, second.title, "layla")) == (True, False)
        page = await browser.post(f"{course}/modules/items/{second.id}/done", data={"done": "yes"})
        assert "Completed" in page.text
        assert await _completed(box, second.title, "layla")
        await browser.post(f"{course}/modules/items/{second.id}/done", data={"done": "no"})
        assert not await _completed(box, second.title, "layla")
        assert (await browser.post(f"{course}/modules/items/{first.id}/done", data={"done": "yes"})).status_code == 404
        quiz = box.items[TWO]
        begun = await browser.post(f"{course}/quizzes/{quiz.content_id}/attempts")
        await browser.post(str(begun.url.path), data={"q1": "c2"})
        assert await _completed(box, TWO, "layla")
    async with box.platform.store.reading() as session:
        found = await session.scalars(select(OutcomeResult).where(OutcomeResult.person_id == box.people["layla"].id))
        # One of the quiz's five questions is right: a fifth of the outcome's four points.
        assert [one.score for one in found] == [pytest.approx(0.8)]


async def test_a_teacher_looking_completes_nothing(box: Box) -> None:
    async with _browser(box, "rivera") as browser:
        page = await browser.get(f"/courses/{box.course.id}/modules/items/{box.items['What is a ratio?'].id}")
    assert "To complete this" in page.text
    assert "ompleted" not in page.text


async def test_a_teacher_sets_a_status_and_grades_by_the_rubric(box: Box) -> None:
    cell = f"/courses/{box.course.id}/grades/assignment/{box.key(RECIPE)}/{box.id('layla')}"
    async with _browser(box, "rivera") as browser:
        assert "By the rubric" in (await browser.get(cell)).text
        wrong = await browser.post(f"{cell}/rubric", data={"_1": "many"})
        assert wrong.status_code == 422
        await browser.post(f"{cell}/rubric", data={"_1": "2", "_2": "3", "_3": ""})
        told = await _submission(box, RECIPE, "layla")
        assert (told["score"], sorted(told["rubric_assessment"])) == (5.0, ["_1", "_2"])  # type: ignore[call-overload]
        for status, wanted in (
            ("excused", (True, False, False, None)),
            ("late", (False, True, False, None)),
            ("missing", (False, False, True, None)),
            ("none", (False, False, False, None)),
        ):
            page = await browser.post(f"{cell}/status", data={"status": status})
            assert f'value="{status}" selected' in page.text
            told = await _submission(box, RECIPE, "layla")
            assert (told["excused"], told["late"], told["missing"], told["score"]) == wanted
        assert (await browser.post(f"{cell}/status", data={"status": "x"})).status_code == 404
        await browser.post(f"{cell}/status", data={"status": "excused"})
        await browser.post(cell, data={"score": "4"})
        told = await _submission(box, RECIPE, "layla")
        assert (told["excused"], told["score"]) == (False, 4.0)
    async with _browser(box, "zoe") as student:
        assert (await student.post(f"{cell}/status", data={"status": "excused"})).status_code == 403


async def test_other_dates_stand_on_the_assignment_and_lock_it(box: Box) -> None:
    async with box.http() as http:
        headers = {"Authorization": f"Bearer {await box.platform.api_token()}"}
        past = (box.clock.now() - timedelta(days=1)).isoformat()
        for title, login in ((BUY, "zoe"), (ONE, "declan")):
            answer = await http.post(
                f"/api/v1/courses/{box.course.id}/assignments/{box.key(title)}/overrides",
                headers=headers,
                json={"assignment_override": {"student_ids": [box.id(login)], "lock_at": past}},
            )
            assert answer.status_code == 201
    page = f"/courses/{box.course.id}/assignments/{box.key(BUY)}"
    async with _browser(box, "rivera") as browser:
        words = (await browser.get(page)).text
        assert ("Other dates" in words, box.people["zoe"].name in words) == (True, True)
    async with _browser(box, "zoe") as browser:
        assert "closed to you now" in (await browser.get(page)).text
        await browser.post(f"{page}/submissions", data={"body": "Too late"})
        assert (await _submission(box, BUY, "zoe"))["submitted_at"] is None
    async with _browser(box, "declan") as browser:
        quiz = f"/courses/{box.course.id}/quizzes/{box.items[ONE].content_id}"
        assert "closed to you now" in (await browser.get(quiz)).text
        begun = await browser.post(f"{quiz}/attempts")
        assert begun.url.path == quiz
    async with _browser(box, "layla") as browser:
        await browser.post(f"{page}/submissions", data={"body": "In time"})
        assert (await _submission(box, BUY, "layla"))["submitted_at"] is not None


async def test_a_copy_of_the_course_has_what_completes_it_and_its_outcomes(box: Box) -> None:
    async with box.platform.store.writing() as session:
        origin = await session.get_one(Course, box.course.id)
        copy = await copy_course(session, origin, name="Next year", now=box.clock.now())
    box.course = copy
    modules, quizzes, outcomes, work = [
        await _ask(box, path)
        for path in (
            "/modules?include[]=items",
            "/quizzes",
            "/outcome_group_links?outcome_style=full",
            "/assignments?per_page=50",
        )
    ]
    assert isinstance(modules, list)
    assert sum("completion_requirement" in item for one in modules for item in one["items"]) == 6
    assert isinstance(quizzes, list)
    assert isinstance(outcomes, list)
    assert isinstance(work, list)
    assert (len(quizzes), len(outcomes)) == (4, 4)
    [recipe] = [one for one in work if one["name"] == RECIPE]
    ids = {one["outcome"]["id"] for one in outcomes}
    assert recipe["rubric"][0]["outcome_id"] in ids
    assert sum(one.get("is_quiz_lti_assignment", False) for one in work) == 1
    rows = await _ask(box, f"/outcome_alignments?student_id={box.id('zoe')}")
    assert isinstance(rows, list)
    assert {row["learning_outcome_id"] for row in rows} == ids
    assert {row["title"] for row in rows} >= {ONE, TWO, RECIPE}
    assert TRIP not in {row["title"] for row in rows}
