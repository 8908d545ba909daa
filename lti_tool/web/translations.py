"""The catalogues' small workshop: ``python -m lti_tool.web.translations extract|update|compile|check``.

``extract`` reads every message of templates and Python into ``locales/lti_tool.pot``; ``update`` brings each language's
catalogue up to it; ``compile`` makes them ready for use (building the package does it too); ``check`` names what is missing.
Besides the usual marks, the title and advice of every error are messages; they need no mark.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from lti_tool.web.i18n import DOMAIN, LOCALES

PACKAGE = Path(__file__).resolve().parents[1]
TEMPLATE = LOCALES / f"{DOMAIN}.pot"

_MARKS = {"N_", "_", "gettext"}
_PLURAL_MARKS = {"NN_", "ngettext"}
_ERROR_TEXTS = {"title", "advice"}
# The style guide's words are examples for its makers; the sandbox is a platform of its own, in English.
_UNTRANSLATED = ("**/styleguide*.html", "sandbox/**")
_METHODS = [
    *((pattern, "ignore") for pattern in _UNTRANSLATED),
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
    ("**.py", "lti_tool.web.translations:messages_of_python"),
]
# A fixed moment: a catalogue changes when its messages do, not when it is made again.
_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def messages_of_python(
    source: IO[bytes], _keywords: object, _comment_tags: object, *, options: object
) -> Iterator[tuple[int, str | None, str | tuple[str, str], list[str]]]:
    """Babel's extraction method for our Python: ``N_("…")``, ``NN_("…", "…")``, and titles and advice of errors."""
    for node in ast.walk(ast.parse(source.read())):
        yield from ((line, None, text, []) for line, text in _messages(node))
        yield from ((line, "ngettext", texts, []) for line, texts in _plurals(node))


def _messages(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Call):
        name = _name(node.func)
        if name in _MARKS and node.args:
            yield from _constant(node.args[0])
        elif name in error_names():
            for keyword in node.keywords:
                if keyword.arg in _ERROR_TEXTS:
                    yield from _constant(keyword.value)
    elif isinstance(node, ast.ClassDef) and node.name in error_names():
        for statement in node.body:
            if isinstance(statement, ast.Assign) and {_name(target) for target in statement.targets} & _ERROR_TEXTS:
                yield from _constant(statement.value)


def _plurals(node: ast.AST) -> Iterator[tuple[int, tuple[str, str]]]:
    if isinstance(node, ast.Call) and _name(node.func) in _PLURAL_MARKS and len(node.args) >= 2:
        texts = [text for part in node.args[:2] for _, text in _constant(part)]
        if len(texts) == 2:
            yield node.lineno, (texts[0], texts[1])


def _constant(node: ast.expr) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.lineno, node.value


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case _:
            return ""


@cache
def error_names() -> frozenset[str]:
    """The names of every class of the package that descends from ``ToolError``."""
    parents: list[tuple[str, set[str]]] = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        parents += [
            (node.name, {_name(base) for base in node.bases})
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        ]
    known = {"ToolError"}
    while True:
        more = {name for name, bases in parents if bases & known} - known
        if not more:
            return frozenset(known)
        known |= more


def extract() -> Catalog:
    """Every message there is, in the order of the files."""
    catalog = Catalog(
        project="lti-tool",
        header_comment="# The messages of lti-tool; made by python -m lti_tool.web.translations extract.\n#",
        creation_date=_MADE_AT,
        revision_date=_MADE_AT,
        fuzzy=False,
    )
    options: dict[str, dict[str, Any]] = {
        "**/templates/**.html": {"silent": "false", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
    }
    found = extract_from_dir(PACKAGE, _METHODS, options, comment_tags=())
    for file, _line, message, comments, context in found:
        catalog.add(message, locations=[(Path(file).as_posix(), 0)], auto_comments=comments, context=context)
    return catalog


def catalogues() -> list[Path]:
    """The catalogue of every language."""
    return sorted(LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def read(path: Path) -> Catalog:
    """A catalogue of one language."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parts[-3])


def write(path: Path, catalog: Catalog) -> None:
    """Write a catalogue so that versions compare well: sorted, without line numbers or obsolete messages."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Babel fills these lines of the header with placeholders otherwise.
    catalog.version, catalog.last_translator, catalog.msgid_bugs_address = "1", "lti-tool", "lti-tool"
    catalog.language_team = str(catalog.locale or "all languages")
    with path.open("wb") as target:
        write_po(target, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)


def update() -> None:
    """Bring every language up to the messages there are now; new ones stay empty until somebody translates them."""
    template = extract()
    write(TEMPLATE, template)
    for path in catalogues():
        catalog = read(path)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.revision_date = _MADE_AT
        write(path, catalog)


def compile_all() -> None:
    """Write the ``.mo`` beside every ``.po``."""
    for path in catalogues():
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, read(path))


def missing(template: Catalog) -> dict[str, list[str]]:
    """By language, the messages of ``template`` that its catalogue does not translate."""
    wanted = [message.id for message in template if message.id]
    return {path.parts[-3]: list(_untranslated(read(path), wanted)) for path in catalogues()}


def _untranslated(catalog: Catalog, wanted: Iterable[Any]) -> Iterator[str]:
    for identity in wanted:
        singular = identity if isinstance(identity, str) else identity[0]
        found = catalog.get(singular)
        text = found.string if found is not None else ""
        if not text or not all(text):
            yield singular


def main(arguments: list[str]) -> int:
    """The command; 1 from ``check`` when something is missing, 2 for a word it does not know."""
    match arguments:
        case ["extract"]:
            write(TEMPLATE, extract())
        case ["update"]:
            update()
        case ["compile"]:
            compile_all()
        case ["check"]:
            lacking = missing(extract())
            for language, messages in lacking.items():
                sys.stdout.writelines(f"{language}: {message}\n" for message in messages)
            return int(any(lacking.values()))
        case _:
            sys.stderr.write("usage: python -m lti_tool.web.translations extract|update|compile|check\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
