"""Tokens, gradebook and roster against a platform that answers as Moodle, Canvas and others really do."""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt

from lti_tool.lti import claims
from lti_tool.lti.models import Family, Role
from lti_tool.lti.services import (
    AgsClient,
    LineItemData,
    MemberStatus,
    NrpsClient,
    ScoreData,
    ServiceRefused,
    ServiceUnreachable,
)
from lti_tool.platforms import quirks
from tests.lti.conftest import Tool
from tests.lti.support import FIXTURES, signing_key
from tests.pairs import on_postgresql, on_sqlite

ITEM = "https://platform.example/8/lineitems/36/lineitem?type_id=2"
ITEMS = "https://platform.example/8/lineitems?type_id=2"
MEMBERS = "https://platform.example/members?memberships=361"
AT = datetime(2026, 11, 22, 18, 49, 47, 123456, tzinfo=UTC)

Answer = Callable[[httpx.Request], httpx.Response]


class Services:
    """A platform's token endpoint and whatever services a test gives it; it keeps what it was asked."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.asked: list[httpx.Request] = []
        self.tokens = 0
        self.valid = ""
        self.lives = 3600
        tool.platform.answers["/token"] = self.token

    def token(self, request: httpx.Request) -> httpx.Response:
        self.tokens += 1
        self.asked.append(request)
        self.valid = f"token-{self.tokens}"
        # Moodle 4.5 calls its JSON text/html.
        body = {
            "access_token": self.valid,
            "token_type": "Bearer",
            "expires_in": self.lives,
            "scope": self.scope(request),
        }
        return httpx.Response(200, content=json.dumps(body), headers={"Content-Type": "text/html; charset=utf-8"})

    @staticmethod
    def scope(request: httpx.Request) -> str:
        return parse_qs(request.content.decode())["scope"][0]

    def answer(self, path: str, answer: Answer) -> None:
        def guarded(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            if request.headers["authorization"] != f"Bearer {self.valid}":
                return httpx.Response(401, json={"status": 401, "reason": "Unauthorized"})
            return answer(request)

        self.tool.platform.answers[path] = guarded

    def ags(self, family: Family = Family.OTHER, scopes: list[str] | None = None) -> AgsClient:
        return AgsClient(self.tool.protocol, self.tool.registration, quirks(family), scopes=scopes)

    def nrps(self) -> NrpsClient:
        return NrpsClient(self.tool.protocol, self.tool.registration)

    def calls(self, path: str) -> list[httpx.Request]:
        return [request for request in self.asked if request.url.path == path]


@pytest.fixture
def services(tool: Tool) -> Services:
    return Services(tool)


def score(**changes: Any) -> ScoreData:
    return ScoreData(**({"user_id": "190", "given": 7.5, "maximum": 10.0, "at": AT} | changes))


# Tokens


async def test_the_assertion_proves_who_asks(tool: Tool, services: Services) -> None:
    tool.registration.token_audience = "https://api.brightspace.com/auth/token"
    await tool.protocol.token(tool.registration, [claims.SCORE_SCOPE, claims.LINE_ITEM_SCOPE])

    form = {name: values[0] for name, values in parse_qs(services.asked[0].content.decode()).items()}
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["scope"] == f"{claims.LINE_ITEM_SCOPE} {claims.SCORE_SCOPE}"
    key = signing_key("tool")
    assertion = jwt.decode(form["client_assertion"], key, algorithms=["RS256"])
    now = int(tool.clock.now().timestamp())
    assert assertion.header == {"alg": "RS256", "typ": "JWT", "kid": key.thumbprint()}
    jti = assertion.claims.pop("jti")
    assert assertion.claims == {
        "iss": tool.platform.client_id,
        "sub": tool.platform.client_id,
        "aud": "https://api.brightspace.com/auth/token",
        "iat": now - 60,
        "exp": now + 240,
    }
    assert len(jti) >= 32


async def test_the_audience_is_the_token_url_unless_another_is_set(tool: Tool) -> None:
    assertion = tool.protocol.access_tokens.assertion(tool.registration)
    body = assertion.split(".")[1]
    decoded = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert decoded["aud"] == "https://platform.example/token"
    assert tool.protocol.access_tokens.assertion(tool.registration) != assertion


async def test_a_token_is_kept_until_a_minute_before_its_end(tool: Tool, services: Services) -> None:
    protocol, registration = tool.protocol, tool.registration
    assert await protocol.token(registration, ["a", "b"]) == "token-1"
    tool.clock.move(timedelta(minutes=58))
    assert await protocol.token(registration, ["b", "a"]) == "token-1"
    assert await protocol.token(registration, ["a"]) == "token-2"
    tool.clock.move(timedelta(minutes=1))
    assert await protocol.token(registration, ["a", "b"]) == "token-3"


async def test_two_schools_on_one_issuer_do_not_share_tokens(tool: Tool, services: Services) -> None:
    twin = tool.registration.model_copy(update={"client_id": "imstester_2"})
    assert await tool.protocol.token(tool.registration, ["a"]) != await tool.protocol.token(twin, ["a"])


async def test_many_who_ask_at_once_cause_one_request(tool: Tool, services: Services) -> None:
    tokens = await asyncio.gather(*(tool.protocol.token(tool.registration, ["a"]) for _ in range(20)))
    assert set(tokens) == {"token-1"}
    others = await asyncio.gather(*(tool.protocol.token(tool.registration, ["a"], spent="token-1") for _ in range(20)))
    assert set(others) == {"token-2"}
    assert await tool.protocol.token(tool.registration, ["a"], fresh=True) == "token-3"


async def test_a_changed_registration_gets_new_tokens(tool: Tool, services: Services) -> None:
    assert await tool.protocol.token(tool.registration, ["a"]) == "token-1"
    tool.protocol.forget(tool.registration)
    assert await tool.protocol.token(tool.registration, ["a"]) == "token-2"


@on_sqlite
@pytest.mark.parametrize(
    ("answer", "code", "temporary"),
    [
        (httpx.Response(400, json={"error": "invalid_scope"}), "no-permission", False),
        (httpx.Response(401, json={"error": "invalid_client"}), "no-permission", False),
        (httpx.Response(400, content=b'{"error": "kid "x" unknown"}'), "no-permission", False),
        (httpx.Response(500, text="<html>"), "server-error", True),
        (httpx.Response(429), "rate-limited", True),
        (httpx.Response(200, text="<html>"), "no-permission", False),
        (httpx.Response(200, text="[" * 90_000), "no-permission", False),
        (httpx.Response(200, json=["access_token"]), "no-permission", False),
        (httpx.Response(200, json={"access_token": ""}), "no-permission", False),
        (httpx.Response(200, json={"access_token": "x", "scope": "other"}), "no-permission", False),
    ],
)
async def test_a_refused_token_is_one_of_our_errors(
    tool: Tool, answer: httpx.Response, code: str, temporary: bool
) -> None:
    tool.platform.answers["/token"] = lambda _: answer
    with pytest.raises(ServiceRefused) as caught:
        await tool.protocol.token(tool.registration, ["a"])
    assert (caught.value.code, caught.value.temporary, caught.value.status) == (code, temporary, 424)


@on_postgresql
@pytest.mark.parametrize("expires_in", [None, "3600", 3600.5, "soon", True, -5, 10**12, 10**400, [], "1e999"])
async def test_any_lifetime_is_understood(tool: Tool, expires_in: Any) -> None:
    tool.platform.answers["/token"] = lambda _: httpx.Response(
        200, json={"access_token": "x", "expires_in": expires_in}
    )
    assert await tool.protocol.token(tool.registration, ["a"]) == "x"


async def test_a_platform_that_is_down_is_unreachable(tool: Tool) -> None:
    tool.platform.down = True
    with pytest.raises(ServiceUnreachable) as caught:
        await tool.protocol.token(tool.registration, ["a"])
    assert (caught.value.code, caught.value.temporary) == ("unreachable", True)
    assert "platform.example" not in caught.value.detail


# Calls


async def test_a_token_that_counts_no_longer_is_replaced_once(tool: Tool, services: Services) -> None:
    services.answer("/8/lineitems/36/lineitem/scores", lambda _: httpx.Response(200))
    ags = services.ags()
    await ags.post_score(ITEM, score())
    services.valid = "revoked, and not by us"

    await ags.post_score(ITEM, score())

    assert services.tokens == 2
    assert len(services.calls("/8/lineitems/36/lineitem/scores")) == 3


async def test_a_scope_that_is_not_allowed_stops_after_one_new_token(tool: Tool, services: Services) -> None:
    services.answer("/8/lineitems/36/lineitem/scores", lambda _: httpx.Response(401))
    with pytest.raises(ServiceRefused) as caught:
        await services.ags().post_score(ITEM, score())
    assert (caught.value.code, caught.value.answered) == ("no-permission", 401)
    assert services.tokens == 2


REFUSALS = [
    (Family.OTHER, httpx.Response(404), "line-item-gone", False),
    (Family.OTHER, httpx.Response(410), "line-item-gone", False),
    (Family.OTHER, httpx.Response(403), "no-permission", False),
    (Family.OTHER, httpx.Response(409), "conflict-newer", False),
    (Family.OTHER, httpx.Response(429, headers={"Retry-After": "90"}), "rate-limited", True),
    (Family.OTHER, httpx.Response(500), "server-error", True),
    (Family.OTHER, httpx.Response(503, headers={"Retry-After": "120"}), "server-error", True),
    (Family.OTHER, httpx.Response(400), "not-accepted", False),
    (Family.OTHER, httpx.Response(302, headers={"Location": "https://elsewhere.example"}), "not-accepted", False),
    (
        Family.MOODLE,
        httpx.Response(400, json=[], extensions={"reason_phrase": b'Incorrect score received{"userId": "999999"}'}),
        "not-enrolled",
        False,
    ),
    (
        Family.MOODLE,
        httpx.Response(400, json={}, extensions={"reason_phrase": b"No handler found for /8/lineitems"}),
        "not-accepted",
        False,
    ),
    (
        Family.MOODLE,
        httpx.Response(409, json=[], extensions={"reason_phrase": b"Refusing score with an earlier timestamp"}),
        "conflict-newer",
        False,
    ),
    # Seen on 5.1.3: a column that is locked, and a grade that is.
    (Family.MOODLE, httpx.Response(500, json=[]), "grade-locked", False),
    (Family.MOODLE, httpx.Response(500, text="<html>"), "server-error", True),
    (Family.CANVAS, httpx.Response(403, text="403 Forbidden (Rate Limit Exceeded)"), "rate-limited", True),
    (Family.CANVAS, httpx.Response(403, text="forbidden"), "no-permission", False),
    (Family.CANVAS, httpx.Response(422, json={"errors": "User not found in course"}), "not-enrolled", False),
    # The words of lti/ims/scores_controller.rb: a moment that is over, attempts that are used up, a score without a maximum.
    (
        Family.CANVAS,
        httpx.Response(400, json={"errors": {"message": "Provided timestamp of A before last updated timestamp of B"}}),
        "conflict-newer",
        False,
    ),
    (
        Family.CANVAS,
        httpx.Response(400, json={"errors": {"message": "Provided timestamp of A not a valid timestamp"}}),
        "not-accepted",
        False,
    ),
    (
        Family.CANVAS,
        httpx.Response(422, json={"errors": {"message": "The maximum number of allowed attempts has been reached"}}),
        "not-accepted",
        False,
    ),
    (
        Family.CANVAS,
        httpx.Response(422, json={"errors": {"message": "ScoreMaximum not supplied when ScoreGiven present."}}),
        "not-accepted",
        False,
    ),
    (Family.BRIGHTSPACE, httpx.Response(422), "not-enrolled", False),
    (
        Family.OPENEDX,
        httpx.Response(400, json={"timestamp": ["Score timestamp can only be updated"]}),
        "conflict-newer",
        False,
    ),
]


@on_postgresql
@pytest.mark.parametrize(("family", "answer", "code", "temporary"), REFUSALS)
async def test_refusals_have_a_meaning(
    services: Services, family: Family, answer: httpx.Response, code: str, temporary: bool
) -> None:
    services.answer("/8/lineitems/36/lineitem/scores", lambda _: answer)
    with pytest.raises(ServiceRefused) as caught:
        await services.ags(family).post_score(ITEM, score())
    assert (caught.value.code, caught.value.temporary, caught.value.answered) == (code, temporary, answer.status_code)
    assert "999999" not in str(caught.value) + caught.value.detail
    seconds = answer.headers.get("retry-after")
    assert caught.value.retry_after == (timedelta(seconds=int(seconds)) if seconds else None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ReadTimeout("x"), "timed-out"),
        (httpx.ConnectError("x"), "unreachable"),
        (httpx.ReadError("x"), "unreachable"),
    ],
)
async def test_no_answer_is_temporary(services: Services, error: Exception, code: str) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    services.answer("/8/lineitems/36/lineitem/scores", fail)
    with pytest.raises(ServiceUnreachable) as caught:
        await services.ags().post_score(ITEM, score())
    assert (caught.value.code, caught.value.temporary) == (code, True)


# Scores, line items, results


async def test_a_score_on_moodle(services: Services) -> None:
    services.answer("/8/lineitems/36/lineitem/scores", lambda _: httpx.Response(200, content=b""))
    await services.ags(Family.MOODLE).post_score(ITEM, score(comment="Zoë: ½ done"))

    (request,) = services.calls("/8/lineitems/36/lineitem/scores")
    assert request.url.query == b"type_id=2"
    assert request.headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
    assert json.loads(request.content) == {
        "userId": "190",
        "timestamp": "2026-11-22T18:49:47Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 7.5,
        "scoreMaximum": 10,
        "comment": "Zoë: ½ done",
    }


async def test_a_score_on_canvas(services: Services) -> None:
    services.answer("/8/lineitems/36/lineitem/scores", lambda _: httpx.Response(200, json={"resultUrl": "x"}))
    await services.ags(Family.CANVAS).post_score(ITEM, score())

    body = json.loads(services.calls("/8/lineitems/36/lineitem/scores")[0].content)
    assert body["timestamp"] == "2026-11-22T18:49:47.123Z"
    assert body["https://canvas.instructure.com/lti/submission"] == {
        "new_submission": False,
        "prioritize_non_tool_grade": True,
    }
    assert "comment" not in body


async def test_a_page_in_place_of_an_answer_to_a_score_is_trouble_of_the_platforms(services: Services) -> None:
    services.answer(
        "/8/lineitems/36/lineitem/scores", lambda _: httpx.Response(200, text=" <!doctype html><p>Back soon")
    )
    with pytest.raises(ServiceRefused) as refusal:
        await services.ags(Family.MOODLE).post_score(ITEM, score())
    assert (refusal.value.code, refusal.value.temporary, refusal.value.answered) == ("server-error", True, 200)


async def test_a_line_item_is_made_as_the_platform_wants_it(services: Services) -> None:
    def create(request: httpx.Request) -> httpx.Response:
        # Moodle 4.5 answers 400 to Accept: */* and to application/json.
        assert request.headers["accept"] == "application/vnd.ims.lis.v2.lineitem+json"
        assert request.headers["content-type"] == "application/vnd.ims.lis.v2.lineitem+json"
        return httpx.Response(201, json=json.loads(request.content) | {"id": ITEM})

    services.answer("/8/lineitems", create)
    asked = LineItemData(
        label="Fractions",
        score_maximum=100.0,
        resource_id="playlist:7",
        tag="progress",
        end_at=AT.replace(microsecond=0),
    )
    made = await services.ags(Family.MOODLE).create_line_item(ITEMS, asked)

    (request,) = services.calls("/8/lineitems")
    assert json.loads(request.content) == {
        "label": "Fractions",
        "scoreMaximum": 100,
        "resourceId": "playlist:7",
        "tag": "progress",
        "endDateTime": "2026-11-22T18:49:47+00:00",
    }
    assert made == LineItemData(
        id=ITEM,
        label="Fractions",
        score_maximum=100.0,
        resource_id="playlist:7",
        tag="progress",
        end_at=AT.replace(microsecond=0),
    )


async def test_a_new_line_item_without_an_address_is_unreadable(services: Services) -> None:
    services.answer("/8/lineitems", lambda _: httpx.Response(201, content=b""))
    with pytest.raises(ServiceRefused) as caught:
        await services.ags().create_line_item(ITEMS, LineItemData(label="x", score_maximum=1))
    assert caught.value.code == "unreadable-answer"


async def test_line_items_over_moodles_pages(services: Services) -> None:
    """Moodle 4.5's Link header: typographic quotes, &amp; in the addresses."""

    def page(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept"] == "application/vnd.ims.lis.v2.lineitemcontainer+json"
        start = int(request.url.params.get("from", "0"))
        items = [
            {"id": f"{ITEM}&n={n}", "label": f"L{n}", "scoreMaximum": 10, "resourceId": "r", "tag": ""}
            for n in (start,)
        ]
        base = "https://platform.example/8/lineitems?type_id=2&amp;limit=1&amp;from="
        link = f"<{base}0>; rel=“first”, <{base}{start}>; rel=“canonical”, <{base}{start + 1}>; rel=“next”, <{base}5>; rel=“last”"
        headers = {} if start == 2 else {"Link": link.encode()}
        return httpx.Response(200, json=items, headers=headers)

    services.answer("/8/lineitems", page)
    found = await services.ags(Family.MOODLE).find_line_items(ITEMS, resource_id="r")

    assert [item.label for item in found] == ["L0", "L1", "L2"]
    assert found[0].tag is None
    assert services.calls("/8/lineitems")[0].url.params["resource_id"] == "r"


async def test_a_platform_that_does_not_filter_is_filtered(services: Services) -> None:
    items = [
        {"id": "https://platform.example/1", "label": "a", "scoreMaximum": "10", "resourceId": "x", "tag": "t"},
        {"id": "https://platform.example/2", "label": "b", "scoreMaximum": 5, "resourceId": "y", "tag": "t"},
        {"id": "https://platform.example/3", "label": "c", "scoreMaximum": 5, "resourceId": "x"},
        {"label": "no id"},
        "nonsense",
    ]
    services.answer("/8/lineitems", lambda _: httpx.Response(200, json=items))
    ags = services.ags(Family.CANVAS)

    assert [item.id for item in await ags.find_line_items(ITEMS, resource_id="x")] == [
        "https://platform.example/1",
        "https://platform.example/3",
    ]
    assert [item.label for item in await ags.find_line_items(ITEMS, resource_id="x", tag="t")] == ["a"]
    assert services.calls("/8/lineitems")[0].url.params["limit"] == "50"


async def test_the_launchs_scopes_decide_what_is_asked_for(services: Services) -> None:
    services.answer("/8/lineitems", lambda _: httpx.Response(200, json=[]))
    await services.ags().find_line_items(ITEMS)
    await services.ags(scopes=[claims.LINE_ITEM_READ_SCOPE, "https://other.example/scope"]).find_line_items(ITEMS)
    await services.ags(scopes=[claims.SCORE_SCOPE, claims.LINE_ITEM_SCOPE]).find_line_items(ITEMS)

    assert [services.scope(request) for request in services.calls("/token")] == [
        claims.LINE_ITEM_SCOPE,
        claims.LINE_ITEM_READ_SCOPE,
        f"{claims.LINE_ITEM_SCOPE} {claims.SCORE_SCOPE}",
    ]


async def test_results(services: Services) -> None:
    given = [
        {"id": "x", "userId": "190", "resultScore": 70, "resultMaximum": 100, "comment": "Zoë", "timestamp": "2026"},
        {"id": "y", "userId": 191},
        {"id": "z", "resultScore": 7},
    ]
    services.answer("/8/lineitems/36/lineitem/results", lambda _: httpx.Response(200, json=given))
    ags = services.ags(Family.MOODLE)

    one, two = await ags.results(ITEM)
    assert (one.user_id, one.score, one.maximum, one.comment) == ("190", 70.0, 100.0, "Zoë")
    assert (two.user_id, two.score) == ("191", None)
    assert [result.user_id for result in await ags.results(ITEM, "191")] == ["191"]
    everyone, only = services.calls("/8/lineitems/36/lineitem/results")
    assert "limit" not in everyone.url.params  # Moodle 4.5 answers a limit with a page of HTML.
    assert dict(only.url.params) == {"type_id": "2", "user_id": "191"}


async def test_results_that_are_no_numbers_are_none(services: Services) -> None:
    """A score of that many digits is none, and must not end a whole class's reading."""
    odd = '[{"userId": "1", "resultScore": 1e999}, {"userId": "2", "resultScore": 1' + "0" * 400 + "}]"
    services.answer("/8/lineitems/36/lineitem/results", lambda _: httpx.Response(200, text=odd))
    assert [(one.user_id, one.score) for one in await services.ags().results(ITEM)] == [("1", None), ("2", None)]


async def test_a_line_item_whose_address_is_none_is_passed_over(services: Services) -> None:
    ids = ["https://[::1/x", "javascript:alert(1)", "/lineitems/7", "https://platform.example:99999/", 7, ITEM]
    given = [{"id": one, "label": "x", "scoreMaximum": 1} for one in ids]
    services.answer("/8/lineitems", lambda _: httpx.Response(200, json=given))
    assert [item.id for item in await services.ags().find_line_items(ITEMS)] == [ITEM]


async def test_a_list_that_is_no_content_is_empty(services: Services) -> None:
    for path in ("/8/lineitems", "/8/lineitems/36/lineitem/results", "/members"):
        services.answer(path, lambda _: httpx.Response(204))
    assert await services.ags().find_line_items(ITEMS) == []
    assert await services.ags().results(ITEM) == []
    assert await services.nrps().members(MEMBERS) == []


async def test_only_a_roster_may_say_by_a_body_of_no_length_that_it_is_empty(services: Services) -> None:
    # OpenOLAT answers so for a course it cannot tell apart from others of the tool, Sakai for a site without active members.
    for path in ("/8/lineitems", "/members"):
        services.answer(path, lambda _: httpx.Response(200, content=b"\n"))
    assert await services.nrps().members(MEMBERS) == []
    # Of columns it would mean that ours is gone.
    with pytest.raises(ServiceRefused):
        await services.ags().find_line_items(ITEMS)


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(200, json={"x": 1}), httpx.Response(200, text="[" * 90_000)],
)
async def test_answers_that_make_no_sense(services: Services, answer: httpx.Response) -> None:
    for path in ("/8/lineitems", "/8/lineitems/36/lineitem/results", "/members"):
        services.answer(path, lambda _: answer)
    for call in (
        services.ags().find_line_items(ITEMS),
        services.ags().results(ITEM),
        services.nrps().members(MEMBERS),
    ):
        with pytest.raises(ServiceRefused) as caught:
            await call
        assert caught.value.code == "unreadable-answer"


