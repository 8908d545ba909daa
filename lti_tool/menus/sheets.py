"""A board as a value: its rule, parts and options, as a teacher edits them. Pure; what cannot be is refused with the reason.

On a square each part is a row of places, and an option's place is its ``position``; several options may share a place, for
different students. On every other board options stand in parts one after another, and positions only say the order.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.menus.models import MenuAudienceKind, OptionDone, OptionKind, WorkKind
from lti_tool.menus.rules.audience import Student, means
from lti_tool.menus.rules.choosing import Board, BoardKind, Course, Place, Rule
from lti_tool.web.i18n import N_

MOST_OPTIONS = 60
MOST_SECTIONS = 12


class Udl(StrEnum):
    """The principles of Universal Design for Learning that an option can be tagged with."""

    ENGAGEMENT = "engagement"
    REPRESENTATION = "representation"
    ACTION = "action-and-expression"


class BoardFull(BadRequest):
    """No place is left for another option."""

    code = "board-full"
    title = N_("There is no room for another option")
    advice = N_("Fill a place that is still empty, or take an option out first.")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom an option is for: one row of its audience."""

    kind: MenuAudienceKind
    group_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose; without a title a place that is still to be filled. ``audience``: empty, everybody."""

    id: uuid.UUID
    position: int = 0
    section_id: uuid.UUID | None = None
    kind: OptionKind = OptionKind.TASK
    title: str = ""
    note: str = ""
    content_item_id: uuid.UUID | None = None
    url: str | None = None
    done_rule: OptionDone = OptionDone.MARKED
    pass_percent: float | None = None
    takes: tuple[WorkKind, ...] = ()
    points: int | None = None
    level: str = ""
    minutes: int | None = None
    udl: tuple[Udl, ...] = ()
    required: bool = False
    competencies: frozenset[uuid.UUID] = frozenset()
    audience: tuple[Named, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether it is a place that nobody sees yet."""
        return not self.title

    def place(self) -> Place:
        """The option as the rule sees it."""
        return Place(self.id, self.position, self.section_id, self.points or 0, self.required, self.competencies)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a board under a heading; on a square, a row."""

    id: uuid.UUID
    title: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole board."""

    rule: Rule
    sections: tuple[Section, ...] = ()
    options: tuple[Option, ...] = field(default=())

    @property
    def is_square(self) -> bool:
        return self.rule.kind is BoardKind.THREE_IN_A_ROW

    @property
    def filled(self) -> list[Option]:
        """The options that students can see."""
        return [option for option in self.options if not option.is_blank]

    @property
    def blank(self) -> list[Option]:
        """The places that are still to be filled."""
        return [option for option in self.options if option.is_blank]

    @property
    def titles(self) -> dict[uuid.UUID, str]:
        """The titles of parts and options."""
        headings = {section.id: section.title for section in self.sections if section.title}
        return headings | {option.id: option.title for option in self.filled}

    def option(self, option_id: uuid.UUID) -> Option:
        """One of its options; NotFound."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise NotFound("no such option on this board")

    def section(self, section_id: uuid.UUID) -> Section:
        """One of its parts; NotFound."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise NotFound("no such part of this board")

    def course(self, section_id: uuid.UUID) -> Course:
        """How many are chosen from a part: as many as one likes where the rule does not say."""
        found = [course for course in self.rule.courses if course.section_id == section_id]
        return found[0] if found else Course(section_id, 0)

    def inside(self, section_id: uuid.UUID | None) -> list[Option]:
        """The options of a part, in order."""
        return [option for option in self.options if option.section_id == section_id]

    def at(self, position: int) -> list[Option]:
        """The options that stand in one place of a square."""
        return [option for option in self.options if option.position == position]

    def board(self, student: Student | None) -> Board:
        """What a student can choose from; None: somebody of whom nothing is known."""
        return tuple(
            option.place()
            for option in self.filled
            if (not option.audience if student is None else means(option.audience, student))
        )


# --- What a form says of the whole board --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filled:
    """What is entered on the board itself: by option, by part, and of the rule. What is not named stays as it is."""

    titles: Mapping[uuid.UUID, str] = field(default_factory=dict)
    points: Mapping[uuid.UUID, int | None] = field(default_factory=dict)
    headings: Mapping[uuid.UUID, str] = field(default_factory=dict)
    counts: Mapping[uuid.UUID, tuple[int, int | None]] = field(default_factory=dict)
    required: frozenset[uuid.UUID] | None = None
    rule: Rule | None = None


def fill(sheet: Sheet, entered: Filled) -> Sheet:
    """The board with what was entered. Ids that are not on it any more are passed over."""

    def option(one: Option) -> Option:
        return replace(
            one,
            title=entered.titles.get(one.id, one.title),
            points=entered.points.get(one.id, one.points),
            required=one.required if entered.required is None else one.id in entered.required,
        )

    rule = entered.rule or sheet.rule
    if rule.kind is BoardKind.DINNER:
        rule = replace(rule, courses=tuple(_course(sheet, section, entered) for section in sheet.sections))
    return replace(
        sheet,
        rule=rule,
        sections=tuple(replace(one, title=entered.headings.get(one.id, one.title)) for one in sheet.sections),
        options=tuple(option(one) for one in sheet.options),
    )


