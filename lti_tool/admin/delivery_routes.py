"""How scores get to each platform: queues, pauses, failures. It names no student and no course."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.admin import delivery_queries, queries
from lti_tool.admin.access import AdministratorIn
from lti_tool.admin.delivery_queries import Queue
from lti_tool.admin.replies import show
from lti_tool.grades.models import DeliveryPace
from lti_tool.grades.words import words_for
from lti_tool.lti.models import Registration
from lti_tool.web.dependencies import Now, ReadSession
from lti_tool.web.navigation import ADMINISTRATION

router = APIRouter(prefix=f"{ADMINISTRATION}/deliveries")

_DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Line:
    """A platform's deliveries. ``outcomes`` are those of the last day; ``counts_all``: its totals are told, since they are no
    other school's.
    """

    registration: Registration
    queue: Queue
    refused: int
    pace: DeliveryPace | None
    counts_all: bool
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """Scores that the LMS accepted in the last day."""
        return self.outcomes.get(_DELIVERED, 0)

    @property
    def failures(self) -> list[tuple[str, int]]:
        """Failures of the last day by code, the most frequent first."""
        failed = [(code, number) for code, number in self.outcomes.items() if code != _DELIVERED]
        return sorted(failed, key=lambda one: (-one[1], one[0]))

    def is_paused(self, now: datetime) -> bool:
        """Whether nothing is sent to it at the moment."""
        return self.pace is not None and self.pace.paused_until is not None and self.pace.paused_until > now


@router.get("", name="deliveries")
async def deliveries(request: Request, here: AdministratorIn, session: ReadSession, clock: Now) -> Response:
    """Each platform that is seen here, with what waits for it and how it has answered."""
    registrations = await queries.registrations(session, here)
    schools = await queries.organisations(session, here)
    waiting = await delivery_queries.queues(session, here)
    refused = await delivery_queries.refused(session, here)
    outcomes = await delivery_queries.lately(session, [one.id for one in schools], clock.now())
    paces = await delivery_queries.paces(session, [one.id for one in registrations])
    lines = [
        Line(
            one,
            waiting.get(one.id, Queue()),
            refused.get(one.id, 0),
            paces.get(one.id),
            here.holds(one.organisation_id),
            outcomes.get(one.id, {}),
        )
        for one in registrations
    ]
    context = {"lines": lines, "trouble_words": words_for, "now": clock.now()}
    return show(request, here, "admin/deliveries.html", context)
