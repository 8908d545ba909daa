"""The teacher's pages of boards: who may come in, and a teacher's way from a ready board to an assigned one."""

import re
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import col

from lti_tool.audit import AuditEntry
from lti_tool.courses.models import CourseGroup, CourseGroupMember, Membership
from lti_tool.db.base import scoped
from lti_tool.grades.models import LineItem
from lti_tool.ids import new_id
from lti_tool.lti.models import Role
from lti_tool.menus import board_editing, copy_queries, ready_boards, sheet_rows
from lti_tool.menus.board_states import Words
from lti_tool.menus.models import (
    ChoiceState,
    Menu,
    MenuAudienceKind,
    MenuChoice,
    MenuStatus,
    OptionDone,
    OptionKind,
    PersonalState,
    WorkKind,
)
from lti_tool.menus.rules.choosing import BoardKind
from lti_tool.menus.sheets import Named, Sheet
from lti_tool.web.i18n import language_for
from tests.menus.work_site import Site
from tests.pairs import on_postgresql
from tests.playlists import seed
from tests.playlists.site import Visitor

NOW = seed.NOW
ENGLISH = language_for(("en",))


async def begun(site: Site, key: str = "tic-tac-toe") -> Menu:
    """A draft from a ready board, with every place blank."""
    board = ready_boards.ready(key)
    async with site.database.writing() as session:
        sheet = ready_boards.made(board, ENGLISH)
        words = Words(board.title, needs_approval=board.needs_approval, contract=board.contract)
        return await board_editing.create(session, site.school.course, words, sheet, None, NOW)


async def stored(site: Site, menu_id: uuid.UUID) -> tuple[Menu, Sheet]:
    async with site.database.reading() as session:
        menu = await board_editing.found(session, site.school.course, menu_id)
        sheet = await sheet_rows.sheet(session, menu)
        session.expunge_all()
        return menu, sheet


async def filled(site: Site, key: str = "tic-tac-toe") -> tuple[Menu, Sheet]:
    """A draft whose every place says which it is."""
    menu = await begun(site, key)
    _, sheet = await stored(site, menu.id)
    async with site.database.writing() as session:
        titles = {one.id: f"Task {one.position + 1}" for one in sheet.options}
        await board_editing.change(
            session,
            site.school.course,
            menu.id,
            menu.revision,
            lambda sheet: board_editing.sheets.fill(sheet, board_editing.sheets.Filled(titles=titles)),
            NOW,
        )
    return await stored(site, menu.id)


def typed(sheet: Sheet, **more: str) -> dict[str, str]:
    """What the board's form sends when every place says which it is."""
    values = {f"title-{one.id}": one.title or f"Task {one.position + 1}" for one in sheet.options}
    return {"rule": "yes", "title": "Ratios", "diagonals": "yes"} | values | more


def pages(menu: Menu, option_id: uuid.UUID) -> list[str]:
    here = f"/menus/{menu.id}"
    return [
        "/menus",
        "/menus/new",
        here,
        f"{here}/items",
        f"{here}/preview",
        f"{here}/assign",
        f"{here}/remove",
        f"{here}/copy",
        f"{here}/options/{option_id}",
    ]


def forms(menu: Menu, option_id: uuid.UUID) -> list[str]:
    here = f"/menus/{menu.id}"
    return [
        "/menus/new",
        here,
        f"{here}/check",
        f"{here}/items",
        f"{here}/assign",
        f"{here}/duplicate",
        f"{here}/remove",
        f"{here}/copy",
        f"{here}/options/{option_id}",
        f"{here}/options/{option_id}/beside",
        f"{here}/options/{option_id}/remove",
        f"/menus/from-playlist/{option_id}",
    ]


# --- Who may come in ----------------------------------------------------------------------------------------------------


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    menu, sheet = await filled(site)
    async with site.client() as client:
        for page in pages(menu, sheet.options[0].id):
            assert (await client.get(site.course + page)).status_code == 401, page
        for form in forms(menu, sheet.options[0].id):
            assert (await client.post(site.course + form, data={"revision": "1"})).status_code in (401, 403), form


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_boards_are_made_by_teachers(site: Site, role: Role) -> None:
    menu, sheet = await filled(site)
    visitor = await site.sign_in(site.school.students[0], role)
    await visitor.get(f"{site.course}/my")
    for page in pages(menu, sheet.options[0].id):
        assert (await visitor.get(site.course + page)).status_code == 403, page
    for form in forms(menu, sheet.options[0].id):
        assert (await visitor.post(site.course + form, revision=str(menu.revision))).status_code == 403, form
    assert (await stored(site, menu.id))[0].revision == menu.revision