# Members


async def test_members_over_canvas_pages_keep_the_case_of_their_bookmarks(services: Services) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
        bookmark = request.url.params.get("page")
        if bookmark is None:
            link = '<https://platform.example/members?memberships=361&page=bookmark:WzEyXQ>; rel="next"'
            return httpx.Response(200, json={"members": [member("1")]}, headers={"link": link})
        assert bookmark == "bookmark:WzEyXQ"
        return httpx.Response(200, json={"members": [member("2", status="Inactive"), member("1", name="Again")]})

    services.answer("/members", page)
    one, two = await services.nrps().members(MEMBERS)

    assert (one.user_id, one.name, one.role, one.status) == ("1", "Again", Role.STUDENT, MemberStatus.ACTIVE)
    assert (two.user_id, two.status) == ("2", MemberStatus.INACTIVE)
    assert services.tokens == 1


async def test_a_large_class_over_canvas_pages_of_fifty(services: Services) -> None:
    """Canvas gives fifty at most, whatever is asked for; a student is known by a UUID, roles are full URNs of several kinds."""
    ids = [f"3f2b8a10-0000-4000-8000-{number:012}" for number in range(120)]
    roles = [
        "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#User",
    ]

    def page(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        some = ids[50 * (number - 1) : 50 * number]
        link = f'<{MEMBERS}&page={number}>; rel="current",<{MEMBERS}&page=1>; rel="first"'
        if number < 3:
            link = f'<{MEMBERS}&page={number + 1}>; rel="next",' + link
        return httpx.Response(200, json={"members": [member(one, roles=roles) for one in some]}, headers={"Link": link})

    services.answer("/members", page)
    found = await services.nrps().members(MEMBERS)
    assert [one.user_id for one in found] == ids
    assert {one.role for one in found} == {Role.STUDENT}
    assert len(services.calls("/members")) == 3


async def test_the_role_that_was_asked_for_is_asked_again_on_every_page(services: Services) -> None:
    """Moodle 4.5 leaves it out of its next address."""
    asked = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("role"))
        headers = {"Link": f'<{MEMBERS}&from=10>; rel="next"'} if len(asked) == 1 else {}
        return httpx.Response(200, json={"members": []}, headers=headers)

    services.answer("/members", page)
    await services.nrps().members(MEMBERS, "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner")

    assert asked == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"] * 2


