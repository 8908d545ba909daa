"""Marking: levels on a rubric's criteria, a word, accepted or returned; and what a mark is evidence of.

One mark on one criterion that names a competency is one piece of evidence, of what was handed in. Marked again, it is revised;
taken back, it is void. A mark of nothing but *done* is no evidence: it says that work was done, not what is known.

A student's mastery is locked before their board, as the end of a check does it, so that the two never wait for each other.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import map_queries
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course
from lti_tool.courses.visibility import visible_student
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.mastery import queries as mastery_queries
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import MARK_TAKEN_BACK, REPLACED, Entry
from lti_tool.mastery.models import EvidenceSource
from lti_tool.menus import own, rubric_queries, rubrics, settling, traces
from lti_tool.menus.models import ChoiceState, MenuChoice, MenuOption, OptionDone, RubricMark
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rubrics import Criterion
from lti_tool.menus.rules import changing
from lti_tool.menus.rules import rubrics as rules
from lti_tool.web.i18n import N_

MOST_WORDS = 4000
MOST_NOTE = 1000


class Verdict(StrEnum):
    """What a teacher does with work beside marking it."""

    ACCEPT = "accept"
    RETURN = "return"
    KEEP = "keep"
    """Nothing: marks and words alone."""


class NotReady(Conflict):
    """Work that is not to be marked: not chosen any more, or the student is still choosing."""

    code = "work-not-ready"
    title = N_("There is nothing to mark here now")
    advice = N_(
        "The student has chosen something else, or is choosing again. Go back to the class to see how it stands."
    )


class MarkedMeanwhile(Conflict):
    """Somebody else has marked the same work between a teacher's look and their press."""

    code = "marked-meanwhile"
    title = N_("Somebody else has marked this work at the same moment")
    advice = N_("Nothing of yours was saved. Open the work again to see how it stands, then mark it if need be.")


@dataclass(frozen=True, slots=True)
class Marks:
    """What a teacher entered: the place of a level by criterion, notes by criterion, words to the student."""

    levels: Mapping[uuid.UUID, int] = field(default_factory=dict)
    notes: Mapping[uuid.UUID, str] = field(default_factory=dict)
    words: str = ""
    verdict: Verdict = Verdict.KEEP


async def criteria_for(session: AsyncSession, course: Course, board: OwnBoard) -> tuple[Criterion, ...]:
    """The criteria that a board's work is marked by; none without a rubric."""
    if board.menu.rubric_id is None:
        return ()
    return (await rubrics.one(session, course, board.menu.rubric_id)).criteria


async def mark(
    session: AsyncSession,
    here: InCourse,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    marks: Marks,
    now: datetime,
) -> None:
    """Mark a student's work; the same again changes nothing.

    Raises NotFound for a student whom this teacher may not see, NotReady for what is not chosen, and BadRequest for a level or a
    criterion that the rubric does not have, and for returning work without a word.
    """
    await visible_student(session, here, person_id)
    board = await own.board_for_teacher(session, here.course, menu_id, person_id)
    option, choice = _work(board, option_id)
    seen = (choice.handed_in_at, choice.done_at)
    before = await _given(session, here, choice)
    criteria = {one.id: one for one in await criteria_for(session, here.course, board)}
    _check(marks, criteria)
    there = (await rubric_queries.marks(session, here.organisation_id, [choice.id])).get(choice.id, {})
    stale = [criterion_id for criterion_id in there if marks.levels and criterion_id not in criteria]
    entries = await _entries(session, here, choice, option, person_id, marks, criteria, there, now)
    voids = await _evidence(session, here, person_id, choice, stale)
    if entries or voids:
        await mastery.change(session, here.course, entries, dict.fromkeys(voids, REPLACED), now, here.visit.person_id)
    board = await own.board_for_teacher(session, here.course, menu_id, person_id, lock=True)
    option, choice = _work(board, option_id)
    if (choice.handed_in_at, choice.done_at) != seen:
        raise NotReady("the student has taken it back, or handed it in again, meanwhile")
    await _must_stand(session, here, choice, before)
    await _write(session, here, choice, marks, criteria, now)
    if marks.words != choice.feedback or marks.verdict is not Verdict.KEEP:
        choice.feedback = marks.words
        choice.feedback_at = now
    choice.marked_by = here.visit.person_id
    taken_back = _decide(choice, marks.verdict, now)
    session.add(choice)
    await settling.settle(session, here.course, board, now, taken_back=taken_back)
    traces.about_student(session, here, f"menu.{_SAID[marks.verdict]}", person_id, f"choice {choice.id}", now)
    await session.flush()


