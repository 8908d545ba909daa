"""The store keeps what was answered: through concurrency, a restart, and kill -9."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lti_tool.sandbox.gradebook import grade_tool_column, gradebook, record_submission
from lti_tool.sandbox.models import Assignment, Course, LineItem, Person, Quiz, Score, Secret
from lti_tool.sandbox.store import (
    Store,
    add_course,
    add_person,
    courses_of,
    enrol,
    enrolment_in,
    observe,
    observed_by,
    roster,
)
from lti_tool.sandbox.tools import NewTool, add_tool
from tests.sandbox.conftest import TOOL, Lms, ToolSide, client_of
from tests.sandbox.test_ags import Ags, at

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


async def test_concurrent_writers_lose_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    await store.open()
    async with store.writing() as session:
        session.add(Secret(name="count", value="0"))

    async def add_one() -> None:
        async with store.writing() as session:
            row = await session.get_one(Secret, "count")
            await asyncio.sleep(0)
            row.value = str(int(row.value) + 1)

    await asyncio.gather(*(add_one() for _ in range(25)))
    async with store.reading() as session:
        assert (await session.get_one(Secret, "count")).value == "25"
    await store.close()


async def test_an_exception_undoes_the_whole_transaction(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    await store.open()
    with pytest.raises(IntegrityError):
        async with store.writing() as session:
            await add_course(session, name="A", now=NOW)
            for _ in range(2):
                await add_person(session, login="same", given_name="A", family_name="B", kind="student", now=NOW)
    async with store.reading() as session:
        assert (await session.scalars(select(Course))).all() == []
    await store.close()


async def test_a_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    await store.open()
    with pytest.raises(Exception, match="without a time zone"):
        async with store.writing() as session:
            await add_course(session, name="A", now=NOW.replace(tzinfo=None))
    await store.close()


async def test_people_and_their_courses(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    await store.open()
    async with store.writing() as session:
        one, two = [await add_course(session, name=name, now=NOW) for name in "AB"]
        child, parent, boss = [
            await add_person(session, login=kind, given_name=kind, family_name="X", kind=kind, now=NOW)
            for kind in ("student", "observer", "administrator")
        ]
        await enrol(session, one, child, "student", NOW)
        await enrol(session, one, parent, "student", NOW)
        await enrol(session, one, parent, "observer", NOW)
        for _ in range(2):
            await observe(session, one, parent, child)
    async with store.reading() as session:
        assert [course.id for course in await courses_of(session, child)] == [one.id]
        assert [course.id for course in await courses_of(session, boss)] == [one.id, two.id]
        assert [person.id for person in await observed_by(session, one.id, parent.id)] == [child.id]
        assert [row.person.id for row in await roster(session, one.id, "observer")] == [parent.id]
        assert await enrolment_in(session, two.id, child.id) is None
        assert len({person.lti_id for person in await session.scalars(select(Person))}) == 3
    await store.close()


async def test_a_restart_finds_everything_again(lms: Lms, sandbox_at: Callable[[], tuple[FastAPI, ToolSide]]) -> None:
    bearer = await lms.bearer()
    ags = Ags(lms, bearer)
    address = await ags.made()
    await ags.score(address)
    assertion = lms.assertion()
    await lms.ask_token(assertion)
    keys = (await lms.http.get("/api/lti/security/jwks")).json()
    api_token = await lms.platform.api_token()

    app, _ = sandbox_at()
    async with app.router.lifespan_context(app), client_of(app) as http:
        lms.http = http
        # The token still opens, the score still stands and still counts, the assertion is still used up.
        assert (await ags.results(address))[0]["resultScore"] == 80
        assert (await ags.score(address, timestamp=at(0))).status_code == 409
        assert (await lms.ask_token(assertion)).status_code == 401
        assert (await http.get("/api/lti/security/jwks")).json() == keys
        assert await app.state.platform.api_token() == api_token


_WRITER = """
import asyncio, sys
from pathlib import Path
from lti_tool.sandbox.models import Secret
from lti_tool.sandbox.store import Store

