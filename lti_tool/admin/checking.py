"""Trying every call the tool will ever make against an LMS, one after the other, and saying what to change where one fails.

No transaction is open while the LMS is asked. Nothing of a roster is kept. What is written to a gradebook is a column of the
check's own, which is removed again however the check ends; one that an earlier check left behind is removed first.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence

from lti_tool.admin import check_rules as rules
from lti_tool.admin.check_gradebook import Gradebook
from lti_tool.admin.check_rules import Line, Outcome, Said, Step
from lti_tool.admin.check_steps import Limits, NotTried, Plan, Steps, Wrong, heard_with
from lti_tool.courses.models import Course
from lti_tool.lti import claims
from lti_tool.lti.key_sets import KeySetUnreachable
from lti_tool.lti.models import Role
from lti_tool.lti.services import GroupsClient, NoticesClient, NrpsClient, Protocol, ServiceRefused
from lti_tool.lti.tool_description import SCOPES
from lti_tool.web.i18n import N_

LIMITS = Limits()
"""Under twenty seconds together, which is as long as a request had better take."""

_INSTRUCTOR = claims.ROLE_VOCABULARY + "membership#Instructor"
_AGS = (claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE)

_going_on: set[asyncio.Task[None]] = set()
"""Checks, and columns that are being removed after one was broken off: nobody else may hold on to them."""


async def check(
    protocol: Protocol, plan: Plan, limits: Limits = LIMITS, seconds: Callable[[], float] = time.monotonic
) -> AsyncIterator[Line]:
    """Every line as it is known. Whoever stops listening breaks the check off; the column is removed all the same."""
    lines: asyncio.Queue[Line | None] = asyncio.Queue()
    mine: set[asyncio.Task[None]] = set()

    def hold(task: asyncio.Task[None]) -> None:
        for some in (mine, _going_on):
            some.add(task)
            task.add_done_callback(some.discard)

    task = asyncio.create_task(_run(Steps(protocol, plan, limits, lines.put_nowait, hold, seconds)))
    hold(task)
    task.add_done_callback(lambda _: lines.put_nowait(None))
    try:
        while (line := await lines.get()) is not None:
            yield line
        # What nobody foresaw is raised here.
        task.result()
    finally:
        task.cancel()
        while mine:
            await asyncio.wait(set(mine))


async def settled() -> None:
    """Wait until no check is under way here and no column is being removed; for the end of a process and for tests."""
    loop = asyncio.get_running_loop()
    while here := {task for task in _going_on if task.get_loop() is loop}:
        await asyncio.wait(here)


async def _run(steps: Steps) -> None:
    await steps.step(Step.KEY_SET, lambda: _key_set(steps))
    await Tokens(steps).run()
    course = steps.plan.course
    if course is None:
        steps.skip(Step.COURSE, rules.NO_COURSE)
        return
    await _members(steps, course)
    await _groups(steps, course)
    await _notices(steps)
    if course.line_items_url is None:
        steps.skip(Step.FIND, rules.NOT_OFFERED)
        return
    await Gradebook(steps, course, course.line_items_url).run()


async def _key_set(steps: Steps) -> Said:
    registration = steps.plan.registration
    try:
        usable = await steps.protocol.key_sets.fetch(registration)
    except KeySetUnreachable as error:
        raise Wrong(rules.NO_KEYS, address=registration.jwks_url) from error
    if not usable:
        raise Wrong(N_("It has no RSA key that can check RS256, so no launch can be verified."))
    return Said(N_("%(address)s, usable keys: %(count)s"), {"address": registration.jwks_url, "count": usable})


class Tokens:
    """A token for all that the LMS offers, and one for each scope alone; they are asked for at the same time."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    async def run(self) -> None:
        """Ask and tell."""
        steps, offered = self._steps, self._offered()
        wanted = [scope for scope in rules.ACCESS_STEPS if scope in offered]
        steps.heard.clear()
        if wanted:
            await self._ask_for(wanted)
        else:
            steps.skip(Step.ACCESS, rules.NOT_OFFERED)
        if steps.plan.course is None:
            # Only a launch says what else there is.
            return
        for scope, step in rules.ACCESS_STEPS.items():
            if scope not in offered:
                steps.skip(step, rules.NOT_OFFERED)

    async def _ask_for(self, wanted: Sequence[str]) -> None:
        steps = self._steps
        all_at_once, *alone = await asyncio.gather(
            self._ask(Step.ACCESS, wanted), *(self._ask(rules.ACCESS_STEPS[scope], [scope]) for scope in wanted)
        )
        refused = {scope: line for scope, line in zip(wanted, alone, strict=True) if line.outcome is Outcome.FAILS}
        steps.refused_scopes.update(refused)
        if len(refused) == len(alone) and all(line.code != rules.NO_SCOPE for line in alone):
            # Then it is not about the scopes: one remedy is enough.
            steps.tell(all_at_once)
            for line in alone:
                steps.tell(heard_with(steps.skipped(line.step, rules.NO_TOKEN), line.exchanges))
            return
        blamed = all_at_once.outcome is Outcome.FAILS and bool(refused)
        steps.tell(rules.blame(all_at_once, next(iter(refused.values()))) if blamed else all_at_once)
        for line in alone:
            steps.tell(line)

    def _offered(self) -> frozenset[str]:
        """The scopes to try: those of the course's last launch, or before any launch those that every LMS knows."""
        course = self._steps.plan.course
        if course is None:
            return frozenset(SCOPES)
        offered = {scope for scope in _AGS if scope in course.ags_scopes}
        if course.memberships_url is not None:
            offered.add(claims.MEMBERSHIP_READ_SCOPE)
        if course.groups_url is not None:
            offered.add(claims.GROUP_READ_SCOPE)
        if self._steps.plan.notices_url is not None:
            offered.add(claims.NOTICE_HANDLERS_SCOPE)
        return frozenset(offered)

    async def _ask(self, step: Step, scopes: Collection[str]) -> Line:
        async def ask() -> Said:
            needs = scopes if len(scopes) == 1 else ()
            await self._steps.protocol.token(self._steps.plan.registration, scopes, needs=needs, fresh=True)
            return Said(N_("Given"))

        line = await self._steps.tried(step, ask)
        asked = sorted(scopes)
        return heard_with(line, tuple(one for one in self._steps.heard if sorted(one.scopes) == asked))


