"""The sandbox as Schoology: each test is a way in which it is documented, was seen or is reported to differ."""

import re

import pytest

from lti_tool.sandbox.oidc import launch_form
from lti_tool.sandbox.store import add_person, enrol
from tests.sandbox.conftest import BASE, Lms
from tests.sandbox.liking import ITEM, ITEMS, MEMBERS, Services, a_link, launched, registered_again, services

LTI = "https://purl.imsglobal.org/spec/lti/claim"


@pytest.fixture
def like() -> str:
    return "schoology"


@pytest.fixture
async def at(lms: Lms) -> Services:
    """The tool at Schoology's services."""
    return await services(lms)


async def test_one_issuer_and_client_id_for_all_schools_and_a_deployment_for_each(lms: Lms) -> None:
    settings, tool = lms.platform.settings, lms.tool
    assert settings.issuer == "https://schoology.schoology.com"
    assert settings.authorization_url == f"{BASE}/lti-service/authorize-redirect"
    assert settings.token_url == f"{BASE}/lti-service/access-token"
    assert settings.jwks_url == f"{BASE}/lti-service/.well-known/jwks"
    assert re.fullmatch(r"\d{10}", tool.client_id)
    assert re.fullmatch(rf"{tool.client_id}-\d{{10}}", tool.deployment_id)
    # Another school's installation of the same app.
    profile = settings.profile
    assert profile.new_client_id(tool.login_url) == tool.client_id
    assert profile.new_deployment_id(tool) != tool.deployment_id
    await registered_again(lms)


async def test_the_login_request_names_no_client_and_no_person(lms: Lms) -> None:
    form = await launch_form(lms.platform, person_id=lms.student.id, course_id=lms.course.id, tool_id=lms.tool.id)
    assert set(form.fields) == {"iss", "target_link_uri", "login_hint", "lti_message_hint"}
    assert form.fields["login_hint"] == f"{lms.tool.deployment_id}-course-{lms.course.id}"


async def test_an_id_token_has_a_list_for_an_audience_and_nothing_of_canvas(lms: Lms) -> None:
    claims = await launched(lms, lms.student)
    assert claims["aud"] == [lms.tool.client_id]
    assert "azp" not in claims
    assert claims["exp"] - claims["iat"] == 600
    assert re.fullmatch(r"\d+::[0-9a-f]{32}", claims["sub"])
    assert claims[f"{LTI}/context"]["id"] == str(lms.course.id)
    assert claims[f"{LTI}/tool_platform"]["product_family_code"] == "schoology"
    assert not [name for name in claims if "instructure" in name or "lti-gs" in name or "notification" in name]
    assert claims[f"{LTI}/custom"]["section_id"] == str(lms.course.id)


async def test_a_deep_linked_link_has_its_own_custom_parameters_alone_and_no_capitals(lms: Lms) -> None:
    item = await a_link(lms, Playlist="7", where="$com.schoology.Launch.domain", canvas="$Canvas.course.id")
    custom = (await launched(lms, lms.student, module_item_id=item.id))[f"{LTI}/custom"]
    assert custom == {"playlist": "7", "where": BASE.removeprefix("http://"), "canvas": "$Canvas.course.id"}


async def test_services_are_at_addresses_with_app_and_section(lms: Lms, at: Services) -> None:
    services = f"{BASE}/lti-service/tool/{lms.tool.client_id}/services"
    assert at.line_items == f"{services}/assignment-grade/v2p0/sections/{lms.course.id}/lineitems"
    assert at.members == f"{services}/names-roles/v2p0/membership/{lms.course.id}"


async def test_a_token_is_a_bearer_in_small_letters(lms: Lms) -> None:
    assert (await lms.ask_token()).json()["token_type"] == "bearer"


async def test_a_new_line_item_may_not_hold_an_id_and_keeps_no_dates(at: Services) -> None:
    body = {"label": "L", "scoreMaximum": 5, "resourceId": "r", "endDateTime": "2026-12-01T00:00:00Z"}
    refused = await at.send("POST", at.line_items, {**body, "id": "x"}, ITEM)
    assert refused.status_code == 400
    assert refused.json() == {"error": 'Invalid parameter "body.id": "id" is not allowed'}
    made = (await at.send("POST", at.line_items, body, ITEM)).json()
    assert (made["resourceId"], "endDateTime" in made) == ("r", False)
    [found] = (await at.get(f"{at.line_items}?resource_id=r", ITEMS)).json()
    assert found == made


async def test_accept_has_to_name_the_type(at: Services) -> None:
    answer = await at.get(at.members, "*/*")
    assert answer.status_code == 400
    assert answer.json() == {"error": "handleNamesRoles: Invalid Accept Header"}


async def test_the_roster_has_a_hundred_members_a_page(lms: Lms, at: Services) -> None:
    async with lms.platform.store.writing() as session:
        course = await session.merge(lms.course)
        for number in range(110):
            person = await add_person(
                session,
                login=f"s{number}",
                given_name="S",
                family_name=f"{number:03}",
                kind="student",
                now=lms.platform.now(),
            )
            await enrol(session, course, person, "student", lms.platform.now())
    first = await at.get(f"{at.members}?limit=1000", MEMBERS)
    assert len(first.json()["members"]) == 100
    second = await at.get(first.links["next"]["url"], MEMBERS)
    assert len(second.json()["members"]) == 114 - 100


async def test_a_score_for_somebody_who_never_came_is_taken_and_erases_the_comment_there_was(at: Services) -> None:
    address = await at.made()
    assert (await at.score(address, "2026-11-27T12:00:00Z", comment="well done")).status_code == 200
    assert (await at.results(address))[0]["comment"] == "well done"
    await at.score(address, "2026-11-27T12:00:01Z")
    assert "comment" not in (await at.results(address))[0]


async def test_there_is_no_canvas_api_and_no_groups(lms: Lms) -> None:
    assert (await lms.http.get("/api/v1/courses")).status_code == 404
    assert (await lms.http.get(f"/api/lti/courses/{lms.course.id}/groups")).status_code == 404
