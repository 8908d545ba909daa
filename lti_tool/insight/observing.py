"""What a teacher saw of many students at once: the sheet they fill in, and what is read from it."""

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.courses import groups
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_students
from lti_tool.insight import queries, service
from lti_tool.insight.competency import in_map
from lti_tool.insight.words import Levels, LevelView
from lti_tool.mastery import service as mastery
from lti_tool.mastery.models import Standing
from lti_tool.mastery.service import Observed
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_

MOST_NOTE = 1000
MOST_ROWS = 200
"""Students on one sheet; of more there are several sheets. A form has a limit of fields, and a teacher one of patience."""


class Kind(StrEnum):
    """How a sheet asks."""

    ANSWER = "answer"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Option:
    """One button of a student's row. ``key`` is the number on the keyboard."""

    value: str
    words: str
    key: int
    level: LevelView | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A student on the sheet, with what is chosen so far."""

    person_id: uuid.UUID
    name: str
    now: LevelView
    chosen: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of one competency. ``occasion`` names it: sending it twice is one sheet."""

    competency: MapCompetencyView
    levels: Levels
    kind: Kind
    group: str
    groups: list[tuple[str, str]]
    rows: list[Row]
    options: list[Option]
    part: int
    parts: int


@dataclass
class Filled:
    """What came from a sheet, with a sentence (message id) for each field that needs attention."""

    observed: list[Observed] = field(default_factory=list)
    at: datetime | None = None
    errors: dict[str, str] = field(default_factory=dict)


def options_of(kind: Kind, levels: Levels, words: Mapping[str, str]) -> list[Option]:
    """The buttons of a sheet: not yet and right, or the levels above not started. Levels of one standing share a button."""
    if kind is Kind.ANSWER:
        return [Option("not-yet", words["not-yet"], 1), Option("right", words["right"], 2)]
    above = {one: levels.for_standing(one) for one in Standing if one is not Standing.NOT_STARTED}
    shown: dict[str, tuple[Standing, LevelView]] = {}
    for standing, level in above.items():
        shown.setdefault(level.key, (standing, level))
    return [
        Option(standing.value, level.name, number, level)
        for number, (standing, level) in enumerate(shown.values(), start=1)
    ]


def read(
    values: Mapping[str, str], people: Sequence[uuid.UUID], competency_id: uuid.UUID, kind: Kind, now: datetime
) -> Filled:
    """What a sheet says of these people. Who has no button pressed is left out."""
    filled = Filled()
    filled.at = Entered(values, filled.errors).past_day(
        "day", now, missing=N_("Please enter a day."), ahead=N_("Please choose a day that is not still to come.")
    )
    shared = values.get("note", "")
    if len(shared) > MOST_NOTE:
        filled.errors["note"] = N_("This is too long. Please shorten it.")
        shared = ""
    for person_id in people:
        chosen = values.get(f"p-{person_id}", "")
        own = values.get(f"n-{person_id}", "")
        note = "\n".join(part for part in (own, shared) if part)
        if len(note) > MOST_NOTE:
            filled.errors[f"n-{person_id}"] = N_("This is too long. Please shorten it.")
            continue
        if not chosen:
            if own:
                filled.errors[f"p-{person_id}"] = N_(
                    "There is a note without an observation. Please choose one as well."
                )
            continue
        if kind is Kind.ANSWER and chosen in {"right", "not-yet"}:
            filled.observed.append(Observed(person_id, competency_id, right=chosen == "right", note=note))
        elif kind is Kind.LEVEL and chosen in set(Standing):
            filled.observed.append(Observed(person_id, competency_id, judged=Standing(chosen), note=note))
        else:
            filled.errors[f"p-{person_id}"] = N_("Please choose again.")
    if not filled.observed and not filled.errors:
        filled.errors["rows"] = N_("Please choose something for at least one student.")
    return filled


async def sheet(
    session: AsyncSession,
    here: InCourse,
    competency_id: uuid.UUID,
    kind: Kind,
    wanted: str,
    words: Mapping[str, str],
    entered: Mapping[str, str] | None = None,
    part: int = 0,
) -> Sheet:
    """The sheet of a competency, for all students or a group, with what was ``entered`` before. Raises NotFound.

    ``part`` is which sheet it is of a class that needs several, from 0.
    """
    view = await service.map_of(session, here)
    competency = in_map(view, competency_id)
    levels = Levels(await service.scale_of(session, here.organisation_id, view.scale_id))
    known = await groups.of_course(session, here.organisation_id, here.course.id)
    group = next((one for one in known if str(one.group.id) == wanted), None)
    held = await queries.standings(session, here.organisation_id, here.course.id)
    number = str(competency.number)
    values = entered or {}

    def row(person: Person) -> Row:
        now = held.get(person.id, {}).get(number)
        return Row(
            person.id,
            display_name(person),
            levels.held(now),
            values.get(f"p-{person.id}", ""),
            values.get(f"n-{person.id}", ""),
        )

    people = [
        person for person in await visible_students(session, here) if group is None or person.id in group.person_ids
    ]
    parts = max(math.ceil(len(people) / MOST_ROWS), 1)
    part = min(max(part, 0), parts - 1)
    return Sheet(
        competency=competency,
        levels=levels,
        kind=kind,
        group=str(group.group.id) if group else "",
        groups=[(str(one.group.id), one.group.name or one.group.group_id) for one in known],
        rows=[row(person) for person in people[part * MOST_ROWS : (part + 1) * MOST_ROWS]],
        options=options_of(kind, levels, words),
        part=part,
        parts=parts,
    )


def choices(view: CourseMapView) -> list[tuple[str, list[MapCompetencyView]]]:
    """The competencies of a map to choose from, in parts by grade and domain."""
    parts: dict[str, list[MapCompetencyView]] = {}
    for one in view.competencies:
        parts.setdefault(service.column_of(one).heading, []).append(one)
    return list(parts.items())


async def save(session: AsyncSession, here: InCourse, filled: Filled, occasion: uuid.UUID, now: datetime) -> int:
    """Take a sheet's observations as evidence; how many. Raises BadEvidence, NotOnMap."""
    await mastery.observe_many(
        session, here.course, filled.observed, str(occasion), filled.at or now, now, here.visit.person_id
    )
    return len(filled.observed)


async def undo(session: AsyncSession, here: InCourse, occasion: uuid.UUID, reason: str, now: datetime) -> int:
    """Void what was entered on a sheet; how many pieces. None of another's students, none of another course's."""
    rows = await queries.of_occasion(session, here.organisation_id, here.course.id, f"observation:{occasion}")
    visible = {person.id for person in await visible_students(session, here)}
    ids = [row.id for row in rows if row.person_id in visible]
    session.expunge_all()
    await mastery.void(session, here.course, ids, reason, now, here.visit.person_id)
    return len(ids)
