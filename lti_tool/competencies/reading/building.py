"""What all readers share once they have rows: identifiers that are unique, parents that are there, an order, links that hold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from lti_tool.competencies.models import LinkKind
from lti_tool.competencies.reading.loops import parent_loops
from lti_tool.competencies.reading.values import (
    MOST_COMPETENCIES,
    MOST_LINKS,
    SHORTEN,
    CompetencyRow,
    FrameworkTooLarge,
    LinkRow,
    Problem,
    Trouble,
    Weight,
    shortened,
)
from lti_tool.web.i18n import N_

FIELD_WORDS = {
    "code": N_("The code"),
    "statement": N_("The statement"),
    "short": N_("The short form"),
    "kind": N_("The kind"),
    "title": N_("The title"),
    "creator": N_("The creator"),
    "description": N_("The description"),
    "subject": N_("The subject"),
    "language": N_("The language"),
    "status": N_("The status"),
    "uri": N_("The address"),
    "grades": N_("The grade"),
    "ratings": N_("The ratings"),
    "rule": N_("The rule"),
    "scale": N_("The scale"),
}
"""What a problem calls a field, as the beginning of its sentence."""


@dataclass
class Build:
    """Collects a framework's rows and links while a file is read."""

    problems: list[Problem] = field(default_factory=list)
    rows: dict[str, CompetencyRow] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def tell(self, trouble: Trouble, where: str, weight: Weight, **fields: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(trouble, where, weight, fields))

    def fit(self, name: str, value: str, where: str) -> str:
        """A text cut to what is kept of its field, with a note where that loses something."""
        most = SHORTEN[name]
        if len(value) > most:
            self.tell(Trouble.SHORTENED, where, Weight.CHANGED, field=FIELD_WORDS[name], most=str(most))
        return shortened(value, most)

    def uri(self, value: str | None, where: str) -> str | None:
        """An address that fits, or None: half of one leads nowhere."""
        if value is None or not value:
            return None
        if len(value) > SHORTEN["uri"]:
            self.tell(Trouble.NOT_UNDERSTOOD, where, Weight.CHANGED, field=FIELD_WORDS["uri"])
            return None
        return value

    def add(self, row: CompetencyRow) -> bool:
        """Take a row in, its texts made to fit; False where it is refused."""
        if not row.identifier:
            self.tell(Trouble.NO_IDENTIFIER, row.where, Weight.REFUSED)
            return False
        if len(row.identifier) > SHORTEN["identifier"]:
            self.tell(Trouble.IDENTIFIER_TOO_LONG, row.where, Weight.REFUSED)
            return False
        if not row.statement:
            self.tell(Trouble.NO_STATEMENT, row.where, Weight.REFUSED)
            self.refused.add(row.identifier)
            return False
        earlier = self.rows.get(row.identifier)
        fitted = replace(
            row,
            code=shortened(row.code, SHORTEN["code"]),
            statement=shortened(row.statement, SHORTEN["statement"]),
            short=shortened(row.short, SHORTEN["short"]),
            kind=shortened(row.kind, SHORTEN["kind"]),
        )
        if earlier is not None:
            if _says_the_same(earlier, fitted):
                self.tell(Trouble.TWICE_SAME, row.where, Weight.NOTE, name=earlier.name)
            else:
                self.tell(Trouble.TWICE_DIFFERENT, row.where, Weight.REFUSED, name=earlier.name)
            return False
        if len(self.rows) >= MOST_COMPETENCIES:
            raise FrameworkTooLarge(f"more than {MOST_COMPETENCIES} competencies")
        for name in ("code", "statement", "short", "kind"):
            self.fit(name, getattr(row, name), row.where)
        self.rows[row.identifier] = replace(fitted, uri=self.uri(row.uri, row.where))
        return True

    def tree(self, order: Callable[[CompetencyRow], Any] | None = None) -> tuple[CompetencyRow, ...]:
        """The rows as a tree, parents before children; siblings by ``order``, else as they came.

        Rows whose parents go in a loop are refused; those whose parent is not there stand at the top. Both are said.
        """
        self._refuse_parent_loops()
        children: dict[str | None, list[CompetencyRow]] = {}
        for row in self.rows.values():
            parent = row.parent
            if parent is not None and parent not in self.rows:
                self.tell(Trouble.MISSING_PARENT, row.where, Weight.CHANGED, name=parent)
                parent = None
            children.setdefault(parent, []).append(row if parent == row.parent else replace(row, parent=None))
        if order is not None:
            for siblings in children.values():
                siblings.sort(key=order)
        found: list[CompetencyRow] = []
        stack = [(row, 0) for row in reversed(children.get(None, []))]
        while stack:
            row, depth = stack.pop()
            found.append(replace(row, depth=depth))
            stack.extend((child, depth + 1) for child in reversed(children.get(row.identifier, [])))
        self.rows = {row.identifier: row for row in found}
        return tuple(found)

    def _refuse_parent_loops(self) -> None:
        for loop in parent_loops({name: row.parent for name, row in self.rows.items()}):
            names = [self.rows[name].name for name in loop]
            for name in loop:
                row = self.rows.pop(name)
                self.refused.add(name)
                if len(loop) == 1:
                    self.tell(Trouble.OWN_PARENT, row.where, Weight.REFUSED, name=names[0])
                else:
                    shown = " → ".join([*names, names[0]])
                    self.tell(Trouble.PARENT_LOOP, row.where, Weight.REFUSED, loop=shown)

    def links(self, given: Iterable["LinkSaid"]) -> tuple[LinkRow, ...]:
        """The links whose two ends are there, each once. Call it after ``tree``."""
        found: dict[tuple[str, str, LinkKind], LinkRow] = {}
        for said in given:
            link = said.link
            if link.origin == link.destination:
                self.tell(Trouble.OWN_PREREQUISITE, said.where, Weight.CHANGED, name=self.name_of(link.origin))
                continue
            missing = next((end for end in (link.origin, link.destination) if end not in self.rows), None)
            if missing is not None:
                self.tell(Trouble.MISSING_END, said.where, Weight.CHANGED, name=said.written or self.name_of(missing))
                continue
            key = (link.origin, link.destination, link.kind)
            if key in found:
                self.tell(Trouble.LINK_TWICE, said.where, Weight.NOTE, name=said.written or self.name_of(link.origin))
                continue
            if len(found) >= MOST_LINKS:
                raise FrameworkTooLarge(f"more than {MOST_LINKS} links")
            found[key] = link
        return tuple(found.values())

    def name_of(self, identifier: str) -> str:
        """What people call a competency: its code, or its identifier where it is not there."""
        row = self.rows.get(identifier)
        return row.name if row is not None else identifier


@dataclass(frozen=True, slots=True)
class LinkSaid:
    """A link, where it was said, and how the end that is not the row's own was written there."""

    link: LinkRow
    where: str
    written: str = ""


def _says_the_same(one: CompetencyRow, other: CompetencyRow) -> bool:
    return replace(one, where="", uri=None, depth=0, parent=None) == replace(
        other, where="", uri=None, depth=0, parent=None
    )


def plain_json(value: Any, depth: int = 0) -> Any:
    """A value of foreign JSON such that both databases give it back as it was stored: no infinite numbers, no floats that are
    whole or that one of them writes otherwise; nothing nested deeper than anybody means.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _plain_number(value)
    if isinstance(value, list | dict) and depth > 50:
        return None
    if isinstance(value, list):
        return [plain_json(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {str(name): plain_json(one, depth + 1) for name, one in value.items()}
    return value


def _plain_number(value: float) -> int | float | str:
    if isinstance(value, int) or value.is_integer():
        return int(value) if abs(value) < 2**53 else str(value)
    return value if 1e-6 < abs(value) < 1e15 else str(value)
