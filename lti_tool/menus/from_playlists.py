"""A menu made of a playlist's may-dos. The playlist stays as it is."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest
from lti_tool.ids import new_id
from lti_tool.menus import board_editing
from lti_tool.menus.board_states import Words
from lti_tool.menus.models import Menu, OptionDone, OptionKind, WorkKind
from lti_tool.menus.rules import choosing
from lti_tool.menus.rules.choosing import BoardKind, Rule
from lti_tool.menus.sheets import Option, Section, Sheet
from lti_tool.playlists import changing, template_rows
from lti_tool.playlists.models import DoneRule, Need
from lti_tool.playlists.templates import Step, Template
from lti_tool.web.i18n import N_


class NoMayDos(BadRequest):
    """A menu was to be made of a playlist that has no may-dos."""

    code = "no-may-dos"
    title = N_("This playlist has no may-dos")
    advice = N_("Say of some of its steps that they are may-dos, or begin a menu from a ready board.")


async def make(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
    *,
    menu_id: uuid.UUID | None = None,
) -> Menu:
    """A draft whose options are a playlist's may-dos. NotFound for what is no playlist of this course, NoMayDos without any."""
    playlist = await changing.found(session, course, playlist_id)
    template = await template_rows.current(session, playlist)
    steps = [step for step in template.steps if step.need is Need.MAY]
    if not steps:
        raise NoMayDos("no may-dos")
    ids = [step.content_item_id for step in steps if step.content_item_id]
    aligned = await alignments.of_items(session, course.organisation_id, course.id, ids)
    competencies = {item_id: frozenset(view.competency_id for view in views) for item_id, views in aligned.items()}
    words = Words(title=playlist.title, introduction=playlist.introduction)
    sheet = of_steps(template, steps, competencies)
    return await board_editing.create(session, course, words, sheet, by, now, menu_id=menu_id, playlist_id=playlist.id)


def of_steps(
    template: Template, steps: Sequence[Step], competencies: Mapping[uuid.UUID, frozenset[uuid.UUID]]
) -> Sheet:
    """The board for may-dos. Where sections of the playlist ask for some of theirs, each is a course of a dinner menu that asks
    for as many; of the others students choose as they like. Otherwise it is a list to choose one of, or more.
    """
    sections: list[Section] = []
    courses: list[choosing.Course] = []
    options: list[Option] = []
    ids = [None, *(section.id for section in template.sections)]
    needed = {section.id: section.needed for section in template.sections}
    titles = {section.id: section.title for section in template.sections}
    for section_id in ids:
        inside = [step for step in steps if step.section_id == section_id]
        if not inside:
            continue
        part = Section(new_id(), titles[section_id] if section_id is not None else "")
        asked = needed[section_id] if section_id is not None else None
        count = min(asked, len(inside)) if asked else None
        sections.append(part)
        courses.append(choosing.Course(part.id, count or 0, count))
        for step in inside:
            options.append(_option(step, part.id, len(options), competencies))
    if any(course.least for course in courses):
        rule = Rule(BoardKind.DINNER, courses=tuple(courses))
    else:
        rule = Rule(BoardKind.LIST, least=1)
    return Sheet(rule, tuple(sections), tuple(options))


def _option(
    step: Step, section_id: uuid.UUID, position: int, competencies: Mapping[uuid.UUID, frozenset[uuid.UUID]]
) -> Option:
    named = frozenset() if step.competency_id is None else frozenset([step.competency_id])
    aligned = competencies.get(step.content_item_id, frozenset()) if step.content_item_id else frozenset()
    done, works = OptionDone.MARKED, tuple[WorkKind, ...]()
    if step.done_rule is DoneRule.RESULT:
        done = OptionDone.RESULT
    elif step.done_rule in (DoneRule.WRITTEN, DoneRule.SIGNED):
        # What the student wrote, or the teacher signed off: here it is handed in and accepted.
        done, works = OptionDone.ACCEPTED, (WorkKind.WORDS,)
    kind = OptionKind.ITEM if step.content_item_id else OptionKind.LINK if step.url else OptionKind.TASK
    return Option(
        id=new_id(),
        position=position,
        section_id=section_id,
        kind=kind,
        title=step.title,
        note=step.note,
        content_item_id=step.content_item_id,
        url=step.url,
        done_rule=done,
        pass_percent=step.pass_percent if done is OptionDone.RESULT else None,
        takes=works,
        minutes=step.minutes,
        competencies=named | aligned,
    )
