"""Moodle's web services over REST: one address, one function a call, and errors that come as 200.

``POST <root>/webservice/rest/server.php``. The token goes into the body: in the address it would stand in the logs of every
proxy. Failures are ``{"exception", "errorcode", "message", "debuginfo"?}``; of these only the errorcode is ever told on, since
the others can hold names and whole queries (https://docs.moodle.org/dev/Web_services, webservice/rest/locallib.php).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import httpx

from lti_tool.clock import Clock
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.http import LIMITS, AnswerTooLarge, Limits
from lti_tool.lti.links import retry_after
from lti_tool.platforms.credentials import BearerCredentials
from lti_tool.platforms.native import (
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    NativeTrouble,
)

SERVER = "/webservice/rest/server.php"

PATIENCE = 10.0
"""Seconds that one call waits in all when the server, or a proxy before it, asks to go slower."""

TRIES = 3
FIRST_WAIT = 1.0
"""Seconds before the second try where nobody says how long; doubled each time."""

ANSWER_BYTES = 10_000_000
ANSWER_SECONDS = 60.0
"""What one answer may have and take. Moodle works a course's whole gradebook out before it sends the first byte."""

SWITCHED_OFF = "http-403"
"""What a site says whose web services, or whose REST protocol, are off: 403 and nothing else (webservice/rest/server.php)."""

TOO_LARGE = "too-large"

# webservice/lib.php: the token, then the account behind it.
_DEAD = frozenset(
    {
        "invalidtoken",
        "invalidtimedtoken",
        "wsaccessuserdeleted",
        "wsaccessuserexpired",
        "wsaccessusernologin",
        "wsaccessusersuspended",
        "wsaccessuserunconfirmed",
    }
)
# Rights: of the service (accessexception), of the account in the course, or things the account has to do first.
_NOT_PERMITTED = frozenset(
    {
        "accessdenied",
        "accessexception",
        "cannotviewreport",
        "coursehidden",
        "errorcoursecontextnotvalid",
        "forcepasswordchangenotice",
        "nopermission",
        "nopermissions",
        "nopermissiontoviewgrades",
        "notingroup",
        "requireloginerror",
        "restrictedcontextexception",
        "servicenotavailable",
        "servicerequireslogin",
        "sitepolicynotagreed",
        "usernotfullysetup",
        SWITCHED_OFF,
    }
)
# lib/dml/classes: which of them a missing record becomes depends on its table.
_NOT_FOUND = frozenset({"invalidcourseid", "invalidrecord", "invalidrecordunknown", "invalidcontext"})
# The site is being looked after, or its database is in trouble.
_FOR_NOW = frozenset(
    {
        "dbconnectionfailed",
        "ddlexecuteerror",
        "dmlreadexception",
        "dmlwriteexception",
        "sessionwaiterr",
        "sitemaintenance",
        "upgraderunning",
    }
)
OF_A_USER = frozenset(
    {
        "accessdenied",
        "guestsarenotallowed",
        "invaliduser",
        "invaliduserid",
        "notenroled",
        "notingroup",
        "suspended",
        "unconfirmed",
        "userdeleted",
        "usernotenroled",
    }
)
"""What a call about one user says of somebody who is gone, not enrolled, or in another group (core_user, grade/report/user)."""

NOT_RATED = OF_A_USER | {"codingerror"}
"""The same, and how report_competency refuses who is not rated in the course, as teachers are not."""

_WORD = re.compile(r"[A-Za-z0-9_:/-]{1,60}")


