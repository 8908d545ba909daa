"""A teacher's pages of a class on a board: approving, marking by a rubric, who chose what, what nobody picks; and who sees it."""

import asyncio
import csv
import io
import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import Score
from lti_tool.lti.models import Role
from lti_tool.mastery.entries import MARK_TAKEN_BACK, REPLACED
from lti_tool.mastery.models import EvidenceSource
from lti_tool.menus import class_look, deciding, handing_in, rubrics
from lti_tool.menus.models import (
    ChangeRule,
    ChoiceState,
    MenuStatus,
    OptionDone,
    PersonalState,
    Rubric,
    RubricCriterion,
    RubricMark,
    WorkKind,
)
from lti_tool.menus.rules import rubrics as rules
from tests.menus.work_site import Made, Site, a_board, a_rubric, a_site, chosen, copy_of, own, upload, work_of
from tests.playlists import seed, watching

ACCEPTED = {"done_rule": OptionDone.ACCEPTED, "takes": [kind.value for kind in WorkKind]}


async def a_class(site: Site, *, rubric: bool = False, options: Any = None, **terms: Any) -> Made:
    """Ada chose 1 and 2, Ben 2 and 3; Cem nothing. Ada has handed the first in, where the first takes work."""
    async with site.database.writing() as session:
        if rubric:
            made_rubric = await a_rubric(session, site.school, site.competencies[0].id, None)
            terms["rubric_id"] = made_rubric.id
        made = await a_board(session, site.school, options=options, **terms)
        course, now = site.school.course, site.clock.now()
        for place, wanted in ((0, (0, 1)), (1, (1, 2))):
            person = site.school.students[place].id
            copy = await copy_of(session, site.school, made.menu.id, place)
            for at in wanted:
                board = await deciding.choose(session, course, person, copy.id, made.option(at), now)
            await deciding.commit(session, course, person, copy.id, board.copy.revision, "Me", now)
        if options and not terms.get("needs_approval"):
            person = site.school.students[0].id
            copy = await copy_of(session, site.school, made.menu.id)
            await handing_in.add_words(session, course, person, copy.id, made.option(0), "My poem.", now)
            await handing_in.hand_in(session, course, person, copy.id, made.option(0), now)
    return made


def progress(site: Site, made: Made) -> str:
    return f"{site.menus}/{made.menu.id}/progress"


def student_of(site: Site, made: Made, place: int = 0) -> str:
    return f"{site.menus}/{made.menu.id}/students/{site.school.students[place].id}"


def work(site: Site, made: Made, option: int = 0, place: int = 0) -> str:
    return f"{student_of(site, made, place)}/options/{made.option(option)}"


async def criteria(site: Site) -> list[RubricCriterion]:
    async with site.database.reading() as session:
        found = (await session.exec(scoped(RubricCriterion, site.school.id))).all()
    return sorted((one for one in found if one.removed_at is None), key=lambda one: one.position)


async def evidence(site: Site, place: int = 0) -> list[tuple[str, str, float | None, str | None]]:
    """A student's evidence, the first revision first: earned, possible, passing mark, why it is void."""
    found = [one for one in await site.evidence(place) if one.source is EvidenceSource.RUBRIC]
    return [
        (
            format(one.earned.normalize(), "f"),
            format(one.possible.normalize(), "f"),
            one.passing_percent,
            one.void_reason,
        )
        for one in sorted(found, key=lambda one: one.revision)
        if one.earned is not None and one.possible is not None
    ]


