"""What people enter, parsed at the boundary into typed values, with a sentence for each field that needs attention."""

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import FormData

from lti_tool.errors import BadRequest
from lti_tool.web.i18n import N_

T = TypeVar("T")


@dataclass
class Entered:
    """A form's values, and what is wrong with them: message ids by field."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> "Entered":
        """The text fields of a posted form, without the spaces around them, nor U+0000, which PostgreSQL cannot keep."""
        return cls(
            {name: value.replace("\0", "").strip() for name, value in form.multi_items() if isinstance(value, str)}
        )

    def text(self, name: str, most: int, missing: str | None = None) -> str:
        """A text of at most ``most`` characters; ``missing`` is what to say when it is empty and may not be."""
        value = self.values.get(name, "")
        if not value and missing is not None:
            self.errors[name] = missing
        elif len(value) > most:
            self.errors[name] = N_("This is too long. Please shorten it.")
        return value

    def number(self, name: str, least: float, most: float, wrong: str) -> float | None:
        """A number between ``least`` and ``most``, written with a point or a comma; None when it is left empty."""
        value = self.values.get(name, "")
        if not value:
            return None
        try:
            number = float(value.replace(",", "."))
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            self.errors[name] = wrong
            return None
        return number

    def moment(self, name: str) -> datetime | None:
        """A day and time in the reader's own zone (``time_zone``), in UTC; None when it is left empty."""
        value = self.values.get(name, "")
        if not value:
            return None
        try:
            entered = datetime.fromisoformat(value)
            return (entered if entered.tzinfo else entered.replace(tzinfo=self.zone())).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors[name] = N_("Please enter a day and a time.")
            return None

    def past_day(self, name: str, now: datetime, *, missing: str, ahead: str) -> datetime | None:
        """The middle of a day in the reader's own zone, in UTC, but no later than ``now``: nobody knows the hour.

        ``missing`` is what to say when there is no day, ``ahead`` when it is still to come there.
        """
        zone = self.zone()
        try:
            day = date.fromisoformat(self.values.get(name, ""))
            at = datetime.combine(day, time(12), zone).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors[name] = missing
            return None
        if day > now.astimezone(zone).date():
            self.errors[name] = ahead
            return None
        return min(at, now)

    def zone(self) -> ZoneInfo:
        """The reader's own zone (``time_zone``); UTC where it is none."""
        try:
            return ZoneInfo(self.values.get("time_zone") or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def word(self, name: str, words: Callable[[str], T], usual: T) -> T:
        """One of a list of words. BadRequest for one that no page of ours offers."""
        value = self.values.get(name, "")
        return parsed(words, value) if value else usual

    def revision(self) -> int:
        """The revision the page was made from. BadRequest without."""
        return parsed(int, self.values.get("revision", ""))

    def made_id(self, name: str) -> uuid.UUID | None:
        """The id a form was given when it was shown, so that sending it twice makes one thing."""
        value = self.values.get(name, "")
        return parsed(uuid.UUID, value) if value else None


def parsed(make: Callable[[str], T], value: str) -> T:
    """The value as what it should be. BadRequest for what only a broken or a made-up request sends."""
    try:
        return make(value)
    except ValueError as error:
        raise BadRequest("a value no page of ours sends") from error
