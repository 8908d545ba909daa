"""A teacher's page of what the course's items teach, practise and assess."""

import uuid
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import alignment_forms as forms
from lti_tool.competencies import alignment_rules as rules
from lti_tool.competencies import alignments, carrying, lms_queries, suggestions
from lti_tool.competencies.alignment_forms import AT_ONCE, Asked, AskedList
from lti_tool.competencies.alignment_replies import alignments_address, notice, told
from lti_tool.competencies.alignments import AlignmentsChanged, Board
from lti_tool.competencies.models import AlignmentRole
from lti_tool.competencies.sections import home, views
from lti_tool.content import service as content
from lti_tool.content.connectors import NotConnected
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.reading import read_contents
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.errors import NotFound, ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now, WriteSession
from lti_tool.web.forms import Entered
from lti_tool.web.pages import say
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies/alignments")

_MANY = 12
"""From how many competencies on the list of them can be searched."""


@dataclass
class CameBack:
    """A form that was not taken: what was entered, what is wrong, and where."""

    entered: Entered | None = None
    trouble: ToolError | None = None
    ticked: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()
    item_id: uuid.UUID | None = None
    status: int = 200


@router.get("", name="alignments")
async def listed(
    request: Request, here: TeacherIn, asked: AskedList, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The course's items beside their competencies; the course is read at the first look."""
    outcome = await read_contents(request, here, asked=False)
    return await _page(request, here, asked, database, pages, CameBack(chosen=asked.chosen), outcome)


@router.post("")
async def align(
    request: Request,
    here: TeacherChanging,
    asked: AskedList,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Align every ticked item with every ticked competency."""
    form = await request.form()
    entered = Entered.of(form)
    bulk = forms.bulk(form, entered)
    back = CameBack(
        entered,
        ticked=frozenset(str(item_id) for item_id in bulk.seen),
        chosen=frozenset(str(one) for one in bulk.competency_ids),
        status=422,
    )
    if entered.errors:
        return await _page(request, here, asked, database, pages, back)
    try:
        async with database.writing() as session:
            changed = await alignments.change(
                session, here.course, bulk.changes, bulk.seen, by=here.visit.person_id, now=clock.now()
            )
    except AlignmentsChanged as conflict:
        back.trouble, back.status = conflict, conflict.status
        return await _page(request, here, asked, database, pages, back)
    return see(alignments_address(here.course.id) + asked.query(page=asked.page, role=bulk.role), told(changed))


@router.post("/items/{item_id}", name="align_item")
async def change_item(
    request: Request,
    here: TeacherChanging,
    item_id: uuid.UUID,
    asked: AskedList,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Change one item's alignments: roles, weights, passing marks; take some away, add one."""
    entered = Entered.of(await request.form())
    async with database.reading() as session:
        board = await alignments.board(session, here.organisation_id, here.course.id)
    if not any(item.id == item_id for item in board.items):
        raise NotFound("no such item in this course")
    filled = forms.one_item(entered, item_id, board.views.get(item_id, ()), board.competencies)
    back = CameBack(entered, item_id=item_id, status=422)
    if entered.errors:
        return await _page(request, here, asked, database, pages, back)
    try:
        async with database.writing() as session:
            changed = await alignments.change(
                session,
                here.course,
                filled.changes,
                {item_id: filled.seen},
                by=here.visit.person_id,
                now=clock.now(),
            )
    except AlignmentsChanged as conflict:
        return await _page(
            request,
            here,
            asked,
            database,
            pages,
            CameBack(trouble=conflict, item_id=item_id, status=conflict.status),
        )
    address = alignments_address(here.course.id) + asked.query(page=asked.page)
    return see(address, told(changed), f"item-{item_id}")


@router.post("/address", name="align_address")
async def add_address(
    request: Request,
    here: TeacherChanging,
    asked: AskedList,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Take a pasted address among the course's items, so that it can be aligned."""
    entered = Entered.of(await request.form())
    url, title = entered.text("url", 2000), entered.text("url_title", 500)
    back = CameBack(entered, status=422)
    if entered.errors:
        return await _page(request, here, asked, database, pages, back)
    try:
        async with database.writing() as session:
            added = await content.add_address(session, here.course, url, title, clock.now())
            board = await alignments.board(session, here.organisation_id, here.course.id)
    except ToolError as trouble:
        back.trouble, back.status = trouble, trouble.status
        return await _page(request, here, asked, database, pages, back)
    place = next((place for place, item in enumerate(board.items) if item.id == added.id), 0)
    page = place // AT_ONCE + 1
    address = alignments_address(here.course.id) + (f"?page={page}" if page > 1 else "")
    return see(address, "address-added", f"item-{added.id}")


@router.post("/lost/{item_id}", name="place_lost_item")
async def place(
    here: TeacherChanging, request: Request, item_id: uuid.UUID, session: WriteSession, clock: Now
) -> Response:
    """Say which item it is now that the original of a copied course had; or take its alignments away."""
    entered = Entered.of(await request.form())
    to = None if entered.values.get("answer") == "remove" else entered.made_id("place")
    if to is None and entered.values.get("answer") != "remove":
        return see(alignments_address(here.course.id), "nothing-chosen", "lost")
    placed = await alignments.place_lost(session, here.course, item_id, to, by=here.visit.person_id, now=clock.now())
    return see(alignments_address(here.course.id), "placed" if to is not None else told(placed))


# --- The page -----------------------------------------------------------------------------------------------------------


async def _page(
    request: Request,
    here: InCourse,
    asked: Asked,
    database: CurrentDatabase,
    pages: CurrentPages,
    back: CameBack,
    outcome: Outcome | None = None,
) -> Response:
    """The list as it stands; with what went wrong and what was entered, when a form came back."""
    async with database.reading() as session:
        board = await alignments.board(session, here.organisation_id, here.course.id)
        lost = await carrying.lost_items(session, here.course)
        lost_views = await alignments.of_items(
            session, here.organisation_id, here.course.id, [one.item.id for one in lost]
        )
        suggested = await suggestions.for_board(session, here.organisation_id, here.course.id, board)
        outcomes, offered = await lms_queries.how_many(session, here.organisation_id, here.course.id)
        # What level rules think of it is the next room's to say; it stands in the application's state.
        advise = getattr(request.app.state, "rule_advice", None)
        unreachable = await advise(session, here.organisation_id, here.course.id, board) if advise is not None else []
    found = [item for item in board.items if rules.fits(item, board.views.get(item.id, ()), asked.filter)]
    last = max((len(found) + AT_ONCE - 1) // AT_ONCE, 1)
    page = min(asked.page, last)
    context: dict[str, Any] = {
        "views": views(here.course.id, "alignments"),
        "map_address": home(here.course.id),
        "address": alignments_address(here.course.id),
        "asked": asked,
        "board": board,
        "rows": [_row(board, item) for item in found[(page - 1) * AT_ONCE : page * AT_ONCE]],
        "found": len(found),
        "page": page,
        "last": last,
        "modules": list(dict.fromkeys(item.section for item in board.items)),
        "kinds": [kind for kind in ItemKind if any(item.kind is kind for item in board.items)],
        "roles": list(AlignmentRole),
        "counts": _counts(board),
        "many": len(board.competencies) > _MANY,
        "suggested": len(suggested),
        "outcomes": outcomes,
        "offered": offered,
        "unreachable": unreachable,
        "lost": [{"item": one.item, "views": lost_views.get(one.item.id, ())} for one in lost],
        "back": back,
        "values": back.entered.values if back.entered else {},
        "errors": back.entered.errors if back.entered else {},
        "notice": trouble_notice(request, back.trouble) or notice(request),
        "reading": _reading(request, outcome),
    }
    return pages.render(request, "competencies/alignments.html", context, status_code=back.status)


def _row(board: Board, item: ContentItem) -> dict[str, Any]:
    some = board.views.get(item.id, ())
    return {"item": item, "views": some, "seen": rules.seen(some), "shared": sum(view.shared for view in some)}


def _counts(board: Board) -> dict[uuid.UUID, int]:
    """How many items each competency has."""
    counts = {one.id: 0 for one in board.competencies}
    for view in board.all_views():
        counts[view.competency_id] += 1
    return counts


def _reading(request: Request, outcome: Outcome | None) -> dict[str, Any]:
    """How the first reading of the course's content went, where it was tried."""
    trouble = outcome.trouble if outcome is not None else None
    return {
        "late": outcome is not None and outcome.late,
        "connected": not isinstance(trouble, NotConnected),
        "trouble": say(request, trouble) if trouble is not None else None,
    }
