"""What reading a file of questions gives: banks and quizzes, each question converted or listed, and why."""

from dataclasses import dataclass
from enum import StrEnum

from lti_tool.checks.questions import Question
from lti_tool.checks.reading.pictures import Picture
from lti_tool.errors import BadRequest, TooLarge
from lti_tool.web.i18n import N_

MOST_BYTES = 20_000_000
"""Bytes of a file that is one document."""

MOST_OF_A_PACKAGE = 200_000_000
"""Bytes of a zip file: of a whole course, most are films and other files, which are never unpacked."""

MOST_QUESTIONS = 5_000
"""Questions of one file, those that are listed included."""

MOST_PARTS = 200
"""Choices, rows, gaps or accepted answers of one question."""

MOST_TEXT = 20_000
"""Characters of one text of a question: a prompt, a choice, a feedback."""


class UnreadableQuestions(BadRequest):
    """A file in which no questions can be read."""

    code = "questions-unreadable"
    title = N_("This file could not be read")
    advice = N_("Export it again from the program that wrote it and try once more. Nothing was changed.")


class UnknownQuestionFormat(UnreadableQuestions):
    """A file that is none of the formats."""

    code = "questions-format-unknown"
    title = N_("There are no questions in this file that the tool can read")
    advice = N_(
        "It reads Common Cartridges and Canvas exports (.imscc), QTI 1.2, 2.1, 2.2 and 3.0 (.zip or .xml), Moodle XML, GIFT and "
        "Moodle's backups of courses (.mbz). "
        "Nothing was changed."
    )


MOODLE_BACKUP = N_(
    "It is a backup of a Moodle course without questions. Make it with the question bank, or export the bank in Moodle XML "
    "format; its activities come in on the page “Content and results”. Nothing was changed."
)
PLAIN_TEXT = N_(
    "Questions in Aiken's plain text are not read, those in GIFT are. Import them into a Moodle and export them from there in "
    "Moodle XML format, or write them in a new check. Nothing was changed."
)


class UnsafeQuestions(UnreadableQuestions):
    """A file that would do harm if it were read."""

    code = "questions-unsafe"
    title = N_("This file is not safe to read")
    advice = N_(
        "It declares document types or entities, nests thousands of parts in one another, or unpacks to far more than it is. "
        "Export it again from the program that wrote it. Nothing was changed."
    )


class QuestionsTooLarge(TooLarge):
    """A file beyond what is read at once."""

    code = "questions-too-large"
    title = N_("This file is too large")
    advice = N_(
        "A package may have 200 megabytes, other files 20 megabytes, and either 5000 questions. Export fewer quizzes at once, or "
        "without media. Nothing was changed."
    )


class Format(StrEnum):
    """What a file is."""

    CARTRIDGE = "common-cartridge"
    CANVAS = "canvas"
    QTI1 = "qti-1.2"
    QTI2 = "qti-2"
    QTI3 = "qti-3"
    MOODLE = "moodle-xml"
    MOODLE_BACKUP = "moodle-backup"
    GIFT = "gift"


class Why(StrEnum):
    """Why a question was left out, or what of it was."""

    # Left out.
    NEEDS_A_PERSON = "needs-a-person"
    NO_QUESTION = "no-question"
    NO_RIGHT_ANSWER = "no-right-answer"
    UNKNOWN_KIND = "unknown-kind"
    RANDOM = "random"
    COMPUTED = "computed"
    PICTURE_IS_THE_QUESTION = "picture-is-the-question"
    SEVERAL_IN_ONE = "several-in-one"
    ADAPTIVE = "adaptive"
    SCORING = "scoring"
    TOO_FEW_CHOICES = "too-few-choices"
    TOO_LONG = "too-long"
    NOT_READABLE = "not-readable"
    NOT_THERE = "not-there"
    SURVEY = "survey"
    TWICE = "twice"
    NO_END = "no-end"
    UNCLEAR = "unclear"
    # Taken over, with something left out or changed.
    PICTURES = "pictures"
    UNDESCRIBED = "undescribed"
    MEDIA = "media"
    LINKS = "links"
    FORMULAS = "formulas"
    FIRST_NUMBERS = "first-numbers"
    UNITS = "units"
    CASE = "case"
    WEIGHTS = "weights"
    FEEDBACK = "feedback"
    NO_POINTS = "no-points"
    SUBSET = "subset"
    AS_MATCHING = "as-matching"
    AS_CHOICES = "as-choices"
    AS_NUMBER = "as-number"
    SIMPLER_SCORING = "simpler-scoring"
    STIMULUS = "stimulus"
    GUESSED_KIND = "guessed-kind"
    SHORTENED = "shortened"
    # Of a whole quiz or file.
    DRAWS = "draws"
    DRAWS_FROM = "draws-from"
    LOCKED = "locked"
    WAS_SURVEY = "was-survey"
    FILES = "files"


