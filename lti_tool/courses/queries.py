"""All SQL of courses, people and memberships. Statements of the launch are Core statements, compiled once."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, func, literal, literal_column, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course, CourseOrigin, Membership, Person, ResourceLink
from lti_tool.courses.rules import TEACHING
from lti_tool.db.base import TenantRow, crossing, scoped
from lti_tool.db.fixed import Fixed
from lti_tool.db.joined import joined, parted
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id
from lti_tool.lti.models import Registration, Role

COURSE_KEY = ("organisation_id", "deployment_id", "context_id")
PERSON_KEY = ("organisation_id", "registration_id", "sub")
MEMBERSHIP_KEY = ("organisation_id", "course_id", "person_id")
LINK_KEY = ("organisation_id", "course_id", "resource_link_id")

Known = dict[str, Any]
"""A row's columns by name."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of a launch before it: each part as columns by name, or None."""

    course: Known | None
    person: Known | None
    membership: Known | None
    link: Known | None
    origins: frozenset[str]
    """The ids of the courses this one is known to have been copied from."""


_PARTS: tuple[tuple[type[TenantRow], tuple[str, ...]], ...] = (
    (
        Course,
        (
            "id",
            "title",
            "label",
            "memberships_url",
            "line_items_url",
            "ags_scopes",
            "platform_course_id",
            "api_domain",
            "groups_url",
            "group_sets_url",
        ),
    ),
    (Person, ("id", "name", "sort_name", "platform_user_id", "is_test")),
    (Membership, ("id", "role", "active", "launched_at", "last_launched_at", "sections", "section_restricted")),
    (ResourceLink, ("id", "title", "line_item_url", "history")),
)


def _whereabouts_statement() -> Any:
    """One row whatever is missing: everything hangs by outer joins on a row that is always there."""
    # Tables, not classes: nothing of the ORM is needed for one row of plain values.
    course, person, membership, link = (model.__table__ for model, _ in _PARTS)  # type: ignore[attr-defined]
    organisation: BindParameter[uuid.UUID] = bindparam("organisation")
    here = select(literal(1).label("here")).subquery("launch")
    columns: list[Any] = [
        model.__table__.c[name].label(f"{place}_{name}")  # type: ignore[attr-defined]
        for place, (model, names) in enumerate(_PARTS)
        for name in names
    ]
    origin: Any = CourseOrigin.__table__  # type: ignore[attr-defined]
    # A table of its own and yet no statement of its own: most courses are no copies, and their launches must not pay for it.
    origins_here: Any = (
        select(joined(origin.c.context_id))
        .where(origin.c.organisation_id == organisation, origin.c.course_id == course.c.id)
        .scalar_subquery()
        .label("origins")
    )
    columns.append(origins_here)
    return select(*columns).select_from(
        here.outerjoin(
            course,
            and_(
                course.c.organisation_id == organisation,
                course.c.deployment_id == bindparam("deployment"),
                course.c.context_id == bindparam("context"),
            ),
        )
        .outerjoin(
            person,
            and_(
                person.c.organisation_id == organisation,
                person.c.registration_id == bindparam("registration"),
                person.c.sub == bindparam("sub"),
            ),
        )
        .outerjoin(
            membership,
            and_(
                membership.c.organisation_id == organisation,
                membership.c.course_id == course.c.id,
                membership.c.person_id == person.c.id,
            ),
        )
        .outerjoin(
            link,
            and_(
                link.c.organisation_id == organisation,
                link.c.course_id == course.c.id,
                link.c.resource_link_id == bindparam("link"),
            ),
        )
    )


_WHEREABOUTS = Fixed(_whereabouts_statement())


async def whereabouts(
    session: AsyncSession,
    *,
    organisation_id: uuid.UUID,
    registration_id: uuid.UUID,
    deployment_id: uuid.UUID,
    context_id: str | None,
    sub: str | None,
    link_id: str | None,
) -> Whereabouts:
    """Everything a launch may meet, in one statement."""
    (row,) = await _WHEREABOUTS.run(
        session,
        {
            "organisation": organisation_id,
            "deployment": deployment_id,
            "context": context_id,
            "registration": registration_id,
            "sub": sub,
            "link": link_id,
        },
    )
    parts: list[Known | None] = []
    start = 0
    for _, names in _PARTS:
        values = row[start : start + len(names)]
        start += len(names)
        parts.append(None if values[0] is None else dict(zip(names, values, strict=True)))
    course_of, person_of, membership_of, link_of = parts
    return Whereabouts(course_of, person_of, membership_of, link_of, parted(row[start]))


