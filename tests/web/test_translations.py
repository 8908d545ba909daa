"""Catalogues: complete, and made of what templates and code really say."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from lti_tool.web import translations
from lti_tool.web.i18n import accepted, language_for


@pytest.fixture(scope="module")
def everything() -> Catalog:
    """Every message there is. Reading all templates and all code for them takes some seconds."""
    return translations.extract()


def test_the_titles_and_advice_of_errors_are_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    source = b"""
class Late(NotFound):
    title = "It is too late"
def f():
    raise Late("detail", advice="Come " "earlier", fields={})
N_("marked")
other(title="not a message")
"""
    real = translations.error_names() | {"Late"}
    found = set()
    monkeypatch.setattr(translations, "error_names", lambda: frozenset(real))
    for _, _, text, _ in translations.messages_of_python(io.BytesIO(source), [], [], options={}):
        found.add(text)
    assert found == {"It is too late", "Come earlier", "marked"}


def test_messages_of_python_that_count_keep_both_forms(everything: Catalog) -> None:
    source = b"""
NN_("%(right)s more answer", "%(right)s more answers")
language.ngettext("%(n)s day", "%(n)s days", n)
ngettext(one, many, n)
"""
    found = [
        (kind, text) for _, kind, text, _ in translations.messages_of_python(io.BytesIO(source), [], [], options={})
    ]
    assert found == [
        ("ngettext", ("%(right)s more answer", "%(right)s more answers")),
        ("ngettext", ("%(n)s day", "%(n)s days")),
    ]
    messages = {message.id for message in everything}
    assert (
        "For %(level)s: %(right)s more right answer.",
        "For %(level)s: %(right)s more right answers in a row.",
    ) in messages


def test_every_error_of_the_package_is_known() -> None:
    assert {"ToolError", "NotFound", "LaunchRefused", "Unforeseen"} <= translations.error_names()


def test_the_template_is_made_of_what_is_there(everything: Catalog) -> None:
    messages = {message.id for message in everything if isinstance(message.id, str)}
    assert {"Skip to the main part", "Your session has ended", "Playlists"} <= messages
    assert "Type" not in messages


def test_every_language_is_nearly_complete(everything: Catalog) -> None:
    """A new message may wait a little for its translation; ``check`` lists those that do."""
    every, missing = len(list(everything)), translations.missing(everything)
    assert {language: texts for language, texts in missing.items() if len(texts) > every * 0.05} == {}


def test_translations_keep_the_fields_of_their_messages() -> None:
    field = re.compile(r"%\(\w+\)s|\{\w+\}")
    for path in translations.catalogues():
        for message in translations.read(path):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = set(field.findall(ids[-1]))
            for text in filter(None, texts if message.id else ()):
                found = set(field.findall(text))
                # "One thing", as a form for one, may leave its number out.
                assert found == wanted or (len(ids) > 1 and found < wanted), text


def test_a_catalogue_written_and_read_again_is_the_same() -> None:
    for path in translations.catalogues():
        buffer = {message.id: message.string for message in translations.read(path)}
        assert buffer[""], path


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", ["es-MX", "es", "en"]),
        ("en;q=0.2, fr;q=0.9", ["fr", "en"]),
        ("de;q=0, *;q=0.5, nl", ["nl"]),
        ("", []),
    ],
)
def test_languages_in_order_of_wish(header: str, tags: list[str]) -> None:
    assert accepted(header) == tags


@pytest.mark.parametrize(("tag", "shown"), [("es_mx", "es-MX"), ("ES", "es"), ("es-es-tradnl", "es-ES"), ("zz", "en")])
def test_the_tags_platforms_send(tag: str, shown: str) -> None:
    assert language_for((tag,)).tag == shown


def test_the_command_knows_its_words() -> None:
    assert translations.main(["nonsense"]) == 2


def templates() -> list[Path]:
    """Every template a person sees."""
    found = translations.PACKAGE.glob("*/templates/**/*.html")
    return sorted(path for path in found if "sandbox" not in path.parts and "styleguide" not in path.name)


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_no_template_says_anything_that_cannot_be_translated(path: Path) -> None:
    """What stands between tags, in the attributes people hear or see, and in the words given to components."""
    source = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    given = re.findall(r"\bui\.\w+\(\s*\"([^\"]*)\"", source)
    wording = [text for text in given if re.search(r"[A-Z]\w+|\w \w", text)]
    plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    wording += re.findall(r"\s(?:title|alt|aria-label|placeholder)=\"([^\"]*[A-Za-z]{2}[^\"]*)\"", plain)
    between = re.sub(r"<[^>]*>", "\n", plain)
    wording += [
        line.strip()
        for line in between.splitlines()
        # A block that holds only an address of ours, such as /admin, says nothing.
        if re.search(r"[^\W\d_]{2}", re.sub(r"data-[\w-]+|^/[\w/-]+$", "", line.strip()))
    ]
    assert wording == []
