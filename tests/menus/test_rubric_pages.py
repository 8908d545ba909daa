"""The pages of rubrics: who opens them, what a teacher makes of the ready-made one, what marks keep."""

import re
import uuid
from datetime import timedelta

import pytest
from sqlmodel import col

from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.menus import rubrics
from lti_tool.menus.models import MenuChoice, RubricCriterion, RubricMark
from tests.menus.work_site import Site, a_board, a_rubric, copy_of
from tests.playlists import seed
from tests.playlists.site import Visitor


def fields_of(html: str) -> dict[str, str]:
    """What the form of a rubric would send as it stands."""
    main = html[html.index('<form class="form form--wide"') :]
    found = dict(re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', main))
    found |= {name: "" for name in re.findall(r'<input class="input[^"]*" id="([^"]+)"', main) if name not in found}
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', main))
    checked = re.search(r'name="meets" value="(\d)" checked', main)
    found["meets"] = checked[1] if checked else ""
    return {name: value for name, value in found.items() if name != "session"}


async def made(teacher: Visitor, site: Site) -> str:
    """The ready-made one, as the teacher's own; its address."""
    await teacher.get(f"{site.course}/rubrics")
    page = await teacher.post(
        f"{site.course}/rubrics", follow=True, **{"from": "ready", "rubric_id": str(uuid.uuid4())}
    )
    assert page.status_code == 200, page.text
    assert "This is your own copy." in page.text
    return page.url.path


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    async with site.client() as client:
        for path in ("/rubrics", f"/rubrics/{uuid.uuid4()}"):
            assert (await client.get(site.course + path)).status_code == 401
        assert (await client.post(f"{site.course}/rubrics")).status_code in (401, 403)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_rubrics_are_for_those_who_teach(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[0], role)
    assert (await visitor.get(f"{site.course}/rubrics")).status_code == 403
    assert (await visitor.post(f"{site.course}/rubrics")).status_code in (403, 409)


async def test_another_school_finds_nothing(site: Site) -> None:
    async with site.database.writing() as session:
        elsewhere = await seed.school(session, "Elm School")
        theirs = await a_rubric(session, site.school, None)
        rubric_id = theirs.id
    stranger = await site.sign_in(elsewhere.teacher, Role.TEACHER, school=elsewhere)
    await stranger.get(f"/courses/{elsewhere.course.id}/rubrics")
    assert (await stranger.get(f"{site.course}/rubrics/{rubric_id}")).status_code == 404
    assert (await stranger.get(f"/courses/{elsewhere.course.id}/rubrics/{rubric_id}")).status_code == 404
    assert (await stranger.post(f"/courses/{elsewhere.course.id}/rubrics/{rubric_id}/remove")).status_code == 404


async def test_the_ready_made_one_is_a_click_away_and_can_be_changed(site: Site) -> None:
    teacher = await site.teacher()
    assert "No rubric yet" in (await teacher.get(f"{site.course}/rubrics")).text
    address = await made(teacher, site)
    page = await teacher.get(address)
    fields = fields_of(page.text)
    first = fields["rows"].split()[0]
    assert fields[f"{first}-title"] == "Knowledge and thinking"
    fields |= {"title": "Our four", f"{first}-title": "Ideas", f"{first}-competency": str(site.competencies[0].id)}
    page = await teacher.post(address, follow=True, **fields)
    assert "Saved." in page.text, page.text
    async with site.database.reading() as session:
        [found] = await rubrics.listed(session, site.school.course)
    assert found.title == "Our four"
    assert found.criteria[0].title == "Ideas"
    assert found.criteria[0].competency_id == site.competencies[0].id
    assert [level.title for level in found.levels] == ["Beginning", "On the way", "Meets it", "Goes beyond"]
    assert {one.meets for one in found.criteria} == {2}
    assert "5 criteria" in (await teacher.get(f"{site.course}/rubrics")).text


async def test_one_of_ones_own_and_what_is_wrong_with_it_is_said(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/rubrics")
    page = await teacher.post(f"{site.course}/rubrics", levels="3", rubric_id=str(uuid.uuid4()))
    fields = fields_of(page.text)
    assert fields["levels"] == "3"
    keys = fields["rows"].split()
    fields |= {"level-0": "Low", "points-0": "2", "level-1": "Mid", "points-1": "2", "level-2": "", "points-2": "x"}
    fields |= {f"{keys[0]}-0": "Something", "meets": "0"}
    page = await teacher.post(f"{site.course}/rubrics", follow=True, **fields)
    assert page.status_code == 422
    for sentence in (
        "Please give the rubric a title.",
        "Please give every level a name.",
        "Please give each level more points than the one before it.",
        "Please enter points from 0 to 1000",
        "Please choose from which level on it is met",
        "Please say what this criterion is about.",
    ):
        assert sentence in page.text
    assert ">Something</textarea>" in page.text
    fields |= {
        "title": "Mine",
        "points-1": "3,5",
        "level-2": "High",
        "points-2": "5",
        "meets": "1",
        f"{keys[0]}-title": "It",
    }
    page = await teacher.post(f"{site.course}/rubrics", follow=True, **fields)
    assert "Saved." in page.text
    # Sent twice, it is one.
    await teacher.post(f"{site.course}/rubrics", follow=True, **fields)
    async with site.database.reading() as session:
        [found] = await rubrics.listed(session, site.school.course)
    assert [str(level.points) for level in found.levels] == ["2", "3.5", "5"]
    assert len(found.criteria) == 1


async def test_two_teachers_notice_each_other(site: Site) -> None:
    teacher = await site.teacher()
    address = await made(teacher, site)
    fields = fields_of((await teacher.get(address)).text)
    site.clock.move(timedelta(seconds=5))
    assert (await teacher.post(address, follow=True, **(fields | {"title": "First"}))).status_code == 200
    page = await teacher.post(address, follow=True, **(fields | {"title": "Second"}))
    assert page.status_code == 409
    assert "This rubric was changed in the meantime" in page.text


async def test_marks_keep_the_levels_they_were_given_by(site: Site) -> None:
    async with site.database.writing() as session:
        rubric = await a_rubric(session, site.school, site.competencies[0].id, None)
        board = await a_board(session, site.school, rubric_id=rubric.id)
        copy = await copy_of(session, site.school, board.menu.id)
        choice = MenuChoice(
            organisation_id=site.school.id,
            personal_menu_id=copy.id,
            option_id=board.option(0),
            chosen_at=site.clock.now(),
        )
        session.add(choice)
        await session.flush()
        [first, second] = (await rubrics.one(session, site.school.course, rubric.id)).criteria
        session.add(
            RubricMark(
                organisation_id=site.school.id,
                choice_id=choice.id,
                criterion_id=first.id,
                level=1,
                marked_at=site.clock.now(),
            )
        )
        rubric_id = rubric.id
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/rubrics/{rubric_id}")
    assert "Marks for: Board of list" in page.text
    fields = fields_of(page.text) | {"level-1": "Nearly"}
    # What the selects of competencies stand at is no input.
    fields |= {f"{first.id}-competency": str(site.competencies[0].id)}
    assert (await teacher.post(f"{site.course}/rubrics/{rubric_id}", follow=True, **fields)).status_code == 200
    async with site.database.reading() as session:
        rows = (
            await session.exec(scoped(RubricCriterion, site.school.id).order_by(col(RubricCriterion.position)))
        ).all()
    old = next(row for row in rows if row.id == first.id)
    assert old.removed_at is not None
    assert old.levels[1]["title"] == "Level 2"
    present = [row for row in rows if row.removed_at is None]
    assert [row.levels[1]["title"] for row in present] == ["Nearly", "Nearly"]
    # The one nobody was marked by is the same row still.
    assert second.id in {row.id for row in present}


async def test_taken_out_it_still_serves_its_boards(site: Site) -> None:
    async with site.database.writing() as session:
        rubric = await a_rubric(session, site.school, None)
        await a_board(session, site.school, rubric_id=rubric.id)
        rubric_id = rubric.id
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/rubrics")
    page = await teacher.post(f"{site.course}/rubrics/{rubric_id}/remove")
    assert "Taken out of the list." in page.text
    assert "No rubric yet" in page.text
    assert (await teacher.get(f"{site.course}/rubrics/{rubric_id}")).status_code == 404
    async with site.database.reading() as session:
        assert (await rubrics.one(session, site.school.course, rubric_id)).title == "Four"
