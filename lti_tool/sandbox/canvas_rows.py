"""What Canvas's REST API shows of modules, their items and people: rows of the store in Canvas's shapes.

Field by field as in https://canvas.instructure.com/doc/api/; what the sandbox has nothing for is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_access import LARGEST_PAGE, Here
from lti_tool.sandbox.canvas_dates import CourseDates, course_dates
from lti_tool.sandbox.canvas_models import AssignmentMore
from lti_tool.sandbox.canvas_progress import Met, Requirement, completed, requirements
from lti_tool.sandbox.models import Assignment, Module, ModuleItem, Page, Person, Quiz
from lti_tool.sandbox.tool_places import ToolPlaces


def moment(value: datetime | None) -> str | None:
    """As Canvas writes it: UTC, whole seconds, Z."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class ItemShaper:
    """Shapes modules and their items, with what of their content is shown beside them, as one caller sees them.

    ``quizzes`` by number, the assignment each stands in; ``new_quizzes`` are the assignments that New Quizzes keeps. ``met`` is
    what the student has completed, None where nobody's completion is shown; ``person_id`` is whose dates are.
    """

    here: Here
    slugs: Mapping[int, str]
    assignments: Mapping[int, Assignment]
    quizzes: Mapping[int, Assignment]
    new_quizzes: frozenset[int]
    required: Mapping[int, Requirement]
    dates: CourseDates
    met: Met | None
    person_id: int | None
    details: bool
    links: Mapping[int, str]

    @classmethod
    async def make(
        cls, session: AsyncSession, here: Here, *, details: bool, student: Person | None = None
    ) -> "ItemShaper":
        """Read what the items of a course show of their contents, once for all of them. ``student`` is whose completion is
        shown; without one the caller's own, if they study here.
        """
        course_id, caller = here.course.id, here.caller.person
        whose = student or (caller if caller is not None and here.role in ("student", "test_student") else None)
        pages = await session.execute(select(Page.id, Page.slug).where(Page.course_id == course_id))
        rows = await session.scalars(select(Assignment).where(Assignment.course_id == course_id))
        assignments = {row.id: row for row in rows}
        quizzes = await session.execute(select(Quiz.id, Quiz.assignment_id).where(Quiz.course_id == course_id))
        required = await requirements(session, course_id)
        return cls(
            here=here,
            slugs={row.id: row.slug for row in pages},
            assignments=assignments,
            quizzes={quiz_id: assignments[assignment_id] for quiz_id, assignment_id in quizzes},
            new_quizzes=await new_quizzes(session, course_id),
            required=required,
            dates=await course_dates(session, course_id),
            met=(await completed(session, required, [whose.id]))[whose.id] if whose else None,
            person_id=whose.id if whose else None,
            details=details,
            links=(await ToolPlaces.of(session, course_id)).links,
        )

    def shown(self, items: Sequence[ModuleItem]) -> list[ModuleItem]:
        """Those items that the caller sees: students see what is published."""
        return [item for item in items if item.published or self.here.teaches]

    def module(self, module: Module, *, with_items: bool) -> dict[str, Any]:
        """A module. Its items come along where they are asked for and not too many: else they are fetched by themselves."""
        items = self.shown(module.items)
        shown: dict[str, Any] = {
            "id": module.id,
            "name": module.name,
            "position": module.position,
            "unlock_at": None,
            "require_sequential_progress": False,
            "requirement_type": "all",
            "publish_final_grade": False,
            "prerequisite_module_ids": [],
            "items_count": len(items),
            "items_url": f"{self.here.api}/modules/{module.id}/items",
        }
        if self.here.teaches:
            shown["published"] = module.published
        if self.met is not None:
            shown |= self._progress(module)
        if with_items and len(items) <= LARGEST_PAGE:
            shown["items"] = [self.item(one) for one in items]
        return shown

    def _progress(self, module: Module) -> dict[str, Any]:
        wanted = [one.item_id for one in self.required.values() if one.module_id == module.id]
        met = [self.met[item_id] for item_id in wanted if self.met and item_id in self.met]
        if wanted and len(met) == len(wanted):
            return {"state": "completed", "completed_at": moment(max(met))}
        return {"state": "started" if met else "unlocked", "completed_at": None}

    def item(self, item: ModuleItem) -> dict[str, Any]:
        """An item; a heading leads nowhere, a page is known by its address, and a quiz of New Quizzes is an assignment."""
        kind, content_id = self._content(item)
        shown: dict[str, Any] = {
            "id": item.id,
            "module_id": item.module_id,
            "position": item.position,
            "title": item.title,
            "indent": item.indent,
            "type": kind,
            "quiz_lti": kind != item.type,
        }
        if self.here.teaches:
            shown["published"] = item.published
        if item.type != "SubHeader":
            # Of a link the API tells an address of its own, which leads on (lib/api/v1/context_module.rb).
            links = item.type == "ExternalUrl"
            place = f"{self.here.api}/module_item_redirect" if links else f"{self.here.web}/modules/items"
            shown["html_url"] = f"{place}/{item.id}"
        if content_id is not None:
            shown |= {"content_id": content_id, "url": self._content_url(item, kind, content_id)}
        if item.type == "Page" and item.content_id is not None:
            # Canvas names pages by their address, not by an id.
            shown["page_url"] = self.slugs.get(item.content_id)
            del shown["content_id"]
        if item.type in ("ExternalUrl", "ExternalTool"):
            shown |= {
                "external_url": item.external_url or self.links.get(item.resource_link_id or 0),
                "new_tab": item.new_tab,
            }
        if item.id in self.required:
            shown["completion_requirement"] = self._requirement(self.required[item.id])
        if self.details:
            shown["content_details"] = self._details(kind, content_id)
        return shown

    def _content(self, item: ModuleItem) -> tuple[str, int | None]:
        assignment = self.quizzes.get(item.content_id or 0) if item.type == "Quiz" else None
        if assignment is not None and assignment.id in self.new_quizzes:
            return "Assignment", assignment.id
        return item.type, item.content_id

    def _content_url(self, item: ModuleItem, kind: str, content_id: int) -> str:
        folder = {"Page": "pages", "Quiz": "quizzes", "Discussion": "discussion_topics", "File": "files"}
        key = self.slugs.get(content_id) if item.type == "Page" else content_id
        return f"{self.here.api}/{folder.get(kind, 'assignments')}/{key}"

    def _requirement(self, one: Requirement) -> dict[str, Any]:
        shown: dict[str, Any] = {"type": one.type}
        if one.least is not None and one.type in ("min_score", "min_percentage"):
            shown[one.type] = one.least
        if self.met is not None:
            shown["completed"] = one.item_id in self.met
        return shown

    def _details(self, kind: str, content_id: int | None) -> dict[str, Any]:
        places = {"Assignment": self.assignments, "Quiz": self.quizzes}.get(kind, {})
        assignment = places.get(content_id or 0)
        if assignment is None:
            return {"locked_for_user": False}
        dates = self.dates.of(assignment.id, self.person_id)
        shown = {
            "points_possible": assignment.points_possible,
            "due_at": moment(dates.due_at),
            "unlock_at": moment(dates.unlock_at),
            "lock_at": moment(dates.lock_at),
            "locked_for_user": not self.here.teaches and dates.locked(self.here.platform.now()),
        }
        return {name: value for name, value in shown.items() if value is not None}


async def new_quizzes(session: AsyncSession, course_id: int) -> frozenset[int]:
    """The assignments of a course that are quizzes of New Quizzes."""
    found = await session.scalars(
        select(AssignmentMore.assignment_id)
        .join(Assignment, Assignment.id == AssignmentMore.assignment_id)
        .where(Assignment.course_id == course_id, AssignmentMore.new_quiz)
    )
    return frozenset(found)


async def quiz_ids(session: AsyncSession, course_id: int) -> dict[int, int]:
    """The classic quizzes of a course by the assignment that stands for them."""
    others = await new_quizzes(session, course_id)
    rows = await session.execute(select(Quiz.assignment_id, Quiz.id).where(Quiz.course_id == course_id))
    return {row.assignment_id: row.id for row in rows if row.assignment_id not in others}


def user_json(person: Person) -> dict[str, Any]:
    """A person, without login or address."""
    return {
        "id": person.id,
        "name": person.name,
        "short_name": person.name,
        "sortable_name": person.sortable_name,
        "created_at": moment(person.created_at),
    }
