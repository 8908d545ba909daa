"""Moodle's roster (mod/lti/service/memberships), as 4.5.6 was seen to answer."""

import html
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from lti_tool.sandbox.claims import LTI, SCOPE_MEMBERSHIP_READ, memberships_url, names
from lti_tool.sandbox.likes.moodle_wire import answered, calling, course_of, is_own_link, number_in, speaking
from lti_tool.sandbox.models import Enrolment
from lti_tool.sandbox.services import Caller, ServiceError
from lti_tool.sandbox.store import roster

MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

router = APIRouter()
Roster = Annotated[Caller, Depends(calling(SCOPE_MEMBERSHIP_READ))]


@router.get(
    "/mod/lti/services.php/CourseSection/{course_id:int}/bindings/{type_id}/memberships",
    dependencies=[Depends(speaking(MEMBERS))],
)
async def memberships(request: Request, course_id: int, caller: Roster) -> Response:
    """Everybody at once, or by ``limit`` and ``from``; the link to the next page forgets the role that was asked for."""
    query, settings = request.query_params, caller.platform.settings
    wanted, rlid = query.get("role", "").rpartition("#")[2], query.get("rlid")
    async with caller.platform.store.reading() as session:
        course = await course_of(session, course_id)
        if rlid is not None and not await is_own_link(session, caller, course_id, rlid):
            raise ServiceError(404, "not_found", f"Not Found: LTI link {rlid} doesn't exist")
        members = [row for row in await roster(session, course_id) if wanted in ("", _listed_role(row))]
    limit, start = number_in(query.get("limit")), number_in(query.get("from")) or 0
    headers = {}
    address = memberships_url(settings, caller.tool, course_id)
    if limit:
        more = start + limit < len(members)
        kept = f"&rlid={rlid}" if rlid is not None else ""
        headers = {"Link": f'<{address}?limit={limit}&from={start + limit}{kept}>; rel="next"'} if more else {}
        members = members[start : start + limit]
    body = {
        "id": address,
        "context": {"id": course.context_id, "label": course.code, "title": course.name},
        "members": _members(caller, members, with_message=rlid is not None),
    }
    return answered(body, MEMBERS, headers=headers)


def _listed_role(enrolment: Enrolment) -> str:
    """A short name. Another capability is asked for than at launches, so that a non-editing teacher is a learner here."""
    return "Instructor" if enrolment.role == "teacher" else "Learner"


def _members(caller: Caller, rows: Sequence[Enrolment], *, with_message: bool) -> list[dict[str, Any]]:
    members = []
    for row in rows:
        named = names(row.person, caller.tool.privacy_level)
        member: dict[str, Any] = {"status": "Active", "roles": [_listed_role(row)]}
        if with_message:
            # No custom parameters, whatever the specification says.
            member["message"] = [{f"{LTI}/message_type": "LtiResourceLinkRequest"}]
        # Names go through format_string, which writes them for a page; launches have them as they are.
        shown = {name: html.escape(value, quote=False) for name, value in named.items()}
        member |= {"user_id": row.person.lti_id, "lis_person_sourcedid": "", **shown}
        if named:
            member["ext_user_username"] = row.person.login
        members.append(member)
    return members
