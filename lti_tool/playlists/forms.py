"""What teachers say about playlists, steps and terms, parsed from their forms."""

import uuid
from collections.abc import Collection

from lti_tool.ids import new_id
from lti_tool.learners.models import Support
from lti_tool.playlists.changes import Basics, Keep, StepChoice
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import DoneRule, Need, OrderRule, SendRule, VariantKind
from lti_tool.playlists.templates import Variant
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_

__all__ = ["Entered", "basics", "needed", "parsed", "step_choice", "terms", "variant"]

MOST_POINTS = 10_000
MOST_MINUTES = 1_000
MOST_NEEDED = 100
NO_SECTION = "none"
"""What a form says for a step of no section."""


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
        opens_at=entered.moment("opens_at"),
        due_at=entered.moment("due_at"),
        after_step_id=entered.made_id("after_step"),
        after_competency_id=entered.made_id("after_competency"),
        competency_id=entered.made_id("competency"),
        is_precheck=entered.values.get("is_precheck") == "yes",
        section_id=_section(entered),
    )


def _section(entered: Entered) -> uuid.UUID | Keep | None:
    """The section a step goes to; a form without the field leaves it where it is."""
    given = entered.values.get("section", "")
    if not given:
        return Keep.SECTION
    return None if given == NO_SECTION else parsed(uuid.UUID, given)


def needed(entered: Entered) -> int | None:
    """How many of a section's may-dos are asked for, None where all of it is; look at ``entered.errors`` after."""
    if entered.values.get("asks") != "some":
        return None
    many = entered.number("needed", 1, MOST_NEEDED, N_("Please enter a whole number, 1 or more."))
    if many is None or many != int(many):
        entered.errors["needed"] = N_("Please enter a whole number, 1 or more.")
        return None
    return int(many)


def variant(entered: Entered, people: Collection[str]) -> Variant:
    """Another form of a step; look at ``entered.errors`` after. BadRequest for an accommodation that serves nothing known."""
    kind = entered.word("variant_kind", VariantKind, VariantKind.ACCOMMODATION)
    modifies = kind is VariantKind.MODIFICATION
    support = entered.values.get("support", "")
    language = entered.text("language", 35)
    if not modifies and parsed(Support, support) is Support.LANGUAGE and not language:
        entered.errors["language"] = N_("Please say which language.")
    if modifies and not people:
        entered.errors["people"] = N_("Please choose at least one student.")
    minutes = entered.number("variant_minutes", 1, MOST_MINUTES, N_("Please enter whole minutes from 1 to 1000."))
    percent = entered.number("variant_percent", 0, 100, N_("Please enter a percentage from 0 to 100."))
    return Variant(
        id=entered.made_id("variant_id") or new_id(),
        kind=kind,
        support="" if modifies else support,
        language=language if support == Support.LANGUAGE and not modifies else "",
        title=entered.text("variant_title", 500),
        note=entered.text("variant_note", 1000),
        content_item_id=entered.made_id("variant_item"),
        minutes=None if minutes is None else round(minutes),
        pass_percent=percent if modifies else None,
        people=tuple(sorted({parsed(uuid.UUID, one) for one in people})),
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
