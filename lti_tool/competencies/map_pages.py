"""What the pages of a map show, put together from the map as it stands. Pure but for the drawing's cache."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from lti_tool.competencies import drawing, rules_graph
from lti_tool.competencies.map_views import CourseMapView, Edge, MapCompetencyView

MOST_AT_FIRST = 60
"""A map with more competencies opens on a part of it: more boxes with words than these are not looked through."""

MOST_WITH_WORDS = 120
"""Drawings of more boxes than this show codes alone."""

MOST_INDENTED = 6
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A competency that comes before another, or that another opens."""

    competency: MapCompetencyView
    how: str
    """``framework``, ``drawn`` by a teacher of this course, or ``indirect``: through competencies that are not in the map."""


@dataclass(frozen=True, slots=True)
class MapLine:
    """A competency in the list."""

    competency: MapCompetencyView
    section: str | None
    """The heading above it, where another part of the map begins; empty for a part without a name."""
    indent: int
    """How many prerequisites one after the other come before it in its section, 0 to 6."""
    needs: tuple[Neighbour, ...]
    opens: tuple[Neighbour, ...]


def neighbours(view: CourseMapView) -> tuple[dict[uuid.UUID, list[Neighbour]], dict[uuid.UUID, list[Neighbour]]]:
    """What each needs and what each opens, in the map's order."""
    needs: dict[uuid.UUID, list[Neighbour]] = {}
    opens: dict[uuid.UUID, list[Neighbour]] = {}
    place = {one.id: number for number, one in enumerate(view.competencies)}
    indirect = set(view.indirect)
    for edge in sorted(view.edges, key=lambda one: (place[one[0]], place[one[1]])):
        how = "indirect" if edge in indirect else "drawn" if edge in view.drawn else "framework"
        needs.setdefault(edge[1], []).append(Neighbour(view.by_id[edge[0]], how))
        opens.setdefault(edge[0], []).append(Neighbour(view.by_id[edge[1]], how))
    return needs, opens


def lines(view: CourseMapView) -> list[MapLine]:
    """The map as an indented list: in the teacher's order, a heading where grade or domain changes."""
    needs, opens = neighbours(view)
    found: list[MapLine] = []
    for title, part in _sections(view.competencies):
        layers = rules_graph.layers_of([one.id for one in part], view.edges) or {}
        for number, one in enumerate(part):
            found.append(
                MapLine(
                    one,
                    title if number == 0 else None,
                    min(layers.get(one.id, 0), MOST_INDENTED),
                    tuple(needs.get(one.id, ())),
                    tuple(opens.get(one.id, ())),
                )
            )
    if all(not line.section for line in found):
        return [replace(line, section=None) for line in found]
    return found


def _sections(competencies: Iterable[MapCompetencyView]) -> list[tuple[str, list[MapCompetencyView]]]:
    parts: list[tuple[str, list[MapCompetencyView]]] = []
    for one in competencies:
        title = section_of(one)
        if not parts or parts[-1][0] != title:
            parts.append((title, []))
        parts[-1][1].append(one)
    return parts


def section_of(one: MapCompetencyView) -> str:
    """Grade and domain, as far as the framework has them."""
    return " · ".join(part for part in (one.grade, one.domain) if part)


