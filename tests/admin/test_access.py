"""Who gets into the console, by which way, and what keeps everybody else out."""

import asyncio
import re
from collections.abc import Awaitable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lti_tool.admin import owners
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from tests.lti.support import LTI, TOOL
from tests.pairs import on_sqlite

from .site import MEMBERSHIP, SCHOOL_ADMINISTRATOR, TEACHER, Site, Visitor, a_site


async def a_code(site: Site) -> str:
    async with site.database.writing() as session:
        return await owners.make_link(session, site.clock.now(), actor="command line")


async def send_code(visitor: Visitor, code: str, origin: str = TOOL) -> int:
    return (await visitor.client.post("/admin/sign-in", data={"code": code}, headers={"Origin": origin})).status_code


# --- The owner --------------------------------------------------------------------------------------------------------


async def test_the_owner_signs_in_once_with_a_link_that_looking_at_does_not_use_up(site: Site) -> None:
    code = await a_code(site)
    visitor = site.anybody()
    for _ in range(2):
        shown = await visitor.get(f"/admin/sign-in?code={code}")
        assert shown.status_code == 200
        assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
        assert "set-cookie" not in shown.headers
    answer = await visitor.client.post("/admin/sign-in", data={"code": code}, headers={"Origin": TOOL})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-lti_owner=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    page = await visitor.get("/admin")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "owner of this installation" in page.text
    assert await send_code(site.anybody(), code) == 403
    assert await site.actions() == [("owner.link-made", "command line"), ("owner.signed-in", "owner")]


