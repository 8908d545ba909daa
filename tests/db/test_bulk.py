"""Many rows at once, on both databases: what goes in comes out, whatever stands in it."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from lti_tool.db.base import scoped
from lti_tool.db.bulk import insert_rows
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.mastery.models import Evidence, EvidenceSource, FrozenCriterion
from tests.mastery.world import world
from tests.playlists.seed import NOW

STRANGE = ["", "a\tb", "line\nline\r", "back\\slash \\N \\.", "“quotes” and 'others'", "ß 漢字 🙂", "{1,2}"]


async def test_what_goes_in_comes_out(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    table: Any = Evidence.__table__  # type: ignore[attr-defined]
    columns = [column.name for column in table.columns]
    rows = []
    for number, text in enumerate(STRANGE):
        row: dict[str, Any] = dict.fromkeys(columns) | {
            "organisation_id": made.id,
            "id": new_id(),
            "course_id": made.course.id,
            "person_id": made.ada.id,
            "competency_id": made.competencies["F.1"].id,
            "source": EvidenceSource.CHECK,
            "presentation": f"p{number}",
            "revision": number + 1,
            "earned": Decimal("0.3333"),
            "possible": Decimal(1),
            "passing_percent": 66.6 if number % 2 else None,
            "weight": Decimal(1),
            "first": True,
            "whole": False,
            "shared": False,
            "mixed": True,
            "note": text,
            "observed_at": NOW,
            "dated": True,
            "learned_at": NOW,
        }
        rows.append(row)
    async with database.writing() as session:
        await insert_rows(session, table, columns, [[row[name] for name in columns] for row in rows])
        await insert_rows(session, table, columns, [])
    async with database.reading() as session:
        found = (await session.exec(scoped(Evidence, made.id))).all()
    assert sorted((row.model_dump() for row in found), key=lambda row: row["revision"]) == rows


async def test_json_comes_back_as_it_was_and_errors_are_raised(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    table: Any = FrozenCriterion.__table__  # type: ignore[attr-defined]
    content = {"text": STRANGE, "deep": [{"a": None, "b": True, "n": 1.5}]}
    columns = ["organisation_id", "id", "course_id", "content", "created_at"]
    async with database.writing() as session:
        await insert_rows(session, table, columns, [[made.id, new_id(), made.course.id, content, NOW]])
    async with database.reading() as session:
        [row] = (await session.exec(scoped(FrozenCriterion, made.id))).all()
    assert row.content == content
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with database.writing() as session:
            await insert_rows(session, table, columns, [[made.id, new_id(), uuid.uuid4(), content, NOW]])
