"""Checks: made, changed, opened, put away; and the content item that stands for each."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks.models import BankQuestion, Check, CheckQuestion, CheckStatus, Feedback, Selection
from lti_tool.checks.questions import from_json
from lti_tool.content import service as content
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

LEAST_FOR_ADAPTIVE = 10
"""Questions that a check needs before the tool can choose among them by what the answers say."""

MOST_QUESTIONS = 500
"""Questions of one check."""


class CheckEmpty(BadRequest):
    """A check without a question was to be opened."""

    code = "check-empty"
    title = N_("This check asks nothing yet")
    advice = N_("Add at least one question, then open it.")


class TooFewQuestions(BadRequest):
    """A check is to choose among fewer questions than it needs for that."""

    code = "too-few-questions"
    title = N_("This check has too few questions to choose from")
    advice = N_(
        "Choosing by the answers so far needs at least %(least)s questions; this check has %(there)s. Add more, or ask all."
    )


class CheckFull(BadRequest):
    """More questions than a check asks."""

    code = "check-full"
    title = N_("This check has too many questions")
    advice = N_("A check holds 500 questions. Make another one for the rest.")


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set of a check; see ``models.Check``."""

    title: str
    introduction: str = ""
    selection: Selection = Selection.ALL
    count: int | None = None
    shuffled: bool = False
    attempts: int | None = None
    wait_minutes: int = 0
    tries: int = 1
    feedback: Feedback = Feedback.EACH
    shows_right: bool = True
    minutes: int | None = None
    pass_percent: float = 80.0
    opens_at: datetime | None = None
    due_at: datetime | None = None


def address(course_id: uuid.UUID, check_id: uuid.UUID) -> str:
    """Where a student takes a check."""
    return f"/courses/{course_id}/my/checks/{check_id}"


def settings_of(check: Check) -> Settings:
    """A check's settings."""
    return Settings(**{field.name: getattr(check, field.name) for field in fields(Settings)})


async def the_check(session: AsyncSession, course: Course, check_id: uuid.UUID, *, lock: bool = False) -> Check:
    """A check of the course. NotFound."""
    found = await queries.check(session, course.organisation_id, course.id, check_id, lock=lock)
    if found is None:
        raise NotFound("no such check in this course")
    return found


async def make(
    session: AsyncSession,
    course: Course,
    settings: Settings,
    section: str,
    by: uuid.UUID | None,
    now: datetime,
    *,
    check_id: uuid.UUID | None = None,
    imported_from: str = "",
    copied_from_id: uuid.UUID | None = None,
) -> Check:
    """A draft with its content item; the same ``check_id`` again is the same check, as it is. ``section``: see content."""
    check_id = check_id or new_id()
    known = await queries.check(session, course.organisation_id, course.id, check_id)
    if known is not None:
        return known
    item_id = await _put_item(session, course, check_id, settings, section, CheckStatus.DRAFT, None, now)
    check = Check(
        organisation_id=course.organisation_id,
        id=check_id,
        course_id=course.id,
        content_item_id=item_id,
        imported_from=imported_from[:255],
        copied_from_id=copied_from_id,
        created_by=by,
        created_at=now,
        changed_at=now,
        **{field.name: getattr(settings, field.name) for field in fields(Settings)},
    )
    session.add(check)
    await session.flush()
    return check


async def for_change(session: AsyncSession, course: Course, check_id: uuid.UUID, revision: int, now: datetime) -> Check:
    """A check to be changed, as the page showed it; its revision goes up. NotFound, and Conflict where it is another by now."""
    check = await the_check(session, course, check_id, lock=True)
    if check.revision != revision:
        raise Conflict(f"revision {revision} is {check.revision} by now")
    return _changed(check, now)


def _changed(check: Check, now: datetime) -> Check:
    check.revision += 1
    check.changed_at = now
    return check


async def set_up(session: AsyncSession, course: Course, check: Check, settings: Settings, now: datetime) -> None:
    """Give a check other settings. Raises TooFewQuestions."""
    there = len((await queries.asked(session, course.organisation_id, [check.id]))[check.id])
    if settings.selection is Selection.ADAPTIVE:
        _must_have_enough(there)
    for field in fields(Settings):
        setattr(check, field.name, getattr(settings, field.name))
    session.add(check)
    await follow(session, course, check, now)


