"""Every page of the playlists: what teachers make, how classes stand, what students and families see."""

from fastapi import APIRouter

from lti_tool.playlists import (
    asking_routes,
    assign_routes,
    building_routes,
    calendar_routes,
    carrying_routes,
    copy_routes,
    doing_routes,
    learning_routes,
    link_routes,
    locking_routes,
    monitor_saying_routes,
    monitor_student_routes,
    paper_routes,
    path_student_routes,
    personal_routes,
    picking_routes,
    progress_routes,
    signing_routes,
    step_routes,
    teaching_routes,
    trait_routes,
    waiting_routes,
)

router = APIRouter()
router.include_router(calendar_routes.router)
# Before what takes any word at this place for a playlist's id.
router.include_router(waiting_routes.router)
router.include_router(personal_routes.router)
router.include_router(path_student_routes.router)
router.include_router(trait_routes.router)
router.include_router(locking_routes.router)
router.include_router(teaching_routes.router)
router.include_router(assign_routes.router)
router.include_router(building_routes.router)
router.include_router(step_routes.router)
router.include_router(copy_routes.router)
router.include_router(progress_routes.router)
router.include_router(signing_routes.router)
router.include_router(monitor_saying_routes.router)
router.include_router(monitor_student_routes.router)
router.include_router(learning_routes.router)
router.include_router(doing_routes.router)
router.include_router(asking_routes.router)
router.include_router(paper_routes.router)
router.include_router(link_routes.router)
router.include_router(picking_routes.router)
router.include_router(carrying_routes.router)
