"""Which competencies an item seems to belong to, by codes and words in its title and section. Pure, and in any language.

A suggestion says what it was found by, so that a teacher sees at once whether it is right: "the title contains 4.NF.1", or
"the title shares these words with the statement: equivalent, fractions". Nothing here learns, and nothing reads an item itself.
"""

import math
import re
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lti_tool.competencies import stop_words
from lti_tool.competencies.alignment_rules import usual_role
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem

MOST_PER_ITEM = 3
"""More suggestions by words for one item are more work than help; codes are all suggested."""

LEAST_SCORE = 0.45
"""From what share of the title's weighted words on a statement is suggested."""

_NEXT_BEST = 0.8
_SECTION = 0.25
_STEM = 6
_BOTH = 2


class Reason(StrEnum):
    """What a suggestion was found by."""

    CODE_IN_TITLE = "code-in-title"
    CODE_IN_SECTION = "code-in-section"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Known:
    """A competency of the map as suggestions see it."""

    id: uuid.UUID
    code: str
    statement: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """That an item seems to belong to a competency. ``found`` are the words as the title has them; ``score`` 0 to 1."""

    item_id: uuid.UUID
    competency_id: uuid.UUID
    reason: Reason
    found: tuple[str, ...]
    score: float
    role: AlignmentRole


def suggestions(
    items: Iterable[ContentItem],
    competencies: Sequence[Known],
    settled: Iterable[tuple[uuid.UUID, uuid.UUID]] = (),
) -> list[Suggestion]:
    """What seems to belong together, in the order of the items, the surest first; pairs (item, competency) that are
    ``settled``, aligned or dismissed, are left out.

    A code in the title goes before everything else, then one in the section's name. Words are asked only where no code speaks,
    and a pair that was settled is not replaced by a worse one.
    """
    decided = frozenset(settled)
    codes = _Codes(competencies)
    words = _Words(competencies)
    found: list[Suggestion] = []
    for item in items:
        by_code = codes.of(item)
        some = by_code or words.of(item)
        found += [one for one in some if (one.item_id, one.competency_id) not in decided]
    return found


# --- Codes --------------------------------------------------------------------------------------------------------------

_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_JOINT = re.compile(r"[.\-_()‐-―]{0,2}")
_RANGE = re.compile(r"[\-‐-―]")
_SHORTEST_TAIL = 3
_SHORTEST_WORD = 3
_LOOSE_FROM = 3


@dataclass(frozen=True, slots=True)
class _Part:
    """A run of digits or of letters in a text, and the text between it and the one before (None before the first)."""

    text: str
    start: int
    end: int
    gap: str | None

    @property
    def tight(self) -> bool:
        """Whether only separators of codes, or nothing, part it from the one before."""
        return self.gap is not None and _JOINT.fullmatch(self.gap) is not None

    @property
    def near(self) -> bool:
        """Like ``tight``, or a space."""
        return self.tight or self.gap == " "


def _parts(text: str) -> list[_Part]:
    found: list[_Part] = []
    for match in _PART.finditer(text):
        gap = text[found[-1].end : match.start()] if found else None
        found.append(_Part(match[0].casefold(), match.start(), match.end(), gap))
    return found


def code_keys(code: str) -> tuple[tuple[str, ...], ...]:
    """The ways a code is written, as runs of letters and digits, its own way first: with its cluster and without it, so that
    4.NF.1 and 4NF1 are ways of 4.NF.A.1; and with or without the letters of the high school, so that A-REI.3 is one of
    HSA-REI.B.3.
    """
    whole = tuple(part.text for part in _parts(code))
    keys = [whole] if whole else []
    # A cluster is one letter between the domain's letters and a number (Common Core: grade, domain, cluster, standard).
    for place in range(1, len(whole) - 1):
        before, here, after = whole[place - 1 : place + 2]
        if len(here) == 1 and here.isalpha() and before.isalpha() and after.isdigit():
            keys.append(whole[:place] + whole[place + 1 :])
    for key in list(keys):
        first, *rest = key
        if first.startswith("hs") and len(first) > len("hs"):
            keys.append((first.removeprefix("hs"), *rest))
        elif len(first) == 1 and first.isalpha() and rest and rest[0].isalpha():
            keys.append((f"hs{first}", *rest))
    return tuple(dict.fromkeys(keys))


