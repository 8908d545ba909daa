"""What is said of a question's pictures to who does not see them, and where they stand in what is typed. Pure.

In a form a picture stands as ``[picture 1]``, in the reader's language; the numbers are the places in ``pictures_of``. On the way
between, it is a number in brackets that nobody types.
"""

import html
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lti_tool.checks.questions import Question, as_json, from_json
from lti_tool.checks.reading.pictures import ADDRESS, digests_in
from lti_tool.checks.writing import Written, written_of

_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_WORDS = re.compile(r"(?<![\w-])alt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_MARK = re.compile("\u2997(\\d{1,4})\u2998")
_FIELDS = ("prompt", "lines", "feedback", "feedback_right", "feedback_wrong", "hints")
MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class PictureLine:
    """A picture of a question, and what is said of it."""

    digest: str
    words: str

    @property
    def address(self) -> str:
        """Where it is shown from."""
        return ADDRESS + self.digest


def pictures_of(question: Question) -> list[PictureLine]:
    """The pictures that a question shows, each once, in the order of its parts; those shown twice by their first words."""
    found: dict[str, str] = {}

    def note(text: str) -> str:
        for image in _IMAGE.findall(text):
            for digest in digests_in(image):
                words = _WORDS.search(image)
                said = html.unescape(next((one for one in words.groups() if one), "")) if words else ""
                found[digest] = found.get(digest) or said
        return text

    _through(as_json(question), note)
    return [PictureLine(digest, words) for digest, words in found.items()]


def described(question: Question, words: Mapping[str, str]) -> Question:
    """The question with other words for its pictures, by digest; of others, they stay."""

    def say(image: re.Match[str]) -> str:
        for digest in digests_in(image[0]):
            if digest in words:
                return f'<img src="{ADDRESS}{digest}" alt="{html.escape(words[digest])}">'
        return image[0]

    if not words:
        return question
    return from_json(_through(as_json(question), lambda text: _IMAGE.sub(say, text)))


def written_with_marks(question: Question, word: str) -> Written:
    """A question as its form has it, with ``[word 1]`` in the place of its first picture; ``word`` says picture."""
    places = {one.digest: place for place, one in enumerate(pictures_of(question), start=1)}

    def mark(image: re.Match[str]) -> str:
        return next((f"\u2997{places[one]}\u2998" for one in digests_in(image[0])), image[0])

    marked = from_json(_through(_without_marks(as_json(question)), lambda text: _IMAGE.sub(mark, text)))
    return _each(written_of(marked), lambda text: _MARK.sub(rf"[{word} \1]", text))


def read_with_marks(written: Written, words: Collection[str], shows: Sequence[PictureLine]) -> Written:
    """What was typed with the places of pictures in it, for ``with_pictures`` to fill. One without a picture stays."""
    typed = re.compile(rf"\[\s*(?:{'|'.join(re.escape(word) for word in words)})\s*(\d{{1,4}})\s*\]", re.IGNORECASE)

    def mark(found: re.Match[str]) -> str:
        return f"\u2997{int(found[1])}\u2998" if 1 <= int(found[1]) <= len(shows) else found[0]

    return _each(written, lambda text: typed.sub(mark, _bare(text)))


def with_pictures(question: Question, shows: Sequence[PictureLine]) -> Question:
    """The question with its pictures in the places that ``read_with_marks`` has found."""

    def show(found: re.Match[str]) -> str:
        place = int(found[1])
        if not 1 <= place <= len(shows):
            return ""
        one = shows[place - 1]
        return f'<img src="{one.address}" alt="{html.escape(one.words)}">'

    return from_json(_through(as_json(question), lambda text: _MARK.sub(show, text)))


def _without_marks(value: Any) -> Any:
    return _through(value, _bare)


def _bare(text: str) -> str:
    return text.replace("\u2997", "").replace("\u2998", "")


def _each(written: Written, change: Callable[[str], str]) -> Written:
    changed: dict[str, Any] = {name: change(getattr(written, name)) for name in _FIELDS}
    return replace(written, **changed)


def _through(value: Any, change: Callable[[str], str]) -> Any:
    """JSON with every text changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _through(one, change) for key, one in value.items()}
    return [_through(one, change) for one in value] if isinstance(value, list) else value
