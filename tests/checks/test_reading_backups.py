"""Moodle's backups as a source of questions: versions, categories, each kind, pictures, quizzes, and what would do harm."""

import base64
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.checks import scoring
from lti_tool.checks.questions import Partial, Question, QuestionKind
from lti_tool.checks.reading import Format, QuestionsTooLarge, Reading, UnknownQuestionFormat, Why, read
from lti_tool.checks.reading import backup as reading_backup
from lti_tool.checks.reading.pictures import ADDRESS
from lti_tool.errors import ToolError
from tests.checks.moodle_backups import (
    NOTHING,
    a_question,
    a_quiz,
    answers,
    backup,
    category,
    entry,
    files,
    named,
    slot,
    tarred,
    zipped_backup,
)
from tests.checks.question_files import moodle, moodle_category, moodle_question

KIND = QuestionKind
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
YES_NO = answers((1, "Verdadero", "1.0000000"), (2, "Falso", "0.0000000")) + (
    '<truefalse id="1"><trueanswer>1</trueanswer><falseanswer>2</falseanswer></truefalse>'
)


def true_or_false(question_id: int, **more: str) -> str:
    return a_question(question_id, "truefalse", YES_NO, **more)


def of(kind: str, own: str, *others: str, words: str = "&lt;p&gt;What?&lt;/p&gt;", more: str = "") -> Question:
    one = entry(1, (1, "ready", a_question(7, kind, own, words=words, more=more)))
    found = read("course.mbz", backup(category(1, "top", 0), category(2, "Bank", 1, one + "".join(others))))
    [made] = found.entries
    assert made.question is not None, made
    return made.question


def test_the_newest_version_that_is_ready_counts() -> None:
    ready = entry(
        1,
        (1, "ready", true_or_false(1, name="Old")),
        (3, "draft", true_or_false(3, name="Draft")),
        (2, "ready", true_or_false(2, name="New")),
    )
    gone = entry(2, (1, "hidden", true_or_false(4)))
    found = read("course.mbz", backup(category(1, "top", 0), category(2, "Bank", 1, ready + gone)))
    assert (found.format, found.title) == (Format.MOODLE_BACKUP, "Algebra")
    assert [one.title for one in found.entries] == ["New"]


@pytest.mark.parametrize("made", [backup, zipped_backup])
def test_a_backup_of_moodle_3_has_its_questions_in_the_category(made: object) -> None:
    inner = true_or_false(1, name="Here") + true_or_false(2, name="Deleted", more="<hidden>1</hidden>")
    found = read("course.mbz", made(category(1, "top", 0, old=True), category(2, "A/B", 1, inner, old=True)))  # type: ignore[operator]
    assert [one.title for one in found.entries] == ["Here"]
    assert [one.title for one in found.banks] == ["A/B"]


def test_categories_and_questions_are_called_as_in_the_xml_format() -> None:
    one = entry(1, (1, "ready", a_question(1, "match", PAIRS, name="Pairs")))
    two = entry(2, (1, "ready", true_or_false(2)), idnumber="tf-2")
    three = category(1, "top", 0), category(2, "Unit 1", 1), category(3, "Lines", 2, one + two)
    found = read("course.mbz", backup(*three))
    xml = moodle(
        moodle_category("$course$/top/Unit 1/Lines"),
        moodle_question("matching", "", name="Pairs"),
        moodle_question("truefalse", "<idnumber>tf-2</idnumber>", name="x"),
    )
    [bank], [same] = found.banks, read("q.xml", xml.encode()).banks
    assert (bank.identifier, bank.title) == (same.identifier, same.title)
    assert [one.identifier for one in bank.entries] == [one.identifier for one in same.entries]


def a_pair(match_id: int, left: str, right: str) -> str:
    return (
        f'<match id="{match_id}"><questiontext>{left}</questiontext><questiontextformat>1</questiontextformat>'
        f"<answertext>{right}</answertext></match>"
    )


PAIRS = (
    "<matchoptions><shuffleanswers>0</shuffleanswers></matchoptions><matches>"
    + a_pair(1, "&lt;p&gt;Dog&lt;/p&gt;", "Mammal")
    + a_pair(2, "Frog", "A &lt; B")
    + a_pair(3, "", "Fish")
    + "</matches>"
)


