"""The pages of checks beside those of playlists, in an application of their own, with a bank of one question of each kind."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from lti_tool.checks import my_list_routes, taking_routes
from lti_tool.checks.models import Check
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.playlists import results, routes
from lti_tool.settings import Settings
from lti_tool.web.install import install
from lti_tool.web.routing import add_router
from tests.checks.taking import Taking, a_bank, a_check
from tests.playlists.site import Lms, Site, Visitor


@dataclass
class CheckSite(Site):
    """The application under test, its school and its bank."""

    made: Taking = None  # type: ignore[assignment]

    async def check(self, **more: Any) -> Check:
        """An open check that asks everything in the bank."""
        async with self.database.writing() as session:
            found = await a_check(session, self.made, **more)
            session.expunge_all()
        return found

    def id_of(self, place: int) -> str:
        """A question's id."""
        return str(self.made.rows[place].id)


async def a_check_site(database: Database, clock: ManualClock) -> CheckSite:
    """The application with the pages, and a school."""
    async with database.writing() as session:
        made = await a_bank(session)
        session.expunge_all()
    lms = Lms(clock)
    app = FastAPI()
    app.state.settings = Settings(_env_file=None, secret_key="a secret of the tests, long enough to be one")
    app.state.clock, app.state.database, app.state.connectors = clock, database, lms
    app.state.protocol = None  # The school has no roster to read.
    app.state.check_takers = (results.take_check,)
    app.state.check_leads = (results.leads,)
    install(app, app.state.settings)
    add_router(app, taking_routes.router)
    add_router(app, my_list_routes.router)
    add_router(app, routes.router)
    return CheckSite(app, database, clock, lms, made.world.school, made)


def sent_by(page: httpx.Response) -> dict[str, list[str]]:
    """What the page's form of answers would send, as it stands: hidden fields, texts, what is chosen."""
    form = re.search(r'<form method="post"[^>]*data-saves.*?</form>', page.text, re.DOTALL)
    assert form is not None
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        chosen = not re.search(r'type="(radio|checkbox)"', tag) or " checked" in tag
        if name and chosen:
            fields.setdefault(name[1], []).append(value[1] if value else "")
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        picked = re.search(r"<option( value=\"([^\"]*)\")? selected>([^<]*)", body)
        fields[name] = [(picked[2] if picked[1] else picked[3]) if picked else ""]
    return fields


async def press(visitor: Visitor, page: httpx.Response, do: str, **more: str | list[str]) -> httpx.Response:
    """Fill in the page's form and press a button of it; ``more`` are fields by name, dots written as they are."""
    address = re.search(r'<form method="post" action="([^"]+)"[^>]*data-saves', page.text)
    assert address is not None
    fields: dict[str, Any] = {name: value for name, value in sent_by(page).items() if name != "session"}
    return await send(visitor, address[1], fields | {"do": do} | more)


async def send(visitor: Visitor, address: str, fields: Mapping[str, Any]) -> httpx.Response:
    """Send a form, whatever its fields are called."""
    async with visitor.site.client(visitor.token) as client:
        return await client.post(
            address,
            data={"session": visitor._session, **fields},
            headers={"Origin": "http://localhost:8000"},
            follow_redirects=True,
        )


__all__ = ["CheckSite", "a_check_site", "press", "send", "sent_by"]
