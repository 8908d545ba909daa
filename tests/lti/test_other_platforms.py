"""Messages in the forms that other platforms give them: what each adds, leaves out or writes otherwise, on an honest launch."""

from typing import Any

import pytest

from lti_tool.lti.models import Deployment, Family, Role
from tests.lti.conftest import Tool
from tests.lti.registering import LTI_PLATFORM, LTI_TOOL, RegisteringPlatform, configuration
from tests.lti.support import LTI, TOOL
from tests.lti.test_hostile_launches import attempt
from tests.lti.test_registration import administrator, made

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"

BLACKBOARD = {
    "sub": "561ac4762b5142a0b1d3ed1aa40789c1",
    "locale": "en-US",
    "email": "dev@localhost",
    LTI + "roles": [
        LIS + "membership#Instructor",
        LIS + "system/person#Administrator",
        LIS + "institution/person#Faculty",
        LIS + "institution/person#Other",
    ],
    LTI + "tool_platform": {"product_family_code": "BlackboardLearn", "guid": "8365", "url": "https://learn.example/"},
    LTI + "resource_link": {"id": "_44_1", "title": "A playlist"},
    LTI + "context": {"id": "f9f9f8", "label": "bio", "title": "Biology", "type": [LIS + "course#CourseOffering"]},
    LTI + "custom": {
        "resource_link_history": "$ResourceLink.id.history",
        "context_history": "",
        "caliper": "https://x.example",
    },
    LTI + "lis": {"person_sourcedid": "administrator", "course_section_sourcedid": "bio"},
    AGS: {
        "lineitems": "https://platform.example/courses/_4_1/lineItems",
        "scope": [SCOPE + "lineitem", SCOPE + "score"],
    },
    "https://blackboard.com/lti/claim/one_time_session_token": "opaque",
    "https://purl.imsglobal.org/spec/lti-ces/claim/caliper-endpoint-service": {"scopes": ["x"]},
}
BRIGHTSPACE = {
    "sub": "2d5b1c9f-6a0e-4c0a-9f8e-000000000001_241",
    "azp": "imstester_1",
    "nbf": 0,
    "given_name": "Ada",
    "family_name": "Learner",
    LTI + "roles": [
        LIS + "institution/person#Student",
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
        LIS + "membership#Learner",
    ],
    LTI + "tool_platform": {"product_family_code": "desire2learn", "guid": "c0ffee", "name": "School"},
    LTI + "context": {"id": "6606", "title": "Biology", "label": "BIO-1", "type": [LIS + "course#CourseOffering"]},
    LTI + "resource_link": {"id": "1b0c", "title": None, "description": None},
    LTI + "lis": {"person_sourcedid": None, "course_offering_sourcedid": ""},
    LTI + "launch_presentation": {"locale": "en-CA__", "document_target": None, "return_url": None},
    "http://www.brightspace.com": {
        "tenant_id": "t",
        "org_defined_id": "",
        "user_id": 241,
        "username": "ada",
        "Context.id.history": "",
    },
}
SAKAI = {
    "sub": "https://sakai.example/user/admin",
    "locale": "en_US",
    LTI + "roles": [LIS + "membership#Instructor"],
    LTI + "tool_platform": {"product_family_code": "sakailms.org", "version": "23.0"},
    LTI + "launch_presentation": {
        "css_url": "https://sakai.example/a.css",
        "document_target": "iframe",
        "locale": "en_US",
    },
    LTI + "lti1p1": {"user_id": "admin", "oauth_consumer_key": "12345"},
    "https://www.sakailms.org/spec/lti/claim/extension": {
        "sakai_session": "x",
        "sakai_server": "https://sakai.example",
    },
}
SCHOOLOGY = {
    "sub": "63778725::92ce97377c58eeeedca66723c4b69496",
    "name": None,
    LTI + "roles": [LIS + "institution/person#Student", LIS + "membership#Learner"],
    LTI + "tool_platform": {"product_family_code": "schoology"},
    LTI + "context": {"id": "7485393815::a", "type": [LIS + "course#CourseSection"]},
}
SALTIRE = {
    "aud": ["imstester_1"],
    "jti": "a",
    LTI + "roles": ["Instructor", LIS + "membership/Instructor#PrimaryInstructor"],
    LTI + "role_scope_mentor": [],
    LTI + "tool_platform": {"product_family_code": "jisc", "guid": "vle.example"},
    LTI + "resource_link": {"id": "429785226"},
    LTI + "context": {"id": "S3294476", "type": "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"},
    NRPS: {"context_memberships_url": "https://platform.example/m?x=1&amp;y=2", "service_versions": ["2.0", "1.0"]},
}
ILIAS = {
    # As ilObjLTIConsumer::LTISignJWT of ILIAS 8 to 10 writes it for a tool that is told no names.
    "sub": "51",
    "name": "-",
    "given_name": "-",
    "family_name": "-",
    "email": "51@uuid.iliasnic",
    "picture": "",
    LTI + "roles": [LIS + "membership#Learner"],
    LTI + "tool_platform": {
        "product_family_code": "ilias",
        "guid": "client.ilias.example",
        "version": "10.1 2026-05-01",
    },
    LTI + "context": {
        "id": "83",
        "type": ["CourseOffering"],
        "title": "Algebra",
        "label": "CourseOffering 83",
    },
    LTI + "resource_link": {"id": "91", "title": "A playlist", "description": ""},
    LTI + "launch_presentation": {"locale": "de", "document_target": "iframe", "return_url": "", "css_url": ""},
    LTI + "custom": {"playlist": "p-1", "link_history": "$ResourceLink.id.history"},
    AGS: {
        "lineitem": "https://platform.example/ltiservices.php/gradeservice/83/lineitems/310/lineitem",
        "lineitems": "https://platform.example/ltiservices.php/gradeservice/83/lineitems/",
        "scope": [SCOPE + "lineitem", SCOPE + "lineitem.readonly", SCOPE + "result.readonly", SCOPE + "score"],
    },
}
CHAMILO = {
    # plugin/ims_lti/auth.php of 1.11: no product_family_code, a mentor's students as one text, no scope for scores although
    # its token endpoint grants it.
    "sub": "7",
    LTI + "roles": [LIS + "system/person#User", LIS + "membership#Mentor", LIS + "institution/person#Mentor"],
    LTI + "role_scope_mentor": "Campus_-_School_-_12,Campus_-_School_-_13",
    LTI + "tool_platform": {"family_code": "Chamilo LMS", "guid": "chamilo.example", "version": "1.11.28"},
    LTI + "context": {"id": "4", "title": "Algebra", "label": "ALG", "type": [LIS + "course#CourseSection"]},
    LTI + "resource_link": {"id": "17", "title": "A playlist", "description": None},
    AGS: {
        "scope": [SCOPE + "lineitem", SCOPE + "lineitem.readonly"],
        "lineitems": "https://platform.example/plugin/ims_lti/ags2.php/4/lineitems?t=17",
    },
}
OPENOLAT = {
    # LTI13PlatformDispatcherDelegate.generateIdToken; a list of roles may be empty where none was chosen for the person.
    "sub": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "name": None,
    LTI + "roles": [LIS + "membership/Instructor#TeachingAssistant"],
    LTI + "tool_platform": None,
    LTI + "context": {"id": "77", "label": "Algebra", "title": "Algebra", "type": ["CourseSection"]},
    LTI + "resource_link": {"id": "c2b7", "title": "Algebra", "description": "<p>All of it</p>"},
    LTI + "launch_presentation": {"document_target": "iframe", "height": None, "width": 900},
    AGS: {
        "scope": [SCOPE + "lineitem", SCOPE + "lineitem.readonly", SCOPE + "result.readonly", SCOPE + "score"],
        "lineitems": "https://platform.example/lti/ags/9/context/88/lineitems/",
        "lineitem": "https://platform.example/lti/ags/9/context/88/lineitems/100/lineitem",
    },
    NRPS: {"context_memberships_url": "https://platform.example/lti/nrps/77/memberships/", "service_versions": ["2.0"]},
}
TAO = {
    # oat-sa/lib-lti1p3-core 7: claims of its own beside those of LTI, and names that are null or empty.
    "sub": "r2d2",
    "name": "R2D2",
    "given_name": None,
    "family_name": "",
    "jti": "a-1",
    "nbf": 0,
    "registration_id": "reg1",
    LTI + "roles": [LIS + "membership#Learner"],
    LTI + "tool_platform": {"product_family_code": "tao", "guid": "g", "version": "2026"},
    LTI + "context": {"id": "course-7", "label": "SW7"},
}
NOBODY = {
    **dict.fromkeys(("name", "given_name", "family_name", "email", "picture", "locale")),
    LTI + "roles": [],
    LTI + "context": None,
    LTI + "custom": None,
    AGS: None,
    NRPS: None,
}


