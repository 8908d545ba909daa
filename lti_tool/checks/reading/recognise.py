"""Which format a file has, by what is in it, never by its name; and its questions."""

import io
import json
import re
from dataclasses import replace
from typing import BinaryIO

from lti_tool.cartridges.markup import name
from lti_tool.cartridges.tar import GZIP
from lti_tool.checks.questions import Question, as_json
from lti_tool.checks.reading import backup, documents, gift, moodle, packages, pictures, qti1, qti2, texts
from lti_tool.checks.reading.values import (
    MOST_BYTES,
    MOST_OF_A_PACKAGE,
    MOST_QUESTIONS,
    PLAIN_TEXT,
    Bank,
    Entry,
    Format,
    Note,
    QuestionsTooLarge,
    Quiz,
    Reading,
    UnknownQuestionFormat,
    UnreadableQuestions,
    Why,
)
from lti_tool.web.i18n import N_

_EMPTY = N_("The file is empty. Nothing was changed.")


def read(file_name: str, given: bytes | BinaryIO) -> Reading:
    """The questions of a file: a cartridge, a package or document of QTI, Moodle XML, or a backup of Moodle's.

    ``given``: its bytes, or the file itself, which can be moved in; a package is looked at where it lies.

    Raises UnknownQuestionFormat, UnreadableQuestions, UnsafeQuestions and QuestionsTooLarge, and nothing else whatever the
    bytes are. Every question of the file is in the reading once: converted, or listed with the reason.
    """
    source = io.BytesIO(given) if isinstance(given, bytes) else given
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    start = source.read(4_000)
    source.seek(0)
    with pictures.of_a_file() as seen:
        if documents.is_zip(start):
            documents.must_not_be_too_large(size, MOST_OF_A_PACKAGE)
            found = packages.read(source)
        elif start.startswith(GZIP):
            documents.must_not_be_too_large(size, MOST_OF_A_PACKAGE)
            found = backup.read_tar(source)
        else:
            documents.must_not_be_too_large(size, MOST_BYTES)
            data = source.read()
            if not data.strip(b"\x00\t\r\n "):
                raise UnreadableQuestions("the file is empty", advice=_EMPTY)
            found = _document(data) if documents.looks_like_xml(start) else _text(data)
    if sum(len(bank.entries) for bank in found.banks) > MOST_QUESTIONS:
        raise QuestionsTooLarge("more questions than are read at once")
    title = found.title or file_name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    shown = {digest for entry in found.entries for digest in shown_by(entry.question)}
    return replace(
        _each_once(found),
        title=texts.shown(title, 200),
        pictures=tuple(one for digest, one in seen.kept.items() if digest in shown),
    )


def _text(data: bytes) -> Reading:
    """Questions in plain text: GIFT, or none that are read."""
    words = gift.decoded(data)
    banks = gift.banks(words) if gift.looks_like_it(words) else []
    if not banks:
        aiken = re.search(r"^ANSWER: *[A-Z]\s*$", words[:200_000], re.MULTILINE) is not None
        raise UnknownQuestionFormat("neither zip nor XML nor GIFT", advice=PLAIN_TEXT if aiken else None)
    return Reading(Format.GIFT, "", tuple(banks))


def shown_by(question: Question | None) -> frozenset[str]:
    """The digests of the pictures that a question shows."""
    return frozenset() if question is None else pictures.digests_in(json.dumps(as_json(question)))


def _document(data: bytes) -> Reading:
    root = documents.the_xml(data)
    kind = qti2.plain(name(root))
    if kind == "questestinterop":
        found = qti1.read(root, "quiz", canvas=False)
        if found is None or not (found.bank.entries or found.quiz):
            raise UnknownQuestionFormat("QTI 1.2 without items")
        remarks = () if found.quiz is None else tuple(Note(Why.DRAWS_FROM, draw.bank[:200]) for draw in found.draws)
        quiz = None if found.quiz is None else replace(found.quiz, remarks=(*found.quiz.remarks, *remarks))
        return Reading(
            Format.QTI1,
            found.bank.title,
            (found.bank,) if found.bank.entries else (),
            (_counted(quiz),) if quiz is not None else (),
        )
    if kind in ("assessmentitem", "assessmenttest"):
        is_test = kind == "assessmenttest"
        pair = [("", root)]
        read_of = qti2.read([] if is_test else pair, pair if is_test else [], lambda base, href: None)
        form = Format.QTI3 if name(root).startswith("qti-") else Format.QTI2
        return Reading(form, "", read_of.banks, read_of.quizzes, read_of.remarks)
    if kind == "quiz":
        banks = moodle.banks(root)
        if not banks:
            raise UnknownQuestionFormat("Moodle XML without questions")
        return Reading(Format.MOODLE, "", tuple(banks))
    raise UnknownQuestionFormat("XML of another kind")


def _counted(quiz: Quiz) -> Quiz:
    if quiz.count is None:
        return quiz
    return replace(quiz, remarks=(*quiz.remarks, Note(Why.DRAWS, str(quiz.count))))


def _each_once(found: Reading) -> Reading:
    """Identifiers are what quizzes and a second import go by: an entry with one that was met before is listed as such."""
    banks: list[Bank] = []
    for bank in found.banks:
        met: set[str] = set()
        entries: list[Entry] = []
        for number, entry in enumerate(bank.entries, start=1):
            identifier = entry.identifier or f"#{number}"
            if identifier in met:
                identifier = f"{identifier}#{number}"
                entries.append(Entry(identifier, entry.title, left_out=Note(Why.TWICE)))
            else:
                entries.append(replace(entry, identifier=identifier))
            met.add(identifier)
        banks.append(replace(bank, entries=tuple(entries)))
    return replace(found, banks=tuple(_apart(banks)), quizzes=tuple(_quizzes_apart(found.quizzes)))


def _quizzes_apart(quizzes: tuple[Quiz, ...]) -> list[Quiz]:
    """The same for quizzes, each with its own bank."""
    met: dict[str, int] = {}
    apart: list[Quiz] = []
    for quiz in quizzes:
        times = met[quiz.identifier] = met.get(quiz.identifier, 0) + 1
        if times > 1:
            name = f"{quiz.identifier}#{times}"
            asks = tuple((name if bank == quiz.identifier else bank, entry) for bank, entry in quiz.asks)
            quiz = replace(quiz, identifier=name, asks=asks)  # noqa: PLW2901 - the same quiz under its own name.
        apart.append(quiz)
    return apart


def _apart(banks: list[Bank]) -> list[Bank]:
    """Two documents with one identifier are two banks all the same; the first keeps it."""
    met: dict[str, int] = {}
    apart: list[Bank] = []
    for bank in banks:
        times = met[bank.identifier] = met.get(bank.identifier, 0) + 1
        apart.append(bank if times == 1 else replace(bank, identifier=f"{bank.identifier}#{times}"))
    return apart
