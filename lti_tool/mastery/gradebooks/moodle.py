"""Moodle's grade export (plain text, or the spreadsheet saved as CSV).

``First name,Last name,ID number,Institution,Department,Email address,Quiz: Title (Real),…,Course total (Real),Last downloaded
from this course``, with every label in the language of whoever exported, and no word of what the points are out of. A
missing grade is a dash. Which identity columns there are is the site's choice (showuseridentity).
"""

import re
from collections.abc import Mapping, Sequence

from lti_tool.mastery.gradebooks.table import Numbers
from lti_tool.mastery.gradebooks.values import CellKind, GradebookFile, GradeColumn, GradeRow, Identity, Skipped
from lti_tool.web.i18n import N_

_GIVEN = frozenset({"first name", "nombre", "vorname", "prénom", "nome", "voornaam", "имя", "förnamn"})
_FAMILY = frozenset(
    {
        *("last name", "surname", "apellido(s)", "apellidos", "apellido", "nachname", "nom", "nom de famille"),
        *("cognome", "sobrenome", "apelido", "achternaam", "фамилия", "efternamn"),
    }
)
_FULL = frozenset({"full name", "name", "nombre completo", "nom complet", "vollständiger name"})
_IDENTITIES = {
    **dict.fromkeys(("id number", "número de id", "número de identificación", "id-nummer"), Identity.SOURCED_ID),
    **dict.fromkeys(("numéro d’identification", "numéro d'identification", "idnumber"), Identity.SOURCED_ID),
    **dict.fromkeys(("username", "nombre de usuario", "anmeldename", "nom d’utilisateur"), Identity.LOGIN),
    **dict.fromkeys(("email address", "dirección de correo", "dirección email", "e-mail-adresse"), Identity.EMAIL),
    **dict.fromkeys(("adresse de courriel", "endereço de e-mail", "endereço de email"), Identity.EMAIL),
    **dict.fromkeys(("indirizzo email", "e-mailadres", "email", "e-mail", "correo electrónico"), Identity.EMAIL),
    **dict.fromkeys(("user id", "userid"), Identity.USER_ID),
}
_OTHER = frozenset({"institution", "department", "institución", "departamento", "abteilung", "département", "groups"})
_SUFFIX = re.compile(r"(?P<title>.*\S)\s*\((?P<unit>[^()]+)\)", re.DOTALL)
_POINTS = frozenset({"real", "punkte", "brut", "reale", "echt", "absolut", "valor real"})
_SHARES = frozenset(
    {
        *("percentage", "porcentaje", "prozentsatz", "prozent", "pourcentage", "percentuale", "porcentagem"),
        *("percentagem", "procent", "percent"),
    }
)
_LETTERS = frozenset({"letter", "letra", "buchstabe", "lettre", "lettera", "notenstufe"})
_UNITS = {
    **dict.fromkeys(_POINTS, "points"),
    **dict.fromkeys(_SHARES, "percent"),
    **dict.fromkeys(_LETTERS, "letter"),
}
_SECONDS = re.compile(r"1\d{9}")
_TOTAL = re.compile(
    r"(course|category|curso|categoría|kurs|kategorie|cours|catégorie|corso).{0,30}(total|gesamt|summe|totale)|"
    r"^(course total|total del curso|total du cours|kurs gesamt|total do curso|totale corso)",
    re.IGNORECASE,
)
_FEEDBACK = re.compile(
    r"^(feedback|retroalimentación|rückmeldung|commentaires?)\b|\((feedback|retroalimentación)\)$", re.IGNORECASE
)
_DOWNLOADED = re.compile(
    r"last downloaded|última descarga|zuletzt aus diesem kurs|dernier téléchargement", re.IGNORECASE
)
_KINDS = {"quiz": "quiz", "cuestionario": "quiz", "test": "quiz", "assignment": "assignment", "tarea": "assignment"}


def is_moodle(header: Sequence[str]) -> bool:
    """Whether this is the header of a Moodle export: people's columns, then at least one with its way of showing grades."""
    labels = [label.strip().casefold() for label in header]
    people = [label for label in labels if label in _GIVEN | _FAMILY | _FULL or label in _IDENTITIES]
    graded = [label for label in header if _unit(label, _UNITS)[1] is not None or _DOWNLOADED.search(label)]
    return bool(people) and bool(graded)


def looks_like_moodle(rows: list[tuple[int, list[str]]]) -> bool:
    """Whether a file has the shape of a Moodle export in a language that is not known here: addresses, and behind them columns
    named “kind: title (way of showing grades)”.
    """
    found = _units_told(rows)
    return "points" in found.values() or "percent" in found.values()


