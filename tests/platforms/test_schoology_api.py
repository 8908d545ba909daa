"""The client of Schoology's REST API, against answers as Schoology gives them, traps included.

What a usual section holds is asked in ``tests/native``.
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.clock import ManualClock
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import (
    Ability,
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    Capability,
    Lacking,
    NativeContents,
    NativeGap,
    NativeGroup,
    NativeOutcome,
    NativeResult,
    NativeResults,
    NativeTrouble,
    NoResult,
)
from lti_tool.platforms.schoology_api import SchoologyApi
from lti_tool.platforms.schoology_grades import enrolment_of, grade_of
from lti_tool.platforms.schoology_http import AT_ONCE, SPACING
from lti_tool.platforms.schoology_rows import (
    Places,
    Standing,
    discussion_paper,
    flag,
    item_of,
    local,
    moment,
    number,
    paper_of,
    row_id,
    rows_at,
    tags_of,
    type_of,
    zone_of,
)

BASE = "https://api.schoology.com"
SITE = "https://district.schoology.com"
SECTION = "sections/7"
Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


class Schoology:
    """Answers by path, in turn where there are several; remembers what was asked and how long was waited.

    A usual empty section, unless something else is said of it.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []
        self.on("users/me", httpx.Response(303, headers={"location": f"{BASE}/v1/users/5"}))
        self.on("users/5", httpx.Response(200, json={"uid": "5", "tz_name": "America/New_York"}))
        self.on("courses/7/folder/0", folder())
        for name, key in (
            ("assignments", "assignment"),
            ("discussions", "discussion"),
            ("documents", "document"),
            ("pages", "page"),
            ("enrollments", "enrollment"),
            ("completion", "completion"),
            ("grading_groups", "grading_groups"),
        ):
            self.on(f"{SECTION}/{name}", rows(key))
        self.on(f"{SECTION}/grades", grades())
        self.on(SECTION, httpx.Response(200, json={"id": "7", "admin": 1}))

    def on(self, path: str, *answers: Answer) -> "Schoology":
        self.answers[f"/v1/{path}"] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        waiting = self.answers.get(request.url.path)
        if not waiting:
            return httpx.Response(404, text="Not found")
        answer = waiting[0] if len(waiting) == 1 else waiting.pop(0)
        return answer(request) if callable(answer) else answer

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def api(self, credentials: SignedCredentials | None = None, **more: Any) -> SchoologyApi:
        return SchoologyApi(
            httpx.AsyncClient(transport=httpx.MockTransport(self)),
            BASE,
            credentials or SignedCredentials("key", "secret"),
            ManualClock(),
            sleep=self.sleep,
            site_url=SITE,
            **more,
        )

    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/v1/") for request in self.asked]

    def patience(self) -> list[float]:
        """How long was waited beyond the pace."""
        return [seconds for seconds in self.waits if seconds > SPACING]


def rows(key: str, *items: Any, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={key: list(items), "total": len(items), "links": {"self": "http://…"}} | more)


def grades(*items: Any, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"grades": {"grade": list(items)}} | more)


def folder(*items: Any) -> httpx.Response:
    return httpx.Response(200, json={"self": {"id": 0}, "folder-item": list(items)})


