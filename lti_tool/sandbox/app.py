"""The sandbox LMS's application."""

import functools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
from fastapi import FastAPI
from starlette.routing import BaseRoute

from lti_tool.sandbox import schoology_api
from lti_tool.sandbox.behaviour import BehaviourMiddleware
from lti_tool.sandbox.canvas_access import ApiError, answer_api_error
from lti_tool.sandbox.likes import Like
from lti_tool.sandbox.likes.parts import routers
from lti_tool.sandbox.likes.throttle import Throttle
from lti_tool.sandbox.loading import load_course, load_sample
from lti_tool.sandbox.moodle_sample import add_competencies
from lti_tool.sandbox.pages import page_routers, set_up_pages
from lti_tool.sandbox.platform import Platform, system_now
from lti_tool.sandbox.schoology_access import ApiRefused
from lti_tool.sandbox.services import ServiceError, answer_service_error
from lti_tool.sandbox.settings import SandboxSettings


def create_sandbox(
    settings: SandboxSettings,
    *,
    clock: Callable[[], datetime] = system_now,
    http: httpx.AsyncClient | None = None,
) -> FastAPI:
    """A whole LMS: pages, LTI 1.3 platform, and the part of Canvas's REST API that tools read.

    ``clock`` tells the time in UTC and ``http`` fetches tools' key sets; both are for tests. The store is opened when the
    application starts. ``app.state.platform`` is what its parts share.
    """
    platform = Platform(settings, clock, http or _client())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await platform.open()
        try:
            await _load(platform)
            yield
        finally:
            await platform.close()

    app = FastAPI(title=settings.name, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.platform = platform
    if settings.profile.throttles:
        app.add_middleware(Throttle, now=platform.now, throttling=platform.behaviour.throttle)
    app.add_middleware(BehaviourMiddleware, behaviour=platform.behaviour)
    app.add_exception_handler(ServiceError, answer_service_error)
    app.add_exception_handler(ApiError, answer_api_error)
    app.add_exception_handler(ApiRefused, schoology_api.answer_refused)
    app.router.routes.extend(_routes(settings.profile))
    set_up_pages(app)
    return app


@functools.cache
def _routes(like: Like) -> tuple[BaseRoute, ...]:
    """Every address. As routes of the application itself: FastAPI reads the signatures of a router that is included once more,
    and looks for each of its addresses twice."""
    return tuple(route for router in (*routers(like), *page_routers()) for route in router.routes)


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=_tls(), timeout=10, headers={"User-Agent": "lti-tool sandbox LMS"})


@functools.cache
def _tls() -> ssl.SSLContext:
    """Reading whose certificates are believed is most of what a client costs, so it is done once."""
    return httpx.create_ssl_context()


async def _load(platform: Platform) -> None:
    """What the settings say the sandbox opens with."""
    settings = platform.settings
    if settings.course is not None:
        await load_course(platform.store, settings.course, now=platform.now())
    elif settings.sample:
        course_id = await load_sample(platform.store, platform.now())
        if settings.profile.has_web_services:
            async with platform.store.writing() as session:
                await add_competencies(session, course_id, platform.now())
