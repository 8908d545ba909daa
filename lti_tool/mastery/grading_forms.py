"""What a teacher says of a column about mastery: its name, its maximum, what each level is worth, how it counts."""

import uuid
from dataclasses import dataclass

from lti_tool.errors import NotFound
from lti_tool.mastery import grading_rules
from lti_tool.mastery.grading_rules import Counting
from lti_tool.mastery.rules import Scale
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_

OVERALL = "overall"
"""What the overall column is called in addresses and forms."""

MOST_POINTS = 10_000.0
USUAL_MAXIMUM = 100.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column as the form has it; ``points`` by the key of a level."""

    label: str
    maximum: float
    points: dict[str, float]
    latest: bool
    of_all: bool

    def counting(self, scale: Scale) -> Counting:
        """How it counts."""
        return grading_rules.counting(scale, self.points, self.maximum, latest=self.latest, of_all=self.of_all)


def what(text: str) -> uuid.UUID | None:
    """What a column is of: a competency's id, or None for all together. NotFound for anything else."""
    if text == OVERALL:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("a column is of a competency, or of all together") from None


def usual(label: str, scale: Scale, maximum: float = USUAL_MAXIMUM) -> Wanted:
    """What the form begins with."""
    return Wanted(label[:255], maximum, grading_rules.usual_points(scale, maximum), latest=True, of_all=False)


def there(label: str, maximum: float, counting: Counting, scale: Scale) -> Wanted:
    """What the form begins with for a column that is there; a level that the scale has got since is worth what is usual."""
    usually = grading_rules.usual_points(scale, maximum)
    points = {level.key: counting.points.get(level.key, usually[level.key]) for level in scale.levels}
    return Wanted(label, maximum, points, latest=counting.latest, of_all=counting.of_all)


def read(entered: Entered, scale: Scale) -> Wanted | None:
    """What was entered; None where something needs attention, which ``entered.errors`` says. Levels are named by their place,
    from the highest: ``points-0``, ``points-1`` and so on.
    """
    label = entered.text("label", 255, N_("Please give the column a name."))
    wrong = N_("Please enter a number above 0, up to 10,000.")
    maximum = entered.number("maximum", 0.01, MOST_POINTS, wrong)
    if maximum is None:
        entered.errors.setdefault("maximum", wrong)
        return None
    points: dict[str, float] = {}
    above = maximum
    for place, level in enumerate(scale.levels):
        name = f"points-{place}"
        said = entered.number(name, 0, maximum, N_("Please enter a number from 0 to the column’s points."))
        if said is None:
            entered.errors.setdefault(name, N_("Please enter a number from 0 to the column’s points."))
            continue
        if said > above:
            entered.errors[name] = N_("A level cannot be worth more than the one above it.")
        points[level.key] = above = said
    if entered.errors:
        return None
    return Wanted(
        label,
        maximum,
        points,
        latest=entered.values.get("counts") != "best",
        of_all=entered.values.get("over") == "all",
    )