def item(number: int, kind: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": number, "title": f"Item {number}", **({"type": kind} if kind else {})} | more


def assignment(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "title": f"Work {number}",
        "type": "assignment",
        "grade_item_id": number,
        "max_points": "10",
    } | more


def grade(enrolment: int, key: int, value: Any, **more: Any) -> dict[str, Any]:
    return {
        "enrollment_id": enrolment,
        "assignment_id": key,
        "grade": value,
        "exception": 0,
        "max_points": 10,
        "is_final": 0,
        "timestamp": 1789000000,
    } | more


def enrolment(number: int, uid: int, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "uid": str(uid), "admin": 0, "status": "1"} | more


async def contents(schoology: Schoology) -> NativeContents:
    return await schoology.api().read_contents("7")


async def gradebook(
    schoology: Schoology, keys: tuple[str, ...] = ("1",), users: tuple[str, ...] = ("40",)
) -> NativeResults:
    return await schoology.api().read_results("7", keys, users)


# --- Contents ---------------------------------------------------------------------------------------------------------


async def test_each_kind_of_item_has_the_address_that_opens_it() -> None:
    schoology = Schoology()
    schoology.on(
        "courses/7/folder/0",
        folder(
            item(1, "assignment"),
            item(2, "assessment"),
            item(3, "assessment_v2"),
            item(4, "managed_assessment"),
            item(5, "discussion"),
            item(6, "page"),
            item(7, "document"),
            item(8, "document"),
            item(9, "document"),
            item(10, "media-album"),
            item(11, "package"),
            item(12, "web"),
            item(13),
            item(14, "Something <new>"),
            item(15, "document"),
        ),
    )
    schoology.on(
        f"{SECTION}/documents",
        rows(
            "document",
            {"id": 7, "attachments": {"files": {"file": {"id": 70}}}},
            {"id": 8, "attachments": {"links": {"link": [{"id": 80}]}}},
            {"id": 9, "attachments": {"external_tools": {"external_tool": [{"id": 90}]}}},
        ),
    )
    found = (await contents(schoology)).items
    home = f"{SITE}/course/7/materials"
    assert [(one.external_id, one.kind, one.url) for one in found] == [
        ("schoology:assignment:1", "assignment", f"{SITE}/assignment/1"),
        ("schoology:assessment:2", "quiz", f"{SITE}/assignment/2"),
        ("schoology:assessment:3", "quiz", f"{SITE}/course/7/assessments/3"),
        ("schoology:assessment:4", "quiz", f"{SITE}/course/7/common-assessment/4"),
        ("schoology:discussion:5", "discussion", f"{home}/discussion/view/5"),
        ("schoology:page:6", "page", f"{SITE}/page/6"),
        ("schoology:document:7", "file", f"{home}/gp/7"),
        ("schoology:document:8", "link", f"{home}/link/view/8"),
        # Where no page of its own is known, its folder's is.
        ("schoology:document:9", "tool", home),
        ("schoology:media-album:10", "page", f"{SITE}/album/10"),
        ("schoology:package:11", "tool", f"{home}/package/11/launch"),
        ("schoology:web-package:12", "page", f"{SITE}/web/12/view"),
        ("schoology:item:13", "link", home),
        ("schoology:somethingnew:14", "link", home),
        ("schoology:document:15", "file", home),
    ]
    assert (await contents(schoology)).home_url == home


async def test_without_a_district_items_open_at_the_common_host() -> None:
    schoology = Schoology().on("courses/7/folder/0", folder(item(1, "assignment")))
    api = schoology.api()
    api.site_url = None
    found = await api.read_contents("7")
    assert (found.items[0].url, found.home_url) == (
        "https://app.schoology.com/assignment/1",
        "https://app.schoology.com/course/7/materials",
    )


async def test_folders_are_walked_in_order_and_none_twice() -> None:
    schoology = Schoology()
    schoology.on(
        "courses/7/folder/0", folder(item(20, "folder", title="Unit"), item(1, "page"), item(21, "folder", status=0))
    )
    schoology.on("courses/7/folder/20", folder(item(2, "page"), item(22, "folder", title="Inner"), item(3, "page")))
    # A folder that holds the one above it, and one that is gone when it is opened.
    schoology.on(
        "courses/7/folder/22", folder(item(20, "folder"), item(4, "page"), item(22, "folder"), item(2, "page"))
    )
    schoology.on("courses/7/folder/21", folder(item(5, "page"), item(23, "folder")))
    found = (await contents(schoology)).items
    assert [(one.external_id, one.section, one.indent, one.published) for one in found] == [
        ("schoology:page:2", "Unit", 0, True),
        ("schoology:folder:22", "Unit", 0, True),
        ("schoology:folder:20", "Unit", 1, True),
        ("schoology:page:4", "Unit", 1, True),
        ("schoology:page:3", "Unit", 0, True),
        ("schoology:page:1", "", 0, True),
        ("schoology:page:5", "Item 21", 0, False),
        ("schoology:folder:23", "Item 21", 0, False),
    ]
    asked = [path for path in schoology.paths() if "folder" in path]
    assert len(asked) == len(set(asked)) == 5
    assert found[1].url == f"{SITE}/course/7/materials?f=22"


async def test_folders_without_an_end_are_given_up() -> None:
    schoology = Schoology()

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.path.rpartition("/")[2])
        return folder(item(number * 2 + 1, "folder"), item(number * 2 + 2, "folder"))

    api = schoology.api()
    api._api._http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda one: answer(one) if "/folder/" in one.url.path else schoology(one))
    )
    with pytest.raises(ApiUnreadable):
        await api.read_contents("7")


