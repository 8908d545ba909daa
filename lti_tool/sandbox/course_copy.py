"""Copies a course: modules, content and tools' links with new ids, and the history that links to where they came from.

Work, grades, groups and columns that hang on no link stay behind, as they do on Canvas.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from lti_tool.sandbox.bench_models import CourseHistory, LineItemReview, LinkMore
from lti_tool.sandbox.canvas_copy import copy_more
from lti_tool.sandbox.models import (
    Assignment,
    Base,
    Course,
    Discussion,
    Enrolment,
    FileEntry,
    LineItem,
    Module,
    ModuleItem,
    Observation,
    Page,
    Quiz,
    ResourceLink,
)
from lti_tool.sandbox.special_messages import context_history, link_history
from lti_tool.sandbox.store import add_course, like_of, new_lti_id

R = TypeVar("R", bound=Base)
_CONTENT = {"Page": Page, "Quiz": Quiz, "Assignment": Assignment, "Discussion": Discussion, "File": FileEntry}
_PARTS = {"quizzes": "Quiz", "assignments": "Assignment", "discussion_topics": "Discussion", "files": "File"}


async def copy_course(
    session: AsyncSession, origin: Course, *, name: str, now: datetime, with_everybody: bool = False
) -> Course:
    """A new course with everything of ``origin`` that can be copied. Its teachers are enrolled; students and their families
    only ``with_everybody``.
    """
    course = await add_course(session, name=name[:300], now=now, code=origin.code)
    copying = _Copying(session, origin, course, now)
    await copying.run()
    session.add(
        CourseHistory(course_id=course.id, context_ids=[origin.context_id, *await context_history(session, origin.id)])
    )
    await _enrol(session, origin, course, now, with_everybody=with_everybody)
    await session.flush()
    return course


async def _enrol(session: AsyncSession, origin: Course, course: Course, now: datetime, *, with_everybody: bool) -> None:
    for row in (await session.scalars(select(Enrolment).where(Enrolment.course_id == origin.id))).all():
        if row.active and (with_everybody or row.role == "teacher"):
            session.add(_twin(row, course_id=course.id, created_at=now))
    if with_everybody:
        for watched in (await session.scalars(select(Observation).where(Observation.course_id == origin.id))).all():
            session.add(_twin(watched, course_id=course.id))


def _twin(row: R, **changes: Any) -> R:
    """A new row with the same values but for its id and the changes."""
    names = [attribute.key for attribute in inspect(type(row)).column_attrs if attribute.key != "id"]
    return type(row)(**{name: getattr(row, name) for name in names} | changes)


@dataclass
class _Copying:
    """One copy under way. ``ids`` by kind of content: the new id of each old one."""

    session: AsyncSession
    origin: Course
    course: Course
    now: datetime
    ids: dict[str, dict[int, int]] = field(default_factory=dict)

    async def run(self) -> None:
        """Copy everything; words come last, since they refer to what has its new id only then."""
        for kind in ("File", "Page", "Discussion", "Assignment", "Quiz"):
            await self._content(kind)
        links = await self._links()
        await self._modules(links)
        await copy_more(self.session, self.origin, self.course, self.ids["Item"], self.ids["Assignment"])
        await self._words()
        await self.session.flush()

    async def _rows(self, model: type[R], *options: Any) -> list[R]:
        query = select(model).filter_by(course_id=self.origin.id).options(*options)
        return list(await self.session.scalars(query.order_by(*inspect(model).primary_key)))

    async def _content(self, kind: str) -> None:
        model: type[Any] = _CONTENT[kind]
        options = (undefer(FileEntry.content),) if kind == "File" else ()
        ids = self.ids[kind] = {}
        for row in await self._rows(model, *options):
            changes: dict[str, Any] = {"course_id": self.course.id}
            if kind == "Quiz":
                changes["assignment_id"] = self.ids["Assignment"][row.assignment_id]
            if kind == "Assignment":
                changes |= {"created_at": self.now, "updated_at": self.now}
            twin = _twin(row, **changes)
            self.session.add(twin)
            await self.session.flush()
            ids[row.id] = twin.id

    async def _links(self) -> dict[int, int]:
        """The tools' links, each with the column that hangs on it, without grades."""
        found: dict[int, int] = {}
        for link in await self._rows(ResourceLink):
            twin = _twin(link, course_id=self.course.id, lti_id=new_lti_id())
            self.session.add(twin)
            await self.session.flush()
            twin.lti_id = like_of(self.session).new_link_id(twin.id)
            found[link.id] = twin.id
            more = await self.session.get(LinkMore, link.id)
            history = [link.lti_id, *await link_history(self.session, link.id)]
            icon = more.icon_url if more else None
            self.session.add(LinkMore(resource_link_id=twin.id, history=history, icon_url=icon))
            await self._columns(link, twin)
        return found

    async def _columns(self, link: ResourceLink, twin: ResourceLink) -> None:
        columns = await self.session.scalars(
            select(LineItem)
            .where(LineItem.course_id == self.origin.id, LineItem.resource_link_id == link.lti_id)
            .order_by(LineItem.id)
        )
        for column in columns.all():
            copy = _twin(column, course_id=self.course.id, resource_link_id=twin.lti_id, created_at=self.now)
            self.session.add(copy)
            await self.session.flush()
            review = await self.session.get(LineItemReview, column.id)
            if review is not None:
                self.session.add(_twin(review, line_item_id=copy.id))

    async def _modules(self, links: dict[int, int]) -> None:
        modules = {}
        for module in await self._rows(Module):
            twin = _twin(module, course_id=self.course.id)
            self.session.add(twin)
            await self.session.flush()
            modules[module.id] = twin.id
        items = self.ids["Item"] = {}
        for item in await self._rows(ModuleItem):
            content = self.ids.get(item.type, {}).get(item.content_id or 0)
            copy = _twin(
                item,
                course_id=self.course.id,
                module_id=modules[item.module_id],
                content_id=content,
                resource_link_id=links.get(item.resource_link_id or 0),
            )
            self.session.add(copy)
            await self.session.flush()
            items[item.id] = copy.id

    async def _words(self) -> None:
        self.course.description = self._rewritten(self.origin.description)
        for kind, names in (
            ("Page", ("html",)),
            ("Discussion", ("html",)),
            ("Assignment", ("description",)),
            ("Quiz", ("description",)),
        ):
            for new_id in self.ids[kind].values():
                row: Any = await self.session.get_one(_CONTENT[kind], new_id)
                for name in names:
                    setattr(row, name, self._rewritten(getattr(row, name)))
                if kind == "Quiz":
                    row.questions = json.loads(self._rewritten(json.dumps(row.questions)))

    def _rewritten(self, html: str) -> str:
        """Words whose references to the old course lead into the new one."""
        old = re.escape(f"/courses/{self.origin.id}")
        html = re.sub(rf"(?<![\w/]){old}/([a-z_]+(?:/items)?)/(\d+)", self._address, html)
        return re.sub(rf"(?<![\w/]){old}(?=[/\"'#?\\])", f"/courses/{self.course.id}", html)

    def _address(self, found: re.Match[str]) -> str:
        part, old_id = found[1], int(found[2])
        kind = "Item" if part == "modules/items" else _PARTS.get(part, "")
        new_id = self.ids.get(kind, {}).get(old_id, old_id)
        return f"/courses/{self.course.id}/{part}/{new_id}"
