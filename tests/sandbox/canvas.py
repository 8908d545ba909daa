"""What tests of Canvas's REST API share: keys, persons' tokens, and calling with them."""

from dataclasses import dataclass
from typing import Any

import httpx

from lti_tool.sandbox.canvas_keys import KeyWanted, make_key, new_token
from lti_tool.sandbox.canvas_models import ConsentCode, DeveloperKey
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.models import Person
from tests.sandbox.conftest import BASE, Lms

BACK = "https://tool.example/api-access/back"


@dataclass
class Calls:
    """Somebody with a token, at the course."""

    lms: Lms
    token: str
    refresh_token: str = ""

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call an address below the course's, or a whole one."""
        address = path if path.startswith(("http", "/api/")) else f"/api/v1/courses/{self.lms.course.id}{path}"
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return await self.lms.http.request(method, address, headers=headers, **options)

    async def ask(self, path: str = "", **options: Any) -> httpx.Response:
        """Read."""
        return await self.send("GET", path, **options)

    async def told(self, path: str = "") -> Any:
        """What an address tells, which has to be there."""
        answer = await self.ask(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def all(self, path: str) -> list[dict[str, Any]]:
        """A whole list, page after page."""
        answer = await self.ask(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        rows: list[dict[str, Any]] = answer.json()
        while "next" in answer.links:
            answer = await self.ask(answer.links["next"]["url"])
            rows += answer.json()
        return rows


async def a_key(lms: Lms, **changes: Any) -> DeveloperKey:
    """A key with every scope, but for the changes."""
    wanted = {"name": "Playlists", "redirect_uris": [BACK], "scopes": all_scopes(), "allows_includes": True} | changes
    async with lms.platform.store.writing() as session:
        return await make_key(session, lms.platform, KeyWanted(**wanted))


async def calls_of(lms: Lms, person: Person, key: DeveloperKey, scopes: list[str] | None = None) -> Calls:
    """The person's token of this key, with all of its scopes or with these."""
    async with lms.platform.store.writing() as session:
        code = ConsentCode(
            digest="",
            key_id=key.id,
            person_id=person.id,
            scopes=key.scopes if scopes is None else scopes,
            expires_at=lms.platform.now(),
        )
        _, access, refresh = await new_token(session, lms.platform, code)
    return Calls(lms, access, refresh)


async def account(lms: Lms) -> Calls:
    """The whole account's token."""
    return Calls(lms, await lms.platform.api_token())


__all__ = ["BACK", "BASE", "Calls", "a_key", "account", "calls_of"]
