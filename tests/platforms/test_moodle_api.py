"""The client of Moodle's web services, against answers as Moodle gives them, traps included."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.lti.http import AnswerTooLarge
from lti_tool.platforms import moodle_functions as functions
from lti_tool.platforms.credentials import BearerCredentials, FixedToken
from lti_tool.platforms.moodle_api import FEW, GRADES_AT_ONCE, MoodleApi
from lti_tool.platforms.moodle_finding import PERSONAL_TOKEN
from lti_tool.platforms.moodle_functions import FUNCTIONS, every_function, every_right
from lti_tool.platforms.native import (
    Ability,
    ApiBusy,
    ApiCourseNotFound,
    ApiDatesRefused,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    Capability,
    Lacking,
    NativeItem,
    NativeResults,
    NativeTrouble,
    NoResult,
    Window,
    WindowGiven,
)

BASE = "https://school.example/moodle"
SECRET = "c0ffee" * 5
AT = 1_795_000_000
Answer = Callable[[dict[str, str]], Any]


def refused(code: str, exception: str = "moodle_exception") -> dict[str, str]:
    """An error as Moodle writes it, with things in it that must not be told on."""
    return {
        "exception": exception,
        "errorcode": code,
        "message": "Can't find Zoë Núñez in database table user.",
        "debuginfo": "SELECT * FROM mdl_user WHERE username = 'zoe'",
    }


class Moodle:
    """Answers by function, in turn where there are several; remembers forms and waits."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.on(functions.SITE, site())
        self.asked: list[httpx.Request] = []
        self.forms: list[dict[str, str]] = []
        self.waits: list[float] = []

    def on(self, function: str, *answers: Any) -> "Moodle":
        self.answers[function] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        self.forms.append(form)
        waiting = self.answers.get(form["wsfunction"], [refused("accessexception", "webservice_access_exception")])
        answer = waiting[0] if len(waiting) == 1 else waiting.pop(0)
        answer = answer(form) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def calls(self, function: str) -> list[dict[str, str]]:
        return [form for form in self.forms if form["wsfunction"] == function]

    def api(self, credentials: BearerCredentials | None = None, turn: asyncio.Lock | None = None) -> MoodleApi:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        http = httpx.AsyncClient(transport=httpx.MockTransport(self), follow_redirects=True)
        return MoodleApi(http, BASE + "/", credentials or FixedToken(SECRET), ManualClock(), turn=turn, sleep=sleep)


def site(*names: str, **more: Any) -> dict[str, Any]:
    return {
        "userid": 220,
        "release": "4.5.6 (Build: 20250811)",
        "userissiteadmin": False,
        "functions": [{"name": name, "version": "2024100706"} for name in names or every_function()],
        "advancedfeatures": [{"name": "enablecompletion", "value": 1}, {"name": "enablecompetencies", "value": 1}],
    } | more


def section(*modules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 20, "name": "Unit 1", "visible": 1, "section": 1, "modules": list(modules)} | more


def module(cmid: int = 60, modname: str = "quiz", **more: Any) -> dict[str, Any]:
    return {
        "id": cmid,
        "url": f"{BASE}/mod/{modname}/view.php?id={cmid}",
        "name": f"{modname} {cmid}",
        "instance": cmid + 1000,
        "modname": modname,
        "visible": 1,
        "uservisible": True,
        "indent": 0,
        "completion": 0,
        "dates": [],
        "customdata": '""',
    } | more


def grade(cmid: int = 60, raw: float | None = 4, **more: Any) -> dict[str, Any]:
    return {
        "id": cmid + 500,
        "itemtype": "mod",
        "itemmodule": "quiz",
        "itemnumber": 0,
        "outcomeid": None,
        "scaleid": None,
        "cmid": cmid,
        "graderaw": raw,
        "gradedatesubmitted": None,
        "gradedategraded": None if raw is None else AT,
        "gradehiddenbydate": False,
        "gradeneedsupdate": False,
        "gradeishidden": False,
        "gradeisoverridden": False,
        "grademin": 0,
        "grademax": 10,
        "rangeformatted": "0&ndash;10",
        "percentageformatted": "-",
    } | more


def grades(user_id: int, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"usergrades": [{"userid": user_id, "gradeitems": list(rows)}], "warnings": []}


def everybody(*users: tuple[int, list[dict[str, Any]]]) -> dict[str, Any]:
    return {"usergrades": [{"userid": one, "gradeitems": rows} for one, rows in users], "warnings": []}


async def contents_of(*sections: dict[str, Any], worth: Any = None) -> list[NativeItem]:
    moodle = Moodle().on(functions.CONTENTS, list(sections)).on(functions.GRADES, worth or grades(220, grade()))
    return list((await moodle.api().read_contents("8")).items)


async def result_of(*rows: dict[str, Any], since: datetime | None = None) -> NativeResults:
    moodle = Moodle().on(functions.GRADES, grades(190, *rows))
    found = [batch async for batch in moodle.api().results("8", ["60"], ["190"], since=since)]
    assert len(found) == 1
    return found[0]


# --- How it asks -------------------------------------------------------------------------------------------------------


async def test_the_token_goes_into_the_body_and_never_into_the_address() -> None:
    moodle = Moodle().on(functions.CONTENTS, [section()]).on(functions.GRADES, grades(220))
    await moodle.api().read_contents("8")
    for request in moodle.asked:
        assert (request.method, str(request.url)) == ("POST", f"{BASE}/webservice/rest/server.php")
        assert SECRET not in str(request.headers)
    assert {form["wstoken"] for form in moodle.forms} == {SECRET}
    assert {form["moodlewsrestformat"] for form in moodle.forms} == {"json"}
    assert moodle.calls(functions.CONTENTS)[0]["options[0][name]"] == "excludecontents"


async def test_lists_are_written_as_php_reads_them() -> None:
    moodle = Moodle().on(functions.SITE, site(*every_function(optional=True)))
    moodle.on(functions.QUIZZES, {"quizzes": []}).on(functions.GRADES, grades(190, grade()))
    await moodle.api().read_results("8", ["60"], ["190"])
    assert moodle.calls(functions.QUIZZES)[0]["courseids[0]"] == "8"


async def test_one_call_at_a_time_per_token() -> None:
    running, most = 0, 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return httpx.Response(200, json=[])

    turn, http = asyncio.Lock(), httpx.AsyncClient(transport=httpx.MockTransport(slow))
    two = [MoodleApi(http, BASE, FixedToken(SECRET), ManualClock(), turn=turn) for _ in range(2)]
    await asyncio.gather(*(one.read_groups("8") for one in two))
    assert most == 1


