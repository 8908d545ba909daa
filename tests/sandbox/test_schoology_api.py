"""Schoology's REST API as the sandbox plays it: who may ask what, and in which shapes it is answered."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from defusedxml.ElementTree import fromstring

from lti_tool.sandbox.loading import load_sample
from lti_tool.sandbox.schoology_access import MOST_REQUESTS, Keys, app_keys, personal_keys
from lti_tool.sandbox.store import add_person, enrolment_in, roster
from tests.sandbox.conftest import BASE, TOOL, Lms
from tests.sandbox.liking import cookie
from tests.sandbox.schoology import Api, Filled, filled, header

CALLBACK = f"{TOOL}/api-access/back?state=a%20b"


@pytest.fixture
def like() -> str:
    return "schoology"


@pytest.fixture
async def api(lms: Lms) -> Api:
    """The application's own keys."""
    return Api(lms, await app_keys(lms.platform))


@pytest.fixture
async def there(lms: Lms) -> Filled:
    return await filled(lms)


async def token_of(lms: Lms, api: Api, login: str, decision: str = "allow") -> tuple[str, str]:
    """A person's access token, by the whole way; without one where the answer is no."""
    person = {"teacher": lms.teacher, "student": lms.student, "stranger": lms.stranger}[login]
    url = f"{BASE}/v1/oauth/request_token"
    signed = header("GET", url, api.keys, lms.platform.now().timestamp(), more={"oauth_callback": CALLBACK})
    asked = dict(parse_qsl((await lms.http.get(url, headers={"Authorization": signed})).text))
    browser = await cookie(lms, person)
    page = await lms.http.get(
        f"{BASE}/oauth/authorize",
        params={"oauth_token": asked["oauth_token"], "oauth_callback": CALLBACK},
        headers=browser,
    )
    assert page.status_code == 200, page.text
    assert f"form-action 'self' {TOOL};" in page.headers["content-security-policy"]
    form = {"oauth_token": asked["oauth_token"], "oauth_callback": CALLBACK, "decision": decision}
    back = await lms.http.post(f"{BASE}/oauth/authorize", data=form, headers=browser)
    assert back.status_code == 303
    assert back.headers["location"] == f"{CALLBACK}&oauth_token={asked['oauth_token']}"
    answer = await Api(lms, api.keys, (asked["oauth_token"], asked["oauth_token_secret"])).ask("oauth/access_token")
    given = dict(parse_qsl(answer.text)) if answer.status_code == 200 else {}
    return given.get("oauth_token", ""), given.get("oauth_token_secret", "")


# --- Who calls --------------------------------------------------------------------------------------------------------


async def test_the_applications_keys_act_as_the_school(lms: Lms, api: Api) -> None:
    answer = await api.ask("users/me")
    assert answer.status_code == 404  # Nobody administers this school.
    assert (await api.body(api.section))["admin"] == 1
    [one] = [
        row for row in (await api.body(f"{api.section}/enrollments"))["enrollment"] if row["uid"] == str(lms.student.id)
    ]
    assert (one["admin"], one["status"]) == (0, "1")


@pytest.mark.parametrize(
    "changes",
    [
        {"oauth_signature": "bm9uZQ=="},
        {"oauth_consumer_key": "another"},
        {"oauth_token": "unknown"},
        {"oauth_token": None},
        {"oauth_nonce": "changed afterwards"},
        {"oauth_timestamp": "1"},
        {"oauth_timestamp": "soon"},
        {"oauth_signature_method": "RSA-SHA1"},
    ],
    ids=str,
)
async def test_a_request_that_is_not_signed_right_is_refused(lms: Lms, api: Api, changes: dict[str, Any]) -> None:
    url, now = f"{BASE}/v1/{api.section}", lms.platform.now().timestamp()
    good = header("GET", url, api.keys, now)
    headers = {"Accept": "application/json"}
    changed_after = good.replace("nonce-", "other-")
    bad = changed_after if "oauth_nonce" in changes else header("GET", url, api.keys, now, **changes)
    assert (await lms.http.get(url, headers=headers | {"Authorization": bad})).status_code == 401
    assert (await lms.http.get(url, headers=headers | {"Authorization": good})).status_code == 200


