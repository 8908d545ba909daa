"""Zip files: Common Cartridges, Canvas's exports, packages of QTI. Every document in them that holds questions is read, once."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO
from xml.etree.ElementTree import Element

from lti_tool.cartridges.archive import Archive
from lti_tool.cartridges.content import CartridgeError
from lti_tool.cartridges.markup import Unreadable, child, descendants, name, number, text, truth
from lti_tool.checks.reading import backup, documents, moodle, pictures, qti1, qti2, texts
from lti_tool.checks.reading.building import Maker
from lti_tool.checks.reading.values import (
    MOST_QUESTIONS,
    Bank,
    Format,
    Note,
    QuestionsTooLarge,
    Quiz,
    Reading,
    UnknownQuestionFormat,
    Why,
)

MANIFEST = "imsmanifest.xml"
MOST_READ = 40_000_000
"""Bytes of all documents of a package that hold questions: each takes many times its size in memory."""

_CANVAS_SIGNS = ("course_settings/", "non_cc_assessments/")
_OWN = "non_cc_assessments/"
_META = "assessment_meta.xml"
_SURVEYS = ("survey", "graded_survey")


def read(source: BinaryIO) -> Reading:
    """All questions of a zip file. Raises our errors alone."""
    try:
        with Archive(source, documents.LIMITS) as archive:
            if archive.find(backup.MANIFEST):
                return backup.read_zip(archive)
            seen = pictures.now()
            if seen is not None:
                seen.find = lambda base, path: _picture(archive, base, path)
            return _Package(archive).reading()
    except CartridgeError as error:
        raise documents.refusal(error) from error


def _picture(archive: Archive, base: str, path: str) -> bytes | None:
    """The bytes of a picture; None for one that is not there, too large or damaged: its words have to do."""
    for place in pictures.places(base, path):
        found = archive.find(place)
        if found is not None:
            try:
                return archive.read(found) if archive.size(found) <= pictures.MOST_BYTES else None
            except CartridgeError:
                return None
    return None


@dataclass(slots=True)
class _Package:
    """One reading of one zip file."""

    archive: Archive
    remarks: list[Note] = field(default_factory=list)
    found: list[qti1.Found] = field(default_factory=list)
    items: list[tuple[str, Element]] = field(default_factory=list)
    tests: list[tuple[str, Element]] = field(default_factory=list)
    moodle: list[Bank] = field(default_factory=list)
    metas: dict[str, Element] = field(default_factory=dict)
    is_qti3: bool = False
    read: int = 0
    """Bytes of documents that were read."""

    def reading(self) -> Reading:
        """What the file holds."""
        paths = self.archive.paths()
        canvas = any(path.startswith(_CANVAS_SIGNS) or path.endswith(f"/{_META}") for path in paths)
        manifest = self._document(found) if (found := self.archive.find(MANIFEST)) else None
        for path, root in self._documents(paths, canvas=canvas):
            self._take(path, root, canvas=canvas)
        of_items = qti2.read(self.items, self.tests, self._stimulus)
        banks = [*_with_draws(self.found), *of_items.banks, *self.moodle]
        quizzes = [self._with_settings(one.quiz) for one in self.found if one.quiz is not None]
        quizzes = [*_drawn(self.found, quizzes), *of_items.quizzes]
        if not banks and not quizzes:
            raise UnknownQuestionFormat("a package without questions")
        if sum(len(bank.entries) for bank in banks) > MOST_QUESTIONS:
            raise QuestionsTooLarge("more questions than are read at once")
        return Reading(
            self._format(manifest, canvas=canvas),
            _title(manifest),
            tuple(banks),
            tuple(quizzes),
            tuple(dict.fromkeys((*self.remarks, *of_items.remarks))),
        )

    def _format(self, manifest: Element | None, *, canvas: bool) -> Format:
        if canvas:
            return Format.CANVAS
        if self.items or self.tests:
            return Format.QTI3 if self.is_qti3 else Format.QTI2
        if self.found:
            schema = text(child(manifest, "metadata"), "schema").lower()
            return Format.CARTRIDGE if "common cartridge" in schema else Format.QTI1
        return Format.MOODLE

    def _documents(self, paths: list[str], *, canvas: bool) -> Iterator[tuple[str, Element]]:
        own = {path.removeprefix(_OWN).split(".")[0] for path in paths if canvas and path.startswith(_OWN)}
        for path in paths:
            if not path.lower().endswith((".xml", ".qti", ".dat")) or path == MANIFEST:
                continue
            folder = path.split("/", 1)[0]
            if canvas and folder in own and not path.endswith(_META):
                continue  # Canvas writes each quiz twice; its own file has all of it.
            root = self._document(path)
            if root is not None:
                yield path, root

    def _document(self, path: str) -> Element | None:
        if self.archive.size(path) > documents.LIMITS.xml:
            raise QuestionsTooLarge("a document over the limit")
        data = self.archive.read(path)
        if path != MANIFEST and not path.endswith(_META) and not documents.may_hold_questions(data):
            return None
        self.read += len(data)
        if self.read > MOST_READ:
            raise QuestionsTooLarge("more XML than is read at once")
        try:
            return documents.xml(data, path)
        except Unreadable:
            self.remarks.append(Note(Why.FILES, path[-200:]))
            return None

    def _take(self, path: str, root: Element, *, canvas: bool) -> None:
        kind = qti2.plain(name(root))
        pictures.at(path)
        if kind == "questestinterop":
            found = qti1.read(root, path, canvas=canvas)
            if found is not None and (found.bank.entries or found.quiz is not None):
                self.found.append(found)
        elif kind in ("assessmentitem", "assessmenttest"):
            self.is_qti3 = self.is_qti3 or name(root).startswith("qti-")
            (self.items if kind == "assessmentitem" else self.tests).append((path, root))
        elif kind == "quiz" and path.endswith(_META):
            self.metas[root.get("identifier") or path.split("/", 1)[0]] = root
        elif kind == "quiz":
            self.moodle += moodle.banks(root)

    def _stimulus(self, base: str, href: str) -> Element | None:
        """A text that belongs to an item and stands in a file of its own."""
        path = self.archive.find(posixpath.normpath(posixpath.join(posixpath.dirname(base), href)))
        if path is None or self.archive.size(path) > documents.LIMITS.xml:
            return None
        try:
            return documents.xml(self.archive.read(path), path)
        except Unreadable:
            return None

    def _with_settings(self, quiz: Quiz) -> Quiz:
        """Canvas's settings of a quiz stand in a file beside it."""
        meta = self.metas.get(quiz.identifier)
        if meta is None:
            return quiz
        maker = Maker()
        attempts, limit = number(text(meta, "allowed_attempts")), number(text(meta, "time_limit"))
        remarks = list(quiz.remarks)
        if text(meta, "access_code") or text(meta, "ip_filter"):
            remarks.append(Note(Why.LOCKED))
        if text(meta, "quiz_type") in _SURVEYS:
            remarks.append(Note(Why.WAS_SURVEY))
        return replace(
            quiz,
            title=texts.shown(text(meta, "title"), 200) or quiz.title,
            introduction=texts.shown(maker.html(text(meta, "description")), 2000) or quiz.introduction,
            attempts=int(attempts) if attempts is not None and 0 < attempts < 1000 else None,
            minutes=int(limit) if limit is not None and 1 <= limit < 10_000 else None,
            shuffled=truth(text(meta, "shuffle_questions")),
            remarks=tuple(remarks),
        )


