"""Moodle XML: each kind of question, categories, and what is listed."""

from decimal import Decimal

import pytest

from lti_tool.checks import scoring
from lti_tool.checks.questions import Partial, Question, QuestionKind
from lti_tool.checks.reading import Entry, Format, Reading, Why, read
from tests.checks.question_files import moodle, moodle_answer, moodle_category, moodle_question

KIND = QuestionKind


def reading(*questions: str) -> Reading:
    return read("questions.xml", moodle(*questions).encode())


def entry(kind: str, inner: str, **more: str) -> Entry:
    (found,) = reading(moodle_question(kind, inner, **more)).entries
    return found


def question(kind: str, inner: str, **more: str) -> Question:
    found = entry(kind, inner, **more)
    assert found.question is not None, found
    return found.question


def test_one_of_several_with_feedback_and_hints() -> None:
    found = question(
        "multichoice",
        "<single>true</single><shuffleanswers>0</shuffleanswers>"
        "<generalfeedback><text>In general</text></generalfeedback><correctfeedback><text>Yes</text></correctfeedback>"
        "<incorrectfeedback><text>No</text></incorrectfeedback><hint><text>Think</text></hint><hint><text></text></hint>"
        + moodle_answer("Two", "100", "Quite")
        + moodle_answer("Three", "50")
        + moodle_answer("Four", "-33.33333"),
        grade="2.0000000",
    )
    assert (found.kind, found.points, found.partial, found.shuffled) == (KIND.CHOICE, 2, Partial.WEIGHTS, False)
    assert [(one.share, one.feedback) for one in found.choices] == [
        (1, "Quite"),
        (Decimal("0.5"), ""),
        (Decimal("-0.3333"), ""),
    ]
    assert (found.feedback, found.feedback_right, found.feedback_wrong, found.hints) == (
        "In general",
        "Yes",
        "No",
        ("Think",),
    )


def test_any_of_several() -> None:
    answers = (
        moodle_answer("a", "33.33333")
        + moodle_answer("b", "33.33333")
        + moodle_answer("c", "33.33334")
        + moodle_answer("d", "-100")
    )
    found = question("multichoice", "<single>false</single>" + answers)
    assert (found.kind, found.partial) == (KIND.RESPONSE, Partial.WEIGHTS)
    right = [one.id for one in found.choices if one.share > 0]
    assert scoring.score(found, right).share == 1
    assert scoring.score(found, [*right, found.choices[-1].id]).share == 0


def test_true_or_false() -> None:
    found = question("truefalse", moodle_answer("true", "0") + moodle_answer("false", "100", "Indeed"))
    assert [(one.html, one.share) for one in found.choices] == [("True", 0), ("False", 1)]
    assert not found.shuffled


def test_short_answers_with_stars_and_case() -> None:
    answers = moodle_answer("Col*r", "100") + moodle_answer("2\\*3", "50") + moodle_answer("*", "0", "Look again")
    found = question("shortanswer", "<usecase>1</usecase>" + answers)
    assert (found.kind, found.case_sensitive, found.partial) == (KIND.TEXT, True, Partial.WEIGHTS)
    assert scoring.score(found, "Colour").share == 1
    assert scoring.score(found, "2*3").share == Decimal("0.5")
    assert scoring.score(found, "colour").feedback == "Look again"


def test_numbers_with_tolerance_and_units() -> None:
    answers = moodle_answer("3,14", "100", more="<tolerance>0.01</tolerance>") + moodle_answer("*", "0", "Far off")
    units = "<units><unit><multiplier>1</multiplier><unit_name>cm</unit_name></unit></units>"
    found = entry("numerical", answers + units)
    assert found.question is not None
    assert [(one.low, one.high) for one in found.question.ranges] == [(Decimal("3.13"), Decimal("3.15"))]
    assert found.question.feedback_wrong == "Far off"
    assert [note.why for note in found.remarks] == [Why.UNITS]


@pytest.mark.parametrize("kind", ["matching", "ddmatch"])
def test_matching(kind: str) -> None:
    pairs = "".join(
        f'<subquestion format="html"><text><![CDATA[{words}]]></text><answer><text>{answer}</text></answer></subquestion>'
        for words, answer in (("gato", "cat"), ("perro", "dog"), ("", "fish"), ("can", "dog"))
    )
    found = question(kind, pairs)
    assert [(row.html, row.answer) for row in found.rows] == [("gato", "c1"), ("perro", "c2"), ("can", "c2")]
    assert [one.html for one in found.choices] == ["cat", "dog", "fish"]


def test_ordering() -> None:
    answers = moodle_answer("second", "2.0") + moodle_answer("first", "1.0") + moodle_answer("third", "3.0")
    found = entry(
        "ordering",
        answers
        + "<selecttype>RANDOM</selecttype><selectcount>2</selectcount><gradingtype>ALL_OR_NOTHING</gradingtype>",
    )
    assert found.question is not None
    assert [one.html for one in found.question.choices] == ["first", "second", "third"]
    assert found.question.partial is Partial.NONE
    assert [note.why for note in found.remarks] == [Why.SUBSET]


