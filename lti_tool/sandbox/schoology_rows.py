"""What Schoology's REST API shows of a section: rows of the store in Schoology's shapes.

Field by field as in https://developers.schoology.com/api-documentation/rest-api-v1; what the sandbox has nothing for is left
out. Numbers come now as numbers, now as text, as they do there. Schoology numbers all content in one row; here the last digit
says what a number is of.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_progress import completed, requirements
from lti_tool.sandbox.models import (
    Assignment,
    Course,
    Discussion,
    FileEntry,
    LineItem,
    Module,
    ModuleItem,
    Page,
    Person,
    Quiz,
)
from lti_tool.sandbox.schoology_models import ContentTag
from lti_tool.sandbox.store import modules_of
from lti_tool.sandbox.tool_places import COLUMNS, ToolPlaces

Row = dict[str, Any]

# What a module's item is in a folder, and the digit its number ends in. A quiz is known by its assignment's number.
WORKS, PAGES, TALKS, FILES, LINKS, FOLDERS, INNER, PLACES, GROUPS = range(9)
_NUMBERED = {
    "Assignment": ("assignment", WORKS),
    "Page": ("page", PAGES),
    "Discussion": ("discussion", TALKS),
    "File": ("document", FILES),
}


def numbered(kind: int, row_id: int) -> int:
    """The number that the API shows."""
    return row_id * 10 + kind


def row_id(kind: int, number: int) -> int | None:
    """The row behind a number of this kind."""
    return number // 10 if number % 10 == kind and number > 0 else None


def local_time(moment: datetime | None, zone: str) -> str:
    """A date as the API writes it: in the time zone of whoever asks, without saying so."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


# --- Folders ----------------------------------------------------------------------------------------------------------------


