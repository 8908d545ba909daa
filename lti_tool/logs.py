"""Log lines: structured, on standard error, each with the reference code of its request, none with personal data.

The standard library's logging with a formatter of our own: every request writes a line, and a chain of processors cost it
more than its way through the routes.
"""

import contextvars
import json
import logging
import re
import secrets
import sys
from datetime import UTC, datetime
from typing import Any, Literal

reference_code: contextvars.ContextVar[str | None] = contextvars.ContextVar("reference_code", default=None)

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 8
_CODES = len(_ALPHABET) ** _CODE_LENGTH

# What a record holds without anybody's ``extra``, and uvicorn's second copy of its message with terminal colours.
_NOT_EXTRA = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}

_TRACEBACKS = logging.Formatter()

_PLAIN = re.compile(r'[^\x00-\x20"=\\\x7f-\xa0\u2028\u2029]+')


def new_reference() -> str:
    """A code a person can read out on the telephone: eight characters, none mistakable for another."""
    number = secrets.randbelow(_CODES)
    code = ""
    for _ in range(_CODE_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        code += _ALPHABET[place]
    return code


class LineFormatter(logging.Formatter):
    """One line for each record: event, reference code, level, logger, timestamp, the ``extra`` fields and the exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        return self.render(fields_of(record))

    def render(self, fields: dict[str, Any]) -> str:
        """The fields in this format."""
        raise NotImplementedError


class JsonLines(LineFormatter):
    """Each line is a JSON object."""

    def render(self, fields: dict[str, Any]) -> str:
        """What JSON does not know appears as its text."""
        return json.dumps(fields, default=str)


class TextLines(LineFormatter):
    """Each line is ``name=value`` pairs (logfmt), for people and for ``grep``."""

    def render(self, fields: dict[str, Any]) -> str:
        """Nothing leaves its line or its field: what has a blank or a control character stands in quotes, escaped."""
        return " ".join(f"{name}={_plain(value)}" for name, value in fields.items())


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says, in order. A field of the record's own is never overwritten by an ``extra``."""
    fields: dict[str, Any] = {"event": record.getMessage()}
    code = reference_code.get()
    if code is not None:
        fields["reference"] = code
    fields["level"] = record.levelname.lower()
    fields["logger"] = record.name
    fields["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
    for name, value in vars(record).items():
        if name not in _NOT_EXTRA:
            fields.setdefault(name, value)
    if record.exc_info:
        fields["exception"] = _TRACEBACKS.formatException(record.exc_info)
    if record.stack_info:
        fields["stack"] = record.stack_info
    return fields


def set_up_logging(log_format: Literal["text", "json"]) -> None:
    """Send every logger's lines to standard error in the one format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # No line names a thread or a process, so no record has to find them out (Logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # httpx logs full addresses, which can hold a person's id; uvicorn's access log is replaced by our own line; alembic
    # introduces itself at every look at the database's revision.
    for noisy in ("httpx", "httpcore", "uvicorn.access", "alembic.runtime"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    return text if _PLAIN.fullmatch(text) or not text else json.dumps(text)
