"""A small application with everything of the web room and a few routes that go wrong on purpose."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Form, Request
from jinja2 import ChoiceLoader, DictLoader

from lti_tool import errors
from lti_tool.settings import Settings
from lti_tool.web import i18n, translations
from lti_tool.web.install import install
from lti_tool.web.pages import Pages, room_loader
from tests.templates import compile_once

TEMPLATES = {
    "test/page.html": '{% extends "layouts/page.html" %}{% block title %}{{ title }}{% endblock %}'
    '{% block main %}<form method="post">{{ session_field() }}</form>{{ body }}{% endblock %}',
    "test/components.html": '{% import "components/all.html" as ui %}{{ ui.button(_("Close")) }}{{ session_field() }}',
}


@dataclass(frozen=True)
class ExampleVisit:
    """What pages read of a visit."""

    session_id: str = "session-1"
    course_id: str | None = "course-1"
    role: str = "teacher"
    locale: str | None = None
    frame_origins: tuple[str, ...] = ("https://school.example",)
    document_target: str | None = None
    shown_zone: str | None = None
    high_contrast: bool = False
    masquerading: bool = False


def make_app(visit: ExampleVisit | None = None, settings: Settings | None = None) -> FastAPI:
    """The application; ``visit`` is that of every request."""
    settings = settings or Settings()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    install(app, settings)
    app.state.pages = Pages(app.state.pages.assets, loader=ChoiceLoader([DictLoader(TEMPLATES), room_loader()]))
    compile_once(app.state.pages.environment)

    def signed_in(request: Request) -> None:
        if visit is not None:
            request.state.visit = visit

    @app.get("/page")
    async def page(request: Request, title: str = "Hello", body: str = "") -> Any:
        signed_in(request)
        return app.state.pages.render(request, "test/page.html", {"title": title, "body": body})

    @app.get("/components")
    async def components(request: Request) -> Any:
        signed_in(request)
        return app.state.pages.render(request, "test/components.html")

    @app.get("/raise/{name}")
    @app.get("/api/raise/{name}")
    async def raising(request: Request, name: str) -> Any:
        signed_in(request)
        raise getattr(errors, name)("student 4711 sent a token")

    @app.get("/broken/{person_id}")
    async def broken(person_id: str) -> Any:
        raise RuntimeError(f"the secret of {person_id}")

    @app.get("/number/{number}")
    async def number(number: int, page: int = 1) -> Any:
        return {"number": number, "page": page}

    @app.post("/form")
    async def form(request: Request) -> Any:
        return {"length": len(await request.body())}

    @app.post("/typed-form")
    async def typed_form(text: Annotated[str, Form()]) -> Any:
        return {"length": len(text)}

    return app


Client = Callable[..., httpx.AsyncClient]


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """The catalogues as they stand in the checkout, not as they were when the package was installed."""
    translations.compile_all()
    i18n.language_for.cache_clear()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session."""
    async with connect(make_app()) as connected:
        yield connected


@pytest.fixture
async def teacher() -> AsyncIterator[httpx.AsyncClient]:
    """A browser with a teacher's session."""
    async with connect(make_app(ExampleVisit())) as connected:
        yield connected


def connect(app: FastAPI) -> httpx.AsyncClient:
    """A client of ``app``, without a network between."""
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
