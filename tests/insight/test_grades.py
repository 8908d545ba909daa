"""The page *Grades*: what was sent and what stands in the gradebook, for teachers alone, and of their own students."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades import send_runs, service
from lti_tool.grades.comparing import Comparer
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.ledger import Place
from lti_tool.grades.models import Choice, ColumnState, Difference, LineItem, Score, SendRun
from lti_tool.grades.rules import Upkeep
from lti_tool.insight import grades_replies
from lti_tool.insight.grades_replies import Said
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.lti.models import Family, Registration, Role
from lti_tool.menus.column_sources import sources
from lti_tool.playlists.column_meanings import competencies
from lti_tool.playlists.models import Playlist, PlaylistStatus, PlaylistStep, StepKind
from tests.grades.lms import BROKEN, DOWN, NOT_ENROLLED, FakeLms, FakeQuirks
from tests.insight.site import Site, a_site
from tests.menus.work_site import a_board
from tests.playlists import seed, watching
from tests.playlists.seed import NOW
from tests.playlists.site import Visitor


@dataclass
class Grades:
    """The site with one column, and the gradebook that it is delivered to."""

    site: Site
    lms: FakeLms
    column_id: uuid.UUID
    runner: RecordingRunner = field(default_factory=RecordingRunner)

    @property
    def home(self) -> str:
        return f"{self.site.course}/grades"

    @property
    def page(self) -> str:
        return f"{self.home}/{self.column_id}"

    def client(self, _registration: Registration, _scopes: Collection[str]) -> FakeLms:
        return self.lms

    async def owe(self, place: int, given: float, column_id: uuid.UUID | None = None) -> None:
        async with self.site.database.writing() as session:
            column = await session.get(LineItem, (self.site.school.id, column_id or self.column_id))
            assert column is not None
            await service.owe(
                session,
                line_item=column,
                person_id=self.site.school.students[place].id,
                given=given,
                maximum=100,
                now=self.site.clock.now(),
            )

    async def deliver(self) -> None:
        quirks = FakeQuirks()
        worker = Deliverer(
            self.site.database, self.site.clock, self.client, lambda _family: quirks, at_once=1, chance=lambda: 0.5
        )
        await worker.deliver(self.site.school.course.registration_id)

    def type_over(self, place: int, given: float) -> None:
        """A teacher types a number into the LMS's gradebook."""
        results = self.lms.the_column().results
        results[f"student-{place}"] = replace(results[f"student-{place}"], given=given, maximum=100)

    async def score(self, place: int) -> Score:
        async with self.site.database.reading() as session:
            statement = scoped(Score, self.site.school.id).where(
                Score.line_item_id == self.column_id, Score.person_id == self.site.school.students[place].id
            )
            found = (await session.exec(statement)).one()
            session.expunge_all()
            return found

    async def change(self, **values: Any) -> None:
        async with self.site.database.writing() as session:
            column = await session.get(LineItem, (self.site.school.id, self.column_id))
            assert column is not None
            column.sqlmodel_update(values)
            session.add(column)

    async def runs(self) -> list[SendRun]:
        async with self.site.database.reading() as session:
            found = list((await session.exec(scoped(SendRun, self.site.school.id))).all())
            session.expunge_all()
            return found

    async def traces(self) -> list[tuple[str, str | None]]:
        async with self.site.database.reading() as session:
            statement = select(AuditEntry).where(AuditEntry.organisation_id == self.site.school.id)
            return sorted((one.action, one.detail) for one in (await session.exec(statement)).all())


@pytest.fixture
async def grades(database: Database, clock: ManualClock) -> Grades:
    """Rolled back at the end."""
    site = await a_site(database, clock)
    lms = FakeLms()
    async with database.writing() as session:
        playlist = Playlist(
            organisation_id=site.school.id,
            course_id=site.school.course.id,
            title="Halves & quarters",
            status=PlaylistStatus.ASSIGNED,
            created_at=clock.now(),
            changed_at=clock.now(),
        )
        session.add(playlist)
        await session.flush()
        column = await service.want_column(
            session,
            course=site.school.course,
            resource_id=f"playlist:{playlist.id}",
            label="Halves <in> the gradebook",
            score_maximum=100,
            end_at=None,
            now=clock.now(),
        )
    found = Grades(site, lms, column.id)
    attach(database, found.runner)
    site.app.state.comparer = Comparer(database, clock, found.client, lambda _family: FakeQuirks())
    site.app.state.column_sources = (sources,)
    site.app.state.column_meanings = (competencies,)
    return found


