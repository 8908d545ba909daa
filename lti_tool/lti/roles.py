"""From the roles a platform sends to what a person may do in the course (LTI Core 1.3 §A.2).

Only what a person is *in this course* gives rights. PyLTI1p3's own reader is replaced: in 2.0.0 it takes ``membership#X``
for a role without a kind and ``unknown/unknown#Instructor`` for a teacher.

``TABLE`` is the one place that says what a role means; a registration's administrator can say otherwise for single roles
(``Registration.role_overrides``). Launches and rosters (NRPS 2.0) are read with the same table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from lti_tool.lti.claims import ROLE_VOCABULARY
from lti_tool.lti.models import Role
from lti_tool.web.i18n import N_


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


class Explained(NamedTuple):
    """One role as it came, what it is (a message id), and what it gives in the course: None for nothing."""

    received: str
    kind: str
    given: Role | None


IN_COURSE = N_("Role in the course")
SUB_ROLE = N_("Finer role in the course")
AT_INSTITUTION = N_("Role at the institution: no right in a course")
IN_SYSTEM = N_("Role in the whole system: no right in a course")
OVERRIDDEN = N_("Changed for this platform by its administrator")
NOT_KNOWN = N_("Not in the table: no right")

# The core and the non-core principal roles of a context (§A.2.3); TeachingAssistant is none in the vocabulary, and yet is
# sent as one.
_PRINCIPALS = {
    "Administrator": Role.ADMINISTRATOR,
    "ContentDeveloper": Role.TEACHER,
    "Instructor": Role.TEACHER,
    "Learner": Role.STUDENT,
    "Mentor": Role.OBSERVER,
    "Manager": Role.OTHER,
    "Member": Role.OTHER,
    "Officer": Role.OTHER,
    "TeachingAssistant": Role.ASSISTANT,
}

# The sub-roles of a context (§A.2.3.1). One that is not listed means what its principal role means.
_SUB_ROLES = {
    "Administrator": {
        "Administrator": Role.ADMINISTRATOR,
        "Developer": Role.ADMINISTRATOR,
        "ExternalDeveloper": Role.ADMINISTRATOR,
        "ExternalSupport": Role.ADMINISTRATOR,
        "ExternalSystemAdministrator": Role.ADMINISTRATOR,
        "Support": Role.ADMINISTRATOR,
        "SystemAdministrator": Role.ADMINISTRATOR,
    },
    "ContentDeveloper": {
        "ContentDeveloper": Role.TEACHER,
        "ContentExpert": Role.TEACHER,
        "ExternalContentExpert": Role.TEACHER,
        "Librarian": Role.TEACHER,
    },
    "Instructor": {
        "ExternalInstructor": Role.TEACHER,
        "Grader": Role.ASSISTANT,
        "GuestInstructor": Role.TEACHER,
        "Lecturer": Role.TEACHER,
        "PrimaryInstructor": Role.TEACHER,
        "SecondaryInstructor": Role.TEACHER,
        "TeachingAssistant": Role.ASSISTANT,
        "TeachingAssistantGroup": Role.ASSISTANT,
        "TeachingAssistantOffering": Role.ASSISTANT,
        "TeachingAssistantSection": Role.ASSISTANT,
        "TeachingAssistantSectionAssociation": Role.ASSISTANT,
        "TeachingAssistantTemplate": Role.ASSISTANT,
    },
    "Learner": {
        "ExternalLearner": Role.STUDENT,
        "GuestLearner": Role.STUDENT,
        "Instructor": Role.STUDENT,
        "Learner": Role.STUDENT,
        "NonCreditLearner": Role.STUDENT,
    },
    "Manager": {
        "AreaManager": Role.OTHER,
        "CourseCoordinator": Role.OTHER,
        "ExternalObserver": Role.OTHER,
        "Manager": Role.OTHER,
        "Observer": Role.OTHER,
    },
    "Member": {"Member": Role.OTHER},
    "Mentor": {
        "Advisor": Role.OBSERVER,
        "Auditor": Role.OBSERVER,
        "ExternalAdvisor": Role.OBSERVER,
        "ExternalAuditor": Role.OBSERVER,
        "ExternalLearningFacilitator": Role.OBSERVER,
        "ExternalMentor": Role.OBSERVER,
        "ExternalReviewer": Role.OBSERVER,
        "ExternalTutor": Role.OBSERVER,
        "LearningFacilitator": Role.OBSERVER,
        "Mentor": Role.OBSERVER,
        "Reviewer": Role.OBSERVER,
        "Tutor": Role.OBSERVER,
    },
    "Officer": {
        "Chair": Role.OTHER,
        "Communications": Role.OTHER,
        "Secretary": Role.OTHER,
        "Treasurer": Role.OTHER,
        "Vice-Chair": Role.OTHER,
    },
}

# §A.2.1 and §A.2.2. TestUser is §A.2.1's too, with an address of its own: Canvas's "student view".
_SYSTEM = ("AccountAdmin", "Administrator", "Creator", "None", "SysAdmin", "SysSupport", "TestUser", "User")
_INSTITUTION = (
    "Administrator",
    "Alumni",
    "Faculty",
    "Guest",
    "Instructor",
    "Learner",
    "Member",
    "Mentor",
    "None",
    "Observer",
    "Other",
    "ProspectiveStudent",
    "Staff",
    "Student",
)

TABLE: Mapping[NamedRole, Role | None] = (
    {NamedRole(Scope.MEMBERSHIP, name): role for name, role in _PRINCIPALS.items()}
    | {
        NamedRole(Scope.MEMBERSHIP, principal, name): role
        for principal, names in _SUB_ROLES.items()
        for name, role in names.items()
    }
    | {NamedRole(Scope.INSTITUTION, name): None for name in _INSTITUTION}
    | {NamedRole(Scope.SYSTEM, name): None for name in _SYSTEM}
)
"""Every role of the vocabulary and what it gives in the course; None where it says nothing of the course."""

# Somebody who is several things in a course is shown what the first of these is shown.
_PRECEDENCE = (Role.TEACHER, Role.ADMINISTRATOR, Role.ASSISTANT, Role.STUDENT, Role.OBSERVER)

# OpenOLAT's roster calls everybody in it by its own constant, LEARNER.
_SHORT_FORMS = {**{name: name for name in _PRINCIPALS}, "LEARNER": "Learner"}
_SCOPES = {"membership": Scope.MEMBERSHIP, "institution/person": Scope.INSTITUTION, "system/person": Scope.SYSTEM}
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
_ADMINISTRATORS = frozenset(
    {
        NamedRole(Scope.INSTITUTION, "Administrator"),
        NamedRole(Scope.SYSTEM, "Administrator"),
        NamedRole(Scope.SYSTEM, "SysAdmin"),
    }
)


def parse(role: str) -> NamedRole:
    """Take one role apart. Short forms (``Learner``, deprecated in §A.2.3) are membership roles; what is not known is UNKNOWN.

    ``https`` is taken for ``http``, for the platforms that "corrected" the vocabulary's address.
    """
    text = _plain(role)
    if text in _SHORT_FORMS:
        return NamedRole(Scope.MEMBERSHIP, _SHORT_FORMS[text])
    if text == _TEST_USER:
        return NamedRole(Scope.SYSTEM, "TestUser")
    if not text.startswith(ROLE_VOCABULARY):
        return NamedRole(Scope.UNKNOWN, text)
    path, _, name = text.removeprefix(ROLE_VOCABULARY).partition("#")
    if path in _SCOPES:
        return NamedRole(_SCOPES[path], name)
    scope, _, principal = path.partition("/")
    if scope == "membership" and principal and "/" not in principal:
        return NamedRole(Scope.MEMBERSHIP, principal, name)
    return NamedRole(Scope.UNKNOWN, text)


def role_of(roles: Iterable[str], overrides: Mapping[str, str] | None = None) -> Role:
    """What a person may do in the course.

    Institution and system roles give no right and take none away: a parent (institution Mentor) who studies here is a
    learner, and an administrator of the site is one here only when the course says so. Without a role in the course a
    person is OTHER and has the least rights.

    ``overrides`` are a registration's: a role as the platform writes it, and the word of the Role it is to mean there,
    whatever its scope. A word that is none is not heeded.
    """
    found = {given for _, _, given in explain(roles, overrides)}
    # A teaching assistant comes as the sub-role, and by §A.2.4 with the principal role Instructor beside it.
    if Role.ASSISTANT in found:
        found.discard(Role.TEACHER)
    return next((role for role in _PRECEDENCE if role in found), Role.OTHER)


def explain(roles: Iterable[str], overrides: Mapping[str, str] | None = None) -> list[Explained]:
    """Each role that came, in its order: what it is, and what it gives in the course, alone.

    A principal role beside its own sub-role (§A.2.4: both are sent) gives what the sub-role gives, so that an override of
    the sub-role holds; unless it is overridden itself.
    """
    changed = _changes(overrides)
    heard = [(role, parse(role), changed.get(_plain(role))) for role in roles]
    finer = {named.principal for _, named, _ in heard if named.scope is Scope.MEMBERSHIP and named.sub_role}
    explained = []
    for role, named, override in heard:
        if override is not None:
            explained.append(Explained(role, OVERRIDDEN, override))
        elif named.scope is Scope.MEMBERSHIP and named.sub_role is None and named.principal in finer:
            explained.append(Explained(role, IN_COURSE, None))
        else:
            explained.append(Explained(role, _kind(named), _in_course(named)))
    return explained


def observed_by(
    roles: Iterable[str], role_scope_mentor: Iterable[str], overrides: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The subs a mentor may see: those of ``role_scope_mentor`` (§5.4.7) when the person is a mentor in this course."""
    if any(given is Role.OBSERVER for _, _, given in explain(roles, overrides)):
        return tuple(dict.fromkeys(sub for sub in role_scope_mentor if sub))
    return ()


