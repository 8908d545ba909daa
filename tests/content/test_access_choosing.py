"""Which access a course is read with, on both databases."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from lti_tool.content.access.abilities import of_course
from lti_tool.content.access.scopes import is_right, wanted_scopes
from lti_tool.content.connectors import Connected, ConnectedElsewhere, Connectors, NotConnected
from lti_tool.content.ports import Ability, Capability, Lacking
from lti_tool.content.service import refresh
from lti_tool.content.sync_models import CourseSync
from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.lti.launch import LaunchContext
from lti_tool.lti.models import Family, Role
from lti_tool.platforms import canvas_scopes, moodle_functions
from lti_tool.platforms.native import ApiConsentNeeded
from tests.courses.school import NOW, come_in
from tests.courses.site import Site

from .conftest import CUSTOM, Canvas, connect_school, course_of, item
from .consenting import connect_key, connection_of, consents, give


async def teacher(site: Site, sub: str, user: str, **changes: Any) -> uuid.UUID:
    """A teacher who has come in; their id."""
    launch = site.school.launch(
        sub, role=Role.TEACHER, name=sub.title(), custom=CUSTOM | {"canvas_user_id": user}, **changes
    )
    entry = await come_in(site.database, launch)
    assert entry.person_id is not None
    return entry.person_id


async def of(site: Site) -> Connected:
    course = await course_of(site)
    async with site.database.reading() as session:
        return await site.connectors.of(session, course)


async def test_nobody_has_given_access_yet(site: Site, canvas: Canvas) -> None:
    await connect_key(site)
    await teacher(site, "grace", "50")
    with pytest.raises(ApiConsentNeeded):
        await of(site)
    with pytest.raises(ApiConsentNeeded):
        await refresh(site.database, site.connectors, await course_of(site), NOW)
    assert site.lms.asked == []


async def test_a_teachers_access_reads_the_courses_they_teach_and_no_other(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site)
    grace = await teacher(site, "grace", "50")
    given = await give(site, connection, grace, token="graces")
    canvas.module("Week 1", item(1, "One"))
    assert (await refresh(site.database, site.connectors, await course_of(site), NOW)).items == 1
    assert {one.headers["authorization"] for one in site.lms.asked} == {"Bearer graces"}
    assert (await of(site)).grant_id == given
    other = await come_in(
        site.database,
        site.school.launch("alan", role=Role.TEACHER, context=LaunchContext("c2", "Art", "ART", ()), custom=CUSTOM),
    )
    async with site.database.reading() as session:
        from lti_tool.courses.queries import course

        found = await course(session, other.organisation_id, other.course_id)  # type: ignore[arg-type]
        assert found is not None
        with pytest.raises(ApiConsentNeeded):
            await site.connectors.of(session, found)


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.STUDENT}, {"role": Role.ASSISTANT}])
async def test_who_does_not_teach_the_course_any_more_opens_it_no_more(
    site: Site, canvas: Canvas, change: dict[str, Any]
) -> None:
    connection = await connect_key(site)
    grace = await teacher(site, "grace", "50")
    await give(site, connection, grace)
    assert (await of(site)).grant_id is not None
    async with site.database.writing() as session:
        (membership,) = (
            await session.exec(scoped(Membership, site.school.organisation.id).where(Membership.person_id == grace))
        ).all()
        for name, value in change.items():
            setattr(membership, name, value)
        session.add(membership)
    with pytest.raises(ApiConsentNeeded):
        await of(site)


async def test_of_several_teachers_the_last_used_then_one_that_works_then_the_newest(
    site: Site, canvas: Canvas
) -> None:
    connection = await connect_key(site)
    people = [await teacher(site, name, str(number)) for number, name in enumerate(("ada", "bob", "cleo", "dan"), 50)]
    ids = [
        await give(site, connection, one, created_at=NOW + timedelta(days=day), working=working)
        for day, (one, working) in enumerate(zip(people, (None, True, None, False), strict=True))
    ]
    assert (await of(site)).grant_id == ids[1]
    course = await course_of(site)
    async with site.database.writing() as session:
        session.add(
            CourseSync(organisation_id=course.organisation_id, course_id=course.id, grant_id=ids[0], created_at=NOW)
        )
    assert (await of(site)).grant_id == ids[0]
    async with site.database.writing() as session:
        for one, working in ((0, False), (1, None)):
            from lti_tool.content.access_models import ApiGrant

            grant = await session.get(ApiGrant, (course.organisation_id, ids[one]))
            assert grant is not None
            grant.working = working
            session.add(grant)
    assert (await of(site)).grant_id == ids[2], "the newest of those that may work; the newest of all is dead"


async def test_the_schools_own_account_reads_every_course(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site, by_teachers=False)
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    with pytest.raises(ApiConsentNeeded) as needed:
        await of(site)
    assert "administrator" in needed.value.advice
    given = await give(site, connection, token="schools")
    assert (await of(site)).grant_id == given
    await give(site, connection, working=False)
    with pytest.raises(ApiConsentNeeded):
        await of(site)


async def test_tokens_go_to_the_connections_host_alone(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site)
    grace = await teacher(site, "grace", "50")
    await give(site, connection, grace)
    await come_in(site.database, site.school.launch(custom=CUSTOM | {"canvas_api_domain": "evil.example"}))
    with pytest.raises(ConnectedElsewhere):
        await of(site)


async def test_consents_take_turns_each_for_itself(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site)
    ada, bob = await teacher(site, "ada", "50"), await teacher(site, "bob", "51")
    await give(site, connection, ada, working=True)
    first = await of(site)
    await give(site, connection, ada, working=False)
    await give(site, connection, bob, working=True)
    second = await of(site)
    assert first.connector._turn is not second.connector._turn  # type: ignore[attr-defined]
    assert second.connector._turn is (await of(site)).connector._turn  # type: ignore[attr-defined]


async def test_without_a_database_consents_are_not_used(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site)
    await give(site, connection, await teacher(site, "ada", "50"))
    bare = Connectors(site.app.state.http, site.clock, "a secret of the tests, long enough to be one")
    with pytest.raises(RuntimeError):
        async with site.database.reading() as session:
            await bare.of(session, await course_of(site))


async def test_a_connection_whose_secret_is_gone_is_none(site: Site, canvas: Canvas) -> None:
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    async with site.database.writing() as session:
        connection = await session.merge(await connection_of(site))
        connection.token_encrypted = None
    with pytest.raises(NotConnected):
        await of(site)


# --- What a course's page shows ----------------------------------------------------------------------------------------


async def test_a_page_knows_who_gave_access_and_who_may(site: Site, canvas: Canvas) -> None:
    course_launch = site.school.launch(custom=CUSTOM)
    await come_in(site.database, course_launch)
    ada, bob = await teacher(site, "ada", "50"), await teacher(site, "bob", "51")
    course = await course_of(site)

    async def seen(who: uuid.UUID, *, teaches: bool = True) -> Any:
        async with site.database.reading() as session:
            return await of_course(session, course, who, teaches=teaches)

    connection = await connect_key(site)
    shown = await seen(ada)
    assert (shown.offered, shown.connected, shown.ready, shown.by_teachers) == (True, True, False, True)
    assert (shown.can_connect, shown.own, shown.lines) == (True, None, ())
    assert not (await seen(ada, teaches=False)).can_connect
    await give(site, connection, ada)
    shown = await seen(bob)
    assert (shown.ready, shown.own, shown.givers) == (True, None, ("Ada",))
    assert shown.able("contents")
    assert not shown.able(Capability.EVENTS)
    mine = (await seen(ada)).own
    assert (mine.given_at, mine.working) == (NOW, None)
    await connect_school(site.database, site.school)
    shown = await seen(ada)
    assert (shown.by_teachers, shown.can_connect, shown.ready, shown.givers) == (False, False, True, ())


async def test_what_was_found_out_counts_and_what_is_not_wanted_stays_off(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site, by_teachers=False, unwanted=(Capability.STUDENT_ACCESS,))
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    await give(site, connection)
    async with site.database.writing() as session:
        kept = await session.merge(await connection_of(site))
        kept.abilities = kept.abilities | {
            "contents": {"able": True, "why": None, "needs": []},
            "results": {"able": False, "why": "not-permitted", "needs": ["url:GET|/api/v1/x"]},
        }
    found = await of(site)
    assert found.able(Capability.CONTENTS)
    assert found.abilities[Capability.RESULTS] == Ability(False, Lacking.NOT_PERMITTED, ("url:GET|/api/v1/x",))
    assert not found.able(Capability.STUDENT_ACCESS)


async def test_connecting_again_forgets_the_consents_before(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site, by_teachers=False)
    await come_in(site.database, site.school.launch(custom=CUSTOM))
    await give(site, connection)
    again = await connect_key(site, by_teachers=False)
    assert again.id == connection.id
    with pytest.raises(ApiConsentNeeded):
        await of(site)
    consents(site)


# --- Scopes and rights -------------------------------------------------------------------------------------------------


async def test_a_consent_with_fewer_scopes_can_do_less(site: Site, canvas: Canvas) -> None:
    connection = await connect_key(site)
    grace = await teacher(site, "grace", "50")
    every = wanted_scopes(Family.CANVAS)
    await give(site, connection, grace, scopes=every)
    assert (await of(site)).able(Capability.RESULTS)
    await give(site, connection, grace, scopes=[one for one in every if one != canvas_scopes.SUBMISSIONS])
    narrowed = (await of(site)).abilities
    assert narrowed[Capability.CONTENTS].able
    assert narrowed[Capability.RESULTS] == Ability(False, Lacking.NOT_PERMITTED, (canvas_scopes.SUBMISSIONS,))
    await give(site, connection, grace, scopes=[one for one in every if one not in canvas_scopes.OPTIONAL])
    assert (await of(site)).able(Capability.OUTCOMES), "what tells a little more takes nothing away when it is missing"


@pytest.mark.parametrize(
    ("needs", "by_teachers", "able"),
    [
        (["permission:view_all_grades"], True, True),
        (["role:teacher", "permission:read_roster"], True, True),
        (["permission:view_all_grades"], False, False),
        (["url:GET|/api/v1/courses/:course_id/students/submissions"], True, False),
        (["permission:read_roster", "url:GET|/api/v1/courses/:course_id/users"], True, False),
        ([], True, False),
    ],
    ids=["right", "rights", "account", "scope", "both", "unknown"],
)
async def test_what_one_teacher_may_not_do_says_nothing_of_another(
    site: Site, canvas: Canvas, needs: list[str], by_teachers: bool, able: bool
) -> None:
    connection = await connect_key(site, by_teachers=by_teachers)
    grace = await teacher(site, "grace", "50")
    await give(site, connection, grace if by_teachers else None)
    async with site.database.writing() as session:
        kept = await session.merge(await connection_of(site))
        kept.abilities = {"results": {"able": False, "why": "not-permitted", "needs": needs}}
    assert (await of(site)).able(Capability.RESULTS) is able


async def test_a_school_without_the_wish_asks_for_no_scope_that_writes() -> None:
    asked = wanted_scopes(Family.CANVAS, [Capability.STUDENT_ACCESS])
    assert asked
    assert all(one.startswith("url:GET|") for one in asked)
    assert set(asked) < set(wanted_scopes(Family.CANVAS))
    assert set(wanted_scopes(Family.CANVAS)) == set(canvas_scopes.ALL)
    assert len(" ".join(canvas_scopes.ALL)) < 7500, "they travel in one address"


@pytest.mark.parametrize("one", moodle_functions.every_right(optional=True))
def test_the_rights_of_moodle_are_seen_to_be_rights(one: str) -> None:
    assert is_right(one)


@pytest.mark.parametrize("one", [*canvas_scopes.ALL, *moodle_functions.every_function(optional=True)])
def test_scopes_and_functions_are_seen_to_be_none(one: str) -> None:
    assert not is_right(one)