async def put(
    session: AsyncSession,
    model: type[TenantRow],
    key: Sequence[str],
    row: Known,
    *,
    update_columns: Collection[str],
    compute: Mapping[str, ColumnElement[Any]] | None = None,
) -> uuid.UUID:
    """Insert a row, or bring the one a simultaneous transaction has just inserted up to date. Returns its id."""
    rows = await upsert(session, model, [{"id": new_id(), **row}], key=key, update=update_columns, compute=compute)
    found: uuid.UUID = rows[0].id
    return found


async def change(
    session: AsyncSession, model: type[TenantRow], organisation_id: uuid.UUID, row_id: uuid.UUID, changes: Known
) -> None:
    """Change columns of one row."""
    await session.exec(
        update(model)
        .where(col(model.organisation_id) == organisation_id, col(model.id) == row_id)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )


FIRST_LAUNCH: Mapping[str, ColumnElement[Any]] = {
    "launched_at": func.coalesce(col(Membership.launched_at), literal_column("excluded.launched_at"))
}
"""For an upsert of memberships: the first launch known before, or else the one being inserted."""

ROLE_UNLESS_CAME_TO_TEACH: Mapping[str, ColumnElement[Any]] = {
    "role": case(
        (
            and_(
                col(Membership.launched_at).is_not(None),
                col(Membership.role).in_(sorted(TEACHING)),
                literal_column("excluded.role", Membership.role.type) == Role.STUDENT,  # type: ignore[attr-defined]
            ),
            col(Membership.role),
        ),
        else_=literal_column("excluded.role"),
    )
}
"""For an upsert of memberships: who has launched with a teaching role is not made a student by a roster."""

SECTIONS_IF_SENT: Mapping[str, ColumnElement[Any]] = {
    "sections": func.coalesce(literal_column("excluded.sections"), col(Membership.sections))
}
"""For an upsert of memberships: sections where they are sent, the known ones otherwise."""

NAMES_IF_SENT: Mapping[str, ColumnElement[Any]] = {
    name: func.coalesce(literal_column(f"excluded.{name}"), getattr(Person, name))
    for name in ("name", "sort_name", "platform_user_id")
} | {"is_test": or_(col(Person.is_test), literal_column("excluded.is_test"))}
"""For an upsert of people: names and API ids where they are sent, the known ones otherwise. A test student stays one."""

STILL_TO_DO: Mapping[str, ColumnElement[Any]] = {
    "came_at": func.coalesce(literal_column("excluded.came_at"), col(Membership.came_at))
}
"""For an upsert of memberships: that somebody has come stays until what follows from it is done."""


# --- Reading ---------------------------------------------------------------------------------------------------------


