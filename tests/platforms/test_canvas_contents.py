"""What a Canvas course holds, against answers as Canvas gives them, traps included."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from lti_tool.platforms.canvas_http import ACCEPT
from lti_tool.platforms.native import (
    ApiUnreachable,
    ApiUnreadable,
    NativeItem,
    NativeTrouble,
)
from tests.platforms.fake_canvas import BASE, COURSE, Canvas, assignment, module_item, rows


async def contents(canvas: Canvas) -> tuple[NativeItem, ...]:
    return (await canvas.api().read_contents("17")).items


async def test_modules_and_assignments_become_items_in_order() -> None:
    canvas = Canvas()
    canvas.on(
        f"{COURSE}/assignments",
        rows(
            assignment(5),
            assignment(6, quiz_id=60, submission_types=["online_quiz"], points_possible=4),
            assignment(7, is_quiz_lti_assignment=True, submission_types=["external_tool"]),
            assignment(8, discussion_topic={"id": 80}),
            assignment(9, name="Loose"),
        ),
    )
    canvas.on(
        f"{COURSE}/modules",
        rows(
            {
                "id": 1,
                "name": "Week 1",
                "items_count": 9,
                "items": [
                    module_item(11, "SubHeader", html_url=None),
                    module_item(12, "Page", indent=1, page_url="intro"),
                    module_item(13, "Assignment", content_id=5),
                    module_item(14, "Quiz", content_id=60),
                    module_item(15, "Assignment", content_id=7),
                    module_item(16, "Discussion", content_id=80),
                ],
            },
            {
                "id": 2,
                "name": "Week 2",
                "items": [
                    module_item(
                        21, "ExternalUrl", html_url=None, external_url="https://example.org/x", published=False
                    ),
                    module_item(22, "ExternalTool"),
                    module_item(23, "File"),
                ],
            },
        ),
    )
    found = await contents(canvas)
    assert [(item.kind, item.section, item.result_key) for item in found] == [
        ("heading", "Week 1", None),
        ("page", "Week 1", None),
        ("assignment", "Week 1", "5"),
        ("quiz", "Week 1", "6"),
        ("quiz", "Week 1", "7"),
        ("discussion", "Week 1", "8"),
        ("link", "Week 2", None),
        ("tool", "Week 2", None),
        ("file", "Week 2", None),
        ("assignment", "", "9"),
    ]
    assert found[0].url is None
    assert found[1].external_id == "canvas:module-item:12"
    assert found[1].indent == 1
    assert found[3].points_possible == 4
    assert found[2].due_at == datetime(2026, 9, 10, 21, 59, 59, tzinfo=UTC)
    assert (found[6].url, found[6].published) == ("https://example.org/x", False)
    assert found[9].external_id == "canvas:assignment:9"


async def test_the_home_page_is_the_courses_own() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows()).on(f"{COURSE}/modules", rows())
    assert (await canvas.api().read_contents("17")).home_url == f"{BASE}/courses/17"


async def test_items_canvas_left_out_are_fetched_for_their_module() -> None:
    """Large modules come without ``items``, and with a scoped key that ignores include[] all of them do."""
    canvas = Canvas().on(f"{COURSE}/assignments", rows())
    canvas.on(
        f"{COURSE}/modules",
        rows(
            {"id": 1, "name": "Big", "items_url": "https://evil.example/steal", "items": None},
            {"id": 2, "name": "Small"},
        ),
    )
    canvas.on(
        f"{COURSE}/modules/1/items", rows(module_item(11, "Page", content_details={"due_at": "2026-09-03T00:00:00Z"}))
    )
    canvas.on(f"{COURSE}/modules/2/items", rows(module_item(21, "Page")))
    assert [item.section for item in await contents(canvas)] == ["Big", "Small"]
    assert {request.url.host for request in canvas.asked} == {"school.instructure.com"}


async def test_pages_follow_opaque_links_whatever_the_headers_case() -> None:
    canvas = Canvas().on(f"{COURSE}/modules", rows())
    first = rows(
        assignment(5), link=f'<{BASE}{COURSE}/assignments?page=bookmark:WyJBYiJd&per_page=1>; rel="next"', header="link"
    )
    canvas.on(f"{COURSE}/assignments", first, rows(assignment(6)))
    assert len(await contents(canvas)) == 2
    assert "page=bookmark:WyJBYiJd" in str(canvas.asked[1].url)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/api/v1/x", "http://school.instructure.com/api", "https://school.instructure.com:8443/a"],
)
async def test_the_token_goes_to_its_own_host_only(elsewhere: str) -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5), link=f'<{elsewhere}>; rel="next"'))
    with pytest.raises(ApiUnreadable):
        await contents(canvas)
    assert len(canvas.asked) == 1


async def test_pages_that_go_in_a_circle_end() -> None:
    canvas = Canvas().on(
        f"{COURSE}/assignments", rows(assignment(5), link=f'<{BASE}{COURSE}/assignments?page=2>; rel="next"')
    )
    with pytest.raises(ApiUnreadable):
        await contents(canvas)
    assert len(canvas.asked) == 2


async def test_a_redirect_is_not_followed_with_the_token() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", httpx.Response(302, headers={"Location": "https://evil.example/"}))
    with pytest.raises(NativeTrouble):
        await contents(canvas)
    assert len(canvas.asked) == 1


async def test_ids_are_asked_for_as_text_and_read_either_way() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(10730000000000125))).on(f"{COURSE}/modules", rows())
    (item,) = await contents(canvas)
    assert item.result_key == "10730000000000125"
    canvas.on(f"{COURSE}/assignments", rows(assignment() | {"id": "10730000000000125"}))
    assert (await contents(canvas))[0].result_key == "10730000000000125"
    assert {request.headers["accept"] for request in canvas.asked} == {ACCEPT}
    assert canvas.asked[0].headers["authorization"] == "Bearer secret-token"


async def test_what_makes_no_sense_in_a_row_is_left_out() -> None:
    canvas = Canvas().on(
        f"{COURSE}/assignments", rows({"id": None}, "x", assignment(5, html_url="javascript:alert(1)"))
    )
    canvas.on(
        f"{COURSE}/modules",
        rows(
            {
                "id": 1,
                "name": None,
                "items": [{"title": "no id"}, 3, module_item(2, "Mystery", title="T\x00itle " * 200)],
            }
        ),
    )
    strange, loose = await contents(canvas)
    assert (strange.kind, len(strange.title)) == ("link", 500)
    assert loose.url is None


async def one_item(row: dict[str, Any], *assignments: dict[str, Any]) -> NativeItem:
    canvas = Canvas().on(f"{COURSE}/assignments", rows(*assignments))
    canvas.on(f"{COURSE}/modules", rows({"id": 1, "name": "A", "items": [row]}))
    return (await contents(canvas))[0]


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        ({"type": "must_view"}, ("view", None)),
        ({"type": "must_submit"}, ("submit", None)),
        ({"type": "must_contribute"}, ("contribute", None)),
        ({"type": "must_mark_done"}, ("mark", None)),
        ({"type": "min_score", "min_score": 4}, ("score", 4)),
        ({"type": "min_percentage", "min_percentage": 70}, ("score", 7)),
        ({"type": "something_newer"}, ("other", None)),
        ({"type": "min_score"}, ("score", None)),
        ({}, (None, None)),
        (None, (None, None)),
    ],
)
async def test_what_completes_an_item(required: object, expected: tuple[str | None, float | None]) -> None:
    found = await one_item(module_item(2, "Assignment", content_id=5, completion_requirement=required), assignment(5))
    assert (found.requirement, found.requirement_points) == expected


async def test_dates_are_the_classs_and_not_the_latest_of_some_section() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows()).on(f"{COURSE}/modules", rows())
    await contents(canvas)
    assert canvas.asked[0].url.params["override_assignment_dates"] == "false"


async def test_a_heading_requires_nothing_and_leads_nowhere() -> None:
    found = await one_item(module_item(2, "SubHeader", completion_requirement={"type": "must_view"}))
    assert (found.kind, found.url, found.requirement) == ("heading", None, None)


async def test_a_link_is_opened_where_canvas_counts_it_and_not_in_the_api() -> None:
    """Canvas tells an address of its API for links; the page that does the same is beside those of all other items."""
    for told in (f"{BASE}{COURSE}/module_item_redirect/2", f"{BASE}/courses/17/modules/items/2"):
        found = await one_item(module_item(2, "ExternalUrl", html_url=told, external_url="https://example.org/"))
        assert found.url == f"{BASE}/courses/17/modules/items/2"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"submission_types": ["online_quiz"]}, "quiz"),
        ({"submission_types": ["external_tool"]}, "tool"),
        ({"submission_types": ["external_tool"], "is_quiz_lti_assignment": True}, "quiz"),
        (
            {
                "submission_types": ["external_tool"],
                "external_tool_tag_attributes": {"url": "https://school.quiz-lti-dub-prod.instructure.com/lti/launch"},
            },
            "quiz",
        ),
        (
            {
                "submission_types": ["external_tool"],
                "external_tool_tag_attributes": {"url": "https://x.quiz-lti.example/lti"},
            },
            "tool",
        ),
        ({"submission_types": ["discussion_topic"], "discussion_topic": {"id": 8}}, "discussion"),
        ({"submission_types": ["online_upload"], "group_category_id": 3, "omit_from_final_grade": True}, "assignment"),
    ],
)
async def test_what_an_assignment_is_to_a_student(row: dict[str, Any], kind: str) -> None:
    found = await one_item(module_item(2, "Assignment", content_id=5), assignment(5, **row))
    assert (found.kind, found.result_key) == (kind, "5")


@pytest.mark.parametrize(
    "ungraded", [{"points_possible": 0}, {"points_possible": None, "submission_types": ["not_graded"]}]
)
async def test_what_gives_no_points_has_no_results(ungraded: dict[str, Any]) -> None:
    found = await one_item(module_item(2, "Assignment", content_id=5), assignment(5, **ungraded))
    assert found.result_key is None


async def test_what_stands_in_no_module_comes_behind_and_pictures_stay_where_they_are() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows())
    items = [
        module_item(2, "Page", page_url="in-a-module"),
        module_item(3, "File", content_id=8),
        module_item(4, "Quiz", content_id=2),
    ]
    canvas.on(f"{COURSE}/modules", rows({"id": 1, "name": "A", "items": items}))
    pages = [{"page_id": number, "url": url, "title": url} for number, url in ((1, "in-a-module"), (2, "ünd so"))]
    canvas.on(f"{COURSE}/pages", rows(*pages))
    canvas.on(
        f"{COURSE}/discussion_topics",
        rows({"id": 5, "title": "Talk"}, {"id": 6, "assignment_id": 9}, {"id": 7, "is_announcement": True}),
    )
    canvas.on(f"{COURSE}/files", rows({"id": 8}, {"id": 9, "display_name": "b.pdf", "locked": True}))
    quizzes = [{"id": 1, "assignment_id": 5}, {"id": 2}, {"id": 3, "title": "Practice", "published": False}]
    canvas.on(f"{COURSE}/quizzes", rows(*quizzes))
    found = (await contents(canvas))[3:]
    assert [(item.external_id, item.url, item.published) for item in found] == [
        ("canvas:quiz:3", f"{BASE}/courses/17/quizzes/3", False),
        ("canvas:page:2", f"{BASE}/courses/17/pages/%C3%BCnd%20so", True),
        ("canvas:discussion:5", f"{BASE}/courses/17/discussion_topics/5", True),
        ("canvas:file:9", f"{BASE}/courses/17/files/9", False),
    ]
    (asked,) = [request for request in canvas.asked if request.url.path.endswith("/files")]
    assert asked.url.params["exclude_content_types[]"] == "image"


async def test_lists_that_are_closed_take_nothing_else_away() -> None:
    """A course may have pages switched off (404), and an access may lack a scope (401)."""
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5))).on(f"{COURSE}/modules", rows())
    canvas.on(f"{COURSE}/pages", httpx.Response(401, json={"errors": [{"message": "Insufficient scopes"}]}))
    canvas.on(f"{COURSE}/discussion_topics", rows({"id": 5, "title": "Talk"}))
    assert [item.external_id for item in await contents(canvas)] == ["canvas:assignment:5", "canvas:discussion:5"]
    canvas.on(f"{COURSE}/pages", httpx.Response(502))
    with pytest.raises(ApiUnreachable):
        await contents(canvas)


async def test_who_gets_in_is_told_of_items_and_their_modules() -> None:
    canvas = Canvas()
    early, late = "2026-09-01T06:00:00Z", "2026-09-20T06:00:00Z"
    canvas.on(
        f"{COURSE}/assignments",
        rows(
            assignment(5, unlock_at=early, lock_at=late),
            assignment(6, only_visible_to_overrides=True, unlock_at=early),
            assignment(7, has_overrides=True, lock_at=early),
            assignment(8, has_overrides=True),
        ),
    )
    details = {"unlock_at": early, "lock_at": None}
    canvas.on(
        f"{COURSE}/modules",
        rows(
            {
                "id": 1,
                "name": "Later",
                "unlock_at": late,
                "prerequisite_module_ids": [9],
                "items": [
                    module_item(11, "SubHeader", html_url=None),
                    module_item(12, "Assignment", content_id=5),
                    module_item(13, "File", content_id=40, content_details=details),
                ],
            },
            {"id": 2, "name": "In order", "require_sequential_progress": True, "items": [module_item(21, "Page")]},
        ),
    )
    quiz = {"id": 30, "title": "Practice", "unlock_at": early, "only_visible_to_overrides": True}
    canvas.on(f"{COURSE}/quizzes", rows(quiz))
    canvas.on(f"{COURSE}/discussion_topics", rows({"id": 31, "title": "Talk", "delayed_post_at": late}))
    last = datetime(2026, 9, 20, 6, tzinfo=UTC)
    assert [(item.opens_at, item.closes_at, item.limits) for item in await contents(canvas)] == [
        (None, None, ()),
        (last, last, ("work",)),
        (last, None, ("work",)),
        (None, None, ("work",)),
        (None, None, ("assigned",)),
        (None, None, ("dates",)),
        (None, None, ()),
        (None, None, ("assigned",)),
        (last, None, ()),
    ]


async def test_a_link_of_a_tool_is_called_what_launches_call_it() -> None:
    """Its tag has the id that LTI 1.1 knew it by; a launch's resource link is the assignment's id for tools."""
    tag = {"url": "https://tool.example/lti/launch", "resource_link_id": "0f2c1e", "new_tab": False}
    canvas = Canvas().on(
        f"{COURSE}/assignments",
        rows(
            assignment(5, submission_types=["external_tool"], external_tool_tag_attributes=tag, lti_context_id="4ab-7"),
            assignment(6, submission_types=["external_tool"], external_tool_tag_attributes=tag),
            assignment(7, lti_context_id="9cd-1"),
        ),
    )
    canvas.on(f"{COURSE}/modules", rows())
    found = (await canvas.api().read_contents("17")).items
    assert [one.link_id for one in found] == ["4ab-7", "0f2c1e", None]
