"""Tokens in the console, and what they open: the school's frameworks as CASE, and nothing else."""

import re
import uuid
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from lti_tool.competencies import importing
from lti_tool.competencies import routes as competency_routes
from lti_tool.competencies.importing import Wish
from lti_tool.competencies.models import Framework
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.db.base import crossing, scoped
from lti_tool.lti.models import ApiToken
from lti_tool.web.routing import add_router
from tests.competencies.formats import DOCUMENT, as_bytes, item, package
from tests.lti.support import TOOL

from .site import Site, Visitor

DOCUMENTS = "/ims/case/v1p1/CFDocuments"
PACKAGE = f"/ims/case/v1p1/CFPackages/{DOCUMENT}"


@pytest.fixture
async def served(site: Site) -> Site:
    """The console with the CASE addresses beside it, and one framework in each of the schools."""
    add_router(site.tool.app, competency_routes.router)
    for school in (site.school, site.other):
        file = read_framework(as_bytes(package([item("A")], [])))
        async with site.database.writing() as session:
            await importing.apply(session, school.organisation_id, file, Wish(), site.clock.now(), by=None)
    return site


async def make(visitor: Visitor, **fields: str) -> tuple[httpx.Response, str]:
    """A token made on the page, and what was shown."""
    page = await visitor.post("/admin/tokens", **({"name": "Standards server", "days": "30"} | fields))
    found = re.search(r"lti-tool-[\w-]{43}", page.text)
    return page, found[0] if found else ""


async def read(site: Site, secret: str, path: str = DOCUMENTS) -> httpx.Response:
    """What somebody without any session gets for a token."""
    return await site.anybody().client.get(path, headers={"Authorization": f"Bearer {secret}"})


async def tokens(site: Site) -> list[ApiToken]:
    async with site.database.reading() as session:
        every = crossing("the test sees all")
        return list((await session.exec(select(ApiToken).execution_options(**every))).all())


async def test_a_token_reads_the_schools_frameworks_and_nothing_else(served: Site) -> None:
    visitor = await served.administrator()
    page, secret = await make(visitor)
    assert page.status_code == 200
    assert "it is shown this once" in page.text
    answer = await read(served, secret)
    assert [one["identifier"] for one in answer.json()["CFDocuments"]] == [DOCUMENT]
    assert (await read(served, secret, PACKAGE)).json()["CFItems"]
    for path in ("/admin", "/admin/tokens", f"/courses/{uuid.uuid4()}/competencies"):
        assert (await read(served, secret, path)).status_code in {401, 404}, path
    # Nothing but its digest is kept, and the page does not show it again.
    [token] = await tokens(served)
    assert secret not in repr(token.model_dump())
    assert token.used_on == served.clock.now()
    page = await visitor.get("/admin/tokens")
    assert secret not in page.text
    assert "Standards server" in page.text
    assert ("token.made", token.created_by) in await served.actions()


async def test_a_token_of_one_school_sees_nothing_of_another(served: Site) -> None:
    _, mine = await make(await served.administrator())
    _, theirs = await make(await served.administrator(served.other))
    async with served.database.writing() as session:
        [framework] = (await session.exec(scoped(Framework, served.other.organisation_id))).all()
        framework.title = "Theirs alone"
        session.add(framework)
    titles = [(await read(served, secret)).json()["CFDocuments"][0]["title"] for secret in (mine, theirs)]
    assert titles[0] != "Theirs alone"
    assert titles[1] == "Theirs alone"
    assert (await read(served, mine, PACKAGE)).json()["CFDocument"]["title"] == titles[0]


@pytest.mark.parametrize("secret", ["lti-tool-", "lti-tool-" + "x" * 43, "lti-tool-" + "x" * 4000])
async def test_what_is_no_token_opens_nothing(served: Site, secret: str) -> None:
    answer = await read(served, secret)
    assert answer.status_code == 401
    [field] = answer.json()["imsx_codeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldValue"] == "unauthorisedrequest"
    assert (await served.anybody().client.get(DOCUMENTS)).status_code == 401


async def test_a_token_ends_by_itself(served: Site) -> None:
    visitor = await served.administrator()
    _, secret = await make(visitor)
    served.clock.move(timedelta(days=30) - timedelta(seconds=1))
    assert (await read(served, secret)).status_code == 200
    served.clock.move(timedelta(seconds=1))
    assert (await read(served, secret)).status_code == 401
    page = await (await served.owner()).get("/admin/tokens")
    assert "Ended" in page.text
    assert "/revoke" not in page.text


async def test_a_revoked_token_opens_nothing_at_once(served: Site) -> None:
    visitor = await served.administrator()
    _, secret = await make(visitor)
    [token] = await tokens(served)
    page = await visitor.post(f"/admin/tokens/{token.id}/revoke")
    assert "Revoked. Whoever sends this token" in page.text
    assert (await read(served, secret)).status_code == 401
    await visitor.post(f"/admin/tokens/{token.id}/revoke")
    assert [action for action, _ in await served.actions()].count("token.revoked") == 1


async def test_another_schools_administrator_neither_sees_nor_revokes_it(served: Site) -> None:
    _, secret = await make(await served.administrator())
    [token] = await tokens(served)
    visitor = await served.administrator(served.other)
    assert "Standards server" not in (await visitor.get("/admin/tokens")).text
    assert (await visitor.post(f"/admin/tokens/{token.id}/revoke")).status_code == 404
    assert (await visitor.post(f"/admin/tokens/{uuid.uuid4()}/revoke")).status_code == 404
    assert (await read(served, secret)).status_code == 200


async def test_the_owner_makes_them_for_any_school(served: Site) -> None:
    owner = await served.owner()
    _, secret = await make(owner, organisation=str(served.other.organisation_id), name="A district's server")
    [token] = await tokens(served)
    assert (token.organisation_id, token.created_by) == (served.other.organisation_id, "owner")
    assert (await read(served, secret)).status_code == 200
    page = await owner.post(f"/admin/tokens/{token.id}/revoke")
    assert "Revoked" in page.text


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
async def test_a_token_needs_a_name(served: Site, name: str) -> None:
    page, secret = await make(await served.administrator(), name=name)
    assert (page.status_code, secret) == (422, "")
    assert "what it is for" in page.text
    assert await tokens(served) == []


async def test_without_a_session_or_the_right_there_is_nothing(served: Site) -> None:
    path = f"/admin/tokens/{uuid.uuid4()}/revoke"
    for method, address in (("GET", "/admin/tokens"), ("POST", "/admin/tokens"), ("POST", path)):
        answer = await served.anybody().client.request(method, address, headers={"Origin": TOOL})
        assert answer.status_code == 401, address
    teacher = await served.launched("http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor")
    assert (await teacher.client.get("/admin/tokens")).status_code == 403
    answer = await teacher.client.post("/admin/tokens", data={"session": teacher.session}, headers={"Origin": TOOL})
    assert answer.status_code in {403, 409}
    assert await tokens(served) == []


async def test_a_day_without_a_look_is_told(served: Site) -> None:
    visitor = await served.administrator()
    _, secret = await make(visitor)
    assert "never" in (await visitor.get("/admin/tokens")).text
    await read(served, secret)
    first = served.clock.now()
    served.clock.move(timedelta(hours=2))
    await read(served, secret)
    assert [token.used_on for token in await tokens(served)] == [first]
    served.clock.move(timedelta(days=1))
    await read(served, secret)
    assert [token.used_on for token in await tokens(served)] == [served.clock.now()]
