"""The page that a platform opens to register the tool: who is asking, one button, and what to do next.

The invitation's code is all the authority there is here; nobody is signed in. The page may stand in any frame, since no
platform is known yet.
"""

import logging

from starlette.requests import Request
from starlette.responses import Response

from lti_tool.lti import claims, dynamic
from lti_tool.lti.models import DeploymentPolicy
from lti_tool.lti.platform_configuration import host
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.registration_message import messages_asked, scopes_asked
from lti_tool.lti.tool_description import QuirksOf, tool_configuration
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages
from lti_tool.web.routing import PlainRoute

log = logging.getLogger(__name__)

_MOST_FIELDS = 20

SCOPE_WORDS = {
    claims.LINE_ITEM_SCOPE: N_("make and change its own columns in the gradebook"),
    claims.LINE_ITEM_READ_SCOPE: N_("see its own columns in the gradebook"),
    claims.RESULT_READ_SCOPE: N_("read the grades in its own columns"),
    claims.SCORE_SCOPE: N_("send scores to its own columns"),
    claims.MEMBERSHIP_READ_SCOPE: N_("see who is in a course: names and roles"),
    claims.GROUP_READ_SCOPE: N_("see a course's groups"),
    claims.NOTICE_HANDLERS_SCOPE: N_("be told when a course is copied"),
}
"""What a scope allows, as an administrator reads it."""

MESSAGE_WORDS = {
    claims.RESOURCE_LINK_REQUEST: N_("opened by students and teachers from a course"),
    claims.DEEP_LINKING_REQUEST: N_("opened by teachers to add a playlist to a course"),
    claims.SUBMISSION_REVIEW_REQUEST: N_("opened from the gradebook to see a student's work"),
}
"""What a message type is for, as an administrator reads it."""


async def show(request: Request) -> Response:
    """GET: who is asking, and the form that confirms. Raises RegistrationRefused."""
    asked = dynamic.asked_of(request.query_params)
    protocol, quirks_of = _protocol(request), _quirks_of(request)
    asking = await dynamic.ask(protocol, quirks_of, asked)
    platform = asking.platform
    tool = tool_configuration(protocol.settings, quirks_of(platform.family))
    return _page(
        request,
        "lti/registering.html",
        {
            "asked": asked,
            "asking": asking,
            "platform": platform,
            "host": host(platform.issuer),
            "scopes": [SCOPE_WORDS.get(scope, scope) for scope in scopes_asked(tool, platform)],
            "messages": [MESSAGE_WORDS.get(message, message) for message in messages_asked(tool, platform)],
        },
    )


async def register(request: Request) -> Response:
    """POST: register, and say what to do next. Raises RegistrationRefused."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        given = dict(form)
    shown = given.get("shown")
    done = await dynamic.confirm(
        _protocol(request), _quirks_of(request), dynamic.asked_of(given), shown if isinstance(shown, str) else ""
    )
    registration = done.registration
    log.info("registered", extra={"registration": str(registration.id), "lms": registration.lms.value})
    return _page(
        request,
        "lti/registered.html",
        {
            "name": registration.name,
            "steps": _quirks_of(request)(registration.lms).next_steps,
            "deployment_known": done.deployment_known,
            "each_waits": registration.deployment_policy is DeploymentPolicy.HOLD,
        },
    )


routes = (
    PlainRoute("/lti/register", show, "GET"),
    PlainRoute("/lti/register", register, "POST"),
)


def _page(request: Request, template: str, context: dict[str, object]) -> Response:
    request.state.frame_ancestors = "*"
    pages: Pages = request.app.state.pages
    return pages.render(request, template, context)


def _protocol(request: Request) -> Protocol:
    protocol: Protocol = request.app.state.protocol
    return protocol


def _quirks_of(request: Request) -> QuirksOf:
    quirks_of: QuirksOf = request.app.state.quirks_of
    return quirks_of
