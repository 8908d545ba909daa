"""Reading rows in order to change them."""

from typing import Any

from sqlmodel.sql.expression import SelectOfScalar


def locking(statement: SelectOfScalar[Any], lock: bool) -> SelectOfScalar[Any]:
    """With ``lock``: wait for other writers of these rows, then see them as those left them."""
    return statement.with_for_update().execution_options(populate_existing=True) if lock else statement
