"""Registering by a link: each family of LMS as it does it, invitations, and what is kept."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from lti_tool.audit import AuditEntry
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.lti.deployments import admit
from lti_tool.lti.invites import invite_address, make_invite, open_invites, read_life, revoke_invite
from lti_tool.lti.models import (
    Deployment,
    DeploymentPolicy,
    DeploymentStatus,
    Family,
    RegisteredBy,
    Registration,
    RegistrationInvite,
)
from tests.lti.conftest import Tool
from tests.lti.registering import (
    CANVAS,
    LTI_PLATFORM,
    LTI_TOOL,
    RegisteringPlatform,
    administrator,
    blackboard,
    brightspace,
    canvas,
    configuration,
    moodle,
    sakai,
)
from tests.lti.support import TOOL, fixture

EVERY = pytest.mark.parametrize("make", [moodle, canvas, brightspace, sakai], ids=lambda make: make.__name__)


async def made(tool: Tool) -> list[Registration]:
    """Registrations by link; the two of the fixture were made by hand."""
    return [one for one in await tool.rows(Registration) if one.registered_by is RegisteredBy.DYNAMIC]


async def actions(tool: Tool) -> list[str]:
    return [entry.action for entry in await tool.rows(AuditEntry)]


@EVERY
async def test_the_page_says_who_is_asking_before_anything_happens(tool: Tool, make) -> None:
    admin = administrator(tool, make())
    await admin.invited()
    page = await admin.opens()
    assert page.status_code == 200
    lti = admin.platform.described[LTI_PLATFORM]
    for shown in (admin.platform.described["issuer"], lti["product_family_code"], lti["version"], "School"):
        assert shown in page.text
    assert "send scores to its own columns" in page.text
    assert "opened by teachers to add a playlist" in page.text
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    assert admin.platform.registered == []
    assert await made(tool) == []


@EVERY
async def test_one_button_registers(tool: Tool, make) -> None:
    admin = administrator(tool, make())
    await admin.invited()
    done = await admin.registers()
    assert done.status_code == 200, done.text
    assert "data-registered" in done.text
    (registration,) = await made(tool)
    described = admin.platform.described
    assert registration.issuer == described["issuer"]
    assert registration.client_id == admin.platform.client_id
    assert registration.auth_login_url == described["authorization_endpoint"]
    assert registration.token_url == described["token_endpoint"]
    assert registration.jwks_url == described["jwks_uri"]
    assert registration.organisation_id == tool.organisation_id
    assert registration.deployment_policy is DeploymentPolicy.FIRST
    (invite,) = await tool.rows(RegistrationInvite)
    assert invite.used_at is not None
    assert invite.made_id == registration.id
    assert await actions(tool) == ["invite.made", "registration.made", "invite.used"]
    # A launch finds it at once.
    assert await tool.protocol.directory.registration(registration.issuer, registration.client_id) is not None


async def test_moodle_says_its_deployment_and_waits_to_be_activated(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    done = await admin.registers()
    (registration,) = await made(tool)
    assert registration.lms is Family.MOODLE
    assert registration.name == "moodle.school.example"
    (deployment,) = [one for one in await tool.rows(Deployment) if one.registration_id == registration.id]
    assert (deployment.deployment_id, deployment.status) == ("3", DeploymentStatus.ACCEPTED)
    assert deployment.organisation_id == tool.organisation_id
    assert "pending: choose Activate" in done.text
    (body,) = admin.platform.registered
    assert body[LTI_TOOL]["domain"] == "tool.school.example"
    assert body[LTI_TOOL]["custom_parameters"]["context_id_history"] == "$Context.id.history"
    messages = {one["type"]: one for one in body[LTI_TOOL]["messages"]}
    assert messages["LtiDeepLinkingRequest"]["placements"] == ["ContentArea"]
    assert set(messages) == {"LtiResourceLinkRequest", "LtiDeepLinkingRequest"}


def test_moodle_is_sent_everything_it_demands() -> None:
    captured = fixture("moodle-4.5-registration.json")["registration_response"]["body"]
    assert {"client_id", LTI_TOOL} <= captured.keys()
    assert captured[LTI_TOOL]["deployment_id"] == "3"


async def test_the_request_asks_for_no_mail_address(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    await admin.registers()
    (body,) = admin.platform.registered
    assert body[LTI_TOOL]["claims"] == ["iss", "sub", "name", "given_name", "family_name", "locale"]
    assert "mail" not in json.dumps(body)
    assert body["redirect_uris"] == [TOOL + "/lti/launch"]
    assert body["initiate_login_uri"] == TOOL + "/lti/login"
    assert body["jwks_uri"] == TOOL + "/.well-known/jwks.json"
    custom = body[LTI_TOOL]["custom_parameters"]
    assert all(name == name.lower() and isinstance(value, str) for name, value in custom.items())
    reserved = {"lineitem_url", "lineitems_url", "result_url", "results_url", "score_url", "scores_url"}
    assert not reserved & custom.keys()


async def test_canvas_is_called_at_the_very_address_it_gave_and_with_its_token(tool: Tool) -> None:
    admin = administrator(tool, canvas())
    await admin.invited()
    done = await admin.registers()
    assert done.status_code == 200, done.text
    for request in admin.platform.asked:
        assert request.headers["authorization"] == "Bearer reg-token"
    gets = [request for request in admin.platform.asked if request.method == "GET"]
    target = b"/api/lti/security/openid-configuration?registration_token=reg-token&x=a%2Fb|c"
    assert [request.extensions["target"] for request in gets] == [target, target]


async def test_canvas_has_no_deployment_yet_and_its_extensions(tool: Tool) -> None:
    admin = administrator(tool, canvas())
    await admin.invited()
    done = await admin.registers()
    (registration,) = await made(tool)
    assert registration.lms is Family.CANVAS
    assert registration.name == "Springfield Schools"
    assert registration.token_audience is None
    assert [one for one in await tool.rows(Deployment) if one.registration_id == registration.id] == []
    assert "The first launch tells" in done.text
    (body,) = admin.platform.registered
    configured = body[LTI_TOOL]
    assert configured[CANVAS + "privacy_level"] == "name_only"
    assert configured["custom_parameters"]["masquerading_user_id"] == "$Canvas.masqueradingUser.id"
    link, picker = configured["messages"]
    assert link["placements"] == ["course_navigation"]
    assert link[CANVAS + "course_navigation/default_enabled"] is False
    assert link[CANVAS + "display_type"] == "full_width_in_context"
    # What this Canvas does not offer would be a 422.
    assert picker["placements"] == ["assignment_selection", "link_selection"]
    assert "contextgroup" not in body["scope"]
    assert "noticehandlers" in body["scope"]


async def test_canvas_with_a_deployment_beside_the_configuration(tool: Tool) -> None:
    platform = canvas()
    platform.outer = {"deployment_id": "106:8865"}
    admin = administrator(tool, platform)
    await admin.invited()
    await admin.registers()
    assert "106:8865" in [one.deployment_id for one in await tool.rows(Deployment)]


async def test_a_school_of_hosted_canvas_on_its_own_domain(tool: Tool) -> None:
    admin = administrator(tool, canvas("canvas.school.example"))
    await admin.invited()
    assert (await admin.registers()).status_code == 200


async def test_brightspace_has_an_audience_of_its_own(tool: Tool) -> None:
    admin = administrator(tool, brightspace())
    await admin.invited()
    await admin.registers()
    (registration,) = await made(tool)
    assert registration.lms is Family.BRIGHTSPACE
    assert registration.token_audience == "https://api.brightspace.com/auth/token"


async def test_sakai_lists_messages_as_strings_and_its_deployment_as_a_number(tool: Tool) -> None:
    admin = administrator(tool, sakai())
    await admin.invited()
    await admin.registers()
    (registration,) = await made(tool)
    assert registration.lms is Family.SAKAI
    assert "1" in [one.deployment_id for one in await tool.rows(Deployment)]
    (body,) = admin.platform.registered
    assert [one["type"] for one in body[LTI_TOOL]["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]


async def test_blackboards_portal_registers_for_all_schools_and_each_waits(tool: Tool) -> None:
    admin = administrator(tool, blackboard())
    await admin.invited()
    done = await admin.registers()
    assert done.status_code == 200, done.text
    assert "Each one that opens the tool waits" in done.text
    assert "LTI Tool Providers" in done.text
    (registration,) = await made(tool)
    assert (registration.lms, registration.issuer) == (Family.BLACKBOARD, "https://blackboard.com")
    assert registration.organisation_id is None
    assert registration.deployment_policy is DeploymentPolicy.HOLD
    school = await admit(tool.protocol, registration, "5f0c2f7e-school", "A school", tool.clock.now())
    assert (school.status, school.organisation_id) == (DeploymentStatus.HELD, None)


async def test_the_invitation_tells_the_family_where_the_platform_does_not(tool: Tool) -> None:
    admin = administrator(tool, RegisteringPlatform(configuration("lms.example", "Something New")))
    await admin.invited(Family.SAKAI)
    await admin.registers()
    (registration,) = await made(tool)
    assert registration.lms is Family.SAKAI


async def test_a_platform_without_tokens_gets_none(tool: Tool) -> None:
    admin = administrator(tool, RegisteringPlatform(configuration("lms.example", "other"), token=None))
    await admin.invited()
    assert (await admin.registers()).status_code == 200
    assert all("authorization" not in request.headers for request in admin.platform.asked)


async def test_an_authorization_server_on_the_token_host_is_the_audience(tool: Tool) -> None:
    described = configuration("lms.example", "other", authorization_server="https://lms.example/")
    admin = administrator(tool, RegisteringPlatform(described))
    await admin.invited()
    await admin.registers()
    (registration,) = await made(tool)
    assert registration.token_audience == "https://lms.example/"


# --- Invitations -----------------------------------------------------------------------------------------------------


async def test_an_invitation_works_once(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    page = await admin.opens()
    assert (await admin.confirms(page)).status_code == 200
    again = await admin.confirms(page)
    assert again.status_code == 403
    assert "used already" in again.text
    assert "used already" in (await admin.opens()).text
    assert len(await made(tool)) == 1
    assert len(admin.platform.registered) == 1


async def test_no_invitation_no_call(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    for changes, words in (
        ({"invite": None}, "needs an invitation"),
        ({"invite": ""}, "needs an invitation"),
        ({"invite": "x" * 43}, "not known"),
        ({"invite": "x" * 5000}, "not known"),
        ({"invite": "\x00"}, "not known"),
    ):
        response = await admin.opens(**changes)
        assert response.status_code == 403
        assert words in response.text
    assert (await admin.client.post("/lti/register", data={})).status_code == 403
    assert admin.platform.asked == []


async def test_an_invitation_ends(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited(life=timedelta(hours=1))
    page = await admin.opens()
    tool.clock.move(timedelta(hours=1))
    response = await admin.confirms(page)
    assert response.status_code == 403
    assert "has expired" in response.text
    assert await made(tool) == []


async def test_an_invitation_is_taken_back(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    page = await admin.opens()
    async with tool.database.writing() as session:
        (invite,) = await open_invites(session, tool.clock.now(), tool.organisation_id)
        await revoke_invite(session, invite.id, tool.clock.now(), actor="somebody")
    response = await admin.confirms(page)
    assert response.status_code == 403
    assert "taken back" in response.text
    assert "invite.revoked" in await actions(tool)
    async with tool.database.writing() as session:
        with pytest.raises(NotFound):
            await revoke_invite(session, invite.id, tool.clock.now())


async def test_an_invitation_opened_by_a_person_says_where_it_goes(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    response = await admin.opens(openid_configuration=None, registration_token=None)
    assert response.status_code == 400
    assert "This link is for your LMS" in response.text


async def test_a_failure_leaves_the_invitation_usable(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    admin.platform.answers(503, text="<h1>maintenance</h1>")
    failed = await admin.registers()
    assert failed.status_code == 424
    assert "maintenance" not in failed.text
    admin.platform.answer = None
    assert (await admin.registers()).status_code == 200
    assert await actions(tool) == ["invite.made", "registration.refused", "registration.made", "invite.used"]


async def test_of_two_confirmations_at_once_one_registers(own_tool: Tool) -> None:
    admin = administrator(own_tool, moodle())
    await admin.invited()
    page = await admin.opens()
    usual = admin.platform.handle
    going, gate = asyncio.Event(), asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            going.set()
            await gate.wait()
        return await usual(request)

    own_tool.protocol.http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    first = asyncio.create_task(admin.confirms(page))
    await going.wait()
    second = await admin.confirms(page)
    gate.set()
    assert second.status_code == 409
    assert "being used at this moment" in second.text
    assert (await first).status_code == 200
    assert len(admin.platform.registered) == 1
    assert len(await made(own_tool)) == 1


async def test_a_claim_that_was_left_behind_ends_by_itself(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    async with tool.database.writing() as session:
        (invite,) = await open_invites(session, tool.clock.now())
        invite.claimed_at = tool.clock.now()
        session.add(invite)
    assert (await admin.registers()).status_code == 409
    tool.clock.move(timedelta(seconds=31))
    assert (await admin.registers()).status_code == 200


# --- What exists is kept ----------------------------------------------------------------------------------------------


async def test_a_registration_that_exists_is_not_overwritten(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    await admin.registers()
    (before,) = await made(tool)
    await admin.invited()
    response = await admin.registers()
    assert response.status_code == 409
    assert "exists already" in response.text
    assert [one.id for one in await made(tool)] == [before.id]
    assert len([one for one in await tool.rows(RegistrationInvite) if one.used_at is None]) == 1


async def test_an_invitation_for_a_registration_renews_it(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited()
    await admin.registers()
    (before,) = await made(tool)
    await admin.invited(registration_id=before.id)
    admin.platform.described["token_endpoint"] += "?moved"
    page = await admin.opens()
    assert "renews the connection" in page.text
    assert (await admin.confirms(page)).status_code == 200
    (after,) = await made(tool)
    assert after.id == before.id
    assert after.token_url.endswith("?moved")
    assert (await actions(tool))[-2:] == ["registration.renewed", "invite.used"]
    deployments = [one for one in await tool.rows(Deployment) if one.registration_id == after.id]
    assert [one.deployment_id for one in deployments] == ["3"]


async def test_moodles_answer_to_an_update_renews_the_registration(tool: Tool) -> None:
    """Where a tool of the host is there already, Moodle offers to update it: 200, with the client id it had."""
    captured = fixture("moodle-4.5-registration.json")["update_response"]
    admin = administrator(tool, moodle())
    admin.platform.client_id = captured["body"]["client_id"]
    await admin.invited()
    await admin.registers()
    (before,) = await made(tool)
    admin.platform.answers(captured["status"], json=captured["body"])
    await admin.invited(registration_id=before.id)
    assert (await admin.registers()).status_code == 200
    (after,) = await made(tool)
    assert (after.id, after.client_id) == (before.id, captured["body"]["client_id"])
    # The update went to Moodle's tool 1, which is a deployment of its own beside the first one.
    found = {one.deployment_id: one.status for one in await tool.rows(Deployment) if one.registration_id == after.id}
    assert found == {"3": DeploymentStatus.ACCEPTED, "1": DeploymentStatus.ACCEPTED}


async def test_an_invitation_for_a_registration_is_for_no_other_platform(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    await admin.invited(registration_id=tool.registration.id)
    response = await admin.opens()
    assert response.status_code == 409
    assert "for another LMS" in response.text


async def test_a_client_id_of_another_issuer_at_the_same_token_address_is_refused(tool: Tool) -> None:
    """Otherwise tokens that are good for the one would be sent to the other's services."""
    admin = administrator(tool, brightspace())
    await admin.invited()
    await admin.registers()
    other = configuration("evil.example", "desire2learn", token_endpoint=admin.platform.described["token_endpoint"])
    admin.calls(RegisteringPlatform(other))
    await admin.invited()
    assert (await admin.registers()).status_code == 409
    assert len(await made(tool)) == 1