class _Codes:
    """Finds codes in texts: the longest at each place."""

    def __init__(self, competencies: Sequence[Known]) -> None:
        own: dict[tuple[str, ...], list[Known]] = defaultdict(list)
        other: dict[tuple[str, ...], list[Known]] = defaultdict(list)
        for one in competencies:
            whole, *ways = code_keys(one.code) or ((),)
            # CCSS.MATH.CONTENT.4.NF.A.1 is called 4.NF.A.1 as well: an end of a code that is nobody else's.
            ends = [key[start:] for key in (whole, *ways) for start in range(1, len(key) - _SHORTEST_TAIL + 1)]
            own[whole].append(one)
            for key in dict.fromkeys([*ways, *ends]):
                other[key].append(one)
        # A code of two frameworks means both competencies; what is only one way of writing it has to mean one.
        self._keys = {key: some for key, some in other.items() if len(some) == 1} | own
        self._keys.pop((), None)
        self._longest = max(map(len, self._keys), default=0)

    def of(self, item: ContentItem) -> list[Suggestion]:
        """What the codes in an item's title say, and else those in its section."""
        for text, reason, sure in (
            (item.title, Reason.CODE_IN_TITLE, 1.0),
            (item.section, Reason.CODE_IN_SECTION, 0.7),
        ):
            found = self.in_text(text)
            if found:
                role = usual_role(item.kind)
                return [Suggestion(item.id, one, reason, (written,), sure, role) for one, written in found.items()]
        return []

    def in_text(self, text: str) -> dict[uuid.UUID, str]:
        """Competencies whose codes stand in a text, each as it is written there."""
        parts = _parts(text)
        found: dict[uuid.UUID, str] = {}
        place = 0
        while place < len(parts):
            length, some = self._at(text, parts, place)
            for one in some:
                found.setdefault(one.id, text[parts[place].start : parts[place + length - 1].end])
            place += max(length, 1)
        return found

    def _at(self, text: str, parts: Sequence[_Part], place: int) -> tuple[int, list[Known]]:
        for length in range(min(self._longest, len(parts) - place), 0, -1):
            some = parts[place : place + length]
            meant = self._keys.get(tuple(part.text for part in some), [])
            if meant and _holds_together(some) and _begins(parts, place) and _ends(parts, place + length):
                written = text[some[0].start : some[-1].end]
                meant = [one for one in meant if _is_telling(some, written, one.code)]
                if meant:
                    return length, meant
        return 0, []


def _is_telling(parts: Sequence[_Part], written: str, code: str) -> bool:
    """Whether a code can stand for a competency in a sentence. "3" is found everywhere, "1.2" only as it is written, and a word
    only where it is no ordinary one: "ADD" is not in "Add fractions".
    """
    if len(parts) == 1:
        return written == code and code.isupper()
    return any(part.text.isalpha() for part in parts) or written == code


def _holds_together(parts: Sequence[_Part]) -> bool:
    """Whether runs stand close enough to be one code. Spaces are for codes with three runs or more that have letters."""
    if all(part.tight for part in parts[1:]):
        return True
    lettered = any(part.text.isalpha() for part in parts)
    return len(parts) >= _LOOSE_FROM and lettered and all(part.near for part in parts[1:])


def _begins(parts: Sequence[_Part], place: int) -> bool:
    """Whether a code can begin here: not in the middle of another, unless what stands before is only the name of its series, as
    CCSS.MATH.CONTENT before 4.NF.A.1.
    """
    part = parts[place]
    if not part.tight:
        return True
    before = parts[place - 1].text
    if not before.isalpha():
        return False
    return (part.text.isdigit() and len(before) > 1) or (part.gap != "" and len(before) >= _SHORTEST_WORD)