async def test_openolat_s_roster_of_learners(services: Services) -> None:
    # LTI13PlatformDispatcherDelegate.toLtiLearners: the role is the name of a constant.
    given = {"user_id": "4711", "status": "Active", "name": "Ada L", "given_name": "-", "roles": ["LEARNER"]}
    services.answer("/members", lambda _: httpx.Response(200, json={"members": [given]}))
    (one,) = await services.nrps().members(MEMBERS)
    assert (one.role, one.name, one.given_name) == (Role.STUDENT, "Ada L", None)


async def test_odd_members(services: Services) -> None:
    given = [
        member("3", roles=["Instructor"], status=None),
        member("4", roles=None, name=None),
        {"user_id": "", "roles": []},
        {"name": "no id"},
        member(5, roles=["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"]),
        member("6", status="Deleted", name="a\x00b"),
        member("7", status="Whatever"),
        member("8\x00"),
        member("9", roles=7),
        "nonsense",
    ]
    services.answer("/members", lambda _: httpx.Response(200, json={"members": given}))
    found = {one.user_id: one for one in await services.nrps().members(MEMBERS)}

    assert {user_id: (one.role, one.status, one.name) for user_id, one in found.items()} == {
        "3": (Role.TEACHER, MemberStatus.ACTIVE, "Zoë"),
        "4": (Role.OTHER, MemberStatus.ACTIVE, None),
        "5": (Role.ASSISTANT, MemberStatus.ACTIVE, "Zoë"),
        "6": (Role.STUDENT, MemberStatus.DELETED, "ab"),
        "7": (Role.STUDENT, MemberStatus.ACTIVE, "Zoë"),
        "9": (Role.OTHER, MemberStatus.ACTIVE, "Zoë"),
    }


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/members",
        "https://platform.example:8443/members?x",
        "https://platform.example/members?memberships=361",
    ],
)
async def test_the_token_does_not_follow_a_next_page_anywhere(services: Services, link: str) -> None:
    services.answer(
        "/members", lambda _: httpx.Response(200, json={"members": []}, headers={"Link": f'<{link}>; rel="next"'})
    )
    with pytest.raises(ServiceRefused) as caught:
        await services.nrps().members(MEMBERS)
    assert caught.value.code == "unreadable-answer"


async def test_a_next_page_that_lost_its_tls_behind_a_proxy_gets_it_back(services: Services) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        assert request.url.scheme == "https"
        headers = (
            {} if "from" in request.url.params else {"Link": '<http://platform.example/members?from=1>; rel="next"'}
        )
        return httpx.Response(200, json={"members": [member(str(len(services.asked)))]}, headers=headers)

    services.answer("/members", page)
    assert len(await services.nrps().members(MEMBERS)) == 2


def member(user_id: object, **changes: Any) -> dict[str, Any]:
    return {"user_id": user_id, "roles": ["Learner"], "name": "Zoë", "status": "Active"} | changes


async def test_moodles_roster_as_it_comes(services: Services) -> None:
    given = json.loads((FIXTURES / "moodle-4.5-members.json").read_text("utf-8"))
    services.answer("/members", lambda _: httpx.Response(200, json=given))

    found = await services.nrps().members(MEMBERS)

    assert [(one.name, one.role) for one in found] == [
        ("Amina Diallo", Role.STUDENT),
        ("李 小龍", Role.STUDENT),
        ("Tessa Teacher", Role.TEACHER),
    ]
