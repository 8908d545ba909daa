"""A rubric as its form has it: the levels once for all criteria, then each criterion with what its levels look like."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lti_tool.ids import new_id
from lti_tool.menus.rubrics import MOST_CRITERIA, Row, RubricView
from lti_tool.menus.rules import rubrics as rules
from lti_tool.menus.rules.rubrics import Level
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_

BLANK_ROWS = 3
"""Empty criteria at the end of the form; what is left empty is no criterion."""


@dataclass(frozen=True, slots=True)
class FormRow:
    """A criterion in the form; ``key`` names its fields. ``descriptions``: one for each level."""

    key: str
    title: str
    competency: str
    descriptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormLevel:
    """A level in the form."""

    title: str
    points: str


@dataclass(frozen=True, slots=True)
class RubricForm:
    """Everything the form shows."""

    title: str
    levels: tuple[FormLevel, ...]
    meets: int
    rows: tuple[FormRow, ...]
    changed: str = ""


def blank(levels: int) -> RubricForm:
    """An empty form with so many levels."""
    return RubricForm(
        "",
        tuple(FormLevel("", str(place)) for place in range(1, levels + 1)),
        max(1, levels - 2),
        _blanks(levels, BLANK_ROWS),
    )


def of_view(view: RubricView) -> RubricForm:
    """The form of a rubric as it stands, with room for more criteria."""
    rows = tuple(
        FormRow(
            str(one.id),
            one.title,
            str(one.competency_id or ""),
            tuple(level.description for level in one.levels),
        )
        for one in view.criteria
    )
    room = min(1, MOST_CRITERIA - len(rows))
    return RubricForm(
        view.title,
        tuple(FormLevel(level.title, format(level.points.normalize(), "f")) for level in view.levels),
        view.criteria[0].meets if view.criteria else 1,
        rows + _blanks(len(view.levels), room),
        view.changed_at.isoformat(),
    )


def of_entered(entered: Entered) -> RubricForm:
    """The form as it was filled in, to be shown again."""
    values = entered.values
    count = _count(entered)
    return RubricForm(
        values.get("title", ""),
        tuple(FormLevel(values.get(f"level-{at}", ""), values.get(f"points-{at}", "")) for at in range(count)),
        _whole(values.get("meets", ""), 1),
        tuple(
            FormRow(
                key,
                values.get(f"{key}-title", ""),
                values.get(f"{key}-competency", ""),
                tuple(values.get(f"{key}-{at}", "") for at in range(count)),
            )
            for key in _keys(entered)
        ),
        values.get("changed", ""),
    )


def rows(entered: Entered) -> tuple[list[Row], int]:
    """The criteria that were filled in, and the place of the level that meets them; look at ``entered.errors`` after."""
    count = _count(entered)
    names: list[tuple[str, str]] = []
    for at in range(count):
        title = entered.text(f"level-{at}", 60, N_("Please give every level a name."))
        names.append((title, entered.values.get(f"points-{at}", "")))
    points = [rules.amount(written) for _, written in names]
    for at, one in enumerate(points):
        before = points[at - 1] if at else None
        if one is None:
            entered.errors[f"points-{at}"] = N_("Please enter points from 0 to 1000, with two decimals at most.")
        elif before is not None and one <= before:
            entered.errors[f"points-{at}"] = N_("Please give each level more points than the one before it.")
    meets = _whole(entered.values.get("meets", ""), 0)
    if not 0 < meets < count:
        entered.errors["meets"] = N_("Please choose from which level on it is met: any but the first.")
    found = [row for key in _keys(entered) if (row := _row(entered, key, names, points)) is not None]
    if not found and not entered.errors:
        entered.errors["title"] = N_("Please write at least one criterion.")
    return found, meets


def _row(entered: Entered, key: str, names: list[tuple[str, str]], points: Sequence[Decimal | None]) -> Row | None:
    descriptions = [entered.text(f"{key}-{at}", 600) for at in range(len(names))]
    title = entered.text(f"{key}-title", 200)
    if not title:
        if any(descriptions):
            entered.errors[f"{key}-title"] = N_("Please say what this criterion is about.")
        return None
    levels = tuple(
        Level(name, description, one or Decimal(0))
        for (name, _), description, one in zip(names, descriptions, points, strict=True)
    )
    competency = entered.values.get(f"{key}-competency", "")
    return Row(
        title,
        levels,
        parsed(uuid.UUID, competency) if competency else None,
        parsed(uuid.UUID, key),
    )


def _keys(entered: Entered) -> list[str]:
    """The criteria's keys in the form's order. BadRequest for more than it shows, or for what is no id."""
    keys = [key for key in entered.values.get("rows", "").split(" ") if key]
    for key in keys:
        parsed(uuid.UUID, key)
    return keys[:MOST_CRITERIA]


def _count(entered: Entered) -> int:
    count = _whole(entered.values.get("levels", ""), 4)
    return min(max(count, rules.FEWEST), rules.MOST)


def _blanks(levels: int, count: int) -> tuple[FormRow, ...]:
    return tuple(FormRow(str(new_id()), "", "", ("",) * levels) for _ in range(count))


def _whole(value: str, usual: int) -> int:
    """A small number of a form. BadRequest for what is none."""
    return parsed(int, value) if value else usual