# --- Who ----------------------------------------------------------------------------------------------------------------


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    made = await a_class(site)
    async with site.client() as client:
        for path in (
            progress(site, made),
            f"{progress(site, made)}/students.csv",
            student_of(site, made),
            work(site, made),
        ):
            assert (await client.get(path)).status_code == 401, path
        for path in (f"{progress(site, made)}/approve", f"{student_of(site, made)}/answer", work(site, made)):
            assert (await client.post(path)).status_code in (401, 403), path


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_the_class_is_for_those_who_teach(site: Site, role: Role) -> None:
    made = await a_class(site)
    visitor = await site.sign_in(site.school.students[1], role)
    await visitor.get(f"{site.course}/my")
    for path in (
        progress(site, made),
        f"{progress(site, made)}/students.csv",
        student_of(site, made),
        work(site, made),
    ):
        page = await visitor.get(path)
        assert page.status_code == 403, path
        assert "Ada" not in page.text
    for path in (
        f"{progress(site, made)}/approve",
        f"{student_of(site, made)}/answer",
        work(site, made),
        work(site, made) + "/unmark",
    ):
        assert (await visitor.post(path)).status_code in (403, 409), path


async def test_another_school_finds_nothing(site: Site) -> None:
    made = await a_class(site)
    async with site.database.writing() as session:
        elsewhere = await seed.school(session, "Elm School")
    stranger = await site.sign_in(elsewhere.teacher, Role.TEACHER, school=elsewhere)
    for course in (site.school.course.id, elsewhere.course.id):
        for path in (
            progress(site, made),
            f"{progress(site, made)}/students.csv",
            student_of(site, made),
            work(site, made),
        ):
            page = await stranger.get(path.replace(str(site.school.course.id), str(course)))
            assert page.status_code == 404, path
            assert "Ada" not in page.text


async def test_a_teacher_held_to_a_section_sees_and_answers_their_own(site: Site) -> None:
    made = await a_class(site, options={0: ACCEPTED}, change_rule=ChangeRule.ASK)
    async with site.database.writing() as session:
        await watching.only_their_section(session, site.school, 1)
    teacher = await site.teacher()
    text = (await teacher.get(progress(site, made))).text
    assert "Ben Birch" in text
    assert not re.search("Ada|Cem", text)
    assert "waits to be marked" not in text
    file = (await teacher.get(f"{progress(site, made)}/students.csv")).text
    assert not re.search("Ada|Cem", file)
    for path in (student_of(site, made), work(site, made)):
        assert (await teacher.get(path)).status_code == 404
    await teacher.get(progress(site, made))
    assert (await teacher.post(f"{student_of(site, made)}/answer", do="allow")).status_code == 404
    assert (await teacher.post(work(site, made), do="accept")).status_code == 404
    person = str(site.school.students[0].id)
    assert (await teacher.post(f"{progress(site, made)}/approve", person=person)).status_code == 404
    assert (await own(site, made)).state is PersonalState.WORKING
    assert (await chosen(site, made))[0].state is ChoiceState.HANDED_IN


# --- Approving ------------------------------------------------------------------------------------------------------------


async def test_choices_are_approved_one_by_one_or_all(site: Site) -> None:
    made = await a_class(site, needs_approval=True)
    teacher = await site.teacher()
    page = await teacher.get(progress(site, made))
    assert "2 choices wait for your yes" in page.text
    assert "Task 1 · Task 2" in page.text
    page = await teacher.post(f"{progress(site, made)}/approve")
    assert "Nobody was ticked" in page.text
    page = await teacher.post(f"{progress(site, made)}/approve", person=str(site.school.students[1].id))
    assert "Approved." in page.text
    assert (await own(site, made, 1)).state is PersonalState.WORKING
    assert (await own(site, made)).state is PersonalState.WAITING
    await teacher.post(f"{progress(site, made)}/approve", all="yes")
    copy = await own(site, made)
    assert (copy.state, copy.approved_by) == (PersonalState.WORKING, site.school.teacher.id)
    assert (await own(site, made, 2)).state is PersonalState.CHOOSING
    assert len(await site.traces("menu.approved")) == 2


