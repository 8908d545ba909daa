"""A fuller school for a running demo: a class of thirty-five, and a second course of the same teacher.

It is written into the sandbox's own store, by its own functions, while the demo runs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from lti_tool.sandbox.models import Course
from lti_tool.sandbox.store import Store, add_course, add_person, enrol, people

NAMES = [
    ("محمد", "الأنصاري"),
    ("נועה", "כהן"),
    ("<b>Bobby</b>", "Tables'); --"),
    ("Maximiliana Theodora Anastasia", "von Hohenstein-Wolfenbüttel-Oldenburg zu Sayn-Wittgenstein"),
    ("Ὀδυσσεύς", "Παπαδόπουλος"),
    ("小龙", "李"),
    ("🦊", "Fox"),
]


def fill(folder: Path, students: int = 35) -> None:
    """Bring the sample course to ``students`` students."""
    _in_store(folder, lambda store: _fill(store, students))


def second_course(folder: Path, name: str) -> None:
    """Give the teacher a second course. From then on the LMS asks them which one they want."""
    _in_store(folder, lambda store: _second_course(store, name))


def _in_store(folder: Path, what: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = Store(folder / "var" / "demo" / "lms" / "sandbox.db")
        try:
            await what(store)
        finally:
            await store.close()

    with ThreadPoolExecutor(1) as thread:
        # Playwright keeps an event loop running in the tests' own thread.
        thread.submit(asyncio.run, run()).result()


async def _fill(store: Store, students: int) -> None:
    now = datetime.now(UTC)
    async with store.writing() as session:
        course = (await session.scalars(select(Course).order_by(Course.id))).one()
        missing = students - sum(person.kind == "student" for person in await people(session))
        for number in range(missing):
            given, family = NAMES[number] if number < len(NAMES) else (f"Pupil {number:02}", f"Family {number:02}")
            person = await add_person(
                session, login=f"pupil{number}", given_name=given, family_name=family, kind="student", now=now
            )
            await enrol(session, course, person, "student", now)


async def _second_course(store: Store, name: str) -> None:
    now = datetime.now(UTC)
    async with store.writing() as session:
        course = await add_course(session, name=name, now=now)
        for person in await people(session):
            if person.kind == "teacher":
                await enrol(session, course, person, "teacher", now)
