"""Puts everything of this room into an application."""

from fastapi import FastAPI
from starlette.routing import Route

from lti_tool.settings import Settings
from lti_tool.web.errors import add_error_handlers
from lti_tool.web.middleware import add_middleware
from lti_tool.web.pages import Pages


def install(app: FastAPI, settings: Settings) -> None:
    """Pages (as ``app.state.pages``), static files, error pages, middleware and, on loopback, the style guide."""
    pages = Pages()
    app.state.pages = pages
    app.router.routes.append(
        Route(
            "/static/{version}/{path:path}", pages.assets.serve, methods=["GET"], name="static", include_in_schema=False
        )
    )
    add_error_handlers(app)
    add_middleware(app, https=settings.base_url.startswith("https://"))
