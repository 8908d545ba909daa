"""Whatever is posted to the protocol's addresses, the answer is never 5xx: found by Hypothesis, with the same examples each run.

The launches go all the way into the course (``destinations.enter``), so that what the claims hold meets every column.
"""

import contextlib
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lti_tool.courses import origins
from lti_tool.lti.services import GroupsClient, LineItemData, ServiceRefused, ServiceUnreachable
from lti_tool.playlists import destinations
from tests.lti.conftest import Tool
from tests.lti.registering import CANVAS, LTI_PLATFORM, RegisteringPlatform, administrator, configuration
from tests.lti.support import LTI, b64, public_jwk, sign
from tests.lti.test_notices_received import Notices
from tests.lti.test_services import ITEM, ITEMS, MEMBERS, Services

# One tool serves all examples of a test: what an earlier one has left behind is part of the game.
bounded = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Half characters and U+0000 among them: JSON can say both, and no database can store them.
NASTY = [
    "\x00",
    "\ud800",
    "a\x00b",
    "é\udfff",
    "",
    "x" * 3000,
    "😀" * 300,
    "$Canvas.user.id",
    "javascript:alert(1)",
    "//x",
]
texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()), max_size=20)
scraps = texts | st.sampled_from([None, True, 0, -1, 1.5, 10**400, -(10**60), 1e308, [], {}])
junk = scraps | st.lists(scraps, max_size=3) | st.dictionaries(texts, scraps | st.lists(scraps, max_size=2), max_size=3)
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
PICKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
# What the claims hold that are objects, so that junk gets behind the first look.
PARTS = {
    LTI + "context": ["id", "title", "label", "type"],
    LTI + "resource_link": ["id", "title", "description"],
    LTI + "custom": ["user_timezone", "message_locale", "masquerading_user_id", "canvas_course_id", "playlist"],
    LTI + "launch_presentation": ["document_target", "return_url", "locale"],
    LTI + "tool_platform": ["name", "product_family_code", "guid"],
    LTI + "for_user": ["user_id"],
    LTI + "platformnotificationservice": ["platform_notification_service_url", "notice_types_supported", "scope"],
    AGS: ["scope", "lineitems", "lineitem"],
    NRPS: ["context_memberships_url", "service_versions"],
    GROUPS: ["context_groups_url", "context_group_sets_url", "scope"],
    PICKING: ["deep_link_return_url", "accept_types", "accept_multiple", "accept_lineitem", "data", "title"],
}
PLAIN = [
    "iss", "aud", "azp", "sub", "exp", "iat", "nbf", "nonce", "name", "given_name", "family_name", "locale",
    LTI + "version", LTI + "deployment_id", LTI + "target_link_uri", LTI + "roles", LTI + "role_scope_mentor", *PARTS,
]  # fmt: skip
TYPES = ["LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"]
RIGHT_PICKING = {"deep_link_return_url": "https://platform.example/r", "accept_types": ["ltiResourceLink"]}


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """What a message says otherwise than it should: a few claims, or a few members of one."""
    kind = draw(st.sampled_from(TYPES))
    changed: dict[str, Any] = {LTI + "message_type": kind, LTI + "for_user": {"user_id": "7"}, PICKING: RIGHT_PICKING}
    for claim in draw(st.lists(st.sampled_from(PLAIN), max_size=3, unique=True)):
        changed[claim] = draw(junk)
    for claim in draw(st.lists(st.sampled_from(sorted(PARTS)), max_size=2, unique=True)):
        right = RIGHT_PICKING if claim == PICKING else {"id": "1"}
        changed[claim] = right | {
            name: draw(junk) for name in draw(st.lists(st.sampled_from(PARTS[claim]), max_size=3))
        }
    return changed


def posted(fields: dict[str, str]) -> dict[str, str]:
    """Fields as a form can carry them: half a character fits none."""
    return {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}


