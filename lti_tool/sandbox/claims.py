"""What the sandbox says in an id_token, in the shapes Canvas uses (LTI Core 1.3, section 5.3 and appendix C)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lti_tool.sandbox.models import Course, Enrolment, LaunchTicket, ModuleItem, Person, ResourceLink, Tool
from lti_tool.sandbox.settings import SandboxSettings

LTI = "https://purl.imsglobal.org/spec/lti/claim"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS_CLAIM = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
NOTICES_CLAIM = f"{LTI}/platformnotificationservice"

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope"
SCOPE_LINE_ITEM = f"{AGS}/lineitem"
SCOPE_LINE_ITEM_READ = f"{AGS}/lineitem.readonly"
SCOPE_RESULT_READ = f"{AGS}/result.readonly"
SCOPE_SCORE = f"{AGS}/score"
SCOPE_MEMBERSHIP_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPE_GROUP_READ = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
SCOPE_NOTICE_HANDLERS = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
ALL_SCOPES = (
    SCOPE_LINE_ITEM,
    SCOPE_LINE_ITEM_READ,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
    SCOPE_MEMBERSHIP_READ,
    SCOPE_GROUP_READ,
    SCOPE_NOTICE_HANDLERS,
)

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"

HELLO_NOTICE = "LtiHelloWorldNotice"
COPY_NOTICE = "LtiContextCopyNotice"
NOTICE_TYPES = (HELLO_NOTICE, COPY_NOTICE)

_LIS = "http://purl.imsglobal.org/vocab/lis/v2"
_MEMBERSHIP_ROLES = {
    "teacher": ("membership#Instructor",),
    "assistant": ("membership/Instructor#TeachingAssistant", "membership#Instructor"),
    "student": ("membership#Learner",),
    "test_student": ("membership#Learner",),
    "observer": ("membership#Mentor",),
}
_INSTITUTION_ROLE = {
    "teacher": "Instructor",
    "assistant": "Instructor",
    "student": "Student",
    "test_student": "Student",
    "observer": "Observer",
}
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
COURSE_TYPE = f"{_LIS}/course#CourseOffering"


def membership_roles(role: str) -> list[str]:
    """The roles of a member as NRPS lists them: full URNs, of the context alone."""
    return [f"{_LIS}/{name}" for name in _MEMBERSHIP_ROLES[role]]


def roles(person: Person, enrolment: Enrolment | None) -> list[str]:
    """Context, institution and system roles together, as full URNs, as Canvas's launches carry them."""
    found = []
    if person.kind == "administrator":
        found.append(f"{_LIS}/institution/person#Administrator")
    if enrolment is not None and enrolment.active:
        found.append(f"{_LIS}/institution/person#{_INSTITUTION_ROLE[enrolment.role]}")
        found += membership_roles(enrolment.role)
        if enrolment.role == "test_student":
            found.append(_TEST_USER)
    return [*found, f"{_LIS}/system/person#User"]


def names(person: Person, privacy_level: str) -> dict[str, str]:
    """The claims that name a person, as far as the tool's privacy level goes."""
    if privacy_level == "anonymous":
        return {}
    return {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}


def line_items_url(settings: SandboxSettings, tool: Tool, course_id: int) -> str:
    """The address of a course's line items."""
    return settings.profile.line_items_url(settings.base_url, tool, course_id)


def line_item_url(settings: SandboxSettings, tool: Tool, course_id: int, line_item_id: int) -> str:
    """The address, and so the id, of a line item."""
    return settings.profile.line_item_url(settings.base_url, tool, course_id, line_item_id)


def memberships_url(settings: SandboxSettings, tool: Tool, course_id: int) -> str:
    """The address of a course's roster."""
    return settings.profile.memberships_url(settings.base_url, tool, course_id)


def groups_url(settings: SandboxSettings, course_id: int) -> str:
    """The address of a course's groups."""
    return f"{settings.base_url}/api/lti/courses/{course_id}/groups"


def group_sets_url(settings: SandboxSettings, course_id: int) -> str:
    """The address of the sets that a course's groups come in."""
    return f"{settings.base_url}/api/lti/courses/{course_id}/group_sets"


@dataclass(frozen=True)
class LaunchFacts:
    """Everything a message is made of. ``line_item_ids`` are the line items of the resource link; the histories name the
    courses and the links that these were copied from, the latest first.
    """

    tool: Tool
    person: Person
    course: Course
    enrolment: Enrolment | None
    observed: Sequence[Person]
    resource_link: ResourceLink | None
    module_item: ModuleItem | None
    line_item_ids: Sequence[int] = ()
    section_ids: Sequence[int] = ()
    context_history: Sequence[str] = ()
    link_history: Sequence[str] = ()