def gets(grades: Grades, score_id: uuid.UUID) -> list[str]:
    return [
        grades.home,
        f"{grades.home}/sending",
        f"{grades.home}/ledger.csv",
        grades.page,
        f"{grades.page}/sending",
        f"{grades.page}/ledger.csv",
        f"{grades.page}/scores/{score_id}",
    ]


def posts(grades: Grades, score_id: uuid.UUID) -> list[str]:
    return [
        f"{grades.home}/compare",
        f"{grades.home}/send-all",
        f"{grades.page}/compare",
        f"{grades.page}/send-all",
        f"{grades.page}/repair",
        f"{grades.page}/switch",
        f"{grades.page}/theirs",
        f"{grades.page}/scores/{score_id}/choose",
        f"{grades.page}/scores/{score_id}/send-again",
    ]


# --- Who may ----------------------------------------------------------------------------------------------------------


async def test_nobody_and_no_student_opens_or_sends_anything(grades: Grades) -> None:
    await grades.owe(0, 80)
    score_id = (await grades.score(0)).id
    async with grades.site.client() as client:
        for page in gets(grades, score_id):
            assert (await client.get(page)).status_code == 401, page
        for form in posts(grades, score_id):
            assert (await client.post(form)).status_code in (401, 403), form
    for role in (Role.STUDENT, Role.OBSERVER, Role.OTHER):
        visitor = await grades.site.sign_in(grades.site.school.students[0], role)
        await visitor.get(f"{grades.site.course}/my-map")
        for page in gets(grades, score_id):
            assert (await visitor.get(page)).status_code == 403, page
        for form in posts(grades, score_id):
            assert (await visitor.post(form, choice="ours", to="off")).status_code == 403, form
    assert await grades.runs() == []


async def test_another_school_finds_nothing_there(grades: Grades) -> None:
    await grades.owe(0, 80)
    score_id = (await grades.score(0)).id
    async with grades.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    stranger = await grades.site.sign_in(other.teacher, Role.TEACHER, school=other)
    theirs = f"/courses/{other.course.id}/grades"
    await stranger.get(theirs)
    for page in gets(grades, score_id):
        assert (await stranger.get(page)).status_code == 404, page
    for form in posts(grades, score_id):
        assert (await stranger.post(form, choice="ours", to="off")).status_code == 404, form
    # Nor does their own course open the column.
    for below in ("", "/sending", "/ledger.csv", f"/scores/{score_id}"):
        assert (await stranger.get(f"{theirs}/{grades.column_id}{below}")).status_code == 404, below
    for below in (
        "/compare",
        "/send-all",
        "/repair",
        "/switch",
        "/theirs",
        f"/scores/{score_id}/choose",
        f"/scores/{score_id}/send-again",
    ):
        assert (
            await stranger.post(f"{theirs}/{grades.column_id}{below}", choice="ours", to="off")
        ).status_code == 404, below
    assert (await grades.score(0)).choice is None


async def test_a_teacher_held_to_a_section_sees_and_sends_their_own_students_alone(grades: Grades) -> None:
    for place in range(3):
        await grades.owe(place, 80)
    await grades.deliver()
    for place in range(3):
        grades.lms.strangers.add(f"student-{place}")
        await grades.owe(place, 90)
    await grades.deliver()
    async with grades.site.database.writing() as session:
        await watching.only_their_section(session, grades.site.school, 1)
    teacher = await grades.site.teacher()
    home, page = await teacher.get(grades.home), await teacher.get(grades.page)
    assert "Only students of your sections" in home.text
    assert '<span class="strong">1</span> Not accepted' in home.text
    file = await teacher.get(f"{grades.home}/ledger.csv")
    assert len(file.text.strip().splitlines()) == 2
    for shown in (home, page, file, await teacher.get(f"{grades.page}/ledger.csv")):
        assert "Ada" not in shown.text
        assert "Cem" not in shown.text
    assert "Ben Birch" in page.text
    hidden = (await grades.score(0)).id
    assert (await teacher.get(f"{grades.page}/scores/{hidden}")).status_code == 404
    for form in ("choose", "send-again"):
        assert (await teacher.post(f"{grades.page}/scores/{hidden}/{form}", choice="ours")).status_code == 404
    await teacher.post(f"{grades.home}/send-all")
    [run] = await grades.runs()
    assert run.total == 1
    assert [(await grades.score(place)).delivery.value for place in range(3)] == ["refused", "due", "refused"]


