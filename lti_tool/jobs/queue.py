"""Procrastinate's tables, in a PostgreSQL schema of their own beside the tool's.

What stands in them are nudges, and losing those loses nothing: so the tables of another version are not migrated but made anew,
and are no part of the tool's migrations or backups.
"""

from importlib.metadata import version

import psycopg
from psycopg import sql
from sqlalchemy import make_url

SCHEMA = "lti_tool_queue"
_LOCK = 7_365_342
"""Any constant: the number of the advisory lock under which the tables are made."""


def conninfo(database_url: str) -> str:
    """The address of the database as psycopg takes it, whatever driver it names."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


async def prepare(database_url: str) -> None:
    """Make the tables, unless those of the installed version are there. Several processes that start at once wait for each
    other. Raises psycopg.Error where the database cannot be reached, or does not let this role make a schema.
    """
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 (half a second, for who works with a queue)

    wanted = f"procrastinate {version('procrastinate')}"
    async with await psycopg.AsyncConnection.connect(conninfo(database_url), client_encoding="utf8") as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = await connection.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (SCHEMA,)
        )
        row = await found.fetchone()
        if row is not None and row[0] == wanted:
            return
        name = sql.Identifier(SCHEMA)
        await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        await connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
        # The file has no parameters, and percent signs of its own.
        await connection.execute(SchemaManager.get_schema().encode())
        await connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(wanted)))
