"""Rules, what is missing and what cannot be, in words."""

import uuid

import pytest

from lti_tool.menus.rules.choosing import BoardKind, Course, CourseMissing, Missing, Problem, ProblemKind, Rule
from lti_tool.menus.rules.words import missing_words, problem_words, rule_words
from lti_tool.web.i18n import language_for

ENGLISH = language_for(("en",))
STARTERS, MAINS, SIDES, DESSERT = (uuid.UUID(int=number) for number in range(1, 5))
TITLES = {STARTERS: "Starters", MAINS: "Mains", SIDES: "Sides", DESSERT: "Dessert"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(BoardKind.THREE_IN_A_ROW), "Choose 3 in a row: across, down or diagonally."),
        (
            Rule(BoardKind.THREE_IN_A_ROW, side=4, diagonals=False, most=5),
            "Choose 4 in a row: across or down. No more than 5 in all.",
        ),
        (
            Rule(BoardKind.DINNER, courses=(Course(STARTERS, 1, 1), Course(MAINS, 2, 2), Course(DESSERT, 0, 1))),
            "Choose 1 from “Starters”, 2 from “Mains”, and up to 1 from “Dessert” if you like.",
        ),
        (
            Rule(BoardKind.DINNER, courses=(Course(STARTERS, 1, 2), Course(SIDES, 1), Course(DESSERT, 0))),
            "Choose 1 to 2 from “Starters”, at least 1 from “Sides”, and as many as you like from “Dessert”.",
        ),
        (Rule(BoardKind.DINNER), "Choose as many as you like."),
        (Rule(BoardKind.POINTS, goal=10), "Choose what is worth 10 points or more."),
        (Rule(BoardKind.LIST, least=3, most=3), "Choose 3."),
        (Rule(BoardKind.LIST, least=2, most=4), "Choose 2 to 4."),
        (Rule(BoardKind.CONTRACT, least=2), "Choose at least 2."),
        (Rule(BoardKind.LIST, least=0, most=2), "Choose up to 2."),
        (Rule(BoardKind.LIST, least=0), "Choose as many as you like."),
    ],
)
def test_a_rule_says_what_to_choose(rule: Rule, words: str) -> None:
    assert rule_words(rule, TITLES, ENGLISH) == words


def test_what_everybody_chooses_is_named() -> None:
    said = rule_words(Rule(BoardKind.THREE_IN_A_ROW), {}, ENGLISH, ["Read the story"])
    assert said.endswith("“Read the story” is part of everybody’s choice.")
    said = rule_words(Rule(BoardKind.LIST), {}, ENGLISH, ["One", "Two"])
    assert said.endswith("“One” and “Two” are part of everybody’s choice.")


def test_what_is_missing_is_said_part_by_part() -> None:
    option = uuid.UUID(int=9)
    missing = Missing(
        required=frozenset([option]),
        options=2,
        points=3,
        courses=(CourseMissing(MAINS, few=1), CourseMissing(STARTERS, many=1)),
        places=(4,),
        too_many=1,
    )
    assert missing_words(missing, TITLES | {option: "Read the story"}, ENGLISH) == [
        "“Read the story” has to be in it.",
        "1 more makes a line.",
        "Choose 2 more.",
        "Choose 3 more points.",
        "Choose 1 more from “Mains”.",
        "Take back 1 from “Starters”.",
        "Take back 1.",
    ]
    assert missing_words(Missing(), TITLES, ENGLISH) == []
    assert missing_words(Missing(no_line=True), TITLES, ENGLISH) == [
        "No line of this board is whole. Tell your teacher."
    ]


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_problem_has_a_sentence_with_its_figures(kind: ProblemKind) -> None:
    said = problem_words(Problem(kind, 7, 13, MAINS), TITLES, ENGLISH)
    assert "%" not in said
    if kind is not ProblemKind.NO_LINE:
        assert "7" in said
        assert "13" in said
