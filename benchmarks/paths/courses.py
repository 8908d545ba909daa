"""The two courses that classes work through: real cartridges, with a map and alignments made of what they are called.

Neither cartridge brings a map, so both are made here, once, by rules that anybody can read below.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lti_tool.cartridges import CourseContent, ItemKind, read_cartridge
from lti_tool.cartridges import Item as Content
from lti_tool.checks import reading
from lti_tool.checks.selecting import LEAST_FOR_ADAPTIVE, USUAL_COUNT
from lti_tool.playlists.planning.base import Aim, Competency, Does, Item
from lti_tool.playlists.planning.course import Course, compile_course

_SPACE = uuid.UUID("6f1c1b0e-6f2e-4b5c-9d0d-0d5f4f6f7a11")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a check; ``place`` is its place in the quiz that it comes from."""

    id: str
    item: uuid.UUID
    place: int
    guess: float


@dataclass(frozen=True, slots=True)
class Bank:
    """A quiz as a check: what it asks in order, and what an adaptive attempt chooses as many from."""

    own: tuple[Question, ...]
    among: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """A placement check: an item for all competencies, and the questions that it chooses from, each tagged with its own."""

    item: Item
    among: tuple[Question, ...]
    about: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Subject:
    """A course as it is planned, with its items in the teacher's order."""

    name: str
    course: Course
    items: tuple[Item, ...]
    edges: tuple[tuple[int, int], ...]
    banks: Mapping[uuid.UUID, Bank] = field(default_factory=dict)
    """Quizzes that are checks of the tool's own, by item; the others are the platform's."""
    checks: str = ""
    """What these checks are made of."""
    placement: Placement | None = None
    """What personal paths begin with, where a teacher named one; other ways pass it over."""


MINUTES = {"video": 10, "slides": 8, "reference": 20, "page": 10, "talk": 10, "exercise": 15, "task": 20, "quiz": 12}
"""Estimates by what an item is; the classes' own speed varies about them."""

MINUTES_A_QUESTION = 1.2
"""Of a check, so that ten questions take as long as a quiz."""

# --- Python for Everybody ---------------------------------------------------------------------------------------------

PY4E_NEEDS = {
    "Variables, expressions and statements": ["Why Program?"],
    "Conditional Execution": ["Variables, expressions and statements"],
    "Functions": ["Variables, expressions and statements"],
    "Loops and Iterations": ["Conditional Execution", "Functions"],
    "Strings": ["Loops and Iterations"],
    "Files": ["Strings"],
    "Lists": ["Strings"],
    "Dictionaries": ["Lists", "Files"],
    "Tuples": ["Dictionaries"],
    "Regular Expressions": ["Files"],
    "Network Programming": ["Files", "Functions"],
    "Using Web Services": ["Network Programming", "Dictionaries"],
    "Object-Oriented Programming": ["Dictionaries"],
    "Databases": ["Object-Oriented Programming", "Tuples"],
    "Data Visualization": ["Databases", "Using Web Services"],
}
"""What each chapter builds on, by what the chapters are about. Each module is one competency."""

_PY4E = (
    (r"^Video: Work|^Video: .*[Ww]orked|^Video: Worked", Does.PRACTISES, "exercise"),
    (r"^Video:", Does.TEACHES, "video"),
    (r"^Slides:", Does.TEACHES, "slides"),
    (r"^Reference:", Does.TEACHES, "reference"),
    (r"^Tool: Autograder|^Tool: Peer", Does.ASSESSES, "task"),
    (r"^Tool: Quiz", Does.ASSESSES, "quiz"),
)
"""What an item does, by how its title begins; discussions and what has no such title are not aligned."""


