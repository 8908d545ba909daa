"""Making and changing boards, and assigning them.

A board is a value (``sheets``); each use case works inside the caller's transaction, on the revision that the page was made from.
A board that students have already has to stay one that everybody can complete; a draft may be anything.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.checks import attempt_queries as checks
from lti_tool.competencies import alignments
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.ids import new_id
from lti_tool.menus import board_checks, edit_queries, people, settling, sheet_rows, sheets
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.board_checks import Findings
from lti_tool.menus.board_states import State, What, Words
from lti_tool.menus.models import (
    Menu,
    MenuAudienceKind,
    MenuStatus,
    OptionDone,
    OptionKind,
)
from lti_tool.menus.rules.audience import Row, Student, means
from lti_tool.menus.rules.choosing import rule_json
from lti_tool.menus.sheets import Named, Option, Sheet
from lti_tool.playlists import editing as playlist_editing
from lti_tool.playlists import queries as playlist_queries
from lti_tool.playlists.audience import Audience
from lti_tool.playlists.editing import QUIZ_PASS_PERCENT, SCORE_SCOPE, can_be_a_step
from lti_tool.web.i18n import N_

THERE = (MenuStatus.DRAFT, MenuStatus.ASSIGNED)
"""What is on the teacher's list."""


class MenuChanged(Conflict):
    """The board is not at the revision that the page was made from."""

    code = "menu-changed"
    title = N_("This menu was changed in the meantime")
    advice = N_("Here it is as it stands now. Make your change again if it is still needed.")


class BoardCannotBeCompleted(Conflict):
    """A board that some student could never complete, assigned or changed into. ``findings`` say why and for whom."""

    code = "board-cannot-be-completed"
    title = N_("Not everybody could complete this board")
    advice = N_("The page says why, and for whom. Change the board, then try again. Nothing was changed.")

    def __init__(self, findings: Findings) -> None:
        super().__init__("a board that cannot be completed")
        self.findings = findings


class MenuEmpty(BadRequest):
    """A board without a single option was assigned."""

    code = "menu-empty"
    title = N_("This menu has nothing to choose yet")
    advice = N_("Fill at least one place, then assign it.")


class MenuAsksNothing(BadRequest):
    """A board on which a choice of nothing would be complete was assigned."""

    code = "menu-asks-nothing"
    title = N_("This menu asks for nothing")
    advice = N_("Say how many have to be chosen: at least one, somewhere on the board. Nothing was changed.")


# --- Finding ------------------------------------------------------------------------------------------------------------


async def found(session: AsyncSession, course: Course, menu_id: uuid.UUID, *, lock: bool = False) -> Menu:
    """A menu of the course that was not taken away; NotFound."""
    menu = await queries.menu(session, course.organisation_id, course.id, menu_id, lock=lock)
    if menu is None or menu.status is MenuStatus.ARCHIVED:
        raise NotFound("no such menu in this course")
    return menu


async def for_change(session: AsyncSession, course: Course, menu_id: uuid.UUID, revision: int, now: datetime) -> Menu:
    """The menu, locked and with its next revision. MenuChanged when it is not at ``revision`` any more."""
    menu = await found(session, course, menu_id, lock=True)
    if menu.revision != revision:
        raise MenuChanged(f"made on revision {revision}, now {menu.revision}")
    menu.revision += 1
    menu.changed_at = now
    session.add(menu)
    return menu


async def meant(session: AsyncSession, course: Course, menu: Menu, sheet: Sheet) -> list[Student]:
    """The present students whom a menu is for, with what is needed to say what is on each one's board."""
    rows = people.of_board(await queries.audience(session, course.organisation_id, [menu.id]), menu.id)
    named: list[Row] = [*rows, *(one for option in sheet.options for one in option.audience)]
    return [one for one in await people.known_of(session, course, named) if means(rows, one)]


async def findings(session: AsyncSession, course: Course, menu: Menu, sheet: Sheet) -> Findings:
    """What is wrong with a board for those whom its menu is for."""
    return board_checks.look(sheet, await meant(session, course, menu, sheet))


# --- The menu -----------------------------------------------------------------------------------------------------------


async def create(
    session: AsyncSession,
    course: Course,
    words: Words,
    sheet: Sheet,
    by: uuid.UUID | None,
    now: datetime,
    *,
    menu_id: uuid.UUID | None = None,
    playlist_id: uuid.UUID | None = None,
    copied_from_id: uuid.UUID | None = None,
) -> Menu:
    """A new draft. With ``menu_id`` (made with the form), sending the form twice makes one menu."""
    if menu_id is not None:
        existing = await queries.menu(session, course.organisation_id, course.id, menu_id)
        if existing is not None:
            return existing
    menu = Menu(
        organisation_id=course.organisation_id,
        id=menu_id or new_id(),
        course_id=course.id,
        copied_from_id=copied_from_id,
        playlist_id=playlist_id,
        kind=sheet.rule.kind,
        rule=rule_json(sheet.rule),
        created_by=by,
        created_at=now,
        changed_at=now,
        **_columns(words),
    )
    session.add(menu)
    await session.flush()
    await sheet_rows.store(session, menu, sheet, now)
    return menu


