"""Level rules in a teacher's words: what each is called, what it says, an example, and which parameters it takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti_tool.mastery import rules
from lti_tool.web.i18n import N_, current_language

AnyRule = rules.Rule | rules.ParentRule


@dataclass(frozen=True, slots=True)
class Parameter:
    """A whole number that a rule takes. ``label`` is a message id."""

    name: str
    label: str
    least: int
    most: int
    usual: int


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule as it is offered. ``says`` and ``example`` are message ids; ``says`` may name parameters as ``%(…)s`` fields."""

    kind: str
    title: str
    says: str
    example: str
    parameters: tuple[Parameter, ...] = ()


RULES = (
    RuleWords(
        "default",
        N_("The ladder"),
        N_(
            "Developing with 2 of the last 5 first answers right, Secure with 4 of 5, Mastered with a right answer on a mixed "
            "item or a week later. Whole scores: Secure when the latest task is passed, and a second one where there is one."
        ),
        N_("Right, wrong, right, right, right is Secure; another right answer eight days later is Mastered."),
    ),
    RuleWords(
        "n-of-m",
        N_("So many of the last ones"),
        N_(
            "Secure with %(n)s right of the last %(m)s first answers, Developing with half of them. It stays until a review "
            "fails."
        ),
        N_("With 3 of 4: right, wrong, right, right is Secure."),
        (
            Parameter("n", N_("How many right"), 1, 50, 4),
            Parameter("m", N_("Of how many of the last ones"), 1, 50, 5),
        ),
    ),
    RuleWords(
        "in-a-row",
        N_("In a row"),
        N_("Secure with %(n)s right first answers in a row. It stays until a review fails."),
        N_("With 3: right, right, wrong, right, right, right is Secure at the sixth answer."),
        (Parameter("n", N_("How many in a row"), 1, 50, 3),),
    ),
    RuleWords(
        "highest",
        N_("The best result"),
        N_("The best result so far decides, by the thresholds of the scale."),
        N_("Of 60, 85 and 70 percent, the 85 count."),
    ),
    RuleWords(
        "latest",
        N_("The latest result"),
        N_("The newest result decides, by the thresholds of the scale. It rises and falls with each one."),
        N_("Of 60, 85 and then 70 percent, the 70 count."),
    ),
    RuleWords(
        "mean",
        N_("The mean"),
        N_("The mean of all results decides, each counted with its weight."),
        N_("60, 85 and 70 percent make 71.67 percent; if the 85 have weight 2, they make 75."),
    ),
    RuleWords(
        "canvas-weighted-average",
        N_("Canvas: weighted average"),
        N_(
            "The newest result counts %(w)s percent, the mean of all before it the rest. In Canvas’s data it is called decaying "
            "average."
        ),
        N_("1, 2, 3, 4 and 5 points with 65 percent: 65 percent of 5 and 35 percent of 2.5 make 4.13."),
        (Parameter("w", N_("What the newest counts, in percent"), 1, 99, 65),),
    ),
    RuleWords(
        "canvas-decaying-average",
        N_("Canvas: decaying average"),
        N_("Each new result pulls the value %(r)s percent of the way towards itself, so that old ones fade."),
        N_("1, 2, 3, 4 and 5 points with 65 percent: 1, then 1.65, 2.53, 3.48 and 4.47."),
        (Parameter("r", N_("How far each pulls, in percent"), 50, 99, 65),),
    ),
    RuleWords(
        "canvas-n-mastery",
        N_("Canvas: number of times"),
        N_("Nothing is said until %(n)s results are at mastery or above; then the mean of those."),
        N_("With 3 and mastery at 3 points: 3, 2, 4 and 3 points make 3.33."),
        (Parameter("n", N_("How many times"), 1, 10, 5),),
    ),
    RuleWords(
        "khan",
        N_("Khan Academy’s ladder"),
        N_(
            "Exercises of %(exercise)s answers bring Developing (70 percent right) and Secure (all right); a right answer on a "
            "mixed item brings Mastered, and a wrong one goes a level down."
        ),
        N_("Four of four right is Secure; then a right answer in a mixed quiz is Mastered."),
        (Parameter("exercise", N_("Answers of an exercise"), 1, 50, 4),),
    ),
    RuleWords(
        "moodle-rating",
        N_("Moodle: ratings"),
        N_("A person rates on the scale; the latest rating decides. Results alone change nothing."),
        N_("Rated “Competent” in March and “Not yet competent” in May: not yet competent."),
    ),
    RuleWords(
        "teacher-judgement",
        N_("Your judgement"),
        N_("You say where each student stands; until you do, any evidence is Started."),
        N_("Ten right answers and no judgement: Started."),
    ),
)
"""Every rule for a competency's own evidence, the default first."""