# --- The graph page -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """Which part of a map is drawn, and what is being done. Everything stands in the page's address."""

    grade: str = ""
    domain: str = ""
    around: uuid.UUID | None = None
    """A competency, of which what is within ``steps`` before and after it is drawn."""
    steps: int = 2
    whole: bool = False
    earlier: bool = True
    """Also what the part's competencies need directly and lies outside of it."""
    bands: bool = False
    """One stripe for each domain."""
    focus: uuid.UUID | None = None
    """The competency that is looked at."""
    start: uuid.UUID | None = None
    """The one that a prerequisite is being drawn from."""
    end: uuid.UUID | None = None
    """The other one, chosen but not drawn yet."""

    @classmethod
    def of(cls, given: QueryParams) -> "GraphQuery":
        """As the address has it; what makes no sense in it is as if it were not there."""
        steps = given.get("steps", "")
        return cls(
            grade=given.get("grade", "")[:200],
            domain=given.get("domain", "")[:500],
            around=_id(given.get("around", "")),
            steps=max(1, min(int(steps), MOST_STEPS)) if steps.isascii() and steps.isdigit() and len(steps) < 3 else 2,
            whole=given.get("show") == "whole",
            # A form that was sent leaves a box that is not ticked out.
            earlier=given.get("earlier", "no" if given.get("part") else "yes") == "yes",
            bands=given.get("bands") == "yes",
            focus=_id(given.get("focus", "")),
            start=_id(given.get("start", "")),
            end=_id(given.get("end", "")),
        )

    @property
    def chosen(self) -> bool:
        """Whether a part, or the whole, was asked for."""
        return bool(self.grade or self.domain or self.around or self.whole)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of this part of the map, without what is being done."""
        values: list[tuple[str, str]] = []
        if self.whole:
            values.append(("show", "whole"))
        if self.around is not None:
            values += [("around", str(self.around)), ("steps", str(self.steps))]
        values += [(name, value) for name, value in (("grade", self.grade), ("domain", self.domain)) if value]
        if not self.earlier:
            values += [("part", "yes"), ("earlier", "no")]
        if self.bands:
            values.append(("bands", "yes"))
        return values

    @property
    def part(self) -> str:
        """``fields`` as an address has them."""
        return urlencode(self.fields)

    def query(self, **more: uuid.UUID | None) -> str:
        """``part`` with ``focus``, ``start`` or ``end``; begins with a question mark."""
        doing = urlencode([(name, str(value)) for name, value in more.items() if value is not None])
        return "?" + "&".join(part for part in (self.part, doing) if part)


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Shown:
    """The part of a map that is drawn."""

    inside: tuple[MapCompetencyView, ...]
    outside: frozenset[uuid.UUID]
    """Those of ``inside`` that were not asked for, and stand there as prerequisites of what was."""
    hidden: int
    """How many of the map are not drawn."""


def settle(view: CourseMapView, query: GraphQuery) -> GraphQuery:
    """The query with a part chosen, where the map is too large to open as a whole and none was; and without strangers."""
    known = view.by_id
    query = replace(
        query,
        around=query.around if query.around in known else None,
        focus=query.focus if query.focus in known else None,
        start=query.start if query.start in known else None,
        end=query.end if query.end in known and query.end != query.start else None,
    )
    if query.chosen:
        return query
    if len(view.competencies) <= MOST_AT_FIRST:
        return replace(query, whole=True)
    if query.focus is not None:
        return replace(query, around=query.focus)
    grade = _most(one.grade for one in view.competencies)
    if grade:
        return replace(query, grade=grade)
    domain = _most(one.domain for one in view.competencies)
    if domain:
        return replace(query, domain=domain)
    return replace(query, around=view.competencies[0].id)


def _most(values: Iterable[str]) -> str:
    """What most have, of those that are few enough to be looked through: what the course is about, rather than the first grade
    that something is needed from. Where all are too many, what the fewest have; empty where nobody has any.
    """
    sizes = Counter(value for value in values if value).most_common()
    return next((value for value, size in sizes if size <= MOST_AT_FIRST), sizes[-1][0] if sizes else "")


def shown(view: CourseMapView, query: GraphQuery) -> Shown:
    """What a settled query shows."""
    every = view.competencies
    if query.around is not None:
        wanted = {query.around}
        wanted |= rules_graph.ancestors(view.edges, query.around, query.steps).keys()
        wanted |= rules_graph.descendants(view.edges, query.around, query.steps).keys()
        outside: set[uuid.UUID] = set()
    elif query.grade or query.domain:
        wanted = {
            one.id
            for one in every
            if (not query.grade or one.grade == query.grade) and (not query.domain or one.domain == query.domain)
        }
        outside = {before for before, after in view.edges if after in wanted} - wanted if query.earlier else set()
    else:
        wanted, outside = {one.id for one in every}, set()
    inside = tuple(one for one in every if one.id in wanted or one.id in outside)
    return Shown(inside, frozenset(outside), len(every) - len(inside))


def grades_of(view: CourseMapView) -> list[str]:
    """The grades there are, in the map's order."""
    return list(dict.fromkeys(one.grade for one in view.competencies if one.grade))


