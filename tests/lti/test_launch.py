"""What a launch looks like to the rest of the tool."""

from datetime import datetime
from typing import Any

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.lti.launch import AgsEndpoint, GroupsEndpoint, Launch, NoticeEndpoint, read_launch
from lti_tool.lti.models import Family, Role, ToolSession
from lti_tool.lti.sessions import frame_origins
from lti_tool.lti.tool_description import tool_configuration
from lti_tool.platforms import quirks
from tests.lti.conftest import Tool
from tests.lti.support import LTI, claims_of, fixture
from tests.pairs import on_postgresql

MOODLE = fixture("moodle-4.5-messages.json")
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
RESERVED = {
    *("lineitem_url", "lineitems_url", "results_url", "result_url", "scores_url", "score_url"),
    "gradebookservices_scope",
}


def launch_of(tool: Tool, body: dict[str, Any]) -> Launch:
    from lti_tool.lti.models import Deployment

    deployment = Deployment(
        organisation_id=tool.organisation_id,
        registration_id=tool.registration.id,
        deployment_id="1",
        created_at=tool.clock.now(),
    )
    return read_launch(body, tool.registration, deployment)


async def test_every_part_of_a_full_launch_arrives(tool: Tool) -> None:
    custom = {"a": "value", "n": 7, "empty": "", "gone": None, "unresolved": "$Canvas.course.id", "flag": True, "o": {}}
    mentor = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"]
    body = claims_of() | {
        LTI + "custom": custom,
        LTI + "roles": mentor,
        LTI + "role_scope_mentor": ["17", "", "18", "17"],
    }
    launch = launch_of(tool, body)

    assert (launch.sub, launch.name, launch.given_name, launch.family_name) == (
        "39890",
        "Ada Teacher",
        "Ada",
        "Teacher",
    )
    assert launch.context is not None
    assert (launch.context.id, launch.context.title, launch.context.label) == ("8893483", "Biology 102", "BIO102")
    assert launch.resource_link is not None
    assert (launch.resource_link.id, launch.resource_link.title) == ("3623", "Introduction")
    assert launch.ags == AgsEndpoint(
        scopes=tuple(
            f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in ("lineitem", "result.readonly", "score")
        ),
        line_items_url="https://platform.example/ags/361/lineitems",
    )
    assert launch.nrps_url == "https://platform.example/namesandroles.html?memberships=361"
    assert launch.custom == {"a": "value", "n": "7", "flag": "true"}
    assert launch.locale == "en-US"
    assert (launch.role, launch.mentor_of) == (Role.OBSERVER, ("17", "18"))
    assert launch.platform_family is Family.OTHER


async def test_canvas_names_whom_somebody_observes_in_a_custom_parameter_alone(tool: Tool) -> None:
    """Its ``role_scope_mentor`` goes to tools that are told everything; ours asks for names (lib/lti/messages/jwt_message.rb)."""
    mentor = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"]
    custom = {"canvas_observees": "a6e2e413-4afb, 0c5b1f1e-77de,,"}
    body = claims_of() | {LTI + "custom": custom, LTI + "roles": mentor}
    assert launch_of(tool, body).mentor_of == ("a6e2e413-4afb", "0c5b1f1e-77de")
    # The claim goes first, an empty parameter names nobody, and so does one that nobody has filled in.
    assert launch_of(tool, body | {LTI + "role_scope_mentor": ["17"]}).mentor_of == ("17",)
    for nobody in ("", "$com.instructure.User.observees"):
        assert launch_of(tool, body | {LTI + "custom": {"canvas_observees": nobody}}).mentor_of == ()
    # Who is no observer here observes nobody.
    student = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert launch_of(tool, body | {LTI + "roles": student}).mentor_of == ()


FOREIGN = "deeplinked-plain-link"
"""A plain address that a tool had answered with: Moodle made a link of it that launches the tool at that address."""


@on_postgresql
@pytest.mark.parametrize("name", [name for name in MOODLE if name != FOREIGN])
async def test_moodles_messages_open(tool: Tool, name: str) -> None:
    body = dict(MOODLE[name])
    tool.platform.deployment_id = body[LTI + "deployment_id"]
    from lti_tool.lti.models import Deployment

    async with tool.database.writing() as session:
        session.add(
            Deployment(
                organisation_id=tool.organisation_id,
                registration_id=tool.registration.id,
                deployment_id=tool.platform.deployment_id,
                created_at=tool.clock.now(),
            )
        )
    browser = tool.browser()
    login = await browser.login(tool.platform)
    now = int(tool.clock.now().timestamp())
    body |= {"iss": tool.platform.issuer, "aud": tool.platform.client_id, "nonce": login.query["nonce"]}
    # Moodle's tokens live a minute; this one has been on its way for longer than that.
    body |= {"iat": now - 90, "exp": now - 30}

    response = await browser.post(login, tool.platform.token(body))

    assert response.status_code == 303, (response.text, await tool.rows(AuditEntry))
    (launch,) = tool.entered
    assert launch.platform_family is Family.MOODLE
    assert launch.context is not None
    assert (launch.context.id, launch.context.types) == ("8", ("CourseSection",))
    assert "v_resourcelink_submission_enddatetime" not in launch.custom
    assert launch.custom["plain"] == "static value"


