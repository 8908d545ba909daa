"""One call to a platform's service: token, media types, paging, and what a refusal means.

Whom a token may be shown: the addresses of services come from messages the platform has signed, or from registrations an
administrator has confirmed, so they are the platform's own word. They need not be on the host of its issuer or of its
token endpoint, and often are not: a hosted Canvas has line items on the school's host and tokens on sso.canvaslms.com,
Schoology and Blackboard put their services on hosts of their own. A rule about hosts would break these and stop nobody
who can sign a message. What is checked is where a connection may go at all (``lti.http``): HTTPS and a public address
unless this installation allows otherwise, judged before a byte, and so before the token, is sent. Next pages are no
signed words, and stay on the host of the first.
"""

import json
import math
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.links import next_link, retry_after, with_query
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import ServiceRefused, refusal, unreachable, unreadable

MOST_PAGES = 2000
"""Pages of one answer that are followed; Canvas's fifty members a page allow courses of 100 000."""

_NO_CONTENT = 204

_ON_A_LINE_ITEM = {
    Call.POST_SCORE,
    Call.READ_RESULTS,
    Call.READ_LINE_ITEM,
    Call.UPDATE_LINE_ITEM,
    Call.DELETE_LINE_ITEM,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered to a call that went well."""

    call: Call
    status: int
    headers: httpx.Headers
    content: bytes

    def json(self) -> Any:
        """The body as JSON, whatever its Content-Type says. Raises ServiceRefused (unreadable-answer)."""
        try:
            return read_json(self.content)
        except ValueError:
            raise unreadable(self.call.value, "the answer is not JSON") from None


class Caller:
    """Calls services of one registration with its tokens."""

    def __init__(self, protocol: Protocol, registration: Registration, quirks: ServiceQuirks | None = None) -> None:
        self._protocol = protocol
        self._registration = registration
        self._quirks = quirks
        self.quota: float | None = None
        """What the platform last said is left of its rate limit; None where it says nothing."""

    async def call(
        self,
        call: Call,
        method: str,
        url: str,
        *,
        scopes: Collection[str],
        needs: Collection[str] = (),
        accept: str,
        content_type: str | None = None,
        body: object = None,
    ) -> Answer:
        """One call, with a token for ``scopes``, of which it needs one of ``needs``.

        A token the platform no longer takes is replaced once. Raises ServiceRefused and ServiceUnreachable.
        """
        headers = {"Accept": accept}
        content = None
        if content_type is not None:
            headers["Content-Type"] = content_type
            content = json.dumps(body, ensure_ascii=False).encode()
        token = await self._protocol.token(self._registration, scopes, needs=needs)
        response = await self._send(call, method, url, headers, content, token)
        if self._token_is_spent(response.status_code):
            token = await self._protocol.token(self._registration, scopes, needs=needs, spent=token)
            response = await self._send(call, method, url, headers, content, token)
        if response.is_success:
            return Answer(call, response.status_code, response.headers, response.content)
        raise self._refusal(call, response)

    async def pages(
        self,
        call: Call,
        url: str,
        *,
        scopes: Collection[str],
        needs: Collection[str] = (),
        accept: str,
        every_page: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Any]:
        """The bodies of a list, page after page; ``every_page`` is added to next addresses that have forgotten it."""
        first = url
        seen = {url}
        for _ in range(MOST_PAGES):
            answer = await self.call(call, "GET", url, scopes=scopes, needs=needs, accept=accept)
            if _lists_nothing(answer):
                return
            yield answer.json()
            try:
                following = next_link(answer.headers.get_list("link"), url)
                if following is None:
                    return
                url = with_query(_beside(call, first, following), every_page or {})
            except ValueError:
                raise unreadable(call.value, "the next page is no address") from None
            if url in seen:
                raise unreadable(call.value, "the pages go in a circle")
            seen.add(url)
        raise unreadable(call.value, "the pages do not end")

    async def _send(
        self,
        call: Call,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        token: str,
    ) -> httpx.Response:
        try:
            response = await self._protocol.http.request(
                method, url, headers={**headers, "Authorization": f"Bearer {token}"}, content=content
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(call.value, error) from error
        self.quota = _number(response.headers.get("x-rate-limit-remaining"))
        return response

    def _token_is_spent(self, status: int) -> bool:
        return status == 401 if self._quirks is None else self._quirks.token_is_spent(status)

    def _refusal(self, call: Call, response: httpx.Response) -> ServiceRefused:
        status = response.status_code
        code = None
        if self._quirks is not None:
            code = self._quirks.meaning(call, status, response.reason_phrase, response.text[:2000])
        wait = retry_after(response.headers.get("retry-after"), self._protocol.clock.now())
        return refusal(call.value, status, code or _by_status(call, status), wait)


def _lists_nothing(answer: Answer) -> bool:
    """Whether a list came that is empty: some say so by 204, and OpenOLAT and Sakai of a roster by a body of no length."""
    return answer.status == _NO_CONTENT or (answer.call is Call.READ_MEMBERS and not answer.content.strip())


def _number(said: str | None) -> float | None:
    try:
        found = float(said or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _by_status(call: Call, status: int) -> str:
    if status == 429:
        return "rate-limited"
    if status >= 500 or status in {408, 425}:
        return "server-error"
    if status in {401, 403}:
        return "no-permission"
    if status in {404, 410}:
        return "line-item-gone" if call in _ON_A_LINE_ITEM else "not-accepted"
    if status == 409 and call is Call.POST_SCORE:
        return "conflict-newer"
    return "not-accepted"


def _beside(call: Call, first: str, following: str) -> str:
    """A next address, if it is on the host of the first: the token goes with it. Behind a proxy it may have lost its TLS."""
    here, there = urlsplit(first), urlsplit(following)
    if here.hostname != there.hostname:
        raise unreadable(call.value, "the next page is on another host")
    if here.scheme == "https" and there.scheme == "http":
        return urlunsplit(there._replace(scheme=here.scheme, netloc=here.netloc))
    if (here.scheme, here.port) != (there.scheme, there.port):
        raise unreadable(call.value, "the next page is on another port")
    return following
