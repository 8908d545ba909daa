"""Launches: the form that begins a login at the tool, and the endpoint its authorization request comes to.

LTI Security Framework 1.0, section 5.1.1: the platform sends the browser to the tool's login address with hints; the tool
sends it on to the authorization endpoint; the platform posts the id_token to the tool's redirect address.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from joserfc import jwt
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from lti_tool.sandbox.bench_models import ACTIVE, OFF
from lti_tool.sandbox.canvas_sections import sections_of_all
from lti_tool.sandbox.claims import LaunchFacts, message
from lti_tool.sandbox.likes.base import Refused
from lti_tool.sandbox.models import (
    Course,
    LaunchTicket,
    LineItem,
    ModuleItem,
    Person,
    ResourceLink,
    Tool,
    UsedNonce,
)
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.sessions import person_signed_in
from lti_tool.sandbox.special_messages import adapt, context_history, link_history
from lti_tool.sandbox.standing import state_of
from lti_tool.sandbox.store import enrolment_in, observed_by

TICKET_LIFE = timedelta(hours=1)
# Longer than any state or hint a tool has reason to send; what is over it counts as not sent.
MAX_FIELD = 65_536

router = APIRouter()


class LaunchNotPossible(LookupError):
    """There is no such link for this person: no such tool, course or item, or the course is not theirs."""


@dataclass(frozen=True)
class LaunchForm:
    """A form to post into the frame or window where the tool opens. A GET with the fields as its query works as well."""

    action: str
    fields: Mapping[str, str] = field(repr=False)


async def launch_form(
    platform: Platform,
    *,
    person_id: int,
    course_id: int,
    tool_id: int | None = None,
    module_item_id: int | None = None,
    document_target: str = "iframe",
) -> LaunchForm:
    """The tool's login request (third-party-initiated login) for a person in a course.

    ``tool_id`` alone opens the tool from course navigation; ``module_item_id`` opens the resource link of that item.
    ``document_target`` is ``iframe`` or ``window``. Raises LaunchNotPossible.
    """
    now = platform.now()
    async with platform.store.writing() as session:
        await session.execute(delete(LaunchTicket).where(LaunchTicket.expires_at < now))
        person, link = await session.get(Person, person_id), None
        if person is None or not await may_enter(session, person, course_id):
            raise LaunchNotPossible
        if module_item_id is not None:
            link = await _link_of_item(session, course_id, module_item_id)
            tool_id = link.tool_id
        tool = await session.get(Tool, tool_id) if tool_id is not None else None
        if tool is None or (link is None and "course_navigation" not in tool.placements):
            raise LaunchNotPossible
        if await state_of(session, tool.id) != ACTIVE:
            raise LaunchNotPossible
        item = await session.get(ModuleItem, module_item_id) if module_item_id is not None else None
        ticket = LaunchTicket(
            id=platform.settings.profile.new_hint(item),
            tool_id=tool.id,
            person_id=person.id,
            course_id=course_id,
            resource_link_id=link.id if link else None,
            module_item_id=module_item_id,
            placement="link_selection" if link else "course_navigation",
            target_link_uri=(link.url if link else None) or tool.launch_url,
            document_target=document_target,
            message_type="LtiResourceLinkRequest",
            expires_at=now + TICKET_LIFE,
        )
        session.add(ticket)
    return LaunchForm(tool.login_url, login_fields(platform, tool, person, ticket))


def login_fields(platform: Platform, tool: Tool, person: Person, ticket: LaunchTicket) -> dict[str, str]:
    """The fields of a login request."""
    fields = {
        "iss": platform.settings.issuer,
        "login_hint": person.lti_id,
        "target_link_uri": ticket.target_link_uri,
        "client_id": tool.client_id,
        "deployment_id": tool.deployment_id,
        "lti_deployment_id": tool.deployment_id,
        "lti_message_hint": ticket.id,
        "canvas_region": "not_configured",
        "canvas_environment": "prod",
        **storage_fields(platform),
    }
    return platform.settings.profile.login_fields(fields, tool, ticket.course_id)


def storage_fields(platform: Platform) -> dict[str, str]:
    """Where values are kept for tools, in login requests and beside id_tokens (LTI Client Side postMessages 0.1)."""
    target = platform.behaviour.storage_target
    return {"lti_storage_target": target} if target else {}


async def may_enter(session: AsyncSession, person: Person, course_id: int) -> bool:
    """Whether a person may open a course."""
    if await session.get(Course, course_id) is None:
        return False
    enrolment = await enrolment_in(session, course_id, person.id)
    return person.kind == "administrator" or (enrolment is not None and enrolment.active)


async def _link_of_item(session: AsyncSession, course_id: int, item_id: int) -> ResourceLink:
    found = await session.scalars(
        select(ResourceLink)
        .join(ModuleItem, ModuleItem.resource_link_id == ResourceLink.id)
        .where(ModuleItem.id == item_id, ModuleItem.course_id == course_id)
    )
    link = found.one_or_none()
    if link is None:
        raise LaunchNotPossible
    return link


async def redirect_to_school(request: Request, platform: ThisPlatform) -> RedirectResponse:
    """Where the host for signing in sends the browser on, the request as it is: to the school's own address."""
    asked = urlencode(await _parameters(request))
    path = platform.settings.profile.second_authorization_path
    return RedirectResponse(f"{platform.settings.base_url}{path}?{asked}", status_code=302)


