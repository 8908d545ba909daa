"""Where a launch leads: to the playlist its link opens, to the picker, to the work under review, or to the course's front.

``enter`` stands behind every launch. It lets ``courses.service`` take note of who came and then reads what is meant from the
message itself: an LMS may give a link another playlist under the same id (Moodle, when its content is selected again), so
the link's own row is believed only where the message says nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries as course_queries
from lti_tool.courses import service as courses
from lti_tool.courses.models import Course, Person, ResourceLink
from lti_tool.courses.rules import TEACHING
from lti_tool.errors import NotAllowed
from lti_tool.grades import queries as grade_queries
from lti_tool.grades import service as grades
from lti_tool.lti import claims, deep_linking
from lti_tool.lti.launch import Entry, Launch
from lti_tool.lti.models import Role
from lti_tool.playlists import carrying, queries, service
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.playlists.replies import Said, link_address, picker_address, playlist_address, playlists_address
from lti_tool.web.i18n import N_

PARAMETER = "playlist_id"
"""The custom parameter of our links: a playlist's id. Absent, or ``new``, means the course's front page."""

FRONT = "new"

_KIND = "playlist:"


class PickingNotAllowed(NotAllowed):
    """Somebody who does not teach the course was sent to choose its content."""

    code = "picking-not-allowed"
    title = N_("Only teachers can choose what is added to a course")
    advice = N_("Your role in this course does not include it. If it should, ask your teacher or administrator.")


async def enter(session: AsyncSession, launch: Launch, now: datetime, others: Sequence[str] = ()) -> Entry:
    """Take note of a verified launch and say which page it opens.

    ``others`` are custom parameters by which links of rooms above name what they open: the picker is told which one is edited.
    """
    entry = await courses.enter(session, launch, now)
    if entry.course_id is None:
        return entry
    if launch.message_type == claims.DEEP_LINKING_REQUEST:
        return replace(entry, address=await _picker(session, launch, entry, now, others))
    if launch.message_type == claims.SUBMISSION_REVIEW_REQUEST:
        return replace(entry, address=await _review(session, launch, entry))
    playlist_id = _meant(launch.custom.get(PARAMETER))
    if playlist_id is None:
        return entry
    course = await course_queries.course(session, entry.organisation_id, entry.course_id)
    if course is None:
        return entry
    playlist = await resolve(session, course, playlist_id)
    if playlist is not None:
        await _note_link(session, entry, playlist)
        await _note_column(session, launch, course, playlist, now)
    return replace(entry, address=link_address(course.id, playlist.id if playlist else playlist_id))


async def resolve(session: AsyncSession, course: Course, playlist_id: uuid.UUID) -> Playlist | None:
    """The playlist a link of this course means: its own, or the one carried over from it when the course was copied."""
    return await carrying.resolved(session, course.organisation_id, course.id, playlist_id)


def _meant(value: str | None) -> uuid.UUID | None:
    """The id of a custom parameter. What is no id means nothing that could be said to be missing."""
    try:
        return uuid.UUID(value) if value and value != FRONT else None
    except ValueError:
        return None


# --- A link -----------------------------------------------------------------------------------------------------------


async def _note_link(session: AsyncSession, entry: Entry, playlist: Playlist) -> None:
    """Remember what the link opens, for messages that do not say."""
    if entry.resource_link_id is None:
        return
    link = await course_queries.resource_link(session, entry.organisation_id, entry.resource_link_id)
    opens = f"{_KIND}{playlist.id}"
    if link is not None and link.opens != opens:
        await course_queries.change(session, ResourceLink, entry.organisation_id, link.id, {"opens": opens})


async def _note_column(
    session: AsyncSession, launch: Launch, course: Course, playlist: Playlist, now: datetime
) -> None:
    """The column the LMS made with the link is the playlist's, so that no second one is made."""
    url = launch.ags.line_item_url if launch.ags else None
    if url is None or playlist.status is PlaylistStatus.ARCHIVED:
        return
    await grades.adopt_column(
        session,
        course=course,
        resource_id=service.resource_id(playlist),
        label=playlist.title,
        score_maximum=playlist.points,
        end_at=playlist.due_at,
        url=url,
        now=now,
    )


# --- Choosing content ---------------------------------------------------------------------------------------------------


