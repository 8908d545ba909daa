"""Line items and scores as tools send them, and what a score does to the gradebook (LTI AGS 2.0).

Pure rules stand first: reading, checking, and what a score changes. ``record`` and ``rescale`` then write, inside the
caller's transaction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.likes import LIKES, Like
from lti_tool.sandbox.models import Enrolment, LineItem, Person, Result, Score
from lti_tool.sandbox.services import ServiceError

SUBMISSION = "https://canvas.instructure.com/lti/submission"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_Text = Annotated[str, Field(max_length=300)]


def moment(value: object) -> datetime:
    """An ISO 8601 moment with its zone, in UTC; anything else is a ValueError."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be an ISO 8601 date and time with a time zone")
    return datetime.fromisoformat(value).astimezone(UTC)


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


B = TypeVar("B", bound=_Body)


class LineItemBody(_Body):
    """A line item as it is sent (AGS 2.0, section 3.2.6). ``scoreMaximum`` is over 0."""

    label: Annotated[str, Field(min_length=1, max_length=500)]
    scoreMaximum: Annotated[float, Field(gt=0)]  # noqa: N815 - the specification's name.
    resourceId: _Text | None = None  # noqa: N815
    tag: _Text | None = None
    resourceLinkId: _Text | None = None  # noqa: N815
    startDateTime: datetime | None = None  # noqa: N815
    endDateTime: datetime | None = None  # noqa: N815

    @field_validator("label")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value

    @field_validator("startDateTime", "endDateTime", mode="before")
    @classmethod
    def _moment(cls, value: object) -> datetime | None:
        return None if value in (None, "") else moment(value)


class ScoreBody(_Body):
    """A score as it is sent (AGS 2.0, section 3.4.4). ``scoreGiven`` may be over ``scoreMaximum``, never under 0."""

    userId: Annotated[str, Field(min_length=1, max_length=255)]  # noqa: N815
    timestamp: datetime
    activityProgress: Literal["Initialized", "Started", "InProgress", "Submitted", "Completed"]  # noqa: N815
    gradingProgress: Literal["FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"]  # noqa: N815
    scoreGiven: Annotated[float, Field(ge=0)] | None = None  # noqa: N815
    scoreMaximum: Annotated[float, Field(gt=0)] | None = None  # noqa: N815
    comment: str | None = None

    @field_validator("timestamp", mode="before")
    @classmethod
    def _moment(cls, value: object) -> datetime:
        return moment(value)


def read_line_item(body: bytes) -> LineItemBody:
    """A line item from JSON, or ServiceError 400/422 naming the field."""
    return _read(LineItemBody, body)


def read_score(body: bytes) -> ScoreBody:
    """A score from JSON, or ServiceError 400/422 naming the field."""
    score = _read(ScoreBody, body)
    if score.scoreGiven is not None and score.scoreMaximum is None:
        raise ServiceError(422, "unprocessable_entity", "scoreMaximum: is needed with scoreGiven")
    return score


def _read(kind: type[B], body: bytes) -> B:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise ServiceError(400, "bad_request", "The body is not JSON.") from error
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ServiceError(422, "unprocessable_entity", f"{where}: {first['msg']}") from error


def apply(
    result: Result,
    line_item: LineItem,
    body: ScoreBody,
    raw: Mapping[str, Any],
    now: datetime,
    like: Like = LIKES["plain"],
) -> bool:
    """Change a result as a score asks for, if the score is later than the last one; says whether it was.

    The time of the newest score counts even after its grade was cleared, so nothing older comes back.
    """
    if result.timestamp is not None and like.is_stale(body.timestamp, result.timestamp):
        return False
    extension = raw.get(SUBMISSION)
    wishes = extension if isinstance(extension, dict) else {}
    result.timestamp, result.updated_at = body.timestamp, now
    result.activity_progress, result.grading_progress = body.activityProgress, body.gradingProgress
    result.comment = like.comment(result.comment, body)
    grades = body.gradingProgress in like.keeps_score and body.scoreGiven is not None
    if grades and result.score is not None and wishes.get("prioritize_non_tool_grade") is True:
        # Whoever has put it there, the tool itself among them (scores_controller.rb, score_submission).
        return True
    if body.gradingProgress in like.keeps_score and body.scoreGiven is not None and body.scoreMaximum is not None:
        result.score = body.scoreGiven / body.scoreMaximum * line_item.score_maximum
        result.maximum, result.graded_by = line_item.score_maximum, "tool"
    elif wishes.get("preserve_score") is not True:
        result.score, result.graded_by = None, "tool"
    return True


