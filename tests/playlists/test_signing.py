"""One step signed off for many: who may, for whom, twice, and what the page offers."""

import uuid

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.playlists.models import DoneBy, OrderRule, Playlist, StepState
from lti_tool.playlists.path_models import RequestKind
from tests.playlists import seed
from tests.playlists.site import Site
from tests.playlists.test_answering import asks
from tests.playlists.test_routes import assigned, copy_of
from tests.playlists.watching import only_their_section


def page_of(site: Site, playlist: Playlist) -> str:
    return f"{site.course}/playlists/{playlist.id}/sign-off"


async def first_step(site: Site, playlist: Playlist) -> uuid.UUID:
    return (await copy_of(site, playlist)).present[0].id


async def done_by(site: Site, playlist: Playlist) -> list[DoneBy | None]:
    """Who says of each student that the first step is done."""
    found = []
    for place in range(len(site.school.students)):
        path = await copy_of(site, playlist, place)
        standing = path.standing(path.present[0])
        found.append(standing.done_by if standing.state is StepState.DONE else None)
    return found


async def signed(site: Site) -> list[str | None]:
    async with site.database.reading() as session:
        found = await session.exec(scoped(AuditEntry, site.school.id).where(AuditEntry.action == "step.signed-off"))
        return [entry.subject for entry in found]


async def test_a_class_is_signed_off_in_one_go(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    step = str(await first_step(site, playlist))
    ids = [str(one.id) for one in site.school.students]
    teacher = await site.teacher()
    assert "Sign off for many" in (await teacher.get(f"{site.course}/playlists/{playlist.id}/progress")).text
    page = (await teacher.get(page_of(site, playlist))).text
    assert "3 students have not done it" in page
    page = (await teacher.get(f"{page_of(site, playlist)}?step={step}")).text
    assert page.count('name="person"') == 3
    assert "checked" not in page.split('id="recipients"')[1].split("</fieldset>")[0]
    page = (await teacher.post(page_of(site, playlist), step=step)).text
    assert "Nothing was ticked" in page
    page = (await teacher.post(page_of(site, playlist), step=step, person=ids[:2])).text
    assert "Signed off, all of them." in page
    assert "1 student has not done it" in page
    assert await done_by(site, playlist) == [DoneBy.TEACHER, DoneBy.TEACHER, None]
    # Twice is once, and the rest can follow.
    await teacher.post(page_of(site, playlist), step=step, person=ids)
    assert await done_by(site, playlist) == [DoneBy.TEACHER] * 3
    assert sorted(await signed(site), key=str) == sorted(f"person:{one}" for one in ids)
    assert "done by everybody" in (await teacher.get(page_of(site, playlist))).text
    assert "Nobody is left" in (await teacher.get(f"{page_of(site, playlist)}?step={step}")).text


async def test_who_asked_is_ticked_and_answered(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    step = await first_step(site, playlist)
    await asks(site, await copy_of(site, playlist), RequestKind.SIGN_OFF)
    teacher = await site.teacher()
    assert "1 asks for a sign-off" in (await teacher.get(page_of(site, playlist))).text
    page = (await teacher.get(f"{page_of(site, playlist)}?step={step}")).text
    assert page.split('id="recipients"')[1].count(" checked") == 1
    await teacher.post(page_of(site, playlist), step=str(step), person=str(site.school.students[0].id))
    assert "Nothing waits for you" in (await teacher.get(f"{site.course}/playlists/waiting")).text


async def test_it_is_for_teachers_of_the_course_and_their_own_students(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    step, ids = str(await first_step(site, playlist)), [str(one.id) for one in site.school.students]
    here = page_of(site, playlist)
    async with site.client() as client:
        assert (await client.get(here)).status_code == 401
        assert (await client.post(here, data={"step": step, "person": ids})).status_code in (401, 403)
    for role in (Role.STUDENT, Role.OBSERVER, Role.OTHER):
        visitor = await site.sign_in(site.school.students[0], role)
        assert (await visitor.get(here)).status_code == 403
        assert (await visitor.post(here, step=step, person=ids)).status_code in (403, 409)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    stranger = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    await stranger.get(f"/courses/{other.course.id}/playlists")
    for place in (here, f"/courses/{other.course.id}/playlists/{playlist.id}/sign-off"):
        assert (await stranger.get(place)).status_code == 404
        assert (await stranger.post(place, step=step, person=ids)).status_code == 404
    async with site.database.writing() as session:
        await only_their_section(session, site.school, 0)
    teacher = await site.teacher()
    page = (await teacher.get(f"{here}?step={step}")).text
    assert "Ada Ash" in page
    assert "Ben Birch" not in page
    assert (await teacher.post(here, step=step, person=ids)).status_code == 404
    assert await done_by(site, playlist) == [None] * 3


@pytest.mark.parametrize("step", ["01a222dd-d070-7240-bb21-84b45820c7dd", "nonsense"])
async def test_no_such_step(site: Site, step: str) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    assert (await teacher.get(f"{page_of(site, playlist)}?step={step}")).status_code == 404
    answer = await teacher.post(page_of(site, playlist), step=step, person=str(site.school.students[0].id))
    assert answer.status_code in (400, 404)
