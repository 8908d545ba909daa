"""What the LMS says is looked at and accepted; dates are set there for one student and taken back; and how it locks its items."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import SystemClock
from lti_tool.competencies import lms_outcomes
from lti_tool.content.models import ContentItem
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.platforms.native import NativeAlignment, NativeOutcome, NativeOutcomes, Window
from lti_tool.playlists.editing import Terms
from tests.browser.map_world import World, a_world
from tests.browser_tools import look
from tests.competencies.aligned import a_map
from tests.content.dated import DatedLms
from tests.playlists.seed import NOW
from tests.playlists.test_service import assigned

pytestmark = pytest.mark.browser


@pytest.fixture
def lms() -> DatedLms:
    return DatedLms(SystemClock())


@pytest.fixture
def world(tmp_path: Path, lms: DatedLms) -> Iterator[World]:
    with a_world(tmp_path, connectors=lms) as found:
        yield found


def tell(world: World, told: NativeOutcomes) -> None:
    """Have the LMS say so."""

    async def take() -> None:
        database = Database.at(world.database_url)
        try:
            await lms_outcomes.take_outcomes(database, world.school.course, told, NOW)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, take()).result()


OUTCOMES = (
    NativeOutcome(
        "11", "Equivalence", "4.NF.A.1", "Explain why one fraction is another, with models.", ("id of 4.NF.A.1",)
    ),
    NativeOutcome("12", "Multiply a fraction by a whole number"),
    NativeOutcome("13", "Mathematical reasoning with many words in its title, as standards have them"),
)
ALIGNED = tuple(
    NativeAlignment(name, f"canvas:module-item:{place}") for name, place in (("11", 1), ("11", 2), ("12", 5), ("13", 6))
)


def test_a_teacher_takes_what_the_lms_says(browser: Browser, world: World) -> None:
    async def mapped(session: AsyncSession) -> None:
        there = (await session.exec(scoped(ContentItem, world.school.id))).all()
        world.school.items = {one.external_id: one for one in there}
        await a_map(session, world.school)

    world.do(mapped)
    tell(world, NativeOutcomes(OUTCOMES, ALIGNED))
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies/alignments")
        page.get_by_role("link", name="Look at what your LMS says").click()
        expect(page.get_by_role("heading", name="2 alignments of your LMS are not here yet")).to_be_visible()
        look(page, "lms-1-offered")
        page.get_by_role("button", name="Accept what is ticked").click()
        expect(page.get_by_text("2 alignments were added.")).to_be_visible()
        # The one with the same words is chosen already; saving says that it is the same.
        page.get_by_role("button", name="Save Multiply").click()
        expect(page.get_by_text("Saved which competency this is.")).to_be_visible()
        page.get_by_role("button", name="Add it to this course’s own competencies Mathematical").click()
        expect(page.get_by_text("It is one of this course’s own competencies now.")).to_be_visible()
        expect(page.get_by_role("heading", name="2 alignments of your LMS are not here yet")).to_be_visible()
        page.get_by_role("button", name="Let ratings in your LMS be evidence 4.NF.A.1").click()
        expect(page.get_by_text("so that both would count")).to_be_visible()
        tell(world, NativeOutcomes(OUTCOMES[:2], ALIGNED[1:2]))
        page.reload()
        expect(page.get_by_role("heading", name="Your LMS no longer says so")).to_be_visible()
        look(page, "lms-2-decided")
        page.get_by_role("button", name="Take away").click()
        expect(page.get_by_text("1 alignment was taken away.")).to_be_visible()


def test_a_teacher_sets_dates_for_one_student_and_takes_them_back(
    browser: Browser, world: World, lms: DatedLms
) -> None:
    async def playlist(session: AsyncSession) -> str:
        return str((await assigned(session, world.school, Terms())).id)

    playlist_id = world.do(playlist)
    ada = world.school.students[0]
    with world.browsing(browser, timezone_id="Europe/Madrid") as page:
        page.goto(f"{world.course}/playlists/{playlist_id}/students/{ada.id}")
        look(page, "dates-1-student")
        page.get_by_role("link", name="Set own dates Quiz on halves").click()
        page.get_by_label("Due").fill("2026-10-01T23:59")
        look(page, "dates-2-form")
        page.get_by_role("button", name="Show what is written").click()
        expect(page.get_by_role("heading", name="Set these dates in your LMS?")).to_be_visible()
        assert lms.kept == {}
        look(page, "dates-3-confirm")
        page.get_by_role("button", name="Set the dates in the LMS").click()
        expect(page.get_by_text("The dates stand in your LMS now.")).to_be_visible()
        assert lms.kept["17", "student-0"][1] == Window(due_at=datetime(2026, 10, 1, 21, 59, tzinfo=UTC))
        look(page, "dates-4-set")
        page.get_by_role("link", name="Ada Ash").click()
        page.get_by_role("link", name="Change Quiz on halves").click()
        page.get_by_role("button", name="Take back Ada Ash").click()
        expect(page.get_by_text("Taken back. Your LMS has what stood there before.")).to_be_visible()
        assert lms.kept == {}
        page.goto(f"{world.course}/content/locking")
        expect(page.get_by_role("heading", name="Module requirements and prerequisites")).to_be_visible()
        look(page, "locking")
