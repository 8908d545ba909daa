"""Where links of the LMS lead: the playlist as each role sees it, the work under review, or a page that says what is missing."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course, ResourceLink
from lti_tool.db.session import Database
from lti_tool.grades.models import ColumnState, LineItem, Score
from lti_tool.grades.service import owe
from lti_tool.playlists import queries, service
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import PersonalPlaylist, Playlist, PlaylistStatus
from tests.lti.support import LTI
from tests.playlists.linking import AGS, SCOPES, Somebody, World, a_world

REVIEW = "LtiSubmissionReviewRequest"


@pytest.fixture
async def world(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[World]:
    """Rolled back at the end."""
    made = await a_world(database, clock, tmp_path)
    await made.launch()
    yield made
    await made.tool.protocol.key_sets.settle()
    await made.close()


async def archived(world: World, playlist: Playlist) -> None:
    async with world.database.writing() as session:
        found = await queries.playlist(session, playlist.organisation_id, playlist.course_id, playlist.id)
        assert found is not None
        found.status = PlaylistStatus.ARCHIVED
        session.add(found)


# --- Links --------------------------------------------------------------------------------------------------------------


async def test_a_teacher_comes_to_the_class_of_an_assigned_playlist(world: World) -> None:
    playlist = await world.playlist(assign=Terms())
    teacher = await world.link(str(playlist.id))
    assert teacher.address.endswith(f"/playlists/{playlist.id}/progress")
    (link,) = [one for one in await world.tool.rows(ResourceLink) if one.resource_link_id == "link-1"]
    assert link.opens == f"playlist:{playlist.id}"


async def test_a_teacher_comes_to_the_builder_of_a_draft(world: World) -> None:
    playlist = await world.playlist()
    assert (await world.link(str(playlist.id))).address.endswith(f"/playlists/{playlist.id}")


async def test_a_student_comes_to_their_own_path_even_as_a_late_joiner(world: World) -> None:
    await world.playlist("Another", assign=Terms())
    playlist = await world.playlist(assign=Terms())
    student = await world.link(str(playlist.id), "late", "Learner")
    (own,) = [one for one in await world.tool.rows(PersonalPlaylist) if one.playlist_id == playlist.id]
    assert student.address.endswith(f"/my/{own.id}")
    assert "Halves" in student.page.text


async def test_a_student_waits_for_a_playlist_nobody_has_been_given(world: World) -> None:
    playlist = await world.playlist()
    student = await world.link(str(playlist.id), "anna", "Learner")
    assert student.page.status_code == 200
    assert "Your teacher has not opened it yet" in student.page.text
    await world.assign(playlist, Terms())
    assert "/my/" in (await student.get(student.address)).url.path


async def test_family_comes_to_its_own_page(world: World) -> None:
    playlist = await world.playlist(assign=Terms())
    mentor = await world.link(str(playlist.id), "parent", "Mentor", **{LTI + "role_scope_mentor": ["anna"]})
    assert mentor.address.endswith("/family")


async def test_a_role_that_has_no_page_is_told_so(world: World) -> None:
    playlist = await world.playlist(assign=Terms())
    guest = await world.link(str(playlist.id), "guest", "Member")
    assert guest.page.status_code == 200
    assert "Neither student nor teacher" in guest.page.text


@pytest.mark.parametrize(("sub", "role"), [("teacher", "Instructor"), ("anna", "Learner")])
async def test_a_removed_playlist_is_said_to_be_gone(world: World, sub: str, role: str) -> None:
    playlist = await world.playlist(assign=Terms())
    await archived(world, playlist)
    for playlist_id in (playlist.id, uuid.uuid4()):
        somebody = await world.link(str(playlist_id), sub, role)
        assert somebody.page.status_code == 404
        assert "not there any more" in somebody.page.text


@pytest.mark.parametrize("value", ["new", "", "$ResourceLink.id", "7", "x" * 4000], ids=str.__len__)
async def test_what_is_no_playlist_means_the_front_page(world: World, value: str) -> None:
    assert (await world.link(value)).address.endswith("/playlists")
    assert (await world.link(value, "anna", "Learner")).address.endswith("/my")


async def test_a_link_believes_its_message_more_than_its_row(world: World) -> None:
    """Moodle keeps a link's id when another playlist is chosen for it."""
    first, second = await world.playlist("First", assign=Terms()), await world.playlist("Second", assign=Terms())
    await world.link(str(first.id))
    assert (await world.link(str(second.id))).address.endswith(f"/playlists/{second.id}/progress")
    (link,) = [one for one in await world.tool.rows(ResourceLink) if one.resource_link_id == "link-1"]
    assert link.opens == f"playlist:{second.id}"