async def course(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Course | None:
    """A course of this school."""
    return await session.get(Course, (organisation_id, course_id))


async def courses_called(session: AsyncSession, course_id: uuid.UUID | None, context_id: str) -> list[Course]:
    """The course of that id here, or those whose platform calls them so, in any school; for whoever runs the installation."""
    statement = select(Course).where(
        or_(col(Course.context_id) == context_id, col(Course.id) == course_id)
        if course_id
        else Course.context_id == context_id
    )
    options = crossing("Whoever runs the installation names a course of any school.")
    return list((await session.exec(statement, execution_options=options)).all())


async def registration_of(session: AsyncSession, given: Course) -> Registration | None:
    """The platform a course belongs to."""
    return await session.get(Registration, given.registration_id)


async def person(session: AsyncSession, organisation_id: uuid.UUID, person_id: uuid.UUID) -> Person | None:
    """A person of this school."""
    return await session.get(Person, (organisation_id, person_id))


async def person_by_sub(
    session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID, sub: str
) -> Person | None:
    """A person by the id their platform knows them by."""
    statement = scoped(Person, organisation_id).where(Person.registration_id == registration_id, Person.sub == sub)
    return (await session.exec(statement)).one_or_none()


async def resource_link(session: AsyncSession, organisation_id: uuid.UUID, link_id: uuid.UUID) -> ResourceLink | None:
    """A link by our own id, as the row stands now."""
    statement = (
        scoped(ResourceLink, organisation_id)
        .where(ResourceLink.id == link_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).one_or_none()


async def links_with_history(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[ResourceLink]:
    """The links of a course that were copied from others."""
    statement = (
        scoped(ResourceLink, organisation_id)
        .where(ResourceLink.course_id == course_id)
        .order_by(col(ResourceLink.created_at), col(ResourceLink.id))
    )
    return [link for link in (await session.exec(statement)).all() if link.history]


async def linked_line_items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, urls: Collection[str]
) -> frozenset[str]:
    """Those of these line items that a link of the course has as its own."""
    if not urls:
        return frozenset()
    statement = scoped(ResourceLink, organisation_id).where(
        ResourceLink.course_id == course_id, col(ResourceLink.line_item_url).in_(urls)
    )
    return frozenset(link.line_item_url for link in (await session.exec(statement)).all() if link.line_item_url)


def _in_course(organisation_id: uuid.UUID, course_id: uuid.UUID) -> Any:
    return scoped(Person, organisation_id).join(
        Membership,
        and_(
            col(Membership.organisation_id) == col(Person.organisation_id),
            col(Membership.person_id) == col(Person.id),
            col(Membership.course_id) == course_id,
        ),
    )


async def students(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Person]:
    """The active students of a course, by family name; those without a name last, in an order that stays."""
    statement = (
        _in_course(organisation_id, course_id)
        .where(Membership.role == Role.STUDENT, col(Membership.active).is_(True))
        .order_by(col(Person.sort_name).is_(None), func.lower(Person.sort_name), Person.id)
    )
    return list((await session.exec(statement)).all())


async def seeing(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> tuple[bool, str | None]:
    """Whether the platform lets somebody see only the people of their own sections, and which those are."""
    statement = select(col(Membership.section_restricted), col(Membership.sections)).where(
        col(Membership.organisation_id) == organisation_id,
        col(Membership.course_id) == course_id,
        col(Membership.person_id) == person_id,
    )
    row = (await session.exec(statement)).one_or_none()
    return (False, None) if row is None else (row[0], row[1])


async def sees_supports(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> bool:
    """Whether a teacher of the course gave somebody the supports right."""
    statement = select(col(Membership.sees_supports)).where(
        col(Membership.organisation_id) == organisation_id,
        col(Membership.course_id) == course_id,
        col(Membership.person_id) == person_id,
    )
    return bool((await session.exec(statement)).one_or_none())


async def sections_of_students(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, str | None]:
    """The sections that active students of a course are known to be in, by person."""
    statement = select(col(Membership.person_id), col(Membership.sections)).where(
        col(Membership.organisation_id) == organisation_id,
        col(Membership.course_id) == course_id,
        col(Membership.role) == Role.STUDENT,
        col(Membership.active).is_(True),
    )
    return {row[0]: row[1] for row in (await session.exec(statement)).all()}


async def has_restricted(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> bool:
    """Whether anybody in a course is held to their own sections, so that everybody's have to be known."""
    statement = (
        select(col(Membership.id))
        .where(
            col(Membership.organisation_id) == organisation_id,
            col(Membership.course_id) == course_id,
            col(Membership.section_restricted).is_(True),
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None


async def observed(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    registration_id: uuid.UUID,
    subs: Collection[str],
) -> list[Person]:
    """Those of ``subs`` who are active students of the course, by family name."""
    if not subs:
        return []
    statement = (
        _in_course(organisation_id, course_id)
        .where(
            Membership.role == Role.STUDENT,
            col(Membership.active).is_(True),
            Person.registration_id == registration_id,
            col(Person.sub).in_(subs),
        )
        .order_by(col(Person.sort_name).is_(None), func.lower(Person.sort_name), Person.id)
    )
    return list((await session.exec(statement)).all())


async def roster(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[tuple[Membership, Person]]:
    """Everyone who is or was in the course: active before inactive, then by family name."""
    statement = (
        select(Membership, Person)
        .join(
            Person,
            and_(
                col(Person.organisation_id) == col(Membership.organisation_id), col(Person.id) == Membership.person_id
            ),
        )
        .where(Membership.organisation_id == organisation_id, Membership.course_id == course_id)
        .order_by(
            col(Membership.active).desc(),
            col(Person.sort_name).is_(None),
            func.lower(Person.sort_name),
            col(Person.id),
        )
    )
    return list((await session.exec(statement)).all())


# --- Copies ----------------------------------------------------------------------------------------------------------


async def origin_rows(session: AsyncSession, given: Course, *, lock: bool = False) -> list[CourseOrigin]:
    """What a course was copied from, the latest first; with ``lock`` nobody else decides until this transaction ends."""
    statement = scoped(CourseOrigin, given.organisation_id).where(CourseOrigin.course_id == given.id)
    if lock:
        # In the order in which launches write them, and as the rows are once the others are done.
        statement = statement.order_by(col(CourseOrigin.context_id)).with_for_update()
        statement = statement.execution_options(populate_existing=True)
    return sorted((await session.exec(statement)).all(), key=lambda row: (row.position, row.id))


async def origins(session: AsyncSession, given: Course) -> list[tuple[CourseOrigin, Course]]:
    """What a course was copied from, with the courses of its own school and platform that this is; the latest first."""
    statement = (
        select(CourseOrigin, Course)
        .join(
            Course,
            and_(
                col(Course.organisation_id) == col(CourseOrigin.organisation_id),
                col(Course.context_id) == col(CourseOrigin.context_id),
            ),
        )
        .where(
            CourseOrigin.organisation_id == given.organisation_id,
            CourseOrigin.course_id == given.id,
            Course.registration_id == given.registration_id,
            Course.id != given.id,
        )
        .order_by(col(CourseOrigin.position), col(Course.created_at).desc(), col(Course.id))
    )
    return [(origin, found) for origin, found in (await session.exec(statement)).all()]


# --- The roster ------------------------------------------------------------------------------------------------------


async def people_by_sub(
    session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID, subs: Sequence[str]
) -> dict[str, Any]:
    """Rows of ``id, sub, name, sort_name, platform_user_id, is_test`` of those of ``subs`` who are known, by sub."""
    found: dict[str, Any] = {}
    for start in range(0, len(subs), 500):
        named: Any = select(col(Person.id), col(Person.sub), col(Person.name), col(Person.sort_name)).where(
            col(Person.organisation_id) == organisation_id,
            col(Person.registration_id) == registration_id,
            col(Person.sub).in_(subs[start : start + 500]),
        )
        more = named.add_columns(col(Person.platform_user_id), col(Person.is_test))
        rows: Sequence[Any] = (await session.exec(more)).all()
        found |= {row.sub: row for row in rows}
    return found


async def memberships(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> dict[uuid.UUID, Any]:
    """Rows of ``person_id, role, active`` of every membership of the course, by person."""
    statement = select(col(Membership.person_id), col(Membership.role), col(Membership.active)).where(
        col(Membership.organisation_id) == organisation_id, col(Membership.course_id) == course_id
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    return {row.person_id: row for row in rows}


async def have_come(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, datetime]:
    """Who has come, or come back, to a course as a student, of whom something is still to be done: since when, by person."""
    statement = select(col(Membership.person_id), col(Membership.came_at)).where(
        col(Membership.organisation_id) == organisation_id,
        col(Membership.course_id) == course_id,
        col(Membership.came_at).is_not(None),
    )
    return {row[0]: row[1] for row in (await session.exec(statement)).all() if row[1] is not None}


async def courses_with_newcomers(session: AsyncSession, most: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Organisation and course, of all schools, that somebody has come to of whom something is still to be done."""
    statement = (
        select(col(Membership.organisation_id), col(Membership.course_id))
        .where(col(Membership.came_at).is_not(None))
        .distinct()
        .limit(most)
        .execution_options(
            **crossing("the sweep looks at every school's newcomers, each course is then done by itself")
        )
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]


async def done_with(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, came: Mapping[uuid.UUID, datetime]
) -> None:
    """Note that what follows from these people's coming is done; not of one who has come once more since."""
    for came_at in sorted(set(came.values())):
        people = sorted(one for one, at in came.items() if at == came_at)
        await session.exec(
            update(Membership)
            .where(
                col(Membership.organisation_id) == organisation_id,
                col(Membership.course_id) == course_id,
                col(Membership.person_id).in_(people),
                col(Membership.came_at) == came_at,
            )
            .values(came_at=None)
            .execution_options(synchronize_session=False)
        )


async def retire(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Sequence[uuid.UUID],
    read_at: datetime,
) -> int:
    """Make inactive who is not in the roster of ``read_at``, unless they have launched since. Returns how many."""
    launched = col(Membership.last_launched_at)
    retired = 0
    for start in range(0, len(person_ids), 500):
        result = await session.exec(
            update(Membership)
            .where(
                col(Membership.organisation_id) == organisation_id,
                col(Membership.course_id) == course_id,
                col(Membership.person_id).in_(person_ids[start : start + 500]),
                or_(launched.is_(None), launched < read_at),
            )
            .values(active=False)
            .returning(col(Membership.id))
            .execution_options(synchronize_session=False)
        )
        retired += len(result.all())
    return retired