def variables(settings: SandboxSettings, facts: LaunchFacts) -> dict[str, Any]:
    """The values of the custom variables that can be resolved for this launch; the others stay as they are written."""
    person, course, link = facts.person, facts.course, facts.resource_link
    known: dict[str, Any] = {
        "$User.id": person.lti_id,
        "$User.username": person.login,
        "$Person.name.full": person.name,
        "$Person.name.given": person.given_name,
        "$Person.name.family": person.family_name,
        "$Person.address.timezone": person.time_zone,
        "$Message.locale": person.locale,
        "$Membership.role": ",".join(roles(person, facts.enrolment)),
        "$Context.id": course.context_id,
        "$Context.title": course.name,
        "$Context.id.history": ",".join(quote(one, safe="") for one in facts.context_history),
        "$ResourceLink.id": link.lti_id if link else course.context_id,
        "$ResourceLink.title": link.title if link else facts.tool.name,
        "$ResourceLink.id.history": ",".join(quote(one, safe="") for one in facts.link_history),
        "$Canvas.user.id": str(person.id),
        "$Canvas.user.loginId": person.login,
        "$Canvas.user.prefersHighContrast": "false",
        "$Canvas.course.id": str(course.id),
        "$Canvas.course.name": course.name,
        "$Canvas.course.sectionIds": ",".join(str(one) for one in facts.section_ids),
        "$Canvas.course.workflowState": "available",
        "$Canvas.api.domain": settings.host,
        "$Canvas.api.baseUrl": settings.base_url,
        "$Canvas.enrollment.enrollmentState": "active" if facts.enrolment else "",
        "$com.instructure.User.observees": ",".join(student.lti_id for student in facts.observed),
    }
    if facts.module_item is not None:
        known["$Canvas.moduleItem.id"] = str(facts.module_item.id)
        known["$Canvas.module.id"] = str(facts.module_item.module_id)
    return settings.profile.variables(known, facts, settings.base_url)


def custom(values: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Custom parameters with their variables resolved. One that cannot be arrives literally, as on Canvas."""
    return {name: known.get(str(value), str(value)) for name, value in values.items()}


def resource_link_claim(facts: LaunchFacts) -> dict[str, str]:
    """The link launched. Course navigation has none of its own: as on Canvas, the context's id stands for it."""
    if facts.resource_link is None:
        return {"id": facts.course.context_id, "title": facts.tool.name}
    claim = {"id": facts.resource_link.lti_id, "title": facts.resource_link.title}
    if facts.resource_link.description:
        claim["description"] = facts.resource_link.description
    return claim


def context_claim(course: Course) -> dict[str, Any]:
    """A course as messages name it."""
    return {"id": course.context_id, "label": course.code, "title": course.name, "type": [COURSE_TYPE]}


def service_claims(settings: SandboxSettings, facts: LaunchFacts) -> dict[str, Any]:
    """The claims of AGS (2.0, section 3.1), NRPS (2.0, section 3.6), Course Groups (1.0, section 3.1) and notices (Platform
    Notification Service 1.0, section 3), where the tool was given the scopes.
    """
    claims: dict[str, Any] = {}
    grading = [scope for scope in facts.tool.scopes if scope.startswith(AGS)]
    if grading:
        claims[AGS_CLAIM] = {"scope": grading, "lineitems": line_items_url(settings, facts.tool, facts.course.id)}
        # Section 3.1: the one line item of the link, if it has exactly one.
        if len(facts.line_item_ids) == 1:
            claims[AGS_CLAIM]["lineitem"] = line_item_url(settings, facts.tool, facts.course.id, facts.line_item_ids[0])
    if SCOPE_MEMBERSHIP_READ in facts.tool.scopes:
        claims[NRPS_CLAIM] = {
            "context_memberships_url": memberships_url(settings, facts.tool, facts.course.id),
            "service_versions": ["2.0"],
        }
    if SCOPE_GROUP_READ in facts.tool.scopes:
        claims[GROUPS_CLAIM] = {
            "context_groups_url": groups_url(settings, facts.course.id),
            "context_group_sets_url": group_sets_url(settings, facts.course.id),
            "scope": [SCOPE_GROUP_READ],
            "service_versions": ["1.0"],
        }
    if SCOPE_NOTICE_HANDLERS in facts.tool.scopes:
        claims[NOTICES_CLAIM] = {
            "service_versions": ["1.0"],
            "platform_notification_service_url": f"{settings.base_url}/api/lti/notice-handlers/{facts.tool.id}",
            "scope": [SCOPE_NOTICE_HANDLERS],
            "notice_types_supported": list(NOTICE_TYPES),
        }
    return claims


def message(settings: SandboxSettings, facts: LaunchFacts, ticket: LaunchTicket) -> dict[str, Any]:
    """The claims of a message, without those that belong to the token (iss, aud, iat, exp, nonce)."""
    known = variables(settings, facts)
    claims: dict[str, Any] = {
        "sub": facts.person.lti_id,
        **names(facts.person, facts.tool.privacy_level),
        "locale": facts.person.locale,
        f"{LTI}/message_type": ticket.message_type,
        f"{LTI}/version": "1.3.0",
        f"{LTI}/deployment_id": facts.tool.deployment_id,
        f"{LTI}/target_link_uri": ticket.target_link_uri,
        f"{LTI}/roles": roles(facts.person, facts.enrolment),
        f"{LTI}/context": context_claim(facts.course),
        f"{LTI}/resource_link": resource_link_claim(facts),
        f"{LTI}/custom": custom(settings.profile.custom_of(facts), known),
        f"{LTI}/launch_presentation": {
            "document_target": ticket.document_target,
            "locale": facts.person.locale,
            "return_url": f"{settings.base_url}/courses/{facts.course.id}",
        },
        f"{LTI}/tool_platform": {
            "guid": f"{settings.host}:sandbox-lms",
            "name": settings.name,
            "product_family_code": settings.profile.product_family_code,
            "version": "cloud",
        },
        "https://www.instructure.com/placement": ticket.placement,
        **service_claims(settings, facts),
    }
    if facts.observed:
        claims[f"{LTI}/role_scope_mentor"] = [student.lti_id for student in facts.observed]
    return claims
