"""Which format a file has, by what is in it, never by its name; and its framework."""


from lti_tool.competencies.reading import canvas_csv, case, moodle_csv, own_csv
from lti_tool.competencies.reading.text import Text, decoded, rows, separator_of
from lti_tool.competencies.reading.values import FrameworkFile, FrameworkTooLarge, UnknownFormat, UnreadableFramework
from lti_tool.lti.foreign_json import read_json
from lti_tool.web.i18n import N_

_MOST_BRACKETS = 1_500_000
"""Objects and lists of a JSON file; a file of nothing but brackets would take a hundred times its size in memory."""

_BROKEN_JSON = N_(
    "The file begins like JSON and breaks off or has a mistake in it. Export it again from its source. Nothing was changed."
)
_NO_ROWS = N_("The table has a heading and nothing below it. Nothing was changed.")
_NOTHING_LEFT = N_(
    "Not one competency in this file can be used. The first problem: %(where)s: %(what)s Nothing was changed."
)


def read_framework(given: bytes) -> FrameworkFile:
    """The framework in a file: a CASE package, Moodle's, Canvas's or our own CSV.

    Raises UnknownFormat, UnreadableFramework and FrameworkTooLarge, and nothing else whatever the bytes are.
    """
    text = decoded(given)
    found = _read_json(text) if text.text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} else _read_table(text)
    if not found.competencies:
        _refuse_empty(found)
    return found


def _read_json(text: Text) -> FrameworkFile:
    if text.text.count("{") + text.text.count("[") > _MOST_BRACKETS:
        raise FrameworkTooLarge("more objects than anybody means")
    try:
        parsed = read_json(text.text.lstrip("\ufeff"))
    except ValueError as error:
        raise UnreadableFramework("no JSON", advice=_BROKEN_JSON) from error
    package = case.package_in(parsed)
    if package is None:
        raise UnknownFormat("JSON, but no CASE package")
    return case.read(package, text.problems)


def _read_table(text: Text) -> FrameworkFile:
    table = rows(text.text, separator_of(text.text))
    first = next(table, None)
    if first is None:
        raise UnknownFormat("no table")
    body = list(table)
    header = first.cells
    while header and not header[-1]:
        header = header[:-1]
    header, body = moodle_csv.as_it_is_now(header, body)
    if own_csv.is_own(header) or canvas_csv.is_canvas(header) or moodle_csv.is_moodle(header, body):
        if not body:
            raise UnreadableFramework("no rows", advice=_NO_ROWS)
        if canvas_csv.is_canvas(header):
            return canvas_csv.read(header, body, text.problems)
        if own_csv.is_own(header):
            return own_csv.read(header, body, text.problems)
        return moodle_csv.read(body, text.problems)
    raise UnknownFormat("a heading of no format")


def _refuse_empty(found: FrameworkFile) -> None:
    if not found.problems:
        raise UnreadableFramework(
            "no competencies", advice=N_("There is no competency in this file. Nothing was changed.")
        )
    first = found.problems[0]
    raise UnreadableFramework(
        f"no usable competency: {first.trouble.value}",
        advice=_NOTHING_LEFT,
        fields={"where": first.where or "–", "what": first.words},
    )
