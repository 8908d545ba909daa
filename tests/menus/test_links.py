"""Links of the LMS that open menus: by role, from the picker with a column, edited again, copied along, under review."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course, CourseOrigin, Person, ResourceLink
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.ids import new_id
from lti_tool.lti.models import Registration
from lti_tool.menus import destinations, listing, routes
from lti_tool.menus.models import Menu, MenuStatus, PersonalMenu
from lti_tool.playlists.models import Playlist
from lti_tool.web.routing import add_router
from tests.lti.support import LTI
from tests.menus.work_site import Made, a_board
from tests.playlists.linking import AGS, RETURN_URL, SCOPES, Somebody, World, a_world, posted
from tests.playlists.seed import School

REVIEW = "LtiSubmissionReviewRequest"
COLUMN = "https://platform.example/lineitems/7"


@pytest.fixture
async def world(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[World]:
    """Rolled back at the end."""
    made = await a_world(database, clock, tmp_path)
    app = made.tool.app
    app.state.enter = destinations.enter
    app.state.pickables = (destinations.PICKABLES,)
    app.state.others = (listing.ROOM,)
    add_router(app, routes.router)
    await made.launch()
    yield made
    await made.tool.protocol.key_sets.settle()
    await made.close()


async def a_menu(world: World, **terms: Any) -> Made:
    """A board of the course, assigned unless it is said otherwise."""
    course = await world.course()
    registration = next(one for one in await world.tool.rows(Registration) if one.id == course.registration_id)
    school = School(_organisation(course), registration, course, await world.person("teacher"), [])
    async with world.database.writing() as session:
        return await a_board(session, school, now=world.clock.now(), **terms)


def _organisation(course: Course) -> Any:
    return Organisation(id=course.organisation_id, name="School", created_at=course.created_at)


async def link(
    world: World, menu_id: object, sub: str = "teacher", role: str = "Instructor", **changes: Any
) -> Somebody:
    given = {LTI + "custom": {"menu_id": str(menu_id)}, LTI + "resource_link": {"id": "link-9", "title": "A menu"}}
    return await world.launch(sub, role, **(given | changes))


async def test_a_link_leads_each_role_to_its_page(world: World) -> None:
    made = await a_menu(world, title="Poems")
    teacher = await link(world, made.menu.id)
    assert teacher.address.endswith(f"/menus/{made.menu.id}/progress")
    (opened,) = [one for one in await world.tool.rows(ResourceLink) if one.resource_link_id == "link-9"]
    assert opened.opens == f"menu:{made.menu.id}"
    student = await link(world, made.menu.id, "late", "Learner")
    late = await world.person("late")
    (own,) = [one for one in await world.tool.rows(PersonalMenu) if one.person_id == late.id]
    assert student.address.endswith(f"/my/menus/{own.id}")
    assert "Task 1" in student.page.text
    mentor = await link(world, made.menu.id, "parent", "Mentor", **{LTI + "role_scope_mentor": ["late"]})
    assert mentor.address.endswith("/family")


async def test_a_link_to_a_draft_or_to_nothing(world: World) -> None:
    made = await a_menu(world, status=MenuStatus.DRAFT)
    teacher = await link(world, made.menu.id)
    assert teacher.address.endswith(f"/menus/{made.menu.id}")
    student = await link(world, made.menu.id, "anna", "Learner")
    assert "Your teacher has not opened it yet" in student.page.text
    gone = await link(world, uuid.uuid4(), "anna", "Learner")
    assert gone.page.status_code == 404
    assert "The menu behind this link is not there any more" in gone.page.text
    nothing = await link(world, "nonsense")
    assert nothing.page.status_code == 200


async def test_a_link_that_came_with_a_copied_course_opens_the_copys_menu(world: World) -> None:
    original = new_id()
    made = await a_menu(world, copied_from_id=original)
    teacher = await link(world, original)
    assert teacher.address.endswith(f"/menus/{made.menu.id}/progress")


async def test_a_link_in_a_copy_that_nobody_has_decided_about_leads_to_the_question(world: World) -> None:
    course = await world.course()
    async with world.database.writing() as session:
        original = Course(
            organisation_id=course.organisation_id,
            registration_id=course.registration_id,
            deployment_id=course.deployment_id,
            context_id="the-original",
            title="Last year",
            created_at=world.clock.now(),
        )
        session.add(original)
        await session.flush()
        session.add(
            Playlist(
                organisation_id=course.organisation_id,
                course_id=original.id,
                title="Last year's",
                created_at=world.clock.now(),
                changed_at=world.clock.now(),
            )
        )
        session.add(
            CourseOrigin(
                organisation_id=course.organisation_id,
                course_id=course.id,
                context_id="the-original",
                created_at=world.clock.now(),
            )
        )
    assert (await link(world, uuid.uuid4())).address.endswith("/carry-over")
    student = await link(world, uuid.uuid4(), "anna", "Learner")
    assert "Your teacher has not set this up yet" in student.page.text
    assert (await link(world, uuid.uuid4(), "parent", "Mentor")).address.endswith("/family")


async def test_the_picker_offers_menus_beside_playlists(world: World) -> None:
    made = await a_menu(world, title="Poems", introduction="Choose.")
    await world.playlist("Halves")
    teacher = await world.pick()
    assert "Poems" in teacher.page.text
    assert "Halves" in teacher.page.text
    page = await teacher.post(teacher.address, pick=f"menu_id:{made.menu.id}", has_column="yes", points="12")
    answer = posted(page)
    assert answer.to == RETURN_URL
    (item,) = answer.items
    assert item["custom"]["menu_id"] == str(made.menu.id)
    assert "playlist_id" not in item["custom"]
    assert (item["title"], item["text"]) == ("Poems", "Choose.")
    assert item["lineItem"]["resourceId"] == f"menu:{made.menu.id}"
    assert item["lineItem"]["scoreMaximum"] == 12
    (menu,) = await world.tool.rows(Menu)
    assert (menu.has_column, menu.points) == (True, 12)
    # The column that the LMS made with the link is the menu's.
    given = {AGS: {"scope": SCOPES, "lineitems": "https://platform.example/lineitems", "lineitem": COLUMN}}
    await link(world, made.menu.id, **given)
    (column,) = await world.tool.rows(LineItem)
    assert (column.resource_id, column.state, column.url) == (f"menu:{made.menu.id}", ColumnState.MADE, COLUMN)
    # So no second one is offered.
    again = await world.pick()
    assert "Its gradebook column is there already" in again.page.text


async def test_the_link_that_is_edited_is_chosen(world: World) -> None:
    made = await a_menu(world, title="Poems")
    teacher = await world.pick(custom={"menu_id": str(made.menu.id)})
    assert "Change what this link opens" in teacher.page.text
    assert f'value="menu_id:{made.menu.id}" checked' in teacher.page.text


async def test_nothing_of_another_course_is_picked(world: World) -> None:
    teacher = await world.pick()
    for value in (f"menu_id:{uuid.uuid4()}", "menu_id:x", f"other:{uuid.uuid4()}"):
        assert (await teacher.post(teacher.address, pick=value)).status_code == 404, value


async def test_work_under_review_opens_the_students_menu(world: World) -> None:
    await world.launch("anna", "Learner")
    made = await a_menu(world, has_column=True)
    given = {AGS: {"scope": SCOPES, "lineitems": "https://platform.example/lineitems", "lineitem": COLUMN}}
    await link(world, made.menu.id, **given)
    anna = await world.person("anna")
    assert isinstance(anna, Person)
    review = given | {
        LTI + "message_type": REVIEW,
        LTI + "for_user": {"user_id": "anna"},
        LTI + "resource_link": {"id": "link-9"},
    }
    teacher = await world.launch(**review)
    assert teacher.address.endswith(f"/menus/{made.menu.id}/students/{anna.id}")
    student = await world.launch("anna", "Learner", **review)
    assert "/my/menus/" in student.address
