"""Questions of QTI 1.2: those that Common Cartridge profiles, and Canvas's own kinds."""

from typing import cast

import pytest

from lti_tool.cartridges import CourseContent, NumberRange, Question, QuestionKind, read_cartridge
from tests.cartridges.build import cartridge, choices, equal, item, question, quiz, resource, right, typed


def course(*questions: str, document: str | None = None) -> CourseContent:
    items = item("m", "M", inside=item("a", "A", "q"))
    resources = resource("q", "imsqti_xmlv1p2/imscc_xmlv1p2/assessment", "q.xml")
    return read_cartridge(cartridge(items, resources, {"q.xml": document or quiz(*questions)}))


def only(xml: str) -> Question:
    (found,) = course(xml).items()
    return cast(Question, found.questions[0])


@pytest.mark.parametrize("profile", ["cc.multiple_choice.v0p1", "multiple_choice_question"])
def test_multiple_choice(profile: str) -> None:
    found = only(question(profile, choices("one", "two"), right(equal("c2"))))
    assert (found.kind, found.prompt, found.points) == (QuestionKind.MULTIPLE_CHOICE, "<p>Asked</p>", 1)
    assert [(choice.html, choice.correct) for choice in found.choices] == [("one", False), ("two", True)]
    assert not found.marked_by_hand


@pytest.mark.parametrize("profile", ["cc.true_false.v0p1", "true_false_question"])
def test_true_or_false(profile: str) -> None:
    found = only(question(profile, choices("True", "False"), right(equal("c1"))))
    assert found.kind is QuestionKind.TRUE_FALSE
    assert [choice.correct for choice in found.choices] == [True, False]


@pytest.mark.parametrize("profile", ["cc.multiple_response.v0p1", "multiple_answers_question"])
def test_multiple_response_leaves_out_what_must_not_be_chosen(profile: str) -> None:
    condition = f"<and>{equal('c1')}{equal('c3')}<not>{equal('c2')}</not></and>"
    found = only(question(profile, choices("a", "b", "c", several=True), right(condition)))
    assert found.kind is QuestionKind.MULTIPLE_RESPONSE
    assert [choice.correct for choice in found.choices] == [True, False, True]


@pytest.mark.parametrize("profile", ["cc.fib.v0p1", "short_answer_question"])
def test_short_answers(profile: str) -> None:
    found = only(question(profile, typed(), right(equal("Paris") + equal("paris, france"))))
    assert (found.kind, found.accepted, found.case_sensitive) == (
        QuestionKind.SHORT_ANSWER,
        ("Paris", "paris, france"),
        False,
    )


def test_case_counts_where_it_is_said() -> None:
    assert only(question("cc.fib.v0p1", typed(), right(equal("pH", case="Yes")))).case_sensitive


def test_a_pattern_match_takes_a_part_of_the_answer() -> None:
    condition = '<varsubstring respident="r1" case="No">photo</varsubstring>'
    found = only(question("cc.pattern_match.v0p1", typed(), right(condition)))
    assert (found.kind, found.patterns) == (QuestionKind.SHORT_ANSWER, ("photo",))


@pytest.mark.parametrize("profile", ["cc.essay.v0p1", "essay_question"])
def test_essays_are_marked_by_hand(profile: str) -> None:
    found = only(question(profile, typed(), "<respcondition><conditionvar><other/></conditionvar></respcondition>"))
    assert (found.kind, found.marked_by_hand) == (QuestionKind.ESSAY, True)


def test_matching() -> None:
    rows = choices("x", "y", ident="r1", label="A") + choices("x", "y", ident="r2", label="B")
    processing = right(equal("c1", "r1"), "50", "Add") + right(equal("c2", "r2"), "50", "Add")
    found = only(question("matching_question", rows, processing))
    assert found.kind is QuestionKind.MATCHING
    assert [(blank.label, [c.correct for c in blank.choices]) for blank in found.blanks] == [
        ("A", [True, False]),
        ("B", [False, True]),
    ]


def test_numbers_exact_and_between() -> None:
    condition = (
        f"<or>{equal('4')}<and><vargte respident='r1'>3.5</vargte><varlte respident='r1'>4.5</varlte></and></or>"
    )
    found = only(question("numerical_question", typed(), right(condition)))
    assert (found.kind, found.ranges) == (QuestionKind.NUMERICAL, (NumberRange(4, 4), NumberRange(3.5, 4.5)))


def test_blanks_typed_and_chosen() -> None:
    gap = choices("Canvas", "canvas", ident="r1", label="name")
    found = only(question("fill_in_multiple_blanks_question", gap, right(equal("c1"))))
    assert (found.kind, found.blanks[0].accepted, found.blanks[0].choices) == (
        QuestionKind.BLANKS,
        ("Canvas", "canvas"),
        (),
    )
    found = only(question("multiple_dropdowns_question", gap, right(equal("c1"))))
    assert [choice.correct for choice in found.blanks[0].choices] == [True, False]


