"""What is said of a question's pictures to who does not see them. Pure."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lti_tool.checks.questions import Question, as_json, from_json
from lti_tool.checks.reading.pictures import ADDRESS, digests_in

_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_WORDS = re.compile(r"(?<![\w-])alt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
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


def _through(value: Any, change: Callable[[str], str]) -> Any:
    """JSON with every text changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _through(one, change) for key, one in value.items()}
    return [_through(one, change) for one in value] if isinstance(value, list) else value
