"""What the pages show, as rows for a spreadsheet: no more than is on the page, and no teacher's private notes."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from lti_tool.insight import board
from lti_tool.insight.competency import CompetencyPage
from lti_tool.insight.evidence_views import EvidenceView
from lti_tool.insight.learner import LearnerMap
from lti_tool.insight.service import ClassBoard
from lti_tool.insight.words import Levels, board_words
from lti_tool.web.i18n import N_, current_language, iso_day

Rows = list[list[str]]


def _heads(*names: str) -> list[str]:
    say = current_language().gettext
    return [say(name) for name in names]


def _day(moment: datetime | None) -> str:
    return iso_day(moment) if moment is not None else ""


def board_rows(shown: ClassBoard, levels: Levels, now: datetime, zone: tzinfo) -> Rows:
    """The class board: a row for each student, a column for each competency."""
    words = board_words(levels)
    today = board.epoch_day(now, zone)
    rows = [
        [words.student, words.to_go, *(f"{one.code} {one.statement}".strip() for one in shown.columns)],
    ]
    for row in shown.rows:
        cells = []
        for held in row.cells:
            word = levels.held(held).name
            due = held is not None and held[2] is not None and held[2] <= today
            cells.append(words.due % {"level": word} if due else word)
        rows.append([row.line.name, str(row.to_go), *cells])
    return rows


_EVIDENCE = (
    N_("Date"),
    N_("Student"),
    N_("Source"),
    N_("Item"),
    N_("Result"),
    N_("Remarks"),
    N_("Note"),
    N_("Entered by"),
    N_("Voided because"),
)


def evidence_rows(views: Iterable[EvidenceView], names: Mapping[uuid.UUID, str]) -> Rows:
    """Pieces of evidence, one a row."""
    return [
        _heads(*_EVIDENCE),
        *(
            [
                one.at.isoformat(timespec="minutes"),
                names.get(one.person_id, ""),
                one.source_words,
                one.title,
                one.outcome,
                "; ".join(one.marks),
                one.note,
                one.by,
                one.void_reason,
            ]
            for one in views
        ),
    ]


def competency_rows(page: CompetencyPage) -> Rows:
    """Who is where in one competency."""
    return [
        _heads(N_("Student"), N_("Level")),
        *([person.name, level.name] for level, people in page.places for person in people),
    ]


def learner_rows(found: LearnerMap) -> Rows:
    """One learner's levels, in the map's order, with why."""
    return [
        _heads(
            N_("Code"), N_("Competency"), N_("Level"), N_("Why"), N_("Since"), N_("Latest evidence"), N_("Review due")
        ),
        *(
            [
                one.competency.code,
                one.competency.words,
                one.level.name,
                one.sentence,
                _day(one.since),
                _day(one.latest_at),
                _day(one.review_due_at),
            ]
            for one in found.stands
        ),
    ]
