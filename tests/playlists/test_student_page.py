"""A teacher's page of one student: what is asked, said and given there, and the page as the student sees it."""

import re
import uuid

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.learners.models import LearnerProfile, LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.playlists import audience, loading, monitor_saying, service
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import Playlist, PlaylistStep, SendRule, StepOrigin, StepVariant
from lti_tool.playlists.path_models import PathRequest, PathWord, RequestKind
from tests.playlists import seed
from tests.playlists.site import Site
from tests.playlists.test_answering import asks
from tests.playlists.test_routes import assigned, copy_of, draft
from tests.playlists.watching import only_their_section, visiting


def student_page(site: Site, playlist: Playlist, place: int = 0) -> str:
    return f"{site.course}/playlists/{playlist.id}/students/{site.school.students[place].id}"


def pages_of(here: str) -> list[str]:
    return [here, f"{here}/as-they-see-it", f"{here}/give"]


def forms_of(here: str, step_id: uuid.UUID) -> list[str]:
    return [
        f"{here}/give",
        f"{here}/steps/{step_id}/take-out",
        f"{here}/steps/{step_id}/leave-out",
        f"{here}/steps/{step_id}/put-back",
        f"{here}/steps/{step_id}/done",
        f"{here}/steps/{step_id}/not-done",
        f"{here}/words",
        f"{here}/playlists",
    ]


async def own_steps(site: Site) -> list[PlaylistStep]:
    async with site.database.reading() as session:
        steps = (await session.exec(scoped(PlaylistStep, site.school.id))).all()
    return [step for step in steps if step.personal_playlist_id is not None]


async def looks(site: Site) -> list[str]:
    async with site.database.reading() as session:
        statement = select(AuditEntry).where(AuditEntry.action == "student.viewed").order_by(AuditEntry.at)  # type: ignore[arg-type]
        return [entry.detail or "" for entry in (await session.exec(statement)).all()]


FIELDS = {"title": "Fold paper", "text": "Hello"}


# --- Who may


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    playlist = await assigned(site)
    step = (await copy_of(site, playlist)).present[0].id
    here = student_page(site, playlist)
    async with site.client() as client:
        for page in pages_of(here):
            assert (await client.get(page)).status_code == 401, page
        for form in forms_of(here, step):
            assert (await client.post(form, data=FIELDS)).status_code in (401, 403), form
    assert await own_steps(site) == []
    assert await looks(site) == []


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_it_is_for_teachers(site: Site, role: Role) -> None:
    playlist = await assigned(site)
    step = (await copy_of(site, playlist)).present[0].id
    here = student_page(site, playlist)
    visitor = await site.sign_in(site.school.students[0], role)
    await visitor.get(f"{site.course}/my")
    for page in pages_of(here):
        assert (await visitor.get(page)).status_code == 403, page
    for form in forms_of(here, step):
        assert (await visitor.post(form, playlist=str(playlist.id), **FIELDS)).status_code == 403, form
    assert await own_steps(site) == []


@pytest.mark.parametrize("elsewhere", ["school", "section"])
async def test_another_school_and_another_section_find_nothing(site: Site, elsewhere: str) -> None:
    playlist = await assigned(site)
    step = (await copy_of(site, playlist, 1)).present[0].id
    heres = [student_page(site, playlist, 1)]
    if elsewhere == "section":
        async with site.database.writing() as session:
            await only_their_section(session, site.school, 0)
        visitor = await site.teacher()
        await visitor.get(f"{site.course}/playlists")
    else:
        async with site.database.writing() as session:
            other = await seed.school(session, "Elm School")
        visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
        await visitor.get(f"/courses/{other.course.id}/playlists")
        heres.append(heres[0].replace(str(site.school.course.id), str(other.course.id)))
    for here in heres:
        for page in pages_of(here):
            assert (await visitor.get(page)).status_code == 404, page
        for form in forms_of(here, step):
            assert (await visitor.post(form, playlist=str(playlist.id), **FIELDS)).status_code == 404, form
    assert (await own_steps(site), (await copy_of(site, playlist, 1)).progress.done) == ([], 0)
    assert await looks(site) == []


# --- The page


async def test_the_page_tells_what_was_asked_answered_and_said(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    asked = await asks(site, path, RequestKind.SIGN_OFF, words="I measured it")
    await asks(site, path, RequestKind.CONFERENCE, 2, origin=StepOrigin.TOOL)
    async with site.database.writing() as session:
        await monitor_saying.comment(
            session,
            visiting(site.school),
            playlist.id,
            path.copy.person_id,
            path.present[0].id,
            "The units?",
            site.clock.now(),
        )
        session.add(
            LearnerProfile(
                organisation_id=site.school.id,
                course_id=site.school.course.id,
                person_id=path.copy.person_id,
                interests=["Football", "Music"],
                weekly_minutes=90,
                changed_at=site.clock.now(),
            )
        )
    teacher = await site.teacher()
    here = student_page(site, playlist)
    page = (await teacher.get(here)).text
    for told in ("I measured it", "The units?", "Is stuck: time for a talk", "Football, Music", "90 minutes a week"):
        assert told in page, told
    assert "not read yet" in page
    assert f"/mastery/students/{path.copy.person_id}" in page

    back = {"back_playlist": str(playlist.id), "back_person": str(path.copy.person_id)}
    answered = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="signed", words="Lovely", **back)
    assert answered.url.path == here
    assert "Lovely" in answered.text
    assert "Tea Teak" in answered.text
    assert await looks(site) == [f"playlist {playlist.id}"] * 2


