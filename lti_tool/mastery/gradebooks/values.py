"""What a gradebook export says, whichever LMS wrote it."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from lti_tool.errors import BadRequest
from lti_tool.web.i18n import N_


class Identity(StrEnum):
    """What a row's person is known by, the surest first. A name alone is no identity: two people can share one."""

    USER_ID = "user-id"
    """The LMS's own id of the user."""
    SOURCED_ID = "sourced-id"
    """The id in the school's own records (SIS id, ID number, unique id)."""
    LOGIN = "login"
    EMAIL = "email"


class CellKind(StrEnum):
    """What stands in a cell. Only a value can become evidence."""

    VALUE = "value"
    ZERO = "zero"
    """A nought: given by the LMS for work that is missing, or earned; an export does not tell."""
    BLANK = "blank"
    EXCUSED = "excused"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Cell:
    """One student's cell in one column. ``value`` is in the column's unit, and there for VALUE and ZERO alone."""

    kind: CellKind
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GradeColumn:
    """A column of grades. ``index`` counts the file's columns from 0.

    ``external_id`` is the LMS's id of the assignment, where the export has it (Canvas). ``percent``: the cells are 0 to 100
    and not points. ``possible`` is what the points are out of, absent where the export does not say (Moodle).
    """

    index: int
    title: str
    external_id: str | None = None
    kind: str = "assignment"
    percent: bool = False
    possible: Decimal | None = None

    @property
    def out_of(self) -> Decimal | None:
        """What the cells are out of: 100 for shares, the points otherwise; None where nobody knows."""
        return Decimal(100) if self.percent else self.possible


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One student's row. ``line`` is the line of the file, from 1; ``cells`` go by the column's index."""

    line: int
    name: str
    identities: dict[Identity, str]
    cells: dict[int, Cell]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row or column that is not read, and why: a sentence with ``%(…)s`` for its ``values``, to be translated."""

    line: int | None
    title: str
    reason: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GradebookFile:
    """A gradebook export. ``lms`` is canvas, moodle, schoology, blackboard or brightspace."""

    lms: str
    columns: tuple[GradeColumn, ...]
    rows: tuple[GradeRow, ...]
    skipped: tuple[Skipped, ...] = ()


class UnreadableGradebook(BadRequest):
    """A file that is no gradebook export, or no text at all."""

    code = "unreadable-gradebook"
    title = N_("This file is not a gradebook export that can be read")
    advice = N_(
        "Export the gradebook of Canvas, Moodle, Schoology, Blackboard or Brightspace as CSV and choose that file as it is. "
        "Nothing was changed."
    )
