"""The sandbox's store: one SQLite file, opened, kept and closed here, and the questions both sides ask of it.

    async with store.writing() as session:   # one transaction; commits at the end, rolls back on an exception
        course = await add_course(session, name="Fractions", now=now)
    async with store.reading() as session:
        modules = await modules_of(session, course.id)

Writers wait for one another; never do network I/O inside ``writing()``.
"""

import functools
import secrets
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Integer, event, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import object_session, selectinload
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

import lti_tool.sandbox.schoology_models  # noqa: F401 - its tables belong to the schema.
from lti_tool.sandbox.bench_models import ACTIVE, ToolRegistration
from lti_tool.sandbox.canvas_models import CourseSection
from lti_tool.sandbox.engine import make_engine
from lti_tool.sandbox.likes import LIKES, Like
from lti_tool.sandbox.models import (
    Base,
    Course,
    Enrolment,
    ImportNote,
    Module,
    ModuleItem,
    Observation,
    Person,
    ResourceLink,
    Secret,
    Tool,
)


@functools.cache
def _schema() -> str:
    """What makes every table and index that is missing: one script, since statement by statement takes twenty times as long."""
    dialect = sqlite.dialect()
    made: list[ExecutableDDLElement] = []
    for table in Base.metadata.sorted_tables:
        made.append(CreateTable(table, if_not_exists=True))
        made += [
            CreateIndex(index, if_not_exists=True) for index in sorted(table.indexes, key=lambda one: str(one.name))
        ]
    # Courses of a store that was made before there were sections get theirs.
    sections = (
        "INSERT INTO course_section (course_id, name) SELECT id, name FROM course "
        "WHERE id NOT IN (SELECT course_id FROM course_section)"
    )
    return ";\n".join(["BEGIN IMMEDIATE", *(str(one.compile(dialect=dialect)) for one in made), sections, "COMMIT;"])


class Store:
    """The sandbox's SQLite file. ``open()`` before use, ``close()`` after; what was committed survives ``kill -9``.

    Ids count from ``first_id``, which a program that reads numbers as JavaScript does cannot tell from its neighbour when it is
    above 2^53.
    """

    def __init__(self, file: Path, like: Like = LIKES["plain"], first_id: int = 1) -> None:
        self.file = file
        self._like = like
        self._first_id = first_id
        self._engine = make_engine(file)

    async def open(self) -> None:
        """Make the tables that are missing; leaves what is there alone."""
        async with self._engine.connect() as connection:
            driver: Any = await connection.get_raw_connection()
            await driver.driver_connection.executescript(_schema())

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write; it holds SQLite's write lock from its first moment."""
        async with self._engine.connect() as connection, self._session(connection) as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One transaction that sees one state of the store and writes nothing."""
        async with (
            self._engine.connect() as connection,
            self._session(await connection.execution_options(reads_only=True)) as session,
        ):
            yield session

    def _session(self, connection: AsyncConnection) -> AsyncSession:
        info = {"like": self._like, "first_id": self._first_id, "ids": {}}
        return AsyncSession(connection, expire_on_commit=False, info=info)

    async def secret(self, name: str) -> str:
        """The value kept under ``name``, made at random the first time it is asked for."""
        async with self.writing() as session:
            await session.execute(
                upsert(Secret).values(name=name, value=secrets.token_urlsafe(32)).on_conflict_do_nothing()
            )
            return (await session.scalars(select(Secret.value).where(Secret.name == name))).one()


@event.listens_for(Base, "before_insert", propagate=True)
def _number(_mapper: object, connection: Connection, row: Any) -> None:
    """Ids of a store that does not count from one: the first row of a table gets the first id, the next the next."""
    session = object_session(row)
    info = session.info if session is not None else {}
    if info.get("first_id", 1) == 1:
        return
    keys = list(row.__table__.primary_key.columns)
    if [key.name for key in keys] != ["id"] or not isinstance(keys[0].type, Integer) or row.id is not None:
        return
    name = row.__tablename__
    largest = connection.scalar(select(func.max(keys[0]))) or 0
    info["ids"][name] = row.id = max(largest, info["ids"].get(name, 0), info["first_id"] - 1) + 1


def new_lti_id() -> str:
    """An opaque id, as Canvas makes them: a random UUID."""
    return str(uuid.uuid4())


def like_of(session: AsyncSession) -> Like:
    """The LMS that the session's store plays, which decides what ids look like."""
    like = session.info["like"]
    if not isinstance(like, Like):
        raise TypeError("the session is none of a Store")
    return like


async def add_person(
    session: AsyncSession,
    *,
    login: str,
    given_name: str,
    family_name: str,
    kind: str,
    now: datetime,
    locale: str = "en",
) -> Person:
    """Add somebody who can sign in. ``kind`` is one of ``models.PERSON_KINDS``; a login that is taken is an IntegrityError."""
    person = Person(
        login=login,
        lti_id=secrets.token_hex(16),
        name=f"{given_name} {family_name}".strip(),
        given_name=given_name,
        family_name=family_name,
        sortable_name=f"{family_name}, {given_name}".strip(", "),
        kind=kind,
        locale=locale,
        created_at=now,
    )
    session.add(person)
    await session.flush()
    # Some LMSs call people by their numbers, which there are only now.
    person.lti_id = like_of(session).new_person_id(person.id)
    await session.flush()
    return person