PARENT_RULES = (
    RuleWords(
        "all-children",
        N_("All below it"),
        N_("Secure when all competencies below it are Secure."),
        N_("Three of four below are Secure: Developing."),
    ),
    RuleWords(
        "at-least",
        N_("Some below it"),
        N_("Secure when at least %(n)s of the competencies below it are Secure."),
        N_("With 2: two of four below are Secure, so this one is too."),
        (Parameter("n", N_("How many"), 1, 100, 1),),
    ),
    RuleWords(
        "lowest",
        N_("The lowest below it"),
        N_("It stands where the lowest of the competencies below it stands."),
        N_("Mastered, Secure and Developing below: Developing."),
    ),
    RuleWords(
        "mean-of-children",
        N_("The mean below it"),
        N_("The mean of the levels below it, in the points of the scale, decides."),
        N_("Levels worth 4, 3 and 2 points below make 3: Secure on the tool’s own scale."),
    ),
)
"""Every rule for a competency that others stand under, by its children's levels."""

MOODLE_POINTS = RuleWords(
    "points",
    N_("Moodle: points"),
    N_(
        "Secure when the competencies below it that are Secure bring %(points)s points, and every required one is among them."
    ),
    N_("With 3 points: two below are Secure, worth 1 and 2 points."),
)
"""Only taken over from a framework: its points for single children need no form here."""

BY_KIND: Mapping[str, RuleWords] = {words.kind: words for words in (*RULES, *PARENT_RULES, MOODLE_POINTS)}


def parameters(rule: AnyRule) -> dict[str, Any]:
    """A rule's parameters by name."""
    return {name: value for name, value in rule.to_json().items() if name not in {"rule", "version"}}


def make(kind: str, given: Mapping[str, int]) -> AnyRule:
    """A rule with these parameters. ValueError for a kind that is not offered, or parameters it does not take."""
    words = BY_KIND.get(kind)
    if words is None or words is MOODLE_POINTS:
        raise ValueError("no rule that is offered")
    values = {one.name: given.get(one.name, one.usual) for one in words.parameters}
    for one in words.parameters:
        if not one.least <= values[one.name] <= one.most:
            raise ValueError(f"{one.name} is from {one.least} to {one.most}")
    known = rules.RULES.get(kind) or rules.PARENT_RULES[kind]
    return known(**values)


def title(rule: AnyRule) -> str:
    """What a rule is called, in the language that is spoken."""
    return current_language().gettext(BY_KIND[rule.kind].title) if rule.kind in BY_KIND else rule.kind


def says(rule: AnyRule) -> str:
    """What a rule says with its parameters, in the language that is spoken."""
    words = BY_KIND.get(rule.kind)
    return current_language().gettext(words.says) % parameters(rule) if words is not None else ""


def example(rule: AnyRule) -> str:
    """An example of it, in the language that is spoken."""
    words = BY_KIND.get(rule.kind)
    return current_language().gettext(words.example) if words is not None else ""


def read(data: Mapping[str, Any]) -> AnyRule:
    """A rule from its JSON, for a competency or for a parent. ValueError."""
    if data.get("rule") in rules.PARENT_RULES:
        return rules.parent_rule_from_json(data)
    return rules.rule_from_json(data)