# --- Trouble -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("invalidtoken", ApiTokenRefused),
        ("wsaccessusersuspended", ApiTokenRefused),
        ("wsaccessuserdeleted", ApiTokenRefused),
        ("accessexception", ApiNotPermitted),
        ("requireloginerror", ApiNotPermitted),
        ("nopermissions", ApiNotPermitted),
        ("errorcoursecontextnotvalid", ApiNotPermitted),
        ("sitepolicynotagreed", ApiNotPermitted),
        ("invalidrecord", ApiCourseNotFound),
        ("invalidcourseid", ApiCourseNotFound),
        ("dmlreadexception", ApiUnreachable),
        ("dbconnectionfailed", ApiUnreachable),
        ("sitemaintenance", ApiUnreachable),
        ("invalidparameter", ApiUnreadable),
        ("somethingnew", ApiUnreadable),
    ],
)
async def test_errors_come_as_200_and_only_their_code_is_told_on(code: str, trouble: type[NativeTrouble]) -> None:
    moodle = Moodle().on(functions.CONTENTS, refused(code)).on(functions.GRADES, grades(220))
    with pytest.raises(trouble) as caught:
        await moodle.api().read_contents("8")
    told = f"{caught.value} {caught.value.detail} {caught.value.__cause__} {caught.value.fields}"
    assert caught.type is trouble
    assert not any(word in told for word in ("Zoë", "mdl_user", SECRET))
    assert code in told or trouble is ApiTokenRefused


async def test_an_errorcode_that_is_none_is_not_told_on_either() -> None:
    moodle = Moodle().on(functions.CONTENTS, refused("Zoë Núñez has no access")).on(functions.GRADES, grades(220))
    with pytest.raises(ApiUnreadable) as caught:
        await moodle.api().read_contents("8")
    assert "Zoë" not in caught.value.detail


PAGE = "<!DOCTYPE html><html><body>This site is undergoing maintenance</body></html>"


@pytest.mark.parametrize(
    ("answer", "trouble", "tries"),
    [
        (httpx.Response(403), ApiNotPermitted, 1),
        (httpx.Response(404, text=PAGE), ApiUnreadable, 1),
        (httpx.Response(301, headers={"Location": "https://elsewhere.example/"}), ApiUnreadable, 1),
        (httpx.Response(303, headers={"Location": f"{BASE}/login/index.php"}), ApiUnreadable, 1),
        (httpx.Response(200, text=PAGE), ApiUnreadable, 1),
        (httpx.Response(200, text=""), ApiUnreadable, 1),
        (httpx.Response(200, text='[{"id":1'), ApiUnreadable, 1),
        (httpx.Response(200, json=None), ApiUnreadable, 1),
        (httpx.Response(503, text=PAGE), ApiUnreachable, 3),
        (httpx.Response(500), ApiUnreachable, 3),
        (httpx.Response(429), ApiBusy, 3),
        (httpx.Response(429, headers={"Retry-After": "3600"}), ApiBusy, 1),
        (httpx.ReadTimeout("to https://school.example"), ApiUnreachable, 1),
        (AnswerTooLarge("too large"), ApiUnreadable, 1),
    ],
    ids=lambda value: (
        f"{value.status_code}-{value.text[:8] or len(value.headers)}"
        if isinstance(value, httpx.Response)
        else type(value).__name__
    ),
)
async def test_what_is_no_answer_of_the_web_services(
    answer: httpx.Response | Exception, trouble: type[NativeTrouble], tries: int
) -> None:
    moodle = Moodle().on(functions.CONTENTS, answer).on(functions.GRADES, grades(220))
    with pytest.raises(trouble):
        await moodle.api().read_contents("8")
    assert len(moodle.calls(functions.CONTENTS)) == tries
    assert {request.url.host for request in moodle.asked} == {"school.example"}


async def test_a_moment_of_trouble_is_waited_for() -> None:
    moodle = Moodle().on(functions.CONTENTS, httpx.Response(503, headers={"Retry-After": "2"}), [section(module())])
    moodle.on(functions.GRADES, grades(220, grade()))
    assert len((await moodle.api().read_contents("8")).items) == 1
    assert moodle.waits == [2.0]


async def test_an_expired_token_is_called_an_access_exception_once_and_then_no_token() -> None:
    moodle = Moodle().on(functions.SITE, refused("accessexception"), refused("invalidtoken"))
    with pytest.raises(ApiTokenRefused):
        await moodle.api().find_out(None)


async def test_a_dead_token_is_renewed_once() -> None:
    class Renewing:
        asked = 0

        async def token(self) -> str:
            return "old"

        async def renew(self, refused: str) -> str:
            assert refused == "old"
            self.asked += 1
            return "new"

    def answer(form: dict[str, str]) -> Any:
        return site() if form["wstoken"] == "new" else refused("invalidtoken")

    credentials = Renewing()
    moodle = Moodle().on(functions.SITE, answer)
    assert (await moodle.api(credentials).find_out(None)).version == "4.5.6 (Build: 20250811)"
    assert credentials.asked == 1
    moodle = Moodle().on(functions.SITE, refused("invalidtoken"))
    with pytest.raises(ApiTokenRefused):
        await moodle.api(credentials).find_out(None)
    assert credentials.asked == 2


@pytest.mark.parametrize("course_id", ["", "0", "-1", "8 OR 1", "1/../2", "context-8", "٨"])
async def test_a_course_that_cannot_be_moodles_is_not_asked_for(course_id: str) -> None:
    moodle = Moodle()
    with pytest.raises(ApiCourseNotFound):
        await moodle.api().read_groups(course_id)
    assert moodle.asked == []


# --- What it can do ----------------------------------------------------------------------------------------------------


async def test_missing_functions_are_named() -> None:
    moodle = Moodle().on(functions.SITE, site(functions.SITE, functions.CONTENTS, functions.COMPETENCIES))
    found = await moodle.api().find_out(None)
    assert found.abilities[Capability.CONTENTS] == Ability(True)
    assert found.abilities[Capability.RESULTS] == Ability(False, Lacking.NOT_PERMITTED, (functions.GRADES,))
    assert found.abilities[Capability.OUTCOMES] == Ability(
        False, Lacking.NOT_PERMITTED, (functions.LINKS, functions.RATINGS, functions.SCALE)
    )
    assert found.abilities[Capability.EVENTS] == Ability(False, Lacking.NOT_OFFERED)
    assert found.remarks == ()