def answered(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert "Reference code" in response.text


@bounded
@example(changed={"nonce": "\ud800"})
@example(changed={"sub": "a\x00"})
@example(changed={LTI + "message_type": "\x00"})
@given(changed=changes())
async def test_a_signed_message_with_anything_in_it(tool: Tool, changed: dict[str, Any]) -> None:
    tool.app.state.enter = destinations.enter
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"]) | changed
    answered(await browser.post(login, tool.platform.token(body)))


@bounded
@example(header={}, body={"iss": "\ud800"}, form={})
@example(header={}, body={"iss": "https://a.example\x00"}, form={})
@given(
    header=st.dictionaries(
        st.sampled_from(["alg", "kid", "crit", "b64", "zip", "typ", "jwk", "x5c"]), junk, max_size=3
    ),
    body=st.dictionaries(st.sampled_from(["iss", "aud", "azp", "nonce"]), junk, max_size=4),
    form=st.dictionaries(
        st.sampled_from(["state", "error", "error_description", "proof", "id_token"]), texts, max_size=2
    ),
)
async def test_a_token_of_anybody_s(
    tool: Tool, header: dict[str, Any], body: dict[str, Any], form: dict[str, str]
) -> None:
    token = sign(
        {"alg": "RS256", "kid": tool.platform.kid} | header, tool.platform.body("n") | body, tool.other.signing
    )
    fields = posted({"id_token": token, "state": "s"} | form)
    answered(await tool.browser().client.post("/lti/launch", data=fields))


@bounded
@given(
    given=st.dictionaries(
        st.sampled_from(
            ["iss", "login_hint", "target_link_uri", "client_id", "lti_message_hint", "lti_storage_target"]
        ),
        texts
        | st.sampled_from(
            ["[" * 9000, '{"cmid":' * 2000, '{"cmid": "٣"}', "_parent", "https://tool.school.example:x/"]
        ),
        max_size=4,
    ),
    content_type=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
    ),
    body=st.binary(max_size=200),
)
async def test_a_login_with_anything_in_it(tool: Tool, given: dict[str, str], content_type: str, body: bytes) -> None:
    client = tool.browser().client
    request = posted(tool.platform.login_request() | given)
    answered(await client.post("/lti/login", data=request))
    answered(await client.get("/lti/login", params={name: value[:2000] for name, value in request.items()}))
    for path in ("/lti/login", "/lti/launch"):
        answered(await client.post(path, content=body, headers={"content-type": content_type}))


OF_A_NOTICE = [
    "iss", "aud", "exp", "iat", "nbf", "nonce", LTI + "version", LTI + "deployment_id", LTI + "notice", LTI + "context",
    LTI + "origin_contexts",
]  # fmt: skip


@bounded
@example(
    changed={LTI + "origin_contexts": ["a\x00", "\ud800"], LTI + "context": {"id": "1", "title": "\ud800"}}, around={}
)
@given(
    changed=st.dictionaries(st.sampled_from(OF_A_NOTICE), junk, max_size=3),
    around=junk | st.fixed_dictionaries({"notices": junk | st.lists(st.fixed_dictionaries({"jwt": junk}), max_size=3)}),
)
async def test_a_notice_with_anything_in_it(tool: Tool, changed: dict[str, Any], around: Any) -> None:
    notices = Notices(tool)
    tool.app.state.take_notice = origins.take_notice
    for answer in (await notices.send(notices.signed(**changed)), await notices.post(json.dumps(around))):
        assert answer.status_code < 500, answer.text
    assert (await notices.post("[" * 100_000)).status_code == 400


DESCRIBED = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "scopes_supported",
]
OF_LTI = ["product_family_code", "version", "messages_supported", "placements", CANVAS + "account_name"]


@bounded
@example(outer={}, inner={"version": "1\ud800"}, answer={"client_id": "c", "deployment_id": "\ud800"})
@example(outer={}, inner={CANVAS + "account_name": "\x00\udfff"}, answer={"client_id": "c"})
@given(
    outer=st.dictionaries(st.sampled_from([*DESCRIBED, "authorization_server", LTI_PLATFORM]), junk, max_size=2),
    inner=st.dictionaries(st.sampled_from(OF_LTI), junk | st.lists(junk, max_size=3), max_size=3),
    answer=junk | st.dictionaries(st.sampled_from(["client_id", "deployment_id"]), junk, max_size=2),
)
async def test_a_platform_that_registers_with_anything(tool: Tool, outer: Any, inner: Any, answer: Any) -> None:
    described = configuration("lms.example", "other")
    described[LTI_PLATFORM] |= inner
    platform = RegisteringPlatform(described)
    platform.describes(200, text=json.dumps(described | outer))
    platform.answers(200, text=json.dumps(answer))
    admin = administrator(tool, platform)
    await admin.invited()
    page = await admin.opens()
    answered(page)
    if page.status_code == 200:
        answered(await admin.confirms(page))