# --- What it shows ----------------------------------------------------------------------------------------------------


async def test_without_a_column_the_page_says_how_one_comes_about(grades: Grades) -> None:
    async with grades.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    teacher = await grades.site.sign_in(other.teacher, Role.TEACHER, school=other)
    page = await teacher.get(f"/courses/{other.course.id}/grades")
    assert page.status_code == 200
    assert "No gradebook column yet" in page.text
    assert "Send all" not in page.text


async def test_every_column_says_what_it_is_of_and_how_many_scores_stand_where(grades: Grades) -> None:
    site = grades.site
    async with site.database.writing() as session:
        made = await a_board(session, site.school, now=site.clock.now(), title="Two of nine")
        menu = await service.want_column(
            session,
            course=site.school.course,
            resource_id=f"menu:{made.menu.id}",
            label="Menu of choices",
            score_maximum=20,
            end_at=None,
            now=site.clock.now(),
            tag="points",
        )
    await grades.owe(0, 80)
    await grades.owe(1, 70)
    await grades.deliver()
    grades.lms.strangers.add("student-1")
    await grades.owe(1, 75)
    await grades.owe(0, 10, menu.id)
    await grades.deliver()
    await grades.owe(2, 30)
    text = (await (await site.teacher()).get(grades.home)).text
    assert "Halves &lt;in&gt; the gradebook" in text
    assert "Halves &amp; quarters</a>" in text
    assert f"{site.course}/menus/{made.menu.id}/progress" in text
    assert "Points earned" in text
    assert "Progress: the share of what was asked for that is done" in text
    for number, words in ((1, "In the gradebook"), (1, "Not accepted"), (1, "On its way")):
        assert f'<span class="strong">{number}</span> {words}' in text
    assert "1 needs something from you" in text
    assert "not yet" in text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": ColumnState.OFF}, ["Nothing is sent"]),
        ({"state": ColumnState.REFUSED, "trouble": "no-permission"}, ["does not allow this tool to write grades"]),
        ({"state": ColumnState.WANTED, "trouble": "server-error"}, ["has trouble of its own", "tried again by itself"]),
        ({"doubled": 1}, ["In the gradebook twice", "more than once"]),
        ({"gone_at": NOW}, ["Gone from your LMS", "Choose Repair"]),
    ],
    ids=["off", "refused", "retrying", "doubled", "gone"],
)
async def test_a_column_that_is_not_as_it_should_be_says_why_and_what_to_do(
    grades: Grades, values: dict[str, Any], said: list[str]
) -> None:
    await grades.deliver()
    await grades.change(**values)
    teacher = await grades.site.teacher()
    for page in (grades.home, grades.page):
        text = (await teacher.get(page)).text
        for words in said:
            assert words in text, (page, words)


async def test_a_platform_in_trouble_is_said_on_every_page(grades: Grades) -> None:
    await grades.deliver()
    grades.lms.always = DOWN
    await grades.owe(0, 80)
    await grades.deliver()
    score_id = (await grades.score(0)).id
    teacher = await grades.site.teacher()
    for page in (grades.home, grades.page, f"{grades.page}/scores/{score_id}"):
        assert "Nothing is sent at the moment." in (await teacher.get(page)).text, page
    grades.lms.always = None
    grades.site.clock.move(timedelta(hours=1))
    await grades.deliver()
    assert "Nothing is sent at the moment." not in (await teacher.get(grades.home)).text


