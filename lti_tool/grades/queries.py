"""All SQL of the ledger that answers pages and use cases. What workers ask is in ``claims``."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, case, literal, literal_column, null, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import crossing, scoped
from lti_tool.db.fixed import FixedUpsert
from lti_tool.db.loaded import Loaded, columns_of, load_together
from lti_tool.grades import owed_to
from lti_tool.grades.models import Choice, ColumnState, Delivery, DeliveryPace, LineItem, Score
from lti_tool.grades.rules import Absence
from lti_tool.ids import new_id
from lti_tool.lti.models import Role


async def insert_unless_there(session: AsyncSession, row: SQLModel) -> None:
    """Insert a row, or nothing when a unique key of it is taken already; two transactions at once make one row."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.exec(insert(table).values(row.model_dump()).on_conflict_do_nothing())


_column, _score = LineItem.__table__, Score.__table__  # type: ignore[attr-defined]
_ORGANISATION: Any = bindparam("organisation")
_OF = (
    _column.c.organisation_id == _ORGANISATION,
    _column.c.course_id == bindparam("course"),
    _column.c.resource_id == bindparam("resource"),
    _column.c.tag == bindparam("tag"),
)
_COLUMN = Loaded(select(*columns_of(LineItem)).where(*_OF), LineItem)
TRIED = case((_score.c.attempts > literal_column("0"), literal_column("1")), else_=literal_column("0"))
"""``rules.tried`` in SQL."""


def _entering(insert: Any) -> Any:
    """One statement, so that it is safe when two transactions meet the same new row at once: the score of a person in a column
    that is as it is wanted, where it is none that stands there already.
    """
    row = {
        "organisation_id": _column.c.organisation_id,
        "id": bindparam("row", type_=_score.c.id.type),
        "line_item_id": _column.c.id,
        "person_id": bindparam("person", type_=_score.c.person_id.type),
        "registration_id": _column.c.registration_id,
        "owed_given": bindparam("given", type_=_score.c.owed_given.type),
        "owed_maximum": bindparam("of", type_=_score.c.owed_maximum.type),
        "owed_at": bindparam("now", type_=_score.c.owed_at.type),
        "owed_version": literal_column("1"),
        "owed_comment": null(),
        "owed_finished": bindparam("finished", type_=_score.c.owed_finished.type),
        "delivery": literal(Delivery.DUE, _score.c.delivery.type),
        "delivered_version": literal_column("0"),
        "attempts": literal_column("0"),
        # While a column is off, what it owes is kept, and nobody has to look at it.
        "next_attempt_at": case(
            (_column.c.state == literal(ColumnState.OFF, _column.c.state.type), null()),
            else_=bindparam("now", type_=_score.c.next_attempt_at.type),
        ),
    }
    as_wanted = select(*row.values()).where(
        *_OF,
        # Who has to change the column holds it first and then its scores, as workers do: that is not done here.
        _column.c.state != literal(ColumnState.REFUSED, _column.c.state.type),
        _column.c.label == bindparam("label"),
        _column.c.score_maximum == bindparam("maximum"),
        _column.c.end_at.is_not_distinct_from(bindparam("end", type_=_column.c.end_at.type)),
    )
    statement = insert(_score).from_select(list(row), as_wanted, include_defaults=False)
    owed = ("owed_given", "owed_maximum", "owed_comment", "owed_finished")
    anew = (*owed, "owed_at", "delivery", "next_attempt_at")
    statement = statement.on_conflict_do_update(
        index_elements=["organisation_id", "line_item_id", "person_id"],
        set_={name: statement.excluded[name] for name in anew}
        | {"owed_version": _score.c.owed_version + 1, "trouble": null(), "attempts": TRIED},
        where=or_(*(_score.c[name].is_distinct_from(statement.excluded[name]) for name in owed)),
    )
    return statement.returning(_score.c.registration_id)


_ENTER = FixedUpsert(_entering)


class WantedColumn(NamedTuple):
    """A column as somebody wants it to be."""

    resource_id: str
    tag: str
    label: str
    score_maximum: float
    end_at: datetime | None

    def is_like(self, line_item: LineItem) -> bool:
        """Whether there is nothing to change of the column for it to be so."""
        return line_item.state is not ColumnState.REFUSED and self.says_the_same(line_item)

    def says_the_same(self, line_item: LineItem) -> bool:
        """Whether the column has this label, maximum and end."""
        there = (line_item.label, line_item.score_maximum, line_item.end_at)
        return there == (self.label, self.score_maximum, self.end_at)


