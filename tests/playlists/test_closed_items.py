"""What the platform lets no student into: out of paths until it does, told to the teacher; what keeps some out is only told."""

from datetime import timedelta
from typing import Any

from lti_tool.content.models import ContentItem
from lti_tool.content.rules import is_closed
from lti_tool.db.session import Database
from lti_tool.playlists import personal, replanning
from lti_tool.playlists import personal_queries as queries
from tests.playlists import path_world
from tests.playlists.path_world import PathWorld
from tests.playlists.seed import NOW
from tests.playlists.site import Site
from tests.playlists.test_replanning import steps
from tests.playlists.test_routes import assigned

LATER = NOW + timedelta(hours=1)


async def changed(database: Database, made: PathWorld, title: str, **values: Any) -> None:
    async with database.writing() as session:
        item = await session.get(ContentItem, (made.id, made.items[title].id))
        assert item is not None
        for name, value in values.items():
            setattr(item, name, value)


async def a_world(database: Database) -> PathWorld:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made)
        return made


async def test_what_opens_later_comes_when_it_opens(database: Database) -> None:
    made = await a_world(database)
    course, ada = made.world.course, made.world.ada.id
    page = made.items["page F.1"].id
    opens = LATER + timedelta(hours=3)
    await changed(database, made, "page F.1", opens_at=opens)
    planned = []
    for moment in (LATER, LATER + timedelta(hours=2), opens, opens + timedelta(hours=1)):
        report = await replanning.up_to_date(database, course, ada, moment)
        there = page in {one.content_item_id for one in await steps(database, made, ada) if one.removed_at is None}
        planned.append((report.planned, there))
    assert planned == [(1, False), (0, False), (1, True), (0, True)]


async def test_what_closes_leaves_paths_where_it_is_not_begun(database: Database) -> None:
    made = await a_world(database)
    course, ada = made.world.course, made.world.ada.id
    closes = LATER + timedelta(hours=3)
    await changed(database, made, "page F.1", closes_at=closes)
    for moment, there in ((LATER, True), (closes, False)):
        await replanning.up_to_date(database, course, ada, moment)
        ids = {one.content_item_id for one in await steps(database, made, ada) if one.removed_at is None}
        assert (made.items["page F.1"].id in ids) == there


async def test_what_is_closed_to_some_is_planned_with(database: Database) -> None:
    made = await a_world(database)
    await changed(database, made, "page F.1", limits=["groups"])
    async with database.reading() as session:
        book = await personal.book(session, made.id, made.world.course.id, NOW)
        assert made.items["page F.1"].id in book.items
        assert await queries.closed_items(session, made.id, made.world.course.id, NOW) == []


async def test_the_list_has_what_is_aligned_and_closed_to_all(database: Database) -> None:
    made = await a_world(database)
    await changed(database, made, "page F.1", opens_at=NOW + timedelta(days=1))
    await changed(database, made, "quiz F.1", closes_at=NOW)
    await changed(database, made, "page F.2", published=False)
    await changed(database, made, "quiz F.2", opens_at=NOW, closes_at=NOW + timedelta(seconds=1))
    async with database.writing() as session:
        loose = await path_world.add_item(session, made, "loose", made.items["page F.1"].kind, 90)
        loose.published = False
    async with database.reading() as session:
        found = await queries.closed_items(session, made.id, made.world.course.id, NOW)
        rows = [await session.get(ContentItem, (made.id, item.id)) for item in made.items.values()]
    assert [one.title for one in found] == ["page F.1", "quiz F.1", "page F.2"]
    closed = {row.title for row in rows if row is not None and is_closed(row, NOW)}
    assert closed == {"page F.1", "quiz F.1"}


async def test_the_builder_says_what_keeps_some_out_and_the_students_page_does_not(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        for name, values in {
            "quiz": {"limits": ["groups", "work"]},
            "page": {"opens_at": site.clock.now() + timedelta(days=2)},
        }.items():
            item = site.school.items[name]
            for field, value in values.items():
                setattr(item, field, value)
            await session.merge(item)
    page = await (await site.teacher()).get(f"{site.course}/playlists/{playlist.id}")
    assert "Restricted in your LMS (by groups, after other work): some students may not get in" in page.text
    assert "Opens in your LMS" in page.text
    theirs = await (await site.student()).get(f"{site.course}/my")
    assert "Restricted" not in theirs.text
    assert "groups" not in theirs.text
