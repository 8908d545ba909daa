"""What an item seems to belong to, by codes and words."""

import json
import re
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import suggestion_rules as rules
from lti_tool.competencies.models import AlignmentRole
from lti_tool.competencies.suggestion_rules import Known, Reason, Suggestion
from lti_tool.content.models import ItemKind
from tests.competencies.aligned import STANDARDS
from tests.competencies.test_alignment_rules import item

MAP = [Known(uuid.UUID(int=number), code, words) for number, (code, words) in enumerate(STANDARDS, start=1)]


def known(*codes: str) -> list[Known]:
    return [Known(uuid.UUID(int=number), code, "") for number, code in enumerate(codes, start=1)]


def found(title: str, competencies: list[Known] = MAP, section: str = "", **more: object) -> list[Suggestion]:
    return rules.suggestions([item(1, title, section=section)], competencies, **more)  # type: ignore[arg-type]


def codes(title: str, competencies: list[Known] = MAP, section: str = "") -> list[str]:
    by_id = {one.id: one.code for one in competencies}
    return [by_id[one.competency_id] for one in found(title, competencies, section)]


# --- Codes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Quiz 4.NF.1", "4.NF.1"),
        ("4.NF.A.1: walls", "4.NF.A.1"),
        ("Check (4NF1)", "4NF1"),
        ("4-nf-a-1", "4-nf-a-1"),
        ("4 NF 1 exit ticket", "4 NF 1"),
        ("CCSS.MATH.CONTENT.4.NF.A.1", "4.NF.A.1"),
        ("4.NF.1-2", "4.NF.1"),
        ("4.NF.1a, a part of it", "4.NF.1"),
        ("Fractions_4.NF.1_final", "4.NF.1"),
    ],
)
def test_a_code_is_found_however_it_is_written(title: str, written: str) -> None:
    (one,) = found(title)
    assert (one.competency_id, one.reason, one.found) == (MAP[0].id, Reason.CODE_IN_TITLE, (written,))
    assert one.score == 1.0


@pytest.mark.parametrize(
    "title", ["4.NF.10", "14.NF.1", "4.NF", "NF.1", "3.NF.A.1", "4.NF.B.1", "4.NF.1.2", "Part 4, nf, 1", "4.NF.1bc"]
)
def test_what_is_another_code_is_not_taken_for_it(title: str) -> None:
    assert MAP[0].id not in {one.competency_id for one in found(title) if one.reason is not Reason.WORDS}


def test_several_codes_are_all_suggested() -> None:
    assert codes("4.NF.1, 4.NF.B.3 and 4MD1") == ["4.NF.A.1", "4.NF.B.3", "4.MD.A.1"]


def test_the_most_exact_code_is_meant() -> None:
    some = known("4.NF.B.3", "4.NF.B.3.c")
    assert codes("Quiz 4.NF.3c", some) == ["4.NF.B.3.c"]
    assert codes("Quiz 4.NF.B.3", some) == ["4.NF.B.3"]


def test_other_series_of_codes() -> None:
    some = known("HSA-REI.B.3", "CCSS.ELA-LITERACY.RL.4.1", "MS-LS1-1", "111.6(b)(4)(A)", "F-IF.C.7")
    assert codes("A-REI.3 practice", some) == ["HSA-REI.B.3"]
    assert codes("RL.4.1 reading", some) == ["CCSS.ELA-LITERACY.RL.4.1"]
    assert codes("MS-LS1-1: cells", some) == ["MS-LS1-1"]
    assert codes("TEKS 111.6(b)(4)(A)", some) == ["111.6(b)(4)(A)"]
    assert codes("HSF-IF.7", some) == ["F-IF.C.7"]


def test_codes_that_are_ordinary_words_or_numbers_are_taken_only_as_they_are_written() -> None:
    some = known("1.2", "3", "ADD", "C1")
    assert codes("Lesson 1.2", some) == ["1.2"]
    assert codes("Adding 1/2, or 1-2", some) == []
    assert codes("Week 3", some) == []
    assert codes("Add them up", some) == []
    assert codes("ADD quiz", some) == ["ADD"]
    assert codes("C1 checkpoint", some) == ["C1"]


