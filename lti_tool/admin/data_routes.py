"""What is held, where, for how long and for whom, and what can be done about it today."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lti_tool.admin import data_queries, queries, service
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.console import NotInConsole
from lti_tool.admin.data_queries import Held
from lti_tool.admin.replies import show
from lti_tool.content.access.jobs import UNUSED as UNUSED_ACCESS
from lti_tool.content.drafts import KEPT as DRAFT_LIFE
from lti_tool.grades.forgetting import LAST_ONES
from lti_tool.lti.deep_linking import REQUEST_LIFE
from lti_tool.lti.handshake import LOGIN_LIFE
from lti_tool.lti.invites import LIFE
from lti_tool.lti.sessions import IDLE, KEPT, TOTAL
from lti_tool.settings import Settings
from lti_tool.web.dependencies import CurrentDatabase, Now
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/data"
SAID = {"shared": N_("Saved. It holds for what is predicted from now on.")}

router = APIRouter(prefix=ADDRESS)


@router.get("", name="data")
async def data(request: Request, here: AdministratorIn, database: CurrentDatabase) -> Response:
    """The place of data controls: it says what is, and promises nothing that is not there."""
    async with database.reading() as session:
        held = await data_queries.held(session, here)
        schools = await queries.organisations(session, here)
    settings: Settings = request.app.state.settings
    context = {
        "lines": [(one, held.get(one.id, Held())) for one in schools],
        "unused_days": UNUSED_ACCESS.days,
        "draft_hours": int(DRAFT_LIFE.total_seconds() // 3600),
        "on_sqlite": database.is_sqlite,
        "idle_hours": int(IDLE.total_seconds() // 3600),
        "total_hours": int(TOTAL.total_seconds() // 3600),
        "kept_hours": int(KEPT.total_seconds() // 3600),
        "login_minutes": int(LOGIN_LIFE.total_seconds() // 60),
        "picking_minutes": int(REQUEST_LIFE.total_seconds() // 60),
        "invite_days": LIFE.days,
        "attempt_days": settings.score_attempt_days,
        "last_attempts": LAST_ONES,
    }
    return show(request, here, "admin/data.html", context, said=SAID)


@router.post("/predictions/{organisation_id}", name="share_predictions")
async def share_predictions(
    here: AdministratorChanging,
    organisation_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    shares: Annotated[str, Form(max_length=3)] = "no",
) -> Response:
    """Allow, or no longer allow, that predictions begin from what a learner showed in the school's other courses."""
    if not here.holds(organisation_id):
        raise NotInConsole("another organisation's")
    async with database.writing() as session:
        await service.share_predictions(session, here, organisation_id, shares == "yes", clock.now())
    return see(ADDRESS, "shared", "predictions-title")
