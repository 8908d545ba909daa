"""Steps that lead to items which came by a file and have no address: everybody is told where in the course they are."""

import re

import pytest

from lti_tool.clock import ManualClock
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.ports import NativeItem
from lti_tool.content.service import add_from_gradebook
from lti_tool.content.taking_over import take_over
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.playlists import editing, personal_queries, template_rows
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import DoneRule, Playlist
from tests.playlists.seed import NOW
from tests.playlists.site import Site, a_site

WHERE = "In the course: Week 1 › Rivers"


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """A course that a file brought a page of."""
    site = await a_site(database, clock)
    async with database.writing() as session:
        natives = [
            NativeItem(external_id="cartridge:k:p", kind="page", title="Rivers", section="Week 1"),
            NativeItem(external_id="cartridge:k:h", kind="heading", title="Part", section="Week 1"),
        ]
        await take_over(session, site.school.course, "cartridge:", natives, NOW)
    return site


async def rivers(site: Site) -> ContentItem:
    """The page."""
    return await _found(site, "Rivers")


async def _found(site: Site, title: str) -> ContentItem:
    async with site.database.reading() as session:
        statement = scoped(ContentItem, site.school.id).where(ContentItem.title == title)
        item = (await session.exec(statement)).one()
        session.expunge(item)
    return item


async def a_playlist(site: Site, *, assigned: bool = True) -> Playlist:
    """One with a step to the page."""
    item = await rivers(site)
    async with site.database.writing() as session:
        course = site.school.course
        playlist = await editing.create(session, course, Basics("Water"), None, NOW)
        playlist = await editing.add_items(session, course, playlist.id, playlist.revision, [item.id], NOW)
        if assigned:
            await editing.assign(session, course, playlist.id, playlist.revision, Terms(), None, NOW)
        session.expunge_all()
    return playlist


async def test_students_are_told_where_it_is_and_say_when_it_is_done(site: Site) -> None:
    await a_playlist(site)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my")
    assert WHERE in page.text
    assert "not in the course at the moment" not in page.text
    assert "Mark as done" in page.text
    assert "Open this step" not in page.text
    copy = re.search(rf"{site.course}/my/[0-9a-f-]{{36}}", page.text)
    assert copy is not None
    for other in ("/light", "/print"):
        assert WHERE in (await ada.get(copy[0] + other)).text


async def test_teachers_see_it_in_the_builder_and_as_nothing_amiss(site: Site) -> None:
    playlist = await a_playlist(site, assigned=False)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists/{playlist.id}")
    assert WHERE in page.text
    assert "Not in the course at the moment" not in page.text
    page = await teacher.get(f"{site.course}/playlists/{playlist.id}/assign")
    assert "not there for students" not in page.text


async def test_what_counts_as_done_is_the_students_word(site: Site) -> None:
    item = await rivers(site)
    assert editing.of_item(item).done_rule is DoneRule.MARKED
    assert content_rules.place_in_course(item) == "Week 1 › Rivers"
    item.section = ""
    assert content_rules.place_in_course(item) == "Rivers"
    item.published = False
    assert content_rules.place_in_course(item) == ""


async def test_paths_that_the_tool_plans_can_lead_there_and_not_to_headings_and_columns(site: Site) -> None:
    async with site.database.writing() as session:
        await add_from_gradebook(session, site.school.course, "x", "Participation", ItemKind.ASSIGNMENT, 5, NOW)
    async with site.database.reading() as session:
        found = await personal_queries.items(session, site.school.id, site.school.course.id, NOW)
    titles = {row.title for row in found}
    assert "Rivers" in titles
    assert not titles & {"Part", "Participation"}


async def test_a_column_of_a_gradebook_alone_is_no_step(site: Site) -> None:
    async with site.database.writing() as session:
        course = site.school.course
        column = await add_from_gradebook(session, course, "x", "Participation", ItemKind.ASSIGNMENT, 5, NOW)
        playlist = await editing.create(session, course, Basics("Water"), None, NOW)
        await editing.add_items(session, course, playlist.id, playlist.revision, [column], NOW)
        assert (await template_rows.current(session, playlist)).steps == ()


async def test_one_that_the_next_file_has_not_is_said_to_be_gone(site: Site) -> None:
    await a_playlist(site)
    async with site.database.writing() as session:
        await take_over(session, site.school.course, "cartridge:", [], NOW)
    page = await (await site.student()).get(f"{site.course}/my")
    assert WHERE not in page.text
    assert "taken out of the course" in page.text
