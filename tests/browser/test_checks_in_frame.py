"""A check in an LMS's frame that keeps no cookies: from a step and back, saved as it is given, offline, with the tab's token.

A file of its own: its browser has a profile.
"""

import base64
import hashlib
import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import pictures
from lti_tool.checks.models import Feedback
from lti_tool.checks.questions import ONE, Choice, Question, QuestionKind
from lti_tool.checks.reading.pictures import ADDRESS, Picture
from lti_tool.competencies.models import CourseMap
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import crossing
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.models import Registration
from lti_tool.playlists.models import DoneRule, PersonalPlaylist, Playlist, PlaylistStatus, PlaylistStep, StepKind
from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import ONE_PROCESS
from tests.checks.taking import a_bank, a_check, a_question
from tests.insight.world import in_a_loop
from tests.mastery.world import World
from tests.playlists.seed import NOW, School
from tests.servers import running_demo

pytestmark = pytest.mark.browser


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = Picture(hashlib.sha256(base64.b64decode(PNG)).hexdigest(), "image/png", PNG)


def refuse_images(route: Route) -> None:
    """As the tool answers an image's own request in a browser that keeps no cookie at all."""
    if route.request.resource_type == "image":
        route.fulfill(status=401)
    else:
        route.continue_()


async def give(url: str, name: str) -> None:
    """Give a student a playlist of one check, straight into the running tool's database."""
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
    organisation = await session.get(Organisation, person.organisation_id)
    registration = await session.get(Registration, person.registration_id)
    assert course is not None and organisation is not None and registration is not None  # noqa: PT018
    school = School(organisation, registration, course, person, [person])
    course_map = CourseMap(organisation_id=organisation.id, course_id=course.id, changed_at=NOW, created_at=NOW)
    made = await a_bank(session, made=World(school, course_map))
    await pictures.put(session, school.id, [PICTURE], NOW)
    shows = f'How much is red? <img src="{ADDRESS}{PICTURE.digest}" alt="A bar, half of it red">'
    bar = Question(
        QuestionKind.CHOICE, shows, choices=(Choice("a", "Half of it", ONE), Choice("b", "All of it")), shuffled=False
    )
    await a_question(session, made, bar)
    await pictures.link(session, made.rows)
    check = await a_check(session, made, title="Halves", feedback=Feedback.END)
    playlist = Playlist(
        organisation_id=organisation.id,
        course_id=course.id,
        title="In the frame",
        status=PlaylistStatus.ASSIGNED,
        assigned_at=NOW,
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(playlist)
    await session.flush()
    session.add(
        PersonalPlaylist(organisation_id=organisation.id, playlist_id=playlist.id, person_id=person.id, created_at=NOW)
    )
    session.add(
        PlaylistStep(
            organisation_id=organisation.id,
            playlist_id=playlist.id,
            position=0,
            title="Halves",
            kind=StepKind.ITEM,
            content_item_id=check.content_item_id,
            done_rule=DoneRule.RESULT,
        )
    )
    await session.flush()


def test_a_check_in_a_frame_without_cookies(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    url = f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}"
    with running_demo(folder, url) as demo, people_browser(tmp_path / "profile", "blocked", ONE_PROCESS) as context:
        student = Visitor(demo, context, "Amara Nwosu", "check-cookieless")
        student.open_tool()
        in_a_loop(lambda: give(url, "Amara Nwosu"))
        tool = student.tool
        student.section("My playlists", "In the frame")
        pages = len(context.pages)
        context.route(f"**{ADDRESS}*", refuse_images)
        tool.get_by_role("link", name="Open this step").first.click()
        tool.get_by_role("button", name="Begin").click()
        expect(tool.locator("fieldset.question")).to_have_count(8)
        # An image's own request carries no token, and is refused where there is no cookie either: the page's script fetches it.
        picture = tool.get_by_role("img", name="A bar, half of it red")
        expect(picture).to_have_js_property("naturalWidth", 1)
        expect(picture).to_have_attribute("src", re.compile("^data:image/png"))
        assert len(context.pages) == pages
        tool.get_by_label("2/4").check()
        answer = tool.get_by_label("Your answer").last
        answer.fill("num")
        expect(tool.locator("#saving")).to_have_text("Your answers are saved.")
        context.set_offline(True)
        answer.fill("numerator")
        expect(tool.locator("#saving")).to_contain_text("you are not connected")
        context.set_offline(False)
        expect(tool.locator("#saving")).to_have_text("Your answers are saved.")
        tool.get_by_role("button", name="Move up 1/4").click()
        expect(tool.locator("#saving")).to_have_text("Your answers are saved.")
        tool.get_by_role("button", name="Hand in").click()
        expect(tool.get_by_text("questions have no answer yet")).to_be_visible()
        tool.get_by_role("button", name="Hand in now").click()
        expect(tool.get_by_role("heading", level=1)).to_contain_text("Your result")
        expect(tool.get_by_text("numerator")).to_be_visible()
        tool.get_by_role("link", name="Back to my playlist").click()
        expect(tool.get_by_text("You have finished this playlist!")).to_be_visible()
        assert student.troubles == []
