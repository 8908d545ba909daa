"""Line items, scores and results: strict about form, and nothing in the gradebook ever goes back in time."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lti_tool.sandbox.ags import LINE_ITEM, LINE_ITEMS, RESULTS, SCORE
from lti_tool.sandbox.claims import (
    SCOPE_LINE_ITEM,
    SCOPE_LINE_ITEM_READ,
    SCOPE_MEMBERSHIP_READ,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
)
from lti_tool.sandbox.gradebook import grade_tool_column
from lti_tool.sandbox.models import LineItem, Result, Score
from lti_tool.sandbox.scores import SUBMISSION, ScoreBody, apply
from lti_tool.sandbox.store import add_course, add_resource_link, enrol
from lti_tool.sandbox.tools import NewTool, add_tool
from tests.sandbox.conftest import BASE, TOOL, Lms

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    """A timestamp so long after the start."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class Ags:
    """A tool at the grade services of the course."""

    def __init__(self, lms: Lms, bearer: dict[str, str]) -> None:
        self.lms = lms
        self.bearer = bearer
        self.line_items = f"{BASE}/api/lti/courses/{lms.course.id}/line_items"

    async def create(self, **fields: Any) -> httpx.Response:
        body = {"label": "Playlist", "scoreMaximum": 100} | fields
        return await self.post(self.line_items, body, LINE_ITEM)

    async def made(self, **fields: Any) -> str:
        answer = await self.create(**fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def post(self, address: str, body: object, media_type: str) -> httpx.Response:
        return await self.lms.http.post(address, json=body, headers={**self.bearer, "Content-Type": media_type})

    async def put(self, address: str, body: object) -> httpx.Response:
        return await self.lms.http.put(address, json=body, headers={**self.bearer, "Content-Type": LINE_ITEM})

    async def get(self, address: str, media_type: str) -> httpx.Response:
        return await self.lms.http.get(address, headers={**self.bearer, "Accept": media_type})

    async def score(self, line_item: str, **changes: Any) -> httpx.Response:
        body = {
            "userId": self.lms.student.lti_id,
            "timestamp": at(0),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": 8,
            "scoreMaximum": 10,
        } | changes
        return await self.post(f"{line_item}/scores", {k: v for k, v in body.items() if v is not None}, SCORE)

    async def results(self, line_item: str, query: str = "") -> list[dict[str, Any]]:
        answer = await self.get(f"{line_item}/results{query}", RESULTS)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == RESULTS
        found: list[dict[str, Any]] = answer.json()
        return found


@pytest.fixture
async def ags(lms: Lms) -> Ags:
    """The tool with a token for everything."""
    return Ags(lms, await lms.bearer())


# --- Line items ------------------------------------------------------------------------------------------------------


async def test_a_line_item_is_made_read_changed_and_removed(ags: Ags) -> None:
    made = await ags.create(resourceId="playlist:7", tag="grade", endDateTime="2026-12-01T10:00:00+01:00")
    assert made.status_code == 201
    assert made.headers["content-type"] == LINE_ITEM
    address = made.json()["id"]
    assert address.startswith(f"{ags.line_items}/")
    assert made.json() == {
        "id": address,
        "label": "Playlist",
        "scoreMaximum": 100,
        "resourceId": "playlist:7",
        "tag": "grade",
        "endDateTime": "2026-12-01T09:00:00+00:00",
    }
    assert (await ags.get(address, LINE_ITEM)).json() == made.json()
    changed = await ags.put(address, {"label": "New name", "scoreMaximum": 50})
    assert changed.json() == {"id": address, "label": "New name", "scoreMaximum": 50}
    removed = await ags.lms.http.delete(address, headers=ags.bearer)
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await ags.get(address, LINE_ITEM)).status_code == 404


