"""Where a link in the LMS leads that opens a menu. Asked at each visit, so that reloading shows how it stands by then."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, MemberIn
from lti_tool.courses.rules import TEACHING
from lti_tool.errors import NotFound
from lti_tool.lti.models import Role
from lti_tool.menus import copy_queries, listing
from lti_tool.menus.destinations import resolve
from lti_tool.menus.models import MenuStatus
from lti_tool.menus.work_replies import my_menu_address, work_address
from lti_tool.playlists import carrying
from lti_tool.playlists.replies import carry_over_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/menu-links")


class LinkedMenuGone(NotFound):
    """A link to a menu that was removed, or that this course never had."""

    code = "linked-menu-gone"
    title = N_("The menu behind this link is not there any more")
    advice = N_("What students did is kept. A teacher can point the link to another menu in the course, or remove it.")


def _not_decided(request: Request, here: InCourse, pages: Pages) -> Response:
    if here.visit.role in TEACHING:
        return see(carry_over_address(here.course))
    if here.visit.role is Role.OBSERVER:
        return see(f"/courses/{here.course.id}/family")
    if here.visit.role is not Role.STUDENT:
        return pages.render(request, "courses/no_role.html")
    return pages.render(request, "playlists/not_set_up.html", {"home": f"/courses/{here.course.id}/my"})


@router.get("/{menu_id}", name="linked_menu")
async def linked(
    request: Request, here: MemberIn, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """On to the menu as this role sees it: its class, its builder, the student's own board; or what is missing."""
    carriers = getattr(request.app.state, "carriers", ())
    async with database.reading() as session:
        menu = await resolve(session, here.course, menu_id)
        undecided = menu is None and (await carrying.question(session, here.course, carriers=carriers)).open
    if undecided:
        # The link came with a copied course, and nobody has decided yet whether its menu does.
        return _not_decided(request, here, pages)
    if menu is None or menu.status is MenuStatus.ARCHIVED:
        raise LinkedMenuGone("no such menu in this course")
    assigned = menu.status is MenuStatus.ASSIGNED
    if here.visit.role in TEACHING:
        return see(work_address(here.course, menu.id) if assigned else f"/courses/{here.course.id}/menus/{menu.id}")
    if here.visit.role is Role.OBSERVER:
        return see(f"/courses/{here.course.id}/family")
    if here.visit.role is not Role.STUDENT:
        return pages.render(request, "courses/no_role.html")
    if assigned and not here.visit.masquerading:
        await listing.update(database, here.course, here.person_id, clock.now())
    async with database.reading() as session:
        mine = await copy_queries.copies(session, here.organisation_id, [menu.id], [here.person_id])
    copy = next((one for one in mine if one.left_at is None), None)
    if not assigned or copy is None:
        context = {"menu": menu, "for_others": assigned, "home": f"/courses/{here.course.id}/my"}
        return pages.render(request, "menus/not_open.html", context)
    return see(my_menu_address(here.course, copy.id))