async def test_two_browsers_at_once_with_one_link_are_one_owner(
    own_database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    site, close = await a_site(own_database, clock, tmp_path)
    code = await a_code(site)

    async def use() -> bool:
        try:
            async with own_database.writing() as session:
                await owners.sign_in(session, code, clock.now())
        except ToolError:
            return False
        return True

    tries: list[Awaitable[bool]] = [use() for _ in range(6)]
    assert sum(await asyncio.gather(*tries)) == 1
    await close()


@pytest.mark.parametrize("code", ["", "never-made", "x" * 200])
async def test_a_code_that_signs_nobody_in_says_what_to_do(site: Site, code: str) -> None:
    visitor = site.anybody()
    shown = await visitor.get(f"/admin/sign-in?code={code}")
    assert shown.status_code == 403
    assert "lti-tool admin link" in shown.text
    assert await send_code(visitor, code) == 403
    assert (await visitor.get("/admin")).status_code == 401


async def test_a_link_ends_after_fifteen_minutes(site: Site) -> None:
    code = await a_code(site)
    site.clock.move(timedelta(minutes=15))
    assert (await site.anybody().get(f"/admin/sign-in?code={code}")).status_code == 403
    assert await send_code(site.anybody(), code) == 403


async def test_another_site_signs_nobody_in(site: Site) -> None:
    assert await send_code(site.anybody(), await a_code(site), "https://evil.example") == 403


async def test_the_owners_session_ends_idle_after_two_hours_and_in_all_after_twelve(site: Site) -> None:
    idle, busy = await site.owner(), await site.owner()
    for _ in range(7):
        site.clock.move(timedelta(minutes=100))
        assert (await busy.get("/admin")).status_code == 200
    assert (await idle.get("/admin")).status_code == 401
    site.clock.move(timedelta(minutes=30))
    assert (await busy.get("/admin")).status_code == 401


async def test_the_owner_signs_out(site: Site) -> None:
    owner = await site.owner()
    cookie = owner.client.cookies.get(owners.COOKIE)
    assert (await owner.post("/admin/sign-out")).status_code == 200
    assert (await owner.get("/admin")).status_code == 401
    # The cookie, had somebody kept it, opens nothing either.
    owner.client.cookies.set(owners.COOKIE, cookie or "", domain="tool.school.example")
    assert (await owner.get("/admin")).status_code == 401
    assert ("owner.signed-out", "owner") in await site.actions()


async def test_a_form_of_another_site_or_of_an_earlier_sign_in_changes_nothing(site: Site) -> None:
    owner = await site.owner()
    await owner.get("/admin")
    page = owner.session
    for origin, session, status in (
        ("https://evil.example", page, 403),
        (TOOL, "", 409),
        (TOOL, "00000000-0000-0000-0000-000000000000", 409),
    ):
        answer = await owner.client.post("/admin/sign-out", data={"session": session}, headers={"Origin": origin})
        assert answer.status_code == status
        assert (await owner.get("/admin")).status_code == 200


async def test_the_owner_sees_no_course(site: Site) -> None:
    teacher = await site.administrator()
    course = re.search(r"/courses/[0-9a-f-]{36}", (await teacher.get("/admin")).text)
    assert course
    assert (await (await site.owner()).get(f"{course[0]}/people")).status_code == 401


# --- Administrators by launch -----------------------------------------------------------------------------------------


async def test_an_administrator_of_the_school_comes_in_by_a_launch_in_the_lms_frame(site: Site) -> None:
    visitor = await site.administrator()
    page = await visitor.get("/admin")
    assert page.status_code == 200
    assert "You administer School." in page.text
    assert "frame-ancestors https://platform.example" in page.headers["content-security-policy"]
    assert 'href="/admin"' in (await visitor.get("/no-course")).text


async def test_an_administrator_who_is_nothing_in_the_course_is_led_to_the_console(site: Site) -> None:
    visitor = await site.launched(SCHOOL_ADMINISTRATOR)
    course = re.search(r"/courses/[0-9a-f-]{36}", (await visitor.get("/no-course")).text)
    assert course
    page = await visitor.get(course[0])
    assert "Open the administration" in page.text
    assert "as a student" not in page.text


@on_sqlite
@pytest.mark.parametrize(
    "roles",
    [
        (),
        (TEACHER,),
        (MEMBERSHIP + "Administrator",),
        (MEMBERSHIP + "Administrator", TEACHER),
        ("http://purl.imsglobal.org/vocab/lis/v2/membership/Administrator#SystemAdministrator", TEACHER),
        ("Administrator", TEACHER),
        (SCHOOL_ADMINISTRATOR.replace("Administrator", "Staff"), TEACHER),
    ],
)
async def test_no_other_role_opens_the_console(site: Site, roles: tuple[str, ...]) -> None:
    visitor = await site.launched(*roles)
    refused = await visitor.get("/admin")
    assert refused.status_code == 403
    assert "Only administrators" in refused.text
    assert 'href="/admin"' not in (await visitor.get("/no-course")).text


async def test_who_acts_as_an_administrator_is_none(site: Site) -> None:
    visitor = await site.administrator(
        **{LTI + "custom": {"masquerading_user_id": "17"}},
    )
    assert (await visitor.get("/admin")).status_code == 403


async def test_a_later_launch_as_somebody_else_closes_the_console(site: Site) -> None:
    administrator = await site.administrator(sub="head")
    pupil = await site.launched(MEMBERSHIP + "Learner", sub="pupil")
    await administrator.get("/admin")
    administrator.client.cookies = pupil.client.cookies
    assert (await administrator.get("/admin")).status_code == 403


async def test_a_browser_without_cookies_brings_the_tabs_token(site: Site) -> None:
    administrator = await site.administrator()
    token = administrator.client.cookies.get("__Host-lti_session")
    tab = site.anybody()
    refused = await tab.get("/admin")
    assert refused.status_code == 401
    assert "data-try-token" in refused.text
    tab.headers = {"Authorization": f"Bearer {token}"}
    assert "You administer School." in (await tab.get("/admin")).text


async def test_a_tabs_script_sends_forms_with_its_token_and_follows_where_they_lead(site: Site) -> None:
    administrator = await site.administrator()
    tab = site.anybody()
    tab.headers = {
        "Authorization": f"Bearer {administrator.client.cookies.get('__Host-lti_session')}",
        "X-LTI-Tab": "1",
    }
    address = f"/admin/platforms/{site.school.registration_id}"
    await tab.get(address)
    done = await tab.post(address, name="Ours", policy="hold")
    assert (done.status_code, done.headers["x-lti-location"]) == (200, f"{address}?said=saved")
    assert (await site.registration()).name == "Ours"
    tab.session = "00000000-0000-0000-0000-000000000000"
    again = await tab.client.post(
        address, data={"session": tab.session, "name": "x"}, headers={"Origin": TOOL} | tab.headers
    )
    assert again.status_code == 409


async def test_nobody_hears_both_ways_in(site: Site) -> None:
    refused = await site.anybody().get("/admin")
    assert refused.status_code == 401
    assert "lti-tool admin link" in refused.text
    assert "LMS" in refused.text


async def test_the_owners_pages_stay_out_of_the_lms_frame(site: Site) -> None:
    """In one browser the owner is signed in and a school's administrator has launched: frames are the school's."""
    visitor = await site.administrator()
    owner = await site.owner()
    visitor.client.cookies.set(
        owners.COOKIE, owner.client.cookies.get(owners.COOKIE) or "", domain="tool.school.example"
    )
    assert "owner of this installation" in (await visitor.get("/admin")).text
    visitor.headers = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"}
    page = await visitor.get("/admin")
    assert "You administer School." in page.text
    # A form of either page goes on as what its page was.
    assert (await visitor.post("/admin/sign-out")).status_code == 403
    visitor.headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
    await visitor.get("/admin")
    assert (await visitor.post("/admin/sign-out")).status_code == 200


# --- Whatever is sent -------------------------------------------------------------------------------------------------


def admin_routes(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Method and path of every route of the console."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from admin_routes(inner.routes)
        elif getattr(route, "path", "").startswith("/admin"):
            yield from ((method, route.path) for method in route.methods)


async def test_nothing_that_is_sent_to_the_console_is_a_mistake_of_ours(site: Site) -> None:
    """What no form of ours would send: U+0000, which PostgreSQL keeps in no text, halves of characters, far too much."""
    owner = await site.owner()
    every = sorted(set(admin_routes(site.tool.app.routes)))
    assert len(every) > 20
    fields = (
        "name",
        "policy",
        "role",
        "meaning",
        "origin",
        "organisation_id",
        "organisation",
        "lms",
        "issuer",
        "client_id",
    )
    fields += (
        "auth_login_url",
        "token_url",
        "jwks_url",
        "token_audience",
        "deployment_ids",
        "deployment_id",
        "code",
        "kid",
    )
    # Checks ask the LMS, which is another story; and the owner goes on afterwards.
    elsewhere = ("/admin/sign-out", "/check", "/certification")
    for method, path in every:
        if any(part in path for part in elsewhere):
            continue
        address = re.sub(r"\{organisation_id[^}]*\}", str(site.school.organisation_id), path)
        address = address.replace("{registration_id}", str(site.school.registration_id))
        address = re.sub(r"\{deployment_id[^}]*\}", str(site.school.deployment_id), address)
        address = re.sub(r"\{[^}]+\}", "canvas", address)
        for value in ("a\0b", "\ufffe\u202e", "x" * 2500, "https://a\0b.example"):
            if method == "POST":
                answer = await owner.post(address, follow=False, **dict.fromkeys(fields, value))
            else:
                answer = await owner.client.get(
                    address, params=dict.fromkeys((*fields, "said", "page", "action"), value)
                )
            assert answer.status_code < 500, (method, address, value[:20], answer.text)
