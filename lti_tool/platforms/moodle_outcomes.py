"""What Moodle's functions tell of competencies, completion and groups, read with distrust. Pure.

A competency belongs to a framework and has an id number, which is what people call it (competency/classes/competency.php).
Students are rated on a scale whose order is its meaning: the position is the grade, from 1.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from lti_tool.platforms.moodle_fields import moment_of, number_id, text
from lti_tool.platforms.moodle_rows import item_id
from lti_tool.platforms.native import NativeAlignment, NativeCompletion, NativeGroup, NativeOutcome, NativeRating

Row = Mapping[str, Any]

_CODE = re.compile(r"(?=.*\d)\S+")
_ELEMENT = re.compile(r"<[^<>]*>")

COMPLETE, COMPLETE_PASS, COMPLETE_FAIL, COMPLETE_FAIL_HIDDEN = 1, 2, 3, 4
"""States of completion (lib/completionlib.php); 0 is incomplete."""


def part(row: object, *path: str) -> Row:
    """The object at a path of names; empty where it leads nowhere."""
    value = row
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def rows_of(answer: object, name: str | None = None) -> list[Row]:
    """The objects in a list, or in the list of that name."""
    found = part(answer).get(name) if name is not None else answer
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


# --- Completion --------------------------------------------------------------------------------------------------------


def completions_of(answer: object, user_id: str) -> tuple[NativeCompletion, ...]:
    """One user's activities; those whose completion nobody keeps track of are not among them."""
    found: dict[str, NativeCompletion] = {}
    for row in rows_of(answer, "statuses"):
        cmid, state = number_id(row.get("cmid")), row.get("state")
        if cmid is None or isinstance(state, bool) or not isinstance(state, int) or row.get("hascompletion") is False:
            continue
        passed = {COMPLETE_PASS: True, COMPLETE_FAIL: False, COMPLETE_FAIL_HIDDEN: None}.get(state)
        found.setdefault(
            cmid,
            NativeCompletion(item_id(cmid), user_id, _is_done(row, state), moment_of(row.get("timecompleted")), passed),
        )
    return tuple(found.values())


def _is_done(row: Row, state: int) -> bool:
    """Moodle's own word, which there is since 4.3; before that by its rule: a mark that is missed counts where none is asked."""
    told = row.get("isoverallcomplete")
    if isinstance(told, bool):
        return told
    if state in (COMPLETE_FAIL, COMPLETE_FAIL_HIDDEN):
        return all(one.get("rulename") != "completionpassgrade" for one in rows_of(row, "details"))
    return state in (COMPLETE, COMPLETE_PASS)


# --- Competencies ------------------------------------------------------------------------------------------------------


def outcomes_of(answer: object, frameworks: Mapping[str, str]) -> tuple[NativeOutcome, ...]:
    """The competencies of ``core_competency_list_course_competencies``; ``frameworks`` are id numbers by framework."""
    found: dict[str, NativeOutcome] = {}
    for row in rows_of(answer):
        competency = part(row, "competency")
        outcome_id = number_id(competency.get("id"))
        if outcome_id is None:
            continue
        code, short = text(competency.get("idnumber")), text(competency.get("shortname"))
        framework = frameworks.get(number_id(competency.get("competencyframeworkid")) or "", "")
        # Id numbers are one's own within a framework alone; with the framework's they are one's own on the site.
        # A short name can be a code too, and is told as one where it is written as codes are.
        names = (code, f"{framework}:{code}" if framework and code else "", short if _CODE.fullmatch(short) else "")
        found[outcome_id] = NativeOutcome(
            outcome_id=outcome_id,
            title=short or code or outcome_id,
            code=code or short,
            description=_plain(competency.get("description")),
            identifiers=tuple(dict.fromkeys(name for name in names if name)),
        )
    return tuple(found.values())


def _plain(value: object) -> str:
    """A description, which is HTML, without its elements."""
    return text(_ELEMENT.sub(" ", value[:5000])) if isinstance(value, str) else ""


def frameworks_of(answer: object) -> tuple[str, ...]:
    """The frameworks that a course's competencies are from."""
    found = (number_id(part(row, "competency").get("competencyframeworkid")) for row in rows_of(answer))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def links_of_course(answer: object) -> tuple[NativeAlignment, ...]:
    """Which items competencies belong to, from the course's page of competencies."""
    found: dict[NativeAlignment, None] = {}
    for row in rows_of(answer, "competencies"):
        outcome_id = number_id(part(row, "competency").get("id"))
        for module in rows_of(row, "coursemodules"):
            cmid = number_id(module.get("id"))
            if outcome_id is not None and cmid is not None:
                found[NativeAlignment(outcome_id, item_id(cmid))] = None
    return tuple(found)


def links_of_item(answer: object, external_id: str) -> tuple[NativeAlignment, ...]:
    """The same from the list of one module."""
    found = (number_id(part(row, "competency").get("id")) for row in rows_of(answer))
    return tuple(dict.fromkeys(NativeAlignment(one, external_id) for one in found if one is not None))


def rated(answer: object, outcome_ids: Collection[str]) -> list[tuple[Row, str]]:
    """From a user's report: each rating on one of these competencies, and the scale it is on."""
    return [
        (part(row, "usercompetencycourse"), scale)
        for row in rows_of(answer, "usercompetencies")
        if number_id(part(row, "usercompetencycourse").get("competencyid")) in outcome_ids
        and (scale := number_id(part(row, "competency").get("scaleid"))) is not None
    ]


def rated_once(answer: object) -> list[tuple[Row, str]]:
    """The same from the summary of one competency."""
    summary = part(answer, "usercompetencysummary")
    scale = number_id(part(summary, "competency").get("scaleid"))
    return [(part(summary, "usercompetencycourse"), scale)] if scale is not None else []


def rating_of(row: Row, user_id: str, values: int) -> NativeRating | None:
    """A rating as its position on a scale of so many values; None for who is not rated.

    The row stays when a student is rated anew, so its number names the occasion, and its time says which rating it is.
    """
    outcome_id, row_id, grade = number_id(row.get("competencyid")), number_id(row.get("id")), row.get("grade")
    at = moment_of(row.get("timemodified"))
    if outcome_id is None or row_id is None or at is None or number_id(row.get("userid")) not in (user_id, None):
        return None
    if isinstance(grade, bool) or not isinstance(grade, int) or not 1 <= grade <= values:
        return None
    proficient = row.get("proficiency")
    return NativeRating(
        source_id=f"moodle:user-competency-course:{row_id}",
        outcome_id=outcome_id,
        user_id=user_id,
        earned=Decimal(grade),
        possible=Decimal(values),
        at=at,
        mastered=bool(proficient) if proficient in (True, False, 0, 1) else None,
    )


# --- Groups ------------------------------------------------------------------------------------------------------------


def groups_of(users: Iterable[Row]) -> tuple[NativeGroup, ...]:
    """Groups by who is in them; one without members is not told of, and need not be."""
    names: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for user in users:
        user_id = number_id(user.get("id"))
        for row in rows_of(user, "groups"):
            group_id, name = number_id(row.get("id")), text(row.get("name"))
            if user_id is not None and group_id is not None and name:
                names.setdefault(group_id, name)
                members.setdefault(group_id, set()).add(user_id)
    return tuple(
        NativeGroup(group_id, names[group_id], frozenset(members[group_id])) for group_id in sorted(names, key=int)
    )
