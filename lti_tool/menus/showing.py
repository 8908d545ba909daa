"""What the pages of a student's board show, worked out before a template sees it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.ids import new_id
from lti_tool.menus import copy_queries, rubric_queries, rubrics
from lti_tool.menus.models import (
    ChoiceState,
    HandedIn,
    MenuChoice,
    MenuOption,
    OptionDone,
    PersonalState,
    RubricMark,
    WorkKind,
)
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rubrics import Criterion
from lti_tool.menus.rules import changing, choosing, words
from lti_tool.menus.rules.choosing import BoardKind, Missing
from lti_tool.menus.rules.rubrics import Level
from lti_tool.web.i18n import N_, Language


@dataclass(frozen=True, slots=True)
class MarkView:
    """A level that work reached on one criterion, and what its teacher said about it."""

    criterion: Criterion
    level: Level
    is_met: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class OptionView:
    """An option as a student's board shows it. ``number`` counts from 1; ``kind`` draws its icon."""

    option: MenuOption
    number: int
    choice: MenuChoice | None
    address: str | None
    is_gone: bool
    stays: bool
    """Whether it opens in the same frame: one of our own checks."""
    kind: str
    completes: bool
    can_choose: bool
    can_drop: bool
    is_deleted: bool
    """Whether what it leads to was taken out of the course in the LMS."""
    in_line: bool
    """Whether it is part of a line that is chosen whole."""
    about: tuple[str, ...] = ()
    """Names of the competencies it is work on."""
    pieces: tuple[HandedIn, ...] = ()
    marks: tuple[MarkView, ...] = ()
    at_work: bool = False
    place: str = ""
    """Where students find it in the course, where it opens at no address."""
    upload_id: uuid.UUID = field(default_factory=new_id)
    """The id of the next file, so that sending its form twice puts one in."""

    @property
    def is_chosen(self) -> bool:
        """Whether it is chosen."""
        return self.choice is not None

    @property
    def state(self) -> str:
        """Where it stands: a ``ChoiceState``, or ``open``."""
        return self.choice.state.value if self.choice is not None else "open"

    @property
    def is_done(self) -> bool:
        """Whether its work is done."""
        return self.state == ChoiceState.DONE

    @property
    def takes_work(self) -> bool:
        """Whether work can be put in now."""
        return self.at_work and self.state in (ChoiceState.CHOSEN, ChoiceState.RETURNED)

    @property
    def takes(self) -> frozenset[str]:
        """What can be put in: kinds of work."""
        return frozenset(self.option.takes)

    @property
    def by_mark(self) -> bool:
        """Whether the student's own word decides."""
        return self.option.done_rule is OptionDone.MARKED

    @property
    def by_result(self) -> bool:
        """Whether a result decides."""
        return self.option.done_rule is OptionDone.RESULT

    @property
    def words(self) -> HandedIn | None:
        """The words put in."""
        return next((piece for piece in self.pieces if piece.kind is WorkKind.WORDS), None)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a board under its heading. ``asked``: what the rule asks for here, in words; empty where nothing is said."""

    title: str
    options: tuple[OptionView, ...]
    asked: str = ""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A student's board as pages show it."""

    own: OwnBoard
    parts: tuple[Part, ...]
    rule: str
    missing: tuple[str, ...]
    is_complete: bool
    points: int = 0

    @property
    def options(self) -> list[OptionView]:
        """All of it in order."""
        return [one for part in self.parts for one in part.options]

    @property
    def chosen(self) -> list[OptionView]:
        """What is chosen, in the board's order."""
        return [one for one in self.options if one.is_chosen]

    @property
    def others(self) -> list[OptionView]:
        """What is not."""
        return [one for one in self.options if not one.is_chosen]

    @property
    def is_square(self) -> bool:
        """Whether places matter."""
        return self.own.menu.kind is BoardKind.THREE_IN_A_ROW

    @property
    def by_points(self) -> bool:
        """Whether points count."""
        return self.own.menu.kind is BoardKind.POINTS

    @property
    def state(self) -> str:
        """The board's state."""
        return self.own.copy.state.value

    @property
    def done_count(self) -> int:
        """How many of the chosen are done."""
        return sum(one.is_done for one in self.chosen)

    @property
    def next(self) -> OptionView | None:
        """The one thing to do next: what came back, then what was begun, then the first that is left."""
        if self.own.copy.state is not PersonalState.WORKING:
            return None
        left = [one for one in self.chosen if one.state in (ChoiceState.CHOSEN, ChoiceState.RETURNED)]
        left.sort(
            key=lambda one: (one.state != ChoiceState.RETURNED, one.choice is None or one.choice.opened_at is None)
        )
        return left[0] if left else None

    @property
    def awaits_result(self) -> bool:
        """Whether asking the LMS may change anything."""
        return any(one.by_result and one.at_work and not one.is_done for one in self.chosen)


