"""A student's own pages: writing, asking, choosing, passing over, on paper, light; who may not; what is kept if it fails."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from lti_tool.courses.models import Person
from lti_tool.lti.models import Role
from lti_tool.playlists import service, views
from lti_tool.playlists.models import (
    DoneRule,
    OrderRule,
    PersonalPlaylist,
    Playlist,
    PlaylistKind,
    PlaylistStep,
    StepKind,
    StepOrigin,
    StepState,
)
from lti_tool.playlists.path_models import Outcome, PathRequest, PathWord, RequestKind, WordKind
from lti_tool.playlists.paths import Path
from lti_tool.web import i18n
from tests.playlists import seed
from tests.playlists.seed import NOW
from tests.playlists.site import Site, Visitor
from tests.playlists.test_asking import a_choice, a_copy, a_step


async def a_path(site: Site) -> tuple[PersonalPlaylist, dict[str, PlaylistStep]]:
    """Ada's path: a page, a reflection, a task that is signed off, a quiz, a talk; in any order."""
    async with site.database.writing() as session:
        copy = await a_copy(session, site.school)
        steps = {
            "page": await a_step(session, copy, "Read", 0, content_item_id=site.school.items["page"].id, minutes=20),
            "write": await a_step(
                session, copy, "What was hard?", 1, kind=StepKind.REFLECTION, done_rule=DoneRule.WRITTEN
            ),
            "show": await a_step(session, copy, "Show me", 2, kind=StepKind.TASK, done_rule=DoneRule.SIGNED),
            "quiz": await a_step(
                session,
                copy,
                "Quiz",
                3,
                content_item_id=site.school.items["quiz"].id,
                done_rule=DoneRule.RESULT,
                pass_percent=70,
            ),
            "talk": await a_step(session, copy, "See me", 4, kind=StepKind.CONFERENCE, done_rule=DoneRule.SIGNED),
        }
        statement = select(Playlist).where(Playlist.organisation_id == site.school.id, Playlist.id == copy.playlist_id)
        playlist = (await session.exec(statement)).one()
        playlist.order_rule = OrderRule.ANY
        session.add(playlist)
    return copy, steps


def forms(copy: PersonalPlaylist, step_id: uuid.UUID, item_id: uuid.UUID) -> list[tuple[str, dict[str, str]]]:
    here = f"/my/{copy.id}"
    return [
        (f"{here}/steps/{step_id}/words", {"words": "It was hard"}),
        (f"{here}/steps/{step_id}/skip", {"reason": "known"}),
        (f"{here}/steps/{step_id}/choose", {"item": str(item_id)}),
        (f"{here}/steps/{step_id}/ask", {"kind": "help"}),
        (f"{here}/steps/{step_id}/take-back", {"kind": "help"}),
        (f"{here}/ask", {"kind": "help"}),
        (f"{here}/take-back", {"kind": "help"}),
        (f"{here}/words/{uuid.uuid4()}/seen", {}),
    ]


def looks(copy: PersonalPlaylist) -> list[str]:
    return [f"/my/{copy.id}", f"/my/{copy.id}/print", f"/my/{copy.id}/light"]


async def path_of(site: Site, copy: PersonalPlaylist) -> Path:
    async with site.database.reading() as session:
        return await service.path_of_person(
            session, site.school.course, site.school.students[0].id, copy.id, site.clock.now()
        )


async def requests(site: Site) -> list[PathRequest]:
    async with site.database.reading() as session:
        statement = select(PathRequest).where(PathRequest.organisation_id == site.school.id)
        return list((await session.exec(statement)).all())


async def ada(site: Site, copy: PersonalPlaylist, **start: Any) -> Visitor:
    visitor = await site.sign_in(site.school.students[0], **start)
    await visitor.get(f"{site.course}/my/{copy.id}")
    return visitor


# --- Who may come in


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    copy, steps = await a_path(site)
    async with site.client() as client:
        for page in looks(copy):
            assert (await client.get(site.course + page)).status_code == 401, page
        for form, fields in forms(copy, steps["write"].id, site.school.items["page"].id):
            assert (await client.post(site.course + form, data=fields)).status_code in (401, 403), form


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER, Role.OTHER])
async def test_a_students_path_is_the_students(site: Site, role: Role) -> None:
    copy, steps = await a_path(site)
    visitor = await site.sign_in(site.school.teacher, role, observes=("student-0",))
    for page in looks(copy):
        assert (await visitor.get(site.course + page)).status_code == 403, page
    for form, fields in forms(copy, steps["write"].id, site.school.items["page"].id):
        assert (await visitor.post(site.course + form, **fields)).status_code == 403, form


