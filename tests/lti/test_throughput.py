"""Many at once, with real connections and real commits: nothing is refused, nothing is lost, nothing counts twice."""

import asyncio

from lti_tool.audit import AuditEntry
from lti_tool.lti.models import OidcLogin, ToolSession
from tests.lti.conftest import Tool

MANY = 100


async def test_many_launches_at_once_all_open(own_tool: Tool) -> None:
    async def one() -> int:
        return (await own_tool.browser().launch(own_tool.platform)).status_code

    assert await asyncio.gather(*(one() for _ in range(MANY))) == [303] * MANY
    assert len(await own_tool.rows(ToolSession)) == MANY
    assert await own_tool.rows(OidcLogin) == []
    assert await own_tool.rows(AuditEntry) == []
    assert own_tool.platform.jwks_fetches == 1


async def test_of_many_who_replay_a_launch_at_once_one_gets_in(own_tool: Tool) -> None:
    browser = own_tool.browser()
    login = await browser.login(own_tool.platform)
    token = own_tool.platform.token(own_tool.platform.body(login.query["nonce"]))

    answers = await asyncio.gather(*(browser.post(login, token) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19
    assert len(await own_tool.rows(ToolSession)) == 1
    assert len(own_tool.entered) == 1
