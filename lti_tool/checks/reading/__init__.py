"""Reads questions out of files: ``read(name, data)`` gives a ``Reading``, in which every question is accounted for."""

from lti_tool.checks.reading.pictures import Picture
from lti_tool.checks.reading.recognise import read, shown_by
from lti_tool.checks.reading.values import (
    MOST_OF_A_PACKAGE,
    WORDS,
    Bank,
    Entry,
    Format,
    Note,
    QuestionsTooLarge,
    Quiz,
    Reading,
    UnknownQuestionFormat,
    UnreadableQuestions,
    UnsafeQuestions,
    Why,
)

__all__ = [
    "MOST_OF_A_PACKAGE",
    "WORDS",
    "Bank",
    "Entry",
    "Format",
    "Note",
    "Picture",
    "QuestionsTooLarge",
    "Quiz",
    "Reading",
    "UnknownQuestionFormat",
    "UnreadableQuestions",
    "UnsafeQuestions",
    "Why",
    "read",
    "shown_by",
]
