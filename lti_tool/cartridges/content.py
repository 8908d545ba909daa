"""What a course consists of, however it came: the result of reading a cartridge, and of our own sample course."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lti_tool.cartridges.notes import Note


class CartridgeError(Exception):
    """A file that is not read at all: no cartridge, damaged, or dangerous. Nothing of it is kept.

    ``code`` is a stable kebab-case word (listed in docs/cartridges.md); ``message`` is a sentence for the person who chose
    the file. ``other`` says what it is instead, where that is known.
    """

    def __init__(self, code: str, message: str, other: "Other | None" = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.other = other


class Other(StrEnum):
    """Packages with a manifest that are no cartridges."""

    QUESTIONS = "questions"
    SCORM = "scorm"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"


class ItemKind(StrEnum):
    """What an item of a module is."""

    PAGE = "page"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"
    DISCUSSION = "discussion"
    FILE = "file"
    LINK = "link"
    TOOL = "tool"
    HEADING = "heading"
    UNKNOWN = "unknown"
    """Stands in its place with its title; what it holds was not understood (a note says why)."""


class Requirement(StrEnum):
    """What a student has to do for an item to count as completed where it comes from."""

    VIEW = "view"
    SUBMIT = "submit"
    CONTRIBUTE = "contribute"
    MARK = "mark"
    SCORE = "score"
    OTHER = "other"


class QuestionKind(StrEnum):
    """How a question is answered."""

    MULTIPLE_CHOICE = "multiple_choice"
    MULTIPLE_RESPONSE = "multiple_response"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    NUMERICAL = "numerical"
    ESSAY = "essay"
    MATCHING = "matching"
    BLANKS = "blanks"
    """Several gaps, each typed in or chosen from its own list."""
    UPLOAD = "upload"
    TEXT = "text"
    """No question, only words between questions; worth nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose. ``html`` is untrusted."""

    identifier: str
    html: str
    correct: bool = False


@dataclass(frozen=True, slots=True)
class Blank:
    """One row of a matching question, or one gap: chosen from ``choices``, or typed and compared with ``accepted``."""

    identifier: str
    label: str
    choices: tuple[Choice, ...] = ()
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A right answer to a numerical question: anything from ``low`` to ``high``, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a quiz. ``points`` ≥ 0; ``prompt`` and the feedback texts are untrusted HTML."""

    identifier: str
    kind: QuestionKind
    prompt: str
    points: float = 1.0
    title: str = ""
    choices: tuple[Choice, ...] = ()
    blanks: tuple[Blank, ...] = ()
    accepted: tuple[str, ...] = ()
    ranges: tuple[NumberRange, ...] = ()
    patterns: tuple[str, ...] = ()
    """Parts of a word that suffice (Common Cartridge's pattern match), beside ``accepted``."""
    case_sensitive: bool = False
    feedback_right: str = ""
    feedback_wrong: str = ""
    feedback: str = ""

    @property
    def marked_by_hand(self) -> bool:
        """A person has to read the answer: by its kind, or because no right answer is stated."""
        match self.kind:
            case QuestionKind.ESSAY | QuestionKind.UPLOAD:
                return True
            case QuestionKind.TEXT:
                return False
            case QuestionKind.SHORT_ANSWER:
                return not (self.accepted or self.patterns)
            case QuestionKind.NUMERICAL:
                return not self.ranges
            case QuestionKind.MATCHING | QuestionKind.BLANKS:
                return not any(blank.accepted or any(c.correct for c in blank.choices) for blank in self.blanks)
            case _:
                return not any(choice.correct for choice in self.choices)


@dataclass(frozen=True, slots=True)
class OldToolLink:
    """A link to a tool as LTI 1.1 described it; kept to be shown, never launched (LTI 1.1 has ended)."""

    url: str | None
    description: str = ""
    vendor: str = ""
    custom: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a module, with all it holds. The same content may stand in two places: then two items, one ``content_id``.

    ``identifier`` is the place's, ``content_id`` the resource's (empty for headings). ``indent`` counts levels from 0.
    ``body`` is untrusted HTML. ``points`` is None where nothing is graded. ``attempts`` None means as many as one likes.
    ``path`` is the file's path inside of the cartridge (files, and pages that came as files).
    """

    identifier: str
    content_id: str
    kind: ItemKind
    title: str
    indent: int = 0
    published: bool = True
    body: str = ""
    url: str | None = None
    new_window: bool = False
    points: float | None = None
    due_at: datetime | None = None
    group: str | None = None
    submission_types: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    attempts: int | None = None
    minutes: int | None = None
    shuffle: bool = False
    tool: OldToolLink | None = None
    path: str | None = None
    requirement: Requirement | None = None
    requirement_points: float | None = None
    """Points to reach, where the requirement is a score."""
    announcement: bool = False
    activity: str = ""
    """Moodle's name of the kind of activity, such as ``assign``; other files have none."""


@dataclass(frozen=True, slots=True)
class Module:
    """A named, ordered part of the course."""

    identifier: str
    title: str
    items: tuple[Item, ...] = ()
    published: bool = True


@dataclass(frozen=True, slots=True)
class CourseFile:
    """A file of the course, with its bytes. ``media_type`` is guessed from the name."""

    identifier: str
    path: str
    media_type: str
    data: bytes

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Rating:
    """One level of an outcome or of a rubric's criterion."""

    description: str
    points: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A learning outcome (Canvas). ``group`` is the path of its groups, outermost first."""

    identifier: str
    title: str
    description: str = ""
    group: tuple[str, ...] = ()
    points: float | None = None
    mastery_points: float | None = None
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True, slots=True)
class RubricCriterion:
    """One row of a rubric."""

    identifier: str
    description: str
    points: float | None = None
    outcome_id: str | None = None
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True, slots=True)
class Rubric:
    """A rubric (Canvas)."""

    identifier: str
    title: str
    points: float | None = None
    criteria: tuple[RubricCriterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Which course a file was made of, as the file says it: the platform's address, and its id of the course."""

    site: str
    course_id: str


@dataclass(frozen=True, slots=True)
class CourseContent:
    """A whole course. ``unplaced`` holds the items that the cartridge has but that stand in no module.

    ``version`` is the cartridge's own (``1.1.0``), or Moodle's; ``source`` is ``common-cartridge``, ``thin``,
    ``content-package``, ``canvas``, ``moodle`` or ``sample``. ``partial``: the file says that it holds a part of its course;
    ``holds_questions``: that it has quizzes or banks of QTI.
    """

    title: str
    identifier: str
    version: str = ""
    source: str = "common-cartridge"
    description: str = ""
    language: str | None = None
    modules: tuple[Module, ...] = ()
    unplaced: tuple[Item, ...] = ()
    files: tuple[CourseFile, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    rubrics: tuple[Rubric, ...] = ()
    notes: tuple[Note, ...] = ()
    origin: Origin | None = None
    partial: bool = False
    holds_questions: bool = False

    def items(self) -> Iterator[Item]:
        """All items in order: module by module, then the unplaced ones."""
        for module in self.modules:
            yield from module.items
        yield from self.unplaced
