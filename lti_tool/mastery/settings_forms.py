"""What teachers say about rules and scales, parsed from their forms."""

from collections.abc import Mapping
from decimal import Decimal

from lti_tool.competencies.alignment_rules import percent_of
from lti_tool.mastery import rule_words, rules
from lti_tool.mastery.rule_words import AnyRule
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_

MOST_LEVELS = 10
STANDINGS = tuple(one for one in rules.Standing if one is not rules.Standing.NOT_STARTED)

USUAL = "usual"
"""The choice of no rule of one's own: the tool's for a course, the course's for a competency."""


def rule(entered: Entered) -> AnyRule | None:
    """The rule that was chosen; None for the usual one. Look at ``entered.errors`` after; they are by field."""
    kind = entered.values.get("rule", "")
    words = rule_words.BY_KIND.get(kind)
    if words is None or words is rule_words.MOODLE_POINTS:
        if kind != USUAL:
            entered.errors["rule"] = N_("Please choose a rule.")
        return None
    given: dict[str, int] = {}
    for one in words.parameters:
        name = f"{kind}.{one.name}"
        try:
            number = int(entered.values.get(name) or one.usual)
        except ValueError:
            number = one.least - 1
        if not one.least <= number <= one.most:
            entered.errors[name] = N_("Please enter a whole number within the bounds.")
            continue
        given[one.name] = number
    if entered.errors:
        return None
    try:
        return rule_words.make(kind, given)
    except ValueError:
        # The one thing that bounds alone do not say.
        entered.errors[f"{kind}.{words.parameters[0].name}"] = N_("More cannot be right than are looked at.")
        return None


def rule_fields(chosen: AnyRule | None) -> dict[str, str]:
    """The form's values for a rule that holds."""
    if chosen is None:
        return {"rule": USUAL}
    return {"rule": chosen.kind} | {
        f"{chosen.kind}.{name}": str(value) for name, value in rule_words.parameters(chosen).items()
    }


# --- Scales -------------------------------------------------------------------------------------------------------------


def scale_fields(scale: rules.Scale) -> dict[str, str]:
    """The form's values for a scale; a level's fields end in its place from the top."""
    fields: dict[str, str] = {}
    for place, level in enumerate(scale.levels):
        fields |= {
            f"key-{place}": level.key,
            f"name-{place}": level.name,
            f"colour-{place}": level.colour,
            f"icon-{place}": level.icon.value,
            f"threshold-{place}": plain(level.threshold * 100),
            f"points-{place}": plain(level.points),
            f"standing-{place}": level.standing.value,
        }
    return fields


def plain(number: Decimal) -> str:
    """A number without needless zeros, to four places."""
    return f"{round(number, 4).normalize():f}"


def scale(entered: Entered) -> rules.Scale:
    """The scale that was entered; levels without a name are left out. Look at ``entered.errors`` after."""
    levels = []
    places: dict[str, int] = {}
    for place in range(MOST_LEVELS):
        name = entered.text(f"name-{place}", 60)
        if not name:
            continue
        key = entered.values.get(f"key-{place}", "") or f"level-{place}-{len(name)}"
        while key in places:
            key += "-"
        places[key] = place
        levels.append(
            rules.Level(
                key=key[:32],
                name=name,
                colour=entered.values.get(f"colour-{place}", "").upper(),
                icon=entered.word(f"icon-{place}", rules.Icon, rules.Icon.EMPTY),
                threshold=_share(entered, f"threshold-{place}"),
                points=_points(entered, f"points-{place}"),
                standing=entered.word(f"standing-{place}", rules.Standing, rules.Standing.STARTED),
            )
        )
    found = rules.Scale(tuple(levels))
    if not entered.errors:
        for problem in found.validate():
            entered.errors.setdefault(_field(problem, places), problem.text)
    return found


def _field(problem: rules.ScaleProblem, places: Mapping[str, int]) -> str:
    """The field that a problem is told at."""
    place = places.get(problem.level, 0)
    named = {"threshold": "threshold", "points": "points", "standing": "standing", "secure": "standing", "icon": "icon"}
    return f"{named.get(problem.code.partition('-')[0], 'name' if problem.code != 'colour' else 'colour')}-{place}"


def _share(entered: Entered, name: str) -> Decimal:
    try:
        return Decimal(str(percent_of(entered.values.get(name, "")))) / 100
    except ValueError:
        entered.errors[name] = N_("Please enter a percentage from 0 to 100.")
        return Decimal(0)


def _points(entered: Entered, name: str) -> Decimal:
    number = entered.number(name, 0, 10_000, N_("Please enter points from 0 to 10 000."))
    if number is None and name not in entered.errors:
        entered.errors[name] = N_("Please enter points from 0 to 10 000.")
    return Decimal(str(number or 0))


def passing(entered: Entered) -> float:
    """The passing mark; look at ``entered.errors`` after."""
    try:
        return percent_of(entered.values.get("passing", ""))
    except ValueError:
        entered.errors["passing"] = N_("Please enter a percentage from 0 to 100.")
        return 0.0


def start_of(key: str) -> str:
    """What a scale of the course's own begins with, as its form names it; BadRequest for a name of another shape."""
    return parsed(_known_start, key)


def _known_start(key: str) -> str:
    if key in {"tool", "canvas", "moodle"} or key.partition(".")[0] in {"competency", "framework", "scale"}:
        return key
    raise ValueError("no start")
