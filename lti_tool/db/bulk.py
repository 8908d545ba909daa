"""Many rows at once, by the way each database has for it: COPY on PostgreSQL, one prepared statement on SQLite.

For what is computed and written by the hundred thousand. Rows are inserted as they are given: columns without a value get none
by default, and nothing is returned.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.one_hop import OneHopConnection

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


async def insert_rows(
    session: AsyncSession, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of values, in the order of ``columns``, in the session's transaction. Raises the driver's own errors.

    Values are as the models have them: ids, aware moments, decimals, enum members, JSON objects.
    """
    connection: Any = (await session.connection()).sync_connection
    dialect = connection.dialect
    into = [_bind(table.c[name].type, dialect) for name in columns]
    ready = ([value if to is None else to(value) for to, value in zip(into, row, strict=True)] for row in rows)
    adapted = connection.connection.dbapi_connection
    names = ", ".join(f'"{name}"' for name in columns)
    if isinstance(adapted, OneHopConnection):
        marks = ", ".join("?" * len(columns))
        given = list(ready)
        await adapted.fetch(
            lambda cursor: cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', given)  # noqa: S608 - names of our own tables and columns.
        )
        return
    text = "".join(["\t".join([_copied(value) for value in row]) + "\n" for row in ready])
    async with (
        adapted.driver_connection.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy,
    ):
        await copy.write(text)


def _bind(kind: Any, dialect: Any) -> Any:
    """What turns a value of ours into the driver's; JSON is written here, since COPY takes no wrapped values."""
    if hasattr(kind, "load_dialect_impl") or "JSON" not in type(kind).__name__:
        return kind.dialect_impl(dialect).bind_processor(dialect)
    return _dumped


_dumped = json.JSONEncoder(separators=(",", ":")).encode


def _copied(value: Any) -> str:
    """A value in COPY's text format."""
    if value is None:
        return _NULL
    write = _COPIED.get(type(value))
    if write is None:
        raise TypeError(f"{type(value).__name__} cannot be copied")
    return write(value)


def _text(value: str) -> str:
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


_SPECIAL = re.compile(r"[\\\t\n\r]")
_COPIED: dict[type, Callable[[Any], str]] = {
    str: _text,
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
    uuid.UUID: str,
    datetime: datetime.isoformat,
}
