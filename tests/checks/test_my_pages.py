"""A student's pages of a check: who may open them, every kind of question without script, feedback, results, playlists."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.checks import attempt_queries
from lti_tool.checks.models import Check, CheckAttempt, CheckStatus, Feedback, Selection
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.db.base import scoped
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.menus import board_editing
from lti_tool.playlists import editing, service
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import DoneRule, PlaylistStep, StepState
from tests.checks import asked
from tests.checks.site import CheckSite, press, send
from tests.checks.taking import a_check, a_question
from tests.playlists import seed
from tests.playlists.seed import NOW
from tests.playlists.watching import only_their_section

MINUTE = timedelta(minutes=1)


def right_fields(site: CheckSite) -> dict[str, str | list[str]]:
    """What is right for the question of each kind, as a form sends it."""
    ids = [f"a.{site.id_of(place)}" for place in range(7)]
    return {
        ids[0]: "a",
        ids[1]: ["two", "four"],
        ids[2]: "1,5",
        ids[3]: "numerator",
        f"{ids[4]}.q": "1",
        f"{ids[4]}.t": "2",
        f"{ids[4]}.h": "3",
        f"{ids[4]}.w": "4",
        f"{ids[5]}.half": "50",
        f"{ids[5]}.quarter": "25",
        f"{ids[5]}.whole": "100",
        f"{ids[6]}.n": "50",
        f"{ids[6]}.w": "fifty",
        f"{ids[6]}.c": "more",
    }


# --- Who may ----------------------------------------------------------------------------------------------------------


async def test_only_the_courses_students_take_its_checks(site: CheckSite) -> None:
    check = await site.check()
    home = site.made.address(check)
    async with site.client() as nobody:
        for path in (home, f"{home}/attempts/1", f"{home}/attempts/1/end", f"{home}/attempts/1/result"):
            assert (await nobody.get(path)).status_code == 401
        for path in ("begin", "attempts/1", "attempts/1/save", "attempts/1/end"):
            assert (await nobody.post(f"{home}/{path}")).status_code in {401, 403}
    teacher = await site.teacher()
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    stranger = await site.sign_in(other.students[0], school=other)
    ada = await site.student()
    await ada.get(home)
    await ada.post(f"{home}/begin")
    ben = await site.student(1)
    await ben.get(home)
    for visitor, code in ((teacher, 403), (stranger, 404)):
        for path in (f"{home}/attempts/1", f"{home}/attempts/1/end", f"{home}/attempts/1/result"):
            assert (await visitor.get(path)).status_code == code
    assert (await stranger.get(home)).status_code == 404
    # The address stands among the course's content, where teachers follow it too.
    assert (await teacher.get(home)).url.path == f"/courses/{check.course_id}/checks/{check.id}"
    observer = await site.sign_in(site.school.students[1], Role.OBSERVER)
    assert (await observer.get(home)).status_code == 403
    assert (await ben.get(f"{home}/attempts/1")).status_code == 404
    for path in ("attempts/1", "attempts/1/save", "attempts/1/end"):
        assert (await ben.post(f"{home}/{path}", question="x")).status_code == 404
        assert (await ada.post(f"{home.replace(str(check.id), str(check.course_id))}/{path}")).status_code == 404
        for visitor in (teacher, stranger):
            assert (await visitor.post(f"{home}/{path}")).status_code in {401, 403, 404, 409}
    draft = await site.check(status=CheckStatus.DRAFT, title="Later")
    assert (await ada.get(site.made.address(draft))).status_code == 404


async def test_whoever_acts_as_a_student_looks_and_changes_nothing(site: CheckSite) -> None:
    check = await site.check()
    home = site.made.address(check)
    acting = await site.sign_in(site.school.students[0], masquerading=True)
    assert (await acting.get(home)).status_code == 200
    assert (await acting.post(f"{home}/begin")).status_code == 403
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    shown = await acting.get(str(page.url.path))
    assert shown.status_code == 200
    assert "disabled" in shown.text
    assert (await acting.post(f"{home}/attempts/1/end")).status_code == 403


# --- All at once ------------------------------------------------------------------------------------------------------


async def test_every_kind_is_answered_without_script_and_counts(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END, introduction="Take your time.")
    home = site.made.address(check)
    ada = await site.student()
    front = await ada.get(home)
    assert "Take your time." in front.text
    assert "7 questions" in front.text
    page = await ada.post(f"{home}/begin")
    assert page.text.count("<fieldset") == 7
    page = await press(ada, page, "save", **{f"a.{site.id_of(3)}": "nomerator"})
    assert "Your answers are saved." in page.text
    assert 'value="nomerator"' in page.text
    page = await press(ada, page, "end", **{f"a.{site.id_of(3)}": "numerator"})
    assert "6 questions have no answer yet" in page.text
    page = await ada.get(f"{home}/attempts/1")
    page = await press(ada, page, "end", **right_fields(site))
    assert "All 7 answers are there." in page.text
    page = await ada.post(f"{home}/attempts/1/end")
    assert "Your result: 100%" in page.text
    assert "You have reached what was asked." in page.text
    assert page.text.count("Right</span>") >= 7
    assert "Well done." in page.text  # What the author says.
    again = await ada.post(f"{home}/attempts/1/end")
    assert "This attempt had ended already" in again.text
    assert "100%" in (await ada.get(home)).text


async def test_what_was_missed_is_told_as_far_as_the_teacher_wants(site: CheckSite) -> None:
    ada = await site.student()
    for told, shows_right, sees, hides in (
        (Feedback.END, True, "numerator", "nothing at all"),
        (Feedback.END, False, "Your answers", "numerator"),
        (Feedback.RESULT, True, "0%", "Your answers"),
    ):
        check = await site.check(feedback=told, shows_right=shows_right, title=f"{told} {shows_right}")
        home = site.made.address(check)
        await ada.get(home)
        page = await ada.post(f"{home}/begin")
        await press(ada, page, "end", **{f"a.{site.id_of(3)}": "denominator"})
        page = await ada.post(f"{home}/attempts/1/end")
        assert sees in page.text
        assert hides not in page.text


async def test_things_are_ordered_by_buttons_without_script(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")

    async def order() -> list[str]:
        async with site.database.reading() as session:
            found = (await session.exec(scoped(CheckAttempt, site.made.world.id))).one()
            answers = await attempt_queries.answers(session, site.made.world.id, found.id)
        return answers[site.made.rows[4].id].response["response"]

    page = await press(ada, page, f"move:{site.id_of(4)}:2:up")
    first = await order()
    page = await press(ada, page, f"move:{site.id_of(4)}:2:up")
    assert await order() == [first[1], first[0], *first[2:]]
    await press(ada, page, f"move:{site.id_of(4)}:4:down")
    assert await order() == [first[1], first[0], *first[2:]]
    assert (await press(ada, page, f"move:{site.id_of(0)}:1:up")).status_code == 400
    assert (await press(ada, page, "nonsense")).status_code == 400


async def test_a_second_tab_that_is_older_changes_nothing(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    old = page
    await press(ada, page, "save", **{f"a.{site.id_of(3)}": "numerator"})
    late = await press(ada, old, "save", **{f"a.{site.id_of(2)}": "1.5", f"a.{site.id_of(3)}": ""})
    assert "in another tab or on another device" in late.text
    assert 'value="numerator"' in late.text
    assert 'value="1.5"' in late.text


# --- One by one -------------------------------------------------------------------------------------------------------


async def test_feedback_comes_after_each_question_and_hints_after_a_try(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.EACH, tries=2)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    assert page.text.count("<fieldset") == 1
    choice = site.id_of(0)
    page = await press(ada, page, f"give:{choice}")
    assert "You gave no answer." in page.text
    page = await press(ada, page, f"give:{choice}", **{f"a.{choice}": "b"})
    assert "Not yet" in page.text
    assert "Look at the lower number." in page.text
    assert "Draw it." in page.text
    assert "You can try once more." in page.text
    page = await press(ada, page, f"give:{choice}", **{f"a.{choice}": "a"})
    assert "Well done." in page.text
    assert "disabled" in page.text
    page = await press(ada, page, f"next:{choice}")
    assert "Question 2 of 7" in page.text
    page = await press(ada, page, "go:3")
    page = await press(ada, page, f"give:{site.id_of(2)}", **{f"a.{site.id_of(2)}": "much"})
    assert "could not be read as a number" in page.text
    assert 'value="much"' in page.text


async def test_support_of_fewer_at_once_shows_one_question_at_a_time(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END)
    async with site.database.writing() as session:
        session.add(
            LearnerSupport(
                organisation_id=site.made.world.id,
                course_id=site.made.world.course.id,
                person_id=site.school.students[0].id,
                support=Support.FEWER_AT_ONCE,
                created_at=NOW,
            )
        )
    ada = await site.student()
    await ada.get(site.made.address(check))
    page = await ada.post(f"{site.made.address(check)}/begin")
    assert page.text.count("<fieldset") == 1
    page = await press(ada, page, "go:2", **{f"a.{site.id_of(0)}": "a"})
    assert "Question 2 of 7" in page.text
    page = await press(ada, page, "go:1")
    assert " checked" in page.text


# --- By script --------------------------------------------------------------------------------------------------------


async def test_the_script_saves_one_answer_at_a_time(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    await ada.post(f"{home}/begin")
    save, text = f"{home}/attempts/1/save", site.id_of(3)

    async def told(number: int, value: str) -> dict[str, object]:
        answer = await ada.by_script(save, question=text, number=str(number), **{f"a.{text}": value})
        assert answer.status_code == 200
        found: dict[str, object] = answer.json()
        return found

    assert await told(40, "nume") == {"saved": True, "number": 40, "ended": False}
    assert await told(30, "n") == {"saved": False, "number": 40, "ended": False}
    assert await told(40, "nume") == {"saved": True, "number": 40, "ended": False}
    assert await told(41, "numerator") == {"saved": True, "number": 41, "ended": False}
    assert 'value="numerator"' in (await ada.get(f"{home}/attempts/1")).text
    assert (await ada.by_script(save, question="x", number="1")).status_code == 400
    await ada.post(f"{home}/attempts/1/end")
    assert (await told(50, "late"))["ended"] is True
    assert "late" not in (await ada.get(f"{home}/attempts/1/result")).text


# --- Time -------------------------------------------------------------------------------------------------------------


async def test_time_that_is_up_ends_the_attempt_at_the_next_look(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END, minutes=10)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    assert "10 minutes left" in page.text
    page = await press(ada, page, "time")
    assert "Your answers are saved." in page.text  # Too early: a made-up press ends nothing.
    page = await press(ada, page, "save", **right_fields(site))
    site.clock.move(10 * MINUTE + timedelta(seconds=5))
    ended = await press(ada, page, "time")
    assert "Your time is up." in ended.text
    assert "100%" in ended.text
    await ada.post(f"{home}/begin")
    site.clock.move(20 * MINUTE)
    assert "0%" in (await ada.get(f"{home}/attempts/2")).text
    assert "You can try as often as you like." in (await ada.get(home)).text


async def test_an_attempt_that_has_run_out_makes_room_for_the_next(site: CheckSite) -> None:
    check = await site.check(minutes=5, attempts=2)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    await ada.post(f"{home}/begin")
    site.clock.move(30 * MINUTE)
    page = await ada.post(f"{home}/begin")
    assert "/attempts/2" in str(page.url)
    site.clock.move(30 * MINUTE)
    refused = await ada.post(f"{home}/begin")
    assert refused.status_code == 409
    assert "You cannot begin this check now" in refused.text
    assert "You have used all attempts." in (await ada.get(home)).text


# --- From a playlist --------------------------------------------------------------------------------------------------


async def test_a_step_and_an_option_count_from_the_mark_of_the_check(site: CheckSite) -> None:
    check = await site.check(title="Check on halves", pass_percent=85.0)
    course, now = site.made.world.course, site.clock.now()
    async with site.database.writing() as session:
        item = (
            await session.exec(scoped(ContentItem, site.school.id).where(ContentItem.id == check.content_item_id))
        ).one()
        ids = [item.id, site.school.items["quiz"].id]
        playlist = await editing.create(session, course, Basics("Halves"), site.school.teacher.id, now)
        await editing.add_items(session, course, playlist.id, playlist.revision, ids, now)
        steps = (await session.exec(scoped(PlaylistStep, site.school.id))).all()
        assert {one.content_item_id: one.pass_percent for one in steps} == {item.id: 85, ids[1]: 70}
        [option] = await board_editing.of_items(session, course, [item])
        assert option.pass_percent == 85


async def test_a_step_leads_to_the_check_in_the_same_frame_and_is_done_by_its_result(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END, title="Check on halves")
    course, now = site.made.world.course, site.clock.now()
    async with site.database.writing() as session:
        playlist = await editing.create(session, course, Basics("Halves"), site.school.teacher.id, now)
        await editing.add_items(session, course, playlist.id, playlist.revision, [check.content_item_id], now)
        step = (await session.exec(scoped(PlaylistStep, site.made.world.id))).one()
        step.done_rule, step.pass_percent = DoneRule.RESULT, 80.0
        session.add(step)
        await session.flush()
        await editing.assign(session, course, playlist.id, playlist.revision, Terms(), site.school.teacher.id, now)
    ada = await site.student()
    path = await ada.get(f"{site.course}/my")
    copy = str(path.url).rsplit("/", 1)[-1]
    address = f"{site.made.address(check)}?path={copy}"
    link = path.text[path.text.index(address) - 200 : path.text.index(address) + 300]
    assert "_blank" not in link
    assert "opens in a new tab" not in link
    await ada.get(address)
    page = await send(ada, f"{site.made.address(check)}/begin", {"path": copy})
    assert f"path={copy}" in str(page.url)
    await press(ada, page, "end", **{f"a.{site.id_of(0)}": "a"})
    page = await send(ada, f"{site.made.address(check)}/attempts/1/end", {"path": copy})
    assert f'href="{site.course}/my/{copy}"' in page.text
    async with site.database.reading() as session:
        (mine,) = await service.paths_of_person(session, course, site.school.students[0].id, site.clock.now())
        (standing,) = [mine.standing(one) for one in mine.present]
    assert (standing.state, round(standing.result_percent or 0, 2)) == (StepState.OPENED, 7.14)
    site.clock.move(MINUTE)
    page = await send(ada, f"{site.made.address(check)}/begin", {"path": copy})
    await press(ada, page, "end", **right_fields(site))
    await send(ada, f"{site.made.address(check)}/attempts/2/end", {"path": copy})
    async with site.database.reading() as session:
        (mine,) = await service.paths_of_person(session, course, site.school.students[0].id, site.clock.now())
        (standing,) = [mine.standing(one) for one in mine.present]
    assert (standing.state, standing.result_percent) == (StepState.DONE, 100.0)


# --- The teacher ------------------------------------------------------------------------------------------------------


async def test_a_teacher_sees_what_was_answered_and_the_look_is_recorded(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.RESULT)
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    await press(ada, page, "end", **(right_fields(site) | {f"a.{site.id_of(3)}": "<b>denominator</b>"}))
    async with site.database.reading() as session:
        attempt = (await session.exec(scoped(CheckAttempt, site.made.world.id))).one()
    address = f"{site.course}/checks/{check.id}/attempts/{attempt.id}"
    async with site.client() as nobody:
        assert (await nobody.get(address)).status_code == 401
    assert (await ada.get(address)).status_code == 403
    teacher = await site.teacher()
    assert "not handed in yet" in (await teacher.get(address)).text
    await ada.get(home)
    await ada.post(f"{home}/attempts/1/end")
    page = await teacher.get(address)
    assert "Ada Ash: attempt 1" in page.text
    assert "&lt;b&gt;denominator&lt;/b&gt;" in page.text
    assert "Not one of the accepted answers." in page.text
    assert "numerator" in page.text
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
        session.expunge_all()
    stranger = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    assert (await stranger.get(address)).status_code == 404
    elsewhere = await site.check(title="Another")
    assert (await teacher.get(address.replace(str(check.id), str(elsewhere.id)))).status_code == 404
    async with site.database.reading() as session:
        looks = (await session.exec(select(AuditEntry).where(AuditEntry.action == "student.answers-viewed"))).all()
    assert len(looks) == 2
    assert {look.subject for look in looks} == {f"person:{site.school.students[0].id}"}


def test_a_check_gives_results_and_teachers_have_a_page_of_their_own(site: CheckSite) -> None:
    item = ContentItem(
        organisation_id=site.school.id,
        course_id=site.school.course.id,
        external_id="check:17",
        kind=ItemKind.QUIZ,
        title="Halves",
        url="/courses/1/my/checks/17",
        seen_at=NOW,
    )
    assert content_rules.gives_results(item)
    assert content_rules.teachers_address(item) == "/courses/1/checks/17"
    assert editing.of_item(item).done_rule is DoneRule.RESULT
    quiz = site.school.items["quiz"]
    assert content_rules.gives_results(quiz)
    assert content_rules.teachers_address(quiz) == quiz.url
    assert not content_rules.gives_results(site.school.items["page"])


async def test_a_check_that_is_closed_is_finished_by_who_had_begun_and_by_nobody_else(site: CheckSite) -> None:
    check = await site.check(feedback=Feedback.END)
    home = site.made.address(check)
    ada, ben = await site.student(), await site.student(1)
    await ada.get(home)
    await ben.get(home)
    page = await ada.post(f"{home}/begin")
    async with site.database.writing() as session:
        found = (await session.exec(scoped(Check, site.made.world.id).where(Check.id == check.id))).one()
        found.status = CheckStatus.DRAFT
        session.add(found)
    assert (await ben.get(home)).status_code == 404
    assert (await ben.post(f"{home}/begin")).status_code == 404
    await press(ada, page, "end", **right_fields(site))
    assert "100%" in (await ada.post(f"{home}/attempts/1/end")).text
    front = await ada.get(home)
    assert "This check is closed." in front.text
    assert "Look at it" in front.text
    assert (await ada.post(f"{home}/begin")).status_code == 409


async def test_a_teacher_held_to_their_sections_sees_their_own_students_answers_alone(site: CheckSite) -> None:
    check = await site.check()
    async with site.database.writing() as session:
        await only_their_section(session, site.school, 0)
    addresses = []
    for place in (0, 1):
        student = await site.student(place)
        await student.get(site.made.address(check))
        await student.post(f"{site.made.address(check)}/begin")
        async with site.database.reading() as session:
            person = site.school.students[place]
            statement = scoped(CheckAttempt, site.school.id).where(CheckAttempt.person_id == person.id)
            addresses.append((await session.exec(statement)).one().id)
    teacher = await site.teacher()
    found = [await teacher.get(f"{site.course}/checks/{check.id}/attempts/{one}") for one in addresses]
    assert [page.status_code for page in found] == [200, 404]


async def test_an_adaptive_check_with_feedback_goes_on_when_the_student_does(site: CheckSite) -> None:
    async with site.database.writing() as session:
        rows = [await a_question(session, site.made, asked.number(), "F.1") for _ in range(10)]
        check = await a_check(
            session,
            site.made,
            rows,
            title="Adaptive",
            selection=Selection.ADAPTIVE,
            feedback=Feedback.EACH,
            tries=2,
            count=2,
        )
        session.expunge_all()
    home = site.made.address(check)
    ada = await site.student()
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    (first,) = re.findall(r'data-question="([^"]+)"', page.text)
    page = await press(ada, page, f"give:{first}", **{f"a.{first}": "7"})
    assert "You can try once more." in page.text
    page = await press(ada, page, f"next:{first}")
    assert "Question 2" in page.text
    (second,) = re.findall(r'data-question="([^"]+)"', page.text)
    assert second != first
    page = await press(ada, page, f"give:{second}", **{f"a.{second}": "1.5"})
    assert "Your answer was read as 1.5" in page.text
    page = await press(ada, page, f"next:{second}")
    assert "All 2 answers are there." in page.text
    page = await ada.post(f"{home}/attempts/1/end")
    assert "Worked out from the 2 questions you were asked" in page.text


@pytest.mark.parametrize(("feedback", "stays"), [(Feedback.EACH, True), (Feedback.END, False)])
async def test_who_loses_the_connection_is_told_whether_to_go_on(
    site: CheckSite, feedback: Feedback, stays: bool
) -> None:
    check = await site.check(feedback=feedback)
    ada = await site.student()
    home = site.made.address(check)
    await ada.get(home)
    page = await ada.post(f"{home}/begin")
    assert ("Stay on this question until then" in page.text) == stays
    assert ("Go on; your answers are kept here" in page.text) != stays
    assert (await ada.get(f"{home}/attempts/1/end")).status_code == 200
