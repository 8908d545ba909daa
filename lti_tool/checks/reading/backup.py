"""Moodle's backups of courses (``.mbz``): the question bank as banks, the quizzes as quizzes.

Backups of Moodle 4 and later keep each question in versions, of which the newest that is ready counts; older ones keep one,
hidden where it was deleted. What a question says is put into the shape of Moodle's XML format, and read as that (``moodle``), so
that the same question means the same out of either file. People, their work and their grades are not looked at.

Sources: backups of Moodle 2 to 5 themselves, and Moodle's documentation of its backup format and of its XML format.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element, SubElement

from lti_tool.cartridges.archive import Archive
from lti_tool.cartridges.content import CartridgeError
from lti_tool.cartridges.markup import Unreadable, child, children, descendants, number, text
from lti_tool.cartridges.tar import Tar
from lti_tool.checks.reading import documents, moodle, pictures, texts
from lti_tool.checks.reading.building import Maker, decimal
from lti_tool.checks.reading.values import (
    MOODLE_BACKUP,
    MOST_QUESTIONS,
    Format,
    Note,
    QuestionsTooLarge,
    Quiz,
    Reading,
    UnknownQuestionFormat,
    Why,
)

MANIFEST = "moodle_backup.xml"
_QUESTIONS, _FILES = "questions.xml", "files.xml"
_QUIZ = re.compile(r"activities/quiz_(\d{1,18})/quiz\.xml\Z")
_CONTENT = re.compile(r"files/[0-9a-f]{2}/([0-9a-f]{40})\Z")
MOST_QUIZZES = 300
MOST_SLOTS = 500
"""Places of one quiz that are looked at."""
MOST_DRAWN = 20_000_000
"""Questions that all places of all quizzes together may draw from: 300 quizzes of 100 places, each of 500, are fewer."""
MOST_CATEGORIES = 5_000
"""Each quiz may draw from any of them, and from all below it."""
MOST_DEEP = 50
"""Categories above a category."""
LONGEST_NAME = 255
"""Characters of a category's name, as Moodle allows them: those above it stand in front of each."""
MOST_BESIDE = 50
"""Files beside one text."""
MOST_FILLED = 200_000
"""Characters of a text whose gaps are filled in; far more than a question may have."""
MOST_READ = 40_000_000
"""Bytes of all documents that hold questions or quizzes: each takes many times its size in memory."""

_NOTHING = "$@NULL@$"
_FORMATS = {"0": "moodle_auto_format", "1": "html", "2": "plain_text", "4": "markdown"}
_NAMES = {"match": "matching", "multianswer": "cloze"}
"""Kinds that the XML format calls otherwise."""
_SAID = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
_PART = re.compile(r"\{#(\d{1,3})\}")
_GROUP = re.compile(r'draggroup";(?:s:\d+:"|i:)(\d{1,2})')

Files = Callable[[Callable[[str, int], bool]], Iterator[tuple[str, bytes]]]
"""The files of a backup that are wanted, by path and size."""


def read_tar(source: BinaryIO) -> Reading:
    """The questions of a backup that is a gzipped tar file. Raises our errors alone."""

    def files(wanted: Callable[[str, int], bool]) -> Iterator[tuple[str, bytes]]:
        source.seek(0)
        tar = Tar(source, documents.LIMITS)
        for member in tar.members():
            if wanted(member.path, member.size):
                yield member.path, tar.read(member, documents.LIMITS.xml)

    try:
        return _Backup(files).reading()
    except CartridgeError as error:
        raise documents.refusal(error) from error


def read_zip(archive: Archive) -> Reading:
    """The questions of a backup that is a zip file."""

    def files(wanted: Callable[[str, int], bool]) -> Iterator[tuple[str, bytes]]:
        for path in archive.paths():
            if wanted(path, archive.size(path)):
                yield path, archive.read(path, documents.LIMITS.xml)

    return _Backup(files).reading()


@dataclass(frozen=True, slots=True)
class _Kept:
    """A question of the backup: its element, its category, and what quizzes call it."""

    element: Element
    category: str
    entry_id: str
    idnumber: str

    @property
    def id(self) -> str:
        """What quizzes of older backups call it, and what its parts name."""
        return self.element.get("id") or ""