def test_a_formula_question_gets_its_first_set_of_numbers() -> None:
    extension = """<itemproc_extension><calculated><answer_tolerance>10%</answer_tolerance><var_sets>
<var_set ident="1"><var name="x">4</var><answer>10</answer></var_set>
<var_set ident="2"><var name="x">5</var><answer>11</answer></var_set></var_sets></calculated></itemproc_extension>"""
    xml = question("calculated_question", typed(), right("<other/>")).replace("Asked", "6 + [x]")
    content = course(xml.replace("</item>", extension + "</item>"))
    (found,) = content.items()
    assert found.questions[0].prompt == "<p>6 + 4</p>"
    assert found.questions[0].ranges == (NumberRange(9, 11),)
    assert any("formula" in note.reason for note in content.notes)


def test_words_and_uploads() -> None:
    text = only(question("text_only_question", "", "", points="0"))
    assert (text.kind, text.points, text.marked_by_hand) == (QuestionKind.TEXT, 0, False)
    upload = only(question("file_upload_question", "", ""))
    assert (upload.kind, upload.marked_by_hand) == (QuestionKind.UPLOAD, True)


def test_points_add_up() -> None:
    content = course(
        question("multiple_choice_question", choices("a"), right(equal("c1")), points="2.5"),
        question("multiple_choice_question", choices("a"), right(equal("c1")), points="0.5", identifier="i2"),
    )
    (found,) = content.items()
    assert found.points == 3


@pytest.mark.parametrize(
    ("presentation", "kind"),
    [
        (choices("a", "b"), QuestionKind.MULTIPLE_CHOICE),
        (choices("a", "b", several=True), QuestionKind.MULTIPLE_RESPONSE),
        (choices("a", ident="r1") + choices("a", ident="r2"), QuestionKind.MATCHING),
        (typed(), QuestionKind.ESSAY),
        (typed("r1") + typed("r2"), QuestionKind.BLANKS),
        ("", QuestionKind.TEXT),
    ],
)
def test_an_unknown_kind_is_told_by_its_parts_and_noted(presentation: str, kind: QuestionKind) -> None:
    content = course(question("hot_spot_question", presentation, ""))
    (found,) = content.items()
    assert found.questions[0].kind is kind
    assert any("hot_spot_question" in note.reason for note in content.notes)


def test_a_question_without_a_right_answer_waits_for_a_person() -> None:
    content = course(question("multiple_choice_question", choices("a", "b"), ""))
    (found,) = content.items()
    assert found.questions[0].marked_by_hand
    assert any("no right answer" in note.reason for note in content.notes)


def test_feedback() -> None:
    words = "".join(
        f'<itemfeedback ident="{ident}"><material>'
        f'<mattext texttype="text/html">&lt;b&gt;{said}&lt;/b&gt;</mattext></material></itemfeedback>'
        for ident, said in (("correct_fb", "yes"), ("general_incorrect_fb", "no"), ("general_fb", "both"))
    )
    xml = question("true_false_question", choices("True", "False"), right(equal("c1"))).replace(
        "</item>", words + "</item>"
    )
    found = only(xml)
    assert (found.feedback_right, found.feedback_wrong, found.feedback) == ("<b>yes</b>", "<b>no</b>", "<b>both</b>")


def test_a_section_that_draws_takes_its_first_questions_and_says_so() -> None:
    selection = """<selection_ordering><selection><selection_number>1</selection_number><selection_extension>
<points_per_item>5</points_per_item></selection_extension></selection></selection_ordering>"""
    parts = "".join(
        question("multiple_choice_question", choices("a"), right(equal("c1")), identifier=f"i{n}") for n in range(3)
    )
    content = course(f'<section ident="group">{selection}{parts}</section>')
    (found,) = content.items()
    assert [q.identifier for q in found.questions] == ["i0"]
    assert found.points == 5
    assert any("draws 1 of 3" in note.reason for note in content.notes)


def test_a_section_may_draw_from_a_bank() -> None:
    selection = (
        "<selection_ordering><selection><sourcebank_ref>bank</sourcebank_ref>"
        "<selection_number>2</selection_number></selection></selection_ordering>"
    )
    bank = "".join(
        question("cc.true_false.v0p1", choices("True"), right(equal("c1")), identifier=f"b{n}") for n in range(3)
    )
    items = item("m", "M", inside=item("a", "A", "q"))
    resources = resource("q", "imsqti_xmlv1p2/imscc_xmlv1p3/assessment", "q.xml") + resource(
        "bank", "imsqti_xmlv1p2/imscc_xmlv1p3/question-bank", "bank.xml"
    )
    files = {
        "q.xml": quiz(f'<section ident="s">{selection}</section>'),
        "bank.xml": f'<questestinterop xmlns="x"><objectbank ident="bank">{bank}</objectbank></questestinterop>',
    }
    content = read_cartridge(cartridge(items, resources, files, "1.3"))
    (found,) = content.items()
    assert [q.identifier for q in found.questions] == ["b0", "b1"]
    assert any("bank of 3 questions" in note.reason for note in content.notes)


def test_a_section_that_draws_from_a_missing_bank_says_so() -> None:
    selection = "<selection_ordering><selection><sourcebank_ref>gone</sourcebank_ref></selection></selection_ordering>"
    content = course(f'<section ident="s">{selection}</section>')
    assert any("bank gone" in note.reason for note in content.notes)
