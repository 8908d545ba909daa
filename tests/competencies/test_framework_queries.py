"""Which frameworks a course may use, and what they hold, on both databases."""

import uuid

from lti_tool.competencies import framework_queries as queries
from lti_tool.competencies.models import (
    Competency,
    CompetencyLink,
    Framework,
    FrameworkSource,
    LinkKind,
    MapCompetency,
)
from lti_tool.db.session import Database
from tests.courses.school import NOW, a_school, come_in


def a_framework(organisation_id: uuid.UUID, title: str, course_id: uuid.UUID | None = None) -> Framework:
    return Framework(
        organisation_id=organisation_id,
        identifier=str(uuid.uuid4()),
        source=FrameworkSource.OWN,
        course_id=course_id,
        title=title,
        changed_at=NOW,
        created_at=NOW,
    )


def a_competency(framework: Framework, position: int, *, retired: bool = False) -> Competency:
    return Competency(
        organisation_id=framework.organisation_id,
        framework_id=framework.id,
        identifier=f"c{position}",
        code=f"C{position}",
        statement="…",
        position=position,
        retired_at=NOW if retired else None,
        changed_at=NOW,
        created_at=NOW,
    )


def a_link(before: Competency, after: Competency, kind: LinkKind) -> CompetencyLink:
    return CompetencyLink(
        organisation_id=before.organisation_id,
        framework_id=before.framework_id,
        origin_id=before.id,
        destination_id=after.id,
        kind=kind,
    )


async def test_a_course_finds_what_is_shared_and_its_own(database: Database) -> None:
    school, elsewhere = await a_school(database), await a_school(database, "Other")
    mine = (await come_in(database, school.launch())).course_id
    theirs = (await come_in(database, elsewhere.launch())).course_id
    assert mine is not None
    organisation_id = school.organisation.id
    async with database.writing() as session:
        shared, own = a_framework(organisation_id, "B"), a_framework(organisation_id, "A", mine)
        foreign = a_framework(elsewhere.organisation.id, "C", theirs)
        session.add_all([shared, own, foreign])
        await session.flush()
        first, second, gone = (a_competency(shared, n, retired=n == 2) for n in range(3))
        session.add_all([second, first, gone])
        await session.flush()
        session.add_all([a_link(first, second, LinkKind.PRECEDES), a_link(first, second, LinkKind.RELATED)])
        session.add(
            MapCompetency(
                organisation_id=organisation_id, course_id=mine, competency_id=first.id, number=0, created_at=NOW
            )
        )
    async with database.reading() as session:
        assert [one.title for one in await queries.frameworks(session, organisation_id, mine)] == ["A", "B"]
        assert [one.title for one in await queries.frameworks(session, organisation_id)] == ["B"]
        assert await queries.framework(session, organisation_id, own.id, mine) is not None
        assert await queries.framework(session, organisation_id, own.id) is None
        assert await queries.framework(session, organisation_id, own.id, uuid.uuid4()) is None
        assert await queries.framework(session, organisation_id, foreign.id) is None
        assert await queries.framework_by_identifier(session, organisation_id, foreign.identifier) is None
        found = await queries.competencies(session, organisation_id, shared.id)
        assert [one.code for one in found] == ["C0", "C1"]
        assert len(await queries.competencies(session, organisation_id, shared.id, retired=True)) == 3
        assert len(await queries.links(session, organisation_id, shared.id)) == 2
        (link,) = await queries.links(session, organisation_id, shared.id, {LinkKind.PRECEDES})
        assert (link.origin_id, link.destination_id) == (first.id, second.id)
        assert await queries.counts(session, organisation_id, [shared.id, own.id]) == {
            shared.id: queries.FrameworkCounts(2, 1, 1),
            own.id: queries.FrameworkCounts(),
        }
