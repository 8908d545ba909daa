"""QTI 1.2: Common Cartridge's profile, Canvas's own kinds, plain QTI, and what its rules of points mean."""

from decimal import Decimal

import pytest

from lti_tool.checks import scoring
from lti_tool.checks.questions import Partial, Question, QuestionKind
from lti_tool.checks.reading import Entry, Format, Reading, Why, read
from tests.checks.question_files import equals, gives, labels, qti1, qti1_item, said, zipped

KIND = QuestionKind
ABC = (("a", "One"), ("b", "Two"), ("c", "Three"))


def reading(*items: str, section: str = "") -> Reading:
    return read("quiz.xml", qti1("".join(items), section=section).encode())


def entry(*items: str) -> Entry:
    (found,) = reading(*items).entries
    return found


def question(*items: str) -> Question:
    found = entry(*items)
    assert found.question is not None, found
    return found.question


def test_choice_with_feedback_of_its_own() -> None:
    item = qti1_item(
        said("Which?") + labels(*ABC),
        gives("<other/>", "0", goes_on="Yes", feedback="general_fb").replace(
            '<setvar action="Set" varname="SCORE">0</setvar>', ""
        )
        + gives(equals("b"), feedback="b_fb"),
        profile="cc.multiple_choice.v0p1",
    ).replace(
        "</item>",
        f'<itemfeedback ident="general_fb"><flow_mat>{said("Think.")}</flow_mat></itemfeedback>'
        f'<itemfeedback ident="b_fb"><flow_mat>{said("Just so.")}</flow_mat></itemfeedback></item>',
    )
    found = question(item)
    assert (found.kind, found.prompt, found.partial) == (KIND.CHOICE, "Which?", Partial.NONE)
    assert [(one.html, one.share, one.feedback) for one in found.choices] == [
        ("One", 0, ""),
        ("Two", 1, "Just so."),
        ("Three", 0, ""),
    ]
    assert found.feedback == "Think."
    assert round(found.guess, 3) == 0.333


def test_choices_that_are_worth_a_part() -> None:
    found = question(qti1_item(said("?") + labels(*ABC), gives(equals("a"), "4") + gives(equals("c"), "1")))
    assert [one.share for one in found.choices] == [1, 0, Decimal("0.25")]
    assert found.partial is Partial.WEIGHTS


def test_several_right_ones_all_or_nothing_in_common_cartridge_and_in_part_in_canvas() -> None:
    both = f"<and>{equals('a')}{equals('c')}<not>{equals('b')}</not></and>"
    presentation = said("?") + labels(*ABC, several=True)
    cartridge = question(qti1_item(presentation, gives(both), profile="cc.multiple_response.v0p1"))
    assert (cartridge.kind, cartridge.partial) == (KIND.RESPONSE, Partial.NONE)
    assert [one.share for one in cartridge.choices] == [1, 0, 1]
    package = zipped(
        {
            "course_settings/canvas_export.txt": "x",
            "non_cc_assessments/q.xml.qti": qti1(
                qti1_item(presentation, gives(both), kind="multiple_answers_question")
            ),
        }
    )
    canvas = read("export.imscc", package).entries[0].question
    assert canvas is not None
    assert canvas.partial is Partial.SHARE
    ids = [one.id for one in canvas.choices]
    assert scoring.score(canvas, ids[:1]).share == Decimal("0.5")


def test_quizzes_that_canvas_exports_alone_are_canvas_s_too() -> None:
    both = f"<and>{equals('a')}{equals('c')}<not>{equals('b')}</not></and>"
    item = qti1_item(said("?") + labels(*ABC, several=True), gives(both), kind="multiple_answers_question")
    meta = '<quiz identifier="quiz1" xmlns="http://canvas.instructure.com/xsd/cccv1p0"><title>Mine</title></quiz>'
    found = read("quiz-export.zip", zipped({"quiz1/quiz1.xml": qti1(item), "quiz1/assessment_meta.xml": meta}))
    assert found.format is Format.CANVAS
    assert [quiz.title for quiz in found.quizzes] == ["Mine"]
    asked = found.entries[0].question
    assert asked is not None
    assert asked.partial is Partial.SHARE


def test_a_quiz_names_single_questions_of_banks() -> None:
    def item(ident: str) -> str:
        return qti1_item(said(ident) + labels(*ABC), gives(equals("a")), ident=ident, kind="multiple_choice_question")

    asked = "".join(f'<bankentry_item sourcebank_ref="bank1" item_ref="{name}"/>' for name in ("b2", "b0", "gone"))
    bank = "".join(item(f"b{n}") for n in range(3))
    package = {
        "non_cc_assessments/quiz1.xml.qti": qti1(item("own") + asked),
        "non_cc_assessments/bank1.xml.qti": f'<questestinterop><objectbank ident="bank1">{bank}</objectbank></questestinterop>',
    }
    (quiz,) = read("export.imscc", zipped(package)).quizzes
    assert [entry for _, entry in quiz.asks] == ["own", "b2", "b0"]
    assert (quiz.count, [(note.why, note.what) for note in quiz.remarks]) == (None, [(Why.DRAWS_FROM, "gone")])
    del package["non_cc_assessments/bank1.xml.qti"]
    (quiz,) = read("export.imscc", zipped(package)).quizzes
    assert {note.why for note in quiz.remarks} == {Why.DRAWS_FROM}


