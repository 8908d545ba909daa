"""Whom a playlist is assigned to: who has a copy, who comes and who leaves, and the page that says so, on both databases."""

import re
import uuid
from collections.abc import Collection
from datetime import timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.service import ItemResult
from lti_tool.courses import sections
from lti_tool.courses.models import CourseGroup, CourseGroupMember, Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.playlists import audience, changing, editing, queries, service
from lti_tool.playlists.audience import EVERYBODY, Audience, Places
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import PersonalPlaylist, Playlist, PlaylistAudience, PlaylistStatus, StepState
from tests.insight.site import a_group
from tests.playlists import seed
from tests.playlists.seed import NOW, School
from tests.playlists.site import Site

LATER = NOW + timedelta(hours=1)


def some(
    *, groups: Collection[uuid.UUID] = (), sections: Collection[str] = (), people: Collection[uuid.UUID] = ()
) -> Audience:
    return Audience(False, frozenset(groups), frozenset(sections), frozenset(people))


async def draft(session: AsyncSession, school: School) -> Playlist:
    playlist = await editing.create(session, school.course, Basics("Halves"), school.teacher.id, NOW)
    ids = [school.items["page"].id, school.items["quiz"].id]
    return await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)


async def give(session: AsyncSession, school: School, playlist: Playlist, meant: Audience) -> None:
    await editing.assign(
        session, school.course, playlist.id, playlist.revision, Terms(), school.teacher.id, NOW, meant=meant
    )


async def have_it(session: AsyncSession, school: School) -> list[str]:
    """The given names of those on whose page the playlist is."""
    found = []
    for student in school.students:
        paths = await service.paths_of_person(session, school.course, student.id, NOW)
        found += [student.name.split()[0] for _ in paths if student.name]
    return found


async def in_section(session: AsyncSession, school: School, section: str, *places: int) -> None:
    for place in places:
        statement = scoped(Membership, school.id).where(Membership.person_id == school.students[place].id)
        membership = (await session.exec(statement)).one()
        membership.sections = ",".join(sorted({*filter(None, (membership.sections or "").split(",")), section}))
        session.add(membership)
    await session.flush()


# --- Who is meant


def test_whoever_is_in_one_of_several_is_meant_once() -> None:
    ada, ben, cem, dua = (uuid.uuid4() for _ in range(4))
    red = uuid.uuid4()
    places = Places([ada, ben, cem, dua], {red: {ada, uuid.uuid4()}}, {ben: "7,9", cem: "79", dua: None})
    assert places.meant(some(groups=[red], sections=["9"], people=[ada, uuid.uuid4()])) == {ada, ben}
    assert places.meant(EVERYBODY) == {ada, ben, cem, dua}
    assert places.meant(some()) == set()


