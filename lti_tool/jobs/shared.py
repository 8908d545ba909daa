"""The runner for more than one machine: nudges go through a queue in PostgreSQL (procrastinate), any number of workers take them.

What every runner promises holds across processes: nudges of one task and key that wait are one (procrastinate's queueing lock),
and never two of them are under way at once (its lock). A worker that is killed leaves its lock behind; whoever finds that its
heart has stopped takes the job away and nudges again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from lti_tool.jobs import queue
from lti_tool.jobs.runner import CONCURRENCY, STOPPING_SECONDS, EmbeddedRunner, Periodic, Task, log_failure

log = logging.getLogger(__name__)

QUEUE = "nudges"
LATER = "jobs.later"
"""The task that nudges when its time has come."""

HEARTBEAT_SECONDS = 5.0
SILENT_SECONDS = 15.0
"""After so long without a heartbeat a worker is taken for dead."""

LOOK_EVERY = timedelta(seconds=10)
"""How often jobs of dead workers are looked for."""

PATIENCE_SECONDS = 5.0
"""How long a process that starts waits for the queue to open."""

POLL_SECONDS = 1.0
"""How exactly nudges for later are kept; those for now are told at once."""


class SharedRunner:
    """Takes nudges into the queue; with ``tasks`` it works on them too, and does the periodic work.

    Nudges before ``start`` wait for it. A nudge that cannot be put into the queue is logged and forgotten: the sweep finds what
    it was about.
    """

    def __init__(
        self,
        database_url: str,
        tasks: Mapping[str, Task] | None = None,
        periodic: Iterable[Periodic] = (),
        *,
        concurrency: int = CONCURRENCY,
        stopping_seconds: float = STOPPING_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        """``database_url`` is a PostgreSQL's; without ``tasks`` this process only nudges."""
        self._url = database_url
        self._tasks = None if tasks is None else dict(tasks)
        self._concurrency = concurrency
        self._stopping_seconds = stopping_seconds
        self._silent_seconds = silent_seconds
        look = Periodic("jobs.dead-workers", LOOK_EVERY, self.take_from_the_dead)
        self._rounds = EmbeddedRunner({}, (*periodic, look) if tasks is not None else ())
        self._app: Any = None
        self._worker: asyncio.Task[None] | None = None
        self._on_their_way: dict[tuple[str, str, bool], asyncio.Task[None]] = {}
        self._early: dict[tuple[str, str], timedelta] = {}
        self._opening: asyncio.Task[None] | None = None
        self._stopped = False

    # --- Nudging -------------------------------------------------------------------------------------------------------

    def nudge(self, task: str, key: str, *, after: timedelta = timedelta()) -> None:
        """Have ``task`` run for ``key`` by whichever worker comes first. Never waits and never raises."""
        if self._tasks is not None and task not in self._tasks:
            log.error("nudged a task that is not known", extra={"task": task, "code": "unknown-task"})
            return
        if self._stopped:
            return
        if self._app is None:
            self._early[task, key] = min(after, self._early.get((task, key), after))
            return
        name = (task, key, after > timedelta())
        if name in self._on_their_way:
            return  # It is not in the queue yet, so it is the same nudge.
        telling = asyncio.get_running_loop().create_task(self._tell(task, key, after))
        self._on_their_way[name] = telling
        telling.add_done_callback(lambda _: self._on_their_way.pop(name, None))

    async def _tell(self, task: str, key: str, after: timedelta) -> None:
        from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415

        name = f"{task}:{key}"
        if after > timedelta():
            # One that waits for later holds no lock: it would keep one for now from being worked on.
            told = {"queue": QUEUE, "queueing_lock": f"later:{name}", "schedule_in": {"seconds": after.total_seconds()}}
            what, arguments = LATER, {"task": task, "key": key}
        else:
            told = {"queue": QUEUE, "queueing_lock": name, "lock": name}
            what, arguments = task, {"key": key}
        try:
            await self._app.configure_task(name=what, allow_unknown=True, **told).defer_async(**arguments)
        except AlreadyEnqueued:
            pass
        except Exception as error:  # noqa: BLE001 - the sweep finds what this nudge was about.
            log_failure(task, key, error)

    def _as_job(self, name: str, task: Task) -> Any:
        """A task as the queue runs it. What it raises is logged here, as every runner does.

        A task that does not end within the seconds that stopping gives is cut off, and goes back into the queue for others.
        """

        async def run(key: str) -> None:
            try:
                await task(key)
            except asyncio.CancelledError:
                log.info(
                    "a task was cut off, and waits for another worker",
                    extra={"task": name, "key": key, "code": "cut-off"},
                )
                await self._tell(name, key, timedelta())
            except Exception as error:  # noqa: BLE001 - whatever one task raises must not end the others.
                log_failure(name, key, error)

        return run

    async def _time_has_come(self, task: str, key: str) -> None:
        self.nudge(task, key)

    # --- Living --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the queue, work on what is in it, and put into it what was nudged so far.

        A database that is not there yet is waited for, a few seconds here and then behind everything else.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._open_in_the_end(), name="jobs.open")
            await asyncio.wait({self._opening}, timeout=PATIENCE_SECONDS)

    async def _open_in_the_end(self) -> None:
        wait = 0.5
        while self._app is None:
            try:
                await self._open()
            except Exception as error:  # noqa: BLE001 - whatever keeps the queue closed may be over in a moment.
                log_failure("jobs.open", "", error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, 15.0)

    async def _open(self) -> None:
        import procrastinate  # noqa: PLC0415

        await queue.prepare(self._url)
        connector = procrastinate.PsycopgConnector(
            conninfo=queue.conninfo(self._url),
            kwargs={"options": f"-c search_path={queue.SCHEMA}", "client_encoding": "utf8"},
            min_size=1,
            max_size=self._concurrency + 2 if self._tasks is not None else 2,
        )
        app = procrastinate.App(connector=connector)
        for name, task in (self._tasks or {}).items():
            app.task(name=name, queue=QUEUE)(self._as_job(name, task))
        app.task(name=LATER, queue=QUEUE)(self._time_has_come)
        await app.open_async()
        self._app = app
        if self._tasks is not None:
            self._worker = asyncio.create_task(self._work(), name="jobs.shared")
            await self._rounds.start()
        early, self._early = self._early, {}
        for (task_name, key), after in early.items():
            self.nudge(task_name, key, after=after)

    async def _work(self) -> None:
        """Work until cancelled; a queue that is gone for a while (a database that restarts) is gone back to."""
        wait = 0.5
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._concurrency,
                    fetch_job_polling_interval=POLL_SECONDS,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=self._silent_seconds,
                    shutdown_graceful_timeout=self._stopping_seconds,
                )
            except Exception as error:  # noqa: BLE001 - work goes on when the database is back.
                log_failure("jobs.shared", "", error)
            wait = 0.5 if asyncio.get_running_loop().time() - started > 60 else min(2 * wait, 15.0)
            await asyncio.sleep(wait)

    async def stop(self) -> None:
        """End: nothing new begins; what is under way has a few seconds, then it is cancelled. What is queued waits for others."""
        self._stopped = True
        if self._opening is not None:
            await _end(self._opening)
        await self._rounds.stop()
        await self._told()
        if self._worker is not None:
            await _end(self._worker)
            self._worker = None
        if self._app is not None:
            await self._app.close_async()
            self._app = None

    async def settled(self) -> None:
        """Wait until nothing is queued for now and nothing is under way in any process; for tests."""
        while True:
            await self._told()
            found = await self._app.job_manager.list_jobs_async(queue=QUEUE)
            if not any(job.status == "doing" or job.scheduled_at is None for job in found if job.status != "failed"):
                return
            await asyncio.sleep(0.01)

    async def _told(self) -> None:
        while self._on_their_way:
            await asyncio.wait(set(self._on_their_way.values()))
            await asyncio.sleep(0)

    # --- Workers that died ---------------------------------------------------------------------------------------------

    async def take_from_the_dead(self) -> None:
        """Take jobs away from workers whose heart has stopped, and nudge for them again: their locks would keep the next ones."""
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415
        from procrastinate.jobs import Status  # noqa: PLC0415

        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._silent_seconds):
            try:
                await manager.finish_job(job, Status.FAILED, delete_job=True)
            except ConnectorException:
                continue  # Somebody else has taken it, and nudges.
            log.warning("a worker died at its work", extra={"task": job.task_name, "code": "worker-died"})
            said = job.task_kwargs
            self.nudge(str(said.get("task", job.task_name)), str(said.get("key", "")))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
