"""What teachers enter about questions and checks, parsed from their forms; look at ``entered.errors`` after."""

from decimal import Decimal

from lti_tool.checks.making import Settings
from lti_tool.checks.models import Feedback, Selection
from lti_tool.checks.questions import ONE, Partial, Question, QuestionKind
from lti_tool.checks.reading.building import MOST_POINTS, decimal, places
from lti_tool.checks.writing import MOST_TYPED, Unfinished, Written, question_of
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_

TITLE_MISSING = N_("Please give the check a title.")
_POINTS = N_("Please enter points above 0 and up to 10 000.")
_WHOLE = N_("Please enter a whole number from 1 to 1000.")
_PERCENT = N_("Please enter a percentage from 0 to 100.")
_COUNT = N_("Say how many questions: a whole number from 1 to 500.")
_OPENS_AFTER = N_("It has to open before it is due.")


def written(entered: Entered, kind: QuestionKind) -> Written:
    """A question's form."""
    typed = {name: entered.text(name, MOST_TYPED) for name in _TEXTS}
    stated = entered.values.get("points", "")
    points = decimal(stated) if stated else ONE
    if points is None or not Decimal("0.0001") <= points <= MOST_POINTS:
        entered.errors["points"] = _POINTS
        points = ONE
    return Written(
        kind,
        points=places(points),
        partial=entered.word("partial", Partial, Partial.SHARE),
        shuffled=entered.values.get("shuffled") == "yes",
        case_sensitive=entered.values.get("case_sensitive") == "yes",
        **typed,
    )


_TEXTS = ("prompt", "lines", "feedback", "feedback_right", "feedback_wrong", "hints")


def question(entered: Entered, form: Written, title: str = "") -> Question | None:
    """The question; None, with a sentence at its field, where it is none yet."""
    try:
        made = question_of(form, title)
    except Unfinished as unfinished:
        entered.errors.setdefault(unfinished.field, unfinished.sentence)
        return None
    return None if entered.errors else made


def settings(entered: Entered) -> Settings:
    """A check's settings."""
    selection = entered.word("selection", Selection, Selection.ALL)
    count = _whole(entered, "count", 500, _COUNT)
    if selection is not Selection.ALL and count is None:
        entered.errors.setdefault("count", _COUNT)
    opens_at, due_at = entered.moment("opens_at"), entered.moment("due_at")
    if opens_at is not None and due_at is not None and opens_at >= due_at:
        entered.errors["opens_at"] = _OPENS_AFTER
    percent = entered.number("pass_percent", 0, 100, _PERCENT)
    return Settings(
        title=entered.text("title", 200, TITLE_MISSING),
        introduction=entered.text("introduction", 2000),
        selection=selection,
        count=None if selection is Selection.ALL else count,
        shuffled=entered.values.get("shuffled") == "yes",
        attempts=_whole(entered, "attempts", 1000, _WHOLE),
        wait_minutes=_whole(entered, "wait_minutes", 100_000, N_("Please enter whole minutes.")) or 0,
        tries=_whole(entered, "tries", 10, N_("Please enter a whole number from 1 to 10.")) or 1,
        feedback=entered.word("feedback", Feedback, Feedback.EACH),
        shows_right=entered.values.get("shows_right") == "yes",
        minutes=_whole(entered, "minutes", 1000, N_("Please enter whole minutes from 1 to 1000.")),
        pass_percent=80.0 if percent is None else percent,
        opens_at=opens_at,
        due_at=due_at,
    )


def _whole(entered: Entered, name: str, most: int, wrong: str) -> int | None:
    number = entered.number(name, 0 if name == "wait_minutes" else 1, most, wrong)
    if number is not None and number != int(number):
        entered.errors[name] = wrong
        return None
    return None if number is None else int(number)
