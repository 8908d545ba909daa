"""What readers of files remark: a code with values, and the English sentence that they make. Whoever shows it may translate it.

The sentences are message ids of gettext with places such as ``%(title)s``. Codes are kept with files that wait for a yes, so a
code keeps its meaning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


def N_(message: str) -> str:  # noqa: N802 - the name gettext's tools look for; this room knows none of the web's.
    """Mark a message id for extraction."""
    return message


class Why(StrEnum):
    """What was not understood, or not kept as it was."""

    DOUBLED_FILE = "doubled-file"
    NOT_XML = "not-xml"
    NOT_ENCODED = "not-encoded"
    NO_FILE = "no-file"
    NO_SETTINGS = "no-settings"
    NO_ASSESSMENT = "no-assessment"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_RESOURCE = "unknown-resource"
    UNKNOWN_KIND = "unknown-kind"
    REFERS_NOWHERE = "refers-nowhere"
    REFERS_TO_NOTHING = "refers-to-nothing"
    NO_ADDRESS = "no-address"
    NO_LINK_ADDRESS = "no-link-address"
    OLD_TOOLS = "old-tools"
    NO_SUCH_FILE = "no-such-file"
    UNLISTED = "unlisted"
    OUTSIDE = "outside"
    PACKAGE = "package"
    NEAREST_VERSION = "nearest-version"
    SECOND_ORGANIZATION = "second-organization"
    SECOND_RESOURCE = "second-resource"
    PREREQUISITES = "prerequisites"
    IN_ORDER = "in-order"
    UNLOCKS = "unlocks"
    CALENDAR = "calendar"
    GRADING_SCHEMES = "grading-schemes"
    FILE_LOCKS = "file-locks"
    CAPTIONS = "captions"
    LATE_POLICY = "late-policy"
    SETTINGS = "settings"
    ANNOUNCEMENT = "announcement"
    ATTACHMENT = "attachment"
    LARGE = "large"
    NO_ID = "no-id"
    NOT_DESCRIBED = "not-described"
    READ_AS_LINK = "read-as-link"
    SURVEY = "survey"
    ONE_AT_A_TIME = "one-at-a-time"
    LOCKED_QUIZ = "locked-quiz"
    NO_QUESTIONS = "no-questions"
    BANK = "bank"
    NO_BANK = "no-bank"
    DRAWS = "draws"
    UNKNOWN_QUESTION = "unknown-question"
    NOTHING_RIGHT = "nothing-right"
    NO_NUMBERS = "no-numbers"
    FIRST_NUMBERS = "first-numbers"


WORDS: Mapping[str, str] = {
    Why.DOUBLED_FILE: N_("stands twice in the zip file; the last one is read"),
    Why.NOT_XML: N_("was not understood: the XML is not well-formed, or not in the encoding it states"),
    Why.NOT_ENCODED: N_("was not understood: the text is not in the encoding it states (%(encoding)s)"),
    Why.NO_FILE: N_("was not understood: the cartridge does not have the file"),
    Why.NO_SETTINGS: N_("was not understood: the cartridge does not have the assignment's settings"),
    Why.NO_ASSESSMENT: N_("was not understood: it holds no assessment"),
    Why.UNKNOWN_TYPE: N_("was not understood: resources of the type “%(type)s” are not known"),
    Why.UNKNOWN_RESOURCE: N_("resources of the type “%(type)s” are not known"),
    Why.UNKNOWN_KIND: N_("“%(title)s” is of the unknown kind “%(kind)s”"),
    Why.REFERS_NOWHERE: N_("“%(title)s” refers to %(reference)s, which the cartridge does not have"),
    Why.REFERS_TO_NOTHING: N_("“%(title)s” refers to nothing (“%(kind)s”)"),
    Why.NO_ADDRESS: N_("its address is no web address (%(address)s); it opens nothing"),
    Why.NO_LINK_ADDRESS: N_("“%(title)s”: its address is no web address (%(address)s); it opens nothing"),
    Why.OLD_TOOLS: N_(
        "%(count)s links to tools are kept in their places but open no tool: they carry LTI 1.1's addresses, and a tool has to "
        "be registered anew for LTI 1.3"
    ),
    Why.NO_SUCH_FILE: N_("lists the file %(file)s, which the cartridge does not have"),
    Why.UNLISTED: N_("is listed by no resource of the manifest; left out"),
    Why.OUTSIDE: N_("points outside of the cartridge (%(address)s); the file was not opened"),
    Why.PACKAGE: N_("is a content package: its order and its files are read, and nothing else"),
    Why.NEAREST_VERSION: N_("is Common Cartridge %(version)s; it is read as the nearest of 1.1 to 1.4"),
    Why.SECOND_ORGANIZATION: N_("is a second organization; only the first is read"),
    Why.SECOND_RESOURCE: N_("is the identifier of two resources; only the first is read"),
    Why.PREREQUISITES: N_("Module “%(title)s”: the prerequisite %(others)s is left out"),
    Why.IN_ORDER: N_("Module “%(title)s”: the demand to go in order is left out"),
    Why.UNLOCKS: N_("Module “%(title)s”: the date of unlocking is left out"),
    Why.CALENDAR: N_("the course's calendar is left out (%(count)s entries): %(titles)s"),
    Why.GRADING_SCHEMES: N_("grading schemes are left out; grades are shown in points (%(count)s entries)"),
    Why.FILE_LOCKS: N_("locks and display names of files are left out (%(count)s entries)"),
    Why.CAPTIONS: N_("captions of recorded media are left out (%(count)s entries)"),
    Why.LATE_POLICY: N_("the late policy is left out (%(count)s entries)"),
    Why.SETTINGS: N_("these settings of Canvas have no counterpart here (%(count)s entries)"),
    Why.ANNOUNCEMENT: N_("“%(title)s” is an announcement; it is kept as a discussion"),
    Why.ATTACHMENT: N_("its attachment %(file)s is found among the files only"),
    Why.LARGE: N_("is larger than %(megabytes)s MB and was not read"),
    Why.NO_ID: N_("names an activity without an id (“%(title)s”)"),
    Why.NOT_DESCRIBED: N_("“%(title)s” is named, and the backup does not describe it"),
    Why.READ_AS_LINK: N_("“%(title)s” is of the kind “%(kind)s”, which is read as a link"),
    Why.SURVEY: N_("“%(title)s” is a survey; it is taken like a quiz"),
    Why.ONE_AT_A_TIME: N_("“%(title)s” shows one question at a time in Canvas; here it shows all at once"),
    Why.LOCKED_QUIZ: N_("“%(title)s” has an access code or an address filter, which are left out"),
    Why.NO_QUESTIONS: N_("the quiz “%(title)s” has no questions"),
    Why.BANK: N_("is a bank of %(count)s questions (“%(title)s”), which belongs to no module; left out"),
    Why.NO_BANK: N_("“%(quiz)s” draws its questions from the bank %(bank)s, which the cartridge does not have"),
    Why.DRAWS: N_(
        "“%(quiz)s” draws %(wanted)s of %(count)s questions at random; here it is always the first %(wanted)s"
    ),
    Why.UNKNOWN_QUESTION: N_("“%(quiz)s” has a question of the unknown kind “%(stated)s”; it is shown as %(kind)s"),
    Why.NOTHING_RIGHT: N_("“%(quiz)s” has a question that names no right answer; it is marked by hand"),
    Why.NO_NUMBERS: N_("“%(quiz)s” has a formula question without prepared values"),
    Why.FIRST_NUMBERS: N_(
        "“%(quiz)s” has formula questions; everyone gets the first of their prepared sets of numbers"
    ),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is remarked; as text, it is the English sentence."""

    why: Why
    values: tuple[tuple[str, str], ...] = ()

    @property
    def named(self) -> dict[str, str]:
        """The values by name."""
        return dict(self.values)

    def about(self, **more: str) -> "Said":
        """The same with more values."""
        return Said(self.why, (*self.values, *more.items()))

    def __str__(self) -> str:
        """In English."""
        return WORDS[self.why] % _Named(self.named)


def said(why: Why, **values: str | int) -> Said:
    """What is remarked, with its values."""
    return Said(why, tuple((name, str(value)) for name, value in values.items()))


class _Named(dict[str, str]):
    """Values by name; one that is missing is a gap in the sentence and no error."""

    def __missing__(self, name: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not understood, or not kept as it was: where it stands and why."""

    where: str
    said: Said

    @property
    def reason(self) -> str:
        """Why, in English."""
        return str(self.said)


Remark = Callable[[str, Said], None]
"""Takes where something stands, and what is said of it."""


def sentence(words: str, values: Mapping[str, str]) -> str:
    """A sentence of ``WORDS``, or what it was translated into, with its values."""
    return words % _Named(values)
