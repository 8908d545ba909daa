"""Two real courses, counted by hand with unzip and grep, must open with every item in place."""

import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from lti_tool.cartridges import CourseContent, QuestionKind, read_cartridge


@pytest.fixture(scope="module")
def py4e(shared_data: Path) -> CourseContent:
    return read_cartridge(shared_data / "py4e-course.imscc")


@pytest.fixture(scope="module")
def canvas(shared_data: Path) -> CourseContent:
    return read_cartridge(shared_data / "canvas-export.imscc")


def test_py4e_has_every_link_and_tool(py4e: CourseContent) -> None:
    assert (py4e.title, py4e.version, py4e.source) == ("Python for Everybody import", "1.1.0", "common-cartridge")
    assert Counter(item.kind.value for item in py4e.items()) == {"link": 131, "tool": 58}
    # The manifest's 207 item elements: these 189, the 17 folders and the root.
    assert len(py4e.modules) == 17
    assert py4e.unplaced == ()
    assert [note.reason.split(" are kept")[0] for note in py4e.notes] == ["58 links to tools"]


def test_py4e_keeps_the_manifests_order(py4e: CourseContent, shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "py4e-course.imscc") as archive:
        manifest = archive.read("imsmanifest.xml").decode()
    leaves = re.findall(r'<item identifier="(\w+)" identifierref', manifest)
    folders = re.findall(r'<item identifier="(T_\d{6})">', manifest)
    assert [item.identifier for item in py4e.items()] == leaves
    assert [module.identifier for module in py4e.modules] == folders
    assert all(item.url for item in py4e.items())


def test_canvas_modules_are_in_order_with_what_the_manifest_leaves_out(canvas: CourseContent) -> None:
    assert (canvas.title, canvas.version, canvas.source) == ("Loaded Course", "1.3.0", "canvas")
    first, second = canvas.modules
    assert (first.title, first.published) == ("Example Course Module", True)
    assert (second.title, second.published) == ("Example, Locked Module", False)
    assert [(item.kind.value, item.title, item.indent, item.published) for item in first.items] == [
        ("assignment", "Group Assignment", 0, True),
        ("quiz", "Multiple Attempt Quiz", 0, True),
        ("file", "math_Simpson.jpg", 0, True),
        ("page", "Front Page", 0, True),
        ("heading", "Text Header Example", 0, True),
        ("discussion", "Graded Discussion", 2, True),
        ("link", "Google", 2, True),
        ("tool", "lorcrux", 1, True),
        ("discussion", "Threaded Discussion", 0, True),
        ("tool", "lor debug", 0, True),
        ("assignment", "unpublished assignment", 0, False),
        ("quiz", "Unpublished Quiz Example", 0, False),
        ("discussion", "unpublished discussion", 0, False),
        ("page", "Page hidden from Students", 0, False),
        ("assignment", "Due Date Assignment", 0, True),
    ]
    assert [item.title for item in second.items] == ["math_Simpson.jpg"]


def test_canvas_says_what_completes_an_item(canvas: CourseContent) -> None:
    required = {item.title: (item.requirement, item.requirement_points) for item in canvas.items() if item.requirement}
    assert len(required) == 6
    assert set(required) <= {item.title for item in canvas.modules[0].items}


def test_canvas_has_every_activity_once(canvas: CourseContent) -> None:
    contents = {(item.kind.value, item.content_id) for item in canvas.items()}
    counts = Counter(kind for kind, _ in contents)
    assert (counts["assignment"], counts["quiz"], counts["discussion"]) == (14, 17, 17)
    assert (counts["page"], counts["file"]) == (3, 2)  # The third page is the syllabus.
    assert [file.path for file in canvas.files] == [
        "web_resources/Example File.jpg",
        "web_resources/Example Folder/Example.doc",
    ]


def test_canvas_questions_are_of_all_kinds(canvas: CourseContent) -> None:
    kinds = Counter(question.kind for item in canvas.items() for question in item.questions)
    assert kinds == {
        QuestionKind.MULTIPLE_CHOICE: 63,
        QuestionKind.NUMERICAL: 52,  # 26 numerical ones and 26 formulas.
        QuestionKind.BLANKS: 29,
        QuestionKind.TRUE_FALSE: 16,
        QuestionKind.MULTIPLE_RESPONSE: 15,
        QuestionKind.MATCHING: 14,
        QuestionKind.TEXT: 10,
        QuestionKind.SHORT_ANSWER: 2,
        QuestionKind.ESSAY: 2,
        QuestionKind.UPLOAD: 1,
    }
    assert not [
        q
        for item in canvas.items()
        for q in item.questions
        if q.marked_by_hand and q.kind.value not in ("essay", "upload")
    ]


def test_canvas_settings_arrive(canvas: CourseContent) -> None:
    found = {item.title: item for item in canvas.items()}
    due = found["Due Date Assignment"].due_at
    assert due is not None
    assert due.isoformat() == "2020-12-26T06:59:59+00:00"
    assert found["Group Assignment"].points == 30
    assert found["Not Graded Assignment"].points is None
    assert found["Practice Quiz Example"].points is None
    assert found["Graded Discussion"].points == 30
    assert (found["Multiple Attempt Quiz"].attempts, found["Time Limit Quiz Example"].attempts) == (None, 1)
    assert found["Time Limit Quiz Example"].minutes == 20
    assert found["Shuffled Answers Quiz Example"].shuffle
    assert found["Due Date Assignment"].group == "New Assignment Group"
    assert found["Front Page"].body.startswith('<p style="text-align: center;">')


def test_canvas_outcomes_and_rubrics(canvas: CourseContent) -> None:
    (outcome,) = canvas.outcomes
    assert (outcome.title, outcome.group, outcome.mastery_points) == ("Example Outcome", ("Example Outcome Group",), 4)
    assert [rating.points for rating in outcome.ratings] == [5, 4, 3, 0]
    (rubric,) = canvas.rubrics
    assert [(row.description, row.outcome_id) for row in rubric.criteria] == [
        ("Example Rubric Criteria", None),
        ("Example Outcome", outcome.identifier),
    ]


def test_canvas_lists_what_is_left_out(canvas: CourseContent) -> None:
    reasons = " | ".join(note.reason for note in canvas.notes)
    for words in (
        "the prerequisite “Example Course Module”",
        "calendar",
        "announcement",
        "grading schemes",
    ):
        assert words in reasons
    assert sum("is a bank of" in note.reason for note in canvas.notes) == 16
    assert not [note for note in canvas.notes if "does not have" in note.reason]