@dataclass(slots=True)
class _Backup:
    """One reading of one backup."""

    files: Files
    roots: dict[str, Element] = field(default_factory=dict)
    remarks: list[Note] = field(default_factory=list)
    read: int = 0
    pictures: dict[tuple[str, str], list[tuple[str, str, str]]] = field(default_factory=dict)
    """What stands beside a text, by area and the id of what has it: path, name, and the digest of the content."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Where pictures are shown from, by the digest that the backup knows their contents by."""

    def reading(self) -> Reading:
        """What the backup holds."""
        for path, data in self.files(self._wants):
            self._take(path, data)
        if MANIFEST not in self.roots:
            raise UnknownQuestionFormat("an archive that is no backup of Moodle")
        paths = _paths(self.roots.get(_QUESTIONS))
        kept = list(_kept(self.roots.get(_QUESTIONS)))
        if not kept:
            raise UnknownQuestionFormat("a backup of Moodle without questions", advice=MOODLE_BACKUP)
        self._find_pictures()
        whole = [one for one in kept if not _is_part(one.element)]
        quiz_roots = [(path, root) for path, root in self.roots.items() if _QUIZ.match(path)]
        if len(whole) > MOST_QUESTIONS or len(quiz_roots) > MOST_QUIZZES:
            raise QuestionsTooLarge("more questions or quizzes than are read at once")
        parts = {one.id: one.element for one in kept if _is_part(one.element)}
        root = Element("quiz")
        named: dict[str, list[_Kept]] = {}  # In the order in which banks come, of what their categories are called.
        for one in whole:
            path = paths.get(one.category, "")
            category = SubElement(root, "question", type="category")
            SubElement(SubElement(category, "category"), "text").text = path
            root.append(_Shaped(one, parts, self._beside).question())
            named.setdefault(moodle.category_of(path), []).append(one)
        banks = moodle.banks(root)
        places: dict[str, tuple[str, str]] = {}
        of_category: dict[str, list[tuple[str, str]]] = {}
        for bank, some in zip(banks, named.values(), strict=True):
            for entry, one in zip(bank.entries, some, strict=True):
                place = (bank.identifier, entry.identifier)
                places[f"entry:{one.entry_id}" if one.entry_id else f"question:{one.id}"] = place
                if not _is_random(one.element):
                    of_category.setdefault(one.category, []).append(place)
        randoms = {one.id: one for one in kept if _is_random(one.element)}
        known = {
            (bank.identifier, entry.identifier)
            for bank in banks
            for entry in bank.entries
            if entry.question is not None
        }
        bank_of = _Bank(places, of_category, paths, randoms, known)
        quizzes = [_Quiz(path, bank_of).read(root) for path, root in quiz_roots]
        information = child(self.roots[MANIFEST], "information")
        return Reading(
            Format.MOODLE_BACKUP,
            texts.shown(_said(information, "original_course_fullname"), 200),
            tuple(banks),
            tuple(one for one in quizzes if one is not None),
            tuple(dict.fromkeys(self.remarks)),
        )

    def _wants(self, path: str, size: int) -> bool:
        """Whether a file is read. A quiz with the work of a large class in it is left out, and said to be."""
        if path in {MANIFEST, _QUESTIONS}:
            return True
        if path != _FILES and not _QUIZ.match(path):
            return False
        fits = size <= documents.LIMITS.xml and self.read + size <= MOST_READ // 2
        if not fits:
            self.remarks.append(Note(Why.FILES, path[-200:]))
        return fits

    def _take(self, path: str, data: bytes) -> None:
        self.read += len(data)
        if self.read > MOST_READ:
            raise QuestionsTooLarge("more XML than is read at once")
        try:
            self.roots[path] = documents.xml(data, path)
        except Unreadable:
            self.remarks.append(Note(Why.FILES, path[-200:]))

    def _find_pictures(self) -> None:
        """Read the contents of files that stand beside texts of questions, as far as they may be pictures."""
        seen = pictures.now()
        if seen is None:
            return
        wanted: set[str] = set()
        for one in children(self.roots.get(_FILES), "file"):
            component, area, name = _said(one, "component"), _said(one, "filearea"), _said(one, "filename")
            if not (component == "question" or component.startswith("qtype_")) or name in {"", "."}:
                continue
            digest = _said(one, "contenthash").lower()
            beside = self.pictures.setdefault((area, _said(one, "itemid")), [])
            if len(beside) < MOST_BESIDE:
                beside.append((_said(one, "filepath") or "/", name, digest))
                wanted.add(digest)

        def is_wanted(path: str, size: int) -> bool:
            found = _CONTENT.match(path)
            return found is not None and found[1] in wanted and size <= pictures.MOST_BYTES

        for path, data in self.files(is_wanted) if wanted else ():
            address = seen.take(data)
            if address is not None:
                self.addresses[path.rsplit("/", 1)[-1]] = address

    def _beside(self, into: Element, area: str, item_id: str) -> None:
        """Has a text show its pictures, and know of what else stands beside it."""
        found = self.pictures.get((area, item_id), ())
        words = child(into, "text")
        if not found or words is None:
            return
        shown = {f"{path}{name}": self.addresses[digest] for path, name, digest in found if digest in self.addresses}
        words.text = moodle.named_by(words.text or "", shown)
        for path, name, _ in found:
            SubElement(into, "file", name=name, path=path)


