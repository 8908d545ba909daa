"""Deep linking from the course editor: the picker, what is sent, and who may not."""

import re
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.lti.deep_linking import read_settings
from lti_tool.lti.models import DeepLinkingRequest, Family, Registration, ToolSession
from lti_tool.playlists import picking
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import Playlist
from tests.lti.support import LTI, TOOL, fixture
from tests.playlists.linking import DL, RETURN_URL, World, a_world, posted

DUE = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture
async def world(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[World]:
    """Rolled back at the end."""
    made = await a_world(database, clock, tmp_path)
    yield made
    await made.tool.protocol.key_sets.settle()
    await made.close()


# --- Picking ------------------------------------------------------------------------------------------------------------


async def test_a_teacher_picks_a_playlist(world: World) -> None:
    await world.launch()
    playlist = await world.playlist()
    teacher = await world.pick(data="909708")
    assert re.fullmatch(r"/courses/[0-9a-f-]+/pick/[0-9a-f-]+", teacher.address)
    assert "Halves" in teacher.page.text

    page = await teacher.post(
        teacher.address, pick=[str(playlist.id)], has_column="yes", points="10", target="window", new_title=""
    )

    answer = posted(page)
    assert answer.to == RETURN_URL
    assert "form-action 'self' https://platform.example" in page.headers["content-security-policy"]
    key = world.tool.protocol.keys.active()
    assert answer.header == {"alg": "RS256", "typ": "JWT", "kid": key.kid}
    jwt.decode(answer.jwt, RSAKey.import_key(key.public_jwk()), algorithms=["RS256"])
    claims = answer.claims
    now = int(world.clock.now().timestamp())
    assert claims["iat"] <= now < claims["exp"] <= claims["iat"] + 300
    assert len(claims.pop("nonce")) >= 32
    assert {name: value for name, value in claims.items() if name not in {"iat", "exp", DL + "content_items"}} == {
        "iss": world.tool.platform.client_id,
        "aud": world.tool.platform.issuer,
        LTI + "deployment_id": "testdeploy",
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "version": "1.3.0",
        DL + "data": "909708",
        DL + "msg": "1 link was added.",
    }
    assert answer.items == [
        {
            "type": "ltiResourceLink",
            "title": "Halves",
            "url": f"{TOOL}/lti/launch",
            "icon": {"url": f"{TOOL}/static/icon/mark.svg", "width": 64, "height": 64},
            "window": {"targetName": "_blank"},
            "custom": {"playlist_id": str(playlist.id)},
            "lineItem": {
                "label": "Halves",
                "scoreMaximum": 10,
                "resourceId": f"playlist:{playlist.id}",
                "tag": "progress",
                "submissionReview": {
                    "reviewableStatus": ["InProgress", "Submitted", "Completed"],
                    "label": "See this student’s path",
                },
            },
        }
    ]


async def test_several_at_once_with_a_new_one_and_the_front_page(world: World) -> None:
    await world.launch()
    first, second = await world.playlist("First"), await world.playlist("Second", assign=Terms(due_at=DUE))
    teacher = await world.pick()
    new_id = re.search(r'name="new_id" value="([^"]+)"', teacher.page.text)
    assert new_id

    page = await teacher.post(
        teacher.address,
        pick=["front", str(first.id), str(second.id)],
        new_title="Third",
        new_id=new_id[1],
        has_column="no",
        target="iframe",
    )

    items = {item["title"]: item for item in posted(page).items}
    assert set(items) == {"My playlists", "First", "Second", "Third"}
    assert items["My playlists"]["custom"] == {"playlist_id": "new"}
    assert items["Second"]["submission"] == {"endDateTime": "2026-12-01T08:00:00Z"}
    assert items["Third"]["custom"] == {"playlist_id": new_id[1]}
    assert all("lineItem" not in item for item in items.values())
    assert items["First"]["iframe"] == {"width": 900, "height": 700}
    assert (await world.again(uuid.UUID(new_id[1]))).title == "Third"


async def test_a_link_on_canvas_fills_the_page_whatever_the_screen(world: World) -> None:
    """Canvas keeps a link's size to the pixel (application_controller.rb, tool_dimensions); none is as large as there is room."""
    await _as(world, Family.CANVAS)
    await world.launch()
    playlist = await world.playlist()
    teacher = await world.pick()
    (item,) = posted(await teacher.post(teacher.address, pick=str(playlist.id), has_column="no", target="iframe")).items
    assert item["iframe"] == {}


async def test_one_only_where_the_platform_does_not_say_more(world: World) -> None:
    await world.launch()
    first, second = await world.playlist("First"), await world.playlist("Second")
    teacher = await world.pick(accept_multiple=None)
    assert 'type="radio"' in teacher.page.text
    refused = await teacher.post(teacher.address, pick=[str(first.id), str(second.id)])
    assert refused.status_code == 422
    assert "Only one can be added" in refused.text
    page = await teacher.post(teacher.address, pick="new", new_title="Another")
    assert [item["title"] for item in posted(page).items] == ["Another"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Please choose a playlist"),
        ({"pick": "new", "new_title": " "}, "Please give the playlist a title"),
        ({"pick": "front", "has_column": "yes", "points": "none"}, "Please enter points above 0"),
    ],
    ids=["nothing", "no-title", "no-points"],
)
async def test_a_choice_that_lacks_something_comes_back(world: World, fields: dict[str, str], words: str) -> None:
    teacher = await world.pick()
    page = await teacher.post(teacher.address, **fields)
    assert page.status_code == 422
    assert words in page.text
    assert posted(await teacher.post(teacher.address, pick="front")).items


