"""The addresses of menus, gathered for the application."""

from fastapi import APIRouter

from lti_tool.menus import my_routes, rubric_routes, work_routes

router = APIRouter()
router.include_router(rubric_routes.router)
router.include_router(my_routes.router)
router.include_router(my_routes.family_router)
router.include_router(work_routes.router)