async def test_what_is_graded_has_its_points_date_and_key() -> None:
    schoology = Schoology()
    schoology.on(
        "courses/7/folder/0", folder(item(1, "assignment"), item(5, "discussion"), item(6, "discussion"), item(8))
    )
    schoology.on(
        f"{SECTION}/assignments",
        rows(
            "assignment",
            assignment(1, due="2026-09-25 11:30:00", max_points="7.5"),
            assignment(2, published=0),
            assignment(3, is_final="1"),
            assignment(80, grade_item_id=8, type="assessment"),
        ),
    )
    schoology.on(
        f"{SECTION}/discussions",
        rows(
            "discussion",
            {"id": 5, "graded": 1, "grade_item_id": 50, "max_points": 4},
            {"id": 6, "graded": 0, "published": 0},
        ),
    )
    found = {one.external_id: one for one in (await contents(schoology)).items}
    one = found["schoology:assignment:1"]
    # New York's half past eleven: a date without a zone is in that of whoever asks.
    assert (one.result_key, one.points_possible, one.due_at) == ("1", 7.5, datetime(2026, 9, 25, 15, 30, tzinfo=UTC))
    assert (found["schoology:discussion:5"].result_key, found["schoology:discussion:5"].points_possible) == ("50", 4.0)
    assert (found["schoology:discussion:6"].result_key, found["schoology:discussion:6"].published) == (None, False)
    # What a folder does not name by type is known by its column; a column in no folder comes last; a midterm is no work.
    assert (found["schoology:item:8"].kind, found["schoology:item:8"].result_key) == ("quiz", "80")
    assert (found["schoology:assignment:2"].published, found["schoology:assignment:2"].section) == (False, "")
    assert list(found)[-1] == "schoology:assignment:2"
    assert "schoology:assignment:3" not in found


@pytest.mark.parametrize("name", ["discussions", "documents", "pages"])
@pytest.mark.parametrize("status", [403, 404])
async def test_a_list_that_may_not_be_read_leaves_the_folders(name: str, status: int) -> None:
    schoology = Schoology().on("courses/7/folder/0", folder(item(1, "page")))
    schoology.on(f"{SECTION}/{name}", httpx.Response(status))
    assert len((await contents(schoology)).items) == 1


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("courses/7/folder/0", httpx.Response(200, json={})),
        ("courses/7/folder/0", httpx.Response(200, json={"message": "try later"})),
        (f"{SECTION}/assignments", httpx.Response(200, json={})),
        (f"{SECTION}/assignments", httpx.Response(200, json=[])),
        (f"{SECTION}/assignments", httpx.Response(200, text="<result><total>0</total></result>")),
        (f"{SECTION}/assignments", httpx.Response(200, text="")),
        (f"{SECTION}/assignments", httpx.Response(204)),
        (f"{SECTION}/assignments", httpx.Response(302, headers={"location": "https://elsewhere.example/"})),
        (f"{SECTION}/assignments", httpx.Response(400)),
    ],
)
async def test_an_answer_that_is_no_list_is_not_an_empty_course(path: str, answer: httpx.Response) -> None:
    with pytest.raises(ApiUnreadable):
        await contents(Schoology().on(path, answer))


async def test_an_empty_section_is_empty() -> None:
    schoology = Schoology().on(f"{SECTION}/assignments", httpx.Response(200, json={"assignment": "", "total": 0}))
    assert (await contents(schoology)).items == ()


@pytest.mark.parametrize("course_id", ["", "0", "d6c7", "7/../8", "7?a=1", "٧", "-7", "7" * 21])
async def test_a_course_without_a_sections_number_is_not_asked_for(course_id: str) -> None:
    schoology = Schoology()
    with pytest.raises(ApiCourseNotFound):
        await schoology.api().read_contents(course_id)
    with pytest.raises(ApiCourseNotFound):
        await schoology.api().read_results(course_id, ["1"], ["40"])
    assert schoology.asked == []


# --- Pages ------------------------------------------------------------------------------------------------------------


async def test_of_the_next_pages_address_the_query_alone_is_used() -> None:
    schoology = Schoology().on(
        f"{SECTION}/assignments",
        rows(
            "assignment",
            assignment(1),
            links={"next": "http://evil.example/v1/sections/9/assignments?start=200&limit=200"},
        ),
        rows("assignment", assignment(2), links={"next": "?start=400"}),
        rows("assignment", assignment(3), links={"next": ""}),
    )
    assert [one.result_key for one in (await contents(schoology)).items] == ["1", "2", "3"]
    asked = [str(request.url) for request in schoology.asked if "assignments" in request.url.path]
    assert asked == [
        f"{BASE}/v1/sections/7/assignments?limit=200&with_tags=1",
        f"{BASE}/v1/sections/7/assignments?limit=200&with_tags=1&start=200",
        f"{BASE}/v1/sections/7/assignments?limit=200&with_tags=1&start=400",
    ]


async def test_pages_that_go_in_a_circle_are_given_up() -> None:
    schoology = Schoology().on(f"{SECTION}/assignments", rows("assignment", assignment(1), links={"next": "?start=5"}))
    with pytest.raises(ApiUnreadable):
        await contents(schoology)


@pytest.mark.parametrize("following", ["http://[", "https://api.schoology.com/v1/none", "?" + "a" * 5000])
async def test_a_next_page_without_an_address_is_no_end(following: str) -> None:
    schoology = Schoology().on(f"{SECTION}/assignments", rows("assignment", links={"next": following}))
    with pytest.raises(ApiUnreadable):
        await contents(schoology)


