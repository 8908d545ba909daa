"""Launches that offer notices have them asked for, behind the launch, and no more often than it takes."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.lti import notices_asked
from lti_tool.lti.models import Deployment
from lti_tool.lti.services import ServiceRefused
from tests.lti.conftest import Tool
from tests.lti.support import LTI, TOOL
from tests.lti.test_services import Services, services

__all__ = ["services"]

SERVICE = LTI + "platformnotificationservice"
URL = "https://platform.example/notice-handlers/3407"
SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
HANDLER = f"{TOOL}/lti/notices"


def offered(**changes: Any) -> dict[str, Any]:
    given = {
        "service_versions": ["1.0"],
        "platform_notification_service_url": URL,
        "scope": [SCOPE],
        "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
    }
    return {SERVICE: given | changes}


class Handlers:
    """The platform's service."""

    def __init__(self, services: Services) -> None:
        self.kept: dict[str, str] = {}
        self.refuses: int | None = None
        self.calls: list[str] = []
        services.answer("/notice-handlers/3407", self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.method)
        if self.refuses is not None:
            return httpx.Response(self.refuses)
        if request.method == "PUT":
            given = json.loads(request.content)
            self.kept[given["notice_type"]] = given["handler"]
            return httpx.Response(200, json=given)
        listed = [{"notice_type": kind, "handler": handler} for kind, handler in self.kept.items()]
        return httpx.Response(200, json={"notice_handlers": listed})


@pytest.fixture
def handlers(services: Services) -> Handlers:
    return Handlers(services)


def runner_for(tool: Tool) -> tuple[RecordingRunner, Any]:
    work = notices_asked.work(tool.database, tool.protocol, tool.clock)
    runner = RecordingRunner(work.tasks)
    attach(tool.database, runner)
    return runner, work.periodic[0].run


async def deployment(tool: Tool) -> Deployment:
    found: Deployment = next(one for one in await tool.rows(Deployment) if one.registration_id == tool.registration.id)
    return found


async def test_the_first_launch_that_offers_notices_has_them_asked_for(tool: Tool, handlers: Handlers) -> None:
    runner, _ = runner_for(tool)
    assert (await tool.browser().launch(tool.platform, **offered())).status_code == 303
    assert handlers.calls == []
    await runner.settled()
    assert handlers.kept == {"LtiContextCopyNotice": HANDLER}
    assert (await deployment(tool)).notices_asked_at == tool.clock.now()
    # Launches after it have nothing to do with it.
    for _ in range(3):
        await tool.browser().launch(tool.platform, **offered())
    assert len(runner.nudges) == 1
    # A platform that moves its service is asked there.
    tool.protocol.directory.forget()
    await tool.browser().launch(tool.platform, **offered(platform_notification_service_url=URL + "?new"))
    assert len(runner.nudges) == 2


@pytest.mark.parametrize(
    "claim",
    [
        {},
        offered(notice_types_supported=["LtiHelloWorldNotice"]),
        offered(scope=["https://else.example/scope"]),
        offered(platform_notification_service_url="javascript:alert(1)"),
        {SERVICE: "nonsense"},
    ],
    ids=range(5),
)
async def test_what_offers_no_notices_of_copies_is_not_asked(tool: Tool, claim: dict[str, Any]) -> None:
    runner, _ = runner_for(tool)
    assert (await tool.browser().launch(tool.platform, **claim)).status_code == 303
    assert runner.nudges == []
    assert (await deployment(tool)).notices_url is None


async def test_what_failed_is_tried_again_by_the_sweep_and_asked_anew_each_month(
    tool: Tool, handlers: Handlers
) -> None:
    runner, sweep = runner_for(tool)
    handlers.refuses = 503
    assert (await tool.browser().launch(tool.platform, **offered())).status_code == 303
    await runner.settled()
    await sweep()
    assert (await deployment(tool)).notices_asked_at is None
    handlers.refuses = None
    await sweep()
    assert handlers.kept == {"LtiContextCopyNotice": HANDLER}
    handlers.calls.clear()
    await sweep()
    tool.clock.move(timedelta(days=29))
    await sweep()
    assert handlers.calls == []
    tool.clock.move(timedelta(days=2))
    handlers.kept.clear()
    await sweep()
    assert handlers.kept == {"LtiContextCopyNotice": HANDLER}


async def test_a_process_that_starts_looks_whether_its_own_address_is_the_handler(
    tool: Tool, handlers: Handlers
) -> None:
    runner, _ = runner_for(tool)
    await tool.browser().launch(tool.platform, **offered())
    await runner.settled()
    handlers.calls.clear()
    # Nothing has changed: it looks, and asks for nothing.
    await notices_asked.Asking(tool.database, tool.protocol, tool.clock).sweep()
    assert handlers.calls == ["GET"]
    handlers.kept["LtiContextCopyNotice"] = "https://old.example/lti/notices"
    await notices_asked.Asking(tool.database, tool.protocol, tool.clock).sweep()
    assert handlers.kept == {"LtiContextCopyNotice": HANDLER}


async def test_a_deployment_that_is_held_by_now_is_not_asked_for(tool: Tool, handlers: Handlers) -> None:
    runner, _ = runner_for(tool)
    await tool.browser().launch(tool.platform, **offered())
    async with tool.database.writing() as session:
        held = await session.get_one(Deployment, (await deployment(tool)).id)
        held.status = "held"  # type: ignore[assignment]
    await runner.settled()
    assert handlers.calls == []


async def test_a_refusal_is_the_task_s_to_report(tool: Tool, handlers: Handlers) -> None:
    runner_for(tool)
    await tool.browser().launch(tool.platform, **offered())
    handlers.refuses = 403
    asking = notices_asked.Asking(tool.database, tool.protocol, tool.clock)
    with pytest.raises(ServiceRefused):
        await asking.run(str((await deployment(tool)).id))
