"""A student's own board: who opens it, choosing by the rule, two tabs, committing and signing, changing one's mind."""

import uuid

import pytest

from lti_tool.lti.models import Role
from lti_tool.menus.models import ChangeRule, MenuAudience, MenuAudienceKind, MenuStatus, PersonalState
from lti_tool.menus.rules.choosing import BoardKind
from tests.menus.work_site import Made, Site, a_board, chosen, own
from tests.playlists import seed
from tests.playlists.site import Visitor


async def a_student(site: Site, made: Made, place: int = 0) -> tuple[Visitor, str]:
    """A student, and the address of their board."""
    student = await site.student(place)
    copy = await own(site, made, place)
    address = f"{site.course}/my/menus/{copy.id}"
    assert (await student.get(address)).status_code == 200
    return student, address


async def choose(student: Visitor, address: str, made: Made, *places: int) -> str:
    """Choose these; the page after the last one."""
    text = ""
    for place in places:
        page = await student.post(f"{address}/options/{made.option(place)}/choose")
        assert page.status_code == 200, page.text
        text = page.text
    return text


async def commit(site: Site, student: Visitor, address: str, made: Made, place: int = 0, **fields: str) -> str:
    revision = (await own(site, made, place)).revision
    page = await student.post(f"{address}/commit", follow=True, revision=str(revision), **fields)
    return page.text


async def board(site: Site, kind: BoardKind = BoardKind.LIST, **terms: object) -> Made:
    async with site.database.writing() as session:
        return await a_board(session, site.school, kind, **terms)


# --- Who ----------------------------------------------------------------------------------------------------------------


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    made = await board(site)
    copy = await own(site, made)
    async with site.client() as client:
        assert (await client.get(f"{site.course}/my/menus/{copy.id}")).status_code == 401
        for what in ("commit", "change", "leave", f"options/{made.option(0)}/choose"):
            assert (await client.post(f"{site.course}/my/menus/{copy.id}/{what}")).status_code in (401, 403)


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER, Role.OTHER])
async def test_a_board_is_a_students(site: Site, role: Role) -> None:
    made = await board(site)
    copy = await own(site, made)
    visitor = await site.sign_in(site.school.teacher, role)
    assert (await visitor.get(f"{site.course}/my/menus/{copy.id}")).status_code == 403


async def test_nobody_sees_or_changes_anothers(site: Site) -> None:
    made = await board(site)
    theirs = await own(site, made, 1)
    student, _ = await a_student(site, made)
    address = f"{site.course}/my/menus/{theirs.id}"
    assert (await student.get(address)).status_code == 404
    for what in ("commit", "change", "leave", f"options/{made.option(0)}/choose", f"options/{made.option(0)}/done"):
        assert (await student.post(f"{address}/{what}", revision="1")).status_code == 404
    assert await chosen(site, made, 1) == {}
    async with site.database.writing() as session:
        elsewhere = await seed.school(session, "Elm School")
    stranger = await site.sign_in(elsewhere.students[0], school=elsewhere)
    assert (await stranger.get(address)).status_code == 404
    assert (await stranger.get(f"/courses/{elsewhere.course.id}/my/menus/{theirs.id}")).status_code == 404


async def test_who_acts_as_a_student_looks_and_changes_nothing(site: Site) -> None:
    made = await board(site)
    copy = await own(site, made)
    administrator = await site.sign_in(site.school.students[0], masquerading=True)
    page = await administrator.get(f"{site.course}/my/menus/{copy.id}")
    assert page.status_code == 200
    assert "/choose" not in page.text
    assert (
        await administrator.post(f"{site.course}/my/menus/{copy.id}/options/{made.option(0)}/choose")
    ).status_code == 403


async def test_a_board_that_was_taken_away_says_so(site: Site) -> None:
    made = await board(site)
    student, address = await a_student(site, made)
    async with site.database.writing() as session:
        made.menu.status = MenuStatus.ARCHIVED
        await session.merge(made.menu)
    page = await student.get(address)
    assert page.status_code == 404
    assert "Your teacher has taken this menu away" in page.text


