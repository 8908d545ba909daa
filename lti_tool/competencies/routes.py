"""Every route of this room. Addresses with fixed words come before those whose place an id may take."""

from fastapi import APIRouter

from lti_tool.competencies import (
    alignment_file_routes,
    alignment_routes,
    case_routes,
    framework_routes,
    graph_routes,
    import_routes,
    lms_routes,
    map_routes,
    pick_routes,
    suggestion_routes,
    take_out_routes,
)

router = APIRouter()
for room in (
    suggestion_routes,
    alignment_file_routes,
    alignment_routes,
    lms_routes,
    import_routes,
    framework_routes,
    graph_routes,
    pick_routes,
    take_out_routes,
    map_routes,
    case_routes,
):
    router.include_router(room.router)