async def test_another_student_and_another_school_find_nothing(site: Site) -> None:
    copy, steps = await a_path(site)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    strangers: list[tuple[Person, dict[str, Any], list[str]]] = [
        (site.school.students[1], {}, [site.course]),
        (other.students[0], {"school": other}, [site.course, f"/courses/{other.course.id}"]),
    ]
    for person, start, courses in strangers:
        visitor = await site.sign_in(person, **start)
        await visitor.get(f"{courses[-1]}/my")
        for course in courses:
            for page in looks(copy):
                assert (await visitor.get(course + page)).status_code == 404, page
            for form, fields in forms(copy, steps["write"].id, site.school.items["page"].id):
                assert (await visitor.post(course + form, **fields)).status_code == 404, form
    assert await requests(site) == []
    assert (await path_of(site, copy)).rows == {}


async def test_who_acts_as_the_student_sees_no_form_and_records_nothing(site: Site) -> None:
    copy, steps = await a_path(site)
    acting = await ada(site, copy, masquerading=True)
    for page in looks(copy):
        shown = await acting.get(site.course + page)
        assert shown.status_code == 200
        assert 'method="post"' not in shown.text, page
    for form, fields in forms(copy, steps["write"].id, site.school.items["page"].id):
        assert (await acting.post(site.course + form, **fields)).status_code == 403, form
    assert await requests(site) == []


# --- In one's own words


async def test_a_reflection_is_kept_shown_and_written_anew(site: Site) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    address = f"{site.course}/my/{copy.id}/steps/{steps['write'].id}/words"
    page = await student.post(address, words="  The <b>folding</b>  ")
    assert "Kept. You can write it anew at any time." in page.text
    assert "The &lt;b&gt;folding&lt;/b&gt;" in page.text
    path = await path_of(site, copy)
    assert path.rows[steps["write"].id].state is StepState.DONE
    await student.post(address, words="The sharing")
    assert (await path_of(site, copy)).rows[steps["write"].id].words == "The sharing"


@pytest.mark.parametrize(("words", "status"), [("", 400), ("   ", 400), ("x" * 4001, 400)])
async def test_what_cannot_be_kept_comes_back_with_what_was_written(site: Site, words: str, status: int) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    page = await student.post(f"{site.course}/my/{copy.id}/steps/{steps['write'].id}/words", words=words)
    assert page.status_code == status
    assert "A few words are missing here" in page.text
    assert words.strip() in page.text
    assert (await path_of(site, copy)).rows == {}


async def test_words_for_a_step_that_has_gone_are_not_lost(site: Site) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    async with site.database.writing() as session:
        step = await session.get(PlaylistStep, (site.school.id, steps["write"].id))
        assert step is not None
        step.removed_at = NOW
        session.add(step)
    page = await student.post(
        f"{site.course}/my/{copy.id}/steps/{steps['write'].id}/words", words="A long thought of mine"
    )
    assert page.status_code == 409
    assert "A long thought of mine" in page.text
    assert "no longer part of the playlist" in page.text


# --- Asking


async def test_a_student_asks_takes_back_and_reads_the_answer(site: Site) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    here = f"{site.course}/my/{copy.id}/steps/{steps['quiz'].id}"
    page = await student.post(f"{here}/ask", kind="help", words="Question 3")
    assert "Your teacher sees that you asked." in page.text
    assert "You asked for help." in page.text
    assert "“Question 3”" in page.text
    await student.post(f"{here}/ask", kind="help", words="Question 4")
    [row] = await requests(site)
    assert (row.words, row.kind) == ("Question 4", RequestKind.HELP)
    page = await student.post(f"{here}/take-back", kind="help")
    assert "Taken back." in page.text
    assert "You asked for help." not in page.text
    async with site.database.writing() as session:
        session.add(
            PathRequest(
                organisation_id=site.school.id,
                personal_playlist_id=copy.id,
                step_id=steps["quiz"].id,
                kind=RequestKind.HELP,
                created_at=NOW,
                answered_at=NOW,
                answered_by=site.school.teacher.id,
                outcome=Outcome.ANSWERED,
                answer="Draw it first",
            )
        )
    page = await student.get(f"{site.course}/my/{copy.id}")
    assert "“Draw it first”" in page.text


