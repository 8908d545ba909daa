"""Planning copies of personal playlists again, when what they were made of has changed.

A copy remembers what its last plan saw: a digest of the moments at which everything it is made of had last changed. Another
digest means another plan. Moments are compared for being the same, never for being later, so that neither the clocks of two
servers nor a transaction that took long can hide a change.

Planning holds no lock. What is known is read, plans are made, and then one short transaction writes them for those copies in
which nothing has moved meanwhile; the others are out of date still and are looked at again. A plan that says what stands there
already writes no step.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import day_in, zone_named
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.jobs import runner_of
from lti_tool.mastery import versions
from lti_tool.playlists import personal, planned_queries, ways
from lti_tool.playlists import personal_queries as queries
from lti_tool.playlists.models import DoneRule, Need, StepKind, StepOrigin, StepRole, StepState
from lti_tool.playlists.path_models import PathRequest, RequestKind
from lti_tool.playlists.personal import Book
from lti_tool.playlists.personal_queries import Asked, CopyRow, WorkRow
from lti_tool.playlists.planned_queries import OwnForm, OwnStep
from lti_tool.playlists.planning import base, planner, why
from lti_tool.playlists.planning.choosing import TALK_AGAIN
from lti_tool.playlists.planning.settings import PathSettings

PLAN = "plan-paths"
"""The task that plans a course's copies that are out of date; nudged after a teacher's change. The key is the course's."""

FOR_A_PAGE = 60
"""Copies that a teacher's page plans itself before it is shown: a class. Of more, the job does the rest meanwhile."""

MADE_BY = 5
"""Counts changes of how plans are made, so that plans of an earlier version are out of date."""

AT_ONCE = 25
"""Copies that are read and written together. Few, so that nobody waits long for a copy that is being written."""

_PLACES = 3
"""Decimals of an expected success that are kept: more would be written anew each day."""


# --- Out of date --------------------------------------------------------------------------------------------------------


def seen(times: queries.CourseTimes, copy: CopyRow) -> str:
    """A digest of when everything that a copy's plan is made of last changed; 20 characters."""
    made_of = (
        *times,
        copy.playlist_changed_at,
        copy.revision,
        copy.mastery,
        copy.profile,
        copy.supports,
        copy.modifications,
        copy.rulings,
        copy.decided,
        copy.moved,
    )
    said = "|".join(one.isoformat() if isinstance(one, datetime) else str(one) for one in made_of)
    return hashlib.sha256(f"{MADE_BY}|{said}".encode()).hexdigest()[:20]


def is_stale(times: queries.CourseTimes, copy: CopyRow, today: date) -> bool:
    """Whether a copy has to be planned: for the first time, since something changed, or since a day has come."""
    planned = copy.planned
    if planned is None or planned.get("seen") != seen(times, copy):
        return True
    again = planned.get("again")
    return again is not None and date.fromisoformat(again) <= today


def _again(learner: base.Learner, today: date) -> date | None:
    """The day on which the same would be planned differently, if one is known: reviews and dates come nearer, what was passed
    over is offered again, and so is a talk that led to nothing.
    """
    if learner.dated or any(due <= today for due in learner.reviews.values()):
        return today + timedelta(days=1)
    if any(done.skipped_on is not None for done in learner.items.values()):
        return today + timedelta(days=1)
    talks = [
        one.on + TALK_AGAIN
        for one in learner.walked
        if one.role is StepRole.TALK and one.on is not None and one.on + TALK_AGAIN > today
    ]
    return min([*learner.reviews.values(), *talks], default=None)


# --- From what is known to what is to be written ------------------------------------------------------------------------


