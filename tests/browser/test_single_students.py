"""In a real browser: a step out for one student and put back, sections named and chosen, a student's list of checks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import Feedback
from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.playlists import editing
from lti_tool.playlists.changes import Basics
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import Playlist, SendRule
from tests.browser.test_mastery_pages import somebody
from tests.browser_tools import look
from tests.checks import asked
from tests.checks.taking import a_bank, a_check
from tests.insight.world import World, a_world
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

made: list[Playlist] = []


async def a_school(session: AsyncSession) -> School:
    """Two sections that nobody has named; a playlist with a date, of a page, a check of one question and a task; a draft."""
    bank = await a_bank(session, [asked.choice()])
    school = bank.world.school
    check = await a_check(session, bank, title="Check on halves", feedback=Feedback.END, attempts=2)
    await a_check(session, bank, title="Nobody is led here")
    for place, person in enumerate(school.students):
        statement = scoped(Membership, school.id).where(col(Membership.person_id) == person.id)
        membership = (await session.exec(statement)).one()
        membership.sections = "17" if place % 2 else "18"
        session.add(membership)
    made.clear()
    for title in ("Halves", "Thirds"):
        playlist = await editing.create(session, school.course, Basics(title), school.teacher.id, NOW)
        ids = [school.items["page"].id, check.content_item_id]
        playlist = await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
        playlist = await editing.add_offline(
            session, school.course, playlist.id, playlist.revision, "Fold a sheet", NOW
        )
        made.append(playlist)
    terms = Terms(due_at=NOW + timedelta(days=6), has_column=True, points=12, send_rule=SendRule.LIVE)
    await editing.assign(session, school.course, made[0].id, made[0].revision, terms, None, NOW)
    return school


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("single"), a_school) as running:
        yield running


def test_a_step_is_out_for_one_student_and_put_back(browser: Browser, world: World) -> None:
    ada = world.school.students[0]
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/playlists/{made[0].id}/students/{ada.id}")
        page.get_by_role("button", name="Take out for this student Fold a sheet").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Taken out for this student alone.")).to_be_visible()
        expect(page.get_by_role("heading", name="Out for this student")).to_be_visible()
        look(page, "left-out")
        with somebody(browser, world, ada, Role.STUDENT) as theirs:
            theirs.goto(f"{world.course}/my")
            expect(theirs.get_by_text("0 of 2", exact=False).first).to_be_visible()
            expect(theirs.get_by_text("Fold a sheet")).to_have_count(0)
            expect(theirs.get_by_text("7 of your 7 days left, 5 school days")).to_be_visible()
            look(theirs, "days-left")
        page.get_by_role("button", name="Sign off").first.click()
        page.get_by_role("button", name="Put back Fold a sheet").click()
        # A score that stands would fall by that: the page asks first.
        expect(page.get_by_role("heading", level=1)).to_have_text("Put the step back, and lower the score?")
        expect(page.get_by_text("has 6 of 12 points")).to_be_visible()
        expect(page.get_by_text("it would become 4")).to_be_visible()
        look(page, "put-back")
        page.get_by_role("button", name="Put it back").press("Enter")
        expect(page.get_by_text("It is on this student’s path again")).to_be_visible()
        expect(page.get_by_role("heading", name="Out for this student")).to_have_count(0)


def test_sections_are_named_and_chosen_by_name(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/playlists/{made[1].id}/assign")
        page.get_by_label("Groups and sections").check()
        expect(page.get_by_label("Section 17", exact=False)).to_be_visible()
        page.get_by_role("link", name="Say what your sections are called").click()
        page.get_by_label("Section 17").fill("Period 1")
        page.get_by_label("Section 18").fill("Period 2")
        look(page, "sections")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The sections are called that wherever they are shown.")).to_be_visible()
        page.get_by_label("Group or section").select_option(label="Period 1 (1)")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("row")).to_have_count(2)
        look(page, "people-by-section")
        page.goto(f"{world.course}/playlists/{made[1].id}/assign")
        page.get_by_label("Groups and sections").check()
        page.get_by_label("Period 2, 2 students").check()
        look(page, "assign-by-section")
        page.get_by_role("button", name="Assign").last.click()
        expect(page.get_by_text("Assigned.", exact=False).first).to_be_visible()


def test_a_student_finds_their_checks_in_one_list(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.students[1], Role.STUDENT) as page:
        page.goto(f"{world.course}/my")
        page.get_by_role("link", name="My checks").click()
        expect(page.get_by_role("heading", name="To do")).to_be_visible()
        expect(page.get_by_text("It opens later on your path.")).to_be_visible()
        page.get_by_role("link", name="To my playlist Check on halves").click()
        page.get_by_role("button", name="Mark as done").first.click()
        page.get_by_role("link", name="My checks").click()
        expect(page.get_by_text("2 attempts left")).to_be_visible()
        expect(page.get_by_text("Nobody is led here")).to_have_count(0)
        look(page, "my-checks-open")
        page.get_by_role("link", name="To the check Check on halves").click()
        page.get_by_role("button", name="Begin").click()
        page.goto(f"{world.course}/my-checks")
        expect(page.get_by_text("You have begun. Your answers so far are saved.")).to_be_visible()
        page.get_by_role("link", name="Go on Check on halves").click()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("radio", name="1/3").check()
        page.get_by_role("button", name="Hand in").first.click()
        page.get_by_role("button", name="Hand in now").click()
        expect(page.get_by_role("link", name="Back to my playlist").first).to_be_visible()
        page.goto(f"{world.course}/my-checks")
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        expect(page.get_by_text("Your latest result:")).to_be_visible()
        expect(page.get_by_text("1 attempt left")).to_be_visible()
        look(page, "my-checks-done")
        page.get_by_role("link", name="See what was right Check on halves").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Your result: 0%")
