"""A student's path as a map. The list beside the drawing says everything the drawing says."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import alignments
from lti_tool.courses.access import StudentIn
from lti_tool.insight.learner import learner_map
from lti_tool.insight.path_map import path_map
from lti_tool.insight.replies import speaking
from lti_tool.mastery.rules import Audience
from lti_tool.playlists import service, showing
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_, current_language
from lti_tool.web.pages import language_of

router = APIRouter(prefix="/courses/{course_id}")

UP_NEXT = N_("Up next · %(level)s")


@router.get("/my/{copy_id}/map", name="my_path_map")
async def my_path_map(
    request: Request, here: StudentIn, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """What my path is about, where I am with each, and what is next, drawn on the course's map."""
    now = clock.now()
    mirrored = language_of(request).direction == "rtl"
    with speaking(request):
        async with database.reading() as session:
            path = await service.path_of_person(session, here.course, here.person_id, copy_id, now, as_student=True)
            view = (await showing.path_views(session, here.course, [path]))[0]
            found = await learner_map(session, here.course, here.person_id, now, Audience.STUDENT)
            aligned = await alignments.of_items(session, here.organisation_id, here.course.id, path.item_ids)
            session.expunge_all()
        about = showing.competencies_of(path, aligned)
        up_next = current_language().gettext(UP_NEXT)
        drawn = path_map(view, found, about, up_next) if found is not None else None
        drawing = (
            drawn.drawing(found, mirrored=mirrored)
            if drawn is not None and found is not None and drawn.stands
            else None
        )
    context = {
        "view": view,
        "found": found,
        "drawn": drawn,
        "drawing": drawing,
        "mirrored": mirrored,
        "address": f"/courses/{here.course.id}/my/{copy_id}",
        "my_map": f"/courses/{here.course.id}/my-map",
        "now": now,
    }
    return pages.render(request, "insight/path_map.html", context)