@dataclass(slots=True)
class Draft:
    """What planning one copy comes to. ``added`` are rows of steps, ``changed`` those that stay and say something else."""

    copy: CopyRow
    plan: base.Plan
    planned: dict[str, Any]
    added: list[dict[str, Any]] = field(default_factory=list)
    forms: dict[uuid.UUID, list[OwnForm]] = field(default_factory=dict)
    """The other forms that steps shall have, by step; those that are begun are left as they are."""
    changed: list[tuple[uuid.UUID, dict[str, Any]]] = field(default_factory=list)
    gone: list[uuid.UUID] = field(default_factory=list)

    @property
    def is_other(self) -> bool:
        """Whether any step is other than it was."""
        return bool(self.added or self.changed or self.gone)


@dataclass(slots=True)
class _Facts:
    """What the steps of one copy are made of."""

    organisation_id: uuid.UUID
    book: Book
    copy: CopyRow
    terms: PathSettings
    learner: base.Learner
    passing: Mapping[uuid.UUID, float]
    own: Sequence[OwnStep]
    rows: Mapping[uuid.UUID, WorkRow]
    chosen: frozenset[uuid.UUID]

    @property
    def has_forms(self) -> bool:
        """Whether this student may ever have had other forms of steps."""
        return self.copy.supports is not None or self.copy.modifications is not None


def _drawn(facts: _Facts, digest: str, today: date) -> Draft:
    """A copy's plan, and what has to be written for its path to say the same."""
    plan = planner.plan(facts.book.course, facts.learner, facts.terms.planning, today)
    draft = Draft(facts.copy, plan, {})
    past, begun, given, waiting = _sorted(facts)
    placed: list[OwnStep | dict[str, Any]] = [*past]
    to_come: list[OwnStep | dict[str, Any]] = []
    for planned in plan.steps:
        key = (planned.item, planned.competency, planned.role)
        there = _take(begun, key) or _take(waiting, key)
        if there is None and planned.why.reason is base.Reason.BEGUN:
            continue  # It is begun under another competency or role, and stays where it is.
        wanted = _wanted(facts, planned)
        if there is not None and there.id in facts.rows:
            to_come.append(there)
        elif there is not None:
            to_come.append(_kept(there, wanted, draft))
        else:
            to_come.append(wanted)
            draft.added.append(wanted)
        if facts.has_forms and not (there is not None and there.id in facts.rows):
            draft.forms[there.id if there is not None else wanted["id"]] = _forms(facts, planned)
    # A ban and a modification are stronger than what is begun; what was done of it is kept.
    out = {one.item for one in plan.conflicts if one.clash in _OUT}
    left = _left(begun)
    stays = [step for step in left if step.content_item_id is None or facts.book.whole(step.content_item_id) not in out]
    # What is begun and not in the plan, and what the teacher put on this path, comes before what the tool adds.
    placed += [*stays, *given, *to_come]
    _number(placed, draft)
    draft.gone = [step.id for step in [*_left(waiting), *left] if step not in stays]
    again = _again(facts.learner, today)
    draft.planned = {
        "seen": digest,
        "again": None if again is None else again.isoformat(),
        "nothing": plan.nothing,
        "conflicts": [
            {"clash": one.clash, "item": None if one.item is None else str(one.item), "competency": one.competency}
            for one in plan.conflicts
        ],
        "without": sorted(plan.without_items),
    }
    return draft


_OUT = frozenset({base.Clash.BEGUN_IS_BANNED, base.Clash.BEGUN_IS_MODIFIED})

_Key = tuple[uuid.UUID | None, int | None, StepRole]
_Steps = dict[_Key, list[OwnStep]]


def _sorted(facts: _Facts) -> tuple[list[OwnStep], _Steps, list[OwnStep], _Steps]:
    """A copy's own steps: done; begun; a teacher's, not begun; the tool's, not begun."""
    past: list[OwnStep] = []
    given: list[OwnStep] = []
    begun: _Steps = {}
    waiting: _Steps = {}
    for step in facts.own:
        row = facts.rows.get(step.id)
        if row is not None and row.state == StepState.DONE:
            past.append(step)
        elif step.role is None or step.origin == StepOrigin.TEACHER:
            given.append(step)
        else:
            number = None if step.competency_id is None else facts.book.numbers.get(step.competency_id)
            item = None if step.content_item_id is None else facts.book.whole(step.content_item_id)
            some = begun if personal.is_begun(row) else waiting
            some.setdefault((item, number, StepRole(step.role)), []).append(step)
    return past, begun, given, waiting


