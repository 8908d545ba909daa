"""The sandbox as Canvas is: each test is a way in which its source or its documentation departs from the specification."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lti_tool.sandbox.likes.canvas import HOSTED_ISSUER
from lti_tool.sandbox.likes.throttle import WORDS
from lti_tool.sandbox.models import LineItem, ResourceLink
from lti_tool.sandbox.scores import SUBMISSION
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.sandbox.store import add_person, enrol
from tests.sandbox.conftest import BASE, Lms
from tests.sandbox.liking import ITEMS, MEMBERS, Services, a_link, asking, authorize, launched, services
from tests.sandbox.test_oidc import form_of

LTI = "https://purl.imsglobal.org/spec/lti/claim"
LIS = "http://purl.imsglobal.org/vocab/lis/v2"


@pytest.fixture
def like() -> str:
    return "canvas"


@pytest.fixture
async def at(lms: Lms) -> Services:
    """The tool at Canvas's services."""
    return await services(lms)


# --- Launches ------------------------------------------------------------------------------------------------------------


async def test_the_first_address_sends_the_browser_on_to_the_schools_own(lms: Lms) -> None:
    asked = await asking(lms, lms.teacher)
    first = await lms.http.get(lms.platform.settings.authorization_url, params=asked)
    assert first.status_code == 302
    there = httpx.URL(first.headers["location"])
    assert (there.path, dict(there.params)) == ("/api/lti/authorize", asked)


def test_hosted_canvas_has_one_issuer_and_a_host_for_signing_in() -> None:
    settings = SandboxSettings(base_url=BASE, like="canvas", hosted="http://sso.localhost:8002")
    assert settings.issuer == HOSTED_ISSUER
    assert settings.authorization_url == "http://sso.localhost:8002/api/lti/authorize_redirect"
    assert settings.token_url == "http://sso.localhost:8002/login/oauth2/token"
    assert settings.jwks_url == "http://sso.localhost:8002/api/lti/security/jwks"
    assert SandboxSettings(base_url=BASE, like="canvas").issuer == BASE


async def test_a_hint_is_a_long_token_that_works_once(lms: Lms) -> None:
    asked = await asking(lms, lms.teacher)
    assert asked["lti_message_hint"].count(".") == 2
    assert len(asked["lti_message_hint"]) > 200
    assert "id_token" in form_of(await authorize(lms, lms.teacher, asked))[1]
    again = form_of(await authorize(lms, lms.teacher, {**asked, "nonce": "another"}))[1]
    assert (again["error"], again["state"]) == ("launch_no_longer_valid", "a state")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"nonce": ""}, "invalid_request_object"),
        ({"scope": "openid profile"}, "invalid_request_object"),
        ({"login_hint": "somebody else"}, "login_required"),
    ],
)
async def test_mistakes_come_back_in_canvas_words(lms: Lms, change: dict[str, str], error: str) -> None:
    asked = await asking(lms, lms.teacher) | change
    assert form_of(await authorize(lms, lms.teacher, asked))[1]["error"] == error


async def test_a_hint_that_cannot_be_read_stays_with_canvas(lms: Lms) -> None:
    answer = await authorize(lms, lms.teacher, await asking(lms, lms.teacher) | {"lti_message_hint": "x"})
    assert answer.status_code == 400
    assert "<form" not in answer.text


async def test_an_id_token_lives_an_hour_and_names_the_person_of_lti_1_1(lms: Lms) -> None:
    claims = await launched(lms, lms.teacher)
    assert claims["exp"] - claims["iat"] == 3600
    assert len(claims[f"{LTI}/lti11_legacy_user_id"]) == 40
    assert claims[f"{LTI}/custom"]["canvas_course_id"] == str(lms.course.id)


async def test_whom_somebody_observes_is_a_claim_for_tools_that_are_told_everything(lms: Lms) -> None:
    custom = f"{LTI}/custom"
    claims = await launched(lms, lms.observer)
    assert f"{LTI}/role_scope_mentor" not in claims
    assert claims[custom]["canvas_observees"] == lms.student.lti_id
    assert (await launched(lms, lms.student))[custom]["canvas_observees"] == ""
    async with lms.platform.store.writing() as session:
        (await session.merge(lms.tool)).privacy_level = "public"
    assert (await launched(lms, lms.observer))[f"{LTI}/role_scope_mentor"] == [lms.student.lti_id]


async def test_truth_values_are_no_text_and_links_have_no_history_but_assignments(lms: Lms) -> None:
    custom = (await launched(lms, lms.teacher))[f"{LTI}/custom"]
    assert custom["canvas_section_restricted"] is False
    assert custom["resource_link_id_history"] == "$Activity.id.history"


