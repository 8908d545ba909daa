"""Access tokens that end: renewed ahead, on refusal, once however many ask, and over when the consent is."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lti_tool.content.access import queries
from lti_tool.content.access.errors import ApiKeyRefused
from lti_tool.content.access.grants import GrantCredentials
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.models import ApiConnection
from lti_tool.platforms.native import ApiTokenRefused, ApiUnreachable
from tests.courses.school import NOW, come_in
from tests.courses.site import Site

from .conftest import CUSTOM, Canvas, course_of, item
from .consenting import Consents, connect_key, consents, give

SOON = NOW + timedelta(seconds=30)


@pytest.fixture
async def held(site: Site, canvas: Canvas) -> tuple[ApiConnection, Consents]:
    """A key, and a token endpoint that knows the school's own account."""
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    found = consents(site)
    found.refresh.add("refresh-organisation")
    return await connect_key(site, by_teachers=False), found


async def grant_row(site: Site, grant_id: Any) -> ApiGrant:
    async with site.database.reading() as session:
        found = await queries.grant(session, site.school.organisation.id, grant_id)
        assert found is not None
        return found


async def credentials(site: Site, connection: ApiConnection, grant_id: Any) -> GrantCredentials:
    return site.connectors.bearer(connection, await grant_row(site, grant_id))


async def test_a_token_that_lasts_is_used_as_it_is(site: Site, held: tuple[ApiConnection, Consents]) -> None:
    connection, endpoint = held
    given = await give(site, connection, expires_at=NOW + timedelta(minutes=30))
    assert await (await credentials(site, connection, given)).token() == "access-0"
    assert endpoint.asked == []


async def test_a_token_that_ends_soon_is_renewed_and_its_refresh_token_kept(
    site: Site, held: tuple[ApiConnection, Consents]
) -> None:
    connection, endpoint = held
    given = await give(site, connection, expires_at=SOON, scopes=["a", "b"])
    mine = await credentials(site, connection, given)
    assert await mine.token() == "access-1"
    assert await mine.token() == "access-1"
    assert [one["refresh_token"] for one in endpoint.asked] == ["refresh-organisation"]
    row = await grant_row(site, given)
    assert (row.expires_at, row.renewed_at, row.working) == (NOW + timedelta(hours=1), NOW, True)
    assert row.scopes == ["a", "b"]
    assert "access-1" not in row.secrets_encrypted
    site.clock.move(timedelta(hours=2))
    assert await mine.token() == "access-2"
    assert endpoint.asked[1]["refresh_token"] == "refresh-organisation", (
        "the answer before had none, the first stays good"
    )


async def test_an_answer_that_names_fewer_scopes_narrows_them(site: Site, held: tuple[ApiConnection, Consents]) -> None:
    connection, endpoint = held
    endpoint.extra = {"scope": "b c"}
    given = await give(site, connection, expires_at=SOON, scopes=["a", "b"])
    await (await credentials(site, connection, given)).token()
    assert (await grant_row(site, given)).scopes == ["b"]


async def test_a_refused_token_is_renewed_once_and_the_course_is_read(
    site: Site, canvas: Canvas, held: tuple[ApiConnection, Consents]
) -> None:
    connection, endpoint = held
    given = await give(site, connection)
    mine, other = await credentials(site, connection, given), await credentials(site, connection, given)
    canvas.module("Week 1", item(1, "One"))
    assert (
        await asyncio.gather(mine.renew("access-0"), other.renew("access-0"), mine.renew("access-0"))
        == ["access-1"] * 3
    )
    assert len(endpoint.asked) == 1
    assert await other.token() == "access-1"


async def test_what_another_process_has_renewed_is_taken(site: Site, held: tuple[ApiConnection, Consents]) -> None:
    connection, endpoint = held
    given = await give(site, connection)
    mine = await credentials(site, connection, given)
    await give(site, connection, token="another-processes")
    assert await mine.renew("access-0") == "another-processes"
    assert endpoint.asked == []


