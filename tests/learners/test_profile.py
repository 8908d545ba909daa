"""A student's goal, interests and pace: what may be chosen, who may choose it, and what a goal would take."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.competencies import maps
from lti_tool.content.models import ItemTrait
from lti_tool.db.session import Database
from lti_tool.learners import profile
from lti_tool.learners import profile_queries as queries
from lti_tool.learners.models import LearnerProfile
from lti_tool.lti.models import Role
from tests.insight.site import Site
from tests.playlists import seed
from tests.playlists.seed import NOW


async def row(site: Site, place: int = 0) -> LearnerProfile | None:
    async with site.database.reading() as session:
        return await queries.profile(session, site.school.id, site.school.course.id, site.school.students[place].id)


async def topics(site: Site, **by_item: list[str]) -> None:
    async with site.database.writing() as session:
        session.add_all(
            ItemTrait(
                organisation_id=site.school.id,
                course_id=site.school.course.id,
                content_item_id=site.school.items[item].id,
                topics=said,
                changed_at=NOW,
            )
            for item, said in by_item.items()
        )


# --- Who may come in


FORMS = ("/my/goal", "/my/goal/interests", "/my/goal/pace")


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    theirs = f"/students/{site.school.students[0].id}/goal"
    async with site.client() as client:
        for page in ("/my/goal", theirs):
            assert (await client.get(site.course + page)).status_code == 401
        for form in (*FORMS, theirs):
            assert (await client.post(site.course + form)).status_code in (401, 403)


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER])
async def test_a_students_goal_is_the_students(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.teacher, role)
    assert (await visitor.get(f"{site.course}/my/goal")).status_code == 403
    for form in FORMS:
        assert (await visitor.post(site.course + form)).status_code == 403


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_only_teachers_set_a_goal_with_a_student(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[0], role, observes=("student-0",))
    address = f"{site.course}/students/{site.school.students[0].id}/goal"
    assert (await visitor.get(address)).status_code == 403
    assert (await visitor.post(address, goal=str(site.competencies[0].id))).status_code == 403
    assert await row(site) is None


async def test_another_school_finds_nothing(site: Site) -> None:
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    person = site.school.students[0].id
    await teacher.get(f"/courses/{other.course.id}/playlists")
    for course in (site.course, f"/courses/{other.course.id}"):
        assert (await teacher.get(f"{course}/students/{person}/goal")).status_code == 404
        answer = await teacher.post(f"{course}/students/{person}/goal", goal=str(site.competencies[0].id))
        assert answer.status_code == 404
    student = await site.sign_in(other.students[0], school=other)
    await student.get(f"/courses/{other.course.id}/my")
    foreign = await student.post(f"/courses/{other.course.id}/my/goal", goal=str(site.competencies[0].id))
    assert foreign.status_code == 400
    assert "This is not on the course’s map any more" in foreign.text


async def test_a_teacher_held_to_sections_sees_no_goal_of_others(site: Site) -> None:
    from lti_tool.courses.models import Membership

    async with site.database.writing() as session:
        statement = select(Membership).where(
            Membership.organisation_id == site.school.id, Membership.person_id == site.school.teacher.id
        )
        membership = (await session.exec(statement)).one()
        membership.section_restricted, membership.sections = True, "north"
        session.add(membership)
    teacher = await site.teacher()
    assert (await teacher.get(f"{site.course}/students/{site.school.students[0].id}/goal")).status_code == 404


async def test_who_acts_as_a_student_chooses_nothing(site: Site) -> None:
    acting = await site.sign_in(site.school.students[0], masquerading=True)
    page = await acting.get(f"{site.course}/my/goal")
    assert page.status_code == 200
    assert "Take this goal away" not in page.text
    assert (await acting.post(f"{site.course}/my/goal", goal=str(site.competencies[0].id))).status_code == 403
    assert await row(site) is None


# --- Choosing


async def test_a_student_chooses_a_goal_and_reads_what_it_would_take(site: Site) -> None:
    await site.shown(0, 0, *[True] * 8)
    ada = await site.student()
    page = await ada.get(f"{site.course}/my/goal")
    # The nearest first: nothing comes before N.2 any more, since N.1 is Secure and no goal.
    assert page.text.index("Find fractions") < page.text.index("Add fractions") < page.text.index("Multiply fractions")
    assert "Nothing comes before it" in page.text
    assert "2 steps come before it." in page.text

    page = await ada.post(f"{site.course}/my/goal", goal=str(site.competencies[3].id))
    assert "This is the goal now." in page.text
    chosen = await row(site)
    assert chosen is not None
    assert (chosen.goal_competency_id, chosen.goal_set_by) == (site.competencies[3].id, site.school.students[0].id)
    assert chosen.changed_at == site.clock.now()

    page = await ada.post(f"{site.course}/my/goal", goal="")
    assert "There is no goal now." in page.text
    chosen = await row(site)
    assert chosen is not None
    assert (chosen.goal_competency_id, chosen.goal_set_by) == (None, None)


async def test_a_search_finds_by_word_and_code_and_says_when_nothing_is_there(site: Site) -> None:
    ada = await site.student()
    page = await ada.get(f"{site.course}/my/goal?search=multiply+n.4")
    assert "Multiply fractions" in page.text
    assert "Add fractions" not in page.text
    assert "Nothing on the map has these words." in (await ada.get(f"{site.course}/my/goal?search=algebra")).text
    # What is searched for is text, not markup.
    assert "<script>" not in (await ada.get(f"{site.course}/my/goal?search=%3Cscript%3E")).text.split("<main")[1]


async def test_choosing_the_same_again_changes_nothing(site: Site) -> None:
    ada = await site.student()
    await ada.get(f"{site.course}/my/goal")
    await ada.post(f"{site.course}/my/goal", goal=str(site.competencies[2].id))
    before = await row(site)
    assert before is not None
    first = before.changed_at
    site.clock.move(timedelta(hours=1))
    await ada.post(f"{site.course}/my/goal", goal=str(site.competencies[2].id))
    after = await row(site)
    assert after is not None
    assert after.changed_at == first


async def test_without_topics_there_is_no_section_of_interests(site: Site) -> None:
    ada = await site.student()
    assert "What I like" not in (await ada.get(f"{site.course}/my/goal")).text
    await topics(site, page=["Football", "music"], quiz=["football", ""])
    page = await ada.get(f"{site.course}/my/goal")
    assert page.text.count('name="topic"') == 2
    await ada.post(f"{site.course}/my/goal/interests", topic=["FOOTBALL", "chess"])
    chosen = await row(site)
    assert chosen is not None
    assert chosen.interests == ["Football"]
    await ada.post(f"{site.course}/my/goal/interests")
    chosen = await row(site)
    assert chosen is not None
    assert chosen.interests == []


@pytest.mark.parametrize("wrong", ["0", "-5", "many", "4000"])
async def test_a_wrong_time_is_said_and_what_was_entered_stays(site: Site, wrong: str) -> None:
    ada = await site.student()
    await ada.get(f"{site.course}/my/goal")
    page = await ada.post(f"{site.course}/my/goal/pace", minutes=wrong)
    assert page.status_code == 400
    assert "Please enter whole minutes from 1 to 3000." in page.text
    assert f'value="{wrong}"' in page.text
    assert await row(site) is None


async def test_minutes_a_week_are_kept_and_taken_back(site: Site) -> None:
    ada = await site.student()
    await ada.get(f"{site.course}/my/goal")
    await ada.post(f"{site.course}/my/goal/pace", minutes="90")
    chosen = await row(site)
    assert chosen is not None
    assert chosen.weekly_minutes == 90
    await ada.post(f"{site.course}/my/goal/pace", minutes="")
    chosen = await row(site)
    assert chosen is not None
    assert chosen.weekly_minutes is None


async def test_a_teacher_sets_a_goal_with_a_student_and_leaves_a_trace(site: Site) -> None:
    teacher = await site.teacher()
    person = site.school.students[0].id
    address = f"{site.course}/students/{person}/goal"
    page = await teacher.get(address)
    assert "Goal of Ada Ash" in page.text
    page = await teacher.post(address, goal=str(site.competencies[1].id))
    assert "A teacher chose it with the student." in page.text
    assert len(await site.traces("student.viewed")) == 2
    [trace] = await site.traces("student.goal-set")
    assert (trace.subject, trace.actor) == (f"person:{person}", str(site.school.teacher.id))
    ada = await site.student()
    assert "Your teacher chose it with you." in (await ada.get(f"{site.course}/my/goal")).text
    async with site.database.reading() as session:
        actions = (await session.exec(select(AuditEntry.action).where(AuditEntry.subject == f"person:{person}"))).all()
    assert "student.goal-set" in actions


async def test_a_goal_that_left_the_map_is_said(site: Site) -> None:
    from lti_tool.competencies.models import MapCompetency
    from lti_tool.db.base import scoped

    ada = await site.student()
    await ada.get(f"{site.course}/my/goal")
    await ada.post(f"{site.course}/my/goal", goal=str(site.competencies[3].id))
    async with site.database.writing() as session:
        statement = scoped(MapCompetency, site.school.id).where(MapCompetency.competency_id == site.competencies[3].id)
        placed = (await session.exec(statement)).one()
        placed.removed_at = NOW
        session.add(placed)
    assert "The goal is not on the course’s map any more." in (await ada.get(f"{site.course}/my/goal")).text


# --- Parts of a map; pure


async def test_a_part_leads_to_its_last_competency_that_is_not_secure(site: Site) -> None:
    async with site.database.writing() as session:
        domain = site.competencies[0].parent_id
        # The last one stands in no part, so that the domain is not the whole map.
        last = site.competencies[3]
        last.parent_id = None
        session.add(last)
    async with site.database.reading() as session:
        view = await maps.the_map(session, site.school.id, site.school.course.id)
    assert view is not None
    assert domain is not None
    one, two, three, four = (competency.id for competency in site.competencies)
    assert profile.parts_of(view)[domain][2] == [one, two, three]
    goal = profile.goal_of(view, {one}, domain)
    assert goal is not None
    assert (goal.is_part, goal.inside, goal.before, goal.is_reached) == (True, 2, 0, False)
    towards = profile.towards(view, {one}, domain)
    assert towards is not None
    assert towards.id == three
    assert profile.towards(view, {one, two, three}, domain) is None
    assert profile.towards(view, set(), uuid.uuid4()) is None
    single = profile.towards(view, set(), four)
    assert single is not None
    assert single.id == four
    reached = profile.goal_of(view, {one, two, three}, domain)
    assert reached is not None
    assert reached.is_reached


async def test_two_tabs_choose_at_once(own_database: Database) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
    person = school.students[0].id

    async def choose(minutes: int) -> None:
        async with own_database.writing() as session:
            await profile.set_pace(session, school.course, person, minutes, NOW)

    await asyncio.gather(*(choose(10 + number) for number in range(6)))
    async with own_database.reading() as session:
        found = await queries.profile(session, school.id, school.course.id, person)
        assert found is not None
        assert found.weekly_minutes in range(10, 16)
