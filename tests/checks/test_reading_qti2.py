"""QTI 3.0 and 2.x: items of each interaction, tests, packages."""

import re
from decimal import Decimal

import pytest

from lti_tool.checks.questions import Partial, Question, QuestionKind
from lti_tool.checks.reading import Entry, Format, Quiz, Why, read
from tests.checks.question_files import qti3_item, response, simple, zipped

KIND = QuestionKind
ABC = (("A", "One"), ("B", "Two"), ("C", "<b>Three</b>"))


def entry(item: str) -> Entry:
    (found,) = read("item.xml", item.encode()).entries
    return found


def question(item: str) -> Question:
    found = entry(item)
    assert found.question is not None, found
    return found.question


def choices(*pairs: tuple[str, str], most: int = 1, prompt: str = "Which?") -> str:
    return (
        f'<qti-choice-interaction response-identifier="R" shuffle="true" max-choices="{most}">'
        f"<qti-prompt>{prompt}</qti-prompt>{simple(*pairs)}</qti-choice-interaction>"
    )


def test_choice() -> None:
    found = question(qti3_item(response("C"), "<p>Look.</p>" + choices(*ABC)))
    assert (found.kind, found.shuffled, found.partial) == (KIND.CHOICE, True, Partial.NONE)
    assert found.prompt == "<p>Look.</p><div>Which?</div>"
    assert [(one.html, one.share) for one in found.choices] == [("One", 0), ("Two", 0), ("<b>Three</b>", 1)]


def test_several_with_a_mapping() -> None:
    declaration = response("A|C", cardinality="multiple", mapping="A=1|C=0.5|B=-1")
    found = question(qti3_item(declaration, choices(*ABC, most=0), "map_response"))
    assert (found.kind, found.partial, found.points) == (KIND.RESPONSE, Partial.WEIGHTS, Decimal("1.5"))
    assert [one.share for one in found.choices] == [Decimal("0.6667"), Decimal("-0.6667"), Decimal("0.3333")]


def test_several_all_or_nothing() -> None:
    found = question(qti3_item(response("A|C", cardinality="multiple"), choices(*ABC, most=0)))
    assert found.partial is Partial.NONE
    assert [one.share for one in found.choices] == [1, 0, 1]


def test_order() -> None:
    body = f'<qti-order-interaction response-identifier="R"><qti-prompt>Sort</qti-prompt>{simple(*ABC)}</qti-order-interaction>'
    found = question(qti3_item(response("B|A|C", cardinality="ordered"), body))
    assert found.kind is KIND.ORDER
    assert [one.html for one in found.choices] == ["Two", "One", "<b>Three</b>"]


def matches(declaration: str, processing: str = "match_correct") -> str:
    sets = "".join(
        f"<qti-simple-match-set>{simple(*some, tag='qti-simple-associable-choice')}</qti-simple-match-set>"
        for some in ((("x", "gato"), ("y", "perro")), (("1", "cat"), ("2", "dog"), ("3", "fish")))
    )
    return qti3_item(
        declaration,
        f'<qti-match-interaction response-identifier="R"><qti-prompt>Match</qti-prompt>{sets}</qti-match-interaction>',
        processing,
    )


def test_match() -> None:
    found = question(matches(response("x 1|y 2", cardinality="multiple", base="directedPair")))
    assert [(row.html, row.answer) for row in found.rows] == [("gato", "c1"), ("perro", "c2")]
    assert [one.html for one in found.choices] == ["cat", "dog", "fish"]
    assert found.partial is Partial.NONE
    mapped = response("x 1|y 2", cardinality="multiple", base="directedPair", mapping="x 1=1|y 2=1")
    found = question(matches(mapped, "map_response"))
    assert (found.partial, found.points) == (Partial.SHARE, 2)
    several = entry(matches(response("x 1|x 2|y 1", cardinality="multiple", base="directedPair")))
    assert several.left_out is not None
    assert several.left_out.why is Why.SCORING