async def test_when_two_processes_renew_at_once_the_token_that_was_kept_first_is_used(
    site: Site, held: tuple[ApiConnection, Consents], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, endpoint = held
    given = await give(site, connection)
    mine = await credentials(site, connection, given)
    refresh = mine._client.refresh

    async def slow(token: str) -> Any:
        answer = await refresh(token)
        await give(site, connection, token="quicker")
        return answer

    monkeypatch.setattr(mine._client, "refresh", slow)
    assert await mine.renew("access-0") == "quicker"


async def test_a_refresh_token_that_canvas_does_not_know_is_over(
    site: Site, held: tuple[ApiConnection, Consents]
) -> None:
    connection, endpoint = held
    endpoint.trouble = httpx.Response(
        400, json={"error": "invalid_request", "error_description": "refresh_token not found"}
    )
    given = await give(site, connection)
    with pytest.raises(ApiTokenRefused):
        await (await credentials(site, connection, given)).renew("access-0")
    assert (await grant_row(site, given)).working is False


async def test_a_consent_that_was_taken_back_is_over(site: Site, held: tuple[ApiConnection, Consents]) -> None:
    connection, endpoint = held
    endpoint.refresh.clear()
    given = await give(site, connection)
    with pytest.raises(ApiTokenRefused):
        await (await credentials(site, connection, given)).renew("access-0")
    row = await grant_row(site, given)
    assert (row.working, row.trouble, row.checked_at) == (False, "api-token-refused", NOW)


async def test_a_consent_that_was_forgotten_here_is_over(site: Site, held: tuple[ApiConnection, Consents]) -> None:
    connection, _endpoint = held
    given = await give(site, connection, refresh_token="")
    mine = await credentials(site, connection, given)
    with pytest.raises(ApiTokenRefused):
        await mine.renew("access-0")
    async with site.database.writing() as session:
        await queries.remove_grant(session, connection.organisation_id, given)
    with pytest.raises(ApiTokenRefused):
        await mine.renew("access-0")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), ApiUnreachable),
        (httpx.Response(401, json={"error": "invalid_client"}), ApiKeyRefused),
        (httpx.Response(200, text="<html>"), Exception),
        (httpx.Response(200, json={"access_token": 7}), Exception),
        (httpx.Response(200, json={"access_token": "a b"}), Exception),
        (httpx.Response(302, headers={"location": "https://evil.example"}), Exception),
    ],
    ids=["down", "key", "html", "number", "spaces", "redirect"],
)
async def test_what_is_no_end_of_the_consent_does_not_end_it(
    site: Site, held: tuple[ApiConnection, Consents], answer: httpx.Response, error: type[Exception]
) -> None:
    connection, endpoint = held
    endpoint.trouble = answer
    given = await give(site, connection)
    with pytest.raises(error) as raised:
        await (await credentials(site, connection, given)).renew("access-0")
    assert not isinstance(raised.value, ApiTokenRefused)
    assert (await grant_row(site, given)).working is None
    assert [one.url.host for one in site.lms.asked] == ["school.instructure.com"]


async def test_a_platform_that_is_down_still_takes_a_token_that_has_not_ended(
    site: Site, held: tuple[ApiConnection, Consents]
) -> None:
    connection, endpoint = held
    endpoint.trouble = httpx.Response(503)
    given = await give(site, connection, expires_at=SOON)
    mine = await credentials(site, connection, given)
    assert await mine.token() == "access-0"
    site.clock.move(timedelta(minutes=1))
    with pytest.raises(ApiUnreachable):
        await mine.token()


async def test_nothing_of_a_secret_is_written_or_printed(
    site: Site, held: tuple[ApiConnection, Consents], caplog: pytest.LogCaptureFixture
) -> None:
    connection, endpoint = held
    caplog.set_level(logging.DEBUG)
    given = await give(site, connection, expires_at=SOON)
    mine = await credentials(site, connection, given)
    await mine.token()
    endpoint.refresh.clear()
    with pytest.raises(ApiTokenRefused) as raised:
        await mine.renew("access-1")
    told = caplog.text + repr(mine) + repr(mine._held) + str(raised.value) + repr(raised.value.__cause__)
    assert not any(one in told for one in ("access-0", "access-1", "refresh-organisation", "the-keys-secret"))
    assert (await course_of(site)).id
