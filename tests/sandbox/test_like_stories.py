"""The main job on each LMS the sandbox plays, between the real tool and it."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from lti_tool.db.session import Database
from lti_tool.lti import deployments
from lti_tool.lti.models import DeploymentStatus, Family
from lti_tool.lti.registrations import add_platform, find_organisation
from lti_tool.sandbox.models import Enrolment, Person, Tool
from tests.likes import LMS, SIGN_IN, Someone, World, a_world, assign, form_of, mark

TITLE = "Ratios, step by step"


@pytest.fixture
def like() -> str:
    return "canvas"


@pytest.fixture
async def world(own_database: Database, tmp_path: Path, like: str) -> AsyncIterator[World]:
    async with a_world(own_database, tmp_path, like) as world:
        yield world


@pytest.mark.parametrize(
    ("like", "database_kind"),
    # On PostgreSQL too: tests/moodle, with a Moodle of the tests' own.
    [("canvas", "sqlite"), ("moodle", "sqlite"), ("schoology", "sqlite")],
)
async def test_the_main_job(world: World) -> None:
    teacher, student = Someone(world, "rivera"), Someone(world, "zoe")
    # Every score of this story is a refresh of a grade, and no attempt.
    world.platform.behaviour.allowed_attempts = 1

    # A teacher's launch, and the roster.
    home = await teacher.launch()
    assert (home.status, home.path.endswith("/playlists")) == (200, True), home.words[:500]
    people = await teacher.open(home.path.replace("/playlists", "/people"))
    for name in ("Zoë Brontë-Lindqvist", "Declan O'Neill", "Дарина Шевченко", "ليلى حداد"):
        assert name in people.words

    # A playlist with a column.
    playlist = await assign(teacher, TITLE)

    async def has_column() -> bool:
        return TITLE in await world.grades("zoe")

    await world.until(has_column)

    # The student works through it, all within one second.
    page = await student.launch()
    assert page.status == 200, page.words[:500]
    assert TITLE in page.words

    async def shows(points: float | None) -> None:
        async def seen() -> bool:
            return (await world.grades("zoe"))[TITLE] == points

        await world.until(seen)

    await mark(student)
    await shows(5)
    await mark(student)
    await shows(10)
    await mark(student, "/not-done")
    await shows(5)
    assert await world.answers() == [200, 200, 200]

    # Its token is taken no longer.
    await world.end_tokens()
    await mark(student)
    await shows(10)

    # A new process, after every token and session has ended; nothing is lost, and nothing sent twice.
    await world.stop()
    world.clock.move(timedelta(hours=3))
    await world.start()
    await student.launch()
    await mark(student, "/not-done")
    await shows(5)
    assert await world.answers() == [200] * 5
    await teacher.launch()
    progress = await teacher.open(f"{playlist}/progress")
    assert progress.words.count("In the gradebook") == 1


# --- What the tool has to bear -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("like", "database_kind", "begins"),
    [
        ("canvas", "sqlite", "/courses/1/external_tools/retrieve?display=borderless"),
        ("moodle", "sqlite", "/mod/lti/launch.php?id="),
    ],
)
async def test_where_hints_work_once_a_window_begins_at_the_lms(world: World, begins: str) -> None:
    """Nothing of the first launch is used again; the address alone opens the tool."""
    page = await Someone(world, "zoe", keeps_cookies=False).launch()
    assert page.status == 401
    assert 'name="lti_message_hint"' not in page.text
    [address] = [link for link in re.findall(r'href="([^"]+)"', page.text) if link.startswith(f"{LMS}{begins[:8]}")]
    path = html.unescape(address).removeprefix(LMS)
    assert path.startswith(begins)
    opened = await Someone(world, "zoe").launch(path)
    assert (opened.status, opened.path.startswith("/courses/")) == (200, True), opened.words[:300]


@pytest.mark.parametrize(("like", "database_kind"), [("canvas", "sqlite")])
async def test_a_canvas_launch_that_was_fetched_before_is_said_to_be_used(world: World) -> None:
    """The back button posts the login request once more: Canvas answers ``launch_no_longer_valid``."""
    student = Someone(world, "zoe")
    await student.sign_in()
    _, address, fields = form_of(await student.send("GET", LMS + await world.launch_path()))
    for used in (False, True):
        login = await student.send("POST", address, fields)
        [there] = re.findall(r'data-storage-next="([^"]+)"', login.text)
        answer = await student.send("GET", html.unescape(there))
        answer = await student.send("GET", answer.headers["location"])
        said = await student.send(*form_of(answer))
        assert said.status_code == (401 if used else 303)
    assert "was used already" in said.text


@pytest.mark.parametrize(("like", "database_kind"), [("moodle", "sqlite")])
async def test_a_student_who_left_moodle_is_told_even_without_a_status_line(world: World) -> None:
    """The reason of Moodle's 400 stands in the status line, which this LMS has not, and some proxies take away."""
    teacher, student = Someone(world, "rivera"), Someone(world, "zoe")
    playlist = await assign(teacher, TITLE)
    await student.launch()
    async with world.platform.store.writing() as session:
        [zoe] = await session.scalars(select(Person).where(Person.login == "zoe"))
        await session.execute(update(Enrolment).where(Enrolment.person_id == zoe.id).values(active=False))
    await mark(student)

    async def refused() -> bool:
        return any(request.url.path.endswith("/scores") and status == 400 for request, status in world.network.asked)

    await world.until(refused)
    await teacher.launch()
    progress = await teacher.open(f"{playlist}/progress")
    assert "does not know this person as a student of the course" in progress.words


