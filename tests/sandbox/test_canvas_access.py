"""Every address of Canvas's REST API: who may not call it, what a token has to carry, and whose work a person sees."""

import re
from datetime import timedelta

import httpx
import pytest

from lti_tool.sandbox.canvas_models import DeveloperKey
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.likes.canvas import legacy_id
from tests.sandbox.canvas import Calls, a_key, account, calls_of
from tests.sandbox.conftest import Lms

SCOPES = all_scopes()
LISTS = (
    "modules",
    "assignments",
    "students/submissions?student_ids[]=all",
    "users",
    "enrollments",
    "sections",
    "groups",
    "pages",
    "quizzes",
    "discussion_topics",
    "files",
    "rubrics",
    "outcome_group_links",
    "group_categories",
)


@pytest.fixture
def like() -> str:
    return "canvas"


@pytest.fixture
async def key(lms: Lms) -> DeveloperKey:
    return await a_key(lms)


def _address(lms: Lms, scope: str) -> tuple[str, str]:
    """The method and an address for a scope; what it names need not be there."""
    method, path = scope.removeprefix("url:").split("|")
    path = path.replace(":course_id", str(lms.course.id)).replace("courses/:id", f"courses/{lms.course.id}")
    return method, re.sub(r":\w+", "1", path)


@pytest.mark.parametrize("scope", SCOPES)
async def test_every_address_wants_a_living_token_with_its_scope(lms: Lms, key: DeveloperKey, scope: str) -> None:
    method, address = _address(lms, scope)
    anonymous = await lms.http.request(method, address)
    assert (anonymous.status_code, anonymous.json()["status"]) == (401, "unauthenticated")
    assert anonymous.headers["www-authenticate"] == 'Bearer realm="canvas-lms"'
    calls = await calls_of(lms, lms.teacher, key, [one for one in SCOPES if one != scope])
    lacking = await calls.send(method, address)
    assert (lacking.status_code, "www-authenticate" in lacking.headers) == (401, False)
    assert lacking.json() == {"errors": [{"message": "Insufficient scopes on access token."}]}
    lms.clock.move(timedelta(hours=2))
    dead = await calls.send(method, address)
    assert (dead.status_code, "www-authenticate" in dead.headers) == (401, True)
    assert dead.json() == {"errors": [{"message": "Invalid access token."}]}


@pytest.mark.parametrize("scope", [one for one in SCOPES if ":course_id" in one])
async def test_who_is_not_in_the_course_may_do_nothing_there(lms: Lms, key: DeveloperKey, scope: str) -> None:
    method, address = _address(lms, scope)
    stranger = await calls_of(lms, lms.stranger, key)
    answer = await stranger.send(method, address, json={"assignment_override": {}})
    assert (answer.status_code, "www-authenticate" in answer.headers) in ((401, False), (404, False))
    if answer.status_code == 401:
        assert answer.json() == {
            "status": "unauthorized",
            "errors": [{"message": "user not authorized to perform that action"}],
        }
    nowhere = await stranger.send(method, address.replace(f"courses/{lms.course.id}", "courses/999"))
    assert nowhere.status_code == 404


@pytest.mark.parametrize("path", LISTS)
async def test_lists_come_in_pages_of_ten_and_at_most_a_hundred(lms: Lms, key: DeveloperKey, path: str) -> None:
    calls = await calls_of(lms, lms.teacher, key)
    mark = "&" if "?" in path else "?"
    for asked in (f"/{path}", f"/{path}{mark}per_page=1", f"/{path}{mark}per_page=9999&page=7"):
        answer = await calls.ask(asked)
        assert answer.status_code == 200
        assert {"current", "first"} <= set(answer.links)
    rows = await calls.all(f"/{path}")
    assert await calls.all(f"/{path}{mark}per_page=1") == rows


