"""Insert-or-update in one statement, which alone is safe when two transactions meet the same new row at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import TenantRow

_AT_ONCE = 500
"""Rows of one statement; both databases limit its parameters (SQLite 32 766, PostgreSQL 65 535)."""


async def upsert(
    session: AsyncSession,
    table: type[TenantRow],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    update: Iterable[str] = (),
    compute: Mapping[str, ColumnElement[Any]] | None = None,
    returning: Sequence[str] = ("id",),
) -> list[Row[Any]]:
    """Insert ``rows``; where one with the same ``key`` is there already, take over its ``update`` columns instead.

    ``key`` names the columns of a unique constraint; all rows have the same columns and differ in their keys. Columns of
    ``compute`` get that expression on update. Returns ``returning`` of every row, new or not, in no particular order. Rows
    should come in the order of their keys, so that two transactions cannot wait for each other in a circle. Objects the
    session holds already are not refreshed.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    columns = table.__table__.c  # type: ignore[attr-defined]
    found: list[Row[Any]] = []
    for start in range(0, len(rows), _AT_ONCE):
        insert = dialect.insert(table).values([dict(row) for row in rows[start : start + _AT_ONCE]])
        changes: dict[str, Any] = {name: insert.excluded[name] for name in update} | dict(compute or {})
        # DO NOTHING would not return the row that is there; setting a column of the key to itself does.
        changes = changes or {key[-1]: insert.excluded[key[-1]]}
        statement = insert.on_conflict_do_update(index_elements=list(key), set_=changes)
        result = await session.exec(statement.returning(*(columns[name] for name in returning)))
        found += result.all()
    return found