def words_of(menu: Menu) -> Words:
    """What a menu says about itself now."""
    return Words(menu.title, menu.introduction, menu.change_rule, menu.needs_approval, menu.contract, menu.rubric_id)


def _columns(words: Words) -> dict[str, Any]:
    return {
        "title": words.title,
        "introduction": words.introduction,
        "change_rule": words.change_rule,
        "needs_approval": words.needs_approval,
        "contract": words.contract,
        "rubric_id": words.rubric_id,
    }


async def duplicate(
    session: AsyncSession,
    course: Course,
    menu_id: uuid.UUID,
    title: str,
    by: uuid.UUID | None,
    now: datetime,
    *,
    copy_id: uuid.UUID | None = None,
) -> Menu:
    """A draft with the same board, assigned to nobody; within the course, options stay for whom they are."""
    source = await found(session, course, menu_id)
    sheet = sheets.anew(await sheet_rows.sheet(session, source))
    return await create(session, course, replace(words_of(source), title=title), sheet, by, now, menu_id=copy_id)


async def remove(
    session: AsyncSession, course: Course, menu_id: uuid.UUID, revision: int, by: uuid.UUID | None, now: datetime
) -> None:
    """Take a menu away: a draft is deleted; an assigned one leaves the students' pages, and what they did is kept."""
    menu = await for_change(session, course, menu_id, revision, now)
    if menu.status is MenuStatus.DRAFT:
        await sheet_rows.take_out(session, menu)
        return
    menu.status = MenuStatus.ARCHIVED
    session.add(menu)
    trace(session, menu, "menu.archived", by, now)


# --- Its board ----------------------------------------------------------------------------------------------------------


async def change(
    session: AsyncSession,
    course: Course,
    menu_id: uuid.UUID,
    revision: int,
    make: Callable[[Sheet], Sheet],
    now: datetime,
    words: Words | None = None,
    *,
    what: What = What.BOARD,
    by: uuid.UUID | None = None,
) -> Menu:
    """Change a board, and what its menu says where ``words`` are given. ``what`` the change was is what undo says of it.

    Raises what ``make`` raises, MenuChanged, and BoardCannotBeCompleted or MenuAsksNothing where students have it already.
    """
    menu = await for_change(session, course, menu_id, revision, now)
    before = await state_of(session, menu)
    after = State(words or before.words, make(before.sheet))
    if after != before:
        await edit_queries.keep(session, menu, before, what, by, now)
    await put(session, course, menu, after, now)
    return menu


async def state_of(session: AsyncSession, menu: Menu) -> State:
    """A menu as it is now."""
    return State(words_of(menu), await sheet_rows.sheet(session, menu))


async def put(session: AsyncSession, course: Course, menu: Menu, state: State, now: datetime) -> None:
    """Have a locked menu be in a state, and its students' boards follow. Raises as ``change``."""
    for name, value in _columns(state.words).items():
        setattr(menu, name, value)
    await sheet_rows.store(session, menu, state.sheet, now)
    if menu.status is MenuStatus.ASSIGNED:
        await _must_be_completable(session, course, menu, state.sheet)
        if menu.has_column:
            await settling.column(session, course, menu, now)
        await settling.settle_all(session, course, menu, now)


async def _must_be_completable(session: AsyncSession, course: Course, menu: Menu, sheet: Sheet) -> None:
    if not sheet.filled:
        raise MenuEmpty("no option is filled")
    told = await findings(session, course, menu, sheet)
    if not told.can_be_completed:
        raise BoardCannotBeCompleted(told)
    if told.asks_nothing:
        raise MenuAsksNothing("the empty choice is complete")


# --- Options that lead somewhere ----------------------------------------------------------------------------------------


async def of_items(session: AsyncSession, course: Course, items: Sequence[ContentItem]) -> list[Option]:
    """Options that lead to items of the course, each work on what its item is aligned to.

    A check counts from its own passing mark, a quiz whose results the LMS shares from 70 %; everything else is marked by the
    student.
    """
    aligned = await alignments.of_items(session, course.organisation_id, course.id, [item.id for item in items])
    marks = await checks.pass_marks(session, course.organisation_id, course.id, [item.id for item in items])
    return [
        Option(
            id=new_id(),
            kind=OptionKind.ITEM,
            title=item.title,
            content_item_id=item.id,
            done_rule=OptionDone.RESULT if _is_scored(item) else OptionDone.MARKED,
            pass_percent=marks.get(item.id, QUIZ_PASS_PERCENT) if _is_scored(item) else None,
            competencies=frozenset(view.competency_id for view in aligned.get(item.id, ())),
        )
        for item in items
    ]


def gives_results(item: ContentItem | None) -> bool:
    """Whether results of an item are known: the LMS shares them, or it is a check of ours."""
    return item is not None and content_rules.gives_results(item)


def _is_scored(item: ContentItem) -> bool:
    return item.kind is ItemKind.QUIZ and gives_results(item)