async def test_functions_that_do_as_well_will_do() -> None:
    names = (functions.SITE, functions.COMPETENCIES, functions.LINKS_OF_ITEM, functions.RATING, functions.SCALE)
    found = await Moodle().on(functions.SITE, site(*names)).api().find_out(None)
    assert found.abilities[Capability.OUTCOMES] == Ability(True)


async def test_what_the_site_has_switched_off_is_no_matter_of_rights() -> None:
    features = [{"name": "enablecompletion", "value": 0}, {"name": "enablecompetencies", "value": 0}]
    found = await Moodle().on(functions.SITE, site(advancedfeatures=features)).api().find_out(None)
    assert found.abilities[Capability.COMPLETION] == Ability(False, Lacking.SWITCHED_OFF, ("enablecompletion",))
    assert found.abilities[Capability.OUTCOMES] == Ability(False, Lacking.SWITCHED_OFF, ("enablecompetencies",))


async def test_an_administrators_token_is_remarked_on() -> None:
    found = await Moodle().on(functions.SITE, site(userissiteadmin=True)).api().find_out(None)
    assert found.remarks == (PERSONAL_TOKEN,)


async def test_web_services_that_are_off_are_said_to_be_off() -> None:
    found = await Moodle().on(functions.SITE, httpx.Response(403)).api().find_out("8")
    assert found.abilities[Capability.CONTENTS] == Ability(False, Lacking.SWITCHED_OFF, ("enablewebservices", "rest"))


async def test_without_the_sites_own_function_nothing_is_known() -> None:
    moodle = Moodle().on(functions.SITE, refused("accessexception"))
    found = await moodle.api().find_out("8")
    assert found.abilities[Capability.RESULTS] == Ability(False, Lacking.NOT_PERMITTED, (functions.SITE,))


@pytest.mark.parametrize(
    ("function", "code", "capability", "needs"),
    [
        (functions.CONTENTS, "requireloginerror", Capability.CONTENTS, "moodle/course:view"),
        (functions.GRADES, "nopermissions", Capability.RESULTS, "moodle/grade:viewall"),
        (functions.GRADES, "notingroup", Capability.RESULTS, "moodle/site:accessallgroups"),
        (functions.COMPLETION, "nopermissions", Capability.COMPLETION, "report/progress:view"),
        (functions.ENROLLED, "nopermissions", Capability.GROUPS, "moodle/course:viewparticipants"),
        (functions.RATINGS, "nopermissions", Capability.OUTCOMES, "moodle/competency:usercompetencyview"),
    ],
)
async def test_rights_are_tried_in_the_course_and_named(
    function: str, code: str, capability: Capability, needs: str
) -> None:
    moodle = whole_course().on(function, refused(code, "required_capability_exception"))
    found = await moodle.api().find_out("8")
    assert found.abilities[capability].why is Lacking.NOT_PERMITTED
    assert needs in found.abilities[capability].needs
    able = {one for one, ability in found.abilities.items() if ability.able}
    assert able == FUNCTIONS.keys() - {capability}


async def test_finding_out_asks_for_nobodys_grades() -> None:
    moodle = whole_course()
    found = await moodle.api().find_out("8")
    assert {one for one, ability in found.abilities.items() if ability.able} == FUNCTIONS.keys()
    everybodys, own = moodle.calls(functions.GRADES)
    assert (everybodys["userid"], everybodys["groupid"]) == ("0", "2147483647")
    assert own["userid"] == "220"
    assert [form["userid"] for form in moodle.calls(functions.RATINGS)] == ["190"]


@pytest.mark.parametrize(
    ("version", "told", "able"),
    [
        # Seen on 4.2.3, 4.5.6 and 5.1.3: who is in no group has no list of groups; it is empty where all of them are hidden.
        ("2024100706", {}, True),
        ("2024100706", {"groups": []}, False),
        ("2024100706", {"groups": [{"id": 3, "name": "Blue"}]}, True),
        ("2023042403.08", {}, True),
        (None, {}, True),
        # Before: no list at all without the right, and an empty one for who is in no group.
        ("2022041900", {}, False),
        ("2022041900", {"groups": []}, True),
    ],
)
async def test_groups_that_are_hidden_are_a_right_that_is_missing(
    version: str | None, told: dict[str, Any], able: bool
) -> None:
    moodle = whole_course().on(functions.ENROLLED, [{"id": 190, "roles": []} | told])
    moodle.on(functions.SITE, site(version=version))
    found = (await moodle.api().find_out("8")).abilities[Capability.GROUPS]
    lacking = Ability(False, Lacking.NOT_PERMITTED, ("moodle/site:accessallgroups",))
    assert found == (Ability(True) if able else lacking)


async def test_a_course_in_separate_groups_without_the_right_to_all_has_nobody() -> None:
    """Seen on 5.1.3: the list of people is empty, which would be a course without groups; the report of grades says why."""
    moodle = whole_course().on(functions.ENROLLED, []).on(functions.GRADES, refused("notingroup"))
    found = await moodle.api().find_out("8")
    lacking = Ability(False, Lacking.NOT_PERMITTED, ("moodle/site:accessallgroups",))
    for capability in (Capability.GROUPS, Capability.RESULTS, Capability.COMPLETION):
        assert found.abilities[capability] == lacking
    empty = await whole_course().on(functions.ENROLLED, []).api().find_out("8")
    assert {one for one, ability in empty.abilities.items() if ability.able} == FUNCTIONS.keys()


async def test_a_report_without_grades_is_said_to_be_one() -> None:
    row = {name: value for name, value in grade().items() if name not in {"graderaw", "percentageformatted"}}
    found = await whole_course().on(functions.GRADES, grades(220, row)).api().find_out("8")
    assert found.abilities[Capability.RESULTS] == Ability(False, Lacking.SWITCHED_OFF, ("grade_report_user_showgrade",))


def whole_course() -> Moodle:
    competency = {"competency": {"id": 1, "shortname": "A", "idnumber": "A"}}
    people = [
        {"id": 189, "roles": [{"shortname": "editingteacher"}]},
        {"id": 220, "roles": []},
        {"id": 190, "roles": [{"shortname": "student"}]},
    ]
    return (
        Moodle()
        .on(functions.CONTENTS, [section()])
        .on(functions.GRADES, grades(220, grade()))
        .on(functions.COMPLETION, {"statuses": [], "warnings": []})
        .on(functions.COMPETENCIES, [competency])
        .on(functions.RATINGS, {"usercompetencies": []})
        .on(functions.ENROLLED, people)
    )