async def test_a_choice_is_sent_back_with_a_word(site: Site) -> None:
    made = await a_class(site, needs_approval=True)
    teacher = await site.teacher()
    await teacher.get(student_of(site, made))
    page = await teacher.post(
        f"{student_of(site, made)}/answer", do="send-back", words="Take a harder one.", back="student"
    )
    assert "Sent back." in page.text
    assert (await own(site, made)).state is PersonalState.CHOOSING
    student = await site.student()
    text = (await student.get(f"{site.course}/my/menus/{(await own(site, made)).id}")).text
    assert "Take a harder one." in text
    assert (await teacher.post(f"{student_of(site, made)}/answer", do="dance")).status_code == 400
    assert (await teacher.post(f"{student_of(site, made)}/answer", do="send-back", words="x" * 1001)).status_code == 400


async def test_who_asks_to_choose_again_is_answered(site: Site) -> None:
    made = await a_class(site, change_rule=ChangeRule.ASK)
    for place in (0, 1):
        student = await site.student(place)
        address = f"{site.course}/my/menus/{(await own(site, made, place)).id}"
        await student.get(address)
        await student.post(f"{address}/change")
    teacher = await site.teacher()
    page = await teacher.get(progress(site, made))
    assert "2 students ask to choose again" in page.text
    page = await teacher.post(f"{student_of(site, made)}/answer", do="allow", words="Good idea.")
    assert "Allowed." in page.text
    copy = await own(site, made)
    assert (copy.state, copy.wants_change_at, copy.answer) == (PersonalState.CHOOSING, None, "Good idea.")
    page = await teacher.post(f"{student_of(site, made, 1)}/answer", do="refuse", words="You have begun so well.")
    assert "The choice stays as it is." in page.text
    copy = await own(site, made, 1)
    assert (copy.state, copy.wants_change_at) == (PersonalState.WORKING, None)


async def test_a_teacher_lets_somebody_choose_again_who_could_not(site: Site) -> None:
    made = await a_class(site, change_rule=ChangeRule.UNTIL_COMMITTED)
    teacher = await site.teacher()
    assert "Let the student choose again" in (await teacher.get(student_of(site, made))).text
    await teacher.post(f"{student_of(site, made)}/answer", do="allow")
    assert (await own(site, made)).state is PersonalState.CHOOSING


# --- Who chose what -------------------------------------------------------------------------------------------------------


async def test_who_chose_what_and_what_nobody_picks(site: Site) -> None:
    made = await a_class(site)
    teacher = await site.teacher()
    text = (await teacher.get(progress(site, made))).text
    assert "6 options nobody has picked so far." in text
    picked = text[text.index('id="picked"') :]
    assert re.search(r"Task 2.*?2 of 3.*?Ada Ash, Ben Birch", picked, re.DOTALL)
    assert "Cem Cedar" in text
    async with site.database.reading() as session:
        seen = await class_look.look(session, watching.visiting(site.school), made.menu.id)
    assert [len(one.by) for one in seen.options] == [1, 2, 1, 0, 0, 0, 0, 0, 0]
    assert len(seen.never_chosen) == 6


async def test_the_same_as_a_file(site: Site) -> None:
    made = await a_class(site, options={0: ACCEPTED | {"title": "=1+1"}})
    teacher = await site.teacher()
    file = await teacher.get(f"{progress(site, made)}/students.csv")
    assert file.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert rows[0] == ["Student", "Board", "Chosen", "Where it stands", "Handed in", "Done", "Share done"]
    assert [row[:4] for row in rows[1:]] == [
        ["Ada Ash", "Working", "'=1+1", "Handed in"],
        ["Ada Ash", "Working", "Task 2", "Chosen"],
        ["Ben Birch", "Working", "Task 2", "Chosen"],
        ["Ben Birch", "Working", "Task 3", "Chosen"],
        ["Cem Cedar", "Choosing", "", ""],
    ]


