"""What teachers enter about boards, parsed from their forms; look at ``entered.errors`` after each."""

import uuid
from dataclasses import replace

from starlette.datastructures import FormData

from lti_tool.errors import BadRequest
from lti_tool.menus.board_editing import Terms
from lti_tool.menus.board_states import Words
from lti_tool.menus.models import ChangeRule, MenuAudienceKind, OptionDone, OptionKind, WorkKind
from lti_tool.menus.rules.choosing import BoardKind, Rule
from lti_tool.menus.sheets import MOST_OPTIONS, Filled, Named, Option, Sheet, Udl
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_

MOST_POINTS = 10_000
MOST_OF_AN_OPTION = 1_000
MOST_MINUTES = 1_000
_WHOLE = N_("Please enter a whole number, 1 or more.")
_WHOLE_OR_NONE = N_("Please enter a whole number, 0 or more.")
_TOO_FEW = N_("“At most” cannot be less than “at least”.")
_NEEDS_A_TITLE = N_("Please give the option a title.")


def _whole(entered: Entered, name: str, least: int, most: int) -> int | None:
    wrong = _WHOLE if least else _WHOLE_OR_NONE
    number = entered.number(name, least, most, wrong)
    if number is not None and number != int(number):
        entered.errors[name] = wrong
        return None
    return None if number is None else int(number)


# --- The board ----------------------------------------------------------------------------------------------------------


def words(entered: Entered, before: Words) -> Words:
    """What the menu says about itself."""
    rubric = entered.values.get("rubric", None)
    return Words(
        title=entered.text("title", 200, N_("Please give the menu a title.")),
        introduction=entered.text("introduction", 2000),
        change_rule=entered.word("change_rule", ChangeRule, before.change_rule),
        needs_approval=entered.values.get("needs_approval") == "yes",
        contract=entered.text("contract", 4000),
        rubric_id=before.rubric_id if rubric is None else (parsed(uuid.UUID, rubric) if rubric else None),
    )


def filled(entered: Entered, sheet: Sheet) -> Filled:
    """What was entered on the board itself: titles, points, headings, and the rule."""
    titles = {
        one.id: _line(entered.text(f"title-{one.id}", 500))
        for one in sheet.options
        if f"title-{one.id}" in entered.values
    }
    points = {
        one.id: _whole(entered, f"points-{one.id}", 0, MOST_OF_AN_OPTION)
        for one in sheet.options
        if f"points-{one.id}" in entered.values
    }
    headings = {
        one.id: entered.text(f"heading-{one.id}", 200)
        for one in sheet.sections
        if f"heading-{one.id}" in entered.values
    }
    counts = {
        one.id: _count(entered, f"least-{one.id}", f"most-{one.id}")
        for one in sheet.sections
        if f"least-{one.id}" in entered.values
    }
    return Filled(titles, points, headings, counts, rule=_rule(entered, sheet.rule))


def _count(entered: Entered, least_name: str, most_name: str) -> tuple[int, int | None]:
    least = _whole(entered, least_name, 0, MOST_OPTIONS) or 0
    most = _whole(entered, most_name, 1, MOST_OPTIONS)
    if most is not None and most < least:
        entered.errors[most_name] = _TOO_FEW
    return least, most


def _rule(entered: Entered, rule: Rule) -> Rule:
    """The rule with the numbers entered; what its kind does not use stays as it is."""
    if "rule" not in entered.values:
        return rule
    if rule.kind is BoardKind.DINNER:
        return rule
    most = _whole(entered, "most", 1, MOST_OPTIONS)
    if rule.kind is BoardKind.THREE_IN_A_ROW:
        return replace(rule, most=most, diagonals=entered.values.get("diagonals") == "yes")
    if rule.kind is BoardKind.POINTS:
        goal = _whole(entered, "goal", 1, MOST_POINTS)
        if goal is None and "goal" not in entered.errors:
            entered.errors["goal"] = _WHOLE
        return replace(rule, most=most, goal=goal or rule.goal)
    least = _whole(entered, "least", 1, MOST_OPTIONS)
    if least is None and "least" not in entered.errors:
        entered.errors["least"] = _WHOLE
    if least is not None and most is not None and most < least:
        entered.errors["most"] = _TOO_FEW
    return replace(rule, least=least or rule.least, most=most)


