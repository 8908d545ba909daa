"""What the teacher's pages show of boards, worked out before a page sees it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.content import rules as content_rules
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem
from lti_tool.courses.access import InCourse
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_students
from lti_tool.learners import profile, profile_queries
from lti_tool.menus import board_checks, board_editing, board_history, rubric_queries, sheet_rows
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.board_checks import Findings
from lti_tool.menus.board_editing import gives_results
from lti_tool.menus.board_history import Ways
from lti_tool.menus.board_states import Words
from lti_tool.menus.models import (
    Menu,
    MenuAudienceKind,
    MenuStatus,
    PersonalState,
    Rubric,
)
from lti_tool.menus.rules.words import problem_words, rule_words
from lti_tool.menus.sheets import Named, Option, Section, Sheet
from lti_tool.playlists import assigning
from lti_tool.playlists.assigning import Offer
from lti_tool.playlists.editing import can_be_a_step
from lti_tool.web.i18n import Language

_FEW_NAMES = 4


# --- The state of a board -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ForWhom:
    """Some students in words: names of those the reader sees, and how many others. Both empty: everybody."""

    names: tuple[str, ...] = ()
    others: int = 0


@dataclass(frozen=True, slots=True)
class TroubleView:
    """Why a board cannot be completed, in sentences, and for whom."""

    sentences: tuple[str, ...]
    who: ForWhom = ForWhom()


@dataclass(frozen=True, slots=True)
class GapView:
    """A competency that can be missed, with the titles of a complete choice that misses it, and for whom."""

    competency: str
    example: tuple[str, ...]
    who: ForWhom = ForWhom()


@dataclass(frozen=True, slots=True)
class BoardState:
    """What is said of a board while it is edited."""

    rule: str
    blank: int
    filled: int
    troubles: tuple[TroubleView, ...]
    newcomer: TroubleView | None
    gaps: tuple[GapView, ...]
    claimed: int
    asks_nothing: bool

    @property
    def is_ready(self) -> bool:
        """Whether it can be assigned."""
        return bool(self.filled) and not self.troubles and not self.asks_nothing


@dataclass(frozen=True, slots=True)
class _Naming:
    """What is needed to say for whom something is, and what a competency is called."""

    people: Mapping[uuid.UUID, str]
    competencies: Mapping[uuid.UUID, str]
    may_name: bool = True

    def who(self, ids: Collection[uuid.UUID]) -> ForWhom:
        names = [self.people[one] for one in self.people if one in ids] if self.may_name else []
        return ForWhom(tuple(names[:_FEW_NAMES]), len(ids) - len(names[:_FEW_NAMES]))


async def board_state(
    session: AsyncSession, here: InCourse, menu: Menu, sheet: Sheet, language: Language
) -> BoardState:
    """What is to be said of a board as it is given, whether it is stored or not."""
    students = await board_editing.meant(session, here.course, menu, sheet)
    return await state_with(session, here, sheet, board_checks.look(sheet, students), language)


async def state_with(
    session: AsyncSession, here: InCourse, sheet: Sheet, found: Findings, language: Language
) -> BoardState:
    """What was found of a board, in words for the teacher who is here."""
    listed = await maps.listed(session, here.organisation_id, here.course.id)
    # Whose board differs by language shows who has support in another language; then nobody is named.
    secret = any(one.kind is MenuAudienceKind.LANGUAGE for option in sheet.options for one in option.audience)
    naming = _Naming(
        {person.id: display_name(person) for person in await visible_students(session, here)},
        {one.id: one.name for one in listed.competencies},
        may_name=not secret,
    )
    return _state_of(sheet, found, naming, language)


def _state_of(sheet: Sheet, found: Findings, naming: _Naming, language: Language) -> BoardState:
    """Findings in words."""
    titles = sheet.titles

    def trouble(one: board_checks.Trouble) -> TroubleView:
        sentences = tuple(problem_words(problem, titles, language) for problem in one.problems)
        return TroubleView(sentences, ForWhom() if one.everybody else naming.who(one.people))

    required = [one.title for one in sheet.filled if one.required and not one.audience]
    return BoardState(
        rule=rule_words(sheet.rule, titles, language, required),
        blank=len(sheet.blank),
        filled=len(sheet.filled),
        troubles=tuple(trouble(one) for one in found.troubles),
        newcomer=trouble(found.newcomer) if found.newcomer is not None else None,
        gaps=tuple(
            GapView(
                naming.competencies[gap.competency_id],
                tuple(titles[one] for one in gap.example if one in titles),
                ForWhom() if gap.everybody else naming.who(gap.people),
            )
            for gap in found.gaps
            if gap.competency_id in naming.competencies
        ),
        claimed=found.claimed,
        asks_nothing=found.asks_nothing and bool(sheet.filled),
    )


# --- The builder --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """An option as the builder shows it."""

    option: Option
    item: ContentItem | None = None
    competencies: tuple[str, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether it came with a copied course, where what it leads to was not found."""
        return self.item is not None and content_rules.is_missing(self.item)

    @property
    def is_deleted(self) -> bool:
        """Whether what it leads to was taken out of the course in the LMS."""
        return content_rules.is_deleted(self.item)

    @property
    def is_gone(self) -> bool:
        """Whether students cannot go there at the moment."""
        there = content_rules.students_address(self.item) is not None or self.place != ""
        return self.option.content_item_id is not None and not there

    @property
    def place(self) -> str:
        """Where students find it in the course, where it opens at no address."""
        return content_rules.place_in_course(self.item)


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its options; on a square a row, whose ``cells`` are its places with the options that share each."""

    section: Section | None
    lines: tuple[Line, ...] = ()
    cells: tuple[tuple[Line, ...], ...] = ()
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """A board with all that its page shows. ``rubrics`` are those the course has; ``copies`` counts the boards students have."""

    menu: Menu
    words: Words
    sheet: Sheet
    parts: tuple[Part, ...]
    state: BoardState
    rubrics: Sequence[Rubric] = ()
    copies: int = 0
    ways: Ways = field(default_factory=Ways)

    @property
    def minutes(self) -> int:
        """The teacher's estimates in all."""
        return sum(option.minutes or 0 for option in self.sheet.filled)


