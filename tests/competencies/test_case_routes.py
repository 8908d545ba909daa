"""``/ims/case/v1p1``: shapes, paging, refusals, and who may read, on both databases."""

import re
from typing import Any

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies import importing, routes
from lti_tool.competencies.fetching import fetch
from lti_tool.competencies.importing import Wish
from lti_tool.competencies.models import Framework
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.settings import Settings
from tests.courses.school import NOW, School, a_school, come_in
from tests.courses.site import Site, Visitor, a_site
from tests.pairs import on_postgresql, on_sqlite

from .formats import DOCUMENT, OWN, as_bytes, association, guid, item, package

BASE = "/ims/case/v1p1"
PACKAGE = package(
    [item("A"), item("B"), item("C")],
    [
        association("isChildOf", "B", "A"),
        association("precedes", "B", "C"),
        association("exactMatchOf", "C", "elsewhere"),
    ],
) | {
    "CFDefinitions": {
        "CFLicenses": [{"identifier": guid("L"), "uri": "https://l.example", "title": "CC BY", "licenseText": "…"}],
        "CFConcepts": [{"identifier": guid("K"), "uri": "https://k.example", "title": "K", "hierarchyCode": "1"}],
    },
    "CFRubrics": [{"identifier": guid("R"), "uri": "https://r.example", "title": "R"}],
}
ADDRESSES = (
    "/CFDocuments",
    f"/CFDocuments/{DOCUMENT}",
    f"/CFPackages/{DOCUMENT}",
    f"/CFItems/{guid('A')}",
    f"/CFItemAssociations/{guid('B')}",
    f"/CFAssociations/{guid('B precedes C')}",
    f"/CFLicenses/{guid('L')}",
    f"/CFConcepts/{guid('K')}",
    f"/CFRubrics/{guid('R')}",
)

NOWHERE = "0193c0de-0000-7000-8000-000000000000"
"""The id of nothing; the same in every process, since tests are named by it."""


async def add(site: Site, given: Any, school: School | None = None) -> None:
    file = read_framework(given if isinstance(given, bytes) else as_bytes(given))
    organisation = (school or site.school).organisation
    async with site.database.writing() as session:
        await importing.apply(session, organisation.id, file, Wish(title_if_none="Own"), NOW, by=None)


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """With one framework."""
    site = await a_site(database, clock, routes.router)
    await add(site, PACKAGE)
    return site


def minor(answer: httpx.Response) -> str:
    """The refusal's codeMinor."""
    body = answer.json()
    assert body["imsx_codeMajor"] == "failure"
    assert body["imsx_severity"] == "error"
    (field,) = body["imsx_codeMinor"]["imsx_codeMinorField"]
    value: str = field["imsx_codeMinorFieldValue"]
    return value


@on_sqlite
@pytest.mark.parametrize("address", ADDRESSES)
async def test_who_may_not_read_is_told_in_the_specifications_words(site: Site, address: str) -> None:
    async with site.client() as client:
        answer = await client.get(BASE + address)
    assert (answer.status_code, minor(answer)) == (401, "unauthorisedrequest")
    for role in (Role.STUDENT, Role.OBSERVER, Role.OTHER):
        visitor = await site.arrive(site.school.launch(role=role))
        answer = await visitor.get(BASE + address)
        assert (answer.status_code, minor(answer)) == (403, "forbidden")


@pytest.mark.parametrize("address", ADDRESSES)
async def test_another_school_has_nothing(site: Site, address: str) -> None:
    elsewhere = await a_school(site.database, "Other")
    entry = await come_in(site.database, elsewhere.launch("t", role=Role.TEACHER))
    other = Site(site.app, site.database, site.clock, site.lms, site.protocol, site.connectors, elsewhere)
    visitor = await other.arrive(elsewhere.launch("t", role=Role.TEACHER))
    assert visitor.entry.course_id == entry.course_id
    answer = await visitor.get(BASE + address)
    if address == "/CFDocuments":
        assert answer.json() == {"CFDocuments": []}
    else:
        assert (answer.status_code, minor(answer)) == (404, "unknownobject")


