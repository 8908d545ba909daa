"""The pages of columns about mastery: a look before anything is switched on, and what the gradebook then gets."""

import html
import re

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies.ports import LEVELS_FOLLOW
from lti_tool.courses.models import Course, Membership
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import ColumnState, LineItem, Score
from lti_tool.insight import mastery_sources
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.lti.models import Role
from lti_tool.mastery import following, routes
from lti_tool.web.routing import add_router
from tests.insight.site import Site, a_site
from tests.playlists import seed

FORM = {
    "label": "Fractions so far",
    "maximum": "50",
    "points-0": "50",
    "points-1": "40",
    "points-2": "30",
    "points-3": "10",
    "counts": "latest",
    "over": "begun",
}


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    made = await a_site(database, clock)
    add_router(made.app, routes.router)
    return made


def text(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def columns(site: Site) -> list[LineItem]:
    async with site.database.reading() as session:
        return list((await session.exec(scoped(LineItem, site.school.id))).all())


async def owed(site: Site) -> dict[str, float]:
    names = {person.id: (person.name or "").split()[0] for person in site.school.students}
    async with site.database.reading() as session:
        scores = (await session.exec(scoped(Score, site.school.id))).all()
        return {names[score.person_id]: score.owed_given for score in scores}


async def test_a_teacher_sees_what_everybody_would_get_before_the_column_is_there(site: Site) -> None:
    await site.shown(0, 0, True, True, True)
    await site.shown(1, 1, False)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/columns")
    assert "the policy is mastery" in text(page)
    assert "There is none yet." in text(page)
    page = await teacher.get(f"{site.mastery}/columns/one?of=overall")
    assert "Mastery , out of 100 points. Policy: mastery, by levels. The latest level counts." in text(page)
    assert "2 students get a number." in text(page)
    assert "whom you do not see" not in text(page)
    assert "Cem Cedar" in text(page)
    assert await columns(site) == []
    async with site.client(teacher.token) as client:
        shown = await client.get(f"{site.mastery}/columns/one", params={"of": "overall"} | FORM | {"over": "all"})
    assert "Fractions so far , out of 50 points." in text(shown)
    assert "Mean over all competencies of the map." in text(shown)
    assert await columns(site) == []
    said = await teacher.post(f"{site.mastery}/columns", of="overall", **FORM)
    assert "Saved. The scores go to the gradebook now." in text(said)
    assert "Fractions so far" in text(said)
    (column,) = await columns(site)
    assert (column.label, column.score_maximum, column.tag) == ("Fractions so far", 50, "mastery")
    assert column.resource_id == f"mastery:{site.school.course.id}"
    given = await owed(site)
    assert given.keys() == {"Ada", "Ben"}
    assert given["Ada"] > given["Ben"] == 10


async def test_the_column_of_a_competency_can_be_changed_off_on_and_repaired(site: Site) -> None:
    await site.shown(0, 0, True)
    competency = str(site.competencies[0].id)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/columns/one?of={competency}")
    assert "Mastery: N.1" in page.text
    await teacher.post(f"{site.mastery}/columns", of=competency, **FORM)
    before = (await owed(site))["Ada"]
    page = await teacher.get(f"{site.mastery}/columns/one?of={competency}")
    assert 'value="Fractions so far"' in page.text
    assert "Save and send" in text(page)
    other = {"maximum": "100", "points-0": "100", "points-1": "90", "points-2": "80", "points-3": "70"}
    await teacher.post(f"{site.mastery}/columns", of=competency, **(FORM | other))
    assert len(await columns(site)) == 1
    assert (await owed(site))["Ada"] == {50: 100, 40: 90, 30: 80, 10: 70}[before]
    said = await teacher.post(f"{site.mastery}/columns/off", of=competency)
    assert "Stopped. The column stays" in text(said)
    assert (await columns(site))[0].state is ColumnState.OFF
    await teacher.post(f"{site.mastery}/columns/repair", of=competency)
    assert (await columns(site))[0].state is ColumnState.OFF
    said = await teacher.post(f"{site.mastery}/columns/on", of=competency)
    assert "Scores are sent again" in text(said)
    assert (await columns(site))[0].state is ColumnState.WANTED
    actions = {trace.action for trace in await site.traces("mastery.column-off")}
    assert actions == {"mastery.column-off"}


async def test_what_cannot_be_is_said_and_changes_nothing(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.mastery}/columns")
    page = await teacher.post(f"{site.mastery}/columns", of="overall", **(FORM | {"points-1": "60"}))
    assert page.status_code == 422
    assert "Please enter a number from 0 to the column’s points." in text(page)
    page = await teacher.post(f"{site.mastery}/columns", of="overall", **(FORM | {"points-2": "45"}))
    assert "A level cannot be worth more than the one above it." in text(page)
    for of in ("", "nothing", "00000000-0000-0000-0000-000000000007"):
        assert (await teacher.post(f"{site.mastery}/columns", of=of, **FORM)).status_code == 404
        assert (await teacher.get(f"{site.mastery}/columns/one?of={of}")).status_code == 404
        assert (await teacher.post(f"{site.mastery}/columns/off", of=of)).status_code == 404
    assert await columns(site) == []


async def test_a_course_where_the_lms_allows_no_columns_says_so(site: Site) -> None:
    async with site.database.writing() as session:
        course = (await session.exec(scoped(Course, site.school.id))).one()
        course.ags_scopes = []
        session.add(course)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/columns")
    assert "Your LMS does not let this tool make a gradebook column here" in text(page)
    page = await teacher.get(f"{site.mastery}/columns/one?of=overall")
    assert "Switch this column on" not in text(page)
    assert (await teacher.post(f"{site.mastery}/columns", of="overall", **FORM)).status_code == 409


async def test_only_who_teaches_the_course_sees_and_changes_its_columns(site: Site) -> None:
    async with site.client() as client:
        assert (await client.get(f"{site.mastery}/columns")).status_code == 401
    student = await site.student()
    assert (await student.get(f"{site.mastery}/columns")).status_code == 403
    assert (await student.post(f"{site.mastery}/columns", of="overall", **FORM)).status_code == 403
    async with site.database.writing() as session:
        other = await seed.school(session, "Elsewhere")
    stranger = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    assert (await stranger.get(f"{site.mastery}/columns")).status_code in {403, 404}


async def test_the_page_of_all_columns_says_what_each_is_of(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.mastery}/columns")
    one = site.competencies[0]
    for of in ("overall", str(one.id)):
        await teacher.post(f"{site.mastery}/columns", of=of, **FORM)
    async with site.database.reading() as session:
        ids = [column.resource_id for column in await columns(site)]
        found = await mastery_sources.sources(session, site.school.course, [*ids, "playlist:1", "competency:nothing"])
    assert {source.title for source in found.values()} == {"Fractions", "N.1"}
    for source in found.values():
        assert (await teacher.get(source.address)).status_code == 200


async def test_a_column_that_is_saved_has_the_class_gone_through_again(site: Site) -> None:
    runner = RecordingRunner()
    attach(site.database, runner)
    teacher = await site.teacher()
    await teacher.get(f"{site.mastery}/columns")
    await teacher.post(f"{site.mastery}/columns", of="overall", **FORM)
    assert LEVELS_FOLLOW in {task for task, _ in runner.nudges}
    async with site.database.reading() as session:
        assert (site.school.id, site.school.course.id) in await following.to_follow(session)


async def test_a_teacher_held_to_their_sections_sees_their_students_and_everybody_gets_a_number(site: Site) -> None:
    for place in range(3):
        await site.shown(place, 0, True)
    mine = {site.school.teacher.id, site.school.students[1].id}
    async with site.database.writing() as session:
        for membership in (await session.exec(scoped(Membership, site.school.id))).all():
            membership.section_restricted = membership.person_id == site.school.teacher.id
            membership.sections = "north" if membership.person_id in mine else "south"
            session.add(membership)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/columns/one?of=overall")
    assert "Ben Birch" in text(page)
    assert "Ada Ash" not in page.text
    assert "Cem Cedar" not in page.text
    assert "1 student gets a number." in text(page)
    assert "Students whom you do not see here get theirs as well." in text(page)
    await teacher.post(f"{site.mastery}/columns", of="overall", **FORM)
    assert (await owed(site)).keys() == {"Ada", "Ben", "Cem"}
