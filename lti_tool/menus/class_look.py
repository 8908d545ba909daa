"""A class on a board: what waits for the teacher, who chose what, and which options nobody picks."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import may_see_supports, visible_students
from lti_tool.errors import NotFound
from lti_tool.grades import queries as grade_queries
from lti_tool.grades import service as grades
from lti_tool.grades.models import LineItem
from lti_tool.grades.service import ScoreStanding
from lti_tool.learners.supports import SupportsHidden
from lti_tool.menus import copy_queries, own, settling
from lti_tool.menus.models import ChoiceState, Menu, MenuAudienceKind, MenuChoice, MenuOption, MenuStatus, PersonalState
from lti_tool.menus.own import OwnBoard


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that a student chose, with where it stands."""

    person: Person
    option: MenuOption
    choice: MenuChoice

    @property
    def waits(self) -> bool:
        """Whether it was handed in and waits to be marked."""
        return self.choice.state is ChoiceState.HANDED_IN


@dataclass(frozen=True, slots=True)
class Line:
    """One student's line."""

    person: Person
    board: OwnBoard
    chosen: tuple[Work, ...]
    score: ScoreStanding | None = None
    works: tuple[Work, ...] = ()
    """What of it the teacher who is here may look at and mark."""

    @property
    def name(self) -> str:
        """What to call the student."""
        return display_name(self.person)

    @property
    def state(self) -> PersonalState:
        """Where the student stands."""
        return self.board.copy.state

    @property
    def done(self) -> int:
        """How many of the chosen are done."""
        return sum(one.choice.state is ChoiceState.DONE for one in self.chosen)


@dataclass(frozen=True, slots=True)
class Picked:
    """An option with who chose it, by name. ``offered``: how many students have it on their board."""

    option: MenuOption
    by: tuple[Line, ...]
    done: int
    offered: int


@dataclass(frozen=True, slots=True)
class ClassLook:
    """Everything the page of a class shows, students by name."""

    menu: Menu
    lines: tuple[Line, ...]
    options: tuple[Picked, ...]
    column: LineItem | None
    is_hidden: bool = False
    """Whether who has what on their board is not for whoever is here: it tells who has support in another language."""

    @property
    def to_approve(self) -> list[Line]:
        """Whose choice waits for the teacher's yes, the first that came first."""
        waiting = [line for line in self.lines if line.state is PersonalState.WAITING]
        return sorted(waiting, key=lambda line: line.board.copy.committed_at or line.board.copy.created_at)

    @property
    def asking(self) -> list[Line]:
        """Who asks to choose again."""
        return [line for line in self.lines if line.board.copy.wants_change_at is not None]

    @property
    def to_mark(self) -> list[Work]:
        """What was handed in and waits to be marked, the first that came first."""
        waiting = [one for line in self.lines for one in line.works if one.waits]
        return sorted(waiting, key=lambda one: (one.choice.handed_in_at or one.choice.chosen_at, one.choice.id))

    @property
    def never_chosen(self) -> list[Picked]:
        """Options that stand on somebody's board and that nobody picks."""
        return [one for one in self.options if not one.by]

    @property
    def anybody_chose(self) -> bool:
        """Whether there is anything to say about what is picked."""
        return any(one.by for one in self.options)

    def count(self, state: PersonalState) -> int:
        """How many students stand there."""
        return sum(line.state is state for line in self.lines)


async def look(session: AsyncSession, here: InCourse, menu_id: uuid.UUID) -> ClassLook:
    """The class on an assigned board, as far as the teacher who is here may see it. NotFound for any other board.

    Where a language decides what is on a board, who chose what tells of supports. Whoever may not see those sees where students
    stand, and marks what is for everybody.
    """
    menu = await copy_queries.menu(session, here.organisation_id, here.course.id, menu_id)
    if menu is None or menu.status is not MenuStatus.ASSIGNED:
        raise NotFound("no such assigned board in this course")
    students = await visible_students(session, here)
    people = {person.id: person for person in students}
    copies = await copy_queries.copies(session, here.organisation_id, [menu_id])
    by_person = {copy.person_id: copy for copy in copies if copy.left_at is None}
    pairs = [(by_person[person.id], menu) for person in students if person.id in by_person]
    boards = await own.load(session, here.course, pairs)
    column = await _column(session, here, menu)
    scores = (
        {one.person_id: one for one in await grades.standing(session, here.organisation_id, column.id)}
        if column is not None
        else {}
    )
    hidden = await hidden_options(session, here, menu_id)
    lines = []
    for board in boards:
        person = people[board.copy.person_id]
        chosen = _chosen(person, board)
        works = tuple(one for one in chosen if one.option.id not in hidden)
        lines.append(Line(person, board, () if hidden else chosen, scores.get(person.id), works))
    options = [] if hidden else await copy_queries.options(session, here.organisation_id, [menu_id])
    return ClassLook(menu, tuple(lines), tuple(_picked(options, lines)), column, bool(hidden))


async def hidden_options(session: AsyncSession, here: InCourse, menu_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """The options of which whoever is here may not know who has them: those for a language, without the supports right."""
    rows = await copy_queries.audience(session, here.organisation_id, [menu_id])
    found = {row.option_id for row in rows if row.option_id is not None and row.kind is MenuAudienceKind.LANGUAGE}
    return frozenset() if not found or await may_see_supports(session, here) else frozenset(found)


async def must_see(
    session: AsyncSession, here: InCourse, menu_id: uuid.UUID, option_id: uuid.UUID | None = None
) -> None:
    """Raises SupportsHidden where a student's board, or an option of it, is not for whoever is here."""
    hidden = await hidden_options(session, here, menu_id)
    if hidden and (option_id is None or option_id in hidden):
        raise SupportsHidden("a language decides what is on the board")


async def _column(session: AsyncSession, here: InCourse, menu: Menu) -> LineItem | None:
    if not menu.has_column:
        return None
    return await grade_queries.line_item_of(
        session, here.organisation_id, here.course.id, settling.resource_id(menu), grades.TAG
    )


def _chosen(person: Person, board: OwnBoard) -> tuple[Work, ...]:
    return tuple(
        Work(person, board.options[place.id], board.rows[place.id]) for place in board.board if place.id in board.chosen
    )


def _picked(options: Sequence[MenuOption], lines: Sequence[Line]) -> list[Picked]:
    found = []
    for option in options:
        by = tuple(line for line in lines if any(one.option.id == option.id for one in line.chosen))
        offered = sum(option.id in line.board.options for line in lines)
        if by or (own.is_there(option) and offered):
            done = sum(
                one.choice.state is ChoiceState.DONE for line in by for one in line.chosen if one.option.id == option.id
            )
            found.append(Picked(option, by, done, offered))
    return found
