"""One option of a board: what it is, where it leads, what counts as done, whom it is for."""

import uuid
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.content import rules as content_rules
from lti_tool.content.reading import read_contents
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.errors import BadRequest, NotFound, ToolError
from lti_tool.menus import board_building, board_editing, board_forms, sheets
from lti_tool.menus.board_replies import Said, menu_address
from lti_tool.menus.board_states import What
from lti_tool.menus.models import MenuAudienceKind, OptionDone, OptionKind
from lti_tool.menus.sheets import Named, Option, Sheet
from lti_tool.playlists.assigning import AudienceGone
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/menus/{menu_id}/options/{option_id}")


@router.get("", name="menu_option")
async def shown(
    request: Request,
    here: TeacherIn,
    menu_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
) -> Response:
    """An option's form. Where nothing is known of what the course holds, that is read first."""
    async with database.reading() as session:
        known = await board_building.course_items(session, here)
    if not known:
        await read_contents(request, here, asked=False)
    return await _page(request, here, database, pages, menu_id, option_id)


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    menu_id: uuid.UUID,
    option_id: uuid.UUID,
    *,
    form: FormData | None = None,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        one = await board_building.one_option(session, here, menu_id, option_id)
    context: dict[str, Any] = {
        "one": one,
        "option": one.option,
        "menu": one.menu,
        "address": menu_address(here.course, menu_id),
        "values": entered.values if entered else {},
        "ticked": _ticked(one, form),
        "errors": entered.errors if entered else {},
        "came_back": form is not None,
        "display_name": display_name,
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "menus/option.html", context, status_code=status_code)


def _ticked(one: board_building.OneOption, form: FormData | None) -> dict[str, set[str]]:
    """What is ticked on the page, by field: what came back with the form, else what is so now."""
    if form is not None:
        return {name: {str(value) for value in form.getlist(name)} for name in ("for", "takes", "udl", "competency")}
    return {
        "for": one.ticked,
        "takes": {work.value for work in one.option.takes},
        "udl": {udl.value for udl in one.option.udl},
        "competency": {str(competency_id) for competency_id in one.option.competencies},
    }