def administers(roles: Iterable[str]) -> bool:
    """Whether the person is an administrator of the institution or of the system.

    ``membership#Administrator`` is a role in a course, which anybody who runs a course can hand out: it never is. No
    override changes this.
    """
    return any(parse(role) in _ADMINISTRATORS for role in roles)


def is_test_user(roles: Iterable[str]) -> bool:
    """Whether the person is the platform's test student, as whom a teacher tries the course; in any of the role's scopes."""
    return any(parse(role).principal == "TestUser" for role in roles)


def same_role(one: str, other: str) -> bool:
    """Whether two ways of writing a role are read alike (``https`` for ``http``, spaces around it)."""
    return _plain(one) == _plain(other)


def _plain(role: str) -> str:
    text = role.strip()
    return "http://" + text.removeprefix("https://") if text.startswith("https://") else text


def _changes(overrides: Mapping[str, str] | None) -> dict[str, Role]:
    words = {role.value for role in Role}
    return {_plain(name): Role(word) for name, word in (overrides or {}).items() if word in words and name.strip()}


def _in_course(named: NamedRole) -> Role | None:
    if named.scope is not Scope.MEMBERSHIP:
        return None
    return TABLE.get(named, _PRINCIPALS.get(named.principal))


def _kind(named: NamedRole) -> str:
    if named.scope is Scope.INSTITUTION:
        return AT_INSTITUTION
    if named.scope is Scope.SYSTEM:
        return IN_SYSTEM
    if named.scope is Scope.UNKNOWN or named.principal not in _PRINCIPALS:
        return NOT_KNOWN
    return IN_COURSE if named.sub_role is None else SUB_ROLE
