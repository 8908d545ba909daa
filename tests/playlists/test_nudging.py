"""Nudges and comments: who may send them, whom they reach, one a day, two teachers at once."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.playlists import editing, loading, monitor_saying
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import Playlist
from lti_tool.playlists.monitor_rules import Watch
from lti_tool.playlists.path_models import PathWord, WordKind
from tests.playlists import seed
from tests.playlists.seed import NOW
from tests.playlists.site import Site
from tests.playlists.test_routes import assigned, copy_of
from tests.playlists.watching import only_their_section, visiting


async def said(site: Site) -> list[PathWord]:
    async with site.database.reading() as session:
        statement = scoped(PathWord, site.school.id).order_by(PathWord.created_at)  # type: ignore[arg-type]
        return list((await session.exec(statement)).all())


def pages_of(playlist: Playlist) -> str:
    return f"/playlists/{playlist.id}/nudge"


def forms_of(site: Site, playlist: Playlist) -> list[str]:
    return [pages_of(playlist), f"/playlists/{playlist.id}/students/{site.school.students[0].id}/words"]


# --- Who may


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    playlist = await assigned(site)
    async with site.client() as client:
        assert (await client.get(site.course + pages_of(playlist))).status_code == 401
        for form in forms_of(site, playlist):
            answer = await client.post(site.course + form, data={"person": str(site.school.students[0].id)})
            assert answer.status_code in (401, 403)
    assert await said(site) == []


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_it_is_for_teachers(site: Site, role: Role) -> None:
    playlist = await assigned(site)
    visitor = await site.sign_in(site.school.students[0], role)
    await visitor.get(f"{site.course}/my")
    assert (await visitor.get(site.course + pages_of(playlist))).status_code == 403
    for form in forms_of(site, playlist):
        answer = await visitor.post(site.course + form, person=str(site.school.students[1].id), text="Hello")
        assert answer.status_code == 403
    assert await said(site) == []


async def test_another_school_reaches_nobody(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    await visitor.get(f"/courses/{other.course.id}/playlists")
    for place in (site.course, f"/courses/{other.course.id}"):
        assert (await visitor.get(place + pages_of(playlist))).status_code == 404
        for form in forms_of(site, playlist):
            answer = await visitor.post(place + form, person=str(site.school.students[0].id), text="Hello")
            assert answer.status_code == 404
    assert await said(site) == []


async def test_a_teacher_of_one_section_reaches_theirs_alone(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        await only_their_section(session, site.school, 0)
    teacher = await site.teacher()
    page = await teacher.get(site.course + pages_of(playlist))
    assert "Ada Ash" in page.text
    assert "Ben Birch" not in page.text
    both = [str(one.id) for one in site.school.students[:2]]
    assert (await teacher.post(site.course + pages_of(playlist), person=both)).status_code == 404
    words = f"{site.course}/playlists/{playlist.id}/students/{both[1]}/words"
    assert (await teacher.post(words, text="Hello")).status_code == 404
    assert await said(site) == []


# --- Nudges


async def test_a_ready_sentence_reaches_those_who_were_ticked(site: Site) -> None:
    playlist = await assigned(site)
    ids = [str(one.id) for one in site.school.students]
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}{pages_of(playlist)}?show=not-begun")
    assert "Nobody gets more than one a day." in page.text
    assert page.text.count('name="person"') == 3
    page = await teacher.post(site.course + pages_of(playlist), person=ids[:2], words="ready", text="not sent")
    assert "Nudged. Each sees it at the top of their path." in page.text
    assert {(row.kind, row.text, row.written_by) for row in await said(site)} == {
        (WordKind.NUDGE, "", site.school.teacher.id)
    }
    page = await teacher.get(site.course + pages_of(playlist))
    assert page.text.count("had a nudge today") == 2

    page = await teacher.post(site.course + pages_of(playlist), person=ids, words="own", text="Come and see me")
    assert "Those who had a nudge today already got no second one." in page.text
    assert [row.text for row in await said(site)] == ["", "", "Come and see me"]
    page = await teacher.post(site.course + pages_of(playlist), person=ids, words="ready")
    assert "Nobody was nudged" in page.text
    site.clock.move(timedelta(days=1))
    teacher = await site.teacher()
    await teacher.get(site.course + pages_of(playlist))
    await teacher.post(site.course + pages_of(playlist), person=ids[0], words="ready")
    assert len(await said(site)) == 4
    async with site.database.reading() as session:
        traces = (await session.exec(select(AuditEntry).where(AuditEntry.action == "path.nudged"))).all()
    assert len(traces) == 4
    assert not any("Come and see me" in (trace.detail or "") for trace in traces)


async def test_one_a_day_over_all_playlists_of_the_course(site: Site) -> None:
    first, second = await assigned(site), await assigned(site)
    ada = site.school.students[0].id
    async with site.database.writing() as session:
        watch = Watch(site.clock.now())
        here = visiting(site.school)
        assert (await monitor_saying.nudge(session, here, first.id, [ada], "", watch)).sent == 1
        came = await monitor_saying.nudge(session, here, second.id, [ada], "", watch)
    assert (came.sent, came.had_one) == (0, 1)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"words": "ready"}, "Please choose at least one student."),
        ({"words": "own", "text": " "}, "Please write what you want to say."),
        ({"words": "own", "text": "a" * 1001}, "This is too long. Please shorten it."),
    ],
)
async def test_a_nudge_without_words_or_students_is_refused(site: Site, fields: dict[str, str], says: str) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    await teacher.get(site.course + pages_of(playlist))
    if "choose" not in says:
        fields = {**fields, "person": str(site.school.students[0].id)}
    page = await teacher.post(site.course + pages_of(playlist), **fields)
    assert page.status_code == 422
    assert says in page.text
    assert await said(site) == []


async def test_somebody_unknown_is_nobody(site: Site) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    await teacher.get(site.course + pages_of(playlist))
    assert (await teacher.post(site.course + pages_of(playlist), person=str(uuid.uuid4()))).status_code == 404
    assert (await teacher.post(site.course + pages_of(playlist), person="ada")).status_code == 400


async def test_two_teachers_at_once_send_one_nudge(own_database: Database) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        playlist = await editing.create(session, school.course, Basics("Halves"), None, NOW)
        playlist = await editing.add_offline(session, school.course, playlist.id, playlist.revision, "Show me", NOW)
        playlist = await editing.assign(session, school.course, playlist.id, playlist.revision, Terms(), None, NOW)
        playlist_id, person_ids = playlist.id, [one.id for one in school.students]
        session.expunge_all()

    async def nudge() -> int:
        async with own_database.writing() as session:
            here = visiting(school)
            return (await monitor_saying.nudge(session, here, playlist_id, person_ids, "", Watch(NOW))).sent

    assert sorted(await asyncio.gather(nudge(), nudge(), nudge())) == [0, 0, 3]


# --- Comments


async def test_a_comment_on_a_step_and_on_the_path(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    teacher = await site.teacher()
    student = f"{site.course}/playlists/{playlist.id}/students/{path.copy.person_id}"
    await teacher.get(student)
    page = await teacher.post(f"{student}/words", text="Look at the units", step=str(path.present[0].id))
    assert "Said. The student sees it on their path." in page.text
    assert "Look at the units" in page.text
    await teacher.post(f"{student}/words", text="Well begun")
    assert [(row.kind, row.text, row.step_id) for row in await said(site)] == [
        (WordKind.COMMENT, "Look at the units", path.present[0].id),
        (WordKind.COMMENT, "Well begun", None),
    ]
    refused = await teacher.post(f"{student}/words", text=" ")
    assert refused.status_code == 422
    assert "Please write what you want to say." in refused.text


async def test_a_comment_belongs_to_the_students_own_path(site: Site) -> None:
    playlist, other = await assigned(site), await assigned(site)
    async with site.database.reading() as session:
        paths = await loading.paths_of_course(session, site.school.course, [other], site.clock.now())
    teacher = await site.teacher()
    student = f"{site.course}/playlists/{playlist.id}/students/{site.school.students[0].id}"
    await teacher.get(student)
    for step in (paths[0].present[0].id, uuid.uuid4()):
        assert (await teacher.post(f"{student}/words", text="Hm", step=str(step))).status_code == 404
    assert await said(site) == []
