"""The gradebook as other rooms use it: want a column, owe a score, see how it stands.

All of these work inside the caller's transaction, so what is owed stands or falls with what caused it. The worker is
nudged once that transaction is committed; delivery itself is in ``delivery``.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.grades import column_queries, queries, rules
from lti_tool.grades.models import Choice, ColumnState, Delivery, Difference, LineItem, Score
from lti_tool.grades.rules import Absence, Standing
from lti_tool.jobs import nudge_after_commit

DELIVER = "grades.deliver"
"""The task that delivers what is due for a registration; its key is the registration's id."""

TAG = "progress"
"""The policy behind a column's numbers, as columns carry it in the LMS (AGS 2.0 §3.2.8)."""

EXPECTED_WITHIN = timedelta(minutes=10)
"""How long an LMS is given to make a column that comes with a link, while a teacher saves its form."""


@dataclass(frozen=True, slots=True)
class ScoreStanding:
    """One student's line on the teacher's page.

    ``given`` of ``maximum`` is owed since ``owed_at``; ``delivered_given`` of ``delivered_maximum`` is what the LMS accepted
    last. ``trouble`` is a code that ``words`` puts into words; ``tries_again_at`` is there while it is tried again.
    """

    person_id: uuid.UUID
    name: str | None
    state: Standing
    trouble: str | None
    given: float | None = None
    maximum: float | None = None
    owed_at: datetime | None = None
    delivered_given: float | None = None
    delivered_maximum: float | None = None
    delivered_at: datetime | None = None
    tries_again_at: datetime | None = None
    difference: Difference | None = None
    """How the gradebook differs from what was delivered, ``lms_given`` of ``lms_maximum`` standing there at ``compared_at``."""
    choice: Choice | None = None
    lms_given: float | None = None
    lms_maximum: float | None = None
    compared_at: datetime | None = None
    score_id: uuid.UUID | None = None


async def want_column(
    session: AsyncSession,
    *,
    course: Course,
    resource_id: str,
    label: str,
    score_maximum: float,
    end_at: datetime | None,
    now: datetime,
    tag: str = TAG,
) -> LineItem:
    """The gradebook column of something in the course, wanted from now on if it was not before.

    Asking again is harmless: label, maximum (points, above 0) and end follow what is asked, in the LMS too, and a column that
    the LMS refused is tried again. One that is switched off stays off.
    """
    rules.check_score(0, score_maximum)
    line_item = await queries.line_item_of(session, course.organisation_id, course.id, resource_id, tag)
    if line_item is None:
        wanted = LineItem(
            organisation_id=course.organisation_id,
            course_id=course.id,
            registration_id=course.registration_id,
            resource_id=resource_id,
            tag=tag,
            label=label[:255],
            score_maximum=score_maximum,
            end_at=end_at,
            next_attempt_at=now,
            created_at=now,
        )
        await queries.insert_unless_there(session, wanted)
        line_item = await queries.line_item_of(session, course.organisation_id, course.id, resource_id, tag)
        if line_item is None:
            raise RuntimeError("a line item that was just inserted is not there")
    wanted_now = queries.WantedColumn(resource_id, tag, label[:255], score_maximum, end_at)
    changes = not wanted_now.says_the_same(line_item)
    if changes:
        await column_queries.change_column(session, line_item, wanted_now, now)
    if line_item.state is ColumnState.REFUSED:
        await queries.want_again(session, line_item, now)
    if line_item.state is ColumnState.WANTED or (changes and line_item.state is ColumnState.MADE):
        nudge_after_commit(session, DELIVER, str(line_item.registration_id))
    return line_item


async def expect_column(
    session: AsyncSession,
    *,
    course: Course,
    resource_id: str,
    label: str,
    score_maximum: float,
    end_at: datetime | None,
    now: datetime,
    tag: str = TAG,
) -> None:
    """The LMS is about to make this column itself, together with a link: wait for it before looking or making one.

    A column that is known already is left alone.
    """
    rules.check_score(0, score_maximum)
    await queries.insert_unless_there(
        session,
        LineItem(
            organisation_id=course.organisation_id,
            course_id=course.id,
            registration_id=course.registration_id,
            resource_id=resource_id,
            tag=tag,
            label=label[:255],
            score_maximum=score_maximum,
            end_at=end_at,
            next_attempt_at=now + EXPECTED_WITHIN,
            created_at=now,
        ),
    )


async def adopt_column(
    session: AsyncSession,
    *,
    course: Course,
    resource_id: str,
    label: str,
    score_maximum: float,
    end_at: datetime | None,
    url: str,
    now: datetime,
    tag: str = TAG,
) -> None:
    """A launch has told the address of the column that the LMS made with a link. It is the column, if there is none yet.

    From then on nothing is made; what waited for a column goes out.
    """
    line_item = await queries.line_item_of(session, course.organisation_id, course.id, resource_id, tag)
    if line_item is not None and line_item.state is ColumnState.MADE:
        return
    if line_item is not None and line_item.state is ColumnState.OFF:
        # It is remembered for when it is on again.
        await column_queries.take_address(session, line_item, url)
        return
    if line_item is None:
        await expect_column(
            session,
            course=course,
            resource_id=resource_id,
            label=label,
            score_maximum=score_maximum,
            end_at=end_at,
            now=now,
            tag=tag,
        )
        line_item = await queries.line_item_of(session, course.organisation_id, course.id, resource_id, tag)
        if line_item is None:
            raise RuntimeError("a line item that was just inserted is not there")
    if await queries.take_column(session, line_item, url, now):
        nudge_after_commit(session, DELIVER, str(line_item.registration_id))