async def test_another_school_finds_nothing(site: Site) -> None:
    menu, sheet = await filled(site)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    theirs = f"/courses/{other.course.id}"
    await teacher.get(f"{theirs}/menus")
    for course in (site.course, theirs):
        own = 0 if course == site.course else 2
        for page in pages(menu, sheet.options[0].id)[own:]:
            assert (await teacher.get(course + page)).status_code == 404, page
        for form in forms(menu, sheet.options[0].id)[1 if own else 0 :]:
            answer = await teacher.post(
                course + form,
                revision=str(menu.revision),
                item=str(site.school.items["page"].id),
                course=str(site.school.course.id),
                title="x",
            )
            assert answer.status_code == 404, form
    assert (await stored(site, menu.id))[0].revision == menu.revision


# --- From a ready board to an assigned one ------------------------------------------------------------------------------


async def in_menus(site: Site) -> Visitor:
    teacher = await site.teacher()
    await teacher.get(site.menus)
    return teacher


@on_postgresql
@pytest.mark.parametrize("board", ready_boards.READY, ids=lambda board: board.key)
async def test_every_ready_board_is_assigned_once_it_is_filled(site: Site, board: ready_boards.ReadyBoard) -> None:
    teacher = await in_menus(site)
    menu_id = new_id()
    page = await teacher.post(f"{site.menus}/new", ready=board.key, menu_id=str(menu_id))
    assert page.status_code == 200
    menu, sheet = await stored(site, menu_id)
    assert len(sheet.blank) == board.places
    assert menu.status is MenuStatus.DRAFT
    counts: dict[str, str] = {}
    for section in sheet.sections if board.rule.kind is BoardKind.DINNER else ():
        course = sheet.course(section.id)
        counts |= {f"least-{section.id}": str(course.least), f"most-{section.id}": str(course.most or "")}
    rule = {"least": str(board.rule.least), "goal": str(board.rule.goal), "most": str(board.rule.most or "")}
    answer = await teacher.post(f"{site.menus}/{menu_id}", **typed(sheet, revision="1", do="assign", **counts, **rule))
    assert str(answer.url).endswith("/assign")
    assert "Everybody can complete it." in answer.text
    answer = await teacher.post(f"{site.menus}/{menu_id}/assign", revision="2", who="everybody")
    assert "Assigned. Every student has their own board now" in answer.text
    menu, sheet = await stored(site, menu_id)
    assert (menu.status, menu.title, menu.kind) == (MenuStatus.ASSIGNED, "Ratios", board.rule.kind)
    assert not sheet.blank
    async with site.database.reading() as session:
        copies = await copy_queries.copies(session, site.school.id, [menu_id])
    assert {copy.person_id for copy in copies} == {person.id for person in site.school.students}
    assert {copy.state for copy in copies} == {PersonalState.CHOOSING}


def test_at_least_eight_boards_ship_and_each_has_its_own_name() -> None:
    assert len(ready_boards.READY) >= 8
    assert len(ready_boards.BY_KEY) == len(ready_boards.READY)
    assert {board.rule.kind for board in ready_boards.READY} == set(BoardKind)


async def test_sending_the_form_twice_makes_one_menu(site: Site) -> None:
    teacher = await in_menus(site)
    menu_id = str(new_id())
    for _ in range(2):
        await teacher.post(f"{site.menus}/new", ready="dinner", menu_id=menu_id)
    async with site.database.reading() as session:
        found = await copy_queries.menus(session, site.school.id, site.school.course.id, tuple(MenuStatus))
    assert [str(menu.id) for menu in found] == [menu_id]


async def test_an_empty_board_is_not_assigned(site: Site) -> None:
    menu = await begun(site)
    teacher = await in_menus(site)
    page = await teacher.get(f"{site.menus}/{menu.id}/assign")
    assert "This menu has nothing to choose yet" in page.text
    answer = await teacher.post(f"{site.menus}/{menu.id}/assign", revision="1", who="everybody")
    assert answer.status_code == 400
    assert (await stored(site, menu.id))[0].status is MenuStatus.DRAFT