async def test_a_draft_has_no_class(site: Site) -> None:
    async with site.database.writing() as session:
        made = await a_board(session, site.school, status=MenuStatus.DRAFT)
    teacher = await site.teacher()
    page = await teacher.get(progress(site, made))
    assert page.url.path == f"{site.menus}/{made.menu.id}"
    assert (await teacher.get(f"{progress(site, made)}/students.csv")).status_code == 404
    assert (await teacher.get(f"{site.menus}/{uuid.uuid4()}/progress")).status_code == 404


# --- Marking --------------------------------------------------------------------------------------------------------------


async def test_a_mark_is_evidence_is_revised_and_taken_back(site: Site) -> None:
    made = await a_class(site, rubric=True, options={0: ACCEPTED}, has_column=True, points=10.0)
    teacher = await site.teacher()
    text = (await teacher.get(progress(site, made))).text
    assert "1 piece of work waits to be marked" in text
    here = work(site, made)
    assert here in text
    text = (await teacher.get(here)).text
    assert "My poem." in text
    assert "Understand a fraction as a part of a whole" in text
    first, second = await criteria(site)
    site.clock.move(timedelta(minutes=5))
    page = await teacher.post(
        here, follow=True, **{f"level-{first.id}": "1", f"level-{second.id}": "3", "do": "return", "words": ""}
    )
    assert page.status_code == 422
    assert "Please say what to look at once more." in page.text
    assert re.search(rf'name="level-{second.id}" value="3" checked', page.text), "what was chosen stays"
    page = await teacher.post(
        here,
        follow=True,
        **{
            f"level-{first.id}": "1",
            f"level-{second.id}": "3",
            f"note-{first.id}": "See page 2.",
            "do": "return",
            "words": "One more line.",
        },
    )
    assert "Nothing else waits to be marked." in page.text
    assert (await chosen(site, made))[0].state is ChoiceState.RETURNED
    # Only the criterion with a competency is evidence: two of four points, right from three on.
    assert await evidence(site) == [("2", "4", 75.0, None)]
    student = await site.student()
    address = f"{site.course}/my/menus/{(await own(site, made)).id}"
    text = (await student.get(address)).text
    assert "One more line." in text
    assert "Look at it once more" in text
    assert "See page 2." in text
    await student.post(f"{address}/options/{made.option(0)}/words", words="My poem, longer.")
    site.clock.move(timedelta(minutes=5))
    await student.post(f"{address}/options/{made.option(0)}/hand-in")
    site.clock.move(timedelta(minutes=5))
    await teacher.get(here)
    marks = {f"level-{first.id}": "2", f"level-{second.id}": "3", "do": "accept", "words": "Now it sings."}
    await teacher.post(here, follow=True, **marks)
    assert await evidence(site) == [("2", "4", 75.0, REPLACED), ("3", "4", 75.0, None)]
    assert (await chosen(site, made))[0].state is ChoiceState.DONE
    async with site.database.reading() as session:
        [score] = (await session.exec(scoped(Score, site.school.id))).all()
    assert (score.owed_given, score.owed_maximum) == (5.0, 10.0)
    # The same again says nothing new.
    site.clock.move(timedelta(minutes=5))
    await teacher.post(here, follow=True, **marks)
    assert len(await evidence(site)) == 2
    # Taken back: the evidence is void, the score falls, and the same mark given again counts again.
    page = await teacher.post(f"{here}/unmark")
    assert "The marks are taken back" in page.text
    assert await evidence(site) == [("2", "4", 75.0, REPLACED), ("3", "4", 75.0, MARK_TAKEN_BACK)]
    assert (await chosen(site, made))[0].state is ChoiceState.HANDED_IN
    async with site.database.reading() as session:
        assert (await session.exec(scoped(RubricMark, site.school.id))).all() == []
        [score] = (await session.exec(scoped(Score, site.school.id))).all()
    assert score.owed_given == 0.0
    await teacher.post(here, follow=True, **marks)
    assert [why for *_, why in await evidence(site)] == [REPLACED, MARK_TAKEN_BACK, None]
    assert len(await site.traces("menu.accepted")) == 3


