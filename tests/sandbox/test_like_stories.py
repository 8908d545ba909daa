"""The main job on each LMS the sandbox plays, between the real tool and it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from lti_tool.db.session import Database
from tests.likes import Someone, World, a_world, assign, mark

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
    [("canvas", "sqlite"), ("moodle", "sqlite"), ("schoology", "sqlite"), ("moodle", "postgresql")],
)
async def test_the_main_job(world: World) -> None:
    teacher, student = Someone(world, "rivera"), Someone(world, "zoe")

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