async def test_cancelling_answers_with_nothing(world: World) -> None:
    teacher = await world.pick()
    answer = posted(await teacher.post(teacher.address + "/cancel"))
    assert answer.items == []
    assert answer.claims[DL + "msg"] == "Nothing was added."
    assert DL + "errormsg" not in answer.claims


async def test_a_plain_address_where_no_links_are_taken(world: World) -> None:
    await world.launch()
    playlist = await world.playlist()
    teacher = await world.pick(accept_types=["html", "link", "file"])
    assert "Gradebook" not in teacher.page.text
    (item,) = posted(await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="5")).items
    course = await world.course()
    assert (item["type"], item["url"]) == ("link", f"{TOOL}/courses/{course.id}/links/{playlist.id}")
    assert not {"custom", "lineItem"} & set(item)


async def test_nothing_that_fits_says_so_and_leads_back(world: World) -> None:
    teacher = await world.pick(accept_types=["file"])
    assert teacher.page.status_code == 200
    assert "nothing that can be added" in teacher.page.text
    answer = posted(await teacher.post(teacher.address + "/cancel"))
    assert answer.items == []
    assert answer.claims[DL + "errormsg"]
    assert answer.claims[DL + "errorlog"]
    assert DL + "msg" not in answer.claims


async def test_no_column_where_the_platform_takes_none(world: World) -> None:
    await world.launch()
    playlist = await world.playlist()
    teacher = await world.pick(accept_lineitem=False)
    assert 'name="has_column"' not in teacher.page.text
    (item,) = posted(await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="5")).items
    assert "lineItem" not in item


async def test_markup_in_titles_and_addresses_stays_text(world: World) -> None:
    await world.launch()
    title = '"><script>alert(1)</script>'
    playlist = await world.playlist(title)
    address = RETURN_URL + "&x=\"'<b>&amp;" + "y" * 3500
    teacher = await world.pick(deep_link_return_url=address, title=title)
    assert "<script>alert" not in teacher.page.text
    page = await teacher.post(teacher.address, pick=str(playlist.id))
    assert "<script>alert" not in page.text
    answer = posted(page)
    assert answer.to == address
    assert answer.items[0]["title"] == title


@pytest.mark.parametrize(
    ("data", "echoed"),
    [("", ""), (0, 0), (False, False), ("a\x00b", "a\x00b"), ("a\ud800", "a\ud800"), ({"a": [1]}, {"a": [1]})],
    ids=["empty", "zero", "false", "nul", "half a character", "object"],
)
async def test_data_comes_back_as_it_was(world: World, data: object, echoed: object) -> None:
    teacher = await world.pick(data=data)
    assert posted(await teacher.post(teacher.address + "/cancel")).claims[DL + "data"] == echoed


async def test_no_data_no_claim(world: World) -> None:
    teacher = await world.pick()
    assert DL + "data" not in posted(await teacher.post(teacher.address + "/cancel")).claims