async def test_a_board_without_a_whole_line_is_refused_with_the_reason(site: Site) -> None:
    menu, sheet = await filled(site)
    teacher = await in_menus(site)
    # The middle and three corners go: no line is whole any more.
    gone = {f"title-{sheet.options[place].id}": "" for place in (0, 4, 7, 5)}
    answer = await teacher.post(f"{site.menus}/{menu.id}", **typed(sheet, revision=str(menu.revision)) | gone)
    assert "Nobody could complete this board" in answer.text
    assert "No row, column or diagonal has an option in every place." in answer.text
    menu, _ = await stored(site, menu.id)
    answer = await teacher.post(f"{site.menus}/{menu.id}/assign", revision=str(menu.revision), who="everybody")
    assert answer.status_code == 409
    assert "Not everybody could complete this board" in answer.text
    assert "No row, column or diagonal has an option in every place." in answer.text
    assert (await stored(site, menu.id))[0].status is MenuStatus.DRAFT


async def assigned(site: Site, key: str = "tic-tac-toe") -> tuple[Menu, Sheet]:
    menu, _ = await filled(site, key)
    async with site.database.writing() as session:
        await board_editing.assign(
            session, site.school.course, menu.id, menu.revision, board_editing.Terms(), site.school.teacher.id, NOW
        )
    return await stored(site, menu.id)


async def test_an_assigned_board_cannot_be_changed_into_one_that_nobody_can_complete(site: Site) -> None:
    menu, sheet = await assigned(site)
    teacher = await in_menus(site)
    gone = {f"title-{sheet.options[place].id}": "" for place in (0, 4, 7, 5)}
    answer = await teacher.post(f"{site.menus}/{menu.id}", **typed(sheet, revision=str(menu.revision)) | gone)
    assert answer.status_code == 409
    # What was typed is still on the page, with what is wrong about it; nothing of it is stored.
    assert "No row, column or diagonal has an option in every place." in answer.text
    assert len((await stored(site, menu.id))[1].filled) == 9


async def test_the_class_list_says_how_the_class_stands_and_who_comes_later_gets_a_board(site: Site) -> None:
    menu, _ = await assigned(site)
    async with site.database.writing() as session:
        newcomer = seed.person(site.school.registration, site.school.organisation, "late", "Lea Larch")
        session.add(newcomer)
        await session.flush()
        session.add(seed.member(site.school.course, newcomer))
    teacher = await in_menus(site)
    page = await teacher.get(site.menus)
    assert "0 of 4 have chosen, 0 have finished" in page.text
    async with site.database.reading() as session:
        copies = await copy_queries.copies(session, site.school.id, [menu.id])
    assert newcomer.id in {copy.person_id for copy in copies}


async def test_it_is_assigned_to_a_group_and_leaves_an_audit_entry(site: Site) -> None:
    menu, _ = await filled(site)
    group = await a_group(site, "Blue", [0])
    teacher = await in_menus(site)
    page = await teacher.get(f"{site.menus}/{menu.id}/assign")
    assert "Blue" in page.text
    await teacher.post(
        f"{site.menus}/{menu.id}/assign",
        revision=str(menu.revision),
        who="groups",
        group=str(group.id),
        has_column="yes",
        points="20",
        due_at="2026-10-01T10:00",
    )
    menu, _ = await stored(site, menu.id)
    assert (menu.status, menu.has_column, menu.points) == (MenuStatus.ASSIGNED, True, 20)
    assert menu.due_at is not None
    async with site.database.reading() as session:
        copies = await copy_queries.copies(session, site.school.id, [menu.id])
        entries = (await session.exec(scoped(AuditEntry, site.school.id))).all()
    assert {copy.person_id for copy in copies} == {site.school.students[0].id}
    assert "menu.assigned" in {entry.action for entry in entries}