def py4e(folder: Path) -> Subject:
    """*Python for Everybody*: each module but the installation is a competency; items do what their titles say."""
    content = read_cartridge(folder / "py4e-course.imscc")
    modules = [module for module in content.modules if module.title != "Installing Python"]
    number = {module.title: place for place, module in enumerate(modules, 1)}
    items = []
    for module in modules:
        for one in module.items:
            for pattern, does, kind in _PY4E:
                if re.search(pattern, one.title):
                    items.append(_item(len(items), one, number[module.title], does, kind))
                    break
    edges = [(number[before], number[after]) for after, some in PY4E_NEEDS.items() for before in some]
    return _subject("py4e", [module.title for module in modules], edges, items)


# --- A Canvas export ----------------------------------------------------------------------------------------------------

CANVAS_TOPICS = 8
CANVAS_EDGES = ((1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (4, 6), (5, 7), (6, 8), (7, 8))
"""Two strands that part and meet again."""


def canvas(folder: Path) -> Subject:
    """The Canvas export, an example without a subject: its items are dealt out to eight competencies, in order and by kind.

    Quizzes with questions and assignments with points assess; discussions with points practise, as do quizzes without; pages,
    files, links and the other discussions teach.
    """
    content = read_cartridge(folder / "canvas-export.imscc")
    dealt: dict[tuple[Does, str], int] = {}
    items = []
    for one in _published(content):
        does, kind = _canvas_role(one)
        place = dealt.get((does, kind), 0)
        dealt[does, kind] = place + 1
        items.append(_item(len(items), one, place % CANVAS_TOPICS + 1, does, kind))
    # As a teacher would have them: competency by competency, what teaches first.
    order = list(Does)
    items.sort(key=lambda item: (item.aims[0].competency, order.index(item.aims[0].does), item.position))
    items = [
        Item(one.id, place, one.title, one.kind, one.aims, one.minutes, scored=one.scored)
        for place, one in enumerate(items)
    ]
    return _subject("canvas", [f"Topic {n}" for n in range(1, CANVAS_TOPICS + 1)], CANVAS_EDGES, items)


def _published(content: CourseContent) -> list[Content]:
    wanted = [item for item in content.items() if item.kind not in (ItemKind.HEADING, ItemKind.UNKNOWN)]
    return [item for item in wanted if item.published and item.title != "Unnamed Quiz"]


def _canvas_role(item: Content) -> tuple[Does, str]:
    if item.kind is ItemKind.QUIZ:
        return (Does.ASSESSES if item.points else Does.PRACTISES), "quiz"
    if item.kind is ItemKind.ASSIGNMENT:
        return (Does.ASSESSES if item.points else Does.PRACTISES), "task"
    if item.kind is ItemKind.DISCUSSION:
        return (Does.PRACTISES, "exercise") if item.points else (Does.TEACHES, "talk")
    return Does.TEACHES, "page"


# --- Checks ---------------------------------------------------------------------------------------------------------------


def with_checks(subject: Subject, folder: Path, *, pooled: bool) -> Subject:
    """The Canvas export with its scored quizzes brought in as checks, adaptive where the product allows it (ten questions).

    Of each quiz the product's own import says which questions can be asked, and how likely each is guessed. An attempt asks as
    many as the quiz has, twenty at most. ``pooled``: a teacher had each topic's checks choose from all questions of its quizzes.
    Fourteen of the export's quizzes are examples of the same ten questions; they are taken for different ones, as its items are
    taken for items of eight topics.
    """
    asked = canvas_questions(subject, folder)
    quizzes = [item for item in subject.items if item.id in asked]
    topic = {item.id: item.aims[0].competency for item in quizzes}
    banks = {}
    for item in quizzes:
        if item.scored:
            together = [one for other in quizzes if topic[other.id] == topic[item.id] for one in asked[other.id]]
            banks[item.id] = Bank(asked[item.id][:USUAL_COUNT], tuple(together) if pooled else asked[item.id])
    return _checked(subject, banks, "all of its topic's questions" if pooled else "its own questions")


def canvas_questions(subject: Subject, folder: Path) -> dict[uuid.UUID, tuple[Question, ...]]:
    """Of each quiz with enough of them for an adaptive check, the questions that the product's import can ask."""
    path = folder / "canvas-export.imscc"
    read = reading.read(path.name, path.read_bytes())
    entries = {(bank.identifier, entry.identifier): entry for bank in read.banks for entry in bank.entries}
    guesses = {
        quiz.title: [
            question.guess for ask in quiz.asks if ask in entries and (question := entries[ask].question) is not None
        ]
        for quiz in read.quizzes
    }
    quizzes = [item for item in subject.items if item.kind == "quiz" and len(guesses[item.title]) >= LEAST_FOR_ADAPTIVE]
    return {item.id: _questions(item, guesses[item.title]) for item in quizzes}


def with_made_up_checks(subject: Subject, size: int) -> Subject:
    """Each quiz as a check with a made-up bank of so many questions: what a course would need, not what it has."""
    banks = {}
    for item in subject.items:
        if item.scored and item.kind == "quiz":
            questions = _made_up(item, size)
            banks[item.id] = Bank(questions[:LEAST_FOR_ADAPTIVE], questions)
    return _checked(subject, banks, f"{size} made-up questions")


def _made_up(item: Item, size: int) -> tuple[Question, ...]:
    """Four in ten with four choices, the others typed: much as in the Canvas export."""
    return _questions(item, [0.25 if place % 5 in {1, 3} else 0.0 for place in range(size)])


def with_placement(subject: Subject, folder: Path) -> Subject:
    """The course with a placement check, made of the questions of its scored quizzes: the Canvas export's own, ten made-up ones
    of each quiz of *py4e*, which has none.
    """
    real = canvas_questions(subject, folder) if subject.name == "canvas" else None
    among: list[Question] = []
    about: dict[str, int] = {}
    for item in subject.items:
        if item.scored and item.kind == "quiz":
            questions = _made_up(item, LEAST_FOR_ADAPTIVE) if real is None else real.get(item.id, ())
            among.extend(questions)
            about.update((one.id, item.aims[0].competency) for one in questions)
    numbers = sorted(set(about.values()))
    aims = tuple(Aim(number, Does.ASSESSES) for number in numbers)
    minutes = round(USUAL_COUNT * MINUTES_A_QUESTION)
    item = Item(
        uuid.uuid5(_SPACE, "placement"),
        len(subject.items),
        "Placement",
        "quiz",
        aims,
        minutes,
        scored=True,
        adapts=True,
    )
    course = compile_course(subject.course.competencies, subject.edges, (*subject.items, item))
    return replace(subject, course=course, placement=Placement(item, tuple(among), about))


def _checked(subject: Subject, banks: Mapping[uuid.UUID, Bank], checks: str) -> Subject:
    """The course with these checks, which adapt."""
    items = tuple(replace(item, adapts=True) if item.id in banks else item for item in subject.items)
    course = compile_course(subject.course.competencies, subject.edges, items)
    return replace(subject, course=course, items=items, banks=banks, checks=checks)


def _questions(item: Item, guesses: Sequence[float]) -> tuple[Question, ...]:
    return tuple(Question(f"{item.id.hex}:{place}", item.id, place, guess) for place, guess in enumerate(guesses))


# --- Both -----------------------------------------------------------------------------------------------------------------


def _item(position: int, content: Content, competency: int, does: Does, kind: str) -> Item:
    return Item(
        uuid.uuid5(_SPACE, f"{content.identifier}/{content.content_id}/{content.title}/{position}"),
        position,
        content.title,
        kind,
        (Aim(competency, does),),
        MINUTES[kind],
        scored=does is Does.ASSESSES,
    )


def _subject(name: str, titles: Sequence[str], edges: Iterable[tuple[int, int]], items: Sequence[Item]) -> Subject:
    nodes = [Competency(place, place, title) for place, title in enumerate(titles, 1)]
    return Subject(name, compile_course(nodes, edges, items), tuple(items), tuple(edges))
