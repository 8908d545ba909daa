"""Line items changed and removed, scores of every progress, and what a token has to hold, on a mocked platform."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from lti_tool.lti import claims
from lti_tool.lti.models import Family
from lti_tool.lti.services import (
    ActivityProgress,
    GradingProgress,
    LineItemData,
    ServiceRefused,
    SubmissionReview,
)
from tests.lti.conftest import Tool
from tests.lti.test_services import AT, ITEM, ITEMS, Services, score, services
from tests.pairs import on_postgresql

__all__ = ["services"]

PATH = "/8/lineitems/36/lineitem"


class Column:
    """One line item as Moodle 4.5 keeps it: a PUT replaces it, and what is left out is gone."""

    def __init__(self, services: Services) -> None:
        self.body: dict[str, Any] | None = {
            "id": ITEM,
            "label": "Fractions",
            "scoreMaximum": 20,
            "resourceId": "playlist:7",
            "tag": "progress",
            "resourceLinkId": "3",
            "ltiLinkId": "3",
        }
        services.answer(PATH, self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["accept"] == "application/vnd.ims.lis.v2.lineitem+json"
        if self.body is None:
            return httpx.Response(404, json={"status": 404})
        if request.method == "DELETE":
            self.body = None
            return httpx.Response(204)
        if request.method == "PUT":
            assert request.headers["content-type"] == "application/vnd.ims.lis.v2.lineitem+json"
            self.body = json.loads(request.content) | {"id": ITEM}
        return httpx.Response(200, json=self.body)


async def test_a_column_is_read(services: Services) -> None:
    Column(services)
    found = await services.ags(Family.MOODLE).get_line_item(ITEM)
    assert found == LineItemData(
        id=ITEM,
        label="Fractions",
        score_maximum=20.0,
        resource_id="playlist:7",
        tag="progress",
        resource_link_id="3",
    )


async def test_a_changed_column_keeps_what_was_not_spoken_of(services: Services) -> None:
    """Moodle 4.5 clears a tag and a resource id that are left out, and unlinks the column from its activity."""
    column = Column(services)

    changed = await services.ags(Family.MOODLE).update_line_item(
        LineItemData(id=ITEM, label="Fractions, again", score_maximum=25)
    )

    assert column.body == {
        "id": ITEM,
        "label": "Fractions, again",
        "scoreMaximum": 25,
        "resourceId": "playlist:7",
        "tag": "progress",
        "resourceLinkId": "3",
        "ltiLinkId": "3",
    }
    assert (changed.label, changed.resource_id, changed.resource_link_id) == ("Fractions, again", "playlist:7", "3")
    assert [request.method for request in services.calls(PATH)] == ["GET", "PUT"]


async def test_what_a_column_has_not_is_not_sent_back_as_null(services: Services) -> None:
    """Open edX lists an absent resource link as null, and answers 400 to a PUT that says so."""
    column = Column(services)
    column.body = {"id": ITEM, "label": "x", "scoreMaximum": 1, "resourceLinkId": None, "startDateTime": None}
    await services.ags(Family.OPENEDX).update_line_item(LineItemData(id=ITEM, label="y", score_maximum=2))
    assert column.body == {"id": ITEM, "label": "y", "scoreMaximum": 2}


@pytest.mark.parametrize("status", [200, 204])
async def test_a_change_that_is_answered_with_nothing_was_made(services: Services, status: int) -> None:
    def column(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(status)
        return httpx.Response(200, json={"id": ITEM, "label": "Old", "scoreMaximum": 10, "tag": "t"})

    services.answer("/8/lineitems/36/lineitem", column)
    changed = await services.ags().update_line_item(LineItemData(id=ITEM, label="New", score_maximum=20))
    assert (changed.id, changed.label, changed.score_maximum, changed.tag) == (ITEM, "New", 20, "t")


async def test_a_column_without_an_address_cannot_be_changed(services: Services) -> None:
    with pytest.raises(ValueError, match="address"):
        await services.ags().update_line_item(LineItemData(label="x", score_maximum=1))


async def test_a_column_is_removed_and_then_gone(services: Services) -> None:
    Column(services)
    ags = services.ags(Family.MOODLE)
    await ags.delete_line_item(ITEM)
    for call in (ags.delete_line_item(ITEM), ags.get_line_item(ITEM)):
        with pytest.raises(ServiceRefused) as caught:
            await call
        assert caught.value.code == "line-item-gone"


async def test_a_line_item_with_everything_it_can_say(services: Services) -> None:
    def create(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json=json.loads(request.content) | {"id": ITEM})

    services.answer("/8/lineitems", create)
    day = timedelta(days=1)
    item = LineItemData(
        label="Fractions",
        score_maximum=12.5,
        resource_id="playlist:7",
        tag="progress",
        resource_link_id="3",
        start_at=AT.replace(microsecond=0),
        end_at=AT.replace(microsecond=0) + day,
        grades_released=False,
        submission_review=SubmissionReview(
            reviewable=(ActivityProgress.IN_PROGRESS, ActivityProgress.COMPLETED),
            label="See the path",
            url="https://tool.example/lti/launch",
            custom={"a": "b"},
        ),
    )
    made = await services.ags().create_line_item(ITEMS, item)

    assert json.loads(services.calls("/8/lineitems")[0].content) == {
        "label": "Fractions",
        "scoreMaximum": 12.5,
        "resourceId": "playlist:7",
        "tag": "progress",
        "resourceLinkId": "3",
        "startDateTime": "2026-11-22T18:49:47+00:00",
        "endDateTime": "2026-11-23T18:49:47+00:00",
        "gradesReleased": False,
        "submissionReview": {
            "reviewableStatus": ["InProgress", "Completed"],
            "label": "See the path",
            "url": "https://tool.example/lti/launch",
            "custom": {"a": "b"},
        },
    }
    assert (made.submission_review, made.grades_released, made.start_at) == (
        item.submission_review,
        False,
        item.start_at,
    )


async def test_line_items_of_one_resource_link(services: Services) -> None:
    items = [
        {"id": "https://platform.example/1", "label": "a", "scoreMaximum": 1, "resourceLinkId": "3"},
        {"id": "https://platform.example/2", "label": "b", "scoreMaximum": 1, "resourceLinkId": 4},
        {"id": "https://platform.example/3", "label": "c", "scoreMaximum": 1},
    ]
    services.answer("/8/lineitems", lambda _: httpx.Response(200, json=items))
    found = await services.ags().find_line_items(ITEMS, resource_link_id="4")

    assert [item.label for item in found] == ["b"]
    assert dict(services.calls("/8/lineitems")[0].url.params) == {"type_id": "2", "resource_link_id": "4"}


@on_postgresql
@pytest.mark.parametrize("activity", ActivityProgress)
@pytest.mark.parametrize("grading", GradingProgress)
async def test_a_score_of_every_progress(
    services: Services, activity: ActivityProgress, grading: GradingProgress
) -> None:
    services.answer(PATH + "/scores", lambda _: httpx.Response(204))
    await services.ags().post_score(ITEM, score(activity_progress=activity, grading_progress=grading))

    body = json.loads(services.calls(PATH + "/scores")[0].content)
    assert (body["activityProgress"], body["gradingProgress"]) == (activity.value, grading.value)


async def test_progress_alone_and_when_it_was(services: Services) -> None:
    services.answer(PATH + "/scores", lambda _: httpx.Response(200))
    begun = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    await services.ags(Family.CANVAS).post_score(
        ITEM,
        score(
            given=None,
            maximum=None,
            activity_progress=ActivityProgress.STARTED,
            grading_progress=GradingProgress.NOT_READY,
            started_at=begun,
            submitted_at=begun + timedelta(minutes=5),
        ),
    )
    assert json.loads(services.calls(PATH + "/scores")[0].content) == {
        "userId": "190",
        "timestamp": "2026-11-22T18:49:47.123Z",
        "activityProgress": "Started",
        "gradingProgress": "NotReady",
        "submission": {"startedAt": "2026-11-22T18:00:00+00:00", "submittedAt": "2026-11-22T18:05:00+00:00"},
        "https://canvas.instructure.com/lti/submission": {
            "new_submission": False,
            "prioritize_non_tool_grade": True,
            "preserve_score": True,
        },
    }


# Tokens


async def test_one_token_serves_every_call_of_a_course(services: Services) -> None:
    Column(services)
    services.answer(PATH + "/scores", lambda _: httpx.Response(200))
    services.answer(PATH + "/results", lambda _: httpx.Response(200, json=[]))
    services.answer("/8/lineitems", lambda _: httpx.Response(200, json=[]))
    offered = [claims.LINE_ITEM_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE]
    ags = services.ags(scopes=offered)

    await ags.find_line_items(ITEMS)
    await ags.get_line_item(ITEM)
    await ags.post_score(ITEM, score())
    await ags.results(ITEM)

    assert services.tokens == 1
    assert set(services.scope(services.calls("/token")[0]).split()) == set(offered)


async def test_open_edx_s_403_is_answered_with_one_new_token(services: Services) -> None:
    answers = [httpx.Response(403), httpx.Response(200), httpx.Response(403), httpx.Response(403)]
    services.answer(PATH + "/scores", lambda _: answers.pop(0))
    ags = services.ags(Family.OPENEDX)

    await ags.post_score(ITEM, score())
    assert services.tokens == 2
    with pytest.raises(ServiceRefused) as caught:
        await ags.post_score(ITEM, score())
    assert (caught.value.code, services.tokens) == ("no-permission", 3)


async def test_a_token_that_was_narrowed_is_noticed_before_it_is_used(tool: Tool, services: Services) -> None:
    """Moodle 4.5 drops what is not allowed, and says so only in the answer's scope."""
    granted = [claims.LINE_ITEM_READ_SCOPE]

    def token(request: httpx.Request) -> httpx.Response:
        services.tokens += 1
        services.valid = f"token-{services.tokens}"
        asked = parse_qs(request.content.decode())["scope"][0].split()
        said = " ".join(scope for scope in asked if scope in granted)
        return httpx.Response(200, json={"access_token": services.valid, "expires_in": 3600, "scope": said})

    tool.platform.answers["/token"] = token
    services.answer("/8/lineitems", lambda _: httpx.Response(200, json=[]))
    services.answer(PATH + "/scores", lambda _: httpx.Response(200))
    ags = services.ags(scopes=[claims.LINE_ITEM_READ_SCOPE, claims.SCORE_SCOPE])

    assert await ags.find_line_items(ITEMS) == []
    with pytest.raises(ServiceRefused) as caught:
        await ags.post_score(ITEM, score())
    assert (caught.value.code, services.tokens) == ("no-permission", 1)
    assert services.calls(PATH + "/scores") == []

    granted.append(claims.SCORE_SCOPE)
    tool.clock.move(timedelta(minutes=6))
    await ags.post_score(ITEM, score())
    assert services.tokens == 2