async def usable_items(session: AsyncSession, course: Course, item_ids: Collection[uuid.UUID]) -> list[ContentItem]:
    """These items of the course in its order; NotFound where one is none, or leads nowhere."""
    items = await queries.items(session, course.organisation_id, course.id, item_ids)
    if not items or len(items) != len(set(item_ids)) or not all(can_be_a_step(one) for one in items.values()):
        raise NotFound("an item that is not in this course")
    return sorted(items.values(), key=lambda item: item.position)


async def add_items(
    session: AsyncSession,
    course: Course,
    menu_id: uuid.UUID,
    revision: int,
    item_ids: Collection[uuid.UUID],
    now: datetime,
    *,
    section_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> Menu:
    """Put items of the course into the places that are still empty (of a part), in the course's order, and then at its end.

    NotFound for an item that is not one of this course, BoardFull where a square has no place left.
    """
    options = await of_items(session, course, await usable_items(session, course, item_ids))

    def make(sheet: Sheet) -> Sheet:
        if section_id is not None:
            sheet.section(section_id)
        return sheets.add(sheet, options, section_id)

    return await change(session, course, menu_id, revision, make, now, what=What.ITEMS, by=by)


# --- Assigning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a menu is assigned: its gradebook column and when it is due."""

    has_column: bool = False
    points: float = 100.0
    due_at: datetime | None = None


async def may_have_column(session: AsyncSession, course: Course, menu: Menu) -> bool:
    """Whether a menu can have a column: one can be made, or the LMS has made it with a link and takes scores for it."""
    if playlist_editing.can_have_column(course):
        return True
    resource = settling.resource_id(menu)
    columns = await playlist_queries.columns(session, course.organisation_id, course.id, [resource])
    return SCORE_SCOPE in course.ags_scopes and resource in columns


async def assign(
    session: AsyncSession,
    course: Course,
    menu_id: uuid.UUID,
    revision: int,
    terms: Terms,
    by: uuid.UUID | None,
    now: datetime,
    *,
    audience: Audience | None = None,
) -> Menu:
    """Assign a menu, or change the terms of one that is assigned. ``audience``: whom it is for from now on; None: as it is.

    Every present student who is meant gets a board of their own, and the column is wanted, in this one transaction; who comes
    later gets theirs then (``people.ensure_copies``). Raises MenuEmpty, MenuAsksNothing, BoardCannotBeCompleted, and Conflict
    where the LMS lets nobody make a column.
    """
    menu = await for_change(session, course, menu_id, revision, now)
    if terms.has_column and not await may_have_column(session, course, menu):
        raise Conflict(
            "no line item scope in this course",
            code="no-column-here",
            title=N_("Your LMS does not let this tool make a gradebook column here"),
            advice=N_("Assign it without a column, or ask your administrator to allow grades for this tool."),
        )
    if audience is not None:
        await sheet_rows.write_audience(session, menu, named(audience), now)
    await _must_be_completable(session, course, menu, await sheet_rows.sheet(session, menu))
    if menu.status is not MenuStatus.ASSIGNED:
        menu.status = MenuStatus.ASSIGNED
        menu.assigned_at = now
    menu.has_column, menu.points, menu.due_at = terms.has_column, terms.points, terms.due_at
    session.add(menu)
    trace(session, menu, "menu.assigned", by, now)
    await session.flush()
    await people.ensure_copies(session, course, now)
    if menu.has_column:
        await settling.column(session, course, menu, now)
        # Scores of what is done already, where the column or its points are new.
        await settling.settle_all(session, course, menu, now)
    return menu


def named(audience: Audience) -> tuple[Named, ...]:
    """An audience as rows. One of some has a row that names nobody, so that it is never everybody's when all others go."""
    if audience.everybody:
        return ()
    return (
        Named(MenuAudienceKind.STUDENT),
        *(Named(MenuAudienceKind.GROUP, group_id=one) for one in sorted(audience.groups)),
        *(Named(MenuAudienceKind.SECTION, word=one) for one in sorted(audience.sections)),
        *(Named(MenuAudienceKind.STUDENT, person_id=one) for one in sorted(audience.people)),
    )


def audience_of(rows: Iterable[Named]) -> Audience:
    """Whom rows mean, as far as groups, sections and single students go; none: everybody."""
    known = list(rows)
    return Audience(
        everybody=not known or any(row.kind is MenuAudienceKind.COURSE for row in known),
        groups=frozenset(row.group_id for row in known if row.group_id is not None),
        sections=frozenset(row.word for row in known if row.kind is MenuAudienceKind.SECTION),
        people=frozenset(row.person_id for row in known if row.person_id is not None),
    )


async def current_audience(session: AsyncSession, menu: Menu) -> Audience:
    """Whom a menu is for now."""
    rows = people.of_board(await queries.audience(session, menu.organisation_id, [menu.id]), menu.id)
    return audience_of(Named(row.kind, row.group_id, row.person_id, row.word) for row in rows)


def trace(session: AsyncSession, menu: Menu, action: str, by: uuid.UUID | None, now: datetime) -> None:
    """Leave an audit entry about a menu."""
    audit.record(
        session,
        now,
        action,
        organisation_id=menu.organisation_id,
        actor=str(by) if by else None,
        subject=f"menu:{menu.id}",
    )