async def test_two_teachers_at_once_leave_marks_and_evidence_that_agree(
    own_database: Database, clock: ManualClock
) -> None:
    """Whoever comes second is told so; what stands is evidence of just the marks that stand."""
    site = await a_site(own_database, clock)
    made = await a_class(site, rubric=True, options={0: ACCEPTED})
    teacher = await site.teacher()
    here = work(site, made)
    first, _ = await criteria(site)
    await teacher.get(here)
    answers = set()
    for waits in range(8):
        site.clock.move(timedelta(minutes=1))

        async def taken_back(after: int) -> Any:
            await asyncio.sleep(0.004 * after)
            return await teacher.post(f"{here}/unmark")

        pages = await asyncio.gather(
            teacher.post(here, **{f"level-{first.id}": str(waits % 4), "do": "accept"}),
            taken_back(waits),
            taken_back(waits + 1),
        )
        answers |= {page.status_code for page in pages}
        async with site.database.reading() as session:
            marks = (await session.exec(scoped(RubricMark, site.school.id))).all()
        levels = {row.criterion_id: row.level for row in marks}
        standing = [entry for entry in await evidence(site) if entry[-1] is None]
        assert [earned for earned, *_ in standing] == [str(levels[place] + 1) for place in levels if place == first.id]
    assert answers <= {200, 409}


async def test_a_mark_moves_the_level(site: Site) -> None:
    made = await a_class(site, rubric=True, options={0: ACCEPTED})
    teacher = await site.teacher()
    first, _ = await criteria(site)
    await teacher.get(work(site, made))
    await teacher.post(work(site, made), follow=True, **{f"level-{first.id}": "3", "do": "accept"})
    page = await teacher.get(
        f"{site.mastery}/students/{site.school.students[0].id}?competency={site.competencies[0].id}"
    )
    assert "Rubric" in page.text
    assert "4" in page.text


async def test_an_option_without_a_rubric_is_no_evidence(site: Site) -> None:
    made = await a_class(site, options={0: ACCEPTED}, competencies={0: site.competencies[0].id})
    teacher = await site.teacher()
    await teacher.get(work(site, made))
    await teacher.post(work(site, made), do="accept", words="Fine.")
    assert (await chosen(site, made))[0].state is ChoiceState.DONE
    assert await site.evidence(0) == []


async def test_marking_goes_on_to_the_next(site: Site) -> None:
    made = await a_class(site, options={0: ACCEPTED, 1: ACCEPTED})
    async with site.database.writing() as session:
        course, now = site.school.course, site.clock.now() + timedelta(minutes=1)
        for place in (0, 1):
            person = site.school.students[place].id
            copy = await copy_of(session, site.school, made.menu.id, place)
            await handing_in.add_words(session, course, person, copy.id, made.option(1), "Second.", now)
            await handing_in.hand_in(session, course, person, copy.id, made.option(1), now + timedelta(minutes=place))
    teacher = await site.teacher()
    await teacher.get(work(site, made))
    page = await teacher.post(work(site, made), do="accept")
    assert page.url.path == work(site, made, 1)
    page = await teacher.post(work(site, made, 1), do="accept")
    assert page.url.path == work(site, made, 1, place=1)
    page = await teacher.post(work(site, made, 1, place=1), do="accept")
    assert page.url.path == progress(site, made)