async def add_course(
    session: AsyncSession, *, name: str, now: datetime, code: str | None = None, source: str | None = None
) -> Course:
    """Add an empty course."""
    course = Course(context_id=secrets.token_hex(20), name=name, code=code or name, source=source, created_at=now)
    session.add(course)
    await session.flush()
    course.context_id = like_of(session).new_context_id(course.id)
    session.add(CourseSection(course_id=course.id, name=name))
    await session.flush()
    return course


async def enrol(session: AsyncSession, course: Course, person: Person, role: str, now: datetime) -> Enrolment:
    """Enrol a person in one of ``models.COURSE_ROLES``; a second time changes the role."""
    enrolment = await enrolment_in(session, course.id, person.id)
    if enrolment is None:
        enrolment = Enrolment(course_id=course.id, person_id=person.id, role=role, created_at=now)
        session.add(enrolment)
    enrolment.role, enrolment.active = role, True
    await session.flush()
    return enrolment


async def observe(session: AsyncSession, course: Course, observer: Person, student: Person) -> None:
    """Let an observer watch a student in a course; doing it twice changes nothing."""
    await session.execute(
        upsert(Observation)
        .values(course_id=course.id, observer_id=observer.id, student_id=student.id)
        .on_conflict_do_nothing()
    )


async def enrolment_in(session: AsyncSession, course_id: int, person_id: int) -> Enrolment | None:
    """The person's enrolment in the course, active or not."""
    found = await session.scalars(
        select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.person_id == person_id)
    )
    return found.one_or_none()


async def observed_by(session: AsyncSession, course_id: int, observer_id: int) -> Sequence[Person]:
    """The students an observer watches in a course, by name."""
    found = await session.scalars(
        select(Person)
        .join(Observation, Observation.student_id == Person.id)
        .where(Observation.course_id == course_id, Observation.observer_id == observer_id)
        .order_by(Person.sortable_name, Person.id)
    )
    return found.all()


async def people(session: AsyncSession) -> Sequence[Person]:
    """Everybody who can sign in, in the order they were added."""
    return (await session.scalars(select(Person).order_by(Person.id))).all()


async def person_by_login(session: AsyncSession, login: str) -> Person | None:
    """The person with this login."""
    return (await session.scalars(select(Person).where(Person.login == login))).one_or_none()


async def courses_of(session: AsyncSession, person: Person) -> Sequence[Course]:
    """The courses a person may open: those they are actively enrolled in, or all for an administrator."""
    query = select(Course).order_by(Course.id)
    if person.kind != "administrator":
        query = query.join(Enrolment, Enrolment.course_id == Course.id).where(
            Enrolment.person_id == person.id, Enrolment.active
        )
    return (await session.scalars(query)).all()


async def roster(session: AsyncSession, course_id: int, role: str | None = None) -> Sequence[Enrolment]:
    """The active enrolments of a course with their persons, by name; of one role when ``role`` is given."""
    query = (
        select(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.course_id == course_id, Enrolment.active)
        .options(selectinload(Enrolment.person))
        .order_by(Person.sortable_name, Person.id)
    )
    if role is not None:
        query = query.where(Enrolment.role == role)
    return (await session.scalars(query)).all()


async def modules_of(session: AsyncSession, course_id: int) -> Sequence[Module]:
    """The modules of a course in order, each with its ``items`` in order."""
    found = await session.scalars(
        select(Module)
        .where(Module.course_id == course_id)
        .options(selectinload(Module.items))
        .order_by(Module.position, Module.id)
    )
    return found.all()


async def tools_at(session: AsyncSession, placement: str) -> Sequence[Tool]:
    """The active tools with this placement (``course_navigation`` or ``link_selection``), oldest first."""
    resting = select(ToolRegistration.tool_id).where(ToolRegistration.state != ACTIVE)
    active = await session.scalars(select(Tool).where(Tool.id.not_in(resting)).order_by(Tool.id))
    return [tool for tool in active if placement in tool.placements]


async def add_resource_link(
    session: AsyncSession,
    *,
    course_id: int,
    tool: Tool,
    title: str,
    url: str | None = None,
    custom: dict[str, str] | None = None,
) -> ResourceLink:
    """A link to a tool in a course; put its ``id`` in a ModuleItem's ``resource_link_id`` to show it in a module."""
    link = ResourceLink(
        lti_id=secrets.token_hex(16), course_id=course_id, tool_id=tool.id, title=title, url=url, custom=custom or {}
    )
    session.add(link)
    await session.flush()
    link.lti_id = like_of(session).new_link_id(link.id)
    await session.flush()
    return link


async def link_with(session: AsyncSession, lti_id: str) -> ResourceLink | None:
    """The resource link that messages know by this id."""
    return (await session.scalars(select(ResourceLink).where(ResourceLink.lti_id == lti_id))).one_or_none()


async def module_item(session: AsyncSession, course_id: int, item_id: int) -> ModuleItem | None:
    """An item of this course's modules."""
    found = await session.scalars(select(ModuleItem).where(ModuleItem.course_id == course_id, ModuleItem.id == item_id))
    return found.one_or_none()


async def import_notes(session: AsyncSession, course_id: int) -> Sequence[ImportNote]:
    """What of the course's cartridge was not understood, in the order it was met."""
    found = await session.scalars(select(ImportNote).where(ImportNote.course_id == course_id).order_by(ImportNote.id))
    return found.all()
