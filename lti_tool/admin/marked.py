"""Steps and notes as people read them: menu names between asterisks stand out, code between backticks is code."""

import re

from markupsafe import Markup, escape

_MENU = re.compile(r"\*([^*\n]+)\*")
_CODE = re.compile(r"`([^`\n]+)`")


def marked(text: str) -> Markup:
    """The text with its marks turned into elements; what is not markup already is escaped."""
    plain = str(escape(text))
    # Everything else in it is escaped, and the marks hold no angle brackets of their own.
    return Markup(_MENU.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", plain)))  # noqa: S704
