"""Reading the gradebook exports of Canvas, Moodle, Schoology, Blackboard and Brightspace. Pure: text in, values out.

So that a teacher without any API rights can start on the first day.
"""

from lti_tool.mastery.gradebooks.reading import read_gradebook
from lti_tool.mastery.gradebooks.values import (
    Cell,
    CellKind,
    GradebookFile,
    GradeColumn,
    GradeRow,
    Identity,
    Skipped,
    UnreadableGradebook,
)

__all__ = [
    "Cell",
    "CellKind",
    "GradeColumn",
    "GradeRow",
    "GradebookFile",
    "Identity",
    "Skipped",
    "UnreadableGradebook",
    "read_gradebook",
]
