"""QTI 1.2: as Common Cartridge profiles it, as Canvas writes it, and plain. Quizzes, banks, and items alone.

Sources: IMS QTI 1.2.1 ASI; Common Cartridge 1.1 to 1.3, QTI profile; Canvas's own files (``question_type``,
``points_possible``, ``bank_title``, ``sourcebank_ref``).
"""

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import as_html, child, children, descendants, name, number, text
from lti_tool.checks.reading import blackboard, brightspace, qti1_questions, texts
from lti_tool.checks.reading.building import Maker, decimal
from lti_tool.checks.reading.values import Bank, Entry, LeftOut, Note, Quiz


@dataclass(slots=True)
class Found:
    """What one document holds. ``draws`` are identifiers of banks that the quiz draws from."""

    bank: Bank
    quiz: Quiz | None = None
    draws: list["Draw"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Draw:
    """A part of a quiz that asks ``count`` questions of a bank that stands elsewhere (None: all)."""

    bank: str
    count: int | None
    place: int
    """How many questions of the quiz's own come before."""
    item: str = ""
    """The one question of the bank that is meant, where it is one."""


def read(root: Element, name_of_file: str, *, canvas: bool) -> Found | None:
    """What a ``questestinterop`` document holds; None when it is nothing of that."""
    if name(root) != "questestinterop":
        return None
    assessment = child(root, "assessment")
    if assessment is not None:
        return _Assessment(assessment, canvas).found(name_of_file)
    bank = child(root, "objectbank")
    holder = bank if bank is not None else root
    fields = qti1_questions.fields_of(holder)
    title = fields.get("bank_title") or holder.get("title") or name_of_file.rsplit("/", 1)[-1].split(".", 1)[0]
    identifier = holder.get("ident") or name_of_file
    entries = tuple(_entry(item, canvas) for item in descendants(holder, "item"))
    return Found(Bank(identifier, texts.shown(title, 200), entries))


class _Assessment:
    """One reading of one quiz."""

    def __init__(self, element: Element, canvas: bool) -> None:
        self._element = element
        self._canvas = canvas
        self._entries: list[Entry] = []
        self._draws: list[Draw] = []
        self._remarks: list[Note] = []
        self._asked = 0
        self._drawn = False

    def found(self, name_of_file: str) -> Found:
        element = self._element
        identifier = element.get("ident") or name_of_file
        for section in children(element, "section"):
            self._section(section)
        # Some writers leave sections out.
        for item in children(element, "item"):
            self._add(item, None)
            self._asked += 1
        fields = qti1_questions.fields_of(element)
        attempts = fields.get("cc_maxattempts", "1")
        limit = number(fields.get("qmd_timelimit", ""))
        maker = Maker()
        objectives = next(children(element, "rubric", "presentation_material", "objectives"), None)
        introduction = "".join(as_html(words) for words in descendants(objectives, "mattext"))
        title = texts.shown(element.get("title", ""), 200) or name_of_file.rsplit("/", 1)[-1]
        remarks = list(self._remarks)
        converted = sum(entry.question is not None for entry in self._entries)
        count = self._asked if self._drawn and 0 < self._asked < converted else None
        quiz = Quiz(
            identifier,
            title,
            introduction=texts.shown(maker.html(introduction), 2000),
            asks=tuple((identifier, entry.identifier) for entry in self._entries),
            count=count,
            attempts=int(attempts) if attempts.isdecimal() and 0 < int(attempts[:6]) < 1000 else None,
            minutes=int(limit) if limit is not None and 1 <= limit < 10_000 else None,
            remarks=tuple(remarks),
        )
        if text(element, "assessmentmetadata", "bbmd_assessmenttype") == "Pool":
            return Found(Bank(identifier, title, tuple(self._entries)))  # A bank of Blackboard's, which nobody takes.
        return Found(Bank(identifier, title, tuple(self._entries), own=True), quiz, self._draws)

    def _section(self, section: Element) -> None:
        wanted: int | None = None
        each: str | None = None
        bank = ""
        for selection in descendants(child(section, "selection_ordering"), "selection"):
            amount = number(text(selection, "selection_number"))
            wanted = int(amount) if amount is not None and 0 < amount < 100_000 else wanted
            each = text(selection, "selection_extension", "points_per_item") or each
            bank = text(selection, "sourcebank_ref") or bank
        for one in descendants(child(section, "sectionproc_extension"), "qti_metadatafield"):
            # Brightspace: how many of a pool's questions are asked.
            amount = number(text(one, "fieldentry")) if text(one, "fieldlabel") == "qmd_numberofitems" else None
            wanted = int(amount) if amount is not None and 0 < amount < 100_000 else wanted
        before = len(self._entries)
        if bank:
            self._draws.append(Draw(bank, wanted, before))
            return
        inside = self._asked
        for part in section:
            if name(part) == "item":
                self._add(part, each)
                self._asked += 1
            elif name(part) == "bankentry_item":
                # Canvas's New Quizzes name a question that stands in a bank.
                place = len(self._entries)
                self._draws.append(Draw(part.get("sourcebank_ref", ""), 1, place, part.get("item_ref", "")))
            elif name(part) == "section":
                self._section(part)
        if wanted is not None and wanted < len(self._entries) - before:
            self._drawn = True
            self._asked = inside + wanted

    def _add(self, item: Element, each: str | None) -> None:
        self._entries.append(_entry(item, self._canvas, each))


def _entry(item: Element, canvas: bool, each: str | None = None) -> Entry:
    maker = Maker()
    blackboard.put_right(item)
    brightspace.put_right(item)
    identifier = item.get("ident", "")[:200]
    title = item.get("title", "")
    presentation = child(item, "presentation")
    words = texts.shown("".join(qti1_questions.prompt_of(presentation)), 120)
    shown = texts.shown(title, 120)
    if re.fullmatch(r"(?i)question|", shown) and words:
        shown = words
    try:
        question = maker.finished(qti1_questions.convert(item, maker, decimal(each), canvas=canvas))
    except LeftOut as why:
        return Entry(identifier, shown, left_out=why.note)
    return Entry(identifier, shown, question=question, remarks=maker.notes)