@for_all(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_after_everybody_has_come_and_gone_nobody_has_to_move(meant: set[int], have: set[int], left: set[int]) -> None:
    people = [uuid.UUID(int=number) for number in range(6)]
    playlist_id = uuid.uuid4()

    def copy(number: int, *, away: bool) -> PersonalPlaylist:
        return PersonalPlaylist(
            organisation_id=uuid.UUID(int=9),
            playlist_id=playlist_id,
            person_id=people[number],
            left_at=NOW if away else None,
            created_at=NOW,
        )

    copies = [copy(number, away=number in left) for number in have]
    audiences = {playlist_id: some(people=[people[number] for number in meant])}
    moves = audience.moves(audiences, copies, Places(people))
    assert len(moves) == len(meant - have) + len(meant & have & left) + len((have - left) - meant)
    after = [copy(number, away=number not in meant) for number in have | meant]
    assert not audience.moves(audiences, after, Places(people))


# --- Who has a copy


async def test_a_group_a_section_and_single_students_get_it(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session, students=5)
        red = await a_group(session, school, "Red", 0)
        await in_section(session, school, "12", 1, 2)
        playlist = await draft(session, school)
        meant = some(groups=[red.id], sections=["12"], people=[school.students[4].id])
        await give(session, school, playlist, meant)
        assert await have_it(session, school) == ["Ada", "Ben", "Cem", "Eli"]
        assert (await audience.audiences_of(session, school.id, [playlist.id]))[playlist.id] == meant


async def test_who_comes_into_a_group_gets_it_and_who_leaves_keeps_their_work(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        red = await a_group(session, school, "Red", 0)
        playlist = await draft(session, school)
        await give(session, school, playlist, some(groups=[red.id]))
        ada, ben = school.students[0], school.students[1]
        [path] = await service.paths_of_person(session, school.course, ada.id, NOW)
        await service.mark_done(session, school.course, ada.id, path.copy.id, path.present[0].id, NOW)
        await session.exec(
            delete(CourseGroupMember).where(
                col(CourseGroupMember.organisation_id) == school.id, col(CourseGroupMember.group_id) == red.id
            )
        )
        session.add(CourseGroupMember(organisation_id=school.id, group_id=red.id, person_id=ben.id))
        await session.flush()
        assert await service.missing_copies(session, school.course)
        assert await service.ensure_copies(session, school.course, LATER) == 2
        assert await service.ensure_copies(session, school.course, LATER) == 0
        assert await have_it(session, school) == ["Ben"]
        [left] = [copy for copy in await queries.copies(session, school.id, [playlist.id]) if copy.left_at]
        assert (left.person_id, left.left_at) == (ada.id, LATER)
        with pytest.raises(service.PlaylistRemoved):
            await service.path_of_person(session, school.course, ada.id, left.id, LATER)
        with pytest.raises(service.PlaylistRemoved):
            await service.open_step(session, school.course, ada.id, left.id, path.present[1].id, LATER)
        # Back in the group, Ada finds what she did, and what the teacher changed while she was away holds for her too.
        playlist = await editing.remove_step(
            session, school.course, playlist.id, playlist.revision, path.present[1].id, LATER
        )
        await changing.update_copies(session, school.course, playlist.id, playlist.revision, LATER, school.teacher.id)
        session.add(CourseGroupMember(organisation_id=school.id, group_id=red.id, person_id=ada.id))
        await session.flush()
        assert await service.ensure_copies(session, school.course, LATER, [ada.id]) == 1
        [again] = await service.paths_of_person(session, school.course, ada.id, LATER)
        assert again.copy.id == left.id
        assert again.copy.finished_at == LATER
        assert [row.state for row in again.rows.values()] == [StepState.DONE]


async def test_results_wait_while_somebody_is_away(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await draft(session, school)
        ada = school.students[0]
        await give(session, school, playlist, EVERYBODY)
        await give(session, school, playlist, some(people=[school.students[1].id]))
        result = ItemResult(school.items["quiz"].id, ada.id, 90, LATER)
        assert await service.take_results(session, school.course, [result], LATER) == 0
        await give(session, school, playlist, EVERYBODY)
        assert await service.take_results(session, school.course, [result], LATER) == 1


async def test_a_late_joiner_gets_what_is_for_everybody_and_for_their_group_alone(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        red = await a_group(session, school, "Red", 0)
        for meant in (EVERYBODY, some(groups=[red.id]), some(people=[school.students[0].id])):
            await give(session, school, await draft(session, school), meant)
        late = seed.person(school.registration, school.organisation, "late", "Fay Fir")
        session.add(late)
        await session.flush()
        session.add(seed.member(school.course, late))
        session.add(CourseGroupMember(organisation_id=school.id, group_id=red.id, person_id=late.id))
        await session.flush()
        assert await service.ensure_copies(session, school.course, LATER, [late.id]) == 2


async def test_a_group_that_the_lms_lost_takes_nobodys_playlist(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        red = await a_group(session, school, "Red", 0)
        await give(session, school, await draft(session, school), some(groups=[red.id]))
        red.active = False
        session.add(red)
        await session.flush()
        assert not await service.missing_copies(session, school.course)
        assert await have_it(session, school) == ["Ada"]


async def test_when_the_only_one_meant_is_erased_it_is_for_nobody(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await draft(session, school)
        ada = school.students[0]
        await give(session, school, playlist, some(people=[ada.id]))
        session.expunge_all()
        await session.exec(delete(Person).where(col(Person.organisation_id) == school.id, col(Person.id) == ada.id))
        assert (await audience.audiences_of(session, school.id, [playlist.id]))[playlist.id].is_empty
        assert not await service.missing_copies(session, school.course)


# --- The page


async def a_draft(site: Site) -> Playlist:
    async with site.database.writing() as session:
        return await draft(session, site.school)


async def on_pages(site: Site) -> list[str]:
    async with site.database.reading() as session:
        return await have_it(session, site.school)


def revision_of(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found is not None
    return found[1]


TERMS = {"has_column": "no", "points": "", "time_zone": "UTC"}


async def test_a_teacher_assigns_to_a_group_then_to_one_student_then_to_all(site: Site) -> None:
    async with site.database.writing() as session:
        red = await a_group(session, site.school, "Red", 0, 1)
        await in_section(session, site.school, "12", 2)
    playlist = await a_draft(site)
    here = f"{site.course}/playlists/{playlist.id}/assign"
    teacher = await site.teacher()
    page = (await teacher.get(here)).text
    for words in ("Everybody: 3 students", "Red, 2 students", "Section 12, 1 student", "Ada Ash"):
        assert words in page
    nobody = await teacher.post(here, revision=revision_of(page), who="groups", **TERMS)
    assert nobody.status_code == 422
    assert "Please choose who gets it" in nobody.text
    assert await on_pages(site) == []
    said = await teacher.post(here, revision=revision_of(page), who="groups", group=str(red.id), **TERMS)
    # Not that every student had it.
    assert "Assigned. Everyone you chose has their own copy now." in said.text
    assert await on_pages(site) == ["Ada", "Ben"]
    page = (await teacher.get(here)).text
    assert re.search(rf'value="{red.id}" checked', page)
    person = str(site.school.students[2].id)
    # What another choice has ticked does not count.
    await teacher.post(here, revision=revision_of(page), who="students", group=str(red.id), person=person, **TERMS)
    assert await on_pages(site) == ["Cem"]
    page = (await teacher.get(here)).text
    await teacher.post(here, revision=revision_of(page), who="groups", section="12", **TERMS)
    assert await on_pages(site) == ["Cem"]
    page = (await teacher.get(here)).text
    await teacher.post(here, revision=revision_of(page), who="everybody", **TERMS)
    assert await on_pages(site) == ["Ada", "Ben", "Cem"]


async def test_a_group_and_single_students_besides(site: Site) -> None:
    async with site.database.writing() as session:
        red = await a_group(session, site.school, "Red", 0)
        playlist = await draft(session, site.school)
        await give(session, site.school, playlist, some(groups=[red.id], people=[site.school.students[2].id]))
    here = f"{site.course}/playlists/{playlist.id}/assign"
    teacher = await site.teacher()
    page = (await teacher.get(here)).text
    # The page shows it as it is, and saving it again changes nothing.
    assert re.search(r'value="groups" checked', page)
    fields: dict[str, str | list[str]] = {
        name: re.findall(rf'name="{name}" value="([^"]+)" checked', page)
        for name in ("group", "section", "also", "person")
    }
    assert fields == {"group": [str(red.id)], "section": [], "also": [str(site.school.students[2].id)], "person": []}
    await teacher.post(here, revision=revision_of(page), who="groups", **fields, **TERMS)
    assert await on_pages(site) == ["Ada", "Cem"]


async def test_terms_alone_leave_the_audience_as_it_is(site: Site) -> None:
    playlist = await a_draft(site)
    async with site.database.writing() as session:
        await give(session, site.school, await session.merge(playlist), some(people=[site.school.students[0].id]))
    here = f"{site.course}/playlists/{playlist.id}/assign"
    teacher = await site.teacher()
    page = (await teacher.get(here)).text
    await teacher.post(here, revision=revision_of(page), **TERMS)
    assert await on_pages(site) == ["Ada"]


async def test_what_is_not_offered_changes_nothing(site: Site) -> None:
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
        theirs = await a_group(session, other, "Blue", 0)
    playlist = await a_draft(site)
    here = f"{site.course}/playlists/{playlist.id}/assign"
    teacher = await site.teacher()
    revision = revision_of((await teacher.get(here)).text)
    for fields in (
        {"who": "groups", "group": str(theirs.id)},
        {"who": "groups", "section": "99"},
        {"who": "students", "person": str(other.students[0].id)},
    ):
        refused = await teacher.post(here, revision=revision, **fields, **TERMS)
        assert refused.status_code == 409
        assert "Somebody you chose is not there any more" in refused.text
    broken = await teacher.post(here, revision=revision, who="students", person="nobody", **TERMS)
    assert broken.status_code == 400
    async with site.database.reading() as session:
        after = await queries.playlist(session, site.school.id, site.school.course.id, playlist.id)
        assert after is not None
        assert after.status is PlaylistStatus.DRAFT


async def test_a_teacher_held_to_their_sections_assigns_to_their_own(site: Site) -> None:
    school = site.school
    async with site.database.writing() as session:
        await in_section(session, school, "north", 0)
        await in_section(session, school, "south", 1)
        statement = scoped(Membership, school.id).where(Membership.person_id == school.teacher.id)
        membership = (await session.exec(statement)).one()
        membership.section_restricted, membership.sections = True, "north"
        session.add(membership)
        mixed = await a_group(session, school, "Mixed", 0, 1)
    playlist = await a_draft(site)
    here = f"{site.course}/playlists/{playlist.id}/assign"
    teacher = await site.teacher()
    page = (await teacher.get(here)).text
    assert "Ada Ash" in page
    for hidden in ("Ben Birch", "Cem Cedar", "Mixed", "Everybody", "Section south"):
        assert hidden not in page
    assert "Section north" in page
    assert "Say what your sections are called" in page
    async with site.database.writing() as session:
        await sections.take_names(session, school.course, {"north": "Period 1", "south": "Period 2"}, NOW)
    page = (await teacher.get(here)).text
    assert "Period 1, 1 student" in page
    assert "Period 2" not in page
    assert "Say what your sections are called" not in page
    revision = revision_of(page)
    for fields in (
        {"who": "everybody"},
        {"who": "groups", "group": str(mixed.id)},
        {"who": "groups", "section": "south"},
        {"who": "students", "person": str(school.students[1].id)},
    ):
        assert (await teacher.post(here, revision=revision, **fields, **TERMS)).status_code == 409
    await teacher.post(here, revision=revision, who="groups", section="north", **TERMS)
    assert await on_pages(site) == ["Ada"]

    # What others chose beyond their sections stays, and what is everybody's stays everybody's.
    async with site.database.writing() as session:
        again = await queries.playlist(session, school.id, school.course.id, playlist.id)
        assert again is not None
        await give(session, school, again, some(sections=["south", "north"]))
    page = (await teacher.get(here)).text
    assert "It is also assigned to others" in page
    await teacher.post(here, revision=revision_of(page), who="students", person=str(school.students[0].id), **TERMS)
    assert await on_pages(site) == ["Ada", "Ben"]
    async with site.database.writing() as session:
        again = await queries.playlist(session, school.id, school.course.id, playlist.id)
        assert again is not None
        await give(session, school, again, EVERYBODY)
    page = (await teacher.get(here)).text
    assert "It is assigned to the whole course" in page
    await teacher.post(here, revision=revision_of(page), who="groups", section="north", **TERMS)
    assert await on_pages(site) == ["Ada", "Ben", "Cem"]


async def test_only_teachers_of_the_course_assign(site: Site) -> None:
    playlist = await a_draft(site)
    here = f"{site.course}/playlists/{playlist.id}/assign"
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    async with site.client() as nobody:
        assert (await nobody.get(here)).status_code == 401
    student = await site.student()
    assert (await student.get(here)).status_code == 403
    await student.get(f"{site.course}/my")
    assert (await student.post(here, revision="1", who="everybody", **TERMS)).status_code == 403
    stranger = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    assert (await stranger.get(here)).status_code == 404
    await stranger.get(f"/courses/{other.course.id}/playlists")
    assert (await stranger.post(here, revision="1", who="everybody", **TERMS)).status_code == 404
    assert await on_pages(site) == []


async def test_a_link_to_a_playlist_for_others_says_so(site: Site) -> None:
    playlist = await a_draft(site)
    async with site.database.writing() as session:
        await give(session, site.school, await session.merge(playlist), some(people=[site.school.students[0].id]))
    address = f"{site.course}/links/{playlist.id}"
    assert "This playlist is for others" in (await (await site.student(1)).get(address)).text
    assert "Your next step" in (await (await site.student(0)).get(address)).text


async def test_the_group_that_is_gone_can_be_unchosen(site: Site) -> None:
    async with site.database.writing() as session:
        red = await a_group(session, site.school, "Red", 0)
        playlist = await draft(session, site.school)
        await give(session, site.school, playlist, some(groups=[red.id]))
        await session.flush()
        gone = (await session.exec(scoped(CourseGroup, site.school.id))).one()
        gone.active = False
        session.add(gone)
    here = f"{site.course}/playlists/{playlist.id}/assign"
    teacher = await site.teacher()
    page = (await teacher.get(here)).text
    assert "Red, no longer in your LMS" in page
    await teacher.post(
        here, revision=revision_of(page), who="students", person=str(site.school.students[1].id), **TERMS
    )
    assert await on_pages(site) == ["Ben"]
    async with site.database.reading() as session:
        rows = (await session.exec(scoped(PlaylistAudience, site.school.id))).all()
        assert {row.group_id for row in rows} == {None}