async def owe(
    session: AsyncSession,
    *,
    line_item: LineItem,
    person_id: uuid.UUID,
    given: float,
    maximum: float,
    now: datetime,
    comment: str | None = None,
    finished: bool | None = None,
) -> Score:
    """Enter the latest score of a person into the ledger; what was not sent before is replaced by it.

    ``given`` (0 or more) is out of ``maximum`` (above 0), in any unit: the LMS scales it to the column. ``finished`` says
    whether the student is through; when it is left out, full points are. The same score again changes nothing. A new one
    is due at once, also where the LMS refused the last one. Raises ValueError for what is no score.
    """
    rules.check_score(given, maximum)
    through = given >= maximum if finished is None else finished
    owed = (given, maximum, comment[:1000] if comment else None, through)
    # While a column is off, what it owes is kept, and nobody has to look at it.
    due = None if line_item.state is ColumnState.OFF else now
    if line_item.state is ColumnState.REFUSED:
        # Before the score is held: workers hold a column first and then its scores.
        await queries.want_again(session, line_item, now)
    score = await queries.score_of(session, line_item, person_id)
    if score is None:
        fresh = Score(
            organisation_id=line_item.organisation_id,
            line_item_id=line_item.id,
            person_id=person_id,
            registration_id=line_item.registration_id,
            owed_given=owed[0],
            owed_maximum=owed[1],
            owed_at=now,
            owed_comment=owed[2],
            owed_finished=owed[3],
            next_attempt_at=due,
        )
        await queries.insert_unless_there(session, fresh)
        score = await queries.score_of(session, line_item, person_id)
        if score is None:
            raise RuntimeError("a score that was just inserted is not there")
        changed = score.id == fresh.id
    else:
        changed = False
    if (score.owed_given, score.owed_maximum, score.owed_comment, score.owed_finished) != owed:
        score.owed_given, score.owed_maximum, score.owed_comment, score.owed_finished = owed
        score.owed_at = now
        score.owed_version += 1
        score.delivery = Delivery.DUE
        score.next_attempt_at = due
        score.attempts = rules.tried(score.attempts)
        score.trouble = None
        session.add(score)
        await session.flush()
        changed = True
    if changed:
        nudge_after_commit(session, DELIVER, str(line_item.registration_id))
    return score


async def owe_in_column(
    session: AsyncSession,
    *,
    course: Course,
    resource_id: str,
    label: str,
    score_maximum: float,
    end_at: datetime | None,
    person_id: uuid.UUID,
    given: float,
    maximum: float,
    finished: bool,
    now: datetime,
    tag: str = TAG,
) -> None:
    """``want_column`` and ``owe`` in one. Where the column is as it is wanted, entering a score is one statement."""
    rules.check_score(0, score_maximum)
    rules.check_score(given, maximum)
    wanted = queries.WantedColumn(resource_id, tag, label[:255], score_maximum, end_at)
    owed = queries.Owed(person_id, given, maximum, finished)
    registration_id = await queries.enter(session, course.organisation_id, course.id, wanted, owed, now)
    if registration_id is not None:
        nudge_after_commit(session, DELIVER, str(registration_id))
        return
    line_item = await queries.column(session, course.organisation_id, course.id, resource_id, tag)
    if line_item is not None and wanted.is_like(line_item):
        # The same score stands there already.
        if line_item.state is ColumnState.WANTED:
            nudge_after_commit(session, DELIVER, str(line_item.registration_id))
        return
    line_item = await want_column(
        session,
        course=course,
        resource_id=resource_id,
        label=label,
        score_maximum=score_maximum,
        end_at=end_at,
        now=now,
        tag=tag,
    )
    await owe(
        session, line_item=line_item, person_id=person_id, given=given, maximum=maximum, now=now, finished=finished
    )


async def send_again(
    session: AsyncSession,
    *,
    line_item: LineItem,
    now: datetime,
    person_ids: Sequence[uuid.UUID] | None = None,
    over: bool = False,
) -> int:
    """Send what a column owes once more, by hand: the persons' scores, or all that are not delivered; returns how many.

    A person's score goes out again even where it was delivered; with ``over`` it takes the place of what somebody else has put
    there since, which the teacher says for one student at a time.
    A refused column is tried again as well, and a change of a column that was refused. Nothing is sent in a column that is off.
    """
    if line_item.state is ColumnState.OFF:
        return 0
    await queries.want_again(session, line_item, now)
    await column_queries.change_again(session, line_item, now)
    count = await queries.owe_again(session, line_item, now, person_ids, over=over)
    await queries.end_pause(session, line_item.registration_id)
    nudge_after_commit(session, DELIVER, str(line_item.registration_id))
    return count