def _course(sheet: Sheet, section: Section, entered: Filled) -> Course:
    course = sheet.course(section.id)
    least, most = entered.counts.get(section.id, (course.least, course.most))
    return Course(section.id, least, most)


# --- Options ------------------------------------------------------------------------------------------------------------


def add(sheet: Sheet, options: Sequence[Option], section_id: uuid.UUID | None = None) -> Sheet:
    """Put options into places that are still empty, of this part first, and then at its end. BoardFull where none is left.

    What a place says already of points, rubric or competencies is kept where the new option says nothing of it.
    """
    waiting = list(options)
    places = [one for one in sheet.blank if section_id is None or one.section_id == section_id]
    placed = {place.id: _into(place, waiting.pop(0)) for place in places if waiting}
    changed = replace(sheet, options=tuple(placed.get(one.id, one) for one in sheet.options))
    if not waiting:
        return changed
    if sheet.is_square or len(sheet.options) + len(waiting) > MOST_OPTIONS:
        raise BoardFull(f"{len(waiting)} options too many")
    if section_id is None and sheet.sections:
        section_id = sheet.sections[-1].id
    usual = next((one.points for one in sheet.inside(section_id) if one.points), None)
    added = [replace(one, section_id=section_id, points=one.points or usual) for one in waiting]
    return _in_order(replace(changed, options=(*changed.options, *added)))


def _into(place: Option, option: Option) -> Option:
    return replace(
        option,
        id=place.id,
        position=place.position,
        section_id=place.section_id,
        points=option.points or place.points,
        level=option.level or place.level,
        udl=option.udl or place.udl,
        required=place.required,
        audience=place.audience,
    )


def add_place(sheet: Sheet, section_id: uuid.UUID) -> Sheet:
    """Another place at the end of a part, to be filled; worth what the others there are worth."""
    sheet.section(section_id)
    if sheet.is_square or len(sheet.options) >= MOST_OPTIONS:
        raise BoardFull("as many options as there may be")
    inside = sheet.inside(section_id)
    like = inside[-1] if inside else Option(section_id)
    made = Option(
        new_id(),
        section_id=section_id,
        done_rule=like.done_rule if like.done_rule is not OptionDone.RESULT else OptionDone.MARKED,
        takes=like.takes,
        points=like.points,
        level=like.level,
        udl=like.udl,
    )
    return _in_order(replace(sheet, options=(*sheet.options, made)))


def beside(sheet: Sheet, option_id: uuid.UUID) -> tuple[Sheet, Option]:
    """Another option in the same place, for other students, and that option; it is still to be filled."""
    place = sheet.option(option_id)
    if len(sheet.options) >= MOST_OPTIONS:
        raise BoardFull("as many options as there may be")
    made = Option(new_id(), place.position, place.section_id, points=place.points, level=place.level, udl=place.udl)
    options = list(sheet.options)
    options.insert(options.index(place) + 1, made)
    return _in_order(replace(sheet, options=tuple(options))), made


def change_option(sheet: Sheet, changed: Option) -> Sheet:
    """The option of this id as it is given; where it stands stays. A part that it moves to has to be one of the board's."""
    before = sheet.option(changed.id)
    if changed.section_id is not None:
        sheet.section(changed.section_id)
    stays = sheet.is_square or changed.section_id == before.section_id
    after = replace(changed, position=before.position, section_id=before.section_id if stays else changed.section_id)
    rest = [after if one.id == after.id else one for one in sheet.options]
    if not stays:  # To the end of the other part.
        rest = [*(one for one in rest if one.id != after.id), after]
    return _in_order(replace(sheet, options=tuple(rest)))


def remove_option(sheet: Sheet, option_id: uuid.UUID) -> Sheet:
    """Take an option out. Its place on a square stays, to be filled anew, unless another option shares it."""
    gone = sheet.option(option_id)
    if sheet.is_square and len(sheet.at(gone.position)) == 1:
        place = Option(new_id(), gone.position, gone.section_id, required=gone.required)
        return replace(sheet, options=tuple(place if one is gone else one for one in sheet.options))
    return _in_order(replace(sheet, options=tuple(one for one in sheet.options if one is not gone)))


def swap(sheet: Sheet, option_id: uuid.UUID, to: int) -> Sheet:
    """On a square: an option changes places with what stands at ``to``, from 0, brought within the board. Other boards stay."""
    moved = sheet.option(option_id)
    if not sheet.is_square:
        return sheet
    to = max(0, min(to, sheet.rule.side**2 - 1))
    there = {moved.position: to, to: moved.position}
    return _in_order(
        replace(
            sheet,
            options=tuple(replace(one, position=there.get(one.position, one.position)) for one in sheet.options),
        )
    )


