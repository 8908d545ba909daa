"""Assignment and Grade Services 2.0: line items, scores, results."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.calls import Caller
from lti_tool.lti.links import with_query
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import unreadable

_AGS_SCOPES = (claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE)


@dataclass(frozen=True, slots=True)
class LineItemData:
    """A column of the gradebook (AGS 2.0 §3.2). ``id`` is its address; absent until the platform has made it."""

    label: str
    score_maximum: float
    id: str | None = None
    resource_id: str | None = None
    tag: str | None = None
    resource_link_id: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoreData:
    """A score of one person (§3.4). ``at`` has to be later than that of the last score, by the platform's own step.

    Only ``FullyGraded`` with a number keeps a grade: Canvas and Moodle clear it otherwise. ``new_attempt`` says whether the
    student did something new, for platforms that count attempts.
    """

    user_id: str
    given: float
    maximum: float
    at: datetime
    comment: str | None = None
    activity_progress: str = "Completed"
    grading_progress: str = "FullyGraded"
    new_attempt: bool = False


@dataclass(frozen=True, slots=True)
class ResultData:
    """What the gradebook shows for one person (§3.3). ``score`` is None where nothing is graded; Moodle leaves out zeros."""

    user_id: str
    score: float | None
    maximum: float | None
    comment: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class AgsClient:
    """Reads and writes the gradebook columns of one registration.

    ``scopes`` are those of the launch's AGS claim, where they are known: then one token serves every call. Every method
    raises ServiceRefused and ServiceUnreachable.
    """

    def __init__(
        self,
        protocol: Protocol,
        registration: Registration,
        quirks: ServiceQuirks,
        *,
        scopes: Collection[str] | None = None,
    ) -> None:
        self._caller = Caller(protocol, registration, quirks.meaning)
        self._quirks = quirks
        self._offered = tuple(scope for scope in _AGS_SCOPES if scope in scopes) if scopes is not None else None

    async def find_line_items(
        self, line_items_url: str, resource_id: str | None = None, tag: str | None = None
    ) -> list[LineItemData]:
        """The tool's line items of the course, over every page, narrowed to a resource id and a tag."""
        asked = dict(self._quirks.line_items_query())
        if resource_id is not None:
            asked["resource_id"] = resource_id
        if tag is not None:
            asked["tag"] = tag
        found: list[LineItemData] = []
        async for page in self._caller.pages(
            Call.FIND_LINE_ITEMS,
            with_query(line_items_url, asked),
            scopes=self._scopes(claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE),
            accept=claims.LINE_ITEMS_MEDIA,
        ):
            if not isinstance(page, list):
                raise unreadable(Call.FIND_LINE_ITEMS.value, "a line item container is not a list")
            found += _line_items(page)
        # Not every platform filters; a wrong column would take the grades of another playlist.
        return [
            item
            for item in found
            if (resource_id is None or item.resource_id == resource_id) and (tag is None or item.tag == tag)
        ]

    async def create_line_item(self, line_items_url: str, item: LineItemData) -> LineItemData:
        """Make a column; returns it with its address. Look first: platforms make a second one without a word."""
        answer = await self._caller.call(
            Call.CREATE_LINE_ITEM,
            "POST",
            line_items_url,
            scopes=self._scopes(claims.LINE_ITEM_SCOPE),
            accept=claims.LINE_ITEM_MEDIA,
            content_type=claims.LINE_ITEM_MEDIA,
            body=_line_item_body(item),
        )
        made = list(_line_items([answer.json()]))
        if not made:
            raise unreadable(Call.CREATE_LINE_ITEM.value, "the new line item has no id")
        return made[0]

    async def post_score(self, line_item_url: str, score: ScoreData) -> None:
        """Send one score."""
        body: dict[str, Any] = {
            "userId": score.user_id,
            "timestamp": self._quirks.timestamp(score.at),
            "activityProgress": score.activity_progress,
            "gradingProgress": score.grading_progress,
            "scoreGiven": _number(score.given),
            "scoreMaximum": _number(score.maximum),
            **self._quirks.score_extras(new_attempt=score.new_attempt),
        }
        if score.comment is not None:
            body["comment"] = score.comment
        await self._caller.call(
            Call.POST_SCORE,
            "POST",
            self._quirks.score_url(line_item_url),
            scopes=self._scopes(claims.SCORE_SCOPE),
            accept=claims.SCORE_MEDIA,
            content_type=claims.SCORE_MEDIA,
            body=body,
        )

    async def results(self, line_item_url: str, user_id: str | None = None) -> list[ResultData]:
        """What the gradebook holds, over every page, of everyone or of one user."""
        found: list[ResultData] = []
        async for page in self._caller.pages(
            Call.READ_RESULTS,
            self._quirks.results_url(line_item_url, user_id),
            scopes=self._scopes(claims.RESULT_READ_SCOPE),
            accept=claims.RESULTS_MEDIA,
        ):
            if not isinstance(page, list):
                raise unreadable(Call.READ_RESULTS.value, "a result container is not a list")
            found += _results(page)
        return [result for result in found if user_id is None or result.user_id == user_id]

    def _scopes(self, *wanted: str) -> tuple[str, ...]:
        """The scopes to ask a token for: all that the launch offered, or the first that the call can do with.

        A scope the platform has not granted must not be asked for: Canvas refuses the whole request then.
        """
        if self._offered and any(scope in self._offered for scope in wanted):
            return self._offered
        return wanted[:1]


def _line_item_body(item: LineItemData) -> dict[str, Any]:
    body: dict[str, Any] = {"label": item.label, "scoreMaximum": _number(item.score_maximum)}
    if item.resource_id is not None:
        body["resourceId"] = item.resource_id
    if item.tag is not None:
        body["tag"] = item.tag
    if item.resource_link_id is not None:
        body["resourceLinkId"] = item.resource_link_id
    if item.start_at is not None:
        body["startDateTime"] = item.start_at.isoformat(timespec="seconds")
    if item.end_at is not None:
        body["endDateTime"] = item.end_at.isoformat(timespec="seconds")
    return body


def _line_items(given: Iterable[Any]) -> Iterable[LineItemData]:
    for one in given:
        if not isinstance(one, dict) or not isinstance(one.get("id"), str) or not one["id"]:
            continue
        maximum = _float(one.get("scoreMaximum"))
        yield LineItemData(
            id=one["id"],
            label=str(one.get("label") or ""),
            score_maximum=maximum if maximum is not None else 0.0,
            resource_id=_text(one.get("resourceId")),
            tag=_text(one.get("tag")),
            resource_link_id=_text(one.get("resourceLinkId")),
            start_at=_moment(one.get("startDateTime")),
            end_at=_moment(one.get("endDateTime")),
        )


def _results(given: Iterable[Any]) -> Iterable[ResultData]:
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


def _number(value: float) -> float | int:
    """Whole numbers without ``.0``: some platforms parse a maximum as an integer."""
    return int(value) if float(value).is_integer() else value


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


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