# --- Grades -----------------------------------------------------------------------------------------------------------


def class_of(*pairs: tuple[int, int]) -> httpx.Response:
    return rows("enrollment", *(enrolment(number, uid) for number, uid in pairs))


async def test_grades_name_enrolments_and_are_told_of_users() -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40)))
    schoology.on(f"{SECTION}/grades", grades(grade(900, 1, "8.5"), grade(901, 1, 3), grade(900, 2, 3)))
    found = await gradebook(schoology)
    at = datetime.fromtimestamp(1789000000, UTC)
    one = NativeResult("1", "40", 85.0, at, earned=Decimal("8.5"), possible=Decimal(10))
    assert found == NativeResults((one,), (one,), ())
    asked = {request.url.path: request.url.params for request in schoology.asked}
    assert asked["/v1/sections/7/enrollments"]["uid"] == "40"
    assert asked["/v1/sections/7/grades"]["enrollment_id"] == "900"


async def test_users_are_told_by_the_name_they_were_asked_by() -> None:
    """A launch's ``sub`` begins with the API's number."""
    sub = "40::" + "a" * 32
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40), (901, 41)))
    schoology.on(f"{SECTION}/grades", grades(grade(900, 1, 8)))
    assert [one.user_id for one in (await gradebook(schoology, users=(sub, "opaque"))).results] == [sub]


async def test_who_left_and_came_back_has_one_grade() -> None:
    schoology = Schoology().on(
        f"{SECTION}/enrollments",
        rows(
            "enrollment",
            enrolment(950, 40, status="5"),
            enrolment(900, 40),
            enrolment(960, 41, status="2"),
            enrolment(961, 41, status="2"),
        ),
    )
    schoology.on(f"{SECTION}/grades", grades(grade(950, 1, 1), grade(900, 1, 8), grade(960, 1, 2), grade(961, 1, 3)))
    schoology.on("multiget", httpx.Response(404))
    found = await gradebook(schoology, users=("40", "41"))
    assert {one.user_id: one.percent for one in found.results} == {"40": 80.0, "41": 30.0}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"exception": 1}, NoResult.EXCUSED),
        ({"exception": "1"}, NoResult.EXCUSED),
        ({"exception": 2}, NoResult.UNGRADED),
        ({"exception": 3}, NoResult.MISSING),
        ({"exception": 9}, NoResult.UNGRADED),
        ({"grade": None}, NoResult.UNGRADED),
        ({"grade": ""}, NoResult.UNGRADED),
        ({"grade": "A-"}, NoResult.UNGRADED),
        ({"grade": "NaN"}, NoResult.UNGRADED),
        ({"grade": True}, NoResult.UNGRADED),
        ({"pending": 1}, NoResult.WAITING),
        ({"timestamp": 0}, NoResult.UNGRADED),
        ({"timestamp": 10**18}, NoResult.UNGRADED),
    ],
)
def test_what_is_no_grade_says_why(row: dict[str, Any], why: NoResult) -> None:
    assert grade_of(grade(900, 1, 8) | row, "1", "40", None) == NativeGap("1", "40", why)


def test_a_grade_that_the_teacher_shows_later_is_not_told() -> None:
    paper = paper_of(assignment(1, auto_publish_grades=0), UTC)
    found = grade_of(grade(900, 1, 8), "1", "40", paper)
    assert isinstance(found, NativeGap)
    assert found.why is NoResult.HIDDEN
    # What is no grade anyway gives nothing away.
    excused = grade_of(grade(900, 1, None, exception=1), "1", "40", paper)
    assert isinstance(excused, NativeGap)
    assert excused.why is NoResult.EXCUSED


@pytest.mark.parametrize("row", [{"max_points": 0}, {"max_points": None}, {"max_points": -1}, {"is_final": "1"}])
def test_what_has_no_points_or_is_a_final_is_no_piece_of_work(row: dict[str, Any]) -> None:
    assert grade_of(grade(900, 1, 8) | row, "1", "40", None) is None


def test_points_are_the_columns_where_the_grade_does_not_say() -> None:
    found = grade_of(grade(900, 1, 25, max_points=None), "1", "40", paper_of(assignment(1, max_points=20), UTC))
    assert isinstance(found, NativeResult)
    assert (found.percent, found.possible) == (125.0, Decimal(20))
    below = grade_of(grade(900, 1, -2), "1", "40", None)
    assert isinstance(below, NativeResult)
    assert below.percent == 0.0