async def test_its_gradebook_column_follows_title_points_and_due_date_before_anybody_has_done_anything(
    site: Site,
) -> None:
    menu, _ = await filled(site)

    async def column() -> tuple[str, float, datetime | None, int]:
        async with site.database.reading() as session:
            one = (await session.exec(scoped(LineItem, site.school.id))).one()
            return one.label, one.score_maximum, one.end_at, one.version

    async def assign(points: float, due_at: datetime | None) -> None:
        now, _ = await stored(site, menu.id)
        async with site.database.writing() as session:
            terms = board_editing.Terms(has_column=True, points=points, due_at=due_at)
            await board_editing.assign(session, site.school.course, menu.id, now.revision, terms, None, NOW)

    await assign(20, None)
    assert await column() == (menu.title, 20, None, 1)
    now, _ = await stored(site, menu.id)
    async with site.database.writing() as session:
        words = Words("Another title")
        await board_editing.change(session, site.school.course, menu.id, now.revision, lambda one: one, NOW, words)
    assert await column() == ("Another title", 20, None, 2)
    await assign(30, NOW)
    assert await column() == ("Another title", 30, NOW, 3)
    await assign(30, NOW)
    assert (await column())[3] == 3


async def a_group(site: Site, name: str, places: list[int]) -> CourseGroup:
    async with site.database.writing() as session:
        group = CourseGroup(
            organisation_id=site.school.id,
            course_id=site.school.course.id,
            group_id=name.lower(),
            name=name,
            created_at=NOW,
        )
        session.add(group)
        await session.flush()
        for place in places:
            session.add(
                CourseGroupMember(
                    organisation_id=site.school.id, group_id=group.id, person_id=site.school.students[place].id
                )
            )
        await session.flush()
        session.expunge_all()
        return group


async def test_whose_board_lacks_options_is_named_when_it_cannot_be_completed(site: Site) -> None:
    menu, sheet = await filled(site, "choose-three")
    group = await a_group(site, "Blue", [0, 1])
    teacher = await in_menus(site)
    # All but two options are for the Blue group: the third student has two to choose three from.
    for option in sheet.options[2:]:
        menu, _ = await stored(site, menu.id)
        await teacher.post(
            f"{site.menus}/{menu.id}/options/{option.id}",
            **{"revision": str(menu.revision), "title": option.title, "kind": "task", "for": f"group:{group.id}"},
        )
    menu, sheet = await stored(site, menu.id)
    assert {one.kind for one in sheet.options[5].audience} == {MenuAudienceKind.GROUP, MenuAudienceKind.STUDENT}
    page = await teacher.get(f"{site.menus}/{menu.id}")
    assert "Not everybody could complete this board" in page.text
    assert re.search(r"For Cem Cedar:\s+3 have to be chosen, but there are 2 to choose from\.", page.text)
    answer = await teacher.post(f"{site.menus}/{menu.id}/assign", revision=str(menu.revision), who="everybody")
    assert answer.status_code == 409
    assert "For Cem Cedar:" in answer.text
    # For the group alone it is one that everybody can complete.
    answer = await teacher.post(
        f"{site.menus}/{menu.id}/assign", revision=str(menu.revision), who="groups", group=str(group.id)
    )
    assert answer.status_code == 200
    assert (await stored(site, menu.id))[0].status is MenuStatus.ASSIGNED


async def test_whoever_leaves_a_group_and_cannot_complete_the_board_any_more_is_counted_on_the_list(site: Site) -> None:
    menu, sheet = await filled(site, "choose-three")
    group = await a_group(site, "Blue", [0, 1, 2])
    some = (Named(MenuAudienceKind.GROUP, group_id=group.id),)

    def make(sheet: Sheet) -> Sheet:
        options = tuple(replace(one, audience=some if one.position > 1 else ()) for one in sheet.options)
        return replace(sheet, options=options)

    course = site.school.course
    async with site.database.writing() as session:
        menu = await board_editing.change(session, course, menu.id, menu.revision, make, NOW)
        menu = await board_editing.assign(
            session, course, menu.id, menu.revision, board_editing.Terms(), site.school.teacher.id, NOW
        )
    teacher = await in_menus(site)
    assert "cannot complete it" not in (await teacher.get(site.menus)).text
    async with site.database.writing() as session:
        rows = (await session.exec(scoped(CourseGroupMember, site.school.id))).all()
        await session.delete(next(row for row in rows if row.person_id == site.school.students[2].id))
    assert "1 student cannot complete it" in (await teacher.get(site.menus)).text


