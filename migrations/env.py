"""Alembic's entry: runs inside a connection that ``lti_tool.db.migrate`` opened, with its quirks taken care of."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON
from sqlmodel.sql.sqltypes import AutoString

from lti_tool.db.types import Exact, UtcDateTime, Words
from lti_tool.tables import metadata

_PLAIN: dict[type, str] = {
    UtcDateTime: "sa.DateTime(timezone=True)",
    Exact: "sa.BigInteger()",
    Words: "sa.String(32)",
}


def plain_types(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our column types into a migration as what they are in the database, so that it never depends on our code."""
    if kind != "type":
        return False
    for ours, plain in _PLAIN.items():
        if isinstance(item, ours):
            return plain
    if isinstance(item, AutoString):
        return f"sa.String({item.length})"
    if isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_types,
    transaction_per_migration=False,
)
context.run_migrations()
