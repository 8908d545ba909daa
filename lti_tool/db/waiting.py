"""Whether a connection to PostgreSQL that waited in the pool still leads somewhere, without asking it each time.

SQLAlchemy's ``pool_pre_ping`` pays a round trip for every transaction. A server that ended a connection (a restart, a failover,
``pg_terminate_backend``) has left its last words in the socket, and looking there costs a microsecond. Only a connection that
has something to read, or that waited so long that a firewall may have forgotten it, is asked.
"""

import select
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

TRUSTED_SECONDS = 20
"""How long a silent connection is taken for a living one; below the patience of any firewall."""

_SINCE = "waits_since"


def check_connections(engine: AsyncEngine) -> None:
    """Have dead connections replaced when they leave the pool; the others that are as old go with them."""
    dialect = engine.dialect

    def given_back(_driver: object, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def taken(driver: Any, record: Any, _proxy: object) -> None:
        since = record.info.get(_SINCE)
        if since is None or (time.monotonic() - since < TRUSTED_SECONDS and _is_silent(driver)):
            return
        try:
            dialect.do_ping(driver)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the server has ended the connection") from error

    event.listen(engine.sync_engine, "checkin", given_back)
    event.listen(engine.sync_engine, "checkout", taken)


def _is_silent(driver: Any) -> bool:
    """Whether nothing came while nothing was asked: neither the end of the connection nor a notice."""
    connection = driver.driver_connection
    if connection.closed:
        return False
    if not hasattr(select, "poll"):  # Windows: asking is the only way.
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