# --- The question bank -------------------------------------------------------------------------------------------------------


def _paths(root: Element | None) -> dict[str, str]:
    """The path of each category by its id, without the one at the top that holds all."""
    categories = {one.get("id") or "": one for one in children(root, "question_category")}
    if len(categories) > MOST_CATEGORIES:
        raise QuestionsTooLarge("more categories than are read at once")
    found: dict[str, str] = {}
    for category_id in categories:
        parts: list[str] = []
        at, seen = category_id, set[str]()
        while at in categories and at not in seen and len(seen) < MOST_DEEP:
            seen.add(at)
            parent = _said(categories[at], "parent")
            name = _said(categories[at], "name")[:LONGEST_NAME]
            if not (parent in {"", "0"} and name == "top"):
                parts.append(name.replace("/", "//"))
            at = parent
        found[category_id] = "/".join(reversed(parts))
    return found


def _kept(root: Element | None) -> Iterator[_Kept]:
    """Every question that counts, parts of others among them."""
    for category in children(root, "question_category"):
        category_id = category.get("id") or ""
        for one in children(child(category, "questions"), "question"):
            if _said(one, "hidden") in {"", "0"}:
                yield _Kept(one, category_id, "", _said(one, "idnumber"))
        for entry in children(child(category, "question_bank_entries"), "question_bank_entry"):
            newest = _newest(entry)
            if newest is not None:
                yield _Kept(newest, category_id, entry.get("id") or "", _said(entry, "idnumber"))


def _newest(entry: Element) -> Element | None:
    """The newest version that is ready; None where the question is deleted, or only a draft."""
    ready = [
        (number(_said(version, "version")) or 0.0, question)
        for version in descendants(child(entry, "question_version"), "question_versions")
        if _said(version, "status") in {"", "ready"}
        for question in children(child(version, "questions"), "question")
    ]
    return max(ready, key=lambda one: one[0])[1] if ready else None


def _is_part(question: Element) -> bool:
    """Whether it is a gap of another question. A place for a random one names itself."""
    return _said(question, "parent") not in {"", "0", question.get("id") or ""}


def _is_random(question: Element) -> bool:
    return _said(question, "qtype") == "random"


def _said(element: Element | None, name: str) -> str:
    value = text(element, name)
    return "" if value == _NOTHING else value


def _shares(fraction: str) -> str:
    """A share of the points in percent, as the XML format has it."""
    share = decimal(fraction)
    return "0" if share is None else f"{share * 100:f}"


