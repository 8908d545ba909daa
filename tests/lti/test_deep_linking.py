"""Deep linking as the protocol sees it: what is read of a request, how it is used up, what an answer holds."""

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lti_tool.lti import deep_linking, queries
from lti_tool.lti.deep_linking import AlreadyAnswered, ContentItem, DeepLinkingSettings, RequestExpired, read_settings
from lti_tool.lti.launch import read_launch
from lti_tool.lti.models import DeepLinkingRequest, Deployment, Family
from lti_tool.lti.refusals import ClaimMissing, ClaimWrong
from tests.lti.conftest import Tool
from tests.lti.support import LTI, claims_of, fixture

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RETURN_URL = "https://platform.example/return?data=1"
MOODLE = fixture("moodle-4.5-messages.json")["deeplink"][DL + "deep_linking_settings"]


def claim(**changes: Any) -> dict[str, Any]:
    given = {"accept_types": ["ltiResourceLink"], "deep_link_return_url": RETURN_URL}
    return {name: value for name, value in (given | changes).items() if value is not ...}


# --- Reading --------------------------------------------------------------------------------------------------------------


def test_the_certification_suite_s_request_is_read_whole() -> None:
    settings, return_url = read_settings(
        claim(
            accept_types=["link", "file", "html", "ltiResourceLink"],
            accept_media_types="image/*,text/html",
            accept_presentation_document_targets=["iframe", "window"],
            accept_multiple=True,
            auto_create=True,
            title="A title",
            text="A text",
            data="909708",
        ),
        family=Family.CANVAS,
    )
    assert return_url == RETURN_URL
    assert settings == DeepLinkingSettings(
        accept_types=("link", "file", "html", "ltiResourceLink"),
        accept_media_types=("image/*", "text/html"),
        accept_targets=("iframe", "window"),
        accept_multiple=True,
        accept_lineitem=None,
        auto_create=True,
        title="A title",
        text="A text",
        data='"909708"',
        family=Family.CANVAS,
    )
    assert DeepLinkingSettings.from_row(json.loads(json.dumps(settings.as_row()))) == settings


def test_what_moodle_sends_is_read() -> None:
    settings, return_url = read_settings(MOODLE)
    assert return_url == MOODLE["deep_link_return_url"]
    assert settings.accept_multiple
    assert settings.takes("ltiResourceLink")
    assert (settings.accept_lineitem, settings.data) == (None, None)


@pytest.mark.parametrize(
    ("member", "value", "read"),
    [
        ("accept_multiple", ..., False),
        ("accept_multiple", None, False),
        ("accept_multiple", "true", True),
        ("accept_multiple", 1, False),
        ("accept_lineitem", ..., None),
        ("accept_lineitem", False, False),
        ("accept_lineitem", "false", False),
        ("accept_media_types", ["a/b", 7], ("a/b",)),
        ("accept_media_types", 7, ()),
        ("title", None, ""),
        ("title", "a\ufffdb" + "c" * 600, "ab" + "c" * 498),
        ("data", None, None),
        ("data", 0, "0"),
        ("data", "", '""'),
    ],
    ids=str,
)
def test_members_are_read_as_what_they_should_be(member: str, value: object, read: object) -> None:
    settings, _ = read_settings(claim(**{member: value}))
    assert getattr(settings, member) == read


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (..., ClaimMissing),
        ("", ClaimMissing),
        (7, ClaimMissing),
        ("https://platform.example/" + "x" * 4000, ClaimWrong),
        ("https://platform.example/a b", ClaimWrong),
        ("https://platform.example/\r\nx", ClaimWrong),
        ("https://platform.example/\x00", ClaimWrong),
    ],
    ids=["none", "empty", "number", "long", "space", "line-break", "nul"],
)
def test_an_address_no_answer_can_go_to_is_refused(address: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_settings(claim(deep_link_return_url=address))


def test_data_of_any_size_does_not_fill_the_database() -> None:
    with pytest.raises(ClaimWrong):
        read_settings(claim(data="x" * 300_000))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//platform.example", "/return"])
async def test_a_return_address_of_another_scheme_is_refused(tool: Tool, address: str) -> None:
    body = {
        LTI + "message_type": "LtiDeepLinkingRequest",
        DL + "deep_linking_settings": claim(deep_link_return_url=address),
    }
    response = await tool.browser().launch(tool.platform, **body)
    await tool.refused(response, "claim-missing")


# --- Keeping and answering ------------------------------------------------------------------------------------------------


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 9, 1, 8, tzinfo=UTC)


async def kept(tool: Tool, **changes: Any) -> tuple[DeepLinkingRequest, dict[str, Any]]:
    """A request of a course and a person that are named by it; returns what finding it needs."""
    from lti_tool.courses import service as courses

    (deployment,) = [one for one in await tool.rows(Deployment) if one.registration_id == tool.registration.id]
    body = claims_of() | {
        LTI + "message_type": "LtiDeepLinkingRequest",
        DL + "deep_linking_settings": claim(**changes),
    }
    launch = read_launch(body, tool.registration, deployment)
    now = tool.clock.now()
    async with tool.database.writing() as session:
        entry = await courses.enter(session, launch, now)
        assert entry.course_id
        assert entry.person_id
        place = {"course_id": entry.course_id, "person_id": entry.person_id}
        request_id = await deep_linking.keep_request(session, launch, **place, now=now, chosen=None)
    (row,) = [one for one in await tool.rows(DeepLinkingRequest) if one.id == request_id]
    return row, place


