"""Bringing in what a file of questions holds: first what it would do, then that.

What came from a file is known by the ids the file gives it, so that the same file again, or a newer one, updates: banks and
checks by an id made of the course and the file's own, or by what they were carried over from (``recognising``); questions by
theirs within their bank. Nothing is ever deleted by an import: a question that the file no longer has stays, and so does
everything that was answered.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import banks, making, pictures
from lti_tool.checks.banks import Put
from lti_tool.checks.making import Settings
from lti_tool.checks.models import BankQuestion, Selection
from lti_tool.checks.questions import Question, as_json
from lti_tool.checks.reading import Bank, Entry, Quiz, Reading, UnreadableQuestions, shown_by
from lti_tool.checks.recognising import Recognised, recognised
from lti_tool.courses.models import Course

_READINGS: TypeAdapter[Reading] = TypeAdapter(Reading)

Ask = tuple[str, str]


def kept(reading: Reading) -> bytes:
    """A reading as it is kept between preview and confirmation: the questions alone, nothing else of the file."""
    return _READINGS.dump_json(reading)


def taken_up(content: bytes) -> Reading:
    """What was kept. UnreadableQuestions where it was kept by an older version of this tool and is none any more."""
    try:
        return _READINGS.validate_json(content)
    except ValidationError as error:
        raise UnreadableQuestions("a kept reading of another version") from error


@dataclass(frozen=True, slots=True)
class Wish:
    """What a teacher chose of a file: quizzes, banks, and banks to make checks of, by identifier.

    ``update``: take over what the file says of questions that are here and differ.
    """

    quizzes: frozenset[str]
    banks: frozenset[str]
    as_checks: frozenset[str] = frozenset()
    update: bool = True

    @classmethod
    def everything(cls, reading: Reading) -> "Wish":
        """All of a file. Where it has no quizzes, its banks become checks too."""
        shared = frozenset(bank.identifier for bank in reading.banks if not bank.own)
        return cls(
            frozenset(quiz.identifier for quiz in reading.quizzes),
            shared,
            frozenset() if reading.quizzes else frozenset(_with_questions(reading) & shared),
        )


def _with_questions(reading: Reading) -> set[str]:
    return {bank.identifier for bank in reading.banks if any(entry.question is not None for entry in bank.entries)}


@dataclass(slots=True)
class Counts:
    """What comes, or came, of questions and checks."""

    added: int = 0
    changed: int = 0
    replaced: int = 0
    unchanged: int = 0
    kept: int = 0
    """They differ from the file and stay as they are, since the teacher said so."""
    listed: int = 0
    checks_new: int = 0
    checks_known: int = 0
    banks_new: int = 0

    def note(self, put: Put) -> None:
        """One question more."""
        match put:
            case Put.ADDED:
                self.added += 1
            case Put.CHANGED:
                self.changed += 1
            case Put.REPLACED:
                self.replaced += 1
            case _:
                self.unchanged += 1


@dataclass(frozen=True, slots=True)
class BankPlan:
    """What would come of one bank. ``puts`` are of the entries that are questions, by identifier."""

    bank: Bank
    is_new: bool
    puts: Mapping[str, Put]


@dataclass(frozen=True, slots=True)
class QuizPlan:
    """What would come of one quiz."""

    quiz: Quiz
    is_new: bool
    questions: int
    listed: tuple[Entry, ...]
    remarked: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What bringing in a file would do, whatever of it is chosen."""

    reading: Reading
    banks: tuple[BankPlan, ...]
    quizzes: tuple[QuizPlan, ...]

    @property
    def changes(self) -> int:
        """Questions that are here and differ from the file."""
        return sum(put in (Put.CHANGED, Put.REPLACED) for bank in self.banks for put in bank.puts.values())

    @property
    def new(self) -> int:
        """Questions that are not here yet."""
        return sum(put is Put.ADDED for bank in self.banks for put in bank.puts.values())

    @property
    def same(self) -> int:
        """Questions that are here as the file has them."""
        return sum(put is Put.UNCHANGED for bank in self.banks for put in bank.puts.values())


async def plan(session: AsyncSession, course: Course, reading: Reading) -> Plan:
    """What bringing in a file would do. Nothing is stored by looking."""
    here = await recognised(session, course, reading)
    known, held = await _held(session, here)
    used = await queries.used(
        session, course.organisation_id, [row.id for rows in held.values() for row in rows.values()]
    )
    bank_plans = []
    for bank in reading.banks:
        rows = held.get(here.bank(bank), {})
        puts = {
            entry.identifier: _put(rows.get(_external_id(entry)), entry.question, used)
            for entry in bank.entries
            if entry.question is not None
        }
        bank_plans.append(BankPlan(bank, here.bank(bank) not in known, puts))
    entries = {(bank.identifier, entry.identifier): entry for bank in reading.banks for entry in bank.entries}
    quizzes = []
    for quiz in reading.quizzes:
        asked = [entries[ask] for ask in quiz.asks if ask in entries]
        is_there = here.check(quiz.identifier) in here.checks
        quizzes.append(
            QuizPlan(
                quiz,
                not is_there,
                sum(entry.question is not None for entry in asked),
                tuple(entry for entry in asked if entry.question is None),
                sum(bool(entry.remarks) for entry in asked),
            )
        )
    return Plan(reading, tuple(bank_plans), tuple(quizzes))