def shift(sheet: Sheet, option_id: uuid.UUID, *, down: bool) -> Sheet:
    """Move an option one place up or down; beyond its part it comes first in the next, or last in the one before."""
    moved = sheet.option(option_id)
    if sheet.is_square:
        return swap(sheet, option_id, moved.position + (1 if down else -1))
    inside = sheet.inside(moved.section_id)
    place = inside.index(moved) + (1 if down else -1)
    if 0 <= place < len(inside):
        other = inside[place]
        changed = {moved.id: other, other.id: moved}
        return _in_order(replace(sheet, options=tuple(changed.get(one.id, one) for one in sheet.options)))
    parts = [section.id for section in sheet.sections]
    part = (parts.index(moved.section_id) if moved.section_id in parts else -1) + (1 if down else -1)
    if not 0 <= part < len(parts):
        return sheet
    rest = [one for one in sheet.options if one is not moved]
    joined = replace(moved, section_id=parts[part])
    return _in_order(replace(sheet, options=(joined, *rest) if down else (*rest, joined)))


# --- Parts --------------------------------------------------------------------------------------------------------------


def add_section(sheet: Sheet, title: str) -> tuple[Sheet, Section]:
    """A new part at the end, with one place to be filled, and that part. A square has its rows and no other parts."""
    if sheet.is_square or len(sheet.sections) >= MOST_SECTIONS:
        raise BoardFull("as many parts as there may be")
    made = Section(new_id(), title)
    rule = sheet.rule
    if rule.kind is BoardKind.DINNER:
        rule = replace(rule, courses=(*rule.courses, Course(made.id, 1, 1)))
    place = Option(new_id(), section_id=made.id)
    return _in_order(Sheet(rule, (*sheet.sections, made), (*sheet.options, place))), made


def remove_section(sheet: Sheet, section_id: uuid.UUID) -> Sheet:
    """Take a part out with its empty places; its options go to the part before it, or the next, or stand without one."""
    place = sheet.sections.index(sheet.section(section_id))
    left = [one for one in sheet.sections if one.id != section_id]
    to = left[max(0, place - 1)].id if left else None
    options = [
        replace(one, section_id=to) if one.section_id == section_id else one
        for one in sheet.options
        if not (one.section_id == section_id and one.is_blank)
    ]
    courses = tuple(course for course in sheet.rule.courses if course.section_id != section_id)
    return _in_order(Sheet(replace(sheet.rule, courses=courses), tuple(left), tuple(options)))


# --- Anew ---------------------------------------------------------------------------------------------------------------


def anew(sheet: Sheet) -> Sheet:
    """The same board with ids of its own; whom options are for stays behind with the students it names."""
    sections = {one.id: new_id() for one in sheet.sections}
    rule = replace(
        sheet.rule,
        courses=tuple(replace(one, section_id=sections[one.section_id]) for one in _known(sheet, sheet.rule.courses)),
    )
    return Sheet(
        rule,
        tuple(replace(one, id=sections[one.id]) for one in sheet.sections),
        tuple(
            replace(one, id=new_id(), section_id=sections.get(one.section_id) if one.section_id else None)
            for one in sheet.options
        ),
    )


def without_people(sheet: Sheet) -> Sheet:
    """The board without the names of anybody: what was for single students or for groups is for nobody until it is said anew.

    What was for a language or an interest stays so.
    """
    nobody = Named(MenuAudienceKind.STUDENT)

    def option(one: Option) -> Option:
        kept = tuple(
            named for named in one.audience if named.kind in (MenuAudienceKind.LANGUAGE, MenuAudienceKind.INTEREST)
        )
        return replace(one, audience=(nobody, *kept) if one.audience else ())

    return replace(sheet, options=tuple(option(one) for one in sheet.options))


def _known(sheet: Sheet, courses: Iterable[Course]) -> list[Course]:
    there: Collection[uuid.UUID] = {one.id for one in sheet.sections}
    return [course for course in courses if course.section_id in there]


def _in_order(sheet: Sheet) -> Sheet:
    """Positions as they have to be: on a square each option stays where it stands, in the part that is its row; on others
    they count through, part by part."""
    if sheet.is_square:
        rows = {row: section.id for row, section in enumerate(sheet.sections)}
        options = tuple(replace(one, section_id=rows.get(one.position // sheet.rule.side)) for one in sheet.options)
        return replace(sheet, options=tuple(sorted(options, key=lambda one: one.position)))
    places: dict[uuid.UUID | None, int] = {section.id: number for number, section in enumerate(sheet.sections)}
    ordered = sorted(sheet.options, key=lambda one: places.get(one.section_id, -1))
    return replace(sheet, options=tuple(replace(one, position=number) for number, one in enumerate(ordered)))