async def read(visitor: Visitor, address: str) -> Any:
    answer = await visitor.get(BASE + address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def test_objects_have_the_specifications_shapes(site: Site) -> None:
    visitor = await site.teacher()
    document = await read(visitor, f"/CFDocuments/{DOCUMENT}")
    assert (document["identifier"], document["title"]) == (DOCUMENT, "Fractions")
    assert document["CFPackageURI"]["uri"].endswith(f"{BASE}/CFPackages/{DOCUMENT}")
    assert await read(visitor, "/CFDocuments") == {"CFDocuments": [document]}
    whole = await read(visitor, f"/CFPackages/{DOCUMENT}")
    assert set(whole) == {"CFDocument", "CFItems", "CFAssociations", "CFDefinitions", "CFRubrics"}
    one = await read(visitor, f"/CFItems/{guid('B')}")
    assert (one["humanCodingScheme"], one["CFDocumentURI"]["identifier"]) == ("B", DOCUMENT)
    assert await read(visitor, f"/CFItems/{guid('B').upper()}") == one
    about = await read(visitor, f"/CFItemAssociations/{guid('B')}")
    assert about["CFItem"] == one
    assert {each["associationType"] for each in about["CFAssociations"]} == {"isChildOf", "precedes"}
    crossing = await read(visitor, f"/CFItemAssociations/{guid('C')}")
    assert "exactMatchOf" in {each["associationType"] for each in crossing["CFAssociations"]}
    precedes = await read(visitor, f"/CFAssociations/{guid('B precedes C')}")
    assert (precedes["originNodeURI"]["identifier"], precedes["destinationNodeURI"]["identifier"]) == (
        guid("B"),
        guid("C"),
    )
    for each in whole["CFAssociations"]:
        if each["associationType"] != "exactMatchOf":
            alone = await read(visitor, f"/CFAssociations/{each['identifier']}")
            assert {name: value for name, value in alone.items() if name != "CFDocumentURI"} == each
    assert (await read(visitor, f"/CFLicenses/{guid('L')}"))["licenseText"] == "…"
    assert [each["title"] for each in (await read(visitor, f"/CFConcepts/{guid('K')}"))["CFConcepts"]] == ["K"]
    assert (await read(visitor, f"/CFRubrics/{guid('R')}"))["title"] == "R"


async def test_a_framework_without_uuids_is_found_by_what_it_is_exported_under(site: Site) -> None:
    await add(site, OWN.encode())
    visitor = await site.teacher()
    found = await read(visitor, "/CFDocuments?sort=title&orderBy=desc")
    assert [one["title"] for one in found["CFDocuments"]] == ["Own", "Fractions"]
    whole = await read(visitor, f"/CFPackages/{found['CFDocuments'][0]['identifier']}")
    assert len(whole["CFItems"]) == 4
    for one in whole["CFItems"]:
        assert (await read(visitor, f"/CFItems/{one['identifier']}"))["fullStatement"] == one["fullStatement"]
    for one in whole["CFAssociations"]:
        alone = await read(visitor, f"/CFAssociations/{one['identifier']}")
        assert alone["associationType"] == one["associationType"]


async def test_lists_come_in_pages(site: Site) -> None:
    for number in range(7):
        await add(site, package([item("A")], identifier=guid(f"d{number}"), title=f"Framework {number}"))
    visitor = await site.teacher()
    seen: list[str] = []
    address = "/CFDocuments?limit=3&sort=title&fields=title"
    for _ in range(5):
        answer = await visitor.get(BASE + address)
        assert answer.headers["x-total-count"] == "8"
        assert all(set(one) == {"title"} for one in answer.json()["CFDocuments"])
        seen += [one["title"] for one in answer.json()["CFDocuments"]]
        following = re.search(r'<http://localhost:8000/ims/case/v1p1([^>]+)>; rel="next"', answer.headers["link"])
        if following is None:
            break
        address = following[1]
    assert seen == ["Fractions", *[f"Framework {number}" for number in range(7)]]
    assert 'rel="prev"' in answer.headers["link"]
    assert (await read(visitor, "/CFDocuments?offset=100")) == {"CFDocuments": []}


@on_postgresql
@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/CFDocuments?sort=nonsense", 400, "invalid_sort_field"),
        ("/CFDocuments?sort=title&orderBy=up", 400, "invalid_sort_field"),
        ("/CFDocuments?fields=title,nonsense", 400, "invalid_selection_field"),
        ("/CFDocuments?limit=0", 400, "invalid_selection_field"),
        ("/CFDocuments?limit=-1", 400, "invalid_selection_field"),
        ("/CFDocuments?offset=x", 400, "invalid_selection_field"),
        ("/CFDocuments?filter=title%3D'x'", 400, "invalid_selection_field"),
        ("/CFDocuments/nonsense", 404, "invalid_uuid"),
        ("/CFItems/%3Cscript%3E", 404, "invalid_uuid"),
        (f"/CFDocuments/{NOWHERE}", 404, "unknownobject"),
        (f"/CFPackages/{NOWHERE}", 404, "unknownobject"),
        (f"/CFItems/{NOWHERE}", 404, "unknownobject"),
        (f"/CFItemAssociations/{NOWHERE}", 404, "unknownobject"),
        (f"/CFAssociations/{NOWHERE}", 404, "unknownobject"),
        (f"/CFSubjects/{NOWHERE}", 404, "unknownobject"),
        (f"/CFItemTypes/{NOWHERE}", 404, "unknownobject"),
        (f"/CFAssociationGroupings/{NOWHERE}", 404, "unknownobject"),
    ],
)
async def test_refusals_have_the_specifications_shape(site: Site, address: str, status: int, code: str) -> None:
    visitor = await site.teacher()
    answer = await visitor.get(BASE + address)
    assert (answer.status_code, minor(answer)) == (status, code)
    assert "<script>" not in answer.text