@dataclass(frozen=True, slots=True)
class _Shaped:
    """One question in the shape of the XML format."""

    kept: _Kept
    parts: dict[str, Element]
    beside: Callable[[Element, str, str], None]

    def question(self) -> Element:
        """The element that ``moodle.banks`` reads."""
        given = self.kept.element
        kind = _said(given, "qtype").lower()
        made = Element("question", type=_NAMES.get(kind, kind))
        SubElement(SubElement(made, "name"), "text").text = _said(given, "name")
        self._text(made, "questiontext", given, "questiontext", self.kept.id)
        self._text(made, "generalfeedback", given, "generalfeedback", self.kept.id)
        SubElement(made, "defaultgrade").text = _said(given, "defaultmark") or _said(given, "defaultgrade")
        if self.kept.idnumber:
            SubElement(made, "idnumber").text = self.kept.idnumber
        for hint in children(child(given, "question_hints"), "question_hint"):
            self._text(made, "hint", hint, "hint", hint.get("id") or "")
        own = child(given, f"plugin_qtype_{kind}_question")
        if own is not None:
            _OWN.get(kind, _Shaped.answers)(self, made, own)
            self._settings(made, own, kind)
        return made

    def _text(self, into: Element, name: str, given: Element, of: str, item_id: str) -> Element:
        made = SubElement(into, name, format=_FORMATS.get(_said(given, f"{of}format"), "html"))
        SubElement(made, "text").text = _said(given, of)
        self.beside(made, of, item_id)
        return made

    def _settings(self, made: Element, own: Element, kind: str) -> None:
        """What the kind itself says: whether one is right, in which order, what is said afterwards."""
        for settings in (child(own, kind), child(own, f"{kind}options")):
            if settings is None:
                continue
            for one in settings:
                if one.tag in _SAID:
                    self._text(made, str(one.tag), settings, str(one.tag), self.kept.id)
                elif one.tag in {"single", "shuffleanswers", "usecase", "selecttype", "selectcount", "gradingtype"}:
                    SubElement(made, str(one.tag)).text = _said(settings, str(one.tag))

    def answers(self, made: Element, own: Element) -> None:
        """Answers with their shares."""
        for one in children(child(own, "answers"), "answer"):
            self._answer(made, one, _shares(_said(one, "fraction")), _said(one, "answertext"))

    def _answer(self, made: Element, given: Element, fraction: str, words: str) -> Element:
        answer_id = given.get("id") or ""
        answer = SubElement(
            made, "answer", fraction=fraction, format=_FORMATS.get(_said(given, "answerformat"), "html")
        )
        SubElement(answer, "text").text = words
        self.beside(answer, "answer", answer_id)
        feedback = SubElement(answer, "feedback", format=_FORMATS.get(_said(given, "feedbackformat"), "html"))
        SubElement(feedback, "text").text = _said(given, "feedback")
        self.beside(feedback, "answerfeedback", answer_id)
        return answer

    def true_or_false(self, made: Element, own: Element) -> None:
        """True and false by which of them is which."""
        # What the two answers are called is in the language of whoever wrote the question.
        right = _said(child(own, "truefalse"), "trueanswer")
        for one in children(child(own, "answers"), "answer"):
            word = "true" if (one.get("id") or "") == right else "false"
            self._answer(made, one, _shares(_said(one, "fraction")), word)

    def numbers(self, made: Element, own: Element) -> None:
        """Numbers with their tolerances, and units beside them."""
        tolerances = {_said(one, "answer"): _said(one, "tolerance") for one in descendants(own, "numerical_record")}
        for one in children(child(own, "answers"), "answer"):
            answer = self._answer(made, one, _shares(_said(one, "fraction")), _said(one, "answertext"))
            SubElement(answer, "tolerance").text = tolerances.get(one.get("id") or "", "0")
        units = SubElement(made, "units")
        for one in descendants(child(own, "numerical_units"), "numerical_unit"):
            SubElement(SubElement(units, "unit"), "unit_name").text = _said(one, "unit")

    def places(self, made: Element, own: Element) -> None:
        """An order: the fraction is the place, as it stands."""
        for one in children(child(own, "answers"), "answer"):
            self._answer(made, one, _said(one, "fraction"), _said(one, "answertext"))

    def pairs(self, made: Element, own: Element) -> None:
        """What belongs together; a place without words misleads."""
        for one in children(child(own, "matches"), "match"):
            part = self._text(made, "subquestion", one, "questiontext", "")
            self.beside(part, "subquestion", one.get("id") or "")
            answer = SubElement(part, "answer", format=_FORMATS.get(_said(one, "answertextformat"), "plain_text"))
            SubElement(answer, "text").text = _said(one, "answertext")
            self.beside(answer, "subanswer", one.get("id") or "")

    def gaps(self, made: Element, own: Element) -> None:
        """Gaps are questions of their own there; their texts are what stands in the text here."""
        order = [part.strip() for part in _said(child(own, "multianswer"), "sequence").split(",")]
        words = child(child(made, "questiontext"), "text")
        left = MOST_FILLED

        def gap(found: re.Match[str]) -> str:
            nonlocal left
            place = int(found[1]) - 1
            part = self.parts.get(order[place]) if 0 <= place < len(order) else None
            filled = found[0] if part is None else _said(part, "questiontext")
            left -= len(filled)
            return filled if left > 0 else found[0]

        if words is not None:
            words.text = _PART.sub(gap, words.text or "")

    def words_to_choose(self, made: Element, own: Element) -> None:
        """Words to choose from, in groups."""
        for one in children(child(own, "answers"), "answer"):
            group = _GROUP.search(_said(one, "feedback"))
            option = SubElement(made, "selectoption")
            SubElement(option, "text").text = _said(one, "answertext")
            SubElement(option, "group").text = group[1] if group else _said(one, "feedback") or "1"


_OWN: dict[str, Callable[[_Shaped, Element, Element], None]] = {
    "truefalse": _Shaped.true_or_false,
    "numerical": _Shaped.numbers,
    "ordering": _Shaped.places,
    "match": _Shaped.pairs,
    "ddmatch": _Shaped.pairs,
    "multianswer": _Shaped.gaps,
    "gapselect": _Shaped.words_to_choose,
    "ddwtos": _Shaped.words_to_choose,
}


