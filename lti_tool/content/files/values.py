"""What a course's file is once it was read, and the errors of reading one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lti_tool.cartridges.notes import WORDS, sentence
from lti_tool.errors import BadRequest, TooLarge
from lti_tool.platforms.native import NativeKind, NativeRequirement
from lti_tool.web.i18n import N_, current_language

MOST_ITEMS = 10_000
"""Items of one file. A course of a thousand is a large one."""

MOST_NOTES = 300
"""Notes of one file that are kept for the preview; what is beyond is counted."""


class UnknownCourseFile(BadRequest):
    """A file that holds no course in a form that can be read."""

    code = "course-file-unknown"
    title = N_("There is no course in this file that the tool can read")
    advice = N_(
        "It reads Common Cartridges 1.1 to 1.4 and thin ones, Canvas exports (.imscc), and backups of Moodle 2 and later (.mbz). "
        "Export the whole course from your LMS, and choose the file as it came. Nothing was changed."
    )


QUESTIONS = N_(
    "It holds questions and no course. Bring it in on the page “Checks”, with the button “Bring questions in”. Nothing was "
    "changed."
)
SCORM = N_(
    "It is a SCORM package, which opens in an LMS alone. Add it to your course there; then bring the course in, or "
    "paste the address where it opens. Nothing was changed."
)
OTHER_FORMAT = N_(
    "It is an export in %(name)s’s own format, which no other program reads. Export the course there as a Common Cartridge, and "
    "choose that file. Nothing was changed."
)


class EmptyCourseFile(BadRequest):
    """A file of a course that has nothing in it."""

    code = "course-file-empty"
    title = N_("The course in this file is empty")
    advice = N_(
        "The file was read whole, and has no modules, pages, quizzes or other items. Export the course again once there is "
        "something in it, and see that you export all of it. Nothing was changed."
    )


class EmptyCanvasExport(EmptyCourseFile):
    """An export of Canvas with nothing in it but settings."""

    code = "canvas-export-empty"
    title = N_("This is a Canvas export of an empty course")


class BrokenCourseFile(BadRequest):
    """A file that breaks off or is damaged."""

    code = "course-file-broken"
    title = N_("This file is damaged")
    advice = N_(
        "It breaks off, or parts of it cannot be unpacked. Export it again, or download it once more. Nothing was changed."
    )


class UnsafeCourseFile(BadRequest):
    """A file that would do harm if it were read."""

    code = "course-file-unsafe"
    title = N_("This file is not safe to read")
    advice = N_(
        "It points outside of itself, declares document types or entities, needs a password, or unpacks to far more than it is. "
        "Export it again from your LMS. Nothing was changed."
    )


class CourseFileTooLarge(TooLarge):
    """A file beyond what is read at once."""

    code = "course-file-too-large"
    title = N_("This file is too large")
    advice = N_(
        "A file may have 200 megabytes, 20,000 files inside and 10,000 items. In Moodle, make the backup without files and "
        "without users. Nothing was changed."
    )


class Form(StrEnum):
    """What a file is."""

    CARTRIDGE = "common-cartridge"
    THIN = "thin"
    PACKAGE = "content-package"
    CANVAS = "canvas"
    MOODLE = "moodle"


FORMS = {
    Form.CARTRIDGE: N_("Common Cartridge"),
    Form.THIN: N_("thin Common Cartridge"),
    Form.PACKAGE: N_("content package"),
    Form.CANVAS: N_("Canvas export"),
    Form.MOODLE: N_("Moodle backup"),
}


class Left(StrEnum):
    """Why something of the file becomes no item of the course."""

    LOOSE_FILE = "loose-file"
    ANNOUNCEMENT = "announcement"
    NOT_UNDERSTOOD = "not-understood"
    THIS_TOOL = "this-tool"


@dataclass(frozen=True, slots=True)
class FileItem:
    """An item of a file, in the file's order. ``name`` is what the file knows it by.

    ``url`` leads there from anywhere; ``home_url`` does so in the course that the file was made of, and nowhere else.
    """

    name: str
    kind: NativeKind
    title: str
    url: str | None = None
    home_url: str | None = None
    section: str = ""
    indent: int = 0
    points: float | None = None
    due_at: datetime | None = None
    published: bool = True
    requirement: NativeRequirement | None = None
    requirement_points: float | None = None


@dataclass(frozen=True, slots=True)
class FileNote:
    """A remark about a file: where it stands, and the code and values of what is said (``cartridges.notes``)."""

    where: str
    why: str
    values: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """What is said, in the language of whoever reads it now."""
        return sentence(current_language().gettext(WORDS[self.why]), self.values)


@dataclass(frozen=True, slots=True)
class FileReading:
    """A course's file, read. ``key`` tells files of one course from those of another; ``site`` and ``course_id`` name the course
    it was made of, where the file says so. ``partial``: it says that it holds a part of its course.

    ``left`` counts what becomes no item, by reason; ``notes`` say where something was not understood, and why.
    """

    form: Form
    title: str
    version: str
    key: str
    items: tuple[FileItem, ...]
    site: str = ""
    course_id: str = ""
    partial: bool = False
    left: Mapping[Left, int] = field(default_factory=dict)
    notes: tuple[FileNote, ...] = ()
    more_notes: int = 0
