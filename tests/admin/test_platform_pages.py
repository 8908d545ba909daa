"""Platforms and organisations in the console: who may look, who may change, and that what is changed holds."""

import uuid
from datetime import timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.organisation import Organisation
from lti_tool.lti import invites
from lti_tool.lti.models import Deployment, DeploymentPolicy, DeploymentStatus, Registration
from tests.lti.support import LTI, TOOL

from .site import MEMBERSHIP, SCHOOL_ADMINISTRATOR, TEACHER, School, Site

NOWHERE = uuid.UUID(int=0)
ADDRESSES = ("auth_login_url", "token_url", "jwks_url", "token_audience")
FOR_ALL = [("GET", "/admin"), ("GET", "/admin/platforms"), ("GET", "/admin/roles")]
OWNERS = [
    ("GET", "/admin/organisations"),
    ("POST", "/admin/organisations"),
    ("GET", "/admin/organisations/{organisation}"),
    ("POST", "/admin/organisations/{organisation}"),
]
OF_A_PLATFORM = [
    ("GET", ""),
    ("POST", ""),
    ("POST", "/addresses"),
    ("GET", "/move"),
    ("POST", "/move"),
    ("GET", "/switch-off"),
    ("POST", "/switch-off"),
    ("POST", "/switch-on"),
    ("GET", "/check"),
    ("POST", "/check"),
    ("GET", "/certification"),
    ("POST", "/certification"),
    ("GET", "/remove"),
    ("POST", "/remove"),
    ("POST", "/roles"),
    ("POST", "/roles/remove"),
    ("POST", "/frames"),
    ("POST", "/frames/remove"),
    ("GET", "/deployments/{deployment}/hold"),
    ("POST", "/deployments/{deployment}/hold"),
    ("POST", "/deployments/{deployment}/accept"),
]
EVERY = FOR_ALL + OWNERS + [(method, "/admin/platforms/{platform}" + path) for method, path in OF_A_PLATFORM]


def filled(path: str, school: School) -> str:
    return path.format(
        organisation=school.organisation_id, platform=school.registration_id, deployment=school.deployment_id
    )


def at(school: School, path: str = "") -> str:
    return filled("/admin/platforms/{platform}" + path, school)


async def traces(site: Site) -> list[tuple[str, str | None, str | None]]:
    """What the console's people did: action, actor, subject."""
    async with site.database.reading() as session:
        entries = (await session.exec(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))).all()  # type: ignore[arg-type]
        return [
            (one.action, one.actor, one.subject)
            for one in entries
            if one.action.startswith(("registration.", "deployment.", "organisation."))
        ]


async def shared(site: Site, *schools: School) -> Registration:
    """Make the school's platform one that schools share; ``schools`` are installed through it."""
    async with site.database.writing() as session:
        registration = await session.get(Registration, site.school.registration_id)
        assert registration
        registration.organisation_id = None
        for number, school in enumerate(schools):
            session.add(
                Deployment(
                    organisation_id=school.organisation_id,
                    registration_id=registration.id,
                    deployment_id=f"shared-{number}",
                    created_at=site.clock.now(),
                )
            )
    site.tool.protocol.directory.forget()
    return registration


async def held(site: Site, school: School, organisation_id: uuid.UUID | None = None) -> uuid.UUID:
    """A deployment that waits."""
    async with site.database.writing() as session:
        waits = Deployment(
            organisation_id=organisation_id,
            registration_id=school.registration_id,
            deployment_id="new one",
            described="Hillside · canvas.example",
            status=DeploymentStatus.HELD,
            created_at=site.clock.now(),
        )
        session.add(waits)
    return waits.id


async def deployment(site: Site, deployment_id: uuid.UUID) -> Deployment:
    async with site.database.reading() as session:
        found = await session.get(Deployment, deployment_id)
    assert found
    return found


# --- Who gets in ------------------------------------------------------------------------------------------------------


