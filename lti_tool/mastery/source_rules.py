"""The level rules that came with competencies: Canvas's calculation methods, Moodle's rules for parents. Pure."""

import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lti_tool.mastery import rules
from lti_tool.mastery.rule_words import AnyRule

_USUAL_PART = 65
_USUAL_TIMES = 5
_PLAIN: Mapping[str, rules.Rule] = {"highest": rules.Highest(), "latest": rules.Latest(), "average": rules.Mean()}


def rule_of(data: Mapping[str, Any] | None, ids: Mapping[str, uuid.UUID]) -> AnyRule | None:
    """The rule that a competency's source says, as its import kept it; None where it says none that is known here.

    ``ids`` are the map's competencies by their source's identifiers, for rules that name children.
    """
    if not data:
        return None
    try:
        return _moodle(data, ids) if "moodle" in data else _canvas(data)
    except (ValueError, TypeError, LookupError, InvalidOperation):
        return None


def _canvas(data: Mapping[str, Any]) -> rules.Rule | None:
    """Canvas's ``calculation_method`` (outcomes_csv.md; rollup_score.rb). ``decaying_average`` is what its pages call weighted
    average.
    """
    method = str(data.get("calculation_method", ""))
    if method in _PLAIN:
        return _PLAIN[method]
    number = data.get("calculation_int")
    whole = None if number is None else int(number)
    if method == "n_mastery":
        points = data.get("mastery_points")
        return rules.CanvasNMastery(whole or _USUAL_TIMES, None if points is None else Decimal(str(points)))
    if method == "standard_decaying_average":
        return rules.CanvasDecayingAverage(_USUAL_PART if whole is None else whole)
    if method in {"decaying_average", "weighted_average"}:
        return rules.CanvasWeightedAverage(_USUAL_PART if whole is None else whole)
    return None


def _moodle(data: Mapping[str, Any], ids: Mapping[str, uuid.UUID]) -> rules.ParentRule | None:
    """Moodle's rule type and configuration; an outcome of 0 means that the rule does nothing."""
    kind = str(data.get("moodle", ""))
    if str(data.get("outcome", "")).strip() in {"", "0"}:
        return None
    if kind.endswith("competency_rule_all"):
        return rules.AllChildren()
    if not kind.endswith("competency_rule_points"):
        return None
    config = dict(data["config"])
    children = [one for one in config.get("competencies", []) if str(one.get("id")) in ids]
    named = [one | {"id": str(ids[str(one["id"])])} for one in children]
    return rules.MoodlePoints.from_moodle(config | {"competencies": named})