@bounded
@example(key={}, rest={"\x00": "\ud800"})
@example(key={"x5c": "\ud800"}, rest=1e308)
@given(key=st.dictionaries(st.sampled_from(["kty", "n", "e", "use", "alg", "x5c", "kid"]), junk, max_size=3), rest=junk)
async def test_a_key_set_with_anything_in_it(tool: Tool, key: dict[str, Any], rest: Any) -> None:
    right = public_jwk(tool.platform.signing, tool.platform.kid)
    tool.platform.jwks = [right | key, rest, right]
    tool.platform.handle = lambda _: httpx.Response(200, text=json.dumps({"keys": tool.platform.jwks, "x": rest}))  # type: ignore[method-assign]
    tool.protocol.key_sets.forget(tool.registration)
    answered(await tool.browser().launch(tool.platform))


@pytest.mark.parametrize("modulus", [2**2048 + 1, 2**20_000 + 1], ids=["no product of primes", "huge"])
async def test_a_key_that_nothing_can_be_checked_with(tool: Tool, modulus: int) -> None:
    number = b64(modulus.to_bytes((modulus.bit_length() + 7) // 8, "big"))
    for exponent in ("AQAB", "AQ", "Ag", number):
        tool.platform.jwks = [{"kty": "RSA", "kid": tool.platform.kid, "n": number, "e": exponent}]
        tool.protocol.key_sets.forget(tool.registration)
        answered(await tool.browser().launch(tool.platform))


OF_A_ROW = [
    "id", "label", "scoreMaximum", "resourceId", "tag", "resourceLinkId", "endDateTime", "gradesReleased", "submissionReview",
    "userId", "resultScore", "resultMaximum", "comment", "timestamp", "user_id", "roles", "name", "status", "message",
    "group_enrollments", "set_id",
]  # fmt: skip
answered_rows = junk | st.lists(junk | st.dictionaries(st.sampled_from(OF_A_ROW), junk, max_size=5), max_size=3)


@bounded
@example(rows=[{"id": "https://[", "user_id": "1", "userId": "1", "roles": 7}], status=200, link="", after="")
@example(
    rows=[{"user_id": "1", "userId": "1", "resultScore": 10**400, "name": "\ud800"}], status=200, link="", after=""
)
@given(
    rows=answered_rows,
    status=st.sampled_from([200, 200, 200, 201, 204, 400, 401, 403, 404, 409, 429, 503]),
    link=st.text(max_size=60) | st.sampled_from(["<https://[>; rel=next", "<//x>; rel=next", "<?from=1>; rel=next"]),
    after=st.text(max_size=20) | st.sampled_from(["9" * 400, "Sun, 31 Dec 99999 00:00:00 GMT"]),
)
async def test_services_that_answer_with_anything(tool: Tool, rows: Any, status: int, link: str, after: str) -> None:
    """What goes wrong is one of the two errors of ``lti.trouble``; what goes right can be stored."""
    headers = {"Link": link.encode("utf-8", "replace"), "Retry-After": after.encode("utf-8", "replace")}
    headers = {name: value for name, value in headers.items() if not set(value) & {0, 10, 13}}
    services = Services(tool)
    answers = {
        "/8/lineitems": rows,
        "/8/lineitems/36/lineitem": rows,
        "/8/lineitems/36/lineitem/results": rows,
        "/members": {"members": rows},
        "/groups": {"groups": rows},
    }
    for path, answer in answers.items():
        text = json.dumps(answer)
        services.answer(path, lambda _, text=text: httpx.Response(status, content=text, headers=headers))
    ags, nrps = services.ags(), services.nrps()
    for call in (
        ags.find_line_items(ITEMS),
        ags.get_line_item(ITEM),
        ags.create_line_item(ITEMS, LineItemData("x", 1)),
        ags.update_line_item(LineItemData("x", 1, id=ITEM)),
        ags.results(ITEM),
        nrps.members(MEMBERS),
        GroupsClient(tool.protocol, tool.registration).groups("https://platform.example/groups"),
    ):
        with contextlib.suppress(ServiceRefused, ServiceUnreachable):
            repr(await call).encode()