async def test_many_questions_go_in_one_request() -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of(*((900 + n, 40 + n) for n in range(3))))

    def multiget(request: httpx.Request) -> httpx.Response:
        paths = json.loads(request.content)["request"]
        answers = []
        for path in paths:
            number = int(httpx.URL(path).params["enrollment_id"])
            body: dict[str, Any] = {"grades": {"grade": [grade(number, 1, number - 900)]}}
            if number == 901 and "start" not in path:
                body["links"] = {"next": f"http://api/v1/sections/7/grades?enrollment_id={number}&start=1"}
            # One of many may be refused, and is asked by itself then.
            code = 429 if number == 902 else 200
            answers.append(
                {"location": f"{BASE}{path}", "response_code": code, "body": body if code == 200 else "slow"}
            )
        return httpx.Response(200, json={"response": answers})

    schoology.on("multiget", multiget)
    # The last page of one list, alone by then, and the refused one.
    schoology.on(f"{SECTION}/grades", grades(grade(902, 1, 7)), grades(grade(901, 2, 5)))
    found = await gradebook(schoology, keys=("1", "2", "3"), users=("40", "41", "42"))
    assert {(one.result_key, one.user_id): one.percent for one in found.results} == {
        ("1", "40"): 0.0,
        ("1", "41"): 10.0,
        ("2", "41"): 50.0,
        ("1", "42"): 70.0,
    }
    asked = [request for request in schoology.asked if "multiget" in request.url.path]
    assert len(asked) == 1
    assert asked[0].headers["content-type"] == "application/json"
    # The body is no part of the signature (RFC 5849 §3.4.1.3.1), nor is its digest sent.
    assert "oauth_body_hash" not in asked[0].headers["authorization"]
    assert schoology.asked[-1].url.params["start"] == "1"


async def test_no_request_asks_more_questions_than_are_answered_in_time() -> None:
    many = [(1000 + n, 100 + n) for n in range(120)]
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of(*many))
    sizes: list[int] = []

    def multiget(request: httpx.Request) -> httpx.Response:
        paths = json.loads(request.content)["request"]
        sizes.append(len(paths))
        return httpx.Response(
            200, json={"response": [{"response_code": 200, "body": {"grades": {"grade": []}}} for _ in paths]}
        )

    schoology.on("multiget", multiget)
    await gradebook(schoology, keys=tuple(str(n) for n in range(1, 130)), users=tuple(str(uid) for _, uid in many))
    assert sizes == [AT_ONCE] * 6
    assert AT_ONCE <= 50
    # Too many to be named: everybody's enrolments are asked.
    assert all("uid" not in one.url.params for one in schoology.asked if "enrollments" in one.url.path)


async def test_whichever_are_fewer_are_asked_one_by_one() -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40), (901, 41)))
    await gradebook(schoology, keys=("1",), users=("40", "41"))
    assert schoology.asked[-1].url.params["assignment_id"] == "1"


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_without_multiget_each_is_asked_by_itself(status: int) -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40), (901, 41)))
    schoology.on("multiget", httpx.Response(status))
    schoology.on(f"{SECTION}/grades", grades(grade(900, 1, 8)), grades(grade(901, 1, 6)))
    found = await gradebook(schoology, keys=("1", "2"), users=("40", "41"))
    assert {one.user_id: one.percent for one in found.results} == {"40": 80.0, "41": 60.0}


@pytest.mark.parametrize("answer", [{}, {"response": []}, {"response": [{"body": {}}] * 3}, {"response": "no"}])
async def test_answers_that_belong_to_no_question_are_unreadable(answer: Any) -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40), (901, 41)))
    schoology.on("multiget", httpx.Response(200, json=answer))
    with pytest.raises(ApiUnreadable):
        await gradebook(schoology, keys=("1", "2"), users=("40", "41"))


async def test_what_changed_since_is_asked_for_the_whole_section_at_once() -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40), (901, 41)))
    schoology.on(f"{SECTION}/grades", grades(grade(900, 1, 8), grade(901, 2, 6), grade(901, 3, 6)))
    since = datetime(2026, 9, 1, 10, tzinfo=UTC)
    batches = [one async for one in schoology.api().results("7", ["1", "2"], ["40", "41"], since=since)]
    assert [(one.result_key, one.user_id) for batch in batches for one in batch.results] == [("1", "40"), ("2", "41")]
    [asked] = [request.url.params for request in schoology.asked if request.url.path.endswith("grades")]
    # Whether the second itself is among them is not documented.
    assert asked["timestamp"] == str(int(since.timestamp()) - 1)
    assert not {"assignment_id", "enrollment_id"} & set(asked)


async def test_nobody_enrolled_is_no_question() -> None:
    schoology = Schoology()
    assert await gradebook(schoology) == NativeResults()
    assert not [path for path in schoology.paths() if path.endswith("grades")]


# --- Completion, standards, groups ------------------------------------------------------------------------------------