def test_a_code_of_two_frameworks_means_both_and_a_way_of_two_means_none() -> None:
    assert codes("4.NF.1", [*known("4.NF.1"), Known(uuid.UUID(int=9), "4.NF.1", "")]) == ["4.NF.1", "4.NF.1"]
    assert codes("4.NF.1", known("4.NF.A.1", "4.NF.B.1")) == []


def test_a_code_in_the_section_stands_behind_one_in_the_title() -> None:
    (one,) = found("Check", section="4.NF.A.2 Comparing")
    assert (one.competency_id, one.reason, one.found) == (MAP[1].id, Reason.CODE_IN_SECTION, ("4.NF.A.2",))
    assert codes("4.NF.1", section="4.NF.A.2") == ["4.NF.A.1"]


# --- Words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "code", "words"),
    [
        ("Comparing fractions", "4.NF.A.2", ("Comparing", "fractions")),
        ("Quiz on adding and subtracting fractions", "4.NF.B.3", ("adding", "subtracting", "fractions")),
        ("MULTIPLICATION OF FRACTIONS", "4.NF.B.4", ("MULTIPLICATION", "FRACTIONS")),
        ("Measuring in kilometres", "4.MD.A.1", ("Measuring", "kilometres")),
    ],
)
def test_words_in_common_are_found_and_shown(title: str, code: str, words: tuple[str, ...]) -> None:
    (one,) = found(title)
    assert {known.id: known.code for known in MAP}[one.competency_id] == code
    assert (one.reason, one.found) == (Reason.WORDS, words)
    assert rules.LEAST_SCORE <= one.score <= 1


@pytest.mark.parametrize("title", ["Unit test", "Week 3", "Fraction walls", "Welcome!", "", "Fractions", "Quiz 17"])
def test_what_has_too_little_in_common_is_not_suggested(title: str) -> None:
    assert found(title) == []


@pytest.mark.parametrize(
    ("statements", "title", "right"),
    [
        (("Sumar fracciones con igual denominador", "Comparar números decimales"), "Comparación de decimales", 1),
        (("Comparer des fractions", "Mesurer des angles"), "Exercice : la mesure d’un angle", 1),
        (("Brüche vergleichen", "Winkel messen"), "Übung: Wir messen Winkel", 1),
        (("分数の大きさを比べる", "角度を測る"), "角度を測る練習", 1),
        (("Сравнение дробей", "Измерение углов"), "Измерение углов: задание", 1),
        (("مقارنة الكسور", "قياس الزوايا"), "قياس الزوايا", 1),
    ],
)
def test_in_any_language(statements: tuple[str, ...], title: str, right: int) -> None:
    some = [Known(uuid.UUID(int=number), "", words) for number, words in enumerate(statements)]
    assert [one.competency_id.int for one in found(title, some)] == [right]


def test_forms_of_a_word_are_one() -> None:
    for some in (
        ("fraction", "Fractions", "FRACTION"),
        ("shape", "shapes"),
        ("angle", "angles"),
        ("multiply", "multiplication", "multiplying"),
        ("compare", "compares", "comparing", "compared", "comparison"),
        ("équation", "equations"),
        ("l’angle", "l'angle"),
    ):
        assert len({rules.stem(word) for word in some}) == 1, some
    assert rules.stem("class") == "class"


# --- All together ---------------------------------------------------------------------------------------------------------


def test_the_role_fits_the_kind() -> None:
    roles = {
        kind: rules.suggestions([item(1, "4.NF.1", kind)], MAP)[0].role
        for kind in (ItemKind.QUIZ, ItemKind.PAGE, ItemKind.DISCUSSION)
    }
    assert roles == {
        ItemKind.QUIZ: AlignmentRole.ASSESSES,
        ItemKind.PAGE: AlignmentRole.TEACHES,
        ItemKind.DISCUSSION: AlignmentRole.PRACTISES,
    }


