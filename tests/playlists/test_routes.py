"""The pages: anonymous, wrong role, another school, and each person's way through them."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.grades.models import Score
from lti_tool.lti.models import Role
from lti_tool.platforms.native import NativeResult, NativeTrouble
from lti_tool.playlists import editing, queries, service
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import OrderRule, Playlist, PlaylistStatus, SendRule
from tests.playlists import seed
from tests.playlists.site import Site

NOW = seed.NOW


async def draft(site: Site, order: OrderRule = OrderRule.IN_ORDER) -> Playlist:
    """A page to mark, a quiz from 70 %, something away from the screen."""
    school = site.school
    async with site.database.writing() as session:
        playlist = await editing.create(session, school.course, Basics("Halves", order_rule=order), None, NOW)
        ids = [school.items["page"].id, school.items["quiz"].id]
        await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
        return await editing.add_offline(session, school.course, playlist.id, playlist.revision, "Show me", NOW)


async def assigned(site: Site, terms: Terms | None = None, order: OrderRule = OrderRule.IN_ORDER) -> Playlist:
    playlist = await draft(site, order)
    async with site.database.writing() as session:
        terms = terms or Terms(has_column=True)
        return await editing.assign(session, site.school.course, playlist.id, playlist.revision, terms, None, NOW)


async def fresh(site: Site, playlist: Playlist) -> Playlist:
    async with site.database.reading() as session:
        found = await queries.playlist(session, site.school.id, site.school.course.id, playlist.id)
        assert found is not None
        return found


async def copy_of(site: Site, playlist: Playlist, place: int = 0) -> service.Path:
    async with site.database.reading() as session:
        paths = await service.paths_of_person(
            session, site.school.course, site.school.students[place].id, site.clock.now()
        )
        return next(path for path in paths if path.playlist.id == playlist.id)


def result(site: Site, percent: float, place: int = 0) -> NativeResult:
    return NativeResult(result_key="17", user_id=site.school.students[place].sub, percent=percent, at=site.clock.now())


# --- Who may come in


def teachers_pages(playlist: Playlist, person_id: uuid.UUID, step_id: uuid.UUID) -> list[str]:
    here = f"/playlists/{playlist.id}"
    return [
        "/playlists",
        "/playlists/new",
        here,
        f"{here}/preview",
        f"{here}/assign",
        f"{here}/remove",
        f"{here}/progress",
        f"{here}/students/{person_id}",
        f"{here}/steps/{step_id}",
        f"{here}/copy",
    ]


def teachers_forms(playlist: Playlist, person_id: uuid.UUID, step_id: uuid.UUID) -> list[str]:
    here = f"/playlists/{playlist.id}"
    return [
        "/playlists/new",
        here,
        f"{here}/steps",
        f"{here}/steps/{step_id}",
        f"{here}/steps/{step_id}/remove",
        f"{here}/steps/{step_id}/duplicate",
        f"{here}/steps/{step_id}/place",
        f"{here}/steps/{step_id}/variants",
        f"{here}/steps/{step_id}/variants/{step_id}/remove",
        f"{here}/sections",
        f"{here}/sections/{step_id}",
        f"{here}/sections/{step_id}/remove",
        f"{here}/undo",
        f"{here}/redo",
        f"{here}/copy",
        f"{here}/update",
        f"{here}/discard",
        f"{here}/order",
        f"{here}/duplicate",
        f"{here}/remove",
        f"{here}/assign",
        f"{here}/progress/check",
        f"{here}/progress/send-again",
        f"{here}/students/{person_id}/steps/{step_id}/done",
        f"{here}/students/{person_id}/steps/{step_id}/not-done",
    ]


def students_forms(path: service.Path) -> list[str]:
    here = f"/my/{path.copy.id}"
    step = path.present[0].id
    return [f"{here}/check", *(f"{here}/steps/{step}/{act}" for act in ("open", "done", "not-done"))]


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    person_id = site.school.students[0].id
    pages = [*teachers_pages(playlist, person_id, path.present[0].id), "/my", f"/my/{path.copy.id}", "/family"]
    forms = [*teachers_forms(playlist, person_id, path.present[0].id), *students_forms(path)]
    async with site.client() as client:
        for page in pages:
            assert (await client.get(site.course + page)).status_code == 401, page
        for form in forms:
            assert (await client.post(site.course + form, data={"revision": "1"})).status_code in (401, 403), form
    assert (await fresh(site, playlist)).revision == playlist.revision


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_teachers_pages_are_for_teachers(site: Site, role: Role) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    person_id = site.school.students[0].id
    visitor = await site.sign_in(site.school.students[0], role)
    await visitor.get(f"{site.course}/my")
    for page in teachers_pages(playlist, person_id, path.present[0].id):
        assert (await visitor.get(site.course + page)).status_code == 403, page
    for form in teachers_forms(playlist, person_id, path.present[0].id):
        assert (await visitor.post(site.course + form, revision=str(playlist.revision))).status_code == 403, form
    assert (await fresh(site, playlist)).revision == playlist.revision


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER])
async def test_students_pages_are_for_students(site: Site, role: Role) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    visitor = await site.sign_in(site.school.teacher, role)
    for page in ("/my", f"/my/{path.copy.id}"):
        assert (await visitor.get(site.course + page)).status_code == 403
    for form in students_forms(path):
        assert (await visitor.post(site.course + form)).status_code == 403


@pytest.mark.parametrize("role", [Role.TEACHER, Role.STUDENT])
async def test_the_family_page_is_for_observers(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[0], role)
    assert (await visitor.get(f"{site.course}/family")).status_code == 403


async def test_another_school_finds_nothing(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    person_id = site.school.students[0].id
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    student = await site.sign_in(other.students[0], school=other)
    theirs = f"/courses/{other.course.id}"
    await teacher.get(f"{theirs}/playlists")
    await student.get(f"{theirs}/my")
    # Neither through our course's address, nor with our ids below their own.
    for course in (site.course, theirs):
        for page in teachers_pages(playlist, person_id, path.present[0].id)[0 if course == site.course else 2 :]:
            assert (await teacher.get(course + page)).status_code == 404, page
        for form in teachers_forms(playlist, person_id, path.present[0].id)[0 if course == site.course else 1 :]:
            answer = await teacher.post(
                course + form,
                revision=str(playlist.revision),
                title="x",
                step_title="x",
                section_title="x",
                support="read-aloud",
                course=str(site.school.course.id),
                item=str(path.present[0].id),
            )
            assert answer.status_code == 404, form
        assert (await student.get(f"{course}/my/{path.copy.id}")).status_code == 404
        for form in students_forms(path):
            assert (await student.post(course + form)).status_code == 404, form
    assert (await fresh(site, playlist)).revision == playlist.revision


async def test_a_student_finds_nothing_of_another(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist, place=1)
    ada = await site.student(0)
    await ada.get(f"{site.course}/my")
    assert (await ada.get(f"{site.course}/my/{path.copy.id}")).status_code == 404
    for form in students_forms(path):
        assert (await ada.post(site.course + form)).status_code == 404
    assert (await copy_of(site, playlist, place=1)).copy.begun_at is None


async def test_a_form_of_another_site_changes_nothing(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my")
    session = re.search(r'name="lti-session" content="([^"]+)"', page.text)
    assert session is not None
    address = f"{site.course}/my/{path.copy.id}/steps/{path.present[0].id}/done"
    async with site.client(ada.token) as client:
        foreign = await client.post(address, data={"session": session[1]}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        unnamed = await client.post(address, headers={"Origin": "http://localhost:8000"})
        assert unnamed.status_code == 409
    assert (await copy_of(site, playlist)).progress.done == 0


# --- A teacher's way


async def test_a_teacher_begins_with_an_empty_page_and_a_title(site: Site) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists")
    assert "Make your first playlist" in page.text
    form = await teacher.get(f"{site.course}/playlists/new")
    chosen = re.search(r'name="playlist_id" value="([^"]+)"', form.text)
    assert chosen is not None
    empty = await teacher.post(f"{site.course}/playlists/new", playlist_id=chosen[1], title="  ")
    assert empty.status_code == 422
    assert "Please give the playlist a title." in empty.text
    for _ in range(2):
        builder = await teacher.post(f"{site.course}/playlists/new", playlist_id=chosen[1], title="Halves <b>")
        assert builder.status_code == 200
        assert "Halves &lt;b&gt;" in builder.text
        assert "No steps yet" in builder.text
    async with site.database.reading() as session:
        assert len(await queries.playlists(session, site.school.id, site.school.course.id, list(PlaylistStatus))) == 1
    assert "Add steps" in (await teacher.get(f"{site.course}/playlists")).text


def revision_of(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found is not None
    return found[1]


async def test_a_teacher_builds_a_playlist(site: Site) -> None:
    teacher = await site.teacher()
    school = site.school
    async with site.database.writing() as session:
        playlist = await editing.create(session, school.course, Basics("Halves"), None, NOW)
    here = f"{site.course}/playlists/{playlist.id}"
    page = await teacher.get(here)
    items = [str(school.items["quiz"].id), str(school.items["page"].id)]
    page = await teacher.post(f"{here}/steps", revision=revision_of(page.text), item=items)
    page = await teacher.post(
        f"{here}/steps", revision=revision_of(page.text), url="https://example.org/film", step_title="A film"
    )
    page = await teacher.post(f"{here}/steps", revision=revision_of(page.text), step_title="Stop and see me")
    page = await teacher.post(f"{here}/steps", revision=revision_of(page.text))
    assert "Nothing was chosen" in page.text
    async with site.database.reading() as session:
        steps = await editing.present_steps(session, await fresh(site, playlist))
    assert [step.title for step in steps] == ["What a fraction is", "Quiz on halves", "A film", "Stop and see me"]
    assert "Done from a result of 70%" in page.text

    wrong = await teacher.post(f"{here}/steps", revision=revision_of(page.text), url="javascript:alert(1)")
    assert wrong.status_code == 400
    assert "javascript:alert(1)" in wrong.text
    # A tab that keeps its session itself sends forms by script, and shows the page that comes back.
    wrong = await teacher.by_script(
        f"{here}/steps", tab=True, revision=revision_of(page.text), url="https://", step_title="Mine"
    )
    assert wrong.status_code == 400
    assert 'value="Mine"' in wrong.text

    quiz = steps[1]
    step_form = {"title": quiz.title, "note": "Take your time.", "need": "must", "done_rule": "result"}
    wrong = await teacher.post(
        f"{here}/steps/{quiz.id}", revision=revision_of(page.text), **step_form, pass_percent="120", minutes="x"
    )
    assert wrong.status_code == 422
    assert "Please enter a percentage from 0 to 100." in wrong.text
    page = await teacher.post(
        f"{here}/steps/{quiz.id}", revision=revision_of(page.text), **step_form, pass_percent="62,5", minutes="15"
    )
    assert "Done from a result of 62.5%" in page.text or "Done from a result of 62%" in page.text
    assert "Take your time." in page.text

    page = await teacher.post(f"{here}/order", revision=revision_of(page.text), item=str(quiz.id), move="up")
    order = ",".join(str(step.id) for step in reversed(steps))
    answer = await teacher.by_script(f"{here}/order", revision=revision_of(page.text), order=order)
    assert answer.status_code == 303
    stale = await teacher.by_script(f"{here}/order", revision=revision_of(page.text), order=order)
    assert stale.status_code == 409
    page = await teacher.post(
        f"{here}/steps/{steps[2].id}/remove", revision=str((await fresh(site, playlist)).revision)
    )
    async with site.database.reading() as session:
        after = await editing.present_steps(session, await fresh(site, playlist))
    assert [step.title for step in after] == ["Stop and see me", "Quiz on halves", "What a fraction is"]

    page = await teacher.post(
        here, revision=revision_of(page.text), title="Halves and quarters", introduction="Cut it.", order_rule="any"
    )
    preview = await teacher.get(f"{here}/preview")
    assert "Halves and quarters" in preview.text
    assert "Cut it." in preview.text
    assert "Everything starts here" in preview.text


async def test_an_old_page_says_what_happened_and_shows_how_it_stands(site: Site) -> None:
    playlist = await draft(site)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}"
    await teacher.get(here)
    first = await teacher.post(f"{here}/steps", revision=str(playlist.revision), step_title="Once")
    assert first.status_code == 200
    second = await teacher.post(f"{here}/steps", revision=str(playlist.revision), step_title="Once")
    assert second.status_code == 409
    assert "has changed since you opened it" in second.text
    async with site.database.reading() as session:
        steps = await editing.present_steps(session, await fresh(site, playlist))
    assert [step.title for step in steps].count("Once") == 1
    for broken in ("", "x"):
        assert (await teacher.post(f"{here}/steps", revision=broken, step_title="x")).status_code == 400


async def test_a_teacher_duplicates_and_removes(site: Site) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}"
    await teacher.get(f"{site.course}/playlists")
    copy_id = str(uuid.uuid4())
    page = await teacher.post(f"{here}/duplicate", copy_id=copy_id)
    assert "Halves (copy)" in page.text
    assert "Nobody sees it until you assign it" in page.text
    question = await teacher.get(f"{here}/remove")
    assert "The column stays in your gradebook" in question.text
    page = await teacher.post(f"{here}/remove", revision=revision_of(question.text))
    assert "Removed." in page.text
    assert (await teacher.get(here)).status_code == 404
    ada = await site.student()
    assert "No playlist yet" in (await ada.get(f"{site.course}/my")).text


async def test_a_teacher_assigns_on_their_terms(site: Site) -> None:
    playlist = await draft(site)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}"
    assert (await teacher.get(f"{here}/progress")).url.path.endswith("/assign")
    page = await teacher.get(f"{here}/assign")
    assert "Everybody: 3 students" in page.text
    assert "Make a column in the gradebook" in page.text
    form = {"has_column": "yes", "send_rule": "live", "time_zone": "Europe/Madrid"}
    wrong = await teacher.post(
        f"{here}/assign", revision=revision_of(page.text), **form, points="lots", due_at="2026-09-10T12:00"
    )
    assert wrong.status_code == 422
    assert "Please enter points" in wrong.text
    assert 'value="2026-09-10T12:00"' in wrong.text
    page = await teacher.post(
        f"{here}/assign", revision=revision_of(page.text), **form, points="12,5", due_at="2026-09-10T12:00"
    )
    assert "Every student has their own copy now" in page.text
    after = await fresh(site, playlist)
    assert (after.points, after.send_rule, after.has_column) == (12.5, SendRule.LIVE, True)
    assert after.due_at == datetime(2026, 9, 10, 10, 0, tzinfo=UTC)


async def test_without_the_right_to_make_columns_the_page_says_so(site: Site) -> None:
    playlist = await draft(site)
    async with site.database.writing() as session:
        site.school.course.ags_scopes = []
        await session.merge(site.school.course)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}"
    page = await teacher.get(f"{here}/assign")
    assert "does not let this tool make a gradebook column" in page.text
    refused = await teacher.post(f"{here}/assign", revision=revision_of(page.text), has_column="yes", points="10")
    assert refused.status_code == 409
    page = await teacher.post(f"{here}/assign", revision=revision_of(page.text), has_column="no", points="")
    assert page.status_code == 200
    assert (await fresh(site, playlist)).status is PlaylistStatus.ASSIGNED


async def test_the_class_stands_in_one_table(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    ada = await site.student(0)
    await ada.get(f"{site.course}/my")
    path = await copy_of(site, playlist)
    for place in (0, 2):
        await ada.post(f"{site.course}/my/{path.copy.id}/steps/{path.present[place].id}/done")
    site.lms.known = [result(site, 90), result(site, 40, place=1)]
    site.clock.move(timedelta(minutes=1))
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}/progress"
    page = await teacher.get(here)
    assert re.search(r'data-label="Marked by student"[^>]*>2<', page.text)
    assert "3 of 3" in page.text
    assert "100 of 100" in page.text
    assert "On its way" in page.text
    assert "40%, below the mark" in page.text
    assert "fail" not in page.text.split("<main")[1].split("</main>")[0].lower()
    shown = {
        name: set(re.findall(r"(Ada Ash|Ben Birch|Cem Cedar)</a>", (await teacher.get(f"{here}?show={name}")).text))
        for name in ("all", "not-begun", "below", "under-way", "finished", "nonsense")
    }
    assert shown["finished"] == {"Ada Ash"}
    assert shown["below"] == {"Ben Birch"}
    assert shown["not-begun"] == {"Cem Cedar"}
    assert shown["under-way"] == set()
    assert len(shown["all"]) == len(shown["nonsense"]) == 3
    overview = await teacher.get(f"{site.course}/playlists")
    assert "2 of 3 have begun, 1 have finished" in overview.text
    again = await teacher.post(f"{here}/send-again", person=str(site.school.students[0].id))
    assert "On its way to the gradebook again." in again.text


async def test_a_look_at_one_student_is_recorded_and_shows_who_said_so(site: Site) -> None:
    playlist = await assigned(site)
    ada = await site.student()
    await ada.get(f"{site.course}/my")
    path = await copy_of(site, playlist)
    await ada.post(f"{site.course}/my/{path.copy.id}/steps/{path.present[0].id}/done")
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}/students/{site.school.students[0].id}"
    page = await teacher.get(here)
    assert "Ada Ash" in page.text
    assert "Marked by the student" in page.text
    assert "Sign off" in page.text
    page = await teacher.post(f"{here}/steps/{path.present[1].id}/done")
    assert "Signed off by a teacher" in page.text
    page = await teacher.post(f"{here}/steps/{path.present[0].id}/not-done")
    assert "Taken back by a teacher" in page.text
    mine = await ada.get(f"{site.course}/my")
    assert "Your teacher asks you to look at this one again." in mine.text
    async with site.database.reading() as session:
        statement = select(AuditEntry).where(AuditEntry.organisation_id == site.school.id)
        seen = [(entry.action, entry.actor) for entry in (await session.exec(statement)).all()]
    actor = str(site.school.teacher.id)
    assert ("student.viewed", actor) in seen
    assert ("step.signed-off", actor) in seen
    assert ("step.taken-back", actor) in seen
    assert (await teacher.get(here.replace(str(site.school.students[0].id), str(uuid.uuid4())))).status_code == 404


# --- A student's way


async def test_the_only_playlist_opens_by_itself_on_its_next_step(site: Site) -> None:
    await assigned(site)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my")
    assert page.status_code == 200
    assert page.url.path.startswith(f"{site.course}/my/")
    assert "Up next" in page.text
    assert "Everything starts here: it is the first step." in page.text
    assert "0 of 3 must-dos done" in page.text
    assert "Opens when “What a fraction is” is done." in page.text
    link = re.search(r'<a class="button button--primary" href="https://lms.example/page"[^>]*>', page.text)
    assert link is not None
    assert 'target="_blank"' in link[0]
    assert "noopener" in link[0]
    assert "data-opens=" in link[0]


async def test_a_student_goes_all_the_way(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    page, quiz, talk = (step.id for step in path.present)
    ada = await site.student()
    await ada.get(f"{site.course}/my")
    here = f"{site.course}/my/{path.copy.id}"
    early = await ada.post(f"{here}/steps/{quiz}/open")
    assert early.status_code == 409
    assert "First finish “What a fraction is”" in early.text
    assert (await ada.by_script(f"{here}/steps/{page}/open")).status_code == 204
    shown = await ada.get(here)
    assert "You have begun this one. Finish it before you go on." in shown.text
    shown = await ada.post(f"{here}/steps/{page}/done")
    assert "You finished “What a fraction is”, so this one is open now." in shown.text
    assert (await ada.post(f"{here}/steps/{page}/done")).status_code == 200
    await ada.post(f"{here}/steps/{quiz}/open")

    site.lms.known = [result(site, 55)]
    shown = await ada.get(here)
    assert "55%" not in shown.text  # The last answer of the LMS is not 20 seconds old.
    site.clock.move(timedelta(seconds=21))
    shown = await ada.get(here)
    assert "You have 55% so far, and this step counts from 70%. Not yet, but you can try again." in shown.text
    site.lms.known = [result(site, 80)]
    shown = await ada.post(f"{here}/check")
    assert "Done: your result is 80%" in shown.text

    shown = await ada.post(f"{here}/steps/{talk}/done")
    assert "You have finished this playlist!" in shown.text
    assert "3 of 3 must-dos done" in shown.text
    async with site.database.reading() as session:
        [score] = (await session.exec(scoped(Score, site.school.id))).all()
        assert (score.owed_given, score.owed_maximum) == (100, 100)
    shown = await ada.post(f"{here}/steps/{talk}/not-done")
    assert "2 of 3 must-dos done" in shown.text


async def test_several_playlists_stand_in_a_list(site: Site) -> None:
    await assigned(site)
    await assigned(site)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my")
    assert page.text.count("Up next: What a fraction is") == 2


async def test_a_late_joiner_finds_the_playlist_at_the_first_visit(site: Site) -> None:
    await assigned(site)
    async with site.database.writing() as session:
        late = seed.person(site.school.registration, site.school.organisation, "late", "Lou Larch")
        session.add(late)
        await session.flush()
        session.add(seed.member(site.school.course, late))
    lou = await site.sign_in(late)
    assert "0 of 3 must-dos done" in (await lou.get(f"{site.course}/my")).text


async def test_an_lms_that_cannot_be_asked_is_said_quietly(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    path = await copy_of(site, playlist)
    ada = await site.student()
    site.lms.trouble = NativeTrouble("down")
    page = await ada.get(f"{site.course}/my")
    assert page.status_code == 200
    assert "could not be asked for new results" in page.text
    assert site.lms.asked == 1
    assert (await ada.get(f"{site.course}/my/{path.copy.id}")).status_code == 200
    assert site.lms.asked == 1


async def test_asking_for_a_result_says_what_came_of_it(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    path = await copy_of(site, playlist)
    quiz = str(path.present[1].id)
    ada = await site.student()
    check = f"{site.course}/my/{path.copy.id}/check"
    await ada.get(f"{site.course}/my")
    assert "No new result yet." in (await ada.post(check, step=quiz)).text
    site.lms.known = [result(site, 55)]
    page = await ada.post(check, step=quiz)
    assert "Your result is 55%. This step counts from 70%. Not yet, but you can try again." in page.text
    site.clock.move(timedelta(minutes=1))
    site.lms.known = [result(site, 80)]
    assert "Your result is 80%. This step is done." in (await ada.post(check, step=quiz)).text
    # Without a step, or with one of nobody's, it says how things stand and nothing of anybody's.
    assert "These are the results as they stand now." in (await ada.post(check)).text
    assert "These are the results as they stand now." in (await ada.post(check, step=str(uuid.uuid4()))).text
    site.lms.trouble = NativeTrouble("down")
    page = await ada.post(check, step=quiz)
    assert "could not be asked just now. Everything done so far is kept." in page.text
    assert "Your result is 80%" not in page.text.partition("<main")[2].partition('class="heading"')[0]


async def test_a_playlist_that_was_taken_away_says_so_to_its_student_alone(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    here = f"{site.course}/my/{path.copy.id}"
    ada, ben = await site.student(), await site.student(1)
    async with site.database.writing() as session:
        await editing.remove(session, site.school.course, playlist.id, playlist.revision, None, NOW)
    for answer in (await ada.get(here), await ada.post(f"{here}/steps/{path.present[0].id}/done")):
        assert answer.status_code == 404
        assert "Your teacher has taken this playlist away" in answer.text
        assert "What you did is kept." in answer.text
    answer = await ben.get(here)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_assigning_says_which_steps_are_not_there_for_students(site: Site) -> None:
    playlist = await draft(site)
    async with site.database.writing() as session:
        item = site.school.items["quiz"]
        item.published = False
        await session.merge(item)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists/{playlist.id}/assign")
    assert "1 step is not there for students" in page.text


async def test_an_item_gone_from_the_course_is_said(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        item = site.school.items["page"]
        item.published = False
        await session.merge(item)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my")
    assert "This is not in the course at the moment. Ask your teacher." in page.text
    assert "Mark as done" in page.text
    teacher = await site.teacher()
    for address in ("", "/progress", "/assign"):
        page = await teacher.get(f"{site.course}/playlists/{playlist.id}{address}")
        assert "deleted in your LMS" not in page.text


async def test_an_item_that_was_deleted_is_said_to_all_with_what_to_do(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        item = site.school.items["page"]
        item.deleted_at = NOW
        await session.merge(item)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my")
    assert "This was taken out of the course. Your teacher sees that too" in page.text
    assert "Mark as done" in page.text
    teacher = await site.teacher()
    for address in ("", "/progress", "/assign"):
        page = await teacher.get(f"{site.course}/playlists/{playlist.id}{address}")
        assert page.status_code == 200
        assert "deleted in your LMS" in page.text, address
    builder = await teacher.get(f"{site.course}/playlists/{playlist.id}")
    assert "Deleted in your LMS" in builder.text
    assert "/place" in builder.text


# --- A family's way


async def test_a_family_sees_their_own_child_and_changes_nothing(site: Site) -> None:
    await assigned(site)
    parent = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0",))
    page = await parent.get(f"{site.course}/family")
    assert page.status_code == 200
    assert "Ada Ash" in page.text
    assert "0 of 3 must-dos done" in page.text
    assert "Ben Birch" not in page.text
    assert "<form" not in page.text
    assert "button--primary" not in page.text


async def test_a_family_linked_to_nobody_is_told_so(site: Site) -> None:
    await assigned(site)
    parent = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("somebody-elsewhere",))
    page = await parent.get(f"{site.course}/family")
    assert "Nobody to show here" in page.text
