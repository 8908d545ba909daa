"""Tools that register themselves: with a token that works once, strictly read, and of no use before somebody approves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select

from lti_tool.sandbox.claims import ALL_SCOPES, SCOPE_SCORE
from lti_tool.sandbox.models import LineItem, Module, ModuleItem, Tool
from lti_tool.sandbox.registration import PLATFORM_CONFIGURATION
from lti_tool.sandbox.registration_body import TOOL_CONFIGURATION
from lti_tool.sandbox.store import add_resource_link
from tests.sandbox.bench import LINK, add_administrator, begin, body, browser, configuration, register
from tests.sandbox.conftest import BASE, TOOL, Lms

ASKED = {"scopes": list(ALL_SCOPES), "placements": ["course_navigation", "link_selection"]}


async def _registered(lms: Lms, boss: httpx.AsyncClient) -> tuple[Tool, str]:
    """A tool that has registered itself, and the address of its page."""
    page, _, token = await begin(boss)
    answer = await register(lms, token)
    assert answer.status_code == 200, answer.text
    shown = await boss.get(page)
    async with lms.platform.store.reading() as session:
        found = await session.scalars(select(Tool).where(Tool.client_id == answer.json()["client_id"]))
        return found.one(), shown.url.path


async def test_only_an_administrator_adds_tools(lms: Lms) -> None:
    teacher = await browser(lms, lms.teacher)
    for path in ("/admin/tools", "/admin/tools/add", f"/admin/tools/{lms.tool.id}", "/admin/trouble"):
        assert (await lms.http.get(path)).status_code == 303
        assert (await teacher.get(path)).status_code == 403
    assert "/admin/tools" not in (await teacher.get("/courses")).text
    for path in ("/admin/tools/add", f"/admin/tools/{lms.tool.id}/remove", "/admin/trouble"):
        assert (await teacher.post(path, data={"link": LINK, "sure": "yes", "what": "ordinary"})).status_code == 403
    boss = await browser(lms, await add_administrator(lms))
    assert "/admin/tools" in (await boss.get("/courses")).text
    for origin in ("https://evil.example", "null"):
        answer = await boss.post("/admin/tools/add", data={"link": LINK}, headers={"Origin": origin})
        assert answer.status_code == 403


async def test_what_is_no_link_is_not_opened(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    for link in ("", "tool.example/register", "javascript:alert(1)", "https://", "http://[x", "https://a b"):
        answer = await boss.post("/admin/tools/add", data={"link": link})
        assert answer.status_code == 422, link
        assert "Paste the whole registration link" in answer.text
        assert "<iframe" not in answer.text


async def test_the_platform_describes_itself(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    page, address, token = await begin(boss)
    opened = await boss.get(page)
    assert f"frame-src 'self' {TOOL};" in opened.headers["content-security-policy"]
    assert "script-src 'self'" in opened.headers["content-security-policy"]
    assert f"{TOOL}/lti/register?invite=abc&amp;openid_configuration=" in opened.text
    assert (await lms.http.get(address)).status_code == 401, "the page was opened again and its first token ended"
    page, address, token = await begin(boss)
    assert address == f"{BASE}/.well-known/openid-configuration?registration_token={token}"
    answer = (await lms.http.get(address)).json()
    assert answer["issuer"] == BASE
    assert answer["registration_endpoint"] == f"{BASE}/api/lti/registrations"
    assert set(ALL_SCOPES) < set(answer["scopes_supported"])
    lti = answer[PLATFORM_CONFIGURATION]
    assert lti["product_family_code"] == "canvas"
    assert [one["type"] for one in lti["messages_supported"]] == [
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
        "LtiSubmissionReviewRequest",
    ]
    assert lti["notice_types_supported"] == ["LtiHelloWorldNotice", "LtiContextCopyNotice"]
    bare = await lms.http.get("/.well-known/openid-configuration")
    assert bare.json() == answer
    wrong = await lms.http.get("/.well-known/openid-configuration", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401


async def test_a_tool_waits_until_it_is_approved(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    page, _, _ = await begin(boss)
    assert (await boss.get(page)).url.path.startswith("/admin/tools/register/"), "nothing has come yet"
    page, _, token = await begin(boss)
    answer = await register(lms, token)
    facts = answer.json()
    assert facts["client_name"] == "Paths"
    assert facts["scope"].split() == ["openid", *ALL_SCOPES]
    assert "deployment_id" not in facts
    assert "deployment_id" not in facts[TOOL_CONFIGURATION]
    again = await register(lms, token)
    assert (again.status_code, again.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')

    shown = await boss.get(page)
    assert shown.url.path == f"/admin/tools/{facts['registration_client_uri'].rpartition('/')[2]}"
    assert "Waits for approval" in shown.text
    async with lms.platform.store.reading() as session:
        tool = (await session.scalars(select(Tool).where(Tool.client_id == facts["client_id"]))).one()
    course = f"/courses/{lms.course.id}"
    teacher = await browser(lms, lms.teacher)
    assert ">Paths<" not in (await teacher.get(course)).text
    assert (await teacher.get(f"{course}/external_tools/{tool.id}")).status_code == 404
    assert (await teacher.get(f"{course}/external_tools/{tool.id}/frame")).status_code == 404
    lms.tool = tool
    refused = await lms.ask_token()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")

    await boss.post(f"{shown.url.path}/approve", data=ASKED)
    assert ">Paths<" in (await teacher.get(course)).text
    assert (await teacher.get(f"{course}/external_tools/{tool.id}/frame")).status_code == 200
    assert (await lms.ask_token()).status_code == 200
    assert (await boss.post(f"{shown.url.path}/approve", data=ASKED)).status_code == 404


async def test_what_is_not_ticked_is_not_given(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    tool, path = await _registered(lms, boss)
    await boss.post(f"{path}/approve", data={"scopes": [SCOPE_SCORE, "more"], "placements": ["link_selection", "x"]})
    async with lms.platform.store.reading() as session:
        tool = await session.get_one(Tool, tool.id)
    assert (tool.scopes, tool.placements) == ([SCOPE_SCORE], ["link_selection"])
    lms.tool = tool
    answer = await lms.ask_token()
    assert answer.json()["scope"] == SCOPE_SCORE


async def test_the_deployment_is_told_on_demand(lms: Lms) -> None:
    lms.platform.behaviour.registration_names_deployment = True
    boss = await browser(lms, await add_administrator(lms))
    _, _, token = await begin(boss)
    answer = (await register(lms, token)).json()
    assert answer["deployment_id"].startswith("1:")


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in body().items() if key != name}


def _lti(**changes: Any) -> dict[str, Any]:
    return body(**{TOOL_CONFIGURATION: configuration(**changes)})


MESSAGE = "LtiResourceLinkRequest"


WRONG: list[tuple[Callable[[], dict[str, Any]], str]] = [
    (lambda: _without("application_type"), "application_type"),
    (lambda: _without("redirect_uris"), "redirect_uris"),
    (lambda: _without("jwks_uri"), "jwks_uri"),
    (lambda: _without(TOOL_CONFIGURATION), TOOL_CONFIGURATION),
    (lambda: body(grant_types=["implicit"]), "grant_types"),
    (lambda: body(response_types=["code"]), "response_types"),
    (lambda: body(token_endpoint_auth_method="client_secret_basic"), "token_endpoint_auth_method"),
    (lambda: body(scope="https://purl.imsglobal.org/spec/lti-ags/scope/everything"), "scope"),
    (lambda: body(redirect_uris=["https://other.example/lti/launch"]), "redirect_uris"),
    (lambda: body(redirect_uris=[]), "redirect_uris"),
    (lambda: body(initiate_login_uri="javascript:alert(1)"), "initiate_login_uri"),
    (lambda: _lti(domain="https://localhost"), "redirect_uris"),
    (lambda: _lti(messages=[]), "messages"),
    (lambda: _lti(custom_parameters={"a": 1}), "custom_parameters"),
    (lambda: _lti(messages=[{"type": "LtiEverything"}]), "messages"),
    (lambda: _lti(messages=[{"type": MESSAGE, "placements": ["roof"]}]), "placements"),
    (lambda: _lti(messages=[{"type": MESSAGE, "target_link_uri": "https://other.example/"}]), "target_link_uri"),
    (lambda: _lti(target_link_uri="https://other.example/"), "target_link_uri"),
]


async def test_a_registration_that_is_not_right(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    _, _, token = await begin(boss)
    for sent, named in WRONG:
        answer = await register(lms, token, sent())
        assert answer.status_code == 422, answer.text
        assert named in answer.json()["errors"]["message"]
    async with lms.platform.store.reading() as session:
        assert len((await session.scalars(select(Tool))).all()) == 1
    assert (await register(lms, token)).status_code == 200, "the token is still good"


async def test_what_is_no_registration_at_all(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    _, _, token = await begin(boss)
    bearer = {"Authorization": f"Bearer {token}"}
    url = "/api/lti/registrations"
    assert (await lms.http.post(url, json=body())).status_code == 401
    assert (
        await lms.http.post(url, content=b"{", headers={**bearer, "Content-Type": "application/json"})
    ).status_code == 400
    assert (await lms.http.post(url, data={"a": "b"}, headers=bearer)).status_code == 415
    lms.clock.move(timedelta(hours=2))
    assert (await register(lms, token)).status_code == 401


async def test_a_tool_is_switched_off_and_on(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    teacher = await browser(lms, lms.teacher)
    path, course = f"/admin/tools/{lms.tool.id}", f"/courses/{lms.course.id}"
    async with lms.platform.store.writing() as session:
        module = Module(course_id=lms.course.id, name="Unit", position=1)
        session.add(module)
        await session.flush()
        link = await add_resource_link(session, course_id=lms.course.id, tool=lms.tool, title="My path")
        item = ModuleItem(
            course_id=lms.course.id, module_id=module.id, type="ExternalTool", title="My path", position=1,
            resource_link_id=link.id,
        )  # fmt: skip
        session.add(item)
    bearer = await lms.bearer()
    lists = {"Accept": "application/vnd.ims.lis.v2.lineitemcontainer+json"}
    columns = f"/api/lti/courses/{lms.course.id}/line_items"
    assert (await lms.http.get(columns, headers=bearer | lists)).status_code == 200

    shown = await boss.post(f"{path}/state", data={"state": "off"})
    assert "Switched off" in shown.text
    assert ">Playlists<" not in (await teacher.get(course)).text
    assert "has switched the tool" in (await teacher.get(f"{course}/modules/items/{item.id}")).text
    assert (await teacher.get(f"{course}/modules/items/{item.id}/frame")).status_code == 404
    assert (await lms.http.get(columns, headers=bearer | lists)).status_code == 401
    assert (await lms.ask_token()).status_code == 401

    await boss.post(f"{path}/state", data={"state": "active"})
    assert (await teacher.get(f"{course}/modules/items/{item.id}/frame")).status_code == 200
    assert (await lms.ask_token()).status_code == 200


async def test_a_tool_is_removed_with_what_it_made(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    async with lms.platform.store.writing() as session:
        module = Module(course_id=lms.course.id, name="Unit", position=1)
        session.add(module)
        await session.flush()
        link = await add_resource_link(session, course_id=lms.course.id, tool=lms.tool, title="My path")
        session.add(
            ModuleItem(
                course_id=lms.course.id, module_id=module.id, type="ExternalTool", title="My path", position=1,
                resource_link_id=link.id,
            )
        )  # fmt: skip
        session.add(
            LineItem(
                course_id=lms.course.id, tool_id=lms.tool.id, label="Path", score_maximum=10, resource_link_id=link.lti_id,
                created_at=lms.clock.now(),
            )
        )  # fmt: skip
    path = f"/admin/tools/{lms.tool.id}"
    kept = await boss.post(f"{path}/remove", data={})
    assert kept.status_code == 422
    assert "Tick the box first" in kept.text
    gone = await boss.post(f"{path}/remove", data={"sure": "yes"})
    assert gone.url.path == "/admin/tools"
    assert "No tool is registered here yet" in gone.text
    async with lms.platform.store.reading() as session:
        for model in (Tool, ModuleItem, LineItem):
            assert (await session.scalars(select(model))).all() == []
    assert (await boss.get(path)).status_code == 404


async def test_an_update_waits_and_is_taken(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    tool, path = await _registered(lms, boss)
    await boss.post(f"{path}/approve", data=ASKED)
    page, _, token = await begin(boss, path=f"{path}/update")
    answer = await register(lms, token, body(client_name="Better paths"))
    assert answer.json()["client_id"] == tool.client_id
    shown = await boss.get(page)
    assert shown.url.path == path
    assert "Better paths" in shown.text
    assert "Changes wait" in (await boss.get("/admin/tools")).text
    async with lms.platform.store.reading() as session:
        assert (await session.get_one(Tool, tool.id)).name == "Paths"

    await boss.post(f"{path}/changes", data={"decision": "take"})
    async with lms.platform.store.reading() as session:
        changed = await session.get_one(Tool, tool.id)
    assert (changed.name, changed.client_id, changed.deployment_id) == (
        "Better paths",
        tool.client_id,
        tool.deployment_id,
    )
    assert (await boss.post(f"{path}/changes", data={"decision": "take"})).status_code == 404


async def test_a_tool_added_by_hand_and_one_that_registered_itself_are_two(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    tool, _ = await _registered(lms, boss)
    answer = await lms.http.post(
        "/_control/tools",
        json={
            "name": "Playlists",
            "login_url": tool.login_url,
            "launch_url": tool.launch_url,
            "jwks_url": tool.jwks_url,
        },
    )
    assert answer.json()["client_id"] == lms.tool.client_id
    listed = (await lms.http.get("/_control/tools")).json()
    assert [(one["name"], one["state"], one["by_link"]) for one in listed] == [
        ("Playlists", "active", False),
        ("Paths", "pending", True),
    ]
    switched = await lms.http.post(f"/_control/tools/{tool.id}/state", json={"state": "active"})
    assert switched.json() == {"state": "active"}
    assert (await lms.http.post("/_control/tools/99/state", json={"state": "off"})).status_code == 404
