"""Our clients against what a Moodle 4.5.6 answered: captured exchanges are replayed, and refuse what the capture did not send.

``fixtures/moodle-4.5-services.json`` holds requests and answers as they were, but for the host, tokens and assertions.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from lti_tool.lti import claims
from lti_tool.lti.models import Family, Role
from lti_tool.lti.services import (
    ActivityProgress,
    AgsClient,
    GradingProgress,
    LineItemData,
    NrpsClient,
    ScoreData,
    ServiceRefused,
    SubmissionReview,
)
from lti_tool.platforms import quirks
from tests.lti.conftest import Tool
from tests.lti.support import fixture
from tests.pairs import on_sqlite

EXCHANGES = fixture("moodle-4.5-services.json")
BASE = "https://platform.example/mod/lti/services.php"
COURSE = f"{BASE}/8/lineitems?type_id=2"
ITEM = f"{BASE}/8/lineitems/36/lineitem?type_id=2"
ALONE = f"{BASE}/8/lineitems/38/lineitem?type_id=2"
MEMBERS = f"{BASE}/CourseSection/8/bindings/2/memberships"
AT = datetime(2026, 11, 22, 18, 49, 47, tzinfo=UTC)
OFFERED = [claims.LINE_ITEM_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE]


class Moodle:
    """Answers as captured, one exchange after the other; anything else that is asked fails the test."""

    def __init__(self, tool: Tool, *names: str) -> None:
        self.tool = tool
        self.left = [EXCHANGES[name] for name in names]
        self.tokens = 0
        self.sent: list[httpx.Request] = []
        tool.platform.answers["/token"] = self.token
        for exchange in self.left:
            tool.platform.answers[httpx.URL(exchange["url"]).path] = self.replay

    def token(self, request: httpx.Request) -> httpx.Response:
        self.tokens += 1
        granted = parse_qs(request.content.decode())["scope"][0]
        # As text/html, as Moodle has it.
        said = {"access_token": f"t{self.tokens}", "token_type": "Bearer", "expires_in": 3600, "scope": granted}
        return httpx.Response(200, content=json.dumps(said), headers={"Content-Type": "text/html; charset=utf-8"})

    def replay(self, request: httpx.Request) -> httpx.Response:
        exchange = self.left.pop(0)
        self.sent.append(request)
        asked = httpx.URL(exchange["url"])
        assert (request.method, request.url.path) == (exchange["method"], asked.path)
        assert dict(request.url.params) == dict(asked.params)
        if exchange["accept"] != "*/*":
            assert request.headers["accept"] == exchange["accept"]
        else:
            # The capture's own client did not care; ours always says what it wants, since lists are 400 otherwise.
            assert request.headers["accept"].startswith("application/vnd.ims.")
        if exchange["content_type"]:
            assert request.headers["content-type"] == exchange["content_type"]
        if exchange["sent"] is not None:
            assert json.loads(request.content) == exchange["sent"]
        return answer_of(exchange)

    @property
    def ags(self) -> AgsClient:
        return AgsClient(self.tool.protocol, self.tool.registration, quirks(Family.MOODLE), scopes=OFFERED)

    @property
    def nrps(self) -> NrpsClient:
        return NrpsClient(self.tool.protocol, self.tool.registration, quirks(Family.MOODLE))


def answer_of(exchange: dict[str, Any]) -> httpx.Response:
    given = exchange["answer"]
    content = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    headers = {name: value.encode() for name, value in exchange["headers"].items()}
    return httpx.Response(
        exchange["status"], content=content, headers=headers, extensions={"reason_phrase": exchange["reason"].encode()}
    )


# Tokens


@pytest.mark.parametrize("name", ["single_scope", "one_permitted_one_not"])
async def test_a_token_of_text_html(tool: Tool, name: str) -> None:
    exchange = EXCHANGES[name]
    tool.platform.answers["/token"] = lambda _: answer_of(exchange)
    asked = exchange["sent"]["scope"].split()
    token = await tool.protocol.token(tool.registration, asked, needs=[claims.SCORE_SCOPE])
    assert token == exchange["answer"]["access_token"]
    if name == "one_permitted_one_not":
        with pytest.raises(ServiceRefused):
            await tool.protocol.token(tool.registration, asked, needs=["https://purl.imsglobal.org/spec/lti-ts/scope"])


@on_sqlite
@pytest.mark.parametrize(
    "name",
    ["bad_scope", "iat_in_future_30s", "unknown_sub", "unknown_kid", "empty_scope", "expired", "foreign_key", "ps256"],
)
async def test_refusals_of_tokens_in_words_and_in_broken_json(tool: Tool, name: str) -> None:
    tool.platform.answers["/token"] = lambda _: answer_of(EXCHANGES[name])
    with pytest.raises(ServiceRefused) as caught:
        await tool.protocol.token(tool.registration, ["https://example.test/nope"])
    assert (caught.value.answered, caught.value.code) == (400, "no-permission")


# Line items


async def test_line_items_are_listed(tool: Tool) -> None:
    found = await Moodle(tool, "list").ags.find_line_items(COURSE)
    assert [(item.label, item.score_maximum, item.resource_link_id, item.tag) for item in found] == [
        ("Scratch LTI tool practice", 100.0, "3", None),
        ("Delete my grade column", 10.0, "4", None),
    ]


async def test_a_list_that_takes_anything_is_a_400(tool: Tool) -> None:
    """Why the media type is always named: httpx says ``*/*`` otherwise."""
    exchange = EXCHANGES["list_accept_star"]
    tool.platform.answers["/mod/lti/services.php/8/lineitems"] = lambda _: answer_of(exchange)
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool).ags.find_line_items(COURSE)
    assert caught.value.code == "not-accepted"


async def test_a_line_item_is_made_and_read_again(tool: Tool) -> None:
    """Dates, ``gradesReleased`` and ``submissionReview`` come back from the POST, and are not kept."""
    given = EXCHANGES["create"]["sent"]
    tool.platform.answers["/mod/lti/services.php/8/lineitems"] = lambda _: answer_of(EXCHANGES["create"])
    made = await Moodle(tool, "read_back").ags.create_line_item(
        COURSE,
        LineItemData(
            label=given["label"],
            score_maximum=given["scoreMaximum"],
            resource_id=given["resourceId"],
            tag=given["tag"],
            resource_link_id=given["resourceLinkId"],
            grades_released=False,
        ),
    )
    assert made.id == ALONE
    assert made.submission_review == SubmissionReview(
        (ActivityProgress.COMPLETED,), "Open", given["submissionReview"]["url"], {"a": "b"}
    )
    kept = await Moodle(tool, "read_back").ags.get_line_item(ALONE)
    assert (kept.resource_id, kept.tag, kept.resource_link_id, kept.score_maximum) == ("skill-42", "skill", "3", 12.5)
    assert (kept.submission_review, kept.end_at, kept.grades_released) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "asked", "labels"),
    [
        ("filter_tag", {"tag": "skill"}, ["Linear equations – skill check"]),
        ("filter_resource_id", {"resource_id": "cl-1"}, ["Course level item", "Course level item"]),
        (
            "filter_resource_link_id",
            {"resource_link_id": "3"},
            ["Scratch LTI tool practice", "Linear equations – skill check"],
        ),
        ("filter_unknown", {"tag": "zzz"}, []),
    ],
)
async def test_line_items_are_found(tool: Tool, name: str, asked: dict[str, str], labels: list[str]) -> None:
    found = await Moodle(tool, name).ags.find_line_items(COURSE, **asked)
    assert [item.label for item in found] == labels


async def test_the_next_page_of_line_items_behind_typographic_quotes(tool: Tool) -> None:
    asked: list[str] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        last = httpx.Response(200, json=[])
        return answer_of(EXCHANGES["paging_limit_1"]) if len(asked) == 1 else last

    tool.platform.answers["/mod/lti/services.php/8/lineitems"] = page
    found = await Moodle(tool).ags.find_line_items(COURSE + "&limit=1")
    assert len(found) == 1
    assert asked[1] == COURSE + "&limit=1&from=1"


async def test_a_column_of_an_activity_stays_its_own(tool: Tool) -> None:
    """A PUT without ``resourceLinkId`` unlinked one, seen in the capture: everything is sent again."""
    unlinked = await Moodle(tool, "put_coupled_without_resourceLinkId_read_back").ags.get_line_item(
        f"{BASE}/8/lineitems/37/lineitem?type_id=2"
    )
    assert unlinked.resource_link_id is None

    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return answer_of(EXCHANGES["read_back"])
        sent.append(json.loads(request.content))
        return httpx.Response(200, json=sent[-1])

    tool.platform.answers["/mod/lti/services.php/8/lineitems/38/lineitem"] = answer
    await Moodle(tool).ags.update_line_item(LineItemData(id=ALONE, label="Lines", score_maximum=12.5))
    assert {name: sent[0][name] for name in ("label", "scoreMaximum", "resourceId", "tag", "resourceLinkId")} == {
        "label": "Lines",
        "scoreMaximum": 12.5,
        "resourceId": "skill-42",
        "tag": "skill",
        "resourceLinkId": "3",
    }


@pytest.mark.parametrize("name", ["put_missing_scoreMaximum", "create_content_type_json", "create_no_label"])
async def test_what_moodle_does_not_take_of_a_column_is_always_there(tool: Tool, name: str) -> None:
    """Three 400s: without a maximum, as plain JSON, and without a label. Ours is none of them, and never has an empty body."""
    exchange = EXCHANGES[name]
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answer_of(EXCHANGES["read_back"] if request.method == "GET" else exchange)

    path = httpx.URL(exchange["url"]).path
    tool.platform.answers[path] = answer
    item = LineItemData(id=exchange["url"], label="Lines", score_maximum=12.5)
    ags = Moodle(tool).ags
    with pytest.raises(ServiceRefused) as caught:
        await (ags.update_line_item(item) if exchange["method"] == "PUT" else ags.create_line_item(COURSE, item))
    assert (caught.value.code, caught.value.answered) == ("not-accepted", 400)
    assert sent[-1].headers["content-type"] == "application/vnd.ims.lis.v2.lineitem+json"
    assert {"label", "scoreMaximum"} <= json.loads(sent[-1].content).keys()


async def test_a_change_is_answered_with_the_whole_column(tool: Tool) -> None:
    exchange = EXCHANGES["put"]

    def answer(request: httpx.Request) -> httpx.Response:
        return answer_of(EXCHANGES["read_back"] if request.method == "GET" else exchange)

    tool.platform.answers["/mod/lti/services.php/8/lineitems/38/lineitem"] = answer
    changed = await Moodle(tool).ags.update_line_item(LineItemData(id=ALONE, label="Renamed", score_maximum=25))
    assert (changed.id, changed.label, changed.score_maximum, changed.tag) == (ALONE, "Renamed", 25, "skill")


async def test_the_column_of_an_activity_is_deleted_like_any_other(tool: Tool) -> None:
    """Seen on 4.5.6, with 204: nothing of ours may delete a column that it has not made."""
    await Moodle(tool, "delete_coupled").ags.delete_line_item(f"{BASE}/8/lineitems/37/lineitem?type_id=2")


@pytest.mark.parametrize(
    ("name", "code", "asked"),
    [
        ("lineitem_of_another_activity", "line-item-gone", 1),
        ("unknown_course", "not-accepted", 1),
        ("other_type_id", "no-permission", 2),
    ],
)
async def test_columns_that_are_none_of_ours(tool: Tool, name: str, code: str, asked: int) -> None:
    url, lists = EXCHANGES[name]["url"], "container" in EXCHANGES[name]["accept"]
    moodle = Moodle(tool, *[name] * asked)
    with pytest.raises(ServiceRefused) as caught:
        # The tool's own number, and the course's, are in the address; the capture asked with others.
        await (moodle.ags.find_line_items(url) if lists else moodle.ags.get_line_item(url))
    assert (caught.value.code, len(moodle.sent)) == (code, asked)


async def test_columns_without_the_tool_s_number_are_listed_with_it(tool: Tool) -> None:
    found = await Moodle(tool, "list_without_type_id").ags.find_line_items(f"{BASE}/8/lineitems")
    assert all("type_id=2" in (item.id or "") for item in found)


async def test_a_column_is_removed_and_unknown_then(tool: Tool) -> None:
    gone = f"{BASE}/8/lineitems/40/lineitem?type_id=2"
    moodle = Moodle(tool, "delete_dup", "get_deleted")
    await moodle.ags.delete_line_item(gone)
    with pytest.raises(ServiceRefused) as caught:
        await moodle.ags.get_line_item(gone)
    assert caught.value.code == "line-item-gone"


async def test_a_column_for_a_link_of_somebody_else(tool: Tool) -> None:
    foreign = LineItemData(label="x", score_maximum=5, resource_link_id="9999")
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool, "create_foreign_resourceLinkId").ags.create_line_item(COURSE, foreign)
    assert (caught.value.code, caught.value.answered) == ("no-permission", 403)


# Scores


async def test_a_score_as_it_was_sent(tool: Tool) -> None:
    moodle = Moodle(tool, "first_7_of_10_on_max_100", "result_after_first")
    await moodle.ags.post_score(ITEM, ScoreData("190", 7, 10, AT, comment="Good start – <b>bold</b> é"))
    (result,) = await moodle.ags.results(ITEM, "190")
    assert (result.score, result.maximum, result.comment) == (70, 100, "Good start – <b>bold</b> é")
    assert result.extra["timestamp"] == "2026-11-22T18:49:47+00:00"
    assert not moodle.left


async def test_progress_without_a_number_wipes_the_grade_and_its_moment(tool: Tool) -> None:
    """Why the ledger sends nothing but FullyGraded with a number: what came after was older, and was taken."""
    moodle = Moodle(
        tool, "b_pending_t90_clears", "c_result_after_pending", "d_older_score_t5000_after_pending", "e_result"
    )
    cleared, older = (
        EXCHANGES[name]["sent"]["timestamp"] for name in ("b_pending_t90_clears", "d_older_score_t5000_after_pending")
    )
    assert older < cleared
    at = datetime.fromisoformat(cleared)
    await moodle.ags.post_score(
        ITEM,
        ScoreData(
            "209",
            None,
            None,
            at,
            activity_progress=ActivityProgress.IN_PROGRESS,
            grading_progress=GradingProgress.PENDING,
        ),
    )
    assert await moodle.ags.results(ITEM, "209") == []
    await moodle.ags.post_score(ITEM, ScoreData("209", 3, 10, datetime.fromisoformat(older)))
    assert [one.score for one in await moodle.ags.results(ITEM, "209")] == [30]
    assert not moodle.left


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("same_timestamp", "conflict-newer"),
        ("teacher_as_user", "not-enrolled"),
        ("unknown_user", "not-enrolled"),
        ("f_400_with_newline_and_utf8_comment", "not-enrolled"),
    ],
)
async def test_a_score_that_is_refused(tool: Tool, name: str, code: str) -> None:
    """The reason phrase of the last two repeats the whole request; nothing of it may come any further."""
    sent = EXCHANGES[name]["sent"]
    score = ScoreData(
        sent["userId"],
        sent["scoreGiven"],
        sent["scoreMaximum"],
        datetime.fromisoformat(sent["timestamp"]),
        comment=sent.get("comment"),
    )
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool, name).ags.post_score(ITEM, score)
    assert caught.value.code == code
    assert sent["userId"] not in str(caught.value) + caught.value.detail


async def test_a_score_for_a_column_of_another_activity(tool: Tool) -> None:
    exchange = EXCHANGES["score_on_lineitem_of_another_activity"]
    tool.platform.answers["/mod/lti/services.php/8/lineitems/26/lineitem/scores"] = lambda _: answer_of(exchange)
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool).ags.post_score(f"{BASE}/8/lineitems/26/lineitem?type_id=2", ScoreData("190", 1, 1, AT))
    assert caught.value.code == "line-item-gone"


# Results


async def test_results_of_everyone_of_one_and_of_nobody(tool: Tool) -> None:
    moodle = Moodle(tool, "all", "by_user", "results-unknown_user")
    assert [(one.user_id, one.score) for one in await moodle.ags.results(ITEM)] == [
        ("192", 50),
        ("190", 80),
        ("194", 25),
    ]
    assert [one.score for one in await moodle.ags.results(ITEM, "190")] == [80]
    assert await moodle.ags.results(ITEM, "999999") == []


async def test_zero_is_a_score_and_a_cleared_one_is_none(tool: Tool) -> None:
    moodle = Moodle(tool, "result_zero", "result_pending_manual", "standalone_result_after")
    assert [one.score for one in await moodle.ags.results(ITEM, "190")] == [0]
    assert await moodle.ags.results(ITEM, "190") == []
    assert [(one.user_id, one.score) for one in await moodle.ags.results(ALONE)] == [("191", 0), ("190", None)]


async def test_results_in_pages_are_a_page_of_html(tool: Tool) -> None:
    """Why no limit is asked for."""
    tool.platform.answers["/mod/lti/services.php/8/lineitems/36/lineitem/results"] = lambda _: answer_of(
        EXCHANGES["limit_5"]
    )
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool).ags.results(ITEM + "&limit=5")
    assert caught.value.code == "line-item-gone"


# Members


async def test_the_roster_in_pages_and_by_role(tool: Tool) -> None:
    asked: list[httpx.URL] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return answer_of(EXCHANGES["limit_10"]) if len(asked) == 1 else httpx.Response(200, json={"members": []})

    tool.platform.answers["/mod/lti/services.php/CourseSection/8/bindings/2/memberships"] = page
    found = await Moodle(tool).nrps.members(MEMBERS + "?limit=10")
    assert [(one.user_id, one.name, one.role) for one in found] == [
        ("194", "Amina Diallo", Role.STUDENT),
        ("191", "José García", Role.STUDENT),
    ]
    assert dict(asked[1].params) == {"limit": "10", "from": "10"}

    teachers = await Moodle(tool, "role_full_uri_instructor").nrps.members(
        MEMBERS, "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
    )
    assert [(one.name, one.role) for one in teachers] == [("Tessa Teacher", Role.TEACHER)]


async def test_the_role_that_moodles_next_page_forgets_is_asked_again(tool: Tool) -> None:
    asked: list[httpx.URL] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return answer_of(EXCHANGES["role_learner_limit_10"]) if len(asked) == 1 else httpx.Response(204)

    tool.platform.answers["/mod/lti/services.php/CourseSection/8/bindings/2/memberships"] = page
    await Moodle(tool).nrps.members(MEMBERS + "?limit=10", "Learner")
    assert [dict(one.params) for one in asked] == [
        {"role": "Learner", "limit": "10"},
        {"role": "Learner", "limit": "10", "from": "10"},
    ]


async def test_who_is_suspended_is_left_out_and_an_assistant_is_a_learner(tool: Tool) -> None:
    """The non-editing teacher, Instructor at launch (``ta``), is Learner here; nobody is ever Inactive."""
    found = {one.name: one for one in await Moodle(tool, "roster_after_suspending").nrps.members(MEMBERS)}
    assert found["Tom Assistant"].role is Role.STUDENT
    assert quirks(Family.MOODLE).roster_hides_assistants
    assert "219" not in {one.user_id for one in found.values()}


async def test_a_link_s_roster_on_moodle_has_no_custom_parameters(tool: Tool) -> None:
    found = await Moodle(tool, "roster_of_a_link").nrps.members(MEMBERS, rlid="3")
    assert [(one.name, one.custom) for one in found] == [("Amina Diallo", {}), ("Tessa Teacher", {})]


async def test_a_roster_that_may_not_be_read(tool: Tool) -> None:
    for name in ("insufficient_scope_nrps", "bad_token_nrps"):
        moodle = Moodle(tool, name, name)
        with pytest.raises(ServiceRefused) as caught:
            await moodle.nrps.members(MEMBERS)
        assert (caught.value.code, caught.value.answered) == ("no-permission", 401)


async def test_a_link_that_is_not_there(tool: Tool) -> None:
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool, "rlid_unknown").nrps.members(MEMBERS, rlid="9999")
    assert caught.value.answered == 404


# What goes wrong


@pytest.mark.parametrize("name", ["bad_token", "expired_access_token"])
async def test_a_401_costs_one_new_token_and_no_more(tool: Tool, name: str) -> None:
    moodle = Moodle(tool, name, name)
    with pytest.raises(ServiceRefused) as caught:
        await moodle.ags.find_line_items(COURSE)
    assert (caught.value.code, moodle.tokens, len(moodle.sent)) == ("no-permission", 2, 2)


async def test_a_token_that_ended_is_replaced(tool: Tool) -> None:
    moodle = Moodle(tool, "expired_access_token", "list")
    assert len(await moodle.ags.find_line_items(COURSE)) == 2
    assert [request.headers["authorization"] for request in moodle.sent] == ["Bearer t1", "Bearer t2"]


async def test_a_scope_that_is_not_there(tool: Tool) -> None:
    name = "insufficient_scope_score"
    sent = EXCHANGES[name]["sent"]
    score = ScoreData(sent["userId"], 1, 1, datetime.fromisoformat(sent["timestamp"]))
    moodle = Moodle(tool, name, name)
    with pytest.raises(ServiceRefused) as caught:
        await moodle.ags.post_score(ITEM, score)
    assert (caught.value.code, moodle.tokens) == ("no-permission", 2)


async def test_an_unknown_column(tool: Tool) -> None:
    with pytest.raises(ServiceRefused) as caught:
        await Moodle(tool, "unknown_lineitem").ags.get_line_item(f"{BASE}/8/lineitems/99999/lineitem?type_id=2")
    assert caught.value.code == "line-item-gone"


def test_every_captured_exchange_is_replayed() -> None:
    here = Path(__file__).read_text("utf-8")
    assert [name for name in EXCHANGES if f'"{name}"' not in here] == []


async def test_names_that_moodle_wrote_for_a_page_are_read_as_people_write_them(tool: Tool) -> None:
    """Seen on 4.5.6: the roster's names have gone through format_string; other platforms' are left as they are."""
    member = {"user_id": "7", "roles": ["Learner"], "name": "Ann &amp; Bob O'Brien", "given_name": "Ann &amp; Bob"}
    tool.platform.answers["/members"] = lambda request: httpx.Response(200, json={"members": [member]})
    [found] = await Moodle(tool).nrps.members("https://platform.example/members")
    assert (found.name, found.given_name, found.family_name) == ("Ann & Bob O'Brien", "Ann & Bob", None)
    [plain] = await NrpsClient(tool.protocol, tool.registration, quirks(Family.SAKAI)).members(
        "https://platform.example/members"
    )
    assert plain.name == member["name"]
