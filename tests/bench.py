"""The real tool and the sandbox LMS side by side, which know nothing of each other: for whoever registers one with the other."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from lti_tool.app import create_app
from lti_tool.clock import SystemClock
from lti_tool.db.session import Database
from lti_tool.lti import registrations
from lti_tool.lti.invites import invite_address, make_invite
from lti_tool.lti.models import Family
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.settings import Settings
from tests.browser_tools import serving
from tests.servers import free_port, migrated_file


@dataclass(frozen=True)
class Bench:
    """Both, running. ``link`` is an invitation of the tool, as ``lti-tool platform invite`` prints it."""

    tool: str
    lms: str
    link: str

    def control(self, what: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the sandbox's control for something, or tell it something."""
        address = f"{self.lms}/_control/{what}"
        answer = httpx.get(address) if body is None else httpx.post(address, json=body)
        return answer.raise_for_status().json()


@contextmanager
def bench(folder: Path, **sandbox: Any) -> Iterator[Bench]:
    """The tool with its worker, and the sandbox with its sample course; ``sandbox`` are further settings of the latter."""
    tool_port, lms_port = free_port(), free_port()
    settings = Settings(
        _env_file=None,
        base_url=f"http://localhost:{tool_port}",
        database_url=migrated_file(folder / "tool.db"),
        keys_dir=folder / "keys",
    )
    lms = create_sandbox(SandboxSettings(base_url=f"http://127.0.0.1:{lms_port}", folder=folder / "lms", **sandbox))
    # Playwright's event loop may run in this thread.
    with ThreadPoolExecutor(1) as thread:
        link = thread.submit(lambda: asyncio.run(_invite(settings))).result()
    with serving(create_app(settings), port=tool_port), serving(lms, port=lms_port) as address:
        yield Bench(settings.base_url, address, link)


async def _invite(settings: Settings) -> str:
    database = Database.at(settings.database_url)
    now = SystemClock().now()
    async with database.writing() as session:
        school = await registrations.find_organisation(session, None, now)
        _, code = await make_invite(
            session, organisation_id=school.id, lms=Family.OTHER, now=now, life=timedelta(hours=1)
        )
    await database.close()
    return invite_address(settings.base_url, code)
