"""Taking over contents, pasting addresses, reading results, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from lti_tool.content import queries
from lti_tool.content.access.addresses import api_origin
from lti_tool.content.connectors import ConnectedElsewhere, Connectors, NoConnector, NotConnected
from lti_tool.content.models import ItemKind
from lti_tool.content.rules import BadAddress
from lti_tool.content.secrets import Unsealable
from lti_tool.content.service import (
    ItemResult,
    RefreshReport,
    add_address,
    connect,
    items,
    put_own,
    refresh,
    results,
)
from lti_tool.courses.queries import person_by_sub
from lti_tool.errors import BadRequest
from lti_tool.lti.models import Family, Role
from lti_tool.platforms.native import ApiTokenRefused
from tests.courses.school import NOW, a_school, come_in
from tests.courses.site import SECRET, Site

from .conftest import BASE, CUSTOM, HOST, Canvas, all_items, assignment, connect_school, course_of, item, submission


async def read(site: Site, at: datetime = NOW) -> RefreshReport:
    return await refresh(site.database, site.connectors, await course_of(site), at)


async def titles(site: Site) -> list[str]:
    course = await course_of(site)
    async with site.database.reading() as session:
        return [one.title for one in await items(session, course.organisation_id, course.id)]


# --- Contents ---------------------------------------------------------------------------------------------------------


async def test_a_course_is_read_in_its_order(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    canvas.module(
        "Week 1", item(1, "Start", "SubHeader"), item(2, "Read"), item(3, "Write", "Assignment", content_id=5)
    )
    canvas.module("Week 2", item(4, "Watch", "ExternalUrl"))
    canvas.assignments = [assignment(5), assignment(6, "Loose")]
    assert await read(site) == RefreshReport(items=5, new=4, gone=0)
    assert await titles(site) == ["Start", "Read", "Write", "Watch", "Loose"]
    course = await course_of(site)
    assert course.content_read_at == NOW
    assert course.home_url == f"{BASE}/courses/17"
    found = await all_items(site)
    assert found["canvas:module-item:3"].result_key == "5"
    assert found["canvas:module-item:3"].kind is ItemKind.ASSIGNMENT
    assert await read(site) == RefreshReport(items=5, new=0, gone=0)


async def test_a_rename_and_a_move_keep_the_identity(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    canvas.module("Week 1", item(1, "One"), item(2, "Two"))
    await read(site)
    before = {name: one.id for name, one in (await all_items(site)).items()}
    canvas.modules.clear()
    canvas.module("Later", item(2, "Two, renamed"), item(1, "One"))
    await read(site)
    assert {name: one.id for name, one in (await all_items(site)).items()} == before
    assert await titles(site) == ["Two, renamed", "One"]


async def test_what_is_gone_is_marked_and_can_come_back(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    canvas.module("Week 1", item(1, "One"), item(2, "Two"))
    await read(site)
    kept = canvas.modules.pop()
    canvas.module("Week 1", item(2, "Two"))
    later = NOW + timedelta(hours=1)
    assert await read(site, later) == RefreshReport(items=1, new=0, gone=1)
    assert (await all_items(site))["canvas:module-item:1"].deleted_at == later
    assert await titles(site) == ["Two"]
    canvas.modules[:] = [kept]
    assert await read(site, later) == RefreshReport(items=2, new=1, gone=0)
    assert (await all_items(site))["canvas:module-item:1"].deleted_at is None


async def test_an_assignment_taken_into_a_module_and_out_of_it_stays_the_same(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    canvas.assignments = [assignment(5)]
    await read(site)
    identity = (await all_items(site))["canvas:assignment:5"].id
    canvas.module("Week 1", item(1, "Essay", "Assignment", content_id=5))
    assert await read(site) == RefreshReport(items=1, new=0, gone=0, moved=1)
    assert {name: one.id for name, one in (await all_items(site)).items()} == {"canvas:module-item:1": identity}
    canvas.modules.clear()
    await read(site)
    assert {name: one.id for name, one in (await all_items(site)).items()} == {"canvas:assignment:5": identity}


async def test_the_courses_links_to_this_tool_are_no_content(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    ours, others = f"{site.connectors.own.base_url}/lti/launch", "https://other.example/lti/launch"
    canvas.module(
        "Week 1",
        item(1, "Read"),
        item(2, "My playlists", "ExternalTool") | {"external_url": ours},
        item(3, "A lab", "ExternalTool") | {"external_url": others},
    )
    canvas.assignments = [
        assignment(name, title) | {"submission_types": ["external_tool"], "external_tool_tag_attributes": {"url": url}}
        for name, title, url in ((5, "First playlist", ours), (6, "Their work", others))
    ]
    assert (await read(site)).items == 3
    assert await titles(site) == ["Read", "A lab", "Their work"]


async def test_an_item_named_twice_comes_once(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    canvas.module("Week 1", item(1, "One"), item(1, "One again"), item(2, "Two"))
    assert (await read(site)).items == 2
    assert await titles(site) == ["One", "Two"]


async def test_a_failure_halfway_changes_no_item_and_is_remembered(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    canvas.module("Week 1", item(1, "One"))
    await read(site)
    dead = httpx.Response(401, headers={"WWW-Authenticate": "Bearer"})
    site.lms.answers["/api/v1/courses/17/modules"] = dead
    with pytest.raises(ApiTokenRefused):
        await read(site, NOW + timedelta(hours=1))
    assert await titles(site) == ["One"]
    course = await course_of(site)
    assert course.content_read_at == NOW
    async with site.database.reading() as session:
        connection = await queries.connection(session, course.organisation_id, course.registration_id)
        assert connection is not None
        assert (connection.working, connection.trouble) == (False, "api-token-refused")


# --- Connections ------------------------------------------------------------------------------------------------------


async def test_the_token_is_encrypted_for_its_school_and_platform(site: Site, canvas: Canvas) -> None:
    course_launch = site.school.launch(custom=CUSTOM)
    await come_in(site.database, course_launch)
    course = await course_of(site)
    async with site.database.writing() as session:
        connection = await queries.connection(session, course.organisation_id, course.registration_id)
        assert connection is not None
        assert "api-token" not in connection.token_encrypted
        other = await a_school(site.database, "Other")
    await connect_school(site.database, other)
    async with site.database.writing() as session:
        theirs = await queries.connection(session, other.organisation.id, other.registration.id)
        ours = await queries.connection(session, course.organisation_id, course.registration_id)
        assert theirs is not None
        assert ours is not None
        ours.token_encrypted = theirs.token_encrypted
        session.add(ours)
    with pytest.raises(Unsealable):
        await read(site)
    assert site.lms.asked == []


async def test_with_another_secret_the_token_cannot_be_read(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    changed = Connectors(site.app.state.http, site.clock, "another secret of at least thirty-two")
    with pytest.raises(Unsealable):
        await refresh(site.database, changed, await course_of(site), NOW)


async def test_connecting_again_replaces_the_token(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    async with site.database.writing() as session:
        await connect(
            session, site.school.registration, site.school.organisation.id, BASE, "new-token", NOW, secret_key=SECRET
        )
    await read(site)
    assert {request.headers["authorization"] for request in site.lms.asked} == {"Bearer new-token"}


@pytest.mark.parametrize("domain", ["other.instructure.com", "school.instructure.com:8443", "x@school.instructure.com"])
async def test_the_token_is_not_used_for_a_course_of_another_host(site: Site, canvas: Canvas, domain: str) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM | {"canvas_api_domain": domain}))
    with pytest.raises(ConnectedElsewhere):
        await read(site)
    with pytest.raises(ConnectedElsewhere):
        await results(site.database, site.connectors, await course_of(site), None)
    assert site.lms.asked == []


async def test_without_a_connection_or_a_connector_nothing_is_asked(site: Site) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    with pytest.raises(NotConnected):
        await read(site)
    sakai = await a_school(site.database, "Sakai school", Family.SAKAI)
    await connect_school(site.database, sakai)
    entry = await come_in(site.database, sakai.launch(custom=CUSTOM))
    async with site.database.reading() as session:
        from lti_tool.courses.queries import course

        found = await course(session, entry.organisation_id, entry.course_id)  # type: ignore[arg-type]
        assert found is not None
        with pytest.raises(NoConnector):
            await site.connectors.of(session, found)
    assert site.lms.asked == []


@pytest.mark.parametrize(
    "address",
    ["http://school.example", "ftp://x", "https://", "school.example", "https://u:p@x.example", "https://x:99999"],
)
def test_an_api_that_would_show_the_token_is_refused(address: str) -> None:
    with pytest.raises(BadRequest):
        api_origin(address)


def test_an_apis_address_is_its_origin() -> None:
    assert api_origin("https://School.example/api/v1?x=1") == "https://school.example"
    assert api_origin("http://127.0.0.1:8001/") == "http://127.0.0.1:8001"
    assert api_origin("http://lms.localhost:81") == "http://lms.localhost:81"


# --- Pasted addresses -------------------------------------------------------------------------------------------------


async def paste(site: Site, url: str, title: str = "", at: datetime = NOW) -> str:
    course = await course_of(site)
    async with site.database.writing() as session:
        added = await add_address(session, course, url, title, at)
        assert added.kind is ItemKind.LINK
        assert added.url == url.strip()
        return added.title


async def test_a_pasted_address_stands_after_the_courses_own_items(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    assert await paste(site, "https://www.example.org/a?b=c#d") == "example.org"
    assert await paste(site, " https://example.net/ ", "  A   film ") == "A film"
    canvas.module("Week 1", item(1, "One"))
    assert await read(site) == RefreshReport(items=1, new=1, gone=0)
    assert await titles(site) == ["One", "example.org", "A film"]


async def test_the_same_address_is_the_same_item(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    await paste(site, "https://example.org/a", "First")
    assert await paste(site, "https://example.org/a") == "First"
    assert await paste(site, "https://example.org/a", "Second") == "Second"
    await paste(site, "https://example.org/A")
    assert await titles(site) == ["Second", "example.org"]


async def test_what_is_no_plain_address_is_refused(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    course = await course_of(site)
    async with site.database.writing() as session:
        with pytest.raises(BadAddress):
            await add_address(session, course, "javascript:alert(1)", "x", NOW)


# --- Results ----------------------------------------------------------------------------------------------------------


async def test_results_find_their_person_and_every_place_of_their_item(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch("s1", custom=CUSTOM))
    await come_in(site.database, site.school.launch("41", name="No id sent"))
    await come_in(site.database, site.school.launch("t", role=Role.TEACHER, custom=CUSTOM | {"canvas_user_id": "50"}))
    canvas.assignments = [assignment(5), assignment(6, points=4)]
    canvas.module("Week 1", item(1, "Essay", "Assignment", content_id=5), item(2, "Again", "Assignment", content_id=5))
    await read(site)
    canvas.submissions = [submission(40, 5, 8), submission(41, 6, 1), submission(50, 5, 10), submission(99, 5, 10)]
    found = await all_items(site)
    course = await course_of(site)
    async with site.database.reading() as session:
        ada = await person_by_sub(session, course.organisation_id, course.registration_id, "s1")
        other = await person_by_sub(session, course.organisation_id, course.registration_id, "41")
        assert ada is not None
        assert other is not None
        ids = ada.id, other.id
    at = datetime(2026, 9, 2, 10, tzinfo=UTC)
    one, two, loose = (
        found[name].id for name in ("canvas:module-item:1", "canvas:module-item:2", "canvas:assignment:6")
    )
    every = await results(site.database, site.connectors, course, None)
    quarter = ItemResult(loose, ids[1], 25, at, Decimal(1), Decimal(4), None, at, "6")
    eighty = [ItemResult(place, ids[0], 80, at, Decimal(8), Decimal(10), None, at, "5") for place in (one, two)]
    assert set(every) == {*eighty, quarter}
    site.lms.asked.clear()
    assert await results(site.database, site.connectors, course, [ids[1]]) == [quarter]
    users = [
        request.url.params.get_list("student_ids[]") for request in site.lms.asked if "submissions" in request.url.path
    ]
    assert users == [["41"]]
    assert {
        one.content_item_id for one in await results(site.database, site.connectors, course, None, item_ids=[two])
    } == {two}


async def test_without_students_or_graded_items_nothing_is_asked(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch("t", role=Role.TEACHER, custom=CUSTOM))
    canvas.assignments = [assignment(5)]
    await read(site)
    site.lms.asked.clear()
    assert await results(site.database, site.connectors, await course_of(site), None) == []
    assert site.lms.asked == []


async def test_another_schools_people_are_never_asked_for(site: Site, canvas: Canvas) -> None:
    other = await a_school(site.database, "Other")
    foreign = await come_in(site.database, other.launch("s9", custom=CUSTOM | {"canvas_user_id": "77"}))
    await come_in(site.database, site.school.launch("s1", custom=CUSTOM))
    canvas.assignments = [assignment(5)]
    await read(site)
    canvas.submissions = [submission(77, 5, 8)]
    assert foreign.person_id is not None
    assert await results(site.database, site.connectors, await course_of(site), [foreign.person_id]) == []
    assert await results(site.database, site.connectors, await course_of(site), None) == []


def test_a_hosts_name_is_compared_as_names_are() -> None:
    from lti_tool.content.rules import same_host

    assert same_host(BASE, HOST.upper())
    assert same_host(BASE, f"{HOST}:443")
    assert same_host("http://127.0.0.1:8001", "127.0.0.1")
    assert same_host("http://127.0.0.1:8001", "127.0.0.1:8001")
    assert not same_host("http://127.0.0.1:8001", "127.0.0.1:8002")
    assert not same_host(BASE, f"{HOST}.evil.example")
    assert not same_host(BASE, "")
    assert not same_host(BASE, f"evil.example/{HOST}")


async def test_a_check_s_item_is_never_asked_of_the_platform(site: Site, canvas: Canvas) -> None:
    """Its results are known here; asking Canvas for an assignment of that id would refuse all of them."""
    await come_in(site.database, site.school.launch("s1", custom=CUSTOM))
    await read(site)
    course = await course_of(site)
    async with site.database.writing() as session:
        item_id = await put_own(
            session,
            course,
            "c0ffee",
            NOW,
            title="Halves",
            url="/courses/x/my/checks/y",
            section="Checks",
            points=2.0,
            due_at=None,
            published=True,
        )
    site.lms.asked.clear()
    assert await results(site.database, site.connectors, course, None) == []
    assert site.lms.asked == []
    await read(site)
    found = (await all_items(site))["check:c0ffee"]
    assert (found.id, found.result_key, found.kind, found.deleted_at) == (item_id, None, "quiz", None)