async def test_a_copied_course_s_link_opens_the_playlist_carried_over(world: World) -> None:
    original = uuid.uuid4()
    playlist = await world.playlist(assign=Terms())
    async with world.database.writing() as session:
        found = await session.get(Playlist, (playlist.organisation_id, playlist.id))
        assert found is not None
        found.copied_from_id = original
        session.add(found)
    assert (await world.link(str(original))).address.endswith(f"/playlists/{playlist.id}/progress")


async def test_another_course_s_playlist_is_not_opened(world: World) -> None:
    playlist = await world.playlist(assign=Terms())
    elsewhere = await world.link(str(playlist.id), **{LTI + "context": {"id": "another", "title": "Another"}})
    assert elsewhere.page.status_code == 404
    assert "Halves" not in elsewhere.page.text


async def test_a_playlist_s_address_needs_a_session_in_the_course(world: World) -> None:
    playlist = await world.playlist(assign=Terms())
    teacher = await world.link(str(playlist.id))
    address = f"/courses/{playlist.course_id}/links/{playlist.id}"
    stranger = await world.launch(platform=world.tool.other)
    assert (await stranger.get(address)).status_code == 404
    teacher.browser.forget()
    assert (await teacher.get(address)).status_code == 401


# --- Columns that come with links -----------------------------------------------------------------------------------------


async def test_what_waited_for_the_column_goes_out_when_its_address_is_known(world: World) -> None:
    await world.launch("anna", "Learner")
    playlist = await world.playlist(assign=Terms(has_column=True))
    course, anna = await world.course(), await world.person("anna")
    async with world.database.writing() as session:
        column = await service.column(session, course, playlist, world.clock.now())
        await owe(session, line_item=column, person_id=anna.id, given=1, maximum=2, now=world.clock.now())
    await world.link(str(playlist.id), line_item="https://platform.example/lineitems/7")
    (line_item,) = await world.tool.rows(LineItem)
    (score,) = await world.tool.rows(Score)
    assert (line_item.state, line_item.url) == (ColumnState.MADE, "https://platform.example/lineitems/7")
    assert score.next_attempt_at == world.clock.now()


async def test_a_column_that_is_there_is_kept(world: World) -> None:
    playlist = await world.playlist(assign=Terms(has_column=True))
    await world.link(str(playlist.id), line_item="https://platform.example/lineitems/7")
    await world.link(str(playlist.id), line_item="https://platform.example/lineitems/8", link_id="link-2")
    (line_item,) = await world.tool.rows(LineItem)
    assert line_item.url == "https://platform.example/lineitems/7"


async def test_a_column_that_came_with_a_link_takes_scores_where_none_can_be_made(world: World) -> None:
    """Moodle's "grade sync only", Open edX's declarative mode: scores yes, line items no."""
    playlist = await world.playlist()
    granted = {"scope": SCOPES[1:], "lineitems": "https://platform.example/lineitems"}
    teacher = await world.link(str(playlist.id), **{AGS: granted})
    page = await teacher.get(f"/courses/{playlist.course_id}/playlists/{playlist.id}/assign")
    assert "does not let this tool make a gradebook column" in page.text
    coupled = granted | {"lineitem": "https://platform.example/lineitems/7"}
    teacher = await world.link(str(playlist.id), **{AGS: coupled})
    page = await teacher.get(f"/courses/{playlist.course_id}/playlists/{playlist.id}/assign")
    assert "does not let this tool make a gradebook column" not in page.text
    await world.assign(playlist, Terms(has_column=True))
    (line_item,) = await world.tool.rows(LineItem)
    assert (line_item.state, line_item.url) == (ColumnState.MADE, "https://platform.example/lineitems/7")