@router.post("")
async def change(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Say everything about an option; on a square it can change places with another."""
    form = await request.form()
    entered = Entered.of(form)
    revision, to = entered.revision(), entered.values.get("to", "")
    try:
        async with database.writing() as session:
            one = await board_building.one_option(session, here, menu_id, option_id)
            said = board_forms.option(entered, form, one.option)
            _must_be_offered(one, form)
            _must_be_in_the_map(one, said)
            if not entered.errors:
                said = await _led(session, here, one, said, entered)
            wanted = replace(said, audience=_for(one, form))

            def make(sheet: Sheet) -> Sheet:
                changed = sheets.change_option(sheet, wanted)
                return sheets.swap(changed, option_id, parsed(int, to)) if to else changed

            if not entered.errors:
                await board_editing.change(
                    session,
                    here.course,
                    menu_id,
                    revision,
                    make,
                    clock.now(),
                    what=What.OPTION,
                    by=here.visit.person_id,
                )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _page(
            request,
            here,
            database,
            pages,
            menu_id,
            option_id,
            form=form,
            entered=entered,
            trouble=trouble,
            status_code=trouble.status,
        )
    if entered.errors:
        return await _page(
            request, here, database, pages, menu_id, option_id, form=form, entered=entered, status_code=422
        )
    return see(menu_address(here.course, menu_id), Said.SAVED, f"option-{option_id}")


async def _led(
    session: AsyncSession,
    here: InCourse,
    one: board_building.OneOption,
    said: Option,
    entered: Entered,
) -> Option:
    """The option with where it leads; what can count as done follows from that."""
    if said.kind is OptionKind.ITEM:
        item_id = entered.made_id("item")
        if item_id is None:
            entered.errors["item"] = N_("Please choose an item of the course.")
            return said
        if item_id == one.option.content_item_id:
            item = one.item
        else:
            [item] = await board_editing.usable_items(session, here.course, [item_id])
        led = replace(said, content_item_id=item_id, url=None, title=said.title or (item.title if item else ""))
        if item is not None and item_id != one.option.content_item_id:
            [usual] = await board_editing.of_items(session, here.course, [item])
            led = replace(led, competencies=led.competencies | usual.competencies)
            if one.option.content_item_id is None and said.done_rule is OptionDone.MARKED:
                led = replace(led, done_rule=usual.done_rule, pass_percent=usual.pass_percent)
        if led.done_rule is OptionDone.RESULT and not board_editing.gives_results(item):
            led = replace(led, done_rule=OptionDone.MARKED, pass_percent=None)
        return led
    led = replace(
        said,
        content_item_id=None,
        done_rule=OptionDone.MARKED if said.done_rule is OptionDone.RESULT else said.done_rule,
        pass_percent=None,
    )
    if said.kind is OptionKind.TASK:
        return replace(led, url=None)
    url = entered.text("url", 2000, N_("Please paste an address."))
    if "url" in entered.errors:
        return led
    try:
        address = content_rules.clean_address(url)
    except BadRequest:
        entered.errors["url"] = N_("This is no address that students could open. It begins with https://")
        return led
    return replace(led, url=address)


def _must_be_in_the_map(one: board_building.OneOption, wanted: Option) -> None:
    """NotFound for a competency that is not in the course's map; what the option names already may stay."""
    known = {competency.id for competency in one.competencies} | one.option.competencies
    if not wanted.competencies <= known:
        raise NotFound("a competency that is not in the course's map")


def _must_be_offered(one: board_building.OneOption, form: FormData) -> None:
    """AudienceGone for a group, a section or a student that this teacher cannot choose."""
    offered = {f"group:{group.group.id}" for group in one.offer.groups}
    offered |= {f"section:{section.id}" for section in one.offer.sections}
    offered |= {f"student:{person.id}" for person in one.offer.students}
    offered |= {f"interest:{topic}" for topic in one.topics} | one.ticked
    if not {str(value) for value in form.getlist("for") if value} <= offered:
        raise AudienceGone("a group, section or student that is not offered")


def _for(one: board_building.OneOption, form: FormData) -> tuple[Named, ...]:
    """Whom the option is for: what the form says, and those whom the teacher does not see here."""
    said = board_forms.audience(form)
    if not one.kept:
        return said
    return tuple(dict.fromkeys([*(said or (Named(MenuAudienceKind.STUDENT),)), *one.kept]))


@router.post("/beside", name="option_beside")
async def add_beside(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Another option in the same place, for other students; go on to its form."""
    entered = Entered.of(await request.form())
    made: list[uuid.UUID] = []

    def make(sheet: Sheet) -> Sheet:
        changed, option = sheets.beside(sheet, option_id)
        made.append(option.id)
        return changed

    async with database.writing() as session:
        await board_editing.change(
            session,
            here.course,
            menu_id,
            entered.revision(),
            make,
            clock.now(),
            what=What.PLACE,
            by=here.visit.person_id,
        )
    return see(f"{menu_address(here.course, menu_id)}/options/{made[-1]}")


@router.post("/remove", name="remove_option")
async def remove(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Take an option out. Who has chosen it keeps what they did."""
    entered = Entered.of(await request.form())
    try:
        async with database.writing() as session:
            await board_editing.change(
                session,
                here.course,
                menu_id,
                entered.revision(),
                lambda sheet: sheets.remove_option(sheet, option_id),
                clock.now(),
                what=What.REMOVED,
                by=here.visit.person_id,
            )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _page(
            request, here, database, pages, menu_id, option_id, trouble=trouble, status_code=trouble.status
        )
    return see(menu_address(here.course, menu_id), Said.REMOVED, "board")
