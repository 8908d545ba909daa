"""Whether the process is up, whether it can serve, and its figures."""

import ipaddress
import logging

import alembic.command  # noqa: F401 (a third of a second: at the start of the service, not in its first check)
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.db import migrate
from lti_tool.errors import NotFound
from lti_tool.settings import Network

router = APIRouter(tags=["health"])
log = logging.getLogger(__name__)


@router.get("/health/live")
async def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "live"})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Able to serve: the database answers and is up to date, and there is a key to sign with. Otherwise 503."""
    state = request.app.state
    checks = {"database": False, "migrations": False, "keys": bool(state.protocol.keys.keys())}
    try:
        async with state.database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        checks["database"] = True
        checks["migrations"] = not await migrate.missing(state.database.engine)
    except (SQLAlchemyError, OSError):
        log.exception("the database does not answer")
    good = all(checks.values())
    return JSONResponse(
        {"status": "ready" if good else "not ready", "checks": checks}, status_code=200 if good else 503
    )


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures for Prometheus, for this machine and ``LTI_TOOL_METRICS_NETWORKS``; anyone else finds nothing here."""
    if not _may_read(request.client.host if request.client else "", request.app.state.settings.metrics_networks):
        raise NotFound("metrics asked for from elsewhere")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _may_read(host: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in networks)
