"""What a playlist means: progress, the next step and why it is next, what is open, and when a score is owed.

Pure logic: it is given what stands in the database and the time, and gives back what should stand there. Progress is how
much of a path is done; nothing here says what anybody knows.

Decisions that the pages and the documentation repeat:

- A playlist without must-dos counts all its steps: it is finished when every one of them is done.
- A choice asks for some of a section's may-dos, whichever: those count as if they were must-dos.
- A personal playlist counts steps done towards the number the teacher asks for, never what is still to come.
- What was done stays done. A later, lower result in the LMS takes nothing back; a teacher can, and so can the student
  with a step they marked themselves.
- What was begun stays open, whatever changes around it.
- A number that is owed to a gradebook falls only when work is taken back, never because the teacher changed the playlist.
"""

from lti_tool.playlists.rules.following import Next, NoNext, NothingNext, Why, next_step, nothing_next
from lti_tool.playlists.rules.scores import Attention, Owed, attention, owed, points_given
from lti_tool.playlists.rules.standing import (
    ENOUGH,
    Standing,
    afresh,
    asked_again,
    completed,
    counting_result,
    marked,
    opened,
    settled,
    skipped,
    tested,
    unmarked,
    with_result,
    written,
)
from lti_tool.playlists.rules.testing_out import passes_for, tests_out
from lti_tool.playlists.rules.unlocking import Waits, WaitsFor, locked, waits
from lti_tool.playlists.rules.walk import Progress, Section, Step, Walk, counting, missing_choices, progress

__all__ = [
    "ENOUGH",
    "Attention",
    "Next",
    "NoNext",
    "NothingNext",
    "Owed",
    "Progress",
    "Section",
    "Standing",
    "Step",
    "Waits",
    "WaitsFor",
    "Walk",
    "Why",
    "afresh",
    "asked_again",
    "attention",
    "completed",
    "counting",
    "counting_result",
    "locked",
    "marked",
    "missing_choices",
    "next_step",
    "nothing_next",
    "opened",
    "owed",
    "passes_for",
    "points_given",
    "progress",
    "settled",
    "skipped",
    "tested",
    "tests_out",
    "unmarked",
    "waits",
    "with_result",
    "written",
]
