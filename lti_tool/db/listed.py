"""``column IN (a list of any length)`` with one parameter, so that the statement is the same for one value and for a hundred.

PostgreSQL compares with an array, SQLite reads a JSON array. Statements that are compiled once (``Fixed``) can use it.
"""

import json
import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, Dialect, String, Uuid, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Listed(TypeDecorator[Any]):
    """The list as one value of the driver's."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array where the database has arrays."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(self._one()))
        return dialect.type_descriptor(String())

    def _one(self) -> TypeEngine[Any]:
        return String()

    def _text(self, value: Any) -> str:
        return str(value)

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        """A list, or JSON of what the column holds."""
        values = [] if value is None else list(value)
        return values if dialect.name == "postgresql" else json.dumps([self._text(one) for one in values])


class Ids(_Listed):
    """A list of ids."""

    cache_ok = True

    def _one(self) -> TypeEngine[Any]:
        return Uuid()

    def _text(self, value: uuid.UUID) -> str:
        return value.hex


class Texts(_Listed):
    """A list of texts."""

    cache_ok = True


class within(FunctionElement[bool]):  # noqa: N801 - it reads as a function of SQL.
    """``within(column, ids("people"))``: whether the column's value is in the list."""

    type = Boolean()
    inherit_cache = True


def ids(name: str) -> Any:
    """The parameter ``name``, a list of ids."""
    return bindparam(name, type_=Ids())


def texts(name: str) -> Any:
    """The parameter ``name``, a list of texts."""
    return bindparam(name, type_=Texts())


@compiles(within, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    column, listed = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} = ANY ({listed})"


@compiles(within, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    column, listed = (compiler.process(part, **how) for part in element.clauses)
    # Both are texts that SQLAlchemy has compiled, not values.
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608
