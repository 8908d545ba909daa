"""Static files: in the package, cached for long, small enough for a school's line."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest

import hatch_build
from lti_tool.web.assets import STATIC, Assets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


def test_everything_listed_is_in_the_package() -> None:
    wanted = hatch_build.wanted_files(json.loads((ROOT / "package.json").read_text("utf-8")))
    assert [name for name in wanted if not (STATIC / "vendor" / name).is_file()] == []


async def test_an_address_holds_the_content_and_is_cached_for_a_year(assets: Assets, client: httpx.AsyncClient) -> None:
    answer = await client.get(assets.address("app.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "--accent" in answer.text


async def test_another_releases_address_is_answered_but_not_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/static/0000/app.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["nothing.css", "%2e%2e/pages.py", "styles/10-tokens.css"])
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/static/x/{path}")).status_code == 404


async def test_the_fonts_of_the_style_sheet_are_there(assets: Assets, client: httpx.AsyncClient) -> None:
    sheet = assets.address("app.css")
    fonts = re.findall(r'url\("([^"]+)"\)', (await client.get(sheet)).text)
    assert len(fonts) == 2
    for font in fonts:
        answer = await client.get(f"{sheet.rpartition('/')[0]}/{font}")
        assert answer.headers["content-type"] == "font/woff2"


async def test_a_first_visit_weighs_less_than_100_kb(assets: Assets, client: httpx.AsyncClient) -> None:
    page = await client.get("/page")
    total = len(gzip.compress(page.content))
    for name in ("app.css", "app.js", "vendor/htmx.min.js", "mark.svg", "vendor/fonts/atkinson-latin.woff2"):
        answer = await client.get(assets.address(name))
        total += int(answer.headers["content-length"])
    assert total < 100_000


def test_icons_are_decoration_unless_they_are_named(assets: Assets) -> None:
    assert 'aria-hidden="true"' in assets.icon("star")
    named = assets.icon("star", label='"Favourite" <b>')
    assert 'role="img" aria-label="&#34;Favourite&#34; &lt;b&gt;"' in named
    with pytest.raises(KeyError, match="no icon nonsense"):
        assets.icon("nonsense")


def test_every_icon_named_in_a_template_is_there(assets: Assets) -> None:
    used = set()
    for template in (ROOT / "lti_tool").glob("*/templates/**/*.html"):
        if "sandbox" in template.parts:
            continue
        text = template.read_text("utf-8")
        used |= set(re.findall(r'(?<!_)icon\("([\w-]+)"', text)) | set(re.findall(r'icon_name="([\w-]+)"', text))
    assert used - set(assets.icon_names) == set()


def test_a_changed_file_changes_every_address(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = Assets(tmp_path).address("a.css")
    (tmp_path / "b.css").write_text("b{}")
    assert Assets(tmp_path).address("a.css") != before
