"""To whom scores are owed: to students of the course, as it is now, who are not their LMS's test student. In SQL.

What others have come to owe stays in the ledger and is sent to nobody; of those who come back it goes out by itself.
"""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, literal, literal_column, null
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col, select

from lti_tool.courses.models import Membership, Person
from lti_tool.grades.models import ColumnState, LineItem, Score
from lti_tool.grades.rules import Absence
from lti_tool.lti.models import Role

_ITS_COURSE: Any = (
    select(LineItem.course_id)
    .where(col(LineItem.organisation_id) == col(Score.organisation_id), col(LineItem.id) == col(Score.line_item_id))
    .correlate(Score)
    .scalar_subquery()
)
"""The course of a score, for statements that have no ``LineItem`` beside it."""

ITS_COLUMN = and_(
    col(LineItem.organisation_id) == col(Score.organisation_id), col(LineItem.id) == col(Score.line_item_id)
)
"""Joins scores to their columns."""


def _takes_part(course_id: Any) -> Any:
    return (
        exists()
        .where(
            col(Membership.organisation_id) == col(Score.organisation_id),
            col(Membership.course_id) == (col(LineItem.course_id) if course_id is None else course_id),
            col(Membership.person_id) == col(Score.person_id),
            col(Membership.active),
            col(Membership.role) == Role.STUDENT,
        )
        .correlate(Score, LineItem)
    )


def _is_test() -> Any:
    return (
        exists()
        .where(
            col(Person.organisation_id) == col(Score.organisation_id),
            col(Person.id) == col(Score.person_id),
            col(Person.is_test),
        )
        .correlate(Score)
    )


def owed_to_nobody() -> ColumnElement[bool]:
    """Of a score: that no student is owed it, for statements about scores alone."""
    found: ColumnElement[bool] = ~_takes_part(_ITS_COURSE) | _is_test()
    return found


def owed_to_a_student(course_id: uuid.UUID | None = None) -> ColumnElement[bool]:
    """Of a score: that it is owed to a student. The statement has ``LineItem`` beside ``Score``, or names the course."""
    found: ColumnElement[bool] = _takes_part(course_id) & ~_is_test()
    return found


def in_a_column_that_is_made_to_a_student() -> ColumnElement[bool]:
    """Of a score: that its column stands in the LMS, and that it is owed to a student. Asked of one row after the other: for
    who wants the first of very many, where a join could read all of them.
    """
    is_so = (
        sqlalchemy_select(literal_column("1"))
        .select_from(LineItem)
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(LineItem.organisation_id),
                col(Membership.course_id) == col(LineItem.course_id),
            ),
        )
        .join(
            Person,
            and_(
                col(Person.organisation_id) == col(Membership.organisation_id),
                col(Person.id) == col(Membership.person_id),
            ),
        )
        .where(
            ITS_COLUMN,
            col(LineItem.state) == ColumnState.MADE,
            col(Membership.person_id) == col(Score.person_id),
            col(Membership.active),
            col(Membership.role) == Role.STUDENT,
            ~col(Person.is_test),
        )
        .limit(literal_column("1"))
        .correlate(Score)
        .scalar_subquery()
    )
    found: ColumnElement[bool] = is_so == literal_column("1")
    return found


def absence(course_id: uuid.UUID | None = None) -> ColumnElement[Absence | None]:
    """Of a score: why nobody is owed it, a word of ``rules.Absence``; null where a student is."""
    return case(
        (_is_test(), literal(Absence.TEST.value)),
        (~_takes_part(course_id), literal(Absence.LEFT.value)),
        else_=null(),
    )
