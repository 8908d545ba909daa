"""What a page's form says of a question, as a response; pure. Fields are named ``a.<question>`` and ``a.<question>.<part>``.

A form of a page without script sends every question on the page, a script one at a time; both are read here.
"""

from collections.abc import Mapping, Sequence

from lti_tool.checks.questions import Question, QuestionKind
from lti_tool.checks.scoring import Response

LONGEST = 2000
"""Characters of one typed answer that are kept."""

Fields = Mapping[str, Sequence[str]]
"""What was sent: all values of a name."""


def field(question_id: str, part: str | None = None) -> str:
    """The name of a field."""
    return f"a.{question_id}" if part is None else f"a.{question_id}.{part}"


def read(question: Question, question_id: str, fields: Fields, shown: Sequence[str] = ()) -> Response:
    """The response in a form. ``shown`` is the order in which things to be ordered stood on the page.

    Nothing chosen or typed is an empty response of the kind's shape: what was taken back.
    """
    name = field(question_id)
    match question.kind:
        case QuestionKind.CHOICE | QuestionKind.NUMBER | QuestionKind.TEXT:
            return _typed(fields, name)
        case QuestionKind.RESPONSE:
            known = {one.id for one in question.choices}
            return [one for one in dict.fromkeys(fields.get(name, ())) if one in known]
        case QuestionKind.ORDER:
            return ordered(shown, {one: _typed(fields, field(question_id, one)) for one in shown})
    found = {row.id: _typed(fields, field(question_id, row.id)) for row in question.rows}
    return {row_id: given for row_id, given in found.items() if given.strip()}


def _typed(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    return _clean(values[-1]) if values else ""


def _clean(value: str) -> str:
    return value.replace("\0", "")[:LONGEST]


def ordered(shown: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """The order that places typed beside things mean. Whoever gives one thing another place moves the others along.

    What was moved up comes before what stood there, what was moved down after it; what has no number stays where it was.
    """

    def key(pair: tuple[int, str]) -> tuple[float, int]:
        stood, one = pair
        typed = places.get(one, "").strip()
        place = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else stood
        moved = (place > stood) - (place < stood)
        return place + 0.5 * moved, stood

    return [one for _, one in sorted(enumerate(shown, start=1), key=key)]


def moved(order: Sequence[str], one: str, by: int) -> list[str]:
    """The order with one thing further up (-1) or down (1); as it was where that is not possible."""
    if one not in order:
        return list(order)
    changed = list(order)
    at = changed.index(one)
    to = min(max(at + by, 0), len(changed) - 1)
    changed.insert(to, changed.pop(at))
    return changed


def is_given(response: Response) -> bool:
    """Whether there is anything in a response."""
    if isinstance(response, str):
        return bool(response.strip())
    return bool(response)