async def main():
    store = Store(Path(sys.argv[1]))
    await store.open()
    number = 0
    while True:
        async with store.writing() as session:
            session.add(Secret(name=f"row {number}", value="x"))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
        number += 1

asyncio.run(main())
"""


def _write_until_killed(file: Path) -> list[int]:
    """What a process said it had committed before it was killed in the middle of its work."""
    # Our own interpreter on our own script.
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as lines:
        promised = [int(lines.readline()) for _ in range(20)]
        process.kill()
        promised += [int(line) for line in lines.read().splitlines() if line]
    process.wait(timeout=10)
    return promised


@pytest.mark.processes
async def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    promised = await asyncio.to_thread(_write_until_killed, file)
    store = Store(file)
    await store.open()
    async with store.reading() as session:
        names = set(await session.scalars(select(Secret.name)))
    assert {f"row {number}" for number in promised} <= names
    await store.close()


async def test_scores_sent_at_once_leave_the_newest(lms: Lms) -> None:
    ags = Ags(lms, await lms.bearer())
    address = await ags.made()
    answers = await asyncio.gather(
        *(ags.score(address, timestamp=at(number), scoreGiven=number, scoreMaximum=20) for number in range(1, 21))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert (await ags.results(address))[0]["resultScore"] == 100
    async with lms.platform.store.reading() as session:
        taken = list(await session.scalars(select(Score.timestamp).where(Score.answer == 200).order_by(Score.id)))
    assert taken == sorted(set(taken))


async def test_the_gradebook_shows_native_columns_then_the_tools(lms: Lms) -> None:
    now = lms.platform.now()
    async with lms.platform.store.writing() as session:
        essay, test = [
            Assignment(
                course_id=lms.course.id, name=name, points_possible=10, position=at_, created_at=now, updated_at=now
            )
            for name, at_ in (("Essay", 2), ("Test", 1))
        ]
        session.add_all([essay, test])
        await session.flush()
        session.add(Quiz(course_id=lms.course.id, assignment_id=test.id, title="Test", questions=[]))
        await record_submission(session, test, lms.student.id, now, score=7)
        await record_submission(session, essay, lms.student.id, now, body="…")
    ags = Ags(lms, await lms.bearer())
    address = await ags.made(label="My playlist")
    await ags.score(address, comment="Nearly")
    async with lms.platform.store.reading() as session:
        book = await gradebook(session, lms.course.id)
        family = await gradebook(session, lms.course.id, only={lms.student.id})
    assert [(column.kind, column.title, column.points) for column in book.columns] == [
        ("quiz", "Test", 10),
        ("assignment", "Essay", 10),
        ("tool", "My playlist", 100),
    ]
    assert [row.person.login for row in book.rows] == ["student", "second"]
    assert [row.person.login for row in family.rows] == ["student"]
    quiz, written, tool = [book.rows[0].cells[column.key] for column in book.columns]
    assert (quiz.score, quiz.state) == (7, "graded")
    assert (written.score, written.state) == (None, "submitted")
    assert (tool.score, tool.comment, tool.by_teacher) == (80, "Nearly", False)
    assert all(cell.state == "unsubmitted" for cell in book.rows[1].cells.values())
    async with lms.platform.store.writing() as session:
        line_item = (await session.scalars(select(LineItem))).one()
        await grade_tool_column(session, line_item, lms.second.id, 50.0, now)
        cell = (await gradebook(session, lms.course.id)).rows[1].cells["tool", line_item.id]
    assert (cell.score, cell.by_teacher) == (50, True)


async def test_a_tool_registered_again_keeps_its_ids(lms: Lms) -> None:
    new = NewTool(
        name="Renamed",
        login_url=f"{TOOL}/lti/login",
        launch_url=f"{TOOL}/lti/launch",
        jwks_url=f"{TOOL}/keys",
        privacy_level="anonymous",
    )
    async with lms.platform.store.writing() as session:
        again = await add_tool(session, lms.platform, new)
    assert (again.id, again.client_id, again.deployment_id) == (lms.tool.id, lms.tool.client_id, lms.tool.deployment_id)
    assert (again.name, again.jwks_url) == ("Renamed", f"{TOOL}/keys")
