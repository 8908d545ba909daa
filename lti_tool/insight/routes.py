"""Every page about who stands where: class board, competency, student, observations, my map; and how grades stand."""

from fastapi import APIRouter

from lti_tool.insight import (
    board_routes,
    competency_routes,
    grades_routes,
    grades_score_routes,
    my_routes,
    observing_routes,
    path_map_routes,
    student_routes,
)

router = APIRouter()
router.include_router(board_routes.router)
router.include_router(competency_routes.router)
router.include_router(student_routes.router)
router.include_router(observing_routes.router)
router.include_router(my_routes.router)
router.include_router(path_map_routes.router)
router.include_router(grades_routes.router)
router.include_router(grades_score_routes.router)
