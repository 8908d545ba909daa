"""What a prediction means, in words, and how well it fits as the next challenge. Students never see its number."""

from enum import StrEnum

from lti_tool.web.i18n import N_

LOW = 0.60
HIGH = 0.85
"""Between these chances of success work is neither out of reach nor too easy: about the 75 % that Math Garden aims at, and up
to the 85 % of R. Wilson et al., "The eighty five percent rule for optimal learning", Nature Communications 10 (2019)."""


class Zone(StrEnum):
    """Where a task lies for a learner."""

    FAR = "far"
    STRETCH = "stretch"
    EASY = "easy"


def zone(p: float) -> Zone:
    """The zone of a chance of success, the ends of the stretch belonging to it."""
    if p < LOW:
        return Zone.FAR
    return Zone.EASY if p > HIGH else Zone.STRETCH


def fit(p: float) -> float:
    """How well a task fits as the next one: 1 in the stretch, falling in a straight line to 0 at no chance and at certainty."""
    if p < LOW:
        return p / LOW
    return (1.0 - p) / (1.0 - HIGH) if p > HIGH else 1.0


_FOR_STUDENTS = {
    Zone.FAR: N_("This one may be hard for you now. Help, or an easier step first, is a good idea."),
    Zone.STRETCH: N_("This one is a good stretch for you."),
    Zone.EASY: N_("You will probably find this one easy."),
}
_FOR_TEACHERS = {
    Zone.FAR: N_("More likely out of reach than not: an easier step or help first."),
    Zone.STRETCH: N_("A good stretch: hard enough to learn from, and within reach."),
    Zone.EASY: N_("Likely right at once: good as a review or a warm-up."),
}


def in_words(p: float, *, for_teacher: bool = False) -> str:
    """A sentence without a number, as a message id, on a task with chance of success ``p``."""
    return (_FOR_TEACHERS if for_teacher else _FOR_STUDENTS)[zone(p)]
