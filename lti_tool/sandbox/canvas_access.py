"""Who calls Canvas's REST API, what that token may do, what that person may see, and how answers look.

Two kinds of tokens: the one of the whole account, made at the first start, and tokens that persons gave to a tool through an
API key. A dead token is a 401 with ``WWW-Authenticate``; one without the scope, or of a person without the right, a 401
without it (https://developerdocs.instructure.com/services/canvas/oauth2/file.oauth, and lib/authentication_methods.rb).
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_models import DeveloperKey, PersonToken
from lti_tool.sandbox.likes.canvas import legacy_id
from lti_tool.sandbox.models import Course, Observation, Person
from lti_tool.sandbox.platform import Platform, platform_of
from lti_tool.sandbox.services import offset_asked, one_page, size_asked
from lti_tool.sandbox.sessions import digest
from lti_tool.sandbox.store import enrolment_in

DEFAULT_PAGE, LARGEST_PAGE = 10, 100
STRING_IDS = "application/json+canvas-string-ids"
TEACHING = ("teacher", "assistant", "administrator")
STUDYING = ("student", "test_student")
_LARGEST_ID = 2**63
_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")

T = TypeVar("T")


@dataclass
class ApiError(Exception):
    """A call that is refused, answered as Canvas does: ``{"errors": [{"message": …}]}``. ``word`` is its ``status`` in the body,
    where there is one; ``dead`` says that the token is not one any more. Some refusals have a ``body`` of their own.
    """

    status: int
    message: str
    word: str = ""
    dead: bool = False
    body: dict[str, Any] | None = None


def missing() -> ApiError:
    """There is no such thing, or none in this course."""
    return ApiError(404, "The specified resource does not exist.")


def answer_api_error(_request: Request, error: Exception) -> JSONResponse:
    """The exception handler for ApiError. Only a dead token's 401 carries WWW-Authenticate."""
    if not isinstance(error, ApiError):
        raise error
    headers = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'} if error.dead else {}
    word = {"status": error.word} if error.word else {}
    body = error.body or {**word, "errors": [{"message": error.message}]}
    return JSONResponse(body, error.status, headers=headers)


# --- Who calls ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """Whoever has a living token. ``person`` is None for the token of the whole account, ``key`` None where no key gave it."""

    platform: Platform
    person: Person | None = None
    key: DeveloperKey | None = None
    token: PersonToken | None = None

    @property
    def administers(self) -> bool:
        """Sees every course."""
        return self.person is None or self.person.kind == "administrator"

    def includes(self, request: Request) -> set[str]:
        """What ``include[]`` asks for. A token with scopes whose key does not allow it is not refused: it is not heard."""
        asked = {*request.query_params.getlist("include[]"), *request.query_params.getlist("include")}
        if self.key is not None and self.key.enforces_scopes and not self.key.allows_includes:
            return asked & {"uuid"}
        return asked

    def forbidden(self) -> ApiError:
        """The person of the token may not do this. Newer versions answer 403."""
        status = self.platform.behaviour.forbidden_status
        return ApiError(status, "user not authorized to perform that action", "unauthorized")


def scope_of(method: str, path: str) -> str:
    """The scope that a route needs: ``url:GET|/api/v1/courses/:course_id/modules``."""
    return f"url:{method}|" + _PARAMETER.sub(r":\1", path)


async def calling(request: Request) -> Caller:
    """A dependency: the caller, whose token lives and has the scope of this address."""
    value = sent_token(request)
    platform = platform_of(request)
    if not value:
        raise ApiError(401, "user authorization required", "unauthenticated", dead=True)
    caller = await caller_with(platform, value)
    if caller is None:
        raise ApiError(401, "Invalid access token.", dead=True)
    if caller.key is not None and caller.key.enforces_scopes and caller.token is not None:
        needed = scope_of(request.method, request.scope["route"].path)
        if needed not in caller.token.scopes:
            raise ApiError(401, "Insufficient scopes on access token.")
    return caller


def sent_token(request: Request) -> str:
    """The token that came, in the header or as a parameter; empty for none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else request.query_params.get("access_token", "")


async def caller_with(platform: Platform, value: str) -> Caller | None:
    """Whose living token this is."""
    if hmac.compare_digest(value.encode(), (await platform.api_token()).encode()):
        return Caller(platform)
    async with platform.store.reading() as session:
        token = (await session.scalars(select(PersonToken).where(PersonToken.digest == digest(value)))).one_or_none()
        if token is None or token.expires_at <= platform.now():
            return None
        key = await session.get_one(DeveloperKey, token.key_id)
        if key.state != "on":
            return None
        return Caller(platform, await session.get_one(Person, token.person_id), key, token)


Api = Annotated[Caller, Depends(calling)]


# --- What may be seen --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Here:
    """A caller in a course. ``work_of`` are the persons whose work may be seen; None: everybody's."""

    caller: Caller
    course: Course
    role: str
    work_of: frozenset[int] | None

    @property
    def platform(self) -> Platform:
        """The sandbox."""
        return self.caller.platform

    @property
    def teaches(self) -> bool:
        """Sees everything, published or not, and changes it."""
        return self.role in TEACHING

    @property
    def api(self) -> str:
        """The course's address in the API."""
        return f"{self.platform.settings.base_url}/api/v1/courses/{self.course.id}"

    @property
    def web(self) -> str:
        """The course's address for people."""
        return f"{self.platform.settings.base_url}/courses/{self.course.id}"

    def demand_teacher(self) -> None:
        """Refuse whoever does not teach here."""
        if not self.teaches:
            raise self.caller.forbidden()

    def demand_work_of(self, person_id: int) -> None:
        """Refuse whoever may not see this person's work."""
        if self.work_of is not None and person_id not in self.work_of:
            raise self.caller.forbidden()


