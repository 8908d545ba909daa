"""Schoology's gradebook export: a row for each student, the materials' titles as headers.

Which of its names the columns of people have depends on the edition and the school (Unique User ID, Unique ID, School UID,
Student ID …), and whether points possible are told as well: in the title, or in a row of their own below the header.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from lti_tool.mastery.gradebooks.table import Numbers
from lti_tool.mastery.gradebooks.values import GradebookFile, GradeColumn, GradeRow, Identity

_GIVEN = frozenset({"first name", "student first name", "preferred first name"})
_FAMILY = frozenset({"last name", "student last name"})
_FULL = frozenset({"name", "student", "student name"})
_IDENTITIES = {
    **dict.fromkeys(("unique user id", "unique id", "school uid", "uid", "student id", "sis id"), Identity.SOURCED_ID),
    **dict.fromkeys(("student number", "user unique id", "student uid", "student unique id"), Identity.SOURCED_ID),
    **dict.fromkeys(("schoology id", "user id", "schoology user id", "enrollment id"), Identity.USER_ID),
    **dict.fromkeys(("username", "user name"), Identity.LOGIN),
    **dict.fromkeys(("email", "email address", "primary email", "student email"), Identity.EMAIL),
}
_OTHER = frozenset({"middle name", "section", "section name", "course", "course name", "grading period", "building"})
_TOTAL = re.compile(
    r"^(overall|final grade|course grade|midterm|calculated|override|grade$)|\b(overall|total)$", re.IGNORECASE
)
_COMMENT = re.compile(r"\bcomments?$", re.IGNORECASE)
_OUT_OF = re.compile(
    # Nothing is given back (``++``): a long title takes no longer than it is.
    r"(?P<title>.*\S)\s*+[-–(\[]\s*+(?:max(?:imum)? points?:?|out of|total pts:?)?\s*+(?P<points>\d++(?:[.,]\d++)?+)\s*+"
    r"(?:pts?\.?|points?)?\s*+[)\]]?",
    re.IGNORECASE | re.DOTALL,
)
_SAYS_POINTS = re.compile(r"max(?:imum)? points?|out of|\bpts?\b|points?\b", re.IGNORECASE)


def is_schoology(header: Sequence[str]) -> bool:
    """Whether this is the header of a Schoology export: both names apart or one, and an id of the school's own."""
    labels = {label.strip().casefold() for label in header}
    named = bool(labels & _FULL) or (bool(labels & _GIVEN) and bool(labels & _FAMILY))
    return named and any(label in _IDENTITIES for label in labels)


def read(rows: list[tuple[int, list[str]]]) -> GradebookFile:
    """The export; ``rows`` begin with the header."""
    header = [label.strip() for label in rows[0][1]]
    labels = [label.casefold() for label in header]
    identity = {index: _IDENTITIES[label] for index, label in enumerate(labels) if label in _IDENTITIES}
    person = {*identity, *(i for i, label in enumerate(labels) if label in _GIVEN | _FAMILY | _FULL | _OTHER)}
    body = rows[1:]
    numbers = Numbers(cell for _, row in body for index, cell in enumerate(row) if index not in person)
    points: list[str] = []
    if body and not any(body[0][1][index].strip() for index in identity if index < len(body[0][1])):
        points = body[0][1]
        body = body[1:]
    columns = []
    for index, label in enumerate(header):
        if not label or index in person or _TOTAL.search(label) or _COMMENT.search(label):
            continue
        title, possible = _title_and_points(label)
        stated = numbers.number(points[index]) if index < len(points) else None
        possible = stated if stated is not None and stated > 0 else possible
        shares = [row[index].strip() for _, row in body if index < len(row) and row[index].strip()]
        percent = bool(shares) and possible is None and all(cell.endswith("%") for cell in shares)
        columns.append(GradeColumn(index, title, percent=percent, possible=possible))
    people = []
    for line, row in body:
        cells = [*row, *[""] * (len(header) - len(row))]
        first = next((cells[i].strip() for i, label in enumerate(labels) if label in _GIVEN), "")
        last = next((cells[i].strip() for i, label in enumerate(labels) if label in _FAMILY), "")
        full = next((cells[i].strip() for i, label in enumerate(labels) if label in _FULL), "")
        identities = {kind: cells[index].strip() for index, kind in identity.items() if cells[index].strip()}
        people.append(
            GradeRow(
                line,
                full or f"{first} {last}".strip(),
                identities,
                {column.index: numbers.cell(cells[column.index]) for column in columns},
            )
        )
    return GradebookFile("schoology", tuple(columns), tuple(people))


def _title_and_points(label: str) -> tuple[str, Decimal | None]:
    """A title without the words that say what it is out of; “Unit 3 (2024)” stays whole."""
    found = _OUT_OF.fullmatch(label)
    if found is None or not _SAYS_POINTS.search(label[len(found["title"]) :]):
        return label, None
    possible = Decimal(found["points"].replace(",", "."))
    return (found["title"], possible) if possible > 0 else (label, None)
