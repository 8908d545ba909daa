"""Checks of a connection in the console: whose they are, what they show, and what they leave in the audit log."""

import html
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from sqlmodel import col, select

from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from tests.admin.checked_lms import Checked, a_checked_lms

from .site import Site


@pytest.fixture
async def checked(site: Site, tmp_path: Path) -> AsyncIterator[Checked]:
    async with a_checked_lms(site.database, site.clock, tmp_path, beside=site.tool) as made:
        yield made


def words(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def address(checked: Checked, ending: str = "check") -> str:
    return f"/admin/platforms/{checked.registration.id}/{ending}"


async def done(checked: Checked) -> list[str]:
    """What the console's people did in the course, without its launches."""
    async with checked.database.reading() as session:
        entries = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
        return [entry.action for entry in entries if entry.subject == f"course {checked.course.id}"]


async def test_an_administrator_checks_and_nothing_is_written(site: Site, checked: Checked) -> None:
    visitor = await site.administrator()
    assert "Check this connection" in (await visitor.get(address(checked).removesuffix("/check"))).text
    form = await visitor.get(address(checked))
    assert "It is tried in the course “Fractions”" in words(form)
    assert "Noor Abdi" not in form.text

    page = await visitor.post(address(checked))
    assert page.status_code == 200
    assert "Everything that was tried works. Nothing was written." in words(page)
    assert "People: 2, of them students: 1; pages read: 1" in words(page)
    assert await done(checked) == ["roster.looked-at"]
    assert "Noor" not in page.text


async def test_a_score_goes_to_the_one_who_was_chosen_and_the_column_is_gone(site: Site, checked: Checked) -> None:
    visitor = await site.administrator()
    form = await visitor.get(address(checked) + f"?course={checked.course.id}&students=yes")
    assert "Noor Abdi" in form.text
    fields = {"course": str(checked.course.id), "write": "yes", "student": str(checked.person.id)}
    page = await visitor.post(address(checked), **fields)
    assert "14 out of 20 came back" in words(page)
    assert "Noor" not in page.text
    assert await checked.columns() == []
    assert await done(checked) == ["students.listed", "roster.looked-at", "column.made", "score.sent", "column.removed"]


async def test_what_fails_stands_there_with_what_to_do(site: Site, checked: Checked) -> None:
    visitor = await site.administrator()
    checked.refuse("POST", "/line_items", 403)
    page = await visitor.post(address(checked), course=str(checked.course.id), write="yes")
    assert "1 calls do not work" not in words(page)
    assert "One call does not work" in words(page)
    assert "The LMS does not allow it (403). In the LMS's settings of this tool, allow" in words(page)


async def test_nothing_of_another_school_can_be_tried(site: Site, checked: Checked) -> None:
    theirs = await site.administrator(site.other)
    await theirs.get("/admin")
    assert (await theirs.get(address(checked))).status_code == 404
    assert (await theirs.post(address(checked), course=str(checked.course.id))).status_code == 404
    await site.launched("Instructor", school=site.other)
    async with site.database.reading() as session:
        foreign = (await session.exec(scoped(Course, site.other.organisation_id))).first()
    assert foreign is not None
    ours = await site.administrator()
    for course in (str(foreign.id), str(uuid.uuid4()), "no id"):
        assert (await ours.get(address(checked) + f"?course={course}")).status_code == 404
        assert (await ours.post(address(checked), course=course)).status_code == 404
    stranger = await ours.post(address(checked), course=str(checked.course.id), write="yes", student=str(uuid.uuid4()))
    assert stranger.status_code == 404
    # A school's administrator names nobody by an id of the LMS.
    fields = {"course": str(checked.course.id), "write": "yes", "sub": checked.student.lti_id}
    assert "Nobody was named to send a score for." in words(await ours.post(address(checked), **fields))
    assert checked.bodies("/scores") == []


async def test_one_check_at_a_time_in_a_course(site: Site, checked: Checked) -> None:
    visitor = await site.administrator()
    site.tool.app.state.checks_under_way = {checked.course.id}
    page = await visitor.post(address(checked), course=str(checked.course.id))
    assert page.status_code == 409
    assert "being checked already" in page.text
    site.tool.app.state.checks_under_way.clear()
    assert (await visitor.post(address(checked), course=str(checked.course.id))).status_code == 200
    assert site.tool.app.state.checks_under_way == set()


async def test_the_owner_runs_what_the_certification_asks_for(site: Site, checked: Checked) -> None:
    visitor = await site.owner()
    form = await visitor.get(address(checked, "certification") + "?students=yes")
    assert "Noor Abdi" not in form.text
    fields = {"course": str(checked.course.id), "sub": checked.student.lti_id}
    page = await visitor.post(address(checked, "certification"), **fields)
    assert "Every case is as the certification asks for it." in words(page)
    found = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)"', page.text)
    assert found is not None
    report = unquote(html.unescape(found[1]))
    for line in (
        "> Accept: application/vnd.ims.lti-nrps.v2.membershipcontainer+json",
        "> Content-Type: application/vnd.ims.lis.v1.score+json",
        "> Authorization: Bearer, the access token",
        "< Status 201",
        "[Works] Results are read",
    ):
        assert line in report
    assert report.count("[Works]") == 13
    tokens = {
        request.headers["authorization"].split()[1] for request in checked.asked if request.headers.get("authorization")
    }
    for secret in (*tokens, checked.student.lti_id, "Noor", "Thea", "Fractions"):
        assert secret not in report
        assert secret not in page.text.replace("“Fractions”", "")
    assert await checked.columns() == []


async def test_cases_that_are_wrong_or_were_not_tried_are_told_apart(site: Site, checked: Checked) -> None:
    visitor = await site.owner()
    await checked.change_course(memberships_url=None)
    checked.refuse("POST", "/line_items", 200, done=True)
    page = await visitor.post(address(checked, "certification"), course=str(checked.course.id))
    report = unquote(page.text)
    assert "[Not tried] The list of members is asked for" in report
    assert "[Fails] A column is made, and answered with 201" in report
    assert "[Not tried] A score is sent with every field it needs" in report