async def test_a_plain_link_that_moodle_made_a_launch_of_opens_nothing(tool: Tool) -> None:
    """Why a ``link`` is never answered where resource links are taken."""
    target = MOODLE[FOREIGN][LTI + "target_link_uri"]
    page = await tool.browser().client.post("/lti/login", data=tool.platform.login_request(target_link_uri=target))
    assert page.status_code == 400
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = MOODLE[FOREIGN] | tool.platform.body(login.query["nonce"]) | {LTI + "target_link_uri": target}
    await tool.refused(await browser.post(login, tool.platform.token(body)), "target-not-ours", 400)


async def test_moodles_particulars(tool: Tool) -> None:
    student = launch_of(tool, MOODLE["student"])
    assert student.ags is not None
    assert (
        student.ags.line_item_url == "https://platform.example/mod/lti/services.php/8/lineitems/36/lineitem?type_id=2"
    )
    assert student.role is Role.STUDENT
    assert student.presentation.return_url is not None
    assert "sesskey" in student.presentation.return_url

    assert launch_of(tool, MOODLE["privacy-off-student"]).name is None
    # An administrator of the site comes as Instructor of the course too.
    assert launch_of(tool, MOODLE["admin"]).role is Role.TEACHER
    assert launch_of(tool, MOODLE["ta"]).role is Role.TEACHER
    review = launch_of(tool, MOODLE["submission-review"])
    assert (review.for_user, review.message_type) == ("190", "LtiSubmissionReviewRequest")
    assert launch_of(tool, MOODLE["deeplink"]).resource_link is None


async def test_moodles_links_that_were_picked(tool: Tool) -> None:
    one = launch_of(tool, MOODLE["deeplinked-item"])
    assert one.ags is not None
    assert one.ags.line_item_url is not None
    assert (one.custom["item"], one.custom["multi"]) == ("a", "x=y;z")
    # A name in upper case comes twice; ours are lower case.
    assert one.custom["UPPER.key"] == one.custom["upper_key"]
    assert launch_of(tool, MOODLE["privacy-off-deeplinked"]).name is None
    for name in ("deeplinked-nograde", "deeplinked-other-path", "two-lineitems"):
        ags = launch_of(tool, MOODLE[name]).ags
        assert ags is not None
        assert (ags.line_item_url, ags.line_items_url is None) == (None, False), name


async def test_custom_names_that_moodle_keeps_for_itself(tool: Tool) -> None:
    """``results_url`` and others went from the custom parameters into the gradebook's claim, as empty addresses."""
    reserved = MOODLE["reserved-custom-names"]
    assert reserved[AGS]["results"] == reserved[AGS]["scores"] == ""
    ags = launch_of(tool, reserved).ags
    assert ags is not None
    assert ags.line_item_url == "https://platform.example/mod/lti/services.php/8/lineitems/29/lineitem?type_id=1"
    ours = tool_configuration(tool.protocol.settings, quirks(Family.MOODLE)).custom
    assert not RESERVED & ours.keys()


async def test_who_may_frame_the_pages(tool: Tool) -> None:
    registration = tool.registration
    registration.lms = Family.CANVAS
    registration.auth_login_url = "https://sso.canvaslms.com/api/lti/authorize_redirect"
    registration.issuer = "https://canvas.instructure.com"
    body = claims_of() | {LTI + "launch_presentation": {"return_url": "https://Canvas.School.example:8443/x?y"}}

    assert frame_origins(launch_of(tool, body)) == (
        "https://sso.canvaslms.com",
        "https://canvas.instructure.com",
        "https://*.instructure.com",
        "https://canvas.school.example:8443",
    )

    registration.own_frame_origins = ["https://Learn.school.example/", "javascript:alert(1)"]
    assert frame_origins(launch_of(tool, body))[-1] == "https://learn.school.example"


async def test_what_is_too_long_is_cut_and_what_is_no_address_left_out(tool: Tool) -> None:
    body = claims_of() | {
        "name": "x" * 1000,
        LTI + "context": {"id": "1", "title": "y" * 1000, "label": "z" * 1000, "type": "not a list"},
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"scope": "x", "lineitems": "ftp://x.example/"},
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {"context_memberships_url": "https://["},
    }
    launch = launch_of(tool, body)

    assert launch.name == "x" * 300
    assert launch.context is not None
    assert (len(launch.context.title), len(launch.context.label), launch.context.types) == (500, 200, ())
    assert launch.ags == AgsEndpoint(scopes=(), line_items_url=None)
    assert launch.nrps_url is None