async def authorize(request: Request, platform: ThisPlatform) -> HTMLResponse:
    """The OIDC authorization endpoint: posts an id_token, or an error, to the tool's redirect address."""
    asked = await _parameters(request)
    if await person_signed_in(request) is None:
        page = platform.settings.profile.signed_out(request, asked)
        if page is not None:
            return page
    try:
        tool, state = await _tool(platform, asked)
        try:
            fields = await _answer(request, platform, asked, tool, state)
        except Refused as refusal:
            refused = platform.settings.profile.refusal(refusal)
            if not refused.posted:
                raise refused from refusal
            said = {"error": refused.error, "error_description": refused.description}
            fields = {name: value for name, value in said.items() if value}
    except Refused as refusal:
        status = platform.settings.profile.error_page_status
        return _page(f"<h1>This tool cannot be opened</h1><p>{escape(refusal.description)}</p>", status_code=status)
    if "state" in asked:
        fields["state"] = asked["state"]
    return form_post(asked["redirect_uri"], fields)


async def _parameters(request: Request) -> dict[str, str]:
    source = await request.form() if request.method == "POST" else request.query_params
    return {name: value for name, value in source.items() if isinstance(value, str) and len(value) <= MAX_FIELD}


async def _tool(platform: Platform, asked: Mapping[str, str]) -> tuple[Tool, str]:
    """The tool that asks, and its state. Until its redirect address is proven, an error must stay here (RFC 6749,
    section 4.1.2.1).
    """
    async with platform.store.reading() as session:
        found = await session.scalars(select(Tool).where(Tool.client_id == asked.get("client_id", "")))
        tool = found.one_or_none()
        state = await state_of(session, tool.id) if tool else OFF
    if tool is None:
        raise Refused("unauthorized_client", "No tool is registered here with this client_id.")
    if asked.get("redirect_uri") not in tool.redirect_uris:
        raise Refused("invalid_request", "The redirect_uri is not one that is registered for this tool.")
    return tool, state


_FIXED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}


def _check_parameters(asked: Mapping[str, str], optional: Collection[str]) -> None:
    for name, value in _FIXED.items():
        if asked.get(name) != value and not (name in optional and name not in asked):
            raise Refused("invalid_request", f"{name} must be {value}.", name)
    for name in ("nonce", "login_hint", "lti_message_hint"):
        if not asked.get(name):
            raise Refused("invalid_request", f"{name} is missing.", "missing")


