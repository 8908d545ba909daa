"""An LMS that has another address: what would change, what does, what stays, and what those hear who come from the old one."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin import moving
from lti_tool.admin.moving import Wish, moved
from lti_tool.admin.moving_queries import Bases
from lti_tool.audit import AuditEntry
from lti_tool.content.models import ApiConnection, ContentItem, ItemKind
from lti_tool.content.rules import address_id
from lti_tool.courses.models import Course, Person, ResourceLink
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import LineItem
from lti_tool.lti.models import MovedIssuer, Registration
from lti_tool.lti.platform_fields import FieldsUnusable
from lti_tool.playlists.models import Playlist, PlaylistStep
from lti_tool.settings import Settings
from tests.lti.conftest import settings_for
from tests.lti.support import TOOL
from tests.playlists import seed
from tests.playlists.seed import NOW, School

from .site import TEACHER, Site

OLD, NEW = "https://moodle.old.example/moodle", "https://learn.new.example"
BASES = Bases(OLD, NEW)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (OLD, NEW),
        (OLD + "/mod/quiz/view.php?id=5", NEW + "/mod/quiz/view.php?id=5"),
        (OLD + "?x=1", NEW + "?x=1"),
        (OLD + "2/mod/quiz", OLD + "2/mod/quiz"),
        ("https://moodle.old.example/other", "https://moodle.old.example/other"),
        ("https://x.example/?to=" + OLD, "https://x.example/?to=" + OLD),
        ("", ""),
    ],
)
def test_an_address_moves_with_its_base(address: str, expected: str) -> None:
    assert moved(address, BASES) == expected


@given(st.sampled_from(["", "/", "/a", "?b", "#c", "x", "/moodle/d", "/moodle"]))
def test_moving_below_itself_is_done_once(rest: str) -> None:
    bases = Bases("https://a.example", "https://a.example/moodle")
    once = moved("https://a.example" + rest, bases)
    assert moved(once, bases) == once


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


class World:
    """A school on a Moodle, with an address of each kind."""

    def __init__(self, school: School) -> None:
        self.school = school

    async def fill(self, session: AsyncSession) -> None:
        course, registration = self.school.course, self.school.registration
        registration.issuer = OLD
        for name, path in (("auth_login_url", "auth"), ("token_url", "token"), ("jwks_url", "certs")):
            setattr(registration, name, f"{OLD}/mod/lti/{path}.php")
        registration.key_set = {"keys": []}
        course.line_items_url = f"{OLD}/mod/lti/services.php/2/lineitems?type_id=1"
        course.memberships_url = f"{OLD}/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
        course.home_url = f"{OLD}/course/view.php?id=2"
        course.api_domain = "moodle.old.example"
        session.add_all([registration, course])
        here: dict[str, Any] = {"organisation_id": self.school.id, "course_id": course.id}
        item = {**here, "kind": ItemKind.QUIZ, "title": "x", "seen_at": NOW}
        pasted = f"{OLD}/mod/page/view.php?id=8"
        self.items = {
            "native": ContentItem(**item, external_id="moodle:cm:5", url=f"{OLD}/mod/quiz/view.php?id=5"),
            "elsewhere": ContentItem(**item, external_id="moodle:cm:6", url="https://example.org/x"),
            "beside": ContentItem(**item, external_id="moodle:cm:7", url=f"{OLD}2/x"),
            "pasted": ContentItem(**item, external_id=address_id(pasted), url=pasted),
            "long": ContentItem(**item, external_id="moodle:cm:9", url=(f"{OLD}/" + "x" * 2000)[:2000]),
        }
        session.add_all(self.items.values())
        session.add(
            LineItem(
                **here,
                registration_id=registration.id,
                resource_id="playlist:1",
                tag="t",
                label="L",
                score_maximum=10,
                url=f"{OLD}/mod/lti/services.php/2/lineitems/16/lineitem?type_id=1",
                created_at=NOW,
                changed_at=NOW,
            )
        )
        session.add(
            ResourceLink(**here, resource_link_id="77", line_item_url=f"{OLD}/mod/lti/services.php/x", created_at=NOW)
        )
        session.add(
            ApiConnection(
                organisation_id=self.school.id,
                registration_id=registration.id,
                base_url=OLD,
                working=False,
                trouble="api-unreachable",
                created_at=NOW,
            )
        )
        await session.flush()


async def a_world(session: AsyncSession) -> World:
    made = World(await seed.school(session))
    await made.fill(session)
    return made


async def step_with_address(session: AsyncSession, school: School, url: str) -> uuid.UUID:
    playlist = Playlist(
        organisation_id=school.id, course_id=school.course.id, title="P", created_at=NOW, changed_at=NOW
    )
    session.add(playlist)
    await session.flush()
    step = PlaylistStep(organisation_id=school.id, playlist_id=playlist.id, position=0, title="S", url=url)
    session.add(step)
    await session.flush()
    return step.id


async def test_everything_that_names_the_old_address_names_the_new_one(database: Database, settings: Settings) -> None:
    async with database.writing() as session:
        made = await a_world(session)
        school, registration = made.school, made.school.registration
        step_id = await step_with_address(session, school, f"{OLD}/mod/url/view.php?id=4")
        people = len((await session.exec(scoped(Person, school.id))).all())
        plan = await moving.plan(session, registration, Wish(issuer=NEW), settings)
        assert {name for name, *_ in plan.changed} == {"issuer", "auth_login_url", "token_url", "jwks_url"}
        assert plan.counts == {"courses": 3, "links": 1, "columns": 1, "items": 3, "steps": 1, "options": 0}
        assert (plan.too_long, plan.courses, plan.people) == (0, 1, people)
        assert plan.api == (OLD, NEW)
    async with database.writing() as session:
        await moving.move(session, registration.id, Wish(issuer=NEW + "/"), settings, "command line", NOW)
    async with database.reading() as session:
        found = await session.get(Registration, registration.id)
        assert found is not None
        assert (found.issuer, found.token_url, found.key_set) == (NEW + "/", f"{NEW}/mod/lti/token.php", None)
        course = await session.get(Course, (school.id, school.course.id))
        assert course is not None
        assert (course.home_url, course.api_domain) == (f"{NEW}/course/view.php?id=2", "learn.new.example")
        assert course.line_items_url == f"{NEW}/mod/lti/services.php/2/lineitems?type_id=1"
        urls = {name: (await session.get(ContentItem, (school.id, item.id))) for name, item in made.items.items()}
        assert urls["native"].url == f"{NEW}/mod/quiz/view.php?id=5"
        assert urls["native"].external_id == "moodle:cm:5"
        assert urls["elsewhere"].url == "https://example.org/x"
        assert urls["beside"].url == f"{OLD}2/x"
        assert urls["pasted"].external_id == address_id(urls["pasted"].url)
        [column] = (await session.exec(scoped(LineItem, school.id))).all()
        assert column.url == f"{NEW}/mod/lti/services.php/2/lineitems/16/lineitem?type_id=1"
        step = await session.get(PlaylistStep, (school.id, step_id))
        assert step is not None
        assert step.url == f"{NEW}/mod/url/view.php?id=4"
        [access] = (await session.exec(scoped(ApiConnection, school.id))).all()
        assert (access.base_url, access.working, access.trouble) == (NEW, None, None)
        assert await session.get(MovedIssuer, (OLD, found.client_id)) is not None
        entries = (await session.exec(scoped(AuditEntry, school.id))).all()
        assert [one.action for one in entries if one.action == "registration.moved"] == ["registration.moved"]
        assert len((await session.exec(scoped(Person, school.id))).all()) == people


async def test_an_address_that_would_be_too_long_stays(database: Database, settings: Settings) -> None:
    wish = Wish(issuer=NEW, new_base=f"{NEW}/in/a/folder/of/its/own")
    async with database.writing() as session:
        made = await a_world(session)
        found = await moving.plan(session, made.school.registration, wish, settings)
        assert (found.counts["items"], found.too_long) == (2, 1)
    async with database.writing() as session:
        await moving.move(session, made.school.registration.id, wish, settings, "command line", NOW)
    async with database.reading() as session:
        item = await session.get(ContentItem, (made.school.id, made.items["long"].id))
        assert item is not None
        assert item.url == made.items["long"].url


async def test_moving_back_forgets_that_it_moved(database: Database, settings: Settings) -> None:
    async with database.writing() as session:
        made = await a_world(session)
    ours = made.school.registration
    for issuer in (NEW, OLD):
        async with database.writing() as session:
            await moving.move(session, ours.id, Wish(issuer=issuer), settings, "command line", NOW)
    async with database.reading() as session:
        assert [one.issuer for one in (await session.exec(select(MovedIssuer))).all()] == [NEW]
        item = await session.get(ContentItem, (made.school.id, made.items["native"].id))
        assert item is not None
        assert item.url == f"{OLD}/mod/quiz/view.php?id=5"


async def test_a_hosted_canvas_keeps_its_issuer(database: Database, settings: Settings) -> None:
    async with database.writing() as session:
        made = await a_world(session)
        registration = made.school.registration
        registration.issuer = "https://canvas.instructure.com"
        session.add(registration)
    wish = Wish(old_base=OLD, new_base=NEW)
    async with database.writing() as session:
        done = await moving.move(session, registration.id, wish, settings, "command line", NOW)
    assert done.after["issuer"] == "https://canvas.instructure.com"
    async with database.reading() as session:
        assert (await session.exec(select(MovedIssuer))).all() == []
        item = await session.get(ContentItem, (made.school.id, made.items["native"].id))
        assert item is not None
        assert item.url == f"{NEW}/mod/quiz/view.php?id=5"


async def test_a_pasted_address_that_is_there_twice_stays_two_items(database: Database, settings: Settings) -> None:
    async with database.writing() as session:
        made = await a_world(session)
        there = f"{NEW}/mod/page/view.php?id=8"
        session.add(
            ContentItem(
                organisation_id=made.school.id,
                course_id=made.school.course.id,
                kind=ItemKind.LINK,
                title="y",
                external_id=address_id(there),
                url=there,
                seen_at=NOW,
            )
        )
    async with database.writing() as session:
        await moving.move(session, made.school.registration.id, Wish(issuer=NEW), settings, "command line", NOW)
    async with database.reading() as session:
        found = (await session.exec(scoped(ContentItem, made.school.id).where(ContentItem.url == there))).all()
    assert len(found) == 2


async def test_another_schools_addresses_stay(database: Database, settings: Settings) -> None:
    async with database.writing() as session:
        made = await a_world(session)
        other = await seed.school(session, "Other")
        other.course.home_url = f"{OLD}/course/view.php?id=3"
        session.add(other.course)
    async with database.writing() as session:
        await moving.move(session, made.school.registration.id, Wish(issuer=NEW), settings, "command line", NOW)
    async with database.reading() as session:
        course = await session.get(Course, (other.id, other.course.id))
        assert course is not None
        assert course.home_url == f"{OLD}/course/view.php?id=3"


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (Wish(), moving.NothingMoves),
        (Wish(issuer=OLD), moving.NothingMoves),
        (Wish(issuer=NEW, old_base="moodle.old.example"), moving.BasesUnusable),
        (Wish(issuer=NEW, old_base="https://a@b.example"), moving.BasesUnusable),
        (Wish(issuer=NEW, old_base="https://["), moving.BasesUnusable),
        (Wish(issuer=NEW, new_base="https://x.example?y"), moving.BasesUnusable),
        (Wish(issuer="javascript:alert(1)"), (moving.BasesUnusable, FieldsUnusable)),
        (Wish(issuer="http://learn.new.example"), FieldsUnusable),
        (Wish(issuer=NEW, token_url="http://10.0.0.1/token"), FieldsUnusable),
    ],
)
async def test_what_cannot_be_is_refused(
    database: Database, settings: Settings, wish: Wish, error: type[Exception]
) -> None:
    async with database.writing() as session:
        made = await a_world(session)
        with pytest.raises(error):
            await moving.plan(session, made.school.registration, wish, settings)


async def test_a_taken_place_and_a_shared_platform_are_refused(database: Database, settings: Settings) -> None:
    async with database.writing() as session:
        made = await a_world(session)
        other = await seed.school(session, "Other")
        ours = made.school.registration
        other.registration.issuer, other.registration.client_id = NEW, ours.client_id
        session.add(other.registration)
        await session.flush()
        with pytest.raises(moving.PlaceTaken):
            await moving.plan(session, ours, Wish(issuer=NEW), settings)
        ours.organisation_id = None
        with pytest.raises(moving.SharedCannotMove):
            await moving.plan(session, ours, Wish(issuer="https://third.example"), settings)


# --- The console, and launches --------------------------------------------------------------------------------------------


async def people(site: Site) -> dict[str, uuid.UUID]:
    async with site.database.reading() as session:
        found = (await session.exec(scoped(Person, site.school.organisation_id))).all()
        return {one.sub: one.id for one in found}


async def test_an_administrator_moves_it_and_people_are_found_at_the_new_address(site: Site) -> None:
    platform = site.school.platform
    await site.launched(TEACHER, sub="kim")
    before = await people(site)
    owner = await site.owner()
    here = f"/admin/platforms/{site.school.registration_id}/move"
    old, new = platform.issuer, platform.issuer + "/new"
    assert old in (await owner.get(here)).text
    shown = await owner.post(here, issuer=new)
    assert "What would change" in shown.text
    assert (await site.registration()).issuer == old
    answer = await owner.post(here, issuer=new, do="move")
    assert "Moved. People come in from the new address." in answer.text
    assert (await site.registration()).jwks_url == f"{new}/jwks"
    login = {"iss": old, "client_id": platform.client_id, "login_hint": "1", "target_link_uri": f"{TOOL}/lti/launch"}
    refused = await site.anybody().client.get("/lti/login", params=login)
    assert refused.status_code == 403
    assert "Your LMS has moved" in refused.text
    assert new in refused.text
    platform.answers["/new/jwks"] = lambda _request: httpx.Response(200, json={"keys": platform.jwks})
    platform.issuer = new
    await site.launched(TEACHER, sub="kim")
    assert await people(site) == before
    assert ("registration.moved", "owner") in await site.actions()


async def test_whoever_came_in_through_it_leaves_with_it(site: Site) -> None:
    administrator = await site.administrator()
    here = f"/admin/platforms/{site.school.registration_id}/move"
    page = await administrator.post(here, issuer="https://moved.example")
    assert "you leave with it" in page.text
    page = await administrator.post(here, issuer="https://moved.example", do="move")
    assert "This platform is moved" in page.text
    assert (await administrator.get(here)).status_code == 401


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"issuer": ""}, "This is where it is already"),
        ({"issuer": "http://plain.example"}, "error"),
        ({"issuer": "https://a.example", "old_base": "nothing"}, "These beginnings of addresses cannot be used"),
    ],
)
async def test_what_is_wrong_comes_back_with_what_was_entered(site: Site, fields: dict[str, str], words: str) -> None:
    owner = await site.owner()
    here = f"/admin/platforms/{site.school.registration_id}/move"
    for do in ("", "move"):
        page = await owner.post(here, do=do, **fields)
        assert page.status_code in {400, 422}
        assert words in page.text
    assert (await site.registration()).issuer == site.school.platform.issuer


async def test_another_schools_administrator_finds_nothing(site: Site) -> None:
    administrator = await site.administrator()
    here = f"/admin/platforms/{site.other.registration_id}/move"
    assert (await administrator.get(here)).status_code == 404
    assert (await administrator.post(here, issuer="https://moved.example", do="move")).status_code == 404
    teacher = await site.launched(TEACHER)
    assert (await teacher.get(here)).status_code == 403
