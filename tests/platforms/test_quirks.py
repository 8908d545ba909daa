"""Each LMS's file: what it promises the service clients."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlmodel import select

from lti_tool.courses.models import ResourceLink
from lti_tool.db.session import Database
from lti_tool.lti.deep_linking import ContentItem
from lti_tool.lti.families import frame_patterns
from lti_tool.lti.launch import TIME_ZONE, AgsEndpoint, LaunchContext, LaunchResourceLink
from lti_tool.lti.models import Deployment, DeploymentPolicy, Family, RegisteredBy, Registration
from lti_tool.lti.quirks import Call
from lti_tool.lti.tool_description import tool_configuration
from lti_tool.platforms import quirks
from lti_tool.web.middleware import content_security_policy
from tests.courses.school import a_school, come_in
from tests.lti.conftest import Tool, settings_for, tool
from tests.lti.registering import administrator, brightspace

__all__ = ["tool"]

AT = datetime(2026, 11, 22, 19, 49, 47, 123999, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize("family", Family)
def test_every_family_has_its_quirks(family: Family) -> None:
    habits = quirks(family)
    assert habits.score_url("https://a.example/i?type_id=2") == "https://a.example/i/scores?type_id=2"
    assert habits.results_url("https://a.example/i?type_id=2") == "https://a.example/i/results?type_id=2"
    moment = datetime.fromisoformat(habits.timestamp(AT))
    assert moment.tzinfo is not None
    # Two moments that are a step apart stay apart as they are sent.
    assert datetime.fromisoformat(habits.timestamp(AT + habits.timestamp_step)) > moment
    assert timedelta(0) <= AT - moment < habits.timestamp_step
    assert habits.meaning(Call.FIND_LINE_ITEMS, 404, "Not Found", "") is None


@pytest.mark.parametrize(
    ("family", "sent"),
    [
        (Family.CANVAS, "2026-11-22T18:49:47.123Z"),
        (Family.MOODLE, "2026-11-22T18:49:47Z"),
        (Family.SCHOOLOGY, "2026-11-22T18:49:47Z"),
        (Family.OTHER, "2026-11-22T18:49:47Z"),
        (Family.OPENEDX, "2026-11-22T18:49:47.123Z"),
    ],
)
def test_timestamps(family: Family, sent: str) -> None:
    assert quirks(family).timestamp(AT) == sent
    assert quirks(family).timestamp(AT.astimezone(UTC)) == sent


def test_canvas_counts_an_attempt_only_for_something_new() -> None:
    key = "https://canvas.instructure.com/lti/submission"
    assert quirks(Family.CANVAS).score_extras(new_attempt=True)[key]["new_submission"] is True
    assert quirks(Family.CANVAS).score_extras(new_attempt=False)[key]["new_submission"] is False
    assert not quirks(Family.CANVAS).repeat_comment


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.CANVAS])
def test_others_get_no_extras_and_every_comment_again(family: Family) -> None:
    assert quirks(family).score_extras(new_attempt=True) == {}
    assert quirks(family).repeat_comment


def test_canvas_says_that_a_course_has_concluded() -> None:
    body = (
        '{"errors": {"message": "This course has concluded. AGS requests will no longer be accepted for this course."}}'
    )
    for call in (Call.POST_SCORE, Call.FIND_LINE_ITEMS, Call.READ_RESULTS):
        assert quirks(Family.CANVAS).meaning(call, 422, "Unprocessable Entity", body) == "course-concluded"
    assert quirks(Family.SAKAI).meaning(Call.POST_SCORE, 422, "Unprocessable Entity", body) is None


def test_canvas_lists_more_than_ten_results_at_once() -> None:
    assert quirks(Family.CANVAS).results_query() == {"limit": "100"}
    assert quirks(Family.MOODLE).results_query() == {}


def test_canvas_alone_keeps_a_number_whoever_has_put_it_there() -> None:
    assert [family for family in Family if quirks(family).keeps_any_number] == [Family.CANVAS]


def test_canvas_lists_more_than_ten_line_items_at_once() -> None:
    assert quirks(Family.CANVAS).line_items_query() == {"limit": "50"}


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.BLACKBOARD])
def test_one_persons_results_are_asked_for(family: Family) -> None:
    asked = quirks(family).results_url("https://a.example/i?type_id=2", "7")
    assert asked == "https://a.example/i/results?type_id=2&user_id=7"


def test_blackboard_leaves_the_comment_out_of_one_persons_results() -> None:
    asked = quirks(Family.BLACKBOARD).results_url("https://a.example/i?type_id=2", "7")
    assert asked == "https://a.example/i/results?type_id=2"


def test_blackboard_shows_comments_as_html() -> None:
    assert quirks(Family.BLACKBOARD).comment("3 of 4 done\r\nwell done\n!") == "3 of 4 done<br/>well done<br/>!"
    assert quirks(Family.BLACKBOARD).comment("a < b & c\n“d”") == "a &lt; b &amp; c<br/>“d”"
    assert quirks(Family.MOODLE).comment("one\ntwo") == "one\ntwo"


def test_blackboard_words_an_unknown_person_as_a_bad_request() -> None:
    meaning = quirks(Family.BLACKBOARD).meaning
    assert meaning(Call.POST_SCORE, 400, "Bad Request", '{"message": "User could not be found"}') == "not-enrolled"
    assert meaning(Call.POST_SCORE, 400, "Bad Request", "scoreGiven is negative") is None


def test_brightspace_forbids_scores_of_people_who_are_not_enrolled() -> None:
    meaning = quirks(Family.BRIGHTSPACE).meaning
    assert meaning(Call.POST_SCORE, 403, "Forbidden", "") == "not-enrolled"
    assert meaning(Call.POST_SCORE, 422, "Unprocessable", "") == "not-enrolled"
    assert meaning(Call.READ_MEMBERS, 403, "Forbidden", "") is None


def test_canvas_keeps_a_grade_when_only_progress_is_told() -> None:
    key = "https://canvas.instructure.com/lti/submission"
    assert quirks(Family.CANVAS).score_extras(new_attempt=False, graded=False)[key]["preserve_score"] is True
    assert "preserve_score" not in quirks(Family.CANVAS).score_extras(new_attempt=False)[key]


def test_canvas_keeps_a_teachers_grade_until_they_want_ours_in_its_place() -> None:
    key = "https://canvas.instructure.com/lti/submission"
    assert quirks(Family.CANVAS).score_extras(new_attempt=False)[key]["prioritize_non_tool_grade"] is True
    assert quirks(Family.CANVAS).score_extras(new_attempt=False, over=True)[key]["prioritize_non_tool_grade"] is False


def test_canvas_keeps_the_columns_of_its_own_links() -> None:
    assert quirks(Family.CANVAS).meaning(Call.DELETE_LINE_ITEM, 401, "Unauthorized", "") == "not-accepted"


def test_older_moodles_keep_the_columns_of_their_activities() -> None:
    assert quirks(Family.MOODLE).meaning(Call.DELETE_LINE_ITEM, 403, "Forbidden", "") == "not-accepted"


def test_open_edx_says_403_when_a_token_has_ended() -> None:
    assert quirks(Family.OPENEDX).token_is_spent(403)
    assert not quirks(Family.CANVAS).token_is_spent(403)
    assert all(quirks(family).token_is_spent(401) for family in Family)


def test_open_edx_deletes_no_line_item() -> None:
    assert quirks(Family.OPENEDX).meaning(Call.DELETE_LINE_ITEM, 403, "Forbidden", "") == "not-accepted"


def test_open_edx_has_room_for_so_much_of_a_line_item() -> None:
    given = {"label": "x" * 300, "tag": "y" * 60, "scoreMaximum": 12.5, "resourceId": "z" * 80}
    fitting = quirks(Family.OPENEDX).line_item(given)
    assert fitting == {"label": "x" * 100, "tag": "y" * 50, "scoreMaximum": 13, "resourceId": "z" * 80}
    assert quirks(Family.OPENEDX).line_item({"label": "short", "scoreMaximum": 10}) == {
        "label": "short",
        "scoreMaximum": 10,
    }
    assert quirks(Family.MOODLE).line_item(given) == given


def test_open_edx_wants_the_column_to_name_its_link() -> None:
    assert [family for family in Family if quirks(family).column_names_link] == [Family.OPENEDX]


def test_rosters_come_in_the_largest_pages_there_are() -> None:
    asked = {family: dict(quirks(family).roster_query()) for family in Family if quirks(family).roster_query()}
    assert asked == {Family.CANVAS: {"limit": "50"}, Family.SCHOOLOGY: {"limit": "100"}}


def test_schoology_names_the_time_zone_in_its_own_way(tmp_path: Path) -> None:
    ours = {family: tool_configuration(settings_for(tmp_path), quirks(family)).custom[TIME_ZONE] for family in Family}
    assert ours.pop(Family.SCHOOLOGY) == "$com.schoology.User.timezone"
    assert set(ours.values()) == {"$Person.address.timezone"}


def test_blackboard_finds_an_address_in_every_link() -> None:
    for kind in ("ltiResourceLink", "link"):
        assert ContentItem(url="https://tool.example/lti/launch", title="Fractions", type=kind).as_json()["url"]


@pytest.mark.parametrize(
    ("family", "framed_by"),
    [
        (Family.CANVAS, "https://*.instructure.com"),
        (Family.SCHOOLOGY, "https://*.schoology.com"),
        (Family.BLACKBOARD, "https://*.blackboard.com"),
        (Family.BRIGHTSPACE, "https://*.brightspace.com"),
    ],
)
def test_hosted_families_frame_the_tool_from_a_school_s_host(family: Family, framed_by: str) -> None:
    assert frame_patterns(family) == (framed_by,)
    assert f"frame-ancestors {framed_by}" in content_security_policy(frame_patterns(family))


async def test_brightspace_says_no_deployment_when_a_tool_registers(tool: Tool) -> None:
    """The administrator makes one afterwards; its first launch tells us which."""
    admin = administrator(tool, brightspace())
    await admin.invited()
    done = await admin.registers()
    assert "View Deployments" in done.text
    (made,) = [one for one in await tool.rows(Registration) if one.registered_by is RegisteredBy.DYNAMIC]
    assert made.deployment_policy is DeploymentPolicy.FIRST
    assert [one for one in await tool.rows(Deployment) if one.registration_id == made.id] == []


@pytest.mark.parametrize(("ahead", "opens"), [(45, True), (60, True), (62, False)])
async def test_brightspaces_tokens_say_from_when_they_count(tool: Tool, ahead: int, opens: bool) -> None:
    """A clock that is a little ahead of ours puts ``nbf`` into our future."""
    at = int(tool.clock.now().timestamp()) + ahead
    answer = await tool.browser().launch(tool.platform, nbf=at, sub="6f1e2d3c-0000-4000-8000-0123456789ab_4711")
    assert answer.status_code == (303 if opens else 401)
    if opens:
        assert tool.entered[0].sub == "6f1e2d3c-0000-4000-8000-0123456789ab_4711"


async def test_schoologys_linked_sections_have_a_column_each(database: Database) -> None:
    """The link that was picked is the same in every linked section; its line item is that of the launch's own section."""
    school = await a_school(database, lms=Family.SCHOOLOGY)
    for section in ("one", "two"):
        ags = AgsEndpoint((), None, f"https://lms.example/sections/{section}/lineitems/7")
        launch = school.launch(context=LaunchContext(section), resource_link=LaunchResourceLink("shared"), ags=ags)
        await come_in(database, launch)
    async with database.reading() as session:
        rows = await session.exec(select(ResourceLink).where(ResourceLink.organisation_id == school.organisation.id))
        found = {(row.resource_link_id, row.line_item_url) for row in rows}
    assert found == {("shared", f"https://lms.example/sections/{section}/lineitems/7") for section in ("one", "two")}


