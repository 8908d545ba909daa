"""Taking quizzes, handing in, grading, and who sees which grades."""

from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import select

from lti_tool.cartridges import Choice, CourseContent, Item, ItemKind, Module, Question, QuestionKind
from lti_tool.sandbox.gradebook import submission_of
from lti_tool.sandbox.loading import load_course
from lti_tool.sandbox.models import Assignment, LineItem, Person, Quiz, QuizAttempt, Result, Submission
from tests.sandbox.conftest import TOOL, Lms, client_of

CHOICE = Question(
    "a", QuestionKind.MULTIPLE_CHOICE, "<p>Pick</p>", choices=(Choice("1", "yes", True), Choice("2", "no"))
)
SECOND = Question("b", QuestionKind.SHORT_ANSWER, "<p>Say</p>", accepted=("word",), feedback_wrong="<p>Think again</p>")
ESSAY = Question("c", QuestionKind.ESSAY, "<p>Write</p>", points=2)


def quiz(
    identifier: str, title: str, *questions: Question, points: float | None = 10, attempts: int | None = None
) -> Item:
    return Item(identifier, identifier, ItemKind.QUIZ, title, questions=questions, points=points, attempts=attempts)


CONTENT = CourseContent(
    "Graded",
    "graded-1",
    modules=(
        Module(
            "m",
            "Module",
            (
                quiz("1", "Plain quiz", CHOICE, SECOND),
                quiz("2", "Two tries", CHOICE, SECOND, attempts=2),
                quiz("3", "With an essay", CHOICE, ESSAY),
                quiz("4", "Practice", CHOICE, points=None),
                quiz("5", "Empty"),
                Item("6", "6", ItemKind.ASSIGNMENT, "Poem", points=20),
                Item("7", "7", ItemKind.ASSIGNMENT, "On paper", points=5, submission_types=("on_paper",)),
                Item("8", "8", ItemKind.ASSIGNMENT, "Draft", points=5, published=False),
            ),
        ),
    ),
)


@dataclass
class Graded:
    """A course with quizzes and assignments, and browsers of its people."""

    lms: Lms
    id: int
    quizzes: dict[str, Quiz]
    assignments: dict[str, Assignment]
    student: httpx.AsyncClient
    teacher: httpx.AsyncClient
    observer: httpx.AsyncClient

    def quiz(self, title: str, rest: str = "") -> str:
        return f"/courses/{self.id}/quizzes/{self.quizzes[title].id}{rest}"

    def assignment(self, title: str, rest: str = "") -> str:
        return f"/courses/{self.id}/assignments/{self.assignments[title].id}{rest}"

    def cell(self, title: str, person: Person) -> str:
        return f"/courses/{self.id}/grades/assignment/{self.assignments[title].id}/{person.id}"

    async def take(self, title: str, **answers: str) -> httpx.Response:
        begun = await self.student.post(self.quiz(title, "/attempts"))
        return await self.student.post(begun.url.path, data=dict(answers.items()))

    async def submission(self, title: str) -> Submission | None:
        async with self.lms.platform.store.reading() as session:
            return await submission_of(session, self.assignments[title].id, self.lms.student.id)


@pytest.fixture
async def graded(lms: Lms) -> Graded:
    course_id = await load_course(lms.platform.store, CONTENT, now=lms.clock.now())
    async with lms.platform.store.reading() as session:
        quizzes = {row.title: row for row in await session.scalars(select(Quiz))}
        assignments = {row.name: row for row in await session.scalars(select(Assignment))}
    browsers = []
    for person in (lms.student, lms.teacher, lms.observer):
        browser = client_of(lms.app, follow_redirects=True)
        await browser.post("/login", data={"login": person.login})
        browsers.append(browser)
    return Graded(lms, course_id, quizzes, assignments, *browsers)


async def test_a_quiz_is_taken_marked_and_graded(graded: Graded) -> None:
    page = await graded.student.get(graded.quiz("Plain quiz"))
    assert "Take the quiz" in page.text
    result = await graded.take("Plain quiz", q1="1", q2="nonsense")
    assert "5 of 10 points" in result.text
    assert "Think again" in result.text
    assert "Right answer" not in result.text  # One may try again.
    submission = await graded.submission("Plain quiz")
    assert submission is not None
    assert (submission.score, submission.workflow_state, submission.attempt) == (5, "graded", 1)


async def test_the_best_attempt_counts(graded: Graded) -> None:
    await graded.take("Plain quiz", q1="1", q2="WORD")
    await graded.take("Plain quiz", q1="2", q2="")
    submission = await graded.submission("Plain quiz")
    assert submission is not None
    assert (submission.score, submission.attempt) == (10, 2)
    page = await graded.student.get(graded.quiz("Plain quiz"))
    assert "Attempt 2" in page.text
    assert "10 of 10 points" in page.text