async def test_what_was_passed_over_says_why(site: Site) -> None:
    from lti_tool.playlists.models import OrderRule

    playlist = await assigned(site, order=OrderRule.ANY)
    path = await copy_of(site, playlist)
    async with site.database.writing() as session:
        step = await session.merge(path.present[0])
        step.need = "may"  # type: ignore[assignment]
        session.add(step)
        await session.flush()
        await service.skip(
            session,
            site.school.course,
            path.copy.person_id,
            path.copy.id,
            path.present[0].id,
            "I know this already.",
            site.clock.now(),
        )
    assert "I know this already." in (await (await site.teacher()).get(student_page(site, playlist))).text


@pytest.mark.parametrize(("role", "sees"), [(Role.TEACHER, True), (Role.ASSISTANT, False)])
async def test_supports_are_linked_for_who_may_see_them(site: Site, role: Role, sees: bool) -> None:
    playlist = await assigned(site)
    somebody = await site.sign_in(site.school.teacher, role)
    page = (await somebody.get(student_page(site, playlist))).text
    assert (f"/supports/{site.school.students[0].id}" in page) is sees


# --- As they see it


async def test_as_they_see_it_acts_on_nothing_and_leaves_a_trace(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    async with site.database.writing() as session:
        await monitor_saying.comment(
            session, visiting(site.school), playlist.id, path.copy.person_id, None, "Well begun", site.clock.now()
        )
    ada = await site.student()
    theirs = (await ada.get(f"{site.course}/my")).text
    teacher = await site.teacher()
    page = (await teacher.get(f"{student_page(site, playlist)}/as-they-see-it")).text
    main = page.split("<main")[1].split("</main>")[0]
    assert "You see what Ada Ash sees." in main
    assert "<form" not in main
    assert "<button" not in main
    assert "data-opens" not in main
    # Word for word what the student reads: next step with why, words of the teacher, everything on the path.
    for told in ("Well begun", "Up next", "Everything starts here: it is the first step.", "0 of 3 must-dos done"):
        assert told in theirs, told
        assert told in main, told
    assert re.findall(r'class="step__title">([^<]+)', theirs) == re.findall(r'class="step__title">([^<]+)', main)
    links = re.findall(r'href="(/[^"]*)"', main)
    assert all(link.startswith(f"{site.course}/playlists") for link in links), links
    async with site.database.reading() as session:
        [word] = (await session.exec(scoped(PathWord, site.school.id))).all()
        requests = (await session.exec(scoped(PathRequest, site.school.id))).all()
    assert word.seen_at is None
    assert requests == []
    after = await copy_of(site, playlist)
    assert (after.copy.begun_at, after.copy.moved_at) == (None, None)
    assert await looks(site) == [f"playlist {playlist.id}, as the student sees it"]


@pytest.mark.parametrize(("role", "sees"), [(Role.TEACHER, True), (Role.ASSISTANT, False)])
async def test_forms_of_steps_are_seen_by_who_may_see_supports(site: Site, role: Role, sees: bool) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    async with site.database.writing() as session:
        session.add(
            LearnerSupport(
                organisation_id=site.school.id,
                course_id=site.school.course.id,
                person_id=path.copy.person_id,
                support=Support.SIMPLER_TEXT,
                created_at=site.clock.now(),
            )
        )
        session.add(
            StepVariant(
                organisation_id=site.school.id,
                step_id=path.present[0].id,
                support=Support.SIMPLER_TEXT,
                title="In plain words",
            )
        )
    somebody = await site.sign_in(site.school.teacher, role)
    here = student_page(site, playlist)
    assert ("In plain words" in (await somebody.get(f"{here}/as-they-see-it")).text) is sees
    assert ("In plain words" in (await somebody.get(here)).text) is sees
    # Whoever the student is, the page says the same to who may not see supports.
    others = (await somebody.get(f"{student_page(site, playlist, 1)}/as-they-see-it")).text
    assert ("Each step stands here in its usual form." in others) is not sees


# --- For this student alone


async def test_a_step_for_one_student_and_away_again(site: Site) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    here = student_page(site, playlist)
    page = (await teacher.get(f"{here}/give")).text
    step_id = re.search(r'name="step_id" value="([^"]+)"', page)
    assert step_id is not None
    refused = await teacher.post(f"{here}/give", item="", title="")
    assert refused.status_code == 422
    assert "Please choose something of the course, or write what to do." in refused.text

    form = {"title": "Measure your kitchen", "note": "All four walls", "step_id": step_id[1]}
    page = (await teacher.post(f"{here}/give", **form)).text
    assert "Added. Only this student has this step." in page
    assert "Measure your kitchen" in page
    await teacher.post(f"{here}/give", **form)
    [step] = await own_steps(site)
    mine, theirs = await copy_of(site, playlist), await copy_of(site, playlist, 1)
    assert step.id in {one.id for one in mine.present}
    assert step.id not in {one.id for one in theirs.present}

    page = (await teacher.post(f"{here}/steps/{step.id}/take-out")).text
    assert "Taken off this student’s path." in page
    assert (await copy_of(site, playlist)).step(step.id) is None
    template = mine.present[0].id
    assert (await teacher.post(f"{here}/steps/{template}/take-out")).status_code == 404
    assert (await copy_of(site, playlist)).step(template) is not None


async def test_a_step_of_everybodys_is_out_for_one_and_put_back(site: Site) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    here = student_page(site, playlist)
    first = (await copy_of(site, playlist)).present[0]
    page = (await teacher.get(here)).text
    assert page.count("Take out for this student") == len((await copy_of(site, playlist)).present)
    page = (await teacher.post(f"{here}/steps/{first.id}/leave-out")).text
    assert "Taken out for this student alone." in page
    assert "Out for this student" in page
    assert (await copy_of(site, playlist)).step(first.id) is None
    assert (await copy_of(site, playlist, 1)).step(first.id) is not None
    # The student reads nothing of it; another student's path has it.
    mine = (await (await site.student()).get(f"{site.course}/my")).text
    assert first.title not in mine
    assert "Out for this student" not in mine
    assert first.title in (await (await site.student(1)).get(f"{site.course}/my")).text
    page = (await teacher.post(f"{here}/steps/{first.id}/put-back")).text
    assert "It is on this student’s path again" in page
    assert "Out for this student" not in page
    assert (await copy_of(site, playlist)).step(first.id) is not None
    assert (await teacher.post(f"{here}/steps/{uuid.uuid4()}/leave-out")).status_code == 404


async def test_a_teacher_is_asked_before_putting_a_step_back_lowers_a_score(site: Site) -> None:
    playlist = await assigned(site, Terms(has_column=True, points=12, send_rule=SendRule.LIVE))
    teacher = await site.teacher()
    here = student_page(site, playlist)
    first, second, *_ = (await copy_of(site, playlist)).present
    await teacher.get(here)
    await teacher.post(f"{here}/steps/{first.id}/leave-out")
    async with site.database.writing() as session:
        ada, teachers = site.school.students[0].id, site.school.teacher.id
        await service.sign_off(session, site.school.course, playlist.id, ada, second.id, teachers, site.clock.now())
    before = (await copy_of(site, playlist)).copy.owed_share
    assert before is not None
    page = await teacher.post(f"{here}/steps/{first.id}/put-back")
    assert "lower the score?" in page.text
    assert "Leave it out" in page.text
    kept = await copy_of(site, playlist)
    assert (kept.step(first.id), kept.copy.owed_share) == (None, before)
    page = await teacher.post(f"{here}/steps/{first.id}/put-back", may_lower="yes")
    assert "It is on this student’s path again" in page.text
    after = (await copy_of(site, playlist)).copy.owed_share
    assert after is not None
    assert after < before


async def test_an_item_of_the_course_for_one_student(site: Site) -> None:
    playlist = await assigned(site)
    teacher = await site.teacher()
    here = student_page(site, playlist)
    assert "Draw a fraction" in (await teacher.get(f"{here}/give")).text
    await teacher.post(f"{here}/give", item=str(site.school.items["essay"].id), title="", need="may")
    [step] = await own_steps(site)
    assert (step.title, step.content_item_id) == ("Draw a fraction", site.school.items["essay"].id)
    assert (await teacher.post(f"{here}/give", item=str(uuid.uuid4()))).status_code == 404
    assert len(await own_steps(site)) == 1


async def test_another_playlist_for_one_student(site: Site) -> None:
    playlist, other = await assigned(site), await assigned(site)
    cem = site.school.students[2].id
    async with site.database.writing() as session:
        stored = await session.merge(other)
        await audience.write(
            session, stored, audience.Audience(everybody=False, people=frozenset({cem})), site.clock.now()
        )
        await audience.ensure_copies(session, site.school.course, site.clock.now())
    teacher = await site.teacher()
    here = student_page(site, playlist)
    page = (await teacher.get(here)).text
    assert "Give another playlist as well" in page
    page = await teacher.post(f"{here}/playlists", playlist=str(other.id))
    assert "Given. The student has their own copy now." in page.text
    assert page.url.path == student_page(site, other)
    await teacher.post(f"{here}/playlists", playlist=str(other.id))
    async with site.database.reading() as session:
        paths = await loading.paths_of_course(session, site.school.course, [other], site.clock.now())
    assert {path.copy.person_id for path in paths} == {site.school.students[0].id, cem}
    assert "Give another playlist as well" not in (await teacher.get(here)).text
    unassigned = await draft(site)
    assert (await teacher.post(f"{here}/playlists", playlist=str(unassigned.id))).status_code == 404