def test_each_kind() -> None:
    found = of("truefalse", YES_NO)
    assert [(one.html, one.share) for one in found.choices] == [("True", 1), ("False", 0)]
    assert (found.points, found.feedback) == (2, "In general")

    own = answers((1, "Two", "1.0000000"), (2, "Three", "0.5000000"), (3, "Four", "-0.3333333"), feedback="Hm")
    own += "<multichoice><single>1</single><shuffleanswers>0</shuffleanswers><correctfeedback>Yes</correctfeedback></multichoice>"
    hint = '<question_hints><question_hint id="1"><hint>Think</hint><hintformat>1</hintformat></question_hint></question_hints>'
    found = of("multichoice", own, more=hint)
    assert (found.kind, found.partial, found.shuffled) == (KIND.CHOICE, Partial.WEIGHTS, False)
    assert [one.share for one in found.choices] == [1, Decimal("0.5"), Decimal("-0.3333")]
    assert (found.feedback_right, found.hints, found.choices[0].feedback) == ("Yes", ("Think",), "Hm")
    found = of("multichoice", own.replace("<single>1", "<single>0").replace("0.5000000", "0.0000000"))
    assert found.kind is KIND.RESPONSE

    found = of("shortanswer", answers((1, "Col*r", "1.0")) + "<shortanswer><usecase>1</usecase></shortanswer>")
    assert (found.kind, found.case_sensitive, scoring.score(found, "Colour").share) == (KIND.TEXT, True, 1)

    own = answers((4, "3.14", "1.0000000")) + (
        "<numerical_records><numerical_record><answer>4</answer><tolerance>0.01</tolerance></numerical_record></numerical_records>"
        f"<numerical_units></numerical_units><x>{NOTHING}</x>"
    )
    found = of("numerical", own)
    assert (found.kind, found.ranges[0].low, found.ranges[0].high) == (KIND.NUMBER, Decimal("3.13"), Decimal("3.15"))

    found = of("match", PAIRS)
    assert (found.kind, found.shuffled, len(found.rows), len(found.choices)) == (KIND.MATCH, False, 2, 3)
    assert "A &lt; B" in {one.html for one in found.choices}

    own = (
        answers((1, "Second", "2.0000000"), (2, "First", "1.0000000"))
        + "<ordering><gradingtype>0</gradingtype></ordering>"
    )
    found = of("ordering", own)
    assert (found.kind, [one.html for one in found.choices]) == (KIND.ORDER, ["First", "Second"])

    words = "A [[1]] and a [[2]]"
    found = of(
        "gapselect",
        answers((1, "cat", "0"), (2, "dog", "0")).replace("<feedback></feedback>", "<feedback>1</feedback>"),
        words=words,
    )
    assert (found.kind, len(found.rows)) == (KIND.GAPS, 2)
    php = 'O:8:"stdClass":2:{s:9:"draggroup";s:1:"2";s:8:"infinite";i:0;}'.replace('"', "&quot;")
    own = answers((1, "cat", "0"), (2, "dog", "0"))
    found = of("ddwtos", own.replace("<feedback></feedback>", f"<feedback>{php}</feedback>"), words="A [[1]]")
    assert found.kind is KIND.GAPS


def test_gaps_are_filled_in_from_the_questions_that_they_are() -> None:
    parts = [
        entry(n, (1, "ready", a_question(10 + n, kind, "", parent=7, words=words)))
        for n, (kind, words) in enumerate(
            (("shortanswer", "{1:SHORTANSWER:=Berlin}"), ("numerical", "{2:NM:=4:0.5}")), start=1
        )
    ]
    own = answers() + "<multianswer><question>7</question><sequence>11,12</sequence></multianswer>"
    found = of("multianswer", own, *parts, words="Capital {#1}, two and two {#2}, {#3}.")
    assert (found.kind, len(found.rows)) == (KIND.GAPS, 2)
    assert found.prompt == "Capital [[g1]], two and two [[g2]], {#3}."


