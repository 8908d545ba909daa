"""Launches from Open edX into our tool: two processes, real keys, a browser's cookies."""

from tests.openedx.conftest import World
from tests.openedx.harness import Browser, query_of


def test_a_teacher_comes_in(world: World, browser: Browser) -> None:
    launched = browser.launch(world.platform.login_address("teacher"))
    assert launched.launch.status_code == 303, launched.launch.text[:800]
    assert launched.page.status_code == 200, launched.page.text[:800]
    assert "/courses/" in str(launched.page.url)
    assert "/playlists" in str(launched.page.url)


def test_a_student_comes_in(world: World, browser: Browser) -> None:
    launched = browser.launch(world.platform.login_address("anna"))
    assert launched.launch.status_code == 303, launched.launch.text[:800]
    assert launched.page.status_code == 200, launched.page.text[:800]
    assert str(launched.page.url).rstrip("/").endswith("/my")


def test_the_course_s_owner_may_teach(world: World, browser: Browser) -> None:
    """Open edX's ``instructor`` comes as Administrator and Instructor of the context."""
    launched = browser.launch(world.platform.login_address("owner"))
    assert launched.page.status_code == 200, launched.page.text[:800]
    assert "/playlists" in str(launched.page.url)


def test_nobody_needs_a_name(world: World, browser: Browser) -> None:
    """Open edX tells names only where the course's owner allows it."""
    world.platform.share_names(False)
    try:
        launched = browser.launch(world.platform.login_address("ben"))
    finally:
        world.platform.share_names(True)
    assert launched.page.status_code == 200, launched.page.text[:800]


def test_coming_again_leads_to_the_same_course(world: World, browser: Browser) -> None:
    first = browser.launch(world.platform.login_address("anna"))
    again = browser.launch(world.platform.login_address("anna"))
    assert first.page.url == again.page.url


def test_no_session_without_a_launch(world: World, browser: Browser) -> None:
    address = str(browser.launch(world.platform.login_address("anna")).page.url)
    with Browser() as stranger:
        assert stranger.open(address).status_code == 401


def test_a_message_is_accepted_once(world: World, browser: Browser) -> None:
    launched = browser.launch(world.platform.login_address("anna"))
    replayed = browser.http.post(launched.message.action, data=launched.message.fields)
    assert replayed.status_code in (400, 401, 403)
    assert launched.message.fields["id_token"] not in replayed.text


def test_a_message_belongs_to_the_browser_that_asked(world: World, browser: Browser) -> None:
    _login, message = browser.authenticate(world.platform.login_address("teacher"))
    with Browser() as thief:
        assert thief.http.post(message.action, data=message.fields).status_code in (200, 400, 401, 403)
        assert thief.open(f"{world.tool.url}/").status_code in (200, 401, 404)
        assert not [name for kept in thief.cookies.values() for name in kept if "session" in name]


def test_a_login_asks_for_what_the_platform_demands(world: World, browser: Browser) -> None:
    """OpenID Connect for LTI (1EdTech Security Framework §5.1.1.2): each field with its one right value."""
    login = world.platform.login_address("anna")
    asked = query_of(browser.http.get(login).headers["Location"])
    expected = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "riverside-client",
        "redirect_uri": f"{world.tool.url}/lti/launch",
        "login_hint": query_of(login)["login_hint"],
        "lti_message_hint": query_of(login)["lti_message_hint"],
    }
    assert {name: asked.get(name) for name in expected} == expected
    assert len(asked["nonce"]) >= 16
    assert len(asked["state"]) >= 16
