"""Reads courses out of files: Common Cartridge 1.1 to 1.4, Canvas's exports of it, and Moodle's backups.

A pure reader: a file goes in, a frozen ``CourseContent`` comes out, nothing is written anywhere. Whatever is not understood
is listed in ``CourseContent.notes``; a file that cannot be trusted or is no cartridge raises one ``CartridgeError``.
Bodies are the author's HTML as it stands in the file: whoever shows it cleans it first.
"""

from lti_tool.cartridges.archive import Limits
from lti_tool.cartridges.content import (
    Blank,
    CartridgeError,
    Choice,
    CourseContent,
    CourseFile,
    Item,
    ItemKind,
    Module,
    NumberRange,
    OldToolLink,
    Origin,
    Other,
    Outcome,
    Question,
    QuestionKind,
    Rating,
    Requirement,
    Rubric,
    RubricCriterion,
)
from lti_tool.cartridges.notes import Note
from lti_tool.cartridges.opening import read_course
from lti_tool.cartridges.reader import read_cartridge

__all__ = [
    "Blank",
    "CartridgeError",
    "Choice",
    "CourseContent",
    "CourseFile",
    "Item",
    "ItemKind",
    "Limits",
    "Module",
    "Note",
    "NumberRange",
    "OldToolLink",
    "Origin",
    "Other",
    "Outcome",
    "Question",
    "QuestionKind",
    "Rating",
    "Requirement",
    "Rubric",
    "RubricCriterion",
    "read_cartridge",
    "read_course",
]
