"""The sandbox Moodle's external service: its token, which functions it has, and what its account's role may do.

Errors are those of a Moodle 4.5.6 that was captured, word for word; what was not captured is from its source. They come with
status 200, but for web services that are off: 403 and nothing else (webservice/rest/server.php).
"""

import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.moodle_models import WebService
from lti_tool.sandbox.platform import Platform

RIGHTS: Mapping[str, str] = {
    "moodle/course:view": "View courses without participation",
    "moodle/course:viewhiddenactivities": "View hidden activities",
    "gradereport/user:view": "View your own grade report",
    "moodle/grade:viewall": "View grades of other users",
    "moodle/grade:viewhidden": "View hidden grades for owner",
    "report/progress:view": "View activity completion reports",
    "moodle/course:viewparticipants": "View participants",
    "moodle/user:viewdetails": "View user profiles",
    "moodle/site:accessallgroups": "Access all groups",
    "moodle/competency:coursecompetencyview": "View course competencies",
    "moodle/competency:usercompetencyview": "View user competency",
    "moodle/competency:competencyview": "View competency frameworks",
    "mod/quiz:viewreports": "View quiz reports",
    "mod/quiz:manageoverrides": "Manage quiz overrides",
    "mod/assign:grade": "Grade assignment",
    "mod/assign:grantextension": "Grant extension",
}
"""The rights that the functions ask for, with the names of Moodle's lang files."""

SWITCHES: Mapping[str, str] = {
    "web_services": "Web services, with the REST protocol",
    "completion": "Completion tracking",
    "competencies": "Competencies",
}
"""What the site can switch off."""

ACCOUNT = 900_001
"""The number of the service account, which is nobody who can sign in."""


@dataclass
class MoodleError(Exception):
    """A call that is answered with an error."""

    exception: str
    errorcode: str
    message: str


class SwitchedOff(Exception):
    """Web services are off."""


def invalid_token() -> MoodleError:
    """No such token."""
    return MoodleError("core\\exception\\moodle_exception", "invalidtoken", "Invalid token - token not found")


def not_in_service() -> MoodleError:
    """A function that the service does not have."""
    return MoodleError("webservice_access_exception", "accessexception", "Access control exception")


def missing(table: str) -> MoodleError:
    """A row that is not there. The code depends on the table (lib/dml)."""
    code = "invaliduser" if table == "user" else "invalidrecord"
    words = "Invalid user" if table == "user" else f"Can't find data record in database table {table}."
    return MoodleError("dml_missing_record_exception", code, words)


def bad_parameter() -> MoodleError:
    """A parameter that is missing, too much, or of another type."""
    return MoodleError(
        "core\\exception\\invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected"
    )


def not_enrolled() -> MoodleError:
    """The account has no place in the course."""
    return MoodleError(
        "require_login_exception", "requireloginerror", "Course or activity not accessible. (Not enrolled)"
    )


def coding_error(words: str) -> MoodleError:
    """What Moodle calls a mistake of the caller's."""
    return MoodleError(
        "core\\exception\\coding_exception",
        "codingerror",
        f"Coding error detected, it must be fixed by a programmer: {words}",
    )


@dataclass(frozen=True)
class Account:
    """Who asks: the service account, with the rights its role has."""

    service: WebService
    functions: Collection[str]

    def demand(self, *rights: str) -> None:
        """Raises MoodleError where one of the rights is missing."""
        for right in rights:
            if right in self.service.withheld:
                raise MoodleError(
                    "required_capability_exception",
                    "nopermissions",
                    f"Sorry, but you do not currently have permissions to do that ({RIGHTS[right]}).",
                )

    def may(self, right: str) -> bool:
        """Whether the role has a right."""
        return right not in self.service.withheld

    def has(self, what: str) -> bool:
        """Whether the site uses something it can switch off."""
        return what not in self.service.switched_off


async def service_of(session: AsyncSession) -> WebService | None:
    """The service, once it was asked for."""
    return (await session.scalars(select(WebService).order_by(WebService.id))).first()


async def web_service(platform: Platform) -> WebService:
    """The service; made with everything in it when it is first asked for."""
    async with platform.store.writing() as session:
        service = await service_of(session)
        if service is None:
            service = WebService(token=new_token(), without=[], withheld=[], switched_off=[])
            session.add(service)
        return service


async def token_of_api(platform: Platform) -> str | None:
    """The token of the API that this LMS has and that is answered here; None where there is none."""
    if platform.settings.profile.has_web_services:
        return (await web_service(platform)).token
    return await platform.api_token() if platform.settings.profile.has_canvas_api else None


def new_token() -> str:
    """Thirty-two digits, as Moodle makes them."""
    return secrets.token_hex(16)


async def account_of(session: AsyncSession, token: str, functions: Collection[str]) -> Account:
    """The account behind a token. ``functions`` are all there are. Raises SwitchedOff and MoodleError."""
    service = await service_of(session)
    if service is not None and "web_services" in service.switched_off:
        raise SwitchedOff
    if service is None or not hmac.compare_digest(token.encode(), service.token.encode()):
        raise invalid_token()
    return Account(service, [name for name in functions if name not in service.without])
