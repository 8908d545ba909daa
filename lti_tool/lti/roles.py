"""From the roles a platform sends to what a person may do in the course (LTI Core 1.3 §A.2).

Only what a person is *in this course* gives rights. PyLTI1p3's own reader is replaced: in 2.0.0 it takes ``membership#X``
for a role without a kind and ``unknown/unknown#Instructor`` for a teacher.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lti_tool.lti.claims import ROLE_VOCABULARY
from lti_tool.lti.models import Role


class Scope(StrEnum):
    """What a role speaks of."""

    SYSTEM = "system"
    INSTITUTION = "institution"
    MEMBERSHIP = "membership"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NamedRole:
    """A role taken apart: of ``…/membership/Instructor#TeachingAssistant`` the scope, the principal role and the sub-role."""

    scope: Scope
    principal: str
    sub_role: str | None = None


_BY_SUB_ROLE = {
    "TeachingAssistant": Role.ASSISTANT,
    "TeachingAssistantSection": Role.ASSISTANT,
    "TeachingAssistantSectionAssociation": Role.ASSISTANT,
    "TeachingAssistantOffering": Role.ASSISTANT,
    "TeachingAssistantTemplate": Role.ASSISTANT,
    "TeachingAssistantGroup": Role.ASSISTANT,
    "Grader": Role.ASSISTANT,
}

_BY_PRINCIPAL = {
    "Administrator": Role.ADMINISTRATOR,
    "Instructor": Role.TEACHER,
    "ContentDeveloper": Role.TEACHER,
    "TeachingAssistant": Role.ASSISTANT,
    "Learner": Role.STUDENT,
    "Mentor": Role.OBSERVER,
}

# Somebody who is several things in a course is shown what the first of these is shown.
_PRECEDENCE = (Role.TEACHER, Role.ADMINISTRATOR, Role.ASSISTANT, Role.STUDENT, Role.OBSERVER)

_SHORT_FORMS = frozenset(_BY_PRINCIPAL)
_SCOPES = {"membership": Scope.MEMBERSHIP, "institution/person": Scope.INSTITUTION, "system/person": Scope.SYSTEM}


def parse(role: str) -> NamedRole:
    """Take one role apart. Short forms (``Learner``, deprecated in §A.2.3) are membership roles; what is not known is UNKNOWN.

    ``https`` is taken for ``http``, for the platforms that "corrected" the vocabulary's address.
    """
    text = role.strip()
    if text.startswith("https://"):
        text = "http://" + text.removeprefix("https://")
    if text in _SHORT_FORMS:
        return NamedRole(Scope.MEMBERSHIP, text)
    if not text.startswith(ROLE_VOCABULARY):
        return NamedRole(Scope.UNKNOWN, text)
    path, _, name = text.removeprefix(ROLE_VOCABULARY).partition("#")
    if path in _SCOPES:
        return NamedRole(_SCOPES[path], name)
    scope, _, principal = path.partition("/")
    if scope == "membership" and principal and "/" not in principal:
        return NamedRole(Scope.MEMBERSHIP, principal, name)
    return NamedRole(Scope.UNKNOWN, text)


def role_of(roles: Iterable[str]) -> Role:
    """What a person may do in the course.

    Institution and system roles give no right and take none away: a parent (institution Mentor) who studies here is a
    learner, and an administrator of the site is one here only when the course says so. Without a role in the course a
    person is OTHER and has the least rights.
    """
    found = {_in_course(named) for named in map(parse, roles) if named.scope is Scope.MEMBERSHIP}
    # A teaching assistant comes as the sub-role, and by §A.2.4 with the principal role Instructor beside it.
    if Role.ASSISTANT in found:
        found.discard(Role.TEACHER)
    return next((role for role in _PRECEDENCE if role in found), Role.OTHER)


def observed_by(roles: Iterable[str], role_scope_mentor: Iterable[str]) -> tuple[str, ...]:
    """The subs a mentor may see: those of ``role_scope_mentor`` (§5.4.7) when the person is a mentor in this course."""
    if any(named == NamedRole(Scope.MEMBERSHIP, "Mentor") for named in map(parse, roles)):
        return tuple(dict.fromkeys(sub for sub in role_scope_mentor if sub))
    return ()


def _in_course(named: NamedRole) -> Role | None:
    if named.sub_role is not None and named.sub_role in _BY_SUB_ROLE:
        return _BY_SUB_ROLE[named.sub_role]
    return _BY_PRINCIPAL.get(named.principal)
