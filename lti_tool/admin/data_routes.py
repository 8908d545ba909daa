"""What is held, where, for how long and for whom, and what can be done about it today."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.admin import data_queries, queries
from lti_tool.admin.access import AdministratorIn
from lti_tool.admin.data_queries import Held
from lti_tool.admin.replies import show
from lti_tool.lti.deep_linking import REQUEST_LIFE
from lti_tool.lti.handshake import LOGIN_LIFE
from lti_tool.lti.invites import LIFE
from lti_tool.lti.sessions import IDLE, KEPT, TOTAL
from lti_tool.web.dependencies import CurrentDatabase
from lti_tool.web.navigation import ADMINISTRATION

router = APIRouter(prefix=f"{ADMINISTRATION}/data")


@router.get("", name="data")
async def data(request: Request, here: AdministratorIn, database: CurrentDatabase) -> Response:
    """The place of data controls: it says what is, and promises nothing that is not there."""
    async with database.reading() as session:
        held = await data_queries.held(session, here)
        schools = await queries.organisations(session, here)
    context = {
        "lines": [(one, held.get(one.id, Held())) for one in schools],
        "on_sqlite": database.is_sqlite,
        "idle_hours": int(IDLE.total_seconds() // 3600),
        "total_hours": int(TOTAL.total_seconds() // 3600),
        "kept_hours": int(KEPT.total_seconds() // 3600),
        "login_minutes": int(LOGIN_LIFE.total_seconds() // 60),
        "picking_minutes": int(REQUEST_LIFE.total_seconds() // 60),
        "invite_days": LIFE.days,
    }
    return show(request, here, "admin/data.html", context)