@pytest.mark.parametrize(
    ("sub", "api_id"),
    [
        ("48289::0123456789abcdef0123456789abcdef", "48289"),
        ("48289", "48289"),
        ("d6c7", None),
        ("", None),
        ("::abc", None),
        ("٤٨::abc", None),
        ("1" * 21, None),
    ],
)
def test_schoologys_api_calls_people_by_the_number_in_their_sub(sub: str, api_id: str | None) -> None:
    assert quirks(Family.SCHOOLOGY).api_user_id(sub, {}) == api_id


def test_schoologys_own_parameters_go_before_the_sub() -> None:
    known = quirks(Family.SCHOOLOGY)
    assert known.api_user_id("7::abc", {"schoology_user_id": "48289"}) == "48289"
    assert known.api_user_id("7::abc", {"schoology_user_id": "$User.id"}) == "7"
    assert known.api_course_id({"schoology_section_id": "4318461"}) == "4318461"
    # A placement outside of courses has no section, and the variable stays as it is.
    assert known.api_course_id({"schoology_section_id": "$com.schoology.CourseSection.id"}) is None
    assert known.api_course_id({}) is None
    assert quirks(Family.CANVAS).api_course_id({"schoology_section_id": "4318461"}) is None


def test_others_apis_call_people_by_a_custom_parameter_if_at_all() -> None:
    assert quirks(Family.CANVAS).api_user_id("sub", {"canvas_user_id": "5"}) == "5"
    assert quirks(Family.CANVAS).api_user_id("sub", {}) is None
    assert quirks(Family.MOODLE).api_user_id("7", {"canvas_user_id": "5"}) is None