@pytest.mark.parametrize(
    ("role", "found"),
    [
        ("assistant", [f"{LIS}/membership/Instructor#TeachingAssistant", f"{LIS}/membership#Instructor"]),
        ("test_student", [f"{LIS}/membership#Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]),
    ],
)
async def test_assistants_and_test_students_have_roles_of_their_own(lms: Lms, role: str, found: list[str]) -> None:
    async with lms.platform.store.writing() as session:
        person = await add_person(
            session, login="x", given_name="T", family_name="S", kind="student", now=lms.platform.now()
        )
        await enrol(session, await session.merge(lms.course), person, role, lms.platform.now())
    roles = (await launched(lms, person))[f"{LTI}/roles"]
    assert [one for one in roles if "membership" in one or "TestUser" in one] == found


# --- Tokens --------------------------------------------------------------------------------------------------------------


async def test_one_scope_too_many_and_there_is_no_token(lms: Lms) -> None:
    answer = await lms.ask_token(scope=f"{lms.tool.scopes[0]} https://example.org/more")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


# --- Grades --------------------------------------------------------------------------------------------------------------


async def test_an_equal_moment_counts_and_an_earlier_one_is_a_400(at: Services) -> None:
    address = await at.made()
    stamps = ("2026-11-27T12:00:00.500Z", "2026-11-27T12:00:00.500Z", "2026-11-27T12:00:00.499Z")
    answers = [await at.score(address, stamp) for stamp in stamps]
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert "before last updated timestamp of 2026-11-27T12:00:00.500Z" in answers[2].json()["errors"]["message"]


async def test_ten_line_items_a_page_unless_more_are_asked_for(at: Services) -> None:
    for _ in range(12):
        await at.made()
    few = await at.get(at.line_items, ITEMS)
    assert (len(few.json()), "next" in few.links) == (10, True)
    assert len((await at.get(few.links["next"]["url"], ITEMS)).json()) == 2
    assert len((await at.get(f"{at.line_items}?limit=50", ITEMS)).json()) == 12


async def test_every_comment_is_added_below_the_earlier_ones(at: Services) -> None:
    address = await at.made()
    for second, comment in enumerate(("first", "second", None)):
        await at.score(address, f"2026-11-27T12:00:0{second}Z", comment=comment)
    assert (await at.results(address))[0]["comment"] == "first\n\nsecond"


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({"gradingProgress": "PendingManual"}, 6),
        ({"gradingProgress": "Pending"}, None),
        ({"points": None, SUBMISSION: {"preserve_score": True}}, 8),
        ({"points": None}, None),
    ],
)
async def test_what_keeps_a_grade_and_what_clears_it(at: Services, more: dict[str, Any], left: float | None) -> None:
    address = await at.made()
    await at.score(address, "2026-11-27T12:00:00Z", 8)
    points = more.pop("points", 6)
    await at.score(address, "2026-11-27T12:00:01Z", points, **more)
    assert (await at.results(address))[0].get("resultScore") == left


async def test_every_score_is_an_attempt_unless_it_says_that_it_is_none(lms: Lms, at: Services) -> None:
    address = await at.made()
    lms.platform.behaviour.allowed_attempts = 1
    refresh = {SUBMISSION: {"new_submission": False}}
    assert (await at.score(address, "2026-11-27T12:00:00Z")).status_code == 200
    refused = await at.score(address, "2026-11-27T12:00:01Z", 6)
    assert refused.status_code == 422
    assert "allowed attempts" in refused.json()["errors"]["message"]
    assert (await at.score(address, "2026-11-27T12:00:02Z", 7, **refresh)).status_code == 200
    assert (await at.results(address))[0]["resultScore"] == 7


async def test_a_test_student_is_graded_by_nobody(lms: Lms, at: Services) -> None:
    async with lms.platform.store.writing() as session:
        person = await add_person(
            session, login="x", given_name="T", family_name="S", kind="student", now=lms.platform.now()
        )
        await enrol(session, await session.merge(lms.course), person, "test_student", lms.platform.now())
    answer = await at.score(await at.made(), "2026-11-27T12:00:00Z", userId=person.lti_id)
    assert answer.status_code == 422
    assert "is not a student" in answer.json()["errors"]["message"]


async def test_a_links_line_item_is_needed_for_more_and_not_the_tools_to_delete(lms: Lms, at: Services) -> None:
    item = await a_link(lms)
    async with lms.platform.store.reading() as session:
        link = await session.get_one(ResourceLink, item.resource_link_id)
    body = {"label": "L", "scoreMaximum": 5, "resourceLinkId": link.lti_id}
    media = "application/vnd.ims.lis.v2.lineitem+json"
    assert (await at.send("POST", at.line_items, body, media)).status_code == 412
    async with lms.platform.store.writing() as session:
        session.add(
            LineItem(
                course_id=lms.course.id,
                tool_id=lms.tool.id,
                label="Own",
                score_maximum=5,
                resource_link_id=link.lti_id,
                created_at=lms.platform.now(),
            )
        )
    made = await at.send("POST", at.line_items, body, media)
    assert made.status_code == 201
    gone = await lms.http.delete(made.json()["id"], headers=at.bearer)
    assert (gone.status_code, gone.content) == (401, b"")


# --- The rate limit --------------------------------------------------------------------------------------------------------


async def test_calls_one_after_the_other_are_never_too_many(at: Services) -> None:
    answers = [await at.get(at.line_items, ITEMS) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    left = [float(answer.headers["x-rate-limit-remaining"]) for answer in answers]
    assert left == sorted(left, reverse=True)
    assert "x-request-cost" in answers[0].headers


async def test_many_at_once_are_refused_with_a_403_and_let_in_later(lms: Lms, at: Services) -> None:
    lms.platform.behaviour.latency["memberships"] = 0.05
    answers = await asyncio.gather(*(at.get(at.members, MEMBERS) for _ in range(20)))
    refused = [answer for answer in answers if answer.status_code == 403]
    assert len(refused) == 8
    assert {answer.text for answer in refused} == {WORDS}
    assert "retry-after" not in refused[0].headers
    lms.clock.move(timedelta(seconds=1))
    assert (await at.get(at.members, MEMBERS)).status_code == 200
