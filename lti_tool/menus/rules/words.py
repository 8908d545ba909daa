"""A rule, what a choice still needs, and what nobody can complete, in words. Each function takes the reader's language.

``titles`` names sections and options by id; what it does not name is left out of a sentence that can do without.
"""

import uuid
from collections.abc import Callable, Collection, Mapping

from babel.lists import format_list

from lti_tool.menus.rules.choosing import BoardKind, Course, Missing, Problem, ProblemKind, Rule
from lti_tool.web.i18n import N_, NN_, Language

Titles = Mapping[uuid.UUID, str]


def rule_words(rule: Rule, titles: Titles, language: Language, required: Collection[str] = ()) -> str:
    """What a student has to choose, in one to three sentences; ``required``: titles of what everybody chooses."""
    said = [_SENTENCES[rule.kind](rule, titles, language)]
    if rule.most is not None and rule.kind in (BoardKind.THREE_IN_A_ROW, BoardKind.POINTS):
        said.append(_count(language, _AT_MOST, rule.most))
    if required:
        named = format_list([language.gettext(_QUOTED) % {"title": one} for one in required], locale=language.locale)
        said.append(language.ngettext(*_REQUIRED, len(required)) % {"titles": named})
    return " ".join(said)


def missing_words(missing: Missing, titles: Titles, language: Language) -> list[str]:
    """What a choice still needs, to the student; nothing where it is complete."""
    say = language.gettext
    said = [say(_HAS_TO_BE_IN) % {"title": titles[one]} for one in sorted(missing.required) if one in titles]
    if missing.no_line:
        said.append(say(_NO_WHOLE_LINE))
    if missing.places:
        said.append(_count(language, _TO_A_LINE, len(missing.places)))
    if missing.options:
        said.append(_count(language, _MORE, missing.options))
    if missing.points:
        said.append(_count(language, _MORE_POINTS, missing.points))
    for course in missing.courses:
        words = _MORE_FROM if course.few else _TAKE_BACK_FROM
        number = course.few or course.many
        said.append(
            language.ngettext(*words, number)
            % {"num": number, "section": _section(course.section_id, titles, language)}
        )
    if missing.too_many:
        said.append(_count(language, _TAKE_BACK, missing.too_many))
    return said


def problem_words(problem: Problem, titles: Titles, language: Language) -> str:
    """Why nobody can complete a board, to the teacher, with the figures."""
    return language.gettext(_PROBLEMS[problem.kind]) % {
        "has": problem.has,
        "needs": problem.needs,
        "section": _section(problem.section_id, titles, language) if problem.section_id is not None else "",
    }


# --- Rules --------------------------------------------------------------------------------------------------------------

_QUOTED = N_("“%(title)s”")
_NO_HEADING = N_("the part without a heading")
_ACROSS = NN_("Choose %(num)s in a row: across or down.", "Choose %(num)s in a row: across or down.")
_DIAGONALLY = NN_(
    "Choose %(num)s in a row: across, down or diagonally.", "Choose %(num)s in a row: across, down or diagonally."
)
_POINTS = NN_("Choose what is worth %(num)s point or more.", "Choose what is worth %(num)s points or more.")
_EXACTLY = NN_("Choose %(num)s.", "Choose %(num)s.")
_AT_LEAST = NN_("Choose at least %(num)s.", "Choose at least %(num)s.")
_AT_MOST = NN_("No more than %(num)s in all.", "No more than %(num)s in all.")
_BETWEEN = N_("Choose %(least)s to %(most)s.")
_FREE = N_("Choose as many as you like.")
_UP_TO = NN_("Choose up to %(num)s.", "Choose up to %(num)s.")
_CHOOSE = N_("Choose %(parts)s.")
_REQUIRED = NN_("%(titles)s is part of everybody’s choice.", "%(titles)s are part of everybody’s choice.")

_COURSE_EXACTLY = N_("%(least)s from “%(section)s”")
_COURSE_BETWEEN = N_("%(least)s to %(most)s from “%(section)s”")
_COURSE_AT_LEAST = N_("at least %(least)s from “%(section)s”")
_COURSE_UP_TO = N_("up to %(most)s from “%(section)s” if you like")
_COURSE_FREE = N_("as many as you like from “%(section)s”")


