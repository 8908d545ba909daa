"""Taking changes of a board back, one after the other, and making them again."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency
from lti_tool.courses.models import Course, CourseGroup, Person
from lti_tool.menus import board_editing, board_states, edit_queries
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.board_states import State, What
from lti_tool.menus.models import Menu, MenuAudienceKind, OptionDone, OptionKind, Rubric
from lti_tool.menus.sheets import Named, Option
from lti_tool.playlists.template_queries import known


@dataclass(frozen=True, slots=True)
class Ways:
    """Which change undo would take back and which one redo would make again; None where there is none."""

    back: What | None = None
    again: What | None = None


async def ways(session: AsyncSession, menu: Menu) -> Ways:
    """Where one can go from how a menu is now."""
    last, undone = await edit_queries.latest(session, menu), await edit_queries.next_redo(session, menu)
    return Ways(None if last is None else What(last.what), None if undone is None else What(undone.what))


async def undo(session: AsyncSession, course: Course, menu: Menu, now: datetime) -> What | None:
    """Take the last change back, in the transaction that has locked the menu; what it was, or None where there is none.

    Raises as ``board_editing.change``: a board that students have has to stay one that everybody can complete.
    """
    edit = await edit_queries.latest(session, menu)
    if edit is None:
        return None
    edit.after, edit.undone_at = board_states.to_json(await board_editing.state_of(session, menu)), now
    session.add(edit)
    await _put(session, course, menu, board_states.of_json(edit.before), now)
    return What(edit.what)


async def redo(session: AsyncSession, course: Course, menu: Menu, now: datetime) -> What | None:
    """Make the change again that was taken back last; what it was, or None where something else was changed since."""
    edit = await edit_queries.next_redo(session, menu)
    if edit is None or edit.after is None:
        return None
    after = board_states.of_json(edit.after)
    edit.after, edit.undone_at = None, None
    session.add(edit)
    await _put(session, course, menu, after, now)
    return What(edit.what)


async def _put(session: AsyncSession, course: Course, menu: Menu, state: State, now: datetime) -> None:
    menu.revision += 1
    await board_editing.put(session, course, menu, await _without_what_is_gone(session, course, menu, state), now)


async def _without_what_is_gone(session: AsyncSession, course: Course, menu: Menu, state: State) -> State:
    """The state without what was deleted since: items, competencies, rubrics, groups, people who were erased."""
    of, options = menu.organisation_id, state.sheet.options
    named = [one for option in options for one in option.audience]
    items = await queries.items(session, of, course.id, [one.content_item_id for one in options if one.content_item_id])
    competencies = await known(session, Competency, of, (one for option in options for one in option.competencies))
    groups = await known(session, CourseGroup, of, (one.group_id for one in named if one.group_id))
    people = await known(session, Person, of, (one.person_id for one in named if one.person_id))
    rubric = state.words.rubric_id
    rubrics = await known(session, Rubric, of, [rubric] if rubric else [])

    def option(one: Option) -> Option:
        there = replace(
            one,
            competencies=one.competencies & competencies,
            audience=tuple(dict.fromkeys(_kept(one.audience, groups, people))),
        )
        if one.content_item_id is None or one.content_item_id in items:
            return there
        return replace(
            there, kind=OptionKind.TASK, content_item_id=None, done_rule=OptionDone.MARKED, pass_percent=None
        )

    return State(
        replace(state.words, rubric_id=rubric if rubric in rubrics else None),
        replace(state.sheet, options=tuple(option(one) for one in options)),
    )


def _kept(audience: Iterable[Named], groups: set[uuid.UUID], people: set[uuid.UUID]) -> Iterable[Named]:
    """Whom an option is for. One that was for somebody who is gone is for nobody, never for everybody."""
    for one in audience:
        gone = (one.group_id and one.group_id not in groups) or (one.person_id and one.person_id not in people)
        yield Named(MenuAudienceKind.STUDENT) if gone else one
