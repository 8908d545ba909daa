"""The part of Canvas's REST API that a connector reads."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from lti_tool.sandbox.canvas_access import STRING_IDS
from lti_tool.sandbox.gradebook import grade, record_submission
from lti_tool.sandbox.models import Assignment, Module, ModuleItem, Page, Quiz, QuizAttempt
from tests.sandbox.conftest import BASE, Lms


class Api:
    """Someone with the API token, at the course."""

    def __init__(self, lms: Lms, token: str) -> None:
        self.lms = lms
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, path: str = "", **headers: str) -> httpx.Response:
        address = path if path.startswith("http") else f"/api/v1/courses/{self.lms.course.id}{path}"
        return await self.lms.http.get(address, headers=self.headers | headers)

    async def all(self, path: str) -> list[dict[str, Any]]:
        answer = await self.ask(path)
        rows: list[dict[str, Any]] = answer.json()
        while "next" in answer.links:
            answer = await self.ask(answer.links["next"]["url"])
            rows += answer.json()
        return rows


@pytest.fixture
async def api(lms: Lms) -> Api:
    """A course with a module of every kind of item, an assignment and a quiz."""
    now = lms.platform.now()
    async with lms.platform.store.writing() as session:
        common = {"course_id": lms.course.id, "created_at": now, "updated_at": now}
        essay = Assignment(name="Essay", points_possible=20, due_at=now + timedelta(days=1), position=1, **common)
        test = Assignment(name="Test", points_possible=5, position=2, submission_type="online_quiz", **common)
        page = Page(course_id=lms.course.id, slug="halves", title="Halves", html="<p>½</p>", updated_at=now)
        modules = [Module(course_id=lms.course.id, name=f"Unit {number}", position=number) for number in (2, 1)]
        session.add_all([essay, test, page, *modules])
        await session.flush()
        quiz = Quiz(course_id=lms.course.id, assignment_id=test.id, title="Test", questions=[])
        session.add(quiz)
        await session.flush()
        contents = [
            ("SubHeader", None, None),
            ("Page", page.id, None),
            ("Assignment", essay.id, None),
            ("Quiz", quiz.id, None),
            ("ExternalUrl", None, "https://example.org/a"),
        ]
        for position, (kind, content_id, url) in enumerate(contents, 1):
            session.add(
                ModuleItem(
                    course_id=lms.course.id,
                    module_id=modules[1].id,
                    type=kind,
                    title=f"{kind} item",
                    position=position,
                    indent=position % 2,
                    content_id=content_id,
                    external_url=url,
                )
            )
    return Api(lms, await lms.platform.api_token())


async def test_a_course_by_its_number_and_by_its_context(api: Api) -> None:
    course = (await api.ask()).json()
    assert (course["id"], course["name"], course["course_code"]) == (api.lms.course.id, "Fractions", "MATH-5")
    by_context = await api.ask(f"{BASE}/api/v1/courses/lti_context_id:{api.lms.course.context_id}")
    assert by_context.json() == course
    for nothing in ("999", "abc", api.lms.course.context_id, "lti_context_id:x", "9" * 40):
        answer = await api.ask(f"{BASE}/api/v1/courses/{nothing}/modules")
        assert (answer.status_code, "errors" in answer.json()) == (404, True)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic x"])
async def test_a_wrong_token_is_a_401_that_says_so(api: Api, header: str) -> None:
    answer = await api.ask("/modules", Authorization=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="canvas-lms"'


async def test_modules_come_in_order_with_items_when_asked(api: Api) -> None:
    plain = (await api.ask("/modules")).json()
    assert [module["name"] for module in plain] == ["Unit 1", "Unit 2"]
    assert "items" not in plain[0]
    assert plain[0]["items_count"] == 5
    full = (await api.ask("/modules?include[]=items&include[]=content_details")).json()
    items = full[0]["items"]
    assert [item["type"] for item in items] == ["SubHeader", "Page", "Assignment", "Quiz", "ExternalUrl"]
    assert [item["indent"] for item in items] == [1, 0, 1, 0, 1]
    header, page, essay, quiz, link = items
    assert "html_url" not in header
    assert page["page_url"] == "halves"
    assert "content_id" not in page
    assert essay["content_details"]["points_possible"] == 20
    assert essay["content_details"]["due_at"] == "2026-09-02T08:00:00Z"
    assert quiz["content_details"]["points_possible"] == 5
    assert link["external_url"] == "https://example.org/a"
    assert essay["html_url"] == f"{BASE}/courses/{api.lms.course.id}/modules/items/{essay['id']}"
    again = await api.ask(f"{full[0]['items_url']}?include[]=content_details")
    assert again.json() == items
    assert (await api.ask("/modules/999/items")).status_code == 404


async def test_ids_are_strings_for_who_asks(api: Api) -> None:
    numbers = (await api.ask("/modules?include[]=items")).json()
    strings = (await api.ask("/modules?include[]=items", Accept=f"{STRING_IDS}, application/json")).json()
    assert isinstance(numbers[0]["id"], int)
    assert strings[0]["id"] == str(numbers[0]["id"])
    assert strings[0]["items"][2]["content_id"] == str(numbers[0]["items"][2]["content_id"])
    assert strings[0]["items"][2]["position"] == numbers[0]["items"][2]["position"] == 3


async def test_assignments_name_their_quiz(api: Api) -> None:
    essay, test = (await api.ask("/assignments")).json()
    assert (essay["name"], essay["points_possible"], essay["is_quiz_assignment"]) == ("Essay", 20, False)
    assert test["submission_types"] == ["online_quiz"]
    assert test["is_quiz_assignment"] is True
    assert isinstance(test["quiz_id"], int)
    assert "quiz_id" not in essay
    assert (await api.ask(f"/assignments/{test['id']}")).json() == test
    assert (await api.ask("/assignments/999")).status_code == 404


async def test_lists_come_ten_at_a_time_by_opaque_links(api: Api) -> None:
    now = api.lms.platform.now()
    async with api.lms.platform.store.writing() as session:
        for number in range(23):
            session.add(
                Assignment(course_id=api.lms.course.id, name=f"A{number}", position=9, created_at=now, updated_at=now)
            )
    first = await api.ask("/assignments")
    assert len(first.json()) == 10
    assert "page=bookmark" in first.links["next"]["url"]
    assert len(await api.all("/assignments")) == 25
    assert len(await api.all("/assignments?per_page=7")) == 25
    assert len((await api.ask("/assignments?per_page=1000")).json()) == 25


async def _work(api: Api) -> tuple[int, int]:
    lms, now = api.lms, api.lms.platform.now()
    rows = (await api.ask("/assignments")).json()
    essay_id, test_id = rows[0]["id"], rows[1]["id"]
    async with lms.platform.store.writing() as session:
        essay, test = [await session.get_one(Assignment, row_id) for row_id in (essay_id, test_id)]
        await record_submission(session, essay, lms.student.id, now, body="My essay")
        await record_submission(session, test, lms.student.id, now, score=4)
        await record_submission(session, test, lms.student.id, now + timedelta(minutes=5), score=3)
        await grade(session, essay, lms.second.id, 15, lms.teacher.id, now + timedelta(hours=1))
    return essay_id, test_id


async def test_submissions_of_an_assignment_show_every_student(api: Api) -> None:
    essay_id, test_id = await _work(api)
    by_user = {row["user_id"]: row for row in (await api.ask(f"/assignments/{essay_id}/submissions")).json()}
    mine, theirs = by_user[api.lms.student.id], by_user[api.lms.second.id]
    assert (mine["workflow_state"], mine["score"], mine["submitted_at"]) == ("submitted", None, "2026-09-01T08:00:00Z")
    assert (theirs["workflow_state"], theirs["score"], theirs["grade"]) == ("graded", 15, "15")
    assert (theirs["submitted_at"], theirs["grader_id"]) == (None, api.lms.teacher.id)
    quiz = {row["user_id"]: row for row in (await api.ask(f"/assignments/{test_id}/submissions")).json()}
    # The best attempt counts; the quiz's own grader is no person.
    assert (quiz[api.lms.student.id]["score"], quiz[api.lms.student.id]["attempt"]) == (4, 2)
    assert quiz[api.lms.student.id]["grader_id"] < 0
    assert quiz[api.lms.second.id]["workflow_state"] == "unsubmitted"


async def test_each_attempt_at_a_quiz_is_told_where_it_is_asked_for(api: Api) -> None:
    """A quiz keeps the best score beside the latest attempt; only the history tells them apart."""
    _, test_id = await _work(api)
    async with api.lms.platform.store.writing() as session:
        quiz = (await session.scalars(select(Quiz).where(Quiz.assignment_id == test_id))).one()
        for attempt, score in ((1, 4.0), (2, 1.0)):
            session.add(
                QuizAttempt(
                    quiz_id=quiz.id,
                    person_id=api.lms.student.id,
                    attempt=attempt,
                    answers={},
                    score=score,
                    started_at=api.lms.platform.now(),
                    finished_at=api.lms.platform.now(),
                )
            )
    address = f"/assignments/{test_id}/submissions"
    plain = (await api.ask(address)).json()
    assert all("submission_history" not in row for row in plain)
    asked = {row["user_id"]: row for row in (await api.ask(f"{address}?include[]=submission_history")).json()}
    mine = asked[api.lms.student.id]
    assert (mine["score"], mine["attempt"]) == (4, 2)
    assert [(one["attempt"], one["score"]) for one in mine["submission_history"]] == [(2, 1), (1, 4)]
    assert asked[api.lms.second.id]["submission_history"] == []


async def test_submissions_of_students_are_filtered(api: Api) -> None:
    essay_id, test_id = await _work(api)
    lms = api.lms

    async def keys(query: str) -> set[tuple[int, int]]:
        rows = await api.all(f"/students/submissions?per_page=1&{query}")
        return {(row["user_id"], row["assignment_id"]) for row in rows}

    assert len(await keys("student_ids[]=all")) == 4
    mine = {(lms.student.id, essay_id), (lms.student.id, test_id)}
    assert await keys(f"student_ids[]={lms.student.id}") == mine
    assert await keys(f"student_ids[]=lti_1_3_id:{lms.student.lti_id}") == mine
    assert await keys(f"student_ids[]=all&assignment_ids[]={test_id}&workflow_state=graded") == {
        (lms.student.id, test_id)
    }
    assert await keys("student_ids[]=all&graded_since=2026-09-01T08:30:00Z") == {(lms.second.id, essay_id)}
    assert len(await keys("student_ids[]=all&submitted_since=2026-09-01T00:00:00Z")) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("student_ids[]={teacher}", 401, id="one-who-does-not-study-here"),
        pytest.param("student_ids[]={student}&student_ids[]={stranger}", 401, id="one-of-two-does-not"),
        pytest.param("", 401, id="nobody-and-the-token-is-nobodys"),
        pytest.param("student_ids[]=all&assignment_ids[]=999", 403, id="an-assignment-that-there-is-not"),
        pytest.param("student_ids[]=all&graded_since=x", 400, id="no-moment"),
        pytest.param("student_ids[]=all&graded_since=2026-09-01", 400, id="a-day-without-a-time"),
        pytest.param("student_ids[]=all&enrollment_state=x", 400, id="no-state"),
    ],
)
async def test_one_wrong_id_refuses_the_whole_call(api: Api, query: str, status: int) -> None:
    """submissions_api_controller.rb, for_students: nothing is left out in silence."""
    people = {"student": api.lms.student.id, "teacher": api.lms.teacher.id, "stranger": api.lms.stranger.id}
    answer = await api.ask(f"/students/submissions?{query.format(**people)}")
    assert answer.status_code == status
    assert "www-authenticate" not in answer.headers


async def test_submissions_come_student_by_student_where_they_are_grouped(api: Api) -> None:
    essay_id, test_id = await _work(api)
    rows = await api.all("/students/submissions?student_ids[]=all&grouped=1&per_page=1")
    assert [row["user_id"] for row in rows] == [api.lms.student.id, api.lms.second.id]
    assert {one["assignment_id"] for one in rows[0]["submissions"]} == {essay_id, test_id}


async def test_late_and_missing_follow_the_due_date(api: Api) -> None:
    essay_id, _ = await _work(api)
    api.lms.clock.move(timedelta(days=2))
    async with api.lms.platform.store.writing() as session:
        essay = await session.get_one(Assignment, essay_id)
        await record_submission(session, essay, api.lms.student.id, api.lms.platform.now(), body="again")
        await grade(session, essay, api.lms.second.id, None, api.lms.teacher.id, api.lms.platform.now())
    by_user = {row["user_id"]: row for row in (await api.ask(f"/assignments/{essay_id}/submissions")).json()}
    assert (by_user[api.lms.student.id]["late"], by_user[api.lms.student.id]["missing"]) == (True, False)
    assert (by_user[api.lms.second.id]["late"], by_user[api.lms.second.id]["missing"]) == (False, True)


async def test_people_by_role(api: Api) -> None:
    lms = api.lms
    assert {row["id"] for row in await api.all("/users?enrollment_type[]=student")} == {lms.student.id, lms.second.id}
    assert len(await api.all("/users")) == 4
    assert not any("email" in row or "login_id" in row for row in await api.all("/users"))


async def test_the_token_outlives_a_restart_of_the_store(api: Api) -> None:
    assert f"Bearer {await api.lms.platform.api_token()}" == api.headers["Authorization"]
