"""The time, as a port: what needs it is given a clock, so that tests can move it. And days: they begin at a school's midnight."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo


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


# --- Days ---------------------------------------------------------------------------------------------------------------


def zone_named(name: str | None) -> tzinfo:
    """The time zone with an IANA name; UTC without one, and for a name that this machine does not know any more."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError.
        return UTC


def day_in(zone: tzinfo, moment: datetime) -> date:
    """The day on which a moment falls where clocks show ``zone``."""
    return moment.astimezone(zone).date()


def midnight(zone: tzinfo, day: date) -> datetime:
    """When a day begins where clocks show ``zone``, in UTC.

    Where clocks go forward at midnight, the day begins with the first moment that there is.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)