async def test_completion_is_told_where_it_is_certain() -> None:
    schoology = Schoology().on(
        "courses/7/folder/0",
        folder(item(1, "page", completion_status="incomplete"), item(2, "page"), item(3, "assignment", has_rules=1)),
    )

    def met(uid: int, rules: Any, done: Any, whole: Any) -> dict[str, Any]:
        return {"uid": uid, "total_rules": rules, "completed_rules": done, "completed": whole}

    schoology.on(
        f"{SECTION}/completion",
        rows(
            "completion",
            met(40, 2, 2, 1),
            met(41, "2", "0", "0"),
            met(42, 2, 1, 0),
            met(43, 0, 0, 1),
            met(44, None, None, 1),
            met(49, 2, 2, 1),
        ),
    )
    batches = [one async for one in schoology.api().completions("7", ["40", "41", "42", "43", "44", "nobody"])]
    assert {(one.external_id, one.user_id): one.done for batch in batches for one in batch} == {
        ("schoology:page:1", "40"): True,
        ("schoology:assignment:3", "40"): True,
        ("schoology:page:1", "41"): False,
        ("schoology:assignment:3", "41"): False,
    }


async def test_what_was_just_read_of_the_materials_is_not_read_again() -> None:
    schoology = Schoology().on("courses/7/folder/0", folder(item(1, "page", has_rules=1)))
    api = schoology.api()
    await api.read_contents("7")
    before = len(schoology.asked)
    assert [one async for one in api.completions("7", ["40"])] == []
    await api.read_outcomes("7")
    assert [path.rpartition("/")[2] for path in schoology.paths()[before:]] == ["completion"]
    # What is asked for by itself is read anew, and so is what is old.
    await api.read_contents("7")
    assert schoology.paths().count("courses/7/folder/0") == 2
    assert isinstance(api._clock, ManualClock)
    api._clock.move(timedelta(minutes=11))
    await api.read_outcomes("7")
    assert schoology.paths().count("courses/7/folder/0") == 3


async def test_without_rules_completion_is_not_asked() -> None:
    schoology = Schoology().on("courses/7/folder/0", folder(item(1, "page")))
    assert [one async for one in schoology.api().completions("7", ["40"])] == []
    assert f"{SECTION}/completion" not in schoology.paths()


@pytest.mark.parametrize(
    "tags",
    [
        {"tag": [{"id": 9, "title": "CCSS.1", "description": "Adds."}]},
        [{"id": "9", "title": "CCSS.1", "description": "Adds."}],
    ],
)
def test_tags_are_read_in_both_shapes(tags: Any) -> None:
    assert list(tags_of({"tags": tags})) == [NativeOutcome("9", "CCSS.1", "CCSS.1", "Adds.", ("9", "CCSS.1"))]


def test_an_objective_of_the_schools_own_has_no_code() -> None:
    assert list(tags_of({"tags": {"tag": {"id": 9, "title": "Talks about fractions"}}})) == [
        NativeOutcome("9", "Talks about fractions", "", "", ("9",))
    ]
    assert list(tags_of({"tags": {"tag": [{"id": 0, "title": "x"}, {"id": 9}, "no"]}})) == []


async def test_groups_hold_users_and_strange_ones_nobody() -> None:
    schoology = Schoology().on(f"{SECTION}/enrollments", class_of((900, 40), (901, 41)))
    schoology.on(
        f"{SECTION}/grading_groups",
        rows(
            "grading_groups",
            {"id": 1, "title": "Owls", "members": [900, "901", 999, None, {}]},
            {"id": 2, "members": "none"},
            {"title": "without an id"},
        ),
    )
    assert await schoology.api().read_groups("7") == (
        NativeGroup("1", "Owls", frozenset({"40", "41"})),
        NativeGroup("2", "group 2", frozenset()),
    )


# --- What it can do ---------------------------------------------------------------------------------------------------


