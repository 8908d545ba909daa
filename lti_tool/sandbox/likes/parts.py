"""Which parts of the sandbox an LMS consists of, and at which addresses."""

from fastapi import APIRouter

from lti_tool.sandbox import (
    ags,
    bench_control,
    canvas_control,
    canvas_key_pages,
    canvas_oauth,
    canvas_scopes,
    control,
    groups,
    moodle_service_pages,
    moodle_ws,
    notices,
    nrps,
    oidc,
    registration,
    schoology_api,
    schoology_oauth,
    token,
)
from lti_tool.sandbox.likes import Like, canvas_pages, moodle_pages, moodle_roster, moodle_services, schoology_pages
from lti_tool.sandbox.likes.moodle import Moodle


def routers(like: Like) -> list[APIRouter]:
    """The routes of everything but the pages."""
    if isinstance(like, Moodle):
        services = [moodle_services.router, moodle_roster.router, moodle_pages.router]
        services += [moodle_ws.router, moodle_service_pages.router]
    else:
        services = [ags.routes(like), nrps.routes(like)]
    if like.has_groups_and_notices:
        services += [groups.router, notices.router]
    if like.has_canvas_api:
        services += [*canvas_scopes.ROUTERS, canvas_pages.router, canvas_control.router]
    if like.has_developer_keys:
        services += [canvas_oauth.router, canvas_key_pages.router]
    if like.has_schoology_api:
        services += [schoology_oauth.router, schoology_api.router, schoology_pages.router]
    return [_launching(like), *services, registration.routes(like), control.router, bench_control.router]


def _launching(like: Like) -> APIRouter:
    router = APIRouter()
    answering = like.second_authorization_path or like.authorization_path
    router.add_api_route(answering, oidc.authorize, methods=["GET", "POST"])
    if like.second_authorization_path is not None:
        router.add_api_route(like.authorization_path, oidc.redirect_to_school, methods=["GET", "POST"])
    router.add_api_route(like.jwks_path, token.jwks, methods=["GET"])
    tokens = canvas_oauth.token if like.has_developer_keys else token.token
    router.add_api_route(like.token_path, tokens, methods=["POST"])
    return router
