"""What a Canvas course holds: its modules in their order, then what stands in no module."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_fields import Row, parts, row_id, text
from lti_tool.platforms.canvas_http import CanvasHttp, course_path
from lti_tool.platforms.canvas_rows import (
    Assignment,
    ModuleItem,
    access_of_module,
    assignment_of,
    by_content_id,
    loose_assignment,
    loose_discussion,
    loose_file,
    loose_page,
    loose_quiz,
    module_item,
)
from lti_tool.platforms.native import ApiCourseNotFound, ApiNotPermitted, ApiUnreadable, NativeContents, NativeItem

ITEMS = (("include[]", "items"), ("include[]", "content_details"))

FOR_THE_CLASS = (("override_assignment_dates", "false"), ("exclude_response_fields[]", "description"))
"""Dates as the class has them, where Canvas would tell the latest that any section or student has. And without what students are
told to do: it may be long, and is read where it is done.
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A course's assignments, and its module items in their order."""

    assignments: tuple[Assignment, ...]
    items: tuple[ModuleItem, ...]

    def places(self) -> Mapping[str, tuple[str, ...]]:
        """The external ids under which each assignment (by its id) stands in the course."""
        found: dict[str, list[str]] = {}
        for one in self.items:
            if one.assignment is not None:
                found.setdefault(one.assignment.id, []).append(one.item.external_id)
        for assignment in self.assignments:
            found.setdefault(assignment.id, [loose_assignment(assignment).external_id])
        return {name: tuple(dict.fromkeys(ids)) for name, ids in found.items()}


async def read_contents(http: CanvasHttp, course_id: str) -> NativeContents:
    """Modules with their items; then assignments, practice quizzes, pages, discussions and files that stand in no module.

    Pictures are left out: courses have hundreds, and they are in their pages. What is no assignment is as much as Canvas shows:
    a course may have switched pages or discussions off, and the access may do without their scopes.
    """
    placed = await read_placed(http, course_id)
    items = [one.item for one in placed.items]
    in_modules = {one.assignment.id for one in placed.items if one.assignment is not None}
    items += [loose_assignment(one) for one in placed.assignments if one.id not in in_modules]
    items += [item async for item in _loose(http, course_id, {one.leads_to for one in placed.items})]
    unique: dict[str, NativeItem] = {}
    for item in items:
        # A list that changes between its pages tells some rows twice.
        unique.setdefault(item.external_id, item)
    return NativeContents(tuple(unique.values()), home_url=course_url(http, course_id))


def course_url(http: CanvasHttp, course_id: str) -> str:
    """The course's own page."""
    return f"{http.base_url}/courses/{quote(course_id, safe='')}"


async def read_placed(http: CanvasHttp, course_id: str) -> Placed:
    """The assignments, and the module items joined with them."""
    path = course_path(course_id)
    found: dict[str, Assignment] = {}
    async for row in http.rows(f"{path}/assignments", *FOR_THE_CLASS, scope=canvas_scopes.ASSIGNMENTS):
        assignment = assignment_of(row)
        if assignment is not None:
            found.setdefault(assignment.id, assignment)
    by_content = by_content_id(found.values())
    address = course_url(http, course_id)
    items: list[ModuleItem] = []
    async for module in http.rows(f"{path}/modules", *ITEMS, scope=canvas_scopes.MODULES):
        title, access = text(module.get("name")), access_of_module(module)
        for row in await module_items(http, path, module):
            item = module_item(row, title, by_content, address, access)
            if item is not None:
                items.append(item)
    return Placed(tuple(found.values()), tuple(items))


async def module_items(http: CanvasHttp, path: str, module: Row, *parameters: tuple[str, str]) -> list[Row]:
    """A module's items, whether or not they came with it: Canvas leaves them out of modules with many, and out of all
    when the key does not allow include parameters.
    """
    given, count = module.get("items"), module.get("items_count")
    if isinstance(given, list) and (given or not isinstance(count, int) or count <= 0):
        return parts(module, "items")
    module_id = row_id(module.get("id"))
    if module_id is None:
        raise ApiUnreadable("a module without an id")
    # The items_url that comes along names the same place; building it keeps the content details and the page size.
    address = f"{path}/modules/{module_id}/items"
    asked = (("include[]", "content_details"), *parameters)
    return [row async for row in http.rows(address, *asked, scope=canvas_scopes.MODULE_ITEMS)]


async def _loose(http: CanvasHttp, course_id: str, placed: set[tuple[str, str] | None]) -> AsyncIterator[NativeItem]:
    path, address = course_path(course_id), course_url(http, course_id)
    lists: Iterable[tuple[str, tuple[tuple[str, str], ...], str, str, str, Callable[[Row, str], NativeItem | None]]] = (
        ("quizzes", (), canvas_scopes.QUIZZES, "Quiz", "id", loose_quiz),
        ("pages", (), canvas_scopes.PAGES, "Page", "url", loose_page),
        ("discussion_topics", (), canvas_scopes.DISCUSSIONS, "Discussion", "id", loose_discussion),
        ("files", (("exclude_content_types[]", "image"),), canvas_scopes.FILES, "File", "id", loose_file),
    )
    for name, asked, scope, kind, key, read in lists:
        try:
            async for row in http.rows(f"{path}/{name}", *asked, scope=scope):
                item = read(row, address)
                if item is not None and (kind, str(row.get(key))) not in placed:
                    yield item
        except (ApiNotPermitted, ApiCourseNotFound):
            continue
