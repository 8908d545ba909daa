"""What a teacher's pages show of banks and checks: questions with what is right, and the competencies they are about."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import describing
from lti_tool.checks.attempts import Sitting
from lti_tool.checks.models import BankQuestion, Check, CheckAttempt
from lti_tool.checks.questions import Question, QuestionKind, from_json
from lti_tool.checks.reading import texts
from lti_tool.checks.sheets import QuestionView, views
from lti_tool.competencies import alignments, maps
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.courses.models import Course
from lti_tool.web.i18n import N_

KINDS: dict[QuestionKind, str] = {
    QuestionKind.CHOICE: N_("One of several"),
    QuestionKind.RESPONSE: N_("Any number of several"),
    QuestionKind.NUMBER: N_("A number"),
    QuestionKind.TEXT: N_("A short text"),
    QuestionKind.ORDER: N_("An order"),
    QuestionKind.MATCH: N_("Matching"),
    QuestionKind.GAPS: N_("Gaps in a text"),
}
"""What each kind is called, as message ids."""


@dataclass(frozen=True, slots=True)
class Line:
    """A question in a list. ``about`` are the competencies of the course's map that it is tagged with, in its order."""

    row: BankQuestion
    question: Question
    about: tuple[MapCompetencyView, ...]

    @property
    def kind(self) -> str:
        """What its kind is called: a message id."""
        return KINDS[self.question.kind]

    @property
    def lacks_words(self) -> bool:
        """Whether it shows a picture of which nothing is said to who does not see it."""
        return any(not one.words for one in describing.pictures_of(self.question))

    @property
    def name(self) -> str:
        """The beginning of what it asks, in one line; its gaps as lines to write on."""
        return texts.shown(texts.GAPS.sub("___", self.question.prompt), 160) or self.question.title or "–"


async def lines(
    session: AsyncSession, course: Course, rows: Sequence[BankQuestion], known: Mapping[uuid.UUID, MapCompetencyView]
) -> list[Line]:
    """Questions with their competencies."""
    tags = await queries.tags(session, course.organisation_id, [row.id for row in rows])
    order = {competency_id: place for place, competency_id in enumerate(known)}
    return [
        Line(
            row,
            from_json(row.content),
            tuple(
                known[one] for one in sorted(tags.get(row.id, []), key=lambda tag: order.get(tag, -1)) if one in known
            ),
        )
        for row in rows
    ]


async def competencies(session: AsyncSession, course: Course) -> dict[uuid.UUID, MapCompetencyView]:
    """The competencies of the course's map, in its order; none where it has no map."""
    view = await maps.the_map(session, course.organisation_id, course.id)
    return {} if view is None else {one.id: one for one in view.competencies}


def as_asked(course: Course, check: Check, asked: Sequence[BankQuestion]) -> list[QuestionView]:
    """Questions as a student's page has them, in an attempt that is kept nowhere."""
    nobody = CheckAttempt(
        organisation_id=check.organisation_id,
        check_id=check.id,
        person_id=uuid.UUID(int=0),
        number=1,
        seed=1,
        begun_at=check.created_at,
    )
    rows = {str(row.id): row for row in asked}
    questions = {key: from_json(row.content) for key, row in rows.items()}
    return views(Sitting(course, check, nobody, rows, questions, {}, rows), told=False)


@dataclass(frozen=True, slots=True)
class About:
    """What a check as a whole is about: what its content item assesses."""

    competencies: tuple[MapCompetencyView, ...]
    """In the map's order."""


async def about(
    session: AsyncSession, course: Course, check: Check, known: Mapping[uuid.UUID, MapCompetencyView]
) -> About:
    """What a check's item assesses: what its questions without a tag are evidence of."""
    found = await alignments.of_items(session, course.organisation_id, course.id, [check.content_item_id])
    assessed = {
        view.competency_id for view in found.get(check.content_item_id, ()) if view.role is AlignmentRole.ASSESSES
    }
    return About(tuple(one for key, one in known.items() if key in assessed))
