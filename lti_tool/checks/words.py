"""Why a response is worth what it is, in sentences: to the student who gave it, and to their teacher."""

from dataclasses import dataclass
from decimal import Decimal

from babel import numbers

from lti_tool.checks.questions import Partial, QuestionKind
from lti_tool.checks.scoring import Reason, Why
from lti_tool.web.i18n import N_, NN_, Plural, current_language


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence to the student and one to the teacher: message ids. ``counts`` names the value that a plural counts."""

    student: str | Plural
    teacher: str | Plural
    counts: str = ""


_SAID = {
    Why.NOTHING_GIVEN: _Said(N_("You gave no answer."), N_("No answer was given.")),
    Why.MALFORMED: _Said(
        N_("Your answer did not arrive in a form that can be read. It counts as no answer."),
        N_("What arrived is no answer to this question as it is now; it counts as none."),
    ),
    Why.CHOICE_RIGHT: _Said(N_("That is right."), N_("The right choice.")),
    Why.CHOICE_WRONG: _Said(N_("The right answer is another one."), N_("Another choice than the right one.")),
    Why.CHOICE_WORTH: _Said(
        N_("That is right in part: it is worth %(percent)s percent."), N_("A choice that is worth %(percent)s percent.")
    ),
    Why.RESPONSE_ALL: _Said(
        N_("You chose all that is right, and nothing else."), N_("All that is right was chosen, and nothing else.")
    ),
    Why.RESPONSE_SOME: _Said(
        N_("You chose %(right)s of %(rights)s that are right, and %(wrong)s that are not."),
        N_("Chosen: %(right)s of %(rights)s that are right, and %(wrong)s that are not."),
    ),
    Why.NUMBER_RIGHT: _Said(
        N_("That is right. Your answer was read as %(read)s."), N_("The number was read as %(read)s, and is right.")
    ),
    Why.NUMBER_WORTH: _Said(
        N_("Your answer was read as %(read)s. It is worth %(percent)s percent."),
        N_("The number was read as %(read)s; it is worth %(percent)s percent."),
    ),
    Why.NUMBER_OTHER: _Said(
        N_("Your answer was read as %(read)s. The right number is another one."),
        N_("The number was read as %(read)s, which is not in what is accepted."),
    ),
    Why.NUMBER_UNREADABLE: _Said(
        N_("This could not be read as a number. Type the number alone, such as 1.5 or 1/2, without a unit."),
        N_("What was typed could not be read as a number."),
    ),
    Why.TEXT_RIGHT: _Said(N_("That is right."), N_("An accepted answer.")),
    Why.TEXT_WORTH: _Said(
        N_("That is right in part: it is worth %(percent)s percent."),
        N_("An answer that is worth %(percent)s percent."),
    ),
    Why.TEXT_OTHER: _Said(N_("This is none of the accepted answers."), N_("Not one of the accepted answers.")),
    Why.ORDER_RIGHT: _Said(N_("All of it is in the right order."), N_("All of it is in the right order.")),
    Why.ORDER_NEIGHBOURS: _Said(
        NN_(
            "Of %(of)s pair that follow each other, %(right)s is in the right order.",
            "Of %(of)s pairs that follow each other, %(right)s are in the right order.",
        ),
        NN_(
            "Of %(of)s pair that follow each other, %(right)s is in the right order.",
            "Of %(of)s pairs that follow each other, %(right)s are in the right order.",
        ),
        "of",
    ),
    Why.ROWS: _Said(
        NN_("%(right)s of %(of)s row is matched rightly.", "%(right)s of %(of)s rows are matched rightly."),
        NN_("%(right)s of %(of)s row is matched rightly.", "%(right)s of %(of)s rows are matched rightly."),
        "of",
    ),
    Why.GAPS: _Said(
        NN_("%(right)s of %(of)s gap is right.", "%(right)s of %(of)s gaps are right."),
        NN_("%(right)s of %(of)s gap is right.", "%(right)s of %(of)s gaps are right."),
        "of",
    ),
}


_WRITTEN_OUT = 10**15
"""Larger numbers are shown with a power of ten."""


def to_student(reason: Reason) -> str:
    """Why an answer is worth what it is, to whoever gave it, in the language of the page."""
    return _sentence(reason, _SAID[reason.code].student)


def to_teacher(reason: Reason) -> str:
    """The same to a teacher."""
    return _sentence(reason, _SAID[reason.code].teacher)


def _sentence(reason: Reason, said: str | Plural) -> str:
    language = current_language()
    if isinstance(said, Plural):
        text = language.ngettext(said.one, said.many, int(reason.values[_SAID[reason.code].counts]))
    else:
        text = language.gettext(said)
    return text % {name: _figure(value) for name, value in reason.values.items()}


def _figure(value: int | Decimal) -> str:
    """A figure in the language's own signs, without marks between thousands: those are what is read in two ways."""
    if isinstance(value, Decimal) and abs(value) >= _WRITTEN_OUT:
        return f"{value:.6g}"
    locale = current_language().locale
    return numbers.format_decimal(value, locale=locale, decimal_quantization=False, group_separator=False)


_PARTIAL = {
    Partial.NONE: N_("Points only when all of it is right."),
    Partial.WEIGHTS: N_("Each answer is worth its own share of the points, and shares add up to at most all of them."),
}
_ONE_ANSWER = frozenset({QuestionKind.CHOICE, QuestionKind.NUMBER, QuestionKind.TEXT})
_SHARED = {
    QuestionKind.RESPONSE: N_("Each right choice gives its share of the points, each wrong one takes one away."),
    QuestionKind.ORDER: N_("Each pair that follows each other as it should gives its share of the points."),
    QuestionKind.MATCH: N_("Each row that is right gives its share of the points."),
    QuestionKind.GAPS: N_("Each gap that is right gives its share of the points."),
}


def partial_credit(kind: QuestionKind, partial: Partial) -> str:
    """How a question of this kind is marked with this rule, in a sentence; the message id of it. Empty where one answer is either
    right or not, which goes without saying.
    """
    if kind in _ONE_ANSWER and partial is not Partial.WEIGHTS:
        return ""
    if kind in {QuestionKind.ORDER, QuestionKind.MATCH} and partial is Partial.WEIGHTS:
        partial = Partial.SHARE
    return _SHARED.get(kind, _PARTIAL[Partial.NONE]) if partial is Partial.SHARE else _PARTIAL[partial]
