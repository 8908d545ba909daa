"""Which competencies questions are about: said by teachers, many at once, or suggested by codes in what questions say."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import banks
from lti_tool.checks.looking import Line
from lti_tool.checks.reading import texts
from lti_tool.competencies import suggestion_rules
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.competencies.suggestion_rules import Known, Reason
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course
from lti_tool.errors import NotFound

Pair = tuple[uuid.UUID, uuid.UUID]
"""A question's id and a competency's."""

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Suggested:
    """That a question names a competency by its code."""

    line: Line
    competency: MapCompetencyView
    found: str
    """The code as the text has it."""


def suggested(lines: Sequence[Line], known: Mapping[uuid.UUID, MapCompetencyView], title: str) -> list[Suggested]:
    """Competencies whose codes stand in a question's text or title, or else in the ``title`` of what holds it; without those
    that are said already. In the order of the questions.
    """
    by_id = {line.row.id: line for line in lines}
    items = [_as_item(line, title) for line in lines]
    settled = {(line.row.id, one.id) for line in lines for one in line.about}
    found = suggestion_rules.suggestions(
        items, [Known(one.id, one.code, one.statement, one.short) for one in known.values()], settled
    )
    return [
        Suggested(by_id[one.item_id], known[one.competency_id], ", ".join(one.found))
        for one in found
        # Words alone say too little of a question: its text is made of the words of its subject.
        if one.reason is not Reason.WORDS and not (one.reason is Reason.CODE_IN_SECTION and by_id[one.item_id].about)
    ]


def _as_item(line: Line, title: str) -> ContentItem:
    """A question as suggestions see items; it is stored nowhere."""
    said = f"{line.question.title} {texts.plain(line.question.prompt)}"
    return ContentItem(
        organisation_id=line.row.organisation_id,
        id=line.row.id,
        course_id=line.row.bank_id,
        external_id="",
        kind=ItemKind.QUIZ,
        title=said[:_LONGEST],
        section=title,
        seen_at=line.row.created_at,
    )


async def tag(
    session: AsyncSession,
    course: Course,
    pairs: Collection[Pair],
    held: Collection[uuid.UUID],
    known: Mapping[uuid.UUID, MapCompetencyView],
) -> None:
    """Say what questions are about. NotFound for a question that is not among ``held``, or a competency not on the map."""
    _must_be_here(pairs, held, known)
    for competency_id in sorted({competency for _, competency in pairs}):
        questions = [question for question, competency in pairs if competency == competency_id]
        await banks.put_tags(session, course.organisation_id, questions, [competency_id])


async def untag(
    session: AsyncSession,
    course: Course,
    pairs: Collection[Pair],
    held: Collection[uuid.UUID],
    known: Mapping[uuid.UUID, MapCompetencyView],
) -> None:
    """Say it no more. Evidence that is there stays. NotFound as ``tag``."""
    _must_be_here(pairs, held, known)
    for competency_id in sorted({competency for _, competency in pairs}):
        questions = [question for question, competency in pairs if competency == competency_id]
        await queries.remove_tags(session, course.organisation_id, questions, [competency_id])


def _must_be_here(
    pairs: Collection[Pair], held: Collection[uuid.UUID], known: Mapping[uuid.UUID, MapCompetencyView]
) -> None:
    if not {question for question, _ in pairs} <= set(held) or not {one for _, one in pairs} <= set(known):
        raise NotFound("a question that is not here, or a competency that is not on the map")
