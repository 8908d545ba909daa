"""Who may open and send what: nobody, the wrong role, another school; a student or a family member only what is theirs."""

import uuid

import pytest

from lti_tool.lti.models import Role
from tests.insight.site import Site
from tests.playlists import seed


def teachers_pages(site: Site) -> list[str]:
    person, competency = site.school.students[0].id, site.competencies[0].id
    return [
        "/mastery",
        "/mastery/board.csv",
        f"/mastery/competencies/{competency}",
        f"/mastery/competencies/{competency}/students.csv",
        f"/mastery/competencies/{competency}/evidence.csv",
        f"/mastery/students/{person}",
        f"/mastery/students/{person}/levels.csv",
        f"/mastery/students/{person}/evidence.csv?competency={competency}",
        "/mastery/observations",
        f"/mastery/observations/{competency}",
    ]


def teachers_forms(site: Site) -> list[str]:
    person, competency, other = site.school.students[0].id, site.competencies[0].id, uuid.uuid4()
    return [
        f"/mastery/competencies/{competency}/evidence/{other}/void",
        f"/mastery/students/{person}/competencies/{competency}/override",
        f"/mastery/students/{person}/competencies/{competency}/override/end",
        f"/mastery/students/{person}/evidence/{other}/void",
        f"/mastery/students/{person}/notes",
        f"/mastery/students/{person}/notes/{other}/remove",
        f"/mastery/observations/{competency}",
        f"/mastery/observations/{competency}/undo",
    ]


FIELDS = {
    "standing": "secure",
    "reason": "Because",
    "note": "A note",
    "occasion": str(uuid.uuid4()),
    "day": "2026-09-01",
    "words": "mine",
}


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    mine = [f"/my-map/{site.competencies[0].id}/self"]
    family = f"/family-map/{site.school.students[0].id}"
    async with site.client() as client:
        for page in [*teachers_pages(site), "/my-map", "/my-map.csv", "/family-map", family]:
            assert (await client.get(site.course + page)).status_code == 401, page
        for form in teachers_forms(site) + mine:
            assert (await client.post(site.course + form, data=FIELDS)).status_code in (401, 403), form
    assert await site.evidence(0) == []


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_teachers_pages_are_for_teachers(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[0], role)
    await visitor.get(f"{site.course}/my-map")
    for page in teachers_pages(site):
        assert (await visitor.get(site.course + page)).status_code == 403, page
    for form in teachers_forms(site):
        assert (await visitor.post(site.course + form, **FIELDS)).status_code == 403, form
    assert await site.evidence(0) == []


@pytest.mark.parametrize("role", [Role.TEACHER, Role.ASSISTANT, Role.ADMINISTRATOR])
async def test_whoever_teaches_opens_all_of_them(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.teacher, role)
    for page in teachers_pages(site):
        assert (await visitor.get(site.course + page)).status_code == 200, page


async def test_another_school_is_not_there(site: Site) -> None:
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    theirs = f"/courses/{other.course.id}"
    await teacher.get(f"{theirs}/mastery")
    for page in teachers_pages(site):
        assert (await teacher.get(site.course + page)).status_code == 404, page
    for form in teachers_forms(site):
        assert (await teacher.post(site.course + form, **FIELDS)).status_code == 404, form
    # Its own course does not open the other's people and competencies either.
    person, competency = site.school.students[0].id, site.competencies[0].id
    for page in (f"/mastery/students/{person}", f"/mastery/competencies/{competency}"):
        assert (await teacher.get(theirs + page)).status_code == 404, page
    for form in (f"/mastery/students/{person}/notes", f"/mastery/observations/{competency}"):
        assert (await teacher.post(theirs + form, **FIELDS)).status_code == 404, form


async def test_my_map_is_for_students_and_the_family_map_for_family(site: Site) -> None:
    teacher = await site.teacher()
    student = await site.student()
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0",))
    for visitor in (teacher, family):
        for page in ("/my-map", "/my-map.csv"):
            assert (await visitor.get(site.course + page)).status_code == 403
    for visitor in (teacher, student):
        for page in ("/family-map", f"/family-map/{site.school.students[0].id}"):
            assert (await visitor.get(site.course + page)).status_code == 403
    await family.get(f"{site.course}/family-map")
    form = f"{site.course}/my-map/{site.competencies[0].id}/self"
    assert (await family.post(form, **FIELDS)).status_code == 403
    assert await site.evidence(0) == []


async def test_an_observer_sees_their_own_child_and_nobody_else(site: Site) -> None:
    await site.shown(0, 0, True, True, True)
    await site.shown(1, 0, True, True, True)
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0",))
    page = await family.get(f"{site.course}/family-map")
    assert page.status_code == 200
    assert "Map of Ada Ash" in page.text
    assert "Ben" not in page.text
    for other in (site.school.students[1].id, uuid.uuid4()):
        assert (await family.get(f"{site.course}/family-map/{other}")).status_code == 404
    nobodys = await site.sign_in(site.school.teacher, Role.OBSERVER)
    assert "Nobody to show here" in (await nobodys.get(f"{site.course}/family-map")).text
    assert (await nobodys.get(f"{site.course}/family-map/{site.school.students[0].id}")).status_code == 404


async def test_an_observer_of_several_chooses(site: Site) -> None:
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0", "student-2"))
    page = await family.get(f"{site.course}/family-map")
    assert "Ada Ash" in page.text
    assert "Cem Cedar" in page.text
    assert "Ben Birch" not in page.text
    assert (await family.get(f"{site.course}/family-map/{site.school.students[2].id}")).status_code == 200


async def test_whoever_acts_as_a_student_reads_and_records_nothing(site: Site) -> None:
    acting = await site.sign_in(site.school.students[0], masquerading=True)
    page = await acting.get(f"{site.course}/my-map")
    assert page.status_code == 200
    assert "/self" not in page.text
    form = f"{site.course}/my-map/{site.competencies[0].id}/self"
    assert (await acting.post(form, **FIELDS)).status_code == 403
    assert await site.evidence(0) == []


async def test_people_who_are_not_students_of_the_course_have_no_page(site: Site) -> None:
    teacher = await site.teacher()
    for person in (site.school.teacher.id, uuid.uuid4()):
        assert (await teacher.get(f"{site.mastery}/students/{person}")).status_code == 404
        assert (await teacher.post(f"{site.mastery}/students/{person}/notes", note="x")).status_code == 404
    assert (await teacher.get(f"{site.mastery}/competencies/{uuid.uuid4()}")).status_code == 404
    assert (await teacher.get(f"{site.mastery}/observations/{uuid.uuid4()}")).status_code == 404
