"""Every page of this room: bringing evidence in, coverage, rules and levels, columns of the gradebook."""

from fastapi import APIRouter

from lti_tool.mastery import (
    applying_routes,
    coverage_routes,
    gradebook_routes,
    grading_routes,
    scale_routes,
    settings_routes,
)

router = APIRouter()
router.include_router(gradebook_routes.router)
router.include_router(grading_routes.router)
router.include_router(coverage_routes.router)
router.include_router(scale_routes.router)
router.include_router(settings_routes.router)
router.include_router(applying_routes.router)
