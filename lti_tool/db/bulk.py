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
from lti_tool.db.types import UtcDateTime, Words

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
    adapted = connection.connection.dbapi_connection
    kinds = [table.c[name].type for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    if isinstance(adapted, OneHopConnection):
        into = [_bind(kind, dialect) for kind in kinds]
        marks = ", ".join("?" * len(columns))
        given = [[value if to is None else to(value) for to, value in zip(into, row, strict=True)] for row in rows]
        await adapted.fetch(
            lambda cursor: cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', given)  # noqa: S608 - names of our own tables and columns.
        )
        return
    writers = [_writer(kind, dialect) for kind in kinds]
    lines = [
        "\t".join([_NULL if value is None else write(value) for write, value in zip(writers, row, strict=True)])
        for row in rows
    ]
    async with (
        adapted.driver_connection.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy,
    ):
        await copy.write("\n".join([*lines, ""]))


def _writer(kind: Any, dialect: Any) -> Callable[[Any], str]:
    """What writes a column's values, never None, in COPY's text format."""
    if isinstance(kind, UtcDateTime):
        return datetime.isoformat
    if isinstance(kind, Words):
        return lambda value: str(value.value)
    into = _bind(kind, dialect)
    if into is None:
        return _copied
    return lambda value: _copied(into(value))


def _bind(kind: Any, dialect: Any) -> Any:
    """What turns a value of ours into the driver's; JSON is written here, since COPY takes no wrapped values."""
    if hasattr(kind, "load_dialect_impl") or "JSON" not in type(kind).__name__:
        return kind.dialect_impl(dialect).bind_processor(dialect)
    return _dumped


_dumped = json.JSONEncoder(separators=(",", ":")).encode


def _copied(value: Any) -> str:
    """A value in COPY's text format."""
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
