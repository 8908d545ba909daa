"""The time, as a port: what needs it is given a clock, so that tests can move it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved; for tests."""

    def __init__(self, start: datetime = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Where the clock stands."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Move the clock, forwards or (as machines' clocks do) backwards."""
        self._now += by
