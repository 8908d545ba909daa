"""The forms that begin other messages than a link's launch: picking content, and looking at a student's work."""

import secrets

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import ACTIVE, LineItemReview, PickRequest, TicketMore
from lti_tool.sandbox.claims import DEEP_LINKING, SUBMISSION_REVIEW
from lti_tool.sandbox.models import LaunchTicket, LineItem, ModuleItem, Person, ResourceLink, Tool
from lti_tool.sandbox.oidc import TICKET_LIFE, LaunchForm, LaunchNotPossible, login_fields, may_enter
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.standing import message_of, messages_of, state_of
from lti_tool.sandbox.store import link_with, tools_at


async def tools_that_take(session: AsyncSession, message: str) -> list[Tool]:
    """The active tools that take a message and are placed in modules."""
    found = await tools_at(session, "link_selection")
    return [tool for tool in found if message in await messages_of(session, tool.id)]


async def picking_form(
    platform: Platform,
    *,
    person: Person,
    tool_id: int,
    course_id: int,
    module_id: int,
    item: ModuleItem | None = None,
    document_target: str = "iframe",
) -> LaunchForm:
    """Ask a tool for content for a module; with ``item``, for what that item is to hold instead. LaunchNotPossible."""
    now = platform.now()
    async with platform.store.writing() as session:
        tool = await _tool(session, person, course_id, tool_id, DEEP_LINKING)
        described = await message_of(session, tool.id, DEEP_LINKING)
        await session.execute(delete(PickRequest).where(PickRequest.expires_at < now, PickRequest.came_of.is_(None)))
        pick = PickRequest(
            id=secrets.token_urlsafe(24),
            tool_id=tool.id,
            person_id=person.id,
            course_id=course_id,
            module_id=module_id,
            module_item_id=item.id if item else None,
            data=f'{secrets.token_urlsafe(12)} & "the rest"',
            accept_types=list(platform.behaviour.picks_accept),
            expires_at=now + TICKET_LIFE,
        )
        session.add(pick)
        await session.flush()
        ticket = await _ticket(
            session,
            platform,
            tool,
            person,
            course_id,
            message_type=DEEP_LINKING,
            target=(described.target_link_uri if described else None) or tool.launch_url,
            link_id=item.resource_link_id if item else None,
            document_target=document_target,
        )
        session.add(TicketMore(ticket_id=ticket.id, pick_id=pick.id))
    return LaunchForm(tool.login_url, login_fields(platform, tool, person, ticket))


async def review_form(
    platform: Platform,
    *,
    person: Person,
    line_item: LineItem,
    student_id: int,
    document_target: str = "iframe",
) -> LaunchForm:
    """Ask the tool that keeps a column to show what stands behind a student's grade. LaunchNotPossible."""
    async with platform.store.writing() as session:
        tool = await _tool(session, person, line_item.course_id, line_item.tool_id, SUBMISSION_REVIEW)
        described = await message_of(session, tool.id, SUBMISSION_REVIEW)
        review = await session.get(LineItemReview, line_item.id)
        link = await link_with(session, line_item.resource_link_id) if line_item.resource_link_id else None
        ticket = await _ticket(
            session,
            platform,
            tool,
            person,
            line_item.course_id,
            message_type=SUBMISSION_REVIEW,
            target=(review.url if review else None)
            or (described.target_link_uri if described else None)
            or _address(link)
            or tool.launch_url,
            link_id=link.id if link else None,
            document_target=document_target,
        )
        session.add(TicketMore(ticket_id=ticket.id, line_item_id=line_item.id, for_person_id=student_id))
    return LaunchForm(tool.login_url, login_fields(platform, tool, person, ticket))


def _address(link: ResourceLink | None) -> str | None:
    return link.url if link else None


async def _tool(session: AsyncSession, person: Person, course_id: int, tool_id: int, message: str) -> Tool:
    tool = await session.get(Tool, tool_id)
    if (
        tool is None
        or await state_of(session, tool.id) != ACTIVE
        or message not in await messages_of(session, tool.id)
        or not await may_enter(session, person, course_id)
    ):
        raise LaunchNotPossible
    return tool


async def _ticket(
    session: AsyncSession,
    platform: Platform,
    tool: Tool,
    person: Person,
    course_id: int,
    *,
    message_type: str,
    target: str,
    link_id: int | None,
    document_target: str,
) -> LaunchTicket:
    ticket = LaunchTicket(
        id=platform.settings.profile.new_hint(None),
        tool_id=tool.id,
        person_id=person.id,
        course_id=course_id,
        resource_link_id=link_id,
        placement="link_selection" if message_type == DEEP_LINKING else "submission_review",
        target_link_uri=target,
        document_target=document_target,
        message_type=message_type,
        expires_at=platform.now() + TICKET_LIFE,
    )
    session.add(ticket)
    await session.flush()
    return ticket