# --- The quizzes -------------------------------------------------------------------------------------------------------------


Place = tuple[str, str]
"""A bank and an entry, by identifier."""


@dataclass(frozen=True, slots=True)
class _Bank:
    """Where quizzes find their questions. ``places`` is where each is, by what slots call it; ``known`` are those converted."""

    places: dict[str, Place]
    of_category: dict[str, list[Place]]
    paths: dict[str, str]
    randoms: dict[str, _Kept]
    known: set[Place]
    drawn: dict[tuple[str, bool], list[Place]] = field(default_factory=dict)
    counted: list[int] = field(default_factory=lambda: [0])

    def draws(self, category: str, *, below: bool) -> list[Place]:
        """The questions of a category, those below it included or not."""
        found = self.drawn.get((category, below))
        if found is None:
            path = self.paths.get(category)
            start = f"{path}/" if path else ""
            some = [
                each
                for each, other in self.paths.items()
                if each == category or (below and path is not None and other.startswith(start))
            ]
            found = self.drawn[category, below] = [one for each in some for one in self.of_category.get(each, ())]
        self.counted[0] += len(found)
        if self.counted[0] > MOST_DRAWN:
            raise QuestionsTooLarge("quizzes that draw from more questions than anybody means")
        return found


@dataclass(frozen=True, slots=True)
class _Quiz:
    """A quiz of the backup."""

    path: str
    bank: _Bank

    def read(self, root: Element) -> Quiz | None:
        """The quiz; None for one that asks nothing."""
        given = child(root, "quiz")
        asks: dict[Place, None] = {}
        remarks: list[Note] = []
        asked = 0
        slots = list(children(child(given, "question_instances"), "question_instance"))[:MOST_SLOTS]
        for slot in sorted(slots, key=lambda one: number(_said(one, "slot")) or 0.0):
            found = self._of_slot(slot, remarks)
            # One of those that it draws from, or the one that it names.
            asked += any(one in self.bank.known for one in found)
            asks |= dict.fromkeys(found)
        if not asks:
            return None
        converted = sum(one in self.bank.known for one in asks)
        count = asked if 0 < asked < converted else None
        if count is not None:
            remarks.append(Note(Why.DRAWS, str(count)))
        if _said(given, "password") or _said(given, "subnet"):
            remarks.append(Note(Why.LOCKED))
        maker = Maker()
        attempts, limit = number(_said(given, "attempts_number")), number(_said(given, "timelimit"))
        minutes = math.ceil(limit / 60) if limit is not None and 0 < limit < 600_000 else None
        cmid = _QUIZ.match(self.path)
        return Quiz(
            f"quiz:{cmid[1] if cmid else ''}",
            texts.shown(_said(given, "name"), 200),
            texts.shown(maker.html(_said(given, "intro")), 2000),
            tuple(asks),
            count,
            shuffled=any(_said(one, "shufflequestions") == "1" for one in descendants(given, "section")),
            attempts=int(attempts) if attempts is not None and 0 < attempts < 1000 else None,
            minutes=minutes,
            remarks=tuple(dict.fromkeys(remarks)),
        )

    def _of_slot(self, slot: Element, remarks: list[Note]) -> list[Place]:
        """What a slot asks: one question, or any of those that it draws from."""
        named, old = _said(child(slot, "question_reference"), "questionbankentryid"), _said(slot, "questionid")
        drawn, random = child(slot, "question_set_reference"), self.bank.randoms.get(old)
        if drawn is not None:
            category, below = _filter(_said(drawn, "filtercondition"))
        elif random is not None:
            category, below = random.category, _said(random.element, "questiontext") == "1"
        else:
            place = self.bank.places.get(f"entry:{named}" if named else f"question:{old}")
            return [] if place is None else [place]
        found = self.bank.draws(category, below=below)
        if not found:
            remarks.append(Note(Why.DRAWS_FROM, self.bank.paths.get(category, category)[:200]))
        return found


def _filter(condition: str) -> tuple[str, bool]:
    """The category that a slot draws from, and whether those below it count: both ways in which Moodle has written it."""
    try:
        said = json.loads(condition)
        old = said.get("questioncategoryid")
        if old is not None:
            return str(old), str(said.get("includingsubcategories", "0")) in {"1", "True"}
        category = said["filter"]["category"]
        return str(category["values"][0]), bool(category.get("filteroptions", {}).get("includesubcategories"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", False