def test_pictures_are_found_among_the_backups_files() -> None:
    words = "&lt;p&gt;&lt;img src=&quot;@@PLUGINFILE@@/a%20half.png&quot; alt=&quot;A half&quot;&gt;&lt;/p&gt;"
    digest = "ab" * 20
    listed = "".join(
        f"<file><contenthash>{one}</contenthash><component>question</component><filearea>{area}</filearea><itemid>{item}</itemid>"
        f"<filepath>/</filepath><filename>{name}</filename></file>"
        for one, area, item, name in (
            (digest, "questiontext", 7, "a half.png"),
            ("cd" * 20, "answer", 1, "missing.png"),
            ("ef" * 20, "answer", 1, "."),
        )
    )
    one = entry(1, (1, "ready", a_question(7, "truefalse", YES_NO, words=words)))
    data = backup(
        category(2, "Bank", 0, one),
        **{"files.xml": f"<files>{listed}</files>", f"files/ab/{digest}": PNG, "files/cd/x": PNG},
    )
    found = read("course.mbz", data)
    [picture] = found.pictures
    [made] = found.entries
    assert made.question is not None
    assert made.question.prompt == f'<p><img src="{ADDRESS}{picture.digest}" alt="A half"></p>'
    assert Why.PICTURES not in {note.why for note in made.remarks}


def quiz_of(reading: Reading) -> tuple[list[str], int | None]:
    [quiz] = reading.quizzes
    titles = {(bank.identifier, one.identifier): one.title for bank in reading.banks for one in bank.entries}
    return [titles[ask] for ask in quiz.asks], quiz.count


def a_bank(many: int = 4) -> str:
    return "".join(entry(n, (1, "ready", true_or_false(n))) for n in range(1, many + 1))


def test_a_quiz_asks_what_its_places_name() -> None:
    quiz = a_quiz("Lines", slot(2, named(1)), slot(1, named(3)), slot(3, named(99)), more="<password>x</password>")
    found = read("course.mbz", backup(category(2, "Bank", 0, a_bank()), quiz=quiz))
    assert quiz_of(found) == (["Question 3", "Question 1"], None)
    [made] = found.quizzes
    assert (made.identifier, made.title, made.attempts, made.minutes, made.shuffled) == (
        "quiz:10",
        "Lines",
        2,
        16,
        True,
    )
    assert [one.why for one in made.remarks] == [Why.LOCKED]


@pytest.mark.parametrize(
    "condition",
    [
        '{"questioncategoryid":"2","includingsubcategories":"1"}',
        '{"filter":{"category":{"jointype":1,"values":["2"],"filteroptions":{"includesubcategories":true}}}}',
    ],
)
def test_a_quiz_draws_from_categories(condition: str) -> None:
    quoted = condition.replace('"', "&quot;")
    drawn = f"<question_set_reference><filtercondition>{quoted}</filtercondition></question_set_reference>"
    below = entry(9, (1, "ready", true_or_false(9)))
    quiz = a_quiz("Lines", slot(1, drawn), slot(2, drawn), slot(3, drawn.replace("2&quot;", "77&quot;")))
    found = read("course.mbz", backup(category(2, "Bank", 0, a_bank()), category(3, "Below", 2, below), quiz=quiz))
    assert quiz_of(found) == (["Question 1", "Question 2", "Question 3", "Question 4", "Question 9"], 2)
    assert {one.why for one in found.quizzes[0].remarks} == {Why.DRAWS, Why.DRAWS_FROM}


def test_a_quiz_of_moodle_3_names_questions_and_places_for_random_ones() -> None:
    inner = "".join(true_or_false(n) for n in (1, 2, 3)) + a_question(
        8, "random", "", parent=8, words="0", name="Random"
    )
    quiz = a_quiz("Lines", slot(1, "<questionid>2</questionid>"), slot(2, "<questionid>8</questionid>"))
    found = read("course.mbz", backup(category(2, "Bank", 0, inner, old=True), quiz=quiz))
    assert quiz_of(found) == (["Question 2", "Question 1", "Question 3"], 2)
    assert [one.left_out.why for one in found.listed if one.left_out] == [Why.RANDOM]


