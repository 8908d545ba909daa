"""Notices of a platform: taken in once, and refused with a code where anything about them is wrong."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.lti import notices_received
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration
from lti_tool.lti.notices_received import Notice
from lti_tool.web.routing import add_routes
from tests.lti.conftest import Tool
from tests.lti.support import LTI, TOOL, Platform, private_key, sign

NOTICE = LTI + "notice"


class Notices:
    """The address for notices, and a platform that sends some."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.taken: list[Notice] = []
        self.number = 0
        tool.app.state.take_notice = self.take
        add_routes(tool.app, notices_received.routes)

    async def take(self, _session: AsyncSession, notice: Notice, _now: datetime) -> None:
        self.taken.append(notice)

    def claims(self, platform: Platform | None = None, **changes: Any) -> dict[str, Any]:
        """As Canvas's documentation shows them; ``None`` leaves a claim out."""
        platform = platform or self.tool.platform
        self.number += 1
        now = int(self.tool.clock.now().timestamp())
        given = {
            "iss": platform.issuer,
            "aud": platform.client_id,
            "azp": platform.client_id,
            "iat": now,
            "exp": now + 3600,
            "nonce": f"nonce-{self.number}",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": platform.deployment_id,
            NOTICE: {"id": f"id-{self.number}", "timestamp": "2026-11-27T11:24:25Z", "type": "LtiContextCopyNotice"},
            LTI + "context": {"id": "copy", "label": "zzz", "title": "Algebra 1, 2026", "type": ["CourseOffering"]},
            LTI + "origin_contexts": ["original"],
        }
        return {name: value for name, value in (given | changes).items() if value is not None}

    def signed(self, **changes: Any) -> str:
        return self.tool.platform.token(self.claims(**changes))

    async def send(self, *tokens: Any) -> httpx.Response:
        return await self.post(json.dumps({"notices": [{"jwt": token} for token in tokens]}))

    async def post(self, body: str | bytes) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.tool.app), base_url=TOOL) as client:
            return await client.post("/lti/notices", content=body, headers={"Content-Type": "application/json"})


@pytest.fixture
def notices(tool: Tool) -> Notices:
    return Notices(tool)