async def board_view(session: AsyncSession, course: Course, own: OwnBoard, language: Language) -> BoardView:
    """Everything that a page of one student's board shows."""
    organisation_id = course.organisation_id
    item_ids = {one.content_item_id for one in own.options.values() if one.content_item_id is not None}
    items = await copy_queries.items(session, organisation_id, course.id, item_ids)
    choice_ids = [row.id for row in own.choices.values()]
    work = await copy_queries.work(session, organisation_id, choice_ids)
    marks = await rubric_queries.marks(session, organisation_id, choice_ids)
    criteria = await rubric_queries.criteria_by_id(
        session, organisation_id, {one for given in marks.values() for one in given}
    )
    named = {one for ids in own.competencies.values() for one in ids}
    names = await names_of(session, course) if named else {}
    seen = _Seen(own, items, work, marks, {key: rubrics.criterion(row) for key, row in criteria.items()}, names)
    missing = choosing.missing(own.rule, own.board, own.chosen)
    titles = titles_of(own)
    return BoardView(
        own,
        tuple(_parts(own, seen, language)),
        rule_of(own, language),
        tuple(words.missing_words(missing, titles, language)),
        missing == Missing(),
        sum(place.points for place in own.board if place.id in own.chosen),
    )


def titles_of(own: OwnBoard) -> dict[uuid.UUID, str]:
    """What sections and options are called."""
    return {one.id: one.title for one in own.sections} | {one.id: one.title for one in own.options.values()}


def rule_of(own: OwnBoard, language: Language) -> str:
    """The rule of choice in words."""
    required = [one.title for one in own.options.values() if one.required]
    return words.rule_words(own.rule, titles_of(own), language, required)


async def names_of(session: AsyncSession, course: Course) -> dict[uuid.UUID, str]:
    """What the competencies of the course's map say."""
    listed = (await maps.listed(session, course.organisation_id, course.id)).competencies
    return {one.id: one.words for one in listed}


