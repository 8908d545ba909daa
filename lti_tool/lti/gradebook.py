"""What the gradebook service speaks of (AGS 2.0): line items, scores and results, and how they are written as JSON. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lti_tool.lti.links import is_web_address


class ActivityProgress(StrEnum):
    """How far the student is with the activity (AGS 2.0 §3.4.7)."""

    INITIALIZED = "Initialized"
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    SUBMITTED = "Submitted"
    COMPLETED = "Completed"


class GradingProgress(StrEnum):
    """How far the grading is (§3.4.8).

    Only ``FULLY_GRADED`` with a number keeps a grade everywhere: Moodle clears it otherwise, and so does Canvas but for
    ``PENDING_MANUAL``.
    """

    FULLY_GRADED = "FullyGraded"
    PENDING = "Pending"
    PENDING_MANUAL = "PendingManual"
    FAILED = "Failed"
    NOT_READY = "NotReady"


@dataclass(frozen=True, slots=True)
class SubmissionReview:
    """That a teacher can open a student's submission from the gradebook (Submission Review 1.0 §4).

    ``reviewable`` are the activity progresses at which there is something to see; without ``url`` the platform uses the
    tool's own address.
    """

    reviewable: tuple[ActivityProgress, ...] = ()
    label: str | None = None
    url: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As a line item or a deep-linked item carries it."""
        body: dict[str, Any] = {"reviewableStatus": [status.value for status in self.reviewable]}
        if self.label is not None:
            body["label"] = self.label
        if self.url is not None:
            body["url"] = self.url
        if self.custom:
            body["custom"] = dict(self.custom)
        return body


@dataclass(frozen=True, slots=True)
class LineItemData:
    """A column of the gradebook (§3.2). ``id`` is its address; absent until the platform has made it.

    Moodle 4.5 takes dates, ``grades_released`` and ``submission_review`` without a word and keeps none of them.
    """

    label: str
    score_maximum: float
    id: str | None = None
    resource_id: str | None = None
    tag: str | None = None
    resource_link_id: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    grades_released: bool | None = None
    submission_review: SubmissionReview | None = None


@dataclass(frozen=True, slots=True)
class ScoreData:
    """A score of one person (§3.4). ``at`` has to be later than that of the last score, by the platform's own step.

    ``given`` without ``maximum`` is refused everywhere; both absent say only how far somebody is, which clears a grade on
    most platforms. ``new_attempt`` says whether the student did something new, for platforms that count attempts; ``over``,
    that it shall take the place of the number that stands there, for platforms that can keep it.
    """

    user_id: str
    given: float | None
    maximum: float | None
    at: datetime
    comment: str | None = None
    activity_progress: str = ActivityProgress.COMPLETED
    grading_progress: str = GradingProgress.FULLY_GRADED
    new_attempt: bool = False
    over: bool = False
    started_at: datetime | None = None
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResultData:
    """What the gradebook shows for one person (§3.3). ``score`` is None where nothing is graded.

    Moodle 4.5.6 leaves people without a grade out of an activity's column, and lists them without a score in others.
    """

    user_id: str
    score: float | None
    maximum: float | None
    comment: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def line_item_body(item: LineItemData) -> dict[str, Any]:
    """A line item as JSON; what is None is left out."""
    body: dict[str, Any] = {"label": item.label, "scoreMaximum": number(item.score_maximum)}
    said = {
        "resourceId": item.resource_id,
        "tag": item.tag,
        "resourceLinkId": item.resource_link_id,
        "startDateTime": _iso(item.start_at),
        "endDateTime": _iso(item.end_at),
        "gradesReleased": item.grades_released,
        "submissionReview": item.submission_review.body() if item.submission_review is not None else None,
    }
    return body | {name: value for name, value in said.items() if value is not None}


def score_body(score: ScoreData, timestamp: str, comment: str | None) -> dict[str, Any]:
    """A score as JSON, with the moment and the comment as the platform wants them written."""
    body: dict[str, Any] = {
        "userId": score.user_id,
        "timestamp": timestamp,
        "activityProgress": str(score.activity_progress),
        "gradingProgress": str(score.grading_progress),
    }
    if score.given is not None:
        body["scoreGiven"] = number(score.given)
    if score.maximum is not None:
        body["scoreMaximum"] = number(score.maximum)
    if comment is not None:
        body["comment"] = comment
    submission = {"startedAt": _iso(score.started_at), "submittedAt": _iso(score.submitted_at)}
    said = {name: moment for name, moment in submission.items() if moment is not None}
    if said:
        body["submission"] = said
    return body


def read_line_items(given: Iterable[Any]) -> Iterable[LineItemData]:
    """The line items among what a platform lists; what has no address that can be called is passed over."""
    for one in given:
        if not isinstance(one, dict) or not is_web_address(one.get("id")):
            continue
        maximum = _float(one.get("scoreMaximum"))
        released = one.get("gradesReleased")
        yield LineItemData(
            id=one["id"],
            label=str(one.get("label") or ""),
            score_maximum=maximum if maximum is not None else 0.0,
            resource_id=_text(one.get("resourceId")),
            tag=_text(one.get("tag")),
            resource_link_id=_text(one.get("resourceLinkId")),
            start_at=_moment(one.get("startDateTime")),
            end_at=_moment(one.get("endDateTime")),
            grades_released=released if isinstance(released, bool) else None,
            submission_review=_review(one.get("submissionReview")),
        )


def read_results(given: Iterable[Any]) -> Iterable[ResultData]:
    """The results among what a platform lists; what names nobody is passed over."""
    for one in given:
        if not isinstance(one, dict) or not one.get("userId"):
            continue
        comment = one.get("comment")
        yield ResultData(
            user_id=str(one["userId"]),
            score=_float(one.get("resultScore")),
            maximum=_float(one.get("resultMaximum")),
            comment=comment if isinstance(comment, str) else None,
            extra={name: value for name, value in one.items() if name.startswith("http") or name == "timestamp"},
        )


def number(value: float) -> float | int:
    """Whole numbers without ``.0``: some platforms parse a maximum as an integer."""
    return int(value) if float(value).is_integer() else value


def _review(value: object) -> SubmissionReview | None:
    if not isinstance(value, dict):
        return None
    known = {progress.value for progress in ActivityProgress}
    given = value.get("reviewableStatus")
    custom = value.get("custom")
    return SubmissionReview(
        reviewable=tuple(ActivityProgress(one) for one in given if one in known) if isinstance(given, list) else (),
        label=_text(value.get("label")),
        url=_text(value.get("url")),
        custom={str(name): str(said) for name, said in custom.items()} if isinstance(custom, dict) else {},
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
