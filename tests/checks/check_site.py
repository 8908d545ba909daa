"""The pages of checks in an application of their own, and what a test needs to look at what they did."""

import re
import uuid
from typing import TypeVar

import httpx

from lti_tool.checks import routes
from lti_tool.checks.models import AttemptState, Check, CheckAnswer, CheckAttempt
from lti_tool.clock import ManualClock
from lti_tool.db.base import TenantRow, scoped
from lti_tool.db.session import Database
from lti_tool.web.routing import add_router
from tests.playlists.site import Site, Visitor, a_site

__all__ = ["Site", "Visitor", "a_check_site", "an_answer", "bring", "rows", "upload"]

Row = TypeVar("Row", bound=TenantRow)


async def a_check_site(database: Database, clock: ManualClock) -> Site:
    """A school, its course, and the pages of checks."""
    site = await a_site(database, clock)
    add_router(site.app, routes.router)
    return site


async def upload(visitor: Visitor, content: bytes, name: str = "questions.xml") -> httpx.Response:
    """Choose a file in the form, as a browser posts it."""
    page = await visitor.get(f"{visitor.site.course}/checks/import")
    session = re.search(r'name="lti-session" content="([^"]+)"', page.text)
    async with visitor.site.client(visitor.token) as client:
        return await client.post(
            f"{visitor.site.course}/checks/import/upload",
            data={"session": session[1] if session else ""},
            files={"file": (name, content, "application/octet-stream")},
            headers={"Origin": "http://localhost:8000"},
        )


async def bring(visitor: Visitor, content: bytes, name: str = "questions.xml") -> httpx.Response:
    """Choose, look, and bring in what the preview has ticked."""
    answer = await upload(visitor, content, name)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    page = await visitor.get(address)
    assert page.status_code == 200, page.text
    ticked: dict[str, list[str]] = {}
    for tag in re.findall(r'<input type="checkbox"[^>]*>', page.text):
        named = re.search(r'name="(\w+)" value="([^"]*)"', tag)
        if named and " checked" in tag:
            ticked.setdefault(named[1], []).append(named[2])
    return await visitor.post(address, answer="bring-in", **ticked)


async def rows(site: Site, table: type[Row]) -> list[Row]:
    """Every row of a table of the school's."""
    async with site.database.reading() as session:
        return list((await session.exec(scoped(table, site.school.id))).all())


async def an_answer(site: Site, check: Check, question_id: uuid.UUID, *, given: str = "c1", place: int = 0) -> None:
    """A finished attempt of a student with one answer, as taking a check writes it."""
    async with site.database.writing() as session:
        attempt = CheckAttempt(
            organisation_id=site.school.id,
            check_id=check.id,
            person_id=site.school.students[place].id,
            number=1,
            state=AttemptState.FINISHED,
            seed=1,
            asked=[str(question_id)],
            begun_at=site.clock.now(),
            finished_at=site.clock.now(),
        )
        session.add(attempt)
        await session.flush()
        session.add(
            CheckAnswer(
                organisation_id=site.school.id,
                attempt_id=attempt.id,
                question_id=question_id,
                response={"response": given},
                saved_at=site.clock.now(),
                given_at=site.clock.now(),
            )
        )