def _ends(parts: Sequence[_Part], place: int) -> bool:
    """Whether a code can end before this run: 1.2 is none in 1.2.3. But 4.NF.3 is meant in 4.NF.3a, a part of it, 4.NF.1 in
    4.NF.1-2, where a range begins, and in 4.NF.1_final, where a word does.
    """
    if place == len(parts) or not parts[place].tight:
        return True
    after, last = parts[place], parts[place - 1]
    if after.text.isdigit():
        return _RANGE.fullmatch(after.gap or "") is not None and last.gap == "."
    return last.text.isdigit() and (len(after.text) == 1 or (after.gap != "" and len(after.text) >= _SHORTEST_WORD))


# --- Words --------------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_WITHOUT_SPACES = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]")
_APOSTROPHE = re.compile("['’]")
_ENDINGS = ("ation", "acion", "acao", "ing", "ed", "er", "ar", "ir")
_VOWELS = ("a", "e", "o")
_ROOT = 3


def stem(word: str) -> str:
    """A word without its commonest endings, case and accents, cut to six letters: "fractions" and "Fraction" are the same.

    Crude on purpose: it needs no dictionary of any language, and what is found by it is shown.
    """
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    bare = max(_APOSTROPHE.split(bare), key=len)
    if not bare.endswith("ss"):
        bare = _without(bare, "s")
    return _without(_without(bare, _ENDINGS), _VOWELS)[:_STEM]


def _without(word: str, endings: Iterable[str]) -> str:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= _ROOT:
            return word.removesuffix(ending)
    return word


def stems(text: str) -> dict[str, str]:
    """The words of a text that carry meaning, by their stems, as they are written. Scripts that part no words give pairs of
    characters.
    """
    found: dict[str, str] = {}
    for match in _WORD.finditer(text):
        word = match[0]
        if _WITHOUT_SPACES.search(word):
            for start in range(len(word) - 1):
                found.setdefault(word[start : start + 2], word[start : start + 2])
        elif len(word) >= _ROOT:
            # What means nothing is left out as it is written and by its stem: "lessons" as "lesson".
            folded, root = word.casefold(), stem(word)
            if folded not in stop_words.WORDS and root not in _STOPPED:
                found.setdefault(root, word)
    return found


_STOPPED = frozenset(stem(word) for word in stop_words.KINDS)


class _Words:
    """Compares titles with statements, rare words weighing more: a word weighs log((1 + n) / df), n competencies of which df
    have it (Spärck Jones 1972).
    """

    def __init__(self, competencies: Sequence[Known]) -> None:
        self._texts = {one.id: frozenset(stems(f"{one.short} {one.statement}")) for one in competencies}
        self._holding: dict[str, list[uuid.UUID]] = defaultdict(list)
        for one, text in self._texts.items():
            for root in text:
                self._holding[root].append(one)
        self._of_all = 1 + len(competencies)

    def _weight(self, roots: Iterable[str]) -> float:
        return sum(math.log(self._of_all / max(len(self._holding.get(root, ())), 1)) for root in roots)

    def of(self, item: ContentItem) -> list[Suggestion]:
        """The statements that share most with an item's title; a section's name helps where they share something already."""
        title = stems(item.title)
        section = stems(item.section).keys() - title.keys()
        total = self._weight(title)
        if total <= 0:
            return []
        shared: dict[uuid.UUID, list[str]] = defaultdict(list)
        for root in title:
            for one in self._holding.get(root, ()):
                shared[one].append(root)
        scores = {
            one: (self._weight(roots) + _SECTION * self._weight(section & self._texts[one])) / total
            for one, roots in shared.items()
        }
        good = [one for one, roots in shared.items() if self._is_good(scores[one], roots)]
        # Of two statements that share as much, the shorter one says less besides.
        good.sort(key=lambda one: (-round(scores[one], 6), len(self._texts[one])))
        role = usual_role(item.kind)
        return [
            Suggestion(
                item.id, one, Reason.WORDS, tuple(title[root] for root in shared[one]), min(scores[one], 1.0), role
            )
            for one in good[:MOST_PER_ITEM]
            if scores[one] >= _NEXT_BEST * scores[good[0]]
        ]

    def _is_good(self, score: float, roots: Sequence[str]) -> bool:
        """Enough in common: two words, or one that no other competency has."""
        return score >= LEAST_SCORE and (len(roots) >= _BOTH or len(self._holding[roots[0]]) == 1)
