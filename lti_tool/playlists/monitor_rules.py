"""Which students of a class deserve a look, and by which calendar standing still is counted. Pure.

Inactivity counts whole school days: neither a weekend nor a holiday makes anybody look idle. The day of the last move and the
present day count for nothing, so that nobody is told to have stood still on a day that is not over.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from lti_tool.clock import day_in
from lti_tool.playlists.models import StepState
from lti_tool.playlists.path_models import RequestKind

_A_DAY = timedelta(days=1)
MOST_OFF = 4000
"""Characters that the days off of a course take at most, as they are kept."""
MOST_QUIET = 60
"""School days after which the latest teacher wants to be told."""


# --- School days ----------------------------------------------------------------------------------------------------


class NoDays(ValueError):
    """What was entered is no day and no span of days; ``args[0]`` is the piece that is not."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days off from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days, 1 or more."""
        return (self.last - self.first).days + 1


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same days in order, without overlaps; spans that touch become one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.first <= found[-1].last + _A_DAY:
            found[-1] = Span(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return tuple(found)


def spans_of(text: str) -> tuple[Span, ...]:
    """Days off as they are kept or entered: ISO dates or spans, between commas, semicolons or lines.

    A span is ``2026-12-21..2027-01-03``; people may write ``to`` or a dash between spaces as well. Raises NoDays.
    """
    pieces = text.replace(";", ",").replace("\n", ",").split(",")
    return merged(_span(piece.strip()) for piece in pieces if piece.strip())


def _span(piece: str) -> Span:
    for joint in ("..", " to ", " - ", "–", "—"):
        if joint in piece:
            begin, _, end = piece.partition(joint)
            break
    else:
        begin = end = piece
    try:
        first, last = date.fromisoformat(begin.strip()), date.fromisoformat(end.strip())
    except ValueError:
        raise NoDays(piece) from None
    if last < first:
        raise NoDays(piece)
    return Span(first, last)


def kept(spans: Iterable[Span]) -> str:
    """Days off as they are kept; ``spans_of`` reads them."""
    return ",".join(
        span.first.isoformat() if span.days == 1 else f"{span.first.isoformat()}..{span.last.isoformat()}"
        for span in merged(spans)
    )


@dataclass(frozen=True, slots=True)
class Calendar:
    """School days. ``weekdays`` are ISO, Monday 1 to Sunday 7; ``off`` is merged and in order."""

    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    off: tuple[Span, ...] = ()
    quiet_after: int = 5
    """After so many whole school days without a move the teacher is told."""

    def is_school_day(self, day: date) -> bool:
        """Whether there is school on a day."""
        return day.isoweekday() in self.weekdays and not any(span.first <= day <= span.last for span in self.off)

    def school_day_from(self, day: date) -> date:
        """The first school day that is ``day`` or comes after it; ``day`` itself where no such day is known."""
        found = day
        try:
            while self.weekdays and not self.is_school_day(found):
                over = next((span.last for span in self.off if span.first <= found <= span.last), found)
                found = over + _A_DAY
        except OverflowError:  # Days off without end.
            return day
        return found if self.weekdays else day

    def between(self, since: date, today: date) -> int:
        """School days after ``since`` and before ``today``."""
        first, last = since + _A_DAY, today - _A_DAY
        found = self._weekdays(first, last)
        for span in self.off:
            found -= self._weekdays(max(first, span.first), min(last, span.last))
        return found

    def _weekdays(self, first: date, last: date) -> int:
        """Days of the school week from ``first`` to ``last``, days off included; 0 where these are the wrong way round."""
        days = (last - first).days + 1
        if days <= 0:
            return 0
        weeks, rest = divmod(days, 7)
        begin = first.isoweekday()
        return weeks * len(self.weekdays) + sum((begin - 1 + ahead) % 7 + 1 in self.weekdays for ahead in range(rest))


USUAL = Calendar()
"""Where nobody said anything: Monday to Friday, no days off, told after five."""


@dataclass(frozen=True, slots=True)
class OwnDays:
    """What a course's teachers say beside the school's calendar. ``weekdays`` is None where they chose none: the school's."""

    weekdays: frozenset[int] | None = None
    off: tuple[Span, ...] = ()
    quiet_after: int = USUAL.quiet_after


def of_course(school: Calendar | None, own: OwnDays | None) -> Calendar:
    """The school days of a course: what the school says holds for all its courses, and a course takes further days out.

    Where the school says nothing, the teachers' week may have any days. A week in which no day would be left is the school's.
    """
    of_school, own = school or USUAL, own or OwnDays()
    weekdays = of_school.weekdays if own.weekdays is None else own.weekdays
    if school is not None:
        weekdays = (weekdays & school.weekdays) or school.weekdays
    return Calendar(weekdays, merged((*of_school.off, *own.off)), own.quiet_after)


@dataclass(frozen=True, slots=True)
class Watch:
    """The moment at which a class is looked at, the calendar by which days count, and the zone in which a day ends."""

    now: datetime
    calendar: Calendar = USUAL
    zone: tzinfo = UTC

    @property
    def today(self) -> date:
        """The day it is."""
        return day_in(self.zone, self.now)

    def still(self, moved_at: datetime | None) -> int:
        """Whole school days without a move since ``moved_at``; 0 where nothing ever moved."""
        return 0 if moved_at is None else self.calendar.between(day_in(self.zone, moved_at), self.today)

    def is_quiet(self, moved_at: datetime | None) -> bool:
        """Whether so many school days have passed that the teacher wants to be told."""
        return moved_at is not None and self.still(moved_at) >= self.calendar.quiet_after


# --- Who deserves a look ---------------------------------------------------------------------------------------------


class Sign(StrEnum):
    """What a student's line on the monitor says, the most pressing first. One line can say several."""

    HELP = "help"
    SIGN_OFF = "sign-off"
    BELOW = "below"
    PAST_DUE = "past-due"
    QUIET = "quiet"
    NOT_BEGUN = "not-begun"
    UNDER_WAY = "under-way"
    FINISHED = "finished"


WEIGHTS = {sign: weight for weight, sign in enumerate(Sign)}


def signs(
    *,
    asked: Collection[RequestKind],
    begun: bool,
    finished: bool,
    below: bool,
    past_due: bool,
    quiet: bool,
) -> tuple[Sign, ...]:
    """What a line says, the most pressing first; never empty. Whoever has finished is neither late nor quiet nor below."""
    open_ones = not finished
    said = {
        Sign.HELP: any(kind is not RequestKind.SIGN_OFF for kind in asked),
        Sign.SIGN_OFF: RequestKind.SIGN_OFF in asked,
        Sign.BELOW: below and open_ones,
        Sign.PAST_DUE: past_due and open_ones,
        Sign.QUIET: quiet and begun and open_ones,
        Sign.NOT_BEGUN: not begun and open_ones,
        Sign.FINISHED: finished,
    }
    found = tuple(sign for sign in Sign if said.get(sign, False))
    return found or (Sign.UNDER_WAY,)


def is_late(due_at: datetime | None, state: StepState, now: datetime) -> bool:
    """Whether a step's own date has passed while it was not done."""
    return due_at is not None and now >= due_at and state is not StepState.DONE
