"""Whether a tool may be used: one that registered itself waits for the administrator, and any can be switched off."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import ACTIVE, PENDING, ToolRegistration
from lti_tool.sandbox.models import AccessToken, ModuleItem, ResourceLink, Tool
from lti_tool.sandbox.registration_body import MESSAGES, Message, Registration, registration_of
from lti_tool.sandbox.store import like_of


async def standing(session: AsyncSession, tool_id: int) -> ToolRegistration | None:
    """How the tool came here and whether it may be used; None for one that was added by hand and never touched since."""
    return await session.get(ToolRegistration, tool_id)


async def state_of(session: AsyncSession, tool_id: int) -> str:
    """``active``, ``pending`` or ``off``."""
    found = await standing(session, tool_id)
    return found.state if found else ACTIVE


async def messages_of(session: AsyncSession, tool_id: int) -> list[str]:
    """The types of messages the tool takes. Of one that was added by hand nothing is known, so it is sent any."""
    found = await standing(session, tool_id)
    if found is None or not found.sent:
        return list(MESSAGES)
    return list(dict.fromkeys([*registration_of(found.sent).messages, *like_of(session).unasked_messages]))


async def message_of(session: AsyncSession, tool_id: int, kind: str) -> Message | None:
    """What the tool said of a message; None where it was added by hand."""
    found = await standing(session, tool_id)
    return registration_of(found.sent).message(kind) if found and found.sent else None


async def set_state(session: AsyncSession, tool_id: int, state: str, now: datetime) -> None:
    """Approve a tool, switch it off or on. Service tokens of a tool that is not active end at once."""
    found = await standing(session, tool_id)
    if found is None:
        found = ToolRegistration(tool_id=tool_id, sent={}, proposed=None, changed_at=now, state=state)
        session.add(found)
    found.state, found.changed_at = state, now
    if state != ACTIVE:
        await session.execute(delete(AccessToken).where(AccessToken.tool_id == tool_id))
    await session.flush()


def apply(tool: Tool, registration: Registration) -> None:
    """Make a tool what its registration says; its ids stay."""
    configuration = registration.configuration
    tool.name = registration.client_name[:200]
    tool.login_url, tool.launch_url = registration.initiate_login_uri, registration.launch_url
    tool.redirect_uris, tool.jwks_url = list(registration.redirect_uris), registration.jwks_uri
    tool.scopes, tool.placements = registration.scopes, registration.placements
    tool.custom, tool.privacy_level = dict(configuration.custom_parameters), registration.privacy_level


async def keep_registration(
    session: AsyncSession, tool: Tool, sent: Mapping[str, Any], now: datetime, *, is_new: bool
) -> None:
    """Keep what a tool sent: a new one waits as a whole, a known one goes on as it is until the change is approved."""
    found = await standing(session, tool.id)
    if is_new:
        session.add(ToolRegistration(tool_id=tool.id, state=PENDING, sent=dict(sent), proposed=None, changed_at=now))
    elif found is None:
        session.add(ToolRegistration(tool_id=tool.id, state=ACTIVE, sent={}, proposed=dict(sent), changed_at=now))
    else:
        found.proposed, found.changed_at = dict(sent), now
    await session.flush()


async def remove_tool(session: AsyncSession, tool: Tool) -> None:
    """Remove a tool with its links, their items in modules, its columns and their grades."""
    links = select(ResourceLink.id).where(ResourceLink.tool_id == tool.id)
    await session.execute(delete(ModuleItem).where(ModuleItem.resource_link_id.in_(links)))
    await session.delete(tool)
    await session.flush()
