"""A student's list of their checks: whose they are, what is open and done, attempts left, the way to the feedback."""

import re
from datetime import timedelta

from lti_tool.checks.models import Check, CheckAllowance, CheckStatus, Feedback
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.playlists import editing, service
from lti_tool.playlists.changes import Basics
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import OrderRule, PlaylistStep, StepVariant
from tests.checks.site import CheckSite, press, send
from tests.checks.test_my_pages import right_fields
from tests.playlists.site import Visitor


async def gives(site: CheckSite, *checks: Check, order: OrderRule = OrderRule.ANY) -> list[PlaylistStep]:
    """A playlist of these checks, assigned to everybody."""
    course, now, by = site.made.world.course, site.clock.now(), site.school.teacher.id
    async with site.database.writing() as session:
        playlist = await editing.create(session, course, Basics("Halves", order_rule=order), by, now)
        for check in checks:
            await editing.add_items(session, course, playlist.id, playlist.revision, [check.content_item_id], now)
        await editing.assign(session, course, playlist.id, playlist.revision, Terms(), by, now)
        [path, *_] = await service.paths_of_person(session, course, site.school.students[0].id, now)
        session.expunge_all()
        return path.present


async def listed(site: CheckSite, visitor: Visitor) -> str:
    page = await visitor.get(f"{site.course}/my-checks")
    assert page.status_code == 200
    return page.text


def titles(page: str) -> list[str]:
    """The checks of the page in order."""
    return re.findall(r'<h[23] class="card__title">(?:<a [^>]*>)?([^<]+)<', page)


async def take(site: CheckSite, ada: Visitor, check: Check, number: int = 1) -> None:
    page = await send(ada, f"{site.made.address(check)}/begin", {})
    await press(ada, page, "end", **right_fields(site))
    await send(ada, f"{site.made.address(check)}/attempts/{number}/end", {})


async def test_what_is_open_and_what_is_done(site: CheckSite) -> None:
    now = site.clock.now()
    soon = await site.check(title="Soon", due_at=now + timedelta(days=2), feedback=Feedback.END, attempts=2)
    later = await site.check(title="Later", opens_at=now + timedelta(days=1))
    free = await site.check(title="Free")
    await gives(site, free, later, soon)
    ada = await site.student()
    page = await listed(site, ada)
    assert titles(page) == ["Later", "Soon", "Free"]
    assert "2 attempts left" in page
    assert "It opens" in page
    assert "as often as you like" in page
    await ada.get(f"{site.course}/my")
    await send(ada, f"{site.made.address(free)}/begin", {})
    await take(site, ada, soon)
    page = await listed(site, ada)
    # What is under way first, then what is to do, then what is done.
    assert titles(page) == ["Free", "Later", "Soon"]
    assert "You have begun. Your answers so far are saved." in page
    assert "Your latest result: 100%" in page
    assert "See what was right" in page
    assert "1 attempt left" in page
    assert f"{site.made.address(soon)}/attempts/1/result" in page
    await take(site, ada, soon, 2)
    page = await listed(site, ada)
    assert "You have used all attempts." in page
    assert f"{site.made.address(soon)}/attempts/2/result" in page
    async with site.database.writing() as session:
        session.add(
            CheckAllowance(
                organisation_id=site.school.id,
                check_id=soon.id,
                person_id=site.school.students[0].id,
                attempts=1,
                given_at=site.clock.now(),
            )
        )
    assert "1 attempt left" in await listed(site, ada)


async def test_only_what_leads_there_or_was_taken(site: CheckSite) -> None:
    first, second = await site.check(title="First"), await site.check(title="Second")
    await site.check(title="Another form, for somebody else")
    draft = await site.check(title="Not written yet", status=CheckStatus.DRAFT)
    await gives(site, first, second, draft, order=OrderRule.IN_ORDER)
    ada, ben = await site.student(), await site.student(1)
    page = await listed(site, ada)
    assert titles(page) == ["First", "Second"]
    # What is not open yet leads to the playlist, not to the check.
    assert page.count("It opens later on your path.") == 1
    assert site.made.address(second) not in page
    # Taken, it stays, though nothing leads to it any more and it was closed.
    await ada.get(f"{site.course}/my")
    await take(site, ada, first)
    async with site.database.writing() as session:
        row = await session.get(Check, (site.school.id, first.id))
        assert row is not None
        row.status = CheckStatus.ARCHIVED
    page = await listed(site, ada)
    assert titles(page) == ["Second", "First"]
    assert "This check is closed." in page
    assert titles(await listed(site, ben)) == ["Second"]


async def test_each_has_their_own_form(site: CheckSite) -> None:
    usual, simple = await site.check(title="Usual words"), await site.check(title="Simple words")
    [step] = await gives(site, usual)
    async with site.database.writing() as session:
        session.add(
            StepVariant(
                organisation_id=site.school.id,
                step_id=step.id,
                support=Support.SIMPLER_TEXT,
                content_item_id=simple.content_item_id,
            )
        )
        session.add(
            LearnerSupport(
                organisation_id=site.school.id,
                course_id=site.school.course.id,
                person_id=site.school.students[1].id,
                support=Support.SIMPLER_TEXT,
                created_at=site.clock.now(),
            )
        )
    assert titles(await listed(site, await site.student())) == ["Usual words"]
    assert titles(await listed(site, await site.student(1))) == ["Simple words"]


async def test_the_start_page_leads_there_where_there_is_something(site: CheckSite) -> None:
    ada = await site.student()
    assert "my-checks" not in (await ada.get(f"{site.course}/my")).text
    assert "No checks yet" in await listed(site, ada)
    first, second = await site.check(title="First"), await site.check(title="Second")
    await gives(site, first)
    assert "my-checks" in (await ada.get(f"{site.course}/my")).text
    await gives(site, second)
    page = await ada.get(f"{site.course}/my")
    assert 'id="playlists"' in page.text
    assert "my-checks" in page.text


async def test_it_is_for_students_and_of_their_course(site: CheckSite) -> None:
    async with site.client() as client:
        assert (await client.get(f"{site.course}/my-checks")).status_code == 401
    for role in (Role.TEACHER, Role.OBSERVER, Role.OTHER):
        visitor = await site.sign_in(site.school.teacher, role)
        assert (await visitor.get(f"{site.course}/my-checks")).status_code == 403
    ada = await site.student()
    elsewhere = "00000000-0000-7000-8000-000000000001"
    assert (await ada.get(f"/courses/{elsewhere}/my-checks")).status_code == 404


async def test_who_acts_as_a_student_sees_the_list(site: CheckSite) -> None:
    await gives(site, await site.check(title="First"))
    acting = await site.sign_in(site.school.students[0], masquerading=True)
    assert titles(await listed(site, acting)) == ["First"]
