"""The supports students have, and what is asked of them otherwise: who may see it, who gives it, what follows.

An accommodation (``Support``) changes how something is done and no rule; a modification (``mastery.models.LearnerModification``)
changes what is asked. Neither reaches a gradebook comment, an export, a preview, a group's name, or anybody without the
supports right: a teacher of the course, or an assistant to whom a teacher of it gave the right. Whoever looks leaves a trace.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import maps
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Membership, Person
from lti_tool.courses.visibility import may_see_supports as may_see
from lti_tool.courses.visibility import visible_student, visible_students
from lti_tool.errors import BadRequest, Conflict, NotAllowed, NotFound
from lti_tool.learners import queries
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.learners.rules import MOST_FACTOR, Form, Supports, choose, minutes_for
from lti_tool.logs import reference_code
from lti_tool.lti.models import Role
from lti_tool.mastery.models import LearnerModification
from lti_tool.web.i18n import N_

__all__ = [
    "Form",
    "Supports",
    "choose",
    "for_people",
    "instead",
    "may_see",
    "minutes_for",
    "of_person",
]


class SupportsHidden(NotAllowed):
    """Somebody without the supports right asked for a page of supports."""

    code = "supports-hidden"
    title = N_("This page is for those who look after supports")
    advice = N_("A teacher of this course can give you the right, under People, Supports.")


# --- Who may see -----------------------------------------------------------------------------------------------------


async def must_see(session: AsyncSession, here: InCourse) -> None:
    """Raises SupportsHidden (403) for whoever may not see supports."""
    if not await may_see(session, here):
        raise SupportsHidden("no supports right")


async def give_right(
    session: AsyncSession, here: InCourse, person_id: uuid.UUID, *, allowed: bool, now: datetime
) -> None:
    """A teacher gives the supports right to somebody who helps in the course, or takes it away. Raises NotAllowed, NotFound."""
    if here.visit.role is not Role.TEACHER or here.visit.masquerading:
        raise NotAllowed("only a teacher of the course gives the supports right")
    for person, membership in await queries.teaching(session, here.organisation_id, here.course.id):
        if person.id == person_id and membership.role is not Role.TEACHER:
            break
    else:
        raise NotFound("nobody who helps in this course")
    if membership.sees_supports != allowed:
        membership.sees_supports = allowed
        session.add(membership)
        _trace(session, here, now, "supports.right-given" if allowed else "supports.right-taken", person_id)


# --- What paths ask --------------------------------------------------------------------------------------------------


async def for_people(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
) -> dict[uuid.UUID, Supports]:
    """The supports of these people in a course (None: of all), by person; who has none is absent. For choosing forms."""
    rows: dict[uuid.UUID, list[LearnerSupport]] = {}
    for row in await queries.supports(session, organisation_id, course_id, person_ids):
        rows.setdefault(row.person_id, []).append(row)
    return {person_id: _together(some) for person_id, some in rows.items()}


async def of_person(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> Supports:
    """One person's supports in a course."""
    return (await for_people(session, organisation_id, course_id, [person_id])).get(person_id, Supports())


async def instead(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
) -> dict[uuid.UUID, dict[uuid.UUID, uuid.UUID | None]]:
    """By person: what each is not asked for, with the competency that comes in its place, or None."""
    found = await replaced(session, organisation_id, course_id, person_ids)
    return {person_id: {one: other for one, (other, _) in some.items()} for person_id, some in found.items()}


async def replaced(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
) -> dict[uuid.UUID, dict[uuid.UUID, tuple[uuid.UUID | None, datetime]]]:
    """``instead``, each with the moment from which on that holds."""
    found: dict[uuid.UUID, dict[uuid.UUID, tuple[uuid.UUID | None, datetime]]] = {}
    for row in await queries.modifications(session, organisation_id, course_id, person_ids):
        if row.passing_percent is None:
            found.setdefault(row.person_id, {})[row.competency_id] = (row.instead_id, row.created_at)
    return found


def _together(rows: Iterable[LearnerSupport]) -> Supports:
    kinds: set[Support] = set()
    language, factor = "", None
    for row in rows:
        kinds.add(row.support)
        if row.support is Support.LANGUAGE:
            language = row.language
        if row.support is Support.EXTENDED_TIME:
            factor = row.factor
    return Supports(frozenset(kinds), language, factor)