# --- Submission review ----------------------------------------------------------------------------------------------------


async def review(
    world: World, for_user: str, sub: str = "teacher", role: str = "Instructor", **changes: Any
) -> Somebody:
    given = {LTI + "message_type": REVIEW, LTI + "for_user": {"user_id": for_user}}
    return await world.launch(sub, role, **(given | changes))


def line_item(url: str = "https://platform.example/lineitems/7") -> dict[str, Any]:
    return {AGS: {"scope": SCOPES, "lineitems": "https://platform.example/lineitems", "lineitem": url}}


async def test_a_teacher_reviews_a_student_s_path_by_its_column(world: World) -> None:
    await world.launch("anna", "Learner")
    playlist = await world.playlist(assign=Terms(has_column=True))
    await world.link(str(playlist.id), line_item="https://platform.example/lineitems/7")
    anna = await world.person("anna")
    teacher = await review(world, "anna", **line_item())
    assert teacher.address.endswith(f"/playlists/{playlist.id}/students/{anna.id}")
    assert teacher.page.status_code == 200


@pytest.mark.parametrize("by", ["parameter", "link"])
async def test_a_teacher_reviews_without_a_line_item(world: World, by: str) -> None:
    """Moodle 4.5 leaves the line item out where the link has several."""
    await world.launch("anna", "Learner")
    playlist = await world.playlist(assign=Terms(has_column=True))
    await world.link(str(playlist.id))
    anna = await world.person("anna")
    changes: dict[str, Any] = {LTI + "resource_link": {"id": "link-1"}}
    if by == "parameter":
        changes = {LTI + "custom": {"playlist_id": str(playlist.id)}}
    teacher = await review(world, "anna", **changes)
    assert teacher.address.endswith(f"/playlists/{playlist.id}/students/{anna.id}")


async def test_a_review_of_somebody_unknown_shows_the_class(world: World) -> None:
    playlist = await world.playlist(assign=Terms(has_column=True))
    teacher = await review(world, "nobody", **{LTI + "custom": {"playlist_id": str(playlist.id)}})
    assert teacher.address.endswith(f"/playlists/{playlist.id}/progress")
    assert "This person has no path in this playlist" in teacher.page.text


@pytest.mark.parametrize(
    "changes", [{}, line_item("https://platform.example/lineitems/unknown")], ids=["none", "other"]
)
async def test_a_review_of_nothing_known_shows_the_playlists(world: World, changes: dict[str, Any]) -> None:
    teacher = await review(world, "anna", **changes)
    assert teacher.address.endswith("/playlists")
    assert "did not say which playlist" in teacher.page.text


async def test_a_student_reviews_their_own_path_and_nobody_else_s(world: World) -> None:
    await world.launch("anna", "Learner")
    playlist = await world.playlist(assign=Terms(has_column=True))
    changes = {LTI + "custom": {"playlist_id": str(playlist.id)}}
    assert "/my/" in (await review(world, "anna", "anna", "Learner", **changes)).address
    ben = await review(world, "anna", "ben", "Learner", **changes)
    assert "/my" in ben.address
    assert "/students/" not in ben.address


async def test_family_reviews_on_its_own_page(world: World) -> None:
    playlist = await world.playlist(assign=Terms(has_column=True))
    changes = {LTI + "custom": {"playlist_id": str(playlist.id)}}
    assert (await review(world, "anna", "parent", "Mentor", **changes)).address.endswith("/family")


async def test_a_link_without_a_course_leads_to_the_page_that_says_so(world: World) -> None:
    somebody = await world.link(str(uuid.uuid4()), **{LTI + "context": None})
    assert somebody.address == "/no-course"
    assert len(await world.tool.rows(Course)) == 1
