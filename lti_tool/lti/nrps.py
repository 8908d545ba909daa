"""Names and Role Provisioning Services 2.0: who is in the course."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.calls import Caller
from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.lti.launch import custom_text
from lti_tool.lti.links import with_query
from lti_tool.lti.models import Registration, Role
from lti_tool.lti.names import told_name
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.roles import role_of
from lti_tool.lti.trouble import unreadable

_SCOPES = (claims.MEMBERSHIP_READ_SCOPE,)
_TRUE = "true"


class MemberStatus(StrEnum):
    """Whether a member takes part (NRPS 2.0 §2.2). Moodle leaves out those who do not."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the course. Names are there where the platform shares them.

    ``email`` and ``sourced_id`` (LIS, the school's own id) are for matching rows of a file in that moment; they are not kept.
    ``group_ids`` are those of the groups service, ``custom`` the custom parameters of the resource link for this person: each
    only where it was asked for and the platform has it.
    """

    user_id: str
    roles: tuple[str, ...]
    role: Role
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = field(default=None, repr=False)
    sourced_id: str | None = field(default=None, repr=False)
    status: MemberStatus = MemberStatus.ACTIVE
    group_ids: tuple[str, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)


class NrpsClient:
    """Reads rosters of one registration's courses."""

    def __init__(self, protocol: Protocol, registration: Registration, quirks: ServiceQuirks | None = None) -> None:
        self._caller = Caller(protocol, registration, quirks)
        self._registration = registration
        self._quirks = quirks

    async def members(
        self, memberships_url: str, role: str | None = None, rlid: str | None = None, *, groups: bool = False
    ) -> list[Member]:
        """Everyone in the course, over every page; a person named twice comes once, as named last.

        ``role`` (a full URN) leaves only those who have it (§2.4.1). ``rlid``, a resource link's id, leaves those who may open
        that link and adds its custom parameters for each (§2.5); a platform answers an id it does not know with an error.
        ``groups`` adds the groups of each (Course Groups 1.0 §3.4), where the platform has that service. Raises
        ServiceRefused and ServiceUnreachable.
        """
        asked = {"role": role, "rlid": rlid, "groups": _TRUE if groups else None}
        parameters = {name: value for name, value in asked.items() if value is not None}
        paging = self._quirks.roster_query() if self._quirks is not None else {}
        html_names = self._quirks is not None and self._quirks.roster_names_are_html
        found: dict[str, Member] = {}
        async for page in self._caller.pages(
            Call.READ_MEMBERS,
            with_query(memberships_url, {**paging, **parameters}),
            scopes=_SCOPES,
            needs=_SCOPES,
            accept=claims.MEMBERS_MEDIA,
            # Moodle 4.5's next page forgets the role that was asked for.
            every_page=parameters,
        ):
            if not isinstance(page, dict) or not isinstance(page.get("members"), list):
                raise unreadable(Call.READ_MEMBERS.value, "a membership container has no list of members")
            for member in _members(page["members"], self._registration.role_overrides, html_names=html_names):
                found[member.user_id] = member
        return list(found.values())


def _members(given: Iterable[Any], overrides: Mapping[str, str], *, html_names: bool) -> Iterable[Member]:
    for one in given:
        if not isinstance(one, dict):
            continue
        user_id = str(one.get("user_id") or "").strip()
        if not user_id or len(user_id) > 255 or UNREADABLE in user_id:
            continue
        listed = one.get("roles")
        roles = tuple(role for role in listed if isinstance(role, str) and role) if isinstance(listed, list) else ()
        yield Member(
            user_id=user_id,
            roles=roles,
            role=role_of(roles, overrides),
            name=_name(one, "name", is_html=html_names),
            given_name=_name(one, "given_name", is_html=html_names),
            family_name=_name(one, "family_name", is_html=html_names),
            email=_name(one, "email"),
            sourced_id=_name(one, "lis_person_sourcedid"),
            status=_status(one.get("status")),
            group_ids=_group_ids(one.get("group_enrollments")),
            custom=_custom(one.get("message")),
        )


def _name(member: dict[str, Any], name: str, *, is_html: bool = False) -> str | None:
    value = member.get(name)
    if not isinstance(value, str):
        return None
    return told_name(html.unescape(value[:5000]) if is_html else value)


def _status(value: object) -> MemberStatus:
    try:
        return MemberStatus(str(value or "active").lower())
    except ValueError:
        return MemberStatus.ACTIVE


def _group_ids(given: object) -> tuple[str, ...]:
    """The ids among ``group_enrollments``, each once."""
    if not isinstance(given, list):
        return ()
    ids = (one.get("group_id") for one in given if isinstance(one, dict))
    kept = (str(one) for one in ids if isinstance(one, str | int) and not isinstance(one, bool) and one != "")
    return tuple(dict.fromkeys(one for one in kept if len(one) <= 255))


def _custom(messages: object) -> dict[str, str]:
    """The custom parameters of a member's messages, where they are text that the platform could resolve."""
    custom: dict[str, str] = {}
    for message in messages if isinstance(messages, list) else ():
        given = message.get(claims.CUSTOM) if isinstance(message, dict) else None
        for name, value in given.items() if isinstance(given, dict) else ():
            text = custom_text(value)
            if text is not None:
                custom[str(name)] = text
    return custom
