"""A course's map as it is read: its competencies in order, where they come from, and what comes before what."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Edge = tuple[uuid.UUID, uuid.UUID]
"""``(before, after)``, by competency id."""

_DOMAIN_WORDS = ("domain", "strand", "conceptual category", "topic", "reporting category")
"""The words by which frameworks call what competencies are grouped by across grades."""

_GRADE_WORDS = ("grade", "level", "year", "course")


@dataclass(frozen=True, slots=True)
class Parent:
    """What a competency stands in: a grade, a domain, a cluster."""

    id: uuid.UUID
    code: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class MapCompetencyView:
    """A competency of a course's map."""

    id: uuid.UUID
    """The competency's id: what alignments, evidence and edges name it by."""
    number: int
    """Names it within the course; never given to another."""
    code: str
    statement: str
    short: str
    kind: str
    grades: tuple[str, ...]
    framework_id: uuid.UUID
    framework: str
    """The framework's title."""
    own: bool
    """Whether a teacher wrote it in this tool, and it can be changed here."""
    parents: tuple[Parent, ...] = ()
    """From the outermost to the nearest."""
    retired: bool = False
    """Whether its source has dropped it since it was picked."""
    rule: Mapping[str, Any] | None = None
    """Its own level rule as JSON (mastery.rules); None: the course's."""

    @property
    def name(self) -> str:
        """What to call it in a sentence or a narrow place: its code, else its short form, else its statement."""
        return self.code or self.short or self.statement

    @property
    def words(self) -> str:
        """What it says: the short form where there is one."""
        return self.short or self.statement

    @property
    def domain(self) -> str:
        """What it is grouped by whatever the grade: the domain it stands in, else its nearest parent; empty without any."""
        for parent in reversed(self.parents):
            if any(word in parent.kind.casefold() for word in _DOMAIN_WORDS):
                return parent.title
        others = [parent for parent in self.parents if not _is_grade(parent)]
        return others[0].title if others else ""

    @property
    def grade(self) -> str:
        """The grade or level it belongs to, in words where its framework has them; empty where nothing says."""
        for parent in self.parents:
            if _is_grade(parent):
                return parent.title
        return ", ".join(self.grades)


def _is_grade(parent: Parent) -> bool:
    return any(word in parent.kind.casefold() for word in _GRADE_WORDS)


@dataclass(frozen=True, slots=True)
class CourseMapView:
    """A course's map: competencies in the teacher's order, and the prerequisites that hold among them."""

    course_id: uuid.UUID
    revision: int
    competencies: tuple[MapCompetencyView, ...]
    direct: tuple[Edge, ...]
    """Prerequisites that a framework or the teacher says."""
    indirect: tuple[Edge, ...]
    """Prerequisites through competencies that this course does not use."""
    set_aside: tuple[Edge, ...]
    """What would go round in a circle, and therefore does not hold."""
    drawn: frozenset[Edge]
    """Those of ``direct`` that hold because a teacher drew them in this course."""
    taken_away: tuple[Edge, ...]
    """What a framework has among these competencies and the teacher took away here."""
    scale_id: uuid.UUID | None
    rule: Mapping[str, Any] | None
    """The course's level rule as JSON (mastery.rules); None: the default ladder."""
    passing_percent: float
    """The passing mark of new alignments, 0 to 100."""
    by_id: Mapping[uuid.UUID, MapCompetencyView] = field(repr=False, default_factory=dict)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Everything that comes before something else; without a cycle."""
        return self.direct + self.indirect
