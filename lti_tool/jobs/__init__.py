"""What runs in the background. A job is only a nudge: what has to be done stands in the tables of its room."""

from lti_tool.jobs.claims import by_one_process
from lti_tool.jobs.runner import EmbeddedRunner, NullRunner, Periodic, Runner, Task, Work
from lti_tool.jobs.transactions import attach, nudge_after_commit, runner_of

__all__ = [
    "EmbeddedRunner",
    "NullRunner",
    "Periodic",
    "Runner",
    "Task",
    "Work",
    "attach",
    "by_one_process",
    "nudge_after_commit",
    "runner_of",
]