async def test_a_students_line_has_what_is_owed_delivered_and_in_the_gradebook(grades: Grades) -> None:
    await grades.owe(0, 80)
    await grades.deliver()
    teacher = await grades.site.teacher()
    await teacher.get(grades.page)
    await teacher.post(f"{grades.page}/compare")
    grades.lms.strangers.add("student-0")
    await grades.owe(0, 85)
    await grades.deliver()
    text = (await teacher.get(f"{grades.page}?show=need")).text
    for words in ("Ada Ash", "85 of 100", "80 of 100", "Not accepted", "does not know this person as a student"):
        assert words in text, words
    assert "Ben" not in text
    one = (await teacher.get(f"{grades.page}/scores/{(await grades.score(0)).id}")).text
    assert one.count('data-label="Answer"') == 2
    assert "Accepted" in one
    assert "422" in one
    actions = [action for action, _ in await grades.traces()]
    assert actions.count("students.scores-viewed") >= 2
    assert actions.count("student.viewed") == 1


async def test_somebody_who_has_left_is_shown_to_a_teacher_of_the_whole_course(grades: Grades) -> None:
    await grades.owe(2, 80)
    async with grades.site.database.writing() as session:
        await session.exec(
            update(Membership)
            .where(
                col(Membership.organisation_id) == grades.site.school.id,
                col(Membership.person_id) == grades.site.school.students[2].id,
            )
            .values(active=False)
        )
    teacher = await grades.site.teacher()
    text = (await teacher.get(grades.page)).text
    for words in ("Cem Cedar", "Not sent: not a student here now", "when they are a student of the course again"):
        assert words in text, words
    # Nothing is to be done about it.
    assert "Cem Cedar" not in (await teacher.get(f"{grades.page}?show=need")).text
    assert '<span class="strong">1</span> Not sent: not a student here now' in (await teacher.get(grades.home)).text
    page = (await teacher.get(f"{grades.page}/scores/{(await grades.score(2)).id}")).text
    assert "send-again" not in page
    assert 'value="ours"' not in page


async def test_the_test_student_has_a_line_that_says_so(grades: Grades) -> None:
    await grades.owe(0, 80)
    async with grades.site.database.writing() as session:
        await session.exec(
            update(Person)
            .where(
                col(Person.organisation_id) == grades.site.school.id,
                col(Person.id).in_([one.id for one in grades.site.school.students[:2]]),
            )
            .values(is_test=True)
        )
    await grades.deliver()
    teacher = await grades.site.teacher()
    text = (await teacher.get(grades.page)).text
    assert text.count("Not sent: the test student") == 2
    assert text.count("as whom teachers try the course") == 2
    assert not any(column.results for column in grades.lms.columns.values())


# --- Differences ------------------------------------------------------------------------------------------------------


async def overridden(grades: Grades) -> tuple[Visitor, Score]:
    """The teacher has typed 95 over the 80 that was delivered, and compared; 85 is owed since."""
    await grades.owe(0, 80)
    await grades.deliver()
    grades.type_over(0, 95)
    teacher = await grades.site.teacher()
    await teacher.get(grades.page)
    page = await teacher.post(f"{grades.page}/compare")
    assert "Compared. What differs stands below." in page.text
    await grades.owe(0, 85)
    await grades.deliver()
    return teacher, await grades.score(0)


async def test_a_difference_waits_for_the_teacher_who_keeps_it_and_then_sends_ours(grades: Grades) -> None:
    teacher, score = await overridden(grades)
    text = (await teacher.get(grades.page)).text
    for words in ("Waits for your choice", "Another number stands in the gradebook", "95 of 100", "85 of 100"):
        assert words in text, words
    assert '<span class="strong">1</span> Waits for your choice' in (await teacher.get(grades.home)).text
    form = f"{grades.page}/scores/{score.id}/choose"
    kept = await teacher.post(form, choice="theirs")
    assert "Kept." in kept.text
    assert "Stays as it stands in the gradebook" in kept.text
    assert "Keep what stands" not in kept.text
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.95
    grades.site.clock.move(timedelta(seconds=1))
    ours = await teacher.post(form, choice="ours", page="score")
    assert f"/scores/{score.id}" in str(ours.url)
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.85
    assert (await grades.score(0)).difference is None
    # What was read before is old now.
    text = (await teacher.get(grades.page)).text
    assert "not compared yet" in text
    assert "95 of 100" not in text
    again = await teacher.post(form, choice="ours", to="off")
    assert "There is no difference any more" in again.text
    actions = [action for action, _ in await grades.traces()]
    assert actions.count("score.theirs-kept") == actions.count("score.ours-sent") == 1


