"""The addresses of menus, gathered for the application."""

from fastapi import APIRouter

from lti_tool.menus import (
    board_assign_routes,
    board_copy_routes,
    board_routes,
    from_playlist_routes,
    my_routes,
    option_routes,
    rubric_routes,
    work_routes,
)

router = APIRouter()
router.include_router(rubric_routes.router)
router.include_router(my_routes.router)
router.include_router(my_routes.family_router)
router.include_router(work_routes.router)
# What takes any word at its place for a menu's id comes after what stands there.
router.include_router(from_playlist_routes.router)
router.include_router(option_routes.router)
router.include_router(board_assign_routes.router)
router.include_router(board_copy_routes.router)
router.include_router(board_routes.router)
