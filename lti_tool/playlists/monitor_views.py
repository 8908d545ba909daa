"""A class on one playlist as the monitor shows it: a line for each student, the most pressing first. Pure.

Nothing here tells of supports or modifications: titles are the template's, whoever the student is, and no passing mark is shown
beside a result, since a modification may ask for another.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_tool.courses.models import Person
from lti_tool.grades.rules import Standing
from lti_tool.grades.service import ScoreStanding
from lti_tool.playlists import rules
from lti_tool.playlists.models import PlaylistStep
from lti_tool.playlists.monitor_rules import WEIGHTS, Sign, Watch, is_late, signs
from lti_tool.playlists.path_models import PathRequest, RequestKind
from lti_tool.playlists.paths import Path

MOST_DOTS = 40
"""Steps that are drawn one by one; of a longer path each section is said in numbers."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a path in the line of dots; ``dots`` are its steps' states. ``title`` is empty for what is in no section."""

    title: str
    dots: tuple[str, ...]

    @property
    def done(self) -> int:
        """Steps of it that are done."""
        return sum(state == "done" for state in self.dots)


@dataclass(frozen=True, slots=True)
class Line:
    """One student on the monitor.

    ``step`` is what comes next, or what they wait with; ``nothing`` says why nothing comes next. ``working`` says that the
    step is begun. ``about`` is the competency the step is for, ``goal`` what the student works towards; both empty without.
    ``still`` are whole school days without a move. ``percent`` is the result that is not yet high enough.
    """

    person: Person
    path: Path
    progress: rules.Progress
    signs: tuple[Sign, ...]
    asked: tuple[PathRequest, ...]
    still: int
    step: PlaylistStep | None
    working: bool
    nothing: rules.NoNext | None
    parts: tuple[Part, ...]
    percent: float | None = None
    about: str = ""
    goal: str = ""
    score: ScoreStanding | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the LMS did not accept the score."""
        return self.score is not None and self.score.state is Standing.REFUSED

    @property
    def moved_at(self) -> datetime | None:
        """When something last changed."""
        return self.path.copy.moved_at

    @property
    def is_long(self) -> bool:
        """Whether the path has too many steps to draw them one by one."""
        return sum(len(part.dots) for part in self.parts) > MOST_DOTS


def line(
    path: Path,
    person: Person,
    asked: Sequence[PathRequest],
    watch: Watch,
    *,
    score: ScoreStanding | None = None,
    names: Mapping[uuid.UUID, str] | None = None,
    goal: str = "",
) -> Line:
    """A student's line. ``names`` are those of competencies."""
    counted = rules.counting(path.walk)
    progress = path.progress
    following = path.next
    nothing = path.nothing_next if following is None else None
    seen = following.step if following is not None else (nothing.step if nothing is not None else None)
    step = path.step(seen.id) if seen is not None else None
    below = next((one for one in counted if one.is_below_pass), None)
    late = any(is_late(one.due_at, one.standing.state, watch.now) for one in counted)
    due_at = path.playlist.due_at
    return Line(
        person=person,
        path=path,
        progress=progress,
        signs=signs(
            asked=[RequestKind(one.kind) for one in asked],
            begun=path.copy.begun_at is not None,
            finished=progress.is_finished,
            below=below is not None,
            past_due=late or (due_at is not None and watch.now >= due_at),
            quiet=watch.is_quiet(path.copy.moved_at),
        ),
        asked=tuple(asked),
        still=watch.still(path.copy.moved_at),
        step=step,
        working=seen is not None and seen.is_begun,
        nothing=nothing,
        parts=_parts(path),
        percent=below.standing.result_percent if below is not None else None,
        about=(names or {}).get(step.competency_id, "") if step is not None and step.competency_id else "",
        goal=goal,
        score=score,
    )


def _parts(path: Path) -> tuple[Part, ...]:
    """The states of all present steps, by section in the order in which they are walked."""
    titles = {section.id: section.title for section in path.present_sections}
    waiting = path.locked
    found: list[tuple[uuid.UUID | None, list[str]]] = []
    for step in path.steps:
        state = "locked" if step.id in waiting else step.standing.state.value
        if step.standing.is_skipped:
            state = "skipped"
        section = step.section_id if step.section_id in titles else None
        if not found or found[-1][0] != section:
            found.append((section, []))
        found[-1][1].append(state)
    return tuple(Part(titles[section] if section is not None else "", tuple(states)) for section, states in found)


# --- Which, and in which order ---------------------------------------------------------------------------------------


def by_need(lines: Sequence[Line]) -> list[Line]:
    """The most pressing first; of those alike, whoever has asked or stood still longest; then as they came, by name."""
    return sorted(lines, key=_need)


def _need(one: Line) -> tuple[int, float, int]:
    oldest = min((request.created_at.timestamp() for request in one.asked), default=float("inf"))
    return WEIGHTS[one.signs[0]], oldest, -one.still


def shown(lines: Sequence[Line], sign: Sign | None) -> list[Line]:
    """The lines that say this; all of them for None."""
    return [one for one in lines if sign is None or sign in one.signs]


def numbers(lines: Sequence[Line]) -> dict[Sign, int]:
    """How many lines say each."""
    return {sign: sum(sign in one.signs for one in lines) for sign in Sign}


# --- As a file -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the file in the reader's language: its headings, each sign's, and what a line waits for."""

    headings: Sequence[str]
    signs: Mapping[Sign, str]
    day: Callable[[datetime], str]
    score: Callable[[ScoreStanding], str]
    name: Callable[[Person], str]


def rows(lines: Sequence[Line], words: Words, *, personal: bool, scores: bool) -> list[list[str]]:
    """The lines as rows for a spreadsheet, as they stand on the page: no support, no modification, no note of a teacher."""
    found: list[list[str]] = [list(words.headings)]
    for one in lines:
        cells: list[Any] = [
            words.name(one.person),
            one.progress.done,
            one.progress.total,
            one.step.title if one.step is not None else "",
            *([one.about, one.goal] if personal else []),
            "; ".join(words.signs[sign] for sign in one.signs),
            one.still,
            words.day(one.moved_at) if one.moved_at is not None else "",
            *([words.score(one.score) if one.score is not None else ""] if scores else []),
        ]
        found.append([str(cell) for cell in cells])
    return found