# --- Looking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overview:
    """The students of a course with what helps them, and who may see this."""

    students: Sequence[Person]
    supports: Mapping[uuid.UUID, Supports]
    modified: Mapping[uuid.UUID, int]
    helpers: Sequence[tuple[Person, Membership]] = ()


@dataclass(frozen=True, slots=True)
class Modified:
    """One modification in words: the competency, what comes instead, or the other passing mark."""

    id: uuid.UUID
    competency: str
    instead: str | None
    passing_percent: float | None
    since: datetime


@dataclass(frozen=True, slots=True)
class StudentSupports:
    """What one student has, and what could be chosen for modifications."""

    person: Person
    supports: Supports
    modified: Sequence[Modified] = ()
    competencies: Sequence[tuple[uuid.UUID, str]] = field(default_factory=list)


async def overview(session: AsyncSession, here: InCourse, now: datetime) -> Overview:
    """Everybody's supports, for who may see them; the look is recorded. Raises SupportsHidden."""
    await must_see(session, here)
    students = await visible_students(session, here)
    ids = {person.id for person in students}
    found = await for_people(session, here.organisation_id, here.course.id)
    modified: dict[uuid.UUID, int] = {}
    for row in await queries.modifications(session, here.organisation_id, here.course.id):
        modified[row.person_id] = modified.get(row.person_id, 0) + 1
    helpers = await queries.teaching(session, here.organisation_id, here.course.id)
    _trace(session, here, now, "supports.viewed", None)
    return Overview(
        students,
        {person_id: some for person_id, some in found.items() if person_id in ids},
        {person_id: count for person_id, count in modified.items() if person_id in ids},
        [(person, membership) for person, membership in helpers if membership.role is not Role.TEACHER],
    )


async def of_student(session: AsyncSession, here: InCourse, person_id: uuid.UUID, now: datetime) -> StudentSupports:
    """One student's supports and modifications; the look is recorded. Raises SupportsHidden, NotFound."""
    await must_see(session, here)
    person = await visible_student(session, here, person_id)
    found = await of_person(session, here.organisation_id, here.course.id, person_id)
    view = await maps.the_map(session, here.organisation_id, here.course.id)
    names = {one.id: _named(one.name, one.words) for one in view.competencies} if view is not None else {}
    rows = await queries.modifications(session, here.organisation_id, here.course.id, [person_id])
    _trace(session, here, now, "supports.viewed", person_id)
    return StudentSupports(
        person,
        found,
        [
            Modified(
                row.id,
                names.get(row.competency_id, ""),
                names.get(row.instead_id) if row.instead_id else None,
                row.passing_percent,
                row.created_at,
            )
            for row in rows
        ],
        list(names.items()),
    )


def _named(name: str, words: str) -> str:
    return name if name == words else f"{name} {words}"


# --- Giving ----------------------------------------------------------------------------------------------------------


async def give(session: AsyncSession, here: InCourse, person_id: uuid.UUID, wanted: Supports, now: datetime) -> bool:
    """Have a student have exactly these supports from now on; whether that changed anything. What ended keeps its row.

    Raises SupportsHidden, NotFound; BadRequest for a language without a name, or a factor out of range.
    """
    await must_see(session, here)
    await visible_student(session, here, person_id)
    if Support.LANGUAGE in wanted.kinds and not wanted.language:
        raise BadRequest("a language support without its language")
    if Support.EXTENDED_TIME in wanted.kinds and not 1 < (wanted.factor or 0) <= MOST_FACTOR:
        raise BadRequest("extended time needs a factor above 1")
    # Two teachers at once: the second one sees what the first one gave.
    await queries.hold(session, here.organisation_id, here.course.id, person_id)
    changed = False
    kept: set[Support] = set()
    for row in await queries.supports(session, here.organisation_id, here.course.id, [person_id], lock=True):
        same = row.support in wanted.kinds and row.support not in kept
        same = same and (row.support is not Support.LANGUAGE or row.language == wanted.language)
        same = same and (row.support is not Support.EXTENDED_TIME or row.factor == wanted.factor)
        if same:
            kept.add(row.support)
            continue
        row.ended_at, row.ended_by, changed = now, here.visit.person_id, True
        session.add(row)
    for support in sorted(wanted.kinds - kept):
        changed = True
        session.add(
            LearnerSupport(
                organisation_id=here.organisation_id,
                course_id=here.course.id,
                person_id=person_id,
                support=support,
                language=wanted.language if support is Support.LANGUAGE else "",
                factor=wanted.factor if support is Support.EXTENDED_TIME else None,
                created_by=here.visit.person_id,
                created_at=now,
            )
        )
    if changed:
        _trace(session, here, now, "supports.changed", person_id)
    return changed


