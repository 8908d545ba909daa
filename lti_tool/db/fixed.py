"""Statements that never change, run on the driver itself.

SQLAlchemy puts a statement together, looks it up in its cache, wraps its parameters and its rows, and crosses between
greenlets, anew for each execution: five to ten times what the driver needs. The few statements of every login, every launch
and every page are compiled once here, from the same models, and then run in the transaction of a session without all that.
They are held to one school as all others are: one that is not is refused when it is defined.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement, Float, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db import pipelined
from lti_tool.db.one_hop import OneHopConnection
from lti_tool.db.scoping import UnscopedQuery, unscoped_tables

Convert = Callable[[Any], Any]


class Fixed:
    """A statement and its text on each database. It finds a few rows by their keys and no more, see ``fetch_short``.

    ``values`` names the columns of an insert. ``crosses`` says why the statement reads or changes rows of several schools.
    Raises UnscopedQuery for one that does so without a reason.
    """

    def __init__(self, statement: ClauseElement, *, values: tuple[str, ...] = (), crosses: str | None = None) -> None:
        self._statement: Any = statement
        self._values = values
        self._compiled: dict[str, Compiled] = {}
        missing = set() if crosses or isinstance(statement, Insert) else unscoped_tables(statement)
        if missing:
            raise UnscopedQuery(f"no organisation_id on {', '.join(sorted(missing))} in: {statement}")

    async def run(self, session: AsyncSession, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Its rows, in the session's transaction. What was added to the session has to be flushed before.

        Raises what SQLAlchemy would: IntegrityError, OperationalError and so on.
        """
        connection = await _connection(session)
        for note in connection.dispatch.before_cursor_execute:
            note(connection, None, self.compiled(connection.dialect).text, values, None, False)
        return await self.on(connection.connection.dbapi_connection, connection.dialect, values)

    async def on(self, adapted: Any, dialect: Dialect, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Its rows, on one of the pool's connections (SQLAlchemy's adapter of the driver's)."""
        compiled = self.compiled(dialect)
        try:
            rows = await _fetch(adapted, compiled, compiled.parameters(values))
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                compiled.text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
            ) from error
        return compiled.converted(rows)

    def compiled(self, dialect: Dialect) -> "Compiled":
        """The statement as this database is told it; the work is done once."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self._statement, self._values, dialect)
        return found


class FixedUpsert(Fixed):
    """An insert that says what becomes of a row that is there already (``ON CONFLICT``): SQLAlchemy has an insert for each
    database, and ``build`` makes the statement of one of them.
    """

    def __init__(self, build: Callable[[Any], Insert]) -> None:
        super().__init__(build(postgresql.insert))
        self._build = build

    def compiled(self, dialect: Dialect) -> "Compiled":
        """The statement as this database is told it; the work is done once."""
        found = self._compiled.get(dialect.name)
        if found is None:
            statement = self._build((sqlite if dialect.name == "sqlite" else postgresql).insert)
            found = self._compiled[dialect.name] = Compiled(statement, (), dialect)
        return found


Told = tuple[Fixed, Mapping[str, Any]]
"""A statement with its values."""


async def together(session: AsyncSession, asked: Sequence[Told], *, few: bool = True) -> list[list[tuple[Any, ...]]]:
    """The rows of several statements that do not wait for each other's, in their order and in the session's transaction.

    PostgreSQL is told all of them at once: a third of the work of asking one after the other. What was added to the session has
    to be flushed before. ``few``: they find a few rows by their keys; others do not hold up SQLite's callers. Raises what
    SQLAlchemy would for the first that fails.
    """
    connection = await _connection(session)
    dialect, adapted = connection.dialect, connection.connection.dbapi_connection
    ready = [(fixed.compiled(dialect), values) for fixed, values in asked]
    for note in connection.dispatch.before_cursor_execute:
        for compiled, values in ready:
            note(connection, None, compiled.text, values, None, False)
    found = []
    try:
        if isinstance(adapted, OneHopConnection):
            for compiled, values in ready:
                found.append(await _fetch(adapted, compiled, compiled.parameters(values), few=few))
        elif ready:
            told = [(compiled.prepared, compiled.parameters(values)) for compiled, values in ready]
            found = await pipelined.run(adapted.driver_connection, told)
    except dialect.loaded_dbapi.Error as error:
        text = "; ".join(compiled.text for compiled, _ in ready)
        raise DBAPIError.instance(
            text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error
    return [compiled.converted(rows) for rows, (compiled, _) in zip(found, ready, strict=True)]


_CONNECTION = "connection"


async def _connection(session: AsyncSession) -> Any:
    """The connection of the session's transaction, begun if need be. It is asked for once: asking crosses between greenlets."""
    held = session.info.get(_CONNECTION)
    if held is None or held.closed or not session.in_transaction():
        held = session.info[_CONNECTION] = (await session.connection()).sync_connection
    return held


class Compiled:
    """The statement in the words of one database, with what turns values of ours into the driver's and back."""

    def __init__(self, statement: Any, values: tuple[str, ...], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(values) or None)
        self.text: str = str(compiled)
        self._literals = {name: value for name, value in compiled.params.items() if value is not None}
        self._positions: list[str] | None = compiled.positiontup if compiled.positional else None
        self._into = {
            name: bound.type.dialect_impl(dialect).bind_processor(dialect)
            for bound, name in compiled.bind_names.items()
        }
        columns = statement.selected_columns if statement.is_select else getattr(statement, "_returning", ())
        self._back: list[Convert | None] = [
            column.type.dialect_impl(dialect).result_processor(dialect, _coltype(column.type)) for column in columns
        ]

    @cached_property
    def prepared(self) -> pipelined.Prepared:
        """The statement as PostgreSQL prepares it."""
        return pipelined.Prepared(self.text)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Values as the driver takes them, by place or by name."""
        given = {**self._literals, **values}
        ready = {name: given[name] if into is None else into(given[name]) for name, into in self._into.items()}
        return ready if self._positions is None else [ready[name] for name in self._positions]

    def converted(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The driver's rows with values as the models have them."""
        back = self._back
        return [
            tuple([value if to is None else to(value) for to, value in zip(back, row, strict=True)]) for row in rows
        ]


_FLOAT8 = 701
"""PostgreSQL's number of the type ``double precision``; psycopg's adapter asks for it where the driver would tell."""


def _coltype(kind: TypeEngine[Any]) -> int | None:
    return _FLOAT8 if isinstance(kind, Float) else None


async def _fetch(adapted: Any, compiled: Compiled, parameters: Any, *, few: bool = True) -> list[tuple[Any, ...]]:
    text = compiled.text
    if isinstance(adapted, OneHopConnection):
        if not few:
            return (await adapted.fetch(lambda cursor: cursor.execute(text, parameters)))[0]
        return await adapted.fetch_short(lambda cursor: cursor.execute(text, parameters))
    [rows] = await pipelined.run(adapted.driver_connection, [(compiled.prepared, parameters)])
    return rows