@pytest.mark.parametrize(
    ("changes", "role", "family"),
    [
        (BLACKBOARD, Role.TEACHER, Family.BLACKBOARD),
        (BRIGHTSPACE, Role.STUDENT, Family.BRIGHTSPACE),
        (SAKAI, Role.TEACHER, Family.SAKAI),
        (SCHOOLOGY, Role.STUDENT, Family.SCHOOLOGY),
        (SALTIRE, Role.TEACHER, Family.OTHER),
        (ILIAS, Role.STUDENT, Family.OTHER),
        (CHAMILO, Role.OBSERVER, Family.OTHER),
        (OPENOLAT, Role.ASSISTANT, Family.OTHER),
        (TAO, Role.STUDENT, Family.OTHER),
        (NOBODY, Role.OTHER, Family.OTHER),
    ],
    ids=["blackboard", "brightspace", "sakai", "schoology", "saltire", "ilias", "chamilo", "openolat", "tao", "nobody"],
)
async def test_messages_of_other_platforms_open(
    tool: Tool, changes: dict[str, Any], role: Role, family: Family
) -> None:
    answer = await attempt(tool, **changes)
    assert answer.status_code == 303, answer.text
    (launch,) = tool.entered
    assert (launch.role, launch.platform_family) == (role, family)
    assert all(not value.startswith("$") for value in launch.custom.values())