def test_associate_becomes_matching() -> None:
    words = simple(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"), ("e", "E"), tag="qti-simple-associable-choice")
    body = f'<qti-associate-interaction response-identifier="R"><qti-prompt>Pair</qti-prompt>{words}</qti-associate-interaction>'
    found = entry(qti3_item(response("a c|d b", cardinality="multiple", base="pair"), body))
    assert found.question is not None
    assert [row.html for row in found.question.rows] == ["A", "D"]
    assert [one.html for one in found.question.choices] == ["B", "C", "E"]
    assert [note.why for note in found.remarks] == [Why.AS_MATCHING]


def test_typed_text_with_a_mapping() -> None:
    entry_field = '<p>The capital is <qti-text-entry-interaction response-identifier="R"/> today.</p>'
    found = question(
        qti3_item(response("Paris", base="string", mapping="Paris=2|Lutetia=1"), entry_field, "map_response")
    )
    assert found.kind is KIND.TEXT
    assert found.prompt == "<p>The capital is _____ today.</p>"
    assert [(one.text, one.share) for one in found.accepted] == [("Paris", 1), ("Lutetia", Decimal("0.5"))]
    assert (found.partial, found.points, found.case_sensitive) == (Partial.WEIGHTS, 2, True)


def test_numbers() -> None:
    field = '<p>2 + 2 = <qti-text-entry-interaction response-identifier="R"/></p>'
    found = question(qti3_item(response("4", base="integer"), field))
    assert (found.kind, [(one.low, one.high) for one in found.ranges]) == (KIND.NUMBER, [(4, 4)])
    rule = (
        '<qti-response-condition><qti-response-if><qti-equal tolerance-mode="relative" tolerance="10 5">'
        '<qti-variable identifier="R"/><qti-correct identifier="R"/></qti-equal><qti-set-outcome-value identifier="SCORE">'
        '<qti-base-value base-type="float">1</qti-base-value></qti-set-outcome-value></qti-response-if></qti-response-condition>'
    )
    found = question(qti3_item(response("200", base="float"), field, rule))
    assert [(one.low, one.high) for one in found.ranges] == [(180, 210)]
    rule = (
        "<qti-response-condition><qti-response-if><qti-and>"
        '<qti-gte><qti-variable identifier="R"/><qti-base-value base-type="float">3</qti-base-value></qti-gte>'
        '<qti-lte><qti-variable identifier="R"/><qti-base-value base-type="float">5</qti-base-value></qti-lte></qti-and>'
        '<qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">1</qti-base-value></qti-set-outcome-value>'
        "</qti-response-if></qti-response-condition>"
    )
    found = question(qti3_item(response("", base="float"), field, rule))
    assert [(one.low, one.high) for one in found.ranges] == [(3, 5)]


def test_lists_and_fields_in_a_text() -> None:
    inline = (
        '<p>I <qti-inline-choice-interaction response-identifier="R"><qti-inline-choice identifier="A">am</qti-inline-choice>'
        '<qti-inline-choice identifier="B">is</qti-inline-choice></qti-inline-choice-interaction> '
        '<qti-text-entry-interaction response-identifier="S"/> years old.</p>'
    )
    found = question(qti3_item(response("A") + response("12", base="integer", ident="S"), inline))
    assert re.sub(r"\s+", " ", found.prompt) == "<p>I [[g1]] [[g2]] years old.</p>"
    first, second = found.rows
    assert ([one.html for one in first.choices], first.answer) == (["am", "is"], "g1c1")
    assert [(one.low, one.high) for one in second.ranges] == [(12, 12)]


def test_gap_match() -> None:
    body = (
        '<qti-gap-match-interaction response-identifier="R">'
        + simple(("W", "winter"), ("Su", "summer"), tag="qti-gap-text")
        + '<p>Now is the <qti-gap identifier="G1"/> of our discontent, made glorious <qti-gap identifier="G2"/>.</p>'
        "</qti-gap-match-interaction>"
    )
    found = question(qti3_item(response("W G1|Su G2", cardinality="multiple", base="directedPair"), body))
    assert [row.answer for row in found.rows] == ["g1c1", "g2c2"]
    assert "winter" not in found.prompt
    assert "[[g2]]" in found.prompt


def test_words_in_a_text_become_choices() -> None:
    body = (
        '<qti-hottext-interaction response-identifier="R" max-choices="1"><qti-prompt>Find the verb</qti-prompt>'
        f"<p>{simple(('A', 'Cats'), ('B', 'sleep'), tag='qti-hottext')}.</p></qti-hottext-interaction>"
    )
    found = entry(qti3_item(response("B"), body))
    assert found.question is not None
    assert [one.html for one in found.question.choices] == ["Cats", "sleep"]
    assert "Cats" in found.question.prompt
    assert [note.why for note in found.remarks] == [Why.AS_CHOICES]


def test_feedback() -> None:
    modal = "".join(
        f'<qti-modal-feedback outcome-identifier="FEEDBACK" identifier="{name}" show-hide="show"><p>{words}</p>'
        "</qti-modal-feedback>"
        for name, words in (("correct", "Yes"), ("incorrect", "No"), ("B", "Two is not it"), ("odd", "Odd"))
    )
    found = entry(qti3_item(response("A"), choices(*ABC), more=modal))
    assert found.question is not None
    assert (found.question.feedback_right, found.question.feedback_wrong) == ("<p>Yes</p>", "<p>No</p>")
    assert found.question.choices[1].feedback == "<p>Two is not it</p>"
    assert [note.why for note in found.remarks] == [Why.FEEDBACK]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (
            qti3_item(response("", base="string"), '<qti-extended-text-interaction response-identifier="R"/>'),
            Why.NEEDS_A_PERSON,
        ),
        (qti3_item("", '<qti-upload-interaction response-identifier="R"/>'), Why.NEEDS_A_PERSON),
        (qti3_item("", '<qti-hotspot-interaction response-identifier="R"/>'), Why.PICTURE_IS_THE_QUESTION),
        (qti3_item("", '<qti-portable-custom-interaction response-identifier="R"/>'), Why.UNKNOWN_KIND),
        (qti3_item(response("A"), choices(*ABC) + choices(*ABC)), Why.SEVERAL_IN_ONE),
        (qti3_item(response("A") + '<qti-template-declaration identifier="N"/>', choices(*ABC)), Why.COMPUTED),
        (qti3_item(response("A"), choices(*ABC), flags='adaptive="true"'), Why.ADAPTIVE),
        (qti3_item(response(""), choices(*ABC)), Why.NO_RIGHT_ANSWER),
        (qti3_item("", choices(*ABC)), Why.NO_RIGHT_ANSWER),
        (qti3_item(response("A"), "<p>Only words.</p>"), Why.NO_QUESTION),
    ],
)
def test_what_is_listed(item: str, why: Why) -> None:
    found = entry(item)
    assert found.left_out is not None
    assert found.left_out.why is why


