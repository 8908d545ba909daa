"""What the tool says of itself: the same to every LMS but for what that LMS is known to want."""

from pathlib import Path

import pytest

from lti_tool.lti.models import Family
from lti_tool.lti.tool_description import tool_configuration
from lti_tool.platforms import quirks
from tests.lti.conftest import settings_for
from tests.lti.support import TOOL

RESERVED_BY_MOODLE = {
    "lineitem_url",
    "lineitems_url",
    "result_url",
    "results_url",
    "score_url",
    "scores_url",
    "gradebookservices_scope",
}


@pytest.mark.parametrize("family", list(Family))
def test_every_family_gets_a_whole_description(family: Family, tmp_path: Path) -> None:
    tool = tool_configuration(settings_for(tmp_path), quirks(family))
    for address in (tool.login_url, tool.launch_url, tool.jwks_url, tool.icon_url, tool.notices_url):
        assert address.startswith(TOOL + "/")
    assert tool.domain == "tool.school.example"
    assert "email" not in tool.claims
    assert not RESERVED_BY_MOODLE & tool.custom.keys()
    for name, value in tool.custom.items():
        assert name == name.lower()
        assert value.startswith("$")
    assert {placement.message for placement in tool.placements} <= set(tool.messages)
    assert quirks(family).next_steps


def test_moodle_compares_the_domain_with_its_port(tmp_path: Path) -> None:
    settings = settings_for(tmp_path).model_copy(update={"base_url": "http://tool.localhost:8000"})
    assert tool_configuration(settings, quirks(Family.MOODLE)).domain == "tool.localhost:8000"
    assert tool_configuration(settings, quirks(Family.CANVAS)).domain == "tool.localhost"


def test_canvas_alone_is_asked_for_its_own_variables(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    assert tool_configuration(settings, quirks(Family.CANVAS)).custom["canvas_course_id"] == "$Canvas.course.id"
    for family in set(Family) - {Family.CANVAS}:
        assert not any("Canvas" in value for value in tool_configuration(settings, quirks(family)).custom.values())


@pytest.mark.parametrize(
    "family", [one for one in Family if one not in {Family.CANVAS, Family.BRIGHTSPACE, Family.BLACKBOARD}]
)
def test_a_platform_lives_on_one_host(family: Family) -> None:
    for member in ("configuration", "token_endpoint", "registration_endpoint"):
        assert not quirks(family).belongs("https://lms.example", "other.example", member)


def test_brightspace_gets_its_tokens_from_one_host_with_an_audience_of_its_own() -> None:
    brightspace = quirks(Family.BRIGHTSPACE)
    token_url = "https://auth.brightspace.com/core/connect/token"
    assert brightspace.token_audience(token_url, None) == "https://api.brightspace.com/auth/token"
    assert brightspace.token_audience("https://evil.example/token", "https://api.brightspace.com/auth/token") is None
