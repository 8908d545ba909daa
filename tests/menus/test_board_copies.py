"""Menus in the copy of a course: they come along as drafts, find their places, and leave people and dates behind."""

import uuid
from datetime import timedelta

from lti_tool.content import service as content
from lti_tool.content.models import ContentItem
from lti_tool.menus import board_editing, ready_boards, rubrics, sheet_rows, sheets
from lti_tool.menus.board_carrying import MenuCarrier
from lti_tool.menus.board_editing import Terms
from lti_tool.menus.board_states import Words
from lti_tool.menus.models import (
    Menu,
    MenuAudience,
    MenuAudienceKind,
    MenuStatus,
    OptionDone,
    PersonalMenu,
    Rubric,
    RubricCriterion,
)
from lti_tool.menus.sheets import Filled, Named, Sheet
from lti_tool.web.i18n import language_for
from tests.playlists.test_carrying import COPY, ORIGINAL, Story, into, story

__all__ = ["story"]


async def a_menu(story: Story) -> uuid.UUID:
    """A dinner menu, assigned and due: two quizzes, a page, an item that the copy has not, and a task for one group."""
    course = await story.course(ORIGINAL)
    now = story.world.clock.now()
    async with story.world.database.writing() as session:
        sheet = ready_boards.made(ready_boards.ready("dinner"), language_for(("en",)))
        menu = await board_editing.create(session, course, Words("Ratio dinner", contract="I will"), sheet, None, now)
        items = await content.items(session, course.organisation_id, course.id)
        # The items that the platform has, in its order: a page, two quizzes, a page, a quiz.
        wanted = [item.id for item in items if item.url and "/modules/items/" in item.url]
        menu = await board_editing.add_items(session, course, menu.id, menu.revision, wanted, now)
        sheet = await sheet_rows.sheet(session, menu)
        rest = {one.id: f"Task {one.position}" for one in sheet.blank}
        last = sheet.options[-1]

        def make(sheet: Sheet) -> Sheet:
            filled = sheets.fill(sheet, Filled(titles=rest))
            mine = board_editing.replace(
                filled.option(last.id),
                audience=(Named(MenuAudienceKind.STUDENT), Named(MenuAudienceKind.INTEREST, word="Cooking")),
            )
            return sheets.change_option(filled, mine)

        menu = await board_editing.change(session, course, menu.id, menu.revision, make, now)
        terms = Terms(has_column=False, points=30.0, due_at=now + timedelta(days=3))
        await board_editing.assign(session, course, menu.id, menu.revision, terms, None, now)
        return menu.id


async def carried(story: Story) -> tuple[list[Menu], dict[uuid.UUID, Sheet], dict[uuid.UUID, ContentItem]]:
    course = await story.course()
    async with story.world.database.reading() as session:
        menus = [one for one in await story.rows(Menu) if one.course_id == course.id]
        boards = await sheet_rows.sheets(session, course.organisation_id, menus)
    return menus, boards, {one.id: one for one in await story.rows(ContentItem)}


async def test_menus_come_along_with_the_playlists(story: Story) -> None:
    story.world.tool.app.state.carriers = (MenuCarrier(),)
    menu_id = await a_menu(story)
    boards_before = len(await story.rows(PersonalMenu))
    teacher = await story.copied()
    assert "Ratio dinner" in teacher.page.text
    teacher = await story.decide(teacher)
    assert "Ratio dinner" in teacher.page.text
    assert "1 place to look at" in teacher.page.text
    [menu], boards, items = await carried(story)
    course = await story.course()
    assert (menu.title, menu.status, menu.contract, menu.due_at) == ("Ratio dinner", MenuStatus.DRAFT, "I will", None)
    assert (menu.copied_from_id, menu.points, menu.assigned_at) == (menu_id, 30.0, None)
    sheet = boards[menu.id]
    assert [section.title for section in sheet.sections] == ["Starters", "Mains", "Sides", "Dessert"]
    assert [(one.least, one.most) for one in sheet.rule.courses] == [(1, 1), (2, 2), (1, 1), (0, 1)]
    led = [items[one.content_item_id] for one in sheet.options if one.content_item_id]
    assert len(led) == 5
    assert {item.course_id for item in led} == {course.id}
    assert [item.title for item in led if item.deleted_at is not None] == ["Only in the original"]
    rules = {one.title: one.done_rule for one in sheet.options}
    assert rules["Quiz"] is OptionDone.RESULT
    # What the LMS shares no results for in the copy is marked by the student there.
    assert rules["Quiz without results there"] is OptionDone.MARKED
    # An interest stays one; nobody is named.
    audience = [row for row in await story.rows(MenuAudience) if row.menu_id == menu.id]
    assert {(row.kind, row.word, row.person_id, row.group_id) for row in audience} == {
        (MenuAudienceKind.STUDENT, "", None, None),
        (MenuAudienceKind.INTEREST, "Cooking", None, None),
    }
    assert len(await story.rows(PersonalMenu)) == boards_before


