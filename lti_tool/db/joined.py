"""The texts of several rows in one value, on both databases. SQLAlchemy's own ``aggregate_strings`` needs a statement that is put
together at each execution, which ``Fixed`` ones are not.
"""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

BETWEEN = "\x1f"
"""What stands between two texts: the unit separator, which neither a name nor an id has in it."""


class joined(FunctionElement[str]):  # noqa: N801 - it reads as a function of SQL.
    """``joined(column)``: the column's texts with ``BETWEEN`` between them, in no particular order; NULL without rows."""

    type = String()
    inherit_cache = True


@compiles(joined, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **how)}, chr(31))"


@compiles(joined, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **how)}, char(31))"


def parted(value: str | None) -> frozenset[str]:
    """The texts of a joined value."""
    return frozenset(value.split(BETWEEN)) if value else frozenset()
