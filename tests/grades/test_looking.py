"""Looking for what is due reads the first that are, however many wait behind them (PostgreSQL, which may choose otherwise)."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.grades import claims
from lti_tool.grades.models import ColumnState, Score
from tests.grades.conftest import School, make_school

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)

MANY = 400


@pytest.fixture(params=[False, True], ids=["tables as new", "tables that were looked at"])
async def waiting(own_database: Database, clock: ManualClock, request: pytest.FixtureRequest) -> School:
    """A school with many scores due."""
    school = await make_school(own_database, clock, students=MANY)
    column = await school.column()
    await school.change_column(state=ColumnState.MADE, url="https://lms.example/items/1", next_attempt_at=None)
    now = clock.now()
    async with own_database.writing() as session:
        session.add_all(
            Score(
                organisation_id=column.organisation_id,
                line_item_id=column.id,
                person_id=person.id,
                registration_id=column.registration_id,
                owed_given=1.0,
                owed_maximum=1.0,
                owed_at=now,
                next_attempt_at=now,
            )
            for person in school.people
        )
    if request.param:
        async with own_database.writing() as session:
            await (await session.connection()).exec_driver_sql("ANALYZE")
    return school


async def read_of(school: School, statement: str, parameters: Any) -> dict[str, int]:
    """How many rows of each table a statement reads, those that it then leaves out among them."""
    async with school.database.writing() as session:
        connection = await session.connection()
        found = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        [top] = found.scalar_one()
    count: dict[str, int] = {}
    for node in _nodes(top["Plan"]):
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        table = node.get("Relation Name", "")
        count[table] = count.get(table, 0) + round(rows * node["Actual Loops"])
    return count


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


async def test_a_claim_reads_as_many_as_it_takes(waiting: School) -> None:
    compiled = claims._first_due(16).compiled(waiting.database.engine.dialect)
    asked = {"registration": waiting.registration_id, "now": waiting.clock.now()}
    count = await read_of(waiting, compiled.text, compiled.parameters(asked))
    assert count["score"] == 16
    assert count["membership"] <= 32


async def test_the_sweep_and_the_end_of_a_delivery_read_one(waiting: School) -> None:
    told: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        told.append((statement, parameters))

    engine = waiting.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        async with waiting.database.reading() as session:
            found = await claims.registrations_with_work(session, waiting.clock.now())
            due, _next = await claims.due_now_and_next(session, waiting.registration_id, waiting.clock.now())
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert (list(found), due) == ([waiting.registration_id], True)
    for statement, parameters in told:
        count = await read_of(waiting, statement, parameters)
        assert 1 <= count["score"] <= 2, statement
