"""Checks of a connection against the sandbox: each call is tried, each failure gets its words, and nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from lti_tool.admin import checking, planning
from lti_tool.admin.check_rules import LABEL, RESOURCE_ID, Line, Outcome, Step
from lti_tool.cli import cli
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.doctor import Wish, examine_platform
from lti_tool.errors import NotFound
from lti_tool.lti import claims
from lti_tool.lti.models import Deployment, Family
from lti_tool.lti.registrations import Platform
from lti_tool.platforms import Matter, quirks
from lti_tool.sandbox.claims import group_sets_url, groups_url
from tests.admin.checked_lms import AGS, Checked, a_checked_lms

OnWith = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture
async def checked(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Checked]:
    async with a_checked_lms(database, clock, tmp_path) as made:
        yield made


# What an LMS answers is the same on either database.
on_one_database = pytest.mark.parametrize("database_kind", ["sqlite"])


def outcomes(lines: dict[Step, Line], outcome: Outcome) -> set[Step]:
    return {step for step, line in lines.items() if line.outcome is outcome}


def words(line: Line) -> str:
    return " ".join(said.in_words() for said in (line.seen, line.remedy) if said is not None)


NOT_THERE = {Step.ACCESS_GROUPS, Step.ACCESS_NOTICES, Step.GROUPS, Step.NOTICES}


async def test_the_reading_calls_are_tried_and_nothing_is_written(checked: Checked) -> None:
    lines = await checked.check()
    assert outcomes(lines, Outcome.FAILS) == set()
    assert outcomes(lines, Outcome.SKIPPED) == NOT_THERE | {Step.MAKE}
    assert words(lines[Step.ROSTER]).startswith("People: 2, of them students: 1; pages read: 1")
    assert "did not mention it" in words(lines[Step.GROUPS])
    assert {request.method for request in checked.asked if "/api/lti/courses" in request.url.path} == {"GET"}
    assert await checked.audited() == ["roster.looked-at"]


async def test_every_call_is_tried_and_the_gradebook_is_as_before(checked: Checked) -> None:
    lines = await checked.check(write=True, sub=checked.student.lti_id)
    assert outcomes(lines, Outcome.FAILS) == set()
    assert outcomes(lines, Outcome.SKIPPED) == NOT_THERE
    assert list(lines)[-1] is Step.REMOVE
    assert words(lines[Step.RESULT]) == "14 out of 20 came back"
    sent = checked.bodies("/scores")
    assert [body["activityProgress"] for body in sent] == [
        "Initialized",
        "Started",
        "InProgress",
        "Submitted",
        "Completed",
    ]
    assert {body["gradingProgress"] for body in sent} == {
        "NotReady",
        "Failed",
        "Pending",
        "PendingManual",
        "FullyGraded",
    }
    assert {body["userId"] for body in sent} == {checked.student.lti_id}
    assert [body["resourceId"] for body in checked.bodies("/line_items")] == [RESOURCE_ID]
    assert await checked.columns() == []
    assert await checked.audited() == ["roster.looked-at", "column.made", "score.sent", "column.removed"]


@on_one_database
@pytest.mark.parametrize("like", ["canvas", "moodle", "schoology"])
async def test_every_call_works_as_each_lms_does_it(
    database: Database, clock: ManualClock, tmp_path: Path, like: str
) -> None:
    async with a_checked_lms(database, clock, tmp_path, like=like) as checked:
        lines = await checked.check(write=True, sub=checked.student.lti_id)
        assert {step: words(line) for step, line in lines.items() if line.outcome is Outcome.FAILS} == {}
        # The link of course navigation, which Moodle does not have: as if it had been removed.
        gone = {Step.ROSTER_LINK} if like == "moodle" else set()
        assert outcomes(lines, Outcome.SKIPPED) == NOT_THERE | gone
        assert words(lines[Step.RESULT]) == "14 out of 20 came back"
        assert await checked.columns() == []


async def test_groups_and_notices_are_asked_for_where_the_lms_offers_them(checked: Checked) -> None:
    await checked.change_course(
        groups_url=groups_url(checked.settings, 1), group_sets_url=group_sets_url(checked.settings, 1)
    )
    async with checked.database.writing() as session:
        deployment = (await session.exec(select(Deployment))).one()
        deployment.notices_url = f"{checked.settings.base_url}/api/lti/notice-handlers/{checked.tool.id}"
        session.add(deployment)
    lines = await checked.check()
    assert outcomes(lines, Outcome.SKIPPED) == {Step.MAKE}
    assert outcomes(lines, Outcome.FAILS) == set()
    assert words(lines[Step.GROUPS]) == "Groups: 0, sets of groups: 0"
    assert words(lines[Step.NOTICES]) == "Kinds of notices that are sent to this tool: 0"


def test_a_check_ends_within_twenty_seconds() -> None:
    assert checking.LIMITS.total + checking.LIMITS.cleaning < 20


async def test_what_is_told_of_a_call_holds_no_token_and_nobody(checked: Checked) -> None:
    lines = await checked.check(write=True, sub=checked.student.lti_id)
    told = repr(list(lines.values()))
    tokens = {request.headers.get("authorization", "Bearer none").split()[1] for request in checked.asked}
    assertion = next(parse_qs(request.content.decode())["client_assertion"][0] for request in checked.asked[1:2])
    for secret in (*tokens, assertion, checked.student.lti_id, "Noor", "Thea"):
        assert secret not in told
    (score, *_) = lines[Step.SCORE].exchanges
    assert score.path.endswith("/scores")
    assert set(score.sent) >= {"userId", "timestamp", "activityProgress", "gradingProgress"}
    assert score.bearer
    (token,) = lines[Step.ACCESS_SCORE].exchanges
    assert token.scopes == token.granted == (claims.SCORE_SCOPE,)
    (members, *_) = lines[Step.ROSTER].exchanges
    assert members.accept == claims.MEMBERS_MEDIA


async def test_without_a_student_no_score_is_sent(checked: Checked) -> None:
    lines = await checked.check(write=True)
    assert outcomes(lines, Outcome.SKIPPED) == NOT_THERE | {Step.SCORE}
    assert checked.bodies("/scores") == []
    assert words(lines[Step.RESULT]) == "Results that can be read: 0"
    assert await checked.columns() == []


async def test_a_platform_that_nobody_launched_from_has_keys_and_tokens_to_try(checked: Checked) -> None:
    async with checked.database.writing() as session:
        await session.delete(await session.merge(checked.course))
    lines = await checked.check()
    assert lines[Step.COURSE].outcome is Outcome.SKIPPED
    assert "Open the tool once" in words(lines[Step.COURSE])
    assert Step.ACCESS_GROUPS not in lines
    assert outcomes(lines, Outcome.WORKS) >= {Step.KEY_SET, Step.ACCESS, Step.ACCESS_SCORE, Step.ACCESS_MEMBERS}


async def test_the_doctor_tells_the_same_in_lines(checked: Checked) -> None:
    wish = Wish(course=checked.course.id, write=True, student=checked.student.lti_id)
    found = [one async for one in examine_platform(checked.protocol, Platform(checked.registration, ()), wish)]
    by_name = {one.name: one for one in found}
    assert all(one.good for one in found)
    assert by_name["Sandbox: course"].detail.endswith("“Fractions”")
    assert by_name["Sandbox: read result"].detail == "14 out of 20 came back"
    assert by_name["Sandbox: groups"].skipped
    assert await checked.columns() == []
    with pytest.raises(NotFound):
        [
            one
            async for one in examine_platform(
                checked.protocol, Platform(checked.registration, ()), Wish(course=uuid4())
            )
        ]


@pytest.mark.parametrize("words", [("--write",), ("--platform", "x", "--student", "5")])
def test_the_doctor_writes_only_where_it_is_told_to(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, ["doctor", *words])
    assert done.exit_code == 2
    assert "--write" in done.output or "--platform" in done.output


# --- What goes wrong, and its words -----------------------------------------------------------------------------------

WORDS = {
    Family.CANVAS: ("Developer Keys", "LTI Advantage Services", "can retrieve user data"),
    Family.MOODLE: ("Manage tools", "grade sync and column management", "retrieve members"),
    Family.SCHOOLOGY: ("apps/publisher", "Assignment and Grade Services", "Names and Roles"),
    Family.BLACKBOARD: ("LTI Tool Providers", "grade service access", "Membership Service Access"),
    Family.BRIGHTSPACE: ("Manage Extensibility", "Assignment and Grade Services", "Names and Role Provisioning"),
    Family.SAKAI: ("External Tools", "Send Grades", "Provide Roster"),
    Family.OPENEDX: ("LTI Consumer block", "Programmatic", "Enable LTI NRPS"),
    Family.OTHER: ("switched on", "Assignment and Grade Services", "Names and Role Provisioning"),
}


@on_one_database
async def test_a_key_set_that_is_down(checked: Checked) -> None:
    checked.behaviour.fail_next("jwks", 500)
    line = (await checked.check())[Step.KEY_SET]
    assert line.outcome is Outcome.FAILS
    assert checked.registration.jwks_url in words(line)
    assert "LTI_TOOL_ALLOWED_NETWORKS" in words(line)


@pytest.mark.parametrize("family", sorted(WORDS))
def test_each_lms_has_words_of_its_own_for_what_to_change(family: Family) -> None:
    where, grades, roster = WORDS[family]
    fields = dict.fromkeys(("client_id", "key_set", "jwks_url", "token_url", "label"), "FILLED-IN")
    said = {matter: quirks(family).remedy(matter) % fields for matter in Matter}
    assert where in said[Matter.ACCESS]
    assert "FILLED-IN" in said[Matter.ACCESS]
    assert "FILLED-IN" in said[Matter.KEY_SET]
    assert "FILLED-IN" in said[Matter.REMOVE]
    assert grades in said[Matter.GRADES]
    assert roster in said[Matter.ROSTER]
    assert all("%(" not in words for words in said.values())


@on_one_database
async def test_scopes_that_are_not_granted_are_named_one_by_one(checked: Checked) -> None:
    checked.registration.lms = Family.MOODLE
    await checked.change_tool(scopes=[claims.LINE_ITEM_READ_SCOPE, claims.RESULT_READ_SCOPE])
    lines = await checked.check(write=True, sub=checked.student.lti_id)
    scopes = {Step.ACCESS_LINE_ITEM, Step.ACCESS_SCORE, Step.ACCESS_MEMBERS}
    assert outcomes(lines, Outcome.FAILS) == scopes | {Step.ROSTER}
    assert "invalid_scope" in words(lines[Step.ACCESS_SCORE])
    assert "grade sync and column management" in words(lines[Step.ACCESS_SCORE])
    assert "retrieve members" in words(lines[Step.ACCESS_MEMBERS])
    assert words(lines[Step.MAKE]) == "The LMS gives no access token for it: see above."
    assert lines[Step.FIND].outcome is Outcome.WORKS


@on_one_database
async def test_an_lms_that_does_not_know_the_tool(checked: Checked) -> None:
    checked.registration.lms = Family.CANVAS
    await checked.change_tool(client_id="another")
    lines = await checked.check()
    assert "Developer Keys" in words(lines[Step.ACCESS])
    assert checked.registration.client_id in words(lines[Step.ACCESS])
    assert "invalid_client" in words(lines[Step.ACCESS])
    assert lines[Step.ACCESS_SCORE].outcome is Outcome.SKIPPED
    assert lines[Step.ACCESS_SCORE].remedy is None


@on_one_database
async def test_an_lms_that_offers_neither_members_nor_grades(checked: Checked) -> None:
    await checked.change_course(memberships_url=None, line_items_url=None, ags_scopes=[])
    lines = await checked.check(write=True)
    assert outcomes(lines, Outcome.FAILS) == set()
    assert "Names and Role Provisioning Services" in words(lines[Step.ACCESS_MEMBERS])
    assert lines[Step.ROSTER].outcome is Outcome.SKIPPED
    assert lines[Step.FIND].outcome is Outcome.SKIPPED
    assert "did not mention it" in words(lines[Step.FIND])


@on_one_database
async def test_an_lms_that_takes_scores_and_lets_no_column_be_made(checked: Checked) -> None:
    await checked.change_course(ags_scopes=[one for one in AGS if one != claims.LINE_ITEM_SCOPE])
    lines = await checked.check(write=True)
    assert lines[Step.FIND].outcome is Outcome.WORKS
    assert lines[Step.MAKE].outcome is Outcome.SKIPPED
    assert all(request.method == "GET" for request in checked.asked if request.url.path.endswith("/line_items"))


@on_one_database
async def test_columns_that_may_not_be_made(checked: Checked) -> None:
    checked.registration.lms = Family.MOODLE
    checked.refuse("POST", "/line_items", 403)
    lines = await checked.check(write=True)
    assert words(lines[Step.MAKE]).startswith("The LMS does not allow it (403).")
    assert "grade sync and column management" in words(lines[Step.MAKE])
    assert lines[Step.READ].outcome is Outcome.SKIPPED
    assert Step.REMOVE not in lines
    assert "column.made" not in await checked.audited()


@on_one_database
async def test_a_score_for_somebody_who_is_no_student(checked: Checked) -> None:
    checked.registration.lms = Family.CANVAS
    lines = await checked.check(write=True, sub=checked.teacher.lti_id)
    assert lines[Step.SCORE].code == "not-enrolled"
    assert "active student" in words(lines[Step.SCORE])
    assert len(checked.bodies("/scores")) == 1
    assert lines[Step.RESULT].outcome is Outcome.WORKS
    assert lines[Step.REMOVE].outcome is Outcome.WORKS
    assert await checked.columns() == []


@on_one_database
async def test_a_column_that_cannot_be_removed_is_named_and_removed_by_the_next_check(checked: Checked) -> None:
    checked.refuse("DELETE", "/line_items/", 403)
    lines = await checked.check(write=True)
    assert lines[Step.REMOVE].outcome is Outcome.FAILS
    assert LABEL in words(lines[Step.REMOVE])
    assert len(await checked.columns()) == 1

    again = await checked.check(write=True)
    assert again[Step.LEFTOVERS].outcome is Outcome.FAILS
    assert words(again[Step.MAKE]) == "The column of the earlier check is used again."
    assert len(await checked.columns()) == 1

    checked.meddler = None
    last = await checked.check(write=True)
    assert words(last[Step.LEFTOVERS]).endswith("removed now: 1")
    assert outcomes(last, Outcome.FAILS) == set()
    assert await checked.columns() == []


@on_one_database
async def test_an_lms_whose_columns_stay_keeps_one_and_no_more(checked: Checked) -> None:
    checked.registration.lms = Family.OPENEDX
    for _ in range(2):
        lines = await checked.check(write=True, sub=checked.student.lti_id)
        assert outcomes(lines, Outcome.FAILS) == set()
        assert lines[Step.REMOVE].outcome is Outcome.SKIPPED
        assert "nobody sees it" in words(lines[Step.REMOVE])
        assert len(await checked.columns()) == 1
        checked.clock.move(timedelta(minutes=1))


# --- Broken off -------------------------------------------------------------------------------------------------------


@on_one_database
async def test_a_column_whose_making_was_not_answered_is_removed(checked: Checked) -> None:
    checked.refuse("POST", "/line_items", 500, done=True)
    lines = await checked.check(write=True)
    assert lines[Step.MAKE].code == "server-error"
    assert words(lines[Step.REMOVE]) == "Removed"
    assert await checked.columns() == []


@on_one_database
async def test_a_check_that_nobody_waits_for_any_more_leaves_nothing(checked: Checked) -> None:
    plan = await planning.plan(
        checked.database, checked.registration, actor="tester", organisation_ids=None, write=True
    )
    lines = checking.check(checked.protocol, plan)
    async for line in lines:
        if line.step is Step.MAKE:
            break
    assert len(await checked.columns()) == 1
    await lines.aclose()  # type: ignore[attr-defined]
    assert await checked.columns() == []


@on_one_database
async def test_a_call_that_is_never_answered_is_given_up(checked: Checked) -> None:
    never = asyncio.Event()

    async def meddle(request: httpx.Request, on: OnWith) -> httpx.Response:
        if request.url.path.endswith("/names_and_roles"):
            await never.wait()
        return await on()

    checked.meddler = meddle
    lines = await checked.check(replace(checking.LIMITS, members=0.05))
    assert lines[Step.ROSTER].code == "timed-out"
    assert "firewall" in words(lines[Step.ROSTER])
    assert lines[Step.FIND].outcome is Outcome.WORKS


@on_one_database
async def test_a_check_whose_time_is_up_is_cut_short_and_its_column_removed(checked: Checked) -> None:
    async def meddle(request: httpx.Request, on: OnWith) -> httpx.Response:
        if request.url.path.endswith("/scores"):
            checked.seconds += checking.LIMITS.total
            raise httpx.ReadTimeout("too slow", request=request)
        return await on()

    checked.meddler = meddle
    lines = await checked.check(write=True, sub=checked.student.lti_id)
    assert lines[Step.SCORE].code == "timed-out"
    assert lines[Step.RESULT].code == "cut-short"
    assert words(lines[Step.REMOVE]) == "Removed"
    assert await checked.columns() == []
