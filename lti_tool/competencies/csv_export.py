"""A framework as our own CSV: no spreadsheet takes anything in it for a formula, and it finds its way back. Pure."""

from collections import Counter
from collections.abc import Sequence

from lti_tool.competencies.models import Competency, CompetencyLink, Framework, LinkKind
from lti_tool.competencies.reading.own_csv import BETWEEN
from lti_tool.web import spreadsheets

COLUMNS = ("code", "statement", "parent", "prerequisites", "title", "grade", "kind", "identifier", "framework")


def as_csv(framework: Framework, competencies: Sequence[Competency], links: Sequence[CompetencyLink]) -> str:
    """The table. Competencies are named by their codes where these are theirs alone, else by identifiers."""
    names = _names(competencies)
    before: dict[object, list[str]] = {}
    for link in links:
        if link.kind is LinkKind.PRECEDES and link.origin_id in names and link.destination_id in names:
            before.setdefault(link.destination_id, []).append(names[link.origin_id])
    rows = [
        (
            one.code,
            one.statement,
            names.get(one.parent_id, "") if one.parent_id is not None else "",
            BETWEEN.join(before.get(one.id, ())),
            one.short,
            BETWEEN.join(one.grades),
            one.kind,
            one.identifier,
            framework.identifier,
        )
        for one in competencies
    ]
    return spreadsheets.written([COLUMNS, *rows])


def _names(competencies: Sequence[Competency]) -> dict[object, str]:
    times = Counter(one.code for one in competencies)
    identifiers = {one.identifier: one.id for one in competencies}
    return {
        one.id: one.code
        if one.code and times[one.code] == 1 and BETWEEN not in one.code and identifiers.get(one.code, one.id) == one.id
        else one.identifier
        for one in competencies
    }
