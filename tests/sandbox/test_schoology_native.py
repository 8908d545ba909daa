"""The tool's connector at the sandbox as Schoology: what ``tests/native`` asks of every connector, with the school's keys and
with a teacher's consent, and how the two sides bear each other's haste.
"""

import asyncio
from datetime import timedelta

import httpx
import pytest

from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import ApiNotPermitted, ApiTokenRefused, Capability, NoResult
from lti_tool.platforms.schoology_api import SchoologyApi
from lti_tool.platforms.schoology_oauth import access_token, authorize_address, request_token, whose
from lti_tool.sandbox.schoology_access import app_keys, personal_keys
from lti_tool.sandbox.store import add_person
from tests.native.contract import Known, KnownItem, NativeCase, NativeContract
from tests.sandbox.conftest import BASE, TOOL, Lms
from tests.sandbox.liking import cookie
from tests.sandbox.schoology import Filled, filled

CALLBACK = f"{TOOL}/api-access/back"


@pytest.fixture
def like() -> str:
    return "schoology"


@pytest.fixture
async def there(lms: Lms) -> Filled:
    return await filled(lms)


def connector(lms: Lms, credentials: SignedCredentials) -> SchoologyApi:
    """The connector; while it waits, time goes by."""

    async def sleep(seconds: float) -> None:
        lms.clock.move(timedelta(seconds=seconds))

    # Refusals are answered, not raised through.
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=lms.app), base_url=BASE)
    return SchoologyApi(http, BASE, credentials, lms.clock, sleep=sleep, site_url=BASE)


async def consent(lms: Lms, consumer: SignedCredentials) -> SignedCredentials:
    """The teacher's, as the tool asks for it."""
    asked = await request_token(lms.http, lms.clock, BASE, consumer, CALLBACK)
    browser = await cookie(lms, lms.teacher)
    page = authorize_address(BASE, asked, CALLBACK)
    assert (await lms.http.get(page, headers=browser)).status_code == 200
    form = {"oauth_token": asked.token, "oauth_callback": CALLBACK, "decision": "allow"}
    back = await lms.http.post(page.partition("?")[0], data=form, headers=browser)
    assert back.headers["location"].startswith(f"{CALLBACK}?oauth_token=")
    given = await access_token(lms.http, lms.clock, BASE, asked)
    assert await whose(lms.http, lms.clock, BASE, given) == str(lms.teacher.id)
    return given


def known(lms: Lms, there: Filled) -> Known:
    essay, test, loose = (str(there[name]) for name in ("essay", "test", "loose"))
    student, second, third = str(lms.student.id), str(lms.second.id), str(there["third"])
    page, work, unit = f"schoology:page:{there['page']}", f"schoology:assignment:{essay}", "Unit 1"
    return Known(
        items=(
            KnownItem(page, "page", "Halves", unit, requirement="other"),
            KnownItem(work, "assignment", "Essay", unit, essay, "other"),
            KnownItem(f"schoology:folder:{there['more']}", "heading", "More", unit),
            KnownItem(f"schoology:assessment:{test}", "quiz", "Test", unit, test),
            KnownItem(f"schoology:document:{there['link']}", "link", "Wall", unit),
            KnownItem(f"schoology:discussion:{there['talk']}", "discussion", "Why?", unit),
            KnownItem(f"schoology:document:{there['file']}", "file", "a.pdf", unit, published=False),
            KnownItem(f"schoology:assignment:{loose}", "assignment", "Final project", "", loose),
        ),
        percents={(essay, student): 75.0, (test, student): 100.0, (essay, third): 50.0},
        gaps={(essay, second): NoResult.EXCUSED, (test, second): NoResult.MISSING, (test, third): NoResult.WAITING},
        changed_at=lms.clock.now().replace(microsecond=0),
        completed=frozenset({(page, student), (work, student)}),
        outcomes={"9001": "CCSS.1"},
        alignments=frozenset({("9001", page), ("9001", work)}),
        ratings={},
        groups={"Owls": frozenset({student, second})},
        people=frozenset(),
    )