async def enter(session: AsyncSession, caller: Caller, asked: str) -> Here:
    """The course of an address, as far as the caller may see it: 404 where there is none, refused where it is not theirs."""
    course = await _course(session, asked)
    if caller.person is None:
        return Here(caller, course, "administrator", None)
    enrolment = await enrolment_in(session, course.id, caller.person.id)
    if enrolment is None or not enrolment.active:
        if not caller.administers:
            raise caller.forbidden()
        return Here(caller, course, "administrator", None)
    if enrolment.role in TEACHING:
        return Here(caller, course, enrolment.role, None)
    if enrolment.role in STUDYING:
        return Here(caller, course, enrolment.role, frozenset({caller.person.id}))
    watched = await session.scalars(
        select(Observation.student_id).where(
            Observation.course_id == course.id, Observation.observer_id == caller.person.id
        )
    )
    return Here(caller, course, enrolment.role, frozenset(watched))


async def _course(session: AsyncSession, asked: str) -> Course:
    """By its number, or by ``lti_context_id:…`` as Canvas allows."""
    query = select(Course)
    if asked.startswith("lti_context_id:"):
        query = query.where(Course.context_id == asked.removeprefix("lti_context_id:"))
    else:
        query = query.where(Course.id == number(asked))
    course = (await session.scalars(query)).one_or_none()
    if course is None:
        raise missing()
    return course


async def one_person(session: AsyncSession, caller: Caller, asked: str) -> Person | None:
    """Somebody by number, by what launches call them (``lti_1_3_id:`` and the ``sub`` of LTI 1.3, ``lti_user_id:`` and the id of
    LTI 1.1), or ``self``; None for nobody, and for the account's own token.
    """
    if asked == "self":
        return caller.person
    form, _, value = asked.partition(":")
    if form == "lti_1_3_id":
        return (await session.scalars(select(Person).where(Person.lti_id == value))).one_or_none()
    if form == "lti_user_id":
        return next((one for one in await session.scalars(select(Person)) if legacy_id(one) == value), None)
    return await session.get(Person, number(asked))


def number(asked: str) -> int:
    """An id in an address; 404 for what is none."""
    if asked.isascii() and asked.isdecimal() and len(asked) < 20 and int(asked) < _LARGEST_ID:
        return int(asked)
    raise missing()


def numbers(asked: Sequence[str]) -> set[int]:
    """Ids in a list of parameters; what is none matches nothing."""
    return {int(one) for one in asked if one.isascii() and one.isdecimal() and len(one) < 20}


def without(request: Request, shown: dict[str, Any]) -> dict[str, Any]:
    """A row without the fields that ``exclude_response_fields[]`` names."""
    unwanted = set(request.query_params.getlist("exclude_response_fields[]"))
    return {name: value for name, value in shown.items() if name not in unwanted}


# --- Answers -----------------------------------------------------------------------------------------------------------


def answer(
    request: Request, caller: Caller, body: Any, headers: Mapping[str, str] | None = None, status: int = 200
) -> JSONResponse:
    """JSON, with ids as strings for who asks so. Where nobody counts calls, the headers say that there is plenty left."""
    if STRING_IDS in request.headers.get("accept", ""):
        body = string_ids(body)
    plenty = (
        {}
        if caller.platform.settings.profile.throttles
        else {"X-Rate-Limit-Remaining": "700.0", "X-Request-Cost": "0.1"}
    )
    return JSONResponse(body, status, headers={**(headers or {}), **plenty})


def listed(request: Request, caller: Caller, rows: Sequence[Any]) -> JSONResponse:
    """The page of a list that was asked for, by bookmarks."""
    page, headers = bookmarked(request, caller, rows)
    return answer(request, caller, list(page), headers)


def bookmarked(request: Request, caller: Caller, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The same, still to be shaped: the page's rows and its headers."""
    return one_page(request, caller.platform, rows, size_name="per_page", default=DEFAULT_PAGE, most=LARGEST_PAGE)


def numbered(request: Request, caller: Caller, rows: Sequence[Any]) -> JSONResponse:
    """The page of a list that Canvas numbers, with the pages before and at the end."""
    page, headers = numbered_rows(request, caller, rows)
    return answer(request, caller, list(page), headers)


def numbered_rows(request: Request, caller: Caller, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The same, still to be shaped."""
    size = size_asked(request, "per_page", DEFAULT_PAGE, LARGEST_PAGE)
    offset = offset_asked(request, size)
    current, last = offset // size + 1, max((len(rows) - 1) // size + 1, 1)
    pages = {"current": current, "next": current + 1, "prev": current - 1, "first": 1, "last": last}
    links = [
        f"<{caller.platform.settings.base_url}{request.url.path}?"
        f'{request.url.include_query_params(page=page, per_page=size).query}>; rel="{rel}"'
        for rel, page in pages.items()
        if 1 <= page <= last or rel in ("current", "first")
    ]
    return rows[offset : offset + size], {"Link": ",".join(links)}


def string_ids(value: Any) -> Any:
    """The same with every id, at any depth, as a string."""
    if isinstance(value, list):
        return [string_ids(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: _string_id(name, part) for name, part in value.items()}


def _string_id(name: str, part: Any) -> Any:
    if isinstance(part, int) and not isinstance(part, bool) and (name == "id" or name.endswith("_id")):
        return str(part)
    if isinstance(part, list) and name.endswith("_ids"):
        return [str(one) if isinstance(one, int) else one for one in part]
    return string_ids(part)
