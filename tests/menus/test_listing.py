"""Where students and families find boards: among the playlists."""

from fastapi import FastAPI

from lti_tool.lti.models import Role
from lti_tool.menus import deciding, handing_in, listing
from lti_tool.menus.rules.choosing import BoardKind
from tests.menus.work_site import Made, Site, a_board, copy_of, own


def wired(app: FastAPI) -> None:
    """As the application has it."""
    app.state.others = (listing.ROOM,)


async def works(site: Site, made: Made, place: int = 0, done: int = 1) -> None:
    """A student commits to two tasks and has done some."""
    async with site.database.writing() as session:
        course, person, now = site.school.course, site.school.students[place].id, site.clock.now()
        copy = await copy_of(session, site.school, made.menu.id, place)
        for at in (0, 1):
            board = await deciding.choose(session, course, person, copy.id, made.option(at), now)
        await deciding.commit(session, course, person, copy.id, board.copy.revision, "", now)
        for at in range(done):
            await handing_in.mark_done(session, course, person, copy.id, made.option(at), now)


async def test_an_only_board_opens_by_itself_and_several_are_listed(site: Site) -> None:
    wired(site.app)
    async with site.database.writing() as session:
        made = await a_board(session, site.school, title="First menu")
    student = await site.student()
    copy = await own(site, made)
    page = await student.get(f"{site.course}/my")
    assert page.url.path == f"{site.course}/my/menus/{copy.id}"
    async with site.database.writing() as session:
        await a_board(session, site.school, BoardKind.DINNER, title="Second menu")
    await works(site, made)
    page = await student.get(f"{site.course}/my")
    assert page.url.path == f"{site.course}/my"
    assert "First menu" in page.text
    assert "1 of 2 done" in page.text
    assert "A menu to choose from" in page.text
    await works(site, made, done=2)
    text = (await student.get(f"{site.course}/my")).text
    assert "Finished" in text
    assert text.index("Second menu") < text.index("First menu"), "what is to do comes first"


async def test_who_comes_late_finds_the_board(site: Site) -> None:
    wired(site.app)
    async with site.database.writing() as session:
        made = await a_board(session, site.school)
        copy = await copy_of(session, site.school, made.menu.id, 2)
        await session.delete(copy)
    student = await site.student(2)
    page = await student.get(f"{site.course}/my")
    assert "/my/menus/" in page.url.path
    assert "Task 1" in page.text


async def test_family_reads_its_own_childs_board_and_no_other(site: Site) -> None:
    wired(site.app)
    async with site.database.writing() as session:
        made = await a_board(session, site.school, title="First menu")
    await works(site, made)
    mine, theirs = await own(site, made), await own(site, made, 1)
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=(site.school.students[0].sub,))
    text = (await family.get(f"{site.course}/family")).text
    assert "First menu" in text
    assert f"/family/menus/{mine.id}" in text
    page = await family.get(f"{site.course}/family/menus/{mine.id}")
    assert page.status_code == 200
    assert "Ada Ash" in page.text
    assert "1 of 2 done" in page.text
    assert "<form" not in page.text
    assert (await family.get(f"{site.course}/family/menus/{theirs.id}")).status_code == 404
    assert (await family.get(f"{site.course}/my/menus/{mine.id}")).status_code == 403
    student = await site.student()
    assert (await student.get(f"{site.course}/family/menus/{mine.id}")).status_code == 403
    async with site.client() as client:
        assert (await client.get(f"{site.course}/family/menus/{mine.id}")).status_code == 401