# --- The LMSs' own ways --------------------------------------------------------------------------------------------------


async def _as(world: World, family: Family) -> None:
    async with world.database.writing() as session:
        registration = await session.get(Registration, world.tool.registration.id)
        assert registration is not None
        registration.lms = family
        session.add(registration)
    world.tool.protocol.directory.forget()


@pytest.mark.parametrize(("points", "sent"), [("7.5", 8), ("500", 100), ("0.2", 1)])
async def test_moodle_takes_whole_points_from_1_to_100(world: World, points: str, sent: int) -> None:
    await _as(world, Family.MOODLE)
    teacher = await world.pick()
    (item,) = posted(await teacher.post(teacher.address, new_title="One", has_column="yes", points=points)).items
    assert item["lineItem"]["scoreMaximum"] == sent


async def test_schoology_s_links_carry_the_tool_s_variables(world: World) -> None:
    await _as(world, Family.SCHOOLOGY)
    teacher = await world.pick()
    custom = posted(await teacher.post(teacher.address, pick="front")).items[0]["custom"]
    assert "$Context.id.history" in custom.values()
    assert all(name == name.lower() and isinstance(value, str) for name, value in custom.items())


async def test_moodle_s_own_request_opens_the_picker_and_gets_what_moodle_took(world: World) -> None:
    """The settings are those of a real Moodle 4.5; the answer has the members of one that it accepted."""
    message = fixture("moodle-4.5-messages.json")["deeplink"]
    given = message[DL + "deep_linking_settings"]
    await _as(world, Family.MOODLE)
    teacher = await world.pick(**given)
    assert teacher.page.status_code == 200
    answer = posted(await teacher.post(teacher.address, new_title="One", has_column="yes", points="20"))
    assert answer.to == given["deep_link_return_url"]
    assert set(answer.claims) - {DL + "msg"} == {
        "iss", "aud", "iat", "exp", "nonce",
        LTI + "deployment_id", LTI + "message_type", LTI + "version", DL + "content_items",
    }  # fmt: skip
    (item,) = answer.items
    assert {"type", "title", "url", "custom", "lineItem"} <= set(item)
    # Moodle 5.1.3 opens every link as the tool's settings have it, whatever an item says of frames and windows.
    assert not {"iframe", "window"} & set(item)
    assert "Where it opens" not in teacher.page.text
    assert {"scoreMaximum", "label", "resourceId", "tag"} <= set(item["lineItem"])


# --- Who may not, and what is over ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Learner", "Mentor", "Guest"])
async def test_only_teachers_pick(world: World, role: str) -> None:
    person = await world.pick("somebody", role)
    assert person.launched.status_code == 403
    assert "Only teachers can choose" in person.launched.text
    assert await world.tool.rows(DeepLinkingRequest) == []
    assert await world.tool.rows(ToolSession) == []


async def test_an_answer_is_given_once(world: World) -> None:
    teacher = await world.pick()
    first = await teacher.post(teacher.address, new_title="One")
    assert posted(first).items
    second = await teacher.post(teacher.address, new_title="Two")
    assert second.status_code == 409
    assert "sent already" in second.text
    assert (await teacher.get(teacher.address)).status_code == 409
    assert [one.title for one in await world.tool.rows(Playlist)] == ["One"]


async def test_an_answer_comes_in_time(world: World) -> None:
    teacher = await world.pick()
    world.clock.move(timedelta(minutes=61))
    late = await teacher.post(teacher.address, new_title="One")
    assert late.status_code == 409
    assert "too long ago" in late.text
    assert await world.tool.rows(Playlist) == []


async def test_another_teacher_of_the_course_cannot_answer(world: World) -> None:
    teacher = await world.pick()
    other = await world.pick("other")
    assert (await other.get(teacher.address)).status_code == 404
    assert (await other.post(teacher.address, pick="front")).status_code == 404
    assert (await other.post(teacher.address + "/cancel")).status_code == 404


async def test_another_course_cannot_answer(world: World) -> None:
    teacher = await world.pick()
    context = {"id": "another", "title": "Another"}
    other = await world.launch(**{LTI + "context": context})
    course = other.address.split("/")[2]
    request_id = teacher.address.rpartition("/")[2]
    assert (await other.get(f"/courses/{course}/pick/{request_id}")).status_code == 404


