"""Dates for single students: set in the LMS when a teacher asks, seen by them alone, taken back; on both databases."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.content import windows
from lti_tool.content.models import ApiConnection, ContentItem
from lti_tool.content.sync_models import StudentWindow
from lti_tool.content.windows import DatesUnderWay, NotADatedItem, WrongDates
from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Role
from lti_tool.platforms.native import (
    ApiNotOffered,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    Capability,
    Window,
)
from lti_tool.playlists import editing
from lti_tool.playlists.editing import Terms
from tests.content.dated import DatedLms, a_dated_site
from tests.playlists import seed
from tests.playlists.seed import NOW
from tests.playlists.site import Site, Visitor
from tests.playlists.test_service import made

DUE = datetime(2026, 10, 1, 21, 59, tzinfo=UTC)
LATER = Window(due_at=DUE, closes_at=DUE + timedelta(days=1))


@pytest.fixture
async def place(database: Database, clock: ManualClock) -> tuple[Site, DatedLms]:
    return await a_dated_site(database, clock)


def address(site: Site, item: str = "quiz") -> str:
    return f"{site.course}/content/items/{site.school.items[item].id}/dates"


def text(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def give(site: Site, window: Window = LATER, *, item: str = "quiz", student: int = 0) -> None:
    person = site.school.students[student]
    await windows.give(
        site.database,
        site.app.state.connectors,
        site.school.course,
        site.school.items[item].id,
        person,
        window,
        site.school.teacher.id,
    )


async def rows(site: Site) -> list[StudentWindow]:
    async with site.database.reading() as session:
        found = list((await session.exec(scoped(StudentWindow, site.school.id))).all())
        session.expunge_all()
        return found


async def actions(site: Site) -> list[tuple[str, str | None, str | None]]:
    async with site.database.reading() as session:
        said = select(AuditEntry).where(AuditEntry.organisation_id == site.school.id).order_by(AuditEntry.at)  # type: ignore[arg-type]
        return [
            (one.action, one.actor, one.subject) for one in (await session.exec(said)).all() if "dates" in one.action
        ]


async def take_back(site: Site, row: StudentWindow) -> None:
    await windows.take_back(
        site.database, site.app.state.connectors, site.school.course, row.id, site.school.teacher.id
    )


# --- Setting and taking back


async def test_dates_are_written_for_one_student_and_taken_back(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    await give(site)
    assert lms.kept == {("17", "student-0"): ("override-1", LATER)}
    [row] = await rows(site)
    assert (row.external_id, row.due_at, row.closes_at, row.opens_at) == ("override-1", DUE, LATER.closes_at, None)
    assert (row.created_by, row.taken_back_at) == (site.school.teacher.id, None)
    await take_back(site, row)
    assert lms.kept == {}
    calls = lms.calls
    await take_back(site, row)
    assert lms.calls == calls
    [row] = await rows(site)
    assert row.taken_back_by == site.school.teacher.id
    subject = f"person:{site.school.students[0].id}"
    actor = str(site.school.teacher.id)
    assert await actions(site) == [
        ("student.dates-set", actor, subject),
        ("student.dates-taken-back", actor, subject),
    ]


async def test_the_id_of_the_platforms_own_api_is_used(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    async with site.database.writing() as session:
        person = await session.get(Person, (site.school.id, site.school.students[0].id))
        assert person is not None
        person.platform_user_id = "40"
        session.add(person)
    site.school.students[0].platform_user_id = "40"
    await give(site)
    assert list(lms.kept) == [("17", "40")]


async def test_dates_set_again_take_the_place_and_going_back_goes_to_the_beginning(
    place: tuple[Site, DatedLms],
) -> None:
    site, lms = place
    await give(site)
    again = replace(LATER, due_at=DUE + timedelta(days=7), closes_at=None)
    await give(site, again)
    [row] = await rows(site)
    assert (row.due_at, row.closes_at, row.before) == (again.due_at, None, {})
    await take_back(site, row)
    assert lms.kept == {}
    # What somebody set in the LMS itself stood there before, and is there again.
    lms.kept["17", "student-0"] = ("theirs", Window(due_at=NOW))
    await give(site)
    new = next(one for one in await rows(site) if one.taken_back_at is None)
    assert (new.external_id, new.before) == ("theirs", {"changed": [NOW.isoformat(), None]})
    await give(site, again)
    new = next(one for one in await rows(site) if one.taken_back_at is None)
    assert new.before == {"changed": [NOW.isoformat(), None]}
    await take_back(site, new)
    assert lms.kept["17", "student-0"][1] == Window()


async def test_what_the_lms_refuses_never_was(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    lms.refusing = ApiNotPermitted("no")
    with pytest.raises(ApiNotPermitted):
        await give(site)
    assert await rows(site) == []
    lms.refusing = None
    await give(site)
    lms.refusing = ApiNotPermitted("no")
    [row] = await rows(site)
    with pytest.raises(ApiNotPermitted):
        await give(site, replace(LATER, closes_at=None))
    with pytest.raises(ApiNotPermitted):
        await take_back(site, row)
    [same] = await rows(site)
    assert (same.closes_at, same.taken_back_at) == (LATER.closes_at, None)


async def test_after_a_lost_answer_it_is_said_that_nobody_knows(
    place: tuple[Site, DatedLms], clock: ManualClock
) -> None:
    site, lms = place
    lms.silent = ApiUnreachable("lost")
    with pytest.raises(ApiUnreachable):
        await give(site)
    [row] = await rows(site)
    assert (row.external_id, row.due_at) == ("", DUE)
    lms.silent = None
    # Somebody presses once more at once: it may be under way.
    with pytest.raises(DatesUnderWay):
        await give(site)
    teacher = await site.teacher()
    page = await teacher.get(address(site))
    assert "Not known whether it was set" in page.text
    clock.move(timedelta(minutes=3))
    await give(site)
    [row] = await rows(site)
    assert row.external_id == "override-1"
    await take_back(site, row)


async def test_dates_that_are_not_known_are_taken_back_here_alone(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    lms.silent = ApiUnreachable("lost")
    with pytest.raises(ApiUnreachable):
        await give(site)
    calls = lms.calls
    [row] = await rows(site)
    await take_back(site, row)
    assert lms.calls == calls
    assert (await rows(site))[0].taken_back_at is not None


async def test_only_items_that_the_platform_keeps_dates_of(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    for item in ("page", "heading"):
        with pytest.raises(NotADatedItem):
            await give(site, item=item)
    async with site.database.writing() as session:
        quiz = await session.get(ContentItem, (site.school.id, site.school.items["quiz"].id))
        assert quiz is not None
        quiz.deleted_at = NOW
        session.add(quiz)
    with pytest.raises(NotADatedItem):
        await give(site)
    lms.offers = frozenset({Capability.RESULTS})
    with pytest.raises(ApiNotOffered):
        await give(site, item="essay")
    assert lms.calls == 0


async def test_only_the_dates_that_the_platform_keeps_of_an_item(
    place: tuple[Site, DatedLms], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, lms = place
    kept = {"quiz": frozenset({"opens_at", "closes_at"})}
    monkeypatch.setattr(lms, "window_dates", lambda kind, _url: kept.get(kind, frozenset()), raising=False)
    with pytest.raises(WrongDates):
        await give(site)
    with pytest.raises(NotADatedItem):
        await give(site, item="essay")
    teacher = await site.teacher()
    page = await teacher.get(f"{address(site)}?person={site.school.students[0].id}")
    assert ('name="due_at"' in page.text, 'name="closes_at"' in page.text) == (False, True)
    await give(site, Window(closes_at=DUE))
    assert lms.kept["17", "student-0"][1] == Window(closes_at=DUE)


moments = st.none() | st.integers(0, 3).map(lambda days: NOW + timedelta(days=days))


@given(due=moments, opens=moments, closes=moments)
def test_dates_are_in_order_or_refused(due: Any, opens: Any, closes: Any) -> None:
    window = Window(due, opens, closes)
    fits = (
        any((due, opens, closes))
        and (not opens or not due or opens < due)
        and (not due or not closes or due <= closes)
        and (not opens or not closes or opens < closes)
    )
    if fits:
        assert windows.checked(window) == window
    else:
        with pytest.raises(WrongDates):
            windows.checked(window)


# --- Pages


async def entered(
    visitor: Visitor, site: Site, *, student: int = 0, item: str = "quiz", **fields: str
) -> httpx.Response:
    dates = {"due_at": "2026-10-01T23:59", "time_zone": "Europe/Berlin"} | fields
    return await visitor.post(address(site, item), person=str(site.school.students[student].id), **dates)


async def test_who_may(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    pages = (address(site), f"{site.course}/content/dates")
    async with site.client() as client:
        for page in pages:
            assert (await client.get(page)).status_code == 401
    ada = site.school.students[0]
    for role in (Role.STUDENT, Role.OBSERVER, Role.ASSISTANT):
        visitor = await site.sign_in(ada, role)
        await visitor.get("/")
        for page in pages:
            assert (await visitor.get(page)).status_code == 403
        assert (await entered(visitor, site, sure="yes")).status_code == 403
        assert (await visitor.post(f"{address(site)}/take-back", window=str(ada.id))).status_code == 403
    acting = await site.sign_in(site.school.teacher, Role.TEACHER, masquerading=True)
    await acting.get(address(site))
    assert (await entered(acting, site, sure="yes")).status_code == 403
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    await visitor.get(f"/courses/{other.course.id}/playlists")
    for page in pages:
        assert (await visitor.get(page)).status_code == 404
    strange = f"/courses/{other.course.id}/content/items/{site.school.items['quiz'].id}/dates"
    assert (await visitor.get(strange)).status_code == 404
    assert lms.calls == 0


async def test_a_teacher_sees_what_would_be_written_before_it_is(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    teacher = await site.teacher()
    page = await teacher.get(address(site))
    assert "Ada Ash" in page.text
    page = await teacher.get(f"{address(site)}?person={site.school.students[0].id}")
    assert "For Ada Ash alone" in page.text
    page = await entered(teacher, site)
    said = text(page)
    assert "“Quiz on halves” for Ada Ash alone" in said
    assert "Opens as for the class" in said
    assert "Exactly this is written in your LMS" in said
    assert 'datetime="2026-10-01T21:59:00Z"' in page.text
    assert lms.calls == 0
    page = await entered(teacher, site, due_at="2026-10-01T21:59:00+00:00", sure="yes")
    assert "The dates stand in your LMS now." in page.text
    assert lms.kept["17", "student-0"][1] == Window(due_at=DUE)
    page = await teacher.get(f"{site.course}/content/dates")
    assert "Ada Ash" in page.text
    assert "Quiz on halves" in page.text
    [row] = await rows(site)
    page = await teacher.post(f"{address(site)}/take-back", window=str(row.id), list="yes")
    assert "Taken back. Your LMS has what stood there before." in page.text
    assert lms.kept == {}


async def test_what_is_wrong_or_fails_is_said_and_nothing_entered_is_lost(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    teacher = await site.teacher()
    await teacher.get(address(site))
    page = await entered(teacher, site, due_at="soon")
    assert (page.status_code, "Please enter a day and a time." in page.text) == (422, True)
    page = await entered(teacher, site, opens_at="2026-11-01T08:00")
    assert (page.status_code, "These dates do not go together" in page.text) == (400, True)
    assert 'value="2026-11-01T08:00"' in page.text
    assert (await entered(teacher, site, due_at="")).status_code == 400
    lms.refusing = ApiNotPermitted("no")
    page = await entered(teacher, site, sure="yes")
    assert page.status_code == 424
    assert "This tool may not read this course" in text(page)
    assert 'value="2026-10-01T23:59"' in page.text
    lms.refusing = None
    await give(site)
    lms.refusing = ApiUnreachable("no")
    [row] = await rows(site)
    page = await teacher.post(f"{address(site)}/take-back", window=str(row.id))
    assert (page.status_code, "cannot be reached" in page.text) == (424, True)
    assert "Take back" in page.text
    assert (await teacher.post(address(site), due_at="2026-10-01T23:59")).status_code == 404
    assert (await teacher.post(f"{address(site)}/take-back", window=str(row.person_id))).status_code == 404


async def test_where_the_access_cannot_there_is_no_button(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    await give(site)
    lms.offers = frozenset({Capability.CONTENTS})
    teacher = await site.teacher()
    for page in (await teacher.get(address(site)), await teacher.get(f"{site.course}/content/dates")):
        assert page.status_code == 200
        assert "<form" not in page.text.split("<main")[1]
        assert "cannot change dates any more" in page.text
    assert (await entered(teacher, site, sure="yes")).status_code == 424
    [row] = await rows(site)
    assert (await teacher.post(f"{address(site)}/take-back", window=str(row.id))).status_code == 424
    assert "keeps no dates for single students" in (await teacher.get(address(site, "page"))).text


async def test_where_the_access_was_ended_in_the_platform_nothing_offers_dates(place: tuple[Site, DatedLms]) -> None:
    site, _lms = place
    course = site.school.course
    broken = {"working": False, "trouble": ApiTokenRefused.code, "checked_at": NOW}
    async with site.database.writing() as session:
        session.add(
            ApiConnection(
                organisation_id=course.organisation_id,
                id=new_id(),
                registration_id=course.registration_id,
                base_url="https://school.example",
                token_encrypted="x",
                created_at=NOW,
                **broken,
            )
        )
    teacher = await site.teacher()
    assert "<form" not in (await teacher.get(address(site))).text.split("<main")[1]
    # What passes by itself takes no button away; nor does anything once the access works again.
    for mended in ({"trouble": ApiUnreachable.code}, {"working": True, "trouble": None}):
        async with site.database.writing() as session:
            row = (await session.exec(scoped(ApiConnection, site.school.id))).one()
            row.sqlmodel_update(mended)
        assert "<form" in (await teacher.get(address(site))).text.split("<main")[1]


async def test_a_teacher_held_to_their_sections_sees_and_sets_nothing_of_others(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    await give(site, student=1)
    async with site.database.writing() as session:
        for one in (await session.exec(scoped(Membership, site.school.id))).all():
            one.sections = "1" if one.person_id in {site.school.teacher.id, site.school.students[0].id} else "2"
            one.section_restricted = one.person_id == site.school.teacher.id
            session.add(one)
    teacher = await site.teacher()
    for page in (await teacher.get(address(site)), await teacher.get(f"{site.course}/content/dates")):
        assert "Ben Birch" not in page.text
    ben = site.school.students[1].id
    assert (await teacher.get(f"{address(site)}?person={ben}")).status_code == 404
    assert (await entered(teacher, site, student=1, sure="yes")).status_code == 404
    [row] = await rows(site)
    assert (await teacher.post(f"{address(site)}/take-back", window=str(row.id))).status_code == 404
    assert lms.calls == 1


# --- On playlists


async def with_playlist(site: Site) -> str:
    """A playlist whose quiz is due tomorrow; the address of Ada's page for teachers."""
    async with site.database.writing() as session:
        playlist = await made(session, site.school)
        step = next(
            one
            for one in (await editing.queries.steps(session, site.school.id, [playlist.id]))[playlist.id]
            if one.content_item_id == site.school.items["quiz"].id
        )
        step.due_at = site.clock.now() + timedelta(days=1)
        session.add(step)
        await session.flush()
        await editing.assign(
            session, site.school.course, playlist.id, playlist.revision, Terms(), site.school.teacher.id, NOW
        )
    return f"{site.course}/playlists/{playlist.id}/students/{site.school.students[0].id}"