async def modify(
    session: AsyncSession,
    here: InCourse,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
    now: datetime,
    *,
    instead_id: uuid.UUID | None = None,
    passing_percent: float | None = None,
) -> LearnerModification:
    """Ask something else of a student from now on: another competency or none in place of one, or another passing mark.

    What is there already stays as it is; evidence that comes from now on counts from the other mark. A second modification of
    the same competency takes the place of the first. Raises SupportsHidden, NotFound, BadRequest.
    """
    await must_see(session, here)
    await visible_student(session, here, person_id)
    # Two teachers at once cannot make a circle of which each sees one half.
    await queries.hold(session, here.organisation_id, here.course.id, person_id)
    view = await maps.the_map(session, here.organisation_id, here.course.id)
    known = view.by_id if view is not None else {}
    if competency_id not in known or (instead_id is not None and instead_id not in known):
        raise NotFound("the competency is not in the map")
    if instead_id == competency_id or (instead_id is not None and passing_percent is not None):
        raise BadRequest("a modification is another competency or another mark")
    if passing_percent is not None and not 0 <= passing_percent <= 100:
        raise BadRequest("a mark out of range")
    if instead_id is not None and await _leads_back(session, here, person_id, competency_id, instead_id):
        raise Conflict(
            "modifications in a circle",
            code="modification-circle",
            title=N_("These changes would go round in a circle"),
            advice=N_("The competency you chose instead is itself replaced by this one. End that change first."),
        )
    for row in await queries.modifications(session, here.organisation_id, here.course.id, [person_id]):
        if row.competency_id == competency_id:
            row.ended_at, row.ended_by = now, here.visit.person_id
            session.add(row)
    made = LearnerModification(
        organisation_id=here.organisation_id,
        course_id=here.course.id,
        person_id=person_id,
        competency_id=competency_id,
        instead_id=instead_id,
        passing_percent=passing_percent,
        created_by=here.visit.person_id,
        created_at=now,
    )
    session.add(made)
    _trace(session, here, now, "supports.modified", person_id)
    return made


async def _leads_back(
    session: AsyncSession, here: InCourse, person_id: uuid.UUID, competency_id: uuid.UUID, instead_id: uuid.UUID
) -> bool:
    replaced = (await instead(session, here.organisation_id, here.course.id, [person_id])).get(person_id, {})
    at: uuid.UUID | None = instead_id
    seen: set[uuid.UUID] = set()
    while at is not None and at != competency_id and at not in seen:
        seen.add(at)
        at = replaced.get(at)
    return at == competency_id


async def end_modification(
    session: AsyncSession, here: InCourse, person_id: uuid.UUID, modification_id: uuid.UUID, now: datetime
) -> None:
    """End a modification; twice is once. Raises SupportsHidden, NotFound."""
    await must_see(session, here)
    await visible_student(session, here, person_id)
    row = await queries.modification(session, here.organisation_id, here.course.id, person_id, modification_id)
    if row is None:
        raise NotFound("no such modification")
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, here.visit.person_id
        session.add(row)
        _trace(session, here, now, "supports.modification-ended", person_id)


def _trace(session: AsyncSession, here: InCourse, now: datetime, action: str, person_id: uuid.UUID | None) -> None:
    """Who looked at what, or changed it; never which support, so that the audit log itself tells nothing."""
    audit.record(
        session,
        now,
        action,
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{person_id}" if person_id else f"course:{here.course.id}",
        reference=reference_code.get(),
    )
