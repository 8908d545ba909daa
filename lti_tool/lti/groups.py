"""Course Groups 1.0: the groups of a course, and the sets they come in. Few platforms have it; a claim says which."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.calls import Caller
from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import unreadable

_SCOPES = (claims.GROUP_READ_SCOPE,)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a course (§3.2). Who is in it, the roster tells: ``NrpsClient.members(…, groups=True)``."""

    id: str
    name: str
    set_id: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class GroupSet:
    """A set of groups (§3.3), such as the lab groups beside the reading groups."""

    id: str
    name: str


class GroupsClient:
    """Reads the groups of one registration's courses. Every method raises ServiceRefused and ServiceUnreachable."""

    def __init__(self, protocol: Protocol, registration: Registration, quirks: ServiceQuirks | None = None) -> None:
        self._caller = Caller(protocol, registration, quirks)

    async def groups(self, groups_url: str) -> list[Group]:
        """The groups of the course, over every page, each once."""
        found = {}
        async for one in self._each(groups_url, "groups"):
            read = Group(_id(one.get("id")), _name(one), _id(one.get("set_id")) or None, _text(one.get("tag")))
            if read.id:
                found[read.id] = read
        return list(found.values())

    async def sets(self, sets_url: str) -> list[GroupSet]:
        """The sets of the course's groups, over every page, each once."""
        found = {}
        async for one in self._each(sets_url, "sets"):
            read = GroupSet(_id(one.get("id")), _name(one))
            if read.id:
                found[read.id] = read
        return list(found.values())

    async def _each(self, url: str, member: str) -> AsyncIterator[dict[str, Any]]:
        async for page in self._caller.pages(
            Call.READ_GROUPS, url, scopes=_SCOPES, needs=_SCOPES, accept=claims.GROUPS_MEDIA
        ):
            given = page.get(member) if isinstance(page, dict) else None
            if not isinstance(given, list):
                raise unreadable(Call.READ_GROUPS.value, f"the answer has no list of {member}")
            for one in given:
                if isinstance(one, dict):
                    yield one


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= 255 else ""


def _text(value: object) -> str | None:
    return value.replace(UNREADABLE, "").strip()[:300] or None if isinstance(value, str) else None


def _name(given: dict[str, Any]) -> str:
    return _text(given.get("name")) or ""
