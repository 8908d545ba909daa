"""Pages of a room, and of the routers inside it, become the application's own."""

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException

from lti_tool.web.routing import add_router

from .conftest import connect


async def _nobody() -> None:
    raise HTTPException(403)


def _room() -> APIRouter:
    inner, closed, room = (
        APIRouter(prefix="/inner"),
        APIRouter(prefix="/closed", dependencies=[Depends(_nobody)]),
        APIRouter(),
    )

    @room.get("/rooms/{number}")
    async def one(number: int) -> int:
        return number

    @inner.get("/page")
    async def page() -> str:
        return "inner"

    @inner.post("/page")
    async def change() -> str:
        return "changed"

    @closed.get("/page")
    async def closed_page() -> str:
        return "seen"

    room.include_router(inner)
    room.include_router(closed)
    return room


async def _answers(client: httpx.AsyncClient, *asked: str) -> list[tuple[int, str]]:
    answers = [await client.request(*words.split()) for words in asked]
    return [(answer.status_code, answer.text) for answer in answers]


async def test_pages_answer_wherever_their_router_stands() -> None:
    app, room = FastAPI(), _room()
    add_router(app, room)
    add_router(FastAPI(), room)
    assert not any(hasattr(route, "original_router") for route in app.routes)
    async with connect(app) as client:
        found = await _answers(client, "GET /rooms/7", "GET /inner/page", "POST /inner/page")
        assert found == [(200, "7"), (200, '"inner"'), (200, '"changed"')]
        found = await _answers(client, "GET /rooms/x", "GET /closed/page", "DELETE /inner/page", "GET /nowhere")
        assert [status for status, _ in found] == [422, 403, 405, 404]


@pytest.mark.parametrize("more", [{"prefix": "/more"}, {"dependencies": [Depends(_nobody)]}, {"responses": {404: {}}}])
def test_what_an_inclusion_would_add_belongs_to_the_router(more: dict[str, object]) -> None:
    outer = APIRouter()
    outer.include_router(_room(), **more)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="give them to the router itself"):
        add_router(FastAPI(), outer)


def test_nor_has_the_room_around_it_anything_to_add() -> None:
    outer = APIRouter(prefix="/outer")
    outer.include_router(_room())
    with pytest.raises(ValueError, match="give them to the router itself"):
        add_router(FastAPI(), outer)
