"""Rendering: escaping, languages, the header of each role, forms that carry their session."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from lti_tool.web.i18n import N_, format_number, language_for, speaking
from lti_tool.web.navigation import sections_for
from lti_tool.web.pages import initials, room_loader, when
from tests.web.conftest import ExampleVisit, connect, make_app


async def test_what_people_write_is_text(teacher: httpx.AsyncClient) -> None:
    answer = await teacher.get("/page", params={"title": "<b>x</b>", "body": "<script>alert(1)</script>\"'"})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;" in answer.text
    assert "<title>&lt;b&gt;x&lt;/b&gt;</title>" in answer.text


async def test_every_form_carries_the_session_of_its_page(teacher: httpx.AsyncClient) -> None:
    page = (await teacher.get("/page")).text
    assert '<input type="hidden" name="session" value="session-1">' in page
    assert '<meta name="lti-session" content="session-1">' in page


async def test_macros_of_imported_templates_know_the_session_and_the_language() -> None:
    async with connect(make_app(ExampleVisit(locale="es-MX"))) as client:
        page = (await client.get("/components")).text
    assert 'value="session-1"' in page
    assert "Cerrar" in page


async def test_a_page_without_a_session_names_none(client: httpx.AsyncClient) -> None:
    page = (await client.get("/page")).text
    assert "lti-session" not in page
    assert 'name="session" value=""' in page


@pytest.mark.parametrize(
    ("role", "sections"), [("teacher", 8), ("assistant", 8), ("administrator", 8), ("student", 2), ("observer", 2)]
)
async def test_the_header_shows_the_sections_of_the_role(role: str, sections: int) -> None:
    assert len(sections_for(role)) == sections
    async with connect(make_app(ExampleVisit(role=role))) as client:
        page = (await client.get("/page")).text
    assert page.count('href="/courses/course-1/') == sections
    assert f"page--{'calm' if role in {'student', 'observer'} else 'dense'}" in page


async def test_no_page_has_script_or_style_inside(teacher: httpx.AsyncClient) -> None:
    page = (await teacher.get("/page")).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)


async def test_the_language_is_that_of_the_visit_before_the_browser() -> None:
    async with connect(make_app(ExampleVisit(locale="es_ES"))) as client:
        page = (await client.get("/page", headers={"accept-language": "en"})).text
    assert '<html lang="es-ES" dir="ltr">' in page


async def test_without_a_visit_the_browser_decides(client: httpx.AsyncClient) -> None:
    page = (await client.get("/page", headers={"accept-language": "xx, tlh;q=0.9, es-AR;q=0.8, en;q=0.5"})).text
    assert '<html lang="es-AR"' in page


@pytest.mark.parametrize("header", ["", "*", "de;q=x", ",,;;", "x" * 5000, "../../etc", "\x80"])
async def test_a_strange_language_header_means_english(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get("/page", headers={"accept-language": header.encode("latin-1")})
    assert answer.status_code == 200
    assert '<html lang="en"' in answer.text


def test_a_message_without_translation_stays_as_it_is() -> None:
    language = language_for(("es",))
    assert language.gettext(N_("no such message in any catalogue")) == "no such message in any catalogue"
    assert language.gettext("") == ""


def test_a_region_without_catalogue_still_writes_its_dates() -> None:
    moment = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
    with speaking(language_for(("en-GB",))):
        assert ">27 Nov 2026<" in when(moment, "date")
    with speaking(language_for(("en-US",))):
        assert ">Nov 27, 2026<" in when(moment, "date")


def test_moments_are_marked_for_the_readers_own_zone() -> None:
    shown = when(datetime(2026, 11, 27, 15, 30, tzinfo=UTC), "datetime")
    assert shown.startswith('<time datetime="2026-11-27T15:30:00Z" data-local="datetime">')
    assert when(None) == ""


def test_numbers_drop_their_idle_zeros() -> None:
    assert [format_number(value) for value in (3, 3.0, 62.5, 66.6667)] == ["3", "3", "62.5", "66.7"]
    with speaking(language_for(("es",))):
        assert format_number(62.5) == "62,5"


@pytest.mark.parametrize(
    ("name", "letters"), [("Amara Okafor", "AO"), ("Li", "L"), ("Ana María de la Cruz", "AC"), ("", "?"), (None, "?")]
)
def test_initials(name: str | None, letters: str) -> None:
    assert initials(name) == letters


def test_the_sandbox_keeps_its_templates_to_itself() -> None:
    assert not [name for name in room_loader().list_templates() if name.startswith("sandbox")]