WORDS: dict[Why, str] = {
    Why.NEEDS_A_PERSON: N_("A person has to read its answers; a check is marked by the tool."),
    Why.NO_QUESTION: N_("It asks nothing: it is text between questions."),
    Why.NO_RIGHT_ANSWER: N_("The file does not say which answer is right."),
    Why.UNKNOWN_KIND: N_("Questions of the kind “%(what)s” are not known here."),
    Why.RANDOM: N_("It is a place for a random question, and has none of its own."),
    Why.COMPUTED: N_("Its numbers are drawn anew for each student by a formula."),
    Why.PICTURE_IS_THE_QUESTION: N_("It is answered on a picture."),
    Why.SEVERAL_IN_ONE: N_("It asks several questions of different kinds in one."),
    Why.ADAPTIVE: N_("It changes while it is answered."),
    Why.SCORING: N_("Its own way of counting points is not understood."),
    Why.TOO_FEW_CHOICES: N_("It has fewer than two things to choose from."),
    Why.TOO_LONG: N_("It has more parts or text than a question may have."),
    Why.NOT_READABLE: N_("Its part of the file is broken: %(what)s."),
    Why.NOT_THERE: N_("The file names it and does not have it: %(what)s."),
    Why.SURVEY: N_("It is asked in a survey, where nothing is right or wrong."),
    Why.TWICE: N_("Its identifier stands in the file twice. The first one was taken."),
    Why.PICTURES: N_(
        "Pictures that are not in the file, or too large, were left out; their descriptions stand in their places."
    ),
    Why.UNDESCRIBED: N_(
        "A picture has no description for who does not see it. Open the question and say what it shows."
    ),
    Why.MEDIA: N_("Sound, films or embedded pages were left out."),
    Why.LINKS: N_("Links into the course it comes from lead nowhere now; their words were kept."),
    Why.FORMULAS: N_("Formulas are shown as they were typed."),
    Why.FIRST_NUMBERS: N_("A formula drew its numbers anew for each student; everyone gets the first ones now."),
    Why.UNITS: N_("Units were left out: the number alone is compared."),
    Why.CASE: N_("Capital letters mattered in some gaps; they matter in none now."),
    Why.WEIGHTS: N_("Its parts were worth differently much; they are worth the same now."),
    Why.FEEDBACK: N_("Some of its feedback was left out."),
    Why.NO_POINTS: N_("It was worth no points; it is worth one now."),
    Why.SUBSET: N_("Each student saw some of its parts; everyone sees all of them now."),
    Why.AS_MATCHING: N_("It was answered by making pairs; it is a matching question now."),
    Why.AS_CHOICES: N_("It was answered by marking words in a text; the words are choices now."),
    Why.AS_NUMBER: N_("It was answered with a slider; the number is typed now."),
    Why.SIMPLER_SCORING: N_("Its own way of counting points was left out: the right answer gets all points."),
    Why.STIMULUS: N_("A text that belongs to it is not in the file: %(what)s."),
    Why.GUESSED_KIND: N_("The file names no kind that is known (%(what)s); it was taken for what it looks like."),
    Why.SHORTENED: N_("A text was too long and was shortened."),
    Why.DRAWS: N_("It drew some of its questions at random. The check draws %(what)s of all of them."),
    Why.DRAWS_FROM: N_("It draws from a bank that is not in the file: %(what)s."),
    Why.WAS_SURVEY: N_(
        "It was a survey, where nothing is right or wrong: look at what counts as right before anybody takes it."
    ),
    Why.LOCKED: N_("Its access code or address filter was left out."),
    Why.NO_END: N_("Its answers begin with a brace and have no closing one before the next empty line."),
    Why.UNCLEAR: N_("Its answers cannot be told apart here: %(what)s."),
    Why.FILES: N_("This part of the file could not be read: %(what)s."),
}
"""Each reason as a person reads it."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was left out or changed. ``what`` is a name or number out of the file, cut to 200 characters."""

    why: Why
    what: str = ""

    @property
    def words(self) -> str:
        """The sentence in English; pages translate ``WORDS`` and fill it in themselves."""
        return WORDS[self.why] % {"what": self.what}


@dataclass(frozen=True, slots=True)
class Entry:
    """One question of the file: converted (``question``), with remarks where something was left out; or listed (``left_out``).

    ``identifier`` names it within the file. Exactly one of ``question`` and ``left_out`` is set.
    """

    identifier: str
    title: str
    question: Question | None = None
    left_out: Note | None = None
    remarks: tuple[Note, ...] = ()
    line: int | None = None
    """Where it begins, in a file that people write by hand."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Questions under a name. ``own`` is set where they are a quiz's own, and the bank is there for that quiz alone."""

    identifier: str
    title: str
    entries: tuple[Entry, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Quiz:
    """A quiz that becomes a check. ``asks`` are (bank, entry) by identifier, in order; listed entries among them.

    ``count`` None: all are asked. ``attempts`` None: as many as one likes. ``minutes`` None: no time limit.
    """

    identifier: str
    title: str
    introduction: str = ""
    asks: tuple[tuple[str, str], ...] = ()
    count: int | None = None
    shuffled: bool = False
    attempts: int | None = None
    minutes: int | None = None
    remarks: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds."""

    format: Format
    title: str = ""
    banks: tuple[Bank, ...] = ()
    quizzes: tuple[Quiz, ...] = ()
    remarks: tuple[Note, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every question of the file, once."""
        return tuple(entry for bank in self.banks for entry in bank.entries)

    @property
    def converted(self) -> int:
        """Questions that can be brought in."""
        return sum(entry.question is not None for entry in self.entries)

    @property
    def listed(self) -> tuple[Entry, ...]:
        """Questions that cannot."""
        return tuple(entry for entry in self.entries if entry.question is None)


class LeftOut(Exception):
    """A question that cannot be converted, raised where that is noticed and caught where the question is listed."""

    def __init__(self, why: Why, what: str = "") -> None:
        super().__init__(why.value)
        self.note = Note(why, what[:200])
