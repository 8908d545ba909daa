"""What is missing for the next level, and why one fell, for lists: with the criteria of all states read at once."""

from datetime import datetime

from lti_tool.mastery import explaining
from lti_tool.mastery.models import MasteryState
from lti_tool.mastery.rules import Audience, Criterion, Explanation, say, say_fall


def sentence(state: MasteryState | None, now: datetime, to: Audience) -> str:
    """Why the level is what it is; the sentence for no evidence where there is none."""
    if state is None:
        return say(Explanation("not-started", {"level": "Not started", "now": now.isoformat()}), to)
    return explaining.sentence(state, now, to)


def missing_sentence(criterion: Criterion | None, state: MasteryState | None, now: datetime, to: Audience) -> str:
    """What exactly is missing for the next level; empty where nothing is, or where nobody can say."""
    if criterion is None or state is None or not state.running or state.rolled_up:
        return ""
    missing = criterion.judge(criterion.read(state.running), now).missing
    return say(missing, to) if missing is not None else ""


def fall_sentence(criterion: Criterion | None, state: MasteryState | None, now: datetime, to: Audience) -> str:
    """Why a level fell, if it did; empty otherwise."""
    if criterion is None or state is None or not state.running or state.rolled_up:
        return ""
    fell = criterion.judge(criterion.read(state.running), now).fell
    return say_fall(fell, criterion.scale, now, to) if fell is not None else ""