def _title(manifest: Element | None) -> str:
    general = next(descendants(manifest, "general"), None)
    return texts.shown(text(next(descendants(general, "string", "langstring"), None)), 200)


def _with_draws(found: list[qti1.Found]) -> list[Bank]:
    """The banks: those of their own first come as they stand; a quiz's own questions only where it has any."""
    return [one.bank for one in found if one.bank.entries]


def _drawn(found: list[qti1.Found], quizzes: list[Quiz]) -> list[Quiz]:
    """Quizzes with the questions of the banks that they draw from, and how many they ask."""
    banks = {one.bank.identifier: one.bank for one in found if one.quiz is None}
    done: list[Quiz] = []
    with_quiz = [one for one in found if one.quiz is not None]
    for one, quiz in zip(with_quiz, quizzes, strict=True):
        asks, remarks = list(quiz.asks), list(quiz.remarks)
        asked = quiz.count if quiz.count is not None else len(asks)
        for draw in reversed(one.draws):
            bank = banks.get(draw.bank)
            if bank is None:
                remarks.append(Note(Why.DRAWS_FROM, draw.bank[:200]))
                continue
            entries = [entry for entry in bank.entries if draw.item in ("", entry.identifier)]
            if not entries:
                remarks.append(Note(Why.DRAWS_FROM, draw.item[:200]))
            asks[draw.place : draw.place] = [(bank.identifier, entry.identifier) for entry in entries]
            asked += min(draw.count, len(entries)) if draw.count is not None else len(entries)
        asks = list(dict.fromkeys(asks))
        known = {
            (bank.identifier, entry.identifier)
            for bank in (*banks.values(), one.bank)
            for entry in bank.entries
            if entry.question is not None
        }
        converted = sum(ask in known for ask in asks)
        count = asked if 0 < asked < converted else None
        if count is not None:
            remarks.append(Note(Why.DRAWS, str(count)))
        done.append(replace(quiz, asks=tuple(asks), count=count, remarks=tuple(remarks)))
    return done