def _take(steps: _Steps, key: _Key) -> OwnStep | None:
    some = steps.get(key)
    return some.pop(0) if some else None


def _left(steps: _Steps) -> list[OwnStep]:
    return sorted((step for some in steps.values() for step in some), key=lambda one: one.position)


def _number(placed: Iterable[OwnStep | dict[str, Any]], draft: Draft) -> None:
    """Number places from 0; steps whose place alone is another are changed as well."""
    changed = dict(draft.changed)
    for position, one in enumerate(placed):
        if isinstance(one, dict):
            one["position"] = position
        elif one.id in changed:
            changed[one.id]["position"] = position
        elif one.position != position:
            changed[one.id] = {**_said(one), "position": position}
    draft.changed = list(changed.items())


def _said(step: OwnStep) -> dict[str, Any]:
    return {name: getattr(step, name) for name in planned_queries.CHANGED}


def _kept(step: OwnStep, wanted: Mapping[str, Any], draft: Draft) -> OwnStep:
    """A step that stays; what it says is brought up to the plan. What was approved stays approved."""
    after = {name: wanted[name] for name in planned_queries.CHANGED}
    after["position"] = step.position
    after["proposed"] = step.proposed and wanted["proposed"]
    after["origin"] = step.origin if step.origin == StepOrigin.STUDENT else wanted["origin"]
    if after != _said(step):
        draft.changed.append((step.id, after))
    return step


def _wanted(facts: _Facts, planned: base.Planned) -> dict[str, Any]:
    """A planned step as a row; its position comes later."""
    # Everybody's item: which form of it this student opens is kept where only those who may see supports look.
    item = None if planned.item is None else facts.book.items.get(planned.item)
    competency = None if planned.competency is None else facts.book.competencies.get(planned.competency)
    title = item.title if item is not None else (competency.words if competency is not None else "")
    rule, passing = _done_rule(facts, planned, item)
    chosen = planned.item is not None and planned.item in facts.chosen
    return {
        "organisation_id": facts.organisation_id,
        "id": new_id(),
        "playlist_id": facts.copy.playlist_id,
        "personal_playlist_id": facts.copy.id,
        "section_id": None,
        "position": 0,
        "kind": StepKind.CONFERENCE if planned.role is StepRole.TALK else StepKind.ITEM,
        "title": title[:500],
        "follows_item": item is not None,
        "note": "",
        "need": Need.MUST,
        "content_item_id": planned.item,
        "url": None,
        "done_rule": rule,
        "pass_percent": passing,
        "minutes": None if item is None else item.minutes,
        "opens_at": None,
        "due_at": None,
        "after_step_id": None,
        "after_competency_id": None,
        "competency_id": None if competency is None else competency.id,
        "is_precheck": False,
        "origin": StepOrigin.STUDENT if chosen else StepOrigin.TOOL,
        "role": planned.role,
        "why": {**why.to_json(planned.why), ways.INSTEAD: [str(one) for one in planned.equals]},
        "expected": None if planned.expected is None else round(planned.expected, _PLACES),
        "proposed": facts.terms.approve and not chosen,
        "removed_at": None,
    }


def _done_rule(facts: _Facts, planned: base.Planned, item: base.Item | None) -> tuple[DoneRule, float | None]:
    """A conference is signed off; what is scored counts by its result; everything else by the student's mark.

    What was passed once and comes again as a review is marked: its old result would count at once.
    """
    if planned.role is StepRole.TALK or item is None or planned.item is None:
        return DoneRule.SIGNED, None
    if not item.scored or facts.learner.items.get(planned.item, base.Done()).finished:
        return DoneRule.MARKED, None
    if planned.role is StepRole.PLACE:
        return DoneRule.RESULT, None
    number = planned.competency
    if number is None:
        marks = [mark for (one, _), mark in facts.book.passing.items() if one == planned.item]
        return DoneRule.RESULT, min(marks, default=personal.USUAL_PASSING_PERCENT)
    return DoneRule.RESULT, facts.book.passing.get((planned.item, number), personal.USUAL_PASSING_PERCENT)


