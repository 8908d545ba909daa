"""What roles mean: the whole table, and what became of the roles of the launch that led here."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.admin import service
from lti_tool.admin.access import AdministratorIn
from lti_tool.admin.platform_routes import address_of
from lti_tool.admin.replies import show
from lti_tool.admin.words import SCOPE_WORDS, written
from lti_tool.courses.routes import ROLE_WORDS
from lti_tool.lti.roles import TABLE, administers, explain
from lti_tool.web.dependencies import ReadSession
from lti_tool.web.navigation import ADMINISTRATION

router = APIRouter(prefix=ADMINISTRATION)


@router.get("/roles", name="roles")
async def roles(request: Request, here: AdministratorIn, session: ReadSession) -> Response:
    """The table of roles; before it, to an administrator by launch, each role that came and what it gave."""
    received, registration = [], None
    if here.visit is not None:
        registration = await service.platform(session, here, here.visit.registration_id)
        received = [
            (one, administers([one.received]))
            for one in explain(here.visit.roles_received, registration.role_overrides)
        ]
    context = {
        "registration": registration,
        "address": address_of(registration.id) if registration else None,
        "mine": registration is not None and here.holds(registration.organisation_id),
        "received": received,
        "by_scope": service.roles_by_scope(),
        "table": TABLE,
        "words": ROLE_WORDS,
        "scopes": SCOPE_WORDS,
        "written": written,
        "opens_console": lambda named: administers([f"http://purl.imsglobal.org/vocab/lis/v2/{written(named)}"]),
    }
    return show(request, here, "admin/roles.html", context)
