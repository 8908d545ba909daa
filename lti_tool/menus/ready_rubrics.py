"""The rubric that is ready made: five criteria with four levels, in our own words. A teacher begins with it and changes it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from lti_tool.menus.rules.rubrics import Level
from lti_tool.web.i18n import N_

TITLE = N_("Four levels for any task")
"""What it is called until its teacher calls it something else."""

LEVELS = (N_("Beginning"), N_("On the way"), N_("Meets it"), N_("Goes beyond"))
"""The names of the levels, worth 1, 2, 3 and 4 points."""

MEETS = 2
"""The place of the least level that meets a criterion."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A criterion as messages: its name, and what work on each level looks like."""

    title: str
    descriptions: tuple[str, str, str, str]


CRITERIA = (
    Ready(
        N_("Knowledge and thinking"),
        (
            N_("Names single facts; how they belong together is still to come."),
            N_("Explains parts of the idea; some links or reasons are missing."),
            N_("Explains the idea correctly, with reasons and an example of one’s own."),
            N_("Also uses the idea in a new situation, or says where it does not hold."),
        ),
    ),
    Ready(
        N_("Writing"),
        (
            N_("Single thoughts; a reader has to guess what is meant."),
            N_("A reader can follow in part; order or words still get in the way."),
            N_("Clear and in a good order, in words that fit whom it is for."),
            N_("Also holds the reader: every sentence has a purpose."),
        ),
    ),
    Ready(
        N_("Speaking and showing"),
        (
            N_("Reads out or shows without explaining."),
            N_("Explains some of it; listeners still have to ask for the main point."),
            N_("Explains the main point clearly and answers questions about it."),
            N_("Also brings listeners in, and adapts to what they ask."),
        ),
    ),
    Ready(
        N_("Working together"),
        (
            N_("Works beside others; the shared task is still to be found."),
            N_("Does a part when asked, and hears what others say."),
            N_("Shares the work fairly, listens, and keeps what was agreed."),
            N_("Also helps others to do their best, and settles what is in the way."),
        ),
    ),
    Ready(
        N_("Taking charge of one’s work"),
        (
            N_("Needs to be told each next step."),
            N_("Begins alone; needs reminding to go on or to look at it again."),
            N_("Plans, keeps to it, and improves the work after feedback."),
            N_("Also looks for feedback, and sets the next goal without being asked."),
        ),
    ),
)


def levels(criterion: Ready, say: Callable[[str], str]) -> tuple[Level, ...]:
    """The levels of a criterion, in the words that ``say`` makes of messages."""
    return tuple(
        Level(say(title), say(description), Decimal(points))
        for points, (title, description) in enumerate(zip(LEVELS, criterion.descriptions, strict=True), start=1)
    )