@pytest.fixture
async def native(lms: Lms, there: Filled) -> NativeCase:
    """With a teacher's consent, which may do least of those that may do all of it."""
    keys = await app_keys(lms.platform)
    credentials = await consent(lms, SignedCredentials(keys.key, keys.secret))
    return NativeCase(
        connector=connector(lms, credentials),
        course_id=str(lms.course.id),
        user_ids=(str(lms.student.id), str(lms.second.id), str(there["third"])),
        dead=connector(lms, SignedCredentials(credentials.consumer_key, "another secret")),
        elsewhere="404404",
        able=SchoologyApi.offers,
        known=known(lms, there),
    )


class TestSandboxSchoology(NativeContract):
    pass


async def test_the_schools_keys_read_the_same_as_a_teacher(native: NativeCase, lms: Lms, there: Filled) -> None:
    async with lms.platform.store.writing() as session:
        # The application acts as its administrator, who is in no course.
        await add_person(
            session, login="admin", given_name="A", family_name="D", kind="administrator", now=lms.clock.now()
        )
    keys, course = await app_keys(lms.platform), native.course_id
    api = connector(lms, SignedCredentials(keys.key, keys.secret))
    assert (await api.find_out(course)).abilities == (await native.found_out()).abilities
    assert await api.read_contents(course) == await native.connector.read_contents(course)
    assert await api.read_groups(course) == await native.connector.read_groups(course)
    pairs = (course, await native.result_keys(), native.user_ids)
    assert await api.read_results(*pairs) == await native.connector.read_results(*pairs)


async def test_a_personal_key_is_told_what_it_cannot_read(lms: Lms, there: Filled) -> None:
    keys = await personal_keys(lms.platform)
    api = connector(lms, SignedCredentials(keys.key, keys.secret))
    found = await api.find_out(str(lms.course.id))
    assert found.remarks == ("personal-key",)
    assert found.abilities[Capability.CONTENTS].able
    assert found.abilities[Capability.RESULTS].needs == ("school-app",)
    with pytest.raises(ApiNotPermitted):
        await api.read_results(str(lms.course.id), [str(there["essay"])], [str(lms.student.id)])


async def test_a_revoked_consent_is_dead(lms: Lms, there: Filled) -> None:
    keys = await app_keys(lms.platform)
    given = await consent(lms, SignedCredentials(keys.key, keys.secret))
    await connector(lms, given).read_contents(str(lms.course.id))
    lms.clock.move(timedelta(days=91))
    with pytest.raises(ApiTokenRefused):
        await connector(lms, given).read_contents(str(lms.course.id))


async def test_a_launchs_sub_names_the_user(lms: Lms, there: Filled) -> None:
    keys = await app_keys(lms.platform)
    given = await consent(lms, SignedCredentials(keys.key, keys.secret))
    found = await connector(lms, given).read_results(
        str(lms.course.id), [str(there["essay"])], [lms.student.lti_id, lms.second.lti_id]
    )
    assert [(one.user_id, one.percent) for one in found.results] == [(lms.student.lti_id, 75.0)]
    assert [(one.user_id, one.why) for one in found.gaps] == [(lms.second.lti_id, NoResult.EXCUSED)]


async def test_many_readings_at_once_stay_within_the_limit(lms: Lms, there: Filled) -> None:
    """One turn for all who use the same consent keeps timestamps in order and the pace below Schoology's."""
    keys = await app_keys(lms.platform)
    given = await consent(lms, SignedCredentials(keys.key, keys.secret))
    turn = asyncio.Lock()
    apis = [connector(lms, given) for _ in range(6)]
    for api in apis:
        api._api._turn = turn
    found = await asyncio.gather(*(api.read_contents(str(lms.course.id)) for api in apis))
    assert all(len(one.items) == 8 for one in found)
    calls = lms.app.state.schoology_traffic.calls
    assert max(len(times) for times in calls.values()) <= 50
