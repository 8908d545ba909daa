"""Evidence as pages and files show it: what happened, what came of it, who said so, and why it does not count, if so."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lti_tool.checks import attempt_rules
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.insight.words import Levels
from lti_tool.mastery import ratings, theirs
from lti_tool.mastery.models import Evidence, EvidenceSource
from lti_tool.web.i18n import N_, current_language, format_number

SOURCES = {
    EvidenceSource.LMS: N_("Result from your LMS"),
    EvidenceSource.CHECK: N_("Check of this tool"),
    EvidenceSource.MENU: N_("Menu"),
    EvidenceSource.RUBRIC: N_("Rubric"),
    EvidenceSource.OBSERVATION: N_("Observation"),
    EvidenceSource.CSV: N_("Gradebook file"),
    EvidenceSource.SELF: N_("Self-assessment"),
    EvidenceSource.CREDENTIAL: N_("Credential"),
    EvidenceSource.OVERRIDE: N_("Level set by a teacher"),
}
"""Where evidence comes from, as message ids."""

TYPED = N_("Entered in the gradebook")
"""A number that somebody has typed over a score of ours in the platform's gradebook."""

RATING = N_("Rating in your LMS")
"""A result of the platform that is no score of an item: how somebody was rated on an outcome."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence in the reader's words. ``right`` is None where nothing was to be right, or is not said.

    ``outcome`` is the result without whether it was enough: beside others' it would tell of a student's other passing mark, and
    a file goes anywhere.
    """

    id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    source: EvidenceSource
    source_words: str
    at: datetime
    dated: bool
    title: str
    address: str | None
    result: str
    outcome: str
    right: bool | None
    marks: tuple[str, ...]
    note: str
    by: str
    until: datetime | None
    voided_at: datetime | None
    void_reason: str
    voided_by: str

    @property
    def is_void(self) -> bool:
        """Whether it counts no more."""
        return self.voided_at is not None

    @property
    def is_self(self) -> bool:
        """Whether the learner said it of themselves, which moves no level."""
        return self.source is EvidenceSource.SELF


def evidence_views(
    rows: Iterable[Evidence],
    items: Mapping[uuid.UUID, ContentItem],
    names: Mapping[uuid.UUID, str],
    levels: Levels,
    *,
    knows_marks: bool,
) -> list[EvidenceView]:
    """Rows as pages show them, in the order they came in. ``names`` are those of who entered or voided something.

    ``knows_marks``: whoever reads may know of students' other passing marks. Others are told points without whether they were
    enough.
    """
    return [_view(row, items, names, levels, knows_marks=knows_marks) for row in rows]


def is_right(row: Evidence) -> bool | None:
    """Whether points reach the passing mark they were taken with; None where there are none."""
    if row.earned is None or row.possible is None:
        return None
    if _is_one_answer(row):
        return row.earned == 1
    return row.earned * 100 >= row.possible * Decimal(str(80.0 if row.passing_percent is None else row.passing_percent))


def is_rating(row: Evidence) -> bool:
    """Whether it is a rating on an outcome of the platform."""
    return row.source is EvidenceSource.LMS and row.presentation.startswith(ratings.PREFIX)


def _source_words(row: Evidence) -> str:
    if is_rating(row):
        return RATING
    return TYPED if theirs.is_typed(row) else SOURCES[row.source]


def _view(
    row: Evidence,
    items: Mapping[uuid.UUID, ContentItem],
    names: Mapping[uuid.UUID, str],
    levels: Levels,
    *,
    knows_marks: bool,
) -> EvidenceView:
    say = current_language().gettext
    outcome = _outcome(row, levels)
    item = items.get(row.content_item_id) if row.content_item_id else None
    return EvidenceView(
        id=row.id,
        person_id=row.person_id,
        competency_id=row.competency_id,
        source=row.source,
        source_words=say(_source_words(row)),
        at=row.observed_at,
        dated=row.dated or row.observed_at < row.learned_at,
        title=item.title if item is not None else "",
        address=_address(row, item) if item is not None else None,
        result=_judged(row, outcome) if knows_marks else outcome,
        outcome=outcome,
        right=is_right(row) if knows_marks or _is_one_answer(row) else None,
        marks=tuple(say(word) for word in _marks(row)),
        note=row.note,
        by=names.get(row.entered_by, "") if row.entered_by else "",
        until=row.until,
        voided_at=row.voided_at,
        # The tool's own reasons are messages; a teacher's words have no translation and stay.
        void_reason=say(row.void_reason) if row.void_reason else "",
        voided_by=names.get(row.voided_by, "") if row.voided_by else "",
    )


def _address(row: Evidence, item: ContentItem) -> str | None:
    """Where a teacher sees what the evidence came from: of one of our checks the very attempt."""
    if content_rules.is_own(item):
        attempt = row.presentation.split(":")[1:2] if row.source is EvidenceSource.CHECK else []
        return "/attempts/".join([content_rules.teachers_address(item) or "", *attempt])
    return item.url if item.deleted_at is None and item.published else None


def _is_one_answer(row: Evidence) -> bool:
    """Whether it is one answer, right or not: no passing mark decides that."""
    return row.possible == 1 and row.earned in (0, 1)


def _outcome(row: Evidence, levels: Levels) -> str:
    say = current_language().gettext
    if row.judged is not None and row.earned is None:
        return levels.for_standing(row.judged).name
    if row.earned is None or row.possible is None:
        return ""
    if _is_one_answer(row):
        return say(N_("Right")) if row.earned else say(N_("Not yet"))
    return say(N_("%(earned)s of %(possible)s points")) % {
        "earned": format_number(float(row.earned), 2),
        "possible": format_number(float(row.possible), 2),
    }


def _judged(row: Evidence, outcome: str) -> str:
    """The outcome, with whether the points were enough."""
    if row.earned is None or row.possible is None or _is_one_answer(row):
        return outcome
    say = current_language().gettext
    word = say(N_("Right")) if is_right(row) else say(N_("Not yet"))
    return say(N_("%(earned)s of %(possible)s points – %(word)s")) % {
        "earned": format_number(float(row.earned), 2),
        "possible": format_number(float(row.possible), 2),
        "word": word.lower(),
    }


def _marks(row: Evidence) -> Iterable[str]:
    if row.source is EvidenceSource.CHECK and attempt_rules.is_of_all(row.presentation):
        yield N_("adaptive check: stands for its questions as a whole, not for one of them")
    if not row.dated:
        yield N_("day as entered") if row.observed_at < row.learned_at else N_("date not known")
    if row.shared:
        yield N_("whole score, counts for several competencies")
    elif row.whole and not is_rating(row):
        yield N_("whole score")
    if row.mixed:
        yield N_("mixed work or review")
    if not row.first:
        yield N_("not a first attempt")
