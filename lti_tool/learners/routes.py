"""Every page about a learner as a person: what they choose for themselves, and supports."""

from fastapi import APIRouter

from lti_tool.learners import profile_routes, supports_routes

router = APIRouter()
router.include_router(profile_routes.router)
router.include_router(supports_routes.router)