async def test_a_sign_off_and_a_talk_are_asked_for_and_wait(site: Site) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    page = await student.post(f"{site.course}/my/{copy.id}/steps/{steps['show'].id}/ask", kind="sign-off")
    assert "You asked for the sign-off." in page.text
    page = await student.post(
        f"{site.course}/my/{copy.id}/steps/{steps['talk'].id}/ask", kind="conference", words="After lunch"
    )
    assert "You asked for a time to talk." in page.text
    assert {row.kind for row in await requests(site)} == {RequestKind.SIGN_OFF, RequestKind.CONFERENCE}
    # What waits is not offered again.
    assert "I am ready: ask for the sign-off" not in page.text
    assert "Ask for a time" not in page.text
    page = await student.post(f"{site.course}/my/{copy.id}/steps/{steps['page'].id}/ask", kind="sign-off")
    assert page.status_code == 409
    assert "There is nothing to ask for here" in page.text
    page = await student.post(f"{site.course}/my/{copy.id}/ask", kind="help", words="y" * 1001)
    assert page.status_code == 400
    assert "y" * 1001 in page.text
    assert (await student.post(f"{site.course}/my/{copy.id}/ask", kind="gold")).status_code == 400


async def test_what_the_teacher_wrote_is_shown_until_it_was_read_and_folded_after(site: Site) -> None:
    copy, _ = await a_path(site)
    async with site.database.writing() as session:
        words = [
            PathWord(organisation_id=site.school.id, personal_playlist_id=copy.id, kind=kind, text=text, created_at=NOW)
            for kind, text in ((WordKind.COMMENT, "Good drawing"), (WordKind.NUDGE, ""))
        ]
        session.add_all(words)
    student = await ada(site, copy)
    page = await student.get(f"{site.course}/my/{copy.id}")
    assert page.text.count("Your teacher writes to you") == 2
    assert "Go on with your next step." in page.text
    page = await student.post(f"{site.course}/my/{copy.id}/words/{words[0].id}/seen")
    assert page.text.count("Your teacher writes to you") == 1
    assert "What your teacher wrote before" in page.text


# --- What the tool chose


async def test_a_step_of_the_tools_is_passed_over_with_a_reason_and_taken_up_again(site: Site) -> None:
    async with site.database.writing() as session:
        school, _, copy, step = await a_choice(session)
    site.school = school
    student = await ada(site, copy)
    here = f"{site.course}/my/{copy.id}/steps/{step.id}"
    page = await student.post(f"{here}/skip")
    assert page.status_code == 400
    assert "Say why you skip it" in page.text
    assert (await student.post(f"{here}/skip", reason="lazy")).status_code == 400
    page = await student.post(f"{here}/skip", reason="known", words="From last year")
    assert "Skipped." in page.text
    row = (await path_of(site, copy)).rows[step.id]
    assert row.words == "I know this already. From last year"
    assert row.skipped_at == site.clock.now()
    await student.post(f"{here}/open")
    row = (await path_of(site, copy)).rows[step.id]
    assert (row.skipped_at, row.state) == (None, StepState.OPENED)


async def test_must_dos_of_the_teacher_are_not_passed_over(site: Site) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    page = await student.post(f"{site.course}/my/{copy.id}/steps/{steps['page'].id}/skip", reason="known")
    assert page.status_code == 409
    assert "Skip it" not in page.text


async def test_a_student_chooses_among_equals_on_the_page(site: Site) -> None:
    async with site.database.writing() as session:
        school, _, copy, step = await a_choice(session)
    site.school = school
    student = await ada(site, copy)
    page = await student.get(f"{site.course}/my/{copy.id}")
    assert "Or instead: The video" in page.text
    assert "Another way to learn it:" in page.text
    assert "0.6" not in page.text
    page = await student.post(f"{site.course}/my/{copy.id}/steps/{step.id}/choose", item=str(school.items["video"].id))
    assert "Your choice is on your path now." in page.text
    assert "You chose this one." in page.text
    path = await path_of(site, copy)
    # And it stays when the path is planned again, which the page has done.
    assert next((one.title, one.origin) for one in path.present) == ("The video", StepOrigin.STUDENT)
    assert sum(one.title == "The video" for one in path.present) == 1
    assert (await student.post(f"{site.course}/my/{copy.id}/steps/{step.id}/choose", item="x")).status_code == 400