@dataclass(frozen=True)
class Recorded:
    """What became of a score: 200, or where a later one stands the status and the words of the refusal; the result's id."""

    status: int
    result_id: int
    refused: str | None = None


async def record(
    session: AsyncSession, line_item: LineItem, body: ScoreBody, raw: dict[str, Any], now: datetime, like: Like
) -> Recorded:
    """Take a score into the gradebook, or refuse it as not later than the last one (AGS 2.0, section 3.4.4).

    Either way it is kept as proof. ServiceError 422 for somebody who is not an active student of the course.
    """
    person = await _student(session, line_item, body.userId)
    result = await _result(session, line_item, person, now)
    before = result.timestamp
    taken = apply(result, line_item, body, raw, now, like)
    status = 200 if taken else like.stale_status
    session.add(
        Score(
            line_item_id=line_item.id,
            person_id=person.id,
            timestamp=body.timestamp,
            activity_progress=body.activityProgress,
            grading_progress=body.gradingProgress,
            score_given=body.scoreGiven,
            score_maximum=body.scoreMaximum,
            comment=body.comment,
            answer=status,
            body=raw,
            received_at=now,
        )
    )
    await session.flush()
    words = None if taken or before is None else like.stale_words(body.timestamp, before)
    return Recorded(status, result.id, words)


async def check_attempts(
    session: AsyncSession, line_item: LineItem, user_id: str, raw: Mapping[str, Any], allowed: int
) -> None:
    """ServiceError 422 for a score that would be one submission more than the column takes of a student."""
    if not _is_attempt(raw):
        return
    person = await _student(session, line_item, user_id)
    bodies = await session.scalars(
        select(Score.body).where(Score.line_item_id == line_item.id, Score.person_id == person.id, Score.answer == 200)
    )
    if sum(1 for body in bodies if _is_attempt(body)) >= allowed:
        words = "The maximum number of allowed attempts has been reached for this submission"
        raise ServiceError(422, "unprocessable_entity", words)


def _is_attempt(raw: Mapping[str, Any]) -> bool:
    """Canvas's extension says that a score is none; without it each one is."""
    extension = raw.get(SUBMISSION)
    return not (isinstance(extension, dict) and extension.get("new_submission") is False)


async def _student(session: AsyncSession, line_item: LineItem, user_id: str) -> Person:
    """The active student with this LTI id, or, as on Canvas, with this number."""
    known_as = [Person.lti_id == user_id]
    if user_id.isdecimal() and len(user_id) < 16:
        known_as.append(Person.id == int(user_id))
    found = await session.scalars(
        select(Person)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            or_(*known_as),
            Enrolment.course_id == line_item.course_id,
            Enrolment.role == "student",
            Enrolment.active,
        )
    )
    person = found.one_or_none()
    if person is None:
        raise ServiceError(422, "unprocessable_entity", "userId: User not found in course or is not a student")
    return person


async def _result(session: AsyncSession, line_item: LineItem, person: Person, now: datetime) -> Result:
    found = await session.scalars(
        select(Result).where(Result.line_item_id == line_item.id, Result.person_id == person.id)
    )
    result = found.one_or_none()
    if result is None:
        result = Result(
            line_item_id=line_item.id,
            person_id=person.id,
            maximum=line_item.score_maximum,
            activity_progress="Initialized",
            grading_progress="NotReady",
            graded_by="tool",
            updated_at=now,
        )
        session.add(result)
    return result


async def rescale(session: AsyncSession, line_item: LineItem, maximum: float) -> None:
    """Give a line item another maximum; the results keep their share of it."""
    for result in await session.scalars(select(Result).where(Result.line_item_id == line_item.id)):
        if result.score is not None:
            result.score = result.score / line_item.score_maximum * maximum
        result.maximum = maximum
    line_item.score_maximum = maximum
