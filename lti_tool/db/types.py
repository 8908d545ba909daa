"""Column types that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, DateTime, Dialect, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite has no time zones and hands back naive values; this gives them their zone again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive value (ValueError), store the others in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What was stored, with UTC as its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A decimal with four places, kept as a whole number of ten-thousandths: SQLite has no decimals of its own.

    Up to about 900 million million; finer places are rounded half up, so that 4.12345 is 4.1235.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """The ten-thousandths; ValueError for what is no finite number."""
        return None if value is None else _in_ten_thousandths(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """The decimal, without needless zeros."""
        return None if value is None else _of_ten_thousandths(value)


@lru_cache(maxsize=10_000)
def _in_ten_thousandths(value: Decimal | int) -> int:
    if not Decimal(value).is_finite():
        raise ValueError("a stored decimal is a finite number")
    return int((Decimal(value) * 10_000).quantize(Decimal(1), ROUND_HALF_UP))


@lru_cache(maxsize=10_000)
def _of_ten_thousandths(value: int) -> Decimal:
    return Decimal(value) / 10_000


def json_type() -> TypeEngine[Any]:
    """JSON, binary where the database has it."""
    return JSON().with_variant(JSONB(), "postgresql")


class Words(TypeDecorator[StrEnum]):
    """A short word out of a fixed list, read back as its enum member. The list stands in a CHECK constraint (``one_of``)."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words
        self._by_value = {word.value: word for word in words}

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """The word as text; ValueError for one that is not in the list."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The enum member."""
        if value is None:
            return None
        found = self._by_value.get(value)
        return self.words(value) if found is None else found


def words(enum: type[StrEnum]) -> Words:
    """The column type of a word of ``enum``; never a native enum, which is awkward to change."""
    return Words(enum)


def one_of(column: str, enum: type[StrEnum]) -> CheckConstraint:
    """The constraint that keeps ``column`` to the values of ``enum``."""
    listed = ", ".join(f"'{value}'" for value in enum)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")
