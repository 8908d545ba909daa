"""What the tool has put into a course itself is no content of it: each LMS, as the sandbox plays it, and its rules."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import select as of

from lti_tool.content.access import connecting
from lti_tool.content.models import ContentItem
from lti_tool.content.own import OwnColumn, is_own_address, without_own
from lti_tool.content.service import read_contents
from lti_tool.courses.models import Course
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.grades import column_queries
from lti_tool.grades.models import LineItem
from lti_tool.grades.queries import WantedColumn
from lti_tool.lti.models import Registration
from lti_tool.platforms.native import NativeContents, NativeItem
from lti_tool.sandbox import models
from lti_tool.sandbox.canvas_keys import KeyWanted, make_key, new_token
from lti_tool.sandbox.canvas_models import ConsentCode
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.moodle_service import web_service
from lti_tool.sandbox.schoology_access import app_keys
from tests.likes import LMS, TOOL, Someone, World, a_world, assign

TITLE = "Ratios, step by step"
LINK = "Open your playlist"
OTHER_TOOL = "https://graphs.example/launch"


@pytest.fixture
async def world(own_database: Database, tmp_path: Path, like: str) -> AsyncIterator[World]:
    async with a_world(own_database, tmp_path, like) as world:
        yield world


async def wanted(world: World, like: str) -> connecting.Wanted:
    """How the school lets the tool in."""
    if like == "moodle":
        return connecting.Wanted(LMS, token=(await web_service(world.platform)).token)
    if like == "schoology":
        keys = await app_keys(world.platform)
        return connecting.Wanted(LMS, client_id=keys.key, client_secret=keys.secret, site_url=LMS)
    async with world.platform.store.writing() as session:
        rivera = (await session.scalars(select(models.Person).where(models.Person.login == "rivera"))).one()
        key = await make_key(session, world.platform, KeyWanted("Tool", [f"{TOOL}/back"], all_scopes()))
        code = ConsentCode(
            digest="", key_id=key.id, person_id=rivera.id, scopes=key.scopes, expires_at=world.clock.now()
        )
        _, token, _ = await new_token(session, world.platform, code)
    return connecting.Wanted(LMS, token=token)


async def put_links(world: World) -> None:
    """A teacher places a link to the tool, and one to another tool, in the first module."""
    async with world.platform.store.writing() as session:
        tool = (await session.scalars(select(models.Tool))).one()
        module = (await session.scalars(select(models.Module).order_by(models.Module.position))).first()
        other = models.Tool(
            client_id="another",
            deployment_id="another",
            name="Graphs",
            login_url="https://graphs.example/login",
            launch_url=OTHER_TOOL,
            redirect_uris=[OTHER_TOOL],
            jwks_url="https://graphs.example/keys",
            scopes=[],
            custom={},
            placements=[],
            created_at=world.clock.now(),
        )
        session.add(other)
        await session.flush()
        for place, (owner, title) in enumerate(((tool, LINK), (other, "Draw a graph"))):
            link = models.ResourceLink(
                lti_id=str(900 + place),
                course_id=module.course_id,
                tool_id=owner.id,
                title=title,
                custom={},
            )
            session.add(link)
            await session.flush()
            session.add(
                models.ModuleItem(
                    course_id=module.course_id,
                    module_id=module.id,
                    type="ExternalTool",
                    title=title,
                    position=90 + place,
                    resource_link_id=link.id,
                )
            )
        session.add(
            models.Assignment(
                course_id=module.course_id,
                name="Poster on paper",
                submission_type="none",
                points_possible=10,
                position=99,
                created_at=world.clock.now(),
                updated_at=world.clock.now(),
            )
        )


async def told(world: World) -> tuple[NativeContents, dict[str, ContentItem]]:
    """What the LMS tells of the course, and what the tool takes of it, by title."""
    connectors = world.network.apps[TOOL].state.connectors
    async with world.database.reading() as session:
        school = (await session.exec(of(Organisation))).one().id
        course = (await session.exec(of(Course).where(Course.organisation_id == school))).one()
        connected = await connectors.of(session, course)
    contents = await connected.connector.read_contents(connected.course_id)
    await read_contents(world.database, connected, course, world.clock.now())
    async with world.database.reading() as session:
        rows = await session.exec(
            of(ContentItem).where(
                ContentItem.organisation_id == school,
                ContentItem.course_id == course.id,
                ContentItem.deleted_at.is_(None),
            )
        )
        return contents, {row.title: row for row in rows}


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("like", ["canvas", "moodle", "schoology"])
async def test_the_tools_links_and_columns_are_no_content_of_the_course(world: World, like: str) -> None:
    teacher, student = Someone(world, "rivera"), Someone(world, "zoe")
    await teacher.launch()
    await student.launch()
    await assign(teacher, TITLE)

    async def has_column() -> bool:
        return TITLE in await world.grades("zoe")

    await world.until(has_column)
    await put_links(world)
    async with world.database.writing() as session:
        registration = (await session.exec(of(Registration))).one()
        await connecting.connect(
            session,
            registration,
            (await session.exec(of(Organisation))).one().id,
            await wanted(world, like),
            world.clock.now(),
            secret_key=world.settings.secret_key,
            actor="a test",
        )
    contents, items = await told(world)
    by_title = {one.title: one for one in contents.items}
    # The LMS tells of both; the tool takes neither, so that neither's results are ever asked for.
    assert LINK in by_title
    assert (TITLE in by_title) == (like != "moodle")
    assert LINK not in items
    assert TITLE not in items
    assert {"Draw a graph", "Poster on paper"} <= items.keys() | ({"Poster on paper"} if like == "moodle" else set())
    asked = {row.result_key for row in items.values() if row.result_key is not None}
    if TITLE in by_title:
        assert by_title[TITLE].result_key is not None
        assert by_title[TITLE].result_key not in asked
    # Renamed here, and not there yet: it is the tool's all the same.
    async with world.database.writing() as session:
        school = (await session.exec(of(Organisation))).one().id
        column = (await session.exec(of(LineItem).where(LineItem.organisation_id == school))).one()
        renamed = WantedColumn(column.resource_id, column.tag, "Ratios, renamed", 50.0, None)
        await column_queries.change_column(session, column, renamed, world.clock.now())
        await column_queries.change_column(session, column, renamed, world.clock.now())
    contents, items = await told(world)
    assert (TITLE in {one.title for one in contents.items}) == (like != "moodle")
    assert TITLE not in items


# --- The rules -----------------------------------------------------------------------------------------------------------


def column(title: str = "Ratios", points: float = 10.0, **more: object) -> NativeItem:
    return NativeItem(
        f"canvas:assignment:{uuid.uuid4()}", "assignment", title, points_possible=points, bare=True, **more
    )


def test_a_column_is_known_by_its_label_and_points() -> None:
    ours = [OwnColumn("Ratios", 10)]
    assert without_own([column(result_key="1")], "", (), ours) == ()
    for other in (column("Ratio"), column(points=5)):
        assert without_own([other], "", (), ours) == (other,)


def test_one_that_students_hand_in_to_is_never_taken_for_a_column() -> None:
    essay = NativeItem("canvas:assignment:1", "assignment", "Ratios", points_possible=10)
    assert without_own([essay], "", (), [OwnColumn("Ratios", 10)]) == (essay,)


def test_more_columns_than_the_tool_has_made_are_all_kept() -> None:
    """Which one is the teacher's, nobody can say; leaving out work of the course would be worse."""
    both = (column(result_key="1"), column(result_key="2"))
    assert without_own(both, "", (), [OwnColumn("Ratios", 10)]) == both
    assert without_own(both, "", (), [OwnColumn("Ratios", 10, copies=2)]) == ()


