"""The tool's own root address."""

import httpx
from fastapi import FastAPI

from lti_tool.settings import Settings
from lti_tool.web import front
from lti_tool.web.install import install
from lti_tool.web.routing import add_router


async def test_whoever_types_the_address_learns_where_it_is_opened() -> None:
    app, settings = FastAPI(), Settings()
    app.state.settings = settings
    install(app, settings)
    add_router(app, front.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000") as client:
        page = await client.get("/")
    assert page.status_code == 200
    assert "This tool lives inside your courses" in page.text
    assert 'href="/admin"' in page.text
