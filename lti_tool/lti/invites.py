"""Invites: one-time links with which an LMS's administrator registers the tool there (Dynamic Registration 1.0).

The link holds 256 random bits; the database holds their digest. An invite is used up by a registration that succeeded. While
one is under way the invite is claimed for half a minute, so that of two confirmations at once one registers.
"""

import re
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.lti.digests import digest
from lti_tool.lti.models import Family, Registration, RegistrationInvite
from lti_tool.lti.registration_refusals import (
    InviteExpired,
    InviteMissing,
    InviteRevoked,
    InviteUnknown,
    InviteUsed,
)

LIFE = timedelta(days=7)
CLAIM = timedelta(seconds=30)
"""How long a confirmation under way keeps another one out."""

WITHOUT_DYNAMIC_REGISTRATION = frozenset({Family.SCHOOLOGY, Family.BLACKBOARD, Family.OPENEDX})
"""Families whose schools cannot register a tool by a link. Schoology's apps are made in its App Center, Open edX has a
configuration per block (xblock-lti-consumer's README), and Blackboard's registration is in the vendor's portal, once for all
schools."""

_CODE_LIMIT = 128
_LONGEST = timedelta(days=366)
_SPAN = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def read_life(text: str) -> timedelta:
    """``30m``, ``12h`` or ``7d``; at most 366 days. Raises BadRequest."""
    found = _SPAN.fullmatch(text.strip())
    life = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not timedelta() < life <= _LONGEST:
        raise BadRequest("--expires is a time such as 30m, 12h or 7d, of at most 366 days", code="bad-time")
    return life


def invite_address(base_url: str, code: str) -> str:
    """The link to paste into the LMS."""
    return f"{base_url}/lti/register?{urlencode({'invite': code})}"


async def make_invite(
    session: AsyncSession,
    *,
    organisation_id: uuid.UUID,
    now: datetime,
    lms: Family = Family.OTHER,
    life: timedelta = LIFE,
    registration_id: uuid.UUID | None = None,
    actor: str | None = None,
) -> tuple[RegistrationInvite, str]:
    """A new invite and its code, which is shown once; with ``registration_id`` it may replace that registration.

    Raises Conflict for an LMS that has no Dynamic Registration, and for a registration that is not the organisation's.
    """
    if lms in WITHOUT_DYNAMIC_REGISTRATION:
        raise Conflict(f"{lms.value} cannot register tools by a link; see `lti-tool platform config {lms.value}`")
    if registration_id is not None:
        known = await session.get(Registration, registration_id)
        if known is None:
            raise NotFound("there is no such platform; see `lti-tool platform list`")
        if known.organisation_id not in {None, organisation_id}:
            raise Conflict("the platform belongs to another organisation")
    code = secrets.token_urlsafe(32)
    invite = RegistrationInvite(
        organisation_id=organisation_id,
        registration_id=registration_id,
        lms=lms,
        code_digest=digest(code),
        created_at=now,
        expires_at=now + life,
    )
    session.add(invite)
    await session.flush()
    audit.record(
        session, now, "invite.made", organisation_id=organisation_id, actor=actor, subject=f"invite {invite.id}"
    )
    return invite, code


async def open_invites(
    session: AsyncSession, now: datetime, organisation_id: uuid.UUID | None = None
) -> Sequence[RegistrationInvite]:
    """Invites that can still be used, of one organisation or of all, the newest first."""
    statement = select(RegistrationInvite).where(
        col(RegistrationInvite.used_at).is_(None),
        col(RegistrationInvite.revoked_at).is_(None),
        RegistrationInvite.expires_at > now,
    )
    if organisation_id is not None:
        statement = statement.where(RegistrationInvite.organisation_id == organisation_id)
    return (await session.exec(statement.order_by(col(RegistrationInvite.created_at).desc()))).all()


async def revoke_invite(
    session: AsyncSession,
    invite_id: str | uuid.UUID,
    now: datetime,
    *,
    organisation_id: uuid.UUID | None = None,
    actor: str | None = None,
) -> None:
    """Make an invite useless. Raises NotFound for one that is not open, or not ``organisation_id``'s."""
    for invite in await open_invites(session, now, organisation_id):
        if str(invite.id) == str(invite_id):
            invite.revoked_at = now
            session.add(invite)
            audit.record(
                session,
                now,
                "invite.revoked",
                organisation_id=invite.organisation_id,
                actor=actor,
                subject=f"invite {invite.id}",
            )
            return
    raise NotFound(f"there is no open invite {invite_id!r}; see `lti-tool platform invites`")


async def usable_invite(session: AsyncSession, code: str, now: datetime) -> RegistrationInvite:
    """The invite of a code. Raises InviteMissing, InviteUnknown, InviteUsed, InviteRevoked and InviteExpired."""
    if not code:
        raise InviteMissing("no code came")
    found = None
    if len(code) <= _CODE_LIMIT:
        found = (
            await session.exec(select(RegistrationInvite).where(RegistrationInvite.code_digest == digest(code)))
        ).one_or_none()
    if found is None:
        raise InviteUnknown("no invite has this code")
    if found.used_at is not None:
        raise InviteUsed(f"invite {found.id} was used")
    if found.revoked_at is not None:
        raise InviteRevoked(f"invite {found.id} was revoked")
    if found.expires_at <= now:
        raise InviteExpired(f"invite {found.id} has expired")
    return found


async def claim(session: AsyncSession, invite_id: uuid.UUID, now: datetime) -> bool:
    """Take an open invite for the time of one registration; False while another has it or when it has ended."""
    done = await session.exec(
        update(RegistrationInvite)
        .where(
            col(RegistrationInvite.id) == invite_id,
            col(RegistrationInvite.used_at).is_(None),
            col(RegistrationInvite.revoked_at).is_(None),
            col(RegistrationInvite.expires_at) > now,
            col(RegistrationInvite.claimed_at).is_(None) | (col(RegistrationInvite.claimed_at) <= now - CLAIM),
        )
        .values(claimed_at=now)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


async def give_back(session: AsyncSession, invite_id: uuid.UUID) -> None:
    """End a claim whose registration failed: the invite can be used again at once."""
    await session.exec(
        update(RegistrationInvite)
        .where(col(RegistrationInvite.id) == invite_id, col(RegistrationInvite.used_at).is_(None))
        .values(claimed_at=None)
        .execution_options(synchronize_session=False)
    )


async def use_up(session: AsyncSession, invite_id: uuid.UUID, registration_id: uuid.UUID, now: datetime) -> bool:
    """End an invite with the registration it led to; False where it has ended meanwhile."""
    done = await session.exec(
        update(RegistrationInvite)
        .where(
            col(RegistrationInvite.id) == invite_id,
            col(RegistrationInvite.used_at).is_(None),
            col(RegistrationInvite.revoked_at).is_(None),
        )
        .values(used_at=now, made_id=registration_id)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1
