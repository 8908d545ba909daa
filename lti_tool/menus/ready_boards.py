"""Boards that ship: conventions that teachers know, with blank text to fill. Each is data; ``made`` makes a board of one."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.menus.models import ChangeRule, OptionDone, WorkKind
from lti_tool.menus.rules.choosing import BoardKind, Course, Rule
from lti_tool.menus.sheets import Option, Section, Sheet, Udl
from lti_tool.web.i18n import N_, Language


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a ready board: its heading, how many places, how many are chosen from it, and what each place says already."""

    title: str = ""
    places: int = 3
    least: int = 1
    most: int | None = 1
    points: int | None = None
    level: str = ""
    udl: tuple[Udl, ...] = ()
    required: frozenset[int] = frozenset()
    hands_in: bool = False
    """Whether its options ask for work that the teacher accepts, rather than for a mark by the student."""


@dataclass(frozen=True, slots=True)
class ReadyBoard:
    """A board that ships; its words are message ids. On a square each part is a row."""

    key: str
    title: str
    about: str
    rule: Rule
    parts: tuple[Part, ...]
    change_rule: ChangeRule = ChangeRule.UNTIL_HANDED_IN
    needs_approval: bool = False
    contract: str = ""

    @property
    def places(self) -> int:
        return sum(part.places for part in self.parts)


_ROW = Part()
_CONTRACT = N_(
    "I have chosen what I will do. I will do it with care, ask for help when I need it, and hand it in by the due date."
)

READY: tuple[ReadyBoard, ...] = (
    ReadyBoard(
        "tic-tac-toe",
        N_("Tic-tac-toe"),
        N_("Nine options; students choose three in a row."),
        Rule(BoardKind.THREE_IN_A_ROW),
        (_ROW, _ROW, _ROW),
    ),
    ReadyBoard(
        "tic-tac-toe-centre",
        N_("Tic-tac-toe with a centre for all"),
        N_("Nine options; every line goes through the middle, which everybody does."),
        Rule(BoardKind.THREE_IN_A_ROW, most=3),
        (_ROW, Part(required=frozenset({1})), _ROW),
    ),
    ReadyBoard(
        "tic-tac-toe-levels",
        N_("Tic-tac-toe by level"),
        N_("Each row asks more than the one above; a column has one of each."),
        Rule(BoardKind.THREE_IN_A_ROW, diagonals=True),
        (
            Part(N_("Remember and understand"), level=N_("Warm-up")),
            Part(N_("Apply and compare"), level=N_("Core")),
            Part(N_("Judge and create"), level=N_("Challenge")),
        ),
    ),
    ReadyBoard(
        "small-square",
        N_("Small board"),
        N_("Four options for younger students; they choose two in a row."),
        Rule(BoardKind.THREE_IN_A_ROW, side=2),
        (Part(places=2), Part(places=2)),
    ),
    ReadyBoard(
        "bingo",
        N_("Bingo"),
        N_("Sixteen options; students choose four in a row."),
        Rule(BoardKind.THREE_IN_A_ROW, side=4),
        (Part(places=4),) * 4,
    ),
    ReadyBoard(
        "dinner",
        N_("Dinner menu"),
        N_("One starter, two mains, one side, and dessert for whoever likes."),
        Rule(BoardKind.DINNER),
        (
            Part(N_("Starters"), 3, 1, 1),
            Part(N_("Mains"), 4, 2, 2),
            Part(N_("Sides"), 3, 1, 1),
            Part(N_("Dessert"), 2, 0, 1),
        ),
    ),
    ReadyBoard(
        "ways",
        N_("Three ways"),
        N_("One way to get going, one to take it in, one to show it: a part for each principle of UDL."),
        Rule(BoardKind.DINNER),
        (
            Part(N_("Get going"), udl=(Udl.ENGAGEMENT,)),
            Part(N_("Take it in"), udl=(Udl.REPRESENTATION,)),
            Part(N_("Show what you know"), udl=(Udl.ACTION,)),
        ),
    ),
    ReadyBoard(
        "raft",
        N_("RAFT writing"),
        N_("Students choose a role, an audience, a format and a topic, and write."),
        Rule(BoardKind.DINNER),
        (Part(N_("Role")), Part(N_("Audience")), Part(N_("Format"), hands_in=True), Part(N_("Topic"))),
    ),
    ReadyBoard(
        "two-five-eight",
        N_("2-5-8 menu"),
        N_("Small, middle and large tasks; together they have to be worth 10 points."),
        Rule(BoardKind.POINTS, goal=10),
        (
            Part(N_("2 points"), 3, points=2),
            Part(N_("5 points"), 4, points=5),
            Part(N_("8 points"), 2, points=8),
        ),
    ),
    ReadyBoard(
        "twenty-points",
        N_("Twenty points"),
        N_("Tasks of 5, 10 and 15 points; together they have to be worth 20."),
        Rule(BoardKind.POINTS, goal=20),
        (
            Part(N_("5 points"), 4, points=5),
            Part(N_("10 points"), 3, points=10),
            Part(N_("15 points"), 2, points=15),
        ),
    ),
    ReadyBoard(
        "contract",
        N_("Learning contract"),
        N_("One task for all and two to choose; students sign, you agree, then they begin."),
        Rule(BoardKind.CONTRACT, least=3, most=4),
        (
            Part(N_("For everybody"), 1, required=frozenset({0}), hands_in=True),
            Part(N_("To choose from"), 5, hands_in=True),
        ),
        ChangeRule.UNTIL_COMMITTED,
        needs_approval=True,
        contract=_CONTRACT,
    ),
    ReadyBoard(
        "choose-three",
        N_("Choose three"),
        N_("A list of eight; students choose any three."),
        Rule(BoardKind.LIST, least=3, most=3),
        (Part(places=8),),
    ),
)

BY_KEY: Mapping[str, ReadyBoard] = {one.key: one for one in READY}


def ready(key: str) -> ReadyBoard:
    """The ready board of this name; NotFound."""
    if key not in BY_KEY:
        raise NotFound("no such ready board")
    return BY_KEY[key]


def made(board: ReadyBoard, language: Language) -> Sheet:
    """A board with every place blank; its headings in the reader's language."""
    sections, options, courses = [], [], []
    position = 0
    for part in board.parts:
        section = Section(new_id(), language.gettext(part.title))
        sections.append(section)
        courses.append(Course(section.id, part.least, part.most))
        for place in range(part.places):
            options.append(_blank(part, place, position, section.id, language))
            position += 1
    dinner = board.rule.kind is BoardKind.DINNER
    return Sheet(replace(board.rule, courses=tuple(courses) if dinner else ()), tuple(sections), tuple(options))


def _blank(part: Part, place: int, position: int, section_id: uuid.UUID, language: Language) -> Option:
    return Option(
        id=new_id(),
        position=position,
        section_id=section_id,
        done_rule=OptionDone.ACCEPTED if part.hands_in else OptionDone.MARKED,
        takes=tuple(WorkKind) if part.hands_in else (),
        points=part.points,
        level=language.gettext(part.level),
        udl=part.udl,
        required=place in part.required,
    )