@dataclass
class Shelf:
    """What of a section's content is shown beside its name, read once for all of it."""

    api: str
    section: int
    assignments: Mapping[int, Assignment]
    quizzes: Mapping[int, Assignment]
    pages: Mapping[int, Page]
    talks: Mapping[int, Discussion]
    files: Mapping[int, FileEntry]
    modules: Sequence[Module]
    rules: frozenset[int]
    met: frozenset[int]
    places: ToolPlaces
    tags: Mapping[int, Sequence[ContentTag]]
    teaches: bool = True
    _folders: dict[int, list[ModuleItem]] = field(default_factory=dict)

    @classmethod
    async def of(
        cls, session: AsyncSession, base_url: str, course: Course, *, person: Person | None, teaches: bool
    ) -> "Shelf":
        """The shelf of a section as ``person`` sees it, whose own completion is told."""
        assignments = {
            row.id: row for row in await session.scalars(select(Assignment).where(Assignment.course_id == course.id))
        }
        quizzes = await session.execute(select(Quiz.id, Quiz.assignment_id).where(Quiz.course_id == course.id))
        # A folder's rule is what completes an item of a module.
        rules = await requirements(session, course.id)
        own = person.id if person is not None else 0
        met = (await completed(session, rules, [own]))[own]
        tags: dict[int, list[ContentTag]] = {}
        for tag in await session.scalars(
            select(ContentTag).where(ContentTag.course_id == course.id).order_by(ContentTag.number)
        ):
            tags.setdefault(tag.item_id, []).append(tag)
        return cls(
            api=f"{base_url}/v1",
            section=course.id,
            assignments=assignments,
            quizzes={quiz_id: assignments[assignment_id] for quiz_id, assignment_id in quizzes},
            pages={row.id: row for row in await session.scalars(select(Page).where(Page.course_id == course.id))},
            talks={
                row.id: row
                for row in await session.scalars(select(Discussion).where(Discussion.course_id == course.id))
            },
            files={
                row.id: row for row in await session.scalars(select(FileEntry).where(FileEntry.course_id == course.id))
            },
            modules=[row for row in await modules_of(session, course.id) if row.published or teaches],
            rules=frozenset(rules),
            met=frozenset(met),
            places=await ToolPlaces.of(session, course.id),
            tags=tags,
            teaches=teaches,
        )

    def folder(self, number: int) -> Row | None:
        """A folder with what is in it; 0 is the uppermost, whose folders are the modules. None where there is no such folder."""
        root = self._folder_row(0, "", status=0)
        if number == 0:
            return {"self": root, "folder-item": [self._module_row(one) for one in self.modules]}
        for module in self.modules:
            parts, here = self._parts(module), self._module_row(module)
            if number == here["id"]:
                return {"self": here, "parent": root, "folder-item": [self._line(one, below) for one, below in parts]}
            for heading, below in parts:
                if heading.type == "SubHeader" and number == numbered(INNER, heading.id):
                    inside = [self._line(one, ()) for one in below]
                    return {"self": self._line(heading, below), "parent": here, "folder-item": inside}
        return None

    def _module_row(self, module: Module) -> Row:
        return self._folder_row(numbered(FOLDERS, module.id), module.name, status=int(module.published))

    def items(self) -> Iterator[ModuleItem]:
        """Every item that is shown, in the order of the folders."""
        for module in self.modules:
            for item in module.items:
                if item.published or self.teaches:
                    yield item

    def number(self, item: ModuleItem) -> tuple[str, int]:
        """What an item is in its folder, and its number there."""
        content = item.content_id or 0
        if item.type == "Quiz":
            return "assessment_v2", numbered(WORKS, self.quizzes[content].id if content in self.quizzes else 0)
        if item.type == "SubHeader":
            return "folder", numbered(INNER, item.id)
        if item.type not in _NUMBERED:
            return "document", numbered(LINKS, item.id)
        kind, digit = _NUMBERED[item.type]
        return kind, numbered(digit, content)

    def _parts(self, module: Module) -> list[tuple[ModuleItem, list[ModuleItem]]]:
        """A module's items. Schoology has no headings: one is a folder, with the items that stand indented below it."""
        parts: list[tuple[ModuleItem, list[ModuleItem]]] = []
        for item in module.items:
            if not item.published and not self.teaches:
                continue
            if parts and parts[-1][0].type == "SubHeader" and item.type != "SubHeader" and item.indent > 0:
                parts[-1][1].append(item)
            else:
                parts.append((item, []))
        return parts

    def _line(self, item: ModuleItem, inner: Sequence[ModuleItem]) -> Row:
        kind, number = self.number(item)
        if kind == "folder":
            ruled = any(one.id in self.rules for one in inner)
            return self._folder_row(number, item.title, status=int(item.published), has_rules=int(ruled))
        ruled, met = item.id in self.rules, item.id in self.met
        return {
            "id": number,
            "title": item.title,
            "body": "",
            "available": 1,
            "type": kind,
            "location": f"{self.api}/sections/{self.section}/{kind}s/{number}",
            "completion_status": ("complete" if met else "incomplete") if ruled else "",
            "has_rules": 0,
            "completed": int(met),
        }

    def _folder_row(self, number: int, title: str, *, status: int, has_rules: int = 0) -> Row:
        return {
            "id": number,
            "title": title,
            "body": "",
            "available": 1,
            "type": "folder",
            "location": f"{self.api}/courses/{self.section}/folder/{number}",
            "publish_start": "",
            "publish_end": "",
            "status": status,
            "completion_status": "",
            "has_rules": has_rules,
            "completed": 0,
        }

    # --- Lists beside the folders ------------------------------------------------------------------------------------------

    def tagged(self, *, with_tags: bool) -> Mapping[tuple[str, int], Row]:
        """What is said of each thing's tags, by what it is and its number: nothing, unless they were asked for."""
        if not with_tags:
            return defaultdict(dict)
        found: dict[tuple[str, int], Row] = defaultdict(lambda: {"tags": {"tag": []}})
        for item in self.items():
            tags = [
                {"id": tag.number, "vid": 1, "title": tag.title, "description": tag.description}
                for tag in self.tags.get(item.id, ())
            ]
            kind, number = self.number(item)
            found[kind.removesuffix("_v2"), number] = {"tags": {"tag": tags}}
        return found

    def assignment_rows(self, zone: str, *, with_tags: bool) -> list[Row]:
        """Assignments and tests."""
        tests, tags = {one.id for one in self.quizzes.values()}, self.tagged(with_tags=with_tags)
        rows = []
        for one in sorted(self.assignments.values(), key=lambda row: (row.position, row.id)):
            if not one.published and not self.teaches:
                continue
            number, kind = numbered(WORKS, one.id), "assessment" if one.id in tests else "assignment"
            rows.append(
                {
                    "id": number,
                    "title": one.name,
                    "description": "",
                    "due": local_time(one.due_at, zone),
                    "grading_scale": "0",
                    "grading_period": "1",
                    "grading_category": "0",
                    "max_points": f"{one.points_possible:g}",
                    "factor": "1",
                    "is_final": "0",
                    "published": int(one.published),
                    "type": kind,
                    "grade_item_id": number,
                    "available": 1,
                    "completed": 0,
                    "count_in_grade": 1,
                    "collected_only": 0,
                    "auto_publish_grades": 1,
                    "completion_status": "",
                    "links": {"self": f"{self.api}/sections/{self.section}/assignments/{number}"},
                }
                | tags[(kind, number)]
            )
        return rows + [self._column_row(one, zone) for one in self.places.columns]

    def _column_row(self, column: LineItem, zone: str) -> Row:
        """A column that a tool has made: an assignment in no folder, to which nobody hands anything in."""
        number = numbered(WORKS, COLUMNS + column.id)
        return {
            "id": number,
            "title": column.label,
            "description": "",
            "due": local_time(column.end_at, zone),
            "max_points": f"{column.score_maximum:g}",
            "is_final": "0",
            "published": 1,
            "type": "assignment",
            "grade_item_id": number,
            "available": 1,
            "allow_dropbox": "0",
            "auto_publish_grades": 1,
            "completion_status": "",
            "links": {"self": f"{self.api}/sections/{self.section}/assignments/{number}"},
        }

    def discussion_rows(self, *, with_tags: bool) -> list[Row]:
        """Discussions; the sandbox grades none."""
        tags = self.tagged(with_tags=with_tags)
        shown = {one.content_id: one for one in self.items() if one.type == "Discussion"}
        return [
            {
                "id": numbered(TALKS, one.id),
                "title": one.title,
                "body": "",
                "graded": 0,
                "published": int(one.id not in shown or shown[one.id].published),
                "available": 1,
                "completed": 0,
                "completion_status": "",
            }
            | tags[("discussion", numbered(TALKS, one.id))]
            for one in self.talks.values()
            if self.teaches or one.id in shown
        ]

    def page_rows(self, *, with_tags: bool) -> list[Row]:
        """Pages."""
        tags = self.tagged(with_tags=with_tags)
        shown = {one.content_id: one for one in self.items() if one.type == "Page"}
        return [
            {
                "id": numbered(PAGES, one.id),
                "title": one.title,
                "body": "",
                "parent": 0,
                "published": int(one.id not in shown or shown[one.id].published),
                "inline": 0,
                "created": int(one.updated_at.timestamp()),
                "children": [],
                "available": 1,
                "completed": 0,
                "completion_status": "",
            }
            | tags[("page", numbered(PAGES, one.id))]
            for one in self.pages.values()
            if self.teaches or one.id in shown
        ]

    def document_rows(self, *, with_tags: bool) -> list[Row]:
        """Files, links and tools, each in a document."""
        tags = self.tagged(with_tags=with_tags)
        rows = []
        for item in self.items():
            kind, number = self.number(item)
            if kind != "document":
                continue
            rows.append(
                {
                    "id": number,
                    "title": item.title,
                    "course_fid": numbered(FOLDERS, item.module_id),
                    "available": 1,
                    "published": int(item.published),
                    "completion_status": "",
                    "completed": 0,
                    "attachments": self._attachments(item),
                }
                | tags[(kind, number)]
            )
        return rows

    def _attachments(self, item: ModuleItem) -> Row:
        if item.type == "File":
            entry = self.files.get(item.content_id or 0)
            if entry is None:
                return {"files": {"file": []}}
            shown = {
                "id": numbered(FILES, entry.id),
                "type": "file",
                "title": item.title,
                "filename": entry.name,
                "filesize": entry.size,
                "filemime": entry.content_type,
            }
            return {"files": {"file": [shown]}}
        url = item.external_url or self.places.links.get(item.resource_link_id or 0, "")
        shown = {"id": numbered(LINKS, item.id), "title": item.title, "url": url}
        if item.type == "ExternalTool":
            return {"external_tools": {"external_tool": [shown]}}
        return {"links": {"link": [shown | {"summary": "", "favicon": "", "thumbnail": ""}]}}
