"""Canvas's gradebook export.

``Student,ID,SIS User ID,SIS Login ID,Section,Title (assignment id),…,totals``; below it sometimes a row that says how grades
are posted, and a row “    Points Possible” whose totals say “(read only)” in the language of whoever exported. The labels
themselves stay English. Seen in files of several schools; columns of a school's own may stand anywhere.
"""

import re
from collections.abc import Sequence

from lti_tool.mastery.gradebooks.table import Numbers
from lti_tool.mastery.gradebooks.values import GradebookFile, GradeColumn, GradeRow, Identity, Skipped
from lti_tool.web.i18n import N_

_IDENTITIES = {
    "id": Identity.USER_ID,
    "sis user id": Identity.SOURCED_ID,
    "integration id": Identity.SOURCED_ID,
    "sis login id": Identity.LOGIN,
}
_KNOWN = frozenset({"student", "section", "root account", "notes", *_IDENTITIES})
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)", re.DOTALL)
_POINTS = "points possible"
_TEST_STUDENTS = frozenset({"student, test", "test student"})


def is_canvas(header: Sequence[str]) -> bool:
    """Whether this is the header of a Canvas export."""
    labels = {label.strip().casefold() for label in header}
    return {"student", "id"} <= labels and ("section" in labels or "sis login id" in labels)


def read(rows: list[tuple[int, list[str]]]) -> GradebookFile:
    """The export; ``rows`` begin with the header."""
    header = [label.strip() for label in rows[0][1]]
    labels = [label.casefold() for label in header]
    id_at, name_at = labels.index("id"), labels.index("student")
    body = rows[1:]
    above = _rows_above(body, id_at, name_at)
    graded = [index for index, label in enumerate(labels) if label and label not in _KNOWN]
    numbers = Numbers(row[index] for _, row in body for index in graded if index < len(row))
    possible = _points_row(above, header, numbers)
    columns: list[GradeColumn] = []
    skipped: list[Skipped] = []
    for index, label in enumerate(header):
        if not label or labels[index] in _KNOWN:
            continue
        found = _ASSIGNMENT.fullmatch(label)
        points = numbers.number(possible[index]) if index < len(possible) else None
        if found is None and points is None:
            # Totals, and columns of the school's own.
            continue
        if points is not None and points <= 0:
            skipped.append(Skipped(None, label, N_("It is out of 0 points, so that it has no share.")))
            continue
        title, external_id = (found["title"], found["id"]) if found else (label, None)
        columns.append(GradeColumn(index, title, external_id, possible=points))
    people: list[GradeRow] = []
    for line, row in body[len(above) :]:
        cells = [*row, *[""] * (len(header) - len(row))]
        name = cells[name_at].strip()
        if name.casefold() in _TEST_STUDENTS:
            skipped.append(Skipped(line, "", N_("It is Canvas's test student.")))
            continue
        identities = {
            kind: cells[index].strip()
            for index, label in reversed(list(enumerate(labels)))
            if (kind := _IDENTITIES.get(label)) is not None and cells[index].strip()
        }
        login = identities.get(Identity.LOGIN, "")
        if "@" in login:
            identities[Identity.EMAIL] = login
        people.append(
            GradeRow(line, name, identities, {column.index: numbers.cell(cells[column.index]) for column in columns})
        )
    return GradebookFile("canvas", tuple(columns), tuple(people), tuple(skipped))


def _rows_above(body: list[tuple[int, list[str]]], id_at: int, name_at: int) -> list[tuple[int, list[str]]]:
    """The rows between the header and the first person: without an id, and without a name that begins at the margin."""
    above = []
    for line, row in body:
        cells = [*row, *[""] * (max(id_at, name_at) + 1 - len(row))]
        name = cells[name_at]
        indented = not name.strip() or name[0].isspace() or name.strip().casefold() == _POINTS
        if cells[id_at].strip() or not indented:
            break
        above.append((line, row))
    return above


def _points_row(above: list[tuple[int, list[str]]], header: list[str], numbers: Numbers) -> list[str]:
    """The row that says what the columns are out of: the one named so, else the one with the most numbers; or none."""
    for _, row in above:
        if row and row[0].strip().casefold() == _POINTS:
            return row
    counted = [(sum(numbers.number(cell) is not None for cell in row), row) for _, row in above]
    best = max(counted, key=lambda one: one[0], default=(0, []))
    return best[1] if best[0] else [""] * len(header)
