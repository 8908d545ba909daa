"""Moodle's competency framework CSV, as its site administration exports and imports it (``tool_lpimportcsv``).

Fourteen columns in a fixed order, whose headings are in the language of the site: recognised by shape. Identifiers of related
competencies are separated by commas, a comma inside one is ``%2C``. Moodle has no prerequisites; what it calls cross-referenced
is kept as related, unless somebody says that it is meant as a prerequisite.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lti_tool.competencies.models import FrameworkSource, LinkKind
from lti_tool.competencies.reading.building import FIELD_WORDS, Build, LinkSaid, plain_json
from lti_tool.competencies.reading.text import Row, plain_text
from lti_tool.competencies.reading.values import (
    CompetencyRow,
    FrameworkFile,
    LinkRow,
    Problem,
    Trouble,
    UnreadableFramework,
    Weight,
)
from lti_tool.lti.foreign_json import read_json
from lti_tool.web.i18n import N_

COLUMNS = 14
_ENGLISH = ("parent id number", "id number", "shortname")
_HEADINGS = (
    "parentidnumber",
    "idnumber",
    "shortname",
    "description",
    "descriptionformat",
    "scalevalues",
    "scaleconfiguration",
    "ruletype",
    "ruleoutcome",
    "ruleconfig",
    "crossreferencedcompetencyidnumbers",
    "exportedid",
    "isframework",
    "taxonomy",
)
"""The columns in English, small and without spaces."""
_NEEDED = ("parentidnumber", "idnumber", "shortname")
(
    _PARENT,
    _ID_NUMBER,
    _SHORT_NAME,
    _DESCRIPTION,
    _FORMAT,
    _SCALE_VALUES,
    _SCALE_CONFIGURATION,
    _RULE_TYPE,
    _RULE_OUTCOME,
    _RULE_CONFIG,
    _RELATED,
    _EXPORTED_ID,
    _IS_FRAMEWORK,
    _TAXONOMY,
) = range(COLUMNS)

_HTML_FORMATS = frozenset({"0", "1", ""})
"""Moodle's own format and HTML; 2 is plain text, 4 Markdown."""

_NO_FRAMEWORK = N_(
    "No row is marked as the framework itself (column “Is framework”), so its name and scale are missing. Export it from Moodle "
    "once more. Nothing was changed."
)


def as_it_is_now(header: list[str], body: list[Row]) -> tuple[list[str], list[Row]]:
    """A table with today's columns. Before Moodle 3.2, and where somebody wrote it by hand, some are missing: those are empty."""
    words = [_plain_heading(cell) for cell in header]
    if len(set(words)) != len(words) or not {*_NEEDED} <= set(words) <= {*_HEADINGS}:
        return header, body
    places = [words.index(word) if word in words else len(words) for word in _HEADINGS]
    rows = [
        Row(
            row.number,
            [*(row.cells[place] if place < len(row.cells) else "" for place in places), *row.cells[len(words) :]],
        )
        for row in body
    ]
    return [*_ENGLISH, *_HEADINGS[len(_ENGLISH) :]], rows


def _plain_heading(cell: str) -> str:
    return cell.lower().replace("(optional)", "").replace("-", "").replace(" ", "").replace("identifier", "id")


def is_moodle(header: Sequence[str], body: Sequence[Row]) -> bool:
    """Whether a table is of this format: by its English heading, or by its shape where a site speaks another language."""
    if len(header) != COLUMNS:
        return False
    if tuple(cell.lower() for cell in header[:3]) == _ENGLISH:
        return True
    marked = [row for row in body if len(row.cells) == COLUMNS and row.cells[_IS_FRAMEWORK] == "1"]
    return len(marked) == 1 and bool(marked[0].cells[_TAXONOMY] or marked[0].cells[_SCALE_CONFIGURATION])


def read(body: Sequence[Row], problems: Sequence[Problem]) -> FrameworkFile:
    """The framework of a table without its heading. Raises UnreadableFramework where no row is the framework itself."""
    reader = _Reader(Build(list(problems)))
    for row in body:
        reader.take(row)
    return reader.result()


