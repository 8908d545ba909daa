"""A playlist's may-dos become a menu with one press; the playlist stays as it is."""

import uuid
from dataclasses import replace

from lti_tool.ids import new_id
from lti_tool.menus import board_editing, sheet_rows
from lti_tool.menus.from_playlists import of_steps
from lti_tool.menus.models import Menu, OptionDone, OptionKind, WorkKind
from lti_tool.menus.rules import choosing
from lti_tool.menus.rules.choosing import BoardKind
from lti_tool.menus.sheets import Sheet
from lti_tool.playlists import editing
from lti_tool.playlists.changes import Basics
from lti_tool.playlists.models import DoneRule, Need, Playlist, StepKind
from lti_tool.playlists.templates import Section, Step, Template
from tests.menus.work_site import Site
from tests.playlists import seed


def made(template: Template) -> Sheet:
    return of_steps(template, [step for step in template.steps if step.need is Need.MAY], {})


def a_template(*needed: int | None) -> Template:
    """Sections of three may-dos and a must-do each, that ask for so many."""
    sections = tuple(Section(new_id(), f"Part {number}", needed=many) for number, many in enumerate(needed, start=1))
    steps = [
        Step(id=new_id(), title=f"{section.title}: {number}", section_id=section.id, need=need)
        for section in sections
        for number, need in enumerate((Need.MUST, Need.MAY, Need.MAY, Need.MAY))
    ]
    return Template("Week 1", sections=sections, steps=tuple(steps))


def test_sections_that_ask_for_some_become_courses_of_a_dinner_menu() -> None:
    sheet = made(a_template(2, None, 5))
    assert sheet.rule.kind is BoardKind.DINNER
    # What asks for more than it has asks for all of it.
    assert [(one.least, one.most) for one in sheet.rule.courses] == [(2, 2), (0, None), (3, 3)]
    assert [section.title for section in sheet.sections] == ["Part 1", "Part 2", "Part 3"]
    assert len(sheet.options) == 9
    assert choosing.problems(sheet.rule, sheet.board(None)) == ()


def test_may_dos_of_which_none_are_asked_for_become_a_list() -> None:
    sheet = made(a_template(None))
    assert (sheet.rule.kind, sheet.rule.least) == (BoardKind.LIST, 1)
    assert choosing.problems(sheet.rule, sheet.board(None)) == ()


def test_what_counts_as_done_goes_along() -> None:
    def option(**step: object) -> tuple[OptionDone, tuple[WorkKind, ...], float | None]:
        template = a_template(None)
        changed = replace(template.steps[1], **step)  # type: ignore[arg-type]
        [one, *_] = made(replace(template, steps=(changed,))).options
        return one.done_rule, one.takes, one.pass_percent

    assert option(done_rule=DoneRule.RESULT, pass_percent=60.0) == (OptionDone.RESULT, (), 60.0)
    assert option(kind=StepKind.REFLECTION, done_rule=DoneRule.WRITTEN) == (
        OptionDone.ACCEPTED,
        (WorkKind.WORDS,),
        None,
    )
    assert option(kind=StepKind.CONFERENCE, done_rule=DoneRule.SIGNED)[0] is OptionDone.ACCEPTED
    assert option(done_rule=DoneRule.MASTERY) == (OptionDone.MARKED, (), None)


async def test_one_press_makes_a_draft_and_leaves_the_playlist_alone(site: Site) -> None:
    school = site.school
    async with site.database.writing() as session:
        playlist = await editing.create(session, school.course, Basics("Halves"), None, seed.NOW)
        ids = [school.items["page"].id, school.items["quiz"].id]
        playlist = await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, seed.NOW)
        for step in await editing.present_steps(session, playlist):
            choice = editing.StepChoice(step.title, need=Need.MAY, done_rule=step.done_rule, pass_percent=80.0)
            playlist = await editing.change_step(
                session, school.course, playlist.id, playlist.revision, step.id, choice, seed.NOW
            )
        revision = playlist.revision
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists")
    assert "Make a menu of its may-dos" in page.text
    menu_id = new_id()
    for _ in range(2):
        page = await teacher.post(f"{site.menus}/from-playlist/{playlist.id}", menu_id=str(menu_id))
    assert "Here are the may-dos as a menu" in page.text
    async with site.database.reading() as session:
        menu = await board_editing.found(session, school.course, menu_id)
        sheet = await sheet_rows.sheet(session, menu)
        again = await session.get(Playlist, (school.id, playlist.id))
        assert isinstance(menu, Menu)
        assert (menu.title, menu.playlist_id) == ("Halves", playlist.id)
        assert again is not None
        assert again.revision == revision
    assert [(one.title, one.kind, one.done_rule) for one in sheet.options] == [
        ("What a fraction is", OptionKind.ITEM, OptionDone.MARKED),
        ("Quiz on halves", OptionKind.ITEM, OptionDone.RESULT),
    ]


async def test_a_playlist_without_may_dos_says_so(site: Site) -> None:
    async with site.database.writing() as session:
        playlist = await editing.create(session, site.school.course, Basics("Halves"), None, seed.NOW)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists")
    assert "Make a menu of its may-dos" not in page.text
    answer = await teacher.post(f"{site.menus}/from-playlist/{playlist.id}")
    assert answer.status_code == 400
    assert "This playlist has no may-dos" in answer.text
    assert (await teacher.post(f"{site.menus}/from-playlist/{uuid.uuid4()}")).status_code == 404
