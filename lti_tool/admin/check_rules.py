"""A check of a connection, as it is told: its steps, their outcomes, and which words belong to which trouble. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lti_tool.lti import claims
from lti_tool.lti.listening import Exchange
from lti_tool.lti.services import ActivityProgress, GradingProgress
from lti_tool.platforms import Matter
from lti_tool.web.i18n import N_

RESOURCE_ID = "lti-tool-connection-check"
"""By this the column of a check is found again, should a check have been broken off before it was removed."""

TAG = "connection-check"
LABEL = "Connection check – removed in a moment"
CHANGED_LABEL = "Connection check – changed, removed in a moment"
MAXIMUM = 10.0
CHANGED_MAXIMUM = 20.0
GIVEN = 7.0

PROGRESS: tuple[tuple[ActivityProgress, GradingProgress, float | None], ...] = (
    (ActivityProgress.INITIALIZED, GradingProgress.NOT_READY, None),
    (ActivityProgress.STARTED, GradingProgress.FAILED, None),
    (ActivityProgress.IN_PROGRESS, GradingProgress.PENDING, None),
    (ActivityProgress.SUBMITTED, GradingProgress.PENDING_MANUAL, GIVEN),
    (ActivityProgress.COMPLETED, GradingProgress.FULLY_GRADED, GIVEN),
)
"""Scores that name every progress there is (AGS 2.0 §3.4.7, §3.4.8), in a student's order; the last one stays."""


NOT_AS_EXPECTED = "not-as-expected"
"""The code of a call that went well and came to the wrong thing."""

NO_SCOPE = "no-scope"
"""The code of a token that was refused for what it was to be good for."""

CUT_SHORT = "cut-short"
"""The code of a step there was no time for."""


class Step(StrEnum):
    """The calls of a check, in their order."""

    KEY_SET = "key-set"
    ACCESS = "access-token"
    ACCESS_LINE_ITEM = "access-token-line-item"
    ACCESS_LINE_ITEM_READ = "access-token-line-item-readonly"
    ACCESS_RESULT = "access-token-result"
    ACCESS_SCORE = "access-token-score"
    ACCESS_MEMBERS = "access-token-members"
    ACCESS_GROUPS = "access-token-groups"
    ACCESS_NOTICES = "access-token-notices"
    COURSE = "course"
    ROSTER = "roster"
    ROSTER_ROLE = "roster-role"
    ROSTER_LINK = "roster-link"
    GROUPS = "groups"
    NOTICES = "notices"
    FIND = "find-line-items"
    LEFTOVERS = "leftovers"
    MAKE = "make-line-item"
    READ = "read-line-item"
    FIND_AGAIN = "find-line-item"
    CHANGE = "change-line-item"
    SCORE = "post-score"
    RESULT = "read-result"
    REMOVE = "remove-line-item"


STEP_NAMES: Mapping[Step, str] = {
    Step.KEY_SET: N_("Key set of the LMS"),
    Step.ACCESS: N_("Access token for everything"),
    Step.ACCESS_LINE_ITEM: N_("Access token for making columns"),
    Step.ACCESS_LINE_ITEM_READ: N_("Access token for reading columns"),
    Step.ACCESS_RESULT: N_("Access token for reading results"),
    Step.ACCESS_SCORE: N_("Access token for scores"),
    Step.ACCESS_MEMBERS: N_("Access token for the members"),
    Step.ACCESS_GROUPS: N_("Access token for groups"),
    Step.ACCESS_NOTICES: N_("Access token for notices"),
    Step.COURSE: N_("A course to try it in"),
    Step.ROSTER: N_("Members of the course"),
    Step.ROSTER_ROLE: N_("Members with one role"),
    Step.ROSTER_LINK: N_("Members by link"),
    Step.GROUPS: N_("Groups of the course"),
    Step.NOTICES: N_("Notices of copied courses"),
    Step.FIND: N_("Columns of this tool in the gradebook"),
    Step.LEFTOVERS: N_("Remains of an earlier check"),
    Step.MAKE: N_("Make a column"),
    Step.READ: N_("Read the column"),
    Step.FIND_AGAIN: N_("Find the column by its resource id"),
    Step.CHANGE: N_("Change the column"),
    Step.SCORE: N_("Send scores"),
    Step.RESULT: N_("Read the result back"),
    Step.REMOVE: N_("Remove the column"),
}

ACCESS_STEPS: Mapping[str, Step] = {
    claims.LINE_ITEM_SCOPE: Step.ACCESS_LINE_ITEM,
    claims.LINE_ITEM_READ_SCOPE: Step.ACCESS_LINE_ITEM_READ,
    claims.RESULT_READ_SCOPE: Step.ACCESS_RESULT,
    claims.SCORE_SCOPE: Step.ACCESS_SCORE,
    claims.MEMBERSHIP_READ_SCOPE: Step.ACCESS_MEMBERS,
    claims.GROUP_READ_SCOPE: Step.ACCESS_GROUPS,
    claims.NOTICE_HANDLERS_SCOPE: Step.ACCESS_NOTICES,
}
"""The step that asks a token for a scope alone."""

_MATTER_OF_STEP: Mapping[Step, Matter] = {
    Step.KEY_SET: Matter.KEY_SET,
    Step.ACCESS: Matter.ACCESS,
    Step.ACCESS_MEMBERS: Matter.ROSTER,
    Step.ROSTER: Matter.ROSTER,
    Step.ROSTER_ROLE: Matter.ROSTER,
    Step.ROSTER_LINK: Matter.ROSTER,
    Step.ACCESS_GROUPS: Matter.GROUPS,
    Step.GROUPS: Matter.GROUPS,
    Step.ACCESS_NOTICES: Matter.NOTICES,
    Step.NOTICES: Matter.NOTICES,
    Step.COURSE: Matter.COURSE,
    Step.REMOVE: Matter.REMOVE,
    Step.LEFTOVERS: Matter.REMOVE,
}

