"""What administrators paste: the documents, the command and the address say the same."""

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from lti_tool.cli import cli
from lti_tool.lti.models import Family
from lti_tool.platforms.by_hand import by_hand
from lti_tool.platforms.by_hand_text import add_command, page
from lti_tool.platforms.routes import routes
from lti_tool.settings import Settings
from lti_tool.web.routing import add_routes

TOOL = "https://tool.example.org"
DOCS = Path(__file__).parents[2] / "docs" / "register"
RESERVED_BY_MOODLE = {"lineitem_url", "lineitems_url", "results_url", "result_url", "scores_url", "score_url"}


def settings() -> Settings:
    return Settings(_env_file=None, base_url=TOOL)


@pytest.mark.parametrize("family", list(Family))
def test_the_page_of_each_lms_is_what_the_command_prints(family: Family) -> None:
    assert (DOCS / f"{family.value}.md").read_text("utf-8") == page(settings(), family)


@pytest.mark.parametrize("family", [one for one in Family if one is not Family.CANVAS])
def test_the_command_prints_every_value(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTI_TOOL_BASE_URL", TOOL)
    printed = CliRunner().invoke(cli, ["platform", "config", family.value])
    assert printed.exit_code == 0
    found = by_hand(settings(), family)
    for label, value in found.values.items():
        assert label in printed.stdout
        assert value.splitlines()[0] in printed.stdout
    assert add_command(family, found.back) in printed.stdout
    listed = CliRunner().invoke(cli, ["platform", "config", family.value, "--json"])
    assert json.loads(listed.stdout) == dict(found.values)


def test_the_application_answers_the_address(tmp_path: Path) -> None:
    from lti_tool.app import create_app

    app = create_app(Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/tool.db", keys_dir=tmp_path))
    assert "/lti/config/canvas.json" in [getattr(route, "path", None) for route in app.router.routes]


async def test_canvas_is_given_the_same_by_address_as_by_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTI_TOOL_BASE_URL", TOOL)
    printed = json.loads(CliRunner().invoke(cli, ["platform", "config", "canvas"]).stdout)
    app = FastAPI()
    app.state.settings = settings()
    add_routes(app, routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=TOOL) as client:
        fetched = (await client.get("/lti/config/canvas.json")).json()
    assert fetched == printed
    # The fields that Canvas asks for in a developer key.
    assert {"title", "description", "oidc_initiation_url", "target_link_uri", "public_jwk_url", "scopes"} <= set(
        fetched
    )
    assert fetched["extensions"][0]["domain"] == "tool.example.org"
    assert fetched["extensions"][0]["privacy_level"] == "name_only"
    placements = {one["placement"]: one for one in fetched["extensions"][0]["settings"]["placements"]}
    assert placements["course_navigation"]["message_type"] == "LtiResourceLinkRequest"
    assert placements["link_selection"]["message_type"] == "LtiDeepLinkingRequest"


@pytest.mark.parametrize("family", list(Family))
def test_custom_parameters_survive_every_lms(family: Family) -> None:
    text = "\n".join(by_hand(settings(), family).values.values())
    names = {line.partition("=")[0] for line in text.splitlines() if "=$" in line}
    assert all(name == name.lower() for name in names)
    assert not names & RESERVED_BY_MOODLE


@pytest.mark.parametrize("family", [Family.SCHOOLOGY, Family.BLACKBOARD])
def test_what_schools_share_is_registered_as_shared(family: Family) -> None:
    assert "--shared" in add_command(family, by_hand(settings(), family).back)


def test_an_unknown_lms_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli, ["platform", "config", "nothing"]).exit_code == 2
