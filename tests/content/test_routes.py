"""The content page and the picker: anonymous, wrong role, another school, happy path, and every state."""

import httpx
import pytest

from lti_tool.lti.models import Role
from tests.courses.school import a_school, come_in
from tests.courses.site import Site, nowhere

from .conftest import CUSTOM, Canvas, all_items, assignment, item

PICKER = f"/content/picker?playlist={nowhere()}"


@pytest.mark.parametrize("path", ["/content", PICKER], ids=["content", "picker"])
async def test_without_a_session_nothing_opens(site: Site, path: str) -> None:
    visitor = await site.teacher()
    async with site.client() as client:
        assert (await client.get(visitor.course + path)).status_code == 401
        assert (await client.post(f"{visitor.course}/content/refresh")).status_code in (401, 403)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_content_is_for_teachers(site: Site, canvas: Canvas, role: Role) -> None:
    visitor = await site.arrive(site.school.launch(role=role, custom=CUSTOM))
    for path in ("/content", PICKER):
        assert (await visitor.get(visitor.course + path)).status_code == 403
    assert (await visitor.post(f"{visitor.course}/content/refresh")).status_code == 403
    assert site.lms.asked == []


async def test_another_course_and_another_schools_are_not_there(site: Site) -> None:
    visitor = await site.teacher()
    elsewhere = await a_school(site.database, "Other")
    foreign = await come_in(site.database, elsewhere.launch())
    for course_id in (nowhere(), foreign.course_id):
        for path in ("/content", PICKER):
            assert (await visitor.get(f"/courses/{course_id}{path}")).status_code == 404
        assert (await visitor.post(f"/courses/{course_id}/content/refresh")).status_code == 404


async def test_the_first_look_reads_the_course(site: Site, canvas: Canvas) -> None:
    canvas.module("Week <1>", item(1, "Part", "SubHeader"), item(2, "Read & think"), item(3, "Hidden", published=False))
    canvas.assignments = [assignment(5)]
    visitor = await site.teacher(custom=CUSTOM)
    page = await visitor.get(f"{visitor.course}/content")
    assert page.status_code == 200
    for words in ("Week &lt;1&gt;", "Part", "Read &amp; think", "Not published", "Not in a module", "10 points"):
        assert words in page.text
    assert 'target="_blank"' in page.text
    asked = len(site.lms.asked)
    await visitor.get(f"{visitor.course}/content")
    assert len(site.lms.asked) == asked


async def test_the_course_can_be_searched(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Volcanoes"), item(2, "Rivers"))
    visitor = await site.teacher(custom=CUSTOM)
    page = await visitor.get(f"{visitor.course}/content?q=river")
    assert "Rivers" in page.text
    assert "Volcanoes" not in page.text
    assert "1 item found" in page.text
    page = await visitor.get(f"{visitor.course}/content?q=%3Cscript%3E")
    assert "Nothing found" in page.text
    assert "<script>" not in page.text.replace("<script src", "")


async def test_reading_again_shows_what_is_new(site: Site, canvas: Canvas) -> None:
    visitor = await site.teacher(custom=CUSTOM)
    page = await visitor.get(f"{visitor.course}/content")
    assert "Nothing in this course yet" in page.text
    canvas.module("Week 1", item(1, "Volcanoes"))
    answer = await visitor.post(f"{visitor.course}/content/refresh")
    assert answer.status_code == 303
    page = await visitor.get(answer.headers["location"])
    assert "Volcanoes" in page.text
    # The rest of the course is still read: nothing says that all is done.
    assert "It begins in a moment" in page.text
    assert "This is what the course holds now" not in page.text


async def test_trouble_is_said_in_words_above_what_was_read_before(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Volcanoes"))
    visitor = await site.teacher(custom=CUSTOM)
    await visitor.get(f"{visitor.course}/content")
    site.lms.answers["/api/v1/courses/17/assignments"] = httpx.Response(401, headers={"WWW-Authenticate": "Bearer"})
    answer = await visitor.post(f"{visitor.course}/content/refresh")
    assert answer.status_code == 424
    assert "no longer accepts" in answer.text
    assert "Volcanoes" in answer.text
    assert "api-token" not in answer.text


async def test_a_host_that_is_not_the_connections_is_said_in_words(site: Site, canvas: Canvas) -> None:
    visitor = await site.teacher(custom=CUSTOM | {"canvas_api_domain": "other.example"})
    page = await visitor.get(f"{visitor.course}/content")
    assert page.status_code == 200
    assert "other.example" in page.text
    assert site.lms.asked == []


async def test_without_a_connection_the_page_says_that_pasting_works(site: Site) -> None:
    visitor = await site.teacher()
    page = await visitor.get(f"{visitor.course}/content")
    assert page.status_code == 200
    assert "pasting its address" in page.text
    assert "Read again" not in page.text
    picker = await visitor.get(visitor.course + PICKER)
    assert "pasting its address" in picker.text


async def test_the_picker_posts_what_is_chosen_to_the_playlists_steps(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Part", "SubHeader"), item(2, "Volcanoes"), item(3, "Rivers"))
    visitor = await site.teacher(custom=CUSTOM)
    playlist = nowhere()
    picker = await visitor.get(f"{visitor.course}/content/picker?playlist={playlist}&revision=3&q=volc")
    assert picker.status_code == 200
    assert "<html" not in picker.text
    assert f'action="{visitor.course}/playlists/{playlist}/steps"' in picker.text
    assert 'name="session"' in picker.text
    assert 'name="revision" value="3"' in picker.text
    assert "Volcanoes" in picker.text
    assert "Rivers" not in picker.text


async def test_a_search_keeps_what_is_chosen_in_sight(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(2, "Volcanoes"), item(3, "Rivers"), item(4, "Lakes"))
    visitor = await site.teacher(custom=CUSTOM)
    await visitor.get(visitor.course + PICKER)
    rivers = (await all_items(site))["canvas:module-item:3"].id
    picker = await visitor.get(f"{visitor.course}{PICKER}&q=volc&item={rivers}&item={nowhere()}")
    assert f'value="{rivers}" checked' in picker.text
    assert picker.text.count(" checked") == 1
    assert "Volcanoes" in picker.text
    assert "Lakes" not in picker.text


async def test_the_picker_of_a_menu_posts_onto_its_board(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(2, "Volcanoes"))
    visitor = await site.teacher(custom=CUSTOM)
    menu = "01a21faa-fe2a-7562-a3a4-af2703205639"
    picker = await visitor.get(f"{visitor.course}/content/picker?menu={menu}&revision=3")
    assert f'action="{visitor.course}/menus/{menu}/items"' in picker.text
    assert "data-drops" not in picker.text


@pytest.mark.parametrize("query", ["", "?playlist=../../x", "?playlist=%3Cscript%3E"])
async def test_a_picker_for_no_playlist_is_refused(site: Site, query: str) -> None:
    visitor = await site.teacher()
    answer = await visitor.get(f"{visitor.course}/content/picker{query}")
    assert answer.status_code == 400
    assert "<script>" not in answer.text


async def test_a_request_from_another_site_reads_nothing(site: Site, canvas: Canvas) -> None:
    visitor = await site.teacher(custom=CUSTOM)
    async with site.client(visitor.token) as client:
        answer = await client.post(f"{visitor.course}/content/refresh", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert site.lms.asked == []
