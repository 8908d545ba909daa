"""Every page of learners: what they choose for themselves."""

from fastapi import APIRouter

from lti_tool.learners import profile_routes

router = APIRouter()
router.include_router(profile_routes.router)
