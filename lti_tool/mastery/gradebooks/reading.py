"""Which LMS wrote a file is told by its header."""

from lti_tool.mastery.gradebooks import canvas, moodle, others, schoology
from lti_tool.mastery.gradebooks.table import rows_of
from lti_tool.mastery.gradebooks.values import GradebookFile, UnreadableGradebook


def read_gradebook(content: bytes) -> GradebookFile:
    """A gradebook export of Canvas, Moodle, Schoology, Blackboard or Brightspace as values, recognised by its header.

    At most 20 MB. Raises UnreadableGradebook for anything else, for one without columns of grades, and for one without
    people.
    """
    rows = rows_of(content)
    if not rows:
        raise UnreadableGradebook("the file is empty")
    header = rows[0][1]
    if canvas.is_canvas(header):
        found = canvas.read(rows)
    elif moodle.is_moodle(header):
        found = moodle.read(rows)
    elif others.is_blackboard(header) or others.is_brightspace(header):
        found = others.read(rows)
    elif schoology.is_schoology(header):
        found = schoology.read(rows)
    elif moodle.looks_like_moodle(rows):
        found = moodle.read(rows)
    else:
        raise UnreadableGradebook("the header is of no known export")
    if not found.columns:
        raise UnreadableGradebook("there are no columns of grades")
    if not found.rows:
        raise UnreadableGradebook("there are no rows of students")
    return found