async def test_an_attempt_that_is_open_is_gone_on_with(graded: Graded) -> None:
    first = await graded.student.post(graded.quiz("Two tries", "/attempts"))
    again = await graded.student.post(graded.quiz("Two tries", "/attempts"))
    assert first.url == again.url
    assert "Go on with your attempt" in (await graded.student.get(graded.quiz("Two tries"))).text


async def test_attempts_run_out_and_then_the_answers_show(graded: Graded) -> None:
    await graded.take("Two tries", q1="2")
    last = await graded.take("Two tries", q1="2")
    assert "Right answer: yes" in last.text
    refused = await graded.student.post(graded.quiz("Two tries", "/attempts"))
    assert "You have used all your attempts" in refused.text
    async with graded.lms.platform.store.reading() as session:
        assert len((await session.scalars(select(QuizAttempt))).all()) == 2


async def test_handing_in_twice_changes_nothing(graded: Graded) -> None:
    done = await graded.take("Two tries", q1="2", q2="x")
    again = await graded.student.post(done.url.path, data={"q1": "1", "q2": "word"})
    assert "0 of 10 points" in again.text
    submission = await graded.submission("Two tries")
    assert submission is not None
    assert (submission.score, submission.attempt) == (0, 1)


async def test_an_essay_waits_for_the_teacher(graded: Graded) -> None:
    result = await graded.take("With an essay", q1="1", q2="My thoughts")
    assert "a teacher has yet to read an answer" in result.text
    submission = await graded.submission("With an essay")
    assert submission is not None
    assert (submission.score, submission.workflow_state) == (None, "pending_review")
    answers = await graded.teacher.get(f"{result.url.path}?student={graded.lms.student.id}")
    assert "My thoughts" in answers.text
    await graded.teacher.post(graded.cell("With an essay", graded.lms.student), data={"score": "8,5"})
    submission = await graded.submission("With an essay")
    assert submission is not None
    assert (submission.score, submission.workflow_state) == (8.5, "graded")


async def test_a_practice_quiz_is_handed_in_without_a_grade(graded: Graded) -> None:
    assert "1 of 1 points" in (await graded.take("Practice", q1="1")).text
    submission = await graded.submission("Practice")
    assert submission is not None
    assert (submission.score, submission.workflow_state) == (None, "submitted")
    assert "Practice" not in (await graded.student.get(f"/courses/{graded.id}/grades")).text


async def test_a_quiz_without_questions_cannot_be_begun(graded: Graded) -> None:
    answer = await graded.student.post(graded.quiz("Empty", "/attempts"))
    assert "This quiz has no questions" in answer.text


async def test_only_students_take_quizzes_and_see_only_their_own(graded: Graded) -> None:
    for browser in (graded.teacher, graded.observer):
        assert (await browser.post(graded.quiz("Plain quiz", "/attempts"))).status_code == 403
        assert (await browser.post(graded.quiz("Plain quiz", "/attempts/1"))).status_code == 403
    await graded.take("Plain quiz", q1="1")
    assert (await graded.observer.get(graded.quiz("Plain quiz", "/attempts/1"))).status_code == 404
    spying = await graded.observer.get(graded.quiz("Plain quiz", f"/attempts/1?student={graded.lms.student.id}"))
    assert spying.status_code == 404
    assert "Take the quiz" not in (await graded.observer.get(graded.quiz("Plain quiz"))).text


@pytest.mark.parametrize("rest", ["/attempts", "/attempts/1"])
async def test_forms_of_other_sites_are_turned_away(graded: Graded, rest: str) -> None:
    answer = await graded.student.post(graded.quiz("Plain quiz", rest), headers={"Origin": TOOL})
    assert answer.status_code == 403


async def test_a_text_is_handed_in_and_graded(graded: Graded) -> None:
    sent = await graded.student.post(graded.assignment("Poem", "/submissions"), data={"body": "<b>Roses</b> & more "})
    assert "&lt;b&gt;Roses&lt;/b&gt; &amp; more" in sent.text
    submission = await graded.submission("Poem")
    assert submission is not None
    assert (submission.body, submission.workflow_state) == ("<b>Roses</b> & more", "submitted")
    assert "Handed in" in (await graded.student.get(f"/courses/{graded.id}")).text

    assert "&lt;b&gt;Roses" in (await graded.teacher.get(graded.assignment("Poem"))).text
    cell = graded.cell("Poem", graded.lms.student)
    assert "Roses" in (await graded.teacher.get(cell)).text
    book = await graded.teacher.post(cell, data={"score": "17.5"})
    assert book.url.path == f"/courses/{graded.id}/grades"
    assert "17.5" in book.text
    assert "17.5 of 20" in (await graded.student.get(f"/courses/{graded.id}/grades")).text

    await graded.teacher.post(cell, data={"score": " "})
    submission = await graded.submission("Poem")
    assert submission is not None
    assert (submission.score, submission.workflow_state) == (None, "submitted")


