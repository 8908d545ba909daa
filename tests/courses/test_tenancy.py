"""Rows of one school cannot be reached, or referred to, from another: what docs/adr/0004-tenancy.md promises of every table."""

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from lti_tool.courses.models import Membership, ResourceLink
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.tables import TABLES

from .school import NOW, a_school, come_in

TENANT = [table for model in TABLES if "organisation_id" in (table := model.__table__).primary_key.columns]  # type: ignore[attr-defined]
NAMES = {table.name for table in TENANT}

CROSSING = {
    # A token is all a request has; its row says which school it belongs to.
    "tool_session_is_unique_by_token_digest",
    "api_token_is_unique_by_token_digest",
    # So has the platform that sends somebody back from its question whether the tool may come in.
    "api_request_is_unique_by_state_digest",
    # The worker looks for what is due in every school at once.
    "score_by_when_due",
    "line_item_by_when_due",
    "mastery_state_by_override_until",
    "upload_draft_by_expires_at",
    "api_request_by_expires_at",
    "course_sync_by_due_at",
    "membership_by_came_at",
    # Housekeeping looks for pictures that no question shows any more.
    "question_picture_by_created_at",
}


@pytest.mark.parametrize("table", TENANT, ids=lambda table: table.name)
def test_keys_references_and_indexes_lead_with_the_school(table: Table) -> None:
    assert [column.name for column in table.primary_key.columns][:2] == ["organisation_id", "id"]
    wrong = []
    for constraint in table.constraints:
        columns = [column.name for column in getattr(constraint, "columns", [])]
        if isinstance(constraint, ForeignKeyConstraint):
            target = constraint.elements[0].column.table.name
            if target in NAMES and (columns[0], constraint.elements[0].column.name) != ("organisation_id",) * 2:
                wrong.append(f"a reference to {target}")
        elif isinstance(constraint, UniqueConstraint) and columns[0] != "organisation_id":
            wrong.append(str(constraint.name))
    wrong += [str(index.name) for index in table.indexes if next(iter(index.columns)).name != "organisation_id"]
    assert [name for name in wrong if name not in CROSSING] == []


async def test_a_membership_or_link_across_schools_cannot_be_written(database: Database) -> None:
    hillside, other = await a_school(database), await a_school(database, "Other")
    here, there = await come_in(database, hillside.launch()), await come_in(database, other.launch())
    assert there.person_id is not None
    assert there.course_id is not None
    rows = (
        Membership(
            organisation_id=here.organisation_id,
            course_id=here.course_id,
            person_id=there.person_id,
            role=Role.STUDENT,
        ),
        ResourceLink(
            organisation_id=here.organisation_id, course_id=there.course_id, resource_link_id="x", created_at=NOW
        ),
    )
    for row in rows:
        with pytest.raises(IntegrityError):
            async with database.writing() as session:
                session.add(row)