def test_what_was_settled_is_not_suggested_again_nor_replaced_by_worse() -> None:
    two = [Known(uuid.UUID(int=1), "", "Compare fractions"), Known(uuid.UUID(int=2), "", "Compare whole fractions")]
    first, second = found("Comparing fractions", two)
    assert found("Comparing fractions", two, settled=[(first.item_id, first.competency_id)]) == [second]
    assert found("4.NF.1 comparing fractions", settled=[(first.item_id, MAP[0].id)]) == []


titles = st.lists(
    st.sampled_from(
        ["4.NF.1", "4NF3", "4.MD.A.1", "compare", "fractions", "adding", "Quiz", "10", ".", "whole", "é", "分数"]
    ),
    max_size=6,
).map(" ".join)


@given(st.lists(titles, max_size=5), st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=5))
def test_suggestions_are_about_what_was_given_and_settled_pairs_never_come(
    some: list[str], pairs: list[tuple[int, int]]
) -> None:
    items = [item(number, title) for number, title in enumerate(some, start=1)]
    settled = {(uuid.UUID(int=one), uuid.UUID(int=two)) for one, two in pairs}
    suggested = rules.suggestions(items, MAP, settled)
    keys = [(one.item_id, one.competency_id) for one in suggested]
    assert len(keys) == len(set(keys))
    assert not settled & set(keys)
    by_id = {one.id: one for one in items}
    for one in suggested:
        assert 0 < one.score <= 1
        assert all(word in by_id[one.item_id].title for word in one.found)
    everything = {(one.item_id, one.competency_id) for one in rules.suggestions(items, MAP)}
    assert set(keys) == everything - settled


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=60))
def test_no_text_is_too_strange(title: str, code: str, statement: str) -> None:
    rules.suggestions([item(1, title, section=statement)], [Known(uuid.UUID(int=1), code, statement), *MAP])


# --- Real standards -------------------------------------------------------------------------------------------------------


def common_core(shared_data: Path) -> list[Known]:
    package = json.loads((shared_data / "ccss-math-coherence.case.json").read_text("utf-8"))
    return [
        Known(uuid.UUID(item["identifier"]), item["humanCodingScheme"], item["fullStatement"])
        for item in package["CFItems"]
        if item["CFItemType"] == "Standard"
    ]


def test_every_code_of_the_common_core_is_found_in_all_its_ways(shared_data: Path) -> None:
    standards = common_core(shared_data)
    assert len(standards) == 480
    titles: list[tuple[str, Known]] = []
    for one in standards:
        without_cluster = re.sub(r"\.[A-Z](?=\.\d)", "", one.code)
        titles += [
            (f"Quiz {one.code}", one),
            (f"{one.code}: exit ticket", one),
            (f"Practice ({one.code.replace('.', '-')})", one),
            (f"Homework {without_cluster}", one),
            (f"CCSS.MATH.CONTENT.{one.code}", one),
        ]
    items = [item(number, title) for number, (title, _) in enumerate(titles, start=1)]
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for suggestion in rules.suggestions(items, standards):
        if suggestion.reason is Reason.CODE_IN_TITLE:
            found.setdefault(suggestion.item_id, []).append(suggestion.competency_id)
    missed = [title for one, (title, known) in zip(items, titles, strict=True) if found.get(one.id) != [known.id]]
    assert missed == []


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Comparing decimals to hundredths", "4.NF.C.7"),
        ("Completing the square to solve quadratic equations", "A-REI.B.4b"),
        ("Area and perimeter of rectangles", "4.MD.A.3"),
        ("Adding mixed numbers", "4.NF.B.3c"),
        ("Pythagorean theorem", "8.G.B.8"),
        ("Multiplying a fraction by a whole number", "4.NF.B.4"),
    ],
)
def test_words_of_real_titles_lead_to_real_standards(shared_data: Path, title: str, code: str) -> None:
    standards = common_core(shared_data)
    assert code in codes(title, standards)


def test_titles_of_another_subject_lead_nowhere(shared_data: Path) -> None:
    standards = common_core(shared_data)
    for title in (
        "The French Revolution",
        "Photosynthesis",
        "Romeo and Juliet, act II",
        "Welcome to the course",
        "Syllabus",
    ):
        assert codes(title, standards) == [], title