async def test_nobody_and_no_teacher_opens_any_page(site: Site) -> None:
    nobody, teacher = site.anybody(), await site.launched(TEACHER, MEMBERSHIP + "Administrator")
    await teacher.get("/no-course")
    for method, path in EVERY:
        address = filled(path, site.school)
        if method == "GET":
            answers = await nobody.get(address), await teacher.get(address)
        else:
            answers = (
                await nobody.client.post(address, data={"name": "x"}, headers={"Origin": TOOL}),
                await teacher.post(address, name="x"),
            )
        assert [one.status_code for one in answers] == [401, 403], (method, path)
    assert await traces(site) == []


async def test_an_administrator_reaches_nothing_of_another_school(site: Site) -> None:
    visitor = await site.administrator()
    async with site.database.writing() as session:
        (await session.get_one(Registration, site.other.registration_id)).name = "Elsewhere's LMS"
    for page in ("/admin", "/admin/platforms"):
        assert "Elsewhere" not in (await visitor.get(page)).text
    for method, path in OF_A_PLATFORM:
        for address in (
            at(site.other, path),
            filled("/admin/platforms/{platform}", site.school) + filled(path, site.other) if "{dep" in path else "",
            f"/admin/platforms/{NOWHERE}" + filled(path, site.other),
        ):
            if address:
                answer = await (visitor.get(address) if method == "GET" else visitor.post(address, name="LMS"))
                assert answer.status_code == 404, (method, address)
    for method, path in OWNERS:
        address = filled(path, site.school)
        answer = await (visitor.get(address) if method == "GET" else visitor.post(address, name="Mine"))
        assert answer.status_code == 403, (method, path)
    assert await traces(site) == []


async def test_the_owner_sees_every_school(site: Site) -> None:
    owner = await site.owner()
    page = (await owner.get("/admin/platforms")).text
    assert "https://platform.example" not in page  # Names stand in lists, addresses on the platform's own page.
    for school in (site.school, site.other):
        assert at(school) in page
        shown = await owner.get(at(school))
        assert school.platform.issuer in shown.text
    listed = (await owner.get("/admin/organisations")).text
    assert "School" in listed
    assert "Elsewhere" in listed


async def test_forms_of_another_site_change_nothing(site: Site) -> None:
    visitor = await site.administrator()
    await visitor.get("/admin")
    for path in ("/switch-off", "/remove", "/roles", "/frames", "/addresses", ""):
        answer = await visitor.client.post(
            at(site.school, path),
            data={"session": visitor.session, "name": "x"},
            headers={"Origin": "https://evil.example"},
        )
        assert answer.status_code == 403
    assert await traces(site) == []


# --- The front page ---------------------------------------------------------------------------------------------------


async def test_the_front_page_says_what_waits(site: Site) -> None:
    owner, visitor = await site.owner(), await site.administrator()
    assert "Nothing. Everything" in (await visitor.get("/admin")).text
    await held(site, site.school, site.school.organisation_id)
    async with site.database.writing() as session:
        (await session.get_one(Registration, site.other.registration_id)).enabled = False
        await invites.make_invite(session, organisation_id=site.other.organisation_id, now=site.clock.now())
    seen, mine = (await owner.get("/admin")).text, (await visitor.get("/admin")).text
    assert "Hillside · canvas.example" in seen
    assert "Hillside · canvas.example" in mine
    for sentence in ("other is switched off", "A registration link has not been used yet"):
        assert sentence in seen
        assert sentence not in mine


async def test_an_empty_installation_leads_to_connecting_an_lms(site: Site) -> None:
    async with site.database.writing() as session:
        for school in (site.school, site.other):
            await session.delete(await session.get_one(Registration, school.registration_id))
    page = await (await site.owner()).get("/admin")
    assert "No LMS is connected yet" in page.text


# --- A platform -------------------------------------------------------------------------------------------------------


async def test_a_platform_is_renamed_and_its_policy_changed(site: Site) -> None:
    visitor = await site.administrator()
    page = await visitor.get(at(site.school))
    for value in ("https://platform.example", "imstester_1", "https://platform.example/auth?tenant=7", "testdeploy"):
        assert value in page.text
    done = await visitor.post(at(site.school), name="  Canvas of ours ", policy="first")
    assert "Saved." in done.text
    registration = await site.registration()
    assert (registration.name, registration.deployment_policy) == ("Canvas of ours", DeploymentPolicy.FIRST)
    wrong = await visitor.post(at(site.school), name=" ", policy="first")
    assert wrong.status_code == 400
    assert "1 to 200 characters" in wrong.text
    assert (await visitor.post(at(site.school), name="x", policy="all")).status_code == 400
    await visitor.post(at(site.school), name="Canvas of ours", policy="first")
    [(action, actor, subject)] = await traces(site)
    assert (action, subject) == ("registration.changed", f"registration {site.school.registration_id}")
    assert actor == await only_person(site)