@dataclass
class _Seen:
    """What is known for making views of options."""

    own: OwnBoard
    items: Mapping[uuid.UUID, ContentItem]
    work: Mapping[uuid.UUID, Sequence[HandedIn]]
    marks: Mapping[uuid.UUID, Mapping[uuid.UUID, RubricMark]]
    criteria: Mapping[uuid.UUID, Criterion]
    names: Mapping[uuid.UUID, str]

    def __post_init__(self) -> None:
        own = self.own
        self.completing = choosing.completes(own.rule, own.board, own.chosen)
        self.choosing = own.copy.state is PersonalState.CHOOSING
        self.lined = _lined(own)
        self.numbers = {place.id: number for number, place in enumerate(own.board, start=1)}

    def view(self, option: MenuOption) -> OptionView:
        """One option."""
        own = self.own
        choice = own.choices.get(option.id)
        item = self.items.get(option.content_item_id) if option.content_item_id else None
        address = content_rules.students_address(item) if option.content_item_id else option.url
        place = content_rules.place_in_course(item)
        return OptionView(
            option=option,
            number=self.numbers[option.id],
            choice=choice,
            address=address,
            is_gone=option.content_item_id is not None and address is None and not place,
            place=place,
            is_deleted=content_rules.is_deleted(item),
            stays=item is not None and content_rules.is_own(item),
            kind=item.kind.value if item is not None else ("link" if option.url else "task"),
            completes=self.choosing and option.id in self.completing,
            can_choose=self.choosing
            and choice is None
            and choosing.allowed(own.rule, own.board, own.chosen, option.id),
            can_drop=self.choosing and choice is not None and changing.can_be_dropped(choice.state),
            in_line=option.id in self.lined,
            about=tuple(sorted(self.names[one] for one in own.competencies.get(option.id, ()) if one in self.names)),
            pieces=tuple(self.work.get(choice.id, ())) if choice is not None else (),
            marks=self._marks(choice) if choice is not None else (),
            at_work=choice is not None and own.copy.state in changing.AT_WORK,
        )

    def _marks(self, choice: MenuChoice) -> tuple[MarkView, ...]:
        found = [
            (self.criteria[criterion_id], mark)
            for criterion_id, mark in self.marks.get(choice.id, {}).items()
            if criterion_id in self.criteria
        ]
        return tuple(
            MarkView(criterion, criterion.levels[mark.level], mark.level >= criterion.meets, mark.note)
            for criterion, mark in found
            if mark.level < len(criterion.levels)
        )


def _lined(own: OwnBoard) -> frozenset[uuid.UUID]:
    """The options of lines that are chosen whole."""
    if own.menu.kind is not BoardKind.THREE_IN_A_ROW:
        return frozenset()
    filled = {place.position for place in own.board if place.id in own.chosen}
    whole = [line for line in choosing.lines(own.rule.side, own.rule.diagonals) if filled.issuperset(line)]
    positions = {position for line in whole for position in line}
    return frozenset(place.id for place in own.board if place.id in own.chosen and place.position in positions)


def _parts(own: OwnBoard, seen: _Seen, language: Language) -> list[Part]:
    """The board in parts: a square in one; else by sections, on a points menu without any by points."""
    views = [seen.view(own.options[place.id]) for place in own.board]
    if own.menu.kind is BoardKind.THREE_IN_A_ROW:
        return [Part("", tuple(views))]
    known = {section.id for section in own.sections}
    loose = [view for view in views if view.option.section_id not in known]
    found = []
    if own.menu.kind is BoardKind.POINTS and len(loose) == len(views):
        for points in sorted({view.option.points or 0 for view in loose}):
            title = language.ngettext("%(num)s point each", "%(num)s points each", points) % {"num": points}
            found.append(Part(title, tuple(view for view in loose if (view.option.points or 0) == points)))
        return found
    if loose:
        found.append(Part("", tuple(loose)))
    for section in own.sections:
        inside = tuple(view for view in views if view.option.section_id == section.id)
        if inside:
            found.append(Part(section.title, inside, _asked(own, section.id, language)))
    return found


def _asked(own: OwnBoard, section_id: uuid.UUID, language: Language) -> str:
    """What a course of a dinner menu asks for, in a few words."""
    course = next((one for one in own.rule.courses if one.section_id == section_id), None)
    if own.menu.kind is not BoardKind.DINNER or course is None:
        return ""
    values = {"least": course.least, "most": course.most}
    if course.most is None:
        return language.gettext(_AT_LEAST) % values if course.least else ""
    if course.least == course.most:
        return language.gettext(_EXACTLY) % values
    return language.gettext(_BETWEEN if course.least else _UP_TO) % values


_EXACTLY = N_("choose %(least)s")
_AT_LEAST = N_("choose at least %(least)s")
_BETWEEN = N_("choose %(least)s to %(most)s")
_UP_TO = N_("choose up to %(most)s, if you like")