async def _held(
    session: AsyncSession, here: Recognised
) -> tuple[set[uuid.UUID], dict[uuid.UUID, dict[str, BankQuestion]]]:
    """The ids of the file's banks that are here, and the questions of each by their ids in the file."""
    known = {here.bank(bank) for bank in here.reading.banks} & here.banks.keys()
    rows = await queries.questions_of_banks(session, here.course.organisation_id, known)
    return known, {key: {row.external_id: row for row in some if row.external_id} for key, some in rows.items()}


def _external_id(entry: Entry) -> str:
    return entry.identifier[:255]


def _put(row: BankQuestion | None, question: Question, used: Collection[uuid.UUID]) -> Put:
    if row is None:
        return Put.ADDED
    if row.content == as_json(question):
        return Put.UNCHANGED
    return Put.REPLACED if row.id in used else Put.CHANGED


# --- Doing it --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Doing:
    """One import under way."""

    session: AsyncSession
    course: Course
    reading: Reading
    file_name: str
    by: uuid.UUID | None
    now: datetime
    here: Recognised
    counts: Counts = field(default_factory=Counts)
    rows: dict[Ask, BankQuestion] = field(default_factory=dict)


async def bring_in(
    session: AsyncSession,
    course: Course,
    reading: Reading,
    wish: Wish,
    file_name: str,
    section: str,
    by: uuid.UUID | None,
    now: datetime,
) -> Counts:
    """Bring in what was chosen, all or nothing, in the caller's transaction. ``section``: see ``making.make``."""
    doing = _Doing(session, course, reading, file_name, by, now, await recognised(session, course, reading))
    wanted = {quiz.identifier: quiz for quiz in reading.quizzes if quiz.identifier in wish.quizzes}
    needed = {bank for quiz in wanted.values() for bank, _ in quiz.asks}
    chosen = needed | wish.banks | wish.as_checks
    brought = [one for one in reading.banks if one.identifier in chosen and (not one.own or one.identifier in needed)]
    seen = {digest for bank in brought for entry in bank.entries for digest in shown_by(entry.question)}
    await pictures.put(session, course.organisation_id, [one for one in reading.pictures if one.digest in seen], now)
    for bank in brought:
        await _bring_bank(doing, bank, update=wish.update)
    await session.flush()
    for quiz in wanted.values():
        await _bring_quiz(doing, quiz, section)
    for bank in reading.banks:
        if bank.identifier in wish.as_checks:
            await _bring_quiz(doing, _as_quiz(bank, reading), section)
    return doing.counts


def _as_quiz(bank: Bank, reading: Reading) -> Quiz:
    return Quiz(
        f"bank:{bank.identifier}",
        bank.title or reading.title,
        asks=tuple((bank.identifier, entry.identifier) for entry in bank.entries),
    )


async def _bring_bank(doing: _Doing, bank: Bank, *, update: bool) -> None:
    session, course, counts = doing.session, doing.course, doing.counts
    wanted_id = doing.here.bank(bank)
    before = await queries.bank(session, course.organisation_id, course.id, wanted_id)
    title = bank.title or doing.reading.title
    made = await banks.make(
        session, course, title, doing.by, doing.now, bank_id=wanted_id, imported_from=doing.file_name
    )
    counts.banks_new += before is None
    held = (await queries.questions_of_banks(session, course.organisation_id, [made.id]))[made.id]
    by_external_id = {row.external_id: row for row in held if row.external_id}
    used = await queries.used(session, course.organisation_id, [row.id for row in held])
    place = max((row.position for row in held), default=-1)
    for entry in bank.entries:
        if entry.question is None:
            counts.listed += 1
            continue
        row = by_external_id.get(_external_id(entry))
        put = _put(row, entry.question, used)
        if row is None:
            place += 1
            row = await banks.add(session, made, entry.question, place, doing.now, external_id=_external_id(entry))
        elif put is not Put.UNCHANGED and not update:
            counts.kept += 1
            doing.rows[bank.identifier, entry.identifier] = row
            continue
        else:
            row = (await banks.change(session, row, entry.question, doing.now, is_used=row.id in used)).row
        counts.note(put)
        doing.rows[bank.identifier, entry.identifier] = row
    # Rows have to be there before what names them.
    await session.flush()


async def _bring_quiz(doing: _Doing, quiz: Quiz, section: str) -> None:
    session, course = doing.session, doing.course
    wanted_id = doing.here.check(quiz.identifier)
    known = await queries.check(session, course.organisation_id, course.id, wanted_id, lock=True)
    questions = [doing.rows[ask] for ask in quiz.asks if ask in doing.rows]
    check = known
    if check is None:
        check = await making.make(
            session,
            course,
            _settings(quiz, len(questions)),
            section,
            doing.by,
            doing.now,
            check_id=wanted_id,
            imported_from=doing.file_name,
        )
        doing.counts.checks_new += 1
    else:
        doing.counts.checks_known += 1
    # A check that is here already keeps its settings, and what its teacher added to it.
    await making.ask(session, course, check, questions, doing.now)


def _settings(quiz: Quiz, questions: int) -> Settings:
    draws = quiz.count is not None and 0 < quiz.count < questions
    return Settings(
        title=quiz.title or "–",
        introduction=quiz.introduction,
        selection=Selection.RANDOM if draws else Selection.ALL,
        count=quiz.count if draws else None,
        shuffled=quiz.shuffled,
        attempts=quiz.attempts,
        minutes=quiz.minutes,
    )
