"""Addresses of an inner network in what a platform says: nothing is sent there, least of all a token.

The way out is the real one; a server on this machine, which stands for the inner network, counts who connects.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lti_tool.lti.access_tokens import AccessTokens
from lti_tool.lti.http import make_client
from lti_tool.lti.key_sets import KeySets
from lti_tool.lti.services import (
    AgsClient,
    GroupsClient,
    LineItemData,
    NoticesClient,
    NrpsClient,
    ScoreData,
    ServiceUnreachable,
)
from lti_tool.platforms import quirks
from tests.lti.conftest import Tool, settings_for


@dataclass
class Inside:
    """A server of the inner network."""

    port: int
    connections: int = 0

    def addresses(self) -> list[str]:
        hosts = (
            "127.0.0.1",
            "localhost",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "2130706433",
            "127.1",
            "0x7f.0.0.1",
        )
        return [f"https://{host}:{self.port}/x?y=1" for host in hosts] + [f"http://127.0.0.1:{self.port}/x"]


@pytest.fixture
async def inside(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    found = Inside(0)

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        writer.close()

    async with await asyncio.start_server(count, "127.0.0.1", 0) as server:
        found.port = server.sockets[0].getsockname()[1]
        async with make_client(settings_for(tmp_path)) as client:
            monkeypatch.setattr(tool.protocol, "http", client)
            tool.protocol.key_sets = KeySets(client, tool.clock, tool.database)
            tool.protocol.access_tokens = AccessTokens(client, tool.clock, tool.protocol.keys)
            yield found


async def test_no_service_address_of_an_inner_network_gets_the_token(
    tool: Tool, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def token(*_: Any, **__: Any) -> str:
        return "the-token"

    monkeypatch.setattr(tool.protocol, "token", token)
    habits = quirks(tool.registration.lms)
    ags = AgsClient(tool.protocol, tool.registration, habits)
    nrps = NrpsClient(tool.protocol, tool.registration, habits)
    groups = GroupsClient(tool.protocol, tool.registration, habits)
    notices = NoticesClient(tool.protocol, tool.registration, habits)
    score = ScoreData("1", 1, 1, tool.clock.now())
    for address in inside.addresses():
        for call in (
            ags.find_line_items(address),
            ags.create_line_item(address, LineItemData("x", 1)),
            ags.post_score(address, score),
            ags.results(address),
            ags.delete_line_item(address),
            nrps.members(address),
            groups.groups(address),
            notices.subscribe(address, "LtiContextCopyNotice", "https://tool.school.example/lti/notices"),
        ):
            with pytest.raises(ServiceUnreachable) as caught:
                await call
            assert (caught.value.code, caught.value.temporary) == ("address-refused", False), address
    assert inside.connections == 0


async def test_no_token_endpoint_of_an_inner_network_gets_an_assertion(tool: Tool, inside: Inside) -> None:
    for address in inside.addresses():
        with pytest.raises(ServiceUnreachable) as caught:
            await tool.protocol.token(tool.registration.model_copy(update={"token_url": address}), ["a"])
        assert caught.value.code == "address-refused"
    assert inside.connections == 0


async def test_no_key_set_of_an_inner_network_is_fetched(tool: Tool, inside: Inside) -> None:
    (remembered, *_) = await tool.protocol.directory.registrations_of(tool.platform.issuer)
    for address in inside.addresses():
        remembered.jwks_url = address
        answer = await tool.browser().launch(tool.platform)
        assert answer.status_code == 401, address
        assert "cannot be reached" in answer.text
    assert inside.connections == 0
    assert tool.entered == []
