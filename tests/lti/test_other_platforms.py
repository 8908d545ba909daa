"""Messages in the forms that other platforms give them: what each adds, leaves out or writes otherwise, on an honest launch."""

from typing import Any

import pytest

from lti_tool.lti.models import Family, Role
from tests.lti.conftest import Tool
from tests.lti.registering import LTI_TOOL, RegisteringPlatform, configuration
from tests.lti.support import LTI
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
        (NOBODY, Role.OTHER, Family.OTHER),
    ],
    ids=["blackboard", "brightspace", "sakai", "schoology", "saltire", "nobody"],
)
async def test_messages_of_other_platforms_open(
    tool: Tool, changes: dict[str, Any], role: Role, family: Family
) -> None:
    answer = await attempt(tool, **changes)
    assert answer.status_code == 303, answer.text
    (launch,) = tool.entered
    assert (launch.role, launch.platform_family) == (role, family)
    assert all(not value.startswith("$") for value in launch.custom.values())


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