async def test_line_items_are_found_by_each_filter(ags: Ags) -> None:
    async with ags.lms.platform.store.writing() as session:
        link = await add_resource_link(session, course_id=ags.lms.course.id, tool=ags.lms.tool, title="L")
    one = await ags.made(resourceId="a", tag="x")
    two = await ags.made(resourceId="a", tag="y", resourceLinkId=link.lti_id)
    three = await ags.made()

    async def found(query: str) -> list[str]:
        answer = await ags.get(f"{ags.line_items}{query}", LINE_ITEMS)
        assert answer.headers["content-type"] == LINE_ITEMS
        return [row["id"] for row in answer.json()]

    assert await found("") == [one, two, three]
    assert await found("?resource_id=a") == [one, two]
    assert await found("?resource_id=a&tag=y") == [two]
    assert await found(f"?resource_link_id={link.lti_id}") == [two]
    assert await found("?tag=none") == []


async def test_pages_of_line_items_are_followed_by_links_that_keep_the_filter(ags: Ags) -> None:
    wanted = [await ags.made(tag="x") for _ in range(5)]
    await ags.made(tag="other")
    address: str | None = f"{ags.line_items}?tag=x&limit=2"
    seen, pages = [], 0
    while address is not None:
        answer = await ags.get(address, LINE_ITEMS)
        seen += [row["id"] for row in answer.json()]
        pages += 1
        address = answer.links["next"]["url"] if "next" in answer.links else None
    assert seen == wanted
    assert pages == 3


@pytest.mark.parametrize("page", ["bookmark:nonsense!", "bookmark:WyJhIl0", "bookmark:Wy0xXQ", "bookmark:e30"])
async def test_a_made_up_bookmark_is_refused(ags: Ags, page: str) -> None:
    assert (await ags.get(f"{ags.line_items}?page={page}", LINE_ITEMS)).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"label": ""},
        {"label": "   "},
        {"label": None},
        {"label": 7},
        {"scoreMaximum": 0},
        {"scoreMaximum": -1},
        {"scoreMaximum": "100"},
        {"scoreMaximum": True},
        {"scoreMaximum": None},
        {"tag": 5},
        {"endDateTime": "tomorrow"},
        {"endDateTime": "2026-12-01T10:00:00"},
    ],
)
async def test_a_wrong_line_item_is_refused_and_not_made(ags: Ags, fields: dict[str, Any]) -> None:
    answer = await ags.create(**fields)
    assert answer.status_code == 422
    assert answer.json()["errors"]["message"].startswith(next(iter(fields)))
    assert (await ags.get(ags.line_items, LINE_ITEMS)).json() == []


async def test_a_body_that_is_no_json_is_a_400(ags: Ags) -> None:
    headers = {**ags.bearer, "Content-Type": LINE_ITEM}
    assert (await ags.lms.http.post(ags.line_items, content=b"{", headers=headers)).status_code == 400
    assert (await ags.lms.http.post(ags.line_items, content=b"[]", headers=headers)).status_code == 422
    assert (await ags.lms.http.post(ags.line_items, content=b"{}" * 500_001, headers=headers)).status_code == 413


async def test_a_resource_link_must_be_there_and_cannot_be_changed(ags: Ags) -> None:
    assert (await ags.create(resourceLinkId="made-up")).status_code == 404
    address = await ags.made()
    async with ags.lms.platform.store.writing() as session:
        link = await add_resource_link(session, course_id=ags.lms.course.id, tool=ags.lms.tool, title="L")
    answer = await ags.put(address, {"label": "A", "scoreMaximum": 1, "resourceLinkId": link.lti_id})
    assert answer.status_code == 422


