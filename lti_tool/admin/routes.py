"""All routes of the console."""

from fastapi import APIRouter

from lti_tool.admin import overview_routes, sign_in_routes

router = APIRouter()
for part in (sign_in_routes, overview_routes):
    router.include_router(part.router)
