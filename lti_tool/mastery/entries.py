"""What is handed in as evidence, and what came of it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from lti_tool.errors import BadRequest
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.web.i18n import N_

LARGEST = Decimal(1_000_000)
"""More points than any item has; what is beyond is a slip of the keyboard."""

AHEAD = timedelta(minutes=10)
"""How far the clock of who tells us may be ahead of ours. What happens later than that has not happened."""

REPLACED = N_("Replaced by a regrade")
"""Why the earlier revision of a presentation is void."""

TAKEN_BACK = N_("The LMS took this result back")
"""Why a result is void that the platform excused or ungraded afterwards."""

UNALIGNED = N_("The item is no longer aligned to this competency")
"""Why evidence is void that came by an alignment the teacher removed, and chose to take back with it."""

GONE_FROM_FILE = N_("The gradebook file no longer has this grade")
"""Why evidence of an earlier gradebook export is void."""

TOLD_BY_LMS = N_("The LMS has told this result itself")
"""Why evidence of a gradebook export is void once the result came from where the file had it from."""

MARK_TAKEN_BACK = N_("The teacher took this mark back")
"""Why evidence of a rubric is void whose mark was taken back, so that the same mark given again counts again."""

ITEM_COUNTS = N_("The score of the item it came from counts for this competency itself")
"""Why a rating on an outcome is void whose item is aligned to the competency: the same work must not count twice."""

NUMBER_GONE = N_("The number no longer stands in the gradebook")
"""Why evidence is void that was a number somebody had typed into a column of ours."""

OURS_SENT = N_("The score of this tool was sent over the number in the gradebook")
"""Why such evidence is void once a teacher has said that ours counts."""

NOT_TAKEN = N_("Numbers entered in this gradebook column do not count any more")
"""Why such evidence is void once a teacher has switched off that they count."""

OWN_REASONS = frozenset(
    {
        REPLACED,
        TAKEN_BACK,
        UNALIGNED,
        GONE_FROM_FILE,
        TOLD_BY_LMS,
        MARK_TAKEN_BACK,
        ITEM_COUNTS,
        NUMBER_GONE,
        OURS_SENT,
        NOT_TAKEN,
    }
)
"""Reasons of the tool's own. What is void for one of them counts again when it comes again; what a teacher voided does not."""


class BadEvidence(BadRequest):
    """What was to be evidence is none."""

    code = "bad-evidence"
    title = N_("This cannot be taken as evidence")
    advice = N_("Go back, check points, dates and reasons, and try again. Nothing was changed.")


class NotOnMap(BadRequest):
    """Evidence for a competency that the course's map never had."""

    code = "not-on-map"
    title = N_("This competency is not on the course's map")
    advice = N_("Add it to the competency map first, then enter the evidence again. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One observation of one learner and one competency, to be appended.

    ``presentation`` names the occasion: source, item and attempt, up to 255 characters. The same again with the same value is
    nothing new; with another value it is a regrade. ``earned`` and ``possible`` are points (extra credit goes beyond);
    without points it is ``judged``. ``passing_percent`` is 0 to 100; ``observed_at`` when it happened, with ``dated`` False
    where that is a guess. ``until`` ends an override. ``marked``: the passing mark says what a platform said of this very
    rating, so that it is another one where the platform says otherwise.
    """

    person_id: uuid.UUID
    competency_id: uuid.UUID
    source: EvidenceSource
    presentation: str
    observed_at: datetime
    earned: Decimal | None = None
    possible: Decimal | None = None
    passing_percent: float | None = None
    weight: Decimal = Decimal(1)
    content_item_id: uuid.UUID | None = None
    item: str | None = None
    first: bool = True
    whole: bool = False
    shared: bool = False
    mixed: bool = False
    judged: Standing | None = None
    until: datetime | None = None
    note: str = ""
    dated: bool = True
    marked: bool = False

    def check(self, now: datetime) -> None:
        """Raise BadEvidence for what cannot be evidence at this moment."""
        for wrong, why in (
            (not 1 <= len(self.presentation) <= 255, "the presentation has 1 to 255 characters"),
            (len(self.item or "") > 255, "an item's id has at most 255 characters"),
            (len(self.note) > 1000, "a note has at most 1000 characters"),
            (self.observed_at.tzinfo is None, "the moment has no time zone"),
            ((self.earned is None) != (self.possible is None), "points are earned of possible ones"),
            (self.earned is None and self.judged is None, "neither points nor a judgement"),
            (not _is_amount(self.weight) or self.weight <= 0, "the weight is above 0"),
            (
                self.passing_percent is not None and not 0 <= self.passing_percent <= 100,
                "a passing mark is 0 to 100 %",
            ),
        ):
            if wrong:
                raise BadEvidence(why)
        if self.observed_at > now + AHEAD:
            raise BadEvidence("it has not happened yet")
        if self.possible is not None and (not _is_amount(self.possible) or self.possible <= 0):
            raise BadEvidence("the possible points are above 0")
        if self.earned is not None and not _is_amount(self.earned):
            raise BadEvidence("the earned points are no number that points can be")
        self._check_judgement(now)

    def _check_judgement(self, now: datetime) -> None:
        judges = self.source in {EvidenceSource.OVERRIDE, EvidenceSource.SELF}
        if judges and (self.judged is None or self.earned is not None):
            raise BadEvidence("an override and a self-assessment are judgements, without points")
        if self.source is not EvidenceSource.OVERRIDE:
            if self.until is not None:
                raise BadEvidence("only an override has an end")
            return
        if not self.note.strip():
            raise BadEvidence("an override has a reason")
        if self.until is not None and (self.until.tzinfo is None or self.until <= now):
            raise BadEvidence("an override ends later than now")


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and abs(value) <= LARGEST


@dataclass(frozen=True, slots=True)
class Changed:
    """A learner's standing in a competency that is another one now. ``level`` is the key of the scale's level, "" for none."""

    person_id: uuid.UUID
    competency_id: uuid.UUID
    before: Standing
    after: Standing
    level: str