async def find(tool: Tool, row: DeepLinkingRequest, **place: Any) -> deep_linking.OpenRequest:
    async with tool.database.reading() as session:
        return await deep_linking.find_request(
            session, row.organisation_id, row.id, **{**place, "now": tool.clock.now()}
        )


def read(jwt: str) -> dict[str, Any]:
    part = jwt.split(".")[1]
    body: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return body


async def test_the_row_keeps_no_address_among_the_settings(tool: Tool) -> None:
    row, _ = await kept(tool)
    assert row.return_url == RETURN_URL
    assert RETURN_URL not in json.dumps(row.settings)
    assert row.expires_at == row.created_at + timedelta(hours=1)


async def test_two_answers_at_once_are_one(own_tool: Tool) -> None:
    row, place = await kept(own_tool)
    request = await find(own_tool, row, **place)

    async def answer() -> bool:
        try:
            async with own_tool.database.writing() as session:
                await deep_linking.answer(session, own_tool.protocol.keys, request, [], own_tool.clock.now())
        except AlreadyAnswered:
            return False
        return True

    assert sorted(await asyncio.gather(*(answer() for _ in range(5)))) == [False] * 4 + [True]
    with pytest.raises(AlreadyAnswered):
        await find(own_tool, row, **place)


async def test_an_answer_whose_transaction_fails_is_none(tool: Tool) -> None:
    row, place = await kept(tool)
    request = await find(tool, row, **place)
    with pytest.raises(ZeroDivisionError):
        async with tool.database.writing() as session:
            await deep_linking.answer(session, tool.protocol.keys, request, [], tool.clock.now())
            raise ZeroDivisionError
    assert (await find(tool, row, **place)).id == row.id


async def test_a_request_ends_after_an_hour(tool: Tool) -> None:
    row, place = await kept(tool)
    request = await find(tool, row, **place)
    tool.clock.move(timedelta(hours=1))
    with pytest.raises(RequestExpired):
        await find(tool, row, **place)
    with pytest.raises(AlreadyAnswered):
        async with tool.database.writing() as session:
            await deep_linking.answer(session, tool.protocol.keys, request, [], tool.clock.now())


async def test_a_deployment_that_went_to_another_school_is_answered_nothing(tool: Tool) -> None:
    row, place = await kept(tool)
    from lti_tool.db.organisation import Organisation
    from lti_tool.errors import NotFound

    async with tool.database.writing() as session:
        other = Organisation(name="Another", created_at=tool.clock.now())
        session.add(other)
        await session.flush()
        deployment = await session.get(Deployment, row.deployment_id)
        assert deployment is not None
        deployment.organisation_id = other.id
        session.add(deployment)
    with pytest.raises(NotFound):
        await find(tool, row, **place)


async def test_ended_requests_are_swept_out(tool: Tool) -> None:
    await kept(tool)
    async with tool.database.writing() as session:
        await queries.forget_deep_linking_requests(session, tool.clock.now())
    assert len(await tool.rows(DeepLinkingRequest)) == 1
    async with tool.database.writing() as session:
        await queries.forget_deep_linking_requests(session, tool.clock.now() + timedelta(hours=2))
    assert await tool.rows(DeepLinkingRequest) == []


async def test_words_go_with_an_answer_and_empty_ones_do_not(tool: Tool) -> None:
    row, place = await kept(tool, data=0)
    request = await find(tool, row, **place)
    said = deep_linking.Said(msg="Hello", log="", errormsg=None, errorlog="trouble")
    async with tool.database.writing() as session:
        answer = await deep_linking.answer(session, tool.protocol.keys, request, [], tool.clock.now(), said)
    body = read(answer.jwt)
    assert (body[DL + "msg"], body[DL + "errorlog"], body[DL + "data"]) == ("Hello", "trouble", 0)
    assert not {DL + "log", DL + "errormsg"} & set(body)
    assert body["aud"] == tool.platform.issuer


def test_an_item_is_written_as_the_specification_has_it(now: datetime) -> None:
    item = ContentItem("https://tool.example/a", "Title", type="link", target="iframe", due_at=now, custom={"a": "b"})
    assert item.as_json() == {
        "type": "link",
        "title": "Title",
        "url": "https://tool.example/a",
        "iframe": {"src": "https://tool.example/a", "width": 900, "height": 700},
    }
    link = replace(item, type="ltiResourceLink", text="Text", target=None)
    assert link.as_json() == {
        "type": "ltiResourceLink",
        "title": "Title",
        "url": "https://tool.example/a",
        "text": "Text",
        "custom": {"a": "b"},
        "submission": {"endDateTime": "2026-09-01T08:00:00Z"},
    }
