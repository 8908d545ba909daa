"""Moodle's grade export (plain text, or the spreadsheet saved as CSV).

``First name,Last name,ID number,Institution,Department,Email address,Quiz: Title (Real),…,Course total (Real),Last downloaded
from this course``, with every label in the language of whoever exported, and no word of what the points are out of. A
missing grade is a dash. Which identity columns there are is the site's choice (showuseridentity).
"""

import re
from collections.abc import Sequence

from lti_tool.mastery.gradebooks.table import Numbers
from lti_tool.mastery.gradebooks.values import GradebookFile, GradeColumn, GradeRow, Identity, Skipped
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
    graded = [label for label in header if _unit(label)[1] is not None or _DOWNLOADED.search(label)]
    return bool(people) and bool(graded)


def _unit(label: str) -> tuple[str, str | None]:
    """A label's title, and how its grades are shown: points, percent, letter; None where it does not say."""
    found = _SUFFIX.fullmatch(label.strip())
    if found is not None:
        unit = found["unit"].strip().casefold()
        for words, name in ((_POINTS, "points"), (_SHARES, "percent"), (_LETTERS, "letter")):
            if unit in words:
                return found["title"], name
    return label.strip(), None


def read(rows: list[tuple[int, list[str]]]) -> GradebookFile:
    """The export; ``rows`` begin with the header. Of two columns of one item, the one in points counts."""
    header = [label.strip() for label in rows[0][1]]
    labels = [label.casefold() for label in header]
    body = rows[1:]
    # What is known of people stands before the grades, and grades begin at the first column that says how it shows them.
    first = next((index for index, label in enumerate(header) if _unit(label)[1] is not None), None)
    identity = {index: _IDENTITIES[label] for index, label in enumerate(labels) if label in _IDENTITIES}
    if Identity.EMAIL not in identity.values():
        # A language that is not known here: the column whose cells are addresses.
        for index in range(first if first is not None else len(header)):
            cells = [row[index].strip() for _, row in body if index < len(row) and row[index].strip()]
            if cells and all(re.fullmatch(r"[^@\s]+@[^@\s]+", cell) for cell in cells):
                identity[index] = Identity.EMAIL
                break
    person = {*identity, *(index for index, label in enumerate(labels) if label in _GIVEN | _FAMILY | _FULL | _OTHER)}
    columns, skipped = _columns(header, person, first)
    numbers = Numbers(row[column.index] for _, row in body for column in columns if column.index < len(row))
    people = [_row(line, row, header, labels, identity, columns, numbers) for line, row in body]
    return GradebookFile("moodle", tuple(columns), tuple(people), tuple(skipped))


def _columns(header: list[str], person: set[int], first: int | None) -> tuple[list[GradeColumn], list[Skipped]]:
    chosen: dict[str, GradeColumn] = {}
    skipped: list[Skipped] = []
    for index, label in enumerate(header):
        if not label or index in person or (first is not None and index < first):
            continue
        title, unit = _unit(label)
        if _DOWNLOADED.search(label) or _TOTAL.search(title) or _FEEDBACK.search(label):
            continue
        if unit == "letter":
            skipped.append(Skipped(None, label, N_("It has letters; export the grades as “Real” or “Percentage”.")))
            continue
        kind, colon, rest = title.partition(":")
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