def as_qti2(item: str) -> str:
    """The same item as QTI 2.1 writes it."""

    def camel(found: re.Match[str]) -> str:
        first, *rest = found[0].removeprefix("qti-").split("-")
        return first + "".join(word.capitalize() for word in rest)

    head, _, rest = item.partition("?>")
    rest = re.sub(r"qti-[a-z-]+", camel, rest)
    rest = re.sub(r"(?<=\s)[a-z]+(-[a-z]+)+(?==)", camel, rest)
    return head + "?>" + rest.replace("imsqtiasi_v3p0", "imsqti_v2p1")


def test_qti_2_reads_alike() -> None:
    item = qti3_item(response("A|C", cardinality="multiple", mapping="A=1|C=1"), choices(*ABC, most=0), "map_response")
    old = as_qti2(item)
    assert "<simpleChoice" in old
    assert 'responseIdentifier="R"' in old
    assert question(old) == question(item)
    assert read("x.xml", old.encode()).format is Format.QTI2
    assert read("x.xml", item.encode()).format is Format.QTI3


def test_two_files_with_one_identifier_are_two_items() -> None:
    files = {
        f"{name}.xml": qti3_item(response("A"), choices(*ABC, prompt=name), ident="same") for name in ("one", "two")
    }
    found = read("package.zip", zipped(files))
    assert [entry.identifier for entry in found.entries] == ["same", "same two.xml"]
    assert found.converted == 2