async def test_an_item_that_was_dropped_says_since_when(site: Site) -> None:
    await add(site, package([item("A")]))
    visitor = await site.teacher()
    assert (await read(visitor, f"/CFItems/{guid('B')}"))["statusEndDate"] == NOW.date().isoformat()
    assert "statusEndDate" not in await read(visitor, f"/CFItems/{guid('A')}")
    assert len((await read(visitor, f"/CFPackages/{DOCUMENT}"))["CFItems"]) == 1


async def test_a_course_sees_its_own_framework_and_no_others_own(site: Site) -> None:
    visitor = await site.teacher()
    async with site.database.writing() as session:
        framework = (await session.exec(scoped(Framework, site.school.organisation.id))).one()
        framework.course_id = visitor.entry.course_id
        session.add(framework)
    assert len((await read(visitor, "/CFDocuments"))["CFDocuments"]) == 1
    from lti_tool.lti.launch import LaunchContext

    other = await site.arrive(site.school.launch("t2", role=Role.TEACHER, context=LaunchContext("c2", "Maths", "", ())))
    assert await read(other, "/CFDocuments") == {"CFDocuments": []}
    for address in ADDRESSES[1:]:
        assert (await other.get(BASE + address)).status_code == 404


async def test_another_tool_of_ours_could_import_from_here(site: Site) -> None:
    """Our own reader finds its way through our own endpoints, from the base to a package."""
    visitor = await site.teacher()
    async with site.client(visitor.token) as client:
        settings = Settings(_env_file=None)
        listed = await fetch(client, settings, f"http://localhost:8000{BASE}")
        (offered,) = listed.offered
        found = await fetch(client, settings, offered.address)
    assert found.content is not None
    assert read_framework(found.content).identifier == DOCUMENT
