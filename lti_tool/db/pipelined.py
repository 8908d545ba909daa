"""Statements told to PostgreSQL all at once and by name, one layer below the driver's cursors.

psycopg makes a cursor for each statement, looks its text up and decides anew whether it is prepared: three quarters of what a
short statement costs this process. Fixed statements are known: each is prepared on a connection when that runs it first, and
from then on only its name and its values travel, of all that are told together in one journey (libpq's pipeline mode, PostgreSQL
14 §34.5), the transaction's BEGIN included. Texts become values as psycopg has it (``Transformer``), and so do values of rare
kinds become texts; of the kinds that nearly all are of, they are written here: for a list that takes a tenth of the time.
"""

import itertools
import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import DataError, Error, FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus
from psycopg.types.json import Jsonb

_PLACE = re.compile(r"%(?:%|\((\w+)\)s)")


class Prepared:
    """A statement with numbered places (``$1``) for its named ones (``%(name)s``)."""

    def __init__(self, text: str) -> None:
        places: dict[str, int] = {}

        def numbered(found: re.Match[str]) -> str:
            name = found.group(1)
            return "%" if name is None else f"${places.setdefault(name, len(places) + 1)}"

        self.query = _PLACE.sub(numbered, text).encode()
        self.places = tuple(places)


class _Known:
    """What is known of a connection: the names of statements it has prepared, and how values become texts and back there."""

    def __init__(self, driver: AsyncConnection[Any]) -> None:
        self.names: dict[Prepared, bytes] = {}
        # Of its adapters, not of itself: what is known of a connection must not keep it alive.
        self.values: Any = Transformer(driver.adapters)


_known: WeakKeyDictionary[AsyncConnection[Any], _Known] = WeakKeyDictionary()
_numbers = itertools.count(1)

_FORGETS = (InvalidSqlStatementName, FeatureNotSupported)
"""Errors of a statement that the server has forgotten, or whose tables were migrated since: it has to be prepared anew."""


async def run(
    driver: AsyncConnection[Any], told: Sequence[tuple[Prepared, Mapping[str, Any]]]
) -> list[list[tuple[Any, ...]]]:
    """The rows of statements, in their order; none of those that give none. Raises psycopg's error of the first that fails."""
    known = _known.get(driver)
    if known is None:
        known = _known[driver] = _Known(driver)
    server: Any = driver.pgconn
    commands: list[Callable[[], None]] = []
    if not driver.autocommit and server.transaction_status == TransactionStatus.IDLE:
        commands.append(partial(server.send_query_params, b"BEGIN", None))
    new: dict[Prepared, bytes] = {}
    made: list[tuple[int, Prepared]] = []
    answers: list[int] = []
    for prepared, values in told:
        name = known.names.get(prepared) or new.get(prepared)
        if name is None:
            name = new[prepared] = b"fixed_%d" % next(_numbers)
            made.append((len(commands), prepared))
            commands.append(partial(server.send_prepare, name, prepared.query))
        texts = [_text(known.values, values[place]) for place in prepared.places]
        answers.append(len(commands))
        commands.append(partial(server.send_query_prepared, name, texts))
    commands.append(server.pipeline_sync)
    async with driver.lock:
        server.enter_pipeline_mode()
        try:
            results = await driver.wait(_to_the_end(server, commands))
        finally:
            if server.pipeline_status != PipelineStatus.OFF:
                server.exit_pipeline_mode()
    for place, prepared in made:
        if results[place].status == ExecStatus.COMMAND_OK:
            known.names[prepared] = new[prepared]
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise _failed(driver, result)
    return [_rows(known.values, results[place]) for place in answers]


def _to_the_end(server: Any, commands: Sequence[Callable[[], None]]) -> Generator[Any, Any, list[Any]]:
    """Send commands, and take in what each of them came to, until the server says that it is through."""
    for command in commands:
        command()
    yield from generators.send(server)
    results: list[Any] = []
    while True:
        [result] = yield from generators.fetch_many(server)
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _text(values: Any, value: Any) -> bytes | None:
    """A value as PostgreSQL reads it (§8.1, 8.5, 8.12, 8.14, 8.15 on what its types take). Raises psycopg's DataError."""
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    [text] = values.dump_sequence([value], _ONE_TEXT)
    return None if text is None else bytes(text)


_ONE_TEXT = [PyFormat.TEXT]


def _str(value: str) -> bytes:
    if "\0" in value:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value.encode()


def _list(value: list[Any]) -> bytes:
    """An array of ids or of texts (``listed``)."""
    return b"{%s}" % b",".join([one.hex.encode() if type(one) is UUID else _quoted(one) for one in value])


def _quoted(value: str) -> bytes:
    return b'"%s"' % _str(value).replace(b"\\", b"\\\\").replace(b'"', b'\\"')


_WRITERS: dict[type, Callable[[Any], bytes | None]] = {
    type(None): lambda _: None,
    UUID: lambda value: value.hex.encode(),
    str: _str,
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    float: lambda value: repr(value).encode(),
    datetime: lambda value: str(value).encode(),
    list: _list,
    Jsonb: lambda value: (value.dumps or json.dumps)(value.obj).encode(),
}


def _rows(values: Any, result: Any) -> list[tuple[Any, ...]]:
    if result.status != ExecStatus.TUPLES_OK or not result.ntuples:
        return []
    values.set_pgresult(result)
    rows: list[tuple[Any, ...]] = values.load_rows(0, result.ntuples, tuple)
    return rows


def _failed(driver: AsyncConnection[Any], result: Any) -> Error:
    error = error_from_result(result, driver.info.encoding)
    if isinstance(error, _FORGETS):
        _known.pop(driver, None)
    return error
