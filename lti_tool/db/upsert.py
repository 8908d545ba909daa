"""Insert-or-update in one statement, which alone is safe when two transactions meet the same new row at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import TenantRow

_AT_ONCE = 500
"""Rows of one statement; both databases limit its parameters (SQLite 32 766, PostgreSQL 65 535)."""


_one_row: dict[tuple[Any, ...], Any] = {}
"""Statements for a single row by what they say. Launches use them, and building one costs more than running it."""


async def upsert(
    session: AsyncSession,
    table: type[TenantRow],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    update: Collection[str] = (),
    compute: Mapping[str, ColumnElement[Any]] | None = None,
    returning: Sequence[str] = ("id",),
) -> list[Row[Any]]:
    """Insert ``rows``; where one with the same ``key`` is there already, take over its ``update`` columns instead.

    ``key`` names the columns of a unique constraint; all rows have the same columns and differ in their keys. Columns of
    ``compute`` get that expression on update; keep the expressions in constants. Returns ``returning`` of every row, new or
    not, in no particular order. Rows should come in the order of their keys, so that two transactions cannot wait for each
    other in a circle. Objects the session holds already are not refreshed.
    """
    dialect = session.get_bind().dialect.name
    computed = dict(compute or {})
    if len(rows) == 1:
        (row,) = rows
        expressions = tuple((name, id(expression)) for name, expression in sorted(computed.items()))
        said = (dialect, table, tuple(row), tuple(key), tuple(sorted(update)), expressions, tuple(returning))
        statement = _one_row.get(said)
        if statement is None:
            # The statement holds on to the expressions, so their ids stay theirs.
            statement = _statement(dialect, table, None, key, update, computed, returning)
            _one_row[said] = statement
        return list((await session.exec(statement, params=dict(row))).all())
    found: list[Row[Any]] = []
    for start in range(0, len(rows), _AT_ONCE):
        some = [dict(row) for row in rows[start : start + _AT_ONCE]]
        statement = _statement(dialect, table, some, key, update, computed, returning)
        found += (await session.exec(statement)).all()
    return found


def _statement(
    dialect: str,
    table: type[TenantRow],
    rows: list[dict[str, Any]] | None,
    key: Sequence[str],
    update: Collection[str],
    computed: Mapping[str, ColumnElement[Any]],
    returning: Sequence[str],
) -> Any:
    # The table, not the class: what is returned are ids, and the ORM's way of inserting costs a launch a millisecond.
    target: Table = table.__table__  # type: ignore[attr-defined]
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(target)
    if rows is not None:
        insert = insert.values(rows)
    changes: dict[str, Any] = {name: insert.excluded[name] for name in sorted(update)} | dict(computed)
    # DO NOTHING would not return the row that is there; setting a column of the key to itself does.
    changes = changes or {key[-1]: insert.excluded[key[-1]]}
    statement = insert.on_conflict_do_update(index_elements=list(key), set_=changes)
    return statement.returning(*(target.c[name] for name in returning))
