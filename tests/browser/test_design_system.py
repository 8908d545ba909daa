"""The style guide in a real browser: axe, reflow and targets in every appearance; and what the page's script does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Browser, Page, expect

from lti_tool.errors import Conflict, NotFound
from lti_tool.settings import Settings
from lti_tool.web import styleguide
from lti_tool.web.install import install
from lti_tool.web.pages import Pages, room_loader
from lti_tool.web.routing import add_router
from lti_tool.web.styleguide import ExampleVisit
from tests.browser_tools import axe, contrast, overflow, screenshot, serving, small_targets
from tests.templates import compile_once

pytestmark = pytest.mark.browser

TEMPLATES = {
    "test/behaviour.html": """{% extends "layouts/page.html" %}{% import "components/all.html" as ui %}
{% block title %}Behaviour{% endblock %}
{% block main %}
<p id="count" data-refresh-on-return>{{ count }} answers</p>
<a id="step" href="/elsewhere" target="_blank" data-opens="/opened">Open</a>
<p id="moment">{{ when(moment) }}</p>
{{ ui.field("due", "Due", type="datetime-local", utc=moment) }}{{ ui.time_zone_field() }}
{% call ui.reorder_list("/order", "Steps", 7) %}{% for name in names %}
{% call ui.reorder_item(name, name, "/order", loop.first, loop.last, 7) %}{{ name }}{% endcall %}
{% endfor %}{% endcall %}
<form id="slow" method="post" action="/slow">{{ session_field() }}{{ ui.button("Save") }}</form>
<button id="htmx" hx-post="/htmx" hx-target="#answer" hx-swap="innerHTML">Ask</button><p id="answer"></p>
<button id="refused" hx-post="/refused">Ask in vain</button>
{{ ui.dialog_link("Assign", "assign", "/assign") }}{% call ui.dialog("assign", "Assign?") %}<p>To all</p>{% endcall %}
{% call ui.menu("More") %}{{ ui.menu_link("Open", "#x") }}{% endcall %}
{% endblock %}""",
    "test/frame.html": '{% extends "layouts/bare.html" %}{% block title %}LMS{% endblock %}'
    '{% block main %}<iframe title="Tool" src="/behaviour" width="600" height="100"></iframe>{% endblock %}',
}


@dataclass
class Served:
    address: str
    asked: list[tuple[str, dict[str, str], dict[str, str]]]


def make_app(asked: list[tuple[str, dict[str, str], dict[str, str]]]) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = Settings()
    install(app, app.state.settings)
    app.state.pages = Pages(app.state.pages.assets, loader=ChoiceLoader([DictLoader(TEMPLATES), room_loader()]))
    compile_once(app.state.pages.environment)
    add_router(app, styleguide.router)

    def show(request: Request, template: str, **context: Any) -> HTMLResponse:
        request.state.visit = ExampleVisit()
        request.state.frame_ancestors = "*"
        context["moment"] = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
        response: HTMLResponse = app.state.pages.render(request, template, context)
        return response

    @app.get("/behaviour")
    async def behaviour(request: Request) -> HTMLResponse:
        return show(request, "test/behaviour.html", count=len(asked), names=["one", "two", "three"])

    @app.get("/frame")
    async def frame(request: Request) -> Response:
        response = show(request, "test/frame.html")
        response.headers["Content-Security-Policy"] = "frame-src 'self'"
        return response

    @app.get("/elsewhere")
    async def elsewhere() -> HTMLResponse:
        return HTMLResponse("<!doctype html><html lang=en><title>Elsewhere</title><h1>Elsewhere</h1>")

    @app.post("/{what}")
    async def anything(request: Request, what: str) -> Response:
        fields = {name: str(value) for name, value in (await request.form()).items()}
        asked.append((what, fields, dict(request.headers)))
        if what == "slow":
            return Response(status_code=204)
        if what == "refused":
            raise Conflict("by design")
        if what == "order":
            order = fields["order"].split(",")
            if order[0] == "three":
                raise NotFound("by design")
            return HTMLResponse('<ol data-reorder="/order" data-revision="8"></ol>')
        return HTMLResponse("<b>answered</b>")

    return app


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
    with serving(make_app(asked)) as address:
        yield Served(address, asked)


@pytest.fixture
def served(running: Served) -> Served:
    running.asked.clear()
    return running


APPEARANCES: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "forced": {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    "contrast": {"viewport": {"width": 1280, "height": 900}, "contrast": "more"},
    "dark-contrast": {"viewport": {"width": 1280, "height": 900}, "contrast": "more", "color_scheme": "dark"},
    # 1280 pixels at 400 % zoom are 320 (WCAG 1.4.10).
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "phone": {"viewport": {"width": 360, "height": 740}},
}
WHOLE = {"light", "narrow"}
"""Where all rules are tried: what differs in the others are colours, and eight hundredths of a width."""


@pytest.mark.parametrize("appearance", APPEARANCES)
@pytest.mark.parametrize("name", ["", "/student", "/teacher"])
def test_the_style_guide_is_accessible(browser: Browser, served: Served, appearance: str, name: str) -> None:
    context = browser.new_context(**APPEARANCES[appearance], reduced_motion="reduce")
    try:
        page = context.new_page()
        page.goto(f"{served.address}/development/styleguide{name}")
        page.evaluate("document.fonts.ready")
        screenshot(page, f"styleguide{name.replace('/', '-')}-{appearance}")
        assert (axe(page) if appearance in WHOLE else contrast(page)) == []
        assert overflow(page) == 0
        assert small_targets(page, 44 if name == "/student" else 24) == []
    finally:
        context.close()


@pytest.mark.parametrize("appearance", ["light", "dark", "forced", "narrow"])
def test_a_refusal_is_accessible(browser: Browser, served: Served, appearance: str) -> None:
    context = browser.new_context(**APPEARANCES[appearance])
    try:
        page = context.new_page()
        page.goto(f"{served.address}/nowhere")
        screenshot(page, f"refusal-{appearance}")
        assert (axe(page) if appearance in WHOLE else contrast(page)) == []
        assert overflow(page) == 0
    finally:
        context.close()


def test_the_skip_link_comes_first_and_leads_to_the_main_part(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_opening_a_step_is_recorded_and_coming_back_refreshes(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    with page.context.expect_page() as opened:
        page.click("#step")
    opened.value.wait_for_load_state()
    expect(opened.value).to_have_title("Elsewhere")
    opened.value.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#count")).to_have_text("1 answers")
    what, fields, headers = served.asked[0]
    assert (what, fields) == ("opened", {"session": "example-session"})
    assert headers["x-lti-session"] == "example-session"
    assert headers["origin"] == served.address


def test_the_tabs_token_goes_with_every_request_of_the_script(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    # As the page that ends a launch hands it over.
    page.evaluate("page.keepToken('abc')")
    assert page.evaluate("sessionStorage.getItem('lti-tool-token')") == "abc"
    page.click("#htmx")
    expect(page.locator("#answer")).to_have_text("answered")
    assert served.asked[0][2]["authorization"] == "Bearer abc"
    assert served.asked[0][2]["x-lti-session"] == "example-session"


def test_steps_move_by_button_and_say_where_they_are(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    page.get_by_role("button", name="Move one down").press("Enter")
    expect(page.locator("#announcer")).to_have_text("one is now number 2 of 3.")
    assert [item.get_attribute("data-id") for item in page.locator("[data-id]").all()] == ["two", "one", "three"]
    expect(page.locator("[data-reorder]")).to_have_attribute("data-revision", "8")
    assert served.asked[0][1] == {"session": "example-session", "order": "two,one,three", "revision": "7"}
    expect(page.get_by_role("button", name="Move two up")).to_be_disabled()
    expect(page.get_by_role("button", name="Move one down")).to_be_focused()


def test_steps_move_by_dragging(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    handles = page.locator("[data-drag-handle]")
    start, end = handles.nth(0).bounding_box(), handles.nth(2).bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, end["y"] + 20, steps=12)
    page.mouse.up()
    expect(page.locator("#announcer")).to_have_text("one is now number 3 of 3.")
    assert served.asked[0][1]["order"] == "two,three,one"


def test_an_order_that_is_refused_goes_back_and_says_why(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    page.get_by_role("button", name="Move three up").click()
    expect(page.locator("[data-reorder]")).to_have_attribute("data-revision", "8")
    page.get_by_role("button", name="Move three up").click()
    expect(page.get_by_role("alert")).to_contain_text("There is nothing here")
    assert [item.get_attribute("data-id") for item in page.locator("[data-id]").all()] == ["one", "three", "two"]


def test_a_form_is_sent_once(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    button = page.locator("#slow button")
    button.evaluate("button => { button.click(); button.click(); button.click(); }")
    expect(button).to_have_attribute("aria-busy", "true")
    page.wait_for_timeout(200)
    assert [what for what, _, _ in served.asked] == ["slow"]


def test_what_the_server_refuses_is_said_on_the_page(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    page.click("#refused")
    expect(page.get_by_role("alert")).to_contain_text("Something changed in the meantime")
    assert axe(page) == []


def test_moments_are_shown_in_the_readers_zone(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    expect(page.locator("#moment")).to_contain_text("12:00")
    assert page.input_value("#due") == "2026-07-01T12:00"
    assert page.input_value("input[name=time_zone]") == "Europe/Madrid"


def test_a_dialog_opens_takes_the_focus_and_gives_it_back(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    opener = page.get_by_role("link", name="Assign")
    opener.click()
    dialog = page.get_by_role("dialog", name="Assign?")
    expect(dialog).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_menu_closes_with_escape_and_beside_it(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/behaviour")
    summary = page.locator("details.menu summary")
    summary.click()
    expect(page.get_by_role("link", name="Open", exact=True).last).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("details.menu")).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    summary.click()
    page.click("h1")
    expect(page.locator("details.menu")).not_to_have_attribute("open", "")


def test_in_a_frame_the_platform_hears_the_height(page: Page, served: Served) -> None:
    page.add_init_script("window.heard = []; addEventListener('message', event => heard.push(event.data))")
    page.goto(f"{served.address}/frame")
    page.wait_for_function("window.heard.some(data => data.subject === 'lti.frameResize' && data.height > 300)")


def test_without_script_everything_is_a_plain_form(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{served.address}/behaviour")
        assert page.locator(".reorder__handle").first.is_hidden()
        page.get_by_role("button", name="Save").click()
        assert served.asked[0][1] == {"session": "example-session"}
        link = page.get_by_role("link", name="Assign")
        assert link.get_attribute("href") == "/assign"
    finally:
        context.close()