async def _picker(session: AsyncSession, launch: Launch, entry: Entry, now: datetime, others: Sequence[str]) -> str:
    if entry.role not in TEACHING or entry.person_id is None or entry.course_id is None:
        raise PickingNotAllowed(f"a deep linking request of a {entry.role}")
    request_id = await deep_linking.keep_request(
        session,
        launch,
        course_id=entry.course_id,
        person_id=entry.person_id,
        now=now,
        chosen=await _edited(session, launch, entry) or _said(launch, others),
    )
    return picker_address(entry.course_id, request_id)


def _said(launch: Launch, names: Sequence[str]) -> str | None:
    """What the link that is edited opens of another room, where its parameter comes along."""
    settings = launch.deep_linking or {}
    custom = settings.get("custom")
    also = custom if isinstance(custom, dict) else {}
    for name in names:
        value = launch.custom.get(name) or also.get(name)
        said = _meant(value if isinstance(value, str) else None)
        if said is not None:
            return str(said)
    return None


async def _edited(session: AsyncSession, launch: Launch, entry: Entry) -> str | None:
    """The playlist of the link whose content is selected again, where the platform says which link that is."""
    said = _meant(launch.custom.get(PARAMETER))
    if said is None:
        settings = launch.deep_linking or {}
        custom = settings.get("custom")
        value = custom.get(PARAMETER) if isinstance(custom, dict) else None
        said = _meant(value if isinstance(value, str) else None)
    said = said or await _opened_by_link(session, entry)
    course = entry.course_id and await course_queries.course(session, entry.organisation_id, entry.course_id)
    if not said or not course:
        return None
    # A link that came with a copied course still names the original's playlist.
    meant = await resolve(session, course, said)
    return str(meant.id if meant is not None else said)


async def _opened_by_link(session: AsyncSession, entry: Entry) -> uuid.UUID | None:
    if entry.resource_link_id is None:
        return None
    link = await course_queries.resource_link(session, entry.organisation_id, entry.resource_link_id)
    if link is None or not link.opens or not link.opens.startswith(_KIND):
        return None
    return _meant(link.opens.removeprefix(_KIND))


# --- Looking at a student's work ----------------------------------------------------------------------------------------


async def _review(session: AsyncSession, launch: Launch, entry: Entry) -> str:
    """The student's own path of the playlist whose column it is (Submission Review 1.0 §3.1), or the nearest page to it."""
    course = entry.course_id and await course_queries.course(session, entry.organisation_id, entry.course_id)
    if not course:
        return entry.address
    playlist = await _reviewed(session, launch, entry, course)
    if entry.role not in TEACHING:
        # A student sees their own path, whomever the message names; family what it always sees.
        own = entry.role is Role.STUDENT and launch.for_user == launch.sub
        return link_address(course.id, playlist.id) if playlist and own else entry.address
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        return f"{playlists_address(course)}?said={Said.REVIEW_WITHOUT_PLAYLIST}"
    address = playlist_address(course, playlist.id)
    if playlist.status is not PlaylistStatus.ASSIGNED:
        return address
    person = await _person(session, launch, entry)
    copy = person and await queries.copy_of(session, course.organisation_id, playlist.id, person.id)
    if not person or not copy:
        return f"{address}/progress?said={Said.REVIEW_WITHOUT_STUDENT}"
    return f"{address}/students/{person.id}"


async def _reviewed(session: AsyncSession, launch: Launch, entry: Entry, course: Course) -> Playlist | None:
    """The playlist under review: by the link's parameter, by the column, by what the link was last seen to open."""
    said = _meant(launch.custom.get(PARAMETER))
    if said is None and launch.ags is not None and launch.ags.line_item_url is not None:
        column = await grade_queries.line_item_at(session, course.organisation_id, course.id, launch.ags.line_item_url)
        if column is not None and column.resource_id.startswith(_KIND):
            said = _meant(column.resource_id.removeprefix(_KIND))
    if said is None:
        said = await _opened_by_link(session, entry)
    return None if said is None else await resolve(session, course, said)


async def _person(session: AsyncSession, launch: Launch, entry: Entry) -> Person | None:
    if launch.for_user is None:
        return None
    return await course_queries.person_by_sub(session, entry.organisation_id, launch.registration.id, launch.for_user)