async def unmark(
    session: AsyncSession,
    here: InCourse,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    now: datetime,
) -> None:
    """Take marks and verdict back: the work waits to be marked again, what the marks were evidence of is void. Twice is once."""
    await visible_student(session, here, person_id)
    board = await own.board_for_teacher(session, here.course, menu_id, person_id)
    _, choice = _work(board, option_id)
    before = await _given(session, here, choice)
    given = (await rubric_queries.marks(session, here.organisation_id, [choice.id])).get(choice.id, {})
    voids = await _evidence(session, here, person_id, choice, given)
    if voids:
        reasons = dict.fromkeys(voids, MARK_TAKEN_BACK)
        await mastery.change(session, here.course, (), reasons, now, here.visit.person_id)
    board = await own.board_for_teacher(session, here.course, menu_id, person_id, lock=True)
    option, choice = _work(board, option_id)
    await _must_stand(session, here, choice, before)
    for row in (await rubric_queries.marks(session, here.organisation_id, [choice.id])).get(choice.id, {}).values():
        await session.delete(row)
    if option.done_rule is OptionDone.ACCEPTED and choice.state in (ChoiceState.DONE, ChoiceState.RETURNED):
        choice.state = ChoiceState.HANDED_IN if choice.handed_in_at is not None else ChoiceState.CHOSEN
        choice.done_at = None
    choice.feedback, choice.feedback_at, choice.marked_by = "", None, None
    session.add(choice)
    await settling.settle(session, here.course, board, now, taken_back=True)
    traces.about_student(session, here, "menu.unmarked", person_id, f"choice {choice.id}", now)
    await session.flush()


_Given = dict[uuid.UUID, tuple[int, str, datetime]]


async def _given(session: AsyncSession, here: InCourse, choice: MenuChoice) -> _Given:
    """How work is marked by now, by criterion."""
    found = await rubric_queries.marks(session, here.organisation_id, [choice.id], afresh=True)
    return {place: (row.level, row.note, row.marked_at) for place, row in found.get(choice.id, {}).items()}


async def _must_stand(session: AsyncSession, here: InCourse, choice: MenuChoice, before: _Given) -> None:
    """With the board held: evidence was made of the marks as they stood before, and it must be that of the marks that stay."""
    if await _given(session, here, choice) != before:
        raise MarkedMeanwhile("the marks are others than before the board was held")


async def _evidence(
    session: AsyncSession,
    here: InCourse,
    person_id: uuid.UUID,
    choice: MenuChoice,
    criterion_ids: Collection[uuid.UUID],
) -> list[uuid.UUID]:
    """What counts as evidence by marks on these criteria."""
    if not criterion_ids:
        return []
    names = {_presentation(choice, criterion_id) for criterion_id in criterion_ids}
    there = await mastery_queries.evidence_of(session, here.organisation_id, here.course.id, person_id, voided=False)
    for row in there:
        session.expunge(row)
    return [row.id for row in there if row.presentation in names]


def _work(board: OwnBoard, option_id: uuid.UUID) -> tuple[MenuOption, MenuChoice]:
    if option_id not in board.choices or board.copy.state not in changing.AT_WORK:
        if option_id not in board.options:
            raise NotFound("no such option on this board")
        raise NotReady("not chosen, or the student is choosing")
    return board.options[option_id], board.rows[option_id]


