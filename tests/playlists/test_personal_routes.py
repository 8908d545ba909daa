"""The teacher's pages of personal playlists, on both databases: who may open them, and the whole way through."""

import uuid

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.playlists import queries
from lti_tool.playlists.models import Playlist, PlaylistKind, PlaylistStatus, PlaylistStep
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings, read
from tests.playlists import path_world, seed
from tests.playlists.path_world import PathWorld
from tests.playlists.site import Site, Visitor, a_site


@pytest.fixture
async def made(database: Database) -> PathWorld:
    """A course whose tool can choose, without a playlist yet."""
    async with database.writing() as session:
        return await path_world.path_world(session)


@pytest.fixture
async def site(database: Database, clock: ManualClock, made: PathWorld) -> Site:
    """The pages, in that course."""
    found = await a_site(database, clock)
    found.school = made.world.school
    return found


@pytest.fixture
async def teacher(site: Site) -> Visitor:
    return await site.teacher()


async def assigned(site: Site, teacher: Visitor, **more: str | list[str]) -> Playlist:
    """A personal playlist made through the form."""
    await teacher.get(f"{site.course}/playlists/personal/new")
    page = await teacher.post(
        f"{site.course}/playlists/personal/new",
        **{"title": "My way", "has_unit": "yes", "part": "1", "do": "assign", **more},
    )
    assert page.status_code == 200, page.text
    async with site.database.reading() as session:
        found = await queries.playlists(session, site.school.id, site.school.course.id, [PlaylistStatus.ASSIGNED])
    return next(one for one in found if one.kind is PlaylistKind.PERSONAL)


async def own_steps(site: Site, playlist: Playlist, person_id: uuid.UUID) -> list[PlaylistStep]:
    async with site.database.reading() as session:
        copy = await queries.copy_of(session, site.school.id, playlist.id, person_id)
        assert copy is not None
        rows = (
            await session.exec(scoped(PlaylistStep, site.school.id).where(PlaylistStep.personal_playlist_id == copy.id))
        ).all()
    return sorted((one for one in rows if one.removed_at is None), key=lambda one: one.position)


# --- Who may ----------------------------------------------------------------------------------------------------------------

GETS = ("/personal/new", "/{p}/path", "/{p}/path/unit", "/{p}/path/settings", "/{p}/path/students/{s}")
POSTS = (
    "/personal/new",
    "/{p}/path/unit",
    "/{p}/path/settings",
    "/{p}/path/rulings",
    "/{p}/path/rulings/{p}/end",
    "/{p}/path/approve",
    "/{p}/path/students/{s}/rulings",
    "/{p}/path/students/{s}/steps/{p}",
)


def _addresses(site: Site, playlist: Playlist, patterns: tuple[str, ...]) -> list[str]:
    student = site.school.students[0].id
    return [f"{site.course}/playlists{one.format(p=playlist.id, s=student)}" for one in patterns]


