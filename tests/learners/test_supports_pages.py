"""Supports: given and seen by those with the right, and by nobody else."""

import uuid
from decimal import Decimal

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.learners import supports
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource, LearnerModification
from lti_tool.playlists import modifying
from lti_tool.playlists.models import DoneBy, DoneRule, StepState
from tests.insight.site import Site
from tests.playlists import seed
from tests.playlists.test_walking import Walker, a_playlist


def place(site: Site, student: int = 0) -> str:
    return f"{site.course}/supports/{site.school.students[student].id}"


FORMS = ("", "/modifications", f"/modifications/{uuid.uuid4()}/end")


async def rows(site: Site) -> list[LearnerSupport]:
    async with site.database.reading() as session:
        found = list((await session.exec(scoped(LearnerSupport, site.school.id))).all())
        session.expunge_all()
        return found


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    async with site.client() as client:
        for page in (f"{site.course}/supports", place(site), f"{site.course}/my-supports"):
            assert (await client.get(page)).status_code == 401
        for form in (*(place(site) + form for form in FORMS), f"{site.course}/supports/rights"):
            assert (await client.post(form, data={"support": "read-aloud"})).status_code in (401, 403)
    assert await rows(site) == []


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER, Role.ASSISTANT, Role.ADMINISTRATOR])
async def test_without_the_right_even_those_who_help_see_nothing(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[1], role)
    await visitor.get(f"{site.course}/mastery")
    await visitor.get(f"{site.course}/my-map")
    for page in (f"{site.course}/supports", place(site)):
        assert (await visitor.get(page)).status_code == 403
    for form in FORMS:
        sent = {"support": "read-aloud", "competency": str(site.competencies[0].id)}
        assert (await visitor.post(place(site) + form, **sent)).status_code == 403, form
    rights = {"person": str(site.school.students[1].id), "allowed": "yes"}
    assert (await visitor.post(f"{site.course}/supports/rights", **rights)).status_code == 403
    assert await rows(site) == []


async def test_another_school_is_not_there(site: Site) -> None:
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    await teacher.get(f"/courses/{other.course.id}/supports")
    assert (await teacher.get(place(site))).status_code == 404
    assert (await teacher.post(place(site), support="read-aloud")).status_code == 404
    stranger = f"/courses/{other.course.id}/supports/{site.school.students[0].id}"
    assert (await teacher.get(stranger)).status_code == 404
    assert (await teacher.post(stranger, support="read-aloud")).status_code == 404


async def test_a_teacher_gives_supports_and_the_student_sees_them_without_a_label(site: Site) -> None:
    teacher = await site.teacher()
    assert "none" in (await teacher.get(f"{site.course}/supports")).text
    page = await teacher.get(place(site))
    assert page.status_code == 200
    page = await teacher.post(
        place(site), support=["read-aloud", "language", "extended-time"], language="Spanish", more_time="50"
    )
    assert "Saved. It holds from" in page.text
    page = await teacher.get(f"{site.course}/supports")
    assert "50% more time" in page.text
    assert "Another language: Spanish" in page.text
    async with site.database.reading() as session:
        found = await supports.of_person(session, site.school.id, site.school.course.id, site.school.students[0].id)
    assert found.kinds == {Support.READ_ALOUD, Support.LANGUAGE, Support.EXTENDED_TIME}
    assert (found.language, found.factor) == ("es", 1.5)
    student = await site.student()
    mine = (await student.get(f"{site.course}/my-supports")).text
    assert "a form to listen to" in mine
    assert "50% more time" in mine
    for label in ("accommodation", "Accommodation", "disab", "IEP", "special", "Supports of"):
        assert label not in mine
    nobody = await site.student(1)
    assert "Nothing is set up specially" in (await nobody.get(f"{site.course}/my-supports")).text


async def test_what_ends_keeps_its_row_and_what_stays_is_not_written_again(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(place(site))
    await teacher.post(place(site), support=["read-aloud", "extended-time"], more_time="25")
    await teacher.post(place(site), support=["read-aloud", "extended-time"], more_time="50")
    await teacher.post(place(site), support=["read-aloud", "extended-time"], more_time="50")
    found = sorted((row.support.value, row.factor, row.ended_at is None) for row in await rows(site))
    assert found == [("extended-time", 1.25, False), ("extended-time", 1.5, True), ("read-aloud", None, True)]
    await teacher.post(place(site))
    assert all(row.ended_at is not None for row in await rows(site))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"support": "language"}, "Please say which language"),
        ({"support": "language", "language": "Klingonese"}, "Please say which language"),
        ({"support": "extended-time"}, "Please say how much more time"),
        ({"support": "extended-time", "more_time": "0"}, "a percentage from 1 to 400"),
        ({"support": "extended-time", "more_time": "nan"}, "a percentage from 1 to 400"),
    ],
)
async def test_a_form_that_lacks_something_keeps_what_was_chosen(site: Site, sent: dict[str, str], said: str) -> None:
    teacher = await site.teacher()
    await teacher.get(place(site))
    page = await teacher.post(place(site), **sent)
    assert page.status_code == 422
    assert said in page.text
    assert f'value="{sent["support"]}" checked' in page.text
    assert await rows(site) == []