async def test_a_personal_key_reads_its_own_data_and_is_told_from_a_dead_one() -> None:
    """Since 25 June 2025 Schoology answers 401 for other people's data."""
    schoology = Schoology()
    for name in ("enrollments", "grades", "completion", "grading_groups"):
        schoology.on(f"{SECTION}/{name}", httpx.Response(401, text="Unauthorized"))
    found = await schoology.api().find_out("7")
    lacking = Ability(False, Lacking.NOT_PERMITTED, ("school-app",))
    assert found.abilities[Capability.CONTENTS] == found.abilities[Capability.OUTCOMES] == Ability(True)
    assert {found.abilities[one] for one in (Capability.RESULTS, Capability.COMPLETION, Capability.GROUPS)} == {lacking}
    assert found.abilities[Capability.EVENTS] == Ability(False, Lacking.NOT_OFFERED)
    assert found.remarks == ("personal-key",)
    with pytest.raises(ApiNotPermitted):
        await gradebook(schoology)
    schoology.on("users/me", httpx.Response(401, text="Invalid token"))
    with pytest.raises(ApiTokenRefused):
        await gradebook(schoology)
    with pytest.raises(ApiTokenRefused):
        await schoology.api().find_out("7")
    with pytest.raises(ApiTokenRefused):
        await schoology.api().find_out(None)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_section_that_is_somebody_elses_lacks_a_right(status: int) -> None:
    schoology = Schoology()
    for path in [
        "courses/7/folder/0",
        SECTION,
        *(f"{SECTION}/{one}" for one in ("assignments", "enrollments", "grades", "completion", "grading_groups")),
    ]:
        schoology.on(path, httpx.Response(status))
    found = await schoology.api().find_out("7")
    lacking = Ability(False, Lacking.NOT_PERMITTED, ("section-admin",))
    assert {found.abilities[one] for one in SchoologyApi.offers} == {lacking}
    assert found.remarks == ("not-section-admin",)


@pytest.mark.parametrize("status", [403, 404])
async def test_an_access_that_acts_as_nobody_is_alive(status: int) -> None:
    schoology = Schoology().on("users/me", httpx.Response(status)).on("courses/7/folder/0", folder(item(1, "page")))
    found = await schoology.api().find_out("7")
    assert all(found.abilities[one].able for one in SchoologyApi.offers)
    assert len((await contents(schoology)).items) == 1
    schoology.on(f"{SECTION}/enrollments", httpx.Response(401))
    assert (await schoology.api().find_out("7")).remarks == ("personal-key",)


async def test_what_fails_says_so_and_what_has_to_wait_is_trouble() -> None:
    schoology = Schoology().on(f"{SECTION}/completion", httpx.Response(200, text="<result/>"))
    found = await schoology.api().find_out("7")
    assert found.abilities[Capability.COMPLETION] == Ability(False, Lacking.FAILED)
    assert found.abilities[Capability.RESULTS] == Ability(True)
    assert found.remarks == ()
    with pytest.raises(ApiUnreachable):
        await Schoology().on(f"{SECTION}/grades", httpx.Response(503)).api().find_out("7")


async def test_a_member_who_does_not_administer_the_section_is_remarked() -> None:
    schoology = Schoology().on(SECTION, httpx.Response(200, json={"id": "7", "admin": 0}))
    assert (await schoology.api().find_out("7")).remarks == ("not-section-admin",)


# --- Trouble ----------------------------------------------------------------------------------------------------------


async def test_requests_go_one_after_the_other_at_the_pace_schoology_bears() -> None:
    schoology = Schoology()
    at_once = most = 0
    transport = httpx.MockTransport(schoology)

    class Counting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1
            return await transport.handle_async_request(request)

    turn = asyncio.Lock()
    apis = [schoology.api(turn=turn) for _ in range(3)]
    for api in apis:
        api._api._http = httpx.AsyncClient(transport=Counting())
    await asyncio.gather(*(api.read_contents("7") for api in apis))
    assert most == 1
    assert len(schoology.waits) == len(schoology.asked)
    assert all(0 < seconds <= SPACING for seconds in schoology.waits)


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (httpx.Response(429), [1.0, 2.0]),
        (httpx.Response(429, headers={"retry-after": "3"}), [3.0, 3.0]),
        (httpx.Response(503), [1.0, 2.0]),
        (
            httpx.Response(
                401, text="Duplicate timestamp/nonce combination, possible replay attack. Request rejected."
            ),
            [1.0, 2.0],
        ),
    ],
)
async def test_what_asks_to_wait_is_asked_again_with_another_signature(
    answer: httpx.Response, waits: list[float]
) -> None:
    schoology = Schoology().on(f"{SECTION}/assignments", answer, answer, rows("assignment", assignment(1)))
    assert len((await contents(schoology)).items) == 1
    assert schoology.patience() == waits
    asked = [request.headers["authorization"] for request in schoology.asked if "assignments" in request.url.path]
    assert len(asked) == len(set(asked)) == 3


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.Response(429, headers={"retry-after": "60"}), ApiBusy),
        (httpx.Response(429), ApiBusy),
        (httpx.Response(502), ApiUnreachable),
        (httpx.Response(401, text="Duplicate timestamp/nonce combination"), ApiBusy),
        (httpx.Response(403), ApiNotPermitted),
        (httpx.Response(401), ApiNotPermitted),
        (httpx.Response(404), ApiCourseNotFound),
        (httpx.Response(410), ApiCourseNotFound),
        (httpx.Response(500), ApiUnreachable),
    ],
)
async def test_what_an_answer_means(answer: httpx.Response, trouble: type[NativeTrouble]) -> None:
    schoology = Schoology().on(f"{SECTION}/assignments", answer)
    with pytest.raises(trouble) as caught:
        await contents(schoology)
    assert "http" not in str(caught.value)


