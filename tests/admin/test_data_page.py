"""The page about data: what is held of whom, in true numbers, and nothing that is promised and not there."""

import re
import uuid

from sqlmodel import col, select

from lti_tool import audit
from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Course, Person
from lti_tool.db.organisation import Organisation
from lti_tool.lti import jobs, queries
from lti_tool.lti.deep_linking import REQUEST_LIFE
from lti_tool.lti.models import DeepLinkingRequest
from lti_tool.lti.sessions import KEPT
from lti_tool.playlists.models import Playlist

from .site import TEACHER, School, Site


async def something(site: Site, school: School, people: int) -> None:
    async with site.database.writing() as session:
        course = Course(
            organisation_id=school.organisation_id,
            registration_id=school.registration_id,
            deployment_id=school.deployment_id,
            context_id="data",
            created_at=site.clock.now(),
        )
        session.add(course)
        for number in range(people):
            session.add(
                Person(
                    organisation_id=school.organisation_id,
                    registration_id=school.registration_id,
                    sub=f"data-{number}",
                    name="Ada Lovelace",
                    created_at=site.clock.now(),
                )
            )
        await session.flush()
        session.add(
            Playlist(
                organisation_id=school.organisation_id,
                course_id=course.id,
                title="Ratios",
                created_at=site.clock.now(),
                changed_at=site.clock.now(),
            )
        )
        audit.record(session, site.clock.now(), "roster.read", organisation_id=school.organisation_id)


def figures(page: str) -> dict[str, int]:
    found = re.findall(r'stat__label">.*?</svg>([^<]+)</dt>\s*<dd class="stat__value">([^<]+)</dd>', page, re.DOTALL)
    return {label.strip(): int(value) for label, value in found}


async def test_the_page_is_for_administrators(site: Site) -> None:
    assert (await site.anybody().get("/admin/data")).status_code == 401
    assert (await (await site.launched(TEACHER)).get("/admin/data")).status_code == 403


async def test_an_administrator_sees_how_much_the_own_school_has(site: Site) -> None:
    visitor = await site.administrator()
    before = figures((await visitor.get("/admin/data")).text)
    await something(site, site.school, 3)
    await something(site, site.other, 40)
    page = (await visitor.get("/admin/data")).text
    after = figures(page)
    assert {label: after[label] - before[label] for label in after} == {
        "People": 3,
        "Courses": 1,
        "Playlists": 1,
        "Students' paths": 0,
        "Evidence": 0,
        "Scores": 0,
        "Audit entries": 1,
    }
    assert "Elsewhere" not in page
    assert "Ada" not in page


async def test_the_owner_sees_numbers_of_every_school_and_no_names(site: Site) -> None:
    await something(site, site.other, 7)
    page = (await (await site.owner()).get("/admin/data")).text
    rows = re.findall(r"<tr role=\"row\">.*?</tr>", page.partition("<tbody")[2], re.DOTALL)
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows]
    assert len(rows) == 2
    assert "School" in rows[0]
    assert "Elsewhere" in rows[1]
    assert cells[0][:3] == ["0", "0", "0"]
    assert cells[1] == ["7", "1", "1", "0", "0", "0", "1"]
    assert "Ada" not in page


async def test_what_is_said_of_time_is_what_the_code_does(site: Site) -> None:
    page = (await (await site.administrator()).get("/admin/data")).text
    assert "2 hours after the last page and 12 hours after it began" in page
    assert "removed 24 hours later" in page
    assert "exports or erases what is held of one single person" in page
    assert ("PostgreSQL" in page) is not site.database.is_sqlite


async def test_a_school_decides_whether_predictions_begin_from_its_other_courses(site: Site) -> None:
    async def shares(organisation_id: uuid.UUID) -> bool:
        async with site.database.reading() as session:
            return (await session.get_one(Organisation, organisation_id)).shares_predictions

    own, other = site.school.organisation_id, site.other.organisation_id
    administrator = await site.administrator()
    await administrator.get("/admin/data")
    assert (await administrator.post(f"/admin/data/predictions/{other}", shares="yes")).status_code == 404
    assert not await shares(other)
    page = await administrator.post(f"/admin/data/predictions/{own}", shares="yes")
    assert "It holds for what is predicted from now on" in page.text
    assert await shares(own)
    await administrator.post(f"/admin/data/predictions/{own}", shares="yes")
    await administrator.post(f"/admin/data/predictions/{own}")
    assert not await shares(own)
    async with site.database.reading() as session:
        statement = select(col(AuditEntry.action)).where(
            col(AuditEntry.organisation_id) == own, col(AuditEntry.action).startswith("organisation.predictions")
        )
        assert sorted((await session.exec(statement)).all()) == [
            "organisation.predictions-kept-apart",
            "organisation.predictions-shared",
        ]
    owner = await site.owner()
    await owner.get("/admin/data")
    await owner.post(f"/admin/data/predictions/{other}", shares="yes")
    assert await shares(other)
    teacher = await site.launched(TEACHER)
    assert (await teacher.post(f"/admin/data/predictions/{own}", shares="yes")).status_code == 403


async def test_choices_for_a_course_are_forgotten(site: Site) -> None:
    request_id = uuid.uuid4()
    async with site.database.writing() as session:
        session.add(
            DeepLinkingRequest(
                id=request_id,
                organisation_id=site.school.organisation_id,
                registration_id=site.school.registration_id,
                deployment_id=site.school.deployment_id,
                return_url="https://platform.example/return",
                created_at=site.clock.now(),
                expires_at=site.clock.now() + REQUEST_LIFE,
            )
        )
    sweep = jobs.work(site.database, site.clock, site.tool.protocol.keys, None).periodic[0]
    for late, there in ((KEPT, True), (REQUEST_LIFE, False)):
        site.clock.move(late)
        await sweep.run()
        async with site.database.reading() as session:
            found = await queries.deep_linking_request(session, site.school.organisation_id, request_id)
        assert (found is not None) is there
