"""The main job in a Moodle: a teacher's launch, a playlist of Moodle's own pages, thirty students, their grades."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.moodle.moodle import ROOT, Answered, form_of
from tests.moodle.services import Grade
from tests.moodle.world import Browser, World, assign, mark

TITLE = "Ratios, step by step"

# What Moodle does and what a page then says is the same whichever database the tool has; each takes a whole class to show.
on_one_database = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_the_main_job(world: World) -> None:
    moodle = world.moodle
    teacher = Browser(world, "189")
    home = await teacher.launch()
    assert home.status == 200
    assert home.address.endswith("/playlists")
    course = home.address.removesuffix("/playlists")

    # The roster, from Names and Role Provisioning.
    people = await teacher.open(f"{course}/people")
    for name in ("José García", "Siobhán O'Brien", "小龍 李", "Zoë Åkesson-Šimić"):
        assert name in people.words
    [asked] = moodle.sent("/memberships")
    assert asked.request.headers["accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

    # Moodle's own activities are not read: the page says so, and what to do.
    content = await teacher.open(f"{course}/content")
    assert content.status == 200
    assert "cannot be read" in content.words
    assert "address" in content.words

    # Assigning makes one column, beside the activity's own.
    playlist = await assign(teacher, TITLE)
    await world.until(lambda: len(moodle.gradebook.columns) == 2)
    [column] = [column for column in moodle.gradebook.columns.values() if column.label == TITLE]
    assert (column.maximum, column.link) == (10, None)

    # Thirty students open it at once; ten finish, five begin, the others only look.
    students = {user.id: Browser(world, user.id) for user in moodle.users.values() if user.kind == "student"}
    pages = await asyncio.gather(*(student.launch() for student in students.values()))
    assert {page.status for page in pages} == {200}
    assert all(TITLE in page.words for page in pages)
    finishing, beginning = list(students)[:10], list(students)[10:15]
    for user_id in finishing:
        await mark(students[user_id], 2)
    for user_id in beginning:
        await mark(students[user_id], 1)
    await world.until(lambda: len(column.grades) == 10)
    assert {user_id: grade.points for user_id, grade in column.grades.items()} == dict.fromkeys(finishing, 10.0)

    # Nothing that Moodle would take for something else; each request is one it was seen to accept.
    assert len(moodle.sent("/lineitems")) == 2, "found nothing, then made it"
    assert [one.response.status_code for one in moodle.sent("/scores")] == [200] * 10
    for one in moodle.sent("/scores"):
        assert one.request.url.query == b"type_id=2"
        assert one.request.headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
        assert one.body["gradingProgress"] == "FullyGraded"
        assert one.body["timestamp"].endswith("Z")
        assert "." not in one.body["timestamp"]
        assert datetime.fromisoformat(one.body["timestamp"]) <= datetime.now(UTC)
    progress = await teacher.open(f"{playlist}/progress")
    assert progress.words.count("In the gradebook") == 10
    assert not [one for one in moodle.asked if one.response.status_code >= 400]


async def test_two_changes_within_a_second_both_end_right(world: World) -> None:
    playlist_of = await _a_live_playlist(world)
    student = playlist_of["190"]
    await mark(student, 1)
    await world.until(lambda: world.grade("190", TITLE) == 5)
    await mark(student, 1)
    await world.until(lambda: world.grade("190", TITLE) == 10)
    assert student.page is not None
    action = next(iter(student.page.forms("/not-done")))
    await student.send(action)
    await world.until(lambda: world.grade("190", TITLE) == 5)
    sent = world.moodle.sent("/scores")
    stamps = [datetime.fromisoformat(one.body["timestamp"]) for one in sent]
    assert stamps == sorted(set(stamps))
    assert {one.response.status_code for one in sent} == {200}


async def _a_live_playlist(world: World, *user_ids: str) -> dict[str, Browser]:
    """A playlist whose score goes out with every step, and the browsers of students who have opened it."""
    await assign(Browser(world, "189"), TITLE, send_rule="live")
    students = {user_id: Browser(world, user_id) for user_id in user_ids or ("190",)}
    for student in students.values():
        await student.launch()
    await world.until(lambda: any(column.label == TITLE for column in world.moodle.gradebook.columns.values()))
    return students


async def test_a_conflict_with_a_newer_grade_is_resolved(world: World) -> None:
    """Somebody else's score with a moment ten minutes ahead of everybody's clock blocks every earlier one."""
    student = (await _a_live_playlist(world))["190"]
    [column] = [column for column in world.moodle.gradebook.columns.values() if column.label == TITLE]
    ahead = int(world.moodle.now().timestamp()) + 600
    column.grades["190"] = Grade(1.5, ahead)
    await mark(student, 1)
    await world.until(lambda: column.grades["190"].points == 5)
    assert column.grades["190"].at == ahead + 1
    assert 409 in [one.response.status_code for one in world.moodle.sent("/scores")]
    [asked] = world.moodle.sent("/results")
    assert (asked.request.url.params.get("user_id"), asked.request.url.params.get("limit")) == ("190", None)
    # And on from there.
    await mark(student, 1)
    await world.until(lambda: column.grades["190"].points == 10)


async def test_a_process_that_is_ended_after_moodle_took_a_score_does_not_go_back(world: World) -> None:
    student = (await _a_live_playlist(world))["190"]
    arrived, never = asyncio.Event(), asyncio.Event()

    async def say_nothing(answered: Answered) -> None:
        if answered.path.endswith("/scores"):
            arrived.set()
            await never.wait()

    world.moodle.after_each_answer(say_nothing)
    await mark(student, 1)
    await asyncio.wait_for(arrived.wait(), 60)
    await mark(student, 1)
    await world.stop()
    world.moodle.after_each_answer(None)
    assert world.grade("190", TITLE) == 5
    # What was leased when the process died is due again when the lease ends.
    world.pass_time(timedelta(minutes=1))
    await world.start()
    await world.until(lambda: world.grade("190", TITLE) == 10)
    stamps = [datetime.fromisoformat(one.body["timestamp"]) for one in world.moodle.sent("/scores")]
    assert stamps == sorted(set(stamps))
    page = await student.open(student.page.address if student.page else "")
    assert page.status == 200
    assert not page.forms("/done"), "both steps are done still"


@on_one_database
async def test_a_student_who_left_is_said_in_plain_words(world: World) -> None:
    students = await _a_live_playlist(world, "191", "192")
    world.moodle.users["191"].enrolled = False
    world.moodle.users["192"].suspended = True
    for student in students.values():
        await mark(student, 1)
    await world.until(lambda: len(world.moodle.sent("/scores")) == 2)
    assert {one.response.status_code for one in world.moodle.sent("/scores")} == {400}
    teacher = Browser(world, "189")
    home = await teacher.launch()
    [playlist] = set(re.findall(r'href="(/courses/[^"]+/progress)"', home.text))
    progress = await teacher.open(playlist)
    assert progress.words.count("does not know this person as a student of the course") == 2, progress.words
    assert "Incorrect score" not in progress.text
    # Both are gone from the roster that is read next; their scores are kept, and were tried once.
    course = home.address.removesuffix("/playlists")
    await teacher.open(f"{course}/people")
    people = await teacher.send(f"{course}/people/refresh")
    assert people.words.count("Not active") == 2
    assert len(world.moodle.sent("/scores")) == 2


@on_one_database
async def test_a_non_editing_teacher_stays_one(world: World) -> None:
    """Instructor at launch, Learner in the roster: no student's copy, no line in the class, no score."""
    assistant = Browser(world, "221")
    home = await assistant.launch()
    assert home.address.endswith("/playlists")
    # The page has read the roster, which lists everybody.
    assert world.moodle.sent("/memberships")
    playlist = await assign(assistant, TITLE)
    progress = await assistant.open(f"{playlist}/progress")
    assert progress.status == 200
    assert "José García" in progress.words
    assert "Tom Assistant" not in progress.words
    people = await assistant.open(f"{home.address.removesuffix('/playlists')}/people")
    assert re.search(r"Tom Assistant ?Teacher", people.words), people.words


