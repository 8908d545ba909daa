"""Names and Role Provisioning Services 2.0: the roster of a course, page by page, as Canvas gives it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_sections import sections_of_all
from lti_tool.sandbox.claims import (
    LTI,
    SCOPE_GROUP_READ,
    SCOPE_MEMBERSHIP_READ,
    LaunchFacts,
    custom,
    membership_roles,
    memberships_url,
    names,
    variables,
)
from lti_tool.sandbox.groups import enrolments_in_groups
from lti_tool.sandbox.likes import Like
from lti_tool.sandbox.models import Course, Enrolment, ResourceLink
from lti_tool.sandbox.services import Caller, Id, ServiceError, calling_with, one_page, require_accept
from lti_tool.sandbox.store import roster

MEMBERSHIPS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

RosterReader = Annotated[Caller, Depends(calling_with(SCOPE_MEMBERSHIP_READ))]


async def memberships(request: Request, course_id: Id, caller: RosterReader) -> JSONResponse:
    """The active members. ``role`` (a full URN) filters, ``limit`` makes pages, ``rlid`` adds each one's custom values,
    ``groups=true`` the groups each is in.
    """
    require_accept(request, MEMBERSHIPS)
    role, rlid = request.query_params.get("role"), request.query_params.get("rlid")
    async with caller.platform.store.reading() as session:
        course = await caller.course(session, course_id)
        members = [
            row for row in await roster(session, course_id) if role is None or role in membership_roles(row.role)
        ]
        link = await _link(session, caller, course, rlid)
        in_sections = await sections_of_all(session, course.id) if rlid is not None else None
        in_groups = await _in_groups(session, caller, course, asked=request.query_params.get("groups"))
    usual, most = caller.platform.settings.profile.roster_page
    page, headers = one_page(request, caller.platform, members, size_name="limit", default=usual, most=most)
    body = {
        "id": memberships_url(caller.platform.settings, caller.tool, course.id),
        "context": {"id": course.context_id, "label": course.code, "title": course.name},
        "members": _members(caller, course, page, link, in_groups, in_sections),
    }
    return JSONResponse(body, headers=headers, media_type=MEMBERSHIPS)


async def _link(session: AsyncSession, caller: Caller, course: Course, rlid: str | None) -> ResourceLink | None:
    """The resource link asked about; the context's own id stands for course navigation, as in launches."""
    if rlid is None or rlid == course.context_id:
        return None
    found = await session.scalars(
        select(ResourceLink).where(
            ResourceLink.lti_id == rlid,
            ResourceLink.course_id == course.id,
            ResourceLink.tool_id == caller.tool.id,
        )
    )
    link = found.one_or_none()
    if link is None:
        raise ServiceError(400, "bad_request", "rlid: there is no such resource link of this tool in the course")
    return link


async def _in_groups(
    session: AsyncSession, caller: Caller, course: Course, *, asked: str | None
) -> Mapping[int, Sequence[str]] | None:
    """Who is in which groups, where that is asked for and the tool may know (Course Groups 1.0, section 3.4)."""
    if asked != "true" or SCOPE_GROUP_READ not in caller.tool.scopes:
        return None
    return await enrolments_in_groups(session, course.id)


def _members(
    caller: Caller,
    course: Course,
    page: Sequence[Enrolment],
    link: ResourceLink | None,
    in_groups: Mapping[int, Sequence[str]] | None,
    in_sections: Mapping[int, Sequence[int]] | None,
) -> list[dict[str, Any]]:
    members = []
    for enrolment in page:
        member: dict[str, Any] = {
            "status": "Active",
            "user_id": enrolment.person.lti_id,
            "roles": membership_roles(enrolment.role),
            **names(enrolment.person, caller.tool.privacy_level),
        }
        if in_groups is not None:
            member["group_enrollments"] = [{"group_id": one} for one in in_groups.get(enrolment.person_id, ())]
        if in_sections is not None:
            member["message"] = [_message(caller, course, enrolment, link, in_sections.get(enrolment.person_id, ()))]
        members.append(member)
    return members


def _message(
    caller: Caller, course: Course, enrolment: Enrolment, link: ResourceLink | None, section_ids: Sequence[int]
) -> dict[str, Any]:
    """What a launch of the link by this member would carry of their own (NRPS 2.0, section 3.3)."""
    settings = caller.platform.settings
    facts = LaunchFacts(caller.tool, enrolment.person, course, enrolment, (), link, None, section_ids=section_ids)
    return {
        f"{LTI}/message_type": "LtiResourceLinkRequest",
        f"{LTI}/custom": custom(settings.profile.custom_of(facts), variables(settings, facts)),
        "locale": enrolment.person.locale,
        "https://www.instructure.com/canvas_user_id": enrolment.person.id,
    }


def routes(like: Like) -> APIRouter:
    """The service at the address that the LMS has it at."""
    router = APIRouter()
    router.add_api_route(like.memberships_path, memberships, methods=["GET"])
    return router