def _forms(facts: _Facts, planned: base.Planned) -> list[OwnForm]:
    """The other form of a planned step for this student: what serves their supports, and a passing mark of their own."""
    form = None if planned.form is None else facts.book.items.get(planned.form)
    serves = sorted(form.serves & facts.learner.supports) if form is not None else []
    competency_id = facts.book.competency_id(planned.competency)
    item = None if planned.item is None else facts.book.items.get(planned.item)
    by_result = _done_rule(facts, planned, item)[0] is DoneRule.RESULT
    own = facts.passing.get(competency_id) if competency_id is not None and by_result else None
    if form is None and own is None:
        return []
    return [
        OwnForm(
            modifies=own is not None,
            support=serves[0] if serves else "",
            language="" if form is None else form.language,
            title="" if form is None else form.title,
            content_item_id=planned.form,
            minutes=None if form is None else form.minutes,
            pass_percent=own,
        )
    ]


# --- Reading, planning, writing -----------------------------------------------------------------------------------------


async def _read(
    session: AsyncSession,
    course: Course,
    book: Book,
    copies: Sequence[CopyRow],
    now: datetime,
) -> list[_Facts]:
    asked = Asked(course.organisation_id, course.id, sorted({copy.person_id for copy in copies}))
    known = await personal.known(session, book, asked, copies)
    facts = []
    for copy in copies:
        terms = personal.terms(copy)
        learner = personal.learner(book, known, copy, terms.planning, now)
        facts.append(
            _Facts(
                organisation_id=course.organisation_id,
                book=book,
                copy=copy,
                terms=terms,
                learner=learner,
                passing=known.passing.get(copy.person_id, {}),
                own=known.own[copy.id],
                rows={row.step_id: row for row in known.work.get(copy.person_id, ())},
                chosen=frozenset(learner.chosen),
            )
        )
    return facts


async def write(session: AsyncSession, course: Course, drafts: Sequence[Draft], now: datetime) -> int:
    """Write plans for those copies in which nothing has moved since they were read; how many."""
    locked = await planned_queries.lock(session, course.organisation_id, [draft.copy.id for draft in drafts])
    written: list[Draft] = []
    for draft in sorted(drafts, key=lambda one: one.copy.id):
        copy = locked.get(draft.copy.id)
        before = (draft.copy.moved_at, draft.copy.planned_at, None)
        if copy is not None and (copy.moved_at, copy.planned_at, copy.left_at) == before:
            written.append(draft)
    to_write = planned_queries.Written(
        gone=[one for draft in written for one in draft.gone],
        added=[row for draft in written for row in draft.added],
        changed=[one for draft in written for one in draft.changed],
        planned=[(draft.copy.id, draft.planned) for draft in written if draft.planned != draft.copy.planned],
    )
    await planned_queries.write(session, course.organisation_id, to_write, now)
    await _tell_teacher(session, written, now)
    with_forms = {step_id: some for draft in written for step_id, some in draft.forms.items()}
    if with_forms:
        owners = {step_id: draft.copy.person_id for draft in written for step_id in draft.forms}
        await planned_queries.put_forms(session, course.organisation_id, with_forms, owners, now)
    return len(written)


async def _tell_teacher(session: AsyncSession, written: Sequence[Draft], now: datetime) -> None:
    """A talk that the tool plans waits for the teacher like what a student asks for."""
    talks = [
        PathRequest(
            organisation_id=row["organisation_id"],
            personal_playlist_id=draft.copy.id,
            step_id=row["id"],
            kind=RequestKind.CONFERENCE if row["content_item_id"] is None else RequestKind.RETAKE,
            origin=StepOrigin.TOOL,
            why=row["why"],
            created_at=now,
        )
        for draft in written
        for row in draft.added
        if row["role"] is StepRole.TALK
    ]
    if talks:
        session.add_all(talks)
        await session.flush()