def _check(marks: Marks, criteria: Mapping[uuid.UUID, Criterion]) -> None:
    for criterion_id, at in marks.levels.items():
        if criterion_id not in criteria or not 0 <= at < len(criteria[criterion_id].levels):
            raise BadRequest("a level that the rubric does not have")
    if not set(marks.notes) <= set(criteria) or any(len(note) > MOST_NOTE for note in marks.notes.values()):
        raise BadRequest("a note that no page of ours sends")
    if len(marks.words) > MOST_WORDS:
        raise BadRequest("more words than there is room for")


async def _write(
    session: AsyncSession,
    here: InCourse,
    choice: MenuChoice,
    marks: Marks,
    criteria: Mapping[uuid.UUID, Criterion],
    now: datetime,
) -> None:
    """Write the marks that are others now. A criterion that was changed since is a new one: its old row's mark is taken out."""
    there = (await rubric_queries.marks(session, here.organisation_id, [choice.id])).get(choice.id, {})
    for criterion_id, row in there.items():
        if marks.levels and criterion_id not in criteria:
            await session.delete(row)
    for criterion_id, at in marks.levels.items():
        note = marks.notes.get(criterion_id, "")
        found = there.get(criterion_id) or RubricMark(
            organisation_id=here.organisation_id,
            choice_id=choice.id,
            criterion_id=criterion_id,
            level=at,
            marked_at=now,
        )
        if (found.level, found.note) != (at, note):
            found.marked_at = now
        found.level, found.note, found.marked_by = at, note, here.visit.person_id
        session.add(found)
    await session.flush()


async def _entries(
    session: AsyncSession,
    here: InCourse,
    choice: MenuChoice,
    option: MenuOption,
    person_id: uuid.UUID,
    marks: Marks,
    criteria: Mapping[uuid.UUID, Criterion],
    there: Mapping[uuid.UUID, RubricMark],
    now: datetime,
) -> list[Entry]:
    """What the marks are evidence of: those on criteria whose competency is, or was, on the course's map."""
    on_map = {row[0] for row in await map_queries.numbered(session, here.organisation_id, here.course.id)}
    found = []
    for criterion_id, at in marks.levels.items():
        criterion, row = criteria[criterion_id], there.get(criterion_id)
        if criterion.competency_id is None or criterion.competency_id not in on_map:
            continue
        marked_at = row.marked_at if row is not None and row.level == at else now
        found.append(_entry(choice, option, person_id, criterion, criterion.competency_id, at, marked_at))
    return found


def _entry(
    choice: MenuChoice,
    option: MenuOption,
    person_id: uuid.UUID,
    criterion: Criterion,
    competency_id: uuid.UUID,
    at: int,
    marked_at: datetime,
) -> Entry:
    """A mark as evidence: the level's points of the best level's, right from the level on that meets the criterion."""
    return Entry(
        person_id,
        competency_id,
        EvidenceSource.RUBRIC,
        presentation=_presentation(choice, criterion.id),
        observed_at=choice.handed_in_at or choice.done_at or marked_at,
        earned=criterion.levels[at].points,
        possible=criterion.levels[-1].points,
        passing_percent=rules.passing_percent(criterion.levels, criterion.meets),
        content_item_id=option.content_item_id,
        item=f"{option.id}:{criterion.id}",
        whole=True,
    )


def _presentation(choice: MenuChoice, criterion_id: uuid.UUID) -> str:
    return f"menu:{choice.id}:{criterion_id}"


def _decide(choice: MenuChoice, verdict: Verdict, now: datetime) -> bool:
    """Enter a verdict; whether something that was done is not any more."""
    was_done = choice.state is ChoiceState.DONE
    if verdict is Verdict.ACCEPT:
        choice.state = ChoiceState.DONE
        choice.done_at = choice.done_at or now
    elif verdict is Verdict.RETURN:
        choice.state = ChoiceState.RETURNED
        choice.done_at = None
    return was_done and choice.state is not ChoiceState.DONE


_SAID = {Verdict.ACCEPT: "accepted", Verdict.RETURN: "returned", Verdict.KEEP: "marked"}
