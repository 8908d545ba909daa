"""What a student may still change about their choice, and what they may do with their work. Pure.

A board goes from choosing to (waiting for the teacher's yes and) working, and is finished when what is done makes a complete
choice. What was handed in or is done stays chosen, whatever else changes.
"""

from enum import StrEnum

from lti_tool.menus.models import ChangeRule, ChoiceState, PersonalState


class Change(StrEnum):
    """Whether a student who has committed may choose again: by themselves, by asking, or not."""

    FREELY = "freely"
    BY_ASKING = "by-asking"
    NO_MORE = "no-more"


COMMITTED = frozenset({PersonalState.WAITING, PersonalState.WORKING})
AT_WORK = frozenset({PersonalState.WORKING, PersonalState.FINISHED})


def can_be_dropped(state: ChoiceState) -> bool:
    """Whether a choice may be taken back while a student chooses: what was never handed in, nor done."""
    return state is ChoiceState.CHOSEN


def change(rule: ChangeRule, state: PersonalState, *, loose: bool) -> Change:
    """Whether a committed student may choose again. ``loose``: something chosen could still be dropped."""
    if state not in COMMITTED or not loose:
        return Change.NO_MORE
    if rule is ChangeRule.UNTIL_HANDED_IN:
        return Change.FREELY
    return Change.BY_ASKING if rule is ChangeRule.ASK else Change.NO_MORE


def takes_work(state: PersonalState, choice: ChoiceState) -> bool:
    """Whether work can be put in, taken out and handed in."""
    return state in AT_WORK and choice in (ChoiceState.CHOSEN, ChoiceState.RETURNED)


def after_work(state: PersonalState, *, complete: bool) -> PersonalState:
    """Where a board stands after its work changed: finished exactly while what is done is a complete choice."""
    if state not in AT_WORK:
        return state
    return PersonalState.FINISHED if complete else PersonalState.WORKING