async def test_an_option_for_others_is_not_there(site: Site) -> None:
    made = await board(site)
    async with site.database.writing() as session:
        for place, person in ((3, site.school.students[1]), (4, site.school.students[0])):
            session.add(
                MenuAudience(
                    organisation_id=site.school.id,
                    menu_id=made.menu.id,
                    option_id=made.option(place),
                    kind=MenuAudienceKind.STUDENT,
                    person_id=person.id,
                    created_at=site.clock.now(),
                )
            )
    student, address = await a_student(site, made)
    text = (await student.get(address)).text
    assert "Task 4<" not in text
    assert "Task 5<" in text
    assert (await student.post(f"{address}/options/{made.option(3)}/choose")).status_code == 404


# --- Choosing -----------------------------------------------------------------------------------------------------------


async def test_a_row_of_a_square_is_completed_and_said_before(site: Site) -> None:
    made = await board(site, BoardKind.THREE_IN_A_ROW)
    student, address = await a_student(site, made)
    text = await choose(student, address, made, 0, 4)
    assert "2 chosen." in text
    assert "1 more makes a line." in text
    assert text.count("This would complete a line.") == 1
    assert text.index("Task 9") < text.index("This would complete a line.")
    assert "That is my choice" not in text
    text = await choose(student, address, made, 8)
    assert "Your choice is complete." in text
    assert text.count("menu-option--line") == 3
    assert "That is my choice" in text
    text = await commit(site, student, address, made)
    assert "That is your choice. You can begin." in text
    assert "Up next" in text
    assert (await own(site, made)).state is PersonalState.WORKING


async def test_a_dinner_is_chosen_by_courses(site: Site) -> None:
    made = await board(site, BoardKind.DINNER)
    student, address = await a_student(site, made)
    text = (await student.get(address)).text
    assert "1 from “Starters”" in text
    assert "choose 1 to 2" in text
    await choose(student, address, made, 0)
    # A second starter would be too many: its button is gone, and a form from another tab is told so.
    text = (await student.get(address)).text
    assert f"/options/{made.option(1)}/choose" not in text
    text = await choose(student, address, made, 1)
    assert "That would be one too many." in text
    assert sorted(await chosen(site, made)) == [0]
    text = await choose(student, address, made, 4, 5)
    assert "Your choice is complete." in text


async def test_points_are_counted(site: Site) -> None:
    made = await board(site, BoardKind.POINTS)
    student, address = await a_student(site, made)
    text = await choose(student, address, made, 1)
    assert "5 of 10 points." in text
    assert "5 points each" in text
    assert text.count("This would complete your choice.") == 5
    text = await choose(student, address, made, 2)
    assert "13 of 10 points." in text
    assert "Your choice is complete." in text


async def test_a_contract_is_signed(site: Site) -> None:
    made = await board(site, BoardKind.CONTRACT, contract="I finish what I begin.")
    student, address = await a_student(site, made)
    text = await choose(student, address, made, 0, 1)
    assert "I finish what I begin." in text
    text = await commit(site, student, address, made, signed="  ")
    assert "Please write your name under the contract." in text
    assert (await own(site, made)).state is PersonalState.CHOOSING
    text = await commit(site, student, address, made, signed=" Ada Ash ")
    assert "Signed: Ada Ash" in text
    assert (await own(site, made)).signed == "Ada Ash"


async def test_two_tabs_lose_no_choice(site: Site) -> None:
    made = await board(site)
    one, address = await a_student(site, made)
    other, _ = await a_student(site, made)
    seen = (await own(site, made)).revision
    await choose(one, address, made, 0)
    await choose(other, address, made, 1)
    await choose(other, address, made, 1)
    assert sorted(await chosen(site, made)) == [0, 1]
    # Whoever puts their name to it has seen all of it.
    page = await one.post(f"{address}/commit", revision=str(seen))
    assert "You have chosen something else in another tab." in page.text
    assert (await own(site, made)).state is PersonalState.CHOOSING
    await one.post(f"{address}/options/{made.option(0)}/drop")
    await one.post(f"{address}/options/{made.option(0)}/drop")
    assert sorted(await chosen(site, made)) == [1]
    text = await commit(site, one, address, made)
    assert "Your choice is not complete yet." in text
    await choose(one, address, made, 0)
    assert "That is your choice." in await commit(site, one, address, made)
    # The other tab's buttons of before change nothing any more, and say why.
    page = await other.post(f"{address}/options/{made.option(0)}/drop")
    assert "Your choice stands now" in page.text
    assert sorted(await chosen(site, made)) == [0, 1]
    # Committing twice is once.
    page = await other.post(f"{address}/commit", revision="1")
    assert page.status_code == 200


