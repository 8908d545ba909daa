"""A course with a map, a bank of one question of each kind and checks that ask them, put straight into the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempts, finishing, scoring
from lti_tool.checks.attempts import Sitting
from lti_tool.checks.models import BankQuestion, Check, CheckQuestion, CheckStatus, QuestionBank, QuestionCompetency
from lti_tool.checks.questions import Question, as_json
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Person
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from tests.checks import asked
from tests.mastery.world import World, world
from tests.playlists.seed import NOW


@dataclass
class Taking:
    """What a test needs to find again."""

    world: World
    bank: QuestionBank
    rows: list[BankQuestion] = field(default_factory=list)

    @property
    def ada(self) -> Person:
        return self.world.ada

    def address(self, check: Check) -> str:
        return f"/courses/{self.world.course.id}/my/checks/{check.id}"


async def a_bank(
    session: AsyncSession, questions: Sequence[Question] | None = None, *, made: World | None = None
) -> Taking:
    """A school with a bank; one question of each kind where nothing else is said."""
    made = made or await world(session)
    bank = QuestionBank(organisation_id=made.id, course_id=made.course.id, title="Fractions", created_at=NOW)
    session.add(bank)
    await session.flush()
    found = Taking(made, bank)
    for question in questions if questions is not None else [make() for make in asked.ALL]:
        await a_question(session, found, question)
    return found


async def a_question(session: AsyncSession, made: Taking, question: Question, *codes: str, **more: Any) -> BankQuestion:
    """A question in the bank, about competencies with these codes."""
    row = BankQuestion(
        organisation_id=made.world.id,
        bank_id=made.bank.id,
        position=len(made.rows),
        kind=question.kind,
        content=as_json(question),
        created_at=NOW,
        **more,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        QuestionCompetency(
            organisation_id=made.world.id, question_id=row.id, competency_id=made.world.competencies[code].id
        )
        for code in codes
    )
    await session.flush()
    made.rows.append(row)
    return row


async def a_check(
    session: AsyncSession, made: Taking, rows: Sequence[BankQuestion] | None = None, **more: Any
) -> Check:
    """An open check that asks these questions; all of the bank where nothing is said."""
    check_id = new_id()
    title = more.pop("title", "What halves are")
    item = ContentItem(
        organisation_id=made.world.id,
        course_id=made.world.course.id,
        external_id=f"check:{check_id.hex}",
        kind=ItemKind.QUIZ,
        title=title,
        url=f"/courses/{made.world.course.id}/my/checks/{check_id}",
        position=50,
        seen_at=NOW,
    )
    session.add(item)
    await session.flush()
    made.world.school.items[f"check {title}"] = item
    check = Check(
        organisation_id=made.world.id,
        id=check_id,
        course_id=made.world.course.id,
        content_item_id=item.id,
        title=title,
        created_at=NOW,
        changed_at=NOW,
        **({"status": CheckStatus.OPEN} | more),
    )
    session.add(check)
    await session.flush()
    session.add_all(
        CheckQuestion(organisation_id=made.world.id, check_id=check.id, question_id=row.id, position=place)
        for place, row in enumerate(rows if rows is not None else made.rows)
    )
    await session.flush()
    return check


# --- Use cases, each in a transaction of its own ----------------------------------------------------------------------


@dataclass
class Student:
    """A student who takes a check, without pages."""

    database: Database
    made: Taking
    check: Check
    person: Person
    number: int = 1
    taken: list[tuple[Decimal, Decimal]] = field(default_factory=list)

    async def begin(self, now: datetime = NOW) -> Sitting:
        async with self.database.writing() as session:
            attempt = await attempts.begin(session, self.made.world.course, self.person.id, self.check.id, now)
            self.number = attempt.number
        return await self.now()

    async def now(self) -> Sitting:
        """The attempt as it stands."""
        async with self.database.reading() as session:
            found = await attempts.of_student(
                session, self.made.world.course, self.person.id, self.check.id, self.number
            )
            session.expunge_all()
        return found

    async def save(self, row: BankQuestion, response: Any, number: int, now: datetime = NOW) -> attempts.Saved:
        async with self.database.writing() as session:
            found = await attempts.of_student(
                session, self.made.world.course, self.person.id, self.check.id, self.number, lock=True
            )
            return attempts.put(session, found, str(row.id), response, number, now, same=False)

    async def give(self, row: BankQuestion, response: Any, now: datetime = NOW) -> attempts.Given:
        """Save and give."""
        async with self.database.writing() as session:
            found = await attempts.of_student(
                session, self.made.world.course, self.person.id, self.check.id, self.number, lock=True
            )
            answer = found.answers.get(str(row.id))
            attempts.put(session, found, str(row.id), response, answer.saved_number if answer else 0, now, same=True)
            return attempts.give(session, found, str(row.id), answer.tries if answer else 0, now)

    async def answer_rightly(self, now: datetime = NOW) -> None:
        """Save what is right for everything."""
        found = await self.now()
        for place, (key, question) in enumerate(found.questions.items(), start=1):
            row = found.rows[key]
            await self.save(row, scoring.solution(question), place, now)

    async def finish(self, now: datetime = NOW) -> bool:
        async with self.database.writing() as session:
            found = await attempts.of_student(
                session, self.made.world.course, self.person.id, self.check.id, self.number, lock=True
            )
            return await finishing.finish(session, found, now, [self._take])

    async def _take(self, *given: Any) -> None:
        self.taken.append((given[4], given[5]))
