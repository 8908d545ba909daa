"""What a function of the sandbox Moodle's web services is called with, and the course it is about."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import Course, Enrolment, Person
from lti_tool.sandbox.moodle_service import Account, bad_parameter, missing, not_enrolled
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.store import enrolment_in

REQUIRED = object()
"""The default of a parameter that has none."""

_KEY = re.compile(r"([A-Za-z_]\w*)((?:\[\w*\])*)")


@dataclass(frozen=True)
class Call:
    """One call of one function: by whom, on which store, with which parameters, checked already."""

    platform: Platform
    session: AsyncSession
    account: Account
    parameters: Mapping[str, Any]

    async def course(self, name: str = "courseid") -> Course:
        """The course that a parameter names. Raises MoodleError where there is none, or the account has no place in it."""
        course = await self.session.get(Course, self.parameters[name])
        if course is None:
            raise missing("course")
        if not self.account.may("moodle/course:view"):
            raise not_enrolled()
        return course

    async def person(self, course: Course) -> tuple[Person, Enrolment | None]:
        """Whom the parameter ``userid`` names, with their place in the course."""
        person = await self.session.get(Person, self.parameters["userid"])
        if person is None:
            raise missing("user")
        return person, await enrolment_in(self.session, course.id, person.id)


@dataclass(frozen=True)
class Function:
    """A function: its parameters with their types and defaults, and what answers it."""

    parameters: Mapping[str, tuple[type, Any]]
    answer: Callable[[Call], Awaitable[Any]]
    writes: bool = False

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as the function takes them. Raises MoodleError for one that is missing, wrong or too much."""
        if given.keys() - self.parameters.keys():
            raise bad_parameter()
        return {name: _read(given.get(name, default), kind) for name, (kind, default) in self.parameters.items()}


def _read(value: Any, kind: type) -> Any:
    if value is REQUIRED:
        raise bad_parameter()
    if kind is not int or isinstance(value, int):
        if not isinstance(value, kind):
            raise bad_parameter()
        return value
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value):
        raise bad_parameter()
    return int(value)


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A form as PHP reads it: ``courseids[0]=5`` is a list, ``options[0][name]=…`` a list of objects."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        place, names = found, [match[1], *re.findall(r"\[(\w*)\]", match[2])]
        for name in names[:-1]:
            inner = place.setdefault(name, {})
            if not isinstance(inner, dict):
                raise bad_parameter()
            place = inner
        place[names[-1] or str(len(place))] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    """Objects whose names count from 0 are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if list(inner) == [str(place) for place in range(len(inner))] else inner


def options_of(given: list[Any]) -> dict[str, str]:
    """Options as ``[{name, value}]``."""
    try:
        return {one["name"]: one["value"] for one in given}
    except (TypeError, KeyError):
        raise bad_parameter() from None