async def test_media_types_are_demanded(ags: Ags) -> None:
    address = await ags.made()
    for wrong in ("application/json", "*/*", "", SCORE):
        assert (await ags.get(ags.line_items, wrong)).status_code == 406
        assert (await ags.get(address, wrong)).status_code == 406
        assert (await ags.get(f"{address}/results", wrong)).status_code == 406
    for wrong in ("application/json", LINE_ITEMS, "text/plain"):
        assert (await ags.post(ags.line_items, {"label": "A", "scoreMaximum": 1}, wrong)).status_code == 415
        assert (await ags.post(f"{address}/scores", {}, wrong)).status_code == 415
    assert (await ags.get(ags.line_items, f"text/html, {LINE_ITEMS};q=0.9")).status_code == 200
    charset = await ags.post(ags.line_items, {"label": "A", "scoreMaximum": 1}, f"{LINE_ITEM}; charset=utf-8")
    assert charset.status_code == 201


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer made-up", "Basic abc"])
async def test_without_a_valid_token_nothing_answers(ags: Ags, header: str) -> None:
    ags.bearer = {"Authorization": header}
    answers = [
        await ags.get(ags.line_items, LINE_ITEMS),
        await ags.create(),
        await ags.score(f"{ags.line_items}/1"),
        await ags.get(f"{ags.line_items}/1/results", RESULTS),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all("Bearer" in answer.headers["www-authenticate"] for answer in answers)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (SCOPE_LINE_ITEM, {"list", "create"}),
        (SCOPE_LINE_ITEM_READ, {"list"}),
        (SCOPE_SCORE, {"score"}),
        (SCOPE_RESULT_READ, {"results"}),
        (SCOPE_MEMBERSHIP_READ, set()),
    ],
)
async def test_each_scope_opens_its_own_doors_only(ags: Ags, scope: str, allowed: set[str]) -> None:
    address = await ags.made()
    ags.bearer = await ags.lms.bearer(scope)
    answers = {
        "list": await ags.get(ags.line_items, LINE_ITEMS),
        "create": await ags.create(),
        "score": await ags.score(address),
        "results": await ags.get(f"{address}/results", RESULTS),
    }
    assert {name for name, answer in answers.items() if answer.is_success} == allowed
    assert {answer.status_code for answer in answers.values() if not answer.is_success} == {403}


async def test_another_tools_and_another_courses_line_items_are_not_there(ags: Ags) -> None:
    address = await ags.made()
    lms = ags.lms
    async with lms.platform.store.writing() as session:
        other = await add_tool(
            session,
            lms.platform,
            NewTool(
                name="Other",
                login_url="https://other.example/login",
                launch_url="https://other.example/launch",
                jwks_url=f"{TOOL}/.well-known/jwks.json",
            ),
        )
        course = await add_course(session, name="Else", now=lms.platform.now())
        await enrol(session, course, lms.student, "student", lms.platform.now())
    elsewhere = address.replace(f"courses/{lms.course.id}/", f"courses/{course.id}/")
    assert (await ags.get(elsewhere, LINE_ITEM)).status_code == 404
    assert (await ags.score(elsewhere)).status_code == 404
    assert (
        await ags.get(ags.line_items.replace(f"courses/{lms.course.id}", "courses/999"), LINE_ITEMS)
    ).status_code == 404
    lms.tool = other
    ags.bearer = await lms.bearer()
    assert (await ags.get(ags.line_items, LINE_ITEMS)).json() == []
    assert (await ags.get(address, LINE_ITEM)).status_code == 404
    assert (await ags.score(address)).status_code == 404
    assert (await ags.lms.http.delete(address, headers=ags.bearer)).status_code == 404


# --- Scores and results ----------------------------------------------------------------------------------------------


async def test_a_score_lands_in_the_gradebook_in_the_line_items_scale(ags: Ags) -> None:
    address = await ags.made()
    answer = await ags.score(address, comment="Four of five")
    assert answer.status_code == 200
    [result] = await ags.results(address)
    assert result == {
        "id": answer.json()["resultUrl"],
        "scoreOf": address,
        "userId": ags.lms.student.lti_id,
        "resultScore": 80,
        "resultMaximum": 100,
        "comment": "Four of five",
    }
    assert await ags.results(address, f"?user_id={ags.lms.student.lti_id}") == [result]
    assert await ags.results(address, f"?user_id={ags.lms.second.lti_id}") == []


async def test_a_zero_is_a_grade_and_more_than_the_maximum_is_kept(ags: Ags) -> None:
    address = await ags.made()
    await ags.score(address, scoreGiven=0)
    await ags.score(address, scoreGiven=11, userId=str(ags.lms.second.id))
    assert [row["resultScore"] for row in await ags.results(address)] == [0, pytest.approx(110)]