def test_what_an_administrator_has_to_enable_is_told_once_and_in_order() -> None:
    assert every_function()[0] == functions.SITE
    assert len(set(every_function(optional=True))) == len(every_function(optional=True))
    assert set(every_function()) < set(every_function(optional=True))
    assert every_right()[0] == "webservice/rest:use"
    # Seen on 5.1.3: an account without them is told of no assignment, and not that there are any.
    assert {"mod/assign:view", "mod/quiz:view"} <= set(every_right())
    assert {name for some in FUNCTIONS.values() for name in some} < set(every_function())


# --- Contents ----------------------------------------------------------------------------------------------------------


async def test_a_bank_of_questions_is_no_item() -> None:
    assert [one.external_id for one in await contents_of(section(module(28, "qbank"), module(60)))] == ["moodle:cm:60"]


async def test_a_link_to_a_tool_tells_what_its_launches_are_called_and_the_tools_icon() -> None:
    """Seen on 5.1.3: ``instance`` is what launches call the resource link, ``modicon`` the icon the tool registered."""
    icon = "https://playlists.example/static/icon/mark.svg"
    found = await contents_of(section(module(29, "lti", instance=4, modicon=icon), module(60, modicon=icon)))
    assert [(one.link_id, one.tool_url) for one in found] == [("4", icon), (None, None)]


async def test_what_is_hidden_is_not_published_and_what_is_restricted_is() -> None:
    found = await contents_of(
        section(
            module(1, visible=0),
            module(2, uservisible=False, availabilityinfo="Not available unless…"),
            module(3, visibleoncoursepage=0),
            module(4, deletioninprogress=1),
        ),
        section(module(5), visible=0),
    )
    assert [(item.external_id, item.published) for item in found] == [
        ("moodle:cm:1", False),
        ("moodle:cm:2", True),
        ("moodle:cm:3", True),
        ("moodle:cm:5", False),
    ]


async def test_a_section_within_a_section_stands_where_it_is() -> None:
    inner = section(module(3), name="Extra", component="mod_subsection", itemid=1002, section=4)
    found = await contents_of(
        section(module(1), module(2, "subsection", name="Extra", indent=1), module(4)),
        section(module(5), name="Unit 2"),
        inner,
    )
    assert [(item.external_id, item.kind, item.section, item.indent) for item in found] == [
        ("moodle:cm:1", "quiz", "Unit 1", 0),
        ("moodle:cm:2", "heading", "Unit 1", 1),
        ("moodle:cm:3", "quiz", "Unit 1", 2),
        ("moodle:cm:4", "quiz", "Unit 1", 0),
        ("moodle:cm:5", "quiz", "Unit 2", 0),
    ]


async def test_sections_within_each_other_end() -> None:
    inner = section(module(2, "subsection", instance=7), name="Round", component="mod_subsection", itemid=7, section=4)
    found = await contents_of(section(module(1, "subsection", instance=7)), inner)
    assert [item.external_id for item in found] == ["moodle:cm:1", "moodle:cm:2"]


async def test_sections_that_are_called_the_same_are_told_apart() -> None:
    """Seen on 4.5.6: a course of twenty sections that nobody has named has twenty times "New section"."""
    moodle = whole_course()
    same = [
        section(module(60 + place), id=20 + place, section=place, name=name)
        for place, name in enumerate(("New section", "Unit 1", "New section", "", "New section", ""))
    ]
    moodle.on(functions.CONTENTS, same)
    contents = await moodle.api().read_contents("8")
    assert [item.section for item in contents.items] == [
        "New section",
        "Unit 1",
        "New section (2)",
        "",
        "New section (3)",
        "",
    ]


async def test_names_come_as_html_and_addresses_stay_in_this_moodle() -> None:
    elsewhere = "https://elsewhere.example/mod/quiz/view.php?id=2"
    (one, two, three) = await contents_of(
        section(
            module(1, name="R&amp;D &lt;3"), module(2, url=elsewhere), module(3, "label", url=None), name="A &amp; B"
        )
    )
    assert (one.title, one.section) == ("R&D <3", "A & B")
    assert two.url == f"{BASE}/mod/quiz/view.php?id=2"
    assert (three.kind, three.url) == ("heading", None)


@pytest.mark.parametrize(
    ("tracking", "rules", "requirement"),
    [
        (0, [], None),
        (1, [], "mark"),
        (2, ["completionview"], "view"),
        (2, ["completionview", "completionsubmit"], "submit"),
        (2, ["completionusegrade"], "submit"),
        (2, ["completionusegrade", "completionpassgrade"], "score"),
        (2, ["completionposts", "completionview"], "contribute"),
        (2, ["completionendreached"], "other"),
    ],
)
async def test_completion_rules_are_requirements(tracking: int, rules: list[str], requirement: str | None) -> None:
    data = {"details": [{"rulename": name, "rulevalue": {}} for name in rules]}
    (item,) = await contents_of(section(module(completion=tracking, completiondata=data)))
    assert item.requirement == requirement


async def test_a_course_that_keeps_no_track_requires_nothing() -> None:
    (item,) = await contents_of(section(module(completion=2)))
    assert item.requirement is None


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({"dates": [{"dataid": "timeopen", "timestamp": AT - 9}, {"dataid": "timeclose", "timestamp": AT}]}, AT),
        ({"dates": [{"dataid": "duedate", "timestamp": AT}]}, AT),
        ({"customdata": json.dumps({"duedate": AT})}, AT),
        ({"customdata": json.dumps({"duedate": str(AT)})}, AT),
        ({"customdata": json.dumps({"duedate": 0})}, None),
        ({"customdata": "{"}, None),
        ({"dates": None, "customdata": None}, None),
    ],
)
async def test_when_something_is_due(more: dict[str, Any], due: int | None) -> None:
    (item,) = await contents_of(section(module(**more)))
    assert item.due_at == (None if due is None else datetime.fromtimestamp(due, UTC))


