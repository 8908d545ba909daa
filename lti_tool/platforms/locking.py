"""How an LMS itself locks its own items until a student has got far enough, and the words for it where nothing more is known.

A tool cannot lock what belongs to the LMS. An LMS can, by its own rules, and these can go by a column that the tool sends scores
to. Each LMS's file has its own ways (``Quirks.locking``), by the names of its own menus. They are gettext message ids.
"""

from dataclasses import dataclass

from lti_tool.web.i18n import N_


@dataclass(frozen=True, slots=True)
class LockingWay:
    """One way, step by step. ``fits`` says what it is good for, ``remark`` what to look out for; either may be empty."""

    title: str
    steps: tuple[str, ...]
    fits: str = ""
    remark: str = ""


GENERAL = (
    LockingWay(
        N_("By the rules of your LMS"),
        (
            N_("In your LMS, open the settings of the item, module or folder that is to stay locked."),
            N_("Look for release conditions, restrictions or prerequisites, and choose one that goes by a grade."),
            N_("Choose the column of the playlist or menu, and enter the score that is needed."),
            N_("Save, and look at the item as a student."),
        ),
        remark=N_(
            "Not every LMS has such rules. Where it has none, the order on a playlist is advice that students can go around."
        ),
    ),
)
"""Where nothing is known of an LMS's own rules."""
