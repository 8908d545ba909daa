"""Canvas's outcomes CSV (its API's "Outcomes CSV Format"): groups and outcomes, ratings as the last columns, in pairs.

``vendor_guid`` is the identifier; ``parent_guids`` are separated by spaces and name rows that came before. Points of ratings
go from the highest down. The calculation and the ratings become the competency's rule.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lti_tool.competencies.models import FrameworkSource, LinkKind
from lti_tool.competencies.reading.building import Build, LinkSaid
from lti_tool.competencies.reading.text import Row, plain_text
from lti_tool.competencies.reading.values import CompetencyRow, FrameworkFile, LinkRow, Problem, Trouble, Weight

NEEDED = frozenset({"vendor_guid", "object_type", "title"})
_GUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|canvas_outcome(_group)?:.*", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,12}([.,]\d{1,9})?")


def is_canvas(header: Sequence[str]) -> bool:
    """Whether a heading is of this format."""
    return {cell.lower() for cell in header} >= NEEDED


def read(header: Sequence[str], body: Sequence[Row], problems: Sequence[Problem]) -> FrameworkFile:
    """The framework of a table."""
    reader = _Reader([cell.lower() for cell in header], Build(list(problems)))
    for row in body:
        reader.take(row)
    return reader.result()


@dataclass
class _Reader:
    columns: list[str]
    build: Build
    further: list[LinkSaid] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ratings_from = self.columns.index("ratings") if "ratings" in self.columns else len(self.columns)

    def cell(self, row: Row, name: str) -> str:
        """A cell by its column's name."""
        place = self.columns.index(name) if name in self.columns else len(row.cells)
        return row.cells[place] if place < len(row.cells) else ""

    def take(self, row: Row) -> None:
        """Take one row in."""
        if self.ratings_from == len(self.columns) and any(row.cells[len(self.columns) :]):
            self.build.tell(Trouble.TOO_MANY_CELLS, row.where, Weight.REFUSED)
            return
        # Deleted in Canvas: as good as not in the file, so it is retired here.
        if self.cell(row, "workflow_state").lower() == "deleted":
            return
        identifier = self.cell(row, "vendor_guid")
        is_group = self.cell(row, "object_type").lower() == "group"
        title, description = self.cell(row, "title"), plain_text(self.cell(row, "description"))
        shown = self.cell(row, "display_name")
        parents = self.cell(row, "parent_guids").split()
        extra = {
            name: value
            for name in ("canvas_id", "display_name", "friendly_description")
            if (value := self.cell(row, name))
        }
        taken = self.build.add(
            CompetencyRow(
                identifier=identifier,
                code=_code(shown, title, identifier),
                statement=description or title,
                short=title,
                kind="Group" if is_group else "Outcome",
                parent=parents[0] if parents else None,
                rule=None if is_group else self._rule(row),
                extra=extra,
                where=row.where,
            )
        )
        if taken and len(parents) > 1:
            self.build.tell(Trouble.SEVERAL_PARENTS, row.where, Weight.NOTE, name=self.build.name_of(parents[0]))
            for parent in dict.fromkeys(parents[1:]):
                self.further.append(LinkSaid(LinkRow(identifier, parent, LinkKind.CHILD), row.where, parent))

    def _rule(self, row: Row) -> dict[str, Any] | None:
        """The calculation and the ratings, as Canvas names them."""
        rule: dict[str, Any] = {}
        method = self.cell(row, "calculation_method")
        if method:
            rule["calculation_method"] = method[:100]
        for name in ("calculation_int", "mastery_points"):
            written = self.cell(row, name)
            if written:
                number = _number(written)
                if number is None:
                    self._no_number(row, written)
                else:
                    rule[name] = number
        ratings = self._ratings(row)
        if ratings:
            rule["ratings"] = ratings
        return rule or None

    def _ratings(self, row: Row) -> list[dict[str, Any]]:
        cells = row.cells[self.ratings_from :]
        found: list[dict[str, Any]] = []
        for points, description in zip(cells[::2], [*cells[1::2], ""], strict=False):
            if not points and not description:
                continue
            number = _number(points)
            if number is None:
                self._no_number(row, points)
                return []
            found.append({"points": number, "description": description[:500]})
        if any(one["points"] < next_one["points"] for one, next_one in pairwise(found)):
            # Canvas refuses such a row; its ratings are good, only their order is not.
            found.sort(key=lambda rating: -rating["points"])
            self.build.tell(Trouble.UNSORTED_RATINGS, row.where, Weight.CHANGED)
        return found

    def _no_number(self, row: Row, written: str) -> None:
        self.build.tell(Trouble.WRONG_NUMBER, row.where, Weight.CHANGED, name=written[:40])

    def result(self) -> FrameworkFile:
        """Everything that was taken in."""
        build = self.build
        ordered = build.tree()
        roots = [row for row in ordered if row.depth == 0]
        return FrameworkFile(
            source=FrameworkSource.CANVAS,
            identifier=None,
            # One group around everything is the framework's name; Canvas has no other.
            title=roots[0].short if len(roots) == 1 else "",
            competencies=ordered,
            links=build.links(self.further),
            problems=tuple(build.problems),
            says=frozenset({"code", "statement", "short", "kind", "parent", "rule", "extra"}),
            kinds=frozenset({LinkKind.CHILD}),
            left_out=frozenset(build.refused),
        )


def _code(*candidates: str) -> str:
    """The first of display name, title and identifier that is written like a code: without spaces, and no random one."""
    for candidate in candidates:
        if candidate and len(candidate) <= 100 and not re.search(r"\s", candidate) and not _GUID.fullmatch(candidate):
            return candidate
    return ""


def _number(written: str) -> int | float | None:
    if not _NUMBER.fullmatch(written):
        return None
    number = float(written.replace(",", "."))
    return int(number) if number.is_integer() else number