async def test_no_signature_another_secret_and_another_query_are_refused(lms: Lms, api: Api) -> None:
    url, now = f"{BASE}/v1/{api.section}/enrollments?uid=1%2C2", lms.platform.now().timestamp()
    for one in (
        "",
        "Bearer abc",
        header("GET", url, Keys(api.keys.key, "wrong"), now),
        header("POST", url, api.keys, now),
    ):
        assert (await lms.http.get(url, headers={"Authorization": one})).status_code == 401
    other = header("GET", url, api.keys, now)
    assert (await lms.http.get(f"{url}&limit=5", headers={"Authorization": other})).status_code == 401
    assert (await lms.http.get(url, headers={"Authorization": header("GET", url, api.keys, now)})).status_code == 200


async def test_a_plain_signature_is_taken(lms: Lms, api: Api) -> None:
    url = f"{BASE}/v1/{api.section}"
    plain = header(
        "GET",
        url,
        api.keys,
        lms.platform.now().timestamp(),
        oauth_signature_method="PLAINTEXT",
        oauth_signature=f"{api.keys.secret}&",
    )
    assert (await lms.http.get(url, headers={"Authorization": plain})).status_code == 200


async def test_a_request_is_taken_once_and_time_does_not_go_back(lms: Lms, api: Api) -> None:
    url, now = f"{BASE}/v1/{api.section}", lms.platform.now().timestamp()
    one = header("GET", url, api.keys, now)
    assert (await lms.http.get(url, headers={"Authorization": one})).status_code == 200
    again = await lms.http.get(url, headers={"Authorization": one})
    assert (again.status_code, "replay" in again.text) == (401, True)
    for at, status in ((now - 1, 401), (now + 400, 401), (now - 400, 401), (now + 2, 200)):
        answer = await lms.http.get(url, headers={"Authorization": header("GET", url, api.keys, at)})
        assert answer.status_code == status


async def test_more_than_fifty_requests_in_five_seconds_are_too_many(lms: Lms, api: Api) -> None:
    answers = [(await api.ask(api.section)).status_code for _ in range(MOST_REQUESTS + 1)]
    assert answers == [200] * MOST_REQUESTS + [429]
    lms.clock.move(timedelta(seconds=5))
    assert (await api.ask(api.section)).status_code == 200


async def test_a_personal_key_reads_nobody_elses_data(lms: Lms, there: Filled) -> None:
    mine = Api(lms, await personal_keys(lms.platform))
    assert (await mine.ask("users/me")).headers["location"] == f"{BASE}/v1/users/{lms.teacher.id}"
    assert (await mine.body(f"users/{lms.teacher.id}"))["tz_name"] == "Europe/London"
    assert (await mine.body(f"courses/{lms.course.id}/folder/0"))["folder-item"]
    for path in (
        f"users/{lms.student.id}",
        *(f"{mine.section}/{name}" for name in ("enrollments", "grades", "completion", "grading_groups")),
    ):
        assert (await mine.ask(path)).status_code == 401, path


async def test_when_tokens_are_refused_keys_are(lms: Lms, api: Api) -> None:
    lms.platform.behaviour.refuses_tokens = True
    assert (await api.ask("users/me")).status_code == 401


# --- Consent ----------------------------------------------------------------------------------------------------------


