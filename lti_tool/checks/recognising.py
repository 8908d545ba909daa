"""Which banks and checks of a course are the ones that a file holds.

What an import makes is known by an id made of the course and the file's own id. What was carried over from an earlier course is
the same thing, and has another id; it knows what it was copied from, and that is followed back to the course that imported it.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks.models import Check, CheckStatus, QuestionBank
from lti_tool.checks.reading import Bank, Reading
from lti_tool.courses.models import Course

_NAMESPACE = uuid.UUID("5f0f8f0e-6f6e-4b7e-9c53-0b9d7c1f4a10")
_MOST_YEARS = 20
"""Copies of copies that are followed back."""


def bank_id(course_id: uuid.UUID, reading: Reading, bank: Bank) -> uuid.UUID:
    """The id of the bank that a file's bank becomes in a course: the same again is the same bank."""
    # Loose items of two packages are two banks, though both have no name.
    is_nameless = not bank.own and bank.identifier in ("items", "category:")
    name = f"{bank.identifier}:{reading.title}" if is_nameless else bank.identifier
    return uuid.uuid5(_NAMESPACE, f"bank:{course_id}:{reading.format}:{name}")


def check_id(course_id: uuid.UUID, reading: Reading, identifier: str) -> uuid.UUID:
    """The id of the check that a file's quiz, or a bank that is made into one, becomes in a course."""
    return uuid.uuid5(_NAMESPACE, f"check:{course_id}:{reading.format}:{identifier}")


@dataclass(frozen=True, slots=True)
class Ancestor:
    """Something that a carried bank or check was copied from, and the course that has it."""

    id: uuid.UUID
    course_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a course has, by its id, and what each carried one goes back to."""

    course: Course
    reading: Reading
    banks: dict[uuid.UUID, list[Ancestor]] = field(default_factory=dict)
    checks: dict[uuid.UUID, list[Ancestor]] = field(default_factory=dict)

    def bank(self, bank: Bank) -> uuid.UUID:
        """The id of a file's bank here: of the one that is here already, or that it is to have."""
        return _here(self.banks, self.course.id, lambda course_id: bank_id(course_id, self.reading, bank))

    def check(self, identifier: str) -> uuid.UUID:
        """The id of the check that a file's quiz is here, or is to have."""
        return _here(self.checks, self.course.id, lambda course_id: check_id(course_id, self.reading, identifier))


async def recognised(session: AsyncSession, course: Course, reading: Reading) -> Recognised:
    """What of a file a course has already, or was carried over to it."""
    banks = await queries.banks(session, course.organisation_id, course.id)
    checks = await queries.checks(session, course.organisation_id, course.id, list(CheckStatus))
    return Recognised(
        course,
        reading,
        await _traced(session, course, QuestionBank, banks),
        await _traced(session, course, Check, checks),
    )


async def _traced(
    session: AsyncSession, course: Course, table: type[QuestionBank] | type[Check], rows: Iterable[Any]
) -> dict[uuid.UUID, list[Ancestor]]:
    """By each row's id what it goes back to, the nearest first."""
    found: dict[uuid.UUID, list[Ancestor]] = {row.id: [] for row in rows}
    ahead = {row.id: row.copied_from_id for row in rows if row.copied_from_id is not None}
    for _ in range(_MOST_YEARS):
        if not ahead:
            break
        originals = await queries.originals(session, table, course.organisation_id, set(ahead.values()))
        following = {}
        for row_id, original_id in ahead.items():
            original = originals.get(original_id)
            if original is not None:
                found[row_id].append(Ancestor(original.id, original.course_id))
                if original.copied_from_id is not None:
                    following[row_id] = original.copied_from_id
        ahead = following
    return found


def _here(
    known: dict[uuid.UUID, list[Ancestor]], course_id: uuid.UUID, made_in: Callable[[uuid.UUID], uuid.UUID]
) -> uuid.UUID:
    own = made_in(course_id)
    if own in known:
        return own
    carried = (row_id for row_id, back in known.items() if any(made_in(one.course_id) == one.id for one in back))
    return next(carried, own)
