"""The tool and Schoology from end to end, on both databases: a teacher gives access in the sandbox, and the section is read."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.content import routes as content_routes
from lti_tool.content.access import connecting, queries
from lti_tool.content.access import routes as access_routes
from lti_tool.content.models import ApiConnection, ContentItem
from lti_tool.content.sync.engine import Reader
from lti_tool.courses.models import Course, CourseGroup
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.launch import LaunchContext
from lti_tool.lti.models import Family, Registration, Role
from lti_tool.platforms import schoology_http
from lti_tool.sandbox.models import Person
from lti_tool.sandbox.schoology_access import app_keys
from tests.content.platform import Taken
from tests.courses.site import SECRET, Site, Visitor, a_site
from tests.sandbox.conftest import BASE, Lms
from tests.sandbox.liking import cookie
from tests.sandbox.schoology import Filled, filled


@pytest.fixture
def like() -> str:
    return "schoology"


@pytest.fixture
async def there(lms: Lms) -> Filled:
    return await filled(lms)


class Passing(httpx.AsyncBaseTransport):
    """Leads to the sandbox; while a request is on its way, as much time goes by as the connector leaves between two."""

    def __init__(self, lms: Lms) -> None:
        self._lms, self._inner = lms, httpx.ASGITransport(lms.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._lms.clock.move(timedelta(seconds=0.1))
        return await self._inner.handle_async_request(request)


@pytest.fixture
async def site(database: Database, clock: ManualClock, lms: Lms, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A school on Schoology, connected by its app's keys; each teacher gives access."""
    monkeypatch.setattr(schoology_http, "SPACING", 0.0)
    made = await a_site(database, clock, content_routes.router, access_routes.router)
    made.connectors.http = httpx.AsyncClient(transport=Passing(lms))
    keys = await app_keys(lms.platform)
    wanted = connecting.Wanted(BASE, client_id=keys.key, client_secret=keys.secret, by_teachers=True, site_url=BASE)
    async with database.writing() as session:
        registration = await session.get_one(Registration, made.school.registration.id)
        registration.lms = Family.SCHOOLOGY
        await connecting.connect(
            session, registration, made.school.organisation.id, wanted, clock.now(), secret_key=SECRET, actor="owner"
        )
    made.school.registration.lms = Family.SCHOOLOGY
    return made


async def come(site: Site, lms: Lms, person: Person, role: Role) -> Visitor:
    """A launch from the section."""
    section = str(lms.course.id)
    launch = site.school.launch(
        person.lti_id,
        role=role,
        name=person.name,
        context=LaunchContext(section, "Fractions", "MATH-5", ()),
        custom={"schoology_section_id": section, "schoology_user_id": str(person.id)},
    )
    return await site.arrive(launch)


async def give_access(
    site: Site, lms: Lms, teacher: Visitor, person: Person, decision: str = "allow"
) -> httpx.Response:
    """Press Connect, go to Schoology in a window of its own, say yes or no there as ``person``, and come back."""
    page = await teacher.post(f"{teacher.course}/content/access/connect")
    found = re.search(r'href="(/api-access/start/[\w-]{43})"', page.text)
    assert found is not None, page.text
    window = httpx.AsyncClient(transport=httpx.ASGITransport(site.app), base_url="https://localhost:8000")
    sent = await window.get(found[1])
    asked = sent.headers["location"]
    assert asked.startswith(f"{BASE}/oauth/authorize?")
    browser = await cookie(lms, person)
    assert (await lms.http.get(asked, headers=browser)).status_code == 200
    form = dict(parse_qsl(urlsplit(asked).query)) | {"decision": decision}
    back = await lms.http.post(f"{BASE}/oauth/authorize", data=form, headers=browser)
    answered = urlsplit(back.headers["location"])
    assert f"{answered.scheme}://{answered.netloc}{answered.path}" == "http://localhost:8000/api-access/back"
    return await window.get(f"{answered.path}?{answered.query}")


async def the_course(site: Site) -> Course:
    async with site.database.reading() as session:
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        session.expunge(course)
    return course


async def the_connection(site: Site) -> ApiConnection:
    async with site.database.reading() as session:
        connection = (await session.exec(scoped(ApiConnection, site.school.organisation.id))).one()
        session.expunge(connection)
    return connection


async def test_a_teacher_gives_access_and_the_section_is_read_with_it(site: Site, lms: Lms, there: Filled) -> None:
    teacher = await come(site, lms, lms.teacher, Role.TEACHER)
    student = await come(site, lms, lms.student, Role.STUDENT)
    second = await come(site, lms, lms.second, Role.STUDENT)
    given = await give_access(site, lms, teacher, lms.teacher)
    assert given.status_code == 200, given.text
    connection = await the_connection(site)
    assert {name: one["able"] for name, one in connection.abilities.items() if name != "unwanted"} == {
        "contents": True,
        "results": True,
        "completion": True,
        "outcomes": True,
        "groups": True,
        "student-access": False,
        "events": False,
    }
    taken = Taken()
    course = await the_course(site)
    report = await Reader(site.database, site.connectors, taken.takers, site.clock).read(course)
    assert report is not None
    assert report.troubles == {}
    async with site.database.reading() as session:
        items = {
            one.external_id: one for one in (await session.exec(scoped(ContentItem, course.organisation_id))).all()
        }
        groups = [one.name for one in (await session.exec(scoped(CourseGroup, course.organisation_id))).all()]
    essay = items[f"schoology:assignment:{there['essay']}"]
    assert (essay.title, essay.section, essay.result_key, essay.points_possible) == (
        "Essay",
        "Unit 1",
        str(there["essay"]),
        20,
    )
    assert essay.url == f"{BASE}/assignment/{there['essay']}"
    assert len(items) == 8
    assert groups == ["Owls"]
    # Whoever is excused from the essay, and misses the test, has no grade.
    results = [one for found in taken.gradebooks for one in found.results]
    assert {(one.person_id, one.percent) for one in results} == {
        (student.entry.person_id, 75.0),
        (student.entry.person_id, 100.0),
    }
    assert {(one.person_id, one.done) for one in taken.completion} == {
        (student.entry.person_id, True),
        (second.entry.person_id, False),
    }


async def test_somebody_elses_yes_and_a_no_give_nothing(site: Site, lms: Lms, there: Filled) -> None:
    teacher = await come(site, lms, lms.teacher, Role.TEACHER)
    other = await give_access(site, lms, teacher, lms.student)
    assert (other.status_code, "api-other-account" in other.text or other.status_code >= 400) == (
        other.status_code,
        True,
    )
    refused = await give_access(site, lms, teacher, lms.teacher, decision="deny")
    assert refused.status_code >= 400
    connection = await the_connection(site)
    async with site.database.reading() as session:
        assert list(await queries.grants(session, connection.organisation_id, connection.id)) == []
