"""What waits for the teacher: who may see and answer it, what each answer brings about, two teachers at once."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.checks import attempt_queries
from lti_tool.checks.models import AttemptState, Check, CheckAttempt, CheckStatus
from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest
from lti_tool.grades.models import Score
from lti_tool.lti.models import Role
from lti_tool.playlists import answering, service
from lti_tool.playlists.answering import RequestAnswered
from lti_tool.playlists.models import PlaylistStep, StepOrigin
from lti_tool.playlists.path_models import Outcome, PathRequest, RequestKind
from tests.playlists import seed
from tests.playlists.site import Site
from tests.playlists.test_routes import assigned, copy_of, result
from tests.playlists.watching import only_their_section, visiting

NOW = seed.NOW


async def asks(
    site: Site,
    path: service.Path,
    kind: RequestKind,
    step: int | None = 0,
    words: str = "",
    origin: StepOrigin = StepOrigin.STUDENT,
) -> uuid.UUID:
    """A student (or the tool) asks for something."""
    row = PathRequest(
        organisation_id=site.school.id,
        personal_playlist_id=path.copy.id,
        step_id=None if step is None else path.present[step].id,
        kind=kind,
        words=words,
        origin=origin,
        created_at=site.clock.now(),
    )
    async with site.database.writing() as session:
        session.add(row)
        await session.flush()
        return row.id


async def stored(site: Site, request_id: uuid.UUID) -> PathRequest:
    async with site.database.reading() as session:
        return (await session.exec(scoped(PathRequest, site.school.id).where(PathRequest.id == request_id))).one()


# --- Who may come in


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    path = await copy_of(site, await assigned(site))
    asked = await asks(site, path, RequestKind.HELP)
    async with site.client() as client:
        assert (await client.get(f"{site.course}/playlists/waiting")).status_code == 401
        for form in ("sign-off", str(asked)):
            answer = await client.post(f"{site.course}/playlists/waiting/{form}", data={"outcome": "answered"})
            assert answer.status_code in (401, 403)
    assert (await stored(site, asked)).answered_at is None


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_it_is_for_teachers(site: Site, role: Role) -> None:
    path = await copy_of(site, await assigned(site))
    asked = await asks(site, path, RequestKind.SIGN_OFF)
    visitor = await site.sign_in(site.school.students[0], role)
    await visitor.get(f"{site.course}/my")
    assert (await visitor.get(f"{site.course}/playlists/waiting")).status_code == 403
    assert (await visitor.post(f"{site.course}/playlists/waiting/sign-off", request=str(asked))).status_code == 403
    assert (await visitor.post(f"{site.course}/playlists/waiting/{asked}", outcome="signed")).status_code == 403
    assert (await stored(site, asked)).answered_at is None


async def test_another_school_finds_nothing(site: Site) -> None:
    path = await copy_of(site, await assigned(site))
    asked = await asks(site, path, RequestKind.SIGN_OFF)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    there = f"/courses/{other.course.id}/playlists/waiting"
    assert "Nothing waits for you" in (await visitor.get(there)).text
    assert (await visitor.get(f"{site.course}/playlists/waiting")).status_code == 404
    # A course of one's own with a request of somebody else's.
    assert (await visitor.post(f"{there}/{asked}", outcome="signed")).status_code == 404
    assert (await visitor.post(f"{there}/sign-off", request=str(asked))).status_code == 404
    assert (await stored(site, asked)).answered_at is None


async def test_a_teacher_of_one_section_sees_and_answers_theirs_alone(site: Site) -> None:
    playlist = await assigned(site)
    mine, theirs = await copy_of(site, playlist, 0), await copy_of(site, playlist, 1)
    asked = [await asks(site, path, RequestKind.SIGN_OFF, words="mine?") for path in (mine, theirs)]
    async with site.database.writing() as session:
        await only_their_section(session, site.school, 0)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists/waiting")
    assert "Ada Ash" in page.text
    assert "Ben Birch" not in page.text
    assert "1 request waits for you" in (await teacher.get(f"{site.course}/playlists")).text
    here = f"{site.course}/playlists/waiting"
    assert (await teacher.post(f"{here}/{asked[1]}", outcome="signed")).status_code == 404
    assert (await teacher.post(f"{here}/sign-off", request=[str(one) for one in asked])).status_code == 404
    assert (await stored(site, asked[1])).answered_at is None
    assert (await copy_of(site, playlist, 0)).progress.done == 0, "all of them, or none"
    assert (await teacher.post(f"{here}/{asked[0]}", outcome="signed")).status_code == 200


# --- What an answer brings about


async def test_a_sign_off_in_place(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    asked = await asks(site, path, RequestKind.SIGN_OFF, words="I measured <b>everything</b>")
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists/waiting")
    assert "I measured &lt;b&gt;everything&lt;/b&gt;" in page.text
    assert path.present[0].title in page.text

    page = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="signed", words="Lovely")
    assert "Signed off." in page.text
    assert "Nothing waits for you" in page.text
    row = await stored(site, asked)
    assert (row.outcome, row.answer, row.answered_by) == (Outcome.SIGNED, "Lovely", site.school.teacher.id)
    assert (await copy_of(site, playlist)).progress.done == 1
    async with site.database.reading() as session:
        traces = (await session.exec(select(AuditEntry).where(AuditEntry.action == "request.answered"))).all()
    assert [trace.subject for trace in traces] == [f"person:{site.school.students[0].id}"]


async def test_not_yet_says_what_is_missing_and_the_step_stays(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    asked = await asks(site, path, RequestKind.SIGN_OFF)
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/playlists/waiting")
    refused = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="not-yet")
    assert refused.status_code == 422
    assert "Please say what is still missing." in refused.text
    assert (await stored(site, asked)).answered_at is None
    await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="not-yet", words="The units, please")
    assert (await stored(site, asked)).answer == "The units, please"
    assert (await copy_of(site, playlist)).progress.done == 0


async def test_everything_ticked_is_signed_off_at_once(site: Site) -> None:
    playlist = await assigned(site)
    asked = [await asks(site, await copy_of(site, playlist, place), RequestKind.SIGN_OFF) for place in range(3)]
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/playlists/waiting")
    assert "Nothing was ticked" in (await teacher.post(f"{site.course}/playlists/waiting/sign-off")).text
    page = await teacher.post(f"{site.course}/playlists/waiting/sign-off", request=[str(one) for one in asked[:2]])
    assert "Signed off, all of them." in page.text
    assert [(await copy_of(site, playlist, place)).progress.done for place in range(3)] == [1, 1, 0]
    page = await teacher.post(f"{site.course}/playlists/waiting/sign-off", request=[str(one) for one in asked])
    assert "Some of them somebody else had answered already." in page.text
    assert (await copy_of(site, playlist, 2)).progress.done == 1


async def test_help_is_answered_with_words_and_nothing_moves(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    asked = await asks(site, path, RequestKind.HELP, None, "What is a half?")
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/playlists/waiting")
    page = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="answered", words="One of two")
    assert "Answered." in page.text
    assert ((await stored(site, asked)).answer, (await copy_of(site, playlist)).progress.done) == ("One of two", 0)


async def test_help_with_a_step_that_is_done_since_says_so(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    await asks(site, path, RequestKind.HELP, 0, "I am stuck.")
    teacher = await site.teacher()
    assert "The step is done by now" not in (await teacher.get(f"{site.course}/playlists/waiting")).text
    async with site.database.writing() as session:
        await service.sign_off(
            session, site.school.course, playlist.id, path.copy.person_id, path.present[0].id, None, NOW
        )
    page = await teacher.get(f"{site.course}/playlists/waiting")
    assert "The step is done by now" in page.text
    assert "I am stuck." in page.text


@pytest.mark.parametrize("afresh", [False, True])
async def test_another_try_counts_from_nothing_only_if_the_teacher_says_so(site: Site, afresh: bool) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    site.lms.known = [result(site, 80)]
    ada = await site.student()
    await ada.get(f"{site.course}/my")
    async with site.database.writing() as session:
        await service.sign_off(
            session, site.school.course, playlist.id, path.copy.person_id, path.present[0].id, None, site.clock.now()
        )
        await service.sign_off(
            session, site.school.course, playlist.id, path.copy.person_id, path.present[2].id, None, site.clock.now()
        )
    assert (await copy_of(site, playlist)).progress.done == 3
    asked = await asks(site, path, RequestKind.RETAKE, 1)
    site.clock.move(timedelta(minutes=5))

    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/playlists/waiting")
    assert "Result so far: 80%" in page.text
    fields = {"afresh": "yes"} if afresh else {}
    page = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="allowed", **fields)
    assert "Another try is allowed." in page.text
    assert (await copy_of(site, playlist)).progress.done == (2 if afresh else 3)
    # The old result comes again, as it does with every look, and counts no more; a new one does.
    await ada.get(f"{site.course}/my")
    assert (await copy_of(site, playlist)).progress.done == (2 if afresh else 3)
    site.clock.move(timedelta(minutes=5))
    site.lms.known = [result(site, 90)]
    await ada.get(f"{site.course}/my")
    after = await copy_of(site, playlist)
    assert after.progress.done == 3
    async with site.database.reading() as session:
        scores = (await session.exec(scoped(Score, site.school.id))).all()
    assert [score.owed_given for score in scores] == [100.0]


async def test_another_try_below_the_mark_starts_from_nothing_too(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    site.lms.known = [result(site, 40)]
    await (await site.student()).get(f"{site.course}/my")
    asked = await asks(site, path, RequestKind.RETAKE, 1)
    site.clock.move(timedelta(minutes=5))
    async with site.database.writing() as session:
        await answering.answer(
            session, visiting(site.school), asked, Outcome.ALLOWED, "", site.clock.now(), afresh=True
        )
    [step] = [step for step in (await copy_of(site, playlist)).steps if step.id == path.present[1].id]
    assert not step.is_below_pass
    assert step.standing.reopened_at == site.clock.now()


async def test_another_try_at_a_check_of_ours_is_another_attempt(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    step, now = path.present[1], site.clock.now()
    async with site.database.writing() as session:
        row = await session.get(PlaylistStep, (site.school.id, step.id))
        assert row is not None
        assert row.content_item_id is not None
        check = Check(
            organisation_id=site.school.id,
            course_id=site.school.course.id,
            content_item_id=row.content_item_id,
            title="Halves",
            status=CheckStatus.OPEN,
            attempts=1,
            created_at=now,
            changed_at=now,
        )
        session.add(check)
        await session.flush()
        check_id = check.id
        session.add(
            CheckAttempt(
                organisation_id=site.school.id,
                check_id=check_id,
                person_id=path.copy.person_id,
                number=1,
                state=AttemptState.FINISHED,
                seed=1,
                begun_at=now,
                finished_at=now,
            )
        )
    asked = await asks(site, path, RequestKind.RETAKE, 1)
    async with site.database.writing() as session:
        await answering.answer(session, visiting(site.school), asked, Outcome.ALLOWED, "", now)
    async with site.database.reading() as session:
        found = await attempt_queries.more_attempts(session, site.school.id, check_id, [path.copy.person_id])
    assert found == {path.copy.person_id: 1}


async def test_a_talk_is_arranged_or_held(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    asked = await asks(site, path, RequestKind.CONFERENCE, 2)
    async with site.database.writing() as session:
        row = await answering.answer(session, visiting(site.school), asked, Outcome.ARRANGED, "Tuesday at 9", NOW)
        assert row.outcome is Outcome.ARRANGED
    with pytest.raises(RequestAnswered):
        async with site.database.writing() as session:
            await answering.answer(session, visiting(site.school), asked, Outcome.HELD, "", NOW)


async def test_an_answer_goes_with_its_request(site: Site) -> None:
    path = await copy_of(site, await assigned(site))
    asked = await asks(site, path, RequestKind.HELP)
    with pytest.raises(BadRequest):
        async with site.database.writing() as session:
            await answering.answer(session, visiting(site.school), asked, Outcome.SIGNED, "", NOW)
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/playlists/waiting")
    for fields in ({"outcome": "signed"}, {"outcome": "no such"}, {}):
        assert (await teacher.post(f"{site.course}/playlists/waiting/{asked}", **fields)).status_code == 400
    too_long = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="answered", words="a" * 1001)
    assert too_long.status_code == 422
    assert (await stored(site, asked)).answered_at is None


async def test_what_was_answered_already_says_so(site: Site) -> None:
    path = await copy_of(site, await assigned(site))
    asked = await asks(site, path, RequestKind.HELP)
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/playlists/waiting")
    await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="answered", words="First")
    late = await teacher.post(f"{site.course}/playlists/waiting/{asked}", outcome="answered", words="Second")
    assert late.status_code == 409
    assert "This does not wait any more" in late.text
    assert (await stored(site, asked)).answer == "First"


# --- What is shown


async def test_the_oldest_comes_first_and_one_kind_can_be_shown(site: Site) -> None:
    playlist = await assigned(site)
    await asks(site, await copy_of(site, playlist, 1), RequestKind.HELP, words="the older")
    site.clock.move(timedelta(hours=1))
    await asks(site, await copy_of(site, playlist, 0), RequestKind.CONFERENCE, words="the newer")
    teacher = await site.teacher()
    page = (await teacher.get(f"{site.course}/playlists/waiting")).text
    assert page.index("the older") < page.index("the newer")
    assert "2 requests wait for you" in (await teacher.get(f"{site.course}/playlists")).text
    page = (await teacher.get(f"{site.course}/playlists/waiting?kind=conference")).text
    assert "the newer" in page
    assert "the older" not in page
    assert "the older" in (await teacher.get(f"{site.course}/playlists/waiting?kind=%22%3E")).text


async def test_who_left_the_course_waits_no_more(site: Site) -> None:
    path = await copy_of(site, await assigned(site))
    await asks(site, path, RequestKind.HELP, words="still here?")
    async with site.database.writing() as session:
        statement = scoped(Membership, site.school.id).where(Membership.person_id == path.copy.person_id)
        membership = (await session.exec(statement)).one()
        membership.active = False
        session.add(membership)
    page = await (await site.teacher()).get(f"{site.course}/playlists/waiting")
    assert "Nothing waits for you" in page.text


# --- Two at once


async def test_of_two_teachers_at_once_one_is_told(own_database: Database) -> None:
    from lti_tool.playlists import editing
    from lti_tool.playlists.editing import Basics, Terms

    async with own_database.writing() as session:
        school = await seed.school(session)
        playlist = await editing.create(session, school.course, Basics("Halves"), None, NOW)
        playlist = await editing.add_offline(session, school.course, playlist.id, playlist.revision, "Show me", NOW)
        playlist = await editing.assign(session, school.course, playlist.id, playlist.revision, Terms(), None, NOW)
        [path] = await service.paths_of_person(session, school.course, school.students[0].id, NOW)
        row = PathRequest(
            organisation_id=school.id,
            personal_playlist_id=path.copy.id,
            step_id=path.present[0].id,
            kind=RequestKind.SIGN_OFF,
            created_at=NOW,
        )
        session.add(row)
        await session.flush()
        request_id, person_id, step_id = row.id, path.copy.person_id, path.present[0].id
        session.expunge_all()

    async def answer(outcome: Outcome) -> Outcome | None:
        try:
            async with own_database.writing() as session:
                await answering.answer(session, visiting(school), request_id, outcome, "Units?", NOW)
        except RequestAnswered:
            return None
        return outcome

    came = await asyncio.gather(answer(Outcome.SIGNED), answer(Outcome.NOT_YET), answer(Outcome.SIGNED))
    [won] = [one for one in came if one is not None]
    async with own_database.reading() as session:
        stands = (await session.exec(scoped(PathRequest, school.id))).one()
        [path] = await service.paths_of_person(session, school.course, person_id, NOW)
    assert stands.outcome is won
    assert path.steps[0].is_done == (won is Outcome.SIGNED), step_id
