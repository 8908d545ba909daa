"""How a step of a check is tried and told: within its time, whatever the LMS does, with what to change where it fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import httpx

from lti_tool import audit
from lti_tool.admin import check_rules as rules
from lti_tool.admin.check_rules import Line, Outcome, Said, Step
from lti_tool.courses.models import Course
from lti_tool.logs import reference_code
from lti_tool.lti.listening import Exchange
from lti_tool.lti.models import Registration
from lti_tool.lti.services import Protocol, ServiceRefused, ServiceUnreachable
from lti_tool.platforms import Matter, quirks


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be tried. The rows belong to no transaction.

    Without ``course`` there is nothing but keys and tokens to try. ``student`` is the platform's id of the person that scores
    are sent for; None sends none. ``actor`` is who wants it, for the audit log.
    """

    registration: Registration
    actor: str
    course: Course | None = None
    notices_url: str | None = None
    link_id: str | None = None
    write: bool = False
    student: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: for all steps, for one, for reading the members, and for removing the column when the time is up."""

    total: float = 15.0
    step: float = 6.0
    members: float = 9.0
    cleaning: float = 4.0


class Wrong(Exception):
    """The LMS answered, and what it answered is not as it should be."""

    def __init__(self, text: str, **fields: object) -> None:
        super().__init__(text)
        self.said = Said(text, fields)


class NotTried(Exception):
    """What was to be tried with is not there, which is nobody's mistake."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.said = Said(text)


class Steps:
    """The steps of one check. ``tell`` is given each line; ``hold`` keeps a task that must not be broken off.

    ``seconds`` is a clock that only goes forward, as the time of all steps is measured by.
    """

    def __init__(
        self,
        protocol: Protocol,
        plan: Plan,
        limits: Limits,
        tell: Callable[[Line], None],
        hold: Callable[[asyncio.Task[None]], None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan = plan
        self.limits = limits
        self.quirks = quirks(plan.registration.lms)
        self.heard: list[Exchange] = []
        self.refused_scopes: set[str] = set()
        self.protocol = protocol.heard_by(
            self.heard.append, timeout=httpx.Timeout(limits.step, connect=min(limits.step, 4.0))
        )
        self.tell = self._once_each(tell)
        self._hold = hold
        self._seconds = seconds
        self._until = seconds() + limits.total

    async def step(self, step: Step, call: Callable[[], Awaitable[Said]], *, seconds: float | None = None) -> bool:
        """Try a step and tell how it went; True where it works. ``call`` says what was seen, or raises Wrong or NotTried."""
        left = self._until - self._seconds()
        if left <= 0:
            self.tell(Line(step, Outcome.SKIPPED, Said(rules.NO_TIME), code=rules.CUT_SHORT))
            return False
        self.heard.clear()
        line = await self.tried(step, call, seconds=min(seconds or self.limits.step, left))
        self.tell(line)
        return line.outcome is Outcome.WORKS

    async def to_the_end(self, step: Step, call: Callable[[], Awaitable[Said]]) -> None:
        """A step that has to be done in any case: in time of its own, and to its end even where the check is broken off."""

        async def do() -> None:
            self.heard.clear()
            self.tell(await self.tried(step, call, seconds=self.limits.cleaning))

        task = asyncio.create_task(do())
        self._hold(task)
        await asyncio.shield(task)

    async def tried(self, step: Step, call: Callable[[], Awaitable[Said]], *, seconds: float | None = None) -> Line:
        """The line of a call. Whatever a platform does is foreseen; what else is raised is a mistake of ours."""
        try:
            async with asyncio.timeout(seconds or self.limits.step):
                seen = await call()
        except TimeoutError:
            return self._failed(step, "timed-out")
        except NotTried as lacking:
            return Line(step, Outcome.SKIPPED, lacking.said)
        except Wrong as wrong:
            return self._failed(step, rules.NOT_AS_EXPECTED, seen=wrong.said)
        except ServiceRefused as refused:
            return self._refused(step, refused)
        except ServiceUnreachable as unreachable:
            return self._failed(step, unreachable.code)
        return Line(step, Outcome.WORKS, seen, exchanges=tuple(self.heard))

    def skip(self, step: Step, why: str) -> None:
        """Tell that a step was not tried; where the LMS lacks something, with what to change."""
        self.tell(self.skipped(step, why))

    def skipped(self, step: Step, why: str) -> Line:
        """The line of a step that is not tried."""
        absent = why in {rules.NOT_OFFERED, rules.NO_COURSE}
        return Line(step, Outcome.SKIPPED, Said(why), self.remedy(rules.matter_of_absence(step)) if absent else None)

    def lacks(self, course: Course, *scopes: str) -> str | None:
        """Why a call that needs one of these scopes is not worth trying; None where it is."""
        offered = [scope for scope in scopes if scope in course.ags_scopes]
        if not offered:
            return rules.NOT_OFFERED
        return rules.NO_TOKEN if all(scope in self.refused_scopes for scope in offered) else None

    async def note(self, action: str, course: Course, detail: str | None = None) -> None:
        """Leave a trace in the audit log."""
        async with self.protocol.database.writing() as session:
            audit.record(
                session,
                self.protocol.clock.now(),
                action,
                organisation_id=course.organisation_id,
                actor=self.plan.actor,
                subject=f"course {course.id}",
                reference=reference_code.get(),
                detail=detail,
            )

    @staticmethod
    def _once_each(tell: Callable[[Line], None]) -> Callable[[Line], None]:
        """What was not tried needs no remedy that was given already."""
        given: set[str] = set()

        def tell_line(line: Line) -> None:
            if line.remedy is not None:
                text = line.remedy.text
                if line.outcome is Outcome.SKIPPED and text in given:
                    line = replace(line, remedy=None)
                given.add(text)
            tell(line)

        return tell_line

    def _refused(self, step: Step, refused: ServiceRefused) -> Line:
        if refused.oauth_error is None or refused.code != "no-permission":
            return self._failed(step, refused.code, refused.answered)
        fields = {"status": refused.answered, "word": refused.oauth_error}
        code = rules.NO_SCOPE if refused.oauth_error == "invalid_scope" else refused.code
        return self._failed(step, code, seen=Said(rules.TOKEN_REFUSED, fields))

    def _failed(self, step: Step, code: str, status: int | None = None, seen: Said | None = None) -> Line:
        return Line(
            step,
            Outcome.FAILS,
            seen or rules.seen_of(code, status),
            self.remedy(rules.matter_of(step, code)),
            code,
            tuple(self.heard),
        )

    def remedy(self, matter: Matter) -> Said:
        """What this LMS's administrator has to do or to know."""
        registration = self.plan.registration
        fields = {
            "client_id": registration.client_id,
            "key_set": self.protocol.settings.base_url + "/.well-known/jwks.json",
            "jwks_url": registration.jwks_url,
            "token_url": registration.token_url,
            "label": rules.LABEL,
        }
        return Said(self.quirks.remedy(matter), fields)


def heard_with(line: Line, exchanges: tuple[Exchange, ...]) -> Line:
    """The line with other calls, where several went on at the same time."""
    return replace(line, exchanges=exchanges)
