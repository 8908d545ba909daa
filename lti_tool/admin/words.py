"""What the console calls things: names of LMSs as they are, everything else as message ids."""

from lti_tool.lti.models import DeploymentPolicy, DeploymentStatus, Family, RegisteredBy
from lti_tool.lti.roles import NamedRole, Scope
from lti_tool.web.i18n import N_

FAMILY_WORDS = {
    Family.CANVAS: N_("Canvas"),
    Family.MOODLE: N_("Moodle"),
    Family.SCHOOLOGY: N_("Schoology"),
    Family.BLACKBOARD: N_("Blackboard"),
    Family.BRIGHTSPACE: N_("Brightspace"),
    Family.SAKAI: N_("Sakai"),
    Family.OPENEDX: N_("Open edX"),
    Family.OTHER: N_("Another LMS"),
}

STATUS_WORDS = {
    DeploymentStatus.ACCEPTED: N_("Allowed"),
    DeploymentStatus.HELD: N_("Waits"),
}

REGISTERED_WORDS = {
    RegisteredBy.HAND: N_("By hand"),
    RegisteredBy.DYNAMIC: N_("By a registration link"),
}

POLICY_WORDS = {
    DeploymentPolicy.HOLD: N_("Each new installation waits until somebody allows it"),
    DeploymentPolicy.FIRST: N_("The first installation comes in by itself, each further one waits"),
}

SCOPE_WORDS = {
    Scope.MEMBERSHIP: N_("Roles in a course"),
    Scope.INSTITUTION: N_("Roles at the institution"),
    Scope.SYSTEM: N_("Roles in the whole system"),
}

_PATHS = {Scope.INSTITUTION: "institution/person#", Scope.SYSTEM: "system/person#"}


def written(named: NamedRole) -> str:
    """A role as the vocabulary writes it, without the vocabulary's address (LTI Core 1.3 §A.2)."""
    if named.scope is not Scope.MEMBERSHIP:
        return _PATHS.get(named.scope, "") + named.principal
    return f"membership/{named.principal}#{named.sub_role}" if named.sub_role else f"membership#{named.principal}"