async def test_who_has_done_enough_by_a_changed_rule_is_finished(site: Site) -> None:
    menu, sheet = await assigned(site, "choose-three")
    student = site.school.students[0]
    async with site.database.writing() as session:
        [copy] = await copy_queries.copies(session, site.school.id, [menu.id], [student.id])
        copy.state, copy.moved_at = PersonalState.WORKING, NOW
        session.add(copy)
        for option in sheet.options[:2]:
            session.add(
                MenuChoice(
                    organisation_id=site.school.id,
                    personal_menu_id=copy.id,
                    option_id=option.id,
                    state=ChoiceState.DONE,
                    chosen_at=NOW,
                    done_at=NOW,
                )
            )
    teacher = await in_menus(site)
    answer = await teacher.post(
        f"{site.menus}/{menu.id}", **typed(sheet, revision=str(menu.revision), least="2", most="4")
    )
    assert answer.status_code == 200
    async with site.database.reading() as session:
        [copy] = await copy_queries.copies(session, site.school.id, [menu.id], [student.id])
    assert (copy.state, copy.moved_at) == (PersonalState.FINISHED, NOW)


# --- The board ----------------------------------------------------------------------------------------------------------


async def test_what_was_typed_is_kept_whichever_button_is_pressed(site: Site) -> None:
    menu = await begun(site, "dinner")
    _, sheet = await stored(site, menu.id)
    teacher = await in_menus(site)
    starters, mains = sheet.sections[:2]
    board = f"{site.menus}/{menu.id}"
    first, second = sheet.options[:2]

    async def press(do: str, **more: str) -> Sheet:
        menu, now = await stored(site, uuid.UUID(board.rsplit("/", 1)[1]))
        values = {f"title-{one.id}": one.title for one in now.options} | more
        answer = await teacher.post(board, revision=str(menu.revision), rule="yes", title="Dinner", do=do, **values)
        assert answer.status_code == 200, answer.text
        return (await stored(site, menu.id))[1]

    sheet = await press(f"down:{first.id}", **{f"title-{first.id}": "Soup", f"title-{second.id}": "Salad"})
    assert [one.title for one in sheet.inside(starters.id)][:2] == ["Salad", "Soup"]
    sheet = await press(f"place:{mains.id}", **{f"heading-{mains.id}": "Main tasks"})
    assert len(sheet.inside(mains.id)) == 5
    assert sheet.section(mains.id).title == "Main tasks"
    sheet = await press(f"out:{second.id}")
    assert [one.title for one in sheet.inside(starters.id)] == ["Soup", ""]
    sheet = await press("part")
    assert sheet.course(sheet.sections[-1].id).least == 1
    sheet = await press(f"part-out:{starters.id}")
    assert starters.id not in {one.id for one in sheet.sections}
    assert "Soup" in [one.title for one in sheet.inside(mains.id)]
    sheet = await press("save", **{f"least-{mains.id}": "1", f"most-{mains.id}": "2"})
    assert (sheet.course(mains.id).least, sheet.course(mains.id).most) == (1, 2)


async def test_numbers_that_cannot_be_come_back_with_what_was_typed(site: Site) -> None:
    menu = await begun(site, "choose-three")
    _, sheet = await stored(site, menu.id)
    teacher = await in_menus(site)
    answer = await teacher.post(
        f"{site.menus}/{menu.id}", **typed(sheet, revision="1", least="5", most="2", title="Mine")
    )
    assert answer.status_code == 422
    assert "cannot be less than" in answer.text
    assert "Task 3" in answer.text
    assert not (await stored(site, menu.id))[1].filled
    for field, value in (("least", "x"), ("least", ""), ("least", "1.5"), ("most", "0")):
        answer = await teacher.post(f"{site.menus}/{menu.id}", **typed(sheet, revision="1") | {field: value})
        assert answer.status_code == 422, (field, value)


async def test_two_editors_notice_each_other(site: Site) -> None:
    menu, sheet = await filled(site)
    teacher = await in_menus(site)
    await teacher.post(f"{site.menus}/{menu.id}", **typed(sheet, revision=str(menu.revision)))
    answer = await teacher.post(f"{site.menus}/{menu.id}", **typed(sheet, revision=str(menu.revision), title="Other"))
    assert answer.status_code == 409
    assert "This menu was changed in the meantime" in answer.text
    assert (await stored(site, menu.id))[0].title == "Ratios"