async def test_nothing_next_is_said_with_what_to_do(site: Site) -> None:
    async with site.database.writing() as session:
        copy = await a_copy(session, site.school, PlaylistKind.PERSONAL)
    student = await ada(site, copy)
    page = await student.get(f"{site.course}/my/{copy.id}")
    assert "Nothing to do here just now" in page.text
    assert "Ask my teacher about my path" in page.text
    async with site.database.writing() as session:
        await a_step(session, copy, "Proposed", personal_playlist_id=copy.id, origin=StepOrigin.TOOL, proposed=True)
    page = await student.get(f"{site.course}/my/{copy.id}")
    assert "Your teacher looks at your next steps first." in page.text
    assert "Proposed" not in page.text


# --- On paper, and with little data


async def test_paper_has_boxes_lines_and_addresses_and_a_name_only_when_asked(site: Site) -> None:
    copy, _ = await a_path(site)
    student = await ada(site, copy)
    page = await student.get(f"{site.course}/my/{copy.id}/print")
    assert page.text.count("sheet-step__box") == 5
    assert page.text.count("sheet-step__lines") == 1
    assert "https://lms.example/page" in page.text
    assert "Ada" not in page.text
    assert "Ada Ash" in (await student.get(f"{site.course}/my/{copy.id}/print?name=yes")).text


async def test_the_light_page_has_no_script_font_or_picture_and_its_forms_come_back_to_it(site: Site) -> None:
    copy, steps = await a_path(site)
    student = await ada(site, copy)
    light = f"{site.course}/my/{copy.id}/light"
    page = await student.get(light)
    assert not re.search(r"<script|<img|<svg|preload|woff", page.text)
    assert len(page.content) < 14_000
    forms_of_page = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)
    assert forms_of_page
    assert all('name="light" value="yes"' in form for form in forms_of_page)
    for action, fields in (
        ("page/done", {}),
        ("write/words", {"words": "The folding"}),
        ("show/ask", {"kind": "sign-off"}),
        ("quiz/ask", {"kind": "help"}),
        ("quiz/take-back", {"kind": "help"}),
    ):
        name, act = action.split("/")
        answer = await student.post(
            f"{site.course}/my/{copy.id}/steps/{steps[name].id}/{act}", follow=False, light="yes", **fields
        )
        assert answer.status_code == 303, action
        assert answer.headers["location"].split("?")[0].split("#")[0] == light, action


# --- How long; pure


def test_days_are_those_of_the_reader() -> None:
    begins = datetime(2026, 9, 1, 8, tzinfo=UTC)
    due = datetime(2026, 9, 5, 16, tzinfo=UTC)
    assert views.days_until(begins, due, datetime(2026, 9, 4, 9, tzinfo=UTC)) == views.Days(left=2, total=5, school=1)
    assert views.days_until(begins, due, due) is None
    assert views.days_until(begins, None, begins) is None
    # In Auckland it is the 5th already, and due on the 6th.
    late = datetime(2026, 9, 4, 14, tzinfo=UTC).astimezone(ZoneInfo("Pacific/Auckland"))
    assert views.days_until(begins, due, late) == views.Days(left=2, total=6, school=0)
    assert views.days_until(due, due, begins) == views.Days(left=5, total=5, school=4)


@pytest.mark.parametrize(
    ("hours", "zone", "said"),
    [
        (2, "UTC", "today, 12:00\u202fPM"),
        (20, "UTC", "tomorrow, 6:00\u202fAM"),
        (-12, "UTC", "yesterday, 10:00\u202fPM"),
        (12, "Europe/Madrid", "tomorrow, 12:00\u202fAM"),
        (72, "UTC", "Fri, Sep 4, 10:00\u202fAM"),
        (24 * 30, "UTC", "Oct 1, 2026, 10:00\u202fAM"),
    ],
)
def test_what_is_near_is_said_as_people_say_it(hours: int, zone: str, said: str) -> None:
    now = datetime(2026, 9, 1, 10, tzinfo=UTC)
    with i18n.in_zone(zone):
        assert i18n.format_near(now + timedelta(hours=hours), now) == said
