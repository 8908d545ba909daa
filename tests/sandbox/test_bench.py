"""Groups, copies of courses, notices, storage and trouble on demand."""

import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from lti_tool.sandbox.bench_models import CourseHistory
from lti_tool.sandbox.claims import GROUPS_CLAIM, LTI, NOTICES_CLAIM, SCOPE_MEMBERSHIP_READ
from lti_tool.sandbox.course_copy import copy_course
from lti_tool.sandbox.groups import add_group
from lti_tool.sandbox.loading import load_sample
from lti_tool.sandbox.models import Course, Enrolment, LineItem, Module, ModuleItem, Page, Quiz, ResourceLink, Tool
from lti_tool.sandbox.sample import sample_groups, sample_people
from lti_tool.sandbox.store import add_resource_link
from tests.sandbox.bench import add_administrator, add_module, browser, claims_of
from tests.sandbox.conftest import BASE, TOOL, Lms

GROUPS = {"Accept": "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"}
MEMBERS = {"Accept": "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"}


# --- Groups -----------------------------------------------------------------------------------------------------------


async def test_groups_are_shown_to_tools(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        course = await session.get_one(Course, lms.course.id)
        red = await add_group(session, course, "Red", [lms.student], "Teams")
        await add_group(session, course, "Blue", [lms.student, lms.second], "Teams")
        await add_group(session, course, "Chess", [lms.stranger])
    teacher = await browser(lms, lms.teacher)
    claim = (await claims_of(lms, teacher, f"/courses/{lms.course.id}/external_tools/1/frame"))[GROUPS_CLAIM]
    bearer = await lms.bearer(*claim["scope"])
    answer = await lms.http.get(claim["context_groups_url"], headers=bearer | GROUPS)
    assert answer.headers["content-type"] == GROUPS["Accept"]
    listed = answer.json()
    sets = (await lms.http.get(claim["context_group_sets_url"], headers=bearer | GROUPS)).json()["sets"]
    assert listed["id"] == claim["context_groups_url"]
    assert [one["name"] for one in sets] == ["Teams"]
    in_sets = {one["name"]: one.get("set_id") for one in listed["groups"]}
    assert in_sets == {"Red": sets[0]["id"], "Blue": sets[0]["id"], "Chess": None}
    assert [one["name"] for one in sets[0]["groups"]] == ["Red", "Blue"]

    page = await lms.http.get(claim["context_groups_url"], params={"limit": "2"}, headers=bearer | GROUPS)
    assert len(page.json()["groups"]) == 2
    assert 'rel="next"' in page.headers["link"]
    own = {"user_id": lms.second.lti_id}
    one = await lms.http.get(claim["context_groups_url"], params=own, headers=bearer | GROUPS)
    assert [group["name"] for group in one.json()["groups"]] == ["Blue"]
    assert (await lms.http.get(claim["context_groups_url"], headers=bearer)).status_code == 406
    other = await lms.bearer(SCOPE_MEMBERSHIP_READ)
    assert (await lms.http.get(claim["context_groups_url"], headers=other | GROUPS)).status_code == 403

    roster = f"/api/lti/courses/{lms.course.id}/names_and_roles"
    members = (await lms.http.get(roster, params={"groups": "true"}, headers=other | MEMBERS)).json()["members"]
    found = {one["user_id"]: one["group_enrollments"] for one in members}
    assert {"group_id": red.lti_id} in found[lms.student.lti_id]
    assert len(found[lms.student.lti_id]) == 2
    assert found[lms.teacher.lti_id] == []
    plain = (await lms.http.get(roster, headers=other | MEMBERS)).json()["members"]
    assert not any("group_enrollments" in one for one in plain)
    people = (await teacher.get(f"/courses/{lms.course.id}/users")).text
    assert "Blue" in people
    assert "Chess" in people


async def test_a_tool_without_the_scopes_hears_of_neither_groups_nor_notices(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        (await session.get_one(Tool, lms.tool.id)).scopes = [SCOPE_MEMBERSHIP_READ]
    teacher = await browser(lms, lms.teacher)
    claims = await claims_of(lms, teacher, f"/courses/{lms.course.id}/external_tools/1/frame")
    assert GROUPS_CLAIM not in claims
    assert NOTICES_CLAIM not in claims


def test_the_samples_groups_have_people_of_the_sample() -> None:
    logins = {one.login for one in sample_people() if one.kind == "student"}
    assert len(sample_groups()) == 4
    for group in sample_groups():
        assert set(group.members) <= logins


# --- Copies -----------------------------------------------------------------------------------------------------------


async def test_a_copy_has_everything_but_work(lms: Lms) -> None:
    course_id = await load_sample(lms.platform.store, lms.platform.now())
    now = lms.platform.now()
    async with lms.platform.store.writing() as session:
        origin = await session.get_one(Course, course_id)
        [module, *_] = await session.scalars(select(Module).where(Module.course_id == course_id))
        link = await add_resource_link(
            session,
            course_id=course_id,
            tool=await session.get_one(Tool, lms.tool.id),
            title="My path",
            custom={"a": "1"},
        )
        for label, lti_id in (("Hangs on the link", link.lti_id), ("Hangs on nothing", None)):
            session.add(
                LineItem(
                    course_id=course_id, tool_id=lms.tool.id, label=label, score_maximum=10, resource_link_id=lti_id,
                    created_at=now,
                )
            )  # fmt: skip
        session.add(
            ModuleItem(
                course_id=course_id, module_id=module.id, type="ExternalTool", title="My path", position=99,
                resource_link_id=link.id,
            )
        )  # fmt: skip
        [page, *_] = await session.scalars(select(Page).where(Page.course_id == course_id))
        [quiz, *_] = await session.scalars(select(Quiz).where(Quiz.course_id == course_id).order_by(Quiz.id))
        page.html = (
            f'<a href="/courses/{course_id}/quizzes/{quiz.id}">q</a><a href="/courses/{course_id}/pages/{page.slug}">p</a>'
            f'<a href="/courses/{course_id}9/quizzes/1">other</a><a href="/courses/{course_id}">home</a>'
        )
    async with lms.platform.store.writing() as session:
        copy = await copy_course(session, origin, name="Next year", now=now)
        twice = await copy_course(session, copy, name="The year after", now=now)

    async with lms.platform.store.reading() as session:
        counted = {}
        for model in (Module, ModuleItem, Page, Quiz, ResourceLink):
            rows = [
                (await session.scalars(select(model).where(model.course_id == one))).all()
                for one in (course_id, copy.id)
            ]
            counted[model.__name__] = [len(one) for one in rows]
            assert not {row.id for row in rows[0]} & {row.id for row in rows[1]}
        assert all(before == after > 0 for before, after in counted.values()), counted
        items = (await session.scalars(select(ModuleItem).where(ModuleItem.course_id == copy.id))).all()
        assert {item.type for item in items} >= {
            "Page",
            "Quiz",
            "Assignment",
            "ExternalTool",
            "ExternalUrl",
            "SubHeader",
        }
        [twin] = await session.scalars(select(ResourceLink).where(ResourceLink.course_id == copy.id))
        [column] = await session.scalars(select(LineItem).where(LineItem.course_id == copy.id))
        roles = [row.role for row in await session.scalars(select(Enrolment).where(Enrolment.course_id == copy.id))]
        copied = (await session.scalars(select(Page).where(Page.course_id == copy.id, Page.slug == page.slug))).one()
        quizzes = list(await session.scalars(select(Quiz.id).where(Quiz.course_id == copy.id).order_by(Quiz.id)))
        history = (await session.get_one(CourseHistory, twice.id)).context_ids
    assert (twin.custom, column.label, column.resource_link_id) == ({"a": "1"}, "Hangs on the link", twin.lti_id)
    assert set(roles) == {"teacher"}
    assert copied.html == (
        f'<a href="/courses/{copy.id}/quizzes/{quizzes[0]}">q</a><a href="/courses/{copy.id}/pages/{page.slug}">p</a>'
        f'<a href="/courses/{course_id}9/quizzes/1">other</a><a href="/courses/{copy.id}">home</a>'
    )
    assert history == [copy.context_id, origin.context_id]

    # Launches of the copy of the copy tell where the course and the link came from.
    async with lms.platform.store.reading() as session:
        item = (
            await session.scalars(
                select(ModuleItem).where(ModuleItem.course_id == twice.id, ModuleItem.type == "ExternalTool")
            )
        ).one()
    boss = await browser(lms, await add_administrator(lms))
    custom = (await claims_of(lms, boss, f"/courses/{twice.id}/modules/items/{item.id}/frame"))[f"{LTI}/custom"]
    assert custom["context_id_history"] == f"{copy.context_id},{origin.context_id}"
    assert custom["resource_link_id_history"] == f"{twin.lti_id},{link.lti_id}"


async def test_teachers_and_administrators_copy(lms: Lms) -> None:
    student, teacher = await browser(lms, lms.student), await browser(lms, lms.teacher)
    path = f"/courses/{lms.course.id}/copy"
    assert (await student.get(path)).status_code == 403
    assert (await student.post(path, data={"name": "Mine"})).status_code == 403
    assert "Give the new course a name" in (await teacher.post(path, data={"name": " "})).text
    made = await teacher.post(path, data={"name": "Next year", "everybody": "yes"})
    assert "Next year" in made.text
    assert (await student.get(made.url.path)).status_code == 200
    answer = await lms.http.post(f"/_control/courses/{lms.course.id}/copy", json={"name": "Third"})
    assert set(answer.json()) == {"course_id", "context_id"}
    assert (await student.get(f"/courses/{answer.json()['course_id']}")).status_code == 404
    assert (await lms.http.post("/_control/courses/99/copy", json={"name": "Third"})).status_code == 404


# --- Notices ----------------------------------------------------------------------------------------------------------


class Receiver:
    """The tool's end: what was posted to it, answered with a status; its key set goes on being answered."""

    def __init__(self, lms: Lms) -> None:
        self.lms, self.status, self.posted = lms, 200, list[httpx.Request]()
        lms.platform.http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.posted.append(request)
        if self.status == 0:
            raise httpx.ConnectError("nobody there", request=request)
        return httpx.Response(self.status)

    async def claims(self) -> dict[str, Any]:
        """The claims of the newest notice, after its signature was checked."""
        [notice] = json.loads(self.posted[-1].content)["notices"]
        keys = KeySet.import_key_set((await self.lms.http.get("/api/lti/security/jwks")).json())
        found: dict[str, Any] = jwt.decode(notice["jwt"], keys, algorithms=["RS256"]).claims
        return found


async def test_a_tool_asks_to_be_told_and_is_told(lms: Lms) -> None:
    receiver = Receiver(lms)
    teacher = await browser(lms, lms.teacher)
    claim = (await claims_of(lms, teacher, f"/courses/{lms.course.id}/external_tools/1/frame"))[NOTICES_CLAIM]
    url = claim["platform_notification_service_url"]
    bearer = await lms.bearer(*claim["scope"])
    none = (await lms.http.get(url, headers=bearer)).json()
    assert (none["client_id"], none["deployment_id"]) == (lms.tool.client_id, lms.tool.deployment_id)
    assert {one["notice_type"]: one["handler"] for one in none["notice_handlers"]} == {
        "LtiHelloWorldNotice": "",
        "LtiContextCopyNotice": "",
    }

    handler = f"{TOOL}/lti/notices"
    hello = {"notice_type": "LtiHelloWorldNotice", "handler": handler, "max_batch_size": 10}
    assert (await lms.http.put(url, json=hello, headers=bearer)).json() == hello
    claims = await receiver.claims()
    assert str(receiver.posted[-1].url) == handler
    assert (claims["iss"], claims["aud"]) == (BASE, lms.tool.client_id)
    assert claims[f"{LTI}/notice"]["type"] == "LtiHelloWorldNotice"
    assert claims[f"{LTI}/deployment_id"] == lms.tool.deployment_id

    copies = {"notice_type": "LtiContextCopyNotice", "handler": handler}
    await lms.http.put(url, json=copies, headers=bearer)
    assert len(receiver.posted) == 1, "only who asks for the hello is greeted"
    made = await teacher.post(f"/courses/{lms.course.id}/copy", data={"name": "Next year"})
    async with lms.platform.store.reading() as session:
        copy = await session.get_one(Course, int(made.url.path.rpartition("/")[2]))
    claims = await receiver.claims()
    assert claims[f"{LTI}/notice"]["type"] == "LtiContextCopyNotice"
    assert claims[f"{LTI}/context"]["id"] == copy.context_id
    assert claims[f"{LTI}/origin_contexts"] == [lms.course.context_id]
    assert claims[f"{LTI}/version"] == "1.3.0"
    assert claims["exp"] > claims["iat"]

    receiver.status = 500
    await teacher.post(f"/courses/{lms.course.id}/copy", data={"name": "Another"})
    receiver.status = 0
    await teacher.post(f"/courses/{lms.course.id}/copy", data={"name": "A third"})
    sent = (await lms.http.get("/_control/notices")).json()
    assert [(one["type"], one["status"]) for one in sent] == [
        ("LtiHelloWorldNotice", 200),
        ("LtiContextCopyNotice", 200),
        ("LtiContextCopyNotice", 500),
        ("LtiContextCopyNotice", None),
    ]
    boss = await browser(lms, await add_administrator(lms))
    assert "nobody answered" in (await boss.get(f"/admin/tools/{lms.tool.id}")).text

    await lms.http.put(url, json=copies | {"handler": ""}, headers=bearer)
    posted = len(receiver.posted)
    await teacher.post(f"/courses/{lms.course.id}/copy", data={"name": "A fourth"})
    assert len(receiver.posted) == posted


async def test_what_is_no_way_to_be_told(lms: Lms) -> None:
    url, bearer = f"/api/lti/notice-handlers/{lms.tool.id}", await lms.bearer()
    right = {"notice_type": "LtiContextCopyNotice", "handler": f"{TOOL}/n"}
    for wanted in (
        right | {"notice_type": "LtiEverythingNotice"},
        right | {"handler": "https://other.example/n"},
        right | {"handler": "ftp://localhost:8000/n"},
        right | {"max_batch_size": 0},
        {"notice_type": "LtiContextCopyNotice"},
        [],
    ):
        answer = await lms.http.put(url, json=wanted, headers=bearer)
        assert answer.status_code == 400, answer.text
    assert (await lms.http.put("/api/lti/notice-handlers/99", json=right, headers=bearer)).status_code == 404
    assert (await lms.http.put(url, json=right)).status_code == 401


# --- Storage ----------------------------------------------------------------------------------------------------------


async def test_storage_is_offered_where_it_is_switched_on(lms: Lms) -> None:
    teacher = await browser(lms, lms.teacher)
    path = f"/courses/{lms.course.id}/external_tools/{lms.tool.id}"
    page = await teacher.get(path)
    assert "storage.js" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "lti_storage_target" not in (await teacher.get(f"{path}/frame")).text
    for target, keeps, framed in (
        ("_parent", "here", False),
        ("post_message_forwarding", "post_message_forwarding", True),
    ):
        await lms.http.post("/_control/behaviour", json={"storage_target": target})
        page = await teacher.get(path)
        assert f'data-keeps="{keeps}"' in page.text
        assert (f'<iframe name="{target}" src="/lti_storage"' in page.text) is framed
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert f'name="lti_storage_target" value="{target}"' in (await teacher.get(f"{path}/frame")).text
    keeper = await lms.http.get("/lti_storage")
    assert 'data-keeps="here"' in keeper.text
    assert "frame-ancestors 'self'" in keeper.headers["content-security-policy"]
    await lms.http.post("/_control/behaviour", json={"storage_target": ""})
    assert "storage.js" not in (await teacher.get(path)).text


# --- Trouble ----------------------------------------------------------------------------------------------------------


async def test_trouble_is_made_on_a_page(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    behaviour = lms.platform.behaviour

    async def ask(**form: str) -> str:
        page = await boss.post("/admin/trouble", data=form)
        assert page.status_code == 200, page.text
        return page.text

    assert "Scores: answers after 2 seconds" in await ask(what="slow", endpoint="scores", seconds="2")
    assert behaviour.latency == {"scores": 2.0}
    page = await ask(what="fail", endpoint="token", status="429", times="3", retry_after="7", after="yes")
    assert "Service tokens: the next 3 fail with 429" in page
    [failure] = behaviour.failures
    assert (failure.retry_after, failure.after) == (7, True)
    page = await ask(
        what="habits", clock="-45", storage="_parent", picks="link", hints="once", refuse="yes", deployment="yes"
    )
    assert "The clock is 45 seconds behind" in page
    assert behaviour.clock_offset.total_seconds() == -45
    assert (behaviour.storage_target, behaviour.picks_accept) == ("_parent", ("link",))
    assert behaviour.message_hints_work_once
    assert behaviour.registration_names_deployment
    for nonsense in (
        {"what": "slow", "endpoint": "roof", "seconds": "2"},
        {"what": "slow", "endpoint": "scores", "seconds": "9999"},
        {"what": "fail", "endpoint": "scores", "status": "200"},
        {"what": "burn"},
    ):
        before = (dict(behaviour.latency), len(behaviour.failures))
        await ask(**nonsense)
        assert (behaviour.latency, len(behaviour.failures)) == before
    assert "ordinarily again" in await ask(what="ordinary")
    assert (behaviour.latency, behaviour.failures, behaviour.refuses_tokens) == ({}, [], False)
    assert (behaviour.storage_target, behaviour.picks_accept) == (None, ("ltiResourceLink",))


async def test_tokens_are_refused_and_ended_on_demand(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    bearer = await lms.bearer()
    roster = f"/api/lti/courses/{lms.course.id}/names_and_roles"
    assert (await lms.http.get(roster, headers=bearer | MEMBERS)).status_code == 200
    await boss.post("/admin/trouble", data={"what": "habits", "refuse": "yes"})
    assert (await lms.http.get(roster, headers=bearer | MEMBERS)).status_code == 401
    assert (await lms.ask_token()).status_code == 401
    await lms.http.post("/_control/behaviour", json={"refuses_tokens": False})
    assert (await lms.http.get(roster, headers=bearer | MEMBERS)).status_code == 200
    await boss.post("/admin/trouble", data={"what": "tokens"})
    assert (await lms.http.get(roster, headers=bearer | MEMBERS)).status_code == 401
    assert (await lms.ask_token()).status_code == 200
    bearer = await lms.bearer()
    await lms.http.post("/_control/tokens/end")
    assert (await lms.http.get(roster, headers=bearer | MEMBERS)).status_code == 401


@pytest.mark.parametrize(("old", "published"), [("", 2), ("gone", 1)])
async def test_keys_are_changed_on_demand(lms: Lms, old: str, published: int) -> None:
    boss = await browser(lms, await add_administrator(lms))
    await boss.post("/admin/trouble", data={"what": "keys", "old": old})
    keys = (await lms.http.get("/api/lti/security/jwks")).json()["keys"]
    assert len(keys) == published


async def test_an_empty_course_is_copied_too(lms: Lms) -> None:
    await add_module(lms)
    answer = await lms.http.post(f"/_control/courses/{lms.course.id}/copy", json={"name": "Empty"})
    assert answer.status_code == 200