async def only_person(site: Site) -> str:
    from lti_tool.courses.models import Person

    async with site.database.reading() as session:
        return str((await session.exec(scoped(Person, site.school.organisation_id))).one().id)


async def test_a_platform_is_switched_off_and_on(site: Site) -> None:
    owner, teacher = await site.owner(), await site.launched(TEACHER)
    assert "Nobody comes in from this platform any more" in (await owner.get(at(site.school, "/switch-off"))).text
    assert (await site.registration()).enabled
    off = await owner.post(at(site.school, "/switch-off"))
    assert "Switched off" in off.text
    assert (await teacher.get("/no-course")).status_code == 401
    login = await teacher.client.post("/lti/login", data=site.school.platform.login_request())
    assert login.status_code == 403
    assert "Switched on" in (await owner.post(at(site.school, "/switch-on"))).text
    assert (await (await site.launched(TEACHER)).get("/no-course")).status_code == 200
    assert [(action, actor) for action, actor, _ in await traces(site)] == [
        ("registration.disabled", "owner"),
        ("registration.enabled", "owner"),
    ]


@pytest.mark.parametrize("path", ["/switch-off", "/deployments/{deployment}/hold", "/remove"])
async def test_an_administrator_who_closes_the_own_way_in_is_told_and_leaves(site: Site, path: str) -> None:
    visitor = await site.administrator()
    asked = await visitor.get(at(site.school, path))
    assert "You came in through this platform yourself" in asked.text
    done = await visitor.post(at(site.school, path), name="platform")
    assert done.status_code == 200
    assert "your visit has ended too" in done.text
    assert (await visitor.get("/admin")).status_code == 401


async def test_a_platform_is_removed_only_by_its_name(site: Site) -> None:
    await site.launched(TEACHER)
    owner = await site.owner()
    asked = await owner.get(at(site.school, "/remove"))
    assert "1 course" in asked.text
    assert "1 person" in asked.text
    for name in ("", "Platform", "other"):
        refused = await owner.post(at(site.school, "/remove"), name=name)
        assert refused.status_code == 422
        assert "Nothing was removed" in refused.text
    assert "Removed, with everything" in (await owner.post(at(site.school, "/remove"), name="platform")).text
    assert (await owner.get(at(site.school))).status_code == 404
    async with site.database.reading() as session:
        assert (await session.exec(scoped(Course, site.school.organisation_id))).all() == []
        assert await session.get(Registration, site.other.registration_id)
    assert [(action, actor) for action, actor, _ in await traces(site)] == [("registration.removed", "owner")]
    login = await owner.client.post("/lti/login", data=site.school.platform.login_request())
    assert login.status_code == 403


# --- Where it is installed --------------------------------------------------------------------------------------------


async def test_a_deployment_that_waits_is_let_in_and_put_on_hold_again(site: Site) -> None:
    site.school.platform.deployment_id = "new one"
    waiting = await held(site, site.school, site.school.organisation_id)
    from tests.lti.support import Browser

    assert (await Browser(site.tool.app).launch(site.school.platform)).status_code == 403
    site.school.platform.deployment_id = "testdeploy"
    visitor = await site.administrator()
    page = await visitor.get(at(site.school))
    assert "Hillside · canvas.example" in page.text
    done = await visitor.post(at(site.school, f"/deployments/{waiting}/accept"))
    assert "Allowed. People can come in" in done.text
    site.school.platform.deployment_id = "new one"
    teacher = await site.launched(TEACHER, sub="teacher")
    assert (await deployment(site, waiting)).status is DeploymentStatus.ACCEPTED
    owner = await site.owner()
    assert "new one" in (await owner.get(at(site.school, f"/deployments/{waiting}/hold"))).text
    assert "On hold" in (await owner.post(at(site.school, f"/deployments/{waiting}/hold"))).text
    assert (await teacher.get("/no-course")).status_code == 401
    assert [action for action, _, _ in await traces(site)] == ["deployment.accepted", "deployment.held"]