def problem(answer: httpx.Response) -> str:
    """The code of a refusal, which is JSON and no page."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["reference"]
    return str(told["code"])


async def test_a_notice_is_taken_in_once_however_often_it_comes(notices: Notices, tool: Tool) -> None:
    token = notices.signed()
    answers = [await notices.send(token) for _ in range(3)]
    assert [(one.status_code, one.json()) for one in answers] == [
        (200, {"taken_in": 1}),
        (200, {"taken_in": 0}),
        (200, {"taken_in": 0}),
    ]
    (notice,) = notices.taken
    assert notice.context is not None
    assert (notice.type, notice.context.id, notice.context.title) == ("LtiContextCopyNotice", "copy", "Algebra 1, 2026")
    assert notice.origins == ("original",)
    assert notice.organisation_id == tool.organisation_id
    (trace,) = await tool.rows(AuditEntry)
    assert (trace.action, trace.organisation_id) == ("notice.received", tool.organisation_id)


async def test_what_makes_a_notice_one_of_its_kind_need_not_be_its_nonce(notices: Notices) -> None:
    for token in (notices.signed(nonce=None, jti="j"), notices.signed(nonce=None)):
        assert [(await notices.send(token)).json()["taken_in"] for _ in range(2)] == [1, 0]


async def test_hello_and_types_nobody_knows_are_acknowledged(notices: Notices) -> None:
    hello = notices.signed(**{NOTICE: {"id": "1", "type": "LtiHelloWorldNotice"}, LTI + "context": None})
    unknown = notices.signed(**{NOTICE: {"id": "2", "type": "LtiSomethingNewNotice"}})
    assert (await notices.send(hello)).json() == {"taken_in": 1}
    assert (await notices.send(unknown)).json() == {"taken_in": 0}
    assert [one.type for one in notices.taken] == ["LtiHelloWorldNotice"]


async def test_the_right_ones_of_a_batch_are_taken_in_whatever_the_others_are(notices: Notices) -> None:
    answer = await notices.send(notices.signed(), notices.signed(exp=1), "nonsense", notices.signed())
    assert problem(answer) == "token-expired"
    assert len(notices.taken) == 2


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"iss": None}, "claim-missing"),
    ({"iss": "https://nobody.example"}, "platform-unknown"),
    ({"aud": "somebody-else"}, "audience-wrong"),
    ({"aud": ["imstester_1", "other"], "azp": None}, "audience-wrong"),
    ({"azp": "somebody-else"}, "audience-wrong"),
    ({"exp": None}, "claim-missing"),
    ({"exp": 11111}, "token-expired"),
    ({"exp": "soon"}, "claim-wrong"),
    ({"iat": None}, "claim-missing"),
    ({"iat": 1e300}, "token-from-the-future"),
    ({"iat": True}, "claim-wrong"),
    ({LTI + "version": "1.1"}, "version-unsupported"),
    ({LTI + "version": None}, "claim-missing"),
    ({LTI + "deployment_id": None}, "claim-missing"),
    ({LTI + "deployment_id": "unseen"}, "deployment-held"),
    ({LTI + "deployment_id": ["testdeploy"]}, "claim-wrong"),
    ({LTI + "deployment_id": "x" * 300}, "claim-wrong"),
    ({NOTICE: None}, "claim-missing"),
    ({NOTICE: "LtiContextCopyNotice"}, "claim-missing"),
    ({NOTICE: {"id": "1"}}, "claim-missing"),
    ({NOTICE: {"id": "1", "type": {"a": 1}}}, "claim-wrong"),
    ({NOTICE: {"type": "LtiContextCopyNotice"}, "nonce": None}, "claim-missing"),
    ({LTI + "context": {"id": "x" * 300}}, "claim-wrong"),
    ({LTI + "context": {"id": 17}}, "claim-wrong"),
]


async def test_a_notice_with_a_wrong_claim_is_refused(notices: Notices) -> None:
    for changes, code in WRONG:
        assert problem(await notices.send(notices.signed(**changes))) == code, changes
    assert notices.taken == []


def _another_key(notices: Notices) -> str:
    header = {"alg": "RS256", "kid": notices.tool.platform.kid}
    return sign(header, notices.claims(), private_key("somebody's"))


def _of_another_platform(notices: Notices) -> str:
    return notices.tool.other.token(notices.claims(), kid=notices.tool.other.kid)


def _tampered(notices: Notices) -> str:
    head, _, signature = notices.signed().split(".")
    return ".".join([head, notices.signed(sub="x").split(".")[1], signature])


UNSIGNED: list[tuple[Callable[[Notices], str], str]] = [
    (_another_key, "signature-wrong"),
    (_of_another_platform, "key-unknown"),
    (_tampered, "signature-wrong"),
    (lambda notices: notices.tool.platform.token(notices.claims(), alg="none"), "algorithm-refused"),
    (lambda notices: notices.tool.platform.token(notices.claims(), alg="HS256"), "algorithm-refused"),
    (lambda notices: notices.tool.platform.token(notices.claims(), kid=None), "key-id-missing"),
    (lambda notices: notices.tool.platform.token(notices.claims(), kid="new"), "key-unknown"),
    (lambda notices: notices.tool.platform.token([1]), "token-unreadable"),
    (lambda _: "a.b", "token-unreadable"),
    (lambda _: "x" * 65_000, "token-too-large"),
]


async def test_a_notice_that_nobody_signed_is_refused(notices: Notices) -> None:
    for made, code in UNSIGNED:
        assert problem(await notices.send(made(notices))) == code, code
    assert notices.taken == []


UNREADABLE = [
    b"",
    b"\xff\xfe",
    b"nonsense",
    b"[]",
    b"17",
    b'{"notices": []}',
    b'{"notices": {"jwt": "a.b.c"}}',
    b'{"notices": ["a.b.c"]}',
    b'{"notices": [{"jwt": 17}]}',
    b'{"notices": [{"jwt": ""}]}',
    b'{"notices": [{}]}',
    b"[" * 100_000,
]


async def test_what_is_no_list_of_notices_is_refused(notices: Notices) -> None:
    for body in UNREADABLE:
        assert problem(await notices.post(body)) == "notice-unreadable", body[:40]


async def test_too_many_or_too_much_is_refused(notices: Notices) -> None:
    assert problem(await notices.send(*["a.b.c"] * 51)) == "too-large"
    assert problem(await notices.post(b"x" * 1_000_001)) == "too-large"


async def test_a_platform_that_is_down_or_switched_off_is_refused(notices: Notices, tool: Tool) -> None:
    tool.platform.down = True
    assert problem(await notices.send(notices.signed())) == "key-set-unreachable"
    tool.platform.down = False
    async with tool.database.writing() as session:
        registration = await session.get_one(Registration, tool.registration.id)
        registration.enabled = False
    tool.protocol.directory.forget()
    assert problem(await notices.send(notices.signed())) == "platform-unknown"


async def test_a_held_deployment_is_refused_and_an_unseen_one_is_not_noted(notices: Notices, tool: Tool) -> None:
    known = len(await tool.rows(Deployment))
    assert problem(await notices.send(notices.signed(**{LTI + "deployment_id": "unseen"}))) == "deployment-held"
    assert len(await tool.rows(Deployment)) == known
    async with tool.database.writing() as session:
        row = next(one for one in await tool.rows(Deployment) if one.registration_id == tool.registration.id)
        (await session.get_one(Deployment, row.id)).status = DeploymentStatus.HELD
    tool.protocol.directory.forget()
    assert problem(await notices.send(notices.signed())) == "deployment-held"
    assert notices.taken == []


async def test_a_refusal_s_log_line_has_the_code_and_nothing_of_the_notice(
    notices: Notices, caplog: pytest.LogCaptureFixture
) -> None:
    token = notices.signed(exp=1)
    with caplog.at_level(logging.INFO, logger="lti_tool"):
        await notices.send(token)
    said = [record for record in caplog.records if getattr(record, "code", None) == "token-expired"]
    assert said
    assert all(token[:40] not in str(vars(record)) for record in caplog.records)


async def test_origins_that_make_no_sense_are_left_out(notices: Notices) -> None:
    odd = ["copy", "", 17, None, "$Context.id", "a\nb", "x" * 300, "one", "one", {"id": "two"}]
    assert (await notices.send(notices.signed(**{LTI + "origin_contexts": odd}))).status_code == 200
    assert (await notices.send(notices.signed(**{LTI + "origin_contexts": "one"}))).status_code == 200
    assert (await notices.send(notices.signed(iat=-1e300))).status_code == 200
    assert [one.origins for one in notices.taken] == [("one",), (), ("original",)]