async def test_one_client_id_at_two_issuers_is_two_registrations(tool: Tool) -> None:
    for host in ("one.example", "two.example"):
        admin = administrator(tool, RegisteringPlatform(configuration(host, "other")))
        await admin.invited()
        assert (await admin.registers()).status_code == 200
    assert len(await made(tool)) == 2


# --- Making invitations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lms", [Family.SCHOOLOGY, Family.BLACKBOARD, Family.OPENEDX])
async def test_families_without_registration_are_told_the_other_way(tool: Tool, lms: Family) -> None:
    async with tool.database.writing() as session:
        with pytest.raises(Conflict, match=f"platform config {lms.value}"):
            await make_invite(session, organisation_id=tool.organisation_id, lms=lms, now=tool.clock.now())


async def test_the_code_is_not_kept(tool: Tool) -> None:
    admin = administrator(tool, moodle())
    code = await admin.invited()
    assert invite_address(TOOL, code) == f"{TOOL}/lti/register?invite={code}"
    (invite,) = await tool.rows(RegistrationInvite)
    assert code not in invite.model_dump_json()
    assert len(code) >= 43


@pytest.mark.parametrize(
    ("text", "life"), [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("7d", timedelta(days=7))]
)
def test_a_life_is_read(text: str, life: timedelta) -> None:
    assert read_life(text) == life


@pytest.mark.parametrize("text", ["", "0d", "-1d", "7", "7w", "1000d", "99999999999d", "٧d"])
def test_what_is_no_life_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_life(text)
