"""A board as a student finds it before the first choice; nothing of it is stored."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.visibility import may_see_supports, visible_student, visible_students
from lti_tool.ids import new_id
from lti_tool.menus import board_editing, own, people, showing
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.models import Menu, MenuAudienceKind, PersonalMenu
from lti_tool.menus.rules.audience import Student
from lti_tool.menus.showing import BoardView
from lti_tool.web.i18n import Language


@dataclass(frozen=True, slots=True)
class Preview:
    """A board as it would be shown. ``students``: as whom the teacher can look at it; none where all boards are alike.

    ``tells``: it is one student's, and tells whether they have support in another language: a look at it is recorded.
    """

    menu: Menu
    view: BoardView
    students: Sequence[Person]
    chosen: uuid.UUID | None
    tells: bool = False


async def preview(
    session: AsyncSession,
    here: InCourse,
    menu_id: uuid.UUID,
    person_id: uuid.UUID | None,
    language: Language,
    now: datetime,
) -> Preview:
    """The board for a student whom the teacher sees, or for somebody of whom nothing is known; NotFound.

    Where a language decides what is on a board, single boards are for those with the supports right: they tell of supports.
    """
    menu = await board_editing.found(session, here.course, menu_id)
    organisation_id = here.organisation_id
    options = await queries.options(session, organisation_id, [menu.id])
    sections = await queries.sections(session, organisation_id, [menu.id])
    rows = [row for row in await queries.audience(session, organisation_id, [menu.id]) if row.option_id is not None]
    tells = any(row.kind is MenuAudienceKind.LANGUAGE for row in rows)
    may_choose = bool(rows) and (not tells or await may_see_supports(session, here))
    students = await visible_students(session, here) if may_choose else []
    student = Student(new_id())
    if person_id is not None and may_choose:
        person = await visible_student(session, here, person_id)
        [student] = await people.known_of(session, here.course, rows, {person.id})
    shown = own.shown(options, rows, student, ())
    board = own.OwnBoard(
        menu,
        PersonalMenu(organisation_id=organisation_id, menu_id=menu.id, person_id=student.id, created_at=now),
        {one.id: one for one in shown},
        [section for section in sections if section.removed_at is None],
        {},
        await queries.competencies(session, organisation_id, [one.id for one in shown]),
    )
    view = await showing.board_view(session, here.course, board, language)
    chosen = person_id if may_choose else None
    return Preview(menu, view, students, chosen, tells and chosen is not None)