async def test_work_is_the_students_own_until_it_is_handed_in(site: Site) -> None:
    made = await a_class(site, options={0: ACCEPTED, 1: ACCEPTED})
    student = await site.student()
    address = f"{site.course}/my/menus/{(await own(site, made)).id}"
    await student.get(address)
    await upload(student, f"{address}/options/{made.option(1)}/upload", "draft.txt", b"not yet")
    [piece] = await work_of(site, (await chosen(site, made))[1].id)
    teacher = await site.teacher()
    text = (await teacher.get(work(site, made, 1))).text
    assert "draft.txt" not in text
    assert (await teacher.get(f"{work(site, made, 1)}/pieces/{piece.id}")).status_code == 404
    await student.post(f"{address}/options/{made.option(1)}/hand-in")
    assert "draft.txt" in (await teacher.get(work(site, made, 1))).text
    file = await teacher.get(f"{work(site, made, 1)}/pieces/{piece.id}")
    assert file.content == b"not yet"
    assert file.headers["content-disposition"].startswith("attachment")
    # Not as another option's, nor another student's.
    assert (await teacher.get(f"{work(site, made, 0)}/pieces/{piece.id}")).status_code == 404
    assert (await teacher.get(f"{work(site, made, 1, place=1)}/pieces/{piece.id}")).status_code == 404


async def test_looks_at_one_students_work_are_recorded(site: Site) -> None:
    made = await a_class(site, options={0: ACCEPTED})
    teacher = await site.teacher()
    await teacher.get(progress(site, made))
    assert await site.traces("student.viewed") == []
    await teacher.get(student_of(site, made))
    await teacher.get(work(site, made))
    async with site.database.reading() as session:
        statement = select(AuditEntry).where(AuditEntry.organisation_id == site.school.id)
        found = [one for one in (await session.exec(statement)).all() if one.action == "student.viewed"]
    assert [(one.subject, one.detail) for one in found] == [
        (f"person:{site.school.students[0].id}", f"menu {made.menu.id}")
    ] * 2


async def test_what_no_page_of_ours_sends(site: Site) -> None:
    made = await a_class(site, rubric=True, options={0: ACCEPTED})
    teacher = await site.teacher()
    here = work(site, made)
    await teacher.get(here)
    first, _ = await criteria(site)
    for sent in (
        {f"level-{first.id}": "4"},
        {f"level-{first.id}": "-1"},
        {f"level-{uuid.uuid4()}": "1"},
        {f"level-{first.id}": "x"},
        {"level-x": "1"},
        {f"note-{first.id}": "x" * 1001},
        {"do": "burn"},
    ):
        assert (await teacher.post(here, follow=True, **sent)).status_code == 400, sent
    assert (await teacher.post(here, words="x" * 4001)).status_code == 422
    assert (await teacher.get(work(site, made, 5))).status_code == 409
    assert (await teacher.post(work(site, made, 5), do="accept")).status_code == 409
    assert (await teacher.post(f"{here[:-36]}{uuid.uuid4()}", do="accept")).status_code == 404
    assert await evidence(site) == []


async def test_marked_again_after_the_rubric_changed(site: Site) -> None:
    made = await a_class(site, rubric=True, options={0: ACCEPTED})
    teacher = await site.teacher()
    here = work(site, made)
    await teacher.get(here)
    first, _ = await criteria(site)
    await teacher.post(here, follow=True, **{f"level-{first.id}": "3", "do": "keep"})
    async with site.database.writing() as session:
        rubric = (await session.exec(scoped(Rubric, site.school.id))).one()
        rows = [
            rubrics.Row(
                "Other",
                (rules.Level("No"), rules.Level("Yes", "", Decimal(1))),
                site.competencies[0].id,
                first.id,
            )
        ]
        await rubrics.save(
            session, watching.visiting(site.school), rubric.id, "Two", rows, 1, rubric.changed_at, site.clock.now()
        )
    # The mark given before still says what it said.
    text = (await (await site.student()).get(f"{site.course}/my/menus/{(await own(site, made)).id}")).text
    assert "Level 4" in text
    [changed] = await criteria(site)
    await teacher.get(here)
    await teacher.post(here, follow=True, **{f"level-{changed.id}": "0", "do": "keep"})
    found = await evidence(site)
    assert ("4", "4", 75.0, REPLACED) in found
    assert ("0", "1", 100.0, None) in found
