"""Changes of a board that are taken back and made again."""

import uuid
from dataclasses import replace

import pytest

from lti_tool.courses.models import CourseGroup
from lti_tool.ids import new_id
from lti_tool.menus import board_editing, board_history, board_states, edit_queries, ready_boards, sheet_rows, sheets
from lti_tool.menus.board_states import State, What, Words
from lti_tool.menus.models import Menu, MenuAudienceKind, MenuStatus, WorkKind
from lti_tool.menus.sheets import Filled, Named, Sheet, Udl
from lti_tool.web.i18n import language_for
from tests.menus.work_site import Site
from tests.playlists.seed import NOW

ENGLISH = language_for(("en",))


async def begun(site: Site, key: str = "choose-three") -> Menu:
    async with site.database.writing() as session:
        made = ready_boards.made(ready_boards.ready(key), ENGLISH)
        return await board_editing.create(session, site.school.course, Words("Board"), made, None, NOW)


async def now_there(site: Site, menu_id: uuid.UUID) -> tuple[Menu, State]:
    async with site.database.reading() as session:
        menu = await board_editing.found(session, site.school.course, menu_id)
        state = await board_editing.state_of(session, menu)
        session.expunge_all()
        return menu, state


def titled(sheet: Sheet, title: str, place: int = 0) -> dict[uuid.UUID, str]:
    return {sheet.options[place].id: title}


async def fill(site: Site, menu_id: uuid.UUID, title: str, place: int = 0) -> None:
    menu, _ = await now_there(site, menu_id)
    async with site.database.writing() as session:
        await board_editing.change(
            session,
            site.school.course,
            menu_id,
            menu.revision,
            lambda sheet: sheets.fill(sheet, Filled(titles=titled(sheet, title, place))),
            NOW,
        )


async def go(site: Site, menu_id: uuid.UUID, *, back: bool) -> What | None:
    async with site.database.writing() as session:
        menu = await board_editing.found(session, site.school.course, menu_id, lock=True)
        act = board_history.undo if back else board_history.redo
        return await act(session, site.school.course, menu, NOW)


# --- The value ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("board", ready_boards.READY, ids=lambda one: one.key)
def test_every_ready_board_is_itself_after_json(board: ready_boards.ReadyBoard) -> None:
    sheet = ready_boards.made(board, ENGLISH)
    first = replace(
        sheet.options[0],
        title="Töpfern",
        takes=(WorkKind.FILE,),
        udl=(Udl.ACTION,),
        pass_percent=70.5,
        content_item_id=new_id(),
        competencies=frozenset({new_id(), new_id()}),
        audience=(Named(MenuAudienceKind.GROUP, group_id=new_id()), Named(MenuAudienceKind.LANGUAGE, word="es")),
    )
    state = State(
        Words("A", "B", board.change_rule, board.needs_approval, "C", new_id()),
        replace(sheet, options=(first, *sheet.options[1:])),
    )
    assert board_states.of_json(board_states.to_json(state)) == state


# --- In the database --------------------------------------------------------------------------------------------------------


async def test_changes_are_taken_back_one_by_one_and_made_again(site: Site) -> None:
    menu = await begun(site)
    states = [(await now_there(site, menu.id))[1]]
    for title in ("One", "Two", "Three"):
        await fill(site, menu.id, title)
        states.append((await now_there(site, menu.id))[1])
    for state in reversed(states[:-1]):
        assert await go(site, menu.id, back=True) is What.BOARD
        assert (await now_there(site, menu.id))[1] == state
    assert await go(site, menu.id, back=True) is None
    for state in states[1:]:
        assert await go(site, menu.id, back=False) is What.BOARD
        assert (await now_there(site, menu.id))[1] == state
    assert await go(site, menu.id, back=False) is None


async def test_what_was_undone_is_forgotten_with_the_next_change(site: Site) -> None:
    menu = await begun(site)
    await fill(site, menu.id, "One")
    await fill(site, menu.id, "Two")
    await go(site, menu.id, back=True)
    await fill(site, menu.id, "Three")
    assert await go(site, menu.id, back=False) is None
    assert await go(site, menu.id, back=True) is What.BOARD
    assert (await now_there(site, menu.id))[1].sheet.options[0].title == "One"


async def test_a_change_that_changes_nothing_is_none(site: Site) -> None:
    menu = await begun(site)
    await fill(site, menu.id, "One")
    await fill(site, menu.id, "One")
    assert await go(site, menu.id, back=True) is What.BOARD
    assert await go(site, menu.id, back=True) is None


async def test_the_latest_fifty_are_kept(site: Site) -> None:
    menu = await begun(site)
    for number in range(edit_queries.MOST + 3):
        await fill(site, menu.id, f"Title {number}")
    for _ in range(edit_queries.MOST):
        assert await go(site, menu.id, back=True) is What.BOARD
    assert await go(site, menu.id, back=True) is None
    assert (await now_there(site, menu.id))[1].sheet.options[0].title == "Title 2"


