"""The worked tables of docs/mastery.md are what the rules say."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lti_tool.mastery import rules
from lti_tool.mastery.rules import Rule, Source, Standing
from tests.mastery.rules.observing import SCALE, seen

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "mastery.md").read_text("utf-8")
TABLE = re.compile(r'^`(\{"rule".*\})`\n\n\| day \|.*\n\|[ :|-]+\|\n((?:\|.*\n)+)', re.MULTILINE)


def tables() -> Iterator[Any]:
    for place, (rule, rows) in enumerate(TABLE.findall(PAGE)):
        cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
        yield pytest.param(rules.rule_from_json(json.loads(rule)), cells, id=f"{json.loads(rule)['rule']} {place}")


def evidence(day: str, text: str) -> rules.Observation:
    """``right, with help``, ``9 of 10, weight 2``, ``60 of 100 on task B``, ``judged Secure``."""
    more: dict[str, Any] = {"mixed": "review" in text or "mixed" in text, "first": "help" not in text}
    if task := re.search(r"on task (\w)", text):
        more |= {"item": task[1], "whole": True}
    if "whole" in text:
        more["whole"] = True
    if weight := re.search(r"weight (\d+)", text):
        more["weight"] = Decimal(weight[1])
    if judged := re.search(r"judged (\w+)", text):
        return seen(int(day), 0, 0, judged=Standing(judged[1].lower()), source=Source.OBSERVATION)
    if points := re.match(r"(\d+) of (\d+)", text):
        return seen(int(day), points[1], points[2], **more)
    assert text.startswith(("right", "wrong")), text
    return seen(int(day), int(text.startswith("right")), **more)


def test_every_rule_has_a_table() -> None:
    shown = {json.loads(rule)["rule"] for rule, _ in TABLE.findall(PAGE)}
    assert shown == set(rules.RULES) - {"moodle-rating"}
    for kind in rules.PARENT_RULES:
        assert f"`{kind}`" in PAGE


@pytest.mark.parametrize(("rule", "rows"), list(tables()))
def test_the_worked_tables(rule: Rule, rows: list[list[str]]) -> None:
    state = rule.start()
    for day, text, figure, level in rows:
        before, observation = state, evidence(day, text)
        state = rule.step(state, observation, SCALE)
        judgement = rules.judge(rule, SCALE, state, observation.at)
        assert judgement.level is not None
        name, _, remark = level.partition(", ")
        assert (day, judgement.level.name) == (day, name)
        assert ("fell" in remark) == (state.standing < before.standing)
        if re.fullmatch(r"\d\.\d\d", figure):
            assert judgement.value == Decimal(figure)
        elif figure == "none":
            assert judgement.value is None
        _check_counts(state, judgement, figure)


def _check_counts(state: rules.State, judgement: rules.Judgement, figure: str) -> None:
    """Where a table counts, it counts what the rule remembers."""
    memory: Any = state.memory
    counted = re.fullmatch(r"(\d+) of (\d+)", figure)
    if counted is None:
        if figure.isdigit():
            assert judgement.because.values["right"] == int(figure)
        if percent := re.fullmatch(r"(\d+) %", figure):
            assert judgement.because.values["percent"] == int(percent[1])
        return
    right, of = int(counted[1]), int(counted[2])
    if hasattr(memory, "asked"):
        assert (memory.right, memory.asked) == (right, of)
    elif getattr(memory, "tasks", ()):
        assert (sum(task.right for task in memory.tasks), len(memory.tasks)) == (right, of)
    else:
        assert (memory.answers.count("R"), len(memory.answers)) == (right, of)
