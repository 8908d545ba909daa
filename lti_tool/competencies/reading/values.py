"""What every reader gives: a framework with its competencies in order, how they belong together, and what was wrong."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lti_tool.competencies.models import FrameworkSource, LinkKind
from lti_tool.errors import BadRequest, TooLarge
from lti_tool.web.i18n import N_

MOST_BYTES = 20_000_000
"""Bytes of a file. The Common Core's mathematics with all its links has 1.6 million."""

MOST_COMPETENCIES = 20_000
MOST_LINKS = 200_000
MOST_ROWS = 50_000
"""Rows or items that are looked at at all, whatever is refused of them."""

SHORTEN = {
    "identifier": 255,
    "code": 100,
    "statement": 4000,
    "short": 500,
    "kind": 100,
    "title": 500,
    "creator": 500,
    "description": 4000,
    "subject": 200,
    "language": 35,
    "status": 64,
    "uri": 2000,
}
"""Characters that are kept of each field, as long as its column."""


class UnreadableFramework(BadRequest):
    """A file in which no framework can be read."""

    code = "framework-unreadable"
    title = N_("This file could not be read")
    advice = N_("Open it in the program that wrote it, save it again and try once more. Nothing was changed.")


class UnknownFormat(UnreadableFramework):
    """A file that is none of the formats."""

    code = "framework-format-unknown"
    title = N_("This is no competency framework that the tool can read")
    advice = N_(
        "It reads CASE packages (JSON), Moodle's competency frameworks (CSV), Canvas's outcomes (CSV), and CSV with the columns "
        "code, statement, parent, prerequisites. Nothing was changed."
    )


class FrameworkTooLarge(TooLarge):
    """A file beyond what is read at once."""

    code = "framework-too-large"
    title = N_("This framework is too large")
    advice = N_(
        "A file may have 20 megabytes, 20 000 competencies and 200 000 links between them. Please split it. Nothing was changed."
    )


class Trouble(StrEnum):
    """What can be wrong with a part of a file."""

    NO_IDENTIFIER = "no-identifier"
    NO_STATEMENT = "no-statement"
    TWICE_SAME = "twice-same"
    TWICE_DIFFERENT = "twice-different"
    IDENTIFIER_TOO_LONG = "identifier-too-long"
    SHORTENED = "shortened"
    CODE_TWICE = "code-twice"
    MISSING_PARENT = "missing-parent"
    SEVERAL_PARENTS = "several-parents"
    OWN_PARENT = "own-parent"
    PARENT_LOOP = "parent-loop"
    MISSING_END = "missing-end"
    OWN_PREREQUISITE = "own-prerequisite"
    LINK_TWICE = "link-twice"
    UNKNOWN_KIND = "unknown-kind"
    NOT_UNDERSTOOD = "not-understood"
    WRONG_NUMBER = "wrong-number"
    UNSORTED_RATINGS = "unsorted-ratings"
    TOO_MANY_CELLS = "too-many-cells"
    TOO_FEW_CELLS = "too-few-cells"
    NOT_UTF8 = "not-utf8"
    NUL = "nul"
    ELSEWHERE = "elsewhere"
    TWO_FRAMEWORKS = "two-frameworks"


class Weight(StrEnum):
    """What a problem means for the import."""

    REFUSED = "refused"
    """The row or object was left out."""
    CHANGED = "changed"
    """It was taken over, but not as it was written."""
    NOTE = "note"
    """It was taken over; worth knowing."""