async def test_a_changed_maximum_rescales_the_results(ags: Ags) -> None:
    address = await ags.made()
    await ags.score(address)
    await ags.put(address, {"label": "A", "scoreMaximum": 20})
    [result] = await ags.results(address)
    assert (result["resultScore"], result["resultMaximum"]) == (16, 20)


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": None},
        {"userId": ""},
        {"userId": 5},
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-09-01T08:00:00"},
        {"timestamp": "2026-09-01"},
        {"timestamp": "2026-13-01T08:00:00Z"},
        {"timestamp": 1788249600},
        {"activityProgress": None},
        {"activityProgress": "Done"},
        {"gradingProgress": None},
        {"gradingProgress": "fullygraded"},
        {"scoreGiven": -1},
        {"scoreGiven": "8"},
        {"scoreMaximum": 0},
        {"scoreMaximum": None},
    ],
)
async def test_a_wrong_score_is_refused_and_leaves_no_trace(ags: Ags, changes: dict[str, Any]) -> None:
    address = await ags.made()
    answer = await ags.score(address, **changes)
    assert answer.status_code == 422
    assert answer.json()["errors"]["message"].startswith(next(iter(changes)))
    assert await ags.results(address) == []


async def test_only_active_students_of_the_course_get_scores(ags: Ags) -> None:
    address = await ags.made()
    lms = ags.lms
    for user_id in ("nobody", lms.teacher.lti_id, lms.observer.lti_id, lms.stranger.lti_id, "9" * 30):
        assert (await ags.score(address, userId=user_id)).status_code == 422
    async with lms.platform.store.writing() as session:
        (await enrol(session, lms.course, lms.second, "student", lms.platform.now())).active = False
    assert (await ags.score(address, userId=lms.second.lti_id)).status_code == 422


@pytest.mark.parametrize("grading", ["Pending", "Failed", "NotReady"])
async def test_whatever_is_not_fully_graded_clears_the_grade(ags: Ags, grading: str) -> None:
    address = await ags.made()
    await ags.score(address)
    assert (await ags.score(address, timestamp=at(1), gradingProgress=grading)).status_code == 200
    [result] = await ags.results(address)
    assert "resultScore" not in result
    # The time stays: what is older than the clearing does not come back.
    assert (await ags.score(address, timestamp=at(0.5))).status_code == 409
    assert (await ags.score(address, timestamp=at(2))).status_code == 200


async def test_a_missing_score_clears_and_the_preserve_wish_keeps(ags: Ags) -> None:
    address = await ags.made()
    await ags.score(address)
    kept = {"gradingProgress": "Pending", SUBMISSION: {"preserve_score": True}}
    await ags.score(address, timestamp=at(1), **kept)
    assert (await ags.results(address))[0]["resultScore"] == 80
    await ags.score(address, timestamp=at(2), gradingProgress="PendingManual", scoreGiven=9)
    assert (await ags.results(address))[0]["resultScore"] == 90
    await ags.score(address, timestamp=at(3), scoreGiven=None, scoreMaximum=None)
    assert "resultScore" not in (await ags.results(address))[0]


@pytest.mark.parametrize("seconds", [0, -0.000001, -3600])
async def test_a_score_must_be_later_than_the_one_before(ags: Ags, seconds: float) -> None:
    address = await ags.made()
    assert (await ags.score(address)).status_code == 200
    answer = await ags.score(address, timestamp=at(seconds), scoreGiven=1)
    assert (answer.status_code, answer.json()["errors"]["type"]) == (409, "conflict")
    assert (await ags.results(address))[0]["resultScore"] == 80
    # Another student and another line item have times of their own.
    assert (await ags.score(address, timestamp=at(-9), userId=ags.lms.second.lti_id)).status_code == 200
    assert (await ags.score(await ags.made(), timestamp=at(-9))).status_code == 200


async def test_the_same_moment_in_another_zone_is_not_later(ags: Ags) -> None:
    address = await ags.made()
    await ags.score(address, timestamp="2026-09-01T08:00:00.000Z")
    assert (await ags.score(address, timestamp="2026-09-01T10:00:00+02:00")).status_code == 409
    assert (await ags.score(address, timestamp="2026-09-01T10:00:00.001+02:00")).status_code == 200