async def test_every_look_and_every_change_leaves_a_trace_that_tells_no_support(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/supports")
    await teacher.get(place(site))
    await teacher.post(place(site), support=["read-aloud"])
    async with site.database.reading() as session:
        statement = select(AuditEntry).where(
            AuditEntry.organisation_id == site.school.id,
            AuditEntry.action.startswith("supports."),  # type: ignore[attr-defined]
        )
        found = list((await session.exec(statement)).all())
    person = f"person:{site.school.students[0].id}"
    assert {(one.action, one.subject) for one in found} == {
        ("supports.viewed", f"course:{site.school.course.id}"),
        ("supports.viewed", person),
        ("supports.changed", person),
    }
    assert all(one.detail is None and one.actor == str(site.school.teacher.id) for one in found)


async def test_a_teacher_lets_an_assistant_see_supports_and_takes_the_right_away(site: Site) -> None:
    helper = site.school.students[2]
    async with site.database.writing() as session:
        statement = scoped(Membership, site.school.id).where(Membership.person_id == helper.id)
        membership = (await session.exec(statement)).one()
        membership.role = Role.ASSISTANT
        session.add(membership)
    assistant = await site.sign_in(helper, Role.ASSISTANT)
    assert (await assistant.get(f"{site.course}/supports")).status_code == 403
    teacher = await site.teacher()
    assert "Cem Cedar" in (await teacher.get(f"{site.course}/supports")).text
    page = await teacher.post(f"{site.course}/supports/rights", person=str(helper.id), allowed="yes")
    assert "can see and change supports" in page.text
    page = await assistant.get(f"{site.course}/supports")
    assert page.status_code == 200
    assert "Who may see this page" not in page.text, "who was let in lets nobody else in"
    more = await assistant.post(f"{site.course}/supports/rights", person=str(helper.id), allowed="yes")
    assert more.status_code == 403
    await teacher.post(f"{site.course}/supports/rights", person=str(helper.id), allowed="no")
    assert (await assistant.get(f"{site.course}/supports")).status_code == 403
    stranger = await teacher.post(f"{site.course}/supports/rights", person=str(uuid.uuid4()), allowed="yes")
    assert stranger.status_code == 404


async def test_whoever_acts_as_a_teacher_sees_no_supports(site: Site) -> None:
    acting = await site.sign_in(site.school.teacher, Role.TEACHER, masquerading=True)
    assert (await acting.get(f"{site.course}/supports")).status_code == 403


# --- Modifications -----------------------------------------------------------------------------------------------------


def answer(site: Site, number: int, earned: int) -> Entry:
    return Entry(
        site.school.students[0].id,
        site.competencies[0].id,
        EvidenceSource.LMS,
        presentation=f"q{number}",
        observed_at=site.clock.now(),
        earned=Decimal(earned),
        possible=Decimal(10),
        passing_percent=80,
        item=f"q{number}",
    )


async def test_another_mark_holds_for_what_comes_and_for_this_student_alone(site: Site) -> None:
    teacher = await site.teacher()
    async with site.database.writing() as session:
        await mastery.append(session, site.school.course, [answer(site, 1, 7)], site.clock.now())
    await teacher.get(place(site))
    page = await teacher.post(
        f"{place(site)}/modifications", competency=str(site.competencies[0].id), how="mark", passing="60"
    )
    assert "right from 60%" in page.text
    async with site.database.writing() as session:
        await mastery.append(session, site.school.course, [answer(site, 2, 7), answer(site, 1, 7)], site.clock.now())
    assert sorted((row.presentation, row.passing_percent) for row in await site.evidence(0)) == [
        ("q1", 80.0),
        ("q2", 60.0),
    ]
    async with site.database.reading() as session:
        again = await mastery.news(session, site.school.id, site.school.course.id, [answer(site, 2, 7)])
    assert again == []


async def test_something_else_is_asked_for_or_nothing_until_it_ends(site: Site) -> None:
    teacher = await site.teacher()
    first, second, third = (one.id for one in site.competencies[:3])
    person_id = site.school.students[0].id
    await teacher.get(place(site))
    page = await teacher.post(f"{place(site)}/modifications", competency=str(first), how="instead", instead=str(second))
    assert "instead: N.2" in page.text
    await teacher.post(f"{place(site)}/modifications", competency=str(third), how="none")
    async with site.database.reading() as session:
        found = await supports.instead(session, site.school.id, site.school.course.id)
    assert found == {person_id: {first: second, third: None}}
    page = await teacher.post(f"{place(site)}/modifications", competency=str(second), how="instead", instead=str(first))
    assert page.status_code == 409
    assert "round in a circle" in page.text
    page = await teacher.post(
        f"{place(site)}/modifications", competency=str(second), how="instead", instead=str(second)
    )
    assert page.status_code == 422
    assert "2 competencies" in (await teacher.get(f"{site.course}/supports")).text
    async with site.database.reading() as session:
        made = [row.id for row in (await session.exec(scoped(LearnerModification, site.school.id))).all()]
    for one in made:
        page = await teacher.post(f"{place(site)}/modifications/{one}/end")
    assert "The same as the class." in page.text
    async with site.database.reading() as session:
        assert await supports.instead(session, site.school.id, site.school.course.id) == {}


async def test_a_step_of_which_nothing_is_asked_is_done_with_the_form_and_to_be_done_with_the_next(site: Site) -> None:
    site.app.state.follow_modification = modifying.follow
    third = site.competencies[2].id
    async with site.database.writing() as session:
        shown = {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": third}
        ada = await a_playlist(session, site.school, shown)
        playlist = ada.playlist
        session.expunge_all()
    teacher = await site.teacher()
    await teacher.get(place(site))
    await teacher.post(f"{place(site)}/modifications", competency=str(third), how="none")
    async with site.database.reading() as session:
        assert await Walker(session, site.school, playlist).state("Shown") == (StepState.DONE, DoneBy.MASTERY)
        [made] = (await session.exec(scoped(LearnerModification, site.school.id))).all()
    await teacher.post(f"{place(site)}/modifications/{made.id}/end")
    async with site.database.reading() as session:
        assert await Walker(session, site.school, playlist).state("Shown") == (StepState.TODO, None)