def test_embedded_answers() -> None:
    words = (
        "<p>The {1:MULTICHOICE:=cat#Yes~dog~%50%kitten} sat on {2:SHORTANSWER:=a mat~%50%the *#Nearly~=a \\} mat} at "
        "{1:NUMERICAL:=4:0.5~%50%5:0.1} [[x]].</p>"
    )
    found = entry("cloze", "", words=words)
    assert found.question is not None
    assert found.question.prompt.startswith("<p>The [[g1]] sat on [[g2]] at [[g3]] [")
    first, second, third = found.question.rows
    assert ([one.html for one in first.choices], first.answer, first.choices[0].feedback) == (
        ["cat", "dog", "kitten"],
        "g1c1",
        "Yes",
    )
    assert [(one.text, one.share, one.pattern) for one in second.accepted] == [
        ("a mat", 1, False),
        ("the *", Decimal("0.5"), True),
        ("a } mat", 1, False),
    ]
    assert [(one.low, one.high, one.share) for one in third.ranges] == [
        (Decimal("3.5"), Decimal("4.5"), 1),
        (Decimal("4.9"), Decimal("5.1"), Decimal("0.5")),
    ]
    assert found.question.partial is Partial.WEIGHTS
    assert [note.why for note in found.remarks] == [Why.WEIGHTS]


def test_embedded_answers_are_worth_their_weights_unless_the_file_says_more() -> None:
    words = "{1:SA:=a} {2:SA:=b}"
    text = moodle_question("cloze", "", words=words).replace("<defaultgrade>1</defaultgrade>", "")
    (found,) = reading(text).entries
    assert found.question is not None
    assert found.question.points == 3
    assert question("cloze", "", words=words, grade="5").points == 5


def test_embedded_answers_that_end_nowhere_are_listed() -> None:
    found = entry("cloze", "", words="The {1:SA:=cat")
    assert found.left_out is not None
    assert found.left_out.why is Why.NOT_READABLE


@pytest.mark.parametrize(("kind", "tag"), [("gapselect", "selectoption"), ("ddwtos", "dragbox")])
def test_words_into_gaps(kind: str, tag: str) -> None:
    options = "".join(
        f"<{tag}><text>{words}</text><group>{group}</group></{tag}>"
        for words, group in (("cat", 1), ("sat", 2), ("dog", 1), ("ran", 2))
    )
    found = question(kind, options, words="<p>The [[1]] [[4]].</p>")
    assert found.prompt == "<p>The [[g1]] [[g2]].</p>"
    assert [[one.html for one in row.choices] for row in found.rows] == [["cat", "dog"], ["sat", "ran"]]
    assert [row.answer for row in found.rows] == ["g1c1", "g2c2"]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("essay", Why.NEEDS_A_PERSON),
        ("description", Why.NO_QUESTION),
        ("random", Why.RANDOM),
        ("calculated", Why.COMPUTED),
        ("calculatedmulti", Why.COMPUTED),
        ("ddmarker", Why.PICTURE_IS_THE_QUESTION),
        ("coderunner", Why.UNKNOWN_KIND),
        ("multichoice", Why.TOO_FEW_CHOICES),
        ("shortanswer", Why.NO_RIGHT_ANSWER),
        ("numerical", Why.NO_RIGHT_ANSWER),
        ("truefalse", Why.NO_RIGHT_ANSWER),
        ("matching", Why.TOO_FEW_CHOICES),
        ("ordering", Why.TOO_FEW_CHOICES),
        ("cloze", Why.NO_QUESTION),
    ],
)
def test_what_is_listed(kind: str, why: Why) -> None:
    found = entry(kind, "")
    assert found.left_out is not None
    assert found.left_out.why is why
    assert found.title == "A question"


def test_categories_are_banks_and_names_may_come_twice() -> None:
    true = moodle_answer("true", "100") + moodle_answer("false", "0")
    found = reading(
        moodle_question("truefalse", true, name="Loose"),
        moodle_category("$course$/top/Maths/Fractions 1//2"),
        moodle_question("truefalse", true, name="Same"),
        moodle_question("truefalse", true, name="Same"),
        moodle_category("$course$/top/Maths"),
        moodle_question("truefalse", true + "<idnumber>N7</idnumber>", name="Other"),
        moodle_category("$course$/top/Maths/Fractions 1//2"),
        moodle_question("truefalse", true, name="Last"),
    )
    assert found.format is Format.MOODLE
    assert [(bank.title, [one.identifier for one in bank.entries]) for bank in found.banks] == [
        ("", ["truefalse:Loose"]),
        ("Fractions 1/2", ["truefalse:Same", "truefalse:Same#2", "truefalse:Last"]),
        ("Maths", ["idnumber:N7"]),
    ]
    assert found.quizzes == ()


def test_files_that_are_no_pictures_are_left_out_and_said_to_be() -> None:
    true = moodle_answer("true", "100") + moodle_answer("false", "0")
    words = '<p>See <img src="@@PLUGINFILE@@/a.png" alt="A graph"></p>'
    text = moodle_question("truefalse", true, words=words).replace(
        "</questiontext>", '<file name="a.png" path="/" encoding="base64">bm8gcGljdHVyZQ==</file></questiontext>'
    )
    (found,) = reading(text).entries
    assert found.question is not None
    assert "[A graph]" in found.question.prompt
    assert [note.why for note in found.remarks] == [Why.PICTURES]