async def send_to_those_back(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    now: datetime,
) -> int:
    """Send again what the LMS refused of people for not being in the course, and what was set aside, now that they are; how many
    scores.
    """
    found = await column_queries.on(session, organisation_id, course_id)
    if not found or not person_ids:
        return 0
    ids = [line_item_id for line_item_id, _ in found]
    done = await queries.send_refused_again(
        session, organisation_id, ids, person_ids, (rules.NOT_ENROLLED, rules.LINE_ITEM_GONE), now
    )
    done += await queries.take_up(session, organisation_id, ids, person_ids, now)
    for registration_id in {one for _, one in found}:
        nudge_after_commit(session, DELIVER, str(registration_id))
    return done


# --- Columns: off and on, and repaired ---------------------------------------------------------------------------------


async def switch_off(session: AsyncSession, line_item: LineItem, now: datetime) -> bool:
    """Send nothing to a column any more; whether it was on. What it owes is kept in the ledger, and goes on being kept.

    The column in the LMS stays as it is, with the scores that stand there. A score that is on its way at this moment may
    still arrive.
    """
    return await column_queries.switch_off(session, line_item)


async def switch_on(session: AsyncSession, line_item: LineItem, now: datetime) -> bool:
    """Send to a column again, and first what it has come to owe meanwhile; whether it was off."""
    if not await column_queries.switch_on(session, line_item, now):
        return False
    nudge_after_commit(session, DELIVER, str(line_item.registration_id))
    return True


async def repair(session: AsyncSession, line_item: LineItem, now: datetime) -> bool:
    """Mend what is wrong with a column; whether there was anything that the tool can mend.

    One that is gone from the LMS is looked for and made again, and all its scores are owed again, also those that the LMS had
    before; what was said about differences in it is over. One that was refused is tried again, and so is a refused change.
    Of one that stands twice, the LMS's own page has to remove the other.
    """
    if line_item.state is ColumnState.OFF:
        return False
    gone = line_item.gone_at is not None or (
        line_item.state is not ColumnState.MADE and line_item.trouble == rules.LINE_ITEM_GONE
    )
    if gone:
        await column_queries.make_anew(session, line_item, now)
        await column_queries.owe_all_again(session, line_item, now)
    elif line_item.state is ColumnState.REFUSED:
        await queries.want_again(session, line_item, now)
        await queries.owe_again(session, line_item, now, None)
    elif not await column_queries.change_again(session, line_item, now):
        return False
    await queries.end_pause(session, line_item.registration_id)
    nudge_after_commit(session, DELIVER, str(line_item.registration_id))
    return True


# --- Looking -----------------------------------------------------------------------------------------------------------


async def standing(session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID) -> list[ScoreStanding]:
    """How each present student's score stands in a column, and that of everybody else who has one; by name.

    Empty for a column that is not there.
    """
    found = await queries.column_with_pace(session, organisation_id, line_item_id)
    if found is None:
        return []
    line_item, pace = found
    pause = pace.trouble if pace is not None and pace.paused_until is not None else None
    lines: dict[uuid.UUID, tuple[str, ScoreStanding]] = {
        person_id: (
            sort_name or name or "",
            ScoreStanding(person_id, name, Standing.TEST if is_test else Standing.NOTHING_OWED, None),
        )
        for person_id, name, sort_name, is_test in await queries.present_students(
            session, organisation_id, line_item.course_id
        )
    }
    for score, name, sort_name, absence in await queries.scores_with_names(session, line_item):
        lines[score.person_id] = (sort_name or name or "", _line(score, name, absence, line_item, pause))
    in_order = sorted(lines.values(), key=lambda line: (line[0].casefold(), line[1].person_id))
    return [line for _, line in in_order]


def _line(
    score: Score, name: str | None, absence: Absence | None, line_item: LineItem, pause: str | None
) -> ScoreStanding:
    delivery, trouble = rules.standing(score.delivery, score.trouble, line_item.state, line_item.trouble, pause)
    state = rules.for_whom(rules.beside_the_lms(delivery, score.difference, score.choice), absence)
    if state is not delivery:
        trouble = None
    return ScoreStanding(
        person_id=score.person_id,
        name=name,
        state=state,
        trouble=trouble,
        given=score.owed_given,
        maximum=score.owed_maximum,
        owed_at=score.owed_at,
        delivered_given=score.delivered_given,
        delivered_maximum=score.delivered_maximum,
        delivered_at=score.delivered_at,
        tries_again_at=score.next_attempt_at if state is Standing.RETRYING else None,
        difference=score.difference,
        choice=score.choice,
        lms_given=score.lms_given,
        lms_maximum=score.lms_maximum,
        compared_at=score.compared_at,
        score_id=score.id,
    )