async def test_no_answer_is_unreachable_and_tells_no_key() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout(f"{request.url} {request.headers['authorization']}", request=request)

    with pytest.raises(ApiUnreachable) as caught:
        await contents(Schoology().on(f"{SECTION}/assignments", fail))
    assert str(caught.value) == "no answer: ReadTimeout"
    assert caught.value.__cause__ is None


async def test_a_persons_token_is_signed_with() -> None:
    schoology = Schoology()
    await schoology.api(SignedCredentials("key", "secret", "token", "other")).read_contents("7")
    assert all('oauth_token="token"' in request.headers["authorization"] for request in schoology.asked)
    assert all(request.headers["accept"] == "application/json" for request in schoology.asked)


# --- Rows of any shape ------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
NAMES = [
    "id",
    "uid",
    "type",
    "title",
    "grade_item_id",
    "max_points",
    "due",
    "published",
    "auto_publish_grades",
    "is_final",
    "graded",
    "exception",
    "grade",
    "timestamp",
    "pending",
    "status",
    "admin",
    "attachments",
    "files",
    "file",
    "links",
    "tags",
    "tag",
    "description",
    "completion_status",
    "has_rules",
    "tz_name",
]
ROWS = st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=len(NAMES))


@given(row=ROWS, other=ROWS)
def test_no_row_is_too_strange(row: dict[str, Any], other: dict[str, Any]) -> None:
    paper = paper_of(other, UTC)
    papers = {paper.content_id: paper} if paper is not None else {}
    found = item_of(row, Standing(), Places(SITE, "7"), papers, {})
    assert found is None or (0 < len(found.title) <= 500 and len(found.external_id) < 100)
    discussion_paper(row, UTC)
    enrolment_of(row)
    told = grade_of(row, "1", "40", paper)
    assert told is None or isinstance(told, NativeGap) or 0 <= told.percent < float("inf")
    assert all(tag.title for tag in tags_of(row))
    zone_of(row)


ENVELOPES = (
    "folder-item self assignment discussion document page enrollment grades grade completion grading_groups response "
    "response_code body links next total count members"
)
BODIES = st.recursive(
    ANYTHING | ROWS,
    lambda inner: (
        st.dictionaries(st.sampled_from([*ENVELOPES.split(), *NAMES]), inner, max_size=5) | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)
STATUSES = st.sampled_from([200] * 12 + [204, 301, 303, 400, 401, 403, 404, 500])


@settings(max_examples=30, deadline=None)
@given(answers=st.lists(st.tuples(STATUSES, BODIES), min_size=1, max_size=12))
def test_no_answer_is_too_strange(answers: list[tuple[int, Any]]) -> None:
    """Whatever Schoology says: values of the port, or trouble that a person can read."""
    turn = itertools.cycle(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        status, body = next(turn)
        return httpx.Response(status, content=json.dumps(body), headers={"location": "/v1/users/5"})

    async def ask() -> None:
        api = Schoology().api()
        api._api._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        questions = (
            lambda: api.find_out("7"),
            lambda: api.read_contents("7"),
            lambda: api.read_results("7", ["1", "2"], ["40", "41"]),
            lambda: api.read_outcomes("7"),
            lambda: api.read_groups("7"),
        )
        for question in questions:
            with contextlib.suppress(NativeTrouble):
                await question()
        with contextlib.suppress(NativeTrouble):
            assert all(
                one.user_id == "40" for batch in [x async for x in api.completions("7", ["40"])] for one in batch
            )

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", "7"), (7, "7"), (0, None), ("0", None), (True, None), (7.0, None), (" 7 ", "7"), (-7, None)],
)
def test_ids_come_as_numbers_and_as_text(value: object, expected: str | None) -> None:
    assert row_id(value) == expected


def test_values_that_are_none() -> None:
    assert [number(one) for one in ("x", None, "", True, [], "1e999", float("inf"), "1e20")] == [None] * 8
    assert [moment(one) for one in (0, "0", -5, None, "soon", 10**30)] == [None] * 6
    assert local("2026-13-01 00:00:00", UTC) is None
    assert local("0001-01-01 00:00:00", zone_of({"tz_name": "Asia/Tokyo"})) is None
    assert zone_of({"tz_name": "Nowhere/Land"}) is UTC
    assert zone_of({"tz_name": "/etc/passwd"}) is UTC
    assert zone_of({"tz_name": "Europe"}) is UTC
    assert [flag(one, absent=True) for one in (None, "", "yes", [], 2)] == [True] * 5
    assert type_of({"a": 1}) == "item"
    assert rows_at({"a": {"b": 5}}, "a", "b") == []
