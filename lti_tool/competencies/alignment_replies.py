"""What the pages about alignments say after a form, carried over a redirect as a word and numbers."""

import re
import uuid
from collections.abc import Callable

from fastapi import Request

from lti_tool.competencies.alignment_rules import Changed
from lti_tool.competencies.sections import home
from lti_tool.web.i18n import N_, Language
from lti_tool.web.pages import language_of

_SAID = re.compile(r"([a-z]+(?:-[a-z]+)*)((?:\.[0-9]{1,6}){0,4})")

_SENTENCES = {
    "nothing": ("info", N_("That is so already: nothing has changed.")),
    "address-added": ("success", N_("Added at the end of the list. Now align it.")),
    "dismissed": ("success", N_("Dismissed. It is not suggested again.")),
    "brought-back": ("success", N_("What was dismissed is suggested again.")),
    "placed": ("success", N_("Saved. The item has these alignments now.")),
    "nothing-chosen": ("info", N_("No item was chosen, so nothing has changed.")),
    "none-ticked": ("info", N_("Nothing was ticked, so nothing was accepted.")),
}


def alignments_address(course_id: uuid.UUID) -> str:
    """The list; the other pages about alignments hang below."""
    return f"{home(course_id)}/alignments"


def told(changed: Changed) -> str:
    """What came of a change, for ``see``."""
    return f"aligned.{changed.added}.{changed.changed}.{changed.removed}" if changed.any else "nothing"


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    found = _SAID.fullmatch(request.query_params.get("said", ""))
    if found is None:
        return None
    language = language_of(request)
    if found[1] == "aligned":
        return {"tone": "success", "text": _came(language, [int(part) for part in found[2].split(".") if part])}
    tone, sentence = _SENTENCES.get(found[1], ("", ""))
    return {"tone": tone, "text": language.gettext(sentence)} if tone else None


def _came(language: Language, counts: list[int]) -> str:
    added, changed, removed = [*counts, 0, 0, 0][:3]
    sentences: list[tuple[int, Callable[[int], str]]] = [
        (added, lambda n: language.ngettext("%(num)s alignment was added.", "%(num)s alignments were added.", n)),
        (changed, lambda n: language.ngettext("%(num)s alignment was changed.", "%(num)s alignments were changed.", n)),
        (
            removed,
            lambda n: language.ngettext("%(num)s alignment was taken away.", "%(num)s alignments were taken away.", n),
        ),
    ]
    said = [say(count) % {"num": count} for count, say in sentences if count]
    if removed:
        said.append(
            language.gettext("What students have shown by it stays; on the page Coverage it can be taken back.")
        )
    return " ".join(said)
