"""Items and tests of QTI 2.1, 2.2 and 3.0: banks and quizzes out of them.

Sources: 1EdTech QTI 2.1, 2.2 and 3.0 ASI information models.
"""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from lti_tool.checks.reading import pictures, qti2_questions, texts
from lti_tool.checks.reading.building import Maker, decimal
from lti_tool.checks.reading.qti2_tree import below, first, inside, kind, markup, plain, value
from lti_tool.checks.reading.values import Bank, Entry, LeftOut, Note, Quiz, Why

__all__ = ["Result", "plain", "read"]

LOOSE = "items"
"""The bank of items that stand in no test."""

Stimulus = Callable[[str, str], Element | None]
"""The document that an item's file names, by both paths."""


@dataclass(frozen=True, slots=True)
class Result:
    """What items and tests are."""

    banks: tuple[Bank, ...] = ()
    quizzes: tuple[Quiz, ...] = ()
    remarks: tuple[Note, ...] = ()


@dataclass(slots=True)
class _Asked:
    """What a test asks, gathered section by section."""

    paths: list[str] = field(default_factory=list)
    count: int = 0
    drawn: bool = False
    shuffled: bool = False
    missing: list[str] = field(default_factory=list)


def read(items: Sequence[tuple[str, Element]], tests: Sequence[tuple[str, Element]], stimulus: Stimulus) -> Result:
    """Each test as a quiz with a bank of its own; items of no test in one bank."""
    entries = _apart({path: _entry(path, root, stimulus) for path, root in items})
    place = {path: path for path in entries}
    place |= {path.casefold(): path for path in entries}
    used: set[str] = set()
    banks: list[Bank] = []
    quizzes: list[Quiz] = []
    for path, root in tests:
        asked = _Asked()
        for part in inside(root, "testpart"):
            _gather_sections(part, path, asked)
        _gather_sections(root, path, asked)
        bank, quiz = _quiz(path, root, asked, entries, place, used)
        if bank.entries:
            banks.append(bank)
        quizzes.append(quiz)
    loose = tuple(entry for path, entry in entries.items() if path not in used)
    if loose:
        banks.append(Bank(LOOSE, loose[0].title if len(loose) == 1 else "", loose))
    return Result(tuple(banks), tuple(quizzes))


def _apart(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Items of two files are two, whatever they are called: the second of a name is known by its file too."""
    met: set[str] = set()
    apart: dict[str, Entry] = {}
    for path, entry in entries.items():
        name = f"{entry.identifier} {path}"[-250:] if entry.identifier in met else entry.identifier
        met.add(entry.identifier)
        apart[path] = replace(entry, identifier=name)
    return apart


def _quiz(
    path: str,
    root: Element,
    asked: _Asked,
    entries: dict[str, Entry],
    place: dict[str, str],
    used: set[str],
) -> tuple[Bank, Quiz]:
    identifier = value(root, "identifier")[:200] or path
    title = texts.shown(value(root, "title"), 200) or identifier
    own: list[Entry] = []
    for href in dict.fromkeys(asked.paths):
        known = place.get(href) or place.get(href.casefold())
        if known is None:
            name = href.rsplit("/", 1)[-1][:100]
            own.append(Entry(href[-200:], name, left_out=Note(Why.NOT_THERE, href[-200:])))
        else:
            own.append(entries[known])
            used.add(known)
    converted = sum(entry.question is not None for entry in own)
    count = asked.count if asked.drawn and 0 < asked.count < converted else None
    limit = decimal(value(first(root, "timelimits"), "maxtime"))
    attempts = decimal(value(first(root, "itemsessioncontrol"), "maxattempts"))
    quiz = Quiz(
        identifier,
        title,
        asks=tuple((identifier, entry.identifier) for entry in own),
        count=count,
        shuffled=asked.shuffled,
        attempts=int(attempts) if attempts is not None and 1 <= attempts < 1000 else None,
        minutes=max(1, round(limit / 60)) if limit is not None and 0 < limit < 600_000 else None,
        remarks=(Note(Why.DRAWS, str(count)),) if count is not None else (),
    )
    return Bank(identifier, title, tuple(own), own=True), quiz


def _gather_sections(holder: Element, base: str, asked: _Asked) -> None:
    for section in inside(holder, "assessmentsection"):
        _gather(section, base, asked)


def _gather(section: Element, base: str, asked: _Asked) -> None:
    counted = asked.count
    each: list[int] = []
    if value(next(inside(section, "ordering"), None), "shuffle").lower() == "true":
        asked.shuffled = True
    for one in section:
        before = asked.count
        if kind(one) == "assessmentitemref":
            href = unquote(value(one, "href"))
            asked.paths.append(posixpath.normpath(posixpath.join(posixpath.dirname(base), href)))
            asked.count += 1
        elif kind(one) == "assessmentsection":
            _gather(one, base, asked)
        else:
            continue
        each.append(asked.count - before)
    # What is selected from are the children, items or whole sections (QTI ASI, selection).
    selects = value(next(inside(section, "selection"), None), "select")
    if selects.isdecimal() and len(selects) < 6 and int(selects) < len(each):
        asked.drawn = True
        asked.count = counted + sum(each[: int(selects)])


def _entry(path: str, root: Element, stimulus: Stimulus) -> Entry:
    identifier = value(root, "identifier")[:200] or path[-200:]
    pictures.at(path)
    maker = Maker()
    title = texts.shown(value(root, "title"), 120)
    body = first(root, "itembody")
    shown = title or texts.shown(markup(body), 120) or identifier
    before = ""
    for reference in below(root, "assessmentstimulusref"):
        href = unquote(value(reference, "href"))
        found = stimulus(path, href)
        text = first(found, "stimulusbody")
        if text is None:
            maker.remark(Why.STIMULUS, href[-200:])
        else:
            before += markup(text)
    try:
        question = maker.finished(qti2_questions.convert(root, body, before, maker))
    except LeftOut as why:
        return Entry(identifier, shown, left_out=why.note)
    return Entry(identifier, shown, question=question, remarks=maker.notes)
