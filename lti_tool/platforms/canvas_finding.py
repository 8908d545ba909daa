"""What one access to a Canvas can do in a course: found out by asking a little of everything."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_contents import ITEMS
from lti_tool.platforms.canvas_fields import Row, row_id
from lti_tool.platforms.canvas_http import CanvasHttp, CanvasNotPermitted, NotAccepted, course_path
from lti_tool.platforms.canvas_scopes import OPTIONAL, SCOPES
from lti_tool.platforms.native import (
    Ability,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiUnreachable,
    ApiUnreadable,
    Capability,
    FoundOut,
    Lacking,
)

INCLUDES_IGNORED = "includes-ignored"
"""The developer key does not allow include parameters: everything costs more requests, and single attempts are not told."""

LOOSE_UNLISTED = "loose-items-unlisted"
"""What stands in no module and is no assignment is not shown, or in part, since the access lacks the scopes that list it."""

_NOBODY = "0"
"""An id that nothing has. What is refused for a scope or a right is refused before anything is looked for."""

_OFTEN_WHOLE = 50
"""Items up to which Canvas sends a module's items with it, where it heeds include parameters."""


async def find_out(http: CanvasHttp, course_id: str | None, offers: frozenset[Capability]) -> FoundOut:
    """See ``CanvasApi.find_out``."""
    lacking = Ability(False, Lacking.NOT_OFFERED)
    if course_id is None:
        await _is_alive(http)
        return FoundOut({one: Ability(True) if one in offers else lacking for one in Capability})
    tried = Tried(http, course_path(course_id))
    await tried.try_all()
    abilities = {one: tried.ability(one) if one in offers else lacking for one in Capability}
    return FoundOut(abilities, remarks=tried.remarks())


async def _is_alive(http: CanvasHttp) -> None:
    """Raises ApiTokenRefused for a dead token. A refusal of another kind is an answer, too: the token lives."""
    try:
        await http.answer("/api/v1/users/self", scope="url:GET|/api/v1/users/:id")
    except ApiNotPermitted:
        return


