"""What the grades room does in the background: delivery on a nudge, the sweep, comparing, ends of runs, gauges, forgetting."""

from collections.abc import Collection
from datetime import timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.grades import forgetting, queries, send_runs
from lti_tool.grades.comparing import LOOK_EVERY, Comparer
from lti_tool.grades.delivery import SWEEP_EVERY, Deliverer
from lti_tool.grades.ports import AgsFactory
from lti_tool.grades.service import DELIVER
from lti_tool.jobs import Periodic, Work, by_one_process
from lti_tool.lti.models import Registration
from lti_tool.lti.services import AgsClient, Protocol
from lti_tool.platforms import quirks

FORGET_EVERY = timedelta(days=1)

LOOKED_FOR = timedelta(days=1)
"""How long workers look for a score that is owed to nobody: who has left may be back in a moment."""

MEASURE_EVERY = timedelta(minutes=1)


def ags_clients(protocol: Protocol) -> AgsFactory:
    """Makes the real client of a registration."""

    def make(registration: Registration, scopes: Collection[str]) -> AgsClient:
        return AgsClient(protocol, registration, quirks(registration.lms), scopes=scopes)

    return make


def comparer_of(database: Database, protocol: Protocol, clock: Clock) -> Comparer:
    """What compares columns with the real platforms."""
    return Comparer(database, clock, ags_clients(protocol), quirks)


def work(
    database: Database, protocol: Protocol, clock: Clock, comparer: Comparer, attempts_kept: timedelta | None = None
) -> Work:
    """Delivery, with the real clients of the platforms. ``attempts_kept``: how long every attempt is kept; None for ever."""
    deliverer = Deliverer(database, clock, ags_clients(protocol), quirks, comparer=comparer)

    async def compare() -> None:
        await comparer.compare_due()

    async def finish_runs() -> None:
        await send_runs.finish(database, clock.now())

    async def forget() -> None:
        async with database.writing() as session:
            await queries.set_aside(session, clock.now() - LOOKED_FOR)
        if attempts_kept is not None:
            await forgetting.forget_attempts(database, clock.now() - attempts_kept)

    return Work(
        tasks={DELIVER: deliverer.run},
        periodic=(
            Periodic("grades.sweep", SWEEP_EVERY, deliverer.sweep),
            Periodic("grades.measure", MEASURE_EVERY, deliverer.measure),
            by_one_process(database, clock, Periodic("grades.runs", MEASURE_EVERY, finish_runs)),
            by_one_process(database, clock, Periodic("grades.compare", LOOK_EVERY, compare)),
            by_one_process(database, clock, Periodic("grades.forget", FORGET_EVERY, forget)),
        ),
    )