@dataclass
class _Reader:
    build: Build
    framework: Row | None = None
    related: list[tuple[str, str, str]] = field(default_factory=list)
    exported: dict[str, str] = field(default_factory=dict)
    rules: dict[str, list[str]] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Take one row in."""
        cells = row.cells
        if len(cells) > COLUMNS and any(cells[COLUMNS:]):
            self.build.tell(Trouble.TOO_MANY_CELLS, row.where, Weight.REFUSED)
            return
        if len(cells) < COLUMNS:
            self.build.tell(Trouble.TOO_FEW_CELLS, row.where, Weight.NOTE)
            row = Row(row.number, [*cells, *[""] * (COLUMNS - len(cells))])
            cells = row.cells
        if cells[_IS_FRAMEWORK] not in {"", "0"}:
            self._take_framework(row)
            return
        identifier = cells[_ID_NUMBER]
        description = _plain(cells[_DESCRIPTION], cells[_FORMAT])
        taken = self.build.add(
            CompetencyRow(
                identifier=identifier,
                code=identifier,
                statement=description or cells[_SHORT_NAME],
                short=cells[_SHORT_NAME],
                parent=cells[_PARENT] or None,
                rule=None,
                extra=self._own_scale(row),
                where=row.where,
            )
        )
        if not taken:
            return
        if cells[_EXPORTED_ID]:
            self.exported[cells[_EXPORTED_ID]] = identifier
        if cells[_RULE_TYPE]:
            self.rules[identifier] = cells[_RULE_TYPE : _RULE_CONFIG + 1]
        for written in cells[_RELATED].split(","):
            if written.strip():
                self.related.append((identifier, written.strip().replace("%2C", ","), row.where))

    def _take_framework(self, row: Row) -> None:
        if self.framework is None:
            self.framework = row
        else:
            self.build.tell(Trouble.TWO_FRAMEWORKS, row.where, Weight.REFUSED)

    def _own_scale(self, row: Row) -> dict[str, Any]:
        scale = self._scale(row)
        return {"scale": scale} if scale else {}

    def _scale(self, row: Row) -> dict[str, Any]:
        """The values of a scale from the lowest up, and which is the default and which are proficient."""
        values = [value.strip() for value in row.cells[_SCALE_VALUES].split(",") if value.strip()]
        if not values:
            return {}
        written = row.cells[_SCALE_CONFIGURATION]
        found: dict[str, Any] = {"values": values}
        if written:
            try:
                configuration = plain_json(read_json(written))
            except ValueError:
                configuration = None
            if isinstance(configuration, list):
                found["configuration"] = configuration
            else:
                self.build.tell(Trouble.NOT_UNDERSTOOD, row.where, Weight.CHANGED, field=FIELD_WORDS["scale"])
        return found

    def _rule(self, identifier: str, where: str) -> dict[str, Any] | None:
        """A competency's rule, with the id numbers of competencies where Moodle's own ids stand: those change by export."""
        written = self.rules.get(identifier)
        if written is None:
            return None
        kind, outcome, config, *_ = [*written, ""]
        rule: dict[str, Any] = {"moodle": kind, "outcome": outcome}
        if config and config.lower() != "null":
            try:
                rule["config"] = self._named(plain_json(read_json(config)))
            except ValueError:
                self.build.tell(Trouble.NOT_UNDERSTOOD, where, Weight.CHANGED, field=FIELD_WORDS["rule"])
        return rule

    def _named(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._named(one) for one in value]
        if isinstance(value, dict):
            return {
                name: self.exported.get(str(one), one) if name == "id" else self._named(one)
                for name, one in value.items()
            }
        return value

    def result(self) -> FrameworkFile:
        """Everything that was taken in."""
        build, framework = self.build, self.framework
        if framework is None:
            raise UnreadableFramework("no row is the framework", advice=_NO_FRAMEWORK)
        about = framework.cells
        taxonomies = [one.strip() for one in about[_TAXONOMY].split(",")]
        for identifier in self.rules:
            row = build.rows[identifier]
            build.rows[identifier] = replace(row, rule=self._rule(identifier, row.where))
        ordered = tuple(replace(row, kind=_kind(taxonomies, row.depth)) for row in build.tree())
        links = build.links(self._pairs())
        scale = self._scale(framework)
        title = about[_SHORT_NAME] or about[_ID_NUMBER]
        return FrameworkFile(
            source=FrameworkSource.MOODLE,
            identifier=about[_ID_NUMBER][:255] or None,
            title=build.fit("title", title, framework.where),
            description=build.fit("description", _plain(about[_DESCRIPTION], about[_FORMAT]), framework.where),
            extra={"scale": scale, "taxonomies": taxonomies} if scale else {"taxonomies": taxonomies},
            competencies=ordered,
            links=links,
            problems=tuple(build.problems),
            says=frozenset({"code", "statement", "short", "kind", "parent", "rule", "extra"}),
            kinds=frozenset({LinkKind.RELATED}),
            left_out=frozenset(build.refused),
            related=len(links),
        )

    def _pairs(self) -> list[LinkSaid]:
        """Each related pair once: Moodle names it with both of them."""
        place = {identifier: number for number, identifier in enumerate(self.build.rows)}
        seen: set[tuple[str, str]] = set()
        found = []
        for identifier, other, where in self.related:
            first, second = sorted((identifier, other), key=lambda one: place.get(one, len(place)))
            if (first, second) not in seen:
                seen.add((first, second))
                found.append(LinkSaid(LinkRow(first, second, LinkKind.RELATED), where, other))
        return found


def _kind(taxonomies: Sequence[str], depth: int) -> str:
    word = taxonomies[depth] if depth < len(taxonomies) else ""
    return word[:1].upper() + word[1:100]


def _plain(text: str, written_in: str) -> str:
    """A description without markup."""
    return plain_text(text) if written_in in _HTML_FORMATS else " ".join(text.split())