_MATTER_OF_CODE: Mapping[str, Matter] = {
    "address-refused": Matter.ADDRESS,
    "unreachable": Matter.REACH,
    "timed-out": Matter.REACH,
    "answer-too-large": Matter.REFUSED,
    "rate-limited": Matter.WAIT,
    "server-error": Matter.WAIT,
    "not-enrolled": Matter.STUDENT,
    "conflict-newer": Matter.CLOCK,
    "grade-locked": Matter.REFUSED,
    "line-item-gone": Matter.GONE,
    "not-accepted": Matter.REFUSED,
    "unreadable-answer": Matter.REFUSED,
}

_SEEN_OF_CODE: Mapping[str, str] = {
    "address-refused": N_("The address may not be called from here."),
    "unreachable": N_("The LMS could not be reached."),
    "timed-out": N_("The LMS did not answer in time."),
    "answer-too-large": N_("The answer was too large to read."),
    "rate-limited": N_("The LMS asks to go slower (%(status)s)."),
    "server-error": N_("The LMS has trouble of its own (%(status)s)."),
    "no-permission": N_("The LMS does not allow it (%(status)s)."),
    "not-enrolled": N_("The LMS does not take a score for this person (%(status)s)."),
    "conflict-newer": N_("The LMS has a newer score already (%(status)s)."),
    "grade-locked": N_("The column, or the grade in it, is locked (%(status)s)."),
    "line-item-gone": N_("The column is not there (%(status)s)."),
    "not-accepted": N_("The LMS refused it (%(status)s)."),
    "unreadable-answer": N_("The answer could not be understood."),
}


class Outcome(StrEnum):
    """How a step went."""

    WORKS = "works"
    FAILS = "fails"
    SKIPPED = "skipped"


OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.WORKS: N_("Works"),
    Outcome.FAILS: N_("Fails"),
    Outcome.SKIPPED: N_("Not tried"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence: a gettext message id, and what is filled in after translation."""

    text: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def in_words(self, gettext: Callable[[str], str] = str) -> str:
        """The sentence, in the language that ``gettext`` translates to."""
        return gettext(self.text) % dict(self.fields)


@dataclass(frozen=True, slots=True)
class Line:
    """What a step came to. ``remedy`` is what to do about it; ``code`` a stable word for a failure."""

    step: Step
    outcome: Outcome
    seen: Said
    remedy: Said | None = None
    code: str | None = None
    exchanges: tuple[Exchange, ...] = ()

    @property
    def name(self) -> str:
        """What the step is called; a gettext message id."""
        return STEP_NAMES[self.step]


NO_KEYS = N_(
    "%(address)s does not answer with keys. An LMS in a private network has to be allowed by LTI_TOOL_ALLOWED_NETWORKS."
)
TOKEN_REFUSED = N_("The LMS gives no access token (%(status)s: %(word)s).")
NOT_OFFERED = N_(
    "The LMS does not offer it: the last launch from this course did not mention it. After a change in the LMS, open the tool "
    "from the course once, then check again."
)
NOT_ASKED = N_("Nothing was written to the gradebook, since that was not asked for.")
NO_STUDENT = N_("Nobody was named to send a score for.")
NO_TIME = N_("There was no time left: the LMS took too long over the steps before.")
NO_TOKEN = N_("The LMS gives no access token for it: see above.")
NO_LOOK = N_("Nothing was written, since what is in the gradebook could not be read.")
NO_COLUMN = N_("There was no column to try it with.")
LINK_GONE = N_("The LMS does not know the link that was opened last: it has been removed there, most likely.")
STAYS = N_("This LMS lets no tool remove a column.")
NO_COURSE = N_("No course of this LMS has opened the tool yet.")
NO_LINK = N_("No link of this course has opened the tool yet.")


def matter_of(step: Step, code: str) -> Matter:
    """What has to be changed when a step ends with this code."""
    if code == "not-accepted" and step in {Step.REMOVE, Step.LEFTOVERS}:
        return Matter.REMOVE
    if code == NOT_AS_EXPECTED and step is not Step.KEY_SET:
        return Matter.REFUSED
    if code == NO_SCOPE and step is Step.ACCESS:
        return Matter.GRADES
    return _MATTER_OF_CODE.get(code) or _MATTER_OF_STEP.get(step, Matter.GRADES)


def matter_of_absence(step: Step) -> Matter:
    """What has to be changed where the LMS does not offer what a step needs."""
    return _MATTER_OF_STEP.get(step, Matter.GRADES)


def blame(line: Line, cause: Line) -> Line:
    """A line that failed for the same reason as another: with the remedy of that one."""
    return replace(line, remedy=cause.remedy)


def seen_of(code: str, status: int | None) -> Said:
    """What was seen of a call that went wrong."""
    text = _SEEN_OF_CODE.get(code, _SEEN_OF_CODE["not-accepted"])
    return Said(text, {"status": status if status is not None else "–"})


def is_leftover(resource_id: str | None) -> bool:
    """Whether a column is one that a check made."""
    return resource_id == RESOURCE_ID


def came_back(score: float | None, maximum: float) -> bool:
    """Whether a result is the score that was sent, whatever the LMS scales it to."""
    return score is not None and maximum > 0 and abs(score / maximum - GIVEN / MAXIMUM) < 0.01