async def test_nobody_without_a_session_opens_them(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    async with site.client() as client:
        for address in [*_addresses(site, playlist, GETS), f"{site.course}/content/traits"]:
            assert (await client.get(address)).status_code == 401
        for address in [*_addresses(site, playlist, POSTS), f"{site.course}/content/traits"]:
            answer = await client.post(address, headers={"Origin": "http://localhost:8000"})
            assert answer.status_code in {401, 403}


async def test_a_student_opens_none_of_them(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    student = await site.student()
    await student.get(f"{site.course}/my")
    for address in [*_addresses(site, playlist, GETS), f"{site.course}/content/traits"]:
        assert (await student.get(address)).status_code == 403
    for address in [*_addresses(site, playlist, POSTS), f"{site.course}/content/traits"]:
        assert (await student.post(address)).status_code == 403


async def test_another_school_finds_nothing(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    async with site.database.writing() as session:
        elsewhere = await seed.school(session, "Elm School")
    stranger = await site.sign_in(elsewhere.teacher, Role.TEACHER, school=elsewhere)
    await stranger.get(f"/courses/{elsewhere.course.id}/playlists")
    for address in [*_addresses(site, playlist, GETS), f"{site.course}/content/traits"]:
        assert (await stranger.get(address)).status_code == 404
    own = f"/courses/{elsewhere.course.id}/playlists/{playlist.id}/path"
    assert (await stranger.get(own)).status_code == 404
    assert (await stranger.post(f"{own}/approve")).status_code in {303, 200, 404}
    for address in _addresses(site, playlist, POSTS):
        assert (await stranger.post(address)).status_code == 404


# --- The way through --------------------------------------------------------------------------------------------------------


async def test_the_form_shows_what_the_course_has(site: Site, teacher: Visitor) -> None:
    page = await teacher.get(f"{site.course}/playlists/personal/new")
    assert page.status_code == 200
    assert "Competencies of this course" in page.text
    assert "F.1" in page.text


async def test_a_look_changes_nothing_and_says_why(site: Site, teacher: Visitor) -> None:
    await teacher.get(f"{site.course}/playlists/personal/new")
    student = site.school.students[1]
    page = await teacher.post(
        f"{site.course}/playlists/personal/new",
        has_unit="yes",
        part="1",
        do="look",
        **{"for": str(student.id)},
    )
    assert page.status_code == 200
    assert "Birch" in page.text
    assert "page F.1" in page.text
    assert "No prerequisite" in page.text
    async with site.database.reading() as session:
        assert not await queries.playlists(session, site.school.id, site.school.course.id, list(PlaylistStatus))


async def test_assigning_plans_for_the_class(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher, has_column="yes", target_steps="12", wheel="student")
    settings = read(playlist.settings)
    assert settings.planning.unit == {1, 2, 3}
    assert (settings.target_steps, settings.wheel.value, settings.approve) == (12, "student", False)
    assert playlist.has_column
    for student in site.school.students:
        assert await own_steps(site, playlist, student.id)
    page = await teacher.get(f"{site.course}/playlists/{playlist.id}/path")
    assert "page F.1" in page.text
    assert "0 of 12" in page.text


async def test_sending_the_form_twice_makes_one(site: Site, teacher: Visitor) -> None:
    made_id = str(uuid.uuid4())
    await assigned(site, teacher, playlist_id=made_id)
    await assigned(site, teacher, playlist_id=made_id)
    async with site.database.reading() as session:
        found = await queries.playlists(session, site.school.id, site.school.course.id, list(PlaylistStatus))
    assert len(found) == 1


async def test_a_title_and_somebody_are_asked_for(site: Site, teacher: Visitor) -> None:
    await teacher.get(f"{site.course}/playlists/personal/new")
    page = await teacher.post(f"{site.course}/playlists/personal/new", has_unit="yes", who="students", title="")
    assert page.status_code == 422
    assert "Please give the playlist a title." in page.text
    assert "Please choose who gets it: at least one." in page.text


async def test_only_some_students_have_it(site: Site, teacher: Visitor) -> None:
    ada, ben = site.school.students[:2]
    playlist = await assigned(site, teacher, who="students", person=[str(ada.id)])
    assert await own_steps(site, playlist, ada.id)
    async with site.database.reading() as session:
        assert await queries.copy_of(session, site.school.id, playlist.id, ben.id) is None


async def test_the_unit_moves_on_with_one_change(site: Site, teacher: Visitor, made: PathWorld) -> None:
    playlist = await assigned(site, teacher, part=[], competency=["1"])
    ada = site.school.students[0].id
    before = {step.competency_id for step in await own_steps(site, playlist, ada)}
    assert before == {made.world.competencies["F.1"].id}
    address = f"{site.course}/playlists/{playlist.id}/path/unit"
    await teacher.get(address)
    page = await teacher.post(address, revision=str(playlist.revision), has_unit="yes", competency=["2", "3"])
    assert page.status_code == 200
    after = {step.competency_id for step in await own_steps(site, playlist, ada)}
    assert made.world.competencies["F.2"].id in after
    again = await teacher.post(address, revision=str(playlist.revision), has_unit="yes", competency=["1"])
    assert again.status_code == 409


async def test_settings_are_kept_and_wrong_ones_said(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    address = f"{site.course}/playlists/{playlist.id}/path/settings"
    assert (await teacher.get(address)).status_code == 200
    wrong = await teacher.post(address, revision="1", title="My way", low="90", high="70")
    assert wrong.status_code == 422
    fine = await teacher.post(
        address, revision=str(playlist.revision), title="Other", low="50", high="80", start="known", approve="yes"
    )
    assert fine.status_code == 200
    async with site.database.reading() as session:
        kept = await queries.playlist(session, site.school.id, site.school.course.id, playlist.id)
    assert kept is not None
    settings = read(kept.settings)
    assert (kept.title, settings.planning.low, settings.approve) == ("Other", 0.5, True)
    assert settings.planning.unit == {1, 2, 3}


async def test_approval_shows_steps_and_taking_out_keeps_them_away(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher, approve="yes")
    ada = site.school.students[0].id
    steps = await own_steps(site, playlist, ada)
    assert all(step.proposed for step in steps)
    address = f"{site.course}/playlists/{playlist.id}/path"
    page = await teacher.get(address)
    assert "wait for you" in page.text
    first = steps[0]
    page = await teacher.post(f"{address}/students/{ada}/steps/{first.id}", do="out", back="path")
    assert page.status_code == 200
    left = await own_steps(site, playlist, ada)
    assert first.content_item_id not in {step.content_item_id for step in left}
    await teacher.get(address)
    await teacher.post(f"{address}/approve", person=[str(ada)])
    assert not any(step.proposed for step in await own_steps(site, playlist, ada))
    others = await own_steps(site, playlist, site.school.students[1].id)
    assert all(step.proposed for step in others)
    await teacher.post(f"{address}/students/{site.school.students[1].id}/steps/{others[0].id}", do="approve")
    assert not (await own_steps(site, playlist, site.school.students[1].id))[0].proposed


async def test_decisions_for_all_and_for_one(site: Site, teacher: Visitor, made: PathWorld) -> None:
    playlist = await assigned(site, teacher)
    ada, ben = (one.id for one in site.school.students[:2])
    address = f"{site.course}/playlists/{playlist.id}/path"
    await teacher.get(address)
    empty = await teacher.post(f"{address}/rulings", what="pin")
    assert empty.status_code == 422
    await teacher.post(f"{address}/rulings", what="known", competency=str(made.world.competencies["F.1"].id))
    assert (await own_steps(site, playlist, ben))[0].competency_id == made.world.competencies["F.2"].id
    await teacher.get(f"{address}/students/{ada}")
    page = await teacher.post(f"{address}/students/{ada}/rulings", what="pin", item=str(made.items["quiz F.3"].id))
    assert "Pinned: “quiz F.3”" in page.text
    assert made.items["quiz F.3"].id in {step.content_item_id for step in await own_steps(site, playlist, ada)}
    assert made.items["quiz F.3"].id not in {step.content_item_id for step in await own_steps(site, playlist, ben)}
    overview = await teacher.get(address)
    assert "Taken as known" in overview.text
    ended = overview.text.split("/rulings/")[1].split("/end")[0]
    assert (await teacher.post(f"{address}/rulings/{ended}/end")).status_code == 200


async def test_moving_a_step_pins_it_at_its_place(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    ada = site.school.students[0].id
    before = await own_steps(site, playlist, ada)
    address = f"{site.course}/playlists/{playlist.id}/path/students/{ada}"
    await teacher.get(address)
    await teacher.post(f"{address}/steps/{before[1].id}", do="up")
    after = await own_steps(site, playlist, ada)
    assert after[0].content_item_id == before[1].content_item_id


async def test_a_look_at_one_student_is_audited(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    ada = site.school.students[0].id
    page = await teacher.get(f"{site.course}/playlists/{playlist.id}/path/students/{ada}")
    assert page.status_code == 200
    async with site.database.reading() as session:
        entries = (
            await session.exec(scoped(AuditEntry, site.school.id).where(AuditEntry.action == "student.viewed"))
        ).all()
    assert [entry.subject for entry in entries] == [f"person:{ada}"]
    assert (await teacher.get(f"{site.course}/playlists/{playlist.id}/path/students/{uuid.uuid4()}")).status_code == 404


async def test_template_pages_lead_to_its_own(site: Site, teacher: Visitor) -> None:
    playlist = await assigned(site, teacher)
    for tail in ("", "/preview"):
        page = await teacher.get(f"{site.course}/playlists/{playlist.id}{tail}")
        assert page.url.path.endswith("/path")
    page = await teacher.get(f"{site.course}/playlists/{playlist.id}/assign")
    assert "Who gets it" in page.text
    home = await teacher.get(f"{site.course}/playlists")
    assert "The tool chooses the steps" in home.text


async def test_a_course_without_a_map_is_told_what_to_do(database: Database, clock: ManualClock) -> None:
    bare = await a_site(database, clock)
    teacher = await bare.teacher()
    page = await teacher.get(f"{bare.course}/playlists/personal/new")
    assert "First the competencies" in page.text
    made = await teacher.post(f"{bare.course}/playlists/personal/new", title="My way", has_unit="yes", do="assign")
    assert made.status_code == 400
    assert "nothing to choose from" in made.text


async def test_conflicts_and_what_is_missing_are_told(
    database: Database, site: Site, teacher: Visitor, made: PathWorld
) -> None:
    async with database.writing() as session:
        playlist = await path_world.personal(session, made, PathSettings(base.Settings(unit=frozenset({1}))))
    address = f"{site.course}/playlists/{playlist.id}/path"
    await teacher.get(address)
    await teacher.post(f"{address}/rulings", what="pin", item=str(made.items["quiz F.1"].id))
    page = await teacher.post(f"{address}/rulings", what="ban-item", item=str(made.items["quiz F.1"].id))
    assert "pinned and forbidden" in page.text