async def test_every_score_that_came_is_kept_as_proof(ags: Ags) -> None:
    address = await ags.made(resourceId="playlist:7")
    await ags.score(address)
    await ags.score(address, timestamp=at(-1))
    await ags.score(address, timestamp=at(1), scoreGiven=9)
    rows = (await ags.lms.http.get("/_control/scores")).json()
    assert [(row["answer"], row["score_given"], row["resource_id"], row["login"]) for row in rows] == [
        (200, 8, "playlist:7", "student"),
        (409, 8, "playlist:7", "student"),
        (200, 9, "playlist:7", "student"),
    ]
    async with ags.lms.platform.store.reading() as session:
        kept = (await session.scalars(select(Score).order_by(Score.id))).all()
    assert kept[1].body["timestamp"] == at(-1)


async def test_a_grade_typed_by_the_teacher_stays_for_a_tool_that_asks_first(ags: Ags) -> None:
    address = await ags.made()
    await ags.score(address)
    lms = ags.lms
    async with lms.platform.store.writing() as session:
        line_item = (await session.scalars(select(LineItem))).one()
        await grade_tool_column(session, line_item, lms.student.id, 33.0, lms.platform.now())
    await ags.score(address, timestamp=at(1), **{SUBMISSION: {"prioritize_non_tool_grade": True}})
    assert (await ags.results(address))[0]["resultScore"] == 33
    await ags.score(address, timestamp=at(2))
    assert (await ags.results(address))[0]["resultScore"] == 80


async def test_a_score_that_asks_to_keep_what_stands_keeps_the_tools_own_as_well(ags: Ags) -> None:
    """Canvas looks whether there is a score, not whose (scores_controller.rb, score_submission)."""
    keep = {SUBMISSION: {"prioritize_non_tool_grade": True}}
    address = await ags.made()
    await ags.score(address, **keep)
    assert (await ags.results(address))[0]["resultScore"] == 80
    await ags.score(address, scoreGiven=9.5, timestamp=at(1), comment="Nearly there", **keep)
    [result] = await ags.results(address)
    assert (result["resultScore"], result["comment"][-12:]) == (80, "Nearly there")
    await ags.score(address, scoreGiven=9.5, timestamp=at(2), **{SUBMISSION: {"prioritize_non_tool_grade": False}})
    assert (await ags.results(address))[0]["resultScore"] == 95


async def test_results_come_in_pages(ags: Ags) -> None:
    address = await ags.made()
    for person in (ags.lms.student, ags.lms.second):
        await ags.score(address, userId=person.lti_id)
    first = await ags.get(f"{address}/results?limit=1", RESULTS)
    second = await ags.get(first.links["next"]["url"], RESULTS)
    assert [row["userId"] for row in first.json() + second.json()] == [ags.lms.student.lti_id, ags.lms.second.lti_id]
    assert "next" not in second.links


# --- The rule behind it ----------------------------------------------------------------------------------------------

_SENT = st.tuples(
    st.integers(0, 6),
    st.sampled_from(["FullyGraded", "PendingManual", "Pending", "Failed", "NotReady"]),
    st.integers(0, 10),
)


@given(st.lists(_SENT, max_size=12))
def test_results_never_go_back_in_time(sent: list[tuple[int, str, int]]) -> None:
    """Whatever arrives in whatever order: the result is that of the newest moment's first arrival, and its time only grows."""
    line_item = LineItem(score_maximum=100.0)
    result = Result(score=None, timestamp=None, graded_by="tool")
    times = []
    for second, grading, score in sent:
        body = ScoreBody(
            userId="x",
            timestamp=at(second),  # type: ignore[arg-type]
            activityProgress="Completed",
            gradingProgress=grading,  # type: ignore[arg-type]
            scoreGiven=score,
            scoreMaximum=10,
        )
        before = (result.timestamp, result.score)
        taken = apply(result, line_item, body, {}, START)
        if not taken:
            assert (result.timestamp, result.score) == before
        times.append(result.timestamp)
    assert all(earlier <= later for earlier, later in itertools.pairwise(times) if earlier and later)
    if sent:
        newest = max(second for second, _, _ in sent)
        _, grading, score = next(one for one in sent if one[0] == newest)
        assert result.timestamp == START + timedelta(seconds=newest)
        assert result.score == (score * 10 if grading in ("FullyGraded", "PendingManual") else None)
