"""QTI 1.2 as Blackboard and Brightspace write it, which have their own words for kinds, points and what is right."""

from decimal import Decimal

from lti_tool.checks import scoring
from lti_tool.checks.questions import Partial, Question, QuestionKind
from lti_tool.checks.reading import Entry, Reading, Why, read
from tests.checks.question_files import zipped

KIND = QuestionKind


def question(found: Entry) -> Question:
    assert found.question is not None, found
    return found.question


# --- Blackboard -------------------------------------------------------------------------------------------------------


def html(words: str, block: str = "flow") -> str:
    return (
        f'<{block} class="FORMATTED_TEXT_BLOCK"><material><mat_extension><mat_formattedtext type="HTML">{words}'
        f"</mat_formattedtext></mat_extension></material></{block}>"
        f'<{block} class="LINK_BLOCK"><material><mattext/></material></{block}>'
    )


def of_pool(kind: str, response: str, processing: str, *, ident: str = "b1", most: str = "5.0", more: str = "") -> str:
    return (
        f"<item maxattempts='0'><itemmetadata><bbmd_asi_object_id>{ident}</bbmd_asi_object_id>"
        f"<bbmd_questiontype>{kind}</bbmd_questiontype><qmd_absolutescore_max>{most}</qmd_absolutescore_max></itemmetadata>"
        f'<presentation><flow class="Block"><flow class="QUESTION_BLOCK">{html("What &lt;b&gt;is&lt;/b&gt; it?")}</flow>'
        f'{response}</flow></presentation><resprocessing><outcomes><decvar maxvalue="5.0" varname="SCORE"/></outcomes>'
        f'{processing}<respcondition title="incorrect"><conditionvar><other/></conditionvar>'
        '<setvar action="Set" variablename="SCORE">0.0</setvar><displayfeedback linkrefid="incorrect"/></respcondition>'
        f"</resprocessing>{more}</item>"
    )


def block(inner: str) -> str:
    return f'<flow class="RESPONSE_BLOCK">{inner}</flow>'


def offered(*keys: str, several: bool = False) -> str:
    shown = "".join(
        f'<flow_label><response_label ident="{key}">{html(key.upper(), "flow_mat")}</response_label></flow_label>'
        for key in keys
    )
    cardinality = "Multiple" if several else "Single"
    return f'<response_lid ident="response" rcardinality="{cardinality}"><render_choice>{shown}</render_choice></response_lid>'


def right(condition: str, *, scored: bool = True) -> str:
    change = '<setvar action="Set" variablename="SCORE">SCORE.max</setvar>' if scored else ""
    return (
        f'<respcondition title="correct"><conditionvar>{condition}</conditionvar>{change}'
        '<displayfeedback feedbacktype="Response" linkrefid="correct"/></respcondition>'
    )


def same(value: str, ident: str = "response") -> str:
    return f'<varequal case="No" respident="{ident}">{value}</varequal>'


def blackboards(*items: str, kind: str = "Pool") -> Reading:
    document = (
        f'<questestinterop><assessment title="Fractions"><assessmentmetadata><bbmd_assessmenttype>{kind}</bbmd_assessmenttype>'
        f"</assessmentmetadata><section>{''.join(items)}</section></assessment></questestinterop>"
    )
    return read("pool.zip", zipped({"res00001.dat": document}))


def test_a_pool_of_blackboards_is_a_bank_and_a_test_a_check() -> None:
    item = of_pool("Multiple Choice", block(offered("a", "b")), right(same("b")))
    pool, test = blackboards(item), blackboards(item, kind="Test")
    assert [(bank.title, bank.own) for bank in pool.banks] == [("Fractions", False)]
    assert pool.quizzes == ()
    assert [quiz.title for quiz in test.quizzes] == ["Fractions"]


def test_what_blackboard_says_is_right_said_and_worth() -> None:
    words = {"correct": "Yes", "incorrect": "No", "a": "Look again"}
    said = "".join(
        f'<itemfeedback ident="{key}">{html(text, "flow_mat")}</itemfeedback>' for key, text in words.items()
    )
    (entry,) = blackboards(of_pool("Multiple Choice", block(offered("a", "b")), right(same("b")), more=said)).entries
    found = question(entry)
    assert (entry.identifier, found.kind, found.points) == ("b1", KIND.CHOICE, Decimal(5))
    assert found.prompt == "What <b>is</b> it?"
    assert [(one.html, one.share, one.feedback) for one in found.choices] == [("A", 0, "Look again"), ("B", 1, "")]
    assert (found.feedback_right, found.feedback_wrong) == ("Yes", "No")


