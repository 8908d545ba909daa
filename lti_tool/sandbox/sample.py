"""The sample course that comes with the sandbox, and the people in it: plain files in ``course/``, read into a CourseContent.

``course.yaml`` gives the order; pages and assignments are Markdown with a head of YAML; quizzes are YAML in which a ``*``
before a choice marks it as right. Mistakes in these files are ours, so they raise ``ValueError`` and tests read them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from lti_tool.cartridges import (
    Blank,
    Choice,
    CourseContent,
    Item,
    ItemKind,
    Module,
    NumberRange,
    Question,
    QuestionKind,
)

FOLDER = Path(__file__).parent / "course"


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody who can sign in. ``observes`` lists the logins of the students an observer is a parent of."""

    login: str
    given_name: str
    family_name: str
    kind: str
    locale: str = "en"
    observes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """A group of the sample course, and the set it is in."""

    name: str
    in_set: str
    members: tuple[str, ...]


def sample_groups() -> tuple[SampleGroup, ...]:
    """The groups of the sample course; members are logins."""
    return tuple(SampleGroup(one["name"], one["set"], tuple(one["members"])) for one in _yaml("groups.yaml"))


def sample_people() -> tuple[SamplePerson, ...]:
    """The people of every sandbox: a teacher, students, an observer, an administrator, in this order."""
    found = _yaml("people.yaml")
    kinds = (
        ("teachers", "teacher"),
        ("students", "student"),
        ("observers", "observer"),
        ("administrators", "administrator"),
    )
    return tuple(
        SamplePerson(
            login=entry["login"],
            given_name=entry["given"],
            family_name=entry["family"],
            kind=kind,
            locale=entry.get("locale", "en"),
            observes=tuple(entry.get("of", ())),
        )
        for group, kind in kinds
        for entry in found.get(group, ())
    )


def sample_course(now: datetime) -> CourseContent:
    """The sample course; due dates are counted from ``now``."""
    found = _yaml("course.yaml")
    modules = tuple(
        Module(f"module-{number}", entry["title"], tuple(_item(line, now) for line in entry["items"]))
        for number, entry in enumerate(found["modules"], start=1)
    )
    return CourseContent(
        title=found["title"],
        identifier=found["identifier"],
        source="sample",
        description=found["description"].strip(),
        language="en",
        modules=modules,
    )


def sample_quiz(name: str) -> Item:
    """A quiz of the sample, in the course or beside it."""
    return _quiz(name, 0)


def content_title(kind: str, name: str) -> str:
    """The title of a quiz or an assignment of the sample."""
    head = _yaml(f"quizzes/{name}.yaml") if kind == "quiz" else _markdown_file(f"assignments/{name}.md")[0]
    return str(head["title"])


def more_of_canvas() -> Any:
    """What the course has besides where the sandbox plays Canvas; its shape belongs to ``canvas_sample.py``."""
    return _yaml("canvas.yaml")


def course_code() -> str:
    """The sample course's short name."""
    return str(_yaml("course.yaml")["code"])


def _item(line: Mapping[str, Any], now: datetime) -> Item:
    kind = next(iter(line))
    value = str(line[kind])
    indent = int(line.get("indent", 0))
    match kind:
        case "page":
            head, body = _markdown_file(f"pages/{value}.md")
            return Item(value, value, ItemKind.PAGE, head["title"], indent, body=body, path=f"{value}.html")
        case "assignment":
            return _assignment(value, indent, now)
        case "quiz":
            return _quiz(value, indent)
        case "link":
            new_window = bool(line.get("new_window", False))
            return Item(value, value, ItemKind.LINK, line["title"], indent, url=value, new_window=new_window)
        case "heading":
            return Item(value, "", ItemKind.HEADING, value, indent)
    raise ValueError(f"course.yaml: an item of the unknown kind {kind!r}")


def _assignment(name: str, indent: int, now: datetime) -> Item:
    head, body = _markdown_file(f"assignments/{name}.md")
    due = (now + timedelta(days=int(head["due_in_days"]))).replace(hour=22, minute=59, second=0, microsecond=0)
    types = {"text": ("online_text_entry",), "paper": ("on_paper",)}[head["submission"]]
    return Item(
        name,
        name,
        ItemKind.ASSIGNMENT,
        head["title"],
        indent,
        body=body,
        points=float(head["points"]),
        due_at=due,
        submission_types=types,
    )


def _quiz(name: str, indent: int) -> Item:
    found = _yaml(f"quizzes/{name}.yaml")
    questions = tuple(_question(f"q{number}", entry) for number, entry in enumerate(found["questions"], start=1))
    return Item(
        f"quiz-{name}",
        f"quiz-{name}",
        ItemKind.QUIZ,
        found["title"],
        indent,
        body=_markdown().render(found["body"]),
        points=sum(question.points for question in questions),
        questions=questions,
        attempts=found.get("attempts"),
    )


def _question(identifier: str, entry: Mapping[str, Any]) -> Question:
    kind = QuestionKind(entry["kind"])
    accepted: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    blanks: tuple[Blank, ...] = ()
    ranges: tuple[NumberRange, ...] = ()
    match kind:
        case QuestionKind.MULTIPLE_CHOICE | QuestionKind.MULTIPLE_RESPONSE:
            choices = _choices(entry["choices"])
        case QuestionKind.TRUE_FALSE:
            answer = bool(entry["answer"])
            choices = (Choice("true", "True", answer), Choice("false", "False", not answer))
        case QuestionKind.NUMERICAL:
            answer_is, around = float(entry["answer"]), float(entry.get("tolerance", 0))
            ranges = (NumberRange(answer_is - around, answer_is + around),)
        case QuestionKind.SHORT_ANSWER:
            accepted = tuple(str(word) for word in entry["accepted"])
        case QuestionKind.MATCHING:
            blanks = _pairs(entry["pairs"])
        case QuestionKind.BLANKS:
            blanks = tuple(
                Blank(name, name, accepted=tuple(str(word) for word in words)) for name, words in entry["gaps"].items()
            )
        case _:
            raise ValueError(f"{identifier}: the sample course has no questions of the kind {kind.value}")
    return Question(
        identifier=identifier,
        kind=kind,
        prompt=_inline(entry["prompt"]),
        points=float(entry.get("points", 1)),
        choices=choices,
        blanks=blanks,
        accepted=accepted,
        ranges=ranges,
        feedback_right=_inline(entry.get("right", "")),
        feedback_wrong=_inline(entry.get("wrong", "")),
    )


def _choices(words: list[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(f"c{number}", _inline(str(word).removeprefix("*")), str(word).startswith("*"))
        for number, word in enumerate(words, start=1)
    )


def _pairs(pairs: Mapping[str, str]) -> tuple[Blank, ...]:
    """Each left side is a row; its choices are all right sides in alphabetical order, so that order gives nothing away."""
    answers = sorted({str(right) for right in pairs.values()})
    return tuple(
        Blank(
            f"r{number}",
            _inline(left),
            tuple(Choice(f"a{place}", answer, answer == str(right)) for place, answer in enumerate(answers, start=1)),
        )
        for number, (left, right) in enumerate(pairs.items(), start=1)
    )


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _inline(words: str) -> str:
    return str(_markdown().renderInline(words))


def _yaml(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def _markdown_file(name: str) -> tuple[Mapping[str, Any], str]:
    """The YAML head of a Markdown file, and its body as HTML."""
    _, head, body = (FOLDER / name).read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head), _markdown().render(body)