@on_one_database
async def test_an_administrator_of_the_site_opens_the_teachers_page(world: World) -> None:
    admin = Browser(world, "2")
    home = await admin.launch()
    assert (home.status, home.address.endswith("/playlists")) == (200, True)
    # The roster does not know administrators; their own visit goes on.
    world.pass_time(timedelta(hours=1))
    assert (await admin.open(home.address)).status == 200
    assert (await admin.open(f"{home.address.removesuffix('playlists')}people")).status == 200


@on_one_database
async def test_with_privacy_off_people_have_neutral_labels(world: World) -> None:
    world.moodle.share_names(share=False)
    student = Browser(world, "190")
    page = await student.launch()
    assert page.status == 200
    teacher = Browser(world, "189")
    playlist = await assign(teacher, TITLE)
    await student.launch()
    await mark(student, 2)
    await world.until(lambda: world.grade("190", TITLE) == 10)
    progress = await teacher.open(f"{playlist}/progress")
    assert "José" not in progress.text
    assert "Name not shared" not in progress.words
    # The class, and the non-editing teacher, whom the roster calls a learner until they come themselves.
    assert len(set(re.findall(r"Student [0-9a-f]{4}", progress.words))) >= 30
    people = await teacher.open(f"{playlist.partition('/playlists')[0]}/people")
    assert len(set(re.findall(r"Student [0-9a-f]{4}", people.words))) >= 29


