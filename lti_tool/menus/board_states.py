"""A whole menu as a value, what it says about itself and its board, and that value as JSON: how it was before a change. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lti_tool.menus.models import ChangeRule, MenuAudienceKind, OptionDone, OptionKind, WorkKind
from lti_tool.menus.rules.choosing import of_json as rule_of_json
from lti_tool.menus.rules.choosing import rule_json
from lti_tool.menus.sheets import Named, Option, Section, Sheet, Udl


class What(StrEnum):
    """What a change was; what undo and redo say they are about."""

    BOARD = "board"
    OPTION = "option"
    ITEMS = "items"
    MOVED = "moved"
    REMOVED = "removed"
    PLACE = "place"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Words:
    """What a menu says about itself and how it is chosen from; already within the tables' limits."""

    title: str
    introduction: str = ""
    change_rule: ChangeRule = ChangeRule.UNTIL_HANDED_IN
    needs_approval: bool = False
    contract: str = ""
    rubric_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A menu as its teacher can change it; on what terms it is assigned, and to whom, is not part of it."""

    words: Words
    sheet: Sheet


def to_json(state: State) -> dict[str, Any]:
    """The state as JSON."""
    words, sheet = state.words, state.sheet
    return {
        "words": {
            "title": words.title,
            "introduction": words.introduction,
            "change_rule": words.change_rule.value,
            "needs_approval": words.needs_approval,
            "contract": words.contract,
            "rubric_id": _written(words.rubric_id),
        },
        "rule": rule_json(sheet.rule),
        "sections": [{"id": str(one.id), "title": one.title} for one in sheet.sections],
        "options": [_option(one) for one in sheet.options],
    }


def of_json(data: Mapping[str, Any]) -> State:
    """What ``to_json`` wrote."""
    words = data["words"]
    return State(
        Words(
            **{
                **words,
                "change_rule": ChangeRule(words["change_rule"]),
                "rubric_id": _read(words["rubric_id"]),
            }
        ),
        Sheet(
            rule_of_json(data["rule"]),
            tuple(Section(uuid.UUID(one["id"]), one["title"]) for one in data["sections"]),
            tuple(_option_of(one) for one in data["options"]),
        ),
    )


_PLAIN = ("position", "title", "note", "url", "pass_percent", "points", "level", "minutes", "required")


def _option(one: Option) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "section_id": _written(one.section_id),
        "kind": one.kind.value,
        "content_item_id": _written(one.content_item_id),
        "done_rule": one.done_rule.value,
        "takes": [work.value for work in one.takes],
        "udl": [udl.value for udl in one.udl],
        "competencies": sorted(map(str, one.competencies)),
        "audience": [
            {
                "kind": named.kind.value,
                "group_id": _written(named.group_id),
                "person_id": _written(named.person_id),
                "word": named.word,
            }
            for named in one.audience
        ],
        **{name: getattr(one, name) for name in _PLAIN},
    }


def _option_of(data: Mapping[str, Any]) -> Option:
    return Option(
        id=uuid.UUID(data["id"]),
        section_id=_read(data["section_id"]),
        kind=OptionKind(data["kind"]),
        content_item_id=_read(data["content_item_id"]),
        done_rule=OptionDone(data["done_rule"]),
        takes=tuple(WorkKind(one) for one in data["takes"]),
        udl=tuple(Udl(one) for one in data["udl"]),
        competencies=frozenset(uuid.UUID(one) for one in data["competencies"]),
        audience=tuple(
            Named(MenuAudienceKind(one["kind"]), _read(one["group_id"]), _read(one["person_id"]), one["word"])
            for one in data["audience"]
        ),
        **{name: data[name] for name in _PLAIN},
    )


def _written(value: uuid.UUID | None) -> str | None:
    return str(value) if value is not None else None


def _read(value: str | None) -> uuid.UUID | None:
    return uuid.UUID(value) if value is not None else None