def test_what_is_no_backup_or_has_no_questions_is_said_to_be_that() -> None:
    for data in (backup(), tarred({"readme.txt": "hello"}), zipped_backup(category(1, "top", 0))):
        with pytest.raises(UnknownQuestionFormat):
            read("course.mbz", data)


def test_what_would_take_all_memory_or_time_is_bounded() -> None:
    ring = category(1, "A", 2, entry(1, (1, "ready", true_or_false(1)))) + category(2, "B", 1)
    assert len(read("course.mbz", backup(ring)).entries) == 1
    deep = "".join(category(n, f"c{n}", n - 1) for n in range(1, 3000)) + category(3000, "x", 2999, a_bank())
    assert len(read("course.mbz", backup(deep)).entries) == 4
    part = entry(2, (1, "ready", a_question(8, "shortanswer", "", parent=7, words="{1:SA:=" + "x" * 150_000 + "}")))
    own = "<multianswer><question>7</question><sequence>8</sequence></multianswer>"
    whole = entry(1, (1, "ready", a_question(7, "multianswer", own, words="{#1}" * 50_000)))
    [made] = read("course.mbz", backup(category(2, "Bank", 0, whole + part))).entries
    assert made.left_out is not None
    with pytest.raises(QuestionsTooLarge):
        read("course.mbz", backup(category(2, "Bank", 0, a_bank(5001))))
    # A hundred quizzes may each draw from any of them and from all below it, and each is called by all those above it.
    with pytest.raises(QuestionsTooLarge):
        read("course.mbz", backup("".join(category(n, "c", 0) for n in range(5000)), category(5000, "x", 1, a_bank())))
    long = category(1, "c" * 5000, 0) + category(2, "x", 1, a_bank())
    assert read("course.mbz", backup(long)).banks[0].entries


def test_quizzes_that_draw_from_everything_in_every_place_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_backup, "MOST_DRAWN", 39)
    condition = '{"questioncategoryid": "2", "includingsubcategories": "0"}'
    draw = f"<question_set_reference><filtercondition>{condition}</filtercondition></question_set_reference>"
    drawing = [slot(number, draw) for number in range(10)]
    bank = category(2, "Bank", 0, a_bank())
    assert read("course.mbz", backup(bank, quiz=a_quiz("Some", *drawing[:9]))).quizzes
    with pytest.raises(QuestionsTooLarge):
        read("course.mbz", backup(bank, quiz=a_quiz("All", *drawing)))


PARTS = files(
    category(2, "Bank", 0, entry(1, (1, "ready", a_question(7, "match", PAIRS))) + a_bank(2)),
    quiz=a_quiz("Lines", slot(1, named(1)), slot(2, "<questionid>8</questionid>")),
)


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["questions.xml", "activities/quiz_10/quiz.xml"]))
def test_whatever_a_backup_says_is_read_or_refused(chance: Random, path: str) -> None:
    words = str(PARTS[path])
    for _ in range(chance.randrange(1, 5)):
        at, size = chance.randrange(len(words)), chance.randrange(1, 120)
        piece = chance.randrange(len(words))
        words = words[:at] + chance.choice(["", words[piece : piece + size]]) + words[at + chance.choice([0, size]) :]
    try:
        found = read("course.mbz", tarred({**PARTS, path: words}))
    except ToolError as error:
        assert error.code.startswith("questions-")  # noqa: PT017 - either comes of it.
    else:
        places = {(bank.identifier, one.identifier) for bank in found.banks for one in bank.entries}
        assert all(ask in places for quiz in found.quizzes for ask in quiz.asks)


def test_a_quiz_with_the_work_of_a_large_class_is_left_out_and_said_to_be() -> None:
    quiz = a_quiz("Lines", slot(1, named(1)), more=f"<attempts>{Random(1).randbytes(8_500_000).hex()}</attempts>")
    for made in (backup, zipped_backup):
        found = read("course.mbz", made(category(2, "Bank", 0, a_bank()), quiz=quiz))
        assert (len(found.entries), found.quizzes) == (4, ())
        assert [(note.why, note.what) for note in found.remarks] == [(Why.FILES, "activities/quiz_10/quiz.xml")]