def _units_told(rows: list[tuple[int, list[str]]]) -> dict[str, str]:
    """What the words behind the titles mean, by what stands below them."""
    header, body = rows[0][1], rows[1:]
    mail = next((index for index in range(len(header)) if _are_addresses(_filled(body, index))), len(header))
    below: dict[str, list[str]] = {}
    named = False
    for index in range(mail + 1, len(header)):
        found = _SUFFIX.fullmatch(header[index].strip())
        if found is not None and not re.search(r"\d", found["unit"]):
            named = named or re.search(r"\S\s?[:：]\s?\S", found["title"]) is not None
            below.setdefault(found["unit"].strip().casefold(), []).extend(_filled(body, index))
    numbers = Numbers(cell for cells in below.values() for cell in cells)
    told = {}
    for unit, cells in below.items() if named else ():
        graded = [cell for cell in cells if numbers.cell(cell).kind is not CellKind.BLANK]
        if graded and all(cell.endswith("%") for cell in graded):
            told[unit] = "percent"
        elif graded and all(numbers.number(cell) is not None for cell in graded):
            told[unit] = "points"
        elif graded:
            told[unit] = "letter"
    return told


def _filled(body: list[tuple[int, list[str]]], index: int) -> list[str]:
    return [row[index].strip() for _, row in body if index < len(row) and row[index].strip()]


def _are_addresses(cells: list[str]) -> bool:
    return bool(cells) and all(re.fullmatch(r"[^@\s]+@[^@\s]+", cell) for cell in cells)


def _unit(label: str, units: Mapping[str, str]) -> tuple[str, str | None]:
    """A label's title, and how its grades are shown: points, percent, letter; None where it does not say."""
    found = _SUFFIX.fullmatch(label.strip())
    if found is not None and (unit := units.get(found["unit"].strip().casefold())) is not None:
        return found["title"], unit
    return label.strip(), None


def read(rows: list[tuple[int, list[str]]]) -> GradebookFile:
    """The export; ``rows`` begin with the header. Of two columns of one item, the one in points counts."""
    header = [label.strip() for label in rows[0][1]]
    labels = [label.casefold() for label in header]
    body = rows[1:]
    units = _UNITS if is_moodle(header) else _units_told(rows)
    # What is known of people stands before the grades, and grades begin at the first column that says how it shows them.
    first = next((index for index, label in enumerate(header) if _unit(label, units)[1] is not None), None)
    identity = {index: _IDENTITIES[label] for index, label in enumerate(labels) if label in _IDENTITIES}
    if Identity.EMAIL not in identity.values():
        # A language that is not known here: the column whose cells are addresses.
        for index in range(first if first is not None else len(header)):
            if _are_addresses(_filled(body, index)):
                identity[index] = Identity.EMAIL
                break
    person = {*identity, *(index for index, label in enumerate(labels) if label in _GIVEN | _FAMILY | _FULL | _OTHER)}
    person |= {index for index in range(len(header)) if _is_moment(header, body, index, units)}
    columns, skipped = _columns(header, person, first, units)
    numbers = Numbers(row[column.index] for _, row in body for column in columns if column.index < len(row))
    people = [_row(line, row, header, labels, identity, columns, numbers) for line, row in body]
    return GradebookFile("moodle", tuple(columns), tuple(people), tuple(skipped))


def _is_moment(header: list[str], body: list[tuple[int, list[str]]], index: int, units: Mapping[str, str]) -> bool:
    """Whether a column says when the file was downloaded, in seconds since 1970, whatever it is called."""
    cells = _filled(body, index)
    told = _unit(header[index], units)[1]
    return index == len(header) - 1 and told is None and bool(cells) and all(_SECONDS.fullmatch(one) for one in cells)


def _columns(
    header: list[str], person: set[int], first: int | None, units: Mapping[str, str]
) -> tuple[list[GradeColumn], list[Skipped]]:
    chosen: dict[str, GradeColumn] = {}
    skipped: list[Skipped] = []
    for index, label in enumerate(header):
        if not label or index in person or (first is not None and index < first):
            continue
        title, unit = _unit(label, units)
        if _DOWNLOADED.search(label) or _TOTAL.search(title) or _FEEDBACK.search(label):
            continue
        if unit == "letter":
            skipped.append(Skipped(None, label, N_("It has letters; export the grades as “Real” or “Percentage”.")))
            continue
        kind, colon, rest = title.replace("：", ":", 1).partition(":")
        column = GradeColumn(
            index,
            rest.strip() if colon and rest.strip() else title,
            kind=_KINDS.get(kind.strip().casefold(), "assignment") if colon else "assignment",
            percent=unit == "percent",
        )
        # A share is better than points out of nobody knows how many.
        known = chosen.get(title)
        if known is None or (column.percent and not known.percent):
            chosen[title] = column
    return sorted(chosen.values(), key=lambda column: column.index), skipped


def _row(
    line: int,
    row: list[str],
    header: list[str],
    labels: list[str],
    identity: dict[int, Identity],
    columns: list[GradeColumn],
    numbers: Numbers,
) -> GradeRow:
    cells = [*row, *[""] * (len(header) - len(row))]
    parts = dict.fromkeys(("full", "given", "family"), "")
    for index, label in enumerate(labels):
        for words, known in (("given", _GIVEN), ("family", _FAMILY), ("full", _FULL)):
            if label in known and not parts[words]:
                parts[words] = cells[index].strip()
    name = parts["full"] or f"{parts['given']} {parts['family']}".strip()
    identities = {kind: cells[index].strip() for index, kind in identity.items() if cells[index].strip()}
    return GradeRow(line, name, identities, {column.index: numbers.cell(cells[column.index]) for column in columns})