# --- An option ----------------------------------------------------------------------------------------------------------


def option(entered: Entered, form: FormData, before: Option) -> Option:
    """Everything a teacher says about an option but where it leads and whom it is for."""
    kind = entered.word("kind", OptionKind, before.kind)
    done = entered.word("done_rule", OptionDone, before.done_rule)
    title = _line(entered.text("title", 500))
    if not title and kind is not OptionKind.ITEM:
        entered.errors["title"] = _NEEDS_A_TITLE
    percent = entered.number("pass_percent", 0, 100, N_("Please enter a percentage from 0 to 100."))
    works = tuple(parsed(WorkKind, one) for one in _all(form, "takes"))
    if done is OptionDone.ACCEPTED and not works:
        works = tuple(WorkKind)
    section = entered.values.get("section", "")
    return replace(
        before,
        kind=kind,
        title=title,
        note=entered.text("note", 2000),
        done_rule=done,
        pass_percent=percent if done is OptionDone.RESULT else None,
        takes=works if done is OptionDone.ACCEPTED else (),
        points=_whole(entered, "points", 0, MOST_OF_AN_OPTION) if "points" in entered.values else before.points,
        level=entered.text("level", 64),
        minutes=_whole(entered, "minutes", 1, MOST_MINUTES),
        udl=tuple(parsed(Udl, one) for one in _all(form, "udl")),
        required=entered.values.get("required") == "yes",
        competencies=frozenset(parsed(uuid.UUID, one) for one in _all(form, "competency")),
        section_id=parsed(uuid.UUID, section) if section else before.section_id,
    )


def audience(form: FormData) -> tuple[Named, ...]:
    """Whom an option is for: what is ticked (``for``: the kind, a colon, and which one) and the ``language`` that is written.

    Empty: everybody. BadRequest for what no page of ours sends.
    """
    found = [_named(one) for one in _all(form, "for")]
    language = str(form.get("language", "")).strip()[:35]
    if language:
        found.append(Named(MenuAudienceKind.LANGUAGE, word=language))
    # A row that names nobody keeps it from becoming everybody's when the last one it names goes.
    return (Named(MenuAudienceKind.STUDENT), *dict.fromkeys(found)) if found else ()


def _named(value: str) -> Named:
    kind_word, _, which = value.partition(":")
    kind = parsed(MenuAudienceKind, kind_word)
    if kind is MenuAudienceKind.GROUP:
        return Named(kind, group_id=parsed(uuid.UUID, which))
    if kind is MenuAudienceKind.STUDENT:
        return Named(kind, person_id=parsed(uuid.UUID, which))
    if kind is MenuAudienceKind.COURSE or not which:
        raise BadRequest("a value no page of ours sends")
    return Named(kind, word=which[:255])


def terms(entered: Entered) -> Terms:
    """On what terms a menu is assigned."""
    has_column = entered.values.get("has_column") == "yes"
    points = entered.number("points", 0.01, MOST_POINTS, N_("Please enter points above 0, at most 10 000."))
    if has_column and points is None and "points" not in entered.errors:
        entered.errors["points"] = N_("Please enter how many points the column has.")
    return Terms(has_column, 100.0 if points is None else points, entered.moment("due_at"))


def _line(text: str) -> str:
    """A text in one line: titles are typed where there is room for several."""
    return " ".join(text.split())


def _all(form: FormData, name: str) -> list[str]:
    return [one.replace("\0", "") for one in form.getlist(name) if isinstance(one, str) and one]