async def test_of_a_shared_platform_the_owner_says_whose_a_deployment_is(site: Site) -> None:
    await shared(site, site.other)
    waiting = await held(site, site.school)
    owner = await site.owner()
    accept = at(site.school, f"/deployments/{waiting}/accept")
    refused = await owner.post(accept, organisation_id="")
    assert refused.status_code == 400
    assert "Choose the organisation" in refused.text
    assert (await owner.post(accept, organisation_id=str(NOWHERE))).status_code == 404
    done = await owner.post(accept, organisation_id=str(site.other.organisation_id))
    assert "Allowed" in done.text
    found = await deployment(site, waiting)
    assert (found.organisation_id, found.status) == (site.other.organisation_id, DeploymentStatus.ACCEPTED)


async def test_administrators_see_of_a_shared_platform_only_what_is_theirs_and_change_nothing_of_it(site: Site) -> None:
    await shared(site, site.other)
    waiting = await held(site, site.school)
    visitor = await site.administrator(site.other)
    page = await visitor.get(at(site.school))
    assert page.status_code == 200
    assert "Several schools share this platform" in page.text
    assert "shared-0" in page.text
    for hidden in ("testdeploy", "new one", "School", '<h2 id="settings-title">'):
        assert hidden not in page.text.replace("School days", "")  # A section of the console.
    for method, path in OF_A_PLATFORM:
        # Whoever uses it may check it, in their own courses.
        if "{deployment}" in path or (path == "" and method == "GET") or path in {"/check", "/certification"}:
            continue
        answer = await (
            visitor.get(at(site.school, path))
            if method == "GET"
            else visitor.post(at(site.school, path), name="platform")
        )
        assert answer.status_code == 403, path
    # Another school's and nobody's deployments of it are not there for them.
    for hidden_id in (site.school.deployment_id, waiting):
        assert (await visitor.post(at(site.school, f"/deployments/{hidden_id}/accept"))).status_code == 404
    async with site.database.reading() as session:
        own = (await session.exec(select(Deployment).where(Deployment.deployment_id == "shared-0"))).one()
    assert (await visitor.post(at(site.school, f"/deployments/{own.id}/hold"))).status_code == 200
    assert (await deployment(site, own.id)).status is DeploymentStatus.HELD
    # Whoever was put on hold does not let themselves in again.
    assert (await visitor.post(at(site.school, f"/deployments/{own.id}/accept"))).status_code == 403
    assert [action for action, _, _ in await traces(site)] == ["deployment.held"]


async def test_the_owner_hears_whom_a_shared_platform_takes_along(site: Site) -> None:
    await shared(site, site.other)
    owner = await site.owner()
    for path in ("/switch-off", "/remove"):
        assert "2 organisations are installed through it" in (await owner.get(at(site.school, path))).text
    # What is done there is nobody's alone, and a new deployment has nobody it could belong to by itself.
    page = await owner.get(at(site.school))
    assert 'type="hidden" name="policy" value="hold"' in page.text
    assert 'type="radio"' not in page.text


async def test_an_organisations_deployment_is_not_handed_to_another(site: Site) -> None:
    owner = await site.owner()
    waiting = await held(site, site.school, site.school.organisation_id)
    done = await owner.post(
        at(site.school, f"/deployments/{waiting}/accept"), organisation_id=str(site.other.organisation_id)
    )
    assert done.status_code == 200
    assert (await deployment(site, waiting)).organisation_id == site.school.organisation_id


# --- Roles ------------------------------------------------------------------------------------------------------------