WORDS: dict[Trouble, str] = {
    Trouble.NO_IDENTIFIER: N_("It has neither a code nor an identifier, so it was left out."),
    Trouble.NO_STATEMENT: N_("It says nothing: the statement is empty. It was left out."),
    Trouble.TWICE_SAME: N_("%(name)s stands in the file twice, with the same words. It was taken once."),
    Trouble.TWICE_DIFFERENT: N_(
        "%(name)s stands in the file twice, with different words. The first was taken, this one was left out."
    ),
    Trouble.IDENTIFIER_TOO_LONG: N_("Its identifier has more than 255 characters, so it was left out."),
    Trouble.SHORTENED: N_("%(field)s was too long and was shortened to %(most)s characters."),
    Trouble.CODE_TWICE: N_(
        "The code %(name)s is used more than once. Nothing can be said to belong to it by that code."
    ),
    Trouble.MISSING_PARENT: N_("Its parent %(name)s is not in the file. It stands at the top now."),
    Trouble.SEVERAL_PARENTS: N_("It has several parents. It stands under %(name)s; the others were kept as links."),
    Trouble.OWN_PARENT: N_("It is said to be its own parent: %(name)s → %(name)s. It was left out."),
    Trouble.PARENT_LOOP: N_("Its parents go in a loop: %(loop)s. It was left out."),
    Trouble.MISSING_END: N_("It belongs together with %(name)s, which is not in the file. That link was left out."),
    Trouble.OWN_PREREQUISITE: N_("It is said to be its own prerequisite: %(name)s → %(name)s. That link was left out."),
    Trouble.LINK_TWICE: N_("That %(name)s belongs to it is said twice. It was taken once."),
    Trouble.UNKNOWN_KIND: N_("The kind of link “%(name)s” is not known here. It was kept as it is."),
    Trouble.NOT_UNDERSTOOD: N_("%(field)s could not be understood and was left out."),
    Trouble.WRONG_NUMBER: N_("“%(name)s” is no number. What belongs to it was left out."),
    Trouble.UNSORTED_RATINGS: N_("Its ratings did not go from the highest to the lowest. They were put in that order."),
    Trouble.TOO_MANY_CELLS: N_(
        "The row has more cells than the heading. If a cell has the separator in it, put it in quotation marks. It was left out."
    ),
    Trouble.TOO_FEW_CELLS: N_("The row has fewer cells than the heading; the missing ones count as empty."),
    Trouble.NOT_UTF8: N_(
        "The file is not in UTF-8. It was read as Windows-1252; please look at the accents and signs."
    ),
    Trouble.NUL: N_("The file has characters that are no text. They were replaced."),
    Trouble.ELSEWHERE: N_(
        "Links to competencies that are not in this file: %(number)s. They are kept, and hold where the school has those too."
    ),
    Trouble.TWO_FRAMEWORKS: N_("The file has more than one framework. The first was taken; this row was left out."),
}
"""Each problem as a person reads it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was wrong. ``where`` is a row's number ("row 7") or the identifier of an object."""

    trouble: Trouble
    where: str
    weight: Weight
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The sentence in English, its fields filled in; pages translate ``WORDS`` and fill them in themselves."""
        return WORDS[self.trouble] % self.fields


@dataclass(frozen=True, slots=True)
class CompetencyRow:
    """A competency as its source has it; ``parent`` is an identifier. ``where`` says where it stands in the file."""

    identifier: str
    code: str
    statement: str
    short: str = ""
    kind: str = ""
    grades: tuple[str, ...] = ()
    parent: str | None = None
    uri: str | None = None
    rule: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    depth: int = 0

    @property
    def name(self) -> str:
        """What to call it: its code, else the beginning of what it says."""
        return self.code or shortened(self.statement, 40)


@dataclass(frozen=True, slots=True)
class LinkRow:
    """How two competencies belong together, by their identifiers. ``precedes``: the origin comes before the destination."""

    origin: str
    destination: str
    kind: LinkKind
    identifier: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class FrameworkFile:
    """What a file says. ``identifier`` is absent where a format has none for the whole framework.

    ``competencies`` stand in the order of the tree, parents before children. ``says`` names the fields of a competency that
    this file can say something about; what it cannot say, importing it does not change. ``kinds``: the same for links.
    ``elsewhere`` are links to competencies that are not in the file, as their source wrote them.
    """

    source: FrameworkSource
    identifier: str | None
    title: str
    creator: str = ""
    description: str = ""
    subject: str = ""
    language: str = ""
    uri: str | None = None
    status: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    competencies: tuple[CompetencyRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    elsewhere: tuple[dict[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()
    says: frozenset[str] = frozenset()
    kinds: frozenset[LinkKind] = frozenset(LinkKind)
    cannot_say: frozenset[str] = frozenset()
    """Names within ``extra`` that this version of the format has no field for; ``item.`` in front of a competency's."""
    left_out: frozenset[str] = frozenset()
    """Identifiers that the file names, but that were refused: they are neither changed nor taken for gone."""
    related: int = 0
    """Pairs of related competencies that could be read as prerequisites, if somebody says so."""

    @property
    def refused(self) -> int:
        """Rows or objects that were left out."""
        return sum(problem.weight is Weight.REFUSED for problem in self.problems)

    def with_related_as_prerequisites(self) -> "FrameworkFile":
        """The same, with what is related as prerequisites: what stands first in the file comes before."""
        place = {row.identifier: number for number, row in enumerate(self.competencies)}
        links = []
        for link in self.links:
            if link.kind is LinkKind.RELATED:
                origin, destination = sorted((link.origin, link.destination), key=place.__getitem__)
                links.append(replace(link, origin=origin, destination=destination, kind=LinkKind.PRECEDES))
            else:
                links.append(link)
        return replace(self, links=tuple(links), kinds=self.kinds | {LinkKind.PRECEDES}, related=0)


def shortened(text: str, most: int) -> str:
    """The text, cut to ``most`` characters with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
