"""What the LMS keeps students out of, as a teacher's builder and a personal playlist's page tell it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.lti.models import Role
from lti_tool.playlists import editing
from lti_tool.playlists.changes import Basics
from lti_tool.playlists.models import Playlist
from tests.browser.test_mastery_pages import somebody
from tests.browser_tools import look
from tests.insight.world import World, a_world
from tests.playlists import path_world
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

made: dict[str, Playlist] = {}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    async def fill(session: AsyncSession) -> School:
        course = await path_world.path_world(session)
        made["personal"] = await path_world.personal(session, course)
        limited, later, over, hidden = (course.items[name] for name in ("quiz F.1", "page F.2", "quiz F.2", "page F.3"))
        limited.limits = ["groups", "work"]
        later.opens_at = datetime.now(UTC) + timedelta(days=9)
        over.closes_at = NOW - timedelta(days=9)
        hidden.published = False
        session.add_all([limited, later, over, hidden])
        await session.flush()
        school = course.world.school
        template = await editing.create(session, school.course, Basics("By hand"), school.teacher.id, NOW)
        ids = [limited.id, later.id, over.id, hidden.id]
        made["template"] = await editing.add_items(session, school.course, template.id, template.revision, ids, NOW)
        return school

    with a_world(tmp_path_factory.mktemp("who-gets-in"), fill) as running:
        yield running


def test_the_builder_marks_steps_that_some_or_all_cannot_open(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/playlists/{made['template'].id}")
        steps = page.locator("#steps")
        expect(steps).to_contain_text("Restricted in your LMS (by groups, after other work)")
        expect(steps).to_contain_text("Opens in your LMS")
        expect(steps).to_contain_text("Closed in your LMS")
        look(page, "who-gets-in-builder")


def test_a_personal_playlist_lists_what_it_leaves_out(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/playlists/{made['personal'].id}/path")
        listed = page.get_by_role("region", name="Left out for now")
        expect(listed.get_by_role("listitem")).to_have_count(3)
        expect(listed).to_contain_text("page F.2 · opens")
        expect(listed).to_contain_text("page F.3 · not published")
        look(page, "who-gets-in-path")
