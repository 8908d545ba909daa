"""The sandbox as Moodle 4.5.6: each test is a way in which that one was seen to differ."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.sandbox.likes.moodle import AGS_CLAIM, NRPS_CLAIM
from lti_tool.sandbox.models import LineItem, ModuleItem
from lti_tool.sandbox.oidc import launch_form
from lti_tool.sandbox.sessions import FRAMED_COOKIE
from lti_tool.sandbox.store import add_person, enrol
from tests.sandbox.conftest import BASE, TOOL, Lms
from tests.sandbox.liking import (
    ITEM,
    ITEMS,
    MEMBERS,
    RESULTS,
    SCORE,
    Services,
    a_module,
    asking,
    authorize,
    cookie,
    launched,
    registered_again,
    services,
)
from tests.sandbox.test_oidc import form_of

LTI = "https://purl.imsglobal.org/spec/lti/claim"
LIS = "http://purl.imsglobal.org/vocab/lis/v2"
SERVICES = f"{BASE}/mod/lti/services.php"


@pytest.fixture
def like() -> str:
    return "moodle"


@pytest.fixture
async def activity(lms: Lms) -> ModuleItem:
    """The tool as an activity of the course."""
    await a_module(lms)
    await registered_again(lms)
    async with lms.platform.store.reading() as session:
        [item] = await session.scalars(select(ModuleItem).where(ModuleItem.type == "ExternalTool"))
    return item


@pytest.fixture
async def at(lms: Lms, activity: ModuleItem) -> Services:
    """The tool at Moodle's services."""
    return await services(lms, module_item_id=activity.id)


# --- Registration --------------------------------------------------------------------------------------------------------


async def test_addresses_are_php_scripts_and_ids_are_numbers(lms: Lms) -> None:
    settings = lms.platform.settings
    assert settings.issuer == BASE
    assert settings.authorization_url == f"{BASE}/mod/lti/auth.php"
    assert settings.token_url == f"{BASE}/mod/lti/token.php"
    assert settings.jwks_url == f"{BASE}/mod/lti/certs.php"
    assert (lms.teacher.lti_id, lms.course.context_id) == (str(lms.teacher.id), str(lms.course.id))
    assert lms.tool.deployment_id == str(lms.tool.id)
    assert re.fullmatch(r"[0-9A-Za-z]{15}", lms.tool.client_id)
    assert (await lms.http.get("/api/v1/courses")).status_code == 404


async def test_a_tool_is_an_activity_with_a_column_of_its_own(lms: Lms, activity: ModuleItem) -> None:
    assert "course_navigation" not in lms.tool.placements
    await registered_again(lms)
    async with lms.platform.store.reading() as session:
        assert len((await session.scalars(select(ModuleItem))).all()) == 1
        [column] = await session.scalars(select(LineItem))
    assert column.score_maximum == 100


# --- Launches ------------------------------------------------------------------------------------------------------------


async def test_the_login_request_has_six_fields_and_no_storage(lms: Lms, activity: ModuleItem) -> None:
    form = await launch_form(
        lms.platform, person_id=lms.student.id, course_id=lms.course.id, module_item_id=activity.id
    )
    assert set(form.fields) == {
        "iss",
        "target_link_uri",
        "login_hint",
        "lti_message_hint",
        "client_id",
        "lti_deployment_id",
    }
    hint = form.fields["lti_message_hint"]
    assert hint == json.dumps(json.loads(hint), separators=(",", ":"))
    assert json.loads(hint)["cmid"] == activity.id


async def test_a_launch_says_what_a_captured_one_says(lms: Lms, activity: ModuleItem) -> None:
    claims = await launched(lms, lms.student, module_item_id=activity.id)
    assert claims["exp"] == claims["iat"] + 60
    assert "azp" not in claims
    assert (claims["aud"], claims["sub"]) == (lms.tool.client_id, str(lms.student.id))
    assert claims[f"{LTI}/roles"] == [f"{LIS}/membership#Learner"]
    assert claims[f"{LTI}/context"]["type"] == ["CourseSection"]
    assert claims[f"{LTI}/resource_link"]["description"] == ""
    assert claims[f"{LTI}/ext"] == {"lms": "moodle-2", "user_username": "student"}
    assert claims[f"{LTI}/tool_platform"]["product_family_code"] == "moodle"
    assert "sesskey=" in claims[f"{LTI}/launch_presentation"]["return_url"]
    item = f"{SERVICES}/{lms.course.id}/lineitems/1/lineitem?type_id={lms.tool.id}"
    assert claims[AGS_CLAIM]["lineitem"] == item
    assert claims[NRPS_CLAIM]["service_versions"] == ["1.0", "2.0"]
    outcome = claims["https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"]
    assert json.loads(outcome["lis_result_sourcedid"])["data"]["userid"] == claims["sub"]
    assert not [name for name in claims if "instructure" in name]
    custom = claims[f"{LTI}/custom"]
    assert custom["user_timezone"] == "99"
    assert custom["context_memberships_url"] == claims[NRPS_CLAIM]["context_memberships_url"]


