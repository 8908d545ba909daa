"""The running state of a rule: what it has to remember so that the next observation costs the same as the first.

States are values: a step answers a new one. They are written as JSON (decimals and moments as text) and read back equal.
"""

import types
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from lti_tool.mastery.rules.values import Observation, Standing, order_key, order_of

STATE_VERSION = 2


@dataclass(frozen=True, slots=True)
class Fall:
    """A level that was lost: when, from which level (its key) and standing, and why (``code``).

    Codes: ``value`` (a formula's value fell), ``review`` (a failed review), ``task`` (the latest task was below its passing
    mark), ``exercise`` and ``mixed`` (Khan's own demotions), ``judged`` (a person judged it lower).
    """

    code: str
    at: datetime
    was: Standing
    level: str


@dataclass(frozen=True, slots=True)
class Override:
    """A teacher's override: the standing it sets, since when, and until when (absent: until it is voided or replaced)."""

    standing: Standing
    at: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it still holds; its end is no longer part of it."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Review:
    """Where a learner is on the ladder of reviews: the step (0 to 5), and when the next is due; absent below Secure."""

    step: int = 0
    due_at: datetime | None = None


class Memory:
    """What one rule remembers besides; a frozen dataclass of plain values each."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class State:
    """What a rule knows after some observations.

    ``standing``, ``level`` (the key of the scale's level, empty for Not started) and ``since`` are those that the rule
    computes; an override that holds is laid over them by ``judge``. ``last`` is the canonical order of the latest
    observation: one that comes before it needs a replay.
    """

    memory: Memory
    last: tuple[datetime, datetime, str] | None = None
    count: int = 0
    latest_at: datetime | None = None
    standing: Standing = Standing.NOT_STARTED
    level: str = ""
    since: datetime | None = None
    fell: Fall | None = None
    review: Review = Review()
    override: Override | None = None

    def takes(self, observation: Observation) -> bool:
        """Whether a step with it gives what a replay would: it comes after everything seen so far."""
        return self.last is None or observation.order > self.last

    @property
    def last_key(self) -> str:
        """The canonical order of the latest observation as a text that sorts; empty before the first."""
        return order_key(self.last) if self.last else ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        plain = {name: to_plain(getattr(self, name)) for name in _REST}
        return {"version": STATE_VERSION, "last": self.last_key, **plain}

    @classmethod
    def from_json(cls, data: dict[str, Any], memory: type[Memory]) -> "State":
        """Back from ``to_json``; ``memory`` is the rule's. Raises ``ValueError`` for another version or shape."""
        if data.get("version") != STATE_VERSION:
            raise ValueError("this state was written by another version; replay the evidence")
        hints = _hints(cls)
        try:
            values = {name: from_plain(memory if name == "memory" else hints[name], data[name]) for name in _REST}
            return cls(last=order_of(data["last"]) if data["last"] else None, **values)
        except (KeyError, TypeError, ArithmeticError) as error:
            raise ValueError("this is no state of the rule; replay the evidence") from error


_REST = tuple(field.name for field in fields(State) if field.name != "last")


def to_plain(value: Any) -> Any:
    """A value of this package as JSON has it: decimals and moments as text, dataclasses as objects, tuples as lists."""
    write = _WRITERS.get(type(value))
    if write is None:
        write = _WRITERS[type(value)] = _writer(type(value))
    return write(value)


_AS_THEY_ARE = frozenset({type(None), bool, int, str})
"""Types whose values JSON has already; enumerations, which are texts as well, are others."""


def _writer(kind: type) -> Callable[[Any], Any]:
    """How values of a type are written; found once for each type."""
    if issubclass(kind, StrEnum):
        return lambda value: value.value
    if kind in _AS_THEY_ARE:
        return lambda value: value
    if issubclass(kind, Decimal):
        return str
    if issubclass(kind, datetime):
        return lambda value: value.isoformat()
    if issubclass(kind, tuple):
        return lambda value: [to_plain(part) for part in value]
    if is_dataclass(kind):
        names = [field.name for field in fields(kind)]
        return lambda value: {
            name: one if type(one := getattr(value, name)) in _AS_THEY_ARE else to_plain(one) for name in names
        }
    raise TypeError(f"{kind.__name__} is no value of a rule")


_WRITERS: dict[type, Callable[[Any], Any]] = {}


def from_plain(kind: Any, plain: Any) -> Any:
    """Back from ``to_plain``, by the type it has to be. Raises ``ValueError``, ``TypeError`` or ``KeyError``."""
    return _reader(kind)(plain)


@lru_cache(maxsize=1000)
def _reader(kind: Any) -> Callable[[Any], Any]:
    """How values of a type are read; found once for each type."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        present = _reader(_present(kind))
        return lambda plain: None if plain is None else present(plain)
    if origin is tuple:
        part = _reader(get_args(kind)[0])
        return lambda plain: tuple([part(one) for one in plain])
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind is datetime:
        return datetime.fromisoformat
    if kind in (bool, int, str):
        return partial(_exactly, kind)
    return cast("Callable[[Any], Any]", kind)


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    readers = {name: _reader(hint) for name, hint in _hints(kind).items()}

    def read(plain: Any) -> Any:
        unknown = set(plain) - readers.keys()
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        return kind(**{name: readers[name](value) for name, value in plain.items()})

    return read


def _exactly(kind: type, plain: Any) -> Any:
    if type(plain) is not kind:
        raise TypeError(f"{plain!r} is not {kind.__name__}")
    return plain


def _present(kind: Any) -> Any:
    return next(part for part in get_args(kind) if part is not types.NoneType)


_known: dict[Any, dict[str, Any]] = {}


def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields, worked out once."""
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {field.name: hints[field.name] for field in fields(kind)}
    return _known[kind]