async def test_a_role_is_overridden_and_restored(site: Site) -> None:
    designer = MEMBERSHIP + "ContentDeveloper"
    visitor = await site.administrator()
    done = await visitor.post(at(site.school, "/roles"), role=f" {designer} ", meaning="student")
    assert "counts from the next launch" in done.text
    assert (await site.registration()).role_overrides == {designer: "student"}
    launched = await site.launched(designer, sub="designer")
    assert "as a student" in (await launched.get("/no-course")).text
    # The same role written with https is the same role.
    secure = designer.replace("http:", "https:")
    await visitor.post(at(site.school, "/roles"), role=secure, meaning="observer")
    assert (await site.registration()).role_overrides == {secure: "observer"}
    restored = await visitor.post(at(site.school, "/roles/remove"), role=secure)
    assert "means again what the table says" in restored.text
    assert (await site.registration()).role_overrides == {}
    assert "as a teacher" in (await (await site.launched(designer, sub="designer")).get("/no-course")).text
    assert [action for action, _, _ in await traces(site)] == [
        "registration.role-set",
        "registration.role-set",
        "registration.role-restored",
    ]


async def test_a_role_that_cannot_be_is_refused_beside_its_field(site: Site) -> None:
    visitor = await site.administrator()
    refused = await visitor.post(at(site.school, "/roles"), role="two words", meaning="student")
    assert refused.status_code == 400
    assert 'value="two words" required="" aria-invalid="true"' in refused.text
    assert (await site.registration()).role_overrides == {}


async def test_no_override_opens_the_console(site: Site) -> None:
    owner = await site.owner()
    await owner.post(at(site.school, "/roles"), role=TEACHER, meaning="administrator")
    teacher = await site.launched(TEACHER, sub="teacher")
    assert (await teacher.get("/admin")).status_code == 403


async def test_the_roles_page_shows_what_came_and_what_it_gave(site: Site) -> None:
    visitor = await site.launched(SCHOOL_ADMINISTRATOR, TEACHER, "urn:odd")
    page = await visitor.get("/admin/roles")
    assert "Roles received, role given" in page.text
    for sentence in (
        "urn:odd",
        SCHOOL_ADMINISTRATOR,
        TEACHER,
        "Not in the table: no right",
        "membership/Learner#Learner",
    ):
        assert sentence in page.text
    assert "role=urn%3Aodd#roles" in page.text
    prefilled = await visitor.get(f"{at(site.school)}?role=urn%3Aodd")
    assert 'value="urn:odd"' in prefilled.text
    owners = await (await site.owner()).get("/admin/roles")
    assert "Roles received" not in owners.text
    assert "membership/Learner#Learner" in owners.text


# --- Frames -----------------------------------------------------------------------------------------------------------


async def test_an_own_address_may_frame_the_tool_from_the_next_launch_on(site: Site) -> None:
    visitor = await site.administrator()
    added = await visitor.post(at(site.school, "/frames"), origin="https://Learn.School.example/courses/4?x=1")
    assert "counts from the next launch" in added.text
    again = await visitor.post(at(site.school, "/frames"), origin="https://learn.school.example")
    assert again.status_code == 200
    assert (await site.registration()).own_frame_origins == ["https://learn.school.example"]
    page = await (await site.administrator()).get("/admin")
    assert "https://learn.school.example" in page.headers["content-security-policy"]
    await visitor.post(at(site.school, "/frames/remove"), origin="https://learn.school.example")
    assert (await site.registration()).own_frame_origins == []
    assert [action for action, _, _ in await traces(site)] == ["registration.frame-added", "registration.frame-removed"]


async def test_an_address_that_frames_nothing_is_refused_beside_its_field(site: Site) -> None:
    visitor = await site.administrator()
    refused = await visitor.post(at(site.school, "/frames"), origin="http://learn.school.example")
    assert refused.status_code == 400
    assert 'value="http://learn.school.example" required="" aria-invalid="true"' in refused.text
    assert (await site.registration()).own_frame_origins == []


