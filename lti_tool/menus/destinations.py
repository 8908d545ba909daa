"""Links in the LMS that open a menu: where a launch leads, what the picker offers, the work under review.

``enter`` stands behind every launch, before the playlists' own: what names no menu is theirs.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course, ResourceLink
from lti_tool.courses.rules import TEACHING
from lti_tool.grades import queries as grade_queries
from lti_tool.grades import service as grades
from lti_tool.grades.models import ColumnState
from lti_tool.lti import claims
from lti_tool.lti.launch import Entry, Launch
from lti_tool.menus import copy_queries, settling
from lti_tool.menus.models import Menu, MenuStatus
from lti_tool.menus.work_replies import menu_link_address, student_address, work_address
from lti_tool.playlists import destinations
from lti_tool.playlists.others import Pick, Pickables
from lti_tool.web.i18n import N_

PARAMETER = "menu_id"
"""The custom parameter of links to menus: a menu's id."""

_KIND = "menu:"
_THERE = (MenuStatus.DRAFT, MenuStatus.ASSIGNED)


async def enter(session: AsyncSession, launch: Launch, now: datetime) -> Entry:
    """Take note of a verified launch and say which page it opens: a menu's, or what the playlists say."""
    entry = await destinations.enter(session, launch, now, (PARAMETER,))
    if entry.course_id is None or launch.message_type == claims.DEEP_LINKING_REQUEST:
        return entry
    course = await course_queries.course(session, entry.organisation_id, entry.course_id)
    if course is None:
        return entry
    if launch.message_type == claims.SUBMISSION_REVIEW_REQUEST:
        return await _review(session, launch, entry, course)
    said = _meant(launch.custom.get(PARAMETER))
    if said is None:
        return entry
    menu = await resolve(session, course, said)
    if menu is not None:
        await _note(session, launch, entry, course, menu, now)
    return replace(entry, address=menu_link_address(course.id, menu.id if menu else said))


async def resolve(session: AsyncSession, course: Course, menu_id: uuid.UUID) -> Menu | None:
    """The menu a link of this course means: its own, or the one carried over from it when the course was copied."""
    own = await copy_queries.menu(session, course.organisation_id, course.id, menu_id)
    if own is not None:
        return own
    there = await copy_queries.menus(session, course.organisation_id, course.id, _THERE)
    return next((one for one in there if one.copied_from_id == menu_id), None)


def _meant(value: str | None) -> uuid.UUID | None:
    """The id of a custom parameter. What is no id means nothing that could be said to be missing."""
    try:
        return uuid.UUID(value) if value else None
    except ValueError:
        return None


async def _note(session: AsyncSession, launch: Launch, entry: Entry, course: Course, menu: Menu, now: datetime) -> None:
    """Remember what the link opens; the column the LMS made with it is the menu's, so that no second one is made."""
    if entry.resource_link_id is not None:
        link = await course_queries.resource_link(session, entry.organisation_id, entry.resource_link_id)
        opens = f"{_KIND}{menu.id}"
        if link is not None and link.opens != opens:
            await course_queries.change(session, ResourceLink, entry.organisation_id, link.id, {"opens": opens})
    url = launch.ags.line_item_url if launch.ags else None
    if url is not None and menu.status is not MenuStatus.ARCHIVED:
        await grades.adopt_column(
            session,
            course=course,
            resource_id=settling.resource_id(menu),
            label=menu.title,
            score_maximum=menu.points,
            end_at=menu.due_at,
            url=url,
            now=now,
        )


# --- Looking at a student's work ----------------------------------------------------------------------------------------


async def _review(session: AsyncSession, launch: Launch, entry: Entry, course: Course) -> Entry:
    """The student's own board of the menu whose column it is (Submission Review 1.0 §3.1); else what the playlists say."""
    said = _meant(launch.custom.get(PARAMETER))
    url = launch.ags.line_item_url if launch.ags else None
    if said is None and url is not None:
        column = await grade_queries.line_item_at(session, course.organisation_id, course.id, url)
        if column is not None and column.resource_id.startswith(_KIND):
            said = _meant(column.resource_id.removeprefix(_KIND))
    menu = await resolve(session, course, said) if said is not None else None
    if menu is None or menu.status is not MenuStatus.ASSIGNED:
        return entry
    if entry.role not in TEACHING:
        own = launch.for_user == launch.sub
        return replace(entry, address=menu_link_address(course.id, menu.id)) if own else entry
    person = launch.for_user and await course_queries.person_by_sub(
        session, entry.organisation_id, launch.registration.id, launch.for_user
    )
    address = student_address(course, menu.id, person.id) if person else work_address(course, menu.id)
    return replace(entry, address=address)


# --- Adding to the course -----------------------------------------------------------------------------------------------


async def _offered(session: AsyncSession, course: Course, chosen: uuid.UUID | None) -> Sequence[Pick]:
    """The course's menus, the newest first. The link that is edited keeps the column that came with it."""
    menus = await copy_queries.menus(session, course.organisation_id, course.id, _THERE)
    found = []
    for menu in menus:
        column = await grade_queries.line_item_of(
            session, course.organisation_id, course.id, settling.resource_id(menu), grades.TAG
        )
        there = column is not None and column.state is not ColumnState.REFUSED
        if there and column is not None and column.url and menu.id == chosen:
            there = not await course_queries.linked_line_items(session, course.organisation_id, course.id, [column.url])
        found.append(
            Pick(
                menu.id,
                menu.title,
                menu.introduction,
                menu.status is MenuStatus.DRAFT,
                there,
                menu.points,
                menu.due_at,
                settling.resource_id(menu),
                menu_link_address(course.id, menu.id),
            )
        )
    return found


async def _take_column(session: AsyncSession, course: Course, menu_id: uuid.UUID, points: float, now: datetime) -> None:
    """A column comes with the link. A draft takes it into its terms; an assigned menu waits for it with its scores."""
    menu = await copy_queries.menu(session, course.organisation_id, course.id, menu_id, lock=True)
    if menu is None or (menu.has_column and menu.status is MenuStatus.ASSIGNED):
        return
    menu.has_column, menu.points = True, points
    menu.revision += 1
    menu.changed_at = now
    session.add(menu)
    await session.flush()
    if menu.status is MenuStatus.ASSIGNED:
        await grades.expect_column(
            session,
            course=course,
            resource_id=settling.resource_id(menu),
            label=menu.title,
            score_maximum=menu.points,
            end_at=menu.due_at,
            now=now,
        )
        await settling.settle_all(session, course, menu, now)


PICKABLES = Pickables(PARAMETER, N_("Menus"), _offered, _take_column)
"""This room's menus, as the application tells the picker of them."""