def test_points_that_add_up() -> None:
    rules = (
        gives(equals("a"), "60", action="Add")
        + gives(equals("c"), "40", action="Add")
        + gives(equals("b"), "-40", action="Add")
    )
    rules = rules.replace(' continue="No"', "")
    found = question(qti1_item(said("?") + labels(*ABC, several=True), rules))
    assert [one.share for one in found.choices] == [Decimal("0.6"), Decimal("-0.4"), Decimal("0.4")]
    assert found.partial is Partial.WEIGHTS


def test_typed_texts_and_parts_of_them() -> None:
    field = '<response_str ident="r"><render_fib><response_label ident="x"/></render_fib></response_str>'
    rules = gives(f"<or>{equals('Paris')}{equals('paris, france')}</or>") + gives(
        '<varsubstring respident="r">par*</varsubstring>'
    )
    found = question(qti1_item(said("Capital?") + field, rules, profile="cc.pattern_match.v0p1"))
    assert [(one.text, one.pattern) for one in found.accepted] == [
        ("Paris", False),
        ("paris, france", False),
        ("*par\\**", True),
    ]
    assert not found.case_sensitive


def test_numbers_with_a_band_and_one_exactly() -> None:
    field = (
        '<response_str ident="r"><render_fib fibtype="Decimal"><response_label ident="x"/></render_fib></response_str>'
    )
    band = '<or>{}<and><vargte respident="r">3.9</vargte><varlte respident="r">4.1</varlte></and></or>'.format(
        equals("4")
    )
    found = question(qti1_item(said("2+2") + field, gives(band) + gives(equals("7")), kind="numerical_question"))
    assert [(one.low, one.high) for one in found.ranges] == [(Decimal("3.9"), Decimal("4.1")), (7, 7)]


def test_matching_keeps_distractors_once() -> None:
    rows = "".join(
        labels(("1", "cat"), ("2", "dog"), ("3", "fish"), ident=ident, before=said(words))
        for ident, words in (("x", "gato"), ("y", "perro"))
    )
    rules = gives(equals("1", "x"), "50", action="Add") + gives(equals("2", "y"), "50", action="Add")
    found = question(qti1_item(said("Match") + rows, rules, kind="matching_question"))
    assert [(row.html, row.answer) for row in found.rows] == [("gato", "c1"), ("perro", "c2")]
    assert [one.html for one in found.choices] == ["cat", "dog", "fish"]
    assert found.partial is Partial.SHARE


def test_gaps_stand_where_they_stood() -> None:
    rows = labels(
        ("1", "is"), ("2", "are"), ident="response_verb", before="<material><mattext>verb</mattext></material>"
    )
    found = question(
        qti1_item(
            said("Two and two [verb] four [[c1]].") + rows,
            gives(equals("1", "response_verb")),
            kind="multiple_dropdowns_question",
        )
    )
    assert found.prompt.startswith("Two and two [[g1]] four [")
    assert "[[c1]]" not in found.prompt
    assert found.rows[0].answer == "g1c1"


def test_a_formula_gets_its_first_numbers_and_says_so() -> None:
    field = (
        '<response_str ident="r"><render_fib fibtype="Decimal"><response_label ident="x"/></render_fib></response_str>'
    )
    sets = (
        "<itemproc_extension><calculated><answer_tolerance>10%</answer_tolerance><var_sets>"
        '<var_set ident="1"><var name="x">4</var><answer>20</answer></var_set></var_sets></calculated>'
        "</itemproc_extension></item>"
    )
    item = qti1_item(said("5 times [x]?") + field, gives("<other/>"), kind="calculated_question").replace(
        "</item>", sets
    )
    found = entry(item)
    assert found.question is not None
    assert found.question.prompt == "5 times 4?"
    assert [(one.low, one.high) for one in found.question.ranges] == [(18, 22)]
    assert [note.why for note in found.remarks] == [Why.FIRST_NUMBERS]


def test_what_cannot_be_marked_is_listed_with_the_reason() -> None:
    field = '<response_str ident="r"><render_fib><response_label ident="x"/></render_fib></response_str>'
    found = reading(
        qti1_item(said("Why?") + field, "", ident="1", kind="essay_question"),
        qti1_item(said("Read this."), "", ident="2", kind="text_only_question"),
        qti1_item(said("?") + labels(*ABC), "", ident="3", kind="multiple_choice_question"),
        qti1_item(said("?") + "<response_xy ident='r'/>", "", ident="4"),
        qti1_item(said("?") + labels(*ABC[:1]), gives(equals("a")), ident="5", kind="multiple_choice_question"),
        qti1_item(said("?") + labels(*ABC), gives(equals("a")), ident="5", kind="multiple_choice_question"),
    )
    assert [one.left_out.why for one in found.listed if one.left_out] == [
        Why.NEEDS_A_PERSON,
        Why.NO_QUESTION,
        Why.NO_RIGHT_ANSWER,
        Why.PICTURE_IS_THE_QUESTION,
        Why.TOO_FEW_CHOICES,
        Why.TWICE,
    ]
    assert len(found.quizzes[0].asks) == 6