async def _plan(database: Database, course: Course, facts: Sequence[_Facts], now: datetime) -> tuple[int, int]:
    """Plan copies that are out of date and write what is other; how many were planned, and how many have other steps now."""
    drafts = []
    for one in facts:
        drafts.append(_drawn(one, seen(one.book.times, one.copy), day_in(one.book.zone, now)))
        await asyncio.sleep(0)  # Who opens a page meanwhile is served between two plans.
    async with database.writing() as session:
        written = await write(session, course, drafts, now)
    return written, sum(draft.is_other for draft in drafts)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of looking: copies that were out of date and planned, and those of them that have other steps now."""

    planned: int = 0
    changed: int = 0


async def up_to_date(database: Database, course: Course, person_id: uuid.UUID, now: datetime) -> Report:
    """Bring a student's personal playlists in a course up to what is known now; two statements where nothing changed."""
    return await plan_course(database, course, now, [person_id])


async def plan_some(database: Database, course: Course, now: datetime) -> Report:
    """Bring a class up to date before its page is shown; of a very large one, a part, and the job does the rest."""
    report = await plan_course(database, course, now, most=FOR_A_PAGE)
    if report.planned >= FOR_A_PAGE:
        runner_of(database).nudge(PLAN, versions.course_key(course.organisation_id, course.id))
    return report


async def plan_course(
    database: Database,
    course: Course,
    now: datetime,
    person_ids: Collection[uuid.UUID] | None = None,
    *,
    most: int | None = None,
) -> Report:
    """Plan the copies of a course that are out of date, of these people or of all, some at a time; ``most`` of them."""
    async with database.reading() as session:
        copies, times = await queries.copies_and_times(session, course.organisation_id, course.id, person_ids, now)
        today = day_in(zone_named(times.zone), now)
        stale = [copy for copy in copies if is_stale(times, copy, today)][:most]
        if not stale:
            return Report()
        book = await personal.book(session, course.organisation_id, course.id, now, times)
        # One student's copies are read with what tells that they are out of date.
        facts = await _read(session, course, book, stale[:AT_ONCE], now)
    planned = changed = start = 0
    while facts:
        some = await _plan(database, course, facts, now)
        planned, changed, start = planned + some[0], changed + some[1], start + AT_ONCE
        facts = []
        if start < len(stale):
            async with database.reading() as session:
                facts = await _read(session, course, book, stale[start : start + AT_ONCE], now)
    return Report(planned, changed)


# --- For people who ask -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """What the tool would choose for one student, without anything being written."""

    book: Book
    plan: base.Plan
    learner: base.Learner


async def look(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    agreed: PathSettings,
    now: datetime,
) -> Look:
    """What would come for a student under these terms; also for a playlist that is not made yet, or is nobody's yet."""
    book = await personal.book(session, course.organisation_id, course.id, now)
    copies = await queries.copies(session, course.organisation_id, course.id, [person_id])
    copy = next((one for one in copies if one.playlist_id == playlist_id), None)
    if copy is None:
        # Without a copy it is not known what there is to know, so that everything is looked for.
        copy = CopyRow(
            id=uuid.UUID(int=0),
            person_id=person_id,
            playlist_id=playlist_id,
            planned=None,
            planned_at=None,
            moved_at=None,
            settings={},
            playlist_changed_at=now,
            revision=0,
            mastery=now,
            profile=now,
            supports=now,
            modifications=now,
            rulings=now,
            decided=0,
            moved=now,
        )
    asked = Asked(course.organisation_id, course.id, [person_id])
    known = await personal.known(session, book, asked, [copy])
    learner = personal.learner(book, known, copy, agreed.planning, now)
    plan = planner.plan(book.course, learner, agreed.planning, day_in(book.zone, now))
    return Look(book, plan, learner)