async def test_the_board_is_checked_while_it_is_typed_and_nothing_is_saved(site: Site) -> None:
    menu = await begun(site)
    _, sheet = await stored(site, menu.id)
    teacher = await in_menus(site)
    row = {f"title-{one.id}": "Something" for one in sheet.options[:3]}
    answer = await teacher.post(f"{site.menus}/{menu.id}/check", rule="yes", title="", diagonals="yes", **row)
    assert "Everybody can complete it." in answer.text
    assert "6 places are still empty" in answer.text
    answer = await teacher.post(f"{site.menus}/{menu.id}/check", rule="yes", most="2", diagonals="yes", **row)
    assert "A line and what everybody has to choose are 3 options, but no more than 2 may be chosen." in answer.text
    assert not (await stored(site, menu.id))[1].filled


async def test_a_line_that_misses_a_competency_is_pointed_out(site: Site) -> None:
    menu, sheet = await filled(site)
    competency_id = site.competencies[0].id
    teacher = await in_menus(site)

    async def works_on(places: list[int]) -> str:
        for place in places:
            menu_now, now = await stored(site, menu.id)
            option = now.options[place]
            await teacher.post(
                f"{site.menus}/{menu.id}/options/{option.id}",
                revision=str(menu_now.revision),
                title=option.title,
                kind="task",
                competency=str(competency_id),
            )
        return (await teacher.get(f"{site.menus}/{menu.id}")).text

    page = await works_on([0, 4])
    assert "A complete choice can miss 1 competency" in page
    assert "for example with" in page
    # Every line goes through the middle, or one of two opposite corners.
    page = await works_on([8])
    assert "A complete choice can miss" not in page
    assert "Every complete choice works on" in page


async def test_it_is_looked_at_as_a_student_finds_it(site: Site) -> None:
    menu, sheet = await filled(site, "choose-three")
    group = await a_group(site, "Blue", [0])
    teacher = await in_menus(site)
    where = f"{site.menus}/{menu.id}"
    page = await teacher.get(f"{where}/preview")
    assert "Choose 3." in page.text
    assert "Task 8" in page.text
    assert 'name="student"' not in page.text  # All boards are alike.
    option = sheet.options[7]
    changes = {"revision": str(menu.revision), "kind": "task", "title": "For the Blue"}
    await teacher.post(f"{where}/options/{option.id}", **changes, **{"for": f"group:{group.id}"})
    assert "For the Blue" not in (await teacher.get(f"{where}/preview")).text
    ada, ben = site.school.students[:2]
    assert "For the Blue" in (await teacher.get(f"{where}/preview?student={ada.id}")).text
    assert "For the Blue" not in (await teacher.get(f"{where}/preview?student={ben.id}")).text
    assert (await teacher.get(f"{where}/preview?student={new_id()}")).status_code == 404
    # Where a language decides, a board would tell who has support in one.
    menu, _ = await stored(site, menu.id)
    await teacher.post(f"{where}/options/{option.id}", **changes | {"revision": str(menu.revision)}, language="uk")
    assert 'name="student"' in (await teacher.get(f"{where}/preview?student={ada.id}")).text
    assistant = await site.sign_in(site.school.teacher, Role.ASSISTANT)
    page = await assistant.get(f"{where}/preview?student={ada.id}")
    assert page.status_code == 200
    assert 'name="student"' not in page.text
    async with site.database.reading() as session:
        copies = await copy_queries.copies(session, site.school.id, [menu.id])
        looks = (
            await session.exec(scoped(AuditEntry, site.school.id).where(AuditEntry.action == "supports.viewed"))
        ).all()
    assert copies == []
    # Only the look that told of a student's support is recorded.
    assert [look.subject for look in looks] == [f"person:{ada.id}"]


# --- Options ------------------------------------------------------------------------------------------------------------


async def test_an_option_leads_to_a_quiz_and_counts_by_its_result(site: Site) -> None:
    menu = await begun(site)
    _, sheet = await stored(site, menu.id)
    teacher = await in_menus(site)
    option, quiz = sheet.options[4], site.school.items["quiz"]
    page = await teacher.get(f"{site.menus}/{menu.id}/options/{option.id}")
    assert "Row 2, column 2" in page.text
    answer = await teacher.post(
        f"{site.menus}/{menu.id}/options/{option.id}",
        revision="1",
        kind="item",
        item=str(quiz.id),
        required="yes",
        level="Core",
        minutes="20",
        udl=["engagement", "representation"],
    )
    assert answer.status_code == 200
    _, sheet = await stored(site, menu.id)
    option = sheet.options[4]
    assert (option.kind, option.content_item_id, option.title) == (OptionKind.ITEM, quiz.id, quiz.title)
    assert (option.done_rule, option.pass_percent, option.required) == (OptionDone.RESULT, 70, True)
    assert (option.level, option.minutes, len(option.udl)) == ("Core", 20, 2)
    # A task of one's own has no result.
    await teacher.post(
        f"{site.menus}/{menu.id}/options/{option.id}",
        revision="2",
        kind="task",
        title="Build it",
        done_rule="result",
    )
    option = (await stored(site, menu.id))[1].options[4]
    assert (option.content_item_id, option.done_rule, option.pass_percent) == (None, OptionDone.MARKED, None)