async def builder(
    session: AsyncSession,
    here: InCourse,
    menu_id: uuid.UUID,
    language: Language,
    *,
    sheet: Sheet | None = None,
    words: Words | None = None,
) -> Builder:
    """The builder's page: the board as it is stored, or as it was entered. NotFound for what is not a menu of this course."""
    menu = await board_editing.found(session, here.course, menu_id)
    shown = sheet or await sheet_rows.sheet(session, menu)
    listed = await maps.listed(session, here.organisation_id, here.course.id)
    names = {one.id: one.name for one in listed.competencies}
    items = await _items(session, here, shown)
    copies = await queries.copies(session, here.organisation_id, [menu.id])
    return Builder(
        menu=menu,
        words=words or board_editing.words_of(menu),
        sheet=shown,
        parts=tuple(_parts(shown, items, names)),
        state=await board_state(session, here, menu, shown, language),
        rubrics=await rubric_queries.rubrics(session, here.organisation_id, here.course.id),
        copies=sum(copy.left_at is None for copy in copies),
        ways=await board_history.ways(session, menu),
    )


async def _items(session: AsyncSession, here: InCourse, sheet: Sheet) -> dict[uuid.UUID, ContentItem]:
    ids = [one.content_item_id for one in sheet.options if one.content_item_id]
    return await queries.items(session, here.organisation_id, here.course.id, ids)


def _parts(sheet: Sheet, items: Mapping[uuid.UUID, ContentItem], names: Mapping[uuid.UUID, str]) -> list[Part]:
    lines = {
        option.id: Line(
            option,
            items.get(option.content_item_id) if option.content_item_id else None,
            tuple(name for one, name in names.items() if one in option.competencies),
        )
        for option in sheet.options
    }
    if sheet.is_square:
        side = sheet.rule.side
        return [
            Part(
                sheet.sections[row] if row < len(sheet.sections) else None,
                cells=tuple(tuple(lines[one.id] for one in sheet.at(row * side + column)) for column in range(side)),
            )
            for row in range(side)
        ]
    parts = [
        Part(
            section,
            tuple(lines[one.id] for one in sheet.inside(section.id)),
            least=sheet.course(section.id).least,
            most=sheet.course(section.id).most,
        )
        for section in sheet.sections
    ]
    loose = tuple(lines[one.id] for one in sheet.inside(None))
    return [Part(None, loose), *parts] if loose else parts


