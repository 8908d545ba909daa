"""The addresses of menus, gathered for the application."""

from fastapi import APIRouter

from lti_tool.menus import (
    board_assign_routes,
    board_copy_routes,
    board_routes,
    from_playlist_routes,
    link_routes,
    marking_routes,
    my_routes,
    option_routes,
    progress_routes,
    rubric_routes,
    work_routes,
)

router = APIRouter()
# What takes any word at its place for a menu's id comes after what stands there.
for part in (
    rubric_routes,
    from_playlist_routes,
    option_routes,
    board_assign_routes,
    board_copy_routes,
    progress_routes,
    marking_routes,
    board_routes,
):
    router.include_router(part.router)
router.include_router(link_routes.router)
router.include_router(my_routes.router)
router.include_router(my_routes.family_router)
router.include_router(work_routes.router)
