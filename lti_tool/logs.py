"""Log lines: structured, on standard error, each with the reference code of its request, none with personal data."""

import contextvars
import logging
import secrets
import sys
from typing import Literal

import structlog

reference_code: contextvars.ContextVar[str | None] = contextvars.ContextVar("reference_code", default=None)

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_reference() -> str:
    """A code a person can read out on the telephone: eight characters, none mistakable for another."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def set_up_logging(log_format: Literal["text", "json"]) -> None:
    """Send every logger's lines to standard error in the one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _tidy,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.processors.LogfmtRenderer(bool_as_flag=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # httpx logs full addresses, which can hold a person's id; uvicorn's access log is replaced by our own line; alembic
    # introduces itself at every look at the database's revision.
    for noisy in ("httpx", "httpcore", "uvicorn.access", "alembic.runtime.migration"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _tidy(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    code = reference_code.get()
    if code is not None:
        event["reference"] = code
    event.pop("color_message", None)  # uvicorn's second copy of its message, with terminal colours.
    return event