def domains_of(view: CourseMapView) -> list[str]:
    """The domains there are, in the map's order."""
    return list(dict.fromkeys(one.domain for one in view.competencies if one.domain))


def drawn(view: CourseMapView, part: Shown, *, bands: str | None = None, mirrored: bool = False) -> drawing.Drawing:
    """The part as a drawing. ``bands``: a stripe for each domain, and this name for what has none."""
    through = set(view.indirect)
    # Lines through competencies that are not shown here are dashed, like those through what is not in the map at all.
    holds = rules_graph.effective([one.id for one in part.inside], view.edges)
    nodes = tuple(
        drawing.Node(one.id, one.code, one.words, (one.domain or bands) if bands is not None else "")
        for one in part.inside
    )
    return drawing.draw(
        nodes,
        tuple(edge for edge in holds.direct if edge not in through),
        (*(edge for edge in holds.direct if edge in through), *holds.indirect),
        style=drawing.CODES if len(nodes) > MOST_WITH_WORDS else drawing.FULL,
        mirrored=mirrored,
    )


@dataclass(frozen=True, slots=True)
class Focus:
    """A competency that is looked at, and how the others stand to it."""

    competency: MapCompetencyView
    needs: tuple[Neighbour, ...]
    opens: tuple[Neighbour, ...]
    before: frozenset[uuid.UUID]
    """Everything that comes before it."""
    after: frozenset[uuid.UUID]
    """Everything that it opens."""

    def stands(self, one: uuid.UUID) -> str:
        """``focus``, ``before``, ``after``, or nothing."""
        if one == self.competency.id:
            return "focus"
        return "before" if one in self.before else "after" if one in self.after else ""

    def line(self, edge: Edge) -> str:
        """``before`` or ``after`` for a line on a way to or from it, else nothing."""
        before, after = edge
        if before in self.before and (after in self.before or after == self.competency.id):
            return "before"
        return "after" if after in self.after and (before in self.after or before == self.competency.id) else ""


def focused(view: CourseMapView, competency_id: uuid.UUID | None) -> Focus | None:
    """The focus on a competency of the map; None without one."""
    if competency_id is None or competency_id not in view.by_id:
        return None
    needs, opens = neighbours(view)
    return Focus(
        view.by_id[competency_id],
        tuple(needs.get(competency_id, ())),
        tuple(opens.get(competency_id, ())),
        frozenset(rules_graph.ancestors(view.edges, competency_id)),
        frozenset(rules_graph.descendants(view.edges, competency_id)),
    )


# --- As a table -----------------------------------------------------------------------------------------------------------


def table(view: CourseMapView, heads: Sequence[str]) -> list[list[str]]:
    """The map as rows. The first four columns are the tool's own simple CSV, so that it can be imported again elsewhere."""
    needs, opens = neighbours(view)
    names: Mapping[uuid.UUID, str] = {one.id: one.code or f"#{one.number}" for one in view.competencies}
    rows = [["code", "statement", "parent", "prerequisites", *heads]]
    rows += [
        [
            names[one.id],
            one.statement,
            next((names[parent.id] for parent in reversed(one.parents) if parent.id in names), ""),
            ";".join(names[other.competency.id] for other in needs.get(one.id, ())),
            ";".join(names[other.competency.id] for other in opens.get(one.id, ())),
            one.grade,
            one.domain,
            one.framework,
        ]
        for one in view.competencies
    ]
    return rows