def test_a_column_that_stands_in_two_modules_is_one() -> None:
    both = (column(result_key="1"), column(result_key="1"))
    assert without_own(both, "", (), [OwnColumn("Ratios", 10)]) == ()


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://tool.example/lti/launch", True),
        ("https://TOOL.example:443/lti/launch?x=1", True),
        ("http://tool.example/lti/launch", True),
        ("https://tool.example:8443/lti/launch", False),
        ("https://tool.example.evil.example/lti/launch", False),
        ("https://example/?https://tool.example/lti/launch", False),
        ("https://[broken", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_is_the_tools_by_its_host(url: str | None, is_ours: bool) -> None:
    assert is_own_address(url, "https://tool.example") == is_ours
    assert not is_own_address(url, "")


def test_a_link_is_known_by_what_launches_call_it() -> None:
    item = NativeItem("moodle:cm:9", "tool", "Playlists", link_id="7")
    assert without_own([item], "https://tool.example", {"7"}, ()) == ()
    assert without_own([item], "https://tool.example", {"8"}, ()) == (item,)


def test_a_column_that_is_called_otherwise_here_is_known_by_both_names_until_the_lms_has_taken_the_new_one() -> None:
    old, new = column("Ratios", 10.0, result_key="1"), column("Ratios II", 20.0, result_key="1")
    waiting, taken = OwnColumn("Ratios II", 20.0, told=("Ratios", 10.0)), OwnColumn("Ratios II", 20.0)
    for item in (old, new):
        assert without_own([item], "", (), [waiting]) == ()
        # The LMS took it while it was read.
        assert without_own([item], "", (), [taken], [waiting]) == ()
        assert without_own([item], "", (), [taken], [OwnColumn("Ratios", 10.0)]) == ()
    assert without_own([old], "", (), [taken], [taken]) == (old,)
    # Another column of the teacher's with the old name is kept, and then so is ours: which is which nobody says.
    both = (column("Ratios", result_key="1"), column("Ratios", result_key="2"))
    assert without_own(both, "", (), [waiting]) == both
