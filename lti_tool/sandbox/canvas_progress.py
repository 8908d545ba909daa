"""What completes the items of a course's modules, and who has completed them (app/models/context_module_progression.rb)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_models import ItemDeed, ItemRequirement
from lti_tool.sandbox.models import Assignment, Module, ModuleItem, Quiz, Submission

_DEED_OF = {"must_view": "viewed", "must_mark_done": "done", "must_contribute": "contributed"}
Met = Mapping[int, datetime]
"""When items were completed, by their ids; those that were not are absent."""


@dataclass(frozen=True)
class Requirement:
    """What completes an item; ``assignment`` is what is handed in there."""

    item_id: int
    module_id: int
    type: str
    least: float | None
    assignment: Assignment | None

    def met_by(self, submission: Submission | None) -> bool:
        """Whether a submission completes the item; looking at it and marking it are no submissions."""
        if submission is None or self.assignment is None:
            return False
        if self.type == "must_submit":
            return submission.submitted_at is not None
        if submission.score is None or self.least is None:
            return False
        most = self.assignment.points_possible
        reached = submission.score if self.type == "min_score" else (submission.score / most * 100 if most else 0.0)
        return reached >= self.least


async def requirements(session: AsyncSession, course_id: int) -> dict[int, Requirement]:
    """What completes the published items of a course, by item."""
    rows = await session.execute(
        select(ModuleItem, ItemRequirement)
        .join(ItemRequirement, ItemRequirement.item_id == ModuleItem.id)
        .join(Module, Module.id == ModuleItem.module_id)
        .where(ModuleItem.course_id == course_id, ModuleItem.published, Module.published)
        .order_by(Module.position, ModuleItem.position)
    )
    assignments = {
        row.id: row for row in await session.scalars(select(Assignment).where(Assignment.course_id == course_id))
    }
    quizzes = await session.execute(select(Quiz.id, Quiz.assignment_id).where(Quiz.course_id == course_id))
    behind = {row.id: row.assignment_id for row in quizzes}
    found = {}
    for item, wanted in rows:
        key = {"Quiz": behind.get(item.content_id or 0), "Assignment": item.content_id}.get(item.type)
        found[item.id] = Requirement(item.id, item.module_id, wanted.type, wanted.least, assignments.get(key or 0))
    return found


async def completed(
    session: AsyncSession, wanted: Mapping[int, Requirement], people: Collection[int]
) -> dict[int, dict[int, datetime]]:
    """By person, what they have completed; everybody of ``people`` is there."""
    met: dict[int, dict[int, datetime]] = {person_id: {} for person_id in people}
    for person_id, item_id, deed, at in await session.execute(
        select(ItemDeed.person_id, ItemDeed.item_id, ItemDeed.deed, ItemDeed.at).where(ItemDeed.item_id.in_(wanted))
    ):
        if person_id in met and _DEED_OF.get(wanted[item_id].type) == deed:
            met[person_id][item_id] = at
    ids = {one.assignment.id for one in wanted.values() if one.assignment is not None}
    handed_in = {
        (row.person_id, row.assignment_id): row
        for row in await session.scalars(select(Submission).where(Submission.assignment_id.in_(ids)))
    }
    for one in wanted.values():
        for person_id in people if one.assignment is not None else ():
            submission = handed_in.get((person_id, one.assignment.id if one.assignment else 0))
            if submission is not None and one.met_by(submission):
                met[person_id][one.item_id] = _when(one, submission)
    return met


def _when(one: Requirement, submission: Submission) -> datetime:
    """When a submission completed an item; a score without any moment counts from when its assignment was made."""
    moments = [submission.submitted_at, submission.graded_at]
    if one.type != "must_submit":
        moments.reverse()
    told = [at for at in moments if at is not None]
    if not told and one.assignment is not None:
        told = [one.assignment.created_at]
    return told[0]


async def note(session: AsyncSession, item_id: int, person_id: int, deed: str, now: datetime) -> None:
    """Note what a student did with an item; the first time counts. Items that nothing completes keep no such notes."""
    if await session.get(ItemRequirement, item_id) is None:
        return
    row = {"item_id": item_id, "person_id": person_id, "deed": deed, "at": now}
    await session.execute(upsert(ItemDeed).values(**row).on_conflict_do_nothing())


async def take_back(session: AsyncSession, item_id: int, person_id: int, deed: str) -> None:
    """A student takes back that an item is done."""
    await session.execute(
        delete(ItemDeed).where(ItemDeed.item_id == item_id, ItemDeed.person_id == person_id, ItemDeed.deed == deed)
    )


async def require(session: AsyncSession, item_id: int, type_: str, least: float | None = None) -> None:
    """Say what completes an item, in the place of what did."""
    found = await session.get(ItemRequirement, item_id)
    if found is None:
        found = ItemRequirement(item_id=item_id)
        session.add(found)
    found.type, found.least = type_, least
    await session.flush()
