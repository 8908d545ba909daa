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
    """A call to the LMS that did not go well. ``answered`` is its HTTP status, or None; ``final`` ends all patience; ``key`` says
    that the LMS does not take the tool's key, whatever was to be done with it.
    """

    def __init__(
        self,
        code: str,
        *,
        temporary: bool,
        answered: int | None = None,
        retry_after: timedelta | None = None,
        final: bool = False,
        key: bool = False,
    ) -> None:
        super().__init__(code, code=code)
        self.temporary = temporary
        self.answered = answered
        self.retry_after = retry_after
        self.final = final
        self.key = key


@asynccontextmanager
async def calling() -> AsyncIterator[None]:
    """Turn whatever goes wrong inside into Trouble. A mistake of ours is logged, and counts as temporary."""
    try:
        yield
    except Trouble:
        # Of a call within this one.
        raise
    except ServiceRefused as error:
        # No access token at all says nothing about what it was for, which waits until the LMS knows our key again.
        key = rules.is_about_the_key(error.code, error.oauth_error)
        raise Trouble(
            error.code,
            temporary=error.temporary or key,
            answered=error.answered,
            retry_after=error.retry_after,
            key=key,
        ) from error
    except ServiceUnreachable as error:
        raise Trouble(error.code, temporary=error.temporary, retry_after=error.retry_after) from error
    except Exception as error:
        log.exception("a call to a gradebook failed in a way nobody foresaw", extra={"code": rules.UNEXPECTED})
        raise Trouble(rules.UNEXPECTED, temporary=True) from error