async def test_an_empty_text_changes_nothing(graded: Graded) -> None:
    await graded.student.post(graded.assignment("Poem", "/submissions"), data={"body": "  \n"})
    await graded.student.post(graded.assignment("On paper", "/submissions"), data={"body": "words"})
    assert await graded.submission("Poem") is None
    assert await graded.submission("On paper") is None


@pytest.mark.parametrize("score", ["-1", "many", "1e9", "nan"])
async def test_a_grade_has_to_be_a_number(graded: Graded, score: str) -> None:
    answer = await graded.teacher.post(graded.cell("Poem", graded.lms.student), data={"score": score})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{score}"' in answer.text
    assert await graded.submission("Poem") is None


async def test_only_teachers_grade(graded: Graded) -> None:
    cell = graded.cell("Poem", graded.lms.student)
    for browser in (graded.student, graded.observer):
        assert (await browser.get(cell)).status_code == 403
        assert (await browser.post(cell, data={"score": "20"})).status_code == 403
    assert (await graded.teacher.post(cell, data={"score": "20"}, headers={"Origin": TOOL})).status_code == 403
    assert await graded.submission("Poem") is None


async def test_only_cells_that_exist_are_graded(graded: Graded) -> None:
    base = f"/courses/{graded.id}/grades"
    poem, student = graded.assignments["Poem"].id, graded.lms.student.id
    for rest in (
        f"assignment/999/{student}",
        f"assignment/{poem}/{graded.lms.teacher.id}",
        f"assignment/{poem}/{graded.lms.stranger.id + 99}",
        f"other/{poem}/{student}",
        f"tool/{poem}/{student}",
    ):
        assert (await graded.teacher.post(f"{base}/{rest}", data={"score": "1"})).status_code == 404


async def test_grades_are_ones_own_or_ones_childs(graded: Graded) -> None:
    await graded.teacher.post(graded.cell("Poem", graded.lms.student), data={"score": "12"})
    await graded.teacher.post(graded.cell("Poem", graded.lms.second), data={"score": "19"})
    own = (await graded.student.get(f"/courses/{graded.id}/grades")).text
    assert "12 of 20" in own
    assert "19 of 20" not in own
    assert "Ben Ito" not in own
    # The observer watches nobody in this course, only in the other one.
    assert "There are no grades to show" in (await graded.observer.get(f"/courses/{graded.id}/grades")).text
    assert "Noor Abdi" in (await graded.observer.get(f"/courses/{graded.lms.course.id}/grades")).text
    book = (await graded.teacher.get(f"/courses/{graded.id}/grades")).text
    assert "12" in book
    assert "19" in book
    assert "Draft" not in book


async def test_a_tools_column_stands_in_the_gradebook_and_can_be_typed_over(graded: Graded) -> None:
    lms = graded.lms
    async with lms.platform.store.writing() as session:
        line_item = LineItem(
            course_id=graded.id, tool_id=lms.tool.id, label="Ratios path", score_maximum=50, created_at=lms.clock.now()
        )
        session.add(line_item)
    book = await graded.teacher.get(f"/courses/{graded.id}/grades")
    assert "Ratios path" in book.text
    assert "Playlists" in book.text
    await graded.teacher.post(f"/courses/{graded.id}/grades/tool/{line_item.id}/{lms.student.id}", data={"score": "41"})
    async with lms.platform.store.reading() as session:
        result = (await session.scalars(select(Result))).one()
        assert (result.score, result.graded_by) == (41, "teacher")
    assert "by teacher" in (await graded.teacher.get(f"/courses/{graded.id}/grades")).text
    assert "41 of 50" in (await graded.student.get(f"/courses/{graded.id}/grades")).text


async def test_drafts_are_for_teachers(graded: Graded) -> None:
    assert (await graded.student.get(graded.assignment("Draft"))).status_code == 404
    assert (await graded.teacher.get(graded.assignment("Draft"))).status_code == 200
    refused = await graded.student.post(graded.assignment("Draft", "/submissions"), data={"body": "x"})
    assert refused.status_code == 404


async def test_a_quizs_assignment_leads_to_the_quiz(graded: Graded) -> None:
    address = f"/courses/{graded.id}/assignments/{graded.quizzes['Plain quiz'].assignment_id}"
    assert (await graded.student.get(address)).url.path == graded.quiz("Plain quiz")
