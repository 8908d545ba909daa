"""Consents that nobody uses, and questions that ended, are forgotten by themselves; on both databases."""

import uuid
from datetime import timedelta

import httpx
import pytest

from lti_tool.content.access import consent, jobs, queries
from lti_tool.content.access_models import ApiRequest
from lti_tool.content.models import ApiConnection
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from tests.courses.school import NOW, come_in
from tests.courses.site import Site

from .conftest import CUSTOM, Canvas
from .consenting import Consents, connect_key, consents, give

HALF_A_YEAR = timedelta(days=180)


@pytest.fixture
async def endpoint(site: Site, canvas: Canvas) -> Consents:
    return consents(site)


async def holders(site: Site, connection: ApiConnection) -> set[str]:
    async with site.database.reading() as session:
        found = await queries.grants(session, connection.organisation_id, connection.id)
        return {one.holder for one in found}


async def teacher(site: Site, sub: str) -> str:
    entry = await come_in(site.database, site.school.launch(sub, role=Role.TEACHER, custom=CUSTOM))
    return str(entry.person_id)


@pytest.mark.parametrize("down", [False, True], ids=["answers", "down"])
async def test_what_nothing_was_read_with_for_half_a_year_is_ended(site: Site, endpoint: Consents, down: bool) -> None:
    connection = await connect_key(site)
    ada, bob = await teacher(site, "ada"), await teacher(site, "bob")
    await give(site, connection, uuid.UUID(ada), token="adas")
    await give(site, connection, uuid.UUID(bob), token="bobs", checked_at=NOW + timedelta(days=1))
    assert await jobs.forget_unused(site.database, site.connectors, NOW + HALF_A_YEAR - timedelta(seconds=1)) == 0
    endpoint.trouble = httpx.Response(503) if down else None
    assert await jobs.forget_unused(site.database, site.connectors, NOW + HALF_A_YEAR) == 1
    assert await holders(site, connection) == {bob}
    assert endpoint.revoked == ([] if down else ["adas"])
    assert await jobs.forget_unused(site.database, site.connectors, NOW + HALF_A_YEAR) == 0


async def test_an_account_of_the_schools_is_ended_by_nobody_else(site: Site, endpoint: Consents) -> None:
    connection = await connect_key(site, by_teachers=False)
    await give(site, connection)
    assert await jobs.forget_unused(site.database, site.connectors, NOW + 4 * HALF_A_YEAR) == 0
    assert await holders(site, connection) == {"organisation"}


async def test_questions_that_ended_are_forgotten(site: Site, endpoint: Consents) -> None:
    connection = await connect_key(site, by_teachers=False)
    async with site.database.writing() as session:
        await consent.begin(session, connection, NOW, begun_by="owner")
    [purge] = jobs.work(site.database, site.clock, site.connectors).periodic
    for minutes, left in ((60, 1), (15, 0)):
        site.clock.move(timedelta(minutes=minutes))
        await purge.run()
        async with site.database.reading() as session:
            found = (await session.exec(scoped(ApiRequest, connection.organisation_id))).all()
        assert len(found) == left