async def test_the_students_page_of_the_monitor_leads_there(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    monitor = await with_playlist(site)
    teacher = await site.teacher()
    page = await teacher.get(monitor)
    said = text(page)
    assert "Dates in your LMS for Ada Ash alone" in said
    assert "Quiz on halves as for the class Set own dates" in said
    [link] = re.findall(r'href="([^"]+/dates\?[^"]+)"', page.text)
    form = await teacher.get(html.unescape(link))
    assert f'href="{monitor}"' in form.text
    await give(site)
    assert "Quiz on halves due" in text(await teacher.get(monitor))
    assistant = await site.sign_in(site.school.teacher, Role.ASSISTANT)
    assert "Dates in your LMS" not in (await assistant.get(monitor)).text
    lms.offers = frozenset()
    assert "Dates in your LMS" not in (await teacher.get(monitor)).text


async def test_the_student_alone_sees_the_new_date(place: tuple[Site, DatedLms]) -> None:
    site, lms = place
    monitor = await with_playlist(site)
    await give(site)
    mark = f'datetime="{DUE:%Y-%m-%dT%H:%M:%SZ}"'
    ada, ben = await site.student(0), await site.student(1)
    for visitor, sees in ((ada, True), (ben, False)):
        page = await visitor.get(f"{site.course}/my")
        [path] = set(re.findall(rf"{site.course}/my/[0-9a-f-]+", page.text))
        page = await visitor.get(path)
        assert "Quiz on halves" in page.text
        assert (mark in page.text) == sees
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0",))
    assert mark not in (await family.get(f"{site.course}/family")).text
    # Taken back, and the step's own date is there again.
    [row] = await rows(site)
    await take_back(site, row)
    page = await ada.get(f"{site.course}/my")
    [path] = set(re.findall(rf"{site.course}/my/[0-9a-f-]+", page.text))
    assert mark not in (await ada.get(path)).text
    assert monitor
