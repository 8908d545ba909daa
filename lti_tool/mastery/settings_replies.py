"""What the pages about rules and levels say after a form, carried over a redirect as a word."""

from fastapi import Request

from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of

_SENTENCES = {
    "rule-saved": N_("Saved. The rule holds for everything that is begun from now on."),
    "rules-applied": N_("Done. The rules and levels of today now hold for everything that was begun, too."),
    "passing-saved": N_("Saved. New alignments get this passing mark; those that are there keep theirs."),
    "rules-taken": N_("Saved. These competencies follow the rules that came with them."),
    "schools-saved": N_("Saved. The school’s courses use these levels wherever a course has chosen none."),
    "results-taken-back": N_("Taken back. These results say nothing about those competencies any more."),
    "nothing-taken-back": N_("Nothing was ticked, so nothing has changed."),
    "scale-saved": N_("Saved. The levels hold for everything that is begun from now on."),
}


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    sentence = _SENTENCES.get(request.query_params.get("said", ""))
    return {"tone": "success", "text": language_of(request).gettext(sentence)} if sentence is not None else None