async def test_where_a_typed_number_stays_whatever_is_sent_the_page_says_what_to_do(grades: Grades) -> None:
    """Seen on Moodle 5.1.3: the score is taken with 200, and the typed number goes on counting."""
    teacher, score = await overridden(grades)
    pages = (grades.page, f"{grades.page}/scores/{score.id}")
    for page in pages:
        assert "untick Overridden" not in (await teacher.get(page)).text
    async with grades.site.database.writing() as session:
        registration = await session.get_one(Registration, grades.site.school.course.registration_id)
        registration.lms = Family.MOODLE
    for page in pages:
        assert "untick Overridden" in (await teacher.get(page)).text


async def test_send_all_goes_over_nothing_of_anybody_elses(grades: Grades) -> None:
    teacher, _ = await overridden(grades)
    page = await teacher.post(f"{grades.home}/send-all")
    assert "There is nothing to send" in page.text
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.95
    assert await grades.runs() == []


async def test_a_score_that_is_missing_in_the_gradebook_is_sent_with_all_that_is_not_there(grades: Grades) -> None:
    await grades.owe(0, 80)
    await grades.deliver()
    grades.lms.the_column().results.clear()
    teacher = await grades.site.teacher()
    await teacher.get(grades.page)
    page = await teacher.post(f"{grades.page}/compare")
    assert "Nothing stands in the gradebook any more" in page.text
    await teacher.post(f"{grades.page}/send-all")
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.8
    score = await grades.score(0)
    assert (score.difference, score.choice) == (None, None)


async def test_a_word_that_is_no_choice_is_refused(grades: Grades) -> None:
    teacher, score = await overridden(grades)
    assert (await teacher.post(f"{grades.page}/scores/{score.id}/choose", choice="mine")).status_code == 400
    assert (await teacher.post(f"{grades.page}/scores/{uuid.uuid4()}/choose", choice="ours")).status_code == 404
    assert (await grades.score(0)).choice is None


async def test_an_lms_that_does_not_tell_is_said_with_the_reason(grades: Grades) -> None:
    await grades.owe(0, 80)
    await grades.deliver()
    grades.lms.always = BROKEN
    teacher = await grades.site.teacher()
    await teacher.get(grades.home)
    page = await teacher.post(f"{grades.home}/compare")
    assert "The gradebook could not be compared just now" in page.text
    assert "has trouble of its own" in page.text
    assert "why=server-error" in str(page.url)


# --- Numbers of teachers as evidence ----------------------------------------------------------------------------------


async def aligned(grades: Grades) -> None:
    """The playlist asks for something about the first competency of the map."""
    async with grades.site.database.writing() as session:
        column = await session.get_one(LineItem, (grades.site.school.id, grades.column_id))
        session.add(
            PlaylistStep(
                organisation_id=grades.site.school.id,
                playlist_id=uuid.UUID(column.resource_id.removeprefix("playlist:")),
                position=0,
                kind=StepKind.TASK,
                title="Fold paper",
                competency_id=grades.site.competencies[0].id,
            )
        )


async def test_a_teacher_has_numbers_count_as_evidence_and_no_more(grades: Grades) -> None:
    await aligned(grades)
    teacher, score = await overridden(grades)
    text = (await teacher.get(grades.page)).text
    assert "levels do not know of it" in text
    assert grades.site.competencies[0].code in text
    on = await teacher.post(f"{grades.page}/theirs", to="on")
    for words in ("count as evidence from now on", "1 student has such a number now", "counts as evidence."):
        assert words in on.text, words
    (row,) = await grades.site.evidence(0)
    assert (row.earned, row.possible, row.competency_id) == (95, 100, grades.site.competencies[0].id)
    ada = grades.site.school.students[0].id
    page = (await teacher.get(f"{grades.site.course}/mastery/students/{ada}?competency={row.competency_id}")).text
    assert "Entered in the gradebook" in page
    assert "95 of 100 was entered in the gradebook on" in page
    mine = await (await grades.site.sign_in(grades.site.school.students[0], Role.STUDENT)).get(
        f"{grades.site.course}/my-map"
    )
    assert "Your teacher entered 95 of 100 in the gradebook on" in mine.text
    # Sent over: it is void, and its page says so.
    sent = await teacher.post(f"{grades.page}/scores/{score.id}/choose", choice="ours", page="score")
    assert "The score of this tool was sent over the number in the gradebook" in sent.text
    assert (await grades.site.evidence(0))[0].voided_by == grades.site.school.teacher.id
    off = await teacher.post(f"{grades.page}/theirs", to="off")
    assert "Levels are as if they never had" in off.text
    actions = [action for action, _ in await grades.traces()]
    assert (actions.count("column.theirs-on"), actions.count("column.theirs-off")) == (1, 1)