async def _answer(
    request: Request, platform: Platform, asked: Mapping[str, str], tool: Tool, state: str
) -> dict[str, str]:
    if state != ACTIVE:
        raise Refused("unauthorized_client", "The tool waits for the administrator, or is switched off.")
    _check_parameters(asked, platform.settings.profile.optional_parameters)
    person = await person_signed_in(request)
    if person is None:
        raise Refused("login_required", "Nobody is signed in to the LMS in this browser.", "session")
    profile = platform.settings.profile
    if not profile.login_hint_is_of(asked["login_hint"], person, tool):
        raise Refused(
            "login_required", "Another person is signed in to the LMS than the one this launch was made for.", "person"
        )
    now = platform.now()
    async with platform.store.writing() as session:
        ticket = await _take_ticket(session, platform, asked["lti_message_hint"], tool, person)
        await _use_nonce(session, tool, asked["nonce"], now)
        facts = await _facts(session, tool, person, ticket)
        said = message(platform.settings, facts, ticket)
        await adapt(session, platform, facts, ticket, said)
        ticket.uses += 1
    issued = int(now.timestamp())
    claims = {
        "iss": platform.settings.issuer,
        "aud": tool.client_id,
        "azp": tool.client_id,
        "iat": issued,
        "exp": issued + int(profile.id_token_life.total_seconds()),
        "nonce": asked["nonce"],
        **said,
    }
    claims = profile.id_token(claims, facts, ticket, platform.settings.base_url)
    key = await platform.keys.signing()
    token = jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)
    return {"id_token": token, **storage_fields(platform)}


async def _take_ticket(
    session: AsyncSession, platform: Platform, hint: str, tool: Tool, person: Person
) -> LaunchTicket:
    ticket = await session.get(LaunchTicket, hint)
    if ticket is None or ticket.expires_at <= platform.now():
        raise Refused("invalid_request", "The lti_message_hint is not known, or too old.", "hint")
    if ticket.tool_id != tool.id or ticket.person_id != person.id:
        raise Refused("invalid_request", "The lti_message_hint belongs to another launch.", "hint")
    if ticket.uses and (platform.behaviour.message_hints_work_once or platform.settings.profile.hints_work_once):
        raise Refused("invalid_request", "The lti_message_hint was used before.", "hint-used")
    if not await may_enter(session, person, ticket.course_id):
        raise Refused("access_denied", "This person is no longer in the course.", "course")
    return ticket


async def _use_nonce(session: AsyncSession, tool: Tool, nonce: str, now: datetime) -> None:
    await session.execute(delete(UsedNonce).where(UsedNonce.expires_at < now))
    if len(nonce) > 300 or await session.get(UsedNonce, (tool.id, nonce)) is not None:
        raise Refused("invalid_request", "The nonce was used before, or is too long.", "nonce-used")
    await session.execute(upsert(UsedNonce).values(tool_id=tool.id, nonce=nonce, expires_at=now + TICKET_LIFE))


async def _facts(session: AsyncSession, tool: Tool, person: Person, ticket: LaunchTicket) -> LaunchFacts:
    course = await session.get_one(Course, ticket.course_id)
    link = await session.get(ResourceLink, ticket.resource_link_id) if ticket.resource_link_id else None
    item = await session.get(ModuleItem, ticket.module_item_id) if ticket.module_item_id else None
    enrolment = await enrolment_in(session, course.id, person.id)
    is_observer = enrolment is not None and enrolment.role == "observer"
    line_items = (
        await session.scalars(
            select(LineItem.id).where(LineItem.tool_id == tool.id, LineItem.resource_link_id == link.lti_id).limit(2)
        )
        if link
        else ()
    )
    return LaunchFacts(
        tool=tool,
        person=person,
        course=course,
        enrolment=enrolment,
        observed=await observed_by(session, course.id, person.id) if is_observer else (),
        resource_link=link,
        module_item=item,
        line_item_ids=tuple(line_items),
        context_history=await context_history(session, course.id),
        link_history=await link_history(session, link.id) if link else (),
        section_ids=(await sections_of_all(session, course.id)).get(person.id, ()),
    )


_SUBMIT = "document.forms[0].submit();"
_SUBMIT_HASH = base64.b64encode(hashlib.sha256(_SUBMIT.encode()).digest()).decode()


def form_post(address: str, fields: Mapping[str, str]) -> HTMLResponse:
    """A page whose form posts itself (OAuth 2.0 Form Post Response Mode); without scripts a button does it."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    return _page(
        f'<form method="post" action="{escape(address)}">{inputs}<noscript><button>Continue</button></noscript></form>'
        f"<script>{_SUBMIT}</script>"
    )


def _page(body: str, status_code: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Opening</title></head><body>{body}</body></html>',
        status_code=status_code,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"default-src 'none'; script-src 'sha256-{_SUBMIT_HASH}'; base-uri 'none'",
            "Referrer-Policy": "no-referrer",
        },
    )
