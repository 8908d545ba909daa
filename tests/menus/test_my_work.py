"""Work on what was chosen: opening, marking, putting in files, links and words, handing in, taking back; results and scores."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import AttemptState, Check, CheckAttempt
from lti_tool.content import drafts
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.service import ItemResult
from lti_tool.content.taking import ItemCompletion
from lti_tool.content.taking_over import take_over
from lti_tool.db.base import scoped
from lti_tool.grades.models import Score
from lti_tool.ids import new_id
from lti_tool.menus import completing, deciding, handing_in, results
from lti_tool.menus.models import ChoiceState, Menu, OptionDone, OptionKind, PersonalState, WorkKind
from lti_tool.menus.rules import files
from lti_tool.menus.rules.choosing import BoardKind
from lti_tool.platforms.native import NativeItem, NativeResult
from tests.menus.work_site import Made, Site, a_board, chosen, copy_of, own, upload, work_of
from tests.pairs import on_postgresql
from tests.playlists import seed
from tests.playlists.site import Visitor

TAKES = [kind.value for kind in WorkKind]
ACCEPTED = {"done_rule": OptionDone.ACCEPTED, "takes": TAKES}


async def at_work(
    site: Site, options: dict[int, dict[str, Any]] | None = None, *, choose: tuple[int, ...] = (0, 1), **terms: Any
) -> tuple[Made, Visitor, str]:
    """A student who has committed to these of a list."""
    async with site.database.writing() as session:
        made = await a_board(session, site.school, options=options, **terms)
        copy = await copy_of(session, site.school, made.menu.id)
        await begin(session, site, made, copy.id, choose)
    student = await site.student()
    address = f"{site.course}/my/menus/{copy.id}"
    assert (await student.get(address)).status_code == 200
    return made, student, address


async def begin(session: AsyncSession, site: Site, made: Made, copy_id: uuid.UUID, choose: tuple[int, ...]) -> None:
    course, person, now = site.school.course, site.school.students[0].id, site.clock.now()
    for place in choose:
        board = await deciding.choose(session, course, person, copy_id, made.option(place), now)
    await deciding.commit(session, course, person, copy_id, board.copy.revision, "Ada", now)


async def test_marking_and_taking_the_mark_back(site: Site) -> None:
    made, student, address = await at_work(site)
    first = f"{address}/options/{made.option(0)}"
    page = await student.post(f"{first}/done")
    assert "Marked as done." in page.text
    assert "1 of 2 done" in page.text
    await student.post(f"{first}/done")
    page = await student.post(f"{first}/not-done")
    assert "Not done after all." in page.text
    assert (await chosen(site, made))[0].state is ChoiceState.CHOSEN
    await student.post(f"{first}/done")
    page = await student.post(f"{address}/options/{made.option(1)}/done")
    assert "You have finished this menu!" in page.text
    assert (await own(site, made)).state is PersonalState.FINISHED
    await student.post(f"{first}/not-done")
    assert (await own(site, made)).state is PersonalState.WORKING
    # What was not chosen is nobody's work.
    assert (await student.post(f"{address}/options/{made.option(5)}/done")).status_code == 404


async def test_opening_is_remembered_and_leads_out(site: Site) -> None:
    page_id = site.school.items["page"].id
    made, student, address = await at_work(site, {0: {"kind": OptionKind.ITEM, "content_item_id": page_id}})
    text = (await student.get(address)).text
    assert 'href="https://lms.example/page" target="_blank"' in text
    assert (await student.by_script(f"{address}/options/{made.option(0)}/open")).status_code == 204
    assert (await chosen(site, made))[0].opened_at is not None
    text = (await student.get(address)).text
    assert "Open again" in text
    # Without script a button says it.
    assert (await student.post(f"{address}/options/{made.option(1)}/open")).status_code == 200


async def test_a_file_goes_in_and_comes_out_as_it_was(site: Site) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED})
    here = f"{address}/options/{made.option(0)}"
    content = b"%PDF-1.7 " + bytes(range(256)) * 20
    page = await upload(student, f"{here}/upload", "../My “essay”.pdf", content)
    assert page.status_code == 200, page.text
    assert "Added." in page.text
    [piece] = await work_of(site, (await chosen(site, made))[0].id)
    assert (piece.kind, piece.name, piece.size, piece.media_type) == (
        WorkKind.FILE,
        "My “essay”.pdf",
        len(content),
        "application/pdf",
    )
    # Kept compressed and encrypted.
    assert piece.content is not None
    assert b"%PDF" not in piece.content
    got = await student.get(f"{here}/pieces/{piece.id}")
    assert got.content == content
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith('attachment; filename="My essay.pdf"; filename*=UTF-8')
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    # Nobody else's.
    other = await site.student(1)
    theirs = await own(site, made, 1)
    assert (await other.get(f"{here}/pieces/{piece.id}")).status_code == 404
    there = f"{site.course}/my/menus/{theirs.id}/options/{made.option(0)}/pieces/{piece.id}"
    assert (await other.get(there)).status_code == 404
    page = await student.post(f"{here}/pieces/{piece.id}/remove")
    assert "Taken out." in page.text
    [gone] = await work_of(site, piece.choice_id)
    assert (gone.content, gone.name) == (None, "")
    assert (await student.get(f"{here}/pieces/{piece.id}")).status_code == 404


async def test_a_page_handed_in_as_a_file_is_only_ever_saved(site: Site) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED})
    here = f"{address}/options/{made.option(0)}"
    await upload(student, f"{here}/upload", "a.html", b"<script>alert(1)</script>")
    [piece] = await work_of(site, (await chosen(site, made))[0].id)
    got = await student.get(f"{here}/pieces/{piece.id}")
    assert got.headers["content-type"] == files.PLAIN
    assert got.headers["content-disposition"].startswith("attachment")


async def test_files_have_limits(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED, 1: ACCEPTED})
    here = f"{address}/options/{made.option(0)}"
    page = await upload(student, f"{here}/upload", "none.txt", b"")
    assert page.status_code == 400
    assert "There is nothing to hand in yet" in page.text
    page = await upload(student, f"{here}/upload", "big.bin", bytes(files.MOST_BYTES + 1))
    assert page.status_code == 413
    assert "This file is too large" in page.text
    assert await work_of(site, (await chosen(site, made))[0].id) == []
    monkeypatch.setattr(files, "MOST_TOGETHER", 1000)
    assert (await upload(student, f"{here}/upload", "a", b"x" * 600)).status_code == 200
    page = await upload(student, f"{address}/options/{made.option(1)}/upload", "b", b"x" * 600)
    assert page.status_code == 413
    assert "There is no more room for files here" in page.text
    monkeypatch.setattr(handing_in, "MOST_PIECES", 1)
    assert (await student.post(f"{here}/link", address="https://a.example")).status_code == 413


@on_postgresql
@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        "ftp://a.example/x",
        "a.example",
        "https://",
        "https://user@a.example",
        "https://[",
        "x" * 3000,
    ],
)
async def test_links_lead_to_the_web_alone(site: Site, written: str) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED})
    page = await student.post(f"{address}/options/{made.option(0)}/link", address=written)
    assert page.status_code == 400
    assert "This is not a web address" in page.text
    assert await work_of(site, (await chosen(site, made))[0].id) == []


async def test_links_and_words(site: Site) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED})
    here = f"{address}/options/{made.option(0)}"
    page = await student.post(f"{here}/link", address=" https://a.example/film?x=1#t ")
    assert 'href="https://a.example/film?x=1#t"' in page.text
    await student.post(f"{here}/words", words="First.")
    page = await student.post(f"{here}/words", words="<b>Second</b>, rewritten.")
    assert "&lt;b&gt;Second&lt;/b&gt;, rewritten." in page.text
    assert "First." not in page.text
    page = await student.post(f"{here}/words", words="  ")
    assert page.status_code == 400
    page = await student.post(f"{here}/words", words="y" * 8001)
    assert page.status_code == 400
    assert "yyyyyy" in page.text, "what was written is not lost"


async def test_only_what_the_option_takes(site: Site) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED | {"takes": ["link"]}})
    here = f"{address}/options/{made.option(0)}"
    text = (await student.get(address)).text
    assert "/upload" not in text
    assert (await upload(student, f"{here}/upload", "a", b"x")).status_code == 409
    assert (await student.post(f"{here}/words", words="x")).status_code == 409
    assert (
        await student.post(f"{address}/options/{made.option(1)}/link", address="https://a.example")
    ).status_code == 409


async def test_handing_in_and_taking_it_back_before_it_is_marked(site: Site) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED})
    here = f"{address}/options/{made.option(0)}"
    page = await student.post(f"{here}/hand-in")
    assert page.status_code == 400
    assert "There is nothing to hand in yet" in page.text
    await student.post(f"{here}/words", words="My work.")
    page = await student.post(f"{here}/hand-in")
    assert "Handed in." in page.text
    await student.post(f"{here}/hand-in")
    # What is handed in stands: nothing is put in or taken out.
    assert (await student.post(f"{here}/words", words="More.")).status_code == 409
    [piece] = await work_of(site, (await chosen(site, made))[0].id)
    assert (await student.post(f"{here}/pieces/{piece.id}/remove")).status_code == 409
    page = await student.post(f"{here}/take-back")
    assert "Taken back." in page.text
    await student.post(f"{here}/take-back")
    await student.post(f"{here}/hand-in")
    async with site.database.writing() as session:
        choice = (await chosen(site, made))[0]
        choice.feedback, choice.feedback_at = "Seen.", site.clock.now() + timedelta(minutes=1)
        await session.merge(choice)
    page = await student.post(f"{here}/take-back")
    assert page.status_code == 409
    assert "This cannot be changed just now" in page.text
    # Nobody marks as done what a teacher accepts.
    assert (await student.post(f"{here}/done")).status_code == 409


async def test_words_that_were_typed_and_not_saved_go_along(site: Site) -> None:
    made, student, address = await at_work(site, {0: ACCEPTED, 1: {"takes": ["words"]}})
    here = f"{address}/options/{made.option(0)}"
    page = await student.post(f"{here}/hand-in", words="Typed, not saved.")
    assert "Handed in." in page.text
    assert "Typed, not saved." in page.text
    # Sent again, they change nothing of what was handed in.
    await student.post(f"{here}/hand-in", words="Something else.")
    assert [piece.text for piece in await work_of(site, (await chosen(site, made))[0].id)] == ["Typed, not saved."]
    await student.post(f"{address}/options/{made.option(1)}/done", words="Mine.")
    [piece] = await work_of(site, (await chosen(site, made))[1].id)
    assert piece.text == "Mine."


async def test_what_a_teacher_looks_at_without_papers(site: Site) -> None:
    made, student, address = await at_work(site, {0: {"done_rule": OptionDone.ACCEPTED}})
    assert "It is ready: show my teacher" in (await student.get(address)).text
    page = await student.post(f"{address}/options/{made.option(0)}/hand-in")
    assert "Your teacher looks at it." in page.text
    assert (await chosen(site, made))[0].state is ChoiceState.HANDED_IN


async def test_a_task_of_ones_own_word_takes_work_as_well(site: Site) -> None:
    made, student, address = await at_work(site, {0: {"takes": ["words"]}})
    here = f"{address}/options/{made.option(0)}"
    await student.post(f"{here}/words", words="Here.")
    page = await student.post(f"{here}/done")
    assert "Marked as done." in page.text
    choice = (await chosen(site, made))[0]
    assert (choice.state, choice.handed_in_at) == (ChoiceState.DONE, site.clock.now())


# --- Results ------------------------------------------------------------------------------------------------------------


def by_result(site: Site, key: str = "quiz", percent: float | None = 80.0) -> dict[str, Any]:
    item_id = site.school.items[key].id
    return {
        "kind": OptionKind.ITEM,
        "content_item_id": item_id,
        "done_rule": OptionDone.RESULT,
        "pass_percent": percent,
    }


async def test_a_result_of_the_lms_counts_from_its_mark_on(site: Site) -> None:
    made, student, address = await at_work(site, {0: by_result(site)})
    sub = site.school.students[0].sub
    site.lms.known = [NativeResult("17", sub, 60.0, site.clock.now(), attempt=1)]
    page = await student.post(f"{address}/check")
    assert "These are the results as they stand now." in page.text
    assert "Your result: 60%" in page.text
    assert (await chosen(site, made))[0].state is ChoiceState.CHOSEN
    site.clock.move(timedelta(minutes=5))
    site.lms.known = [NativeResult("17", sub, 85.0, site.clock.now(), attempt=2)]
    page = await student.get(address)
    assert "Your result: 85%" in page.text
    assert (await chosen(site, made))[0].state is ChoiceState.DONE
    # A lower one later undoes nothing.
    async with site.database.writing() as session:
        low = ItemResult(site.school.items["quiz"].id, site.school.students[0].id, 10.0, site.clock.now())
        assert await results.news(session, site.school.course, [low]) == []
        assert await results.take_results(session, site.school.course, [low], site.clock.now()) == 0
    assert (await chosen(site, made))[0].result_percent == 85.0


# --- What the LMS counts as completed -------------------------------------------------------------------------------------


def by_word(site: Site, **more: Any) -> dict[str, Any]:
    item_id = site.school.items["page"].id
    return {"kind": OptionKind.ITEM, "content_item_id": item_id, "done_rule": OptionDone.MARKED} | more


def completion(site: Site, *, key: str = "page", done: bool = True) -> ItemCompletion:
    return ItemCompletion(site.school.items[key].id, site.school.students[0].id, done, site.clock.now())


async def complete(site: Site, *told: ItemCompletion) -> None:
    await completing.take_completions(site.database, site.school.course, told, site.clock.now())


async def awaiting(site: Site) -> set[uuid.UUID]:
    async with site.database.reading() as session:
        return await completing.awaiting(session, site.school.course)


async def test_what_the_lms_counts_as_completed_is_done_without_a_mark(site: Site) -> None:
    made, student, address = await at_work(site, {0: by_word(site)})
    await complete(site, completion(site, done=False), completion(site, key="quiz"))
    assert (await chosen(site, made))[0].state is ChoiceState.CHOSEN
    assert await awaiting(site) == {site.school.students[0].id}
    await complete(site, completion(site))
    assert await awaiting(site) == set()
    choice = (await chosen(site, made))[0]
    assert (choice.state, choice.done_at) == (ChoiceState.DONE, site.clock.now())
    page = await student.get(address)
    assert "Your LMS counts it as completed." in page.text
    # It is not the student's mark, so there is none to take back; and the LMS taking it back changes nothing.
    here = f"{address}/options/{made.option(0)}"
    assert f"{here}/not-done" not in page.text
    assert (await student.post(f"{here}/not-done")).status_code == 409
    await complete(site, completion(site, done=False))
    assert (await chosen(site, made))[0].state is ChoiceState.DONE


@pytest.mark.parametrize(
    "more", [{"takes": ["words"]}, {"done_rule": OptionDone.ACCEPTED}, {"done_rule": OptionDone.RESULT}]
)
async def test_completion_is_not_enough_where_more_is_asked_for(site: Site, more: dict[str, Any]) -> None:
    made, _, _ = await at_work(site, {0: by_word(site, **more)})
    await complete(site, completion(site))
    assert (await chosen(site, made))[0].state is ChoiceState.CHOSEN


async def test_results_from_before_a_choice_are_asked_for(site: Site) -> None:
    await at_work(site, {0: by_result(site)})
    course, began = site.school.course, site.clock.now()
    async with site.database.reading() as session:
        assert await completing.wanting(session, course, began) == {site.school.items["quiz"].id}
        assert await completing.wanting(session, course, began + timedelta(minutes=1)) == set()


async def a_check(session: AsyncSession, site: Site) -> Check:
    check_id = new_id()
    item = ContentItem(
        organisation_id=site.school.id,
        course_id=site.school.course.id,
        external_id=f"check:{check_id.hex}",
        kind=ItemKind.QUIZ,
        title="Our own check",
        url=f"/courses/{site.school.course.id}/my/checks/{check_id}",
        seen_at=site.clock.now(),
    )
    session.add(item)
    await session.flush()
    check = Check(
        organisation_id=site.school.id,
        id=check_id,
        course_id=site.school.course.id,
        content_item_id=item.id,
        title="Our own check",
        created_at=site.clock.now(),
        changed_at=site.clock.now(),
    )
    session.add(check)
    await session.flush()
    return check


async def test_our_own_check_opens_here_and_counts_when_it_ends(site: Site) -> None:
    async with site.database.writing() as session:
        check = await a_check(session, site)
        item_id = check.content_item_id
    option = by_result(site) | {"content_item_id": item_id, "pass_percent": 70.0}
    made, student, address = await at_work(site, {0: option})
    text = (await student.get(address)).text
    link = re.search(r"<a [^>]*href=\"[^\"]*/my/checks/[^>]*>", text)
    assert link
    assert "target=" not in link[0]
    person = site.school.students[0].id
    async with site.database.writing() as session:
        for earned in (1, 3):
            await results.take_check(
                session,
                site.school.course,
                person,
                item_id,
                Decimal(earned),
                Decimal(4),
                site.clock.now(),
                site.clock.now(),
            )
    choice = (await chosen(site, made))[0]
    assert (choice.state, choice.result_percent) == (ChoiceState.DONE, 75.0)
    # Of others nothing moved.
    assert (await own(site, made, 1)).state is PersonalState.CHOOSING


async def test_a_check_that_was_passed_before_it_was_chosen_counts(site: Site) -> None:
    async with site.database.writing() as session:
        check = await a_check(session, site)
        session.add(
            CheckAttempt(
                organisation_id=site.school.id,
                check_id=check.id,
                person_id=site.school.students[0].id,
                number=1,
                state=AttemptState.FINISHED,
                seed=1,
                begun_at=site.clock.now(),
                finished_at=site.clock.now(),
                earned=Decimal(9),
                possible=Decimal(10),
            )
        )
        item_id = check.content_item_id
    made, _, _ = await at_work(site, {0: by_result(site) | {"content_item_id": item_id}})
    assert (await chosen(site, made))[0].state is ChoiceState.DONE


# --- Scores -------------------------------------------------------------------------------------------------------------


async def score(site: Site) -> list[Score]:
    async with site.database.reading() as session:
        return list((await session.exec(scoped(Score, site.school.id))).all())


async def test_a_score_is_owed_with_what_is_done_and_falls_only_where_it_is_taken_back(site: Site) -> None:
    made, student, address = await at_work(site, has_column=True, points=10.0)
    assert await score(site) == []
    await student.post(f"{address}/options/{made.option(0)}/done")
    [one] = await score(site)
    assert (one.owed_given, one.owed_maximum, one.owed_finished) == (5.0, 10.0, False)
    await student.post(f"{address}/options/{made.option(1)}/done")
    [one] = await score(site)
    assert (one.owed_given, one.owed_finished) == (10.0, True)
    await student.post(f"{address}/options/{made.option(1)}/not-done")
    [one] = await score(site)
    assert (one.owed_given, one.owed_finished) == (5.0, False)
    # Choosing more makes no score fall.
    await student.post(f"{address}/change")
    await student.post(f"{address}/options/{made.option(2)}/choose")
    [one] = await score(site)
    assert one.owed_given == 5.0


async def test_without_a_column_nothing_is_owed(site: Site) -> None:
    made, student, address = await at_work(site)
    await student.post(f"{address}/options/{made.option(0)}/done")
    assert await score(site) == []


async def test_a_row_of_a_square_is_counted_by_the_line(site: Site) -> None:
    made, student, address = await at_work(
        site, kind=BoardKind.THREE_IN_A_ROW, choose=(0, 1, 2), has_column=True, points=9.0
    )
    await student.post(f"{address}/options/{made.option(1)}/done")
    [one] = await score(site)
    assert one.owed_given == 3.0
    async with site.database.reading() as session:
        menu = (await session.exec(scoped(Menu, site.school.id))).one()
        assert menu.has_column


def test_what_is_sealed_opens_for_its_own_piece_alone(site: Site) -> None:
    box = drafts.box(site.app.state.settings)
    one, other = new_id(), new_id()
    sealed = handing_in.seal(box, b"work", one)
    piece = handing_in.HandedIn(
        organisation_id=site.school.id,
        id=one,
        choice_id=other,
        kind=WorkKind.FILE,
        content=sealed,
        added_at=site.clock.now(),
    )
    assert handing_in.unseal(box, piece) == b"work"


async def test_an_item_that_came_by_a_file_says_where_in_the_course_it_is(site: Site) -> None:
    async with site.database.writing() as session:
        told = [NativeItem(external_id="cartridge:k:p", kind="page", title="Rivers", section="Week 1")]
        await take_over(session, site.school.course, "cartridge:", told, seed.NOW)
        rows = (await session.exec(scoped(ContentItem, site.school.id))).all()
        item_id = next(one.id for one in rows if one.title == "Rivers")
    made, student, address = await at_work(site, {0: {"kind": OptionKind.ITEM, "content_item_id": item_id}})
    page = await student.get(address)
    assert "In the course: Week 1 › Rivers" in page.text
    assert "not in the course at the moment" not in page.text
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/menus/{made.menu.id}")
    assert "In the course: Week 1 › Rivers" in page.text
