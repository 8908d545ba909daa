"""The scopes that keys of this LMS can have: one for each address of the REST API that is answered here."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from lti_tool.sandbox import (
    canvas_api,
    canvas_contents,
    canvas_grades,
    canvas_outcomes,
    canvas_overrides,
    canvas_people,
)
from lti_tool.sandbox.canvas_access import Api, missing, numbered, scope_of

router = APIRouter(prefix="/api/v1")
_AFTER_ITS_NAME = re.compile(r"[;:,(]|\.(?=\s|$)")
"""Where the sentence about an address goes on after what it gives."""


@router.get("/accounts/{account_id}/scopes")
async def account_scopes(request: Request, account_id: str, caller: Api) -> JSONResponse:
    """Every scope, for administrators."""
    if not caller.administers:
        raise caller.forbidden()
    if account_id not in ("1", "self"):
        raise missing()
    shown = [
        {
            "resource": route.path.split("/")[3],
            "resource_name": words,
            "controller": route.path.split("/")[3],
            "action": route.name,
            "verb": next(iter(route.methods or {"GET"})),
            "scope": scope,
        }
        for scope, (route, words) in _known().items()
    ]
    return numbered(request, caller, shown)


ROUTERS = (
    canvas_api.router,
    canvas_grades.router,
    canvas_contents.router,
    canvas_contents.new_router,
    canvas_people.router,
    canvas_outcomes.router,
    canvas_overrides.router,
    router,
)
"""The whole REST API."""


@functools.cache
def _known() -> Mapping[str, tuple[APIRoute, str]]:
    found: dict[str, tuple[APIRoute, str]] = {}
    for one in ROUTERS:
        for route in one.routes:
            if isinstance(route, APIRoute):
                words = _AFTER_ITS_NAME.split((route.endpoint.__doc__ or "").strip(), maxsplit=1)[0].strip()
                for method in route.methods or ():
                    found[scope_of(method, route.path)] = route, words
    return found


def all_scopes() -> list[str]:
    """Every scope, in the order of the API."""
    return list(_known())


def words_of(scope: str) -> dict[str, Any]:
    """A scope with what it is for, in words; for one that is no more, no words."""
    return {"scope": scope, "words": _known()[scope][1] if scope in _known() else ""}
