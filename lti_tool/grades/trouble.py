"""What the LMS's refusals and silences are to this room: one error with a code."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from lti_tool.errors import PlatformTrouble
from lti_tool.grades import rules
from lti_tool.lti.services import ServiceRefused, ServiceUnreachable

log = logging.getLogger(__name__)


class Trouble(PlatformTrouble):
    """A call to the LMS that did not go well. ``answered`` is its HTTP status, or None; ``final`` ends all patience."""

    def __init__(
        self,
        code: str,
        *,
        temporary: bool,
        answered: int | None = None,
        retry_after: timedelta | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(code, code=code)
        self.temporary = temporary
        self.answered = answered
        self.retry_after = retry_after
        self.final = final


@asynccontextmanager
async def calling() -> AsyncIterator[None]:
    """Turn whatever goes wrong inside into Trouble. A mistake of ours is logged, and counts as temporary."""
    try:
        yield
    except ServiceRefused as error:
        raise Trouble(
            error.code, temporary=error.temporary, answered=error.answered, retry_after=error.retry_after
        ) from error
    except ServiceUnreachable as error:
        raise Trouble(error.code, temporary=error.temporary, retry_after=error.retry_after) from error
    except Exception as error:
        log.exception("a call to a gradebook failed in a way nobody foresaw", extra={"code": rules.UNEXPECTED})
        raise Trouble(rules.UNEXPECTED, temporary=True) from error