async def test_custom_parameters_keep_unknown_variables_come_twice_and_vanish(lms: Lms, activity: ModuleItem) -> None:
    given = {"UPPER.key": "v", "locale": "$Message.locale", "lineitem_url": "mine", "results_url": "x"}
    async with lms.platform.store.writing() as session:
        tool = await session.merge(lms.tool)
        tool.custom = given
    claims = await launched(lms, lms.student, module_item_id=activity.id)
    custom = claims[f"{LTI}/custom"]
    assert (custom["UPPER.key"], custom["upper_key"]) == ("v", "v")
    assert custom["locale"] == "$Message.locale"
    assert "lineitem_url" not in custom
    assert "results_url" not in custom
    assert claims[AGS_CLAIM]["lineitem"] == "mine"


async def test_a_second_line_item_of_the_link_takes_the_lineitem_claim_away(
    lms: Lms, at: Services, activity: ModuleItem
) -> None:
    link = (await launched(lms, lms.student, module_item_id=activity.id))[f"{LTI}/resource_link"]["id"]
    await at.made(resourceLinkId=link)
    assert "lineitem" not in (await launched(lms, lms.student, module_item_id=activity.id))[AGS_CLAIM]


async def test_an_administrator_of_the_site_teaches_everywhere(lms: Lms, activity: ModuleItem) -> None:
    async with lms.platform.store.writing() as session:
        admin = await add_person(
            session, login="a", given_name="A", family_name="D", kind="administrator", now=lms.platform.now()
        )
    claims = await launched(lms, admin, module_item_id=activity.id)
    assert claims[f"{LTI}/roles"] == [
        f"{LIS}/institution/person#Administrator",
        f"{LIS}/membership#Instructor",
        f"{LIS}/system/person#Administrator",
    ]


async def test_a_hint_works_once_and_then_ends_on_a_page_of_moodles(lms: Lms, activity: ModuleItem) -> None:
    asked = await asking(lms, lms.student, module_item_id=activity.id)
    assert "id_token" in form_of(await authorize(lms, lms.student, asked))[1]
    again = await authorize(lms, lms.student, {**asked, "nonce": "another"})
    assert again.status_code == 404
    assert "<form" not in again.text