def _square(rule: Rule, _titles: Titles, language: Language) -> str:
    return _count(language, _DIAGONALLY if rule.diagonals else _ACROSS, rule.side)


def _points(rule: Rule, _titles: Titles, language: Language) -> str:
    return _count(language, _POINTS, rule.goal)


def _list(rule: Rule, _titles: Titles, language: Language) -> str:
    if rule.most is None:
        return _count(language, _AT_LEAST, rule.least) if rule.least else language.gettext(_FREE)
    if rule.least == rule.most:
        return _count(language, _EXACTLY, rule.least)
    if not rule.least:
        return _count(language, _UP_TO, rule.most)
    return language.gettext(_BETWEEN) % {"least": rule.least, "most": rule.most}


def _dinner(rule: Rule, titles: Titles, language: Language) -> str:
    parts = [_course(course, titles, language) for course in rule.courses]
    if not parts:
        return language.gettext(_FREE)
    return language.gettext(_CHOOSE) % {"parts": format_list(parts, locale=language.locale)}


def _course(course: Course, titles: Titles, language: Language) -> str:
    if course.most is None:
        words = _COURSE_AT_LEAST if course.least else _COURSE_FREE
    elif course.least == course.most:
        words = _COURSE_EXACTLY
    else:
        words = _COURSE_BETWEEN if course.least else _COURSE_UP_TO
    section = _section(course.section_id, titles, language)
    return language.gettext(words) % {"least": course.least, "most": course.most, "section": section}


_SENTENCES: Mapping[BoardKind, Callable[[Rule, Titles, Language], str]] = {
    BoardKind.THREE_IN_A_ROW: _square,
    BoardKind.DINNER: _dinner,
    BoardKind.POINTS: _points,
    BoardKind.CONTRACT: _list,
    BoardKind.LIST: _list,
}

# --- What a choice needs ------------------------------------------------------------------------------------------------

_HAS_TO_BE_IN = N_("“%(title)s” has to be in it.")
_NO_WHOLE_LINE = N_("No line of this board is whole. Tell your teacher.")
_TO_A_LINE = NN_("%(num)s more makes a line.", "%(num)s more make a line.")
_MORE = NN_("Choose %(num)s more.", "Choose %(num)s more.")
_MORE_POINTS = NN_("Choose %(num)s more point.", "Choose %(num)s more points.")
_MORE_FROM = NN_("Choose %(num)s more from “%(section)s”.", "Choose %(num)s more from “%(section)s”.")
_TAKE_BACK_FROM = NN_("Take back %(num)s from “%(section)s”.", "Take back %(num)s from “%(section)s”.")
_TAKE_BACK = NN_("Take back %(num)s.", "Take back %(num)s.")

_PROBLEMS = {
    ProblemKind.NO_LINE: N_("No row, column or diagonal has an option in every place."),
    ProblemKind.LINE_OVER_MOST: N_(
        "A line and what everybody has to choose are %(needs)s options, but no more than %(has)s may be chosen."
    ),
    ProblemKind.COURSE_TOO_FEW: N_("“%(section)s” asks for %(needs)s, but has %(has)s to choose from."),
    ProblemKind.COURSE_OVER_MOST: N_(
        "From “%(section)s” %(needs)s have to be chosen, but no more than %(has)s may be chosen."
    ),
    ProblemKind.POINTS_TOO_FEW: N_("The goal is %(needs)s points, but no choice reaches more than %(has)s."),
    ProblemKind.OPTIONS_TOO_FEW: N_("%(needs)s have to be chosen, but there are %(has)s to choose from."),
    ProblemKind.OVER_MOST: N_("%(needs)s have to be chosen, but no more than %(has)s may be chosen."),
}


def _count(language: Language, words: tuple[str, str], number: int) -> str:
    return language.ngettext(*words, number) % {"num": number}


def _section(section_id: uuid.UUID, titles: Titles, language: Language) -> str:
    return titles.get(section_id) or language.gettext(_NO_HEADING)