async def test_the_session_remembers_what_pages_need(tool: Tool) -> None:
    response = await tool.browser().launch(tool.platform)

    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-lti_session=")
    assert cookie.endswith("; Path=/; Secure; HttpOnly; SameSite=None; Partitioned")
    (row,) = await tool.rows(ToolSession)
    assert row.frame_origins == ["https://platform.example", "https://school.platform.example"]
    assert row.return_url == "https://school.platform.example/return"
    assert row.token_digest not in cookie
    assert (row.started_at, row.seen_at) == (tool.clock.now(), tool.clock.now())
    assert isinstance(row.started_at, datetime)


async def test_groups_and_notices_are_there_where_the_platform_offers_them(tool: Tool) -> None:
    groups_scope = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
    notices_scope = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
    body = claims_of() | {
        "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice": {
            "scope": [groups_scope],
            "context_groups_url": "https://platform.example/groups",
            "context_group_sets_url": "https://platform.example/sets",
            "service_versions": ["1.0"],
        },
        LTI + "platformnotificationservice": {
            "service_versions": ["1.0"],
            "platform_notification_service_url": "https://platform.example/api/lti/notice-handlers/3407",
            "scope": [notices_scope],
            "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
        },
    }
    launch = launch_of(tool, body)

    assert launch.groups == GroupsEndpoint(
        "https://platform.example/groups", "https://platform.example/sets", (groups_scope,)
    )
    assert launch.notices == NoticeEndpoint(
        "https://platform.example/api/lti/notice-handlers/3407",
        ("LtiHelloWorldNotice", "LtiContextCopyNotice"),
        (notices_scope,),
    )


async def test_groups_and_notices_are_never_assumed(tool: Tool) -> None:
    assert launch_of(tool, claims_of()).groups is None
    assert launch_of(tool, claims_of()).notices is None
    odd = {
        "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice": {"context_groups_url": "javascript:x"},
        LTI + "platformnotificationservice": ["not", "an", "object"],
    }
    assert launch_of(tool, claims_of() | odd).groups is None
    assert launch_of(tool, claims_of() | odd).notices is None


async def test_who_administers_and_how_they_see_is_told(tool: Tool) -> None:
    custom = {
        "user_timezone": "America/Denver",
        "user_high_contrast": "true",
        "masquerading_user_id": "$Canvas.masqueradingUser.id",
    }
    admin = ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"]
    launch = launch_of(tool, claims_of() | {LTI + "custom": custom, LTI + "roles": admin})

    assert (launch.administers, launch.masquerading, launch.high_contrast) == (True, False, True)
    assert (launch.time_zone, launch.role) == ("America/Denver", Role.OTHER)


@pytest.mark.parametrize(
    ("shown", "custom", "expected"),
    [("de", "fr", "de"), (None, "fr", "fr"), (None, "$Message.locale", "en-US"), (None, None, "en-US")],
)
async def test_the_locale_is_that_of_the_page_then_of_the_person(
    tool: Tool, shown: str | None, custom: str | None, expected: str
) -> None:
    body = claims_of(locale="en-US") | {
        LTI + "launch_presentation": {"locale": shown} if shown else {},
        LTI + "custom": {"message_locale": custom} if custom else {},
    }
    assert launch_of(tool, body).locale == expected


async def test_somebody_who_acts_as_an_administrator_is_none(tool: Tool) -> None:
    admin = ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"]
    launch = launch_of(tool, claims_of() | {LTI + "custom": {"masquerading_user_id": "17"}, LTI + "roles": admin})

    assert (launch.masquerading, launch.administers) == (True, False)


@on_postgresql
@pytest.mark.parametrize(
    "name",
    ["99", "", "$Person.address.timezone", "Nowhere/Town", "../../etc/passwd", "/etc/localtime", "America", "x" * 65],
)
async def test_a_time_zone_that_is_none_is_left_out(tool: Tool, name: str) -> None:
    assert launch_of(tool, claims_of() | {LTI + "custom": {"user_timezone": name}}).time_zone is None


async def test_a_registrations_own_meaning_of_a_role_counts(tool: Tool) -> None:
    tool.registration.role_overrides = {"Coach": "assistant"}
    assert launch_of(tool, claims_of() | {LTI + "roles": ["Coach"]}).role is Role.ASSISTANT


async def test_the_session_remembers_how_the_platform_shows_us(tool: Tool) -> None:
    learner, admin = (
        "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
    )
    custom = {"user_timezone": "Europe/Madrid", "user_high_contrast": "true"}
    shown = {"document_target": "window", "locale": "es"}
    await tool.browser().launch(
        tool.platform, **{LTI + "custom": custom, LTI + "roles": [admin], LTI + "launch_presentation": shown}
    )
    acting = {"masquerading_user_id": "17"}
    await tool.browser().launch(tool.platform, **{LTI + "custom": acting, LTI + "roles": [learner]})

    by_role = {row.administers: row for row in await tool.rows(ToolSession)}
    assert by_role[True].roles_received == [admin]
    assert (by_role[True].time_zone, by_role[True].high_contrast) == ("Europe/Madrid", True)
    assert (by_role[True].document_target, by_role[True].masquerading) == ("window", False)
    assert (by_role[False].roles_received, by_role[False].masquerading) == ([], True)