async def test_an_option_that_was_taken_out_comes_back_as_it_was(site: Site) -> None:
    menu = await begun(site)
    await fill(site, menu.id, "Draw a map")
    menu, before = await now_there(site, menu.id)
    option = before.sheet.options[0]
    async with site.database.writing() as session:
        await board_editing.change(
            session,
            site.school.course,
            menu.id,
            menu.revision,
            lambda sheet: sheets.remove_option(sheet, option.id),
            NOW,
            what=What.REMOVED,
        )
    assert await go(site, menu.id, back=True) is What.REMOVED
    assert (await now_there(site, menu.id))[1] == before


async def test_a_group_that_is_gone_leaves_an_option_for_nobody(site: Site) -> None:
    async with site.database.writing() as session:
        group = CourseGroup(
            organisation_id=site.school.id, course_id=site.school.course.id, group_id="b", name="Blue", created_at=NOW
        )
        session.add(group)
    menu = await begun(site)
    menu, _ = await now_there(site, menu.id)
    some = (Named(MenuAudienceKind.GROUP, group_id=group.id),)
    async with site.database.writing() as session:
        await board_editing.change(
            session,
            site.school.course,
            menu.id,
            menu.revision,
            lambda sheet: sheets.change_option(sheet, replace(sheet.options[0], audience=some)),
            NOW,
        )
    await fill(site, menu.id, "One")
    async with site.database.writing() as session:
        gone = await session.get(CourseGroup, (site.school.id, group.id))
        await session.delete(gone)
    await go(site, menu.id, back=True)
    assert (await now_there(site, menu.id))[1].sheet.options[0].audience == (Named(MenuAudienceKind.STUDENT),)


# --- On the page ------------------------------------------------------------------------------------------------------------


def form(menu: Menu, sheet: Sheet, do: str, *titles: str) -> dict[str, str]:
    given = {f"title-{one.id}": title for one, title in zip(sheet.options, titles, strict=False)}
    rule = {"rule": "yes", "least": str(sheet.rule.least), "most": str(sheet.rule.most or "")}
    return {"title": menu.title, "revision": str(menu.revision), "do": do} | rule | given


async def test_undo_takes_back_first_what_was_just_typed_and_redo_has_it(site: Site) -> None:
    menu = await begun(site)
    teacher = await site.teacher()
    address = f"{site.menus}/{menu.id}"
    assert 'value="undo"' not in (await teacher.get(address)).text
    menu, state = await now_there(site, menu.id)
    page = await teacher.post(address, **form(menu, state.sheet, "save", "Draw"))
    assert "Undo: what the board says" in page.text
    assert 'value="redo"' not in page.text
    menu, state = await now_there(site, menu.id)
    page = await teacher.post(address, **form(menu, state.sheet, "undo", "Draw", "Typed a moment ago"))
    assert "Taken back." in page.text
    assert "Typed a moment ago" not in page.text
    menu, state = await now_there(site, menu.id)
    assert [one.title for one in state.sheet.options[:2]] == ["Draw", ""]
    page = await teacher.post(address, **form(menu, state.sheet, "redo", "Draw"))
    assert "The change is there again." in page.text
    assert "Typed a moment ago" in page.text
    menu, state = await now_there(site, menu.id)
    page = await teacher.post(address, **form(menu, state.sheet, "redo", "Draw", "Typed a moment ago"))
    assert "There is nothing to make again." in page.text
    page = await teacher.post(address, **form(menu, state.sheet, "undo"))
    assert "This menu was changed in the meantime" in page.text or page.status_code == 409


async def test_a_board_that_students_have_is_not_undone_into_one_that_nobody_can_complete(site: Site) -> None:
    menu = await begun(site)
    for place in range(len((await now_there(site, menu.id))[1].sheet.options)):
        await fill(site, menu.id, f"Task {place}", place)
    menu, state = await now_there(site, menu.id)
    async with site.database.writing() as session:
        await board_editing.assign(
            session, site.school.course, menu.id, menu.revision, board_editing.Terms(), None, NOW
        )
    teacher = await site.teacher()
    address = f"{site.menus}/{menu.id}"
    await teacher.get(address)
    for _ in range(len(state.sheet.options)):
        menu, state = await now_there(site, menu.id)
        page = await teacher.post(address, **form(menu, state.sheet, "undo"))
        if page.status_code == 409:
            break
    assert page.status_code == 409
    assert "Not everybody could complete this board" in page.text
    kept, after = await now_there(site, menu.id)
    assert kept.status is MenuStatus.ASSIGNED
    assert len(after.sheet.filled) >= 3
    async with site.database.reading() as session:
        assert (await sheet_rows.sheet(session, kept)) == after.sheet