async def test_an_option_that_asks_for_work_says_what_can_be_handed_in(site: Site) -> None:
    menu = await begun(site, "choose-three")
    _, sheet = await stored(site, menu.id)
    teacher = await in_menus(site)
    where = f"{site.menus}/{menu.id}/options/{sheet.options[0].id}"
    await teacher.post(where, revision="1", kind="task", title="Film it", done_rule="accepted", takes=["file", "link"])
    option = (await stored(site, menu.id))[1].options[0]
    assert (option.done_rule, option.takes) == (OptionDone.ACCEPTED, (WorkKind.FILE, WorkKind.LINK))


@on_postgresql
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "task", "title": ""}, "Please give the option a title."),
        ({"kind": "item", "title": "x"}, "Please choose an item of the course."),
        ({"kind": "link", "title": "x"}, "Please paste an address."),
        ({"kind": "link", "title": "x", "url": "javascript:alert(1)"}, "no address that students could open"),
        ({"kind": "task", "title": "x", "minutes": "-3"}, "whole number"),
        ({"kind": "task", "title": "x" * 501}, "too long"),
    ],
)
async def test_what_is_wrong_with_an_option_is_said(site: Site, fields: dict[str, str], sentence: str) -> None:
    menu = await begun(site)
    _, sheet = await stored(site, menu.id)
    teacher = await in_menus(site)
    answer = await teacher.post(f"{site.menus}/{menu.id}/options/{sheet.options[0].id}", revision="1", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not (await stored(site, menu.id))[1].filled


async def test_an_item_of_another_course_or_a_stranger_is_refused(site: Site) -> None:
    menu = await begun(site)
    _, sheet = await stored(site, menu.id)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await in_menus(site)
    where = f"{site.menus}/{menu.id}/options/{sheet.options[0].id}"
    fields: dict[str, Any] = {"revision": "1", "kind": "item", "item": str(other.items["page"].id)}
    assert (await teacher.post(where, **fields)).status_code == 404
    fields = {"revision": "1", "kind": "task", "title": "x", "for": f"student:{other.students[0].id}"}
    assert (await teacher.post(where, **fields)).status_code == 409
    fields = {"revision": "1", "kind": "task", "title": "x", "competency": str(new_id())}
    assert (await teacher.post(where, **fields)).status_code == 404
    assert (
        await teacher.post(f"{site.menus}/{menu.id}", revision="1", title="x", rubric=str(new_id()))
    ).status_code == 404
    assert (await stored(site, menu.id))[0].revision == 1


async def test_options_change_places_and_two_share_one(site: Site) -> None:
    menu, sheet = await filled(site)
    teacher = await in_menus(site)
    where = f"{site.menus}/{menu.id}/options/{sheet.options[0].id}"
    await teacher.post(where, revision=str(menu.revision), kind="task", title="Task 1", to="8")
    menu, sheet = await stored(site, menu.id)
    assert [one.title for one in (sheet.at(0)[0], sheet.at(8)[0])] == ["Task 9", "Task 1"]
    answer = await teacher.post(f"{where}/beside", revision=str(menu.revision))
    assert "/options/" in str(answer.url)
    menu, sheet = await stored(site, menu.id)
    assert len(sheet.at(8)) == 2
    assert len(sheet.options) == 10
    await teacher.post(f"{where}/remove", revision=str(menu.revision))
    menu, sheet = await stored(site, menu.id)
    assert [one.title for one in sheet.at(8)] == [""]
    await teacher.post(f"{site.menus}/{menu.id}/options/{sheet.at(7)[0].id}/remove", revision=str(menu.revision))
    # The place itself stays on a square.
    assert [one.title for one in (await stored(site, menu.id))[1].at(7)] == [""]


async def test_items_of_the_course_fill_the_empty_places(site: Site) -> None:
    menu = await begun(site, "small-square")
    teacher = await in_menus(site)
    items = site.school.items
    answer = await teacher.post(
        f"{site.menus}/{menu.id}/items", revision="1", item=[str(items["page"].id), str(items["quiz"].id)]
    )
    assert answer.status_code == 200
    _, sheet = await stored(site, menu.id)
    assert [one.title for one in sheet.options] == ["What a fraction is", "Quiz on halves", "", ""]
    assert sheet.options[1].done_rule is OptionDone.RESULT
    many = [str(one.id) for key, one in items.items() if key != "heading"]
    answer = await teacher.post(f"{site.menus}/{menu.id}/items", revision="2", item=many)
    assert answer.status_code == 400
    assert "There is no room for another option" in answer.text
    assert (await teacher.post(f"{site.menus}/{menu.id}/items", revision="2")).status_code == 200


async def test_whoever_is_held_to_a_section_leaves_others_as_they_are(site: Site) -> None:
    menu, sheet = await filled(site, "choose-three")
    option, school = sheet.options[0], site.school
    ada, ben = school.students[:2]
    async with site.database.writing() as session:
        rows = (await session.exec(scoped(Membership, school.id))).all()
        for row in rows:
            row.sections = "blue" if row.person_id in (ada.id, school.teacher.id) else "red"
            row.section_restricted = row.person_id == school.teacher.id
            session.add(row)

        def make(sheet: Sheet) -> Sheet:
            named = (Named(MenuAudienceKind.STUDENT), Named(MenuAudienceKind.STUDENT, person_id=ben.id))
            return board_editing.sheets.change_option(sheet, replace(sheet.option(option.id), audience=named))

        await board_editing.change(session, school.course, menu.id, menu.revision, make, NOW)
    teacher = await in_menus(site)
    where = f"{site.menus}/{menu.id}/options/{option.id}"
    page = await teacher.get(where)
    assert "Ada Ash" in page.text
    assert "Ben Birch" not in page.text
    assert "It is also for others whom you do not see here" in page.text
    menu, _ = await stored(site, menu.id)
    await teacher.post(where, **{"revision": str(menu.revision), "title": "Task 1", "for": f"student:{ada.id}"})
    menu, sheet = await stored(site, menu.id)
    assert {one.person_id for one in sheet.options[0].audience} == {None, ada.id, ben.id}
    # Without anybody ticked it is still Ben's alone, and not everybody's.
    await teacher.post(where, revision=str(menu.revision), title="Task 1")
    menu, sheet = await stored(site, menu.id)
    assert {one.person_id for one in sheet.options[0].audience} == {None, ben.id}


# --- The menu as a whole ------------------------------------------------------------------------------------------------


async def test_a_duplicate_is_a_draft_with_ids_of_its_own(site: Site) -> None:
    menu, sheet = await assigned(site, "dinner")
    teacher = await in_menus(site)
    copy_id = new_id()
    await teacher.post(f"{site.menus}/{menu.id}/duplicate", copy_id=str(copy_id))
    copy, copied = await stored(site, copy_id)
    assert (copy.status, copy.title) == (MenuStatus.DRAFT, "Dinner menu (copy)")
    assert [one.title for one in copied.options] == [one.title for one in sheet.options]
    assert not {one.id for one in copied.options} & {one.id for one in sheet.options}
    assert [(one.least, one.most) for one in copied.rule.courses] == [(1, 1), (2, 2), (1, 1), (0, 1)]
    assert {one.section_id for one in copied.rule.courses} == {one.id for one in copied.sections}


async def test_a_draft_is_deleted_and_an_assigned_menu_leaves_the_students(site: Site) -> None:
    draft, _ = await filled(site)
    menu, _ = await assigned(site)
    teacher = await in_menus(site)
    for one in (draft, menu):
        assert (await teacher.get(f"{site.menus}/{one.id}/remove")).status_code == 200
        await teacher.post(f"{site.menus}/{one.id}/remove", revision=str(one.revision))
    async with site.database.reading() as session:
        left = (await session.exec(scoped(Menu, site.school.id).where(col(Menu.id).in_([draft.id, menu.id])))).all()
        mine = await copy_queries.persons_copies(
            session, site.school.id, site.school.course.id, site.school.students[0].id
        )
    assert [(one.id, one.status) for one in left] == [(menu.id, MenuStatus.ARCHIVED)]
    assert mine == []
