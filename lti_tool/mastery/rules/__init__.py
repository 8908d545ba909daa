"""Level rules: what the evidence says a learner has reached, by a rule that a teacher chose and can recompute by hand.

Pure logic: no I/O, no clock, no database, no floating point. Every rule is documented in docs/mastery.md.

One observation at a time, at a constant cost::

    criterion = Criterion(DefaultLadder(), default_scale())   # frozen, as JSON, on what a learner has begun
    state = criterion.start()                                 # or criterion.read(json)
    if state.takes(observation):                              # it comes after everything seen so far
        state = criterion.step(state, observation)
    else:                                                     # late, regraded or voided: all that is left, in any order
        state = criterion.replay(observations)
    judgement = criterion.judge(state, now)
    say(judgement.because), say(judgement.because, Audience.TEACHER)

``rule.start``, ``rule.step(state, observation, scale)``, ``replay(rule, scale, observations)`` and ``judge(rule, scale,
state_or_observations, now)`` are the same without the pair. What everybody may rely on:

- The order of arrival does not matter: ``replay`` sorts by when it happened, when we learned of it, and key.
- A void equals that it never happened; the same key twice counts once.
- A self-assessment changes nothing. Blank, excused, missing and ungraded work never becomes an observation.
- An override wins while it holds; afterwards the computed level is back, with everything that came meanwhile.
- Every fall says why. Time alone makes a review due and lowers nothing.
"""

from lti_tool.mastery.rules.base import Explanation, Rule
from lti_tool.mastery.rules.counted import InARow, NOfM
from lti_tool.mastery.rules.formulas import (
    CanvasDecayingAverage,
    CanvasNMastery,
    CanvasWeightedAverage,
    Highest,
    Latest,
    Mean,
)
from lti_tool.mastery.rules.judging import RULES, Criterion, Judgement, judge, replay, rule_from_json
from lti_tool.mastery.rules.khan import KhanLadder
from lti_tool.mastery.rules.ladder import DefaultLadder
from lti_tool.mastery.rules.parents import (
    PARENT_RULES,
    AllChildren,
    AtLeast,
    Child,
    ChildPoints,
    LowestChild,
    MeanOfChildren,
    MoodlePoints,
    ParentRule,
    RollUp,
    parent_rule_from_json,
)
from lti_tool.mastery.rules.ratings import MoodleRating, TeacherJudgement
from lti_tool.mastery.rules.reviews import REACH, Credited, Harder, practises, with_credit
from lti_tool.mastery.rules.satisfying import AlignedItem, Problem, can_satisfy, fitted
from lti_tool.mastery.rules.scales import (
    Icon,
    Level,
    NoScale,
    Scale,
    ScaleProblem,
    canvas_scale,
    default_scale,
    moodle_default,
    moodle_scale,
)
from lti_tool.mastery.rules.states import Fall, Override, Review, State
from lti_tool.mastery.rules.values import Observation, Source, Standing, order_key
from lti_tool.mastery.rules.words import Audience, say, say_fall, say_problem

__all__ = [
    "PARENT_RULES",
    "REACH",
    "RULES",
    "AlignedItem",
    "AllChildren",
    "AtLeast",
    "Audience",
    "CanvasDecayingAverage",
    "CanvasNMastery",
    "CanvasWeightedAverage",
    "Child",
    "ChildPoints",
    "Credited",
    "Criterion",
    "DefaultLadder",
    "Explanation",
    "Fall",
    "Harder",
    "Highest",
    "Icon",
    "InARow",
    "Judgement",
    "KhanLadder",
    "Latest",
    "Level",
    "LowestChild",
    "Mean",
    "MeanOfChildren",
    "MoodlePoints",
    "MoodleRating",
    "NOfM",
    "NoScale",
    "Observation",
    "Override",
    "ParentRule",
    "Problem",
    "Review",
    "RollUp",
    "Rule",
    "Scale",
    "ScaleProblem",
    "Source",
    "Standing",
    "State",
    "TeacherJudgement",
    "can_satisfy",
    "canvas_scale",
    "default_scale",
    "fitted",
    "judge",
    "moodle_default",
    "moodle_scale",
    "order_key",
    "parent_rule_from_json",
    "practises",
    "replay",
    "rule_from_json",
    "say",
    "say_fall",
    "say_problem",
    "with_credit",
]