async def test_wrong_addresses_are_corrected_and_the_old_key_set_counts_no_more(site: Site) -> None:
    visitor = await site.administrator()
    before = await site.registration()
    assert before.key_set is not None, "the launch has read it"
    known = {name: getattr(before, name) or "" for name in ADDRESSES}
    same = await visitor.post(at(site.school, "/addresses"), **known)
    assert same.status_code == 200
    assert await traces(site) == []
    wanted = known | {"jwks_url": " https://lms.school.example/keys ", "token_audience": "https://lms.school.example"}
    saved = await visitor.post(at(site.school, "/addresses"), **wanted)
    assert "counts from the next launch" in saved.text
    changed = await site.registration()
    assert {name: getattr(changed, name) for name in ADDRESSES} == wanted | {
        "jwks_url": "https://lms.school.example/keys"
    }
    assert (changed.issuer, changed.client_id) == (before.issuer, before.client_id)
    assert changed.key_set is None
    assert changed.key_set_fetched_at is None
    assert [action for action, _, _ in await traces(site)] == ["registration.changed"]
    back = await visitor.post(at(site.school, "/addresses"), **known)
    assert back.status_code == 200
    assert (await site.registration()).token_audience == before.token_audience
    assert (await (await site.administrator()).get("/admin")).status_code == 200


@pytest.mark.parametrize(
    "wrong", ["", "lms.school.example/keys", "https://me:secret@lms.school.example/keys", "ftp://x"]
)
async def test_an_address_that_cannot_be_called_is_refused_beside_its_field(site: Site, wrong: str) -> None:
    visitor = await site.administrator()
    before = await site.registration()
    known = {name: getattr(before, name) or "" for name in ADDRESSES}
    refused = await visitor.post(at(site.school, "/addresses"), **(known | {"jwks_url": wrong}))
    assert refused.status_code == 400
    assert "<details open>" in refused.text
    assert 'id="jwks_url-error"' in refused.text
    assert (await site.registration()).jwks_url == before.jwks_url
    assert await traces(site) == []


# --- Organisations ----------------------------------------------------------------------------------------------------


async def test_the_owner_adds_and_renames_organisations(site: Site) -> None:
    owner = await site.owner()
    added = await owner.post("/admin/organisations", name="  Riverside ")
    assert "Added. Connect its LMS next." in added.text
    async with site.database.reading() as session:
        made = (await session.exec(select(Organisation).where(Organisation.name == "Riverside"))).one()
    page = await owner.get(f"/admin/organisations/{made.id}")
    assert "No LMS is connected yet" in page.text
    renamed = await owner.post(f"/admin/organisations/{made.id}", name="Riverside High")
    assert "Saved." in renamed.text
    page = await owner.get(f"/admin/organisations/{made.id}")
    assert '<option value="" selected>' in page.text
    placed = await owner.post(f"/admin/organisations/{made.id}", name="Riverside High", time_zone="America/New_York")
    assert '<option value="America/New_York" selected>America/New York</option>' in placed.text
    for zone in ("Mars/Olympus", "../../etc/passwd", "America"):
        refused = await owner.post(f"/admin/organisations/{made.id}", name="Riverside High", time_zone=zone)
        assert (refused.status_code, "Choose one of the list" in refused.text) == (422, True)
    # A form without the field (an older page) leaves the zone as it is; an empty one takes it away.
    await owner.post(f"/admin/organisations/{made.id}", name="Riverside High")
    async with site.database.reading() as session:
        kept = (await session.exec(select(Organisation).where(Organisation.id == made.id))).one()
        assert kept.time_zone == "America/New_York"
    assert (await owner.post(f"/admin/organisations/{made.id}", name="Riverside High", time_zone="")).status_code == 200
    for name in ("", "x" * 201):
        assert (await owner.post("/admin/organisations", name=name)).status_code == 422
        assert (await owner.post(f"/admin/organisations/{made.id}", name=name)).status_code == 422
    assert (await owner.get(f"/admin/organisations/{NOWHERE}")).status_code == 404
    assert (await owner.post(f"/admin/organisations/{NOWHERE}", name="x")).status_code == 404
    assert [(action, actor) for action, actor, _ in await traces(site)] == [
        ("organisation.added", "owner"),
        ("organisation.renamed", "owner"),
        ("organisation.time-zone", "owner"),
        ("organisation.time-zone", "owner"),
    ]


async def test_the_last_launch_is_shown(site: Site) -> None:
    owner = await site.owner()
    await site.launched(TEACHER, **{LTI + "context": {"id": "c9", "title": "Physics"}})
    site.clock.move(timedelta(hours=1))
    never = '<span class="soft">never</span>'
    assert never not in (await owner.get(at(site.school))).text
    assert never in (await owner.get(at(site.other))).text
