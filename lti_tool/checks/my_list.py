"""A student's own checks in a course: what is open, what is done, how often they may still try, what came of it.

Which checks are a student's, the rooms say that lead there (``app.state.check_leads``): a step of a playlist, a choice of a menu.
What the student has taken is theirs anyway. A check that nothing leads to is nobody's business: it may be another form of one,
for somebody else.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempt_queries as queries
from lti_tool.checks import attempt_rules
from lti_tool.checks.attempt_rules import May, Standing
from lti_tool.checks.models import AttemptState, Check, CheckAttempt, Feedback
from lti_tool.courses.models import Course
from lti_tool.learners import supports
from lti_tool.learners.rules import minutes_for


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a student comes to a check from: what that is called, and the playlist it is, if it is one. ``is_locked``: the step
    is not open yet.
    """

    title: str
    path: uuid.UUID | None = None
    is_locked: bool = False


Leads = Callable[[AsyncSession, Course, uuid.UUID, datetime], Awaitable[Mapping[uuid.UUID, Lead]]]
"""What leads a student to items of the course, by item. A room above says it of what it has."""


@dataclass(frozen=True, slots=True)
class MyCheck:
    """One check as its student reads of it. ``percent`` is what the latest attempt came to; ``minutes`` the time limit with the
    student's own supports.
    """

    check: Check
    attempts: Sequence[CheckAttempt]
    may: May
    lead: Lead | None = None
    minutes: int | None = None

    @property
    def latest(self) -> CheckAttempt | None:
        """The attempt that ended last; playlists take its result."""
        return next((one for one in reversed(self.attempts) if one.state is AttemptState.FINISHED), None)

    @property
    def open_attempt(self) -> CheckAttempt | None:
        """The attempt under way."""
        return next((one for one in self.attempts if one.state is AttemptState.OPEN), None)

    @property
    def percent(self) -> float | None:
        """What the latest attempt came to, 0 to 100; None before the first."""
        latest = self.latest
        return None if latest is None else attempt_rules.percent(latest.earned, latest.possible)

    @property
    def waits_its_turn(self) -> bool:
        """Whether the step that leads to it is not open yet, and it was not begun another way."""
        return self.lead is not None and self.lead.is_locked and not self.attempts

    @property
    def has_feedback(self) -> bool:
        """Whether its result says what was right, and not the result alone."""
        return self.latest is not None and self.check.feedback is not Feedback.RESULT

    @property
    def is_to_do(self) -> bool:
        """Whether there is something to do now or later: it was never ended, and is not closed."""
        never = self.latest is None and self.may.standing in (Standing.MAY_BEGIN, Standing.NOT_YET, Standing.WAITS)
        return never or self.may.standing is Standing.GOES_ON


async def of_person(
    session: AsyncSession, course: Course, person_id: uuid.UUID, leads: Sequence[Leads], now: datetime
) -> list[MyCheck]:
    """A student's checks: what is under way, what is to do (by date), then what is done, the latest first."""
    places: dict[uuid.UUID, Lead] = {}
    for room in leads:
        for item_id, lead in (await room(session, course, person_id, now)).items():
            if item_id not in places or places[item_id].is_locked:
                places[item_id] = lead
    organisation_id = course.organisation_id
    found = await queries.checks_of_person(session, organisation_id, course.id, person_id, places)
    ids = [check.id for check in found]
    attempts = await queries.attempts_of_checks(session, organisation_id, ids, person_id)
    asked = await queries.questions_of_checks(session, organisation_id, ids)
    more = await queries.more_attempts_of(session, organisation_id, ids, person_id)
    helps = await supports.of_person(session, organisation_id, course.id, person_id)
    mine = [
        MyCheck(
            check=check,
            attempts=attempts.get(check.id, ()),
            may=attempt_rules.may_begin(
                check, attempts.get(check.id, ()), asked.get(check.id, 0), now, more.get(check.id, 0)
            ),
            lead=places.get(check.content_item_id),
            minutes=minutes_for(check.minutes, helps),
        )
        for check in found
    ]
    return sorted(mine, key=_order)


def _order(one: MyCheck) -> tuple[int, float, str, uuid.UUID]:
    if one.may.standing is Standing.GOES_ON:
        return 0, 0.0, one.check.title, one.check.id
    if one.is_to_do:
        at = one.check.due_at or one.may.at
        return (
            2 if one.waits_its_turn else 1,
            at.timestamp() if at is not None else float("inf"),
            one.check.title,
            one.check.id,
        )
    ended = one.latest.finished_at if one.latest is not None else None
    return 3, -ended.timestamp() if ended is not None else 0.0, one.check.title, one.check.id


async def has_any(session: AsyncSession, course: Course, person_id: uuid.UUID) -> bool:
    """Whether a student has ever begun a check of the course."""
    return await queries.has_attempts(session, course.organisation_id, course.id, person_id)
