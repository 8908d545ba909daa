"""Whom a board or an option is for."""

import uuid
from datetime import UTC, datetime

import pytest

from lti_tool.menus.models import MenuAudience, MenuAudienceKind
from lti_tool.menus.rules.audience import Student, kinds, means

GROUP, SELF = uuid.UUID(int=1), uuid.UUID(int=2)
STUDENT = Student(
    SELF, frozenset({GROUP}), frozenset({"4711"}), language="es-MX", interests=frozenset({"Football", "music"})
)


def row(
    kind: MenuAudienceKind, *, group_id: uuid.UUID | None = None, person_id: uuid.UUID | None = None, word: str = ""
) -> MenuAudience:
    return MenuAudience(
        organisation_id=SELF,
        menu_id=SELF,
        kind=kind,
        group_id=group_id,
        person_id=person_id,
        word=word,
        created_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("rows", "is_meant"),
    [
        ([], True),
        ([row(MenuAudienceKind.COURSE)], True),
        ([row(MenuAudienceKind.STUDENT)], False),
        ([row(MenuAudienceKind.STUDENT, person_id=SELF)], True),
        ([row(MenuAudienceKind.STUDENT, person_id=uuid.UUID(int=9))], False),
        ([row(MenuAudienceKind.GROUP, group_id=GROUP)], True),
        ([row(MenuAudienceKind.GROUP)], False),
        ([row(MenuAudienceKind.SECTION, word="4711")], True),
        ([row(MenuAudienceKind.SECTION, word="")], False),
        ([row(MenuAudienceKind.LANGUAGE, word="es")], True),
        ([row(MenuAudienceKind.LANGUAGE, word="")], False),
        ([row(MenuAudienceKind.LANGUAGE, word="fr")], False),
        ([row(MenuAudienceKind.INTEREST, word="football")], True),
        ([row(MenuAudienceKind.INTEREST, word="chess"), row(MenuAudienceKind.GROUP, group_id=GROUP)], True),
    ],
)
def test_whoever_a_row_names_is_meant(rows: list[MenuAudience], is_meant: bool) -> None:
    assert means(rows, STUDENT) is is_meant


def test_nothing_is_asked_of_students_that_no_row_needs() -> None:
    assert kinds([row(MenuAudienceKind.GROUP, group_id=GROUP)]) == {"group"}


def test_who_has_said_nothing_is_in_no_language() -> None:
    assert not means([row(MenuAudienceKind.LANGUAGE, word="es")], Student(SELF))