async def test_another_platform_cannot_answer(world: World) -> None:
    teacher = await world.pick()
    stranger = await world.launch(platform=world.tool.other)
    assert (await stranger.get(teacher.address)).status_code == 404
    course = stranger.address.split("/")[2]
    request_id = teacher.address.rpartition("/")[2]
    assert (await stranger.get(f"/courses/{course}/pick/{request_id}")).status_code == 404


async def test_without_a_session_nothing(world: World) -> None:
    teacher = await world.pick()
    teacher.browser.forget()
    assert (await teacher.get(teacher.address)).status_code == 401
    assert (await teacher.post(teacher.address, pick="front")).status_code == 401


async def test_another_course_s_playlist_cannot_be_picked(world: World) -> None:
    await world.launch()
    await world.playlist()
    teacher = await world.pick()
    assert (await teacher.post(teacher.address, pick=str(uuid.uuid4()))).status_code == 404


# --- Columns ------------------------------------------------------------------------------------------------------------


async def test_a_draft_takes_the_column_into_its_terms(world: World) -> None:
    await world.launch()
    playlist = await world.playlist()
    teacher = await world.pick()
    await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="20")
    now = await world.again(playlist.id)
    assert (now.has_column, now.points) == (True, 20)
    assert await world.tool.rows(LineItem) == []


async def test_after_the_launch_of_its_link_assigning_makes_no_second_column(world: World) -> None:
    await world.launch()
    playlist = await world.playlist()
    teacher = await world.pick()
    await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="20")
    await world.link(str(playlist.id), line_item="https://platform.example/lineitems/7/lineitem?type_id=2")
    await world.assign(playlist, Terms(has_column=True, points=20))
    (column,) = await world.tool.rows(LineItem)
    assert (column.state, column.url) == (
        ColumnState.MADE,
        "https://platform.example/lineitems/7/lineitem?type_id=2",
    )
    assert (column.resource_id, column.tag, column.next_attempt_at) == (f"playlist:{playlist.id}", "progress", None)


async def test_an_assigned_playlist_waits_for_the_column_that_comes_with_the_link(world: World) -> None:
    await world.launch()
    await world.launch("anna", "Learner")
    playlist = await world.playlist(assign=Terms(has_column=False))
    teacher = await world.pick()
    await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="20")
    (column,) = await world.tool.rows(LineItem)
    assert column.state is ColumnState.WANTED
    assert column.next_attempt_at == world.clock.now() + timedelta(minutes=10)
    await world.link(str(playlist.id), "anna", "Learner", line_item="https://platform.example/lineitems/7")
    (column,) = await world.tool.rows(LineItem)
    assert (column.state, column.url) == (ColumnState.MADE, "https://platform.example/lineitems/7")


async def test_no_second_column_for_a_playlist_that_has_one(world: World) -> None:
    await world.launch()
    playlist = await world.playlist(assign=Terms(has_column=True))
    teacher = await world.pick()
    assert "column is there already" in teacher.page.text
    (item,) = posted(await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="5")).items
    assert "lineItem" not in item


async def test_editing_a_link_shows_what_it_opens_and_keeps_its_column(world: World) -> None:
    await world.launch()
    playlist = await world.playlist()
    await world.playlist("Another")
    await world.link(str(playlist.id), line_item="https://platform.example/lineitems/7")
    teacher = await world.pick(custom={"playlist_id": str(playlist.id)})
    assert "Change what this link opens" in teacher.page.text
    checked = re.findall(r'value="([0-9a-f-]{36})" checked', teacher.page.text)
    assert checked == [str(playlist.id)]
    (item,) = posted(await teacher.post(teacher.address, pick=str(playlist.id), has_column="yes", points="5")).items
    assert item["lineItem"]["resourceId"] == f"playlist:{playlist.id}"


@pytest.mark.parametrize(("family", "asked"), [(Family.CANVAS, ("iframe", "window")), (Family.MOODLE, ())])
def test_where_a_link_opens_is_asked_where_the_answer_is_kept(family: Family, asked: tuple[str, ...]) -> None:
    """Seen on Moodle 5.1.3: it offers a window, and opens every link as the tool's settings have it."""
    claim = {
        "deep_link_return_url": RETURN_URL,
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
    }
    assert picking.targets(read_settings(claim, family=family)[0]) == asked