# --- Members, groups, notices -----------------------------------------------------------------------------------------


async def _members(steps: Steps, course: Course) -> None:
    url = course.memberships_url
    if url is None:
        steps.skip(Step.ROSTER, rules.NOT_OFFERED)
        return
    client = NrpsClient(steps.protocol, steps.plan.registration, steps.quirks)

    async def everyone() -> Said:
        members = await client.members(url)
        if not members:
            raise Wrong(N_("The list of members is empty."))
        students = sum(1 for one in members if one.role is Role.STUDENT)
        pages = sum(1 for one in steps.heard if one.accept == claims.MEMBERS_MEDIA and one.answered)
        fields = {"people": len(members), "students": students, "pages": pages}
        return Said(N_("People: %(people)s, of them students: %(students)s; pages read: %(pages)s"), fields)

    async def teachers(link_id: str | None = None) -> Said:
        try:
            members = await client.members(url, role=_INSTRUCTOR, rlid=link_id)
        except ServiceRefused as refused:
            # An id it does not know is an error (NRPS 2.0 §2.5), and links are removed.
            if link_id is not None and refused.code == "not-accepted":
                raise NotTried(rules.LINK_GONE) from refused
            raise
        if any(one.role is Role.STUDENT for one in members):
            return Said(N_("The LMS gives everyone, whatever role is asked for; the tool sorts them out itself."))
        return Said(N_("Teachers: %(people)s"), {"people": len(members)})

    if not await steps.step(Step.ROSTER, everyone, seconds=steps.limits.members):
        return
    await steps.note("roster.looked-at", course, "for a check of the connection; nothing was kept")
    await steps.step(Step.ROSTER_ROLE, teachers)
    link_id = steps.plan.link_id
    if link_id is None:
        steps.skip(Step.ROSTER_LINK, rules.NO_LINK)
    else:
        await steps.step(Step.ROSTER_LINK, lambda: teachers(link_id))


async def _groups(steps: Steps, course: Course) -> None:
    groups_url, sets_url = course.groups_url, course.group_sets_url
    if groups_url is None:
        steps.skip(Step.GROUPS, rules.NOT_OFFERED)
        return
    client = GroupsClient(steps.protocol, steps.plan.registration, steps.quirks)

    async def groups() -> Said:
        found = await client.groups(groups_url)
        sets = await client.sets(sets_url) if sets_url else []
        return Said(N_("Groups: %(groups)s, sets of groups: %(sets)s"), {"groups": len(found), "sets": len(sets)})

    await steps.step(Step.GROUPS, groups)


async def _notices(steps: Steps) -> None:
    url = steps.plan.notices_url
    if url is None:
        steps.skip(Step.NOTICES, rules.NOT_OFFERED)
        return
    client = NoticesClient(steps.protocol, steps.plan.registration, steps.quirks)

    async def handlers() -> Said:
        found = await client.handlers(url)
        return Said(N_("Kinds of notices that are sent to this tool: %(count)s"), {"count": len(found)})

    await steps.step(Step.NOTICES, handlers)
