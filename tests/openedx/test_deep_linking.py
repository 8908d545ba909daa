"""Deep linking with Open edX: its author picks a playlist, and what comes back into the block is launched again."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.openedx.conftest import World
from tests.openedx.harness import Browser, form_of


@pytest.fixture
def author(world: World, browser: Browser) -> Iterator[Browser]:
    """A teacher who is signed in to Open edX. What they picked is taken out of the block in the end."""
    browser.open(f"{world.platform.url}/harness/sign-in?user=teacher")
    yield browser
    world.platform.ask("picked", forget="yes")


def pick(world: World, author: Browser, **fields: str | list[str]) -> httpx.Response:
    """Open the picker from the block's settings and send a choice; what Open edX answers to ours."""
    picker = author.launch(world.platform.login_address("teacher", "deep-linking")).page
    assert picker.status_code == 200, picker.text[:800]
    assert "/pick/" in str(picker.url)
    form = form_of(picker.text)
    hidden = {"session": form.fields["session"], "new_id": form.fields["new_id"]}
    answer = author.http.post(
        str(picker.url), data={**hidden, **fields}, headers={"Origin": world.tool.url, "Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 200, answer.text[:800]
    message = form_of(answer.text)
    assert message.action.startswith(world.platform.url)
    return author.http.post(message.action, data=message.fields)


def test_what_was_picked_is_launched_again(world: World, author: Browser) -> None:
    # Open edX names its gradebook in launches of the block, not in this request; the tool has heard of it there.
    author.launch(world.platform.login_address("teacher"))
    saved = pick(world, author, new_title="Moons", has_column="yes", points="20", target="iframe")
    assert saved.status_code == 200, saved.text[:800]
    (item,) = world.platform.ask("picked")["items"]
    assert (item["type"], item["title"], item["url"]) == ("ltiResourceLink", "Moons", f"{world.tool.url}/lti/launch")
    playlist_id = item["custom"]["playlist_id"]
    assert item["lineItem"] == {
        "label": "Moons",
        "scoreMaximum": 20.0,
        "resourceId": f"playlist:{playlist_id}",
        "tag": "progress",
    }

    again = author.launch(world.platform.login_address("teacher", "content"))
    assert again.page.status_code == 200, again.page.text[:800]
    assert str(again.page.url).endswith(f"/playlists/{playlist_id}")
    assert re.search("<h1[^>]*>Moons</h1>", again.page.text)
    with Browser() as students:
        waiting = students.launch(world.platform.login_address("anna", "content")).page
    assert waiting.status_code == 200
    assert "Your teacher has not opened it yet" in waiting.text


def test_nothing_picked_takes_nothing_from_the_course(world: World, author: Browser) -> None:
    picker = author.launch(world.platform.login_address("teacher", "deep-linking")).page
    session = form_of(picker.text).fields["session"]
    answer = author.http.post(f"{picker.url}/cancel", data={"session": session}, headers={"Origin": world.tool.url})
    message = form_of(answer.text)
    assert author.http.post(message.action, data=message.fields).status_code == 200
    assert world.platform.ask("picked") == {"items": []}


def test_a_link_to_the_front_page_is_launched_again(world: World, author: Browser) -> None:
    assert pick(world, author, pick="front", has_column="no").status_code == 200
    assert str(author.launch(world.platform.login_address("teacher", "content")).page.url).endswith("/playlists")
