"""What the pages about frameworks share: addresses, what a redirect says, and the words of problems."""

import re
import uuid
from typing import Any

from fastapi import Request

from lti_tool.competencies.import_rules import FIELD_NAMES
from lti_tool.competencies.importing import Counts
from lti_tool.competencies.reading.values import WORDS, Problem
from lti_tool.competencies.sections import home
from lti_tool.courses.access import InCourse
from lti_tool.errors import NotAllowed
from lti_tool.lti.models import Role
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of

_SAID = re.compile(r"([a-z]+(?:-[a-z]+)*)((?:\.[0-9]{1,6}){0,4})")
_MAY_CHANGE = frozenset({Role.TEACHER, Role.ADMINISTRATOR})


class OnlyTeachers(NotAllowed):
    """An assistant, where the whole school's frameworks would change."""

    code = "frameworks-for-teachers"
    title = N_("Only teachers import frameworks")
    advice = N_("The whole school shares them. Ask the course's teacher to import it.")


def frameworks_address(course_id: uuid.UUID) -> str:
    """The list; the other pages about frameworks hang below."""
    return f"{home(course_id)}/frameworks"


def may_change(here: InCourse) -> bool:
    """Whether this person may import what the whole school shares."""
    return here.visit.role in _MAY_CHANGE


def demand_change(here: InCourse) -> None:
    """Raise OnlyTeachers for who may not."""
    if not may_change(here):
        raise OnlyTeachers(f"the role is {here.visit.role}")


def imported(counts: Counts, *, is_new: bool) -> str:
    """What came of an import, for ``see``."""
    numbers = f"{counts.added}.{counts.updated}.{counts.retired}.{counts.refused}"
    return f"{'imported' if is_new else 'updated'}.{numbers}"


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    found = _SAID.fullmatch(request.query_params.get("said", ""))
    if found is None:
        return None
    language = language_of(request)
    if found[1] == "discarded":
        return {"tone": "info", "text": language.gettext(N_("Discarded. Nothing was imported."))}
    if found[1] not in {"imported", "updated"}:
        return None
    added, updated, retired, refused = [*(int(part) for part in found[2].split(".") if part), 0, 0, 0, 0][:4]
    counted = [
        (added, language.ngettext("%(num)s competency is new.", "%(num)s competencies are new.", added)),
        (updated, language.ngettext("%(num)s competency was changed.", "%(num)s competencies were changed.", updated)),
        (
            retired,
            language.ngettext(
                "%(num)s competency is no longer in the source and was retired.",
                "%(num)s competencies are no longer in the source and were retired.",
                retired,
            ),
        ),
        (refused, language.ngettext("%(num)s row was left out.", "%(num)s rows were left out.", refused)),
    ]
    done = language.gettext(N_("Imported.")) if found[1] == "imported" else language.gettext(N_("Updated."))
    sentences = [sentence % {"num": number} for number, sentence in counted if number]
    if not sentences:
        sentences = [language.gettext(N_("Every competency is as it was."))]
    return {"tone": "success", "text": " ".join([done, *sentences])}


def problem_words(request: Request, problem: Problem) -> str:
    """A problem as a sentence in the reader's language."""
    say = language_of(request).gettext
    fields = {name: say(value) if name == "field" else value for name, value in problem.fields.items()}
    return say(WORDS[problem.trouble]) % fields


def field_name(request: Request, name: str) -> str:
    """A field's name in the reader's language."""
    return language_of(request).gettext(FIELD_NAMES.get(name, name))


def where(request: Request, problem: Problem) -> str:
    """Where a problem is: a row in words, an identifier as it is."""
    row = re.fullmatch(r"row (\d+)", problem.where)
    if row is None:
        return problem.where
    words: str = language_of(request).gettext(N_("Row %(row)s")) % {"row": row[1]}
    return words


Context = dict[str, Any]
