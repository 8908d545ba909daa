"""The monitor of a playlist: who may see whom, what each line says, which come first, and its file."""

import csv
import io
import re
from datetime import timedelta

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.content.service import ItemResult
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.learners.models import LearnerProfile, LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.playlists import answering, loading, monitor, monitor_student, replanning, service
from lti_tool.playlists.models import OrderRule, Playlist, StepVariant, StepVariantLearner, VariantKind
from lti_tool.playlists.monitor_rules import Sign
from lti_tool.playlists.monitor_views import Line, shown
from lti_tool.playlists.path_models import Outcome, PathRequest, RequestKind
from tests.mastery.world import append
from tests.playlists import path_world, seed
from tests.playlists.a_class import a_class
from tests.playlists.path_world import PathWorld
from tests.playlists.site import Site
from tests.playlists.test_answering import asks
from tests.playlists.test_routes import assigned, copy_of
from tests.playlists.watching import at, only_their_section, visiting


async def lines(site: Site, playlist: Playlist) -> list[Line]:
    async with site.database.reading() as session:
        return (await monitor.class_now(session, visiting(site.school), playlist, site.clock.now())).lines


async def thirty(site: Site) -> Playlist:
    """The site's school becomes one with a class of thirty, two weeks into a playlist."""
    async with site.database.writing() as session:
        site.school, playlist = await a_class(session)
    site.clock.move(at(15, 10) - site.clock.now())
    return playlist


def file_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


# --- Who may see whom


async def test_the_file_is_for_the_teachers_of_the_course(site: Site) -> None:
    playlist = await assigned(site)
    here = f"{site.course}/playlists/{playlist.id}/progress/students.csv"
    async with site.client() as client:
        assert (await client.get(here)).status_code == 401
    for role in (Role.STUDENT, Role.OBSERVER, Role.OTHER):
        assert (await (await site.sign_in(site.school.students[0], role)).get(here)).status_code == 403
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    stranger = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    assert (await stranger.get(here)).status_code == 404
    assert (await stranger.get(here.replace(str(site.school.course.id), str(other.course.id)))).status_code == 404
    assert (await (await site.teacher()).get(here)).status_code == 200


async def test_a_teacher_of_one_section_sees_theirs_alone(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        await only_their_section(session, site.school, 0)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}"
    page = await teacher.get(f"{here}/progress")
    assert re.findall(r"(Ada Ash|Ben Birch|Cem Cedar)</a>", page.text) == ["Ada Ash"]
    assert [row[0] for row in file_of((await teacher.get(f"{here}/progress/students.csv")).text)[1:]] == ["Ada Ash"]
    assert "0 of 1 have begun" in (await teacher.get(f"{site.course}/playlists")).text
    mine, theirs = (site.school.students[place].id for place in (0, 1))
    step = (await copy_of(site, playlist)).present[0].id
    assert (await teacher.get(f"{here}/students/{mine}")).status_code == 200
    assert (await teacher.get(f"{here}/students/{theirs}")).status_code == 404
    for act in ("done", "not-done"):
        assert (await teacher.post(f"{here}/students/{theirs}/steps/{step}/{act}")).status_code == 404
    assert (await teacher.post(f"{here}/progress/send-again", person=str(theirs))).status_code == 404
    assert (await copy_of(site, playlist, 1)).progress.done == 0


# --- What each line says


async def test_thirty_students_with_the_most_pressing_first(site: Site) -> None:
    playlist = await thirty(site)
    found = await lines(site, playlist)
    first = [line.signs[0] for line in found]
    assert first == sorted(first, key=list(Sign).index)
    assert {sign: len(shown(found, sign)) for sign in Sign} == {
        Sign.HELP: 6,
        Sign.SIGN_OFF: 3,
        Sign.BELOW: 3,
        Sign.PAST_DUE: 0,
        Sign.QUIET: 3,
        Sign.NOT_BEGUN: 3,
        Sign.UNDER_WAY: 9,
        Sign.FINISHED: 3,
    }
    asked = [min(one.created_at for one in line.asked) for line in found if Sign.HELP in line.signs]
    assert asked == sorted(asked), "whoever has waited longest comes first"
    assert [(part.title, len(part.dots)) for part in found[0].parts] == [("Begin", 3), ("Try it", 3), ("Show it", 2)]


