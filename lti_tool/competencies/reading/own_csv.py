"""Our own CSV: ``code,statement,parent,prerequisites``, the last separated by semicolons.

More columns may follow in any order: ``title`` (a short form), ``grade`` (several by semicolons), ``kind``, ``identifier`` and
``framework``, which our own export writes so that its file finds its way back. Others are left alone. A parent or a
prerequisite is named by its code, or by its identifier where it has no code or one that others have too.

Tables with CASE's names for the same, as OpenSALT writes and reads them, are read alike.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lti_tool.competencies.models import FrameworkSource, LinkKind
from lti_tool.competencies.reading.building import Build, LinkSaid
from lti_tool.competencies.reading.text import Row
from lti_tool.competencies.reading.values import CompetencyRow, FrameworkFile, LinkRow, Problem, Trouble, Weight
from lti_tool.web.spreadsheets import meant

NEEDED = frozenset({"code", "statement"})
_COLUMNS = ("code", "statement", "parent", "prerequisites", "title", "grade", "kind", "identifier", "framework")
_FIELDS = {
    "statement": "statement",
    "code": "code",
    "parent": "parent",
    "title": "short",
    "grade": "grades",
    "kind": "kind",
}
BETWEEN = ";"
_AS_IN_CASE = {
    "humancodingscheme": "code",
    "fullstatement": "statement",
    "ischildof": "parent",
    "abbreviatedstatement": "title",
    "educationlevel": "grade",
    "cfitemtype": "kind",
}
"""CASE's name of a column, small and without spaces, and ours."""


def is_own(header: Sequence[str]) -> bool:
    """Whether a heading is of this format."""
    return set(_names(header)) >= NEEDED


def read(header: Sequence[str], body: Sequence[Row], problems: Sequence[Problem]) -> FrameworkFile:
    """The framework of a table."""
    reader = _Reader(_names(header), problems, is_ours="grade" in {cell.lower() for cell in header})
    for row in body:
        reader.take(row)
    return reader.result()


def _names(header: Sequence[str]) -> list[str]:
    names = [cell.lower() for cell in header]
    ours = [_AS_IN_CASE.get(name.replace(" ", "").replace("_", ""), name) for name in names]
    return [
        name if known in names[:place] or known in names[place + 1 :] else known
        for place, (name, known) in enumerate(zip(names, ours, strict=True))
    ]


class _Reader:
    def __init__(self, columns: list[str], problems: Sequence[Problem], *, is_ours: bool) -> None:
        self.is_ours = is_ours
        self.build = Build(list(problems))
        self.columns = columns
        self.place = {name: columns.index(name) for name in _COLUMNS if name in columns}
        self.framework: str | None = None
        self.prerequisites: list[tuple[str, str, str]] = []

    def take(self, row: Row) -> None:
        """Take one row in."""
        cells = row.cells
        if len(cells) > len(self.columns):
            fitted = self._surplus(row)
            if fitted is None:
                return
            cells = fitted
        elif len(cells) < len(self.columns):
            self.build.tell(Trouble.TOO_FEW_CELLS, row.where, Weight.NOTE)
        code = self._cell(cells, "code")
        identifier = self._cell(cells, "identifier") or code
        self.framework = self.framework or self._cell(cells, "framework") or None
        taken = self.build.add(
            CompetencyRow(
                identifier=identifier,
                code=code,
                statement=self._cell(cells, "statement") or self._cell(cells, "title"),
                short=self._cell(cells, "title"),
                kind=self._cell(cells, "kind"),
                grades=tuple(_parts(self._grades(cells))),
                parent=self._cell(cells, "parent") or None,
                where=row.where,
            )
        )
        if taken:
            for written in _parts(self._cell(cells, "prerequisites")):
                self.prerequisites.append((written, identifier, row.where))

    def _surplus(self, row: Row) -> list[str] | None:
        """The cells of a row that has too many: prerequisites in the last column, parted by the same sign as the columns."""
        kept = len(self.columns)
        tail = [cell for cell in row.cells[kept:] if cell]
        if tail and self.columns[-1] != "prerequisites":
            self.build.tell(Trouble.TOO_MANY_CELLS, row.where, Weight.REFUSED)
            # The row is there, whatever it says: what it names is not taken for gone.
            self.build.refused.add(self._cell(row.cells, "identifier") or self._cell(row.cells, "code"))
            return None
        return [*row.cells[: kept - 1], BETWEEN.join([row.cells[kept - 1], *tail])]

    def _grades(self, cells: Sequence[str]) -> str:
        """The grades, between which CASE has a comma and we a semicolon."""
        written = self._cell(cells, "grade")
        return written if self.is_ours else written.replace(",", BETWEEN)

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self.place.get(name)
        return meant(cells[place]) if place is not None and place < len(cells) else ""

    def result(self) -> FrameworkFile:
        """Everything that was taken in."""
        build = self.build
        by_name = self._by_name()
        for identifier, row in build.rows.items():
            if row.parent is not None and row.parent in by_name:
                build.rows[identifier] = replace(row, parent=by_name[row.parent])
        ordered = build.tree()
        links = build.links(
            LinkSaid(LinkRow(by_name.get(written, written), identifier, LinkKind.PRECEDES), where, written)
            for written, identifier, where in self.prerequisites
        )
        says = frozenset(field for name, field in _FIELDS.items() if name in self.place)
        return FrameworkFile(
            source=FrameworkSource.CSV,
            identifier=self.framework,
            title="",
            competencies=ordered,
            links=links,
            problems=tuple(build.problems),
            says=says,
            kinds=frozenset({LinkKind.PRECEDES}) if "prerequisites" in self.place else frozenset(),
            left_out=frozenset(build.refused),
        )

    def _by_name(self) -> dict[str, str]:
        """Identifiers by what rows may be named with: every identifier, and each code that one row alone has."""
        rows = self.build.rows.values()
        codes = Counter(row.code for row in rows if row.code)
        for code, times in codes.items():
            if times > 1 and code not in self.build.rows:
                self.build.tell(Trouble.CODE_TWICE, "", Weight.NOTE, name=code)
        alone = {row.code: row.identifier for row in rows if row.code and codes[row.code] == 1}
        return alone | {row.identifier: row.identifier for row in rows}


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(BETWEEN) if part.strip()]