async def test_a_teacher_lets_the_tool_act_for_them_and_it_reads_what_they_may(
    lms: Lms, api: Api, there: Filled
) -> None:
    teacher = Api(lms, api.keys, await token_of(lms, api, "teacher"))
    assert (await teacher.ask("users/me")).headers["location"].endswith(f"/users/{lms.teacher.id}")
    assert (await teacher.body("app-user-info"))["api_uid"] == lms.teacher.id
    assert (await teacher.body(teacher.section))["admin"] == 1
    assert len((await teacher.body(f"{teacher.section}/grades?limit=50"))["grades"]["grade"]) == 6
    # Ninety days, and it has ended.
    lms.clock.move(timedelta(days=91))
    assert (await teacher.ask("users/me")).status_code == 401


async def test_a_student_sees_their_own(lms: Lms, api: Api, there: Filled) -> None:
    student = Api(lms, api.keys, await token_of(lms, api, "student"))
    grades = (await student.body(f"{student.section}/grades?limit=50"))["grades"]["grade"]
    assert {row["enrollment_id"] for row in grades} == {there["place of student"]}
    for name in ("enrollments", "completion", "grading_groups"):
        assert (await student.ask(f"{student.section}/{name}")).status_code == 403
    root = (await student.body(f"courses/{lms.course.id}/folder/0"))["folder-item"]
    assert [row["title"] for row in root] == ["Unit 1"]
    unit = (await student.body(f"courses/{lms.course.id}/folder/{there['unit']}"))["folder-item"]
    assert {row["title"]: row["completed"] for row in unit} == {"Halves": 1, "Essay": 1, "More": 0, "Why?": 0}


async def test_somebody_elses_section_is_not_theirs(lms: Lms, api: Api) -> None:
    stranger = Api(lms, api.keys, await token_of(lms, api, "stranger"))
    for path in (
        stranger.section,
        f"courses/{lms.course.id}/folder/0",
        f"{stranger.section}/grades",
        f"users/{lms.student.id}",
    ):
        assert (await stranger.ask(path)).status_code == 403
    assert (await stranger.ask("sections/99")).status_code == 404


async def test_what_was_not_allowed_is_worth_nothing(lms: Lms, api: Api) -> None:
    assert await token_of(lms, api, "teacher", decision="deny") == ("", "")


async def test_a_request_token_is_no_access_and_works_once(lms: Lms, api: Api) -> None:
    answer = dict(parse_qsl((await api.ask("oauth/request_token")).text))
    waiting = Api(lms, api.keys, (answer["oauth_token"], answer["oauth_token_secret"]))
    assert (await waiting.ask("users/me")).status_code == 401
    # Nobody has allowed it yet.
    assert (await waiting.ask("oauth/access_token")).status_code == 401
    assert (await api.ask("oauth/access_token")).status_code == 401
    allowed = await token_of(lms, api, "teacher")
    assert (await Api(lms, api.keys, allowed).ask("oauth/access_token")).status_code == 401
    assert (await Api(lms, api.keys, allowed).ask("oauth/request_token")).status_code == 401


async def test_the_page_leads_back_to_nobody_else(lms: Lms, api: Api) -> None:
    url = f"{BASE}/v1/oauth/request_token"
    signed = header("GET", url, api.keys, lms.platform.now().timestamp(), more={"oauth_callback": CALLBACK})
    token = dict(parse_qsl((await lms.http.get(url, headers={"Authorization": signed})).text))["oauth_token"]
    browser = await cookie(lms, lms.teacher)
    for callback in ("https://evil.example/", "javascript:alert(1)", f"{TOOL}.evil.example/"):
        asked = {"oauth_token": token, "oauth_callback": callback}
        assert (await lms.http.get(f"{BASE}/oauth/authorize", params=asked, headers=browser)).status_code == 404
        assert (await lms.http.post(f"{BASE}/oauth/authorize", data=asked, headers=browser)).status_code == 404
    # Another site's page presses no button here; who is not signed in signs in first.
    form = {"oauth_token": token, "decision": "allow"}
    foreign = browser | {"Origin": "https://evil.example"}
    assert (await lms.http.post(f"{BASE}/oauth/authorize", data=form, headers=foreign)).status_code == 403
    first = await lms.http.get(f"{BASE}/oauth/authorize", params={"oauth_token": token})
    assert (first.status_code, urlsplit(first.headers["location"]).path) == (303, "/login")
    assert (
        await lms.http.get(f"{BASE}/oauth/authorize", params={"oauth_token": "none"}, headers=browser)
    ).status_code == 404