async def test_the_hyphens_that_ilias_writes_for_names_it_does_not_share_are_nobody_s_name(tool: Tool) -> None:
    await attempt(tool, **ILIAS)
    await attempt(tool, **(ILIAS | {"sub": "52", "given_name": "Anne-Marie", "name": "Anne-Marie"}))
    hidden, told = tool.entered
    assert (hidden.name, hidden.given_name, hidden.family_name) == (None, None, None)
    assert (told.name, told.given_name, told.family_name) == ("Anne-Marie", "Anne-Marie", None)


async def test_whom_a_chamilo_mentor_sees_is_nobody_rather_than_the_wrong_people(tool: Tool) -> None:
    # It lists names made of the site's and the user's number, joined to one text, and none of them is a sub.
    await attempt(tool, **CHAMILO)
    (launch,) = tool.entered
    assert launch.mentor_of == ()


async def test_ilias_registers_with_placements_that_are_empty_and_a_deployment_that_is_a_number(tool: Tool) -> None:
    described = configuration("ilias.example", "ilias.de")
    kinds = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest")
    described[LTI_PLATFORM]["messages_supported"] = [{"type": kind, "placements": []} for kind in kinds]
    platform = RegisteringPlatform(described, "https://ilias.example/lticonfig.php")
    platform.inner = {"deployment_id": 12}
    admin = administrator(tool, platform)
    await admin.invited()
    await admin.registers()
    (registration,) = await made(tool)
    assert registration.lms is Family.OTHER
    assert "12" in {one.deployment_id for one in await tool.rows(Deployment)}
    (body,) = platform.registered
    # It stores the target of the message for content selection, and cannot do without one.
    assert {one["type"]: one["target_link_uri"] for one in body[LTI_TOOL]["messages"]} == dict.fromkeys(
        kinds, f"{TOOL}/lti/launch"
    )


async def test_a_platform_that_names_none_of_lti_s_scopes_is_asked_for_all_the_same(tool: Tool) -> None:
    # Sakai and others list what OpenID Connect demands, and grant the rest.
    described = configuration("sakai.example", "sakailms.org", scopes_supported=["openid"])
    admin = administrator(tool, RegisteringPlatform(described))
    await admin.invited()
    await admin.registers()
    (registration,) = await made(tool)
    (body,) = admin.platform.registered
    assert registration.lms is Family.SAKAI
    assert {SCOPE + "lineitem", SCOPE + "score"} <= set(body["scope"].split())
    assert body[LTI_TOOL]["messages"]
