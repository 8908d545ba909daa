"""*Send all* in a real browser: a bar that moves by itself, is there again for whoever comes back, and needs no script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.grades.models import ColumnState, Delivery, LineItem, Score
from lti_tool.lti.models import Role
from tests.browser.test_mastery_pages import somebody
from tests.browser_tools import look
from tests.insight.world import World, a_world
from tests.playlists import seed
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser


async def fill(session: AsyncSession) -> School:
    """Five students whose scores were not accepted, and a worker that is somewhere else."""
    school = await seed.school(session, students=5)
    column = LineItem(
        organisation_id=school.id,
        course_id=school.course.id,
        registration_id=school.registration.id,
        resource_id="playlist:1",
        label="Fractions for a grade",
        score_maximum=10,
        url="https://lms.example/1",
        state=ColumnState.MADE,
        delivered_version=1,
        created_at=NOW,
    )
    session.add(column)
    await session.flush()
    session.add_all(
        Score(
            organisation_id=school.id,
            line_item_id=column.id,
            person_id=one.id,
            registration_id=school.registration.id,
            owed_given=7,
            owed_maximum=10,
            owed_at=NOW,
            delivery=Delivery.REFUSED,
            trouble="no-permission",
        )
        for one in school.students
    )
    await session.flush()
    return school


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("sending"), fill) as running:
        yield running


def deliver(world: World, *places: int) -> None:
    """What the worker writes down once the LMS has taken these students' scores."""

    async def write(session: AsyncSession) -> None:
        await session.exec(
            update(Score)
            .where(
                col(Score.organisation_id) == world.school.id,
                col(Score.person_id).in_([world.school.students[place].id for place in places]),
            )
            .values(delivery=Delivery.DELIVERED, next_attempt_at=None)
            .execution_options(synchronize_session=False)
        )

    world.write(write)


def test_the_bar_moves_by_itself_and_is_there_again(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/grades")
        expect(page.get_by_text("5 need something from you")).to_be_visible()
        page.get_by_role("button", name="Send all that is not there").press("Enter")
        expect(page.get_by_role("progressbar", name="Sending")).to_be_visible()
        expect(page.get_by_text("0 of 5 scores sent")).to_be_visible()
        look(page, "grades-sending")
        deliver(world, 0, 1)
        expect(page.get_by_text("2 of 5 scores sent")).to_be_visible()
        page.goto(f"{world.course}/people")
        page.goto(f"{world.course}/grades")
        expect(page.get_by_text("2 of 5 scores sent")).to_be_visible()
        deliver(world, 2, 3, 4)
        expect(page.get_by_text("The LMS has answered for all 5 scores that were sent.")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        page.get_by_role("link", name="Show it").press("Enter")
        expect(page.get_by_role("row", name="Fractions for a grade")).to_contain_text("5 In the gradebook")


def test_without_script_a_reload_says_how_far_it_is(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        page.goto(f"{world.course}/grades")
        page.get_by_role("button", name="Send all that is not there").click()
        expect(page.get_by_text("0 of 5 scores sent")).to_be_visible()
        deliver(world, 0)
        page.get_by_role("link", name="See how far it is").click()
        expect(page.get_by_text("1 of 5 scores sent")).to_be_visible()
