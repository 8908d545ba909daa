"""Rosters with more than names, course groups and notification handlers, on a mocked platform."""

import json
from typing import Any

import httpx
import pytest

from lti_tool.lti.models import Family
from lti_tool.lti.services import (
    Group,
    GroupsClient,
    GroupSet,
    MemberStatus,
    NoticesClient,
    NrpsClient,
    ServiceRefused,
)
from lti_tool.platforms import quirks
from tests.lti.conftest import Tool
from tests.lti.test_services import MEMBERS, Services, services

__all__ = ["services"]

GROUPS = "https://platform.example/groups?course=8"
SETS = "https://platform.example/sets?course=8"
NOTICES = "https://platform.example/notice-handlers/3407"


def nrps(tool: Tool, family: Family = Family.OTHER) -> NrpsClient:
    return NrpsClient(tool.protocol, tool.registration, quirks(family))


# The roster


@pytest.mark.parametrize(("family", "limit"), [(Family.CANVAS, 50), (Family.SCHOOLOGY, 100), (Family.MOODLE, None)])
async def test_a_roster_of_any_size(tool: Tool, services: Services, family: Family, limit: int | None) -> None:
    """Canvas gives fifty a page, Schoology a hundred, Moodle everyone; each says where the next page is."""
    everyone = [{"user_id": str(number), "roles": ["Learner"], "status": "Active"} for number in range(5_030)]

    def page(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get("limit")
        assert asked == (None if limit is None else str(limit))
        size = limit or len(everyone)
        start = int(request.url.params.get("start", "0"))
        headers = {}
        if start + size < len(everyone):
            headers["Link"] = f'<{MEMBERS}&limit={size}&start={start + size}>; rel="next"'
        return httpx.Response(200, json={"members": everyone[start : start + size]}, headers=headers)

    services.answer("/members", page)
    found = await nrps(tool, family).members(MEMBERS)

    assert [member.user_id for member in found] == [str(number) for number in range(5_030)]
    assert len(services.calls("/members")) == (1 if limit is None else -(-5_030 // limit))
    assert services.tokens == 1


async def test_a_link_s_roster_holds_its_custom_parameters_for_each(tool: Tool, services: Services) -> None:
    """Canvas adds messages with custom claims when the resource link is named."""
    custom = {"canvas_user_id": 17, "unresolved": "$Canvas.course.id", "empty": "", "flag": True, "n": None}
    members: list[dict[str, Any]] = [
        {
            "user_id": "a",
            "roles": ["Learner"],
            "message": [
                {"https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiResourceLinkRequest"},
                {"https://purl.imsglobal.org/spec/lti/claim/custom": custom},
            ],
        },
        {"user_id": "b", "roles": [], "message": "nonsense"},
        {"user_id": "c", "roles": [], "message": ["nonsense", {"https://purl.imsglobal.org/spec/lti/claim/custom": 7}]},
    ]
    services.answer("/members", lambda _: httpx.Response(200, json={"members": members}))

    found = await nrps(tool).members(MEMBERS, rlid="link-3")

    assert {member.user_id: dict(member.custom) for member in found} == {
        "a": {"canvas_user_id": "17", "flag": "true"},
        "b": {},
        "c": {},
    }
    assert dict(services.calls("/members")[0].url.params) == {"memberships": "361", "rlid": "link-3"}


async def test_a_link_the_platform_does_not_know_is_an_error(tool: Tool, services: Services) -> None:
    services.answer("/members", lambda _: httpx.Response(404, json={"status": 404}))
    with pytest.raises(ServiceRefused) as caught:
        await nrps(tool, Family.MOODLE).members(MEMBERS, rlid="999")
    assert caught.value.answered == 404


async def test_a_roster_with_groups(tool: Tool, services: Services) -> None:
    members = [
        {"user_id": "a", "roles": ["Learner"], "group_enrollments": [{"group_id": "g1"}, {"group_id": 2}, {"x": 1}]},
        {"user_id": "b", "roles": ["Learner"], "status": "Inactive", "group_enrollments": []},
        {"user_id": "c", "roles": ["Learner"], "status": "Deleted", "group_enrollments": "nonsense"},
    ]
    services.answer("/members", lambda _: httpx.Response(200, json={"members": members}))

    found = await nrps(tool).members(MEMBERS, groups=True)

    assert [(member.group_ids, member.status) for member in found] == [
        (("g1", "2"), MemberStatus.ACTIVE),
        ((), MemberStatus.INACTIVE),
        ((), MemberStatus.DELETED),
    ]
    assert services.calls("/members")[0].url.params["groups"] == "true"


# Groups


async def test_groups_and_sets_over_pages(tool: Tool, services: Services) -> None:
    def groups(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept"] == "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
        if "page" in request.url.params:
            return httpx.Response(200, json={"groups": [{"id": 3, "name": "C"}, {"name": "no id"}, "nonsense"]})
        given = [{"id": "1", "name": " A ", "set_id": "s", "tag": "lab"}, {"id": "2"}]
        return httpx.Response(200, json={"groups": given}, headers={"Link": f'<{GROUPS}&page=2>; rel="next"'})

    services.answer("/groups", groups)
    services.answer("/sets", lambda _: httpx.Response(200, json={"sets": [{"id": "s", "name": "Labs"}]}))
    client = GroupsClient(tool.protocol, tool.registration, quirks(Family.SAKAI))

    assert await client.groups(GROUPS) == [Group("1", "A", "s", "lab"), Group("2", ""), Group("3", "C")]
    assert await client.sets(SETS) == [GroupSet("s", "Labs")]
    assert services.tokens == 1
    assert services.scope(services.calls("/token")[0]) == (
        "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
    )


async def test_groups_that_make_no_sense(tool: Tool, services: Services) -> None:
    services.answer("/groups", lambda _: httpx.Response(200, json={"sets": []}))
    with pytest.raises(ServiceRefused) as caught:
        await GroupsClient(tool.protocol, tool.registration).groups(GROUPS)
    assert caught.value.code == "unreadable-answer"


# Notices


async def test_notices_are_asked_for_listed_and_given_up(tool: Tool, services: Services) -> None:
    handlers: dict[str, str] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            assert request.headers["content-type"] == "application/json"
            given = json.loads(request.content)
            handlers[given["notice_type"]] = given["handler"]
            return httpx.Response(200, json=given)
        listed = [{"notice_type": kind, "handler": handler} for kind, handler in handlers.items()]
        return httpx.Response(200, json={"client_id": "1", "deployment_id": "2", "notice_handlers": listed})

    services.answer("/notice-handlers/3407", answer)
    client = NoticesClient(tool.protocol, tool.registration, quirks(Family.CANVAS))
    await client.subscribe(NOTICES, "LtiContextCopyNotice", "https://tool.example/lti/notices")
    assert json.loads(services.calls("/notice-handlers/3407")[0].content) == {
        "notice_type": "LtiContextCopyNotice",
        "handler": "https://tool.example/lti/notices",
        "max_batch_size": 10,
    }
    assert await client.handlers(NOTICES) == {"LtiContextCopyNotice": "https://tool.example/lti/notices"}

    await client.unsubscribe(NOTICES, "LtiContextCopyNotice")
    assert await client.handlers(NOTICES) == {}
    assert services.scope(services.calls("/token")[0]) == "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"


async def test_a_platform_that_refuses_notices(tool: Tool, services: Services) -> None:
    services.answer("/notice-handlers/3407", lambda _: httpx.Response(400, json={"errors": "handler host"}))
    client = NoticesClient(tool.protocol, tool.registration)
    with pytest.raises(ServiceRefused) as caught:
        await client.subscribe(NOTICES, "LtiContextCopyNotice", "https://elsewhere.example/")
    assert caught.value.code == "not-accepted"