def test_a_package_with_a_test_and_a_stimulus() -> None:
    stimulus = '<qti-assessment-stimulus-ref identifier="s" href="../shared/text.xml"/>'
    files = {
        "imsmanifest.xml": "<manifest><metadata><schema>QTI Package</schema></metadata><resources/></manifest>",
        "test.xml": '<qti-assessment-test identifier="t" title="Fractions"><qti-time-limits max-time="600"/>'
        '<qti-test-part identifier="p"><qti-assessment-section identifier="s" title="S"><qti-selection select="1"/>'
        '<qti-ordering shuffle="true"/><qti-assessment-item-ref identifier="1" href="items/one.xml"/>'
        '<qti-assessment-item-ref identifier="2" href="items/two%20b.xml"/></qti-assessment-section>'
        '<qti-assessment-section identifier="u"><qti-assessment-item-ref identifier="3" href="items/gone.xml"/>'
        "</qti-assessment-section></qti-test-part></qti-assessment-test>",
        "items/one.xml": qti3_item(response("A") + stimulus, choices(*ABC), ident="one"),
        "items/two b.xml": qti3_item(response("A"), choices(*ABC), ident="two"),
        "items/loose.xml": qti3_item(response("A"), choices(*ABC), ident="loose"),
        "items/broken.xml": qti3_item(response("A"), choices(*ABC))[:-20],
        "shared/text.xml": '<qti-assessment-stimulus identifier="s"><qti-stimulus-body><p>Long ago.</p></qti-stimulus-body>'
        "</qti-assessment-stimulus>",
        "pictures/a.png": b"\x89PNG",
    }
    found = read("package.zip", zipped(files))
    assert (found.format, [note.why for note in found.remarks]) == (Format.QTI3, [Why.FILES])
    own, loose = found.banks
    assert [one.identifier for one in own.entries] == ["one", "two", "items/gone.xml"]
    assert own.entries[0].question is not None
    assert own.entries[0].question.prompt.startswith("<p>Long ago.</p>")
    assert [one.left_out.why for one in own.entries if one.left_out] == [Why.NOT_THERE]
    assert [one.identifier for one in loose.entries] == ["loose"]
    (quiz,) = found.quizzes
    assert (quiz.title, quiz.minutes, quiz.shuffled, len(quiz.asks)) == ("Fractions", 10, True, 3)


def test_sections_stand_within_sections() -> None:
    def section(inner: str, name: str = "s") -> str:
        return f'<qti-assessment-section identifier="{name}" title="S">{inner}</qti-assessment-section>'

    def asks(*names: str) -> str:
        return "".join(f'<qti-assessment-item-ref identifier="{name}" href="{name}.xml"/>' for name in names)

    def test(inner: str) -> Quiz:
        files = {
            "test.xml": '<qti-assessment-test identifier="t" title="T"><qti-test-part identifier="p">'
            f"{section(inner)}</qti-test-part></qti-assessment-test>",
            **{f"{name}.xml": qti3_item(response("A"), choices(*ABC), ident=name) for name in "abcde"},
        }
        (quiz,) = read("package.zip", zipped(files)).quizzes
        return quiz

    whole = test(asks("a") + section(asks("b") + section(asks("c"))) + asks("d", "e"))
    assert [entry for _, entry in whole.asks] == ["a", "b", "c", "d", "e"]
    assert whole.count is None
    # One of two in the inner section, beside three others.
    inner = test(asks("a") + section('<qti-selection select="1"/>' + asks("b", "c")) + asks("d", "e"))
    assert inner.count == 4
    # One of two sections, each of two questions.
    outer = test('<qti-selection select="1"/>' + section(asks("a", "b")) + section(asks("c", "d")))
    assert (len(outer.asks), outer.count) == (4, 2)
