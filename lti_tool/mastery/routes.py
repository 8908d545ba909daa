"""Every page of this room: bringing evidence in."""

from fastapi import APIRouter

from lti_tool.mastery import gradebook_routes

router = APIRouter()
router.include_router(gradebook_routes.router)
