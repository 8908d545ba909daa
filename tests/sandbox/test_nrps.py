"""The roster of a course, as a tool gets it."""

from typing import Any

import httpx

from lti_tool.sandbox.claims import LTI, SCOPE_SCORE
from lti_tool.sandbox.nrps import MEMBERSHIPS
from lti_tool.sandbox.store import add_person, add_resource_link, enrol
from tests.sandbox.conftest import Lms

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


async def ask(lms: Lms, query: str = "", **headers: str) -> httpx.Response:
    sent = {**(await lms.bearer()), "Accept": MEMBERSHIPS} | headers
    return await lms.http.get(f"/api/lti/courses/{lms.course.id}/names_and_roles{query}", headers=sent)


async def everyone(lms: Lms, query: str = "") -> tuple[list[dict[str, Any]], int]:
    """The members of all pages, and the number of pages."""
    answer = await ask(lms, query)
    members, pages = list(answer.json()["members"]), 1
    while "next" in answer.links:
        headers = {**(await lms.bearer()), "Accept": MEMBERSHIPS}
        answer = await lms.http.get(answer.links["next"]["url"], headers=headers)
        members += answer.json()["members"]
        pages += 1
    return members, pages


async def _crowd(lms: Lms, count: int) -> None:
    async with lms.platform.store.writing() as session:
        now = lms.platform.now()
        for number in range(count):
            person = await add_person(
                session, login=f"s{number}", given_name=f"S{number}", family_name="Crowd", kind="student", now=now
            )
            await enrol(session, lms.course, person, "student", now)


async def test_the_roster_names_members_with_full_roles(lms: Lms) -> None:
    answer = await ask(lms)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEMBERSHIPS
    body = answer.json()
    assert body["context"] == {"id": lms.course.context_id, "label": "MATH-5", "title": "Fractions"}
    by_id = {member["user_id"]: member for member in body["members"]}
    assert set(by_id) == {person.lti_id for person in (lms.teacher, lms.student, lms.second, lms.observer)}
    assert by_id[lms.student.lti_id] == {
        "status": "Active",
        "user_id": lms.student.lti_id,
        "roles": [LEARNER],
        "name": "Noor Abdi",
        "given_name": "Noor",
        "family_name": "Abdi",
    }
    assert "next" not in answer.links


async def test_fifty_a_page_is_the_default_and_the_most(lms: Lms) -> None:
    await _crowd(lms, 101)
    for query, expected in (
        ("", 3),
        ("?limit=1000", 3),
        ("?limit=40", 3),
        ("?limit=35", 3),
        ("?limit=0", 3),
        ("?limit=x", 3),
    ):
        members, pages = await everyone(lms, query)
        assert len({member["user_id"] for member in members}) == len(members) == 105
        assert pages == expected


async def test_pages_keep_the_role_filter(lms: Lms) -> None:
    await _crowd(lms, 60)
    members, pages = await everyone(lms, f"?role={LEARNER.replace('#', '%23')}")
    assert (len(members), pages) == (62, 2)
    assert all(member["roles"] == [LEARNER] for member in members)


async def test_a_role_that_is_no_full_address_finds_nobody(lms: Lms) -> None:
    assert (await ask(lms, "?role=Learner")).json()["members"] == []


async def test_who_left_is_not_in_the_roster(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        (await enrol(session, lms.course, lms.second, "student", lms.platform.now())).active = False
    ids = {member["user_id"] for member in (await ask(lms)).json()["members"]}
    assert lms.second.lti_id not in ids


async def test_a_link_adds_each_members_own_values(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        link = await add_resource_link(
            session, course_id=lms.course.id, tool=lms.tool, title="L", custom={"own": "$User.id"}
        )
    for rlid in (link.lti_id, lms.course.context_id):
        members = (await ask(lms, f"?rlid={rlid}")).json()["members"]
        student = next(member for member in members if member["user_id"] == lms.student.lti_id)
        [message] = student["message"]
        assert message["https://www.instructure.com/canvas_user_id"] == lms.student.id
        assert message[f"{LTI}/custom"]["canvas_user_id"] == str(lms.student.id)
        assert message[f"{LTI}/custom"].get("own") == (lms.student.lti_id if rlid == link.lti_id else None)
    assert (await ask(lms, "?rlid=made-up")).status_code == 400


async def test_an_anonymous_tool_gets_ids_only(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        (await session.merge(lms.tool)).privacy_level = "anonymous"
    assert all(set(member) == {"status", "user_id", "roles"} for member in (await ask(lms)).json()["members"])


async def test_form_and_right_are_demanded(lms: Lms) -> None:
    assert (await ask(lms, Accept="application/json")).status_code == 406
    assert (await ask(lms, Accept="*/*")).status_code == 406
    assert (await ask(lms, Authorization="Bearer made-up")).status_code == 401
    wrong = await lms.bearer(SCOPE_SCORE)
    assert (await ask(lms, **wrong)).status_code == 403
    address = "/api/lti/courses/999/names_and_roles"
    assert (await lms.http.get(address, headers={**(await lms.bearer()), "Accept": MEMBERSHIPS})).status_code == 404
    huge = f"/api/lti/courses/{2**70}/names_and_roles"
    assert (await lms.http.get(huge, headers={**(await lms.bearer()), "Accept": MEMBERSHIPS})).status_code == 422