# --- One option ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OneOption:
    """An option with everything that can be chosen for it. ``kept``: of whom it is for, those the teacher does not see here."""

    menu: Menu
    sheet: Sheet
    option: Option
    item: ContentItem | None
    competencies: Sequence[MapCompetencyView]
    course_items: Sequence[ContentItem]
    offer: Offer
    topics: Sequence[str]
    kept: tuple[Named, ...] = field(default=())

    @property
    def place(self) -> tuple[int, int]:
        """On a square: its row and column, from 1."""
        row, column = divmod(self.option.position, self.sheet.rule.side)
        return row + 1, column + 1

    @property
    def has_results(self) -> bool:
        """Whether results of what it leads to are known."""
        return gives_results(self.item)

    @property
    def ticked(self) -> set[str]:
        """Whom it is for, as the form says it."""
        found = set()
        for one in self.option.audience:
            which = one.group_id or one.person_id or one.word
            if which:
                found.add(f"{one.kind.value}:{which}")
        return found

    @property
    def language(self) -> str:
        """The language that it is for, where it is for one."""
        return next((one.word for one in self.option.audience if one.kind is MenuAudienceKind.LANGUAGE), "")


async def one_option(session: AsyncSession, here: InCourse, menu_id: uuid.UUID, option_id: uuid.UUID) -> OneOption:
    """What an option's form shows. NotFound for one that is not on this board."""
    menu = await board_editing.found(session, here.course, menu_id)
    sheet = await sheet_rows.sheet(session, menu)
    option = sheet.option(option_id)
    listed = await maps.listed(session, here.organisation_id, here.course.id)
    items = await _items(session, here, Sheet(sheet.rule, options=(option,)))
    offer = await assigning.offer_of(session, here, board_editing.audience_of(option.audience), assigned=True)
    topics = await profile_queries.topics(session, here.organisation_id, here.course.id)
    return OneOption(
        menu=menu,
        sheet=sheet,
        option=option,
        item=items.get(option.content_item_id) if option.content_item_id else None,
        competencies=listed.competencies,
        course_items=await course_items(session, here),
        offer=offer,
        topics=profile.topics_from(topics),
        kept=tuple(
            one
            for one in option.audience
            if (one.group_id in offer.kept.groups)
            or (one.person_id in offer.kept.people)
            or (one.kind is MenuAudienceKind.SECTION and one.word in offer.kept.sections)
        ),
    )


async def course_items(session: AsyncSession, here: InCourse) -> list[ContentItem]:
    """What the course has that an option can lead to."""
    every = await content.items(session, here.organisation_id, here.course.id)
    return [item for item in every if can_be_a_step(item)]


# --- The list -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MenuLine:
    """A menu on the teacher's list, and how the students whom the teacher sees stand with it. ``stuck`` counts all, also others,
    who cannot complete it: since it was assigned, they have come into or out of a group that an option is for.
    """

    menu: Menu
    rule: str
    filled: int
    blank: int
    students: int = 0
    chosen: int = 0
    waiting: int = 0
    finished: int = 0
    stuck: int = 0


async def menu_lines(session: AsyncSession, here: InCourse, language: Language) -> list[MenuLine]:
    """The menus of the course, the newest first."""
    menus = await queries.menus(session, here.organisation_id, here.course.id, board_editing.THERE)
    boards = await sheet_rows.sheets(session, here.organisation_id, menus)
    seen = {person.id for person in await visible_students(session, here)}
    copies = await queries.copies(session, here.organisation_id, [menu.id for menu in menus], seen)
    lines = []
    for menu in menus:
        states = [copy.state for copy in copies if copy.menu_id == menu.id and copy.left_at is None]
        sheet = boards[menu.id]
        lines.append(
            MenuLine(
                menu=menu,
                rule=rule_words(sheet.rule, sheet.titles, language),
                filled=len(sheet.filled),
                blank=len(sheet.blank),
                students=len(states),
                chosen=sum(state in (PersonalState.WORKING, PersonalState.FINISHED) for state in states),
                waiting=sum(state is PersonalState.WAITING for state in states),
                finished=sum(state is PersonalState.FINISHED for state in states),
                stuck=await _stuck(session, here, menu, sheet),
            )
        )
    return lines


async def _stuck(session: AsyncSession, here: InCourse, menu: Menu, sheet: Sheet) -> int:
    """How many students cannot complete an assigned board. Of one that is the same for all, that was asked before."""
    if menu.status is not MenuStatus.ASSIGNED or not any(option.audience for option in sheet.options):
        return 0
    students = await board_editing.meant(session, here.course, menu, sheet)
    troubles = board_checks.look(sheet, students).troubles
    return sum(len(one.people) if not one.everybody else len(students) for one in troubles)