async def test_what_no_page_of_ours_sends(site: Site) -> None:
    made = await board(site)
    student, address = await a_student(site, made)
    assert (await student.post(f"{address}/options/{uuid.uuid4()}/choose")).status_code == 404
    assert (await student.post(f"{address}/options/nothing/choose")).status_code == 404
    assert (await student.post(f"{address}/commit", revision="x")).status_code == 400
    await choose(student, address, made, 0, 1)
    assert (await student.post(f"{address}/commit", revision="3", signed="x" * 201)).status_code == 400


# --- Changing one's mind -----------------------------------------------------------------------------------------------


async def committed(site: Site, **terms: object) -> tuple[Made, Visitor, str]:
    made = await board(site, **terms)
    student, address = await a_student(site, made)
    await choose(student, address, made, 0, 1)
    await commit(site, student, address, made)
    return made, student, address


async def test_a_mind_is_changed_as_long_as_nothing_is_handed_in(site: Site) -> None:
    made, student, address = await committed(site)
    await student.post(f"{address}/options/{made.option(0)}/done")
    page = await student.post(f"{address}/change")
    assert "You can choose again." in page.text
    # What is done stays chosen.
    assert f"/options/{made.option(0)}/drop" not in page.text
    page = await student.post(f"{address}/options/{made.option(0)}/drop")
    assert "Your choice stands now" in page.text
    await student.post(f"{address}/options/{made.option(1)}/drop")
    await choose(student, address, made, 2)
    await commit(site, student, address, made)
    assert sorted(await chosen(site, made)) == [0, 2]
    await student.post(f"{address}/options/{made.option(2)}/done")
    assert (await own(site, made)).state is PersonalState.FINISHED
    page = await student.get(address)
    assert "Choose again" not in page.text
    page = await student.post(f"{address}/change")
    assert "Your choice stands now" in page.text


async def test_after_committing_it_stands_where_the_teacher_wants_it_so(site: Site) -> None:
    made, student, address = await committed(site, change_rule=ChangeRule.UNTIL_COMMITTED)
    assert "Choose again" not in (await student.get(address)).text
    page = await student.post(f"{address}/change")
    assert "Your choice stands now" in page.text
    assert (await own(site, made)).state is PersonalState.WORKING


async def test_who_has_to_ask_asks_and_may_leave_it(site: Site) -> None:
    made, student, address = await committed(site, change_rule=ChangeRule.ASK)
    assert "Ask to choose again" in (await student.get(address)).text
    page = await student.post(f"{address}/change")
    assert "Your teacher sees that you would like to choose again." in page.text
    assert "You asked to choose again." in page.text
    asked = (await own(site, made)).wants_change_at
    assert asked is not None
    assert (await own(site, made)).state is PersonalState.WORKING
    page = await student.post(f"{address}/leave")
    assert "Your choice stays as it is." in page.text
    assert (await own(site, made)).wants_change_at is None


async def test_a_choice_may_wait_for_the_teachers_yes(site: Site) -> None:
    made, student, address = await committed(site, needs_approval=True)
    assert (await own(site, made)).state is PersonalState.WAITING
    page = await student.get(address)
    assert "Your choice is sent" in page.text
    # No work before that.
    assert (await student.post(f"{address}/options/{made.option(0)}/done")).status_code == 409
    await student.post(f"{address}/change")
    assert (await own(site, made)).state is PersonalState.CHOOSING