def _must_have_enough(there: int) -> None:
    if there < LEAST_FOR_ADAPTIVE:
        raise TooFewQuestions("too few to be adaptive", fields={"least": str(LEAST_FOR_ADAPTIVE), "there": str(there)})


async def open_or_close(
    session: AsyncSession, course: Course, check: Check, status: CheckStatus, now: datetime
) -> None:
    """Open a check to students, close it again, or put it away. Raises CheckEmpty and TooFewQuestions."""
    if status is CheckStatus.OPEN:
        there = len((await queries.asked(session, course.organisation_id, [check.id]))[check.id])
        if not there:
            raise CheckEmpty("no questions")
        if check.selection is Selection.ADAPTIVE:
            _must_have_enough(there)
    check.status = status
    session.add(check)
    await follow(session, course, check, now)


async def ask(
    session: AsyncSession, course: Course, check: Check, questions: Sequence[BankQuestion], now: datetime
) -> int:
    """Have a check ask these questions too, behind those it asks already; how many are new. Raises CheckFull."""
    there = await queries.places(session, course.organisation_id, check.id)
    known = {row.question_id for row in there}
    new = [row for row in dict.fromkeys(question.id for question in questions) if row not in known]
    if len(there) + len(new) > MOST_QUESTIONS:
        raise CheckFull("too many questions")
    place = max((row.position for row in there), default=-1)
    for number, question_id in enumerate(new, start=1):
        session.add(
            CheckQuestion(
                organisation_id=course.organisation_id,
                id=new_id(),
                check_id=check.id,
                question_id=question_id,
                position=place + number,
            )
        )
    await session.flush()
    await follow(session, course, check, now)
    return len(new)


async def ask_no_more(
    session: AsyncSession, course: Course, check: Check, question_ids: Collection[uuid.UUID], now: datetime
) -> None:
    """Take questions out of a check; their bank keeps them."""
    await queries.ask_no_more(session, course.organisation_id, question_ids, check.id)
    await follow(session, course, check, now)


async def put_in_order(session: AsyncSession, course: Course, check: Check, order: Sequence[uuid.UUID]) -> None:
    """Bring a check's questions into an order; those that are not named stay behind them. NotFound for others."""
    rows = await queries.places(session, course.organisation_id, check.id)
    by_question = {row.question_id: row for row in rows}
    if not set(order) <= set(by_question):
        raise NotFound("a question that the check does not ask")
    wanted = list(dict.fromkeys(order))
    wanted += [row.question_id for row in rows if row.question_id not in set(wanted)]
    for place, question_id in enumerate(wanted):
        by_question[question_id].position = place
        session.add(by_question[question_id])


async def follow(session: AsyncSession, course: Course, check: Check, now: datetime) -> None:
    """Have the content item say what the check says: its title, points, due date, and whether students can open it."""
    asked = (await queries.asked(session, course.organisation_id, [check.id]))[check.id]
    await _put_item(
        session,
        course,
        check.id,
        settings_of(check),
        "",
        check.status,
        points_of(asked, check.selection, check.count),
        now,
    )


async def follow_all(session: AsyncSession, course: Course, check_ids: Collection[uuid.UUID], now: datetime) -> None:
    """The same for checks whose questions have changed; pages that were made before notice it."""
    for check_id in check_ids:
        check = await the_check(session, course, check_id, lock=True)
        check.revision += 1
        await follow(session, course, check, now)


def points_of(asked: Sequence[BankQuestion], selection: Selection, count: int | None) -> float | None:
    """What a check is out of; None where it draws among questions that are worth different points, or asks nothing."""
    points = [from_json(row.content).points for row in asked]
    if not points:
        return None
    if selection is Selection.ALL or count is None or count >= len(points):
        return float(sum(points))
    return float(points[0] * count) if len(set(points)) == 1 else None


async def _put_item(
    session: AsyncSession,
    course: Course,
    check_id: uuid.UUID,
    settings: Settings,
    section: str,
    status: CheckStatus,
    points: float | None,
    now: datetime,
) -> uuid.UUID:
    return await content.put_own(
        session,
        course,
        check_id.hex,
        now,
        title=settings.title,
        url=address(course.id, check_id),
        section=section,
        points=points,
        due_at=settings.due_at,
        published=status is CheckStatus.OPEN,
        gone=status is CheckStatus.ARCHIVED,
    )
