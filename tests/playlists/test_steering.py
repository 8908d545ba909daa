"""Who steers: a student may choose the next step among those that the tool finds good, where the teacher hands over the wheel."""

import re
from datetime import timedelta

import pytest

from lti_tool.clock import ManualClock
from lti_tool.content.models import ItemTrait
from lti_tool.db.session import Database
from lti_tool.playlists import personal_editing, replanning, service, views
from lti_tool.playlists import queries as playlist_queries
from lti_tool.playlists.path_models import RulingKind
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings, Wheel, write
from tests.playlists import path_world
from tests.playlists.path_world import PathWorld
from tests.playlists.seed import NOW
from tests.playlists.site import a_site

LATER = NOW + timedelta(hours=1)
FREE = base.Settings(unit=frozenset({1, 3}))
"""Nothing is known of F.2, which is no part of the unit: F.1 and F.3 are both free."""


async def a_path(database: Database, wheel: Wheel, planning: base.Settings = FREE) -> PathWorld:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made, PathSettings(planning, wheel=wheel))
    await replanning.up_to_date(database, made.world.course, made.world.ada.id, LATER)
    return made


async def view(database: Database, made: PathWorld) -> views.PathView:
    ada = made.world.ada.id
    async with database.reading() as session:
        path = await service.path_of_person(session, made.world.course, ada, made.copies[ada].id, LATER)
        items = await playlist_queries.items(session, made.id, made.world.course.id, path.item_ids)
        return views.path_view(path, items)


async def titles(database: Database, made: PathWorld) -> list[str]:
    return [one.title for one in (await view(database, made)).choices]


async def test_a_student_who_steers_chooses_among_the_first_steps_of_what_is_free(database: Database) -> None:
    made = await a_path(database, Wheel.STUDENT)
    shown = await view(database, made)
    assert [one.title for one in shown.choices] == ["page F.1", "page F.3"]
    assert {one.title for one in shown.to_come_later} == {"quiz F.1", "quiz F.3"}
    assert len(shown.to_come) == 4


async def test_where_the_tool_steers_or_one_thing_is_free_there_is_one_next_step(database: Database) -> None:
    assert await titles(database, await a_path(database, Wheel.TOOL)) == []


async def test_one_step_is_no_choice(database: Database) -> None:
    assert await titles(database, await a_path(database, Wheel.STUDENT, base.Settings(unit=frozenset({1, 2})))) == []


async def test_what_is_begun_and_what_a_teacher_pins_come_before_a_choice(database: Database) -> None:
    made = await a_path(database, Wheel.STUDENT)
    ada, course = made.world.ada.id, made.world.course
    wish = personal_editing.Wish(RulingKind.PIN, item_id=made.items["page F.2"].id)
    async with database.writing() as session:
        pin = await personal_editing.rule(session, course, made.playlist_id, wish, None, LATER)
        pin_id = pin.id
    await replanning.up_to_date(database, course, ada, LATER)
    assert await titles(database, made) == []
    async with database.writing() as session:
        await personal_editing.end_ruling(session, course, made.playlist_id, pin_id, None, LATER)
    await replanning.up_to_date(database, course, ada, LATER)
    shown = await view(database, made)
    assert [one.title for one in shown.choices] == ["page F.1", "page F.3"]
    async with database.writing() as session:
        await service.open_step(session, course, ada, made.copies[ada].id, shown.choices[1].step.id, LATER)
    shown = await view(database, made)
    assert shown.choices == ()
    assert shown.next_view is not None
    assert shown.next_view.title == "page F.3"


@pytest.mark.parametrize("wheel", list(Wheel))
async def test_the_page_lets_the_student_choose(database: Database, clock: ManualClock, wheel: Wheel) -> None:
    made = await a_path(database, wheel)
    site = await a_site(database, clock)
    site.school = made.world.school
    visitor = await site.sign_in(made.world.ada)
    address = f"{site.course}/my/{made.copies[made.world.ada.id].id}"
    page = await visitor.get(address)
    light = await visitor.get(f"{address}/light")
    steers = wheel is Wheel.STUDENT
    assert ("You choose your next step" in page.text) is steers
    assert ("Your next step" in page.text) is not steers
    assert ("You may begin with another step below" in light.text) is steers
    # No form and no step twice.
    ids = re.findall(r'\bid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))
    assert page.text.count("Open this step") == 4


async def test_time_left_is_that_of_the_steps_still_asked_for_and_at_least_what_has_an_estimate(
    database: Database,
) -> None:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        for key, minutes in (("page F.1", 20), ("quiz F.1", 10), ("page F.3", 15)):
            trait = ItemTrait(
                organisation_id=made.id,
                course_id=made.world.course.id,
                content_item_id=made.items[key].id,
                minutes=minutes,
                changed_at=NOW,
            )
            session.add(trait)
        playlist = await path_world.personal(session, made, PathSettings(FREE, target_steps=2))
        playlist_id = playlist.id
    await replanning.up_to_date(database, made.world.course, made.world.ada.id, LATER)
    shown = await view(database, made)
    assert [one.title for one in shown.to_come] == ["page F.1", "quiz F.1", "page F.3", "quiz F.3"]
    for target, left, at_least in ((2, 30, False), (3, 45, False), (4, 45, True), (10, 45, True)):
        async with database.writing() as session:
            row = await playlist_queries.playlist(session, made.id, made.world.course.id, playlist_id)
            assert row is not None
            row.settings = write(PathSettings(FREE, target_steps=target))
            session.add(row)
        shown = await view(database, made)
        assert (shown.minutes_left, shown.minutes_at_least) == (left, at_least)