async def test_only_what_is_graded_in_points_can_be_asked_for() -> None:
    worth = grades(
        220,
        grade(60, None, grademin=2, grademax=12, rangeformatted="2.0&ndash;12.0"),
        grade(61, None, grademin=1, grademax=3, rangeformatted="Poor&ndash;Good"),
        grade(62, None, rangeformatted="&ndash;"),
        grade(63, None, itemnumber=1),
        grade(64, None, grademax=0, rangeformatted="0&ndash;0"),
        grade(65, None, itemnumber=1000, outcomeid=4),
        {**grade(66, None), "itemtype": "course"},
    )
    found = await contents_of(section(*(module(cmid) for cmid in range(60, 67))), worth=worth)
    assert [(item.result_key, item.points_possible) for item in found if item.result_key] == [("60", 10.0)]


@pytest.mark.parametrize(
    "worth",
    [
        refused("nopermissions"),
        {"usergrades": [], "warnings": []},
        grades(220, {"itemtype": "mod", "cmid": 60, "graderaw": None}),
    ],
)
async def test_where_the_gradebook_says_nothing_kinds_with_grades_can_be_asked_for(worth: Any) -> None:
    found = await contents_of(section(module(60), module(61, "page"), module(62, "assign")), worth=worth)
    assert [(item.result_key, item.points_possible) for item in found] == [("60", None), (None, None), ("62", None)]


async def test_contents_are_read_without_the_gradebooks_function() -> None:
    moodle = Moodle().on(functions.SITE, site(functions.SITE, functions.CONTENTS))
    moodle.on(functions.CONTENTS, [section(module())])
    contents = await moodle.api().read_contents("8")
    assert contents.home_url == f"{BASE}/course/view.php?id=8"
    assert [item.result_key for item in contents.items] == ["60"]
    assert moodle.calls(functions.GRADES) == []


async def test_what_makes_no_sense_is_left_out() -> None:
    rows: list[Any] = [
        None,
        7,
        {},
        {"id": True, "modname": "quiz"},
        {"id": 5},
        {"id": "abc", "modname": "quiz"},
        {"id": 6, "modname": "../x", "name": None, "indent": -3, "dates": [1], "completion": "2", "url": 5},
    ]
    found = await contents_of(section(*rows), {"modules": None}, {})
    assert [(item.external_id, item.kind, item.title) for item in found] == [("moodle:cm:6", "link", "../x")]
    assert found[0].url == f"{BASE}/mod/url/view.php?id=6"
    assert found[0].indent == 0


# --- Results -----------------------------------------------------------------------------------------------------------


async def test_a_grade_and_its_points() -> None:
    found = await result_of(grade(raw=7.5, gradedatesubmitted=AT - 60))
    (result,) = found.results
    assert (result.percent, result.earned, result.possible) == (75.0, Decimal("7.5"), Decimal(10))
    assert (result.at, result.submitted_at) == (
        datetime.fromtimestamp(AT, UTC),
        datetime.fromtimestamp(AT - 60, UTC),
    )
    assert (found.attempts, result.attempt) == (found.results, None)


async def test_a_zero_is_a_grade_and_a_range_may_begin_elsewhere() -> None:
    assert (await result_of(grade(raw=0))).results[0].percent == 0.0
    (result,) = (await result_of(grade(raw=5, grademin=1, grademax=9, rangeformatted="1–9"))).results
    assert (result.percent, result.earned, result.possible) == (50.0, Decimal(4), Decimal(8))
    (result,) = (await result_of(grade(raw=-2, grademin=-10, rangeformatted="-10&ndash;10"))).results
    assert (result.percent, result.possible) == (40.0, Decimal(20))


async def test_more_than_all_points_is_more_than_everything() -> None:
    assert (await result_of(grade(raw=11))).results[0].percent == pytest.approx(110)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"raw": None}, NoResult.UNGRADED),
        ({"raw": None, "gradedatesubmitted": AT}, NoResult.WAITING),
        ({"raw": None, "gradeneedsupdate": True}, NoResult.WAITING),
        ({"gradeishidden": True}, NoResult.HIDDEN),
        ({"gradehiddenbydate": True, "raw": None}, NoResult.HIDDEN),
        ({"status": "excluded"}, NoResult.EXCUSED),
    ],
)
async def test_what_is_no_result(more: dict[str, Any], why: NoResult) -> None:
    found = await result_of(grade(**more))
    assert (found.results, found.attempts) == ((), ())
    assert [(gap.result_key, gap.user_id, gap.why, gap.attempt) for gap in found.gaps] == [("60", "190", why, None)]


@pytest.mark.parametrize("status", ["dropped", "used", "extra", "novalue"])
async def test_what_the_totals_make_of_a_grade_takes_nothing_from_it(status: str) -> None:
    assert len((await result_of(grade(status=status, locked=True, gradeisoverridden=True))).results) == 1


async def test_of_several_grades_of_one_activity_its_own_counts() -> None:
    rows = (grade(raw=2, outcomeid=3), grade(raw=1, itemnumber=1), grade(raw=6), {**grade(raw=3), "itemtype": "manual"})
    assert [result.percent for result in (await result_of(*rows)).results] == [60.0]


async def test_what_is_told_twice_is_taken_once() -> None:
    found = await result_of(grade(raw=6), grade(raw=7), grade(raw=None))
    assert ([one.percent for one in found.results], found.gaps) == ([60.0], ())


async def test_a_scale_is_neither_points_nor_a_gap() -> None:
    assert await result_of(grade(raw=2, grademin=1, grademax=3, rangeformatted="Poor&ndash;Good")) == NativeResults()


async def test_a_report_without_ranges_still_has_percentages() -> None:
    row = {
        name: value for name, value in grade(raw=6.2).items() if not name.startswith(("grademi", "gradema", "range"))
    }
    (result,) = (await result_of({**row, "percentageformatted": "62,00 %"})).results
    assert (result.percent, result.earned, result.possible) == (62.0, None, None)
    assert await result_of({**row, "percentageformatted": "-"}) == NativeResults()
    del row["graderaw"]
    (result,) = (await result_of({**row, "percentageformatted": "62.00&nbsp;%"})).results
    assert result.percent == 62.0
    assert await result_of({**row, "percentageformatted": "-"}) == NativeResults()


async def test_since_leaves_out_what_is_older_and_never_a_gap() -> None:
    row = grade(raw=4, gradedatesubmitted=AT - 100)
    at = datetime.fromtimestamp(AT, UTC)
    assert len((await result_of(row, since=at)).results) == 1
    assert (await result_of(row, since=datetime.fromtimestamp(AT + 1, UTC))) == NativeResults()
    assert len((await result_of(grade(raw=None), since=at)).gaps) == 1


