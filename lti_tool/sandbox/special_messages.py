"""What sets messages apart that are no launch of a link: a request to pick content, a look at a student's work.

Sources: LTI Deep Linking 2.0, section 4.4; LTI Submission Review 1.0, section 3.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import CourseHistory, LineItemReview, LinkMore, PickRequest, TicketMore
from lti_tool.sandbox.claims import (
    AGS_CLAIM,
    DEEP_LINKING,
    LTI,
    SUBMISSION_REVIEW,
    LaunchFacts,
    custom,
    line_item_url,
    membership_roles,
    names,
    variables,
)
from lti_tool.sandbox.models import LaunchTicket, Person, ResourceLink
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.standing import message_of
from lti_tool.sandbox.store import enrolment_in

DL = "https://purl.imsglobal.org/spec/lti-dl/claim"


async def context_history(session: AsyncSession, course_id: int) -> Sequence[str]:
    """The ``context_id`` of the courses this one was copied from, the latest first."""
    found = await session.get(CourseHistory, course_id)
    return found.context_ids if found else ()


async def link_history(session: AsyncSession, resource_link_id: int) -> Sequence[str]:
    """The ids, as messages show them, of the links this one was copied from, the latest first."""
    found = await session.get(LinkMore, resource_link_id)
    return found.history if found else ()


async def adapt(
    session: AsyncSession, platform: Platform, facts: LaunchFacts, ticket: LaunchTicket, said: dict[str, Any]
) -> None:
    """Make the claims of a launch those of the ticket's message; those of a resource link's launch stay as they are."""
    more = await session.get(TicketMore, ticket.id)
    if more is None:
        return
    described = await message_of(session, facts.tool.id, ticket.message_type)
    if described is not None and described.custom_parameters:
        known = variables(platform.settings, facts)
        said[f"{LTI}/custom"] = custom(described.custom_parameters, known) | said[f"{LTI}/custom"]
    if ticket.message_type == DEEP_LINKING and more.pick_id is not None:
        pick = await session.get_one(PickRequest, more.pick_id)
        # A request to pick has no link, not even where one is chosen anew: its custom values say what it holds now.
        del said[f"{LTI}/resource_link"]
        said.get(AGS_CLAIM, {}).pop("lineitem", None)
        said[f"{DL}/deep_linking_settings"] = _settings(platform, facts, pick)
    if ticket.message_type == SUBMISSION_REVIEW and more.line_item_id is not None and more.for_person_id is not None:
        student = await session.get_one(Person, more.for_person_id)
        enrolment = await enrolment_in(session, facts.course.id, student.id)
        said[f"{LTI}/for_user"] = {
            "user_id": student.lti_id,
            "roles": membership_roles(enrolment.role) if enrolment else [],
            **names(student, facts.tool.privacy_level),
        }
        if AGS_CLAIM in said:
            said[AGS_CLAIM]["lineitem"] = line_item_url(
                platform.settings, facts.tool, facts.course.id, more.line_item_id
            )
        review = await session.get(LineItemReview, more.line_item_id)
        if review is not None and review.custom:
            said[f"{LTI}/custom"] |= custom(review.custom, variables(platform.settings, facts))


def _settings(platform: Platform, facts: LaunchFacts, pick: PickRequest) -> dict[str, Any]:
    """What is accepted and where the answer goes (section 4.4.1). The return address has a query of its own, as on Canvas."""
    link: ResourceLink | None = facts.resource_link
    course = f"{platform.settings.base_url}/courses/{facts.course.id}"
    settings: dict[str, Any] = {
        "deep_link_return_url": f"{course}/content_items/{pick.id}?placement=module",
        "accept_types": pick.accept_types,
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_media_types": "application/vnd.ims.lti.v1.ltilink,text/html",
        "accept_multiple": pick.module_item_id is None,
        "accept_lineitem": True,
        "auto_create": True,
        "data": pick.data,
    }
    if link is not None:
        settings |= {"title": link.title, "text": link.description}
    return platform.settings.profile.pick_settings(settings)