@pytest.mark.parametrize(
    ("change", "status", "posted"),
    [
        ({"scope": "openid profile"}, 404, None),
        ({"response_type": "code"}, 404, None),
        ({"nonce": ""}, 404, None),
        ({"redirect_uri": f"{TOOL}/lti/launch?x=1"}, 404, None),
        ({"lti_message_hint": "{}"}, 404, None),
        (
            {"response_mode": "query"},
            200,
            {"error": "invalid_request", "error_description": "Invalid response_mode"},
        ),
        ({"prompt": "login"}, 200, {"error": "invalid_request", "error_description": "Invalid prompt"}),
        ({"login_hint": "999"}, 200, {"error": "access_denied"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_mistakes_are_posted_or_end_on_a_page(
    lms: Lms, activity: ModuleItem, change: dict[str, str], status: int, posted: dict[str, str] | None
) -> None:
    asked = await asking(lms, lms.student, module_item_id=activity.id)
    answer = await authorize(lms, lms.student, asked | change)
    assert answer.status_code == status
    if posted is None:
        assert "<form" not in answer.text
    else:
        assert form_of(answer)[1] == {**posted, "state": "a state"}


async def test_prompt_may_be_left_out(lms: Lms, activity: ModuleItem) -> None:
    asked = await asking(lms, lms.student, module_item_id=activity.id)
    del asked["prompt"]
    assert "id_token" in form_of(await authorize(lms, lms.student, asked))[1]


async def test_without_a_session_the_request_is_posted_once_more_from_moodle(lms: Lms, activity: ModuleItem) -> None:
    asked = await asking(lms, lms.student, module_item_id=activity.id)
    page = await authorize(lms, None, asked)
    assert page.status_code == 200
    assert 'name="repost"' in page.text
    fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', page.text.replace("&quot;", '"')))
    answer = await lms.http.post(
        lms.platform.settings.authorization_url,
        data={**asked, "repost": fields["repost"]},
        headers=await cookie(lms, lms.student),
    )
    assert "id_token" in form_of(answer)[1]
    nobody = await lms.http.post(lms.platform.settings.authorization_url, data={**asked, "repost": "1"})
    assert nobody.status_code == 404


async def test_its_session_cookie_stays_out_of_other_sites_navigations(lms: Lms) -> None:
    answer = await lms.http.post("/login", data={"login": "student"})
    assert FRAMED_COOKIE not in answer.headers["set-cookie"]


async def test_an_activity_is_launched_afresh_at_its_own_address(lms: Lms, activity: ModuleItem) -> None:
    headers = await cookie(lms, lms.student)
    page = await lms.http.get(f"/mod/lti/launch.php?id={activity.id}", headers=headers)
    action, fields = form_of(page)
    assert action == f"{TOOL}/lti/login"
    assert json.loads(fields["lti_message_hint"])["cmid"] == activity.id
    assert (await lms.http.get("/mod/lti/launch.php?id=999", headers=headers)).status_code == 404
    seen = await lms.http.get(f"/mod/lti/view.php?id={activity.id}", headers=headers)
    assert seen.headers["location"] == f"/courses/{lms.course.id}/modules/items/{activity.id}"


# --- Tokens --------------------------------------------------------------------------------------------------------------


async def test_a_token_comes_as_text_html_and_leaves_out_scopes_in_silence(lms: Lms) -> None:
    answer = await lms.ask_token(scope=f"{lms.tool.scopes[0]} https://example.org/nothing")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.json()["scope"] == lms.tool.scopes[0]
    assert answer.json()["expires_in"] == 3600


@pytest.mark.parametrize("changes", [{"aud": "https://elsewhere.example"}, {"iss": "x"}, {"jti": None}, {"exp": None}])
async def test_assertions_are_hardly_looked_at(lms: Lms, changes: dict[str, Any]) -> None:
    assertion = lms.assertion(**changes)
    assert (await lms.ask_token(assertion)).status_code == 200
    assert (await lms.ask_token(assertion)).status_code == 200


async def test_an_iat_that_is_ahead_is_refused(lms: Lms) -> None:
    now = int(lms.platform.now().timestamp())
    answer = await lms.ask_token(lms.assertion(iat=now + 30))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Cannot handle token with iat")


async def test_the_error_for_an_unknown_key_is_no_json(lms: Lms) -> None:
    answer = await lms.ask_token(lms.assertion(key=lms.keys[1]))
    assert answer.status_code == 400
    assert '"kid" invalid' in answer.text
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()


# --- Line items ----------------------------------------------------------------------------------------------------------


async def test_a_list_of_line_items_is_refused_to_any_type_and_a_line_item_is_not(at: Services) -> None:
    for accept, status in (("*/*", 400), ("application/json", 400), (ITEMS, 200)):
        assert (await at.get(at.line_items, accept)).status_code == status
    address = await at.made()
    for accept, status in (("*/*", 200), ("application/json", 400), (ITEM, 200)):
        assert (await at.get(address, accept)).status_code == status
    refused = (await at.get(at.line_items, "application/json")).json()
    assert refused["reason"].startswith("No handler found for /")
    assert refused["request"]["accept"] == "application/json"


async def test_what_is_made_is_echoed_and_half_of_it_forgotten(at: Services) -> None:
    body = {"label": "L", "scoreMaximum": 5, "resourceId": "r", "tag": "t", "endDateTime": "2026-12-01T00:00:00Z"}
    made = await at.send("POST", at.line_items, body, ITEM)
    assert made.json() == {**body, "id": made.json()["id"]}
    assert made.json()["id"].endswith(f"/lineitem?type_id={at.lms.tool.id}")
    read = (await at.get(made.json()["id"], ITEM)).json()
    assert "endDateTime" not in read
    again = await at.send("POST", at.line_items, body, ITEM)
    assert again.json()["id"] != made.json()["id"]


@pytest.mark.parametrize("body", [{"scoreMaximum": 5}, {"label": "L"}, {"label": "L", "scoreMaximum": 5}])
async def test_label_maximum_and_type_are_needed(at: Services, body: dict[str, Any]) -> None:
    media = "application/json" if len(body) == 2 else ITEM
    assert (await at.send("POST", at.line_items, body, media)).status_code == 400


async def test_a_put_clears_what_it_leaves_out_and_unlinks(at: Services, activity: ModuleItem) -> None:
    [own] = (await at.get(at.line_items, ITEMS)).json()
    assert own["ltiLinkId"] == own["resourceLinkId"]
    await at.send("PUT", own["id"], {"label": "L", "scoreMaximum": 100, "tag": "t"}, ITEM)
    read = (await at.get(own["id"], ITEM)).json()
    assert read == {"id": own["id"], "label": "L", "scoreMaximum": 100, "resourceId": "", "tag": "t"}
    gone = await at.lms.http.delete(own["id"], headers=at.bearer)
    assert (gone.status_code, gone.headers["content-type"]) == (204, "text/html; charset=utf-8")
    missing = await at.get(own["id"], ITEM)
    assert (missing.status_code, missing.json()["reason"]) == (404, "Not Found: Grade item 1 doesn't exist")


async def test_links_to_further_line_items_have_typographic_quotes(at: Services) -> None:
    for _ in range(2):
        await at.made()
    answer = await at.get(f"{at.line_items}&limit=2", ITEMS)
    link = dict(answer.headers.raw)[b"link"].decode()
    assert "rel=“next”" in link
    assert "&amp;limit=2&amp;from=2>" in link
    assert "next" not in answer.links


async def test_another_type_or_a_scope_that_is_missing_is_a_401_without_a_word_why(at: Services) -> None:
    wrong = at.line_items.replace("type_id=", "type_id=7")
    at_most = await at.lms.bearer("https://purl.imsglobal.org/spec/lti-ags/scope/score")
    for answer in (
        await at.get(wrong, ITEMS),
        await at.lms.http.get(at.line_items, headers={**at_most, "Accept": ITEMS}),
        await at.lms.http.get(at.line_items, headers={"Accept": ITEMS}),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")
        assert "www-authenticate" not in answer.headers


# --- Scores and results --------------------------------------------------------------------------------------------------


async def test_the_scores_path_stands_before_the_query(at: Services) -> None:
    address = await at.made()
    wrong = await at.send("POST", f"{address}/scores", {}, SCORE)
    assert wrong.status_code == 400
    right = await at.score(address, "2026-11-27T12:00:00Z")
    assert (right.status_code, right.content) == (200, b"")


async def test_a_second_score_within_a_second_conflicts(at: Services) -> None:
    address = await at.made()
    answers = [
        (await at.score(address, stamp)).status_code
        for stamp in ("2026-11-27T12:00:00.100Z", "2026-11-27T12:00:00.900Z", "2026-11-27T12:00:01Z")
    ]
    assert answers == [200, 409, 200]


async def test_a_moment_in_the_future_is_taken_and_blocks(at: Services) -> None:
    address = await at.made()
    ahead = (at.lms.platform.now() + timedelta(hours=1)).isoformat()
    assert (await at.score(address, ahead)).status_code == 200
    assert (await at.score(address, at.lms.platform.now().isoformat())).status_code == 409


@pytest.mark.parametrize(
    "more",
    [
        {"gradingProgress": "PendingManual"},
        {"gradingProgress": "NotReady", "activityProgress": "InProgress", "points": None},
        {"points": None},
    ],
)
async def test_anything_but_fully_graded_with_a_number_wipes_the_grade(at: Services, more: dict[str, Any]) -> None:
    address = await at.made()
    await at.score(address, "2026-11-27T12:00:00Z", 8)
    points = more.pop("points", 9)
    assert (await at.score(address, "2026-11-27T12:00:05Z", points, **more)).status_code == 200
    # The cell of a column of its own is there, and empty.
    [left] = await at.results(address)
    assert "resultScore" not in left


async def test_an_activitys_own_cell_forgets_the_moment_with_the_grade(at: Services) -> None:
    [own] = (await at.get(at.line_items, ITEMS)).json()
    await at.score(own["id"], "2026-11-27T12:00:00Z", 8)
    await at.score(own["id"], "2026-11-27T12:00:05Z", None)
    assert await at.results(own["id"]) == []
    assert (await at.score(own["id"], "2026-11-27T11:00:00Z", 3)).status_code == 200
    [back] = await at.results(own["id"])
    assert (back["resultScore"], back["resultMaximum"]) == (30, 100)


@pytest.mark.parametrize(("given", "of", "shown"), [(11, 10, 10), (-1, 10, 0), (1, 3, 3.33333)])
async def test_scores_are_scaled_and_held_within_the_maximum(
    at: Services, given: float, of: float, shown: float
) -> None:
    address = await at.made()
    await at.score(address, "2026-11-27T12:00:00Z", given, scoreMaximum=of)
    [result] = await at.results(address, f"&user_id={at.lms.student.lti_id}")
    assert result["resultScore"] == shown
    assert result["timestamp"] == "2026-11-27T12:00:00+00:00"


async def test_a_zero_is_missing_from_the_whole_list(at: Services) -> None:
    address = await at.made()
    await at.score(address, "2026-11-27T12:00:00Z", 0)
    assert await at.results(address) == []
    [one] = await at.results(address, f"&user_id={at.lms.student.lti_id}")
    assert one["resultScore"] == 0


async def test_a_comment_that_is_left_out_is_cleared(at: Services) -> None:
    address = await at.made()
    await at.score(address, "2026-11-27T12:00:00Z", comment="well done")
    assert (await at.results(address))[0]["comment"] == "well done"
    await at.score(address, "2026-11-27T12:00:01Z")
    assert "comment" not in (await at.results(address))[0]


async def test_results_in_pages_are_a_page_of_html(at: Services) -> None:
    answer = await at.get(at.beneath(await at.made(), "results") + "&limit=5", RESULTS)
    assert answer.status_code == 404
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_a_score_for_nobody_who_can_be_graded_is_a_400(at: Services) -> None:
    address = await at.made()
    for more in ({"userId": at.lms.teacher.lti_id}, {"userId": "999"}, {"timestamp": "yesterday"}):
        answer = await at.score(address, "2026-11-27T12:00:00Z", **more)
        assert (answer.status_code, answer.json()) == (400, [])


# --- Roster --------------------------------------------------------------------------------------------------------------


async def test_the_roster_has_short_roles_and_a_next_link_that_forgets_the_role(at: Services) -> None:
    whole = (await at.get(at.members, MEMBERS)).json()
    assert whole["context"]["id"] == str(at.lms.course.id)
    by_id = {member["user_id"]: member for member in whole["members"]}
    assert by_id[at.lms.teacher.lti_id]["roles"] == ["Instructor"]
    assert by_id[at.lms.student.lti_id]["roles"] == ["Learner"]
    assert by_id[at.lms.student.lti_id]["ext_user_username"] == "student"
    first = await at.get(f"{at.members}?role=Learner&limit=1", MEMBERS)
    assert first.links["next"]["url"] == f"{at.members}?limit=1&from=1"


async def test_an_unknown_link_is_a_404_and_a_known_one_adds_no_custom_parameters(
    at: Services, activity: ModuleItem
) -> None:
    assert (await at.get(f"{at.members}?rlid=99", MEMBERS)).status_code == 404
    with_message = (await at.get(f"{at.members}?rlid={activity.resource_link_id}", MEMBERS)).json()
    assert with_message["members"][0]["message"] == [{f"{LTI}/message_type": "LtiResourceLinkRequest"}]


async def test_a_non_editing_teacher_teaches_at_launch_and_learns_in_the_roster(
    lms: Lms, at: Services, activity: ModuleItem
) -> None:
    async with lms.platform.store.writing() as session:
        person = await add_person(
            session, login="ta", given_name="Tom", family_name="A", kind="assistant", now=lms.platform.now()
        )
        await enrol(session, await session.merge(lms.course), person, "assistant", lms.platform.now())
    assert (await launched(lms, person, module_item_id=activity.id))[f"{LTI}/roles"] == [f"{LIS}/membership#Instructor"]
    members = (await at.get(at.members, MEMBERS)).json()["members"]
    assert next(one for one in members if one["user_id"] == person.lti_id)["roles"] == ["Learner"]


async def test_the_roster_writes_names_for_a_page_and_a_launch_has_them_as_they_are(
    lms: Lms, at: Services, activity: ModuleItem
) -> None:
    async with lms.platform.store.writing() as session:
        person = await add_person(
            session, login="both", given_name="Ann & Bob", family_name="O'Brien", kind="student", now=lms.platform.now()
        )
        await enrol(session, await session.merge(lms.course), person, "student", lms.platform.now())
    assert (await launched(lms, person, module_item_id=activity.id))["name"] == "Ann & Bob O'Brien"
    members = (await at.get(at.members, MEMBERS)).json()["members"]
    assert next(one for one in members if one["user_id"] == person.lti_id)["name"] == "Ann &amp; Bob O'Brien"
