"""How routes come into an application: those without FastAPI, and the rooms' routers.

Addresses that have nothing for FastAPI to fill in, and are asked for more than all others, do without it.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

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
    """Add a room's pages to the application itself, and those of the routers that the room's own one includes.

    ``app.include_router`` would read the signatures of all of them anew, and look for each page once more at every router around
    it: a page of the last room cost 2 ms before anybody had begun with it.
    """
    app.router.routes.extend(_pages(router))


def _pages(router: APIRouter) -> Iterator[BaseRoute]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        elif _adds_something(route):
            raise ValueError(
                "a router that is included with a prefix or with dependencies: give them to the router itself"
            )
        else:
            yield from _pages(inner)


def _adds_something(included: Any) -> bool:
    """Whether a router's pages would be others where they are included than they are by themselves."""
    around = included.include_context
    return bool(around.prefix or around.dependencies or around.responses or around.callbacks or around.deprecated)
