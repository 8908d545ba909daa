"""How routes come into an application: those without FastAPI, and the rooms' routers.

Addresses that have nothing for FastAPI to fill in, and are asked for more than all others, do without it.
"""

from collections.abc import Awaitable, Callable, Iterable

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

Endpoint = Callable[[Request], Awaitable[Response]]


class PlainRoute(Route):
    """A route of Starlette's that says, as FastAPI's do, which one was taken: logs and figures are kept by its template."""

    def __init__(self, path: str, endpoint: Endpoint, *methods: str, name: str | None = None) -> None:
        super().__init__(path, endpoint, methods=list(methods), name=name, include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette's answer, with the route itself."""
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope


def add_routes(app: FastAPI, routes: Iterable[PlainRoute]) -> None:
    """Add routes to the application itself: those inside a router that is included are looked for twice."""
    app.router.routes.extend(routes)


def add_router(app: FastAPI, router: APIRouter) -> None:
    """Add a room's pages. ``app.include_router`` would read the signatures of all of them anew for every application."""
    if id(router) not in _included:
        around = APIRouter()
        around.include_router(router)
        _included[id(router)] = (router, tuple(around.routes))
    app.router.routes.extend(_included[id(router)][1])


_included: dict[int, tuple[APIRouter, tuple[BaseRoute, ...]]] = {}
"""Each router as FastAPI includes it, with what FastAPI has learned of its pages. A router cannot be a key, but is kept."""
