"""Bringing in a gradebook export: plan it, align what is not aligned yet, and append what it says as evidence.

Importing again replaces: a column is one occasion for each student, so a changed cell is a new revision of it, and a cell
that holds no grade any more voids what it said before.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import AlignmentOrigin, AlignmentRole
from lti_tool.content import service as content
from lti_tool.content.models import ItemKind
from lti_tool.courses.identities import Identities
from lti_tool.courses.models import Course
from lti_tool.mastery import gradebook_queries as queries
from lti_tool.mastery import service
from lti_tool.mastery.entries import GONE_FROM_FILE, OWN_REASONS, Entry
from lti_tool.mastery.gradebooks import GradebookFile
from lti_tool.mastery.gradebooks.matching import match
from lti_tool.mastery.gradebooks.planning import Choice, Plan, chosen, entries, plan, presentation
from lti_tool.mastery.models import Evidence

_KINDS = {"quiz": ItemKind.QUIZ}


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of an import, in pieces of evidence; ``learners`` counts who has any in the file."""

    added: int
    replaced: int
    unchanged: int
    taken_back: int
    learners: int
    columns: int


async def planned(session: AsyncSession, course: Course, file: GradebookFile, known: Identities) -> Plan:
    """The file beside its course as both stand now."""
    items = await content.items(session, course.organisation_id, course.id)
    views = await alignments.of_items(session, course.organisation_id, course.id, {item.id for item in items})
    return plan(file, match(file.rows, known.known), items, views)


async def align(
    session: AsyncSession,
    course: Course,
    the_plan: Plan,
    competencies: Mapping[int, Collection[uuid.UUID]],
    out_of: Mapping[int, Decimal | None],
    *,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """Have columns assess competencies (by the column's index), where they assess none yet. Columns that no item of the course
    stands behind get one. Raises what ``alignments.change`` raises.
    """
    changes: list[Change] = []
    for one in the_plan.columns:
        wanted = competencies.get(one.column.index, ())
        if not wanted or one.alignments:
            continue
        points = out_of.get(one.column.index) or one.column.possible
        item_id = (
            one.item.id
            if one.item is not None
            else await content.add_from_gradebook(
                session,
                course,
                one.name,
                one.column.title,
                _KINDS.get(one.column.kind, ItemKind.ASSIGNMENT),
                None if points is None else float(points),
                now,
            )
        )
        changes += [Change(item_id, competency_id, AlignmentRole.ASSESSES) for competency_id in wanted]
    if changes:
        await alignments.change(session, course, changes, {}, by=by, now=now, origin=AlignmentOrigin.CSV)


async def bring_in(
    session: AsyncSession,
    course: Course,
    the_plan: Plan,
    choices: Sequence[Choice],
    confirmed: Collection[int],
    *,
    count_zeros: bool,
    by: uuid.UUID | None,
    now: datetime,
) -> BroughtIn:
    """Append what the chosen columns say, in the caller's transaction. ``confirmed`` are the lines matched by name alone that
    the teacher confirmed.
    """
    by_index = {one.column.index: one for one in the_plan.columns}
    columns = [chosen(by_index[choice.column], choice) for choice in choices]
    usable = [one for one in columns if one.obstacle is None and one.item is not None]
    item_ids = {one.item.id for one in usable if one.item is not None}
    told = await queries.told_by_the_lms(session, course.organisation_id, course.id, item_ids)
    wanted = entries(the_plan, choices, confirmed, now, count_zeros=count_zeros, known=told)
    dates = {presentation(chosen(by_index[choice.column], choice)): choice.at for choice in choices}
    there = {
        (row.person_id, row.competency_id, row.presentation): row
        for row in await queries.of_presentations(
            session, course.organisation_id, course.id, [presentation(one) for one in usable]
        )
    }
    added: list[Entry] = []
    replaced: list[Entry] = []
    for entry in wanted:
        before = there.pop((entry.person_id, entry.competency_id, entry.presentation), None)
        if before is None or before.void_reason in OWN_REASONS:
            added.append(entry)
        elif not _same(before, entry, dates[entry.presentation]):
            # What a teacher voided stays so while the file says the same again; another grade is something new.
            (replaced if before.voided_at is None else added).append(entry)
    in_file = {person_id for _, person_id in the_plan.taken(confirmed)}
    gone = [row.id for row in there.values() if row.person_id in in_file and row.voided_at is None]
    await service.change(session, course, [*added, *replaced], dict.fromkeys(gone, GONE_FROM_FILE), now, by)
    learners = {entry.person_id for entry in wanted}
    said = f"{the_plan.file.lms}: {len(added)} added, {len(replaced)} replaced, {len(gone)} taken back"
    service.trace(session, course, now, "evidence.imported", by, said)
    return BroughtIn(
        added=len(added),
        replaced=len(replaced),
        unchanged=len(wanted) - len(added) - len(replaced),
        taken_back=len(gone),
        learners=len(learners),
        columns=len(usable),
    )


def _same(before: Evidence, entry: Entry, at: datetime | None) -> bool:
    """Whether an earlier import said the same. A day that nobody gave changes nothing about the one that was given."""
    return (
        before.earned == entry.earned
        and before.possible == entry.possible
        and before.passing_percent == entry.passing_percent
        and before.weight == entry.weight
        and before.shared == entry.shared
        and before.mixed == entry.mixed
        and (at is None or before.observed_at == at)
    )