async def test_a_course_with_menus_alone_is_asked_about_and_nothing_comes_twice(story: Story) -> None:
    story.world.tool.app.state.carriers = (MenuCarrier(),)
    await story.world.launch("colleague", **into("theirs", "Geometry", canvas="51"))
    theirs = await story.course("theirs")
    now = story.world.clock.now()
    async with story.world.database.writing() as session:
        sheet = ready_boards.made(ready_boards.ready("tic-tac-toe"), language_for(("en",)))
        await board_editing.create(session, theirs, Words("Angles board"), sheet, None, now)
    teacher = await story.world.launch("new-teacher", **into(COPY, "Algebra 1, 2026", "theirs", canvas="42"))
    assert teacher.address.endswith("/carry-over")
    assert "Angles board" in teacher.page.text
    page = await teacher.post(teacher.address, answer="carry", original=str(theirs.id))
    assert "Angles board" in page.text
    assert len((await carried(story))[0]) == 1
    from lti_tool.content import places

    copy = await story.course()
    async with story.world.database.writing() as session:
        both = await places.copied(session, copy, theirs)
        assert await MenuCarrier().carry(session, both, theirs, {}, None, now) == 0
    assert len((await carried(story))[0]) == 1


async def test_one_menu_is_copied_to_another_course_of_the_same_teacher(story: Story) -> None:
    from lti_tool.menus import routes
    from lti_tool.web.routing import add_router

    add_router(story.world.tool.app, routes.router)
    menu_id = await a_menu(story)
    # The teacher of the original teaches the other course as well.
    await story.world.launch(**into(COPY, "Algebra 1, 2026", canvas="42"))
    teacher = await story.world.launch(**into(ORIGINAL, "Algebra 1, 2025", canvas="17"))
    original, other = await story.course(ORIGINAL), await story.course()
    where = f"/courses/{original.id}/menus/{menu_id}/copy"
    page = await teacher.get(where)
    assert "Algebra 1, 2026" in page.text
    copy_id = uuid.uuid4()
    for _ in range(2):
        page = await teacher.post(where, course=str(other.id), copy_id=str(copy_id))
    assert "Copied. The draft waits in the other course" in page.text
    [menu], boards, items = await carried(story)
    assert (menu.id, menu.copied_from_id, menu.status) == (copy_id, None, MenuStatus.DRAFT)
    assert {items[one.content_item_id].course_id for one in boards[menu.id].options if one.content_item_id} == {
        other.id
    }


async def test_a_boards_rubric_comes_along_once(story: Story) -> None:
    story.world.tool.app.state.carriers = (MenuCarrier(),)
    menu_id = await a_menu(story)
    original = await story.course(ORIGINAL)
    async with story.world.database.writing() as session:
        rubric = Rubric(
            organisation_id=original.organisation_id,
            course_id=original.id,
            title="Four levels",
            created_at=original.created_at,
            changed_at=original.created_at,
        )
        session.add(rubric)
        await session.flush()
        levels = [{"title": "No", "description": "", "points": "0"}, {"title": "Yes", "description": "", "points": "1"}]
        criterion = {"organisation_id": rubric.organisation_id, "rubric_id": rubric.id, "levels": levels, "meets": 1}
        session.add_all(
            RubricCriterion(**criterion, title=title, position=n) for n, title in enumerate(("Ideas", "Form"))
        )
        menu = await session.get(Menu, (original.organisation_id, menu_id))
        assert menu is not None
        menu.rubric_id = rubric.id
    await story.decide(await story.copied())
    [carried_menu], _, _ = await carried(story)
    course = await story.course()
    [copy] = [one for one in await story.rows(Rubric) if one.course_id == course.id]
    assert (carried_menu.rubric_id, copy.title, copy.copied_from_id) == (copy.id, "Four levels", rubric.id)
    found = sorted(
        (one for one in await story.rows(RubricCriterion) if one.rubric_id == copy.id), key=lambda one: one.position
    )
    assert [(one.title, one.levels, one.meets) for one in found] == [("Ideas", levels, 1), ("Form", levels, 1)]
    async with story.world.database.writing() as session:
        again = await rubrics.in_course(session, original, course, rubric.id, {}, None, story.world.clock.now())
        assert again == copy.id