async def test_a_student_sees_their_own_work_only(lms: Lms, key: DeveloperKey) -> None:
    mine = await calls_of(lms, lms.student, key)
    for path, status in (
        ("/modules", 200),
        (f"/students/submissions?student_ids[]={lms.student.id}", 200),
        ("/students/submissions", 200),
        (f"/students/submissions?student_ids[]={lms.second.id}", 401),
        (f"/modules?student_id={lms.student.id}", 200),
        (f"/modules?student_id={lms.second.id}", 401),
        (f"/outcome_results?user_ids[]={lms.student.id}", 200),
        ("/outcome_results", 401),
        (f"/outcome_alignments?student_id={lms.second.id}", 401),
        ("/bulk_user_progress", 401),
        ("/rubrics", 401),
        ("/group_categories", 401),
    ):
        assert (await mine.ask(path)).status_code == status, path
    everybody = await mine.all("/students/submissions?student_ids[]=all")
    assert {row["user_id"] for row in everybody} <= {lms.student.id}


async def test_an_observer_sees_the_work_of_their_child(lms: Lms, key: DeveloperKey) -> None:
    watching = await calls_of(lms, lms.observer, key)
    assert (await watching.ask(f"/students/submissions?student_ids[]={lms.student.id}")).status_code == 200
    assert (await watching.ask(f"/students/submissions?student_ids[]={lms.second.id}")).status_code == 401


async def test_newer_versions_say_403_to_who_lacks_a_right(lms: Lms, key: DeveloperKey) -> None:
    lms.platform.behaviour.forbidden_status = 403
    assert (await (await calls_of(lms, lms.stranger, key)).ask("/modules")).status_code == 403


async def test_includes_are_not_heard_without_the_box(lms: Lms) -> None:
    deaf, hearing = await a_key(lms, allows_includes=False), await a_key(lms)
    free = await a_key(lms, allows_includes=False, enforces_scopes=False, scopes=[])
    path = "/users?include[]=enrollments"
    told = [
        "enrollments" in (await (await calls_of(lms, lms.teacher, key)).told(path))[0] for key in (deaf, hearing, free)
    ]
    assert told == [False, True, True]
    assert "enrollments" in (await (await account(lms)).told(path))[0]


async def test_administrators_are_told_every_scope(lms: Lms, key: DeveloperKey) -> None:
    rows = await (await account(lms)).all("/api/v1/accounts/1/scopes?per_page=7")
    assert [row["scope"] for row in rows] == SCOPES
    assert rows[0]["verb"] in rows[0]["scope"]
    assert (await (await calls_of(lms, lms.teacher, key)).ask("/api/v1/accounts/1/scopes")).status_code == 401


async def test_the_profile_tells_what_launches_call_somebody(lms: Lms, key: DeveloperKey) -> None:
    mine = await calls_of(lms, lms.teacher, key)
    assert (await mine.told("/api/v1/users/self/profile"))["lti_user_id"] == legacy_id(lms.teacher)
    assert (await mine.told("/api/v1/users/self"))["id"] == lms.teacher.id
    assert (await mine.ask(f"/api/v1/users/{lms.student.id}/profile")).status_code == 401
    everybodys = await account(lms)
    for name in (str(lms.student.id), f"lti_1_3_id:{lms.student.lti_id}", f"lti_user_id:{legacy_id(lms.student)}"):
        assert (await everybodys.told(f"/api/v1/users/{name}/profile"))["id"] == lms.student.id


async def test_the_token_may_come_as_a_parameter(lms: Lms) -> None:
    token = await lms.platform.api_token()
    answer: httpx.Response = await lms.http.get(f"/api/v1/courses/{lms.course.id}?access_token={token}")
    assert answer.status_code == 200


async def test_numbered_pages_name_the_pages_around(lms: Lms) -> None:
    calls: Calls = await account(lms)
    answer = await calls.ask("/api/v1/accounts/1/scopes?per_page=10&page=2")
    assert set(answer.links) == {"current", "next", "prev", "first", "last"}
    assert "page=1" in answer.links["prev"]["url"]
    last = await calls.ask(answer.links["last"]["url"])
    assert "next" not in last.links
    assert last.json()
