"""One parameter that is a list, on both databases."""

from sqlalchemy import select

from lti_tool.courses.models import Person
from lti_tool.db.fixed import Fixed
from lti_tool.db.listed import ids, texts, within
from lti_tool.db.session import Database
from tests.playlists import seed


async def test_none_one_and_many_are_the_same_statement(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session, students=3)
    table = Person.__table__  # type: ignore[attr-defined]
    by_id = select(table.c.sub).where(table.c.organisation_id == school.id, within(table.c.id, ids("wanted")))
    by_sub = select(table.c.sub).where(table.c.organisation_id == school.id, within(table.c.sub, texts("wanted")))
    people = [one.id for one in school.students]
    async with database.reading() as session:
        for number in range(4):
            rows = await Fixed(by_id).run(session, {"wanted": people[:number]})
            assert {row[0] for row in rows} == {f"student-{n}" for n in range(number)}
            rows = await Fixed(by_sub).run(
                session, {"wanted": ["o'hara", "ß\\", *(f"student-{n}" for n in range(number))]}
            )
            assert {row[0] for row in rows} == {f"student-{n}" for n in range(number)}