class MoodleSaid(Exception):
    """A call was answered with an error: Moodle's errorcode, which holds no data, or a word of this module's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def trouble(self) -> NativeTrouble:
        """The same as an error of the port."""
        said = f"Moodle answered {self.code}"
        if self.code in _DEAD:
            return ApiTokenRefused(said)
        if self.code in _NOT_PERMITTED:
            return ApiNotPermitted(said)
        if self.code in _NOT_FOUND:
            return ApiCourseNotFound(said)
        if self.code in _FOR_NOW:
            return ApiUnreachable(said)
        return ApiUnreadable(said)


class MoodleServer:
    """Calls the web services of one Moodle with one token, one call at a time."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: BearerCredentials,
        clock: Clock,
        *,
        turn: asyncio.Lock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``base_url`` is Moodle's wwwroot, which may have a path; ``turn`` is shared by everybody who uses the same token."""
        self.base_url = base_url.rstrip("/")
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._turn = turn or asyncio.Lock()
        self._sleep = sleep
        self._worked = False

    async def call(self, function: str, /, **parameters: Any) -> Any:
        """What a function returns. Raises NativeTrouble."""
        try:
            return await self.ask(function, **parameters)
        except MoodleSaid as said:
            raise said.trouble from None

    async def ask(self, function: str, /, *, tries: int = TRIES, **parameters: Any) -> Any:
        """The same for callers who know what to make of an errorcode: raises MoodleSaid for errors that have one."""
        token = await self._credentials.token()
        renewed = asked_again = False
        while True:
            try:
                answer = _read(await self._send(function, token, parameters, tries))
            except MoodleSaid as said:
                if said.code in _DEAD and not renewed:
                    token, renewed = await self._credentials.renew(token), True
                # An expired token is called an access exception as well, and removed; asked again, it is no token
                # (webservice/lib.php). One that has worked a moment ago has not expired.
                elif said.code == "accessexception" and not self._worked and not asked_again:
                    asked_again = True
                else:
                    raise
            else:
                self._worked = True
                return answer

    async def _send(self, function: str, token: str, parameters: Mapping[str, Any], tries: int) -> bytes:
        """The body of the first answer that does not ask to wait."""
        waited, wait = 0.0, FIRST_WAIT
        for attempt in range(1, tries + 1):
            async with self._turn:
                response = await self._post(function, token, parameters)
            if not _asks_to_wait(response):
                return _body(response)
            asked = retry_after(response.headers.get("retry-after"), self._clock.now())
            pause = asked.total_seconds() if asked is not None else wait
            if attempt == tries or waited + pause > PATIENCE:
                break
            await self._sleep(pause)
            waited += pause
            wait *= 2
        if response.status_code == 429:
            raise ApiBusy("Moodle's server answered 429 and asks to wait")
        raise ApiUnreachable(f"Moodle's server answered {response.status_code}")

    async def _post(self, function: str, token: str, parameters: Mapping[str, Any]) -> httpx.Response:
        form = {
            "wstoken": token,
            "wsfunction": function,
            "moodlewsrestformat": "json",
            # Names in several languages come in the account's, not all of them in a row.
            "moodlewssettingfilter": "true",
            **dict(flat(parameters)),
        }
        extensions = {LIMITS: Limits(ANSWER_BYTES, ANSWER_SECONDS)}
        try:
            return await self._http.post(
                self.base_url + SERVER,
                data=form,
                headers={"Accept": "application/json"},
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=5.0),
                follow_redirects=False,
                extensions=extensions,
            )
        except AnswerTooLarge:
            raise MoodleSaid(TOO_LARGE) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not the exception's own text, which can hold the address.
            raise ApiUnreachable(f"no answer: {type(error).__name__}") from None


def flat(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Parameters as PHP reads them from a form: ``courseids[0]=5``, ``options[0][name]=…``. What is None is left out."""
    for name, value in parameters.items():
        key = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            yield from flat(value, key)
        elif isinstance(value, list | tuple):
            yield from flat({str(place): one for place, one in enumerate(value)}, key)
        elif isinstance(value, bool):
            yield key, "1" if value else "0"
        elif value is not None:
            yield key, str(value)


def _asks_to_wait(response: httpx.Response) -> bool:
    """Whether it is not now, rather than not at all: a proxy's limit, PHP out of time, a page of a site that is looked after."""
    return response.status_code in {408, 425, 429} or response.status_code >= 500


def _body(response: httpx.Response) -> bytes:
    if response.is_success:
        return response.content
    if response.is_redirect:
        raise ApiUnreadable("the answer leads elsewhere; is the address the one that Moodle calls its own?")
    if response.status_code == 403:
        raise MoodleSaid(SWITCHED_OFF)
    if response.status_code in {404, 410}:
        raise ApiUnreadable(f"no web services at this address ({response.status_code})")
    raise ApiUnreadable(f"Moodle's server answered {response.status_code}")


def _read(body: bytes) -> Any:
    """A function's result, which may be anything that JSON is; an error is an object that names its exception."""
    try:
        answer = read_json(body)
    except ValueError:
        page = body.lstrip()[:1] == b"<"
        raise ApiUnreadable("the answer is a page, not JSON" if page else "the answer is not JSON") from None
    if isinstance(answer, dict) and ("exception" in answer or {"error", "errorcode"} <= answer.keys()):
        code = answer.get("errorcode")
        raise MoodleSaid(code if isinstance(code, str) and _WORD.fullmatch(code) else "without-errorcode")
    return answer
