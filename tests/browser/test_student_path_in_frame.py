"""A student's path inside an LMS's frame that keeps no cookies. A file of its own: its browser has a profile."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course, Person
from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.playlists.models import (
    DoneRule,
    OrderRule,
    PersonalPlaylist,
    Playlist,
    PlaylistStatus,
    PlaylistStep,
    StepKind,
)
from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import ONE_PROCESS
from tests.insight.world import in_a_loop
from tests.playlists.seed import NOW
from tests.servers import running_demo

pytestmark = pytest.mark.browser


async def give(url: str, name: str) -> None:
    """Give a student a playlist of a reflection and something to be signed off, straight into the running tool's database."""
    database = Database.at(url)
    try:
        async with database.writing() as session:
            await _give(session, name)
    finally:
        await database.close()


async def _give(session: AsyncSession, name: str) -> None:
    every = crossing("a test looks for whoever came in")
    person = (await session.exec(select(Person).where(Person.name == name).execution_options(**every))).one()
    course = (await session.exec(select(Course).execution_options(**every))).first()
    assert course is not None
    playlist = Playlist(
        organisation_id=person.organisation_id,
        course_id=course.id,
        title="In the frame",
        status=PlaylistStatus.ASSIGNED,
        order_rule=OrderRule.ANY,
        assigned_at=NOW,
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(playlist)
    await session.flush()
    session.add(
        PersonalPlaylist(
            organisation_id=person.organisation_id, playlist_id=playlist.id, person_id=person.id, created_at=NOW
        )
    )
    for position, (title, kind, rule) in enumerate(
        [
            ("What was hard?", StepKind.REFLECTION, DoneRule.WRITTEN),
            ("Measure your kitchen", StepKind.TASK, DoneRule.SIGNED),
        ]
    ):
        session.add(
            PlaylistStep(
                organisation_id=person.organisation_id,
                id=new_id(),
                playlist_id=playlist.id,
                position=position,
                title=title,
                kind=kind,
                done_rule=rule,
            )
        )


def test_in_a_frame_without_cookies(tmp_path: Path) -> None:
    """Words, requests, the light page and the map: all with the tab's own token."""
    folder = tmp_path / "demo"
    folder.mkdir()
    url = f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}"
    with running_demo(folder, url) as demo, people_browser(tmp_path / "profile", "blocked", ONE_PROCESS) as context:
        student = Visitor(demo, context, "Amara Nwosu", "path-cookieless")
        student.open_tool()
        in_a_loop(lambda: give(url, "Amara Nwosu"))
        tool = student.tool
        student.section("My playlists", "In the frame")
        tool.get_by_role("button", name="Save").first.click()
        expect(tool.get_by_text("A few words are missing here").first).to_be_visible()
        tool.get_by_label("In your words").first.fill("The thirds")
        tool.get_by_role("button", name="Save").first.click()
        expect(tool.get_by_text("1 of 2 must-dos done")).to_be_visible()
        student.look("1-written")
        tool.get_by_role("button", name=re.compile("ask for the sign-off")).first.click()
        expect(tool.get_by_text("You asked for the sign-off.").first).to_be_visible()
        tool.get_by_role("link", name="With little data").click()
        expect(tool.get_by_role("link", name="Back to the usual page")).to_be_visible()
        student.look("2-light")
        tool.get_by_role("button", name=re.compile("I need it no more")).first.click()
        expect(tool.get_by_text("You asked for the sign-off.")).to_have_count(0)
        expect(tool.get_by_role("link", name="Back to the usual page")).to_be_visible()
        tool.get_by_role("link", name="Back to the usual page").click()
        tool.get_by_role("link", name="On paper").click()
        expect(tool.get_by_text("With my name")).to_be_visible()
        assert student.troubles == []
