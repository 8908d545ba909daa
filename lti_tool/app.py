"""The application: the one place that knows every room and wires them together."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

import lti_tool.tables  # noqa: F401 - every table is known before the first is used.
from lti_tool import health
from lti_tool.admin import checking
from lti_tool.admin import routes as admin_routes
from lti_tool.checks import jobs as check_jobs
from lti_tool.checks import routes as check_routes
from lti_tool.clock import Clock, SystemClock
from lti_tool.competencies import lms_outcomes
from lti_tool.competencies import routes as competency_routes
from lti_tool.content import drafts, window_routes
from lti_tool.content import routes as content_routes
from lti_tool.content.access import jobs as access_jobs
from lti_tool.content.access import routes as access_routes
from lti_tool.content.connectors import Connectors
from lti_tool.content.files import routes as content_file_routes
from lti_tool.content.own import Own
from lti_tool.content.sync import jobs as sync_jobs
from lti_tool.content.taking import Takers
from lti_tool.courses import origins
from lti_tool.courses import routes as course_routes
from lti_tool.db.session import Database
from lti_tool.errors import WrongSetting
from lti_tool.grades import jobs as grade_jobs
from lti_tool.grades.column_queries import made_columns
from lti_tool.grades.comparing import Comparer
from lti_tool.insight import mastery_sources
from lti_tool.insight import routes as insight_routes
from lti_tool.jobs.runner import EmbeddedRunner, NullRunner, Work
from lti_tool.jobs.shared import SharedRunner
from lti_tool.jobs.transactions import attach
from lti_tool.learners import routes as learner_routes
from lti_tool.logs import set_up_logging
from lti_tool.lti import jobs as lti_jobs
from lti_tool.lti import notices_asked, notices_received, registering
from lti_tool.lti import routes as lti_routes
from lti_tool.lti.http import make_client
from lti_tool.lti.secret import secret_key
from lti_tool.lti.services import Protocol
from lti_tool.mastery import coverage, ratings
from lti_tool.mastery import jobs as mastery_jobs
from lti_tool.mastery import reading as mastery_reading
from lti_tool.mastery import routes as mastery_routes
from lti_tool.mastery.held import evidence_held
from lti_tool.menus import board_carrying, column_sources, destinations, listing
from lti_tool.menus import column_meanings as menu_meanings
from lti_tool.menus import completing as menu_completing
from lti_tool.menus import results as menu_results
from lti_tool.menus import routes as menu_routes
from lti_tool.platforms import quirks
from lti_tool.platforms import routes as platform_routes
from lti_tool.playlists import column_meanings as playlist_meanings
from lti_tool.playlists import completing, modifying
from lti_tool.playlists import jobs as playlist_jobs
from lti_tool.playlists import results as playlist_results
from lti_tool.playlists import routes as playlist_routes
from lti_tool.settings import Settings, load_settings
from lti_tool.web import front, styleguide
from lti_tool.web.install import install
from lti_tool.web.routing import add_router, add_routes

TAKERS = Takers(
    gradebook=(mastery_reading.take, playlist_results.take, menu_results.take),
    wanting=(mastery_reading.wanting, playlist_results.wanting, menu_completing.wanting),
    completion=(completing.take_completions, menu_completing.take_completions),
    outcomes=lms_outcomes.take_outcomes,
    ratings=(ratings.take_ratings,),
    awaiting=(completing.awaiting, menu_completing.awaiting),
)
"""Who takes what from what is read of a platform, whoever asked for it."""

OTHERS = (listing.ROOM,)
"""Who has something that students work on beside playlists."""

CHECK_TAKERS = (playlist_results.take_check, menu_results.take_check)
"""Who takes the result of each of our own checks, in the transaction that ends an attempt."""

CHECK_LEADS = (playlist_results.leads, menu_results.leads)
"""What leads students to checks."""

COLUMN_SOURCES = (column_sources.sources, mastery_sources.sources)
"""Who knows what a gradebook column is of, beside playlists."""

COLUMN_MEANINGS = (playlist_meanings.competencies, menu_meanings.competencies)
"""Who knows what competencies a gradebook column is about, beside mastery."""

CARRIERS = (board_carrying.MenuCarrier(),)
"""What comes along beside playlists and map when the copy of a course carries them over."""


@dataclass(frozen=True)
class Parts:
    """What the web service and the worker are made of."""

    settings: Settings
    clock: Clock
    database: Database
    http: httpx.AsyncClient
    protocol: Protocol
    connectors: Connectors
    comparer: Comparer

    def work(self) -> Work:
        """Everything that runs behind the pages."""
        return (
            grade_jobs.work(
                self.database, self.protocol, self.clock, self.comparer, attempts_kept=self.settings.attempts_kept
            )
            + mastery_jobs.work(self.database, self.clock, COLUMN_MEANINGS)
            + sync_jobs.work(self.database, self.clock, self.connectors, TAKERS)
            + playlist_jobs.work(self.database, self.clock)
            + check_jobs.work(self.database, self.clock, CHECK_TAKERS)
            + drafts.work(self.database, self.clock)
            + access_jobs.work(self.database, self.clock, self.connectors)
            + lti_jobs.work(self.database, self.clock, self.protocol.keys, self.settings.key_rotation)
            + notices_asked.work(self.database, self.protocol, self.clock)
        )

    async def close(self) -> None:
        """Give back connections."""
        await self.protocol.key_sets.settle()
        await self.http.aclose()
        await self.database.close()


def make_parts(settings: Settings, *, clock: Clock | None = None, http: httpx.AsyncClient | None = None) -> Parts:
    """The parts for these settings; tests put in a clock of their own and a faked way out.

    Raises WrongSetting where a setting cannot be used.
    """
    clock = clock or SystemClock()
    database = Database.at(settings.database_url)
    http = http or make_client(settings)
    protocol = Protocol(settings, clock, http, database)
    own = Own(settings.base_url, made_columns)
    connectors = Connectors(http, clock, secret_key(settings), database, own=own)
    comparer = grade_jobs.comparer_of(database, protocol, clock)
    return Parts(settings, clock, database, http, protocol, connectors, comparer)


def create_app(settings: Settings, *, clock: Clock | None = None, http: httpx.AsyncClient | None = None) -> FastAPI:
    """The web service. With ``LTI_TOOL_WORKER=embedded`` the background work runs in it, from start to end; else it nudges the
    workers through a queue in PostgreSQL, and on SQLite their sweep finds what is due.
    """
    parts = make_parts(settings, clock=clock, http=http)
    work = parts.work()
    runner: EmbeddedRunner | SharedRunner | NullRunner
    if settings.worker == "embedded":
        runner = EmbeddedRunner(work.tasks, work.periodic)
    else:
        runner = NullRunner() if parts.database.is_sqlite else SharedRunner(settings.database_url)
    attach(parts.database, runner)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if not isinstance(runner, NullRunner):
            await runner.start()
        try:
            yield
        finally:
            if not isinstance(runner, NullRunner):
                await runner.stop()
            # A column that a check has made is removed before its process ends.
            await checking.settled()
            await parts.close()

    app = FastAPI(title="lti-tool", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.clock = parts.clock
    app.state.database = parts.database
    app.state.http = parts.http
    app.state.protocol = parts.protocol
    app.state.connectors = parts.connectors
    app.state.comparer = parts.comparer
    app.state.runner = runner
    app.state.enter = destinations.enter
    app.state.pickables = (destinations.PICKABLES,)
    app.state.takers = TAKERS
    app.state.carriers = CARRIERS
    app.state.column_sources = COLUMN_SOURCES
    app.state.column_meanings = COLUMN_MEANINGS
    app.state.others = OTHERS
    app.state.check_takers = CHECK_TAKERS
    app.state.check_leads = CHECK_LEADS
    app.state.take_notice = origins.take_notice
    app.state.quirks_of = quirks
    app.state.rule_advice = coverage.advice
    app.state.evidence_held = evidence_held
    app.state.follow_modification = modifying.follow
    install(app, settings)
    add_routes(app, (*lti_routes.routes, *notices_received.routes, *registering.routes, *platform_routes.routes))
    for room in (
        front,
        health,
        course_routes,
        content_file_routes,
        content_routes,
        window_routes,
        access_routes,
        competency_routes,
        mastery_routes,
        learner_routes,
        check_routes,
        playlist_routes,
        insight_routes,
        menu_routes,
        admin_routes,
    ):
        add_router(app, room.router)
    if settings.on_loopback:
        add_router(app, styleguide.router)
    return app


def from_environment() -> FastAPI:
    """The application as ``serve``'s processes make it, each for itself."""
    settings = load_settings()
    set_up_logging(settings.log_format)
    return create_app(settings)


async def run_worker(settings: Settings, *, clock: Clock | None = None) -> None:
    """The background work alone, until the process is told to end. Any number of these may share a PostgreSQL."""
    if settings.worker != "external":
        raise WrongSetting(
            "LTI_TOOL_WORKER: `serve` does the background work itself; set it to external for both commands"
        )
    parts = make_parts(settings, clock=clock)
    work = parts.work()
    runner = (
        EmbeddedRunner(work.tasks, work.periodic)
        if parts.database.is_sqlite
        else SharedRunner(settings.database_url, work.tasks, work.periodic)
    )
    attach(parts.database, runner)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await runner.start()
    try:
        await ended.wait()
    finally:
        await runner.stop()
        await parts.close()