async def test_many_are_asked_for_at_once_and_few_one_by_one() -> None:
    users = [str(number) for number in range(100, 100 + FEW + 1)]
    moodle = Moodle().on(functions.GRADES, everybody(*((int(one), [grade()]) for one in (*users, "999"))))
    found = await moodle.api().read_results("8", ["60"], users)
    assert [one.user_id for one in found.results] == users
    assert [form["userid"] for form in moodle.calls(functions.GRADES)] == ["0"]
    moodle = Moodle().on(functions.GRADES, lambda form: grades(int(form["userid"]), grade()))
    await moodle.api().read_results("8", ["60"], users[:-1])
    assert [form["userid"] for form in moodle.calls(functions.GRADES)] == users[:-1]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text='{"usergrades":[{"userid":'),
        httpx.ReadTimeout("slow"),
        AnswerTooLarge("too large"),
        refused("notingroup"),
    ],
    ids=["500", "half", "slow", "large", "groups"],
)
async def test_where_all_at_once_is_too_much_each_is_asked_for(answer: Any) -> None:
    users = [str(number) for number in range(100, 130)]

    def one(form: dict[str, str]) -> Any:
        if form["userid"] == "101":
            return refused("notingroup")
        return answer if form["userid"] == "0" else grades(int(form["userid"]), grade())

    moodle = Moodle().on(functions.GRADES, one)
    api = moodle.api()
    batches = [batch async for batch in api.results("8", ["60"], users)]
    assert [one.user_id for batch in batches for one in batch.results] == [one for one in users if one != "101"]
    assert len(batches) == 2
    await api.read_results("8", ["60"], users)
    assert [form["userid"] for form in moodle.calls(functions.GRADES)].count("0") == 1


