"""Who is in a Canvas course: its students, sections and groups."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_fields import ids, parts, row_id, slices, text
from lti_tool.platforms.canvas_http import CanvasHttp, CanvasNotPermitted, NotAccepted, course_path
from lti_tool.platforms.native import ApiCourseNotFound, ApiNotPermitted, NativeGroup

T = TypeVar("T")

STUDENTS_AT_ONCE = 40
"""Ids in one address, which servers limit to some 8000 characters; Canvas takes 100."""


async def for_students(
    http: CanvasHttp, path: str, user_ids: Collection[str], ask: Callable[[Sequence[str]], Awaitable[T]]
) -> AsyncIterator[T]:
    """What Canvas answers when it is asked for these students, some at a time.

    It refuses a whole question that names one who is not in the course any more, or never was. Then it is asked who is, and
    for those alone.
    """
    enrolled: set[str] | None = None
    for named in slices(ids(user_ids), STUDENTS_AT_ONCE):
        some = [one for one in named if enrolled is None or one in enrolled]
        if not some:
            continue
        try:
            found = await ask(some)
        except (ApiNotPermitted, NotAccepted) as refused:
            if enrolled is not None or (isinstance(refused, CanvasNotPermitted) and refused.scope):
                raise
            enrolled = await students(http, path)
            here = [one for one in some if one in enrolled]
            if len(here) == len(some):
                raise
            if not here:
                continue
            found = await ask(here)
        yield found


async def students(http: CanvasHttp, path: str) -> set[str]:
    """The ids of a course's students, those included who have finished it or are held out of it for a while."""
    asked = (
        ("enrollment_type[]", "student"),
        *(("enrollment_state[]", state) for state in ("active", "invited", "completed", "inactive")),
    )
    found = set()
    async for row in http.rows(f"{path}/users", *asked, scope=canvas_scopes.USERS):
        user_id = row_id(row.get("id"))
        if user_id is not None:
            found.add(user_id)
    return found


async def read_groups(http: CanvasHttp, course_id: str) -> tuple[NativeGroup, ...]:
    """The sections with their students, then the groups with their members; ``set_name`` is the group set's."""
    path = course_path(course_id)
    return (*await _sections(http, path), *await _groups(http, path))


async def _sections(http: CanvasHttp, path: str) -> list[NativeGroup]:
    names: dict[str, str] = {}
    async for row in http.rows(f"{path}/sections", scope=canvas_scopes.SECTIONS):
        section_id = row_id(row.get("id"))
        if section_id is not None:
            names.setdefault(section_id, text(row.get("name")) or section_id)
    # Not the sections' own lists of students: they come by an include parameter alone, and in one piece however long they are.
    members: dict[str, set[str]] = {name: set() for name in names}
    asked = (("type[]", "StudentEnrollment"), ("state[]", "active"), ("state[]", "invited"))
    async for row in http.rows(f"{path}/enrollments", *asked, scope=canvas_scopes.ENROLLMENTS):
        section_id, user_id = row_id(row.get("course_section_id")), row_id(row.get("user_id"))
        if section_id in members and user_id is not None:
            members[section_id].add(user_id)
    return [
        NativeGroup(group_id=f"section:{name}", name=title, user_ids=frozenset(members[name]), section=True)
        for name, title in names.items()
    ]


async def _groups(http: CanvasHttp, path: str) -> list[NativeGroup]:
    sets = await _set_names(http, path)
    found: dict[str, NativeGroup] = {}
    async for row in http.rows(f"{path}/groups", ("include[]", "users"), scope=canvas_scopes.GROUPS):
        group_id = row_id(row.get("id"))
        if group_id is None or group_id in found:
            continue
        if isinstance(row.get("users"), list):
            users = {row_id(one.get("id")) for one in parts(row, "users")}
        else:
            # The key does not allow include parameters.
            listed = http.rows(f"/api/v1/groups/{group_id}/users", scope=canvas_scopes.GROUP_USERS)
            users = {row_id(one.get("id")) async for one in listed}
        found[group_id] = NativeGroup(
            group_id=f"group:{group_id}",
            name=text(row.get("name")) or group_id,
            user_ids=frozenset(one for one in users if one is not None),
            set_name=sets.get(row_id(row.get("group_category_id")) or "", ""),
        )
    return list(found.values())


async def _set_names(http: CanvasHttp, path: str) -> dict[str, str]:
    """The names of the group sets by id; none where the access may not manage groups."""
    try:
        rows = [row async for row in http.rows(f"{path}/group_categories", scope=canvas_scopes.GROUP_CATEGORIES)]
    except (ApiNotPermitted, ApiCourseNotFound):
        return {}
    return {name: text(row.get("name")) for row in rows if (name := row_id(row.get("id"))) is not None}