class Owed(NamedTuple):
    """The score of a person: ``given`` out of ``maximum``, and whether the person is through."""

    person_id: uuid.UUID
    given: float
    maximum: float
    finished: bool


async def enter(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    wanted: WantedColumn,
    owed: Owed,
    now: datetime,
) -> uuid.UUID | None:
    """Enter a score, due at once, into a column that is as it is wanted; the registration whose platform waits for it.

    None where nothing was entered: the same score stands there already, or something of the column has to be changed.
    """
    values = {
        "organisation": organisation_id,
        "course": course_id,
        "resource": wanted.resource_id,
        "tag": wanted.tag,
        "label": wanted.label,
        "maximum": wanted.score_maximum,
        "end": wanted.end_at,
        "row": new_id(),
        "person": owed.person_id,
        "given": owed.given,
        "of": owed.maximum,
        "finished": owed.finished,
        "now": now,
    }
    rows = await _ENTER.run(session, values)
    return rows[0][0] if rows else None


async def column(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, resource_id: str, tag: str
) -> LineItem | None:
    """The column of something in a course, to be looked at."""
    values = {"organisation": organisation_id, "course": course_id, "resource": resource_id, "tag": tag}
    [found] = await load_together(session, [(_COLUMN, values)])
    return found[0] if found else None


async def line_item_of(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, resource_id: str, tag: str
) -> LineItem | None:
    """The column of something in a course."""
    statement = scoped(LineItem, organisation_id).where(
        LineItem.course_id == course_id, LineItem.resource_id == resource_id, LineItem.tag == tag
    )
    return (await session.exec(statement)).one_or_none()


async def line_item_at(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, url: str
) -> LineItem | None:
    """The column of a course with this address in the LMS; of several, the first made."""
    statement = (
        scoped(LineItem, organisation_id)
        .where(LineItem.course_id == course_id, LineItem.url == url)
        .order_by(col(LineItem.created_at), col(LineItem.id))
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def score_of(session: AsyncSession, line_item: LineItem, person_id: uuid.UUID) -> Score | None:
    """The ledger row of a person in a column as it is now, held until the transaction ends."""
    statement = scoped(Score, line_item.organisation_id).where(
        Score.line_item_id == line_item.id, Score.person_id == person_id
    )
    # A row read earlier in this transaction may have been delivered meanwhile.
    fresh = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(fresh)).one_or_none()


async def want_again(session: AsyncSession, line_item: LineItem, now: datetime) -> None:
    """Take back that a column is refused: it is tried again, and what waits for it with it."""
    await session.exec(
        update(LineItem)
        .where(
            col(LineItem.organisation_id) == line_item.organisation_id,
            col(LineItem.id) == line_item.id,
            col(LineItem.state) == ColumnState.REFUSED,
        )
        .values(state=ColumnState.WANTED, next_attempt_at=now, attempts=0, remade=0, trouble=None)
        .execution_options(synchronize_session="fetch")
    )