async def test_ours_sent_again_by_hand_takes_the_evidence_back_too(grades: Grades) -> None:
    await aligned(grades)
    teacher, score = await overridden(grades)
    await teacher.post(f"{grades.page}/theirs", to="on")
    await teacher.post(f"{grades.page}/scores/{score.id}/send-again")
    assert [row.voided_at is not None for row in await grades.site.evidence(0)] == [True]


async def test_what_is_aligned_to_nothing_can_be_no_evidence_and_says_why(grades: Grades) -> None:
    teacher, _ = await overridden(grades)
    assert "Align its items first." in (await teacher.get(grades.page)).text
    refused = await teacher.post(f"{grades.page}/theirs", to="on")
    assert "A number in this column cannot be evidence." in refused.text
    assert (await teacher.post(f"{grades.page}/theirs", to="perhaps")).status_code == 400
    assert await grades.site.evidence(0) == []


async def test_a_teacher_held_to_a_section_cannot_move_everybodys_levels(grades: Grades) -> None:
    await aligned(grades)
    await grades.owe(0, 80)
    async with grades.site.database.writing() as session:
        await watching.only_their_section(session, grades.site.school, 1)
    teacher = await grades.site.teacher()
    assert "Only a teacher who sees the whole course can change this" in (await teacher.get(grades.page)).text
    assert (await teacher.post(f"{grades.page}/theirs", to="on")).status_code == 403


# --- Sending ----------------------------------------------------------------------------------------------------------


async def test_a_score_is_sent_again_by_hand(grades: Grades) -> None:
    grades.lms.before.extend([None, None, NOT_ENROLLED])
    await grades.owe(0, 80)
    await grades.deliver()
    score = await grades.score(0)
    assert score.delivery.value == "refused"
    teacher = await grades.site.teacher()
    await teacher.get(grades.page)
    page = await teacher.post(f"{grades.page}/scores/{score.id}/send-again")
    assert "The score is sent again." in page.text
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.8
    assert ("scores.sent-again", f"score {score.id}") in await grades.traces()


async def test_send_all_says_how_far_it_is_until_nothing_is_on_its_way(grades: Grades) -> None:
    for place in range(3):
        await grades.owe(place, 80)
        grades.lms.strangers.add(f"student-{place}")
    await grades.deliver()
    teacher = await grades.site.teacher()
    await teacher.get(grades.home)
    page = await teacher.post(f"{grades.home}/send-all")
    assert "0 of 3 scores sent" in page.text
    assert f'hx-get="{grades.home}/sending" hx-trigger="every 2s"' in page.text
    # Whoever comes back finds it, also on the column's page; another teacher has not asked for it.
    assert "0 of 3 scores sent" in (await teacher.get(grades.page)).text
    other = await grades.site.sign_in(grades.site.school.students[1], Role.TEACHER)
    assert "of 3 scores" not in (await other.get(grades.home)).text
    await send_runs.finish(grades.site.database, grades.site.clock.now())
    assert [run.finished_at for run in await grades.runs()] == [None]
    grades.lms.strangers.clear()
    grades.lms.before.extend([None, DOWN])
    await grades.deliver()
    part = (await teacher.get(f"{grades.home}/sending")).text
    assert "of 3 scores sent" in part
    assert "every 2s" in part
    assert "cannot be reached" in part
    # What comes to be owed meanwhile is none of it.
    grades.site.clock.move(timedelta(hours=1))
    await grades.deliver()
    await grades.owe(0, 90)
    part = (await teacher.get(f"{grades.home}/sending")).text
    assert "every 2s" not in part
    assert "answered for all 3 scores" in part
    await send_runs.finish(grades.site.database, grades.site.clock.now())
    [run] = await grades.runs()
    assert run.finished_at == grades.site.clock.now()
    grades.site.clock.move(send_runs.SHOWN_FOR + timedelta(seconds=1))
    assert "scores" not in (await teacher.get(f"{grades.home}/sending")).text


