"""Whom a board, or an option of it, is for. Pure.

A row names everybody, a group, a section, a student, a language or an interest; whoever any of the rows names is meant. No row
means everybody, so that what is for some has one row at least, if need be one that names nobody.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol


class Row(Protocol):
    """A row of ``menu_audience`` as far as it matters here."""

    @property
    def kind(self) -> str: ...
    @property
    def group_id(self) -> uuid.UUID | None: ...
    @property
    def person_id(self) -> uuid.UUID | None: ...
    @property
    def word(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Student:
    """What is known of a student that a board can go by. ``language`` is BCP 47, of the support in another language."""

    id: uuid.UUID
    groups: frozenset[uuid.UUID] = frozenset()
    sections: frozenset[str] = frozenset()
    language: str = ""
    interests: frozenset[str] = frozenset()


def means(rows: Collection[Row], student: Student) -> bool:
    """Whether a student is meant by all rows of one board, or of one option, together."""
    return not rows or any(_names(row, student) for row in rows)


def kinds(rows: Iterable[Row]) -> frozenset[str]:
    """What has to be known of students to judge these rows."""
    return frozenset(str(row.kind) for row in rows)


def _names(row: Row, student: Student) -> bool:
    named = {
        "course": True,
        "group": row.group_id in student.groups,
        "section": row.word in student.sections,
        "student": row.person_id == student.id,
        "language": bool(row.word) and _language(row.word) == _language(student.language),
        "interest": row.word.casefold() in {one.casefold() for one in student.interests},
    }
    return named[str(row.kind)]


def _language(tag: str) -> str:
    """The language of a tag without script and region: what is in Spanish serves whoever reads Mexico's."""
    return tag.replace("_", "-").split("-")[0].casefold()
