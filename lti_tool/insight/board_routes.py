"""The class board: every student and every competency of a course at a glance."""

import asyncio
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.traces import saved_as_file
from lti_tool.insight import board, files, service
from lti_tool.insight.board import Order, Show
from lti_tool.insight.replies import board_address, file, speaking
from lti_tool.insight.service import Choice
from lti_tool.insight.words import Levels, board_words
from lti_tool.mastery.reading import bring_evidence
from lti_tool.web import packing
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now

router = APIRouter(prefix="/courses/{course_id}/mastery")

_PLACE = "<!-- the board -->"
"""Where the table comes in the page. No text of anybody's can hold it: templates escape what they show."""

E = TypeVar("E", bound=StrEnum)


def _word(words: type[E], value: str | None, usual: E) -> E:
    try:
        return words(value or usual)
    except ValueError:
        return usual


def choice_of(request: Request) -> Choice:
    """What the address says that is wanted; what it says wrongly chooses nothing."""
    asked = request.query_params
    return Choice(
        group=asked.get("group", ""),
        domain=asked.get("domain", ""),
        grade=asked.get("grade", ""),
        order=_word(Order, asked.get("order"), Order.NAME),
        show=_word(Show, asked.get("show"), Show.ALL),
    )


def query_of(choice: Choice) -> str:
    """The choice as an address has it."""
    chosen = {
        "group": choice.group,
        "domain": choice.domain,
        "grade": choice.grade,
        "order": choice.order.value,
        "show": choice.show.value,
    }
    return urlencode({name: value for name, value in chosen.items() if value})


@router.get("", name="mastery_board")
async def class_board(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Students × competencies. The table is packed: it is large, and holds nothing that the request has brought."""
    answer = await bring_evidence(request, here.course)
    now = clock.now()
    # Names of the nameless and of levels are in the reader's language, as the page is.
    with speaking(request):
        async with database.reading() as session:
            shown = await service.class_board(session, here, choice_of(request), now)
        levels = Levels(shown.scale)
        words = board_words(levels)
        table = board.table(
            shown.rows,
            shown.columns,
            levels.faces,
            levels.ranked,
            words,
            board_address(here.course),
            now,
            here.visit.days_in,
        )
    context: dict[str, Any] = {
        "board": shown,
        "answer": answer,
        "levels": levels,
        "address": board_address(here.course),
        "place": _PLACE,
        "csv_address": f"{board_address(here.course)}/board.csv?{query_of(shown.choice)}",
        "group_choices": [(str(one.group.id), one.group.name or one.group.group_id) for one in shown.groups],
        "grade_choices": [(name, name) for name in shown.grades],
        "domain_choices": [(name, name) for name in shown.domains],
        "Order": Order,
        "Show": Show,
    }
    before, _, after = pages.text(request, "insight/board.html", context).partition(_PLACE)
    # Packing leaves the interpreter's lock alone: other requests go on meanwhile.
    return await asyncio.to_thread(packing.respond, request, before, table, after)


@router.get("/board.csv", name="mastery_board_file")
async def class_board_file(request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now) -> Response:
    """The board as it is shown, as a file for a spreadsheet. That it was saved is audited."""
    now = clock.now()
    with speaking(request):
        async with database.writing() as session:
            saved_as_file(session, here, f"course:{here.course.id}", "mastery", now)
            shown = await service.class_board(session, here, choice_of(request), now)
        levels = Levels(shown.scale)
        return file("mastery.csv", await asyncio.to_thread(files.board_rows, shown, levels, now, here.visit.days_in))
