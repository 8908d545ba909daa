"""The gradebook exports of Blackboard and Brightspace, whose headers say what a column is out of.

Blackboard: ``Last Name,First Name,Username,Student ID,Last Access,Availability,Title [Total Pts: 10 Score] |12345,…``, often
parted by tabs and in UTF-16. Brightspace: ``OrgDefinedId,Username,Last Name,First Name,Email,Title Points Grade <Numeric
MaxPoints:10 Weight:5>,…,End-of-Line Indicator``, with a ``#`` before ids, which keeps spreadsheets from reading numbers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lti_tool.mastery.gradebooks.table import Numbers
from lti_tool.mastery.gradebooks.values import GradebookFile, GradeColumn, GradeRow, Identity, Skipped
from lti_tool.web.i18n import N_

# Each is read in one go: nothing in them is given back (``++``), so that a long header takes no longer than it is.
_BLACKBOARD = re.compile(r"(?P<title>.*\S)\s*+\[(?P<says>[^\[\]]*+)\]\s*+\|\d++", re.DOTALL)
_SAYS = re.compile(r"\d++(?:[.,]\d++)?+")
_BRIGHTSPACE = re.compile(
    r"(?P<title>.*\S)\s*+<(?P<kind>\w++)(?: MaxPoints:(?P<points>\d++(?:[.,]\d++)?+))?+[^<>]*+>", re.DOTALL
)
_SHOWN_AS = re.compile(r"\s+(?:Points Grade|Punkte-Note)$", re.IGNORECASE)
_PERCENT = re.compile(r"percent|porcentaje|prozent|pourcentage", re.IGNORECASE)
_LAST = "end-of-line indicator"
_GIVEN, _FAMILY = "first name", "last name"
_IDENTITIES = {
    "student id": Identity.SOURCED_ID,
    "orgdefinedid": Identity.SOURCED_ID,
    "username": Identity.LOGIN,
    "email": Identity.EMAIL,
}


def is_blackboard(header: Sequence[str]) -> bool:
    """Whether this is the header of a Blackboard export: people's names, and a column with its points and its id."""
    return _is_of_people(header) and any(_blackboard(label.strip()) for label in header)


def is_brightspace(header: Sequence[str]) -> bool:
    """Whether this is the header of a Brightspace export."""
    labels = [label.strip().casefold() for label in header]
    return labels[-1:] == [_LAST] or (
        bool({"orgdefinedid", "username"} & set(labels)) and any(_brightspace(one.strip()) for one in header)
    )


@dataclass(frozen=True, slots=True)
class _Label:
    """What a column's header says. ``unit`` is what stands behind the points, as far as it says that cells are shares."""

    title: str
    points: str | None
    unit: str = ""


def _blackboard(label: str) -> _Label | None:
    found = _BLACKBOARD.fullmatch(label)
    points = _SAYS.search(found["says"]) if found is not None else None
    return _Label(found["title"], points[0], points.string[points.end() :]) if found and points else None


def _brightspace(label: str) -> _Label | None:
    found = _BRIGHTSPACE.fullmatch(label)
    return None if found is None else _Label(_SHOWN_AS.sub("", found["title"]), found["points"])


def _is_of_people(header: Sequence[str]) -> bool:
    labels = {label.strip().casefold() for label in header}
    return "username" in labels or {_GIVEN, _FAMILY} <= labels


def read(rows: list[tuple[int, list[str]]]) -> GradebookFile:
    """The export; ``rows`` begin with the header. Columns that do not say what they are out of are not read."""
    header = [label.strip() for label in rows[0][1]]
    labels = [label.casefold() for label in header]
    body = rows[1:]
    is_blackboards = is_blackboard(header)
    columns: list[GradeColumn] = []
    skipped: list[Skipped] = []
    for index, label in enumerate(header):
        found = _blackboard(label) if is_blackboards else _brightspace(label)
        if found is None:
            continue
        points = Decimal(found.points.replace(",", ".")) if found.points else Decimal(0)
        if points <= 0:
            skipped.append(Skipped(None, label, N_("It is out of 0 points, so that it has no share.")))
            continue
        percent = _PERCENT.search(found.unit) is not None
        columns.append(GradeColumn(index, found.title, percent=percent, possible=points))
    numbers = Numbers(row[column.index] for _, row in body for column in columns if column.index < len(row))
    people = []
    for line, row in body:
        cells = [cell.strip() for cell in (*row, *[""] * (len(header) - len(row)))]
        given, family = (
            next((cells[i] for i, label in enumerate(labels) if label == name), "") for name in (_GIVEN, _FAMILY)
        )
        identities = {
            kind: value
            for index, label in enumerate(labels)
            if (kind := _IDENTITIES.get(label)) is not None and (value := cells[index].removeprefix("#"))
        }
        people.append(
            GradeRow(
                line,
                f"{given} {family}".strip(),
                identities,
                {column.index: numbers.cell(cells[column.index]) for column in columns},
            )
        )
    return GradebookFile(
        "blackboard" if is_blackboards else "brightspace", tuple(columns), tuple(people), tuple(skipped)
    )
