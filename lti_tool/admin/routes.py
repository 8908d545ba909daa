"""All routes of the console."""

from fastapi import APIRouter

from lti_tool.admin import (
    api_routes,
    audit_routes,
    calendar_routes,
    check_routes,
    connect_routes,
    data_routes,
    delivery_routes,
    detail_routes,
    keys_routes,
    move_routes,
    organisation_routes,
    overview_routes,
    platform_routes,
    role_routes,
    sign_in_routes,
    token_routes,
)

router = APIRouter()
for part in (
    sign_in_routes,
    overview_routes,
    organisation_routes,
    calendar_routes,
    platform_routes,
    move_routes,
    detail_routes,
    delivery_routes,
    api_routes,
    check_routes,
    connect_routes,
    role_routes,
    keys_routes,
    audit_routes,
    data_routes,
    token_routes,
):
    router.include_router(part.router)
