"""Which module items Canvas counts as completed, by student."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_contents import module_items
from lti_tool.platforms.canvas_fields import Row, ids, part, row_id
from lti_tool.platforms.canvas_http import PER_PAGE, CanvasHttp, course_path
from lti_tool.platforms.native import ApiCourseNotFound, NativeCompletion

STUDENTS_IN_A_BATCH = 20

_ITEMS = ("include[]", "items")


@dataclass(frozen=True, slots=True)
class Required:
    """A course's modules in which something is required: the ids of those items by the module's id.

    ``listed`` says whether Canvas tells modules together with their items, ``modules`` how many there are in all.
    """

    by_module: Mapping[str, tuple[str, ...]]
    listed: frozenset[str]
    modules: int

    @property
    def items(self) -> tuple[str, ...]:
        """All items with a requirement."""
        return tuple(dict.fromkeys(item for items in self.by_module.values() for item in items))

    @property
    def in_one_list(self) -> bool:
        """Whether a student's modules are read in fewer requests as one list than one by one."""
        pages = -(-self.modules // PER_PAGE)
        return pages + len(self.by_module.keys() - self.listed) < len(self.by_module)


async def read_completions(
    http: CanvasHttp, course_id: str, user_ids: Collection[str]
) -> AsyncIterator[tuple[NativeCompletion, ...]]:
    """Every item that has a requirement, for each of these students: done or not. Students who are not there are left out.

    Canvas tells everybody's counts in one list and the items by single students only. So who has done nothing, or everything,
    costs nothing more, and each of the others one request (one for each module with many items).
    """
    path = course_path(course_id)
    wanted = set(ids(user_ids))
    required = await _required(http, path) if wanted else Required({}, frozenset(), 0)
    if not required.items:
        return
    batch: list[NativeCompletion] = []
    people = 0
    async for row in http.rows(f"{path}/bulk_user_progress", scope=canvas_scopes.PROGRESS):
        user = row_id(row.get("id"))
        if user is None or user not in wanted:
            continue
        wanted.discard(user)
        done = await _done(http, path, user, required, row)
        if done is None:
            continue
        batch += [
            NativeCompletion(external_id=f"canvas:module-item:{item}", user_id=user, done=item in done)
            for item in required.items
        ]
        people += 1
        if people == STUDENTS_IN_A_BATCH:
            yield tuple(batch)
            batch, people = [], 0
    if batch:
        yield tuple(batch)


async def _required(http: CanvasHttp, path: str) -> Required:
    found: dict[str, tuple[str, ...]] = {}
    listed: set[str] = set()
    modules = 0
    async for module in http.rows(f"{path}/modules", _ITEMS, scope=canvas_scopes.MODULES):
        modules += 1
        module_id = row_id(module.get("id"))
        items = await module_items(http, path, module)
        here = [item_id for row in items if part(row, "completion_requirement") and (item_id := row_id(row.get("id")))]
        if module_id is not None and here:
            found[module_id] = tuple(here)
            if module.get("items"):
                listed.add(module_id)
    return Required(found, frozenset(listed), modules)


async def _done(http: CanvasHttp, path: str, user: str, required: Required, row: Row) -> set[str] | None:
    """The items that a student has completed; None for one who is gone since the list of all was read."""
    count = part(row, "progress").get("requirement_completed_count")
    if count == 0 and isinstance(count, int):
        return set()
    if isinstance(count, int) and count >= len(required.items):
        return set(required.items)
    try:
        rows = [row async for row in _items_of(http, path, user, required)]
    except ApiCourseNotFound:
        return None
    return {
        item_id
        for row in rows
        if part(row, "completion_requirement").get("completed") is True and (item_id := row_id(row.get("id")))
    }


async def _items_of(http: CanvasHttp, path: str, user: str, required: Required) -> AsyncIterator[Row]:
    """The items of modules where something is required, as they stand for one student."""
    student = ("student_id", user)
    if required.in_one_list:
        async for module in http.rows(f"{path}/modules", _ITEMS, student, scope=canvas_scopes.MODULES):
            if row_id(module.get("id")) in required.by_module:
                for row in await module_items(http, path, module, student):
                    yield row
        return
    for module_id in required.by_module:
        where = f"{path}/modules/{module_id}/items"
        async for row in http.rows(where, student, scope=canvas_scopes.MODULE_ITEMS):
            yield row
