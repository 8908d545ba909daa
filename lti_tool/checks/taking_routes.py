"""The pages of taking checks, and of looking at what was answered."""

from fastapi import APIRouter

from lti_tool.checks import attempt_routes, my_routes

router = APIRouter()
router.include_router(my_routes.router)
router.include_router(attempt_routes.router)