async def test_the_page_counts_first_and_shows_one_kind(site: Site) -> None:
    playlist = await thirty(site)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}/progress"
    page = (await teacher.get(here)).text
    assert page.count('<tr role="row" id="student-') == 30
    assert page.index('class="counts"') < page.index('id="students"')
    assert "9 requests wait for you" in page
    assert "No movement for 8 school days" in page
    assert "counts from" not in page
    for sign, number in (("help", 6), ("below", 3), ("quiet", 3), ("finished", 3)):
        page = (await teacher.get(f"{here}?show={sign}")).text
        assert page.count('<tr role="row" id="student-') == number, sign
    by_name = re.findall(
        r'id="student-[^>]*>.*?>([^<>]+)</a>', (await teacher.get(f"{here}?order=name")).text, re.DOTALL
    )
    assert [name.split()[-1] for name in by_name] == sorted(name.split()[-1] for name in by_name)


async def test_somebody_late_is_late_whether_begun_or_not(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        merged = await session.merge(playlist)
        merged.due_at = at(10)
        session.add(merged)
    site.clock.move(timedelta(days=12))
    playlist.due_at = at(10)
    assert {line.signs for line in await lines(site, playlist)} == {(Sign.PAST_DUE, Sign.NOT_BEGUN)}


async def test_a_step_with_a_date_of_its_own_is_late_too(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    async with site.database.writing() as session:
        step = await session.merge(path.present[0])
        step.due_at = at(3)
        session.add(step)
        await service.sign_off(
            session, site.school.course, playlist.id, path.copy.person_id, step.id, None, site.clock.now()
        )
    site.clock.move(timedelta(days=3))
    found = {line.person.id: line.signs for line in await lines(site, playlist)}
    assert found[path.copy.person_id] == (Sign.UNDER_WAY,)
    assert found[site.school.students[1].id] == (Sign.PAST_DUE, Sign.NOT_BEGUN)


async def test_who_waits_for_the_teacher_says_with_what(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    await asks(site, path, RequestKind.SIGN_OFF, 2)
    [line] = [one for one in await lines(site, playlist) if one.person.id == path.copy.person_id]
    assert Sign.SIGN_OFF in line.signs
    teacher = await site.teacher()
    assert "Waits for a sign-off" in (await teacher.get(f"{site.course}/playlists/{playlist.id}/progress")).text


# --- What nobody is told here


async def test_neither_supports_nor_modifications_show_on_the_monitor_or_in_its_file(site: Site) -> None:
    playlist = await assigned(site, order=OrderRule.ANY)
    path = await copy_of(site, playlist)
    course, ada = site.school.course, path.copy.person_id
    async with site.database.writing() as session:
        session.add(
            LearnerSupport(
                organisation_id=site.school.id,
                course_id=course.id,
                person_id=ada,
                support=Support.SIMPLER_TEXT,
                created_at=site.clock.now(),
            )
        )
        easier = StepVariant(
            organisation_id=site.school.id,
            step_id=path.present[0].id,
            support=Support.SIMPLER_TEXT,
            title="In plain words",
        )
        other = StepVariant(
            organisation_id=site.school.id,
            step_id=path.present[1].id,
            kind=VariantKind.MODIFICATION,
            support="",
            title="Half of the quiz",
            pass_percent=35.0,
        )
        session.add_all([easier, other])
        await session.flush()
        session.add(
            StepVariantLearner(
                organisation_id=site.school.id, variant_id=other.id, person_id=ada, created_at=site.clock.now()
            )
        )
    async with site.database.reading() as session:
        [own] = await loading.paths_of_person(session, course, ada, site.clock.now(), as_student=True)
        assert [own.shown(step).title for step in own.present[:2]] == ["In plain words", "Half of the quiz"]
    async with site.database.writing() as session:
        result = ItemResult(site.school.items["quiz"].id, ada, 30.0, site.clock.now())
        await service.take_results(session, course, [result], site.clock.now())
    teacher = await site.sign_in(site.school.teacher, Role.ASSISTANT)
    here = f"{site.course}/playlists/{playlist.id}/progress"
    for page in ((await teacher.get(here)).text, (await teacher.get(f"{here}/students.csv")).text):
        assert "What a fraction is" in page or "Quiz on halves" in page
        for told in ("In plain words", "Half of the quiz", "35%", "simpler", "Simpler"):
            assert told not in page, told
    # The page of the one student says it to who may see supports, once and apart, and the look is recorded.
    one = f"{site.course}/playlists/{playlist.id}/students/{ada}"
    for address in (one, f"{one}/as-they-see-it"):
        hidden = (await teacher.get(address)).text
        assert not any(told in hidden for told in ("In plain words", "Half of the quiz", "35%", "another form"))
    told = (await (await site.teacher()).get(one)).text
    assert "Steps in another form" in told
    assert "Simpler text · In plain words" in told
    assert "Modified · Half of the quiz · Counts from 35%" in told
    assert "Half of the quiz" in (await (await site.teacher()).get(f"{one}/as-they-see-it")).text
    # The entries are those that a look at anybody leaves: the log does not tell who has forms of their own.
    async with site.database.reading() as session:
        looks = await session.exec(scoped(AuditEntry, site.school.id).where(AuditEntry.subject == f"person:{ada}"))
        assert {entry.action for entry in looks if entry.action.endswith("viewed")} == {"student.viewed"}


# --- The file


async def test_the_file_holds_what_is_shown(site: Site) -> None:
    playlist = await thirty(site)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}/progress/students.csv"
    table = file_of((await teacher.get(here)).text)
    assert table[0] == [
        "Student",
        "Steps done",
        "Steps asked for",
        "Next step",
        "Notice",
        "School days without a move",
        "Last moved",
        "Gradebook",
    ]
    assert len(table) == 31
    quiet = file_of((await teacher.get(f"{here}?show=quiet&order=name")).text)[1:]
    assert [row[0] for row in quiet] == ["Amara Eriksen", "Bo Eriksen", "Chidi Eriksen"]
    assert {(row[4], row[5], row[6]) for row in quiet} == {("Has not moved", "8", "2026-09-02")}


async def test_a_name_is_no_formula(site: Site) -> None:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        ada = await session.merge(site.school.students[0])
        ada.name = "=1+1"
        session.add(ada)
    table = file_of(
        (await (await site.teacher()).get(f"{site.course}/playlists/{playlist.id}/progress/students.csv")).text
    )
    assert "'=1+1" in {row[0] for row in table}


@pytest.mark.parametrize("show", ["help", "nonsense", ""])
async def test_a_draft_has_no_monitor(site: Site, show: str) -> None:
    from tests.playlists.test_routes import draft

    playlist = await draft(site)
    teacher = await site.teacher()
    here = f"{site.course}/playlists/{playlist.id}/progress"
    assert (await teacher.get(f"{here}?show={show}")).url.path.endswith("/assign")
    assert (await teacher.get(f"{here}/students.csv?show={show}")).status_code == 404


# --- Personal playlists


@pytest.fixture
async def made(database: Database) -> PathWorld:
    async with database.writing() as session:
        found = await path_world.path_world(session)
        await path_world.personal(session, found)
    return found


async def test_of_a_personal_playlist_each_line_says_what_for_and_towards_what(
    database: Database, made: PathWorld
) -> None:
    here, ada = visiting(made.world.school), made.world.ada
    assert made.playlist is not None
    await replanning.up_to_date(database, here.course, ada.id, seed.NOW)
    async with database.writing() as session:
        session.add(
            LearnerProfile(
                organisation_id=made.id,
                course_id=here.course.id,
                person_id=ada.id,
                goal_competency_id=made.world.competencies["F.3"].id,
                changed_at=seed.NOW,
            )
        )
    async with database.reading() as session:
        now = await monitor.class_now(session, here, made.playlist, seed.NOW)
    by_person = {line.person.id: line for line in now.lines}
    line = by_person[ada.id]
    assert now.is_personal
    assert (line.about, line.goal, line.progress.done, line.progress.total) == ("F.1", "F.3", 0, 10)
    assert line.step is not None
    assert line.step.content_item_id == made.items["page F.1"].id
    others = [one for person_id, one in by_person.items() if person_id != ada.id]
    assert {(one.step, one.goal) for one in others} == {(None, "")}


async def stuck(database: Database, made: PathWorld) -> None:
    """Ada has read what teaches the first competency and failed its only quiz four times."""
    course, ada = made.world.course, made.world.ada
    await replanning.up_to_date(database, course, ada.id, seed.NOW)
    async with database.writing() as session:
        [path] = await loading.paths_of_person(session, course, ada.id, seed.NOW)
        page = next(step for step in path.present if step.content_item_id == made.items["page F.1"].id)
        await service.sign_off(session, course, path.playlist.id, ada.id, page.id, None, seed.NOW)
    quiz = made.items["quiz F.1"].id
    tries = [
        made.world.entry("F.1", f"try:{number}", seed.NOW, right=False, content_item_id=quiz, item="q")
        for number in range(4)
    ]
    await append(database, made.world, *tries, now=seed.NOW + timedelta(minutes=1))
    await replanning.up_to_date(database, course, ada.id, seed.NOW + timedelta(minutes=1))


async def test_whoever_is_stuck_waits_for_the_teacher_with_why(database: Database, made: PathWorld) -> None:
    here, ada = visiting(made.world.school), made.world.ada
    await stuck(database, made)
    async with database.reading() as session:
        found = await answering.waiting(session, here)
        whys = await monitor_student.reasons_of(session, here, {one.request.id: one.why for one in found})
    asked = [(one.person.id, one.request.kind, one.by_tool) for one in found]
    assert asked == [(ada.id, RequestKind.CONFERENCE, True)]
    assert "4" in whys[found[0].request.id]
    assert "F.1" in whys[found[0].request.id]
    # Planned again, it is asked once; answered, the step is done and nothing waits.
    await replanning.up_to_date(database, here.course, ada.id, seed.NOW + timedelta(hours=1))
    async with database.writing() as session:
        [one] = await answering.waiting(session, here)
        await answering.answer(session, here, one.request.id, Outcome.HELD, "", seed.NOW + timedelta(hours=2))
    async with database.reading() as session:
        assert await answering.waiting(session, here) == []
        [path] = await loading.paths_of_person(session, here.course, ada.id, seed.NOW + timedelta(hours=2))
    assert path.progress.done == 2


async def test_a_talk_that_is_planned_no_more_waits_no_more(database: Database, made: PathWorld) -> None:
    here, ada = visiting(made.world.school), made.world.ada
    await stuck(database, made)
    seen = made.world.entry(
        "F.1", "judged", seed.NOW, source=EvidenceSource.OVERRIDE, judged=Standing.SECURE, note="Explained it to me"
    )
    await append(database, made.world, seen, now=seed.NOW + timedelta(hours=1))
    await replanning.up_to_date(database, here.course, ada.id, seed.NOW + timedelta(hours=1))
    async with database.reading() as session:
        assert await answering.waiting(session, here) == []
        [row] = (await session.exec(scoped(PathRequest, made.id))).all()
    assert (row.answered_at, row.outcome) == (seed.NOW + timedelta(hours=1), None)


async def test_the_pages_of_a_personal_playlist_are_up_to_date(site: Site) -> None:
    async with site.database.writing() as session:
        made = await path_world.path_world(session, name="Pine School")
        playlist = await path_world.personal(session, made)
    school = made.world.school
    teacher = await site.sign_in(school.teacher, Role.TEACHER, school=school)
    here = f"/courses/{school.course.id}/playlists/{playlist.id}"
    page = (await teacher.get(f"{here}/progress")).text
    assert page.count("page F.1") >= 3, "each is told what comes, planned by the look itself"
    assert "Towards" in page
    assert "0 of 10" in page
    assert f"{here}/path" in page
    page = (await teacher.get(f"{here}/students/{made.world.ada.id}")).text
    assert "page F.1" in page
    assert f"{here}/path/students/{made.world.ada.id}" in page
    table = file_of((await teacher.get(f"{here}/progress/students.csv")).text)
    assert table[0][:6] == ["Student", "Steps done", "Steps asked for", "Next step", "Works on", "Works towards"]
    seen = (await teacher.get(f"{here}/students/{made.world.ada.id}/as-they-see-it")).text
    assert "page F.1" in seen
    assert "<form" not in seen.split("<main")[1].split("</main>")[0]
