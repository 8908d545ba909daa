"""Names and Role Provisioning Services 2.0: who is in the course."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.calls import Caller
from lti_tool.lti.links import with_query
from lti_tool.lti.models import Registration, Role
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call
from lti_tool.lti.roles import role_of
from lti_tool.lti.trouble import unreadable


class MemberStatus(StrEnum):
    """Whether a member takes part (NRPS 2.0 §2.2). Moodle leaves out those who do not."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the course. Names are there where the platform shares them."""

    user_id: str
    roles: tuple[str, ...]
    role: Role
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    status: MemberStatus = MemberStatus.ACTIVE


class NrpsClient:
    """Reads rosters of one registration's courses."""

    def __init__(self, protocol: Protocol, registration: Registration) -> None:
        self._caller = Caller(protocol, registration)
        self._registration = registration

    async def members(self, memberships_url: str, role: str | None = None) -> list[Member]:
        """Everyone in the course, over every page; with ``role`` (a full URN) only those who have it.

        No page size is asked for: Moodle answers whole, Canvas in pages of its own. A person named twice comes once, as
        named last. Raises ServiceRefused and ServiceUnreachable.
        """
        asked = {"role": role} if role else {}
        found: dict[str, Member] = {}
        async for page in self._caller.pages(
            Call.READ_MEMBERS,
            with_query(memberships_url, asked),
            scopes=(claims.MEMBERSHIP_READ_SCOPE,),
            accept=claims.MEMBERS_MEDIA,
            # Moodle 4.5's next page forgets the role that was asked for.
            every_page=asked,
        ):
            if not isinstance(page, dict) or not isinstance(page.get("members"), list):
                raise unreadable(Call.READ_MEMBERS.value, "a membership container has no list of members")
            for member in _members(page["members"], self._registration.role_overrides):
                found[member.user_id] = member
        return list(found.values())


def _members(given: Iterable[Any], overrides: Mapping[str, str]) -> Iterable[Member]:
    for one in given:
        if not isinstance(one, dict):
            continue
        user_id = str(one.get("user_id") or "").strip()
        if not user_id or len(user_id) > 255:
            continue
        roles = tuple(role for role in one.get("roles") or () if isinstance(role, str) and role)
        yield Member(
            user_id=user_id,
            roles=roles,
            role=role_of(roles, overrides),
            name=_name(one, "name"),
            given_name=_name(one, "given_name"),
            family_name=_name(one, "family_name"),
            status=_status(one.get("status")),
        )


def _name(member: dict[str, Any], field: str) -> str | None:
    value = member.get(field)
    return value.replace("\x00", "").strip()[:300] or None if isinstance(value, str) else None


def _status(value: object) -> MemberStatus:
    try:
        return MemberStatus(str(value or "active").lower())
    except ValueError:
        return MemberStatus.ACTIVE