class Tried:
    """What Canvas answered when each endpoint was asked for a little, by scope: nothing (it works), or why not."""

    def __init__(self, http: CanvasHttp, path: str) -> None:
        self._http = http
        self._path = path
        self._answers: dict[str, Exception | None] = {}
        self._modules: list[Row] = []
        self._assignment = _NOBODY

    async def try_all(self) -> None:
        """Ask everything once. Raises when Canvas cannot be asked at all, or asks to wait."""
        self._modules = await self._try(canvas_scopes.MODULES, self._page("modules", *ITEMS, most=10)) or []
        assignments = await self._try(canvas_scopes.ASSIGNMENTS, self._page("assignments")) or []
        self._assignment = next((found for row in assignments if (found := row_id(row.get("id")))), _NOBODY)
        for scope, asking in self._askings().items():
            await self._try(scope, asking)

    def _askings(self) -> Mapping[str, Callable[[str], Awaitable[Any]]]:
        student = ("enrollment_type[]", "student")
        module = next((found for row in self._modules if (found := row_id(row.get("id")))), _NOBODY)
        overrides = f"assignments/{self._assignment}/overrides"
        return {
            canvas_scopes.MODULE_ITEMS: self._page(f"modules/{module}/items"),
            canvas_scopes.QUIZZES: self._page("quizzes"),
            canvas_scopes.PAGES: self._page("pages"),
            canvas_scopes.DISCUSSIONS: self._page("discussion_topics"),
            canvas_scopes.FILES: self._page("files"),
            canvas_scopes.SUBMISSIONS: self._page("students/submissions", ("student_ids[]", "all")),
            canvas_scopes.USERS: self._page("users", student),
            canvas_scopes.PROGRESS: self._page("bulk_user_progress"),
            canvas_scopes.OUTCOME_LINKS: self._page("outcome_group_links"),
            canvas_scopes.OUTCOME_RESULTS: self._page("outcome_results", inside="outcome_results"),
            canvas_scopes.SECTIONS: self._page("sections"),
            canvas_scopes.ENROLLMENTS: self._page("enrollments", ("type[]", "StudentEnrollment")),
            canvas_scopes.GROUPS: self._page("groups"),
            canvas_scopes.GROUP_USERS: lambda scope: self._http.page(
                f"/api/v1/groups/{_NOBODY}/users", scope=scope, most=1
            ),
            canvas_scopes.OVERRIDES: self._page(overrides),
            # An override without students is refused, and one that is not there cannot be changed or deleted.
            canvas_scopes.MAKE_OVERRIDE: self._change("POST", overrides),
            canvas_scopes.CHANGE_OVERRIDE: self._change("PUT", f"{overrides}/{_NOBODY}"),
            canvas_scopes.DELETE_OVERRIDE: self._change("DELETE", f"{overrides}/{_NOBODY}"),
        }

    def _page(
        self, name: str, *parameters: tuple[str, str], most: int = 1, inside: str | None = None
    ) -> Callable[[str], Awaitable[list[Row]]]:
        where = f"{self._path}/{name}"
        return lambda scope: self._http.page(where, *parameters, scope=scope, most=most, inside=inside)

    def _change(self, method: str, name: str) -> Callable[[str], Awaitable[Row]]:
        return lambda scope: self._http.change(method, f"{self._path}/{name}", scope=scope)

    async def _try(self, scope: str, asking: Callable[[str], Awaitable[Any]]) -> Any:
        first = not self._answers
        try:
            found = await asking(scope)
        except NotAccepted:
            # It was looked at, so it may be asked.
            self._answers[scope] = None
            return None
        except (ApiNotPermitted, ApiCourseNotFound) as answer:
            self._answers[scope] = answer
            return None
        except (ApiUnreachable, ApiUnreadable) as trouble:
            if first:
                raise
            self._answers[scope] = trouble
            return None
        self._answers[scope] = None
        return found

    def ability(self, capability: Capability) -> Ability:
        """What the answers mean for a capability: one missing scope is enough, and all that are missing are named."""
        answers = [
            self._meaning(scope, self._answers.get(scope)) for scope in SCOPES[capability] if scope not in OPTIONAL
        ]
        refused = [answer for answer in answers if isinstance(answer, CanvasNotPermitted)]
        if refused:
            return Ability(False, Lacking.NOT_PERMITTED, tuple(dict.fromkeys(one.needs for one in refused)))
        if isinstance(self._answers.get(canvas_scopes.MODULES), ApiCourseNotFound):
            return Ability(False, Lacking.FAILED)
        if any(isinstance(answer, ApiCourseNotFound) for answer in answers):
            return Ability(False, Lacking.SWITCHED_OFF)
        return Ability(False, Lacking.FAILED) if any(answers) else Ability(True)

    def _meaning(self, scope: str, answer: Exception | None) -> Exception | None:
        """Not finding what was asked for by an id that nothing has is as good as an answer."""
        by_nobody = {canvas_scopes.GROUP_USERS, canvas_scopes.CHANGE_OVERRIDE, canvas_scopes.DELETE_OVERRIDE}
        if not self._modules:
            by_nobody.add(canvas_scopes.MODULE_ITEMS)
        if self._assignment == _NOBODY:
            by_nobody |= {canvas_scopes.OVERRIDES, canvas_scopes.MAKE_OVERRIDE}
        return None if isinstance(answer, ApiCourseNotFound) and scope in by_nobody else answer

    def remarks(self) -> tuple[str, ...]:
        """What takes no capability away."""
        found = []
        if any(_lacks_items(row) for row in self._modules):
            found.append(INCLUDES_IGNORED)
        answers = [self._answers.get(scope) for scope in canvas_scopes.LOOSE]
        if any(isinstance(answer, CanvasNotPermitted) and answer.scope for answer in answers):
            found.append(LOOSE_UNLISTED)
        return tuple(found)


def _lacks_items(module: Row) -> bool:
    """Whether a module that has a few items came without them although they were asked for."""
    count = module.get("items_count")
    return isinstance(count, int) and 0 < count <= _OFTEN_WHOLE and not module.get("items")
