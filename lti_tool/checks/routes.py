"""Every page of checks."""

from fastapi import APIRouter

from lti_tool.checks import (
    bank_routes,
    check_routes,
    import_routes,
    my_list_routes,
    picture_routes,
    question_routes,
    result_routes,
    tag_routes,
    taking_routes,
)

router = APIRouter()
# Before what takes any word at this place for a check's id.
router.include_router(import_routes.router)
router.include_router(bank_routes.router)
router.include_router(tag_routes.router)
router.include_router(question_routes.router)
router.include_router(result_routes.router)
router.include_router(check_routes.router)
router.include_router(taking_routes.router)
router.include_router(my_list_routes.router)
router.include_router(picture_routes.router)
