"""Puts everything of this room into an application."""

from fastapi import FastAPI

from lti_tool.settings import Settings
from lti_tool.web.errors import add_error_handlers
from lti_tool.web.middleware import add_middleware
from lti_tool.web.pages import shared_pages
from lti_tool.web.routing import PlainRoute, add_routes


def install(app: FastAPI, settings: Settings) -> None:
    """Pages (as ``app.state.pages``), static files, error pages, middleware and, on loopback, the style guide."""
    pages = shared_pages()
    app.state.pages = pages
    add_routes(app, [PlainRoute("/static/{version}/{path:path}", pages.assets.serve, "GET", name="static")])
    add_error_handlers(app)
    add_middleware(app, https=settings.base_url.startswith("https://"))
