"""What teachers say about alignments, parsed from addresses and forms."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from starlette.datastructures import FormData

from lti_tool.competencies import alignment_rules as rules
from lti_tool.competencies.alignment_rules import AlignmentView, Change, Filter, Standing, plain
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ItemKind
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_

AT_ONCE = 60
"""Items on one page."""

WRONG_WEIGHT = N_("Please enter a weight above 0, at most 1000.")
WRONG_PERCENT = N_("Please enter a percentage from 0 to 100.")


class Asked:
    """What the list is narrowed to, as the address has it; what no list of ours offers narrows nothing."""

    def __init__(
        self,
        q: Annotated[str, Query(max_length=200)] = "",
        section: Annotated[str, Query(max_length=600)] = "",
        kind: Annotated[str, Query(max_length=32)] = "",
        competency: Annotated[str, Query(max_length=40)] = "",
        show: Annotated[str, Query(max_length=32)] = "",
        role: Annotated[str, Query(max_length=32)] = "",
        choose: Annotated[str, Query(max_length=40)] = "",
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    ) -> None:
        self.fields = {"q": q.strip(), "section": section, "kind": kind, "competency": competency, "show": show}
        self.page = page
        # A competency that is ticked to begin with, for who comes to align something to it.
        self.chosen = frozenset({choose} if _id(choose) is not None else ())
        self.role = role if role in set(AlignmentRole) else AlignmentRole.ASSESSES.value
        self.filter = Filter(
            words=self.fields["q"],
            # A section without a name is one as well, so that the address begins its names with a sign.
            section=section.removeprefix("=") if section.startswith("=") else None,
            kind=ItemKind(kind) if kind in set(ItemKind) else None,
            competency_id=_id(competency),
            standing=Standing(show) if show in set(Standing) else Standing.ALL,
        )

    def query(self, **more: object) -> str:
        """The same as the end of an address, with its question mark; without what narrows nothing."""
        fields = {name: value for name, value in self.fields.items() if value}
        fields |= {name: str(value) for name, value in more.items() if value}
        return f"?{urlencode(fields)}" if fields else ""


AskedList = Annotated[Asked, Depends()]


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


# --- Several items at once ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bulk:
    """What several items shall be to several competencies. ``seen`` is how the items stood on the page."""

    seen: Mapping[uuid.UUID, str]
    competency_ids: tuple[uuid.UUID, ...]
    role: AlignmentRole
    weight: Decimal | None
    passing_percent: float | None
    mixed: bool | None

    @property
    def changes(self) -> list[Change]:
        """Each item with each competency."""
        return [
            Change(item_id, competency_id, self.role, self.weight, self.passing_percent, self.mixed)
            for item_id in self.seen
            for competency_id in self.competency_ids
        ]


def bulk(form: FormData, entered: Entered) -> Bulk:
    """The form above the list; look at ``entered.errors`` after."""
    ticked = [value.partition(".") for value in form.getlist("item") if isinstance(value, str)]
    seen = {parsed(uuid.UUID, item_id): stood for item_id, _, stood in ticked}
    chosen = tuple(parsed(uuid.UUID, value) for value in form.getlist("competency") if isinstance(value, str))
    if not chosen:
        entered.errors["choose"] = N_("Please tick the competencies.")
    if not seen:
        entered.errors["items"] = N_("Please tick the items that belong to them.")
    return Bulk(
        seen=seen,
        competency_ids=chosen,
        role=entered.word("role", AlignmentRole, AlignmentRole.ASSESSES),
        weight=weight(entered, "weight"),
        passing_percent=percent(entered, "passing"),
        mixed=True if entered.values.get("mixed") == "yes" else None,
    )


# --- One item -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemForm:
    """What one item's row says: all its alignments, and perhaps one more."""

    seen: str
    changes: tuple[Change, ...]


def one_item(
    entered: Entered,
    item_id: uuid.UUID,
    views: Sequence[AlignmentView],
    competencies: Sequence[MapCompetencyView],
) -> ItemForm:
    """The form of an item's row; look at ``entered.errors`` after. Fields are named after the competency they are about."""
    changes = []
    for view in views:
        name = str(view.competency_id)
        if entered.values.get(f"remove-{name}") == "yes":
            changes.append(Change(item_id, view.competency_id, None))
        elif f"role-{name}" in entered.values:
            changes.append(
                Change(
                    item_id,
                    view.competency_id,
                    entered.word(f"role-{name}", AlignmentRole, view.role),
                    weight(entered, f"weight-{name}"),
                    percent(entered, f"passing-{name}"),
                    mixed=entered.values.get(f"mixed-{name}") == "yes",
                )
            )
    added = entered.text("add", 4000)
    if added:
        found = meant(added, competencies)
        if found is None:
            entered.errors["add"] = N_("No competency of this course’s map has this code or these words.")
        elif any(change.competency_id == found for change in changes):
            entered.errors["add"] = N_("This item has that competency already.")
        else:
            changes.append(Change(item_id, found, entered.word("add-role", AlignmentRole, AlignmentRole.ASSESSES)))
    return ItemForm(entered.values.get("seen", ""), tuple(changes))


def meant(said: str, competencies: Sequence[MapCompetencyView]) -> uuid.UUID | None:
    """The one competency that has this code, or else these words; None where none has, or several."""
    wanted = plain(said)
    for told in ("code", "short", "statement"):
        found = [one.id for one in competencies if plain(getattr(one, told)) == wanted]
        if len(found) == 1:
            return found[0]
    return None


# --- Suggestions --------------------------------------------------------------------------------------------------------


def pair(value: str) -> tuple[uuid.UUID, uuid.UUID]:
    """An item and a competency, as a suggestion's fields are named."""
    item_id, _, competency_id = value.partition(".")
    return parsed(uuid.UUID, item_id), parsed(uuid.UUID, competency_id)


def accepted(form: FormData, entered: Entered) -> dict[tuple[uuid.UUID, uuid.UUID], AlignmentRole]:
    """The suggestions to accept, with their roles: the one whose button was pressed, else those that are ticked."""
    one = entered.values.get("accept", "")
    ticked = [one] if one else [value for value in form.getlist("pair") if isinstance(value, str)]
    return {pair(value): entered.word(f"role-{value}", AlignmentRole, AlignmentRole.ASSESSES) for value in ticked}


# --- Numbers ------------------------------------------------------------------------------------------------------------


def weight(entered: Entered, name: str) -> Decimal | None:
    """A weight; None when it is left empty."""
    value = entered.values.get(name, "")
    try:
        return rules.weight_of(value) if value else None
    except ValueError:
        entered.errors[name] = WRONG_WEIGHT
        return None


def percent(entered: Entered, name: str) -> float | None:
    """A percentage; None when it is left empty."""
    value = entered.values.get(name, "")
    try:
        return rules.percent_of(value) if value else None
    except ValueError:
        entered.errors[name] = WRONG_PERCENT
        return None