async def test_a_large_course_is_not_even_tried_at_once() -> None:
    users = [str(number) for number in range(1, 41)]
    keys = [str(number) for number in range(1, GRADES_AT_ONCE // 40 + 2)]
    moodle = Moodle().on(functions.GRADES, lambda form: grades(int(form["userid"]), grade()))
    assert len((await moodle.api().read_results("8", keys, users)).results) == 40
    assert "0" not in {form["userid"] for form in moodle.calls(functions.GRADES)}


@pytest.mark.parametrize("code", ["nopermissions", "invalidtoken", "invalidrecord"])
async def test_no_right_is_not_mistaken_for_too_much(code: str) -> None:
    moodle = Moodle().on(functions.GRADES, refused(code))
    with pytest.raises(NativeTrouble):
        await moodle.api().read_results("8", ["60"], [str(number) for number in range(1, 30)])
    assert {form["userid"] for form in moodle.calls(functions.GRADES)} == {"0"}


@pytest.mark.parametrize("code", ["invaliduser", "userdeleted", "suspended", "notingroup"])
async def test_who_has_left_is_passed_over(code: str) -> None:
    moodle = Moodle().on(
        functions.GRADES,
        lambda form: refused(code) if form["userid"] == "190" else grades(int(form["userid"]), grade()),
    )
    found = await moodle.api().read_results("8", ["60"], ["190", "191"])
    assert [one.user_id for one in found.results] == ["191"]


# --- Attempts ----------------------------------------------------------------------------------------------------------

QUIZ: dict[str, Any] = {"quizzes": [{"id": 7, "coursemodule": 60, "sumgrades": 5, "grade": 10}], "warnings": []}


def attempt(number: int, marks: float | None, **more: Any) -> dict[str, Any]:
    return {
        "id": number + 40,
        "attempt": number,
        "state": "finished",
        "preview": 0,
        "sumgrades": marks,
        "timefinish": AT + number,
        "timemodified": AT + number,
    } | more


async def attempts_of(*attempts: dict[str, Any], row: dict[str, Any] | None = None) -> NativeResults:
    moodle = Moodle().on(functions.SITE, site(*every_function(optional=True))).on(functions.QUIZZES, QUIZ)
    moodle.on(functions.GRADES, grades(190, row or grade(raw=8)))
    moodle.on(functions.ATTEMPTS, {"attempts": list(attempts), "warnings": []})
    return await moodle.api().read_results("8", ["60"], ["190"])


async def test_attempts_are_scaled_to_the_quizs_grade() -> None:
    found = await attempts_of(attempt(1, 2), attempt(2, 4), attempt(3, None), attempt(4, 5, preview=1))
    assert [one.percent for one in found.results] == [80.0]
    assert [(one.attempt, one.percent, one.earned, one.possible) for one in found.attempts] == [
        (1, 40.0, Decimal(4), Decimal(10)),
        (2, 80.0, Decimal(8), Decimal(10)),
    ]


async def test_a_teachers_own_grade_stands_for_the_latest_attempt() -> None:
    found = await attempts_of(attempt(1, 2), attempt(2, 4), row=grade(raw=9, gradeisoverridden=True))
    assert [(one.attempt, one.percent) for one in found.attempts] == [(1, 40.0), (2, 90.0)]


async def test_without_attempts_the_grade_is_the_only_one() -> None:
    found = await attempts_of()
    assert found.attempts == found.results


async def test_attempts_are_not_asked_for_without_their_function() -> None:
    moodle = Moodle().on(functions.GRADES, grades(190, grade()))
    await moodle.api().read_results("8", ["60"], ["190"])
    assert {form["wsfunction"] for form in moodle.forms} == {functions.SITE, functions.GRADES}


# --- Completion, outcomes, groups --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "more", "done", "passed"),
    [
        (0, {}, False, None),
        (1, {}, True, None),
        (2, {}, True, True),
        (3, {}, True, False),
        (3, {"details": [{"rulename": "completionpassgrade"}]}, False, False),
        (3, {"isoverallcomplete": False}, False, False),
        (4, {"isoverallcomplete": True}, True, None),
    ],
)
async def test_states_of_completion(state: int, more: dict[str, Any], done: bool, passed: bool | None) -> None:
    row = {"cmid": 60, "state": state, "timecompleted": AT if state else 0, "hascompletion": True} | more
    moodle = Moodle().on(functions.COMPLETION, {"statuses": [row], "warnings": []})
    ((found,),) = [batch async for batch in moodle.api().completions("8", ["190"])]
    assert (found.external_id, found.done, found.passed) == ("moodle:cm:60", done, passed)
    assert found.at == (datetime.fromtimestamp(AT, UTC) if state else None)


def competency(number: int, **more: Any) -> dict[str, Any]:
    return {
        "competency": {
            "id": number,
            "shortname": f"Short {number}",
            "idnumber": f"CODE.{number}",
            "description": "<p>Solve &amp; check</p>",
            "competencyframeworkid": 1,
        }
        | more
    }


async def test_competencies_and_where_they_stand_item_by_item() -> None:
    names = (functions.SITE, functions.COMPETENCIES, functions.LINKS_OF_ITEM, functions.RATING, functions.SCALE)
    moodle = Moodle().on(functions.SITE, site(*names, functions.FRAMEWORK))
    moodle.on(
        functions.COMPETENCIES, [competency(1), competency(2, shortname="HSA.1"), competency(3, shortname="Percent")]
    )
    moodle.on(functions.FRAMEWORK, {"idnumber": "CCSS"}).on(functions.CONTENTS, [section(module(60), module(61))])
    moodle.on(functions.LINKS_OF_ITEM, lambda form: [competency(1)] if form["cmid"] == "61" else [competency(9)])
    found = await moodle.api().read_outcomes("8")
    one, two, three = found.outcomes
    assert (one.title, one.code, one.description) == ("Short 1", "CODE.1", "Solve & check")
    assert one.identifiers == ("CODE.1", "CCSS:CODE.1")
    assert two.identifiers == ("CODE.2", "CCSS:CODE.2", "HSA.1")
    assert three.identifiers == ("CODE.3", "CCSS:CODE.3")
    assert [(link.outcome_id, link.external_id) for link in found.alignments] == [("1", "moodle:cm:61")]


async def test_a_framework_that_may_not_be_seen_is_no_trouble() -> None:
    moodle = Moodle().on(functions.SITE, site(*every_function(optional=True)))
    moodle.on(functions.COMPETENCIES, [competency(1)]).on(functions.FRAMEWORK, refused("nopermissions"))
    moodle.on(functions.CONTENTS, [section()]).on(functions.LINKS, {"competencies": []})
    assert (await moodle.api().read_outcomes("8")).outcomes[0].identifiers == ("CODE.1",)


async def test_ratings_one_by_one_and_once_for_each_scale() -> None:
    names = (functions.SITE, functions.COMPETENCIES, functions.LINKS, functions.RATING, functions.SCALE)

    def summary(form: dict[str, str]) -> Any:
        # The third is from a time when the scale was longer.
        grade = {"1": 3, "2": None, "3": 5}[form["competencyid"]]
        row = {"id": int(form["competencyid"]) + 70, "userid": int(form["userid"]), "proficiency": True}
        row |= {"competencyid": int(form["competencyid"]), "timemodified": AT}
        return {"usercompetencysummary": {"usercompetencycourse": row | {"grade": grade}, "competency": {"scaleid": 2}}}

    moodle = Moodle().on(functions.SITE, site(*names)).on(functions.RATING, summary)
    moodle.on(functions.SCALE, [{"id": number, "name": str(number)} for number in range(1, 5)])
    (batch,) = [batch async for batch in moodle.api().ratings("8", ["2", "1", "3"], ["190", "191", "x"])]
    assert [(one.source_id, one.user_id, one.earned, one.possible, one.mastered) for one in batch] == [
        ("moodle:user-competency-course:71", "190", Decimal(3), Decimal(4), True),
        ("moodle:user-competency-course:71", "191", Decimal(3), Decimal(4), True),
    ]
    assert len(moodle.calls(functions.SCALE)) == 1


async def test_who_is_not_rated_in_the_course_has_no_ratings() -> None:
    moodle = Moodle().on(functions.RATINGS, refused("codingerror", "coding_exception"))
    assert [batch async for batch in moodle.api().ratings("8", ["1"], ["189"])] == [()]
    moodle = Moodle().on(functions.RATINGS, refused("nopermissions"))
    with pytest.raises(ApiNotPermitted):
        assert [batch async for batch in moodle.api().ratings("8", ["1"], ["189"])]


async def test_people_are_read_page_by_page_for_their_groups() -> None:
    def page(form: dict[str, str]) -> Any:
        start = int(form["options[1][value]"])
        blue = [{"id": 3, "name": "Blue"}]
        return {0: [{"id": 190, "groups": blue}, {"id": 191}], 500: [{"id": 192, "groups": blue}]}.get(start, [])

    moodle = Moodle().on(functions.ENROLLED, page)
    (group,) = await moodle.api().read_groups("8")
    assert (group.group_id, group.name, group.user_ids) == ("3", "Blue", frozenset({"190", "192"}))
    assert {form["options[0][value]"] for form in moodle.forms} == {"id,groups"}


# --- Dates for one student ---------------------------------------------------------------------------------------------

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2027, 3, 8, 12, tzinfo=UTC)


def seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def dated(kind: str, *overrides: dict[str, Any]) -> Moodle:
    moodle = Moodle().on(functions.SITE, site(*every_function(), *functions.WRITING))
    moodle.on(functions.CONTENTS, [section(module(60, kind))])
    moodle.on(functions.OVERRIDES, {"overrides": list(overrides)}).on(functions.SAVE_OVERRIDES, {"ids": [5]})
    moodle.on(functions.DELETE_OVERRIDES, {"ids": [5]})
    return moodle.on(functions.FLAGS, {"assignments": [], "warnings": []}).on(functions.EXTEND, [])


async def test_a_quiz_is_opened_and_closed_for_one_student() -> None:
    moodle = dated("quiz", {"id": 4, "userid": 191, "timeclose": 5}, {"id": 3, "userid": None, "groupid": 190})
    window = Window(opens_at=NOON, due_at=NOON, closes_at=LATER)
    given = await moodle.api().give_window("8", "60", "190", window)
    assert given == WindowGiven("quiz-override:5", {})
    (form,) = moodle.calls(functions.SAVE_OVERRIDES)
    sent = {name: value for name, value in form.items() if name.startswith("data")}
    assert sent == {
        "data[quizid]": "1060",
        "data[overrides][0][userid]": "190",
        "data[overrides][0][timeopen]": seconds(NOON),
        "data[overrides][0][timeclose]": seconds(LATER),
    }
    await moodle.api().take_window_back("8", "60", "190", given)
    assert moodle.calls(functions.DELETE_OVERRIDES)[0]["data[ids][0]"] == "5"