async def test_a_column_that_is_off_is_left_alone_by_send_all(grades: Grades) -> None:
    await grades.owe(0, 80)
    await grades.change(state=ColumnState.OFF)
    teacher = await grades.site.teacher()
    await teacher.get(grades.home)
    page = await teacher.post(f"{grades.home}/send-all")
    assert "There is nothing to send" in page.text
    assert "the column is off" in page.text


async def test_a_column_is_switched_off_and_on_again_with_what_it_owes(grades: Grades) -> None:
    await grades.deliver()
    teacher = await grades.site.teacher()
    await teacher.get(grades.page)
    off = await teacher.post(f"{grades.page}/switch", to="off")
    assert "Nothing is sent to this column any more" in off.text
    await grades.owe(0, 80)
    await grades.deliver()
    assert grades.lms.grade("student-0") is None
    assert (await teacher.post(f"{grades.page}/switch", to="sideways")).status_code == 400
    on = await teacher.post(f"{grades.page}/switch", to="on")
    assert "What was kept here meanwhile is sent." in on.text
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.8
    actions = [action for action, _ in await grades.traces()]
    assert actions.count("column.switched-off") == actions.count("column.switched-on") == 1


async def test_a_column_that_is_gone_is_made_again_with_its_scores(grades: Grades) -> None:
    await grades.owe(0, 80)
    await grades.deliver()
    grades.lms.columns.clear()
    teacher = await grades.site.teacher()
    await teacher.get(grades.page)
    page = await teacher.post(f"{grades.page}/compare")
    assert "Gone from your LMS" in page.text
    assert "It is tried again." in (await teacher.post(f"{grades.page}/repair")).text
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.8
    again = await teacher.post(f"{grades.page}/repair")
    assert "nothing that this tool can repair" in again.text


async def test_send_all_has_a_refused_column_tried_again(grades: Grades) -> None:
    await grades.owe(0, 80)
    await grades.change(state=ColumnState.REFUSED, trouble="no-permission", next_attempt_at=None)
    teacher = await grades.site.teacher()
    await teacher.get(grades.home)
    await teacher.post(f"{grades.page}/send-all")
    await grades.deliver()
    assert grades.lms.grade("student-0") == 0.8


# --- The file ---------------------------------------------------------------------------------------------------------


async def test_the_file_has_a_line_for_each_score_and_no_formula(grades: Grades) -> None:
    await grades.change(label="=HYPERLINK(1)")
    teacher, _ = await overridden(grades)
    await grades.owe(1, 12.5)
    text = (await teacher.get(f"{grades.home}/ledger.csv")).text
    head, *rows = text.strip().splitlines()
    assert head.count(",") == 16
    assert len(rows) == 2
    assert rows[0].startswith("'=HYPERLINK(1),Ada Ash,85,100,")
    for words in ("80,100", "95,100", "Waits for your choice", "Another number stands in the gradebook"):
        assert words in rows[0], words
    assert ",1,0," in rows[0]
    assert "Ben Birch,12.5,100" in rows[1]
    assert (await teacher.get(f"{grades.page}/ledger.csv")).text == text


def test_every_word_has_its_sentence() -> None:
    assert set(grades_replies._SENTENCES) == set(Said)
    assert set(grades_replies.DIFFERENCES) == set(Difference)
    assert set(grades_replies.CHOICES) == set(Choice)
    assert set(grades_replies.PLACES) == set(Place)
    assert set(grades_replies.COLUMN_SIGNS) == set(Upkeep)


async def test_a_column_that_nobody_knows_has_its_own_name_and_no_link(grades: Grades) -> None:
    await grades.change(resource_id="playlist:not-an-id")
    text = (await (await grades.site.teacher()).get(grades.home)).text
    assert "Halves &lt;in&gt; the gradebook" in text
    assert "Halves &amp; quarters" not in text
