"""What teachers say about playlists, steps and terms, parsed from their forms."""

from lti_tool.playlists.editing import Basics, StepChoice, Terms
from lti_tool.playlists.models import DoneRule, Need, OrderRule, SendRule
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_

__all__ = ["Entered", "basics", "parsed", "step_choice", "terms"]

MOST_POINTS = 10_000
MOST_MINUTES = 1_000


def basics(entered: Entered) -> Basics:
    """Title, introduction and order; look at ``entered.errors`` after."""
    return Basics(
        title=entered.text("title", 200, N_("Please give the playlist a title.")),
        introduction=entered.text("introduction", 2000),
        order_rule=entered.word("order_rule", OrderRule, OrderRule.IN_ORDER),
    )


def step_choice(entered: Entered) -> StepChoice:
    """What a teacher says about a step; look at ``entered.errors`` after."""
    minutes = entered.number("minutes", 1, MOST_MINUTES, N_("Please enter whole minutes from 1 to 1000."))
    return StepChoice(
        title=entered.text("title", 500, N_("Please give the step a title.")),
        note=entered.text("note", 1000),
        need=entered.word("need", Need, Need.MUST),
        done_rule=entered.word("done_rule", DoneRule, DoneRule.MARKED),
        pass_percent=entered.number("pass_percent", 0, 100, N_("Please enter a percentage from 0 to 100.")),
        minutes=None if minutes is None else round(minutes),
    )


def terms(entered: Entered) -> Terms:
    """On what terms a playlist is assigned; look at ``entered.errors`` after."""
    has_column = entered.values.get("has_column") == "yes"
    points = entered.number("points", 0.01, MOST_POINTS, N_("Please enter points above 0, at most 10 000."))
    if has_column and points is None and "points" not in entered.errors:
        entered.errors["points"] = N_("Please enter how many points the column has.")
    return Terms(
        has_column=has_column,
        points=100.0 if points is None else points,
        send_rule=entered.word("send_rule", SendRule, SendRule.AT_END),
        due_at=entered.moment("due_at"),
    )