# --- Content ----------------------------------------------------------------------------------------------------------


async def test_folders_hold_what_modules_do_and_a_heading_is_a_folder(lms: Lms, api: Api, there: Filled) -> None:
    course = f"courses/{lms.course.id}/folder"
    root = await api.body(f"{course}/0")
    assert (root["self"]["id"], root["self"]["status"]) == (0, 0)
    assert [(row["id"], row["title"], row["status"]) for row in root["folder-item"]] == [
        (there["unit"], "Unit 1", 1),
        (there["drafts"], "Drafts", 0),
    ]
    unit = await api.body(f"{course}/{there['unit']}")
    assert unit["parent"]["id"] == 0
    assert [(row["type"], row["id"], row["completion_status"]) for row in unit["folder-item"]] == [
        ("page", there["page"], "incomplete"),
        ("assignment", there["essay"], "incomplete"),
        ("folder", there["more"], ""),
        ("discussion", there["talk"], ""),
        ("document", there["file"], ""),
    ]
    more = await api.body(f"{course}/{there['more']}")
    assert (more["self"]["title"], more["parent"]["id"]) == ("More", there["unit"])
    assert [(row["type"], row["id"]) for row in more["folder-item"]] == [
        ("assessment_v2", there["test"]),
        ("document", there["link"]),
    ]
    for path in (
        f"{course}/{there['page']}",
        f"{course}/99999",
        "courses/99/folder/0",
        f"{course}/x",
        "sections",
        "none",
    ):
        assert (await api.ask(path)).status_code == 404


async def test_lists_say_more_of_what_is_in_folders(lms: Lms, api: Api, there: Filled) -> None:
    assignments = (await api.body(f"{api.section}/assignments"))["assignment"]
    assert [(row["id"], row["type"], row["max_points"]) for row in assignments] == [
        (there["essay"], "assignment", "20"),
        (there["test"], "assessment", "5"),
        (there["loose"], "assignment", "50"),
    ]
    assert (assignments[0]["due"], assignments[1]["due"]) == ("2026-09-02 08:00:00", "")
    assert "tags" not in assignments[0]
    documents = {row["id"]: row for row in (await api.body(f"{api.section}/documents"))["document"]}
    assert documents[there["file"]]["published"] == 0
    assert documents[there["link"]]["attachments"]["links"]["link"][0]["url"] == "https://example.org/a"
    assert [row["id"] for row in (await api.body(f"{api.section}/pages"))["page"]] == [there["page"]]
    assert [row["graded"] for row in (await api.body(f"{api.section}/discussions"))["discussion"]] == [0]
    tagged = (await api.body(f"{api.section}/assignments?with_tags=1"))["assignment"]
    assert [[tag["title"] for tag in row["tags"]["tag"]] for row in tagged] == [["CCSS.1"], [], []]


async def test_pages_lead_to_the_next_one_and_are_twenty_rows_unless_asked(lms: Lms, api: Api, there: Filled) -> None:
    first = await api.body(f"{api.section}/enrollments?limit=2&uid={lms.student.id},{lms.second.id},{there['third']}")
    assert (len(first["enrollment"]), first["total"]) == (2, "3")
    following = first["links"]["next"].removeprefix(f"{BASE}/v1/")
    assert dict(parse_qsl(urlsplit(following).query)).items() >= {"start": "2", "limit": "2"}.items()
    second = await api.body(following)
    assert [row["uid"] for row in second["enrollment"]] == [str(there["third"])]
    assert "next" not in second["links"]
    assert "limit=20" in (await api.body(f"{api.section}/assignments"))["links"]["self"]
    assert "limit=200" in (await api.body(f"{api.section}/assignments?limit=1000"))["links"]["self"]


