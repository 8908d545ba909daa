"""Platform Notification Service 1.0: asking a platform to tell us when something happens, such as a copy of a course."""

from collections.abc import Mapping
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.calls import Caller
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import unreadable

COURSE_COPIED = "LtiContextCopyNotice"
HELLO = "LtiHelloWorldNotice"

MOST_AT_ONCE = 10
"""Notices we take in one request."""

_SCOPES = (claims.NOTICE_HANDLERS_SCOPE,)
_MEDIA = "application/json"


class NoticesClient:
    """Asks for notices at the service of one registration. Every method raises ServiceRefused and ServiceUnreachable.

    There is one handler for each type of notice and deployment, on a host the tool is registered with; the platform does not
    send a notice again that it could not deliver.
    """

    def __init__(self, protocol: Protocol, registration: Registration, quirks: ServiceQuirks | None = None) -> None:
        self._caller = Caller(protocol, registration, quirks)

    async def subscribe(
        self, url: str, notice_type: str, handler: str, *, max_batch_size: int | None = MOST_AT_ONCE
    ) -> None:
        """Have notices of a type sent to ``handler``; asked again, nothing changes (§4.2)."""
        body: dict[str, Any] = {"notice_type": notice_type, "handler": handler}
        if max_batch_size is not None:
            body["max_batch_size"] = max_batch_size
        await self._put(url, body)

    async def unsubscribe(self, url: str, notice_type: str) -> None:
        """Have no more notices of a type sent: an empty handler says so."""
        await self._put(url, {"notice_type": notice_type, "handler": ""})

    async def handlers(self, url: str) -> Mapping[str, str]:
        """The handler of each type of notice that has one (§4.1)."""
        answer = await self._caller.call(Call.ASK_FOR_NOTICES, "GET", url, scopes=_SCOPES, needs=_SCOPES, accept=_MEDIA)
        given = answer.json()
        listed = given.get("notice_handlers") if isinstance(given, dict) else None
        if not isinstance(listed, list):
            raise unreadable(Call.ASK_FOR_NOTICES.value, "the answer has no list of handlers")
        return {
            str(one["notice_type"]): str(one["handler"])
            for one in listed
            if isinstance(one, dict) and one.get("notice_type") and one.get("handler")
        }

    async def _put(self, url: str, body: Mapping[str, Any]) -> None:
        await self._caller.call(
            Call.ASK_FOR_NOTICES,
            "PUT",
            url,
            scopes=_SCOPES,
            needs=_SCOPES,
            accept=_MEDIA,
            content_type=_MEDIA,
            body=body,
        )
