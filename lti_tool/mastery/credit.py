"""Credit for harder work: a review waits longer where what builds on the competency was answered right (``rules.with_credit``).

Each learner's row keeps a *book*: by the map's number of a competency, where its review stands by its own evidence, and the day
of the latest right first answer in it. The dates that pages show follow from the book and from the course's prerequisites, and
from nothing else; the book follows from the evidence. So it makes no difference in which order evidence comes, and what is void
leaves no trace. Practice counts by its day (UTC): the dates of what lies below move at most once a day, not with every answer.
"""

import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps, rules_graph
from lti_tool.mastery import rules

Book = dict[str, list[Any]]
"""By number: ``[step, due, practised]``, and where credit moves the date ``[step, due, practised, credited, harder]``.

``due`` and ``credited`` are microseconds since 1970, ``practised`` and ``harder`` days since then; all but the step may be None.
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)

MOST_REMEMBERED = 200
"""Courses whose prerequisites a process remembers."""


class Shown(NamedTuple):
    """When a review is due, and the day of the harder work that let it wait; both None where nothing is due."""

    due_at: datetime | None
    harder_at: datetime | None


def due_day(found: Shown) -> int | None:
    """The day a review is due, counted from 1970, as a learner's brief has it."""
    return None if found.due_at is None else day_of(found.due_at)


def day_of(at: datetime) -> int:
    """The day of a moment, counted from 1970."""
    return (at - _EPOCH) // _DAY


def practised(observations: Iterable[rules.Observation]) -> int | None:
    """The day of the latest of these that gives credit to what it builds on; None without any."""
    return max((day_of(one.at) for one in observations if rules.practises(one)), default=None)


def later(one: int | None, other: int | None) -> int | None:
    """The later of two days."""
    return other if one is None else one if other is None else max(one, other)


def enter(book: Book, number: str, step: int, due_at: datetime | None, practised_on: int | None) -> None:
    """Write down where a competency's review stands by its own evidence; its date with credit is ``settle``'s to say."""
    if due_at is None and practised_on is None:
        book.pop(number, None)
    else:
        book[number] = [step, None if due_at is None else (due_at - _EPOCH) // _MICROSECOND, practised_on]


def practised_in(book: Mapping[str, list[Any]], number: str) -> int | None:
    """The day of the latest right first answer in a competency, as the book has it."""
    entry = book.get(number)
    found: int | None = entry[2] if entry is not None else None
    return found


class Ways:
    """What comes before what in a course's map, no further than credit reaches, by the map's numbers."""

    def __init__(self, found: maps.Prerequisites) -> None:
        edges = [(str(before), str(after)) for before, after in found.edges]
        self.ids = {str(number): competency_id for competency_id, number in found.numbers.items()}
        self._before = rules_graph.predecessors(edges)
        self._after = rules_graph.successors(edges)
        self._below: dict[str, Mapping[str, int]] = {}
        self._above: dict[str, Mapping[str, int]] = {}

    def below(self, number: str) -> Mapping[str, int]:
        """What a competency builds on, with how many prerequisites away."""
        found = self._below.get(number)
        if found is None:
            found = self._below[number] = rules_graph.around(self._before, number, rules.REACH)
        return found

    def above(self, number: str) -> Mapping[str, int]:
        """What builds on a competency, with how many prerequisites away."""
        found = self._above.get(number)
        if found is None:
            found = self._above[number] = rules_graph.around(self._after, number, rules.REACH)
        return found


def settle(book: Book, ways: Ways, concerned: Collection[str]) -> dict[str, Shown]:
    """Work out the dates of these competencies with credit and write them into the book; those that are others than before."""
    moved: dict[str, Shown] = {}
    for number in concerned:
        entry = book.get(number)
        if entry is None or entry[1] is None:
            continue
        before = entry[3:]
        review = rules.Review(entry[0], _EPOCH + entry[1] * _MICROSECOND)
        found = rules.with_credit(review, _harder(book, ways, number))
        del entry[3:]
        if found.harder is not None and found.due_at is not None:
            entry += [(found.due_at - _EPOCH) // _MICROSECOND, day_of(found.harder.at)]
        if entry[3:] != before:
            moved[number] = Shown(found.due_at, found.harder.at if found.harder is not None else None)
    return moved


def _harder(book: Book, ways: Ways, number: str) -> Iterable[rules.Harder]:
    for other, distance in ways.above(number).items():
        on = practised_in(book, other)
        if on is not None:
            yield rules.Harder(_EPOCH + on * _DAY, distance)


# --- The prerequisites of courses, remembered -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """What prerequisites were read at: the map's revision and moment, and when the school's frameworks changed last."""

    revision: int | None
    map_changed_at: Any
    frameworks_changed_at: Any


_remembered: OrderedDict[uuid.UUID, tuple[Stamp, Ways]] = OrderedDict()


async def ways(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, stamp: Stamp | None = None
) -> Ways:
    """A course's prerequisites; those remembered where they were read at the same ``stamp``, without one as they stand now."""
    known = _remembered.get(course_id)
    if known is not None and known[0] == stamp:
        _remembered.move_to_end(course_id)
        return known[1]
    found = Ways(await maps.prerequisites(session, organisation_id, course_id))
    if stamp is not None:
        _remembered[course_id] = (stamp, found)
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.popitem(last=False)
    return found
