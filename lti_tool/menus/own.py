"""A student's own board put together: the options that are theirs, what they chose, how it stands with the rule."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.errors import NotFound
from lti_tool.menus import copy_queries, people
from lti_tool.menus.models import (
    ChoiceState,
    Menu,
    MenuAudience,
    MenuChoice,
    MenuOption,
    MenuSection,
    MenuStatus,
    PersonalMenu,
)
from lti_tool.menus.rules import changing, choosing
from lti_tool.menus.rules.audience import Student, means
from lti_tool.menus.rules.changing import Change
from lti_tool.menus.rules.choosing import Board, Place, Rule
from lti_tool.web.i18n import N_


class MenuRemoved(NotFound):
    """A student's board whose teacher has taken it away since, or who is not meant any more."""

    code = "menu-removed"
    title = N_("Your teacher has taken this menu away")
    advice = N_("What you did is kept. If you think this is a mistake, ask your teacher.")


@dataclass
class OwnBoard:
    """A student's board. ``options`` are those of the board that are for this student, and whatever they have chosen."""

    menu: Menu
    copy: PersonalMenu
    options: Mapping[uuid.UUID, MenuOption]
    sections: Sequence[MenuSection]
    rows: dict[uuid.UUID, MenuChoice]
    competencies: Mapping[uuid.UUID, Collection[uuid.UUID]] = field(default_factory=dict)

    @cached_property
    def rule(self) -> Rule:
        """The rule of choice."""
        return choosing.of_json(self.menu.rule)

    @cached_property
    def board(self) -> Board:
        """The board as the rule sees it."""
        return tuple(
            place_of(option, self.competencies.get(option.id, ()))
            for option in sorted(self.options.values(), key=lambda one: (one.position, one.id))
        )

    @property
    def choices(self) -> dict[uuid.UUID, MenuChoice]:
        """What is chosen and was not dropped, by option."""
        return {option_id: row for option_id, row in self.rows.items() if row.dropped_at is None}

    @property
    def chosen(self) -> frozenset[uuid.UUID]:
        """The options chosen."""
        return frozenset(self.choices)

    @property
    def done(self) -> frozenset[uuid.UUID]:
        """The options chosen whose work is done."""
        return frozenset(option_id for option_id, row in self.choices.items() if row.state is ChoiceState.DONE)

    @property
    def is_complete(self) -> bool:
        """Whether the choice keeps the rule."""
        return choosing.complete(self.rule, self.board, self.chosen)

    @property
    def is_finished(self) -> bool:
        """Whether what is done is a complete choice. More done than the rule asks for is enough, too."""
        return self.share == 1.0

    @property
    def share(self) -> float:
        """How much of a complete choice is done, 0 to 1."""
        return choosing.share(self.rule, self.board, self.chosen, self.done)

    @property
    def change(self) -> Change:
        """Whether the student may choose again."""
        loose = any(changing.can_be_dropped(row.state) for row in self.choices.values())
        return changing.change(self.menu.change_rule, self.copy.state, loose=loose)

    def option(self, option_id: uuid.UUID) -> MenuOption:
        """An option of this student's. NotFound for what is none."""
        if option_id not in self.options:
            raise NotFound("no such option on this board")
        return self.options[option_id]

    def choice(self, option_id: uuid.UUID) -> MenuChoice:
        """What was chosen. NotFound for what was not."""
        if option_id not in self.choices:
            raise NotFound("not chosen")
        return self.rows[option_id]


def place_of(option: MenuOption, competencies: Collection[uuid.UUID] = ()) -> Place:
    """An option as rules see it."""
    return Place(
        option.id,
        option.position,
        option.section_id,
        option.points or 0,
        option.required,
        frozenset(competencies),
    )


def is_there(option: MenuOption) -> bool:
    """Whether an option is on the board: neither taken out nor a place that is still to be filled."""
    return option.removed_at is None and bool(option.title)


def shown(
    options: Collection[MenuOption],
    audience: Collection[MenuAudience],
    student: Student | None,
    chosen: Collection[uuid.UUID],
) -> list[MenuOption]:
    """The options that are on a student's board, with what they have chosen; two in one place are both there.

    ``student`` is None for who has left: only what they chose is theirs.
    """
    return [
        option
        for option in options
        if option.id in chosen
        or (is_there(option) and student is not None and means(people.of_option(audience, option.id), student))
    ]


async def load(session: AsyncSession, course: Course, pairs: Sequence[tuple[PersonalMenu, Menu]]) -> list[OwnBoard]:
    """These boards in their order, in few statements however many they are."""
    if not pairs:
        return []
    organisation_id = course.organisation_id
    menu_ids = {menu.id for _, menu in pairs}
    options = await copy_queries.options(session, organisation_id, menu_ids)
    sections = await copy_queries.sections(session, organisation_id, menu_ids)
    audience = [row for row in await copy_queries.audience(session, organisation_id, menu_ids) if row.option_id]
    choices = await copy_queries.choices(session, organisation_id, [copy.id for copy, _ in pairs])
    competencies = await copy_queries.competencies(session, organisation_id, [option.id for option in options])
    wanted = {copy.person_id for copy, _ in pairs}
    students = {one.id: one for one in await people.known_of(session, course, audience, wanted)}
    found = []
    for copy, menu in pairs:
        rows = choices[copy.id]
        chosen = {option_id for option_id, row in rows.items() if row.dropped_at is None}
        mine = [option for option in options if option.menu_id == menu.id]
        found.append(
            OwnBoard(
                menu,
                copy,
                {one.id: one for one in shown(mine, audience, students.get(copy.person_id), chosen)},
                [section for section in sections if section.menu_id == menu.id and section.removed_at is None],
                rows,
                competencies,
            )
        )
    return found


async def boards_of_person(session: AsyncSession, course: Course, person_id: uuid.UUID) -> list[OwnBoard]:
    """A student's boards in a course, in the order in which they were assigned."""
    pairs = await copy_queries.persons_copies(session, course.organisation_id, course.id, person_id)
    return await load(session, course, pairs)


async def board_of_person(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, *, lock: bool = False
) -> OwnBoard:
    """One of a student's boards; ``lock``: to change it. NotFound for another's, MenuRemoved for one not theirs any more."""
    copy = await copy_queries.copy(session, course.organisation_id, copy_id, lock=lock)
    if copy is None or copy.person_id != person_id:
        raise NotFound("no such board of this person")
    menu = await copy_queries.menu(session, course.organisation_id, course.id, copy.menu_id)
    if menu is None:
        raise NotFound("no such board in this course")
    if menu.status is not MenuStatus.ASSIGNED or copy.left_at is not None:
        raise MenuRemoved("the board is not assigned to this person any more")
    [own] = await load(session, course, [(copy, menu)])
    return own


async def board_for_teacher(
    session: AsyncSession, course: Course, menu_id: uuid.UUID, person_id: uuid.UUID, *, lock: bool = False
) -> OwnBoard:
    """A student's board of one menu, for who teaches. NotFound where there is none."""
    menu = await copy_queries.menu(session, course.organisation_id, course.id, menu_id)
    if menu is None or menu.status is not MenuStatus.ASSIGNED:
        raise NotFound("no such assigned board in this course")
    copies = await copy_queries.copies(session, course.organisation_id, [menu_id], [person_id], lock=lock)
    if not copies:
        raise NotFound("no board of this person")
    [own] = await load(session, course, [(copies[0], menu)])
    return own
