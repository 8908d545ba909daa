"""Routes without FastAPI, for addresses that have nothing for it to fill in and are asked for more than all others."""

from collections.abc import Awaitable, Callable, Iterable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
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
