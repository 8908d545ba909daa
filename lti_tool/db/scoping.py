"""A guard that refuses any statement on a school's rows that does not say which school.

Tests and the demo switch it on, so that a query without its organisation fails where it is written rather than leaking
where it is run. A statement that crosses schools on purpose says why with ``crossing(...)``.
"""

from typing import Any

from sqlalchemy import ClauseElement, Connection, Table, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.elements import BinaryExpression, ColumnElement
from sqlalchemy.sql.schema import Column


class UnscopedQuery(AssertionError):
    """A statement reads or changes a school's rows without naming the school."""


def guard(engine: AsyncEngine) -> None:
    """Refuse unscoped statements on this engine from now on."""
    event.listen(engine.sync_engine, "before_execute", _check)


def unscoped_tables(statement: ClauseElement) -> set[str]:
    """The tables of a school's rows in ``statement`` that no condition on ``organisation_id`` holds to one school.

    A table counts as held when its ``organisation_id`` is compared with a value, or with that of a table that is held.
    """
    tables: set[str] = set()
    held: set[str] = set()
    joined: list[tuple[str, str]] = []
    for element in visitors.iterate(statement, {}):
        if isinstance(element, Table) and _is_tenant(element):
            tables.add(element.name)
        elif isinstance(element, BinaryExpression):
            names = [_tenant_of(element.left), _tenant_of(element.right)]
            match names:
                case [str() as left, str() as right]:
                    joined.append((left, right))
                case [str() as one, None] | [None, str() as one]:
                    held.add(one)
                case _:
                    pass
    grew = True
    while grew:
        grew = False
        for left, right in joined:
            if (left in held) != (right in held):
                held |= {left, right}
                grew = True
    return tables - held


def _is_tenant(table: Table) -> bool:
    return "organisation_id" in table.primary_key.columns


def _tenant_of(side: ColumnElement[Any]) -> str | None:
    if isinstance(side, Column) and side.name == "organisation_id" and isinstance(side.table, Table):
        return side.table.name
    return None


def _check(
    _connection: Connection, statement: ClauseElement, _multi: object, _params: object, options: dict[str, Any]
) -> None:
    if isinstance(statement, Insert) or options.get("crosses_organisations"):
        return
    if not hasattr(statement, "get_children"):
        return
    missing = unscoped_tables(statement)
    if missing:
        raise UnscopedQuery(f"no organisation_id on {', '.join(sorted(missing))} in: {statement}")