def test_several_and_typed_answers_of_blackboards() -> None:
    both = f"<and>{same('a')}<not>{same('b')}</not>{same('c')}</and>"
    typed = block('<response_str ident="response"><render_fib fibtype="String"/></response_str>')
    several, text = blackboards(
        of_pool("Multiple Answer", block(offered("a", "b", "c", several=True)), right(both)),
        of_pool(
            "Fill in the Blank",
            typed,
            right(same("frog"), scored=False) + right(same("toad"), scored=False),
            ident="b2",
        ),
    ).entries
    assert [one.share for one in question(several).choices] == [1, 0, 1]
    assert question(several).partial is Partial.NONE
    assert [(one.text, one.share) for one in question(text).accepted] == [("frog", 1), ("toad", 1)]


def test_matching_of_blackboards_puts_words_to_labels_by_their_order() -> None:
    rows = "".join(
        f'<flow class="Block">{html(word)}<response_lid ident="{word}"><render_choice><flow_label>'
        f'<response_label ident="{word}1"/><response_label ident="{word}2"/></flow_label></render_choice></response_lid></flow>'
        for word in ("cat", "frog", "newt")
    )
    choices = "".join(f'<flow class="Block">{html(word)}</flow>' for word in ("mammal", "amphibian"))
    processing = "".join(
        right(same(answer, word), scored=False)
        for word, answer in (("cat", "cat1"), ("frog", "frog2"), ("newt", "newt2"))
    )
    response = block(rows) + f'<flow class="RIGHT_MATCH_BLOCK">{choices}</flow>'
    (entry,) = blackboards(of_pool("Matching", response, processing)).entries
    found = question(entry)
    named = {choice.id: choice.html for choice in found.choices}
    assert found.prompt == "What <b>is</b> it?"
    assert [(row.html, named[row.answer or ""]) for row in found.rows] == [
        ("cat", "mammal"),
        ("frog", "amphibian"),
        ("newt", "amphibian"),
    ]


def test_what_of_blackboards_cannot_be_marked_is_listed() -> None:
    kinds = {
        "Essay": Why.NEEDS_A_PERSON,
        "Calculated": Why.COMPUTED,
        "Hot Spot": Why.PICTURE_IS_THE_QUESTION,
        "Opinion Scale": Why.SURVEY,
    }
    found = blackboards(*(of_pool(kind, block(offered("a", "b")), "", ident=kind) for kind in kinds)).entries
    assert [entry.left_out.why for entry in found if entry.left_out] == list(kinds.values())


# --- Brightspace ------------------------------------------------------------------------------------------------------


def of_library(kind: str, response: str, processing: str, ident: str = "d1") -> str:
    fields = {"qmd_computerscored": "yes", "qmd_questiontype": kind, "qmd_weighting": "2.000000000"}
    metadata = "".join(
        f"<qti_metadatafield><fieldlabel>{name}</fieldlabel><fieldentry>{value}</fieldentry></qti_metadatafield>"
        for name, value in fields.items()
    )
    return (
        f'<item ident="{ident}" label="QUES_1" title=""><itemmetadata><qtimetadata>{metadata}</qtimetadata></itemmetadata>'
        f'<presentation><flow><material><mattext texttype="text/html">&lt;p&gt;Which?&lt;/p&gt;</mattext></material>{response}'
        f"</flow></presentation><resprocessing>{processing}</resprocessing></item>"
    )


def label(key: str) -> str:
    words = f'<flow_mat><material><mattext texttype="text/html">{key.upper()}</mattext></material></flow_mat>'
    return f'<response_label ident="{key}">{words}</response_label>'


def counts(condition: str, variable: str) -> str:
    return (
        f'<respcondition continue="yes"><conditionvar>{condition}</conditionvar>'
        f'<setvar varname="{variable}" action="Add">1</setvar></respcondition>'
    )


MADE = '<respcondition><setvar varname="que_score" action="Set">D2L_Correct</setvar></respcondition>'


