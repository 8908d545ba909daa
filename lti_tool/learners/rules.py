"""Which form of a step a learner opens. Pure.

Supports and language choose among forms of one thing; they never choose what is learned or how hard it is.
"""

import math
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from lti_tool.learners.models import Support

MOST_FACTOR = 5.0
"""More than five times the time is no support any more, but a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Supports:
    """What helps one learner in one course. Empty: nothing was said, and everything is as it is for everybody."""

    kinds: frozenset[Support] = frozenset()
    language: str = ""
    """BCP 47, with ``Support.LANGUAGE``."""
    factor: float | None = None
    """With ``Support.EXTENDED_TIME``: 1.5 is half as much time again."""

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def names(self) -> frozenset[str]:
        """The kinds as plain words, as items and forms name what they serve."""
        return frozenset(kind.value for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Form:
    """Another form of one thing. ``serves`` are the supports it is for; ``language`` is set where it is another language."""

    id: uuid.UUID
    serves: frozenset[str]
    language: str = ""
    modifies: bool = False
    """Whether it changes what is asked. Such a form is only ever given by a teacher, by name."""


def choose(forms: Sequence[Form], supports: Supports, given: Collection[uuid.UUID] = ()) -> Form | None:
    """The form a learner opens, or None for the usual one.

    What a teacher gave this learner by name comes first, a modification before all; then the form that serves most of the
    learner's supports, in the order of ``forms``. A form in a language is only for who has that language; the script and
    region matter less than the language itself.
    """
    named = [form for form in forms if form.id in given]
    if named:
        return max(named, key=lambda form: form.modifies)
    best: Form | None = None
    most = 0
    for form in forms:
        served = 0 if form.modifies or not _speaks(form, supports) else len(form.serves & supports.names)
        if served > most:
            best, most = form, served
    return best


def _speaks(form: Form, supports: Supports) -> bool:
    if not form.language:
        return True
    return Support.LANGUAGE in supports.kinds and _language(form.language) == _language(supports.language)


def _language(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].casefold()


def minutes_for(minutes: int | None, supports: Supports) -> int | None:
    """The estimate of a step's minutes for a learner: more with extended time, rounded up to whole minutes."""
    if minutes is None or supports.factor is None or Support.EXTENDED_TIME not in supports.kinds:
        return minutes
    return math.ceil(minutes * supports.factor)


def language_tag(written: str, readers: Iterable[Locale]) -> str | None:
    """The tag of a language that somebody wrote as a tag, in its own words, or in those of a reader; None for none known."""
    text = written.strip().replace("_", "-")
    try:
        return str(Locale.parse(text, sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        pass
    wanted = text.casefold()
    for reader in readers:
        for tag, name in reader.languages.items():
            if name.casefold() == wanted:
                return str(tag).replace("_", "-")
    return next(
        (
            str(tag).replace("_", "-")
            for tag in Locale("en").languages
            if (own := _own_name(str(tag))) is not None and own.casefold() == wanted
        ),
        None,
    )


def language_name(tag: str, reader: Locale) -> str:
    """What a language is called in a reader's own; the tag where nobody has a word for it."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name(reader)
    except (UnknownLocaleError, ValueError):
        return tag
    return name or tag


def _own_name(tag: str) -> str | None:
    try:
        return Locale.parse(tag).get_display_name()
    except (UnknownLocaleError, ValueError):
        return None
