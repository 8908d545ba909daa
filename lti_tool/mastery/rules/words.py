"""Explanations as sentences, to the student ("your last 5") and to whoever teaches them ("the last 5").

Sentences are whole messages with fields, so that a translator can order them. A reason is a phrase that the frames below
put after the level's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from lti_tool.mastery.rules.base import Explanation
from lti_tool.mastery.rules.satisfying import Problem
from lti_tool.mastery.rules.scales import NOT_STARTED_NAME, Scale
from lti_tool.mastery.rules.states import Fall
from lti_tool.web.i18n import N_, NN_, Plural, current_language, format_day, format_month, format_number

NAMED_BY_DAY = timedelta(days=31)
"""A review that is due no later than this is told with its day, a later one with its month."""


class Audience(StrEnum):
    """Whom a sentence speaks to."""

    STUDENT = "student"
    TEACHER = "teacher"


Message = str | Plural


@dataclass(frozen=True, slots=True)
class Said:
    """A message to each audience. A plural one counts by the field ``right``. ``latest``: the latest day goes with it."""

    student: Message
    teacher: Message
    latest: bool = False

    def to(self, audience: Audience) -> Message:
        """The one for this audience."""
        return self.student if audience is Audience.STUDENT else self.teacher


def both(message: Message, *, latest: bool = False) -> Said:
    """The same to everybody."""
    return Said(message, message, latest)


_REASONS: Mapping[str, Said] = {
    "not-started": both(N_("there is no evidence yet")),
    "begun": Said(N_("you have begun"), N_("begun"), latest=True),
    "override": Said(N_("your teacher set this"), N_("set by a teacher")),
    "override.until": Said(N_("your teacher set this until %(until)s"), N_("set by a teacher until %(until)s")),
    "n-of-m": Said(
        N_("%(right)s of your last %(seen)s right"), N_("%(right)s of the last %(seen)s right"), latest=True
    ),
    "n-of-m.fallen": Said(
        N_("one level lower since %(since)s; %(right)s of your last %(seen)s right"),
        N_("one level lower since %(since)s; %(right)s of the last %(seen)s right"),
        latest=True,
    ),
    "n-of-m.kept": Said(
        N_("you reached this on %(since)s; %(right)s of your last %(seen)s right"),
        N_("reached on %(since)s and kept; %(right)s of the last %(seen)s right"),
        latest=True,
    ),
    "in-a-row": Said(N_("%(right)s right in a row"), N_("%(right)s right in a row"), latest=True),
    "in-a-row.fallen": Said(
        N_("one level lower since %(since)s; %(right)s right in a row"),
        N_("one level lower since %(since)s; %(right)s right in a row"),
        latest=True,
    ),
    "in-a-row.kept": Said(
        N_("you reached this on %(since)s; %(right)s right in a row"),
        N_("reached on %(since)s and kept; %(right)s right in a row"),
        latest=True,
    ),
    "default.mixed": Said(
        N_("right again in mixed work on %(since)s, %(days)s days after you were secure"),
        N_("right again in mixed work on %(since)s, %(days)s days after Secure"),
    ),
    "default.spaced": Said(
        N_("right again on %(since)s, %(days)s days after you were secure"),
        N_("right again on %(since)s, %(days)s days after Secure"),
    ),
    "default.confirmed": Said(N_("your teacher confirmed it on %(since)s"), N_("confirmed by a teacher on %(since)s")),
    "default.fallen": both(N_("one level lower since a review on %(since)s"), latest=True),
    "default.tasks": Said(
        NN_(
            "the passing mark reached on your latest task",
            "the passing mark reached on your latest %(right)s tasks",
        ),
        NN_(
            "the passing mark reached on the latest task",
            "the passing mark reached on the latest %(right)s tasks",
        ),
        latest=True,
    ),
    "default.tasks-some": Said(
        N_("the passing mark reached on one of your latest tasks"),
        N_("the passing mark reached on one of the latest tasks"),
        latest=True,
    ),
    "default.tasks-shared": both(
        N_("the passing mark reached only on tasks that count for several competencies"),
        latest=True,
    ),
    "default.tasks-none": Said(
        N_("the passing mark not yet reached on your latest task"),
        N_("the passing mark not yet reached on the latest task"),
        latest=True,
    ),
    "formula.shared": both(
        N_("%(value)s of %(top)s points, only from whole scores that count for several competencies"), latest=True
    ),
    "highest": Said(
        N_("your best result is %(value)s of %(top)s points"),
        N_("the best result is %(value)s of %(top)s points"),
        latest=True,
    ),
    "latest": Said(
        N_("your latest result is %(value)s of %(top)s points"),
        N_("the latest result is %(value)s of %(top)s points"),
        latest=True,
    ),
    "mean": Said(
        NN_(
            "your result is %(value)s of %(top)s points",
            "the mean of your %(right)s results is %(value)s of %(top)s points",
        ),
        NN_(
            "the result is %(value)s of %(top)s points",
            "the mean of %(right)s results is %(value)s of %(top)s points",
        ),
        latest=True,
    ),
    "canvas-weighted-average": Said(
        N_("%(value)s of %(top)s points: %(newest)s %% your newest result, %(older)s %% the mean of those before"),
        N_("%(value)s of %(top)s points: %(newest)s %% the newest result, %(older)s %% the mean of those before"),
        latest=True,
    ),
    "canvas-decaying-average": Said(
        N_("%(value)s of %(top)s points; your newest result counts %(newest)s %%, older ones less and less"),
        N_("%(value)s of %(top)s points; the newest result counts %(newest)s %%, older ones less and less"),
        latest=True,
    ),
    "canvas-n-mastery": Said(
        N_("the mean of your results at mastery is %(value)s of %(top)s points"),
        N_("the mean of the results at mastery is %(value)s of %(top)s points"),
        latest=True,
    ),
    "canvas-n-mastery.none": Said(
        N_("%(kept)s of the %(n)s results at mastery that you need"),
        N_("%(kept)s of the %(n)s results at mastery that are needed"),
        latest=True,
    ),
    "khan.begun": Said(
        N_("%(asked)s of the %(exercise)s answers of your first exercise"),
        N_("%(asked)s of the %(exercise)s answers of the first exercise"),
        latest=True,
    ),
    "khan.exercise": Said(
        N_("%(percent)s %% right in your latest exercise"),
        N_("%(percent)s %% right in the latest exercise"),
        latest=True,
    ),
    "khan.mixed-right": Said(
        N_("your latest mixed answer was right"), N_("the latest mixed answer was right"), latest=True
    ),
    "khan.mixed-wrong": Said(
        N_("your latest mixed answer was not right yet"), N_("the latest mixed answer was not right"), latest=True
    ),
    "judged": Said(N_("your teacher judged it so"), N_("judged by a teacher"), latest=True),
    "judged.completed": Said(
        N_("you completed an activity that gives this"), N_("given for a completed activity"), latest=True
    ),
    "judged.none": Said(
        N_("there is evidence, and your teacher has not judged it yet"), N_("there is evidence, and no judgement yet")
    ),
    "parent.count": both(N_("%(secure)s of %(children)s competencies below it are secure")),
    "parent.points": both(N_("%(points)s of %(needed)s points from competencies below it that are secure")),
    "parent.lowest": both(N_("as the lowest of %(children)s competencies below it")),
    "parent.mean": both(N_("%(value)s of %(top)s points, the mean of %(children)s competencies below it")),
}

_FRAMES: Mapping[tuple[bool, str], str] = {
    (False, ""): N_("%(level)s: %(reason)s."),
    (True, ""): N_("%(level)s: %(reason)s, the latest on %(day)s."),
    (False, "now"): N_("%(level)s: %(reason)s; a review is due now."),
    (True, "now"): N_("%(level)s: %(reason)s, the latest on %(day)s; a review is due now."),
    (False, "day"): N_("%(level)s: %(reason)s; a review is due on %(due)s."),
    (True, "day"): N_("%(level)s: %(reason)s, the latest on %(day)s; a review is due on %(due)s."),
    (False, "month"): N_("%(level)s: %(reason)s; a review is due in %(due)s."),
    (True, "month"): N_("%(level)s: %(reason)s, the latest on %(day)s; a review is due in %(due)s."),
}

_CREDIT = Said(
    N_("The review is later because you used this in harder work on %(day)s."),
    N_("The review is later because this was used in harder work on %(day)s."),
)
"""Follows an explanation where harder work let a review wait that is still to come."""

_MISSING: Mapping[str, Said] = {
    "missing.right": both(N_("For %(level)s: %(right)s more right of the next %(next)s.")),
    "missing.in-a-row": both(
        NN_("For %(level)s: %(right)s more right answer.", "For %(level)s: %(right)s more right answers in a row.")
    ),
    "missing.own": both(N_("For %(level)s: a right result that counts for this competency alone.")),
    "missing.task": both(N_("For %(level)s: the passing mark on the latest task.")),
    "missing.second-task": both(N_("For %(level)s: the passing mark on a second task as well.")),
    "missing.spaced": both(N_("For %(level)s: a right answer on %(from)s or later.")),
    "missing.dated": both(
        N_("For %(level)s: an answer whose date is known, and a right one at least %(days)s days after that.")
    ),
    "missing.confirmation": Said(
        N_("For %(level)s: a right answer in mixed work on %(from)s or later, or your teacher's confirmation."),
        N_("For %(level)s: a right answer in mixed work on %(from)s or later, or a teacher's confirmation."),
    ),
    "missing.next": both(N_("For %(level)s: a next result of %(percent)s %% or more.")),
    "missing.value": both(N_("For %(level)s: %(value)s of %(top)s points; one result alone does not get there.")),
    "missing.at-mastery": both(
        NN_(
            "For %(level)s: %(right)s more result of %(value)s of %(top)s points or more.",
            "For %(level)s: %(right)s more results of %(value)s of %(top)s points or more.",
        )
    ),
    "missing.khan-developing": both(
        N_("For %(level)s: an exercise with 70 %% right or more, or a right answer in mixed work.")
    ),
    "missing.khan-secure": both(N_("For %(level)s: an exercise without a mistake, or a right answer in mixed work.")),
    "missing.khan-mastered": both(N_("For %(level)s: a right answer in mixed work.")),
    "missing.judgement": Said(
        N_("For %(level)s: your teacher's judgement."), N_("For %(level)s: a teacher's judgement.")
    ),
    "missing.children": both(
        NN_(
            "%(right)s more competency below it has to be secure.",
            "%(right)s more competencies below it have to be secure.",
        )
    ),
    "missing.required": both(
        NN_(
            "%(right)s competency below it that is required has to be secure.",
            "%(right)s competencies below it that are required have to be secure.",
        )
    ),
    "missing.points": both(N_("%(points)s more points from competencies below it that are secure.")),
    "missing.lowest": both(
        NN_(
            "%(right)s competency below it holds it at this level.",
            "%(right)s competencies below it hold it at this level.",
        )
    ),
    "missing.mean": both(
        N_("For %(level)s: a mean of %(value)s points, %(gap)s more in all over the competencies below it.")
    ),
}

_FALLS: Mapping[str, Said] = {
    "value": Said(
        N_("It was %(was)s until %(day)s; your newer results brought it down."),
        N_("It was %(was)s until %(day)s; newer results brought it down."),
    ),
    "review": Said(
        N_("It was %(was)s until %(day)s; an answer in a review was not right yet, which costs one level."),
        N_("It was %(was)s until %(day)s; a wrong answer in a review costs one level, and counting began anew."),
    ),
    "task": Said(
        N_("It was %(was)s until %(day)s; your latest task was below its passing mark."),
        N_("It was %(was)s until %(day)s; the latest task was below its passing mark."),
    ),
    "exercise": Said(
        N_("It was %(was)s until %(day)s; there were mistakes in your exercise."),
        N_("It was %(was)s until %(day)s; there were mistakes in an exercise."),
    ),
    "mixed": Said(
        N_("It was %(was)s until %(day)s; an answer in mixed work was not right yet, which costs one level."),
        N_("It was %(was)s until %(day)s; a wrong answer in mixed work costs one level."),
    ),
    "judged": Said(
        N_("It was %(was)s until %(day)s; your teacher has judged it anew."),
        N_("It was %(was)s until %(day)s; a teacher has judged it anew."),
    ),
}

_MOMENTS = frozenset({"since", "until", "from"})
_NUMBERS = frozenset({"value", "top", "gap"})


def say(explanation: Explanation, to: Audience = Audience.STUDENT) -> str:
    """An explanation, or what is missing, as a sentence in the language of the page being rendered.

    Raises ``KeyError`` for a code that nothing here makes.
    """
    values = explanation.values
    now = datetime.fromisoformat(str(values["now"])) if "now" in values else None
    if explanation.code.startswith("missing."):
        return _filled(_MISSING[explanation.code].to(to), values, now)
    code = "override.until" if explanation.code == "override" and "until" in values else explanation.code
    said = _REASONS[code]
    latest = said.latest and "latest" in values
    review, due = _review(values, now)
    sentence = current_language().gettext(_FRAMES[latest, review]) % {
        "level": current_language().gettext(str(values.get("level", NOT_STARTED_NAME))),
        "reason": _filled(said.to(to), values, now),
        "day": _day(values["latest"], now) if latest else "",
        "due": due,
    }
    if "harder" not in values or review not in {"day", "month"}:
        return sentence
    credit = current_language().gettext(str(_CREDIT.to(to))) % {"day": _day(values["harder"], now)}
    return f"{sentence} {credit}"


def say_fall(fall: Fall, scale: Scale, now: datetime, to: Audience = Audience.STUDENT) -> str:
    """A fall as a sentence: what it was, until when, and why it no longer is."""
    was = scale.by_key(fall.level)
    language = current_language()
    message = language.gettext(str(_FALLS[fall.code].to(to)))
    return message % {"was": language.gettext(was.name if was else NOT_STARTED_NAME), "day": format_day(fall.at, now)}


def say_problem(problem: Problem) -> str:
    """Why a rule can never be satisfied, as a sentence."""
    return current_language().gettext(problem.text) % dict(problem.values)


def _review(values: Mapping[str, str | int], now: datetime | None) -> tuple[str, str]:
    """How a review is told: ``now``, ``day`` or ``month``, and which; empty where none is due."""
    if "review" not in values:
        return "", ""
    due_at = datetime.fromisoformat(str(values["review"]))
    if now is None or due_at <= now:
        return "now", ""
    if due_at - now <= NAMED_BY_DAY:
        return "day", format_day(due_at, now)
    return "month", format_month(due_at, now)


def _filled(message: Message, values: Mapping[str, str | int], now: datetime | None) -> str:
    language = current_language()
    fields = {name: _written(name, value, now) for name, value in values.items()}
    if isinstance(message, Plural):
        count = int(values.get("right", values.get("tasks", values.get("results", 0))))
        fields["right"] = str(count)
        return language.ngettext(message.one, message.many, count) % fields
    return language.gettext(message) % fields


def _written(name: str, value: str | int, now: datetime | None) -> str:
    if name in _MOMENTS and value:
        return _day(value, now)
    if name in _NUMBERS:
        return format_number(Decimal(value), 2)
    return current_language().gettext(value) if name == "level" and isinstance(value, str) else str(value)


def _day(value: str | int, now: datetime | None) -> str:
    return format_day(datetime.fromisoformat(str(value)), now)