async def test_without_accept_the_answer_is_xml(lms: Lms, api: Api, there: Filled) -> None:
    answer = await api.ask(f"{api.section}/assignments", headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("text/xml")
    root = fromstring(answer.content)
    assert [one.findtext("title") for one in root.findall("assignment")] == ["Essay", "Test", "Final project"]


# --- Grades and the rest ----------------------------------------------------------------------------------------------


async def test_grades_name_places_and_exceptions_have_no_number(lms: Lms, api: Api, there: Filled) -> None:
    grades = (await api.body(f"{api.section}/grades"))["grades"]["grade"]
    found = {
        (row["enrollment_id"], row["assignment_id"]): (row["grade"], row["exception"], row["pending"]) for row in grades
    }
    first, second, third = (there[f"place of {login}"] for login in ("student", "second", "third"))
    assert found == {
        (first, there["essay"]): (15, 0, None),
        (first, there["test"]): (5, 0, None),
        (second, there["essay"]): (None, 1, None),
        (second, there["test"]): (None, 3, None),
        (third, there["essay"]): (10, 0, None),
        (third, there["test"]): (None, 0, 1),
    }
    [one] = (await api.body(f"{api.section}/grades?assignment_id={there['essay']}&enrollment_id={first}"))["grades"][
        "grade"
    ]
    assert (one["grade"], one["max_points"], one["timestamp"]) == (15, 20, int(lms.platform.now().timestamp()))
    later = int(lms.platform.now().timestamp())
    assert (await api.body(f"{api.section}/grades?timestamp={later}"))["grades"]["grade"] == []
    assert len((await api.body(f"{api.section}/grades?timestamp={later - 1}"))["grades"]["grade"]) == 6


async def test_who_left_is_there_for_who_asks(lms: Lms, api: Api, there: Filled) -> None:
    async with lms.platform.store.writing() as session:
        place = await enrolment_in(session, lms.course.id, lms.second.id)
        assert place is not None
        place.active = False
    mine = str(lms.second.id)
    usual = (await api.body(f"{api.section}/enrollments"))["enrollment"]
    assert mine not in {row["uid"] for row in usual}
    everybody = (await api.body(f"{api.section}/enrollments?enrollment_status=1,2,5"))["enrollment"]
    assert {row["status"] for row in everybody if row["uid"] == mine} == {"5"}


async def test_completion_counts_rules_and_groups_hold_places(lms: Lms, api: Api, there: Filled) -> None:
    rows = (await api.body(f"{api.section}/completion"))["completion"]
    assert {row["uid"]: (row["total_rules"], row["completed_rules"], row["completed"]) for row in rows} == {
        lms.student.id: (2, 2, 1),
        lms.second.id: (2, 0, 0),
        there["third"]: (2, 1, 0),
    }
    [group] = (await api.body(f"{api.section}/grading_groups"))["grading_groups"]
    assert (group["title"], set(group["members"])) == ("Owls", {there["place of student"], there["place of second"]})


async def test_fifty_questions_are_answered_at_once_each_with_its_status(lms: Lms, api: Api, there: Filled) -> None:
    asked = [
        f"/v1/{api.section}",
        "/v1/sections/99",
        f"/v1/{api.section}/grades?limit=1",
        f"/v1/{api.section}/completion",
        "/v1/users/me",
    ]
    answer = await api.ask("multiget", "POST", content=json.dumps({"request": asked}))
    rows = answer.json()["response"]
    assert [row["response_code"] for row in rows] == [200, 404, 200, 400, 400]
    assert rows[0]["body"]["id"] == str(lms.course.id)
    assert len(rows[2]["body"]["grades"]["grade"]) == 1
    assert rows[2]["location"] == f"{BASE}{asked[2]}"
    for body in ("", "{}", "[]", '{"request": [1]}', json.dumps({"request": asked * 11})):
        assert (await api.ask("multiget", "POST", content=body)).status_code == 400


# --- Pages ------------------------------------------------------------------------------------------------------------


async def test_schoologys_addresses_open_the_sandboxs_pages(lms: Lms, there: Filled) -> None:
    browser, course = await cookie(lms, lms.teacher), f"/course/{lms.course.id}"
    places = {
        f"/assignment/{there['essay']}": "/assignments/",
        f"{course}/assessments/{there['test']}": "/quizzes/",
        f"/page/{there['page']}": "/pages/halves",
        f"{course}/materials/discussion/view/{there['talk']}": "/discussion_topics/",
        f"{course}/materials/gp/{there['file']}": "/files/",
        f"{course}/materials/link/view/{there['link']}": "/modules/items/",
        f"{course}/materials": f"/courses/{lms.course.id}",
        f"{course}/materials?f={there['unit']}": f"/courses/{lms.course.id}",
    }
    for address, leads_to in places.items():
        answer = await lms.http.get(f"{BASE}{address}", headers=browser)
        assert answer.status_code == 303, address
        assert leads_to in answer.headers["location"]
        page = await lms.http.get(f"{BASE}{answer.headers['location'].partition('#')[0]}", headers=browser)
        assert page.status_code == 200, address
    for address in ("/assignment/1", "/page/99991", f"/assignment/{10**18}", f"/page/{there['essay']}"):
        assert (await lms.http.get(f"{BASE}{address}", headers=browser)).status_code == 404
    assert (await lms.http.get(f"{BASE}/page/{there['page']}")).headers["location"].startswith("/login")


async def test_the_administrators_page_shows_the_keys_of_a_tool_that_is_on(lms: Lms, api: Api) -> None:
    async with lms.platform.store.writing() as session:
        admin = await add_person(
            session, login="admin", given_name="A", family_name="D", kind="administrator", now=lms.platform.now()
        )
    page = await lms.http.get(f"{BASE}/admin/tools/{lms.tool.id}", headers=await cookie(lms, admin))
    assert api.keys.key in page.text
    assert api.keys.secret in page.text
    assert (await api.ask("users/me")).headers["location"] == f"{BASE}/v1/users/{admin.id}"


async def test_the_sample_course_has_rules_and_standards(lms: Lms, api: Api) -> None:
    course_id = await load_sample(lms.platform.store, lms.platform.now())
    section = f"sections/{course_id}"
    tagged = {
        row["title"]: [tag["title"] for tag in row["tags"]["tag"]]
        for row in (await api.body(f"{section}/assignments?with_tags=1&limit=50"))["assignment"]
    }
    assert tagged["Quiz 1: Comparing with ratios"] == ["CCSS.MATH.6.RP.A.1"]
    rows = (await api.body(f"{section}/completion?limit=50"))["completion"]
    assert {(row["total_rules"], row["completed_rules"]) for row in rows} == {(6, 0)}
    # Looking at a page meets its rule.
    folders = (await api.body(f"courses/{course_id}/folder/0"))["folder-item"]
    first = (await api.body(f"courses/{course_id}/folder/{folders[0]['id']}"))["folder-item"][0]
    assert (first["type"], first["completion_status"]) == ("page", "incomplete")
    async with lms.platform.store.reading() as session:
        student = next(one.person for one in await roster(session, course_id, "student"))
    address, browser = f"{BASE}/page/{first['id']}", await cookie(lms, student)
    while (answer := await lms.http.get(address, headers=browser)).is_redirect:
        address = f"{BASE}{answer.headers['location']}"
    assert answer.status_code == 200
    rows = (await api.body(f"{section}/completion?limit=50"))["completion"]
    assert {row["uid"]: row["completed_rules"] for row in rows if row["completed_rules"]} == {student.id: 1}
