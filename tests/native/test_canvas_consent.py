"""The keys that the tool asks Canvas with, against the sandbox LMS's own token endpoint: what lasts, what ends, and how."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lti_tool.content.access.errors import ApiKeyRefused
from lti_tool.content.access.oauth2 import OAuth2Client
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.native import ApiTokenRefused, Capability
from tests.sandbox.canvas_course import BASE, Box, boxed


@dataclass
class Keyed:
    """A key of the sandbox's, and what a teacher gave with it."""

    box: Box
    http: httpx.AsyncClient
    key: dict[str, Any]
    given: dict[str, str]

    def client(self, secret: str | None = None) -> OAuth2Client:
        return OAuth2Client(self.http, BASE, self.key["client_id"], secret or self.key["client_secret"], self.box.clock)

    async def change(self, **values: Any) -> None:
        changed = await self.http.post(f"/_control/canvas/keys/{self.key['client_id']}", json=values)
        changed.raise_for_status()

    async def lives(self, token: str) -> bool:
        answer = await self.http.get("/api/v1/users/self", headers={"Authorization": f"Bearer {token}"})
        return "www-authenticate" not in answer.headers


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[Keyed]:
    async with boxed(tmp_path) as box, box.http() as http:
        key = (await http.post("/_control/canvas/keys", json={"name": "Playlists"})).json()
        wanted = {"key_id": int(key["client_id"]), "login": "rivera"}
        yield Keyed(box, http, key, (await http.post("/_control/canvas/tokens", json=wanted)).json())


async def test_one_refresh_token_lasts_and_each_answer_ends_the_token_before(keyed: Keyed) -> None:
    first = await keyed.client().refresh(keyed.given["refresh_token"])
    assert first.refresh_token is None
    assert first.expires_at == keyed.box.clock.now() + timedelta(hours=1)
    assert not await keyed.lives(keyed.given["access_token"])
    second = await keyed.client().refresh(keyed.given["refresh_token"])
    assert not await keyed.lives(first.token)
    assert await keyed.lives(second.token)
    assert second.account_ids[0] == keyed.box.id("rivera")
    assert not second.acting


async def test_what_is_given_back_is_over(keyed: Keyed) -> None:
    await keyed.client().revoke(keyed.given["access_token"])
    assert not await keyed.lives(keyed.given["access_token"])
    with pytest.raises(ApiTokenRefused):
        await keyed.client().refresh(keyed.given["refresh_token"])


async def test_a_person_who_ends_it_in_canvas_ends_what_renews_it(keyed: Keyed) -> None:
    await keyed.change(end_tokens=True)
    with pytest.raises(ApiTokenRefused):
        await keyed.client().refresh(keyed.given["refresh_token"])


async def test_a_scope_that_is_taken_from_the_key_ends_its_tokens(keyed: Keyed) -> None:
    await keyed.change(scopes=keyed.key["scopes"][1:])
    with pytest.raises(ApiTokenRefused):
        await keyed.client().refresh(keyed.given["refresh_token"])


async def test_a_key_that_is_off_or_whose_secret_is_another_ends_no_consent(keyed: Keyed) -> None:
    with pytest.raises(ApiKeyRefused):
        await keyed.client("another").refresh(keyed.given["refresh_token"])
    await keyed.change(state="off")
    with pytest.raises(ApiKeyRefused):
        await keyed.client().refresh(keyed.given["refresh_token"])
    await keyed.change(state="on")
    assert (await keyed.client().refresh(keyed.given["refresh_token"])).token


@pytest.mark.parametrize("code", ["made-up", "x" * 500])
async def test_a_code_that_nobody_gave_is_refused(keyed: Keyed, code: str) -> None:
    with pytest.raises(ApiTokenRefused):
        await keyed.client().exchange(code, f"{BASE}/back")


async def test_what_a_teacher_gave_reads_their_course(keyed: Keyed) -> None:
    answer = await keyed.client().refresh(keyed.given["refresh_token"])
    api = CanvasApi(keyed.http, BASE, FixedToken(answer.token), keyed.box.clock)
    found = await api.find_out(str(keyed.box.course.id))
    assert found.abilities[Capability.CONTENTS].able
    assert found.abilities[Capability.RESULTS].able
