"""What the parts of one running sandbox share: its settings, store, keys, clock and behaviour."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, cast

import httpx
from fastapi import Depends, Request

from lti_tool.sandbox.behaviour import Behaviour
from lti_tool.sandbox.keys import PlatformKeys
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.sandbox.store import Store
from lti_tool.sandbox.tool_keys import ToolKeys


def system_now() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class Platform:
    """One sandbox LMS. ``http`` is what it fetches tools' key sets with."""

    def __init__(self, settings: SandboxSettings, clock: Callable[[], datetime], http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.store = Store(settings.database, settings.profile, settings.first_id)
        picks, storage = settings.profile.pick_types, settings.storage_target or settings.profile.storage_target
        self.behaviour = Behaviour(
            picks_accept=picks, usual_picks=picks, storage_target=storage, usual_storage_target=storage
        )
        self.keys = PlatformKeys(self.store, self.now)
        self.http = http
        self.tool_keys = ToolKeys(http)
        self._clock = clock
        self._api_token: str | None = None

    def now(self) -> datetime:
        """What the platform believes the time to be: its clock, put wrong by ``behaviour.clock_offset``."""
        return self._clock() + self.behaviour.clock_offset

    async def open(self) -> None:
        """Make or open the store, and the keys with it."""
        await self.store.open()
        await self.keys.signing()

    async def close(self) -> None:
        """Close what is open."""
        await self.http.aclose()
        await self.store.close()

    async def api_token(self) -> str:
        """The one token of the Canvas REST API, made at the first start; it may see every course."""
        if self._api_token is None:
            self._api_token = await self.store.secret("api token")
        return self._api_token


def platform_of(request: Request) -> Platform:
    """The sandbox a request came to."""
    return cast(Platform, request.app.state.platform)


ThisPlatform = Annotated[Platform, Depends(platform_of)]