@on_one_database
@pytest.mark.parametrize(
    ("kind", "more"),
    [("LtiSubmissionReviewRequest", {"for_user": "190"}), ("LtiDeepLinkingRequest", {})],
)
async def test_other_messages_open_a_readable_page(world: World, kind: str, more: dict[str, str]) -> None:
    page = await Browser(world, "189").launch(kind, **more)
    assert page.status == 200, page.words
    assert "Algebra 1" in page.words


@on_one_database
async def test_a_hint_that_was_used_ends_on_moodles_own_page(world: World) -> None:
    begun = world.moodle.begin("190")
    student = Browser(world, "190")
    form_of(await student.login(begun))
    again = await student.login(begun)
    assert (again.status_code, "<form" in again.text) == (404, False)


@on_one_database
async def test_without_cookies_a_new_window_begins_afresh_in_moodle(world: World) -> None:
    """The hint is used up, so the way leads through the activity's own launch address and not through our login."""
    page = await Browser(world, "190", keeps_cookies=False).launch()
    assert page.status == 401
    assert f'href="{ROOT}/mod/lti/launch.php?id=66"' in page.text
    assert "sesskey" not in page.text


@on_one_database
async def test_moodles_errors_come_back_in_words(world: World) -> None:
    """Signed in to Moodle as somebody else than the one who opened the link."""
    student = Browser(world, "190")
    begun = world.moodle.begin("190") | {"login_hint": "191"}
    _, fields = form_of(await student.login(begun))
    assert fields["error"] == "access_denied"
    async with world.visit() as client:
        answer = await client.post("/lti/launch", data=fields)
    assert answer.status_code == 400
    assert "did not let this link open" in answer.text


@on_one_database
@pytest.mark.parametrize("ahead", [45, -45])
async def test_clocks_that_differ(world: World, ahead: int) -> None:
    """Launches, tokens and scores, with Moodle's clock three quarters of a minute ahead of ours or behind."""
    world.moodle.ahead = timedelta(seconds=ahead)
    student = (await _a_live_playlist(world))["190"]
    for points in (5, 10):
        await mark(student, 1)
        await world.until(lambda points=points: world.grade("190", TITLE) == points)  # type: ignore[misc]
    # By our own clock, none is from the future, but for the second that makes it later than the one before.
    for one in world.moodle.sent("/scores"):
        assert one.response.status_code == 200
        assert datetime.fromisoformat(one.body["timestamp"]) <= datetime.now(UTC) + timedelta(seconds=1)
    assert {one.response.status_code for one in world.moodle.sent("/token.php")} == {200}


@on_one_database
async def test_a_token_that_counts_no_longer_is_replaced(world: World) -> None:
    student = (await _a_live_playlist(world))["190"]
    await mark(student, 1)
    await world.until(lambda: world.grade("190", TITLE) == 5)
    world.moodle.end_tokens()
    await mark(student, 1)
    await world.until(lambda: world.grade("190", TITLE) == 10)
    assert [one.response.status_code for one in world.moodle.sent("/scores")] == [200, 401, 200]