def brightspaces(*items: str, draws: int = 0) -> Reading:
    pool = (
        "<sectionproc_extension><qtimetadata><qti_metadatafield><fieldlabel>qmd_numberofitems</fieldlabel>"
        f"<fieldentry>{draws}</fieldentry></qti_metadatafield></qtimetadata></sectionproc_extension>"
    )
    document = (
        '<questestinterop><assessment title="Fractions" ident="res_quiz_1"><section ident="CONTAINER_SECTION">'
        f'<section ident="S">{pool if draws else ""}{"".join(items)}</section></section></assessment></questestinterop>'
    )
    return read("quiz_d2l_1.xml", document.encode())


def test_choices_of_brightspaces() -> None:
    list_ = f'<response_lid ident="L"><render_choice>{label("a")}{label("b")}</render_choice></response_lid>'
    processing = "".join(
        f'<respcondition><conditionvar>{same(key, "L")}</conditionvar><setvar action="Set">{score}</setvar></respcondition>'
        for key, score in (("a", "0.000000000"), ("b", "100.000000000"))
    )
    (entry,) = brightspaces(of_library("Multiple Choice", list_, processing)).entries
    assert [one.share for one in question(entry).choices] == [0, 1]
    assert question(entry).points == 2
    assert entry.remarks == ()


def test_of_several_choices_of_brightspaces_the_wrong_ones_take_away() -> None:
    list_ = (
        f'<response_lid ident="L" rcardinality="Multiple"><render_choice>{label("a")}{label("b")}{label("c")}'
        "</render_choice></response_lid>"
    )
    processing = (
        counts(same("a", "L"), "D2L_Correct")
        + counts(same("b", "L"), "D2L_Incorrect")
        + counts(same("c", "L"), "D2L_Correct")
        + MADE
    )
    (entry,) = brightspaces(of_library("Multi-Select", list_, processing)).entries
    found = question(entry)
    assert found.kind is KIND.RESPONSE
    assert [one.share > 0 for one in found.choices] == [True, False, True]
    ids = [one.id for one in found.choices]
    assert scoring.score(found, [ids[0], ids[2]]).share == 1
    assert scoring.score(found, ids).share < 1


def test_gaps_pairs_and_orders_of_brightspaces() -> None:
    blank = (
        '<response_str ident="B_STR"><render_fib fibtype="String"><response_label ident="B_ANS"/></render_fib></response_str>'
        '<material><mattext texttype="text/html">it is.</mattext></material>'
    )
    filled = (
        f'<respcondition><conditionvar>{same("gills", "B_ANS")}</conditionvar><setvar action="Set">100</setvar>'
        "</respcondition>"
    )
    pairs = "".join(
        f'<response_grp respident="{row}"><material><mattext>{row}</mattext></material><render_choice>{label("a")}{label("b")}'
        "</render_choice></response_grp>"
        for row in ("one", "two")
    )
    matched = counts(same("b", "one"), "D2L_Correct") + counts(same("a", "two"), "D2L_Correct") + MADE
    order = (
        '<response_grp respident="O" rcardinality="Ordered"><render_choice><flow_label>'
        f"{label('z')}{label('y')}{label('x')}</flow_label></render_choice></response_grp>"
    )
    ordered = "".join(
        counts(same(place, key), "D2L_Correct") + counts(f"<not>{same(place, key)}</not>", "D2L_Incorrect")
        for key, place in (("z", "3"), ("y", "1"), ("x", "2"))
    )
    gaps, match, sorted_ = brightspaces(
        of_library("Fill in the Blanks", blank, filled, "1"),
        of_library("Matching", pairs, matched, "2"),
        of_library("Ordering", order, ordered + MADE, "3"),
    ).entries
    (row,) = question(gaps).rows
    assert [one.text for one in row.accepted] == ["gills"]
    assert "[[g1]]" in question(gaps).prompt
    named = {choice.id: choice.html for choice in question(match).choices}
    assert [(one.html, named[one.answer or ""]) for one in question(match).rows] == [("one", "B"), ("two", "A")]
    assert [one.html for one in question(sorted_).choices] == ["Y", "X", "Z"]


def test_a_pool_of_brightspaces_draws() -> None:
    list_ = f'<response_lid ident="L"><render_choice>{label("a")}{label("b")}</render_choice></response_lid>'
    chosen = (
        f'<respcondition><conditionvar>{same("a", "L")}</conditionvar><setvar action="Set">100</setvar></respcondition>'
    )
    items = [of_library("True/False", list_, chosen, str(n)) for n in range(3)]
    (quiz,) = brightspaces(*items, draws=2).quizzes
    assert (len(quiz.asks), quiz.count) == (3, 2)