def test_sections_that_draw() -> None:
    some = "".join(qti1_item(said(f"{n}?") + labels(*ABC), gives(equals("a")), ident=str(n)) for n in range(4))
    draw = "<selection_ordering><selection><selection_number>2</selection_number></selection></selection_ordering>"
    (quiz,) = reading(some, section=draw).quizzes
    assert (quiz.count, [note.why for note in quiz.remarks]) == (2, [Why.DRAWS])


def test_a_quiz_that_draws_from_a_bank_asks_its_questions() -> None:
    item = qti1_item(said("1?") + labels(*ABC), gives(equals("a")), ident="own", kind="multiple_choice_question")
    bank = "".join(
        qti1_item(said(f"{n}?") + labels(*ABC), gives(equals("b")), ident=f"b{n}", kind="multiple_choice_question")
        for n in range(3)
    )
    group = (
        '<section ident="g"><selection_ordering><selection><sourcebank_ref>bank1</sourcebank_ref>'
        "<selection_number>2</selection_number></selection></selection_ordering></section>"
    )
    package = {
        "course_settings/canvas_export.txt": "x",
        "non_cc_assessments/quiz1.xml.qti": qti1(item + group),
        "non_cc_assessments/bank1.xml.qti": '<questestinterop><objectbank ident="bank1"><qtimetadata><qtimetadatafield>'
        f"<fieldlabel>bank_title</fieldlabel><fieldentry>Fractions</fieldentry></qtimetadatafield></qtimetadata>{bank}"
        "</objectbank></questestinterop>",
        "quiz1/assessment_qti.xml": qti1(item),
    }
    found = read("export.imscc", zipped(package))
    assert found.format is Format.CANVAS
    assert [(bank.title, bank.own, len(bank.entries)) for bank in found.banks] == [
        ("Quiz", True, 1),
        ("Fractions", False, 3),
    ]
    (quiz,) = found.quizzes
    assert quiz.asks == (("quiz1", "own"), ("bank1", "b0"), ("bank1", "b1"), ("bank1", "b2"))
    assert quiz.count == 3
    del package["non_cc_assessments/bank1.xml.qti"]
    (quiz,) = read("export.imscc", zipped(package)).quizzes
    assert [note.why for note in quiz.remarks] == [Why.DRAWS_FROM]


@pytest.mark.parametrize("kind", ["survey", "graded_survey"])
def test_a_survey_of_canvas_is_said_to_be_one(kind: str) -> None:
    asked = qti1_item(said("How was it?") + labels(*ABC), gives(equals("a")), kind="multiple_choice_question")
    group = (
        '<section ident="g"><selection_ordering><selection><sourcebank_ref>bank1</sourcebank_ref>'
        "</selection></selection_ordering></section>"
    )
    found = read(
        "export.imscc",
        zipped(
            {
                "course_settings/canvas_export.txt": "x",
                "non_cc_assessments/quiz1.xml.qti": qti1(asked + group),
                "quiz1/assessment_meta.xml": f'<quiz identifier="quiz1"><title>Exit</title><quiz_type>{kind}</quiz_type></quiz>',
            }
        ),
    )
    # Canvas names a right choice for each question of a survey, as of any quiz, and means nothing by it.
    assert found.converted == 1
    (quiz,) = found.quizzes
    assert quiz.title == "Exit"
    assert Why.WAS_SURVEY in [note.why for note in quiz.remarks]


def test_html_is_made_safe_and_says_what_was_left_out() -> None:
    bad = (
        "&lt;p onclick=&quot;x()&quot;&gt;Hi&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=&quot;$IMS-CC-FILEBASE$/a.png&quot;"
        " alt=&quot;A cat&quot;&gt;&lt;iframe src=&quot;https://x&quot;&gt;&lt;/iframe&gt;&lt;a href=&quot;javascript:x&quot;&gt;"
        "go&lt;/a&gt; &lt;img class=&quot;equation_image&quot; data-equation-content=&quot;\\frac{1}{2}&quot;&gt;&lt;/p&gt;"
    )
    found = entry(qti1_item(said(bad) + labels(*ABC), gives(equals("a"))))
    assert found.question is not None
    assert "[A cat]" in found.question.prompt
    assert "<code>\\frac{1}{2}</code>" in found.question.prompt
    for word in ("onclick", "script", "iframe", "img", "javascript", "style"):
        assert word not in found.question.prompt
    assert {note.why for note in found.remarks} == {Why.PICTURES, Why.MEDIA, Why.LINKS, Why.FORMULAS}