@pytest.mark.parametrize(("like", "database_kind"), [("schoology", "sqlite")])
async def test_a_schoology_login_without_a_client_id_finds_its_registration(world: World) -> None:
    """Another app of the same issuer is registered; the hint begins with the client id of the one that is meant."""
    async with world.database.writing() as session:
        await add_platform(
            session,
            world.clock.now(),
            settings=world.settings,
            organisation=await find_organisation(session, None, world.clock.now()),
            name="Another app",
            issuer=world.platform.settings.issuer,
            client_id="1234567890",
            auth_login_url="https://elsewhere.example/auth",
            token_url="https://elsewhere.example/token",
            jwks_url="https://elsewhere.example/jwks",
            deployment_ids=["1234567890-1"],
            lms=Family.SCHOOLOGY,
        )
    assert (await Someone(world, "rivera").launch()).status == 200


@pytest.mark.parametrize(("like", "database_kind"), [("schoology", "sqlite")])
async def test_another_school_of_the_same_schoology_app_waits_for_its_administrator(world: World) -> None:
    async with world.platform.store.writing() as session:
        tool = await session.get_one(Tool, world.tool_id)
        tool.deployment_id = world.platform.settings.profile.new_deployment_id(tool)
    page = await Someone(world, "rivera").launch()
    assert page.status == 403
    assert "administrator" in page.words
    async with world.database.writing() as session:
        [held] = [row for row in await deployments.listed(session) if row.deployment.status == DeploymentStatus.HELD]
        school = await find_organisation(session, None, world.clock.now())
        await deployments.accept(session, held.deployment.id, school.id, "owner", world.clock.now())
    assert (await Someone(world, "rivera").launch()).status == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_hosted_canvas_signs_in_on_a_host_of_its_own(own_database: Database, tmp_path: Path) -> None:
    """Issuer, host for signing in and school are three; a score still finds its way."""
    async with a_world(own_database, tmp_path, "canvas", hosted=True) as world:
        await assign(Someone(world, "rivera"), TITLE)
        student = Someone(world, "zoe")
        await student.launch()
        await mark(student)

        async def there() -> bool:
            return (await world.grades("zoe")).get(TITLE) == 5

        await world.until(there)
        hosts = {request.url.netloc.decode() for request, _ in world.network.asked if "oauth2" in request.url.path}
        assert hosts == {SIGN_IN.removeprefix("http://")}
