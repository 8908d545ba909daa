"""Registering and picking as the LMSs do it that are not Canvas: Moodle's words and forms, and Schoology, which has none."""

from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.sandbox.claims import LTI, SCOPE_GROUP_READ, SCOPE_SCORE
from lti_tool.sandbox.models import LineItem, ModuleItem, Tool
from lti_tool.sandbox.registration_body import TOOL_CONFIGURATION
from lti_tool.sandbox.special_messages import DL
from tests.sandbox.bench import (
    LINK,
    add_administrator,
    add_module,
    answer,
    begin,
    body,
    browser,
    claims_of,
    configuration,
)
from tests.sandbox.conftest import BASE, TOOL, Lms

CONFIGURATION = "/mod/lti/openid-configuration.php"
REGISTRATION = "/mod/lti/openid-registration.php"


@pytest.fixture
def like(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "moodle")


async def register(lms: Lms, token: str | None, sent: dict[str, Any]) -> tuple[int, str, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    got = await lms.http.post(REGISTRATION, json=sent, headers=headers)
    return got.status_code, got.headers["content-type"].partition(";")[0], got.text


def inside(**changes: Any) -> dict[str, Any]:
    return body(**{TOOL_CONFIGURATION: configuration(**changes)})


async def test_moodle_describes_itself_without_the_token(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    _, address, _ = await begin(boss)
    assert address == BASE + CONFIGURATION
    found = (await lms.http.get(address)).json()
    assert found["registration_endpoint"] == BASE + REGISTRATION
    assert found["authorization_endpoint"] == f"{BASE}/mod/lti/auth.php"
    assert SCOPE_GROUP_READ not in found["scopes_supported"]
    lti = found["https://purl.imsglobal.org/spec/lti-platform-configuration"]
    assert lti["product_family_code"] == "moodle"
    assert lti["messages_supported"] == [
        {"type": "LtiResourceLinkRequest"},
        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
    ]
    assert (await lms.http.get("/.well-known/openid-configuration")).status_code == 404


async def test_moodle_refuses_in_bare_words(lms: Lms) -> None:
    """registration-failures and registration-bad-requests."""
    boss = await browser(lms, await add_administrator(lms))
    _, _, token = await begin(boss)
    html = "text/html"
    assert await register(lms, None, body()) == (401, html, "missing_registration_token")
    status, kind, page = await register(lms, "wrong", body())
    assert (status, kind, "<html>" in page) == (404, html, True)
    bare = {name: value for name, value in configuration().items() if name != "domain"}
    assert await register(lms, token, body(**{TOOL_CONFIGURATION: bare})) == (400, html, "missing_domain")
    for domain in ("localhost", "other.example"):
        refused = await register(lms, token, inside(domain=domain))
        assert refused == (400, html, "domain_targetlinkuri_mismatch")
    assert (await register(lms, token, body(redirect_uris=[])))[0] == 400
    status, _, _ = await register(lms, token, body())
    assert status == 200
    assert await register(lms, token, body()) == (401, html, "token_already_used")


async def test_moodle_answers_with_the_deployment_and_less_than_was_sent(lms: Lms) -> None:
    """registration-response: the deployment in the tool configuration; one message; scopes that it has."""
    module = await add_module(lms)
    boss = await browser(lms, await add_administrator(lms))
    page, _, token = await begin(boss)
    got = await lms.http.post(REGISTRATION, json=body(), headers={"Authorization": f"Bearer {token}"})
    facts = got.json()
    async with lms.platform.store.reading() as session:
        tool = (await session.scalars(select(Tool).where(Tool.client_id == facts["client_id"]))).one()
    inner = facts[TOOL_CONFIGURATION]
    assert (inner["deployment_id"], inner["version"]) == (tool.deployment_id, "1.3.0")
    assert tool.deployment_id == str(tool.id)
    assert len(tool.client_id) == 15
    assert inner["messages"] == [{"type": "LtiDeepLinkingRequest", "target_link_uri": f"{TOOL}/lti/launch"}]
    assert "deployment_id" not in facts
    assert "registration_client_uri" not in facts
    assert SCOPE_SCORE in facts["scope"]
    assert "openid" not in facts["scope"]
    assert SCOPE_GROUP_READ not in facts["scope"]

    # When it is activated, a teacher adds it to the course as an activity with a column.
    path = (await boss.get(page)).url.path
    shown = await boss.post(f"{path}/approve", data={"scopes": tool.scopes, "placements": tool.placements})
    assert "Active" in shown.text
    # Its web services are the site's, with a token that is no tool's own.
    assert "REST interface" in shown.text
    async with lms.platform.store.reading() as session:
        [item] = await session.scalars(select(ModuleItem).where(ModuleItem.module_id == module.id))
        [column] = await session.scalars(select(LineItem).where(LineItem.tool_id == tool.id))
    assert (item.title, column.score_maximum) == ("Paths", 100.0)
    teacher = await browser(lms, lms.teacher)
    assert ">Paths<" in (await teacher.get(f"/courses/{lms.course.id}")).text
    cell = f"/courses/{lms.course.id}/grades/tool/{column.id}/{lms.student.id}"
    assert "Look at the work in Paths" in (await teacher.get(cell)).text, "it is asked to, registered for it or not"


async def _asked(lms: Lms, frame: str) -> dict[str, Any]:
    teacher = await browser(lms, lms.teacher)
    return await claims_of(lms, teacher, frame)


async def test_moodle_asks_for_content_and_takes_whole_points(lms: Lms) -> None:
    """launch-deeplink; deeplink-response-sent-browser-dl-decimal and -dl-multiple."""
    module = await add_module(lms)
    frame = f"/courses/{lms.course.id}/modules/{module.id}/add_from_tool/{lms.tool.id}/frame"
    asked = await _asked(lms, frame)
    settings = asked[f"{DL}/deep_linking_settings"]
    assert set(settings) == {
        "accept_types", "accept_presentation_document_targets", "accept_copy_advice", "accept_multiple",
        "accept_unsigned", "auto_create", "can_confirm", "deep_link_return_url",
    }  # fmt: skip
    assert settings["auto_create"] is False
    assert f"{LTI}/resource_link" not in asked

    teacher = await browser(lms, lms.teacher)
    address = settings["deep_link_return_url"].removeprefix(BASE)
    right = {"type": "ltiResourceLink", "title": "One", "url": f"{TOOL}/lti/launch"}
    half, whole = {"lineItem": {"scoreMaximum": 12.5}}, {"lineItem": {"scoreMaximum": 50}}
    keep = {**asked, f"{DL}/deep_linking_settings": {**settings, "data": None}}
    with_data = answer(lms, keep, right, **{f"{DL}/data": "x"})
    assert "data did not come back" in (await teacher.post(address, data={"JWT": with_data})).text
    alone = await teacher.post(address, data={"JWT": answer(lms, keep, right | half)})
    assert "must be a whole number from 1 to 100" in alone.text
    several = await teacher.post(address, data={"JWT": answer(lms, keep, right | half, right | whole)})
    assert "A gradebook column came with it." in several.text
    async with lms.platform.store.reading() as session:
        columns = list(await session.scalars(select(LineItem.score_maximum).where(LineItem.tool_id == lms.tool.id)))
        items = list(await session.scalars(select(ModuleItem).where(ModuleItem.module_id == module.id)))
    assert columns == [50.0]
    assert len(items) == 2


@pytest.mark.parametrize("like", ["schoology"], indirect=True)
async def test_schoology_takes_no_registration_links_and_plain_ones_too(lms: Lms) -> None:
    boss = await browser(lms, await add_administrator(lms))
    page = await boss.get("/admin/tools/add")
    assert "takes no registration links" in page.text
    assert 'name="link"' not in page.text
    assert (await boss.post("/admin/tools/add", data={"link": LINK})).status_code == 404
    assert (await boss.post(f"/admin/tools/{lms.tool.id}/update", data={"link": LINK})).status_code == 404
    assert (await lms.http.get("/.well-known/openid-configuration")).status_code == 404
    module = await add_module(lms)
    asked = await _asked(lms, f"/courses/{lms.course.id}/modules/{module.id}/add_from_tool/{lms.tool.id}/frame")
    assert asked[f"{DL}/deep_linking_settings"]["accept_types"] == ["ltiResourceLink", "link"]
