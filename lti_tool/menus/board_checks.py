"""What is wrong with a board, and for whom: who cannot complete it, and which competencies a complete choice can miss. Pure."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lti_tool.menus.rules import choosing
from lti_tool.menus.rules.audience import Student
from lti_tool.menus.rules.choosing import Board, Problem
from lti_tool.menus.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why some students cannot complete their board. ``everybody``: it is so for all of them; then nobody is named."""

    problems: tuple[Problem, ...]
    people: frozenset[uuid.UUID] = frozenset()
    everybody: bool = True


@dataclass(frozen=True, slots=True)
class Gap:
    """A competency that a board works on and that a complete choice can miss; ``example``: the options of such a choice."""

    competency_id: uuid.UUID
    example: tuple[uuid.UUID, ...]
    people: frozenset[uuid.UUID] = frozenset()
    everybody: bool = True


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything found. ``newcomer``: what would be wrong for somebody of whom nothing is known yet, where nothing else is.

    ``asks_nothing``: a choice of nothing at all would be complete.
    """

    troubles: tuple[Trouble, ...] = ()
    newcomer: Trouble | None = None
    gaps: tuple[Gap, ...] = ()
    claimed: int = 0
    asks_nothing: bool = False

    @property
    def can_be_completed(self) -> bool:
        """Whether everybody who is there can complete their board."""
        return not self.troubles


def look(sheet: Sheet, students: Sequence[Student]) -> Findings:
    """What is wrong with a board for these students; where there are none, for somebody of whom nothing is known."""
    groups: dict[Board, list[uuid.UUID]] = {}
    for student in students:
        groups.setdefault(sheet.board(student), []).append(student.id)
    unknown = sheet.board(None)
    boards = groups or {unknown: []}
    one = len(boards) == 1
    troubles, gaps = [], []
    for board, ids in boards.items():
        people = frozenset() if one else frozenset(ids)
        if found := choosing.problems(sheet.rule, board):
            troubles.append(Trouble(found, people, one))
        else:
            gaps += _gaps(sheet, board, people, one)
    newcomer = None
    if not troubles and unknown not in boards and (found := choosing.problems(sheet.rule, unknown)):
        newcomer = Trouble(found)
    return Findings(
        troubles=tuple(troubles),
        newcomer=newcomer,
        gaps=tuple(gaps),
        claimed=len(_claimed(boards)),
        asks_nothing=any(choosing.complete(sheet.rule, board, frozenset()) for board in boards),
    )


def _gaps(sheet: Sheet, board: Board, people: frozenset[uuid.UUID], everybody: bool) -> list[Gap]:
    found = []
    for competency_id in sorted(_claimed([board])):
        example = choosing.avoiding(sheet.rule, board, competency_id)
        if example is not None:
            shown = tuple(place.id for place in board if place.id in example)
            found.append(Gap(competency_id, shown, people, everybody))
    return found


def _claimed(boards: Iterable[Board]) -> set[uuid.UUID]:
    return {one for board in boards for place in board for one in place.competencies}
