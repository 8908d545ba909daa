"""What the protocol has to do in the background: sweep out what has ended, and keep the signing keys fresh."""

from datetime import timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.jobs.runner import Periodic, Work
from lti_tool.lti import queries
from lti_tool.lti.keys import KeyStore
from lti_tool.lti.sessions import IDLE, KEPT, TOTAL

SWEEP_EVERY = timedelta(minutes=10)
"""How often what has ended is swept out. It opens nothing meanwhile."""


KEYS_EVERY = timedelta(hours=1)
"""How often somebody looks whether the next signing key is due. It is published a day before it signs."""


def work(database: Database, clock: Clock, keys: KeyStore, rotation: timedelta | None) -> Work:
    """The periodic work of this room: forgetting logins nobody finished and sessions that have ended, and keeping the signing
    keys fresh where they sign for ``rotation``. Several processes may do it at once.
    """

    async def forget_ended() -> None:
        async with database.writing() as session:
            await queries.forget_ended(session, clock.now(), idle=IDLE + KEPT, total=TOTAL + KEPT)
            await queries.forget_deep_linking_requests(session, clock.now() - KEPT)

    async def keep_up_keys() -> None:
        if rotation is not None:
            keys.keep_up(rotation)

    return Work(
        periodic=(
            Periodic("lti.forget-ended", SWEEP_EVERY, forget_ended),
            Periodic("lti.keep-up-keys", KEYS_EVERY, keep_up_keys),
        )
    )