async def test_an_override_that_is_there_keeps_what_it_says_besides_and_gets_its_dates_back() -> None:
    there = {"id": 5, "userid": 190, "timeopen": 7, "timeclose": None, "timelimit": 600, "attempts": 0, "password": "x"}
    moodle = dated("quiz", there)
    given = await moodle.api().give_window("8", "60", "190", Window(due_at=NOON))
    assert given == WindowGiven("quiz-override:5", {"changed": {"timeopen": 7, "timeclose": None}})
    await moodle.api().take_window_back("8", "60", "190", given)
    new, back = moodle.calls(functions.SAVE_OVERRIDES)
    part = "data[overrides][0]"
    for form in (new, back):
        assert (form[f"{part}[id]"], form[f"{part}[timelimit]"], form[f"{part}[attempts]"]) == ("5", "600", "0")
        assert form[f"{part}[password]"] == "x"
    assert (new.get(f"{part}[timeopen]"), new[f"{part}[timeclose]"]) == (None, seconds(NOON))
    assert (back[f"{part}[timeopen]"], back.get(f"{part}[timeclose]")) == ("7", None)


async def test_an_assignment_is_extended_and_gets_its_extension_back() -> None:
    flags = {"assignments": [{"assignmentid": 1060, "userflags": [{"userid": 190, "extensionduedate": 9}]}]}
    moodle = dated("assign").on(functions.FLAGS, flags)
    given = await moodle.api().give_window("8", "60", "190", Window(due_at=NOON))
    await moodle.api().take_window_back("8", "60", "190", given)
    assert given.before == {"extension": 9}
    new, back = moodle.calls(functions.EXTEND)
    assert (new["assignmentid"], new["userids[0]"], new["dates[0]"]) == ("1060", "190", seconds(NOON))
    assert back["dates[0]"] == "9"


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("assign", Window(opens_at=NOON, due_at=LATER)),
        ("assign", Window(opens_at=NOON)),
        ("lesson", Window(due_at=NOON)),
    ],
)
async def test_dates_that_moodle_does_not_have_are_refused(kind: str, window: Window) -> None:
    moodle = dated(kind)
    with pytest.raises(ApiDatesRefused):
        await moodle.api().give_window("8", "60", "190", window)
    assert not moodle.calls(functions.EXTEND)


async def test_dates_that_moodle_does_not_take_are_refused() -> None:
    moodle = dated("quiz").on(functions.SAVE_OVERRIDES, refused("invalidparameter"))
    with pytest.raises(ApiDatesRefused):
        await moodle.api().give_window("8", "60", "190", Window(due_at=NOON))
    moodle = dated("assign").on(functions.EXTEND, [{"warningcode": "couldnotgrantextensions", "item": "User id: 190"}])
    with pytest.raises(ApiDatesRefused):
        await moodle.api().give_window("8", "60", "190", Window(due_at=NOON))
    moodle = dated("quiz").on(functions.CONTENTS, [section()])
    with pytest.raises(ApiDatesRefused):
        await moodle.api().give_window("8", "60", "190", Window(due_at=NOON))


async def test_what_is_written_is_not_sent_twice() -> None:
    moodle = dated("quiz").on(functions.SAVE_OVERRIDES, httpx.Response(502))
    with pytest.raises(ApiUnreachable):
        await moodle.api().give_window("8", "60", "190", Window(due_at=NOON))
    assert len(moodle.calls(functions.SAVE_OVERRIDES)) == 1


async def test_what_is_gone_is_no_trouble_when_it_is_taken_back() -> None:
    moodle = dated("quiz").on(functions.DELETE_OVERRIDES, refused("invalidparameter"))
    await moodle.api().take_window_back("8", "60", "190", WindowGiven("quiz-override:5", {}))
    moodle = dated("quiz", {"id": 6, "userid": 190})
    changed = {"changed": {"timeopen": 7, "timeclose": None}}
    await moodle.api().take_window_back("8", "60", "190", WindowGiven("quiz-override:5", changed))
    assert moodle.calls(functions.SAVE_OVERRIDES) == []
    moodle = dated("quiz").on(functions.CONTENTS, [section()])
    await moodle.api().take_window_back("8", "60", "190", WindowGiven("quiz-override:5", {}))
    assert moodle.calls(functions.DELETE_OVERRIDES) == []


async def test_dates_are_offered_from_the_version_that_has_them_and_by_a_service_that_writes() -> None:
    names = (*every_function(), *functions.WRITING)
    for found, wanted in (
        (site(*names, version="2024100706"), Ability(True)),
        (site(*names, version="2024042204.05"), Ability(False, Lacking.NOT_OFFERED)),
        (
            site(*every_function(), version="2024100706"),
            Ability(False, Lacking.NOT_PERMITTED, functions.WRITING[1:]),
        ),
    ):
        abilities = (await Moodle().on(functions.SITE, found).api().find_out(None)).abilities
        assert abilities[Capability.STUDENT_ACCESS] == wanted


def test_the_page_for_administrators_names_every_function_and_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "moodle.md").read_text("utf-8")
    wanted = (*every_function(optional=True), *every_right(optional=True))
    wanted += (*functions.WRITING, *functions.WRITING_RIGHTS)
    assert [name for name in wanted if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("method", "row", "of_all"),
    [
        (1, grade(raw=None), True),
        (2, grade(raw=None), True),
        (3, grade(raw=None), True),
        # By the last attempt a grade goes while that one waits to be read; those before it stay what they are.
        (4, grade(raw=None), False),
        (None, grade(raw=None), False),
        (1, grade(raw=None, gradedatesubmitted=AT), False),
        (1, grade(raw=8, gradeishidden=True), False),
    ],
)
async def test_a_quiz_without_any_grade_has_no_attempt_that_counts(
    method: int | None, row: dict[str, Any], of_all: bool
) -> None:
    """Seen on 4.5.6 after a course was reset: no grade, no attempts, and evidence of each attempt that is to be taken back."""
    moodle = Moodle().on(functions.SITE, site(*every_function(optional=True)))
    moodle.on(functions.QUIZZES, {"quizzes": [QUIZ["quizzes"][0] | {"grademethod": method}], "warnings": []})
    moodle.on(functions.GRADES, grades(190, row))
    found = await moodle.api().read_results("8", ["60"], ["190"])
    assert [(gap.attempt, gap.of_all) for gap in found.gaps] == [(None, of_all)]
    assert moodle.calls(functions.ATTEMPTS) == []
