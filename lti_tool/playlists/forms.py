"""What people enter, parsed at the boundary into typed values, with a sentence for each field that needs attention."""

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import FormData

from lti_tool.errors import BadRequest
from lti_tool.playlists.editing import Basics, StepChoice, Terms
from lti_tool.playlists.models import DoneRule, Need, OrderRule, SendRule
from lti_tool.web.i18n import N_

MOST_POINTS = 10_000
MOST_MINUTES = 1_000

T = TypeVar("T")


@dataclass
class Entered:
    """A form's values, and what is wrong with them: message ids by field."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> "Entered":
        """The text fields of a posted form, without the spaces around them."""
        return cls({name: value.strip() for name, value in form.multi_items() if isinstance(value, str)})

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
            zone = ZoneInfo(self.values.get("time_zone") or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = ZoneInfo("UTC")
        try:
            entered = datetime.fromisoformat(value)
            return (entered if entered.tzinfo else entered.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors[name] = N_("Please enter a day and a time.")
            return None

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


def basics(entered: Entered) -> Basics:
    """Title, introduction and order; look at ``entered.errors`` after."""
    return Basics(
        title=entered.text("title", 200, N_("Please give the playlist a title.")),
        introduction=entered.text("introduction", 2000),
        order_rule=entered.word("order_rule", OrderRule, OrderRule.IN_ORDER),
    )


def step_choice(entered: Entered) -> StepChoice:
    """What a teacher says about a step; look at ``entered.errors`` after."""
    minutes = entered.number("minutes", 1, MOST_MINUTES, N_("Please enter whole minutes from 1 to 1000."))
    return StepChoice(
        title=entered.text("title", 500, N_("Please give the step a title.")),
        note=entered.text("note", 1000),
        need=entered.word("need", Need, Need.MUST),
        done_rule=entered.word("done_rule", DoneRule, DoneRule.MARKED),
        pass_percent=entered.number("pass_percent", 0, 100, N_("Please enter a percentage from 0 to 100.")),
        minutes=None if minutes is None else round(minutes),
    )


def terms(entered: Entered) -> Terms:
    """On what terms a playlist is assigned; look at ``entered.errors`` after."""
    has_column = entered.values.get("has_column") == "yes"
    points = entered.number("points", 0.01, MOST_POINTS, N_("Please enter points above 0, at most 10 000."))
    if has_column and points is None and "points" not in entered.errors:
        entered.errors["points"] = N_("Please enter how many points the column has.")
    return Terms(
        has_column=has_column,
        points=100.0 if points is None else points,
        send_rule=entered.word("send_rule", SendRule, SendRule.AT_END),
        due_at=entered.moment("due_at"),
    )
