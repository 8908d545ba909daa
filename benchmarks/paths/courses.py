"""The two courses that classes work through: real cartridges, with a map and alignments made of what they are called.

Neither cartridge brings a map, so both are made here, once, by rules that anybody can read below.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lti_tool.cartridges import CourseContent, ItemKind, read_cartridge
from lti_tool.cartridges import Item as Content
from lti_tool.playlists.planning.base import Aim, Competency, Does, Item
from lti_tool.playlists.planning.course import Course, compile_course

_SPACE = uuid.UUID("6f1c1b0e-6f2e-4b5c-9d0d-0d5f4f6f7a11")


@dataclass(frozen=True, slots=True)
class Subject:
    """A course as it is planned, with its items in the teacher's order."""

    name: str
    course: Course
    items: tuple[Item, ...]
    edges: tuple[tuple[int, int], ...]


MINUTES = {"video": 10, "slides": 8, "reference": 20, "page": 10, "talk": 10, "exercise": 15, "task": 20, "quiz": 12}
"""Estimates by what an item is; the classes' own speed varies about them."""

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
