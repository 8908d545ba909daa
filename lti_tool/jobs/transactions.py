"""Nudges out of a transaction: given once it is committed, forgotten when it is rolled back."""

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.session import Database, after_commit
from lti_tool.jobs.runner import NullRunner, Runner

_RUNNER = "runner"
_NUDGED = "nudged"
_NOBODY = NullRunner()


def attach(database: Database, runner: Runner) -> None:
    """From now on, transactions on ``database`` nudge ``runner``. Without one, the sweep alone finds what is due."""
    database.session_info[_RUNNER] = runner


def runner_of(database: Database) -> Runner:
    """The runner that is attached, or one that forgets everything."""
    runner: Runner = database.session_info.get(_RUNNER, _NOBODY)
    return runner


def nudge_after_commit(session: AsyncSession, task: str, key: str) -> None:
    """Have ``task`` nudged for ``key`` once this transaction is committed; once, however often it is asked for."""
    nudged: set[tuple[str, str]] = session.info.setdefault(_NUDGED, set())
    if (task, key) in nudged:
        return
    nudged.add((task, key))
    runner: Runner = session.info.get(_RUNNER, _NOBODY)

    def give() -> None:
        nudged.discard((task, key))
        runner.nudge(task, key)

    after_commit(session, give)