async def take_column(session: AsyncSession, line_item: LineItem, url: str, now: datetime) -> bool:
    """Give a column that is not made yet its address, and make due what waits for it; whether it was still not made.

    A worker that is making it at this moment finds its lease gone and writes nothing. The LMS made it as it was first wanted.
    """
    known = case((col(LineItem.delivered_version) > 0, col(LineItem.delivered_version)), else_=1)
    done = await session.exec(
        update(LineItem)
        .where(
            col(LineItem.organisation_id) == line_item.organisation_id,
            col(LineItem.id) == line_item.id,
            col(LineItem.state).in_((ColumnState.WANTED, ColumnState.REFUSED)),
        )
        .values(
            state=ColumnState.MADE,
            url=url,
            delivered_version=known,
            gone_at=None,
            attempts=0,
            trouble=None,
            next_attempt_at=case((col(LineItem.version) > known, now), else_=null()),
            lease_token=None,
            lease_until=None,
        )
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount == 0:
        return False
    await session.exec(
        update(Score)
        .where(
            col(Score.organisation_id) == line_item.organisation_id,
            col(Score.line_item_id) == line_item.id,
            col(Score.delivery) == Delivery.DUE,
        )
        .values(next_attempt_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


async def owe_again(
    session: AsyncSession,
    line_item: LineItem,
    now: datetime,
    person_ids: Sequence[uuid.UUID] | None,
    *,
    over: bool = False,
) -> int:
    """Make scores due with a new version: those of the persons, or all that are not delivered. Returns how many.

    ``over``: whatever somebody else has put into the gradebook, which is a choice of the teacher's.
    """
    scores = update(Score).where(
        col(Score.organisation_id) == line_item.organisation_id, col(Score.line_item_id) == line_item.id
    )
    if person_ids is None:
        scores = scores.where(col(Score.delivery) != Delivery.DELIVERED)
    else:
        scores = scores.where(col(Score.person_id).in_(person_ids))
    chosen: dict[str, Any] = {"choice": Choice.OURS, "chosen_given": col(Score.lms_given)} if over else {}
    done = await session.exec(
        scores.values(
            owed_version=Score.owed_version + 1,
            delivery=Delivery.DUE,
            next_attempt_at=now,
            attempts=TRIED,
            trouble=None,
            **chosen,
        ).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


async def end_pause(session: AsyncSession, registration_id: uuid.UUID) -> None:
    """Let a platform be tried at once that did not answer; one that asked for patience keeps it."""
    await session.exec(
        update(DeliveryPace)
        .where(
            col(DeliveryPace.registration_id) == registration_id,
            col(DeliveryPace.trouble) != "rate-limited",
        )
        .values(paused_until=None)
    )


async def column_with_pace(
    session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID
) -> tuple[LineItem, DeliveryPace | None] | None:
    """A column, and how deliveries to its platform go."""
    statement = (
        select(LineItem, DeliveryPace)
        .outerjoin(DeliveryPace, col(DeliveryPace.registration_id) == col(LineItem.registration_id))
        .where(LineItem.organisation_id == organisation_id, LineItem.id == line_item_id)
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def send_refused_again(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    line_item_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID],
    codes: Collection[str],
    now: datetime,
) -> int:
    """Make due again what was refused of these people in these columns with one of these codes; how many scores."""
    done = await session.exec(
        update(Score)
        .where(
            col(Score.organisation_id) == organisation_id,
            col(Score.line_item_id).in_(line_item_ids),
            col(Score.person_id).in_(person_ids),
            col(Score.delivery) == Delivery.REFUSED,
            col(Score.trouble).in_(codes),
        )
        .values(
            owed_version=Score.owed_version + 1,
            delivery=Delivery.DUE,
            next_attempt_at=now,
            attempts=TRIED,
            trouble=None,
        )
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


async def set_aside(session: AsyncSession, before: datetime) -> int:
    """Have nobody look any more for what has been due since before then and is owed to nobody, of all schools; how many scores.

    ``take_up`` has it looked for again.
    """
    done = await session.exec(
        update(Score)
        .where(col(Score.next_attempt_at) < before, col(Score.delivery) == Delivery.DUE, owed_to.owed_to_nobody())
        .values(next_attempt_at=None)
        .execution_options(
            synchronize_session=False, **crossing("scores of all schools lie among those that workers look for")
        )
    )
    return int(done.rowcount)


async def take_up(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    line_item_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID],
    now: datetime,
) -> int:
    """Make due again what was set aside of these people in these columns; how many scores."""
    done = await session.exec(
        update(Score)
        .where(
            col(Score.organisation_id) == organisation_id,
            col(Score.line_item_id).in_(line_item_ids),
            col(Score.person_id).in_(person_ids),
            col(Score.delivery) == Delivery.DUE,
            col(Score.next_attempt_at).is_(None),
        )
        .values(next_attempt_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


async def present_students(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> Sequence[tuple[uuid.UUID, str | None, str | None, bool]]:
    """The present students of a course: id, name, name for sorting, and whether it is the LMS's test student."""
    statement = (
        select(Person.id, Person.name, Person.sort_name, Person.is_test)
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(Person.organisation_id),
                col(Membership.person_id) == col(Person.id),
            ),
        )
        .where(
            col(Membership.organisation_id) == organisation_id,
            Membership.course_id == course_id,
            col(Membership.active).is_(True),
            Membership.role == Role.STUDENT,
        )
    )
    return (await session.exec(statement)).all()


async def scores_with_names(
    session: AsyncSession, line_item: LineItem
) -> list[tuple[Score, str | None, str | None, Absence | None]]:
    """The ledger rows of a column, with the name and the name for sorting of each person, and why nobody is owed it, if so."""
    statement: Any = (
        select(Score, Person.name, Person.sort_name, owed_to.absence(line_item.course_id))
        .join(
            Person,
            and_(col(Person.organisation_id) == col(Score.organisation_id), col(Person.id) == col(Score.person_id)),
        )
        .where(Score.organisation_id == line_item.organisation_id, Score.line_item_id == line_item.id)
    )
    return [
        (score, name, sort_name, Absence(absence) if absence else None)
        for score, name, sort_name, absence in (await session.exec(statement)).all()
    ]
