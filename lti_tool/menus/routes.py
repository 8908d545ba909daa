"""The addresses of menus, gathered for the application."""

from fastapi import APIRouter

from lti_tool.menus import rubric_routes

router = APIRouter()
for part in (rubric_routes,):
    router.include_router(part.router)
